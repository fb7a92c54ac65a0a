#include "mime/header.h"

#include "base/text.h"

struct line {
	size_t from; /* first byte */
	size_t to;   /* behind the last byte of content */
	size_t next; /* behind the line end */
};

/* The line that starts at `from`. With HEADER_EOL_ANY each byte is looked at
 * once: a search for LF alone would run over all bare CRs each time. */
static struct line
line_at(struct slice text, size_t from, enum header_eol eol)
{
	struct line l = {from, text.n, text.n};
	const char *lf;
	size_t at;

	if (eol == HEADER_EOL_ANY) {
		for (at = from; at < text.n; at++)
			if (text.p[at] == '\n' || text.p[at] == '\r')
				break;
		l.to = l.next = at;
		if (l.next < text.n && text.p[l.next] == '\r')
			l.next++;
		if (l.next < text.n && text.p[l.next] == '\n')
			l.next++;
		return l;
	}
	lf = memchr(text.p + from, '\n', text.n - from);
	if (lf == NULL)
		return l;
	l.to = (size_t)(lf - text.p);
	l.next = l.to + 1;
	if (l.to > from && text.p[l.to - 1] == '\r')
		l.to--;
	return l;
}

static bool
all_blank(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!text_is_wsp(s.p[i]) && s.p[i] != '\r')
			return false;
	return true;
}

static bool
name_is_plain(struct slice name)
{
	size_t i;

	for (i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c <= ' ' || c >= 0x7f)
			return false;
	}
	return name.n > 0;
}

static void
split_field(struct header_block *b, struct header_field *f, struct slice line)
{
	const char *colon = memchr(line.p, ':', line.n);
	struct slice name;
	size_t n;

	f->name = slice_of(line.p, 0);
	f->value = line;
	if (colon == NULL) {
		b->flags |= HEADER_GARBAGE;
		return;
	}
	n = (size_t)(colon - line.p);
	name = slice_of(line.p, n);
	while (name.n > 0 && text_is_space(name.p[name.n - 1]))
		name.n--;
	if (!name_is_plain(name)) {
		b->flags |= HEADER_GARBAGE;
		return;
	}
	if (name.n < n)
		b->flags |= HEADER_SPACE_COLON;
	f->name = name;
	f->value = slice_of(colon + 1, line.n - n - 1);
}

/* Flags that need a look at every byte of the block. */
static void
look_at_bytes(struct header_block *b)
{
	const char *p = b->raw.p, *end = p;
	size_t lf = 0, crlf = 0, i;
	uint64_t high = 0, word;

	if (b->raw.n == 0)
		return;
	end += b->raw.n;
	while (p < end && (p = memchr(p, '\r', (size_t)(end - p))) != NULL) {
		p++;
		if (p < end && *p == '\n')
			crlf++;
		else
			b->flags |= HEADER_BARE_CR;
	}
	if (crlf == 0) {
		lf = 1;
	} else {
		for (p = b->raw.p; p < end; p++) {
			p = memchr(p, '\n', (size_t)(end - p));
			if (p == NULL)
				break;
			lf += p == b->raw.p || p[-1] != '\r';
		}
		if (lf > 0)
			b->flags |= HEADER_MIXED_EOL;
	}
	if (memchr(b->raw.p, 0, b->raw.n) != NULL)
		b->flags |= HEADER_NUL;
	for (i = 0; i + sizeof(word) <= b->raw.n; i += sizeof(word)) {
		memcpy(&word, b->raw.p + i, sizeof(word));
		high |= word;
	}
	for (; i < b->raw.n; i++)
		high |= (uint64_t)(unsigned char)b->raw.p[i];
	if ((high & UINT64_C(0x8080808080808080)) != 0)
		b->flags |= HEADER_8BIT;
}

/* An mbox line; "From : x" is a field with a blank before its colon. */
static bool
is_from_line(struct slice line)
{
	size_t at = 0;

	if (slice_starts(line, ">From "))
		return true;
	if (!slice_starts(line, "From "))
		return false;
	for (at = 5; at < line.n && text_is_space(line.p[at]); at++)
		;
	return at >= line.n || line.p[at] != ':';
}

/* The line goes on with field f, or, when there is none, with nothing. */
static void
take_fold(struct header_block *b, struct header_field *f, struct slice text,
    struct line l)
{
	struct slice line = slice_sub(text, l.from, l.to);

	if (f != NULL) {
		f->raw.n = (size_t)(text.p + l.next - f->raw.p);
		f->value.n = (size_t)(line.p + line.n - f->value.p);
	}
	if (all_blank(line)) {
		b->flags |= HEADER_BLANK_LINE;
		if (b->other_end == 0)
			b->other_end = l.next;
	}
}

/* A line that belongs to the block: starts a field or continues one. Of what
 * lies behind max_bytes only the line ends count. */
static void
take_line(struct header_block *b, struct arena *a, struct slice text,
    struct line l, size_t max_bytes, size_t max_fields)
{
	struct slice raw = slice_sub(text, l.from, l.next), line;
	struct header_field *f = b->n > 0 ? &b->at[b->n - 1] : NULL;

	if (l.to > max_bytes)
		b->flags |= HEADER_TOO_BIG;
	if (l.from >= max_bytes || (b->flags & HEADER_TOO_MANY) != 0)
		return;
	if (l.to > max_bytes)
		l.to = max_bytes;
	line = slice_sub(text, l.from, l.to);
	if (text_is_wsp(line.p[0]) && f != NULL) {
		take_fold(b, f, text, l);
		return;
	}
	if (b->n >= max_fields) {
		b->flags |= HEADER_TOO_MANY;
		return;
	}
	f = vec_push(a, b);
	f->raw = raw;
	if (text_is_wsp(line.p[0])) {
		b->flags |= HEADER_BLANK_FIRST;
		take_fold(b, NULL, text, l);
	}
	if (b->n == 1 && is_from_line(line)) {
		b->flags |= HEADER_FROM_LINE;
		f->name = slice_of(line.p, 0);
		f->value = line;
		return;
	}
	split_field(b, f, line);
	if (f->name.n == 0 && b->other_end == 0 && b->n > 1)
		b->other_end = l.from;
}

void
header_parse(struct header_block *b, struct arena *a, struct slice text,
    enum header_eol eol, size_t max_bytes, size_t max_fields)
{
	struct line l = {0, 0, 0};
	size_t at = 0;

	*b = (struct header_block){0};
	if (slice_starts(text, "\xef\xbb\xbf")) {
		b->flags |= HEADER_BOM;
		at = 3;
	}
	for (;;) {
		if (at >= text.n) {
			b->flags |= HEADER_NO_END;
			b->fields_end = text.n;
			at = text.n;
			break;
		}
		l = line_at(text, at, eol);
		if (b->n == 0)
			b->crlf = l.next == l.to + 2;
		if (l.to == l.from) {
			if (b->n == 0)
				b->flags |= HEADER_EMPTY_FIRST;
			b->fields_end = l.from;
			at = l.next;
			break;
		}
		take_line(b, a, text, l, max_bytes, max_fields);
		at = l.next;
	}
	b->raw = slice_sub(text, 0, at);
	if (b->other_end >= at)
		b->other_end = 0;
	look_at_bytes(b);
}

const struct header_field *
header_find(const struct header_block *b, const char *name, size_t *from)
{
	size_t n = strlen(name);

	while (*from < b->n) {
		const struct header_field *f = &b->at[(*from)++];

		if (f->name.n == n && slice_is_ci(f->name, name))
			return f;
	}
	return NULL;
}

struct slice
header_unfold(struct arena *a, struct slice value)
{
	size_t i, n = 0;
	char *out;

	if (value.n == 0)
		return value;
	value = slice_trim(value);
	if (memchr(value.p, '\n', value.n) == NULL &&
	    memchr(value.p, '\r', value.n) == NULL)
		return value;
	out = arena_alloc(a, value.n);
	for (i = 0; i < value.n; i++)
		if (value.p[i] != '\r' && value.p[i] != '\n')
			out[n++] = value.p[i];
	return slice_of(out, n);
}

struct slice
header_get(struct arena *a, const struct header_block *b, const char *name)
{
	size_t from = 0;
	const struct header_field *f = header_find(b, name, &from);

	if (f == NULL)
		return SLICE_NONE;
	return header_unfold(a, f->value);
}
