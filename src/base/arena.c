#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
/* A gap after each allocation, so that running past one is seen. */
enum { GAP = 16 };
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
enum { GAP = 0 };
#endif

enum { ALIGN = 16, BLOCK = 32 * 1024 };

struct block {
	struct block *next;
	size_t cap; /* bytes of data */
	size_t used;
	size_t pad; /* keeps data aligned */
	char data[];
};

struct arena {
	struct block *head; /* the block allocations come from */
	size_t budget;
	size_t size;
	arena_exhausted_fn *exhausted;
	void *ctx;
};

static void
default_exhausted(size_t wanted, size_t budget, void *ctx)
{
	(void)ctx;
	log_error("memory budget of %zu bytes is used up (%zu more wanted)",
	    budget, wanted);
	_exit(ARENA_EXIT_CODE);
}

struct arena *
arena_new(size_t budget)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (a == NULL) {
		default_exhausted(sizeof(*a), 0, NULL);
		abort();
	}
	a->budget = budget;
	a->exhausted = default_exhausted;
	return a;
}

static void
free_blocks(struct block *b)
{
	while (b != NULL) {
		struct block *next = b->next;

		UNPOISON(b->data, b->cap);
		free(b);
		b = next;
	}
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	free_blocks(a->head);
	free(a);
}

void
arena_reset(struct arena *a)
{
	struct block *keep = a->head;

	while (keep != NULL && keep->cap != BLOCK) {
		struct block *next = keep->next;

		keep->next = NULL;
		free_blocks(keep);
		keep = next;
	}
	a->head = keep;
	a->size = 0;
	if (keep == NULL)
		return;
	free_blocks(keep->next);
	keep->next = NULL;
	keep->used = 0;
	a->size = keep->cap;
	POISON(keep->data, keep->cap);
}

void
arena_set_exhausted(struct arena *a, arena_exhausted_fn *fn, void *ctx)
{
	a->exhausted = fn != NULL ? fn : default_exhausted;
	a->ctx = ctx;
}

size_t
arena_size(const struct arena *a)
{
	return a->size;
}

/* A block with room for `need` bytes, put in front. A large block goes behind
 * the head, so that the head's rest is not wasted. */
static struct block *
add_block(struct arena *a, size_t need)
{
	size_t cap = need > BLOCK / 4 ? need : BLOCK;
	struct block *b = NULL;

	if (a->budget == 0 || (cap <= a->budget && a->size <= a->budget - cap))
		if (cap <= SIZE_MAX - sizeof(*b))
			b = malloc(sizeof(*b) + cap);
	if (b == NULL) {
		a->exhausted(need, a->budget, a->ctx);
		panic("the handler for an exhausted arena returned");
	}
	b->cap = cap;
	b->used = 0;
	a->size += cap;
	if (cap != BLOCK && a->head != NULL) {
		b->next = a->head->next;
		a->head->next = b;
	} else {
		b->next = a->head;
		a->head = b;
	}
	POISON(b->data, b->cap);
	return b;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->head;
	size_t need;
	char *p;

	if (size > SIZE_MAX / 2) {
		a->exhausted(size, a->budget, a->ctx);
		panic("the handler for an exhausted arena returned");
	}
	need = (size + GAP + ALIGN - 1) / ALIGN * ALIGN;
	if (need == 0)
		need = ALIGN;
	if (b == NULL || b->cap - b->used < need)
		b = add_block(a, need);
	p = b->data + b->used;
	b->used += need;
	UNPOISON(p, size);
	return p;
}

void *
arena_zalloc(struct arena *a, size_t size)
{
	return memset(arena_alloc(a, size), 0, size);
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		bytes = SIZE_MAX;
	return arena_zalloc(a, bytes);
}

struct slice
arena_dup(struct arena *a, struct slice s)
{
	char *p;

	if (s.n == 0)
		return SLICE("");
	p = arena_alloc(a, s.n);
	(void)memcpy(p, s.p, s.n);
	return slice_of(p, s.n);
}

char *
arena_str(struct arena *a, struct slice s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n > 0)
		(void)memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

struct slice
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	int n;
	char *p;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	ensure(n >= 0);
	p = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return slice_of(p, (size_t)n);
}

void *
vec_room(struct arena *a, void *at, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap == 0 ? 8 : *cap;
	void *more;

	if (n < *cap) {
		(void)memset((char *)at + n * size, 0, size);
		return at;
	}
	if (*cap > 0 && __builtin_mul_overflow(*cap, 2, &want))
		want = SIZE_MAX;
	more = arena_array(a, want, size);
	if (n > 0)
		(void)memcpy(more, at, n * size);
	*cap = want;
	return more;
}
