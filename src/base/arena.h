/* arena - region memory with a budget: never NULL, freed in one step.
 *
 * Allocation never fails for the caller. When the budget is used up, or the
 * system has no memory, the exhausted handler is called and must not return
 * (it longjmps in tests, ends the worker otherwise; the default logs and
 * exits with ARENA_EXIT_CODE). Limits of parsers must trip long before.
 * Allocations are aligned for any type and zeroed by arena_zalloc only.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;

/* Exit status of a process whose arena is exhausted and has no handler. */
enum { ARENA_EXIT_CODE = 77 };

typedef void arena_exhausted_fn(size_t wanted, size_t budget, void *ctx);

/* budget: most bytes ever held at once, 0 for no limit. */
struct arena *arena_new(size_t budget) ATTR_RET_NONNULL ATTR_NODISCARD;
void arena_free(struct arena *a); /* NULL is allowed */
/* Forget everything, keep one block and the budget. */
void arena_reset(struct arena *a);
void arena_set_exhausted(struct arena *a, arena_exhausted_fn *fn, void *ctx);
/* Bytes taken from the system now. */
size_t arena_size(const struct arena *a) ATTR_PURE;

void *arena_alloc(struct arena *a, size_t size) ATTR_RET_NONNULL;
void *arena_zalloc(struct arena *a, size_t size) ATTR_RET_NONNULL;
/* count * size with an overflow check; zeroed. */
void *arena_array(struct arena *a, size_t count, size_t size) ATTR_RET_NONNULL;

#define arena_make(a, type) ((type *)arena_zalloc((a), sizeof(type)))

/* Copies; the _str form is NUL-terminated (and keeps inner NULs). */
struct slice arena_dup(struct arena *a, struct slice s);
char *arena_str(struct arena *a, struct slice s) ATTR_RET_NONNULL;
struct slice arena_printf(struct arena *a, const char *fmt, ...)
    ATTR_PRINTF(2, 3);

/* Growing arrays in an arena:
 *	VEC_OF(struct finding) v = {0};
 *	*vec_push(arena, &v) = x;
 * vec_push gives a pointer to a new zeroed element, valid until the next. */
#define VEC_OF(type)           \
	struct {               \
		type *at;      \
		size_t n, cap; \
	}
#define vec_push(a, v)                                                       \
	((v)->at =                                                           \
		vec_room((a), (v)->at, (v)->n, &(v)->cap, sizeof(*(v)->at)), \
	    &(v)->at[(v)->n++])
#define vec_each(item, v)                                                   \
	for ((item) = (v)->at; (item) != NULL && (item) < (v)->at + (v)->n; \
	     (item)++)

/* For vec_push only. */
void *vec_room(struct arena *a, void *at, size_t n, size_t *cap, size_t size)
    ATTR_RET_NONNULL;

#endif
