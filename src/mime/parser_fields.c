/* What the header of a part says about it, in every reading. */
#include "base/text.h"
#include "mime/address.h"
#include "mime/parser_private.h"

enum {
	FIELDS_SAME = 8, /* fields of one name looked at */
	AUTHORS_MAX = 8, /* addresses of a From field compared */
};

struct reader {
	struct parse *parse;
	struct arena *arena;
	struct part *part;
	struct mime_part *p;
	const struct how *how; /* NULL: not the first part of a text */
	struct header_value types[FIELDS_SAME], dispositions[FIELDS_SAME];
	size_t n_types, n_dispositions, n_encodings;
	size_t n_subjects;
	bool top; /* the first part of the whole message */
	struct slice from;
	struct texts other_names; /* of fields that hold nothing else */
};

bool
fields_is_multipart(struct slice type)
{
	return slice_starts(type, "multipart/") || slice_is(type, "multipart");
}

bool
fields_is_message(struct slice type)
{
	static const char *const types[] = {"message/rfc822", "message/global",
	    "message/news", "message/partial", "message/external-body",
	    "message/rfc2822", "message/x-rfc822", "message"};
	size_t i;

	if (!slice_starts(type, "message"))
		return false;
	for (i = 0; i < COUNT_OF(types); i++)
		if (slice_is(type, types[i]))
			return true;
	return false;
}

static struct slice
lower(struct arena *a, struct slice s)
{
	char *out;
	size_t i;

	for (i = 0; i < s.n && text_lower(s.p[i]) == s.p[i]; i++)
		;
	if (i == s.n)
		return s;
	out = arena_alloc(a, s.n);
	for (i = 0; i < s.n; i++)
		out[i] = text_lower(s.p[i]);
	return slice_of(out, s.n);
}

static void
set(struct reader *r, uint64_t bits)
{
	r->p->defects |= bits;
}

static void
too_many(struct reader *r)
{
	parse_cut(r->parse, r->part, MIME_BIT(TOO_MANY_READINGS));
}

/* One kind of decoding as far as readers could disagree. */
static enum codec_encoding
kind_of(enum codec_encoding e)
{
	return e == CODEC_UNKNOWN ? CODEC_IDENTITY : e;
}

static void
add_encoding(struct reader *r, enum codec_encoding e)
{
	size_t i;

	for (i = 0; i < r->p->encodings.n; i++)
		if (r->p->encodings.at[i] == e)
			return;
	*vec_push(r->arena, &r->p->encodings) = e;
}

/* A word that names no encoding but cannot be taken for one either. */
static bool
is_harmless(struct slice s)
{
	static const char *const starts[] = {"7", "8", "none", "text", "plain",
	    "ascii", "us-ascii", "iso-8859", "utf-8", "bin", "clear", "en"};
	size_t i;

	for (i = 0; i < COUNT_OF(starts); i++)
		if (slice_starts_ci(s, starts[i]))
			return true;
	return false;
}

/* Encodings named somewhere in the value. */
static bool
search_encodings(struct reader *r, struct slice s)
{
	bool found = false;
	size_t at = 0, from;

	while (at < s.n) {
		enum codec_encoding e;
		struct slice word;

		while (at < s.n && !text_is_alnum(s.p[at]))
			at++;
		from = at;
		while (at < s.n && (text_is_alnum(s.p[at]) || s.p[at] == '-' ||
				       s.p[at] == '_'))
			at++;
		word = slice_sub(s, from, at);
		e = word.n > 0 ? codec_find(word) : CODEC_UNKNOWN;
		if (e == CODEC_UNKNOWN && slice_starts_ci(word, "base64"))
			e = CODEC_BASE64;
		if (e == CODEC_UNKNOWN && slice_starts_ci(word, "quoted"))
			e = CODEC_QP;
		if (e != CODEC_UNKNOWN) {
			add_encoding(r, e);
			found = true;
		}
	}
	return found;
}

static void
read_encoding(struct reader *r, const struct header_field *f)
{
	struct slice s = header_unfold(r->arena, f->value);
	enum codec_encoding e = codec_find(s);
	struct header_value v;
	bool odd, found;

	if (r->n_encodings++ >= FIELDS_SAME) {
		too_many(r);
		return;
	}
	if (e != CODEC_UNKNOWN) {
		add_encoding(r, e);
		/* "Name :" is no field for some */
		if (f->value.p > f->name.p + f->name.n + 1 &&
		    e != CODEC_IDENTITY) {
			add_encoding(r, CODEC_IDENTITY);
		}
		return;
	}
	header_parse_value(&v, r->arena, s, r->parse->limits->params);
	odd = search_encodings(r, v.token);
	found = search_encodings(r, s) || odd;
	if (slice_find(s, SLICE("=?")) >= 0)
		found =
		    search_encodings(r, header_decode(r->arena, s)) || found;
	if (found) {
		size_t i;

		for (i = 0; i < r->p->encodings.n; i++)
			if (kind_of(r->p->encodings.at[i]) != CODEC_IDENTITY)
				set(r, MIME_BIT(ODD_ENCODING));
		add_encoding(r, CODEC_IDENTITY);
	} else if (is_harmless(v.token)) {
		add_encoding(r, CODEC_IDENTITY);
	} else {
		add_encoding(r, CODEC_UNKNOWN);
		set(r, MIME_BIT(ENCODING_UNKNOWN));
	}
}

/* Forms of an odd type that somebody would make of it. */
static void
add_odd_types(struct reader *r, const struct header_value *v)
{
	size_t most = r->parse->limits->names, i;
	struct slice s = v->rest;
	ptrdiff_t semi = slice_chr(s, ';');

	if (semi >= 0)
		s = slice_sub(s, 0, (size_t)semi);
	s = slice_trim(s);
	if (slice_find(s, SLICE("=?")) >= 0) {
		struct slice d = slice_trim(header_decode(r->arena, s));

		semi = slice_chr(d, ';');
		if (semi >= 0)
			d = slice_sub(d, 0, (size_t)semi);
		(void)texts_add(
		    r->arena, &r->p->types, lower(r->arena, d), most);
	}
	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == '(' || s.p[i] == ',')
			break;
	if (i > 0)
		(void)texts_add(r->arena, &r->p->types,
		    lower(r->arena, slice_sub(s, 0, i)), most);
}

static void
add_type(struct reader *r, const struct header_value *v)
{
	size_t most = r->parse->limits->names;

	if (v->token.n == 0) {
		set(r, MIME_BIT(ODD_TYPE));
		(void)texts_add(
		    r->arena, &r->p->types, SLICE("text/plain"), most);
		if (v->odd)
			add_odd_types(r, v);
		return;
	}
	(void)texts_add(r->arena, &r->p->types, v->token, most);
	if (v->odd || slice_starts(v->token, "=?")) {
		set(r, MIME_BIT(ODD_TYPE));
		add_odd_types(r, v);
	}
	if (slice_chr(v->token, '/') <= 0) {
		set(r, MIME_BIT(ODD_TYPE));
		(void)texts_add(
		    r->arena, &r->p->types, SLICE("text/plain"), most);
	}
}

/* Parameters that are there twice with different values, or odd ones. */
static void
check_params(struct reader *r, const struct header_value *v)
{
	static const char *const names[] = {
	    "name", "filename", "boundary", "charset"};
	const struct header_param *first[COUNT_OF(names)] = {NULL};
	size_t i, k;

	if (v->cut)
		too_many(r);
	for (i = 0; i < v->n; i++) {
		const struct header_param *p = &v->at[i];

		if (p->odd)
			set(r, MIME_BIT(ODD_PARAMETER));
		if (slice_is(p->name, "boundary"))
			r->part->has_boundary = true;
		if (p->section >= 0 || p->extended)
			continue;
		for (k = 0; k < COUNT_OF(names); k++) {
			if (!slice_is(p->name, names[k]))
				continue;
			if (first[k] == NULL)
				first[k] = p;
			else if (!slice_eq_ci(first[k]->value, p->value))
				set(r, MIME_BIT(DUPLICATE_PARAMETER));
		}
	}
}

static void
read_charset(struct reader *r, const struct header_value *v)
{
	struct texts found = {0};
	size_t i, most = r->parse->limits->names;

	for (i = 0; i < v->n; i++)
		if (slice_is(v->at[i].name, "charset"))
			break;
	if (i == v->n)
		return;
	if (header_param(r->arena, v, "charset", &found, most))
		set(r, MIME_BIT(CHARSET_CONFLICT));
	for (i = 0; i < found.n; i++)
		(void)texts_add(r->arena, &r->p->charsets,
		    lower(r->arena, slice_trim(found.at[i])), most);
}

static void
read_names(struct reader *r, const struct header_value *v, const char *param)
{
	size_t i, most = r->parse->limits->names;

	for (i = 0; i < v->n; i++)
		if (slice_is(v->at[i].name, param))
			break;
	if (i == v->n)
		return;
	(void)header_param(r->arena, v, param, &r->p->names, most);
	if (r->p->names.n >= most)
		too_many(r);
}

/* What decides how a file is opened: the letters behind the last dot. */
static struct slice
extension(struct slice name)
{
	ptrdiff_t nul = slice_chr(name, 0), dot;

	if (nul >= 0)
		name = slice_sub(name, 0, (size_t)nul);
	while (name.n > 0 &&
	       (name.p[name.n - 1] == '.' || name.p[name.n - 1] == '"' ||
		   (unsigned char)name.p[name.n - 1] <= ' '))
		name.n--;
	dot = slice_rchr(name, '.');
	return dot < 0 ? SLICE_NONE : slice_from(name, (size_t)dot + 1);
}

static void
compare_names(struct reader *r)
{
	struct slice first = SLICE_NONE, ext, cut;
	const struct slice *name;
	ptrdiff_t nul;
	bool any = false;

	vec_each (name, &r->p->names) {
		if (slice_find(*name, SLICE("=?")) >= 0)
			continue;
		ext = extension(*name);
		nul = slice_chr(*name, 0);
		cut = nul < 0 ? ext : slice_from(*name, (size_t)nul);
		if (nul >= 0 && slice_rchr(cut, '.') >= 0 &&
		    !slice_eq_ci(extension(slice_from(cut, 1)), ext))
			set(r, MIME_BIT(NAME_CONFLICT));
		if (any && !slice_eq_ci(first, ext))
			set(r, MIME_BIT(NAME_CONFLICT));
		first = ext;
		any = true;
	}
}

/* Two Content-Type fields that lead to different contents. */
static void
compare_types(struct reader *r)
{
	const struct header_value *a = &r->types[0], *b;
	struct texts x = {0}, y = {0};
	size_t i, most = r->parse->limits->boundaries;

	for (i = 1; i < r->n_types; i++) {
		b = &r->types[i];
		x.n = y.n = 0;
		(void)header_boundary(r->arena, a, &x, most);
		(void)header_boundary(r->arena, b, &y, most);
		if (!slice_eq(a->token, b->token) ||
		    (fields_is_multipart(a->token) &&
			!slice_eq(x.n > 0 ? x.at[0] : SLICE_NONE,
			    y.n > 0 ? y.at[0] : SLICE_NONE)))
			set(r, MIME_BIT(DUPLICATE_HEADER));
		else
			set(r, MIME_BIT(REPEATED_HEADER));
	}
}

static void
compare_dispositions(struct reader *r)
{
	const struct header_value *a = &r->dispositions[0], *b;
	struct texts x = {0}, y = {0};
	size_t i, most = r->parse->limits->names;

	for (i = 1; i < r->n_dispositions; i++) {
		b = &r->dispositions[i];
		x.n = y.n = 0;
		(void)header_param(r->arena, a, "filename", &x, most);
		(void)header_param(r->arena, b, "filename", &y, most);
		if (!slice_eq(x.n > 0 ? x.at[0] : SLICE_NONE,
			y.n > 0 ? y.at[0] : SLICE_NONE))
			set(r, MIME_BIT(DUPLICATE_HEADER));
		else
			set(r, MIME_BIT(REPEATED_HEADER));
	}
}

static void
compare_encodings(struct reader *r)
{
	enum codec_encoding first;
	size_t i;

	if (r->n_encodings < 2)
		return;
	set(r, MIME_BIT(REPEATED_HEADER));
	first = kind_of(r->p->encodings.at[0]);
	for (i = 1; i < r->p->encodings.n; i++)
		if (kind_of(r->p->encodings.at[i]) != first)
			set(r, MIME_BIT(ENCODING_CONFLICT) |
				   MIME_BIT(DUPLICATE_HEADER));
}

/* Who wrote the message: two fields, or a field that names several, mean that
 * each reader shows another one. */
static void
read_author(struct reader *r, const struct header_field *f)
{
	struct slice s;
	struct address_list list;
	size_t i;

	if (r->p->parent != NULL || !r->top)
		return;
	s = header_unfold(r->arena, f->value);
	if (r->from.p != NULL) {
		set(r, MIME_BIT(REPEATED_HEADER));
		if (!slice_eq_ci(s, r->from))
			set(r, MIME_BIT(AUTHOR_CONFLICT));
	}
	r->from = s.p != NULL ? s : SLICE("");
	if (slice_chr(s, '@') == slice_rchr(s, '@'))
		return;
	address_parse(&list, r->arena, s, AUTHORS_MAX);
	for (i = 1; i < list.n; i++)
		if (list.at[i].domain.n > 0 && list.at[0].domain.n > 0 &&
		    !slice_eq_ci(list.at[i].mailbox, list.at[0].mailbox))
			set(r, MIME_BIT(AUTHOR_CONFLICT));
}

static void
read_value(struct reader *r, const struct header_field *f,
    struct header_value *v, size_t *n)
{
	if (*n >= FIELDS_SAME) {
		too_many(r);
		return;
	}
	header_parse_value(
	    &v[*n], r->arena, f->value, r->parse->limits->params);
	check_params(r, &v[*n]);
	(*n)++;
}

static void
read_field(struct reader *r, const struct header_field *f)
{
	if (f->name.n == 12 && slice_is_ci(f->name, "content-type")) {
		r->part->content = true;
		read_value(r, f, r->types, &r->n_types);
	} else if (f->name.n == 25 &&
		   slice_is_ci(f->name, "content-transfer-encoding")) {
		r->part->content = true;
		read_encoding(r, f);
	} else if (f->name.n == 19 &&
		   slice_is_ci(f->name, "content-disposition")) {
		r->part->content = true;
		read_value(r, f, r->dispositions, &r->n_dispositions);
	} else if (slice_is_ci(f->name, "content-name") ||
		   slice_is_ci(f->name, "x-sun-data-name")) {
		(void)texts_add(r->arena, &r->other_names,
		    header_decode(r->arena,
			slice_trim(header_unfold(r->arena, f->value))),
		    FIELDS_SAME);
	} else if (f->name.n == 4 && slice_is_ci(f->name, "from")) {
		read_author(r, f);
	} else if (f->name.n == 7 && slice_is_ci(f->name, "subject")) {
		if (r->n_subjects++ > 0)
			set(r, MIME_BIT(REPEATED_HEADER));
	}
}

/* Flags of the header block to defects. */
static void
read_flags(struct reader *r)
{
	static const struct {
		unsigned flag;
		uint64_t bit;
	} rows[] = {
	    {HEADER_GARBAGE, MIME_BIT(HEADER_JUNK)},
	    {HEADER_BLANK_FIRST, MIME_BIT(HEADER_JUNK)},
	    {HEADER_FROM_LINE, MIME_BIT(FROM_LINE)},
	    {HEADER_BOM, MIME_BIT(BOM)},
	    {HEADER_SPACE_COLON, MIME_BIT(HEADER_SPACE)},
	    {HEADER_BARE_CR, MIME_BIT(BARE_CR)},
	    {HEADER_MIXED_EOL, MIME_BIT(MIXED_EOL)},
	    {HEADER_NUL, MIME_BIT(NUL_HEADER)},
	    {HEADER_8BIT, MIME_BIT(RAW_8BIT_HEADER)},
	    {HEADER_NO_END, MIME_BIT(HEADER_NO_END)},
	    {HEADER_TOO_BIG, MIME_BIT(HEADER_TOO_BIG)},
	    {HEADER_TOO_MANY, MIME_BIT(TOO_MANY_FIELDS)},
	};
	unsigned flags = r->p->fields.flags;
	size_t i;

	if (flags == 0)
		return;
	for (i = 0; i < COUNT_OF(rows); i++)
		if ((flags & rows[i].flag) != 0)
			set(r, rows[i].bit);
	if ((flags & (HEADER_TOO_BIG | HEADER_TOO_MANY)) != 0)
		parse_cut(r->parse, r->part, 0);
}

/* Put the Content-Type field that is believed in front. */
static void
believe(struct reader *r, unsigned field)
{
	struct header_value first;

	if (field == 0 || field >= r->n_types)
		return;
	first = r->types[field];
	memmove(&r->types[1], &r->types[0], field * sizeof(r->types[0]));
	r->types[0] = first;
}

/* The type when no field names one. */
static struct slice
default_type(const struct reader *r)
{
	if (r->p->parent != NULL &&
	    slice_is(r->p->parent->type, "multipart/digest"))
		return SLICE("message/rfc822");
	return SLICE("text/plain");
}

static void
read_boundaries(struct reader *r)
{
	size_t most = r->parse->limits->boundaries / 8 + 1;
	size_t i;

	if (!r->part->has_boundary)
		return;
	if (r->how != NULL && r->how->one_boundary)
		return;
	if (r->n_types > 0 &&
	    header_boundary(r->arena, &r->types[0], &r->p->boundaries, most) &&
	    fields_is_multipart(r->p->type))
		set(r, MIME_BIT(BOUNDARY_CONFLICT));
	for (i = 0; i < r->p->boundaries.n; i++)
		if (r->p->boundaries.at[i].n == 0 ||
		    r->p->boundaries.at[i].n > 70)
			set(r, MIME_BIT(ODD_BOUNDARY));
	if (r->p->boundaries.n >= most)
		too_many(r);
}

/* The same of a field that begins with a parameter: "filename=a.exe". */
static void
read_names_without_token(struct reader *r, const struct header_value *v)
{
	struct header_value all;

	if (slice_chr(v->token, '=') <= 0)
		return;
	header_parse_value(&all, r->arena,
	    arena_printf(r->arena, "x; %.*s", SLICE_FMT(v->rest)),
	    r->parse->limits->params);
	read_names(r, &all, "filename");
	read_names(r, &all, "name");
}

static void
read_all_names(struct reader *r)
{
	size_t i, most = r->parse->limits->names;

	for (i = 0; i < r->n_dispositions; i++) {
		read_names(r, &r->dispositions[i], "filename");
		read_names(r, &r->dispositions[i], "name");
		read_names_without_token(r, &r->dispositions[i]);
	}
	for (i = 0; i < r->n_types; i++) {
		read_names(r, &r->types[i], "name");
		read_names(r, &r->types[i], "filename");
		read_names_without_token(r, &r->types[i]);
	}
	for (i = 0; i < r->other_names.n; i++)
		(void)texts_add(
		    r->arena, &r->p->names, r->other_names.at[i], most);
}

static void
gather(struct reader *r)
{
	struct mime_part *p = r->p;
	size_t i;

	for (i = 0; i < r->n_types; i++) {
		add_type(r, &r->types[i]);
		read_charset(r, &r->types[i]);
	}
	for (i = 0; i < r->n_dispositions; i++)
		if (slice_is(r->dispositions[i].token, "attachment"))
			p->attachment = true;
	read_all_names(r);
	if (p->types.n == 0)
		(void)texts_add(r->arena, &p->types, default_type(r), 1);
	p->type = p->types.at[0];
	if (p->charsets.n > 0)
		p->charset = p->charsets.at[0];
	if (p->names.n > 0)
		p->attachment = true;
	if (p->encodings.n == 0 || (r->how != NULL && r->how->decoded)) {
		p->encodings.n = 0;
		add_encoding(r, CODEC_IDENTITY);
	}
}

void
fields_read(struct parse *ps, struct part *p, const struct how *how, bool first)
{
	struct reader r = {.parse = ps,
	    .arena = ps->arena,
	    .part = p,
	    .p = &p->mime,
	    .how = first ? how : NULL,
	    .top = first && p->mime.parent == NULL};
	const struct header_field *f;
	const struct slice *type;

	vec_each (f, &p->mime.fields) {
		char c = f->name.n > 0 ? f->name.p[0] : '\0';

		c = (char)(c | 0x20);
		if (c == 'c' || c == 'f' || c == 's' || c == 'x')
			read_field(&r, f);
	}
	read_flags(&r);
	p->types = (unsigned)r.n_types;
	if (r.how != NULL)
		believe(&r, r.how->field);
	gather(&r);
	read_boundaries(&r);
	if (r.n_types > 1)
		compare_types(&r);
	if (r.n_dispositions > 1)
		compare_dispositions(&r);
	compare_encodings(&r);
	if (p->mime.names.n > 1)
		compare_names(&r);
	if (p->mime.charsets.n > 1 && r.n_types > 1)
		p->mime.defects |= MIME_BIT(CHARSET_CONFLICT);
	vec_each (type, &p->mime.types) {
		if (slice_is(*type, "message/partial"))
			p->mime.defects |= MIME_BIT(PARTIAL);
		if (slice_is(*type, "message/external-body"))
			p->mime.defects |= MIME_BIT(EXTERNAL_BODY);
	}
}
