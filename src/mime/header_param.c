/* RFC 2045 and 2231: "token; name=value" with every reading. */
#include "base/num.h"
#include "base/text.h"
#include "mime/charset.h"
#include "mime/header.h"

enum { SECTION_MAX = 9999, WORD_CHARSET_MAX = 64 };

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

/* How the text is taken apart. Software in use differs in what it knows. */
struct reading {
	struct arena *arena;
	struct slice s;
	bool no_comments; /* '(' is a letter */
	bool no_pairs;    /* a backslash inside quotes is a letter */
	bool no_quotes;   /* a '"' is a letter */
	/* found on the way: it makes a difference */
	bool comment, pair, open_quote;
};

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

/* s[at] starts a comment: counts where comments are known. */
static bool
is_comment(struct reading *r, size_t at)
{
	if (r->s.p[at] != '(')
		return false;
	r->comment = true;
	return !r->no_comments;
}

static size_t
skip_blank(struct reading *r, size_t at)
{
	while (at < r->s.n) {
		if (is_comment(r, at))
			at = skip_comment(r->s, at);
		else if (text_is_space(r->s.p[at]))
			at++;
		else
			break;
	}
	return at;
}

/* Where the token ends: at ';', or before "name=" when the ';' is missing. */
static size_t
token_end(struct reading *r, bool *odd)
{
	struct slice s = r->s;
	size_t at, gap = 0;
	bool blank = false, before;

	for (at = 0; at < s.n; at++) {
		char c = s.p[at];

		if (c == ';')
			return at;
		if (is_comment(r, at)) {
			at = skip_comment(s, at) - 1;
			continue;
		}
		before = blank;
		blank = text_is_space(c) || c == ',';
		if (blank && !before)
			gap = at;
		if (c == '=' && gap > 0) {
			*odd = true;
			return gap;
		}
	}
	return s.n;
}

static bool
is_token_char(char c)
{
	return (unsigned char)c > ' ' && (unsigned char)c < 0x7f && c != '"';
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
		plain = is_token_char(s.p[i]) && s.p[i] != '(';
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
		if (is_token_char(c))
			out[n++] = text_lower(c);
		i++;
	}
	return slice_of(out, n);
}

/* The last word of a name with blanks inside: what stands before it lacks its
 * ';'. */
static struct slice
last_word(struct slice s, bool *odd)
{
	size_t i;

	s = slice_trim(s);
	for (i = s.n; i > 0; i--)
		if (text_is_space(s.p[i - 1]) || s.p[i - 1] == ',')
			break;
	if (i > 0)
		*odd = true;
	return slice_from(s, i);
}

/* name*section*: take stars and number off the name. */
static void
split_name(struct reading *r, struct header_param *p, struct slice name)
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
	if (r->no_comments || slice_chr(name, '(') < 0)
		name = last_word(name, &p->odd);
	while (r->no_comments && name.n > 0 && name.p[0] == '(')
		name = slice_from(name, 1);
	p->name = clean_token(r->arena, name, &p->odd);
}

/* Quoted pairs resolved. */
static struct slice
without_pairs(struct arena *a, struct slice v)
{
	char *out;
	size_t i, n = 0;

	if (slice_chr(v, '\\') < 0)
		return v;
	out = arena_alloc(a, v.n);
	for (i = 0; i < v.n; i++) {
		if (v.p[i] == '\\' && i + 1 < v.n)
			i++;
		out[n++] = v.p[i];
	}
	return slice_of(out, n);
}

/* A quoted string at s[at] == '"'; returns where it ends. */
static size_t
take_quoted(struct reading *r, struct header_param *p, size_t at)
{
	struct slice s = r->s;
	size_t from = ++at;

	for (; at < s.n && s.p[at] != '"'; at++)
		if (s.p[at] == '\\' && at + 1 < s.n) {
			r->pair = r->pair || s.p[at + 1] == '"';
			if (!r->no_pairs)
				at++;
		}
	if (at >= s.n) {
		p->odd = r->open_quote = true;
		at = s.n;
	}
	p->value = slice_sub(s, from, at);
	if (!r->no_pairs)
		p->value = without_pairs(r->arena, p->value);
	return at < s.n ? at + 1 : at;
}

static bool
is_plain_value(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!is_token_char(s.p[i]) || s.p[i] == '(' || s.p[i] == ',')
			return false;
	return true;
}

/* The value that starts at s[at]; returns where the next parameter starts. */
static size_t
take_value(struct reading *r, struct header_param *p, size_t at)
{
	struct slice s = r->s;
	size_t from, end, semi;
	const char *q;

	from = at = skip_blank(r, at);
	if (at < s.n && s.p[at] == '"' && !r->no_quotes) {
		end = take_quoted(r, p, at);
		p->raw = slice_sub(s, from, end);
		at = skip_blank(r, end);
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
	if (slice_chr(p->raw, '(') >= 0)
		r->comment = true;
	if (!is_plain_value(p->value))
		p->odd = true;
	return semi;
}

/* The parameter at s[*at], which is moved behind it; false when there is
 * none. */
static bool
take_param(struct reading *r, struct header_param *p, size_t *at)
{
	struct slice s = r->s;
	size_t from;

	*p = (struct header_param){0};
	while (*at < s.n &&
	       (s.p[*at] == ';' || s.p[*at] == ',' || text_is_space(s.p[*at])))
		(*at)++;
	from = *at = skip_blank(r, *at);
	while (*at < s.n && s.p[*at] != '=' && s.p[*at] != ';')
		(*at)++;
	if (slice_chr(slice_sub(s, from, *at), '(') >= 0)
		r->comment = true;
	if (*at >= s.n || s.p[*at] == ';')
		return false;
	split_name(r, p, slice_sub(s, from, *at));
	*at = take_value(r, p, *at + 1);
	return true;
}

static bool
has_param(const struct header_value *v, size_t n, const struct header_param *p)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v->at[i].section == p->section &&
		    v->at[i].extended == p->extended &&
		    slice_eq(v->at[i].name, p->name) &&
		    slice_eq(v->at[i].value, p->value))
			return true;
	return false;
}

/* Parameters that only another reading finds join behind the others. Costs
 * at most max_params comparisons for each. */
static void
add_reading(struct header_value *v, struct reading r, size_t max_params)
{
	struct header_param p;
	bool odd = false;
	size_t at = token_end(&r, &odd), taken = 0, n = v->n;

	while (at < r.s.n) {
		if (!take_param(&r, &p, &at))
			continue;
		if (++taken > max_params || v->n >= max_params) {
			v->cut = true;
			return;
		}
		if (has_param(v, n, &p))
			continue;
		p.odd = true;
		*vec_push(r.arena, v) = p;
	}
}

void
header_parse_value(struct header_value *v, struct arena *a, struct slice text,
    size_t max_params)
{
	struct reading r = {.arena = a, .s = header_unfold(a, text)}, other = r;
	struct header_param p;
	size_t at;

	*v = (struct header_value){.rest = r.s};
	at = token_end(&r, &v->odd);
	v->token = clean_token(a, slice_sub(r.s, 0, at), &v->odd);
	while (at < r.s.n) {
		if (!take_param(&r, &p, &at))
			continue;
		if (v->n >= max_params) {
			v->cut = true;
			break;
		}
		*vec_push(a, v) = p;
	}
	if (r.comment) {
		other.no_comments = true;
		add_reading(v, other, max_params);
	}
	if (r.pair) {
		other.no_pairs = true;
		add_reading(v, other, max_params);
	}
	if (r.open_quote) {
		other.no_quotes = true;
		add_reading(v, other, max_params);
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

/* Cut "charset'language'" off; the charset or nothing. Without both quotes
 * there is none. */
static struct slice
take_charset(struct slice *s)
{
	ptrdiff_t one = slice_chr(*s, '\''), two;
	struct slice charset;

	if (one < 0)
		return SLICE_NONE;
	two = slice_chr(slice_from(*s, (size_t)one + 1), '\'');
	if (two < 0)
		return SLICE_NONE;
	charset = slice_sub(*s, 0, (size_t)one);
	*s = slice_from(*s, (size_t)(one + two) + 2);
	return charset;
}

/* Raw 8-bit bytes to UTF-8. */
static struct slice
to_utf8(struct arena *a, struct slice charset, struct slice s)
{
	if (charset.n > 0)
		return charset_word_to_utf8(a, charset, s, NULL);
	if (charset_is_utf8(s))
		return s;
	return charset_word_to_utf8(a, SLICE("windows-1252"), s, NULL);
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

/* By section number, equal ones in the order given: a merge sort from the
 * bottom up. */
static void
sort_pieces(struct arena *a, struct pieces *p)
{
	const struct header_param **from = p->at, **to, **swap;
	size_t width, i, n = p->n;

	to = arena_array(a, n, sizeof(struct header_param *));
	for (width = 1; width < n; width *= 2) {
		for (i = 0; i < n; i += 2 * width) {
			size_t l = i, r = i + width < n ? i + width : n;
			size_t mid = r, k;
			size_t end = i + 2 * width < n ? i + 2 * width : n;

			for (k = i; k < end; k++)
				to[k] = l < mid && (r >= end ||
						       from[l]->section <=
							   from[r]->section)
					    ? from[l++]
					    : from[r++];
		}
		swap = from;
		from = to;
		to = swap;
	}
	p->at = from;
}

/* Of pieces in order: what a reader keeps that stops at the first gap and
 * knows one piece per number, the first or the last one. */
static struct pieces
without_gaps(struct arena *a, const struct pieces *p, bool last)
{
	struct pieces out = {0};
	size_t i;

	for (i = 0; i < p->n; i++) {
		int section = p->at[i]->section;

		if (out.n > 0 && section == out.at[out.n - 1]->section) {
			if (last)
				out.at[out.n - 1] = p->at[i];
			continue;
		}
		if (out.n > 0 && section != out.at[out.n - 1]->section + 1)
			break;
		*vec_push(a, &out) = p->at[i];
	}
	return out;
}

/* Readings made of name*N pieces; true when they disagree. */
static bool
add_joined(struct arena *a, const struct header_value *v, const char *name,
    struct texts *out, size_t most)
{
	struct pieces given = {0}, sorted = {0}, some;
	struct slice x;
	bool gaps = false;
	size_t i, before = out->n;

	for (i = 0; i < v->n; i++)
		if (v->at[i].section >= 0 && slice_is(v->at[i].name, name)) {
			*vec_push(a, &given) = &v->at[i];
			*vec_push(a, &sorted) = &v->at[i];
		}
	if (given.n == 0)
		return false;
	sort_pieces(a, &sorted);
	for (i = 0; i < sorted.n; i++)
		gaps = gaps || sorted.at[i]->section != (int)i;
	x = join(a, &sorted);
	(void)texts_add(a, out, x, most);
	(void)texts_add(a, out, join(a, &given), most);
	if (slice_find(x, SLICE("=?")) >= 0)
		(void)texts_add(a, out, header_decode(a, x), most);
	if (!gaps)
		return out->n > before + 1;
	some = without_gaps(a, &sorted, false);
	(void)texts_add(a, out, join(a, &some), most);
	some = without_gaps(a, &sorted, true);
	(void)texts_add(a, out, join(a, &some), most);
	for (i = 0; i < given.n && out->n < most; i++) {
		struct pieces one = {&given.at[i], 1, 1};

		(void)texts_add(a, out, join(a, &one), most);
	}
	return true;
}

/* Up to the first quote or ';' behind a quote at s[0]. */
static struct slice
inside_quote(struct slice s)
{
	size_t i;

	s = slice_from(s, 1);
	for (i = 0; i < s.n && s.p[i] != '"' && s.p[i] != ';'; i++)
		;
	return slice_sub(s, 0, i);
}

static struct slice
without_quotes(struct arena *a, struct slice s)
{
	char *out = arena_alloc(a, s.n + 1);
	size_t i, n = 0;

	for (i = 0; i < s.n; i++)
		if (s.p[i] != '"')
			out[n++] = s.p[i];
	return slice_of(out, n);
}

static void
add_text(struct arena *a, struct slice s, struct texts *out, size_t most)
{
	(void)texts_add(a, out, to_utf8(a, SLICE_NONE, s), most);
}

/* What other software makes of the value of a damaged or unusual one. */
static void
add_odd(struct arena *a, const struct header_param *p, struct texts *out,
    size_t most)
{
	struct slice s = p->raw;
	size_t i;

	for (i = 0; i < s.n; i++)
		if (i > 0 &&
		    (text_is_space(s.p[i]) || s.p[i] == '(' || s.p[i] == ',' ||
			s.p[i] == '"' || s.p[i] == ';'))
			break;
	if (s.n > 0 && s.p[0] == '"')
		add_text(a, inside_quote(s), out, most);
	else
		add_text(a, slice_sub(s, 0, i), out, most);
	add_text(a, s, out, most);
	if (slice_chr(s, '"') >= 0)
		add_text(a, without_quotes(a, s), out, most);
}

/* Readings of a value that is in order: backslashes kept, single quotes cut.
 */
static void
add_forms(struct arena *a, const struct header_param *p, struct texts *out,
    size_t most)
{
	struct slice s = p->raw, v = p->value;

	if (s.n >= 2 && s.p[0] == '"' && slice_chr(s, '\\') >= 0) {
		if (s.p[s.n - 1] == '"')
			add_text(a, slice_sub(s, 1, s.n - 1), out, most);
		add_text(a, inside_quote(s), out, most);
	} else if (slice_chr(s, '\\') >= 0) {
		add_text(a, without_pairs(a, v), out, most);
	}
	if (v.n >= 2 && v.p[0] == '\'' && v.p[v.n - 1] == '\'')
		add_text(a, slice_sub(v, 1, v.n - 1), out, most);
	/* some end at a ';' even inside quotes */
	if (s.n > 0 && s.p[0] == '"' && slice_chr(s, ';') >= 0)
		add_text(a, inside_quote(s), out, most);
}

/* Where the encoded text of a base64 word at s[at] starts; 0: there is none. */
static size_t
base64_word(struct slice s, size_t at)
{
	ptrdiff_t mark;

	if (!slice_starts(slice_from(s, at), "=?"))
		return 0;
	mark = slice_chr(slice_sub(s, at + 2, at + 2 + WORD_CHARSET_MAX), '?');
	if (mark <= 0)
		return 0;
	at += 2 + (size_t)mark;
	if (at + 2 >= s.n || text_lower(s.p[at + 1]) != 'b' ||
	    s.p[at + 2] != '?')
		return 0;
	return at + 3;
}

/* Neighbouring base64 words of one charset as one word: many decode the text
 * of all of them at once. */
static struct slice
join_words(struct arena *a, struct slice s)
{
	struct slice open = SLICE_NONE; /* "=?charset?b?" */
	char *out = arena_alloc(a, s.n + 1);
	size_t at = 0, n = 0, next, text;

	while (at < s.n) {
		if (open.n == 0 && (text = base64_word(s, at)) > 0) {
			open = slice_sub(s, at, text);
			memcpy(out + n, open.p, open.n);
			n += open.n;
			at = text;
		} else if (open.n > 0 &&
			   slice_starts(slice_from(s, at), "?=")) {
			for (next = at + 2;
			     next < s.n && text_is_space(s.p[next]);)
				next++;
			text = base64_word(s, next);
			if (text > 0 &&
			    slice_eq_ci(open, slice_sub(s, next, text))) {
				at = text;
				continue;
			}
			open = SLICE_NONE;
			out[n++] = s.p[at++];
			out[n++] = s.p[at++];
		} else {
			out[n++] = s.p[at++];
		}
	}
	return slice_of(out, n);
}

/* A name with its encoded words, each for itself and joined. */
static void
add_words(struct arena *a, struct slice s, struct texts *out, size_t most)
{
	(void)texts_add(a, out, header_decode(a, s), most);
	if (slice_find(s, SLICE("?=")) >= 0)
		(void)texts_add(
		    a, out, header_decode(a, join_words(a, s)), most);
}

static void
add_extended(struct arena *a, const struct header_param *p, struct texts *out,
    size_t most)
{
	struct slice s = p->value, charset = take_charset(&s);
	ptrdiff_t quote = slice_chr(s, '\'');

	(void)texts_add(a, out, to_utf8(a, charset, percent(a, s)), most);
	if (slice_find(s, SLICE("=?")) >= 0)
		add_text(a, header_decode(a, percent(a, s)), out, most);
	if (p->odd)
		add_text(a, percent(a, p->raw), out, most);
	if (charset.n > 0 && !charset_known(charset))
		add_text(a, percent(a, s), out, most);
	/* one quote only: a charset without language for some */
	if (s.p == p->value.p && quote >= 0)
		add_text(
		    a, percent(a, slice_from(s, (size_t)quote + 1)), out, most);
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

		if (p->section >= 0 || !slice_is(p->name, name))
			continue;
		if (p->extended) {
			add_extended(a, p, out, most);
			continue;
		}
		if (plain++ > 0 && !slice_eq(first, p->value))
			differ = true;
		first = plain == 1 ? p->value : first;
		add_words(a, p->value, out, most);
		add_text(a, p->value, out, most);
		add_forms(a, p, out, most);
		if (p->odd)
			add_odd(a, p, out, most);
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
		if (v->at[i].section < 0 && !v->at[i].extended &&
		    slice_is(v->at[i].name, "boundary"))
			add_boundary_forms(a, &v->at[i], out, most);
	return differ;
}
