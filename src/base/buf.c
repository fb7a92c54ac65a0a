#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void
buf_fini(struct buf *b)
{
	free(b->p);
	*b = (struct buf){.max = b->max};
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
	b->full = false;
}

char *
buf_room(struct buf *b, size_t n)
{
	size_t want, cap;
	char *p;

	if (b->full || n > b->max || b->n > b->max - n) {
		b->full = true;
		return NULL;
	}
	want = b->n + n;
	if (want <= b->cap)
		return b->p + b->n;
	cap = b->cap < 128 ? 256 : b->cap > b->max / 2 ? b->max : b->cap * 2;
	if (cap < want)
		cap = want;
	p = realloc(b->p, cap);
	if (p == NULL) {
		b->full = true;
		return NULL;
	}
	b->p = p;
	b->cap = cap;
	return b->p + b->n;
}

bool
buf_add(struct buf *b, struct slice s)
{
	char *at;

	if (s.n == 0)
		return !b->full;
	at = buf_room(b, s.n);
	if (at == NULL)
		return false;
	(void)memcpy(at, s.p, s.n);
	b->n += s.n;
	return true;
}

bool
buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, slice_str(s));
}

bool
buf_addc(struct buf *b, char c)
{
	return buf_add(b, slice_of(&c, 1));
}

bool
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	char *at;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return false;
	/* vsnprintf wants one byte more than it leaves behind. */
	at = b->n + (size_t)n <= b->max ? buf_room(b, (size_t)n) : NULL;
	if (at == NULL) {
		b->full = true;
		return false;
	}
	if ((size_t)n < b->cap - b->n) {
		va_start(ap, fmt);
		(void)vsnprintf(at, (size_t)n + 1, fmt, ap);
		va_end(ap);
	} else {
		char *tmp = malloc((size_t)n + 1);

		if (tmp == NULL) {
			b->full = true;
			return false;
		}
		va_start(ap, fmt);
		(void)vsnprintf(tmp, (size_t)n + 1, fmt, ap);
		va_end(ap);
		(void)memcpy(at, tmp, (size_t)n);
		free(tmp);
	}
	b->n += (size_t)n;
	return true;
}

bool
buf_add_utf8(struct buf *b, uint32_t cp)
{
	char out[4];
	size_t n = text_put_utf8(out, cp);

	return buf_add(b, slice_of(out, n));
}

bool
buf_add_printable(struct buf *b, struct slice s, size_t most)
{
	char *tmp = malloc(most + 1);
	size_t n;
	bool ok;

	if (tmp == NULL) {
		b->full = true;
		return false;
	}
	n = text_printable(tmp, most + 1, s.n > 0 ? s.p : "", s.n);
	ok = buf_add(b, slice_of(tmp, n));
	free(tmp);
	return ok;
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n >= b->n) {
		b->n = 0;
		return;
	}
	(void)memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

const char *
buf_str(struct buf *b)
{
	char *p;

	if (b->n < b->cap) {
		b->p[b->n] = '\0';
		return b->p;
	}
	p = realloc(b->p, b->n + 1);
	if (p == NULL)
		return "";
	b->p = p;
	b->cap = b->n + 1;
	b->p[b->n] = '\0';
	return b->p;
}
