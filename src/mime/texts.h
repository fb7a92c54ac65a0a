/* texts - a small set of byte strings in the order they were met.
 *
 * Holds every reading of one thing (a type, a name, a boundary): equal texts
 * once, at most `most` of them. The strings are views; nothing is copied.
 */
#ifndef MIME_TEXTS_H
#define MIME_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

struct texts {
	struct slice *at;
	size_t n, cap;
};

/* true when s is in the set afterwards; false when it was full. */
bool texts_add(struct arena *a, struct texts *t, struct slice s, size_t most);
bool texts_has(const struct texts *t, struct slice s) ATTR_PURE;

#endif
