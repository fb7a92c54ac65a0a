/* buf - owned bytes that grow up to a maximum fixed at birth.
 *
 * Adding past the maximum changes nothing more and sets `full`; the caller
 * looks once at the end. p may be NULL while n is 0. The bytes are not
 * NUL-terminated unless buf_str is called.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct buf {
	char *p;
	size_t n;
	size_t cap;
	size_t max;
	bool full; /* something did not fit */
};

void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);
void buf_reset(struct buf *b); /* empty, memory and maximum kept */

static inline struct slice
buf_slice(const struct buf *b)
{
	return slice_of(b->p, b->n);
}

/* All return false when the bytes did not fit (nothing is added then). */
bool buf_add(struct buf *b, struct slice s);
bool buf_adds(struct buf *b, const char *s);
bool buf_addc(struct buf *b, char c);
bool buf_addf(struct buf *b, const char *fmt, ...) ATTR_PRINTF(2, 3);
bool buf_add_utf8(struct buf *b, uint32_t cp);
/* s in printable form (text_printable), at most `most` bytes of output. */
bool buf_add_printable(struct buf *b, struct slice s, size_t most);
/* Room for n bytes at the end: write to the returned place, then add to
 * b->n. NULL when it does not fit. */
char *buf_room(struct buf *b, size_t n);
/* Drop the first n bytes (a consumed prefix). */
void buf_drop(struct buf *b, size_t n);
/* NUL-terminate (not counted) and return the string; "" when nothing fits. */
const char *buf_str(struct buf *b) ATTR_RET_NONNULL;

#endif
