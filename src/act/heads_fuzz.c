/* Any header block and any set of changes: the result reads as meant, and
 * fields nobody touched are the same bytes in the same order. */
#include "act/heads.h"
#include "base/fail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHANGES = 8 };

static const char *const names[] = {"X-A", "Subject", "X-B:", "Received"};

static void
change(struct heads *h, unsigned char c)
{
	struct slice name = slice_str(names[c >> 6]);
	struct slice value =
	    c & 1 ? SLICE("value \xc3\xbc\r\nInjected: x")
		  : SLICE("a longer value that has to be folded, because it is "
			  "longer than seventy-six bytes");

	switch (c >> 1 & 7) {
	case 0:
		heads_set(h, name, value, HEADS_APPEND);
		break;
	case 1:
		heads_set(h, name, value, HEADS_ADD);
		break;
	case 2:
		heads_set(h, name, value, HEADS_REPLACE);
		break;
	case 3:
		(void)heads_drop(h, name);
		break;
	case 4:
		heads_unique(h, names[c >> 6]);
		break;
	case 5:
		heads_drop_prefix(h, names[c >> 6]);
		break;
	default:
		break;
	}
}

static struct slice
written(const struct edits *e, struct slice raw, struct arena *a)
{
	struct edits_cursor cursor = {0};
	struct slice piece, all;
	struct buf out;

	buf_init(&out, 1 << 28);
	while (edits_piece(e, raw, &cursor, &piece))
		ensure(buf_add(&out, piece));
	all = arena_dup(a, buf_slice(&out));
	buf_fini(&out);
	return all;
}

static bool
is_untouched(const struct head *one)
{
	return !one->dropped && one->instead.p == NULL && one->before.n == 0 &&
	       one->after.n == 0;
}

/* Every field that was left alone is found again, in order; none is ours that
 * we did not write. */
static void
check_kept(const struct heads *was, struct heads *is)
{
	const struct head *one;
	size_t next = 0;
	struct slice line;

	vec_each (one, &was->list) {
		if (!is_untouched(one))
			continue;
		line = one->all;
		while (next < is->list.n &&
		       !(slice_eq(is->list.at[next].all, line) ||
			   /* the last line may have got its end */
			   (slice_starts(is->list.at[next].all, "") &&
			       slice_eq(
				   slice_sub(is->list.at[next].all, 0, line.n),
				   line))))
			next++;
		ensure(next < is->list.n);
		next++;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of((const char *)data, size), raw, out;
	struct arena *a = arena_new(0);
	struct heads h, again;
	struct edits e = {0};
	size_t i;

	raw = slice_from(in, CHANGES + 1);
	heads_init(&h, a, raw, raw);
	h.at_top = size > 0 && (data[0] & 1) != 0;
	h.no_delete = size > 0 && (data[0] & 2) != 0;
	for (i = 1; i <= CHANGES && i < size; i++)
		change(&h, data[i]);
	heads_edits(&h, &e);
	ensure(edits_fit(&e, raw.n));
	out = written(&e, raw, a);
	heads_init(&again, a, out, out);
	ensure(heads_find(&again, "Injected") == NULL ||
	       heads_find(&h, "Injected") != NULL);
	if (h.list.n < 5000)
		check_kept(&h, &again);
	for (i = 0; i < h.added.n && h.list.n < 5000; i++)
		ensure(slice_find(out, h.added.at[i]) != SLICE_NOT_FOUND);
	arena_free(a);
	return 0;
}
