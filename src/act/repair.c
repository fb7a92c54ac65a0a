#include "act/repair.h"

#include "act/fold.h"
#include "act/report.h"
#include "act/values.h"
#include "base/map.h"
#include "base/text.h"

enum {
	WARNING_MAX = 1 << 22,
	BODY_TAG_SEARCH = 1 << 16, /* of an HTML leaf, for <body> */
	NAMES_MAX = 1 << 13,
	PARAMS_MAX = 100
};

void
repair_init(struct repair *r, struct message *m, const struct plan *p,
    const struct act_context *ctx, struct heads *top)
{
	*r = (struct repair){.m = m, .p = p, .ctx = ctx, .top = top};
	r->warning_name = slice_trim(conf_text(
	    m->conf, OPT_ATTACHMENT_WARNING_FILENAME, &m->subject, m->arena));
	if (r->warning_name.n == 0)
		r->warning_name = SLICE("VirusWarning.txt");
}

static bool
yes(const struct repair *r, enum option opt)
{
	return slice_chr(
		   conf_text(r->m->conf, opt, &r->m->subject, r->m->arena),
		   '1') != SLICE_NOT_FOUND;
}

/* The template for blocked content, by what was found first in MailScanner's
 * order and by whether it is kept. */
static enum option
template_of(unsigned kinds, bool stored)
{
	if (kinds & PLAN_KIND_VIRUS)
		return stored ? OPT_STORED_VIRUS_MESSAGE_REPORT
			      : OPT_DELETED_VIRUS_MESSAGE_REPORT;
	if (kinds & PLAN_KIND_NAME)
		return stored ? OPT_STORED_BAD_FILENAME_MESSAGE_REPORT
			      : OPT_DELETED_BAD_FILENAME_MESSAGE_REPORT;
	if (kinds & (PLAN_KIND_OTHER | PLAN_KIND_ERROR))
		return stored ? OPT_STORED_BAD_CONTENT_MESSAGE_REPORT
			      : OPT_DELETED_BAD_CONTENT_MESSAGE_REPORT;
	return stored ? OPT_STORED_SIZE_MESSAGE_REPORT
		      : OPT_DELETED_SIZE_MESSAGE_REPORT;
}

/* What several blocks of one part say together. */
struct warning {
	unsigned kinds;
	bool stored;
	struct buf report, names;
};

static void
warning_add(
    const struct repair *r, struct warning *w, const struct plan_block *b)
{
	w->kinds |= b->kinds;
	w->stored = w->stored || b->stored;
	(void)buf_add(&w->report, b->report);
	if (w->names.n > 0)
		(void)buf_adds(&w->names, ", ");
	(void)buf_add(&w->names, report_name(r->m, b->entity));
}

/* The text for all blocks of `part` (ENTITY_WHOLE: of the message). */
static struct slice
warning_text(const struct repair *r, int part)
{
	const struct plan_block *b;
	struct warning w = {0};
	struct values v;
	struct slice all;

	buf_init(&w.report, PLAN_REPORT_MAX);
	buf_init(&w.names, NAMES_MAX);
	vec_each (b, &r->p->blocks)
		if (part == ENTITY_WHOLE || b->part == part)
			warning_add(r, &w, b);
	values_init(&v, r->m, r->ctx);
	values_set(&v, "report", buf_slice(&w.report));
	values_set(&v, "filename", buf_slice(&w.names));
	all = values_expand(
	    &v, r->m, r->ctx, template_of(w.kinds, w.stored), TEMPLATE_TEXT);
	buf_fini(&w.report);
	buf_fini(&w.names);
	return all;
}

/* Header fields of a part that holds text; *encoding is how. */
static void
warning_fields(const struct repair *r, struct buf *out, struct slice text,
    bool named, enum fold_encoding *encoding)
{
	bool attached = yes(r, OPT_WARNING_IS_ATTACHMENT);
	struct slice charset = SLICE("utf-8");
	const char *eol = r->top->eol;

	*encoding = fold_encoding_of(text);
	if (*encoding == FOLD_7BIT)
		charset = slice_trim(
		    conf_text(r->m->conf, OPT_ATTACHMENT_ENCODING_CHARSET,
			&r->m->subject, r->m->arena));
	if (charset.n == 0 || charset.n > 40)
		charset = SLICE("us-ascii");
	(void)buf_adds(out, "Content-Type: text/plain");
	fold_param(out, "charset", charset, NULL);
	if (named)
		fold_param(out, "name", r->warning_name, eol);
	(void)buf_addf(out, "%sContent-Disposition: %s", eol,
	    named && attached ? "attachment" : "inline");
	if (named)
		fold_param(out, "filename", r->warning_name, eol);
	(void)buf_addf(out, "%sContent-Transfer-Encoding: %s%s", eol,
	    fold_encoding_word(*encoding), eol);
}

/* Boundary lines must not appear in what we write: nothing in a warning
 * begins with "--" when a multipart is around it. */
static struct slice
guarded(struct arena *a, struct slice text)
{
	struct slice line, all;
	struct buf out;

	buf_init(&out, WARNING_MAX);
	while (slice_line(&text, &line)) {
		if (slice_starts(line, "--"))
			(void)buf_addc(&out, ' ');
		(void)buf_add(&out, line);
		(void)buf_addc(&out, '\n');
	}
	all = arena_dup(a, buf_slice(&out));
	buf_fini(&out);
	return all;
}

static struct slice
warning_part(const struct repair *r, int part)
{
	struct slice text = guarded(r->m->arena, warning_text(r, part)), all;
	enum fold_encoding encoding;
	struct buf out;

	buf_init(&out, WARNING_MAX);
	warning_fields(r, &out, text, true, &encoding);
	(void)buf_adds(&out, r->top->eol);
	fold_body(&out, text, encoding, r->top->eol);
	/* The line end before the boundary is there already. */
	all = arena_dup(r->m->arena, buf_slice(&out));
	buf_fini(&out);
	if (slice_ends(all, r->top->eol))
		all.n -= strlen(r->top->eol);
	return all;
}

static size_t
offset(const struct repair *r, struct slice s)
{
	return (size_t)(s.p - r->m->raw.p);
}

static void
replace_whole(struct repair *r)
{
	const struct slice root = r->m->mime->root->head;
	struct slice text = warning_text(r, ENTITY_WHOLE), fields;
	struct arena *a = r->m->arena;
	enum fold_encoding encoding;
	struct buf out;
	size_t from = root.p != NULL ? offset(r, root) + root.n : 0;

	buf_init(&out, WARNING_MAX);
	warning_fields(r, &out, text, false, &encoding);
	heads_drop_prefix(r->top, "Content-");
	(void)heads_drop(r->top, SLICE("MIME-Version"));
	heads_add(r->top, SLICE("MIME-Version"), SLICE("1.0"));
	fields = arena_dup(a, buf_slice(&out));
	heads_add_raw(r->top, fields);
	buf_reset(&out);
	if (!r->top->blank && r->top->list.n > 0)
		(void)buf_adds(&out, r->top->eol);
	fold_body(&out, text, encoding, r->top->eol);
	edits_add(&r->body, a, from, r->m->raw.n - from,
	    arena_dup(a, buf_slice(&out)));
	buf_fini(&out);
}

static bool
inside(const struct mime_part *p, const struct mime_part *of)
{
	for (; p != NULL; p = p->parent)
		if (p == of)
			return true;
	return false;
}

/* Some block replaces this part or one around it. */
static bool
is_replaced(const struct repair *r, const struct mime_part *p, bool around)
{
	const struct plan_block *b;

	vec_each (b, &r->p->blocks) {
		const struct mime_part *q =
		    b->part > 0 ? r->m->entities.at[b->part].mime : NULL;

		if (q != NULL && inside(p, q) && (!around || p != q))
			return true;
	}
	return false;
}

static void
replace_parts(struct repair *r)
{
	const struct plan_block *b;
	const struct mime_part *p;
	struct map done;
	char key[16];
	bool added;

	map_init(&done, r->m->arena);
	vec_each (b, &r->p->blocks) {
		struct slice k = slice_of(key, sizeof(b->part));

		memcpy(key, &b->part, sizeof(b->part));
		(void)map_add(&done, k, &added);
		p = r->m->entities.at[b->part].mime;
		if (added && !is_replaced(r, p, true))
			edits_add(&r->body, r->m->arena, offset(r, p->all),
			    p->all.n, warning_part(r, b->part));
	}
}

/* A parameter's name, should it hold what no name may. */
static struct slice
safe_param(struct arena *a, struct slice name)
{
	char *to = arena_alloc(a, name.n + 1);
	size_t i, n = 0;

	for (i = 0; i < name.n && n < 60; i++)
		if (text_is_alnum(name.p[i]) || name.p[i] == '-' ||
		    name.p[i] == '_')
			to[n++] = name.p[i];
	if (n == 0)
		to[n++] = 'x';
	return slice_of(to, n);
}

/* A field without the parameters that name the part, and with the new name. */
static struct slice
renamed_field(struct arena *a, const struct head *f, const char *param,
    struct slice name, const char *eol)
{
	struct header_value v;
	struct slice all;
	struct buf out;
	size_t i;

	header_parse_value(&v, a, f->value, PARAMS_MAX);
	buf_init(&out, WARNING_MAX);
	(void)buf_add(&out, f->name);
	(void)buf_adds(&out, ": ");
	fold_clean(&out, slice_sub(v.token, 0, 200), false);
	for (i = 0; i < v.n; i++) {
		const struct header_param *p = &v.at[i];

		if (slice_is(p->name, "name") || slice_is(p->name, "filename"))
			continue;
		fold_param(
		    &out, arena_str(a, safe_param(a, p->name)), p->value, eol);
	}
	fold_param(&out, param, name, eol);
	(void)buf_adds(&out, eol);
	all = arena_dup(a, buf_slice(&out));
	buf_fini(&out);
	return all;
}

/* Give the part of one block of fields a new name; fields that repeat (each
 * could be the one that is believed) are dropped. */
static void
rename_fields(struct repair *r, struct heads *h, struct slice name)
{
	static const struct {
		const char *field, *param;
	} places[] = {
	    {"Content-Type", "name"},
	    {"Content-Disposition", "filename"},
	};
	struct head *first, *one;
	size_t i;

	for (i = 0; i < COUNT_OF(places); i++) {
		first = heads_find(h, places[i].field);
		if (first == NULL)
			continue;
		first->instead = renamed_field(
		    r->m->arena, first, places[i].param, name, h->eol);
		vec_each (one, &h->list)
			if (one != first &&
			    slice_is_ci(one->name, places[i].field))
				one->dropped = true;
	}
}

static void
rename_parts(struct repair *r)
{
	const struct deed *d;
	const struct mime_part *p;
	struct heads h;

	vec_each (d, &r->p->deeds) {
		if (d->kind != DEED_RENAME)
			continue;
		p = r->m->entities.at[d->entity].mime;
		if (is_replaced(r, p, false))
			continue;
		if (p->parent == NULL) {
			rename_fields(r, r->top, d->argument);
			continue;
		}
		heads_init(&h, r->m->arena, r->m->raw, p->head);
		rename_fields(r, &h, d->argument);
		heads_edits(&h, &r->body);
	}
}

/* Inside something whose bytes are signed or encrypted, or in a message of
 * its own: not ours to write into. */
static bool
is_guarded(const struct mime_part *p)
{
	for (p = p->parent; p != NULL; p = p->parent)
		if (p->message || slice_is(p->type, "multipart/signed") ||
		    slice_is(p->type, "multipart/encrypted") ||
		    slice_is(p->type, "multipart/report"))
			return true;
	return false;
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
	return !slice_starts_ci(charset, "utf-16") &&
	       !slice_starts_ci(charset, "utf-32") &&
	       !slice_starts_ci(charset, "utf-7") &&
	       !slice_starts_ci(charset, "ucs-");
}

/* Text in the leaf's charset: UTF-8 stays, for others what is not ASCII
 * becomes a reference (HTML) or "?". */
static struct slice
in_charset(struct arena *a, struct slice text, struct slice charset, bool html)
{
	struct slice all;
	struct buf out;
	uint32_t cp;
	size_t i, n;

	if (slice_is_ci(charset, "utf-8"))
		return text;
	buf_init(&out, WARNING_MAX);
	for (i = 0; i < text.n; i += n) {
		n = text_utf8(text.p + i, text.n - i, &cp);
		if (n == 0) {
			n = 1;
			cp = '?';
		}
		if (cp < 0x80)
			(void)buf_addc(&out, (char)cp);
		else if (html)
			(void)buf_addf(&out, "&#%u;", cp);
		else
			(void)buf_addc(&out, '?');
	}
	all = arena_dup(a, buf_slice(&out));
	buf_fini(&out);
	return all;
}

/* Base64 of text, padded with blanks to full groups so that what follows can
 * be read on. */
static void
put_base64(struct buf *out, struct slice text, const char *eol)
{
	struct buf crlf;
	struct slice line;

	buf_init(&crlf, WARNING_MAX);
	while (slice_line(&text, &line)) {
		(void)buf_add(&crlf, line);
		(void)buf_adds(&crlf, "\r\n");
	}
	while (crlf.n % 3 != 0)
		(void)buf_addc(&crlf, ' ');
	fold_base64(out, buf_slice(&crlf), eol);
	buf_fini(&crlf);
}

/* Where the text of an HTML leaf begins: behind <body ...>. */
static size_t
html_start(struct slice body)
{
	struct slice look = slice_sub(body, 0, BODY_TAG_SEARCH);
	ptrdiff_t at = slice_find_ci(look, SLICE("<body")), end;

	if (at == SLICE_NOT_FOUND)
		return 0;
	end = slice_chr(slice_from(look, (size_t)at), '>');
	return end == SLICE_NOT_FOUND ? 0 : (size_t)(at + end) + 1;
}

static void
mark_leaf(struct repair *r, const struct mime_part *p, bool html)
{
	struct arena *a = r->m->arena;
	enum codec_encoding encoding = encoding_of(p);
	struct slice text;
	struct values v;
	struct buf out;
	size_t at = offset(r, p->body);

	values_init(&v, r->m, r->ctx);
	values_set(&v, "filename", r->warning_name);
	text = values_expand(&v, r->m, r->ctx,
	    html ? OPT_INLINE_HTML_WARNING : OPT_INLINE_TEXT_WARNING,
	    html ? TEMPLATE_HTML : TEMPLATE_TEXT);
	text = in_charset(a, guarded(a, text), p->charset, html);
	if (text.n == 0)
		return;
	buf_init(&out, WARNING_MAX);
	if (encoding == CODEC_BASE64) {
		put_base64(&out, text, r->top->eol);
	} else {
		if (html)
			at += html_start(p->body);
		fold_body(&out, text,
		    encoding == CODEC_QP ? FOLD_QUOTED_PRINTABLE : FOLD_8BIT,
		    r->top->eol);
	}
	edits_add(&r->body, a, at, 0, arena_dup(a, buf_slice(&out)));
	buf_fini(&out);
}

/* The first text and the first HTML leaf get the warning. */
static void
mark_text(struct repair *r)
{
	struct mime_part *const *it;
	bool text_done = false, html_done = false;

	vec_each (it, &r->m->mime->parts) {
		const struct mime_part *p = *it;
		enum codec_encoding e = encoding_of(p);
		bool html = slice_is(p->type, "text/html");
		bool text = slice_is(p->type, "text/plain");

		if ((html && html_done) || (text && text_done) ||
		    (!html && !text))
			continue;
		if (p->reading > 0 || p->foreign || p->multipart ||
		    p->message || p->attachment || is_guarded(p) ||
		    is_replaced(r, p, false) || !is_ascii_based(p->charset) ||
		    (e != CODEC_IDENTITY && e != CODEC_QP && e != CODEC_BASE64))
			continue;
		mark_leaf(r, p, html);
		html_done |= html;
		text_done |= text;
	}
}

bool
repair_plan(struct repair *r)
{
	const struct plan_block *b;

	if (r->p->clean_body) {
		vec_each (b, &r->p->blocks)
			if (b->part == ENTITY_WHOLE) {
				replace_whole(r);
				return true;
			}
		replace_parts(r);
		if (yes(r, OPT_MARK_INFECTED_MESSAGES))
			mark_text(r);
	}
	rename_parts(r);
	return r->body.list.n > 0;
}

void
repair_edits(const struct repair *r, struct edits *out)
{
	const struct edit *e;

	vec_each (e, &r->body.list)
		edits_add(out, r->m->arena, e->at, e->drop, e->insert);
}
