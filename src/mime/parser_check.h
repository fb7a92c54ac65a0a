/* parser_check - what holds for the tree of any bytes; for tests and fuzzing.
 *
 * Each rule is an `ensure`: a tree that breaks one ends the program.
 */
#ifndef MIME_PARSER_CHECK_H
#define MIME_PARSER_CHECK_H

#include "base/buf.h"
#include "base/fail.h"
#include "mime/parser.h"

static inline bool
parser_check_inside(struct slice around, struct slice s)
{
	return s.p >= around.p && s.p + s.n <= around.p + around.n;
}

/* The fields of a header block, one behind the other, are all of it. */
static inline void
parser_check_fields(const struct mime_part *p)
{
	const struct header_block *b = &p->fields;
	const struct header_field *f;
	const char *at = b->raw.p;
	struct slice rest;

	if ((b->flags & HEADER_BOM) != 0)
		at += 3;
	vec_each (f, b) {
		ensure(f->raw.p == at);
		ensure(parser_check_inside(b->raw, f->raw));
		ensure(parser_check_inside(f->raw, f->name));
		ensure(
		    f->value.n == 0 || parser_check_inside(f->raw, f->value));
		at += f->raw.n;
	}
	ensure(b->fields_end <= b->raw.n && b->other_end <= b->raw.n);
	if ((b->flags & (HEADER_TOO_MANY | HEADER_TOO_BIG)) == 0)
		ensure(at == b->raw.p + b->fields_end);
	rest = slice_from(b->raw, b->fields_end);
	ensure(rest.n <= 3 && slice_trim(rest).n == 0);
}

static inline void
parser_check_part(const struct mime_tree *t, const struct mime_part *p,
    const struct mime_limits *limits)
{
	const struct mime_part *child, *before = NULL;

	ensure(p->tree == t && p->depth <= limits->depth + 1);
	ensure(p->path.n > 0 && p->path.p[0] == '1');
	ensure(p->all.p == p->head.p);
	ensure(p->head.p + p->head.n == p->body.p);
	ensure(p->head.n + p->body.n == p->all.n);
	ensure(p->head.n == p->fields.raw.n);
	if (!p->foreign)
		ensure(parser_check_inside(t->raw, p->all));
	if (p->delimiter.n > 0)
		ensure(p->delimiter.p + p->delimiter.n == p->all.p);
	parser_check_fields(p);
	ensure(p->types.n > 0 && slice_eq(p->types.at[0], p->type));
	ensure(p->encodings.n > 0);
	ensure(!(p->multipart && p->message));
	ensure((p->defects & ~t->defects) == 0);
	for (child = p->first; child != NULL; child = child->next) {
		ensure(child->parent == p);
		ensure(child->next != NULL || p->last == child);
		if (!child->foreign && child->reading == 0)
			ensure(parser_check_inside(p->body, child->all));
		if (!child->foreign)
			ensure(parser_check_inside(p->all, child->all));
		if (child->reading > 0 || child->foreign)
			continue;
		/* parts of the main reading follow one another */
		if (before != NULL)
			ensure(child->all.p >= before->all.p + before->all.n);
		before = child;
	}
}

/* Write the message from its spans: heads, gaps and bodies of the main
 * reading in order. */
static inline void
parser_check_write(const struct mime_tree *t)
{
	const struct mime_part *p = t->root, *next;
	const char *at = t->raw.p;
	struct buf out;

	buf_init(&out, t->raw.n);
	while (p != NULL) {
		ensure(p->all.p >= at);
		ensure(buf_add(&out, slice_of(at, (size_t)(p->all.p - at))));
		ensure(buf_add(&out, p->head));
		at = p->body.p;
		for (next = p->first; next != NULL; next = next->next)
			if (next->reading == 0 && !next->foreign)
				break;
		while (next == NULL && p != NULL) {
			const char *end = p->all.p + p->all.n;

			ensure(end >= at);
			ensure(buf_add(&out, slice_of(at, (size_t)(end - at))));
			at = end;
			for (next = p->next; next != NULL; next = next->next)
				if (next->reading == 0 && !next->foreign)
					break;
			p = p->parent;
		}
		p = next;
	}
	ensure(slice_eq(buf_slice(&out), t->raw));
	buf_fini(&out);
}

static inline void
parser_check_tree(const struct mime_tree *t, const struct mime_limits *limits)
{
	struct mime_part *const *p;
	const struct mime_part *child;
	uint64_t defects = 0;
	size_t linked = 0, loose = 0;

	ensure(t->parts.n > 0 && t->parts.at[0] == t->root);
	ensure(t->root->all.n == t->raw.n && t->root->all.p == t->raw.p);
	ensure(t->root->reading == 0 && !t->root->foreign);
	ensure(t->parts.n <= (limits->parts > 0 ? limits->parts : 1));
	ensure(t->header_end == t->root->fields.fields_end);
	vec_each (p, &t->parts) {
		parser_check_part(t, *p, limits);
		defects |= (*p)->defects;
		loose += (*p)->parent == NULL;
		for (child = (*p)->first; child != NULL; child = child->next)
			linked++;
	}
	ensure(linked + loose == t->parts.n);
	ensure((defects & ~t->defects) == 0);
	parser_check_write(t);
}

/* All contents of all leaves, twice: they are the same. */
static inline void
parser_check_contents(struct arena *a, const struct mime_tree *t,
    const struct mime_limits *limits)
{
	struct mime_part *const *p;
	struct mime_decoding *x, *y;
	size_t n, m, i;

	vec_each (p, &t->parts) {
		if ((*p)->multipart || (*p)->message)
			continue;
		x = mime_decode(a, *p, limits, &n);
		y = mime_decode(a, *p, limits, &m);
		ensure(n > 0);
		if (t->decoded >= limits->decoded_bytes || t->cut)
			continue;
		ensure(n == m);
		for (i = 0; i < n; i++)
			ensure(x[i].encoding == y[i].encoding &&
			       slice_eq(x[i].bytes, y[i].bytes));
	}
}

#endif
