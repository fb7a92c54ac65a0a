/* option - the table of all options: the one place that knows them.
 *
 * Every row of options.tbl is one option of MailScanner.conf (or of Reeve
 * alone): constant, external name, internal keyword, kind, how rules combine,
 * default, words a value is written with and what they mean inside, section
 * and meaning. Parser, defaults, lint, manual and console all read this
 * table. The constant of an option is OPT_ and its external name in capitals
 * with every run of other characters as one "_": "Maximum Archive Depth" is
 * OPT_MAXIMUM_ARCHIVE_DEPTH.
 */
#ifndef CONFIG_OPTION_H
#define CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define OPTION(constant, name, key, kind, rules, dflt, words, section, text) \
	OPT_##constant,
enum option {
#include "config/options.tbl"
	OPTION_COUNT
};
#undef OPTION

enum option_kind {
	OPTION_YESNO,   /* one of `words` */
	OPTION_FILE,    /* path of a file that has to exist when it is used */
	OPTION_COMMAND, /* path of a program and its arguments */
	OPTION_DIR,
	OPTION_NUMBER, /* k, m, g suffixes */
	OPTION_OTHER,
};

/* How several matching rules of a ruleset make one value. */
enum option_rules {
	OPTION_SIMPLE, /* no ruleset allowed */
	OPTION_FIRST,  /* the first matching rule decides */
	OPTION_ALL,    /* all matching values together */
};

struct option_row {
	const char *constant; /* "MAX_CHILDREN" */
	const char *name;     /* "Max Children" */
	const char *key;      /* internal keyword, also accepted in files */
	enum option_kind kind;
	enum option_rules rules;
	const char *dflt;  /* as one would write it in the file */
	const char *words; /* "no=0 yes=1", written=inside; "" if free text */
	const char *section;
	const char *text;
};

extern const struct option_row options[OPTION_COUNT];

/* Find by external name, keyword or constant, case and punctuation ignored;
 * OPTION_COUNT when there is none. */
enum option option_find(struct slice name);
/* The option whose name is nearest to what was written; OPTION_COUNT when
 * nothing is near. */
enum option option_nearest(struct slice name);
/* Nothing of the program reads this option yet: `reeve check` says so. */
bool option_carried_out(enum option opt);

/* The inside word for what was written ("yes" -> "1"); false if the option
 * has words and this is none of them. Anything for options without words. */
bool option_word(enum option opt, struct slice written, struct slice *inside);
/* Digits with optional sign and decimals, `_` ignored, one k, m or g behind
 * it (10^3, 10^6, 10^9). */
bool option_parse_number(struct slice text, int64_t *out);

#endif
