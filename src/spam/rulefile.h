/* rulefile - the lines of .cf and .pre files: statements with their places.
 *
 * A line is a statement, nothing continues on the next. Unescaped # begins a
 * comment, \# is #. `lang XX` lines of other languages, blocks whose `if` is
 * not true, and what follows a `require_version` of another version are left
 * out. `include` reads the file in its place. What is wrong becomes a
 * complaint, and the next line is read.
 *
 * The answers of conditions change while a configuration is read (loadplugin,
 * enable_compat), so the reader gives one statement at a time and asks when it
 * comes to a condition.
 */
#ifndef SPAM_RULEFILE_H
#define SPAM_RULEFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "spam/complaint.h"
#include "spam/meta.h"

enum {
	RULEFILE_LINE_MAX = 1024 * 1024, /* bytes; longer lines are left out */
	RULEFILE_DEPTH_MAX = 32,         /* files that include one another */
	RULEFILE_IFS_MAX = 64,           /* open `if` of one file */
};

struct statement {
	struct slice key;     /* lower case, "-" as "_" */
	struct slice value;   /* without white space around; may be empty */
	struct slice line;    /* key and value; key and value point into it */
	struct slice raw;     /* the line as in the file */
	struct slice written; /* the key as in the line */
	struct slice file;
	unsigned number;
};

/* The bytes of an included file, or false. `path` is as written, from is the
 * file it stands in; *name gets what complaints call it. A file that was read
 * before gives true and p == NULL: nothing to do. */
typedef bool rulefile_read_fn(void *ctx, struct slice path, struct slice from,
    struct slice *name, struct slice *bytes);

struct rulefile_world {
	struct meta_world conditions;
	struct slice version;   /* what require_version is compared with */
	struct slice lang;      /* "en_US" */
	rulefile_read_fn *read; /* NULL: include is an error */
	void *ctx;              /* of read */
};

struct rulefile;

/* world and complaints are kept by address. */
struct rulefile *rulefile_new(struct arena *a,
    const struct rulefile_world *world, struct complaints *c) ATTR_RET_NONNULL;
/* Go on with this file; the one before has to be at its end. */
void rulefile_start(struct rulefile *r, struct slice name, struct slice bytes);
/* false at the end of the file. */
bool rulefile_next(struct rulefile *r, struct statement *s);

/* The column in the file of a byte of s->line (or its end). */
unsigned statement_column(const struct statement *s, const char *at);
/* A complaint about a byte of the statement (NULL: about the line). */
struct complaint *statement_complain(const struct statement *s,
    struct complaints *c, enum problem_level level, const char *at,
    const char *text) ATTR_RET_NONNULL;

#endif
