/* rules - SpamAssassin's rules, read whole, sealed, run many times.
 *
 * rules_load reads .pre and .cf files in SpamAssassin's order into one arena;
 * afterwards nothing changes. Rules are sorted by name; rules_order has those
 * that run, by priority, then type, then name. A wrong line is a complaint and
 * changes nothing. Expressions are compiled while reading (a wrong one is no
 * rule); machine code is made when RULES_JIT is asked for or by rules_jit.
 */
#ifndef SPAM_RULES_H
#define SPAM_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/map.h"
#include "base/slice.h"
#include "spam/complaint.h"
#include "spam/meta.h"
#include "spam/regex.h"
#include "spam/settings.h"

enum {
	RULES_NAME_MAX = 100,
	RULES_FILE_MAX = 64 * 1024 * 1024,
	RULES_FILES_MAX = 10000,
	RULES_MAX = 200000,
	RULES_ARGS_MAX = 64,
	RULES_TAG_PASSES = 6, /* of replace_tag in one expression */
	RULE_NONE = 0,        /* index: no such rule, its value is 0 */
};

enum rule_type {
	RULE_EMPTY, /* only a name: reuse, askdns */
	RULE_HEADER,
	RULE_HEADER_EVAL,
	RULE_BODY,
	RULE_URI,
	RULE_BODY_EVAL,
	RULE_MIMEHEADER,
	RULE_URI_DETAIL,
	RULE_RAWBODY,
	RULE_RAWBODY_EVAL,
	RULE_FULL,
	RULE_FULL_EVAL,
	RULE_RBL_EVAL,
	RULE_META,
	RULE_TYPES
};

/* One expression of a rule on one thing. */
struct rule_match {
	struct slice on; /* header or key of uri_detail, without modifiers */
	struct slice modifiers; /* "addr", "raw:first" */
	bool negated;           /* !~ */
	bool exists;            /* header: exists:, no expression */
	bool has_unset;
	struct slice unset;       /* [if-unset: ...] */
	struct slice written;     /* the expression with its delimiters */
	struct slice text, flags; /* without; tags replaced */
	struct regex re;
	bool templated; /* has %{TAG}: compile again with the values */
};

struct spam_rule {
	struct slice name;
	uint32_t index;
	enum rule_type type;
	bool defined;  /* false: scored, described ... but there is no rule */
	bool reused;   /* replace_rules applies to it */
	bool captures; /* sets tags by named groups */
	struct slice file; /* where it is defined */
	unsigned line;
	double score[4];
	bool scored; /* score says so, it is no default */
	int priority;
	int runs_at;         /* priority, or -100 for net rules without one */
	struct slice tflags; /* as written */
	bool net, nice, learn, userconf, noautolearn, multiple, publish, nolog;
	bool domains_only, ips_only, nosubject;
	unsigned maxhits; /* 0: no limit */
	unsigned range_low, range_high;
	struct slice describe, subjprefix;
	VEC_OF(struct rule_match) matches; /* one, but for uri_detail */
	struct slice text;     /* of an eval or a meta, as written */
	struct slice function; /* eval */
	VEC_OF(struct slice) args;
	bool callable; /* the arguments are well formed and the type fits */
	bool provided; /* a loaded plugin brings the function */
	struct meta meta;
	bool cyclic;         /* meta: is 0 */
	unsigned depth;      /* meta: longest way down to one that is none */
	struct slice lookup; /* uridnsbl, askdns ...: "setting rest" */
	const char *shortcircuit; /* "on", "spam", "ham"; NULL */
};

struct setting_value {
	bool given;
	struct slice file;
	unsigned line;
	struct slice text; /* the last value; TEMPLATE: all lines */
	double number;     /* BOOL, NUMBER, DURATION */
	/* WORDS, HASH, ADDRS ...: the key's value is a struct slice *; NULL:
	 * it was taken away again. */
	struct map items;
};

struct rules_header {
	struct slice name, text;
	bool spam, ham;
};

struct rules {
	struct arena *arena;
	struct spam_rule *
	    *at; /* [0] is NULL; in the order of names from 1 to n */
	size_t n;
	struct spam_rule **order; /* those that run */
	size_t n_order;
	struct setting_value settings[SETTING_COUNT];
	VEC_OF(struct rules_header) headers;
	struct complaints complaints;
	VEC_OF(struct slice) files;
	VEC_OF(struct slice) plugins; /* loaded, full names */
	bool jitted;
	void *build; /* while reading */
};

/* Where to read from; all as in SpamAssassin. Empty: the usual places. */
struct rules_places {
	struct slice rules;     /* -C: default rules */
	struct slice site;      /* --siteconfigpath */
	struct slice prefs;     /* one file more, read last */
	struct slice prefix;    /* SpamAssassin Install Prefix */
	struct slice def_dir;   /* SpamAssassin Default Rules Dir */
	struct slice local_dir; /* SpamAssassin Local or Site Rules Dir */
	struct slice state_dir; /* SpamAssassin Local State Dir */
	struct slice lang;      /* "en_US" */
	bool network;           /* net rules run */
	bool jit;
};

#define RULES_VERSION "4.000001"

/* NULL and *why when no rule file was found at all. */
struct rules *rules_load(const struct rules_places *p, struct fail *why)
    ATTR_NODISCARD;
/* One text as if it were a file: for tests. */
struct rules *rules_of_text(struct slice name, struct slice text)
    ATTR_RET_NONNULL;
/* Machine code for every expression; how many have it. */
size_t rules_jit(struct rules *r);
void rules_free(struct rules *r);

/* NULL: no such rule. */
const struct spam_rule *rules_find(const struct rules *r, struct slice name);
const char *rule_type_word(enum rule_type type);
/* The number SpamAssassin has for a type. */
unsigned rule_type_number(enum rule_type type);
/* The values of the settings: the default when nothing set it. */
struct slice rules_text(const struct rules *r, enum setting s);
double rules_number(const struct rules *r, enum setting s);
bool rules_has_plugin(const struct rules *r, const char *name);

#endif
