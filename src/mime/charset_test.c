#include "base/text.h"
#include "mime/charset.h"
#include "mime/charset_tables.h"
#include "test/unit.h"

struct conversion {
	const char *label;
	struct slice in;
	const char *out;
	bool damaged;
};

static void
check_conversion(const struct conversion *c)
{
	struct arena *a = arena_new(1 << 20);
	bool damaged;
	struct slice out =
	    charset_to_utf8(a, slice_str(c->label), c->in, &damaged);

	if (!slice_is(out, c->out) || damaged != c->damaged)
		print_error("# label \"%s\"\n", c->label);
	check_slice(out, c->out);
	check_int(damaged, c->damaged);
	arena_free(a);
}

#define CHECK_ALL(table)                                    \
	do {                                                \
		size_t at_;                                 \
		for (at_ = 0; at_ < COUNT_OF(table); at_++) \
			check_conversion(&(table)[at_]);    \
	} while (0)

UNIT(labels_are_sorted)
{
	size_t i;

	for (i = 0; i < charset_label_count; i++) {
		const char *p = charset_labels[i].label;

		check(i == 0 || strcmp(charset_labels[i - 1].label, p) < 0);
		check(charset_labels[i].set < CHARSET_SETS);
		check(charset_known(slice_str(p)));
		for (; *p != '\0'; p++)
			check(text_is_digit(*p) || (*p >= 'a' && *p <= 'z'));
	}
	check_int(charset_warm(), 0);
}

UNIT(labels)
{
	static const char *const known[] = {"utf-8", "UTF8", " Utf-8 ",
	    "us-ascii", "ISO_8859-1:1987", "latin1", "iso-8859-8-i",
	    "windows-1252", "cp1252", "GB2312", "gbk", "gb_2312-80", "Big5",
	    "ks_c_5601-1987", "Shift_JIS", "x-sjis", "iso-2022-jp",
	    "\"koi8-r\"", "utf-7", "hz-gb-2312", "x-mac-cyrillic", "IBM037"};
	static const char *const unknown[] = {"", "x", "utf-9", "unknown-8bit",
	    "iso-8859-17", "\xff\xfe", "utf-8-but-much-too-long-to-be-a-label"};
	size_t i;

	for (i = 0; i < COUNT_OF(known); i++)
		check(charset_known(slice_str(known[i])));
	for (i = 0; i < COUNT_OF(unknown); i++)
		check(!charset_known(slice_str(unknown[i])));
	check(!charset_known(SLICE_NONE));
}

UNIT(single_bytes)
{
	static const struct conversion cases[] = {
	    {"iso-8859-1", SLICE_LIT("\x80\xe9"), "\u20ac\u00e9", false},
	    {"us-ascii", SLICE_LIT("plain"), "plain", false},
	    {"us-ascii", SLICE_LIT("a\x93q\x94"), "a\u201cq\u201d", false},
	    {"iso-8859-2", SLICE_LIT("\xb3"), "\u0142", false},
	    {"windows-1251", SLICE_LIT("\xcf\xf0\xe8"), "\u041f\u0440\u0438",
		false},
	    {"koi8-r", SLICE_LIT("\xf0\xd2\xc9"), "\u041f\u0440\u0438", false},
	    {"iso-8859-7", SLICE_LIT("\xe1\xff"), "\u03b1\ufffd", true},
	    {"iso-8859-15", SLICE_LIT("\xa4"), "\u20ac", false},
	    {"iso-8859-8-i", SLICE_LIT("\xf9"), "\u05e9", false},
	    {"ibm437", SLICE_LIT("\x81"), "\u00fc", false},
	    {"x-mac-cyrillic", SLICE_LIT("\x80\xff"), "\u0410\u20ac", false},
	    {"tis-620", SLICE_LIT("\xa1"), "\u0e01", false},
	    {"no-such-set", SLICE_LIT("\x80x"), "\u20acx", true},
	    {"no-such-set", SLICE_LIT("x"), "x", true},
	    {"", SLICE_LIT("\xc3\xa9"), "\u00e9", false},
	    {"", SLICE_LIT("\xe9"), "\u00e9", true},
	    {"", SLICE_LIT(""), "", false},
	    {"IBM037", SLICE_LIT("\x88\x85\x93\x93\x96"), "hello", false},
	};

	CHECK_ALL(cases);
}

#define FFFD "\xef\xbf\xbd"

UNIT(utf8)
{
	static const struct conversion cases[] = {
	    {"utf-8", SLICE_LIT("a\xc3\xa9\xf0\x9f\x98\x80"),
		"a\u00e9\U0001f600", false},
	    {"utf-8", SLICE_LIT("\x80"), FFFD, true},
	    {"utf-8", SLICE_LIT("a\xc3"), "a" FFFD, true},
	    {"utf-8", SLICE_LIT("\xc0\xaf"), FFFD FFFD, true},
	    {"utf-8", SLICE_LIT("\xe0\x80\xaf"), FFFD FFFD FFFD, true},
	    {"utf-8", SLICE_LIT("\xed\xa0\x80"), FFFD FFFD FFFD, true},
	    {"utf-8", SLICE_LIT("\xf4\x90\x80\x80"), FFFD FFFD FFFD FFFD, true},
	    {"utf-8", SLICE_LIT("\xf0\x9f\x98<"), FFFD "<", true},
	    {"utf-8", SLICE_LIT("\xe2\x82<b>"), FFFD "<b>", true},
	    {"utf-8", SLICE_LIT("\xf5\xff"), FFFD FFFD, true},
	};

	CHECK_ALL(cases);
	check(charset_is_utf8(SLICE_NONE));
	check(charset_is_utf8(SLICE("0123456789abcdef\xc3\xa9 0123456789")));
	check(!charset_is_utf8(SLICE("0123456789abcdef\xc3")));
	check(!charset_is_utf8(SLICE("0123456\xff")));
}

UNIT(utf16_and_32)
{
	static const struct conversion cases[] = {
	    {"utf-16le", SLICE_LIT("h\0i\0"), "hi", false},
	    {"utf-16be", SLICE_LIT("\0h\0i"), "hi", false},
	    {"utf-16", SLICE_LIT("h\0"), "h", false},
	    {"utf-16", SLICE_LIT("\xfe\xff\0h"), "h", false},
	    {"utf-16be", SLICE_LIT("\xff\xfeh\0"), "h", false},
	    {"utf-16le", SLICE_LIT("\x3d\xd8\0\xde"), "\U0001f600", false},
	    {"utf-16be", SLICE_LIT("\xd8\x3d\xde\0"), "\U0001f600", false},
	    {"utf-16le", SLICE_LIT("\x3d\xd8x\0"), FFFD "x", true},
	    {"utf-16le", SLICE_LIT("\0\xdex\0"), FFFD "x", true},
	    {"utf-16le", SLICE_LIT("x\0y"), "x" FFFD, true},
	    {"utf-16le", SLICE_LIT("\x3d\xd8"), FFFD, true},
	    {"utf-32le", SLICE_LIT("h\0\0\0"), "h", false},
	    {"utf-32be", SLICE_LIT("\0\1\xf6\0"), "\U0001f600", false},
	    {"utf-32be", SLICE_LIT("\0\x11\0\0\0\0"), FFFD FFFD, true},
	    {"utf-32le", SLICE_LIT("\0\xd8\0\0"), FFFD, true},
	};

	CHECK_ALL(cases);
}

UNIT(marks)
{
	static const struct conversion cases[] = {
	    {"iso-8859-1", SLICE_LIT("\xef\xbb\xbf\xc3\xa9"), "\u00e9", false},
	    {"utf-8", SLICE_LIT("\xff\xfeh\0"), "h", false},
	    {"utf-8", SLICE_LIT("\xff\xfe\0\0h\0\0\0"), "h", false},
	    {"", SLICE_LIT("\0\0\xfe\xff\0\0\0h"), "h", false},
	    {"no-such", SLICE_LIT("\xef\xbb\xbfx"), "x", false},
	};

	CHECK_ALL(cases);
}

/* A name that starts with the bytes of a mark is still that name. */
UNIT(no_marks_in_words)
{
	struct arena *a = arena_new(1 << 20);
	struct slice in = SLICE("\xff\xfe"
				"evil.exe");
	bool damaged;

	check_slice(charset_word_to_utf8(a, SLICE("iso-8859-1"), in, &damaged),
	    "\u00ff\u00fe"
	    "evil.exe");
	check(!damaged);
	check_slice(charset_word_to_utf8(a, SLICE("utf-8"), in, &damaged),
	    FFFD FFFD "evil.exe");
	check(damaged);
	check_slice(charset_word_to_utf8(
			a, SLICE("utf-16"), SLICE("\xfe\xff\0x"), NULL),
	    "x");
	check_slice(charset_word_to_utf8(a, SLICE("nonsense"), in, NULL),
	    "\u00ff\u00fe"
	    "evil.exe");
	arena_free(a);
}

UNIT(utf7)
{
	static const struct conversion cases[] = {
	    {"utf-7", SLICE_LIT("+ADw-script+AD4-"), "<script>", false},
	    {"utf-7", SLICE_LIT("+ADw"), "<", false},
	    {"utf-7", SLICE_LIT("+ADw.x"), "<.x", false},
	    {"utf-7", SLICE_LIT("1 +- 1"), "1 + 1", false},
	    {"utf-7", SLICE_LIT("+2D3eAA-"), "\U0001f600", false},
	    {"utf-7", SLICE_LIT("+2D0-x"), FFFD "x", true},
	    {"utf-7", SLICE_LIT("+3gA-"), FFFD, true},
	    {"utf-7", SLICE_LIT("+"), "+", true},
	    {"utf-7", SLICE_LIT("+ x"), "+ x", true},
	    {"utf-7", SLICE_LIT("a\xe9"), "a" FFFD, true},
	    {"utf-7", SLICE_LIT("+A-"), FFFD, true},
	    {"utf-7", SLICE_LIT("no plus"), "no plus", false},
	};

	CHECK_ALL(cases);
}

UNIT(east_asian)
{
	static const struct conversion cases[] = {
	    {"gb2312", SLICE_LIT("\xc4\xe3\xba\xc3"), "\u4f60\u597d", false},
	    {"gbk", SLICE_LIT("\x95\x32\x82\x36"), "\U00020000", false},
	    {"gb18030", SLICE_LIT("\xc4<b"), FFFD "<b", true},
	    {"gb2312", SLICE_LIT("\xc4"), FFFD, true},
	    {"big5", SLICE_LIT("\xa7\x41\xa6\x6e"), "\u4f60\u597d", false},
	    {"euc-jp", SLICE_LIT("\xc6\xfc\xcb\xdc"), "\u65e5\u672c", false},
	    {"euc-jp", SLICE_LIT("\x8e\xb1"), "\uff71", false},
	    {"shift_jis", SLICE_LIT("\x93\xfa\x96{\\"), "\u65e5\u672c\\",
		false},
	    {"shift_jis", SLICE_LIT("\xb1"), "\uff71", false},
	    {"shift_jis", SLICE_LIT("\x87\x40"), "\u2460", false},
	    {"ks_c_5601-1987", SLICE_LIT("\xb0\xa1\x8c\x63"), "\uac00\ub620",
		false},
	    {"gb2312", SLICE_LIT("ascii only"), "ascii only", false},
	};

	CHECK_ALL(cases);
}

UNIT(shifts)
{
	static const struct conversion cases[] = {
	    {"iso-2022-jp", SLICE_LIT("a\033$B\x46\x7c\x4b\x5c\033(Bb"),
		"a\u65e5\u672cb", false},
	    {"iso-2022-jp", SLICE_LIT("\033$@\x46\x7c\033(J~"), "\u65e5~",
		false},
	    {"iso-2022-jp", SLICE_LIT("\033(I1\033(B1"), "\uff711", false},
	    {"iso-2022-jp", SLICE_LIT("\016\x31\017\x31"), "\uff711", false},
	    {"iso-2022-jp", SLICE_LIT("\033$B\x2d\x21"), "\u2460", false},
	    {"iso-2022-jp", SLICE_LIT("\033$BF"), FFFD, true},
	    {"iso-2022-jp", SLICE_LIT("\033$BF\nabc"), FFFD "\nabc", true},
	    {"iso-2022-jp", SLICE_LIT("\033$B\x46\x7c\nabc"), "\u65e5\nabc",
		false},
	    {"iso-2022-jp", SLICE_LIT("\033"), FFFD, true},
	    {"iso-2022-jp", SLICE_LIT("\033%Ga"), FFFD "%Ga", true},
	    {"iso-2022-kr", SLICE_LIT("\033$)C\016\x30\x21\017a"), "\uac00a",
		false},
	    {"hz-gb-2312", SLICE_LIT("~{VPND~} ~~ x~\ny"), "\u4e2d\u6587 ~ xy",
		false},
	    {"iso-2022-cn", SLICE_LIT("\033$)A\016VP\017a"), "\u4e2da", false},
	    {"iso-2022-jp-2", SLICE_LIT("\033$AVP\033(Ba"), "\u4e2da", false},
	};

	CHECK_ALL(cases);
}

static struct slice
repeat(struct arena *a, const char *piece, size_t n)
{
	char *p = arena_alloc(a, n);
	size_t i, m = strlen(piece);

	for (i = 0; i < n; i++)
		p[i] = piece[i % m];
	return slice_of(p, n);
}

/* Whatever a set does with junk: it ends, is UTF-8 and no more than five
 * times as long. */
UNIT(junk_in_every_set)
{
	static const char *const junk[] = {"\xff", "\033", "\033$", "\033$B",
	    "\033(", "\016", "\x81", "\xfe\xfe", "\x8f\xa1", "+", "+A", "~{",
	    "\033$)C\016\x7f", "\xd8\x00\xd8", "\x1b\x24\x42\x21"};
	size_t set, i;

	for (set = 0; set < charset_label_count; set++)
		for (i = 0; i < COUNT_OF(junk); i++) {
			struct arena *a = arena_new(1 << 20);
			struct slice in = repeat(a, junk[i], 3001);
			struct slice out = charset_to_utf8(
			    a, slice_str(charset_labels[set].label), in, NULL);

			check(charset_is_utf8(out));
			check(out.n <= in.n * 5);
			arena_free(a);
		}
}

UNIT(ascii_is_not_copied)
{
	static const char *const labels[] = {
	    "utf-8", "iso-8859-1", "gb2312", "iso-2022-jp", "", "nonsense"};
	struct arena *a = arena_new(1 << 20);
	struct slice in = SLICE("just some text, longer than one word");
	size_t i;

	for (i = 0; i < COUNT_OF(labels); i++)
		check(charset_to_utf8(a, slice_str(labels[i]), in, NULL).p ==
		      in.p);
	check_int(arena_size(a), 0);
	arena_free(a);
}

/* A large text costs memory once. */
UNIT(memory)
{
	struct arena *a = arena_new(1 << 24);
	struct slice in = repeat(a, "\xe9-", 1 << 20);
	size_t before = arena_size(a);
	struct slice out = charset_to_utf8(a, SLICE("iso-8859-1"), in, NULL);

	check_int(out.n, 3 << 19);
	check(arena_size(a) - before < out.n + (64 << 10));
	arena_free(a);
}

static void
check_readings(const char *label, struct slice in, const char *const *want)
{
	struct arena *a = arena_new(1 << 20);
	size_t count, i;
	struct slice *r = charset_readings(a, slice_str(label), in, &count);

	for (i = 0; i < count && want[i] != NULL; i++)
		check_slice(r[i], want[i]);
	check(i == count && want[i] == NULL);
	arena_free(a);
}

#define READINGS(label, in, ...)                             \
	check_readings((label), (struct slice)SLICE_LIT(in), \
	    (const char *const[]){__VA_ARGS__, NULL})

UNIT(readings)
{
	READINGS("utf-8", "x", "x");
	READINGS("x", "\0\0\xfe\xff", "");
	READINGS("x", "\xff\xfe\0\0", "");

	READINGS("iso-8859-1", "\xc3\xa9", "\u00c3\u00a9", "\u00e9");
	READINGS("us-ascii", "+ADw-b+AD4-", "+ADw-b+AD4-", "<b>");
	READINGS(
	    "us-ascii", "call +49 123 456 or +-", "call +49 123 456 or +-");
	READINGS("us-ascii", "1 +- 2", "1 +- 2");
	READINGS("utf-16", "\xe9\0>\0", "\u00e9>", "\ue900\u3e00");
	READINGS(
	    "iso-8859-2", "\xef\xbb\xbf\xc3\xa9", "\u00e9", "\u0102\u0160");
	READINGS("iso-8859-1", "<meta charset=koi8-r>\xf0",
	    "<meta charset=koi8-r>\u00f0", "<meta charset=koi8-r>\u041f");
	READINGS("iso-8859-1",
	    "<META http-equiv=x content=\"text/html; charset = 'koi8-r'\">\xf0",
	    "<META http-equiv=x content=\"text/html; charset = 'koi8-r'\">\u00f0",
	    "<META http-equiv=x content=\"text/html; charset = "
	    "'koi8-r'\">\u041f");
	READINGS("iso-8859-1", "<?xml encoding=\"koi8-r\"?>\xf0",
	    "<?xml encoding=\"koi8-r\"?>\u00f0",
	    "<?xml encoding=\"koi8-r\"?>\u041f");
	READINGS("iso-8859-1", "<meta charset=utf-16>\xc3\xa9",
	    "<meta charset=utf-16>\u00c3\u00a9", "<meta charset=utf-16>\u00e9");
}

UNIT(readings_of_hidden_utf16)
{
	struct arena *a = arena_new(1 << 20);
	size_t count;
	struct slice in = SLICE("<\0s\0c\0r\0i\0p\0t\0>\0"), *r;

	r = charset_readings(a, SLICE("us-ascii"), in, &count);
	check_int(count, 2);
	check_bytes(r[0], in);
	check_slice(r[1], "<script>");
	in = SLICE("\0<\0s\0c\0r\0i\0p\0t\0>");
	r = charset_readings(a, SLICE("us-ascii"), in, &count);
	check_int(count, 2);
	check_slice(r[1], "<script>");
	arena_free(a);
}

UNIT_MAIN(unit(labels_are_sorted), unit(labels), unit(single_bytes), unit(utf8),
    unit(utf16_and_32), unit(marks), unit(no_marks_in_words), unit(utf7),
    unit(east_asian), unit(shifts), unit(junk_in_every_set),
    unit(ascii_is_not_copied), unit(memory), unit(readings),
    unit(readings_of_hidden_utf16))
