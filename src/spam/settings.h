/* settings - the settings of SpamAssassin's language, by name and kind. */
#ifndef SPAM_SETTINGS_H
#define SPAM_SETTINGS_H

#include <stdbool.h>

#include "base/slice.h"

#define SETTING(constant, name, others, plugins, kind, dflt, check) \
	SET_##constant,
enum setting {
#include "spam/settings.tbl"
	SETTING_COUNT
};
#undef SETTING

enum setting_kind {
	SETTING_RULE,        /* makes or changes a rule */
	SETTING_STRING,      /* the last line counts */
	SETTING_BOOL,        /* 0 1 yes no */
	SETTING_NUMBER,      /* [+-]digits[.digits] */
	SETTING_DURATION,    /* digits[.digits][smhdw], in seconds */
	SETTING_WORDS,       /* a set of words */
	SETTING_HASH,        /* word -> text */
	SETTING_ADDRS,       /* a set of globs */
	SETTING_PAIRS,       /* glob -> second words */
	SETTING_NETS,        /* a set of networks */
	SETTING_URI_HOSTS,   /* "LIST host" -> 1 or 0 */
	SETTING_NAMED_ADDRS, /* "LIST glob" */
	SETTING_TEMPLATE,    /* all lines together */
	SETTING_LINES,       /* every value once, in order */
	SETTING_REGEXES,     /* every value once, and each is an expression */
	SETTING_HEADERS,     /* headers that are added to mail */
	SETTING_CLEAR,       /* empties others */
	SETTING_ADDRS_DROP,
	SETTING_PAIRS_DROP,
	SETTING_URI_HOSTS_DROP,
	SETTING_NAMED_ADDRS_DROP,
};

struct setting_row {
	const char *name;
	const char *others;  /* older names, by blanks */
	const char *plugins; /* any of them brings it; "": always there */
	enum setting_kind kind;
	const char *dflt;
	const char *check; /* allowed words, or the settings meant */
};

extern const struct setting_row settings[SETTING_COUNT];

/* By any of its names; *family gets what a name like bayes_stopword_XX has
 * for XX. SETTING_COUNT: there is none. */
enum setting setting_find(struct slice key, struct slice *family);
/* The name that is nearest to what was written; NULL: none is near. */
const char *setting_nearest(struct slice key);

#endif
