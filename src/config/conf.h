/* conf - one configuration, read whole, sealed, asked many times.
 *
 * conf_load reads MailScanner.conf with its includes, %variables% and
 * environment variables, every ruleset named in it and every file whose
 * content rules need, into one arena; after that nothing of it changes and
 * any process may ask it. A new file gives a new struct conf, swapped whole.
 */
#ifndef CONFIG_CONF_H
#define CONFIG_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/slice.h"
#include "config/option.h"

struct conf;
struct subject; /* config/ruleset.h */

/* Read `path`. NULL and *why (file:line, what was expected) if the file
 * cannot be used at all; lesser problems are kept for conf_problems. */
struct conf *conf_load(const char *path, struct fail *why) ATTR_NODISCARD;
/* All defaults, nothing read: for tests and for `reeve scan` without a file. */
struct conf *conf_defaults(void) ATTR_RET_NONNULL;
void conf_free(struct conf *c);

/* The value of an option for a subject (NULL: no message, so the default rule
 * of a ruleset decides). For yesno options the internal words are returned
 * ("1", "0", "convert", "start" ...); for all-match options every matching
 * value joined by one space. %vars% are expanded. Lives as long as the conf,
 * or in `a` when it had to be joined. */
struct slice conf_text(const struct conf *c, enum option opt,
    const struct subject *s, struct arena *a);
/* First-match yesno: the value is "1"; all-match: no value is "0" and at
 * least one is "1". */
bool conf_yes(const struct conf *c, enum option opt, const struct subject *s);
/* k, m, g suffixes applied (10^3, 10^6, 10^9). */
int64_t conf_number(
    const struct conf *c, enum option opt, const struct subject *s);

/* Where an answer came from, for --explain, lint and findings. */
struct conf_origin {
	struct slice file; /* "(default)" when nothing set it */
	unsigned line;
	struct slice rule; /* the ruleset line that decided, or empty */
	struct slice rule_file;
	unsigned rule_line;
};
struct conf_origin conf_explain(
    const struct conf *c, enum option opt, const struct subject *s);

#endif
