#include "mail/edits.h"
#include "test/unit.h"

static struct slice
applied(const struct edits *e, struct slice raw, struct buf *out)
{
	struct edits_cursor c = {0};
	struct slice piece;

	buf_reset(out);
	while (edits_piece(e, raw, &c, &piece))
		check(buf_add(out, piece));
	check_int(out->n, edits_size(e, raw.n));
	return buf_slice(out);
}

UNIT(nothing_changed_is_the_same_bytes)
{
	struct edits e = {0};
	struct buf out;

	buf_init(&out, 100);
	check_slice(applied(&e, SLICE("abc"), &out), "abc");
	check_int(applied(&e, SLICE_NONE, &out).n, 0);
	check(edits_spare(&e, 0));
	buf_fini(&out);
}

UNIT(edits_apply_in_order_of_place)
{
	struct arena *a = arena_new(0);
	struct edits e = {0}, back;
	struct buf out, packed;
	struct unpack u;

	buf_init(&out, 100);
	buf_init(&packed, 1000);
	edits_add(&e, a, 6, 0, SLICE("END"));
	edits_add(&e, a, 2, 2, SLICE("XYZ"));
	edits_add(&e, a, 0, 0, SLICE("one"));
	edits_add(&e, a, 0, 0, SLICE("two"));
	check_slice(applied(&e, SLICE("abcdef"), &out), "onetwoabXYZefEND");
	check(edits_fit(&e, 6));
	check(!edits_fit(&e, 5));
	check(!edits_spare(&e, 4));
	edits_pack(&packed, &e);
	u = unpack_of(buf_slice(&packed));
	edits_unpack(&u, &back, a);
	check(unpack_done(&u));
	check_slice(applied(&back, SLICE("abcdef"), &out), "onetwoabXYZefEND");
	buf_fini(&out);
	buf_fini(&packed);
	arena_free(a);
}

UNIT(overlaps_from_outside_do_not_fit)
{
	struct arena *a = arena_new(0);
	struct edits e = {0};

	*vec_push(a, &e.list) = (struct edit){0, 3, SLICE_NONE};
	*vec_push(a, &e.list) = (struct edit){2, 1, SLICE_NONE};
	check(!edits_fit(&e, 10));
	e.list.at[1] = (struct edit){3, SIZE_MAX, SLICE_NONE};
	check(!edits_fit(&e, 10));
	arena_free(a);
}

UNIT_MAIN(unit(nothing_changed_is_the_same_bytes),
    unit(edits_apply_in_order_of_place), unit(overlaps_from_outside_do_not_fit))
