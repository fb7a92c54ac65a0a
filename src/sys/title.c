#define _GNU_SOURCE
#include "sys/title.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/num.h"
#include "base/slice.h"

enum {
	STAT_MAX = 4096,
	FIELD_ARG_START = 48, /* of /proc/self/stat, counted from 1 */
	FIELD_ENV_END = 51,
	PLACE_MAX = 64 * 1024,
};

static struct {
	char *at; /* where the arguments and the environment were */
	size_t n;
} place;

/* Addresses of the argument area as the kernel knows them. */
static bool
find_place(uint64_t *from, uint64_t *to)
{
	char text[STAT_MAX];
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	struct slice rest, word;
	ptrdiff_t paren;
	int field = 2;

	if (fd >= 0)
		(void)close(fd);
	if (n <= 0)
		return false;
	/* The name in parentheses may hold anything. */
	rest = slice_of(text, (size_t)n);
	paren = slice_rchr(rest, ')');
	if (paren < 0)
		return false;
	rest = slice_from(rest, (size_t)paren + 1);
	*from = *to = 0;
	while (slice_word(&rest, &word)) {
		field++;
		if (field == FIELD_ARG_START &&
		    !num_parse_u64(word, UINT64_MAX, from))
			return false;
		if (field == FIELD_ENV_END &&
		    !num_parse_u64(word, UINT64_MAX, to))
			return false;
	}
	return *from != 0 && *to > *from && *to - *from <= PLACE_MAX;
}

void
title_init(void)
{
	/* Kept for the life of the process: environ points into it. */
	static struct arena *kept;
	uint64_t from, to;
	size_t n = 0, i;
	char **copy;

	if (kept != NULL || !find_place(&from, &to))
		return;
	kept = arena_new(0);
	while (environ != NULL && environ[n] != NULL)
		n++;
	copy = arena_array(kept, n + 1, sizeof(*copy));
	for (i = 0; i < n; i++)
		copy[i] = arena_str(kept, slice_str(environ[i]));
	environ = copy;
	/* The kernel tells the address as a number. */
	place.at = (char *)(uintptr_t)from;
	place.n = (size_t)(to - from);
}

void
title_set(const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	(void)prctl(PR_SET_NAME, text, 0, 0, 0);
	if (place.at == NULL)
		return;
	(void)memset(place.at, 0, place.n);
	(void)snprintf(place.at, place.n, "%s", text);
}
