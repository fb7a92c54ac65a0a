#include "config/problem.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

enum { TEXT_MAX = 1024 };

static struct slice formatted(struct arena *a, const char *fmt, va_list ap)
    ATTR_PRINTF(2, 0);

static struct slice
formatted(struct arena *a, const char *fmt, va_list ap)
{
	char raw[TEXT_MAX], line[TEXT_MAX];
	size_t n;

	(void)vsnprintf(raw, sizeof(raw), fmt, ap);
	n = text_printable(line, sizeof(line), raw, strlen(raw));
	return arena_dup(a, slice_of(line, n));
}

const char *
problem_word(enum problem_level level)
{
	static const char *const words[] = {"note", "warning", "error"};

	return words[level];
}

void
problem_add(struct problems *p, enum problem_level level, struct slice file,
    unsigned line, const char *fmt, ...)
{
	struct problem *one;
	va_list ap;

	if (p == NULL || p->list.n >= PROBLEMS_MAX) {
		if (p != NULL)
			p->dropped++;
		return;
	}
	one = vec_push(p->arena, &p->list);
	one->level = level;
	one->file = arena_dup(p->arena, file);
	one->line = line;
	va_start(ap, fmt);
	one->text = formatted(p->arena, fmt, ap);
	va_end(ap);
}

void
problem_hint(struct problems *p, const char *fmt, ...)
{
	va_list ap;

	if (p == NULL || p->list.n == 0 || p->dropped > 0)
		return;
	va_start(ap, fmt);
	p->list.at[p->list.n - 1].hint = formatted(p->arena, fmt, ap);
	va_end(ap);
}
