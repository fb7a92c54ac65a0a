/* RFC 2045 and 2231: "token; name=value" with every reading. */
#include "base/num.h"
#include "base/text.h"
#include "mime/charset.h"
#include "mime/header.h"

enum { SECTION_MAX = 9999 };

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

/* Behind the comment that starts at s[at]; s.n when it does not end. */
static size_t
skip_comment(struct slice s, size_t at)
{
	size_t depth = 0;

	for (; at < s.n; at++) {
		if (s.p[at] == '\\')
			at++;
		else if (s.p[at] == '(')
			depth++;
		else if (s.p[at] == ')' && --depth == 0)
			return at + 1;
	}
	return s.n;
}

static size_t
skip_blank(struct slice s, size_t at)
{
	while (at < s.n) {
		if (s.p[at] == '(')
			at = skip_comment(s, at);
		else if (text_is_space(s.p[at]))
			at++;
		else
			break;
	}
	return at;
}

/* Where the token ends: at ';', or before "name=" when the ';' is missing. */
static size_t
token_end(struct slice s, bool *odd)
{
	size_t at, gap = 0;

	for (at = 0; at < s.n; at++) {
		char c = s.p[at];

		if (c == ';')
			return at;
		if (c == '(') {
			at = skip_comment(s, at) - 1;
			continue;
		}
		if (text_is_space(c) || c == ',')
			gap = at;
		if (c == '=' && gap > 0) {
			*odd = true;
			return gap;
		}
	}
	return s.n;
}

/* The token without comments, blanks and quotes. */
static struct slice
clean_token(struct arena *a, struct slice s, bool *odd)
{
	size_t i, n = 0;
	char *out;
	bool plain = true;

	s = slice_trim(s);
	for (i = 0; i < s.n && plain; i++)
		plain = s.p[i] > ' ' && s.p[i] < 127 && s.p[i] != '(' &&
			s.p[i] != '"';
	if (plain)
		return lower(a, s);
	*odd = true;
	out = arena_alloc(a, s.n);
	for (i = 0; i < s.n;) {
		char c = s.p[i];

		if (c == '(') {
			i = skip_comment(s, i);
			continue;
		}
		if (c > ' ' && c < 127 && c != '"')
			out[n++] = text_lower(c);
		i++;
	}
	return slice_of(out, n);
}

/* name*section*: take stars and number off the name. */
static void
split_name(struct arena *a, struct header_param *p, struct slice name)
{
	ptrdiff_t star;
	uint64_t section;
	struct slice rest;

	name = slice_trim(name);
	p->section = -1;
	star = slice_chr(name, '*');
	if (star > 0) {
		rest = slice_from(name, (size_t)star + 1);
		name.n = (size_t)star;
		if (slice_ends(rest, "*")) {
			p->extended = true;
			rest.n--;
		} else if (rest.n == 0) {
			p->extended = true;
		}
		if (rest.n > 0 && num_parse_u64(rest, SECTION_MAX, &section))
			p->section = (int)section;
		else if (rest.n > 0)
			p->odd = true;
	}
	p->name = clean_token(a, name, &p->odd);
}

/* A quoted string at s[at] == '"'; returns where it ends. */
static size_t
take_quoted(struct arena *a, struct header_param *p, struct slice s, size_t at)
{
	size_t from = ++at, n = 0;
	bool pairs = false;
	char *out;

	for (; at < s.n && s.p[at] != '"'; at++)
		if (s.p[at] == '\\' && at + 1 < s.n) {
			pairs = true;
			at++;
		}
	if (at >= s.n) {
		p->odd = true;
		at = s.n;
	}
	p->value = slice_sub(s, from, at);
	if (pairs) {
		struct slice v = p->value;
		size_t i;

		out = arena_alloc(a, v.n);
		for (i = 0; i < v.n; i++) {
			if (v.p[i] == '\\' && i + 1 < v.n)
				i++;
			out[n++] = v.p[i];
		}
		p->value = slice_of(out, n);
	}
	return at < s.n ? at + 1 : at;
}

static bool
is_plain_value(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == '(' || s.p[i] == '"' ||
		    s.p[i] == ',' || s.p[i] == 127)
			return false;
	return true;
}

/* The value that starts at s[at]; returns where the next parameter starts. */
static size_t
take_value(struct arena *a, struct header_param *p, struct slice s, size_t at)
{
	size_t from, end, semi;
	const char *q;

	at = skip_blank(s, at);
	from = at;
	if (at < s.n && s.p[at] == '"') {
		end = take_quoted(a, p, s, at);
		p->raw = slice_sub(s, from, end);
		at = skip_blank(s, end);
		if (at >= s.n || s.p[at] == ';')
			return at;
		q = memchr(s.p + at, ';', s.n - at);
		semi = q != NULL ? (size_t)(q - s.p) : s.n;
		p->odd = true;
		p->raw = slice_trim(slice_sub(s, from, semi));
		/* a missing ';': the rest is the next parameter */
		if (memchr(s.p + at, '=', semi - at) != NULL)
			return at;
		return semi;
	}
	q = at < s.n ? memchr(s.p + at, ';', s.n - at) : NULL;
	semi = q != NULL ? (size_t)(q - s.p) : s.n;
	p->raw = p->value = slice_trim(slice_sub(s, from, semi));
	if (!is_plain_value(p->value))
		p->odd = true;
	return semi;
}

void
header_parse_value(struct header_value *v, struct arena *a, struct slice text,
    size_t max_params)
{
	struct slice s = header_unfold(a, text);
	size_t at;

	*v = (struct header_value){.rest = s};
	at = token_end(s, &v->odd);
	v->token = clean_token(a, slice_sub(s, 0, at), &v->odd);
	while (at < s.n) {
		struct header_param p = {0};
		const char *eq, *semi;
		size_t from;

		while (at < s.n && (s.p[at] == ';' || s.p[at] == ',' ||
				       text_is_space(s.p[at])))
			at++;
		at = skip_blank(s, at);
		from = at;
		while (at < s.n && s.p[at] != '=' && s.p[at] != ';')
			at++;
		if (at >= s.n || s.p[at] == ';')
			continue;
		eq = s.p + at;
		semi = s.p + from;
		split_name(a, &p, slice_of(semi, (size_t)(eq - semi)));
		at = take_value(a, &p, s, at + 1);
		if (v->n >= max_params) {
			v->cut = true;
			break;
		}
		*vec_push(a, v) = p;
	}
}

/* %XX of RFC 2231. */
static struct slice
percent(struct arena *a, struct slice s)
{
	char *out;
	size_t i, n = 0;

	if (slice_chr(s, '%') < 0)
		return s;
	out = arena_alloc(a, s.n);
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '%' && i + 2 < s.n && text_hex(s.p[i + 1]) >= 0 &&
		    text_hex(s.p[i + 2]) >= 0) {
			out[n++] = (char)(text_hex(s.p[i + 1]) << 4 |
					  text_hex(s.p[i + 2]));
			i += 2;
		} else {
			out[n++] = s.p[i];
		}
	}
	return slice_of(out, n);
}

/* Cut "charset'language'" off; the charset or nothing. */
static struct slice
take_charset(struct slice *s)
{
	ptrdiff_t one = slice_chr(*s, '\''), two;
	struct slice charset = SLICE_NONE;

	if (one < 0)
		return charset;
	charset = slice_sub(*s, 0, (size_t)one);
	*s = slice_from(*s, (size_t)one + 1);
	two = slice_chr(*s, '\'');
	if (two >= 0)
		*s = slice_from(*s, (size_t)two + 1);
	return charset;
}

/* Raw 8-bit bytes to UTF-8. */
static struct slice
to_utf8(struct arena *a, struct slice charset, struct slice s)
{
	if (charset.n > 0)
		return charset_to_utf8(a, charset, s, NULL);
	if (charset_is_utf8(s))
		return s;
	return charset_to_utf8(a, SLICE("windows-1252"), s, NULL);
}

struct pieces {
	const struct header_param **at;
	size_t n, cap;
};

/* Continuation pieces put together in the order given. */
static struct slice
join(struct arena *a, const struct pieces *p)
{
	struct slice charset = SLICE_NONE;
	size_t i, n = 0, size = 0;
	char *out;

	for (i = 0; i < p->n; i++)
		size += p->at[i]->value.n;
	out = arena_alloc(a, size + 1);
	for (i = 0; i < p->n; i++) {
		struct slice v = p->at[i]->value;

		if (p->at[i]->extended) {
			if (charset.n == 0 && i == 0)
				charset = take_charset(&v);
			v = percent(a, v);
		}
		if (v.n > 0)
			memcpy(out + n, v.p, v.n);
		n += v.n;
	}
	return to_utf8(a, charset, slice_of(out, n));
}

/* Insertion by section number; pieces in order cost nothing extra. Bounded
 * by the limit of parameters. */
static void
sort_pieces(struct pieces *p)
{
	size_t i, k;

	for (i = 1; i < p->n; i++) {
		const struct header_param *x = p->at[i];

		for (k = i; k > 0 && p->at[k - 1]->section > x->section; k--)
			p->at[k] = p->at[k - 1];
		p->at[k] = x;
	}
}

/* Readings made of name*N pieces; true when they disagree. */
static bool
add_joined(struct arena *a, const struct header_value *v, const char *name,
    struct texts *out, size_t most)
{
	struct pieces given = {0}, sorted = {0};
	struct slice x, y;
	bool gaps = false;
	size_t i;

	for (i = 0; i < v->n; i++)
		if (v->at[i].section >= 0 && slice_is(v->at[i].name, name)) {
			*vec_push(a, &given) = &v->at[i];
			*vec_push(a, &sorted) = &v->at[i];
		}
	if (given.n == 0)
		return false;
	sort_pieces(&sorted);
	for (i = 0; i < sorted.n; i++)
		gaps = gaps || sorted.at[i]->section != (int)i;
	x = join(a, &sorted);
	y = join(a, &given);
	(void)texts_add(a, out, x, most);
	if (!slice_eq(x, y))
		(void)texts_add(a, out, y, most);
	if (!gaps)
		return false;
	for (i = 0; i < given.n; i++) {
		struct pieces one = {&given.at[i], 1, 1};

		(void)texts_add(a, out, join(a, &one), most);
	}
	return true;
}

static void
add_odd(struct arena *a, const struct header_param *p, struct texts *out,
    size_t most)
{
	struct slice s = p->raw;
	size_t i;

	(void)texts_add(a, out, to_utf8(a, SLICE_NONE, s), most);
	for (i = 0; i < s.n; i++)
		if (i > 0 &&
		    (text_is_space(s.p[i]) || s.p[i] == '(' || s.p[i] == ',' ||
			s.p[i] == '"' || s.p[i] == ';'))
			break;
	(void)texts_add(
	    a, out, to_utf8(a, SLICE_NONE, slice_sub(s, 0, i)), most);
	if (s.n > 0 && s.p[0] == '"') {
		s = slice_from(s, 1);
		for (i = 0; i < s.n && s.p[i] != '"' && s.p[i] != ';'; i++)
			;
		(void)texts_add(
		    a, out, to_utf8(a, SLICE_NONE, slice_sub(s, 0, i)), most);
	}
}

bool
header_param(struct arena *a, const struct header_value *v, const char *name,
    struct texts *out, size_t most)
{
	struct slice first = SLICE_NONE;
	bool differ = false;
	size_t i, plain = 0;

	for (i = 0; i < v->n; i++) {
		const struct header_param *p = &v->at[i];
		struct slice s = p->value, charset;

		if (p->section >= 0 || !slice_is(p->name, name))
			continue;
		if (!p->extended) {
			if (plain++ > 0 && !slice_eq(first, s))
				differ = true;
			first = plain == 1 ? s : first;
			(void)texts_add(a, out, header_decode(a, s), most);
			(void)texts_add(
			    a, out, to_utf8(a, SLICE_NONE, s), most);
			if (p->odd)
				add_odd(a, p, out, most);
			continue;
		}
		charset = take_charset(&s);
		(void)texts_add(
		    a, out, to_utf8(a, charset, percent(a, s)), most);
	}
	if (add_joined(a, v, name, out, most))
		differ = true;
	return differ;
}

/* Forms of one boundary value that some software would use. */
static void
add_boundary_forms(struct arena *a, const struct header_param *p,
    struct texts *out, size_t most)
{
	struct slice s = p->raw, t;
	size_t i;

	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		(void)texts_add(a, out, slice_sub(s, 1, s.n - 1), most);
	(void)texts_add(a, out, slice_trim(p->value), most);
	if (slice_chr(p->value, 0) >= 0)
		(void)texts_add(a, out,
		    slice_sub(p->value, 0, (size_t)slice_chr(p->value, 0)),
		    most);
	t = p->value;
	if (t.n >= 2 && t.p[0] == '\'' && t.p[t.n - 1] == '\'')
		(void)texts_add(a, out, slice_sub(t, 1, t.n - 1), most);
	if (slice_find(t, SLICE("=?")) >= 0)
		(void)texts_add(a, out, header_decode(a, t), most);
	if (!p->odd)
		return;
	(void)texts_add(a, out, s, most);
	if (s.n > 0 && (s.p[0] == '"' || s.p[0] == '\''))
		s = slice_from(s, 1);
	for (i = 0; i < s.n; i++)
		if (text_is_space(s.p[i]) ||
		    memchr("()<>@,;:\\\"/[]?=", s.p[i], 15) != NULL)
			break;
	(void)texts_add(a, out, slice_sub(s, 0, i), most);
}

bool
header_boundary(struct arena *a, const struct header_value *v,
    struct texts *out, size_t most)
{
	size_t i, before;
	bool differ;

	for (i = 0; i < v->n; i++)
		if (v->at[i].section < 0 && !v->at[i].extended &&
		    slice_is(v->at[i].name, "boundary"))
			(void)texts_add(a, out, v->at[i].value, most);
	for (i = 0; i < v->n; i++) {
		struct slice s = v->at[i].value;

		if (v->at[i].section >= 0 || !v->at[i].extended ||
		    !slice_is(v->at[i].name, "boundary"))
			continue;
		(void)take_charset(&s);
		(void)texts_add(a, out, percent(a, s), most);
	}
	(void)add_joined(a, v, "boundary", out, most);
	differ = out->n > 1;
	for (i = 0, before = v->n; i < before; i++)
		if (slice_is(v->at[i].name, "boundary"))
			add_boundary_forms(a, &v->at[i], out, most);
	return differ;
}
