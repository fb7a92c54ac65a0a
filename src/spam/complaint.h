/* complaint - what is wrong in a rule file: file:line:column and a caret.
 *
 * Complaints are data: lint prints them, the daemon logs the first few. Texts
 * are kept as they stand in the file; complaint_print makes them printable.
 */
#ifndef SPAM_COMPLAINT_H
#define SPAM_COMPLAINT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "config/problem.h"

enum {
	COMPLAINTS_MAX = 10000,     /* more are counted, not kept */
	COMPLAINT_SOURCE_MAX = 160, /* bytes shown of a line */
};

struct complaint {
	enum problem_level level;
	struct slice file; /* may be empty */
	unsigned line;     /* 0: none */
	unsigned column;   /* 1 is the first byte; 0: none */
	struct slice source;
	struct slice text;
	struct slice hint; /* may be empty */
	struct slice rule; /* name of the rule it is about; may be empty */
};

struct complaints {
	struct arena *arena;
	VEC_OF(struct complaint) list;
	size_t count[PROBLEM_ERROR + 1]; /* all of them, by level */
};

/* The new complaint, to add place and hint to; its text is formatted. */
struct complaint *complain(struct complaints *c, enum problem_level level,
    const char *fmt, ...) ATTR_PRINTF(3, 4) ATTR_RET_NONNULL;

/* One to three lines: "file:line:column: error: text", the source line, a
 * caret under the column; then the hint. */
void complaint_print(const struct complaint *c, struct buf *out);

#endif
