/* edits - a changed message as byte ranges over the one that came.
 *
 * An edit drops `drop` bytes at `at` and puts `insert` there. Edits are kept
 * in the order of `at` and do not overlap; two inserts at one place keep the
 * order in which they were added. What no edit names goes out byte for byte.
 */
#ifndef MAIL_EDITS_H
#define MAIL_EDITS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/pack.h"
#include "base/slice.h"

struct edit {
	size_t at;
	size_t drop;
	struct slice insert;
};

struct edits {
	VEC_OF(struct edit) list;
};

/* The text of insert must live as long as the edits. Panics on overlap: the
 * caller is our own code. */
void edits_add(struct edits *e, struct arena *a, size_t at, size_t drop,
    struct slice insert);
/* Every edit lies inside a message of `size` bytes and none overlaps: asked
 * of edits that came over the wire. */
bool edits_fit(const struct edits *e, size_t size);
/* No edit touches a byte at or behind `from`. */
bool edits_spare(const struct edits *e, size_t from);
/* Size of the message after the edits. */
size_t edits_size(const struct edits *e, size_t size);

/* The pieces of the changed message in order; each is a view of raw or of an
 * edit. Start with *cursor = {0}; false at the end. */
struct edits_cursor {
	size_t next; /* index of the next edit */
	size_t at;   /* position in raw */
};
bool edits_piece(const struct edits *e, struct slice raw,
    struct edits_cursor *cursor, struct slice *piece);

void edits_pack(struct buf *b, const struct edits *e);
void edits_unpack(struct unpack *u, struct edits *e, struct arena *a);

#endif
