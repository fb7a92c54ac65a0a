#include "act/repair.h"

#include "act/fold.h"
#include "act/inscribe.h"
#include "act/report.h"
#include "act/values.h"
#include "base/text.h"

enum { WARNING_MAX = 1 << 22, NAMES_MAX = 1 << 13, PARAMS_MAX = 100 };

static struct slice
key_of(const struct mime_part *const *p)
{
	return slice_of((const char *)p, sizeof(*p));
}

void
repair_init(struct repair *r, struct message *m, const struct plan *p,
    const struct act_context *ctx, struct heads *top)
{
	const struct plan_block *b;

	*r = (struct repair){.m = m, .p = p, .ctx = ctx, .top = top};
	map_init(&r->replaced, m->arena);
	map_init(&r->touched, m->arena);
	vec_each (b, &p->blocks)
		if (p->clean_body && b->part > 0)
			(void)map_add(&r->replaced,
			    key_of(&m->entities.at[b->part].mime), NULL);
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
	struct slice rest = b->report, line;

	w->kinds |= b->kinds;
	w->stored = w->stored || b->stored;
	while (slice_line(&rest, &line))
		(void)buf_addf(&w->report, "   %.*s\n", SLICE_FMT(line));
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
	values_set(&v, "filename",
	    part == ENTITY_WHOLE ? templates_word(r->ctx->templates, r->m->conf,
				       &r->m->subject, "TheEntireMessage")
				 : buf_slice(&w.names));
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

static struct slice
warning_part(const struct repair *r, int part)
{
	struct slice text = inscribe_text(r->m->arena,
	    r->m->entities.at[part].mime, warning_text(r, part), false);
	enum fold_encoding encoding;
	struct slice all;
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
	if (!r->top->blank && r->top->list.n > 0) {
		if (r->top->at_top && heads_is_open(r->top))
			(void)buf_adds(&out, r->top->eol);
		(void)buf_adds(&out, r->top->eol);
	}
	fold_body(&out, text, encoding, r->top->eol);
	edits_add(&r->body, a, from, r->m->raw.n - from,
	    arena_dup(a, buf_slice(&out)));
	buf_fini(&out);
}

/* This part, or one around it, gives way to a warning. */
static bool
is_replaced(const struct repair *r, const struct mime_part *p)
{
	for (; p != NULL; p = p->parent)
		if (map_has(&r->replaced, key_of(&p)))
			return true;
	return false;
}

/* The first to change the header of this part. */
static bool
touch(struct repair *r, const struct mime_part *p)
{
	bool added;

	(void)map_add(&r->touched, key_of(&p), &added);
	return added;
}

/* The field with `what` in its value written as `with`. */
static struct slice
exchanged(
    struct arena *a, const struct head *f, const char *what, const char *with)
{
	ptrdiff_t at = slice_find_ci(f->all, slice_str(what));

	if (at == SLICE_NOT_FOUND)
		return SLICE_NONE;
	return arena_printf(a, "%.*s%s%.*s",
	    SLICE_FMT(slice_sub(f->all, 0, (size_t)at)), with,
	    SLICE_FMT(slice_from(f->all, (size_t)at + strlen(what))));
}

/* A warning inside an alternative would be shown by nobody: the parts become
 * those of a multipart/mixed. */
static void
mix_parent(struct repair *r, const struct mime_part *p)
{
	struct heads own, *h = r->top;
	struct head *f;

	p = p->parent;
	if (p == NULL || p->foreign || p->reading > 0 ||
	    (!slice_is(p->type, "multipart/alternative") &&
		!slice_is(p->type, "multipart/related")) ||
	    !touch(r, p))
		return;
	if (p->parent != NULL) {
		heads_init(&own, r->m->arena, r->m->raw, p->head);
		h = &own;
	}
	f = heads_find(h, "Content-Type");
	if (f == NULL)
		return;
	f->instead = exchanged(
	    r->m->arena, f, arena_str(r->m->arena, p->type), "multipart/mixed");
	if (p->parent != NULL)
		heads_edits(h, &r->body);
}

static void
replace_parts(struct repair *r)
{
	const struct plan_block *b;
	const struct mime_part *p;

	vec_each (b, &r->p->blocks) {
		p = r->m->entities.at[b->part].mime;
		if (is_replaced(r, p->parent) || !touch(r, p))
			continue;
		edits_add(&r->body, r->m->arena, offset(r, p->all), p->all.n,
		    warning_part(r, b->part));
		mix_parent(r, p);
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
		if (is_replaced(r, p) || !touch(r, p))
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

static struct slice
text_of(const struct repair *r, enum option opt, bool html)
{
	struct values v;

	values_init(&v, r->m, r->ctx);
	values_set(&v, "filename", plan_names(r->p, r->m));
	return values_expand(
	    &v, r->m, r->ctx, opt, html ? TEMPLATE_HTML : TEMPLATE_TEXT);
}

static struct slice
joined(struct arena *a, struct slice one, struct slice two)
{
	if (one.n == 0 || two.n == 0)
		return one.n == 0 ? two : one;
	return arena_printf(a, "%.*s\n%.*s", SLICE_FMT(one), SLICE_FMT(two));
}

/* A header that marks an answer: its HTML is not signed. */
static bool
is_answer(const struct repair *r)
{
	struct slice list = conf_text(r->m->conf,
			 OPT_DONT_SIGN_HTML_IF_HEADERS_EXIST, &r->m->subject,
			 r->m->arena),
		     word, one;

	while (slice_word(&list, &word))
		while (slice_field(&word, ',', &one)) {
			if (slice_ends(one, ":"))
				one.n--;
			if (one.n > 0 &&
			    heads_find(r->top, arena_str(r->m->arena, one)) !=
				NULL)
				return true;
		}
	return false;
}

/* What goes into the leaves of one kind. */
struct texts_of_kind {
	struct slice above, below;
};

static struct texts_of_kind
texts_for(const struct repair *r, bool html)
{
	struct texts_of_kind t = {SLICE_NONE, SLICE_NONE};

	if (r->p->clean_body && yes(r, OPT_MARK_INFECTED_MESSAGES))
		t.above = text_of(r,
		    html ? OPT_INLINE_HTML_WARNING : OPT_INLINE_TEXT_WARNING,
		    html);
	if (r->p->warn_external)
		t.above = joined(r->m->arena,
		    text_of(r,
			html ? OPT_INLINE_HTML_EXTERNAL_WARNING
			     : OPT_INLINE_TEXT_EXTERNAL_WARNING,
			html),
		    t.above);
	if (r->p->sign && !(html && is_answer(r)))
		t.below = text_of(r,
		    html ? OPT_INLINE_HTML_SIGNATURE
			 : OPT_INLINE_TEXT_SIGNATURE,
		    html);
	return t;
}

/* A message of attachments alone gets its signature as a part in front. */
static void
sign_in_front(struct repair *r, struct slice text)
{
	const struct mime_part *root = r->m->mime->root, *first = root->first;
	enum fold_encoding encoding;
	struct buf out;

	while (first != NULL && (first->reading > 0 || first->foreign))
		first = first->next;
	if (text.n == 0 || first == NULL || first->delimiter.n == 0 ||
	    !slice_is(root->type, "multipart/mixed"))
		return;
	text = inscribe_text(r->m->arena, first, text, false);
	buf_init(&out, WARNING_MAX);
	(void)buf_add(&out, first->delimiter);
	warning_fields(r, &out, text, false, &encoding);
	(void)buf_adds(&out, r->top->eol);
	fold_body(&out, text, encoding, r->top->eol);
	edits_add(&r->body, r->m->arena, offset(r, first->delimiter), 0,
	    arena_dup(r->m->arena, buf_slice(&out)));
	buf_fini(&out);
}

static void
inscribe(struct repair *r)
{
	const struct mime_part *leaves[INSCRIBE_LEAVES_MAX];
	struct texts_of_kind plain = texts_for(r, false), html, *t;
	size_t i, n = inscribe_leaves(r->m->mime, leaves), signs = 0;

	html = texts_for(r, true);
	for (i = 0; i < n; i++) {
		t = slice_is(leaves[i]->type, "text/html") ? &html : &plain;
		if (is_replaced(r, leaves[i]))
			continue;
		inscribe_leaf(
		    &r->body, r->m->arena, r->m, leaves[i], t->above, t->below);
		signs++;
	}
	if (signs == 0)
		sign_in_front(r, plain.below);
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
	}
	inscribe(r);
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
