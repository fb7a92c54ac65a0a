/* conf - one configuration, read whole, sealed, asked many times.
 *
 * conf_load reads MailScanner.conf with its includes, %variables% and
 * environment variables and every ruleset named in it into one arena; after
 * that nothing of it changes and any process may ask it. A new file gives a
 * new struct conf, swapped whole.
 *
 * Variables that are there without being set: %etc-dir% (the directory of the
 * file that conf_load was given), %rules-dir%, %report-dir%, %mcp-dir% below
 * it, %org-name%, %org-long-name%, %web-site% (guessed from the host name).
 * A relative path in a value that names a file stands below %etc-dir%. A
 * variable has the value it had where it is used; a later line may set it
 * again for those that follow.
 */
#ifndef CONFIG_CONF_H
#define CONFIG_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/slice.h"
#include "config/option.h"
#include "config/problem.h"
#include "config/ruleset.h"

struct conf;

enum {
	CONF_FILE_MAX = 64 * 1024 * 1024, /* bytes of one file */
	CONF_FILES_MAX = 1000,            /* includes together */
	CONF_VALUE_MAX = 64 * 1024,       /* bytes of a value after expansion */
};

/* Read `path`. NULL and *why if the file cannot be used at all; lesser
 * problems are kept for conf_problems. */
struct conf *conf_load(const char *path, struct fail *why) ATTR_NODISCARD;
/* The same from text: for tests and fuzzing. */
struct conf *conf_of_text(const char *etc_dir, struct slice text)
    ATTR_RET_NONNULL;
/* All defaults, nothing read. etc_dir: what %etc-dir% stands for. */
struct conf *conf_defaults_in(const char *etc_dir) ATTR_RET_NONNULL;
struct conf *conf_defaults(void) ATTR_RET_NONNULL;
/* One option set as a line of a file would: for tests and --option. */
void conf_set(struct conf *c, enum option opt, struct slice value);
void conf_free(struct conf *c);

const struct problems *conf_problems(const struct conf *c);
/* For readers of the files that options name. */
struct problems *conf_problems_rw(struct conf *c);
struct arena *conf_arena(struct conf *c) ATTR_RET_NONNULL;

/* The value of an option for a subject (NULL: no message, so the default rule
 * of a ruleset decides). For yesno options the internal words are returned
 * ("1", "0", "convert", "start" ...); for all-match options every matching
 * value joined by one space. Lives as long as the conf, or in `a` when it had
 * to be joined (a may be NULL when the option is not all-match). */
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
/* The rules that decide, in their order; none without a ruleset. Room for
 * RULESET_MATCHES_MAX. */
size_t conf_rules(const struct conf *c, enum option opt,
    const struct subject *s, const struct rule **out);
struct conf_origin conf_explain(
    const struct conf *c, enum option opt, const struct subject *s);

/* The value as written, before any rule was asked (a ruleset's path). */
struct slice conf_written(const struct conf *c, enum option opt);
bool conf_is_ruleset(const struct conf *c, enum option opt);
/* The value differs from the built-in default. */
bool conf_changed(const struct conf *c, enum option opt);
/* The ruleset behind an option; NULL if it has none. */
const struct ruleset *conf_ruleset(const struct conf *c, enum option opt);
/* %variables% and environment variables of a text replaced. */
struct slice conf_expand(struct conf *c, struct slice text);
/* The same for readers that come later: what is made lives in a. */
struct slice conf_expand_in(
    const struct conf *c, struct arena *a, struct slice text);
/* A whole file of at most `max` bytes into the arena of c; NULL slice and a
 * problem if it cannot be read. */
struct slice conf_read_file(
    struct conf *c, struct slice path, size_t max, enum problem_level level);
/* Every file that was read. */
size_t conf_files(const struct conf *c, const struct slice **out);

#endif
