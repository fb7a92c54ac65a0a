#include "mail/verdict.h"
#include "test/unit.h"

UNIT(words_and_codes_go_both_ways)
{
	unsigned i;

	for (i = 0; i < FINDING_CODE_COUNT; i++)
		check_int(finding_of_word(
			      slice_str(finding_word((enum finding_code)i))),
		    i);
	check_int(finding_of_word(SLICE("nonsense")), FINDING_CODE_COUNT);
}

UNIT(blocking_is_a_wish_not_a_code)
{
	struct arena *a = arena_new(0);
	struct verdict v = {0};

	verdict_add(&v, a, FINDING_AMBIGUOUS, 0)->wish = WISH_NOTE;
	check(!verdict_blocks(&v));
	verdict_add(&v, a, FINDING_FILENAME, 1)->wish = WISH_BLOCK;
	check(verdict_blocks(&v));
	check(verdict_has(&v, FINDING_FILENAME));
	check(!verdict_has(&v, FINDING_VIRUS));
	verdict_add_incomplete(&v, a, SLICE("virus:x"), SLICE("timeout"));
	check_int(v.incomplete.n, 1);
	arena_free(a);
}

UNIT_MAIN(
    unit(words_and_codes_go_both_ways), unit(blocking_is_a_wish_not_a_code))
