/* complaint - what is wrong in a rule file: file:line:column and a caret. */
#include "spam/complaint.h"

#include <stdarg.h>
#include <stdio.h>

enum { TEXT_MAX = 1024 };

struct complaint *
complain(struct complaints *c, enum problem_level level, const char *fmt, ...)
{
	struct complaint *new;
	char text[TEXT_MAX];
	va_list ap;

	c->count[level]++;
	if (c->list.n < COMPLAINTS_MAX)
		new = vec_push(c->arena, &c->list);
	else /* written to and forgotten */
		new = arena_make(c->arena, struct complaint);
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	new->level = level;
	new->text = arena_dup(c->arena, slice_str(text));
	return new;
}

/* The part of a long line around the column; *column is moved along. */
static struct slice
window(struct slice source, unsigned *column)
{
	size_t from = 0;

	if (source.n <= COMPLAINT_SOURCE_MAX)
		return source;
	if (*column > COMPLAINT_SOURCE_MAX * 3 / 4)
		from = *column - COMPLAINT_SOURCE_MAX * 3 / 4;
	*column -= (unsigned)from;
	return slice_sub(source, from, from + COMPLAINT_SOURCE_MAX);
}

void
complaint_print(const struct complaint *c, struct buf *out)
{
	unsigned column = c->column;
	struct slice shown;

	if (c->file.n > 0)
		(void)buf_add_printable(out, c->file, 4096);
	if (c->line > 0)
		(void)buf_addf(out, ":%u", c->line);
	if (c->column > 0)
		(void)buf_addf(out, ":%u", c->column);
	if (c->file.n > 0)
		(void)buf_adds(out, ": ");
	(void)buf_addf(out, "%s: ", problem_word(c->level));
	(void)buf_add_printable(out, c->text, 4096);
	(void)buf_addc(out, '\n');
	if (c->source.n > 0) {
		shown = window(c->source, &column);
		(void)buf_adds(out, "    ");
		/* one column per byte, so that the caret stands right */
		for (size_t i = 0; i < shown.n; i++)
			(void)buf_addc(out,
			    shown.p[i] >= ' ' && shown.p[i] < 0x7f ? shown.p[i]
								   : '?');
		(void)buf_addc(out, '\n');
		if (column > 0)
			(void)buf_addf(out, "    %*s\n", (int)column, "^");
	}
	if (c->hint.n > 0) {
		(void)buf_adds(out, "    ");
		(void)buf_add_printable(out, c->hint, 4096);
		(void)buf_addc(out, '\n');
	}
}
