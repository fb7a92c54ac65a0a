#include "act/fold.h"

#include "base/text.h"

enum {
	LINE = 76,
	LINE_HARD = 998,
	WORD_BYTES = 45,  /* of text in one encoded word: 72 bytes encoded */
	PLAIN_WORD = 900, /* a longer word must be broken: encoded */
	PARAM_BYTES = 60  /* of one RFC 2231 section */
};

static const char base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char hex[] = "0123456789ABCDEF";

void
fold_clean(struct buf *out, struct slice s, bool lines)
{
	size_t i, n;

	for (i = 0; i < s.n; i += n) {
		char c = s.p[i];

		n = 1;
		if ((unsigned char)c >= 0x80) {
			n = text_utf8(s.p + i, s.n - i, NULL);
			(void)(n > 0 ? buf_add(out, slice_sub(s, i, i + n))
				     : buf_add_utf8(out, 0xfffd));
			if (n == 0)
				n = 1;
		} else if (lines && (c == '\n' || c == '\t')) {
			(void)buf_addc(out, c);
		} else if (lines && c == '\r') {
			continue;
		} else {
			(void)buf_addc(out, c < ' ' || c == 0x7f ? ' ' : c);
		}
	}
}

static bool
plain_word(struct slice w)
{
	size_t i;

	if (w.n > PLAIN_WORD)
		return false;
	for (i = 0; i < w.n; i++)
		if ((unsigned char)w.p[i] >= 0x7f || w.p[i] < ' ' ||
		    (w.p[i] == '=' && i + 1 < w.n && w.p[i + 1] == '?'))
			return false;
	return true;
}

/* How much of s (clean UTF-8) one encoded word can take. */
static size_t
chunk_of(struct slice s)
{
	size_t n = s.n < WORD_BYTES ? s.n : WORD_BYTES;

	while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return n > 0 ? n : s.n;
}

static void
put_groups(struct buf *out, struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i += 3) {
		unsigned left = s.n - i > 2 ? 3 : (unsigned)(s.n - i);
		uint32_t v = (uint32_t)(unsigned char)s.p[i] << 16;

		if (left > 1)
			v |= (uint32_t)(unsigned char)s.p[i + 1] << 8;
		if (left > 2)
			v |= (unsigned char)s.p[i + 2];
		(void)buf_addc(out, base64[v >> 18]);
		(void)buf_addc(out, base64[v >> 12 & 63]);
		(void)buf_addc(out, left > 1 ? base64[v >> 6 & 63] : '=');
		(void)buf_addc(out, left > 2 ? base64[v & 63] : '=');
	}
}

static void
encoded_word(struct buf *out, struct slice s)
{
	(void)buf_adds(out, "=?UTF-8?B?");
	put_groups(out, s);
	(void)buf_adds(out, "?=");
}

void
fold_base64(struct buf *out, struct slice bytes, const char *eol)
{
	enum { LINE_BYTES = 57 };

	while (bytes.n > 0) {
		put_groups(out, slice_sub(bytes, 0, LINE_BYTES));
		(void)buf_adds(out, eol);
		bytes = slice_from(bytes, LINE_BYTES);
	}
}

/* A field being written: where the line stands. */
struct line {
	struct buf *out;
	const char *eol;
	size_t start; /* offset of the current line in out */
	bool first;   /* nothing behind the name yet */
};

/* White space before the next word of n bytes: a fold where needed. */
static void
line_space(struct line *l, size_t n)
{
	if (!l->first && l->out->n - l->start + 1 + n > LINE) {
		(void)buf_adds(l->out, l->eol);
		l->start = l->out->n;
	}
	(void)buf_addc(l->out, ' ');
	l->first = false;
}

static void
line_word(struct line *l, struct slice w)
{
	line_space(l, w.n);
	(void)buf_add(l->out, w);
}

static void
line_encoded(struct line *l, struct slice run)
{
	size_t n;

	while (run.n > 0) {
		n = chunk_of(run);
		line_space(l, 12 + (n + 2) / 3 * 4);
		encoded_word(l->out, slice_sub(run, 0, n));
		run = slice_from(run, n);
	}
}

static struct line
line_begin(struct buf *out, struct slice name, const char *eol)
{
	struct line l = {out, eol, out->n, true};

	(void)buf_add(out, name);
	if (name.n == 0 || name.p[name.n - 1] != ':')
		(void)buf_addc(out, ':');
	return l;
}

/* Words of clean text; neighbours that need encoding become one run, because
 * the space between two encoded words is not shown. */
static void
line_text(struct line *l, struct slice text)
{
	struct slice w, next, run, rest = text;
	bool more = slice_word(&rest, &w);

	while (more) {
		if (plain_word(w)) {
			line_word(l, w);
			more = slice_word(&rest, &w);
			continue;
		}
		run = w;
		while ((more = slice_word(&rest, &next)) && !plain_word(next))
			run.n = (size_t)(next.p + next.n - run.p);
		line_encoded(l, run);
		w = next;
	}
}

void
fold_field(
    struct buf *out, struct slice name, struct slice value, const char *eol)
{
	struct line l;
	struct buf clean;

	buf_init(&clean, out->max);
	fold_clean(&clean, value, false);
	l = line_begin(out, name, eol);
	line_text(&l, buf_slice(&clean));
	if (l.first)
		(void)buf_addc(out, ' ');
	(void)buf_adds(out, eol);
	buf_fini(&clean);
}

/* The end of the address that begins rest: its comma outside quotes and
 * angle brackets, or everything. */
static size_t
address_end(struct slice s)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && quoted)
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == ',' && !quoted)
			return i;
	}
	return s.n;
}

static struct slice
unquoted(struct slice s)
{
	s = slice_trim(s);
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		s = slice_sub(s, 1, s.n - 1);
	return s;
}

void
fold_addresses(
    struct buf *out, struct slice name, struct slice value, const char *eol)
{
	struct line l;
	struct buf clean;
	struct slice rest, one;
	ptrdiff_t open;
	size_t end;

	buf_init(&clean, out->max);
	fold_clean(&clean, value, false);
	rest = buf_slice(&clean);
	l = line_begin(out, name, eol);
	while (rest.n > 0) {
		end = address_end(rest);
		one = slice_trim(slice_sub(rest, 0, end));
		open = slice_rchr(one, '<');
		if (open > 0) {
			struct slice shown = slice_sub(one, 0, (size_t)open);

			if (plain_word(shown))
				line_word(&l, slice_trim(shown));
			else
				line_encoded(&l, unquoted(shown));
			one = slice_from(one, (size_t)open);
		}
		if (one.n > 0 && one.n < PLAIN_WORD)
			line_word(&l, one);
		rest = slice_from(rest, end + 1);
		if (rest.n > 0)
			(void)buf_addc(out, ',');
	}
	(void)buf_adds(out, eol);
	buf_fini(&clean);
}

void
fold_text(struct buf *out, struct slice text, bool space_after)
{
	struct buf clean;
	struct slice rest, chunk;
	size_t n;

	buf_init(&clean, out->max);
	fold_clean(&clean, text, false);
	if (plain_word(buf_slice(&clean))) {
		(void)buf_add(out, buf_slice(&clean));
		if (space_after)
			(void)buf_addc(out, ' ');
		buf_fini(&clean);
		return;
	}
	if (space_after)
		(void)buf_addc(&clean, ' ');
	for (rest = buf_slice(&clean); rest.n > 0;) {
		n = chunk_of(rest);
		chunk = slice_sub(rest, 0, n);
		encoded_word(out, chunk);
		rest = slice_from(rest, n);
		if (rest.n > 0 || space_after)
			(void)buf_addc(out, ' ');
	}
	buf_fini(&clean);
}

static bool
token_byte(char c)
{
	return text_is_alnum(c) || c == '.' || c == '_' || c == '-' ||
	       c == '+' || c == '$' || c == '!' || c == '&' || c == '~';
}

static void
param_lead(struct buf *out, const char *eol)
{
	(void)buf_addc(out, ';');
	if (eol != NULL)
		(void)buf_adds(out, eol);
	(void)buf_addc(out, eol != NULL ? '\t' : ' ');
}

/* One section of RFC 2231: percent-encoded bytes up to PARAM_BYTES. */
static size_t
param_section(struct buf *out, struct slice s)
{
	size_t i, room = 0;

	for (i = 0; i < s.n && room < PARAM_BYTES; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (token_byte(s.p[i])) {
			(void)buf_addc(out, s.p[i]);
			room++;
			continue;
		}
		(void)buf_addc(out, '%');
		(void)buf_addc(out, hex[c >> 4]);
		(void)buf_addc(out, hex[c & 15]);
		room += 3;
	}
	return i;
}

static void
param_extended(
    struct buf *out, const char *name, struct slice v, const char *eol)
{
	bool many;
	unsigned section;
	size_t i, need = 0;

	for (i = 0; i < v.n; i++)
		need += token_byte(v.p[i]) ? 1 : 3;
	many = need > PARAM_BYTES;
	for (section = 0; v.n > 0 || section == 0; section++) {
		param_lead(out, eol);
		(void)buf_adds(out, name);
		if (many)
			(void)buf_addf(out, "*%u", section);
		(void)buf_adds(out, section == 0 ? "*=UTF-8''" : "*=");
		v = slice_from(v, param_section(out, v));
	}
}

void
fold_param(
    struct buf *out, const char *name, struct slice value, const char *eol)
{
	struct buf clean;
	struct slice v;
	size_t i;

	buf_init(&clean, out->max);
	fold_clean(&clean, value, false);
	v = buf_slice(&clean);
	for (i = 0; i < v.n && (unsigned char)v.p[i] < 0x80; i++)
		;
	if (i < v.n || v.n > PARAM_BYTES) {
		param_extended(out, name, v, eol);
	} else {
		param_lead(out, eol);
		(void)buf_addf(out, "%s=\"", name);
		for (i = 0; i < v.n; i++) {
			if (v.p[i] == '"' || v.p[i] == '\\')
				(void)buf_addc(out, '\\');
			(void)buf_addc(out, v.p[i]);
		}
		(void)buf_addc(out, '"');
	}
	buf_fini(&clean);
}

enum fold_encoding
fold_encoding_of(struct slice text)
{
	struct slice line;
	bool eight = false;
	size_t i;

	while (slice_line(&text, &line)) {
		if (line.n > LINE_HARD - 2)
			return FOLD_QUOTED_PRINTABLE;
		for (i = 0; i < line.n; i++) {
			if (line.p[i] == '\0' || line.p[i] == '\r')
				return FOLD_QUOTED_PRINTABLE;
			if ((unsigned char)line.p[i] >= 0x80)
				eight = true;
		}
	}
	return eight ? FOLD_QUOTED_PRINTABLE : FOLD_7BIT;
}

const char *
fold_encoding_word(enum fold_encoding e)
{
	switch (e) {
	case FOLD_8BIT:
		return "8bit";
	case FOLD_QUOTED_PRINTABLE:
		return "quoted-printable";
	case FOLD_7BIT:
		break;
	}
	return "7bit";
}

static void
quoted_line(struct buf *out, struct slice line, const char *eol)
{
	size_t i, column = 0;

	for (i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];
		bool last = i + 1 == line.n;
		bool safe = (c > ' ' && c < 0x7f && c != '=') ||
			    ((c == ' ' || c == '\t') && !last);

		/* No line of ours is a delimiter. */
		if (c == '-' && i == 0 && slice_starts(line, "--"))
			safe = false;

		if (column + (safe ? 1 : 3) > LINE - 1) {
			(void)buf_addc(out, '=');
			(void)buf_adds(out, eol);
			column = 0;
		}
		if (safe) {
			(void)buf_addc(out, (char)c);
			column++;
			continue;
		}
		(void)buf_addc(out, '=');
		(void)buf_addc(out, hex[c >> 4]);
		(void)buf_addc(out, hex[c & 15]);
		column += 3;
	}
}

void
fold_body(
    struct buf *out, struct slice text, enum fold_encoding e, const char *eol)
{
	struct slice line;

	while (slice_line(&text, &line)) {
		if (e == FOLD_QUOTED_PRINTABLE)
			quoted_line(out, line, eol);
		else
			(void)buf_add(out, line);
		(void)buf_adds(out, eol);
	}
}
