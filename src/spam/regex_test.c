#include "base/buf.h"
#include "spam/regex.h"
#include "test/unit.h"

static bool
matches(const char *written, struct slice subject)
{
	struct regex_scratch *s = regex_scratch_new();
	struct regex_error why;
	struct slice text, flags;
	struct regex re;
	size_t start, end;
	bool yes;

	check(regex_split(slice_str(written), &text, &flags, &why));
	check(regex_compile(&re, text, flags, &why));
	yes = regex_find(&re, s, subject, 0, &start, &end) == REGEX_YES;
	check(regex_jit(&re));
	check_int(
	    regex_find(&re, s, subject, 0, &start, &end) == REGEX_YES, yes);
	regex_fini(&re);
	regex_scratch_free(s);
	return yes;
}

UNIT(bytes_are_matched_as_perl_does)
{
	static const struct {
		const char *re, *subject;
		bool yes;
	} cases[] = {{"/a.c/", "abc", true}, {"m{a/c}", "a/c", true},
	    {"m,a\\,c,i", "A,C", true}, {"qr!x!", "x", true},
	    {"/\\xc4/i", "\xe4", true}, {"/\\xe3/i", "\xc3", true},
	    {"/\\xd7/i", "\xf7", false}, {"/\\xdf/i", "ss", false},
	    {"/\\w/", "\xe4", false}, {"/[[:alpha:]]/", "\xe4", false},
	    {"/\\s/", "\x0b", true}, {"/\\s/", "\xa0", false},
	    {"/^a{,2}$/", "aa", true}, {"/^a{ 1, 2 }$/", "aa", true},
	    {"/\\x{100}/", "a", false}, {"/[a\\x{100}]/", "a", true},
	    {"/[\\x{100}]/", "a", false}, {"/[^\\x{100}]/", "a", true},
	    {"/\\N{U+41}/", "A", true}, {"/(?aa)a/", "a", true},
	    {"/(?^i:A)/", "a", true}, {"/a b/x", "ab", true},
	    {"/(?<n>a)|(?<n>b)/", "b", true}, {"/a$/", "a\n", true},
	    {"/a.b/", "a\nb", false}, {"/a.b/s", "a\nb", true},
	    {"/a.b/", "a\rb", true}, {"/%{TAG}/", "%{TAG}", true}};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_int(matches(cases[i].re, slice_str(cases[i].subject)),
		    cases[i].yes);
}

UNIT(wrong_ones_say_where)
{
	static const struct {
		const char *re;
		int split, at; /* -1: not there */
	} cases[] = {{"abc", 0, -1}, {"/abc", 3, -1}, {"/abc/e", 5, -1},
	    {"/a/b/", 2, -1}, {"m\\a\\", 1, -1}, {"/a(b/", -1, 3},
	    {"/[a/", -1, 0}, {"/(?{x})/", -1, 0}, {"/\\Qa/", -1, 0},
	    {"/a**/", -1, 2}, {"/(?C1)/", -1, 0}, {"/(*UTF)a/", -1, 6},
	    {"/a/g", -1, 2}, {"/x{,2}(/", -1, 6}};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct slice text, flags;
		struct regex_error why = {.at = 999};
		struct regex re;
		bool ok =
		    regex_split(slice_str(cases[i].re), &text, &flags, &why);

		check_int(ok ? -1 : (int)why.at, cases[i].split);
		if (!ok)
			continue;
		check(!regex_compile(&re, text, flags, &why));
		check(why.text[0] != '\0');
		if (cases[i].at != 6)
			check_int(why.at, cases[i].at);
	}
}

UNIT(large_expressions_are_compiled_wide)
{
	struct regex_scratch *s = regex_scratch_new();
	struct arena *a = arena_new(0);
	struct regex_error why;
	struct regex re;
	struct buf b;
	size_t start, end;

	buf_init(&b, 1000000);
	for (int i = 0; i < 20000; i++)
		(void)buf_addf(&b, "(?:word%d|\\xc4)", i % 7);
	check(regex_compile(&re, SLICE("x"), SLICE_NONE, &why));
	regex_fini(&re);
	check(regex_compile(&re,
	    arena_printf(a, "zz|%.*s", SLICE_FMT(buf_slice(&b))), SLICE("i"),
	    &why));
	check(re.code32 != NULL && re.code8 == NULL);
	check_int(
	    regex_find(&re, s, SLICE("a ZZ"), 0, &start, &end), REGEX_YES);
	check_int(start, 2);
	regex_fini(&re);
	buf_fini(&b);
	arena_free(a);
	regex_scratch_free(s);
}

UNIT_MAIN(unit(bytes_are_matched_as_perl_does), unit(wrong_ones_say_where),
    unit(large_expressions_are_compiled_wide))
