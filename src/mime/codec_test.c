#include "mime/codec.h"
#include "test/unit.h"

enum { MOST = 1 << 20 };

struct codec_case {
	enum codec_encoding encoding;
	struct slice in;
	struct slice out;
	bool damaged;
};

static void
check_decodings(const struct codec_case *c, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct arena *a = arena_new(1 << 20);
		struct codec_result r;

		codec_decode(&r, a, c[i].encoding, c[i].in, MOST);
		if (!slice_eq(r.bytes, c[i].out) || r.damaged != c[i].damaged)
			print_error("# %s of \"%.*s\"\n",
			    codec_word(c[i].encoding), SLICE_FMT(c[i].in));
		check_bytes(r.bytes, c[i].out);
		check_int(r.damaged, c[i].damaged);
		check(!r.cut);
		arena_free(a);
	}
}

#define IN(s) SLICE_LIT(s)
#define OUT(s) SLICE_LIT(s)

UNIT(base64)
{
	static const struct codec_case cases[] = {
	    {CODEC_BASE64, IN(""), OUT(""), false},
	    {CODEC_BASE64, IN("YQ=="), OUT("a"), false},
	    {CODEC_BASE64, IN("YWI="), OUT("ab"), false},
	    {CODEC_BASE64, IN("YWJj"), OUT("abc"), false},
	    {CODEC_BASE64, IN("YWJjZGVmZ2hpamtsbW5vcA=="),
		OUT("abcdefghijklmnop"), false},
	    {CODEC_BASE64, IN("AP/+gA=="), OUT("\0\xff\xfe\x80"), false},
	    {CODEC_BASE64, IN("YW\r\nJj\r\n"), OUT("abc"), false},
	    {CODEC_BASE64, IN(" Y W\tJ\nj "), OUT("abc"), false},
	    {CODEC_BASE64, IN("YW=\r\n="), OUT("a"), false},
	    /* damaged */
	    {CODEC_BASE64, IN("YQ"), OUT("a"), true},
	    {CODEC_BASE64, IN("YWI"), OUT("ab"), true},
	    {CODEC_BASE64, IN("Y"), OUT(""), true},
	    {CODEC_BASE64, IN("Y==="), OUT(""), true},
	    {CODEC_BASE64, IN("Y!W*J\0j"), OUT("abc"), true},
	    {CODEC_BASE64, IN("YW\xc3\xa9Jj"), OUT("abc"), true},
	    {CODEC_BASE64, IN("=YWJj"), OUT("abc"), true},
	    {CODEC_BASE64, IN("YQ==YWJj"), OUT("aabc"), true},
	    {CODEC_BASE64, IN("YQ==\r\nYg=="), OUT("ab"), true},
	    {CODEC_BASE64, IN("YQ=YWJj"), OUT("aabc"), true},
	    {CODEC_BASE64, IN("-_-_"), OUT(""), true},
	    {CODEC_BASE64, IN("<b>YWJj"), OUT("m\x85\x89"), true},
	    /* other readings */
	    {CODEC_BASE64_STOP, IN("YQ==YWJj"), OUT("a"), false},
	    {CODEC_BASE64_STOP, IN("YWJjYQ==!"), OUT("abca"), false},
	    {CODEC_BASE64_STOP, IN("=YWJj"), OUT(""), true},
	    {CODEC_BASE64_SKIP, IN("YQ=="), OUT("a"), false},
	    {CODEC_BASE64_SKIP, IN("YWI="), OUT("ab"), false},
	    {CODEC_BASE64_SKIP, IN("Y=W=J=j"), OUT("abc"), true},
	    {CODEC_BASE64_SKIP, IN("YQ==YWJj"), OUT("a\x06\x16&"), true},
	    {CODEC_BASE64_URL, IN("-_-_"), OUT("\xfb\xff\xbf"), false},
	    {CODEC_BASE64_URL, IN("+/+/"), OUT("\xfb\xff\xbf"), false},
	    {CODEC_BASE64_URL, IN("YQ"), OUT("a"), true},
	};

	check_decodings(cases, COUNT_OF(cases));
}

UNIT(quoted_printable)
{
	static const struct codec_case cases[] = {
	    {CODEC_QP, IN(""), OUT(""), false},
	    {CODEC_QP, IN("plain\r\n"), OUT("plain\r\n"), false},
	    {CODEC_QP, IN("a=3Db=20"), OUT("a=b "), false},
	    {CODEC_QP, IN("=c3=A9"), OUT("\xc3\xa9"), false},
	    {CODEC_QP, IN("=00=FF"), OUT("\0\xff"), false},
	    {CODEC_QP, IN("a=\r\nb=\nc"), OUT("abc"), false},
	    {CODEC_QP, IN("a= \t\r\nb"), OUT("ab"), false},
	    {CODEC_QP, IN("a=\rb"), OUT("ab"), false},
	    {CODEC_QP, IN("a="), OUT("a"), false},
	    {CODEC_QP, IN("a=  "), OUT("a"), false},
	    {CODEC_QP, IN("a=\r\n"), OUT("a"), false},
	    {CODEC_QP, IN("=4=31"), OUT("=41"), true},
	    {CODEC_QP, IN("a=zz=41"), OUT("a=zzA"), true},
	    {CODEC_QP, IN("a=4"), OUT("a=4"), true},
	    {CODEC_QP, IN("a= b"), OUT("a= b"), true},
	    {CODEC_QP, IN("==41"), OUT("=A"), true},
	    {CODEC_QP, IN("\xe9=E9"), OUT("\xe9\xe9"), false},
	    {CODEC_QP, IN("a \r\nb"), OUT("a \r\nb"), false},
	    {CODEC_QP_STRICT, IN("=3D=3d"), OUT("==3d"), true},
	    {CODEC_QP_STRICT, IN("a=\r\nb"), OUT("ab"), false},
	    {CODEC_QP_STRICT, IN("a= \r\nb"), OUT("a= \r\nb"), true},
	    {CODEC_QP_STRICT, IN("a=zz"), OUT("a=zz"), true},
	};

	check_decodings(cases, COUNT_OF(cases));
}

UNIT(the_rest)
{
	static const struct codec_case cases[] = {
	    {CODEC_IDENTITY, IN("a=41"), OUT("a=41"), false},
	    {CODEC_UNKNOWN, IN("a=41"), OUT("a=41"), false},
	    {CODEC_UU, IN("x\nbegin 644 n\n#86)C\n`\nend\n"), OUT("abc"),
		false},
	    {CODEC_UU, IN("#86)C\n`\nend\n"), OUT("abc"), true},
	    {CODEC_UU, IN("#86)C\nlower case\n#86)C\n"), OUT("abcabc"), true},
	    {CODEC_UU, IN("begin 644 n\n"), OUT(""), true},
	    {CODEC_YENC, IN("=ybegin line=9 size=1 name=a\n\x8b\n=yend"),
		OUT("a"), false},
	    {CODEC_YENC, IN("abc"), OUT("abc"), true},
	    {CODEC_BINHEX, IN("abc"), OUT("abc"), true},
	};

	check_decodings(cases, COUNT_OF(cases));
}

/* All lengths, with and without line ends, against an encoder. */
UNIT(base64_of_all_lengths)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
				      "nopqrstuvwxyz0123456789+/";
	char bytes[300], text[800];
	size_t n, i, line;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 + i / 5);
	for (line = 1; line < 90; line += 11)
		for (n = 0; n < sizeof(bytes); n++) {
			struct arena *a = arena_new(1 << 20);
			struct codec_result r;
			size_t m = 0, column = 0, k;

			for (i = 0; i < n; i += 3) {
				uint32_t w = 0;

				for (k = 0; k < 3; k++)
					w = w << 8 |
					    (i + k < n ? (unsigned char)
							     bytes[i + k]
						       : 0);
				for (k = 0; k < 4; k++) {
					text[m++] =
					    i + k <= n ? letters[w >> 18] : '=';
					w = w << 6 & 0xffffff;
					if (++column % line == 0)
						text[m++] = '\n';
				}
			}
			codec_decode(&r, a, CODEC_BASE64, slice_of(text, m), n);
			check(!r.damaged && !r.cut);
			check_bytes(r.bytes, slice_of(bytes, n));
			arena_free(a);
		}
}

UNIT(limits)
{
	static const struct {
		enum codec_encoding encoding;
		struct slice in;
		size_t most;
		const char *out;
		bool cut;
	} cases[] = {
	    {CODEC_BASE64, SLICE_LIT("YWJjZGVm"), 6, "abcdef", false},
	    {CODEC_BASE64, SLICE_LIT("YWJjZGVm"), 5, "abc", true},
	    {CODEC_BASE64, SLICE_LIT("YWJjZGU="), 5, "abcde", false},
	    {CODEC_BASE64, SLICE_LIT("YWJjZGU="), 4, "abcd", true},
	    {CODEC_BASE64, SLICE_LIT("YWJj"), 0, "", true},
	    {CODEC_BASE64, SLICE_LIT("\n\n\n\n\nYWJj"), 3, "abc", false},
	    {CODEC_QP, SLICE_LIT("abcdef"), 3, "abc", true},
	    {CODEC_IDENTITY, SLICE_LIT("abcdef"), 3, "abc", true},
	    {CODEC_UU, SLICE_LIT("begin 644 n\n#86)C\n`\nend\n"), 3, "abc",
		false},
	    {CODEC_UU, SLICE_LIT("begin 644 n\n#86)C\n#86)C\n`\nend\n"), 5,
		"abc", true},
	    {CODEC_YENC,
		SLICE_LIT("=ybegin line=9 size=3 name=a\n\x8b\x8c\x8d\n=yend"),
		3, "abc", false},
	    {CODEC_YENC,
		SLICE_LIT("=ybegin line=9 size=3 name=a\n\x8b\x8c\x8d\n=yend"),
		2, "ab", true},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		struct arena *a = arena_new(1 << 20);
		struct codec_result r;

		codec_decode(
		    &r, a, cases[i].encoding, cases[i].in, cases[i].most);
		check_slice(r.bytes, cases[i].out);
		check_int(r.cut, cases[i].cut);
		arena_free(a);
	}
}

UNIT(names)
{
	check_int(codec_find(SLICE("")), CODEC_IDENTITY);
	check_int(codec_find(SLICE("7bit")), CODEC_IDENTITY);
	check_int(codec_find(SLICE("BINARY")), CODEC_IDENTITY);
	check_int(codec_find(SLICE("Base64")), CODEC_BASE64);
	check_int(codec_find(SLICE("quoted-Printable")), CODEC_QP);
	check_int(codec_find(SLICE("x-uuencode")), CODEC_UU);
	check_int(codec_find(SLICE("mac-binhex40")), CODEC_BINHEX);
	check_int(codec_find(SLICE("base65")), CODEC_UNKNOWN);
	check_str(codec_word(CODEC_BASE64_SKIP), "base64-skip");
	check_str(codec_word(CODEC_UNKNOWN), "unknown");
}

UNIT(sniff)
{
	static const char line[] =
	    "TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";

	check_int(codec_sniff(slice_str(line)), CODEC_BASE64);
	check_int(codec_sniff(SLICE("short")), CODEC_IDENTITY);
	check_int(codec_sniff(SLICE("Some text, with words and a dot. It is "
				    "long enough to be something.")),
	    CODEC_IDENTITY);
	check_int(codec_sniff(SLICE("caf=C3=A9 =3D =\r\nx")), CODEC_QP);
	check_int(codec_sniff(SLICE("a=b c=d e=f g=h")), CODEC_IDENTITY);
	check_int(
	    codec_sniff(SLICE("hi\nbegin 644 n\n#86)C\n`\nend\n")), CODEC_UU);
	check_int(
	    codec_sniff(SLICE("begin here\nand go on\n")), CODEC_IDENTITY);
	check_int(
	    codec_sniff(SLICE("=ybegin line=1 size=1 name=a\nx")), CODEC_YENC);
	check_int(codec_sniff(SLICE_NONE), CODEC_IDENTITY);
}

UNIT(views)
{
	struct arena *a = arena_new(1 << 20);
	struct codec_result r;
	struct slice in = SLICE("no escape here");

	codec_decode(&r, a, CODEC_QP, in, MOST);
	check(r.bytes.p == in.p);
	codec_decode(&r, a, CODEC_IDENTITY, in, MOST);
	check(r.bytes.p == in.p);
	check_int(arena_size(a), 0);
	arena_free(a);
}

UNIT(large)
{
	static const char *const pieces[] = {"=", "= ", "=4", "YQ==", "Y",
	    "Y=", "!", "\r\n", "=\r\n", "=41", "begin 6 a\n", "#\n", "M\n",
	    "=ybegin size=\n", " ", "begin 6 a\n#86)C\n"};
	size_t i, k, m, n = 1 << 20;
	unsigned e;

	for (i = 0; i < COUNT_OF(pieces); i++)
		for (e = 0; e <= CODEC_UNKNOWN; e++) {
			struct arena *a = arena_new(64 << 20);
			char *text = arena_alloc(a, n);
			struct codec_result r;

			m = strlen(pieces[i]);
			for (k = 0; k < n; k++)
				text[k] = pieces[i][k % m];
			codec_decode(&r, a, (enum codec_encoding)e,
			    slice_of(text, n), n);
			check(r.bytes.n <= n);
			check(arena_size(a) <= 3 * n);
			(void)codec_sniff(slice_of(text, n));
			arena_free(a);
		}
}

UNIT_MAIN(unit(base64), unit(quoted_printable), unit(the_rest),
    unit(base64_of_all_lengths), unit(limits), unit(names), unit(sniff),
    unit(views), unit(large))
