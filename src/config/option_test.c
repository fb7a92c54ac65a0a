#include "config/option.h"
#include "test/unit.h"

UNIT(names_are_found_however_written)
{
	check_int(option_find(SLICE("maximum archive depth")),
	    OPT_MAXIMUM_ARCHIVE_DEPTH);
	check_int(option_find(SLICE("MaximumArchive-Depth")),
	    OPT_MAXIMUM_ARCHIVE_DEPTH);
	check_int(option_find(SLICE("inqueuedir")), OPT_INCOMING_QUEUE_DIR);
	check_int(option_find(SLICE("ARCHIVES_ALLOW_FILENAMES")),
	    OPT_ARCHIVES_ALLOW_FILENAMES);
	check_int(option_find(SLICE("no such thing")), OPTION_COUNT);
	check_int(option_nearest(SLICE("Maximun Archive Dept")),
	    OPT_MAXIMUM_ARCHIVE_DEPTH);
	check_int(option_nearest(SLICE("qqqqqqqqqqqqqqqq")), OPTION_COUNT);
}

UNIT(every_row_is_whole)
{
	unsigned i;

	for (i = 0; i < OPTION_COUNT; i++) {
		struct slice inside;
		int64_t number;

		check(strlen(options[i].text) > 5);
		check_int(option_find(slice_str(options[i].name)), i);
		if (options[i].words[0] != '\0')
			check(option_word((enum option)i,
			    slice_str(options[i].dflt), &inside));
		if (options[i].kind == OPTION_NUMBER)
			check(option_parse_number(
			    slice_str(options[i].dflt), &number));
	}
}

UNIT(numbers_have_suffixes)
{
	static const struct {
		const char *text;
		long long value;
	} cases[] = {{"5", 5}, {"-1", -1}, {"100k", 100000}, {"1_000", 1000},
	    {"2M", 2000000}, {"1g", 1000000000}, {"1.5k", 1500}};
	int64_t v;
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		check(option_parse_number(slice_str(cases[i].text), &v));
		check_int(v, cases[i].value);
	}
	check(!option_parse_number(SLICE("5abc"), &v));
	check(!option_parse_number(SLICE(""), &v));
	check(!option_parse_number(SLICE("99999999999999999999g"), &v));
}

UNIT_MAIN(unit(names_are_found_however_written), unit(every_row_is_whole),
    unit(numbers_have_suffixes))
