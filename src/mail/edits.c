#include "mail/edits.h"

#include "base/fail.h"

void
edits_add(struct edits *e, struct arena *a, size_t at, size_t drop,
    struct slice insert)
{
	size_t i;

	(void)vec_push(a, &e->list);
	for (i = e->list.n - 1; i > 0 && e->list.at[i - 1].at > at; i--)
		e->list.at[i] = e->list.at[i - 1];
	e->list.at[i] = (struct edit){at, drop, insert};
	ensure(i == 0 || e->list.at[i - 1].at + e->list.at[i - 1].drop <= at);
	ensure(i + 1 == e->list.n || at + drop <= e->list.at[i + 1].at);
}

bool
edits_fit(const struct edits *e, size_t size)
{
	const struct edit *one;
	size_t end = 0;

	vec_each (one, &e->list) {
		if (one->at < end || one->at > size ||
		    one->drop > size - one->at)
			return false;
		end = one->at + one->drop;
	}
	return true;
}

bool
edits_spare(const struct edits *e, size_t from)
{
	const struct edit *one;

	vec_each (one, &e->list)
		if (one->at + one->drop > from ||
		    (one->at >= from && one->insert.n > 0))
			return false;
	return true;
}

size_t
edits_size(const struct edits *e, size_t size)
{
	const struct edit *one;

	vec_each (one, &e->list)
		size = size - one->drop + one->insert.n;
	return size;
}

bool
edits_piece(const struct edits *e, struct slice raw,
    struct edits_cursor *cursor, struct slice *piece)
{
	while (cursor->next < e->list.n) {
		const struct edit *one = &e->list.at[cursor->next];

		if (cursor->at < one->at) {
			*piece = slice_sub(raw, cursor->at, one->at);
			cursor->at = one->at;
			return true;
		}
		cursor->at = one->at + one->drop;
		cursor->next++;
		if (one->insert.n > 0) {
			*piece = one->insert;
			return true;
		}
	}
	*piece = slice_from(raw, cursor->at);
	cursor->at = raw.n;
	return piece->n > 0;
}

void
edits_pack(struct buf *b, const struct edits *e)
{
	const struct edit *one;

	pack_u32(b, (uint32_t)e->list.n);
	vec_each (one, &e->list) {
		pack_u64(b, one->at);
		pack_u64(b, one->drop);
		pack_slice(b, one->insert);
	}
}

void
edits_unpack(struct unpack *u, struct edits *e, struct arena *a)
{
	uint32_t i, n = unpack_count(u, 20);

	*e = (struct edits){0};
	for (i = 0; i < n; i++) {
		struct edit *one = vec_push(a, &e->list);

		one->at = unpack_u64(u);
		one->drop = unpack_u64(u);
		one->insert = unpack_slice(u);
	}
}
