/* ruleset - files of rules that give an option its value for a message.
 *
 * Rules match a plain subject: the config floor knows no messages. A rule is
 * `Direction: pattern value` or `Direction: pattern and Direction: pattern
 * value`. Patterns are compiled when the file is loaded; one that cannot be
 * compiled is a problem with file:line and never matches. Matching is bounded:
 * expressions run under PCRE2 match limits.
 */
#ifndef CONFIG_RULESET_H
#define CONFIG_RULESET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "config/problem.h"

/* What rules can look at. Empty slices: not known. */
struct subject {
	struct slice sender;            /* address, as it came */
	const struct slice *recipients; /* addresses, as they came */
	size_t recipient_count;
	struct slice client_ip;
	struct slice client_host;   /* PTR name, "" if none */
	bool client_host_verified;  /* forward lookup agrees */
	struct slice virus_reports; /* text for "Virus:" rules */
};

struct ruleset;

struct rule {
	struct slice value; /* the rest of the line */
	struct slice file;
	unsigned line;
	struct slice text; /* the whole line */
};

/* What the reader of rules asks of its caller. */
struct ruleset_host {
	/* A file of patterns named in a rule; NULL slice if it cannot. */
	struct slice (*read)(struct slice path, void *ctx);
	/* The value of a rule with its variables replaced; may be NULL. */
	struct slice (*value)(struct slice text, void *ctx);
	void *ctx;
};

enum {
	RULESET_NESTING_MAX = 4, /* pattern files inside pattern files */
	RULESET_PATTERNS_MAX = 1000000,
	RULESET_MATCHES_MAX = 256, /* values joined for an all-match option */
};

/* Parse the text of a ruleset. Everything it keeps lives in a. */
struct ruleset *ruleset_parse(struct arena *a, struct slice text,
    struct slice file, const struct ruleset_host *host,
    struct problems *problems) ATTR_RET_NONNULL;
/* Frees compiled expressions; the rest ends with the arena. */
void ruleset_fini(struct ruleset *r);

/* Every rule, default last (it may be NULL): for checking values. */
size_t ruleset_rules(const struct ruleset *r, const struct rule *const **out);

/* The rules that decide: at most `max` matching ones (1 for first-match) in
 * order of the file, or the default alone when nothing matched. s may be NULL:
 * only the default. domain_only: with several recipients look them up as
 * *@domain (one domain) or *@* (several). */
size_t ruleset_match(const struct ruleset *r, const struct subject *s,
    bool domain_only, const struct rule **out, size_t max);

#endif
