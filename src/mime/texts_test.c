#include "mime/texts.h"
#include "test/unit.h"

UNIT(a_set_in_order)
{
	struct arena *a = arena_new(1 << 20);
	struct texts t = {0};

	check(!texts_has(&t, SLICE("")));
	check(texts_add(a, &t, SLICE("b"), 3));
	check(texts_add(a, &t, SLICE("a"), 3));
	check(texts_add(a, &t, SLICE("b"), 3));
	check_int(t.n, 2);
	check(texts_add(a, &t, SLICE_NONE, 3));
	check(texts_add(a, &t, SLICE(""), 3));
	check_int(t.n, 3);
	check(!texts_add(a, &t, SLICE("c"), 3));
	check(texts_add(a, &t, SLICE("a"), 3));
	check_int(t.n, 3);
	check_slice(t.at[0], "b");
	check_slice(t.at[1], "a");
	check(texts_has(&t, SLICE("a")));
	check(!texts_has(&t, SLICE("a\0")));
	arena_free(a);
}

UNIT_MAIN(unit(a_set_in_order))
