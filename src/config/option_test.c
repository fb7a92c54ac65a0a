#define _GNU_SOURCE
#include <unistd.h>

#include "base/arena.h"
#include "config/option.h"
#include "test/unit.h"

#define TABLE_HASH 6404950931778384874LL

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

static const char *const kinds[] = {
    "yesno", "file", "command", "dir", "number", "other"};
static const char *const rules[] = {"simple", "first", "all"};

static bool
is_ours(unsigned i)
{
	return slice_is(slice_str(options[i].section), "Reeve");
}

/* What configurations depend on, in one number: a change is meant or is a
 * mistake. FNV-1a of name, key, kind, rules, default and words. */
UNIT(the_table_of_the_original_is_whole)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	unsigned i, k, theirs = 0;

	for (i = 0; i < OPTION_COUNT; i++) {
		const char *const column[] = {options[i].name, options[i].key,
		    kinds[options[i].kind], rules[options[i].rules],
		    options[i].dflt, options[i].words};

		if (is_ours(i))
			continue;
		theirs++;
		for (k = 0; k < COUNT_OF(column); k++) {
			const char *p = column[k];

			do {
				hash ^= (unsigned char)*p;
				hash *= UINT64_C(0x100000001b3);
			} while (*p++ != '\0');
		}
	}
	check_int(theirs, 398);
	check_int(hash >> 1, TABLE_HASH);
}

/* The default as the table writes it: below the directories' variables. */
static struct slice
with_variables(struct arena *a, struct slice v)
{
	static const struct {
		const char *dir, *variable;
	} t[] = {{"/usr/share/MailScanner/reports/en", "%report-dir%"},
	    {"/etc/MailScanner", "%etc-dir%"}};
	size_t i;

	for (i = 0; i < COUNT_OF(t); i++)
		if (slice_starts(v, t[i].dir))
			return arena_printf(a, "%s%.*s", t[i].variable,
			    SLICE_FMT(slice_from(v, strlen(t[i].dir))));
	return v;
}

static void
check_row(struct arena *a, struct slice line)
{
	struct slice column[9] = {{0}}, dflt;
	enum option opt;
	size_t i;

	for (i = 0; i < COUNT_OF(column); i++)
		(void)slice_field(&line, '\t', &column[i]);
	opt = option_find(column[0]);
	check(opt != OPTION_COUNT);
	check_slice(column[0], options[opt].name);
	check_slice(column[1], options[opt].key);
	check_slice(column[2], kinds[options[opt].kind]);
	check(slice_starts(column[3], rules[options[opt].rules]));
	dflt = with_variables(a, column[4]);
	/* Its built-in value, or the one of its file where that is meant to be
	 * what everybody has; the picture is one of our own. */
	if (!slice_is(dflt, options[opt].dflt) &&
	    opt != OPT_WEB_BUG_REPLACEMENT)
		check_slice(column[8], options[opt].dflt);
}

UNIT(the_table_says_what_the_reference_says)
{
	const char *path =
	    unit_source("../shared/reference/mailscanner-options.tsv");
	struct arena *a = arena_new(0);
	struct slice text, line;
	unsigned n = 0;

	if (access(path, R_OK) != 0)
		unit_skip("no reference");
	text = unit_read(path);
	(void)slice_line(&text, &line);
	for (; slice_line(&text, &line); n++)
		check_row(a, line);
	check_int(n, 398);
	arena_free(a);
}

UNIT(old_spellings_are_known)
{
	check_int(option_find(SLICE("Sender Bad Content Report")),
	    OPT_SENDER_CONTENT_REPORT);
	check_int(
	    option_find(SLICE("spamwhitelist")), OPT_IS_DEFINITELY_NOT_SPAM);
}

UNIT(words_may_have_a_comma)
{
	struct slice inside;

	check(option_word(OPT_SCAN_MESSAGES, SLICE("Virus,"), &inside));
	check_slice(inside, "2");
	check(!option_word(OPT_SCAN_MESSAGES, SLICE("maybe"), &inside));
}

UNIT_MAIN(unit(names_are_found_however_written), unit(every_row_is_whole),
    unit(numbers_have_suffixes), unit(the_table_of_the_original_is_whole),
    unit(the_table_says_what_the_reference_says), unit(old_spellings_are_known),
    unit(words_may_have_a_comma))
