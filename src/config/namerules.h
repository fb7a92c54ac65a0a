/* namerules - filename.rules.conf and filetype.rules.conf: what names may be.
 *
 * One rule a line, fields between TABs: action, expression, (expression on the
 * MIME type,) text for the log, text for the user; "-" is no text. Actions:
 * allow, deny, deny+delete, rename, "rename to NAME", or mail addresses that
 * get the message instead. Rules are asked from the top; the first that
 * matches decides. Expressions ignore case and run under a match limit, so
 * that no name costs more than linear patience; a rule whose expression cannot
 * be compiled is a problem with file:line and never matches, and one that runs
 * into the limit counts as matching when it denies.
 */
#ifndef CONFIG_NAMERULES_H
#define CONFIG_NAMERULES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "config/problem.h"

enum namerule_action {
	NAMERULE_ALLOW,
	NAMERULE_DENY,
	NAMERULE_DENY_DELETE,
	NAMERULE_RENAME,  /* argument: the pattern, empty for the default one */
	NAMERULE_FORWARD, /* argument: addresses */
};

struct namerule {
	enum namerule_action action;
	struct slice argument;
	void *regex; /* pcre2_code_8; NULL never matches */
	void *mime;  /* on the MIME type instead of the name; may be NULL */
	bool has_mime;
	struct slice log_text;  /* may be empty */
	struct slice user_text; /* may be empty */
	struct slice file;
	unsigned line;
	struct slice text; /* the expression as written */
};

struct namerules {
	VEC_OF(struct namerule) rules;
};

enum {
	NAMERULES_MAX = 10000,        /* rules in one file */
	NAMERULES_SUBJECT_MAX = 4096, /* bytes of a name that are looked at */
};

void namerules_parse(struct namerules *out, struct arena *a, struct slice text,
    struct slice file, struct problems *problems);
/* Rules from the words of an option such as Allow Filenames: every word is an
 * expression with `action`. */
void namerules_words(struct namerules *out, struct arena *a, struct slice words,
    enum namerule_action action, struct slice file, unsigned line,
    struct problems *problems);
void namerules_fini(struct namerules *n);

/* The first rule that matches, NULL if none. mime may be empty: rules on the
 * MIME type are passed over then. */
const struct namerule *namerules_match(
    const struct namerules *n, struct slice name, struct slice mime);

#endif
