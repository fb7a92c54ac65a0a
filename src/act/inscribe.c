#include "act/inscribe.h"

#include "act/fold.h"
#include "base/text.h"
#include "mime/header.h"

enum { STACK_MAX = 256, ENCODED_MAX = 2 * INSCRIBE_REWRITE_MAX };

/* A leaf being written into. */
struct leaf {
	struct arena *arena;
	const struct mime_part *part;
	struct edits *out;
	size_t base; /* offset of its body in the message */
	const char *eol;
	enum codec_encoding encoding;
	bool html;
};

static bool
is_html(const struct mime_part *p)
{
	return slice_is(p->type, "text/html");
}

static enum codec_encoding
encoding_of(const struct mime_part *p)
{
	return p->encodings.n > 0 ? p->encodings.at[0] : CODEC_IDENTITY;
}

/* The charset of the leaf holds ASCII as ASCII. */
static bool
is_ascii_based(struct slice charset)
{
	static const char *const not_so[] = {"utf-16", "utf-32", "utf-7",
	    "ucs-", "utf16", "utf32", "utf7", "unicode", "iso-10646", "ebcdic",
	    "ibm0", "ibm1", "cp037", "cp500", "cp1026", "hz"};
	size_t i;

	for (i = 0; i < COUNT_OF(not_so); i++)
		if (slice_starts_ci(charset, not_so[i]))
			return false;
	return true;
}

static bool
can_write(const struct mime_part *p)
{
	enum codec_encoding e = encoding_of(p);

	return (is_html(p) || slice_is(p->type, "text/plain")) &&
	       p->reading == 0 && !p->foreign && !p->multipart && !p->message &&
	       !p->attachment && p->body.n > 0 && is_ascii_based(p->charset) &&
	       (e == CODEC_IDENTITY || e == CODEC_QP || e == CODEC_BASE64);
}

/* Bytes inside are signed or encrypted, or a report for machines. */
static bool
is_closed_to_us(const struct mime_part *p)
{
	return p->message || p->reading > 0 || p->foreign ||
	       slice_is(p->type, "multipart/signed") ||
	       slice_is(p->type, "multipart/encrypted") ||
	       slice_is(p->type, "multipart/report");
}

/* So that the first child comes off the stack first. */
static void
reverse(const struct mime_part **at, size_t n)
{
	const struct mime_part *one;
	size_t i;

	for (i = 0; i < n / 2; i++) {
		one = at[i];
		at[i] = at[n - 1 - i];
		at[n - 1 - i] = one;
	}
}

size_t
inscribe_leaves(const struct mime_tree *tree, const struct mime_part **out)
{
	const struct mime_part *stack[STACK_MAX], *p, *child;
	size_t depth = 0, n = 0, from;

	stack[depth++] = tree->root;
	while (depth > 0 && n < INSCRIBE_LEAVES_MAX) {
		p = stack[--depth];
		if (!p->multipart) {
			if (can_write(p))
				out[n++] = p;
			continue;
		}
		if (is_closed_to_us(p))
			continue;
		from = depth;
		for (child = p->first; child != NULL; child = child->next) {
			if (child->reading > 0 || child->foreign)
				continue;
			if (depth < STACK_MAX)
				stack[depth++] = child;
			if (!slice_is(p->type, "multipart/alternative"))
				break;
		}
		reverse(stack + from, depth - from);
	}
	return n;
}

/* The line would end a part around p: for some reading it begins with "--"
 * and one of the boundaries. */
static bool
is_boundary(const struct mime_part *p, struct slice line)
{
	size_t i;

	if (!slice_starts(line, "--"))
		return false;
	line = slice_from(line, 2);
	for (p = p->parent; p != NULL; p = p->parent)
		for (i = 0; i < p->boundaries.n; i++)
			if (slice_eq(slice_sub(line, 0, p->boundaries.at[i].n),
				p->boundaries.at[i]))
				return true;
	return false;
}

/* Content-Type says that a blank at the end of a line joins it to the next. */
static bool
is_flowed(struct arena *a, const struct mime_part *p)
{
	struct header_value v;
	struct texts format = {0};

	header_parse_value(
	    &v, a, header_get(a, &p->fields, "Content-Type"), 20);
	(void)header_param(a, &v, "format", &format, 4);
	return format.n > 0 && slice_is_ci(format.at[0], "flowed");
}

/* Only ASCII may go into it. */
static bool
needs_ascii(struct arena *a, const struct mime_part *p)
{
	struct slice cte;

	if (!slice_is_ci(p->charset, "utf-8"))
		return true;
	if (encoding_of(p) != CODEC_IDENTITY)
		return false;
	cte =
	    slice_trim(header_get(a, &p->fields, "Content-Transfer-Encoding"));
	return !slice_is_ci(cte, "8bit") && !slice_is_ci(cte, "binary");
}

/* What is not ASCII becomes a reference (HTML) or "?". */
static void
put_ascii(struct buf *out, struct slice text, bool html)
{
	uint32_t cp;
	size_t i, n;

	for (i = 0; i < text.n; i += n) {
		cp = '?';
		n = text_utf8(text.p + i, text.n - i, &cp);
		n = n > 0 ? n : 1;
		if (cp < 0x80)
			(void)buf_addc(out, (char)cp);
		else if (html)
			(void)buf_addf(out, "&#%u;", cp);
		else
			(void)buf_addc(out, '?');
	}
}

/* How much of a line goes onto one line. */
static size_t
piece_of(struct slice line)
{
	size_t n = INSCRIBE_LINE_MAX;

	if (line.n <= n)
		return line.n;
	while (n > INSCRIBE_LINE_MAX / 2 && line.p[n - 1] != ' ')
		n--;
	if (n > INSCRIBE_LINE_MAX / 2)
		return n;
	for (n = INSCRIBE_LINE_MAX; ((unsigned char)line.p[n] & 0xc0) == 0x80;)
		n--;
	return n;
}

struct slice
inscribe_text(
    struct arena *a, const struct mime_part *p, struct slice text, bool html)
{
	bool flowed = !html && is_flowed(a, p);
	bool ascii = needs_ascii(a, p);
	struct slice line, piece, all;
	struct buf out;

	buf_init(&out, INSCRIBE_TEXT_MAX);
	while (slice_line(&text, &line)) {
		do {
			piece = slice_sub(line, 0, piece_of(line));
			line = slice_from(line, piece.n);
			while (flowed && slice_ends(piece, " ") &&
			       !slice_is(piece, "-- "))
				piece.n--;
			if (is_boundary(p, piece) ||
			    (flowed && (slice_starts(piece, " ") ||
					   slice_starts(piece, ">"))))
				(void)buf_addc(&out, ' ');
			if (ascii)
				put_ascii(&out, piece, html);
			else
				(void)buf_add(&out, piece);
			(void)buf_addc(&out, '\n');
		} while (line.n > 0);
	}
	all = arena_dup(a, buf_slice(&out));
	buf_fini(&out);
	return all;
}

/* Behind the ">" of the tag that begins s, quotes minded; 0 if it has none. */
static size_t
tag_end(struct slice s)
{
	char quote = 0;
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (quote != 0)
			quote = s.p[i] == quote ? 0 : quote;
		else if (s.p[i] == '"' || s.p[i] == '\'')
			quote = s.p[i];
		else if (s.p[i] == '>')
			return i + 1;
	}
	return 0;
}

/* Where the text of an HTML leaf begins: behind <body ...>. */
static size_t
html_start(struct slice body)
{
	struct slice look = slice_sub(body, 0, INSCRIBE_TAG_SEARCH);
	ptrdiff_t at = slice_find_ci(look, SLICE("<body"));
	size_t n;

	if (at == SLICE_NOT_FOUND)
		return 0;
	n = tag_end(slice_from(look, (size_t)at));
	return n > 0 ? (size_t)at + n : 0;
}

static bool
last_of(struct slice s, struct slice needle, size_t *at)
{
	bool found = false;
	size_t from = 0;
	ptrdiff_t next;

	while ((next = slice_find_ci(slice_from(s, from), needle)) !=
	       SLICE_NOT_FOUND) {
		*at = from + (size_t)next;
		from = *at + needle.n;
		found = true;
	}
	return found;
}

/* Where it ends: before </body> or </html>. */
static size_t
html_end(struct slice body)
{
	size_t from =
	    body.n > INSCRIBE_TAG_SEARCH ? body.n - INSCRIBE_TAG_SEARCH : 0;
	struct slice look = slice_from(body, from);
	size_t at = 0;

	if (last_of(look, SLICE("</body>"), &at) ||
	    last_of(look, SLICE("</html>"), &at))
		return from + at;
	return body.n;
}

/* Where `below` goes in a text, and how much of it gives way. */
struct place {
	size_t at, drop;
};

static struct place
place_below(struct slice body, bool html)
{
	struct slice mark = SLICE("_SIGNATURE_");
	ptrdiff_t at = slice_find(body, mark);

	if (at != SLICE_NOT_FOUND)
		return (struct place){(size_t)at, mark.n};
	return (struct place){html ? html_end(body) : body.n, 0};
}

/* text in the leaf's encoding at `at` of its body; what stands before it on
 * the line and behind it stay on lines of their own. */
static void
insert(struct leaf *l, struct place where, struct slice text, bool below)
{
	struct slice body = l->part->body;
	bool bol = where.at == 0 || body.p[where.at - 1] == '\n';
	bool at_end = where.at + where.drop == body.n;
	struct buf out;

	buf_init(&out, ENCODED_MAX);
	if (!bol && !(l->html && !at_end && l->encoding != CODEC_QP))
		(void)buf_addf(&out, "%s%s",
		    l->encoding == CODEC_QP && !at_end ? "=" : "", l->eol);
	if (below && at_end && !l->html && where.drop == 0)
		(void)buf_adds(&out, l->eol);
	fold_body(&out, text,
	    l->encoding == CODEC_QP ? FOLD_QUOTED_PRINTABLE : FOLD_8BIT,
	    l->eol);
	if (!below && !l->html)
		(void)buf_adds(&out, l->eol);
	/* The line end before the delimiter is there already. */
	if (at_end && l->part->parent != NULL &&
	    slice_ends(buf_slice(&out), l->eol))
		out.n -= strlen(l->eol);
	edits_add(l->out, l->arena, l->base + where.at, where.drop,
	    arena_dup(l->arena, buf_slice(&out)));
	buf_fini(&out);
}

static void
put_crlf(struct buf *out, struct slice text)
{
	struct slice line;

	while (slice_line(&text, &line)) {
		(void)buf_add(out, line);
		(void)buf_adds(out, "\r\n");
	}
}

/* Above base64: groups of their own, padded with blanks, so that what follows
 * can be read on. */
static void
base64_above(struct leaf *l, struct slice text)
{
	struct buf plain, out;

	buf_init(&plain, 2 * INSCRIBE_TEXT_MAX);
	buf_init(&out, ENCODED_MAX);
	put_crlf(&plain, text);
	if (!l->html)
		(void)buf_adds(&plain, "\r\n");
	while (plain.n % 3 != 0)
		(void)buf_addc(&plain, ' ');
	fold_base64(&out, buf_slice(&plain), l->eol);
	edits_add(
	    l->out, l->arena, l->base, 0, arena_dup(l->arena, buf_slice(&out)));
	buf_fini(&plain);
	buf_fini(&out);
}

/* The whole leaf again with both texts in it; false when its bytes cannot be
 * read for certain, or are too many. */
static bool
base64_again(struct leaf *l, struct slice above, struct slice below)
{
	struct codec_result r;
	struct buf plain, out;
	struct place where;
	size_t start;

	codec_decode(
	    &r, l->arena, CODEC_BASE64, l->part->body, INSCRIBE_REWRITE_MAX);
	if (r.damaged || r.cut)
		return false;
	buf_init(&plain, 2 * INSCRIBE_REWRITE_MAX);
	buf_init(&out, 2 * ENCODED_MAX);
	start = l->html && above.n > 0 ? html_start(r.bytes) : 0;
	where = place_below(r.bytes, l->html);
	if (where.at < start)
		where = (struct place){r.bytes.n, 0};
	(void)buf_add(&plain, slice_sub(r.bytes, 0, start));
	put_crlf(&plain, above);
	if (above.n > 0 && !l->html)
		(void)buf_adds(&plain, "\r\n");
	(void)buf_add(&plain, slice_sub(r.bytes, start, where.at));
	if (!l->html && where.drop == 0 && below.n > 0)
		(void)buf_adds(
		    &plain, slice_ends(r.bytes, "\n") ? "\r\n" : "\r\n\r\n");
	put_crlf(&plain, below);
	(void)buf_add(&plain, slice_from(r.bytes, where.at + where.drop));
	fold_base64(&out, buf_slice(&plain), l->eol);
	if (l->part->parent != NULL && slice_ends(buf_slice(&out), l->eol))
		out.n -= strlen(l->eol);
	edits_add(l->out, l->arena, l->base, l->part->body.n,
	    arena_dup(l->arena, buf_slice(&out)));
	buf_fini(&plain);
	buf_fini(&out);
	return true;
}

void
inscribe_leaf(struct edits *out, struct arena *a, const struct message *m,
    const struct mime_part *p, struct slice above, struct slice below)
{
	struct leaf l = {a, p, out, (size_t)(p->body.p - m->raw.p),
	    m->mime->crlf ? "\r\n" : "\n", encoding_of(p), is_html(p)};
	struct place where;
	size_t start;

	above = inscribe_text(a, p, above, l.html);
	below = inscribe_text(a, p, below, l.html);
	if (l.encoding == CODEC_BASE64) {
		if (below.n > 0 && base64_again(&l, above, below))
			return;
		if (above.n > 0)
			base64_above(&l, above);
		return;
	}
	start = l.html ? html_start(p->body) : 0;
	where = place_below(p->body, l.html);
	if (where.at < start)
		where = (struct place){p->body.n, 0};
	if (above.n > 0)
		insert(&l, (struct place){start, 0}, above, false);
	if (below.n > 0)
		insert(&l, where, below, true);
}
