/* slice - a view on bytes owned by somebody else.
 *
 * A slice may hold any byte including NUL and is never NUL-terminated for
 * its user. An empty slice may have p == NULL. "ci" means ASCII letters
 * compare without case. Nothing here allocates.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/attr.h"

struct slice {
	const char *p;
	size_t n;
};

/* A slice of a string literal, also in initialisers: SLICE_LIT("abc"). */
#define SLICE_LIT(s)                  \
	{                             \
		("" s), sizeof(s) - 1 \
	}
#define SLICE(s) ((struct slice)SLICE_LIT(s))
#define SLICE_NONE ((struct slice){NULL, 0})

/* For printf: "%.*s", SLICE_FMT(s). At most INT_MAX bytes are shown. */
#define SLICE_FMT(s) slice_print_len(s), ((s).n > 0 ? (s).p : "")

static inline struct slice
slice_of(const char *p, size_t n)
{
	return (struct slice){p, n};
}

static inline struct slice
slice_str(const char *s)
{
	return (struct slice){s, s != NULL ? strlen(s) : 0};
}

int slice_print_len(struct slice s) ATTR_PURE;

/* [from, to) of s, both clipped to its length; empty if from >= to. */
struct slice slice_sub(struct slice s, size_t from, size_t to) ATTR_PURE;

static inline struct slice
slice_from(struct slice s, size_t from)
{
	return slice_sub(s, from, s.n);
}

bool slice_eq(struct slice a, struct slice b) ATTR_PURE;
bool slice_eq_ci(struct slice a, struct slice b) ATTR_PURE;
bool slice_is(struct slice a, const char *s) ATTR_PURE;
bool slice_is_ci(struct slice a, const char *s) ATTR_PURE;
bool slice_starts(struct slice s, const char *prefix) ATTR_PURE;
bool slice_starts_ci(struct slice s, const char *prefix) ATTR_PURE;
bool slice_ends(struct slice s, const char *suffix) ATTR_PURE;
bool slice_ends_ci(struct slice s, const char *suffix) ATTR_PURE;
/* <0, 0, >0 as memcmp, a shorter prefix first. */
int slice_cmp(struct slice a, struct slice b) ATTR_PURE;

enum { SLICE_NOT_FOUND = -1 };

/* Offset of the first c / last c / first needle, or SLICE_NOT_FOUND.
 * slice_find and slice_find_ci are linear for needles the program chooses
 * (memmem); do not use slice_find_ci with a needle from the mail. */
ptrdiff_t slice_chr(struct slice s, char c) ATTR_PURE;
ptrdiff_t slice_rchr(struct slice s, char c) ATTR_PURE;
ptrdiff_t slice_find(struct slice s, struct slice needle) ATTR_PURE;
ptrdiff_t slice_find_ci(struct slice s, struct slice needle) ATTR_PURE;

/* Without leading and trailing white space (text_is_space). */
struct slice slice_trim(struct slice s) ATTR_PURE;

/* Cursors: each takes from the front of *rest and returns what it took. */

/* The next line with its line end cut off (LF or CRLF; a bare CR is no end).
 * false when *rest is empty. */
bool slice_line(struct slice *rest, struct slice *line);
/* The next word between white space; false when none is left. */
bool slice_word(struct slice *rest, struct slice *word);
/* Everything up to the next `sep` (which is eaten) or the end; false when
 * *rest is exhausted (p == NULL afterwards). An empty field is a field. */
bool slice_field(struct slice *rest, char sep, struct slice *field);

#endif
