/* The entries of a zip, each as every program would unpack it. */
#include <stdio.h>
#include <zlib.h>

#include "scan/unpacking.h"
#include "scan/zip.h"

enum { STORED = 0, DEFLATED = 8, AES = 99, DEFECT_TEXT_MAX = 300 };

/* One way to unpack an entry. */
struct way {
	unsigned method;
	uint64_t packed, size;
	uint32_t crc;
	bool has_crc;
};

struct outcome {
	bool whole; /* decoded to the end of its stream */
	size_t used;
};

/* Raw deflate from data into x->room. */
static struct outcome
inflate_all(struct unpacking *x, struct slice data, int member)
{
	struct outcome o = {false, 0};
	struct buf *room = unpacking_room(x);
	z_stream z = {0};
	int rc = Z_OK;

	if (data.n == 0)
		return o;
	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return o;
	while (rc == Z_OK) {
		size_t in = data.n - o.used, step = room->max - room->n;
		char *to;

		in = in < UNPACKING_STEP ? in : UNPACKING_STEP;
		step = step < UNPACKING_STEP ? step : UNPACKING_STEP;
		to = step > 0 ? buf_room(room, step) : NULL;
		if (to == NULL) {
			unpacking_full(x, member);
			break;
		}
		/* zlib does not write to its input. */
		z.next_in = (Bytef *)(uintptr_t)(data.p + o.used);
		z.avail_in = (uInt)in;
		z.next_out = (Bytef *)to;
		z.avail_out = (uInt)step;
		/* No progress is Z_BUF_ERROR: the input has ended. */
		rc = inflate(&z, Z_NO_FLUSH);
		o.used += in - z.avail_in;
		room->n += step - z.avail_out;
		if (!unpacking_work(x, in - z.avail_in))
			break;
	}
	(void)inflateEnd(&z);
	o.whole = rc == Z_STREAM_END;
	return o;
}

static void
check_sums(struct unpacking *x, const struct way *w, struct slice got)
{
	uint32_t crc = 0;

	if (!w->has_crc)
		return;
	if (got.n <= UINT32_MAX)
		crc = (uint32_t)crc32(crc, (const Bytef *)got.p, (uInt)got.n);
	/* Programs unpack it all the same: so did we. */
	if (crc != w->crc || (w->size != got.n && w->size != UINT32_MAX))
		unpacking_say(x, FINDING_MALFORMED, x->entity, false, "unpack",
		    "The sum or the size of a file in it is wrong");
}

static void
unpack_way(struct unpacking *x, const struct zip_entry *e, const struct way *w,
    struct slice all, int member)
{
	struct slice data =
	    slice_sub(all, e->data, e->data + (size_t)w->packed);
	struct outcome o = {true, data.n};
	bool cut = data.n < w->packed;

	if (w->method == STORED) {
		(void)unpacking_room(x);
		if (data.n > x->room->max) {
			unpacking_full(x, member);
			return;
		}
		unpacking_view(x, member, data);
		if (!unpacking_work(x, 0))
			return;
	} else if (w->method == DEFLATED) {
		o = inflate_all(x, data, member);
		unpacking_keep(x, member, buf_slice(x->room));
	} else if (!foreign_unpack_zip_member(
		       x, data, w->method, w->size, w->crc, member)) {
		unpacking_say(x, FINDING_UNSUPPORTED, x->entity, true, "unpack",
		    "A file in it is packed by method %u", w->method);
		return;
	}
	if (x->stop)
		return;
	if (!o.whole || cut) {
		unpacking_say(x, FINDING_UNREADABLE, x->entity, true, "unpack",
		    "A file in it is damaged");
		return;
	}
	if (w->method != STORED && w->method != DEFLATED)
		return;
	check_sums(x, w, x->m->entities.at[member].bytes);
	/* Bytes nobody unpacks, between the end of the stream and the end of
	 * the entry. */
	if (o.used + 4 < data.n) {
		int more = unpacking_member(x, NULL, 0);

		if (more > 0)
			unpacking_view(x, more, slice_from(data, o.used));
	}
}

static bool
same_way(const struct way *a, const struct way *b)
{
	return a->method == b->method &&
	       (a->packed == b->packed || a->method == DEFLATED);
}

/* The ways the two headers give; 1 or 2, 0 when nothing can be read. */
static size_t
find_ways(const struct zip_entry *e, size_t all, struct way ways[2])
{
	const struct zip_view *c = &e->central, *l = &e->local;
	size_t n = 0;

	if (c->there)
		ways[n++] =
		    (struct way){c->method, c->packed, c->size, c->crc, true};
	if (l->there) {
		struct way *w = &ways[n++];

		*w = (struct way){l->method, l->packed, l->size, l->crc, true};
		if (l->sizes_later) {
			w->has_crc = false;
			w->packed = c->there           ? c->packed
				    : e->end > e->data ? e->end - e->data
						       : all - e->data;
		}
	}
	if (n == 2 && same_way(&ways[0], &ways[1])) {
		if (ways[1].packed > ways[0].packed)
			ways[0].packed = ways[1].packed;
		n = 1;
	}
	return n;
}

static void
unpack_entry(struct unpacking *x, const struct zip_entry *e, struct slice all)
{
	struct way ways[2];
	size_t i, n = find_ways(e, all.n, ways);
	int member;

	if (e->encrypted) {
		member = unpacking_member(x, e->names, e->name_count);
		unpacking_encrypted(x, member);
		if (member > 0)
			x->m->entities.at[member].size =
			    e->central.there ? e->central.size : e->local.size;
		/* One header says it is not: then it may be readable. */
		if (member < 0 || !e->clear || !e->local.there ||
		    ways[0].method == AES)
			return;
		unpack_way(x, e, &ways[0], all, member);
		return;
	}
	x->saw_clear = true;
	if (!e->local.there) {
		(void)unpacking_member(x, e->names, e->name_count);
		return;
	}
	for (i = 0; i < n && !x->stop; i++) {
		member = unpacking_member(x, e->names, e->name_count);
		if (member < 0)
			return;
		if (ways[i].method == AES) {
			unpacking_encrypted(x, member);
			continue;
		}
		unpack_way(x, e, &ways[i], all, member);
		if (e->link)
			unpacking_check_link(
			    x, member, x->m->entities.at[member].bytes);
	}
}

/* What was odd about the archive, in words, as bad as the worst of it. */
static void
say_defects(struct unpacking *x, const struct zip *z)
{
	char text[DEFECT_TEXT_MAX];
	struct buf b;
	unsigned d, worst = 0;
	bool block;

	buf_init(&b, sizeof(text));
	for (d = 0; d < ZIP_DEFECT_COUNT; d++) {
		unsigned badness = zip_defect_badness((enum zip_defect)d);

		if ((z->defects & (1u << d)) == 0 || badness == 0)
			continue;
		worst = badness > worst ? badness : worst;
		(void)buf_addf(&b, "%s%s", b.n > 0 ? ", " : "",
		    zip_defect_words((enum zip_defect)d));
	}
	(void)snprintf(text, sizeof(text), "%s", buf_str(&b));
	buf_fini(&b);
	if (worst == 0)
		return;
	block = worst > 1 || !x->ambiguous_ok;
	unpacking_say(x, worst > 1 ? FINDING_MALFORMED : FINDING_AMBIGUOUS,
	    x->entity, block, worst > 1 ? "unpack" : "Ambiguous Messages",
	    "A zip with %s", text);
}

void
zip_unpack(struct unpacking *x, struct slice bytes)
{
	struct zip z;
	const struct zip_entry *e;
	const struct slice *gap;
	size_t most = (size_t)(x->members_max - x->members) + 1, at;

	x->by = UNPACK_BY_ZIP;
	zip_read(&z, x->a, bytes, most);
	if (!unpacking_work(x, bytes.n))
		return;
	if (x->guess && z.listed == 0)
		return;
	if (z.entries.n == 0 && (z.defects & ZIP_BIT(NO_END)) != 0) {
		unpacking_say(x, FINDING_UNREADABLE, x->entity, true, "unpack",
		    "A zip without any directory or file");
		return;
	}
	say_defects(x, &z);
	vec_each (e, &z.entries) {
		if (x->stop)
			return;
		if (e->directory) {
			struct slice name = e->names[0];

			unpacking_check_name(x, x->entity, name);
			continue;
		}
		unpack_entry(x, e, bytes);
	}
	/* Another format in front, between or behind. */
	vec_each (gap, &z.gaps) {
		int member;

		if (kind_of(*gap) == KIND_NONE &&
		    (kind_inside(*gap, &at) == KIND_NONE || at == 0))
			continue;
		member = unpacking_member(x, NULL, 0);
		if (member > 0)
			unpacking_view(x, member, *gap);
	}
}
