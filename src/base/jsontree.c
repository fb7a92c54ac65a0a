#include "base/jsontree.h"

#include "base/text.h"

struct reader {
	struct arena *arena;
	struct slice rest;
	unsigned depth;
	unsigned values;
};

static void
skip_space(struct reader *r)
{
	while (
	    r->rest.n > 0 && (r->rest.p[0] == ' ' || r->rest.p[0] == '\t' ||
				 r->rest.p[0] == '\n' || r->rest.p[0] == '\r'))
		r->rest = slice_from(r->rest, 1);
}

static bool
take(struct reader *r, char c)
{
	skip_space(r);
	if (r->rest.n == 0 || r->rest.p[0] != c)
		return false;
	r->rest = slice_from(r->rest, 1);
	return true;
}

static bool
hex4(struct slice s, uint32_t *v)
{
	size_t i;
	int h;

	*v = 0;
	if (s.n < 4)
		return false;
	for (i = 0; i < 4; i++) {
		h = text_hex(s.p[i]);
		if (h < 0)
			return false;
		*v = *v << 4 | (uint32_t)h;
	}
	return true;
}

/* \uXXXX at s (behind the "u"), a surrogate pair as one; bytes used or 0. */
static size_t
unicode(struct slice s, uint32_t *cp)
{
	uint32_t low;

	if (!hex4(s, cp))
		return 0;
	if (*cp < 0xd800 || *cp > 0xdbff)
		return 4;
	if (s.n < 10 || s.p[4] != '\\' || s.p[5] != 'u' ||
	    !hex4(slice_from(s, 6), &low) || low < 0xdc00 || low > 0xdfff)
		return 4;
	*cp = 0x10000 + ((*cp - 0xd800) << 10) + (low - 0xdc00);
	return 10;
}

/* Unescape one escape (s behind the backslash) to *to; bytes used or 0. */
static size_t
escape(struct slice s, char **to)
{
	static const char from[] = "\"\\/bfnrt", is[] = "\"\\/\b\f\n\r\t";
	const char *at;
	uint32_t cp;
	size_t n;

	if (s.n == 0)
		return 0;
	if (s.p[0] == 'u') {
		n = unicode(slice_from(s, 1), &cp);
		if (n == 0)
			return 0;
		*to += text_put_utf8(*to, cp);
		return n + 1;
	}
	at = s.p[0] != '\0' ? strchr(from, s.p[0]) : NULL;
	if (at == NULL)
		return 0;
	*(*to)++ = is[at - from];
	return 1;
}

static bool
take_string(struct reader *r, struct slice *out)
{
	size_t i, n;
	char *text, *to;

	if (!take(r, '"'))
		return false;
	for (i = 0; i < r->rest.n && r->rest.p[i] != '"'; i++)
		if (r->rest.p[i] == '\\')
			i++;
	if (i >= r->rest.n)
		return false;
	/* An escape is never longer unescaped. */
	text = to = arena_alloc(r->arena, i + 4);
	for (n = 0; n < i; n++) {
		size_t used;

		if ((unsigned char)r->rest.p[n] < ' ')
			return false;
		if (r->rest.p[n] != '\\') {
			*to++ = r->rest.p[n];
			continue;
		}
		used = escape(slice_sub(r->rest, n + 1, i), &to);
		if (used == 0)
			return false;
		n += used;
	}
	*out = slice_of(text, (size_t)(to - text));
	r->rest = slice_from(r->rest, i + 1);
	return true;
}

static bool
take_word(struct reader *r, struct jsontree *v)
{
	static const struct {
		const char *word;
		enum jsontree_kind kind;
	} words[] = {{"true", JSONTREE_BOOL}, {"false", JSONTREE_BOOL},
	    {"null", JSONTREE_NULL}};
	size_t i;

	for (i = 0; i < COUNT_OF(words); i++) {
		if (!slice_starts(r->rest, words[i].word))
			continue;
		v->kind = words[i].kind;
		v->text = slice_str(words[i].word);
		r->rest = slice_from(r->rest, v->text.n);
		return true;
	}
	return false;
}

static size_t
digits(struct slice s)
{
	size_t n = 0;

	while (n < s.n && text_is_digit(s.p[n]))
		n++;
	return n;
}

static bool
take_number(struct reader *r, struct jsontree *v)
{
	struct slice s = r->rest;
	size_t n = 0, d;

	if (n < s.n && s.p[n] == '-')
		n++;
	d = digits(slice_from(s, n));
	if (d == 0)
		return false;
	n += d;
	if (n < s.n && s.p[n] == '.') {
		d = digits(slice_from(s, n + 1));
		if (d == 0)
			return false;
		n += 1 + d;
	}
	if (n < s.n && (s.p[n] == 'e' || s.p[n] == 'E')) {
		n++;
		if (n < s.n && (s.p[n] == '+' || s.p[n] == '-'))
			n++;
		d = digits(slice_from(s, n));
		if (d == 0)
			return false;
		n += d;
	}
	v->kind = JSONTREE_NUMBER;
	v->text = slice_sub(s, 0, n);
	r->rest = slice_from(s, n);
	return true;
}

/* One value (of an array or object only its beginning) below parent. */
static struct jsontree *
take_value(struct reader *r, struct jsontree *parent)
{
	struct jsontree *v = arena_make(r->arena, struct jsontree);
	bool good;

	if (++r->values > JSONTREE_VALUES_MAX)
		return NULL;
	v->parent = parent;
	if (parent != NULL && parent->kind == JSONTREE_OBJECT &&
	    (!take_string(r, &v->key) || !take(r, ':')))
		return NULL;
	skip_space(r);
	if (r->rest.n == 0)
		return NULL;
	if (r->rest.p[0] == '"') {
		v->kind = JSONTREE_STRING;
		good = take_string(r, &v->text);
	} else if (r->rest.p[0] == '{' || r->rest.p[0] == '[') {
		v->kind =
		    r->rest.p[0] == '{' ? JSONTREE_OBJECT : JSONTREE_ARRAY;
		r->rest = slice_from(r->rest, 1);
		good = ++r->depth <= JSONTREE_DEPTH_MAX;
	} else {
		good = take_word(r, v) || take_number(r, v);
	}
	if (!good)
		return NULL;
	if (parent != NULL && parent->last != NULL)
		parent->last->next = v;
	else if (parent != NULL)
		parent->first = v;
	if (parent != NULL)
		parent->last = v;
	return v;
}

static bool
is_open(const struct jsontree *v)
{
	return v->kind == JSONTREE_ARRAY || v->kind == JSONTREE_OBJECT;
}

struct jsontree *
jsontree_parse(struct arena *a, struct slice text)
{
	struct reader r = {.arena = a, .rest = text};
	struct jsontree *root, *in, *v;

	root = take_value(&r, NULL);
	if (root == NULL)
		return NULL;
	in = is_open(root) ? root : NULL;
	while (in != NULL) {
		if (take(&r, in->kind == JSONTREE_OBJECT ? '}' : ']')) {
			in = in->parent;
			r.depth--;
			continue;
		}
		if (in->last != NULL && !take(&r, ','))
			return NULL;
		v = take_value(&r, in);
		if (v == NULL)
			return NULL;
		if (is_open(v))
			in = v;
	}
	skip_space(&r);
	return r.rest.n == 0 ? root : NULL;
}

const struct jsontree *
jsontree_get(const struct jsontree *v, const char *key)
{
	const struct jsontree *item;

	if (v == NULL || v->kind != JSONTREE_OBJECT)
		return NULL;
	jsontree_each(item, v) if (slice_is(item->key, key)) return item;
	return NULL;
}

struct slice
jsontree_text(const struct jsontree *v, const char *key)
{
	const struct jsontree *item = jsontree_get(v, key);

	return item != NULL && (item->kind == JSONTREE_STRING ||
				   item->kind == JSONTREE_NUMBER)
		   ? item->text
		   : SLICE("");
}

bool
jsontree_true(const struct jsontree *v, const char *key)
{
	const struct jsontree *item = jsontree_get(v, key);

	return item != NULL && item->kind == JSONTREE_BOOL &&
	       slice_is(item->text, "true");
}
