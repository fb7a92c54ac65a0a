#include <stdio.h>

#include "mime/header.h"
#include "test/unit.h"

enum { PARAMS = 256, READINGS = 32 };

struct value_case {
	const char *text;
	const char *token;
	const char *params; /* "name=value|name*2=value|name*=value" */
	bool odd;
};

static struct slice
shown(struct arena *a, const struct header_value *v)
{
	struct slice all = SLICE("");
	size_t i;

	for (i = 0; i < v->n; i++) {
		const struct header_param *p = &v->at[i];
		char section[16] = "";

		if (p->section >= 0)
			(void)snprintf(
			    section, sizeof(section), "*%d", p->section);
		all = arena_printf(a, "%.*s%s%.*s%s%s=%.*s%s", SLICE_FMT(all),
		    i > 0 ? "|" : "", SLICE_FMT(p->name), section,
		    p->extended ? "*" : "", SLICE_FMT(p->value),
		    p->odd ? "!" : "");
	}
	return all;
}

/* A '!' behind a value: the parameter is odd. */
UNIT(values)
{
	static const struct value_case cases[] = {
	    {"", "", "", false},
	    {"text/plain", "text/plain", "", false},
	    {" Text/PLAIN ;", "text/plain", "", false},
	    {"text/plain; charset=utf-8; format=flowed", "text/plain",
		"charset=utf-8|format=flowed", false},
	    {"text/plain;charset=\"utf-8\"", "text/plain", "charset=utf-8",
		false},
	    {"text/plain;\r\n\tCharset = \"a;b\"", "text/plain", "charset=a;b",
		false},
	    {"a/b; x=\"q\\\"r\\\\s\"", "a/b", "x=q\"r\\s|x=q\\!", false},
	    {"a/b; x=", "a/b", "x=", false},
	    {"a/b; x; y=1", "a/b", "y=1", false},
	    {"a/b;;; ; y=1;", "a/b", "y=1", false},
	    {"a/b; =1; y=2", "a/b", "=1|y=2", false},
	    /* comments */
	    {"text/plain (c); x=1 (d)", "text/plain", "x=1 (d)!", true},
	    {"text (a (b\\)) c) /plain; (x) y (z) =1", "text/plain",
		"y=1!|z)=1!", true},
	    {"a/b (; x=1", "a/b", "x=1!", true},
	    {"a/b; (x=1;) y=2", "a/b", "y=2|x=1!", false},
	    {"a/b; (x=1; y=2", "a/b", "x=1!|y=2!", false},
	    /* ';' missing */
	    {"text/plain charset=x", "text/plain", "charset=x", true},
	    {"a/b; x=\"1\" y=\"2\"", "a/b", "x=1!|y=2", false},
	    {"a/b; junk x=1", "a/b", "x=1!", false},
	    {"attachment, filename=x", "attachment", "filename=x", true},
	    /* quotes */
	    {"a/b; x=\"1", "a/b", "x=1!|x=\"1!", false},
	    {"a/b; x=\"1; y=2", "a/b", "x=1; y=2!|x=\"1!|y=2!", false},
	    {"a/b; x=\"1\"2; y=3", "a/b", "x=1!|y=3", false},
	    {"a/b; x=1\"", "a/b", "x=1\"!", false},
	    {"a/b; x=\"a\\\"; y=b; z=\\\"\"", "a/b",
		"x=a\"; y=b; z=\"|x=a\\!|y=b!|z=\\\"\"!", false},
	    {"\"text/plain\"", "text/plain", "", true},
	    {"a/b; \"x\"=1", "a/b", "x=1!", false},
	    /* RFC 2231 */
	    {"a; x*=u''v; x*0=a; x*1*=b; x*01=c", "a",
		"x*=u''v|x*0=a|x*1*=b|x*1=c", false},
	    {"a; x*-1=a; x*z=b; x**=c; x*10000=d; *=e", "a",
		"x=a!|x=b!|x*=c|x=d!|*=e", false},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		struct arena *a = arena_new(1 << 20);
		struct header_value v;

		header_parse_value(&v, a, slice_str(cases[i].text), PARAMS);
		if (!slice_is(shown(a, &v), cases[i].params))
			print_error("# %s\n", cases[i].text);
		check_slice(v.token, cases[i].token);
		check_slice(shown(a, &v), cases[i].params);
		check_int(v.odd, cases[i].odd);
		arena_free(a);
	}
}

struct param_case {
	const char *text;
	const char *first;
	const char *others; /* all of them in any order, between '|' */
	bool differ;
};

static void
check_param(const struct param_case *c)
{
	struct arena *a = arena_new(1 << 20);
	struct header_value v;
	struct texts out = {0};
	struct slice rest = slice_str(c->others), one;
	size_t n = 1;
	bool differ;

	header_parse_value(&v, a, slice_str(c->text), PARAMS);
	differ = header_param(a, &v, "filename", &out, READINGS);
	if (c->first == NULL) {
		check_int(out.n, 0);
		arena_free(a);
		return;
	}
	check(out.n > 0);
	check_slice(out.at[0], c->first);
	while (rest.n > 0 && slice_field(&rest, '|', &one)) {
		if (!texts_has(&out, one))
			print_error(
			    "# %s: no reading %.*s\n", c->text, SLICE_FMT(one));
		check(texts_has(&out, one));
		n++;
	}
	for (; out.n > n; n++)
		print_error(
		    "# %s: %.*s\n", c->text, SLICE_FMT(out.at[out.n - 1]));
	check_int(out.n, n);
	check_int(differ, c->differ);
	arena_free(a);
}

static void
check_params(const struct param_case *c, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		check_param(&c[i]);
}

UNIT(plain_names)
{
	static const struct param_case cases[] = {
	    {"x", NULL, "", false},
	    {"x; name=a", NULL, "", false},
	    {"x; filename=a.txt", "a.txt", "", false},
	    {"x; FileName=\"a b.txt\"", "a b.txt", "", false},
	    {"x; filename=\"caf\xc3\xa9\"", "caf\u00e9", "", false},
	    {"x; filename=\"caf\xe9\"", "caf\u00e9", "", false},
	    {"x; filename=\"\xff\xfe.exe\"", "\u00ff\u00fe.exe", "", false},
	    {"x; filename=\"a\"; filename=\"a\"", "a", "", false},
	    {"x; filename=\"a\"; filename=\"b\"", "a", "b", true},
	    {"x; filename=a.exe (note)", "a.exe (note)", "a.exe", false},
	    {"x; filename=a b.exe", "a b.exe", "a", false},
	    {"x; filename=a.txt, b.exe", "a.txt, b.exe", "a.txt", false},
	    {"x; filename='a.exe'", "'a.exe'", "a.exe", false},
	    {"x; filename=\"'a.exe'\"", "'a.exe'", "a.exe", false},
	    {"x; filename=a\\.exe", "a\\.exe", "a.exe", false},
	};

	check_params(cases, COUNT_OF(cases));
}

UNIT(quoted_names)
{
	static const struct param_case cases[] = {
	    {"x; filename=\"C:\\t\\e.exe\"", "C:te.exe", "C:\\t\\e.exe", false},
	    {"x; filename=\"a\\\"b.exe\"", "a\"b.exe",
		"a\\\"b.exe|a\\|\"a\\\"b.exe\"|a\\b.exe", true},
	    {"x; filename=\"a.exe", "a.exe", "\"a.exe", true},
	    {"x; filename=\"a.txt\".exe", "a.txt", "\"a.txt\".exe|a.txt.exe",
		false},
	    {"x; filename=a.exe\"", "a.exe\"", "a.exe", false},
	    {"x; filename=\"a.txt\" filename=\"b.exe\"", "a.txt",
		"\"a.txt\" filename=\"b.exe\"|a.txt filename=b.exe|b.exe",
		true},
	    /* a parameter inside an open quote, a comment, an escaped quote */
	    {"x; y=\"1; filename=b.exe", "b.exe", "", false},
	    {"x; (y; filename=b.exe", "b.exe", "", false},
	    {"x; (; filename=b.exe; )", "b.exe", "", false},
	    {"x; filename=\"a\\\"; filename=b.exe; z=\"",
		"a\"; "
		"filename=b.exe; z=",
		"a\\\"; filename=b.exe; z=|a\\|\"a\\\"|b.exe", true},
	    {"x; junk filename=b.exe", "b.exe", "", false},
	};

	check_params(cases, COUNT_OF(cases));
}

UNIT(words_in_names)
{
	static const struct param_case cases[] = {
	    {"x; filename=\"=?utf-8?Q?caf=C3=A9.exe?=\"", "caf\u00e9.exe",
		"=?utf-8?Q?caf=C3=A9.exe?=", false},
	    {"x; filename==?utf-8?B?YS5leGU=?=", "a.exe",
		"=?utf-8?B?YS5leGU=?=", false},
	    {"x; filename=\"=?utf-8?B?YS4=?=\r\n =?utf-8?B?ZXhl?=\"", "a.exe",
		"=?utf-8?B?YS4=?= =?utf-8?B?ZXhl?=", false},
	    {"x; filename*0=\"=?utf-8?B?YS\"; filename*1=\"5leGU=?=\"",
		"=?utf-8?B?YS5leGU=?=", "a.exe", true},
	};

	check_params(cases, COUNT_OF(cases));
}

UNIT(rfc2231)
{
	static const struct param_case cases[] = {
	    {"x; filename*=utf-8''caf%C3%A9.exe", "caf\u00e9.exe", "", false},
	    {"x; filename*=iso-8859-1'en'caf%e9", "caf\u00e9", "", false},
	    {"x; filename*=\"utf-8''a%20b\"", "a b", "", false},
	    {"x; filename*=''a%41", "aA", "", false},
	    {"x; filename*=a%41.exe", "aA.exe", "", false},
	    {"x; filename*=it's.exe", "it's.exe", "s.exe", false},
	    {"x; filename*=utf-8''a%4", "a%4", "", false},
	    {"x; filename*=utf-8''a%zz%", "a%zz%", "", false},
	    {"x; filename*=utf-8''%", "%", "", false},
	    {"x; filename*=nonsense''%C3%A9", "\u00c3\u00a9", "\u00e9", false},
	    {"x; filename*=utf-8''%ff", "\ufffd", "", false},
	    {"x; filename=a.txt; filename*=utf-8''b.exe", "a.txt", "b.exe",
		false},
	    {"x; filename*0=a; filename*1=.exe", "a.exe", "", false},
	    {"x; filename*0*=utf-8''%C3; filename*1*=%A9; filename*2=%41",
		"\u00e9%41", "", false},
	    {"x; filename*0=a; filename*1*=%41'b'c", "aA'b'c", "", false},
	    {"x; filename*1=.exe; filename*0=a", "a.exe", ".exea", true},
	    {"x; filename*10=c; filename*2=b; filename*1=a", "abc",
		"cba|ab|a|b|c", true},
	    {"x; filename*0=a; filename*2=c", "ac", "a|c", true},
	    {"x; filename*0=a; filename*0=b; filename*1=.exe", "ab.exe",
		"a.exe|b.exe|a|b|.exe", true},
	    {"x; filename*1=a; filename*2=b", "ab", "a|b", true},
	    {"x; filename*01=b; filename*0=a", "ab", "ba", true},
	    {"x; filename*0*=utf-8''a%2e; filename*1*=exe; filename=b.txt",
		"b.txt", "a.exe", false},
	};

	check_params(cases, COUNT_OF(cases));
}

struct boundary_case {
	const char *text;
	const char *first;
	const char *others;
	bool differ;
};

UNIT(boundaries)
{
	static const struct boundary_case cases[] = {
	    {"m/x; boundary=abc", "abc", "", false},
	    {"m/x; boundary=\"a b\"", "a b", "", false},
	    {"m/x; boundary=\"a b \"", "a b ", "a b", false},
	    {"m/x; boundary=\"a\\b\"", "ab", "a\\b", false},
	    {"m/x; boundary='a'", "'a'", "a", false},
	    {"m/x; boundary=a; boundary=b", "a", "b", true},
	    {"m/x; boundary=a b", "a b", "a", false},
	    {"m/x; boundary=a=b", "a=b", "", false},
	    {"m/x; boundary=\"abc", "abc", "\"abc", true},
	    {"m/x; boundary=a(c)", "a(c)", "a", false},
	    {"m/x; boundary*=x''a%62; boundary=c", "c", "ab", true},
	    {"m/x; boundary*0=a; boundary*1=b", "ab", "", false},
	    {"m/x; boundary*0=a; boundary*1=b; boundary=c", "c", "ab", true},
	    {"m/x; boundary=\"=?x?q?a?=\"", "=?x?q?a?=", "a", false},
	    {"m/x; y=\"; boundary=a", "a", "", false},
	    {"m/x; (; boundary=a", "a", "", false},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		struct arena *a = arena_new(1 << 20);
		struct header_value v;
		struct texts out = {0};
		struct slice rest = slice_str(cases[i].others), one;
		size_t n = 1;
		bool differ;

		header_parse_value(&v, a, slice_str(cases[i].text), PARAMS);
		differ = header_boundary(a, &v, &out, READINGS);
		check(out.n > 0);
		check_slice(out.at[0], cases[i].first);
		for (; rest.n > 0 && slice_field(&rest, '|', &one); n++)
			check(texts_has(&out, one));
		if (out.n != n)
			print_error("# %s\n", cases[i].text);
		check_int(out.n, n);
		check_int(differ, cases[i].differ);
		arena_free(a);
	}
}

UNIT(a_boundary_with_nul)
{
	struct arena *a = arena_new(1 << 20);
	struct header_value v;
	struct texts out = {0};

	header_parse_value(&v, a, SLICE("m/x; boundary=\"a\0b\""), PARAMS);
	(void)header_boundary(a, &v, &out, READINGS);
	check_int(out.n, 2);
	check_bytes(out.at[0], SLICE("a\0b"));
	check_slice(out.at[1], "a");
	arena_free(a);
}

UNIT(limits)
{
	struct arena *a = arena_new(1 << 20);
	struct header_value v;
	struct texts out = {0};
	struct slice text =
	    SLICE("a; filename=1; filename=2; filename=3; filename=4");

	header_parse_value(&v, a, text, 3);
	check_int(v.n, 3);
	check(v.cut);
	header_parse_value(&v, a, text, 4);
	check_int(v.n, 4);
	check(!v.cut);
	check(header_param(a, &v, "filename", &out, 2));
	check_int(out.n, 2);
	arena_free(a);
}

/* Whatever is repeated: little memory, and an end. */
UNIT(large)
{
	static const char *const pieces[] = {";a*0=", "\"\\", "(((((", ";a*9=x",
	    "; a=\"", "; a=(", "a=\"\\\";", ";a=b c=d",
	    ";a=\"b\"c=", "; a*=x''%41", ";a*0*=%", "=?x?q?", ",", " ", ";",
	    "=", "\\\"(", "a (b) ", ";(a=b;"};
	size_t i, k, m, n = 1 << 20;

	for (i = 0; i < COUNT_OF(pieces); i++) {
		struct arena *a = arena_new(100 << 20);
		char *text = arena_alloc(a, n + 4);
		struct header_value v;
		struct texts out = {0};

		(void)memcpy(text, "x;a=", 4);
		m = strlen(pieces[i]);
		for (k = 0; k < n; k++)
			text[k + 4] = pieces[i][k % m];
		header_parse_value(&v, a, slice_of(text, n + 4), PARAMS);
		check(v.n <= PARAMS);
		(void)header_param(a, &v, "a", &out, READINGS);
		(void)header_boundary(a, &v, &out, READINGS);
		check(out.n <= READINGS);
		check(arena_size(a) <= 60 * n);
		arena_free(a);
	}
}

UNIT_MAIN(unit(values), unit(plain_names), unit(quoted_names),
    unit(words_in_names), unit(rfc2231), unit(boundaries),
    unit(a_boundary_with_nul), unit(limits), unit(large))
