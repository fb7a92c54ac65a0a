#include "mime/header.h"
#include "test/unit.h"

struct word_case {
	const char *in;
	const char *out;
};

UNIT(words)
{
	static const struct word_case cases[] = {
	    {"", ""},
	    {"plain", "plain"},
	    {" plain\r\n text ", "plain text"},
	    {"=?utf-8?Q?caf=C3=A9?=", "caf\u00e9"},
	    {"=?UTF-8?q?a_b=5Fc?=", "a b_c"},
	    {"=?iso-8859-1?q?=e9=E9?=", "\u00e9\u00e9"},
	    {"=?utf-8?B?YWJj?=", "abc"},
	    {"=?utf-8?b?YQ==?=", "a"},
	    {"=?utf-8?b?YQ?=", "a"},
	    {"=?utf-8?b?YWI=?=", "ab"},
	    {"=?utf-8?b?YWJjZGU=?=", "abcde"},
	    {"=?utf-8?b?YWJjZGVmZ2g=?=", "abcdefgh"},
	    {"=?utf-8?b?YW Jj?=", "abc"},
	    {"=?us-ascii*en?q?a?=", "a"},
	    /* blanks between words go, others stay */
	    {"=?utf-8?q?a?= =?utf-8?q?b?=", "ab"},
	    {"=?utf-8?q?a?=\r\n\t=?utf-8?b?Yg==?=", "ab"},
	    {"=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"},
	    {"=?utf-8?q?a?==?utf-8?q?b?=", "ab"},
	    {"x=?utf-8?q?a?=y", "xay"},
	    {"(=?utf-8?q?a?=)", "(a)"},
	    {"\"=?utf-8?q?a?=\"", "\"a\""},
	    /* a character in two words */
	    {"=?utf-8?q?=E2=82?= =?UTF-8?q?=AC?=", "\u20ac"},
	    {"=?utf-8?b?4oI=?= =?utf-8?q?=AC?=", "\u20ac"},
	    {"=?utf-8?q?=E2=82?= =?iso-8859-1?q?=AC?=", "\ufffd\u00ac"},
	    {"=?utf-8?q?=E2=82?= x =?utf-8?q?=AC?=", "\ufffd x \ufffd"},
	    {"=?iso-2022-jp?B?GyRCRnw=?= =?iso-2022-jp?B?S1wbKEI=?=",
		"\u65e5\u672c"},
	    {"=?gb2312?B?xOO6ww==?=", "\u4f60\u597d"},
	    {"=?utf-7?q?+ADw-b+AD4-?=", "<b>"},
	    /* damaged words */
	    {"=?utf-8?q?a=4?=", "a=4"},
	    {"=?utf-8?q?a=zz?=", "a=zz"},
	    {"=?utf-8?q?a b?=", "a b"},
	    {"=?utf-8?q?no end", "=?utf-8?q?no end"},
	    {"=?utf-8?x?a?=", "=?utf-8?x?a?="},
	    {"=??q?a?=", "=??q?a?="},
	    {"=?utf-8?q?", "=?utf-8?q?"},
	    {"=?utf-8?q", "=?utf-8?q"},
	    {"=?", "=?"},
	    {"=?utf-8?q?\?=", ""},
	    {"a=?utf-8?q?\?=b", "ab"},
	    {"=?utf-8?q?=3D?=", "="},
	    {"=?nonsense?q?=E9?=", "\u00e9"},
	    {"=?utf-8?b?!!!?=", ""},
	    {"=?=?utf-8?q?a?=", "=?a"},
	    {"=?utf-8?q?=00?=x", ""},
	    /* raw 8-bit text */
	    {"caf\xc3\xa9", "caf\u00e9"},
	    {"caf\xe9", "caf\u00e9"},
	    {"\xe9 =?utf-8?q?=C3=A9?= \xc3\xa9", "\u00e9 \u00e9 \u00e9"},
	    {"=?koi8-r?q?\xf0\xd2=C9?=", "\u041f\u0440\u0438"},
	    {"\xff\xfe"
	     "evil.exe",
		"\u00ff\u00feevil.exe"},
	    {"\xef\xbb\xbf"
	     "a",
		"\ufeffa"},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		struct arena *a = arena_new(1 << 20);
		struct slice got = header_decode(a, slice_str(cases[i].in));

		if (cases[i].out[0] == '\0' && got.n == 2)
			check_bytes(got, SLICE("\0x"));
		else
			check_slice(got, cases[i].out);
		arena_free(a);
	}
}

UNIT(plain_is_not_copied)
{
	struct arena *a = arena_new(1 << 20);
	struct slice in = SLICE("just a subject = ?no word?");

	check(header_decode(a, in).p == in.p);
	check_int(arena_size(a), 0);
	arena_free(a);
}

/* Memory stays a small multiple; a search that starts over at each "=?"
 * would not come back. */
UNIT(large)
{
	static const char *const pieces[] = {"=?", "=?x?q?",
	    "=?x?q?a?=", "=?x?q?a?= ", "=?utf-8?b?", "?=", "=?x?b?YQ==?=",
	    "=?iso-8859-1?q?\xe9?=", "=?a?q?=E9?= =?b?q?=E9?= "};
	size_t i, k, m, n = 1 << 20;

	for (i = 0; i < COUNT_OF(pieces); i++) {
		struct arena *a = arena_new(64 << 20);
		char *text = arena_alloc(a, n);
		struct slice out;

		m = strlen(pieces[i]);
		for (k = 0; k < n; k++)
			text[k] = pieces[i][k % m];
		out = header_decode(a, slice_of(text, n));
		check(out.n <= 2 * n);
		check(arena_size(a) <= 20 * n);
		arena_free(a);
	}
}

UNIT_MAIN(unit(words), unit(plain_is_not_copied), unit(large))
