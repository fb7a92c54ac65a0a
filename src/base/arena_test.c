#include <stdint.h>

#include "base/arena.h"
#include "test/unit.h"

UNIT(gives_aligned_separate_memory)
{
	struct arena *a = arena_new(0);
	char *one = arena_alloc(a, 3), *two = arena_zalloc(a, 100000);
	size_t i;

	check((uintptr_t)one % 16 == 0 && (uintptr_t)two % 16 == 0);
	(void)memset(one, 'x', 3);
	for (i = 0; i < 100000; i++)
		check_int(two[i], 0);
	arena_free(a);
}

UNIT(copies_and_formats)
{
	struct arena *a = arena_new(1 << 20);

	check_slice(arena_dup(a, SLICE("abc")), "abc");
	check_str(arena_str(a, SLICE("abc")), "abc");
	check_slice(arena_printf(a, "%d-%s", 7, "x"), "7-x");
	arena_free(a);
}

UNIT(vectors_grow_and_keep_their_elements)
{
	struct arena *a = arena_new(0);
	VEC_OF(int) v = {0};
	int i, *p;

	for (i = 0; i < 1000; i++)
		*vec_push(a, &v) = i;
	check_int(v.n, 1000);
	i = 0;
	vec_each (p, &v)
		check_int(*p, i++);
	arena_free(a);
}

static void
overrun(void *arg)
{
	struct arena *a = arena_new(100000);

	(void)arg;
	for (;;)
		(void)arena_alloc(a, 1000);
}

static void
overflow(void *arg)
{
	struct arena *a = arena_new(0);

	(void)arg;
	(void)arena_array(a, SIZE_MAX / 2, 16);
}

UNIT(ends_the_process_when_the_budget_is_used_up)
{
	check_int(unit_ends(overrun, NULL), -1 - ARENA_EXIT_CODE);
	check_int(unit_ends(overflow, NULL), -1 - ARENA_EXIT_CODE);
}

UNIT(reset_keeps_one_block)
{
	struct arena *a = arena_new(0);

	(void)arena_alloc(a, 10);
	(void)arena_alloc(a, 1000000);
	arena_reset(a);
	check(arena_size(a) > 0 && arena_size(a) < 100000);
	(void)memset(arena_alloc(a, 2000), 1, 2000);
	arena_free(a);
}

UNIT_MAIN(unit(gives_aligned_separate_memory), unit(copies_and_formats),
    unit(vectors_grow_and_keep_their_elements),
    unit(ends_the_process_when_the_budget_is_used_up),
    unit(reset_keeps_one_block))
