#include <stdio.h>

#include "base/map.h"
#include "test/unit.h"

UNIT(finds_what_was_set_in_order)
{
	struct arena *a = arena_new(0);
	struct map m;
	struct map_entry *e;
	static char values[2000];
	char key[32];
	int i;

	map_init(&m, a);
	check(map_get(&m, SLICE("x")) == NULL);
	for (i = 0; i < 2000; i++) {
		(void)snprintf(key, sizeof(key), "%d", i * 7919);
		map_set(&m, slice_str(key), &values[i]);
	}
	for (i = 0; i < 2000; i++) {
		(void)snprintf(key, sizeof(key), "%d", i * 7919);
		check(map_get(&m, slice_str(key)) == &values[i]);
	}
	check_int(m.n, 2000);
	i = 0;
	map_each (e, &m)
		check(e->value == &values[i++]);
	arena_free(a);
}

UNIT(tells_prefixes_and_nul_apart)
{
	struct arena *a = arena_new(0);
	static const struct slice keys[] = {SLICE_LIT(""), SLICE_LIT("\0"),
	    SLICE_LIT("a"), SLICE_LIT("a\0"), SLICE_LIT("a\0\0"),
	    SLICE_LIT("ab"), SLICE_LIT("\xff"), SLICE_LIT("a\xff")};
	struct map m;
	static char marks[16];
	size_t i;
	bool added;

	map_init(&m, a);
	for (i = 0; i < COUNT_OF(keys); i++) {
		map_add(&m, keys[i], &added)->value = marks + i + 1;
		check(added);
	}
	for (i = 0; i < COUNT_OF(keys); i++) {
		check((size_t)((char *)map_get(&m, keys[i]) - marks) == i + 1);
		(void)map_add(&m, keys[i], &added);
		check(!added);
	}
	check(!map_has(&m, SLICE("b")));
	arena_free(a);
}

UNIT_MAIN(unit(finds_what_was_set_in_order), unit(tells_prefixes_and_nul_apart))
