/* regex - Perl's expressions as SpamAssassin writes them, run by PCRE2. */
#define PCRE2_CODE_UNIT_WIDTH 0
#include "spam/regex.h"

#include <pcre2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/num.h"
#include "base/text.h"

static bool wrong(struct regex_error *why, size_t at, const char *fmt, ...)
    ATTR_PRINTF(3, 4);

static bool
wrong(struct regex_error *why, size_t at, const char *fmt, ...)
{
	va_list ap;

	why->at = at;
	va_start(ap, fmt);
	(void)vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return false;
}

/* ---- delimiters ----------------------------------------------------------*/

static char
partner(char c)
{
	switch (c) {
	case '{':
		return '}';
	case '(':
		return ')';
	case '<':
		return '>';
	case '[':
		return ']';
	default:
		return c;
	}
}

/* An unescaped end delimiter inside; offset, or -1. */
static ptrdiff_t
stray(struct slice text, char end)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\\')
			i++;
		else if (text.p[i] == end)
			return (ptrdiff_t)i;
	}
	return -1;
}

bool
regex_split(struct slice written, struct slice *text, struct slice *flags,
    struct regex_error *why)
{
	size_t open = 0, close;
	ptrdiff_t at;
	char end;

	if (slice_starts(written, "qr"))
		open = 2;
	else if (slice_starts(written, "m"))
		open = 1;
	else if (!slice_starts(written, "/"))
		return wrong(why, 0, "an expression begins with / or m");
	if (open >= written.n || text_is_alnum(written.p[open]) ||
	    written.p[open] == '_')
		return wrong(why, open, "a delimiter is missing");
	if (written.p[open] == '\\')
		return wrong(why, open, "a backslash is no delimiter");
	end = partner(written.p[open]);
	close = written.n;
	while (close > open + 1 && written.p[close - 1] >= 'a' &&
	       written.p[close - 1] <= 'z' && written.p[close - 1] != 'e')
		close--;
	if (close <= open + 1 || written.p[close - 1] != end)
		return wrong(why, written.n - 1,
		    "the closing \"%c\" with flags is missing", end);
	*flags = slice_from(written, close);
	*text = slice_sub(written, open + 1, close - 1);
	if (end == '}' || end == ')' || end == ']')
		return true;
	at = stray(*text, end);
	if (at >= 0)
		return wrong(why, open + 1 + (size_t)at,
		    "\"%c\" inside needs a backslash", end);
	return true;
}

const char *
regex_always_matches(struct slice text)
{
	if (text.n == 0)
		return "an empty expression matches everything";
	for (size_t i = 0; i + 1 < text.n; i++)
		if (text.p[i] == '|' && text.p[i + 1] == '|' &&
		    (i == 0 || text.p[i - 1] != '\\'))
			return "\"||\" matches everything";
	if (text.p[0] == '|' || (text.p[text.n - 1] == '|' &&
				    (text.n < 2 || text.p[text.n - 2] != '\\')))
		return "\"|\" at an end matches everything";
	return NULL;
}

/* ---- translation ---------------------------------------------------------*/

struct translation {
	struct slice in;
	size_t at;
	struct buf out;
	struct regex_error *why;
	size_t watched; /* an offset of the output ... */
	size_t seen;    /* ... and where in the input it comes from */
};

static char
look(const struct translation *t, size_t ahead)
{
	return t->at + ahead < t->in.n ? t->in.p[t->at + ahead] : '\0';
}

static void
copy(struct translation *t, size_t n)
{
	(void)buf_add(&t->out, slice_sub(t->in, t->at, t->at + n));
	t->at += n;
}

/* Flags of "(?flags)" and "(?flags:": those PCRE2 does not know are dropped
 * (bytes have no other classes), those no one knows are refused. */
static bool
add_flags(struct buf *out, struct slice flags, size_t at, bool inside,
    struct regex_error *why)
{
	for (size_t i = 0; i < flags.n; i++) {
		char c = flags.p[i];

		if (strchr("imsxn", c) != NULL ||
		    (inside && (c == '-' || c == '^')))
			(void)buf_addc(out, c);
		else if (strchr("adlup", c) == NULL)
			return wrong(why, at + i, "unknown flag \"%c\"", c);
	}
	return true;
}

/* At "(?": flags, or one of the groups that are refused. */
static bool
group(struct translation *t)
{
	size_t n = 2, from = t->at;
	char c = look(t, 2);
	bool ok;

	if (c == '{' || (c == '?' && look(t, 3) == '{'))
		return wrong(t->why, t->at, "code in an expression");
	if (c == 'C')
		return wrong(t->why, t->at, "callouts are not Perl");
	while (text_is_alpha(look(t, n)) || look(t, n) == '^' ||
	       (look(t, n) == '-' && !text_is_digit(look(t, n + 1))))
		n++;
	c = look(t, n);
	if (n == 2 || (c != ')' && c != ':') || look(t, 2) == 'R' ||
	    look(t, 2) == 'P') {
		copy(t, 2);
		return true;
	}
	(void)buf_adds(&t->out, "(?");
	ok = add_flags(&t->out, slice_sub(t->in, t->at + 2, t->at + n),
	    t->at + 2, true, t->why);
	t->at = from + n;
	return ok;
}

/* \x{...} and \N{U+...}: the number, and how long it is; false: neither. */
static bool
named_byte(const struct translation *t, uint64_t *value, size_t *n)
{
	size_t from = 3, to;

	if (look(t, 2) != '{')
		return false;
	if (look(t, 1) == 'N') {
		if (look(t, 3) != 'U' || look(t, 4) != '+')
			return false;
		from = 5;
	} else if (look(t, 1) != 'x') {
		return false;
	}
	for (to = from; text_hex(look(t, to)) >= 0;)
		to++;
	if (look(t, to) != '}')
		return false;
	*n = to + 1;
	if (to == from) {
		*value = 0;
		return true;
	}
	if (!num_parse_hex(
		slice_sub(t->in, t->at + from, t->at + to), UINT32_MAX, value))
		*value = UINT32_MAX;
	return true;
}

static bool
escape(struct translation *t, bool in_class)
{
	uint64_t value;
	size_t n;
	char c = look(t, 1);

	if (t->at + 1 >= t->in.n)
		return wrong(t->why, t->at, "a backslash at the end");
	if (named_byte(t, &value, &n)) {
		if (value < 256)
			(void)buf_addf(&t->out, "\\x{%02x}", (unsigned)value);
		else if (!in_class) /* no byte is that: never matches */
			(void)buf_adds(&t->out, "(?!)");
		t->at += n;
		return true;
	}
	if (strchr("QELUluFCIJMOTYijmqy", c) != NULL && c != '\0')
		return wrong(t->why, t->at, "\\%c has no meaning here", c);
	if (c == 'b' && look(t, 2) == '{' && !in_class)
		return wrong(t->why, t->at, "\\b{...} is not supported");
	copy(t, 2);
	return true;
}

/* "{,n}" and blanks in "{ m , n }" as Perl 5.34 reads them. */
static void
braces(struct translation *t)
{
	struct slice low, high;
	size_t n = 1, from;
	bool comma = false;

	while (text_is_wsp(look(t, n)))
		n++;
	from = n;
	while (text_is_digit(look(t, n)))
		n++;
	low = slice_sub(t->in, t->at + from, t->at + n);
	while (text_is_wsp(look(t, n)))
		n++;
	if (look(t, n) == ',') {
		comma = true;
		n++;
	}
	while (text_is_wsp(look(t, n)))
		n++;
	from = n;
	while (text_is_digit(look(t, n)))
		n++;
	high = slice_sub(t->in, t->at + from, t->at + n);
	while (text_is_wsp(look(t, n)))
		n++;
	if (look(t, n) != '}' || low.n + high.n == 0 ||
	    (!comma && high.n > 0)) {
		copy(t, 1); /* a brace that is itself */
		return;
	}
	(void)buf_addf(&t->out, "{%.*s%s%.*s}", low.n > 0 ? (int)low.n : 1,
	    low.n > 0 ? low.p : "0", comma ? "," : "", SLICE_FMT(high));
	t->at += n + 1;
}

static bool
bracket(struct translation *t)
{
	size_t start = t->out.n, from = t->at;
	bool negated;

	copy(t, 1);
	negated = look(t, 0) == '^';
	if (negated)
		copy(t, 1);
	if (look(t, 0) == ']')
		copy(t, 1);
	while (t->at < t->in.n && look(t, 0) != ']') {
		if (look(t, 0) == '[' && look(t, 1) == ':') {
			struct slice rest = slice_from(t->in, t->at);
			ptrdiff_t end = slice_find(rest, SLICE(":]"));

			copy(t, end > 0 ? (size_t)end + 2 : 1);
		} else if (look(t, 0) == '\\') {
			if (!escape(t, true))
				return false;
		} else {
			copy(t, 1);
		}
	}
	if (t->at >= t->in.n)
		return wrong(t->why, from, "\"[\" without \"]\"");
	if (t->out.n ==
	    start + (negated ? 2 : 1)) { /* only such as no byte is */
		t->out.n = start;
		(void)buf_adds(&t->out, negated ? "[\\x00-\\xff]" : "(?!)");
		t->at++;
		return true;
	}
	copy(t, 1);
	return true;
}

/* A template %{TAG} stands for values that come with a message. */
static bool
is_template(const struct translation *t)
{
	return look(t, 0) == '%' && look(t, 1) == '{' && look(t, 2) >= 'A' &&
	       look(t, 2) <= 'Z' && (t->at == 0 || t->in.p[t->at - 1] != '\\');
}

static bool
translate(struct translation *t, struct slice flags)
{
	size_t start;
	bool ok = true;

	if (flags.n > 0) {
		(void)buf_adds(&t->out, "(?");
		start = t->out.n;
		if (!add_flags(&t->out, flags, t->in.n + 1, false, t->why))
			return false;
		if (t->out.n == start)
			buf_reset(&t->out);
		else
			(void)buf_addc(&t->out, ')');
	}
	while (ok && t->at < t->in.n) {
		if (t->out.n <= t->watched)
			t->seen = t->at;
		if (is_template(t)) {
			(void)buf_adds(&t->out, "%\\{");
			t->at += 2;
		} else if (look(t, 0) == '\\') {
			ok = escape(t, false);
		} else if (look(t, 0) == '[') {
			ok = bracket(t);
		} else if (look(t, 0) == '(' && look(t, 1) == '?') {
			ok = group(t);
		} else if (look(t, 0) == '{') {
			braces(t);
		} else {
			copy(t, 1);
		}
	}
	if (ok && t->out.full)
		return wrong(t->why, 0, "the expression is too long");
	if (t->out.n <= t->watched)
		t->seen = t->at;
	return ok;
}

bool
regex_translate(struct slice text, struct slice flags, struct arena *a,
    struct slice *out, struct regex_error *why)
{
	struct translation t = {.in = text, .why = why};
	bool ok;

	buf_init(&t.out, REGEX_TEXT_MAX);
	ok = translate(&t, flags);
	if (ok)
		*out = arena_dup(a, buf_slice(&t.out));
	buf_fini(&t.out);
	return ok;
}

/* ---- compiling -----------------------------------------------------------*/

/* Letters of Latin-1 fold (but for the signs D7, F7 and DF, FF, which have no
 * partner); the classes stay ASCII. Layout: 256 bytes of lower case, 256 of
 * the other case, then the classes. */
static void
fold_latin1(unsigned char *tables)
{
	for (unsigned c = 0xc0; c <= 0xde; c++) {
		if (c == 0xd7)
			continue;
		tables[c] = (unsigned char)(c + 0x20);
		tables[256 + c] = (unsigned char)(c + 0x20);
		tables[256 + c + 0x20] = (unsigned char)c;
	}
}

/* Bytes of the tables that pcre2_maketables makes. */
enum { TABLES_SIZE = 256 + 256 + 320 + 256 };

/* Compiled expressions keep pointing at the tables. They are the same for
 * every width, and made once. */
static const unsigned char *
latin1(void)
{
	static unsigned char tables[TABLES_SIZE];
	static bool made;
	const uint8_t *plain;

	if (made)
		return tables;
	plain = pcre2_maketables_8(NULL);
	ensure(plain != NULL);
	memcpy(tables, plain, TABLES_SIZE);
	pcre2_maketables_free_8(NULL, plain);
	fold_latin1(tables);
	made = true;
	return tables;
}

static void *
compile8(struct slice text, int *code, size_t *at)
{
	pcre2_compile_context_8 *ctx = pcre2_compile_context_create_8(NULL);
	pcre2_code_8 *re;

	ensure(ctx != NULL);
	(void)pcre2_set_newline_8(ctx, PCRE2_NEWLINE_LF);
	(void)pcre2_set_bsr_8(ctx, PCRE2_BSR_UNICODE);
	(void)pcre2_set_character_tables_8(ctx, latin1());
	re = pcre2_compile_8((PCRE2_SPTR8)(text.n > 0 ? text.p : ""), text.n,
	    PCRE2_DUPNAMES | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |
		PCRE2_NEVER_BACKSLASH_C,
	    code, at, ctx);
	pcre2_compile_context_free_8(ctx);
	return re;
}

static void *
compile32(struct slice text, int *code, size_t *at)
{
	pcre2_compile_context_32 *ctx = pcre2_compile_context_create_32(NULL);
	struct arena *a = arena_new(0);
	uint32_t *wide = arena_alloc(a, (text.n + 1) * sizeof(*wide));
	pcre2_code_32 *re;

	ensure(ctx != NULL);
	for (size_t i = 0; i < text.n; i++)
		wide[i] = (unsigned char)text.p[i];
	(void)pcre2_set_newline_32(ctx, PCRE2_NEWLINE_LF);
	(void)pcre2_set_bsr_32(ctx, PCRE2_BSR_UNICODE);
	(void)pcre2_set_character_tables_32(ctx, latin1());
	re = pcre2_compile_32(wide, text.n,
	    PCRE2_DUPNAMES | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |
		PCRE2_NEVER_BACKSLASH_C,
	    code, at, ctx);
	pcre2_compile_context_free_32(ctx);
	arena_free(a);
	return re;
}

bool
regex_compile(struct regex *re, struct slice text, struct slice flags,
    struct regex_error *why)
{
	struct translation t = {.in = text, .why = why};
	PCRE2_UCHAR8 story[120];
	int code = 0;
	size_t at = 0;

	*re = (struct regex){0};
	buf_init(&t.out, REGEX_TEXT_MAX);
	if (!translate(&t, flags)) {
		buf_fini(&t.out);
		return false;
	}
	re->code8 = compile8(buf_slice(&t.out), &code, &at);
	if (re->code8 == NULL && code == PCRE2_ERROR_PATTERN_TOO_LARGE)
		re->code32 = compile32(buf_slice(&t.out), &code, &at);
	if (re->code8 == NULL && re->code32 == NULL) {
		t.watched = at;
		t.at = 0;
		buf_reset(&t.out);
		(void)translate(&t, flags);
		(void)pcre2_get_error_message_8(code, story, sizeof(story));
		(void)wrong(why, t.seen, "%s", (const char *)story);
	}
	buf_fini(&t.out);
	return re->code8 != NULL || re->code32 != NULL;
}

bool
regex_jit(struct regex *re)
{
	if (!re->jit)
		re->jit = re->code8 != NULL ? pcre2_jit_compile_8(re->code8,
						  PCRE2_JIT_COMPLETE) == 0
					    : pcre2_jit_compile_32(re->code32,
						  PCRE2_JIT_COMPLETE) == 0;
	return re->jit;
}

void
regex_fini(struct regex *re)
{
	pcre2_code_free_8(re->code8);
	pcre2_code_free_32(re->code32);
	*re = (struct regex){0};
}

/* ---- matching ------------------------------------------------------------*/

struct regex_scratch {
	pcre2_match_data_8 *data8;
	pcre2_match_data_32 *data32;
	pcre2_match_context_8 *ctx8;
	pcre2_match_context_32 *ctx32;
	struct arena *arena; /* of this */
};

struct regex_scratch *
regex_scratch_new(void)
{
	struct arena *a = arena_new(0);
	struct regex_scratch *s = arena_make(a, struct regex_scratch);

	s->arena = a;
	s->data8 = pcre2_match_data_create_8(1, NULL);
	s->data32 = pcre2_match_data_create_32(1, NULL);
	s->ctx8 = pcre2_match_context_create_8(NULL);
	s->ctx32 = pcre2_match_context_create_32(NULL);
	ensure(s->data8 != NULL && s->data32 != NULL && s->ctx8 != NULL &&
	       s->ctx32 != NULL);
	(void)pcre2_set_match_limit_8(s->ctx8, REGEX_MATCH_MAX);
	(void)pcre2_set_depth_limit_8(s->ctx8, REGEX_DEPTH_MAX);
	(void)pcre2_set_heap_limit_8(s->ctx8, REGEX_HEAP_KB);
	(void)pcre2_set_match_limit_32(s->ctx32, REGEX_MATCH_MAX);
	(void)pcre2_set_depth_limit_32(s->ctx32, REGEX_DEPTH_MAX);
	(void)pcre2_set_heap_limit_32(s->ctx32, REGEX_HEAP_KB);
	return s;
}

void
regex_scratch_free(struct regex_scratch *s)
{
	if (s == NULL)
		return;
	pcre2_match_data_free_8(s->data8);
	pcre2_match_data_free_32(s->data32);
	pcre2_match_context_free_8(s->ctx8);
	pcre2_match_context_free_32(s->ctx32);
	arena_free(s->arena);
}

enum regex_answer
regex_find(const struct regex *re, struct regex_scratch *s,
    struct slice subject, size_t from, size_t *start, size_t *end)
{
	const size_t *found;
	struct arena *wide;
	uint32_t *units;
	int n;

	if (from > subject.n)
		return REGEX_NO;
	if (re->code8 != NULL) {
		n = pcre2_match_8(re->code8,
		    (PCRE2_SPTR8)(subject.n > 0 ? subject.p : ""), subject.n,
		    from, 0, s->data8, s->ctx8);
		found = pcre2_get_ovector_pointer_8(s->data8);
	} else {
		wide = arena_new(0);
		units = arena_alloc(wide, (subject.n + 1) * sizeof(*units));
		for (size_t i = 0; i < subject.n; i++)
			units[i] = (unsigned char)subject.p[i];
		n = pcre2_match_32(
		    re->code32, units, subject.n, from, 0, s->data32, s->ctx32);
		found = pcre2_get_ovector_pointer_32(s->data32);
		arena_free(wide);
	}
	if (n == PCRE2_ERROR_NOMATCH)
		return REGEX_NO;
	if (n < 0)
		return REGEX_GAVE_UP;
	*start = found[0];
	*end = found[1];
	return REGEX_YES;
}
