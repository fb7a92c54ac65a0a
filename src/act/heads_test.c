#include "act/heads.h"
#include "test/unit.h"

static struct slice
changed(const struct heads *h, struct arena *a)
{
	struct edits_cursor cursor = {0};
	struct edits e = {0};
	struct slice piece, all = SLICE("");

	heads_edits(h, &e);
	check(edits_fit(&e, h->raw.n));
	while (edits_piece(&e, h->raw, &cursor, &piece))
		all = arena_printf(
		    a, "%.*s%.*s", SLICE_FMT(all), SLICE_FMT(piece));
	return all;
}

static struct heads
of(struct arena *a, const char *raw)
{
	struct heads h;

	heads_init(&h, a, slice_str(raw), slice_str(raw));
	return h;
}

UNIT(fields_are_found_as_they_are)
{
	struct arena *a = arena_new(0);
	struct heads h = of(a,
	    "From x Mon Jan\nA: 1\n 2\nno field\n fold\nb :\t3\nC:\n\nBody: x\n");

	check_int(h.list.n, 3);
	check_slice(h.list.at[0].name, "A");
	check_slice(h.list.at[0].value, " 1\n 2");
	check_slice(h.list.at[1].name, "b");
	check_slice(h.list.at[1].value, "\t3");
	check_int(h.list.at[2].value.n, 0);
	check(h.list.at[2].value.p != NULL);
	check(h.blank);
	check(heads_find(&h, "c") == &h.list.at[2]);
	check(heads_find(&h, "Body") == NULL);
	arena_free(a);
}

UNIT(appending_folds)
{
	struct arena *a = arena_new(0);
	struct heads h = of(a, "X-A: one\nB: 1\n\n");

	heads_set(&h, SLICE("x-a:"), SLICE("two"), HEADS_APPEND);
	check_slice(changed(&h, a), "X-A: one, two\nB: 1\n\n");
	heads_set(&h, SLICE("X-A"),
	    SLICE("a longer text that does not fit onto the line any more, "
		  "really"),
	    HEADS_APPEND);
	check_slice(changed(&h, a),
	    "X-A: one, two,\n\ta longer text that does not fit onto the line "
	    "any more, really\nB: 1\n\n");
	heads_set(&h, SLICE("New"), SLICE("x"), HEADS_APPEND);
	check_slice(
	    slice_from(changed(&h, a), changed(&h, a).n - 8), "New: x\n\n");
	arena_free(a);
}

UNIT(dropping)
{
	struct arena *a = arena_new(0);
	struct heads h = of(a, "A: 1\nb: 2\n c\nA: 3\nB-c: 4\n\n");
	const char *why = NULL;
	struct pattern p;

	check_int(heads_drop(&h, SLICE("B:")), 1);
	heads_unique(&h, "A");
	check_slice(changed(&h, a), "A: 1\nB-c: 4\n\n");
	pattern_parse(&p, a, SLICE("/^B-.*[0-9]$/"), PATTERN_VIRUS, &why);
	heads_drop_matching(&h, &p);
	pattern_fini(&p);
	check_slice(changed(&h, a), "A: 1\n\n");
	heads_drop_prefix(&h, "a");
	check_slice(changed(&h, a), "\n");
	arena_free(a);
}

UNIT(values_cannot_make_fields)
{
	struct arena *a = arena_new(0);
	struct heads h = of(a, "A: 1\r\n\r\n");

	heads_add(&h, SLICE("X-From:"), SLICE("x\r\nBcc: y\0z\n\nbody"));
	check_slice(changed(&h, a), "A: 1\r\nX-From: x Bcc: y z body\r\n\r\n");
	heads_init(&h, a, h.raw, h.block);
	heads_add(&h, SLICE("X-From:"), slice_of("x\0\n\ny", 5));
	check_slice(changed(&h, a), "A: 1\r\nX-From: x y\r\n\r\n");
	arena_free(a);
}

UNIT_MAIN(unit(fields_are_found_as_they_are), unit(appending_folds),
    unit(dropping), unit(values_cannot_make_fields))
