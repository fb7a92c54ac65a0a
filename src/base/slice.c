#define _GNU_SOURCE
#include "base/slice.h"

#include <limits.h>

#include "base/text.h"

int
slice_print_len(struct slice s)
{
	return s.n > INT_MAX ? INT_MAX : (int)s.n;
}

struct slice
slice_sub(struct slice s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from >= to)
		return SLICE_NONE;
	return (struct slice){s.p + from, to - from};
}

bool
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
slice_eq_ci(struct slice a, struct slice b)
{
	size_t i;

	if (a.n != b.n)
		return false;
	for (i = 0; i < a.n; i++)
		if (text_lower(a.p[i]) != text_lower(b.p[i]))
			return false;
	return true;
}

bool
slice_is(struct slice a, const char *s)
{
	return slice_eq(a, slice_str(s));
}

bool
slice_is_ci(struct slice a, const char *s)
{
	return slice_eq_ci(a, slice_str(s));
}

bool
slice_starts(struct slice s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && slice_eq(slice_of(s.p, n), slice_of(prefix, n));
}

bool
slice_starts_ci(struct slice s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && slice_eq_ci(slice_of(s.p, n), slice_of(prefix, n));
}

bool
slice_ends(struct slice s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && slice_is(slice_from(s, s.n - n), suffix);
}

bool
slice_ends_ci(struct slice s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && slice_is_ci(slice_from(s, s.n - n), suffix);
}

int
slice_cmp(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int diff = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (diff != 0)
		return diff;
	return a.n < b.n ? -1 : a.n > b.n;
}

ptrdiff_t
slice_chr(struct slice s, char c)
{
	const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return at != NULL ? at - s.p : SLICE_NOT_FOUND;
}

ptrdiff_t
slice_rchr(struct slice s, char c)
{
	const char *at = s.n > 0 ? memrchr(s.p, c, s.n) : NULL;

	return at != NULL ? at - s.p : SLICE_NOT_FOUND;
}

ptrdiff_t
slice_find(struct slice s, struct slice needle)
{
	const char *at;

	if (needle.n == 0)
		return 0;
	if (s.n < needle.n)
		return SLICE_NOT_FOUND;
	at = memmem(s.p, s.n, needle.p, needle.n);
	return at != NULL ? at - s.p : SLICE_NOT_FOUND;
}

ptrdiff_t
slice_find_ci(struct slice s, struct slice needle)
{
	size_t i;

	if (needle.n == 0)
		return 0;
	for (i = 0; needle.n <= s.n && i <= s.n - needle.n; i++)
		if (slice_eq_ci(slice_of(s.p + i, needle.n), needle))
			return (ptrdiff_t)i;
	return SLICE_NOT_FOUND;
}

struct slice
slice_trim(struct slice s)
{
	while (s.n > 0 && text_is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && text_is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool
slice_line(struct slice *rest, struct slice *line)
{
	ptrdiff_t at;

	if (rest->n == 0)
		return false;
	at = slice_chr(*rest, '\n');
	if (at < 0) {
		*line = *rest;
		*rest = SLICE_NONE;
		return true;
	}
	*line = slice_of(rest->p, (size_t)at);
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	rest->p += at + 1;
	rest->n -= (size_t)at + 1;
	return true;
}

bool
slice_word(struct slice *rest, struct slice *word)
{
	size_t from = 0, to;

	while (from < rest->n && text_is_space(rest->p[from]))
		from++;
	to = from;
	while (to < rest->n && !text_is_space(rest->p[to]))
		to++;
	*word = slice_sub(*rest, from, to);
	*rest = slice_from(*rest, to);
	return word->n > 0;
}

bool
slice_field(struct slice *rest, char sep, struct slice *field)
{
	ptrdiff_t at;

	if (rest->p == NULL)
		return false;
	at = slice_chr(*rest, sep);
	if (at < 0) {
		*field = *rest;
		*rest = SLICE_NONE;
		return true;
	}
	*field = slice_of(rest->p, (size_t)at);
	rest->p += at + 1;
	rest->n -= (size_t)at + 1;
	return true;
}
