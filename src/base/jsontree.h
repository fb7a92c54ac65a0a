/* jsontree - JSON text to a tree in an arena (RFC 8259).
 *
 * For what our own programs wrote and kept: strict, bounded, no recursion.
 * Numbers stay text. Of two members of one key the first is found.
 */
#ifndef BASE_JSONTREE_H
#define BASE_JSONTREE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"

enum jsontree_kind {
	JSONTREE_NULL,
	JSONTREE_BOOL,
	JSONTREE_NUMBER,
	JSONTREE_STRING,
	JSONTREE_ARRAY,
	JSONTREE_OBJECT,
};

/* Depth and number of values beyond which a text is refused. */
enum { JSONTREE_DEPTH_MAX = 64, JSONTREE_VALUES_MAX = 1000000 };

struct jsontree {
	enum jsontree_kind kind;
	struct slice key;  /* of a member of an object */
	struct slice text; /* string unescaped; number, true, false as is */
	struct jsontree *parent, *first, *last, *next;
};

/* NULL when text is no JSON or beyond the limits. */
struct jsontree *jsontree_parse(struct arena *a, struct slice text);

/* Member of an object; NULL when there is none (or v is NULL). */
const struct jsontree *jsontree_get(const struct jsontree *v, const char *key);
/* Text of a member that is a string or a number, else "". */
struct slice jsontree_text(const struct jsontree *v, const char *key);
bool jsontree_true(const struct jsontree *v, const char *key);

/* The members of an array or object (none of anything else or NULL). */
#define jsontree_each(item, v)                                         \
	for ((item) = (v) != NULL ? (v)->first : NULL; (item) != NULL; \
	     (item) = (item)->next)

#endif
