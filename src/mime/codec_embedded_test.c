#include "mime/codec.h"
#include "test/unit.h"

enum { FILES = 20, MOST = 1 << 20 };

struct embedded_case {
	struct slice text;
	const char *files; /* "kind:name:bytes[!]|..."; '!' is damaged */
	size_t from, to;   /* where the first one is */
};

static struct slice
shown(struct arena *a, const struct codec_file *f, size_t n)
{
	struct slice all = SLICE("");
	size_t i;

	for (i = 0; i < n; i++)
		all = arena_printf(a, "%.*s%s%s:%.*s:%.*s%s", SLICE_FMT(all),
		    i > 0 ? "|" : "", codec_word(f[i].encoding),
		    SLICE_FMT(f[i].name), SLICE_FMT(f[i].bytes),
		    f[i].damaged ? "!" : "");
	return all;
}

static void
check_embedded(const struct embedded_case *c, size_t n)
{
	size_t i, count;
	bool cut;

	for (i = 0; i < n; i++) {
		struct arena *a = arena_new(1 << 20);
		struct codec_file *f =
		    codec_embedded(a, c[i].text, FILES, MOST, &count, &cut);

		if (!slice_is(shown(a, f, count), c[i].files))
			print_error("# %.*s\n", SLICE_FMT(c[i].text));
		check_slice(shown(a, f, count), c[i].files);
		check(!cut);
		if (count > 0) {
			check_int(f[0].raw.p - c[i].text.p, c[i].from);
			check_int(
			    f[0].raw.p + f[0].raw.n - c[i].text.p, c[i].to);
		}
		arena_free(a);
	}
}

UNIT(uuencode)
{
	static const struct embedded_case cases[] = {
	    {SLICE_LIT(""), "", 0, 0},
	    {SLICE_LIT("begin 644 a b.exe\n#86)C\n`\nend\n"),
		"uuencode:a b.exe:abc", 0, 30},
	    {SLICE_LIT("hi\r\nbegin 644 a\r\n#86)C\r\n`\r\nend\r\nbye\r\n"),
		"uuencode:a:abc", 4, 32},
	    {SLICE_LIT("begin 644 \"a.exe\"\n#86)C\n \nend\n"),
		"uuencode:a.exe:abc", 0, 30},
	    {SLICE_LIT("begin  6\ta\n\n\n#86)C\n`\nend\n"), "uuencode:a:abc", 0,
		25},
	    {SLICE_LIT("begin 100644 a\n#86)C\nend\n"), "uuencode:a:abc", 0,
		25},
	    {SLICE_LIT("begin 644\n#86)C\nend\n"), "uuencode::abc", 0, 20},
	    /* blanks at the end lost, added, a check sum added */
	    {SLICE_LIT("begin 644 a\n#86(@\nend\n"), "uuencode:a:ab ", 0, 22},
	    {SLICE_LIT("begin 644 a\n$86)C9   \nend\n"), "uuencode:a:abcd", 0,
		26},
	    {SLICE_LIT("begin 644 a\n#86)C      \t\nend\n"), "uuencode:a:abc",
		0, 29},
	    {SLICE_LIT("begin 644 a\n#86)CX\nend\n"), "uuencode:a:abc", 0, 23},
	    /* no end, a next begin, a line that is none */
	    {SLICE_LIT("begin 644 a\n#86)C\n"), "uuencode:a:abc!", 0, 17},
	    {SLICE_LIT("begin 644 a\n#86)C\nbegin 644 b\n#86)C\nend\n"),
		"uuencode:a:abc!|uuencode:b:abc", 0, 17},
	    {SLICE_LIT("begin 644 a\n#86)C\nhello there\n"), "uuencode:a:abc!",
		0, 17},
	    /* no files */
	    {SLICE_LIT("begin 644 a\n"), "", 0, 0},
	    {SLICE_LIT("begin 644 a\nhello there\n"), "", 0, 0},
	    {SLICE_LIT("begin 644 a\n`\nend\n"), "", 0, 0},
	    {SLICE_LIT("begin 888 a\n#86)C\nend\n"), "", 0, 0},
	    {SLICE_LIT("begin 644x a\n#86)C\nend\n"), "", 0, 0},
	    {SLICE_LIT("begin to 644 a\n#86)C\nend\n"), "", 0, 0},
	    {SLICE_LIT(" begin 644 a\n#86)C\nend\n"), "", 0, 0},
	    {SLICE_LIT("beginning 644 a\n#86)C\nend\n"), "", 0, 0},
	    /* base64 */
	    {SLICE_LIT("begin-base64 644 a\nYWJj\n====\n"), "uuencode:a:abc", 0,
		29},
	    {SLICE_LIT("begin-base64 644 a\nYWJj\nYQ==\nhello there\n"),
		"uuencode:a:abca!", 0, 28},
	    {SLICE_LIT("begin-base64 644 a\nnot base64\n"), "", 0, 0},
	};

	check_embedded(cases, COUNT_OF(cases));
}

UNIT(yenc)
{
	static const struct embedded_case cases[] = {
	    {SLICE_LIT("=ybegin line=128 size=3 name=a b.exe \n"
		       "\x8b\x8c\x8d\n=yend size=3\nx"),
		"yenc:a b.exe:abc", 0, 55},
	    {SLICE_LIT("=ybegin part=1 line=128 size=4 name=a\r\n"
		       "=ypart begin=1 end=4\r\n"
		       "\x8b=\xcc\r\n\x8d=\x9d\r\n=yend size=4\r\n"),
		"yenc:a:abc3", 0, 85},
	    {SLICE_LIT("=ybegin line=1 size=1\n\x8b\n=yend\n"), "yenc::a", 0,
		30},
	    {SLICE_LIT("=ybegin line=1 size=1 name=a\n\x8b"), "yenc:a:a!", 0,
		30},
	    {SLICE_LIT("=ybegin line=1\n\x8b\n=yend\n"), "", 0, 0},
	    {SLICE_LIT("x=ybegin line=1 size=1 name=a\n\x8b"), "", 0, 0},
	    {SLICE_LIT("=ybegin line=1 size=2 name=a\n\x8b=\n\x8c\n=yend\n"),
		"yenc:a:a\x13"
		"b",
		0, 40},
	};

	check_embedded(cases, COUNT_OF(cases));
}

#define HQX "(This file must be converted with BinHex 4.0)\r\n\r\n"
/* a.exe: "hello", 300 times 'z', two bytes 0x90, "end" */
#define HQX_DATA \
	":\"@%ZCAKP!&4&@&4dG(Kd!*!%!6B!N!6b9fKPE'a[HT$rHT!YN!#3!'9ZC,[X!!!:"

static void
check_binhex(struct slice text, bool damaged)
{
	struct arena *a = arena_new(1 << 20);
	size_t count, i;
	bool cut;
	struct codec_file *f =
	    codec_embedded(a, text, FILES, MOST, &count, &cut);

	check_int(count, 1);
	check_int(f->encoding, CODEC_BINHEX);
	check_slice(f->name, "a.exe");
	check_int(f->damaged, damaged);
	check_int(f->bytes.n, 310);
	check(slice_starts(f->bytes, "helloz"));
	for (i = 5; i < 305; i++)
		check(f->bytes.p[i] == 'z');
	check_bytes(slice_from(f->bytes, 305), SLICE("\x90\x90"
						     "end"));
	check(!cut);
	arena_free(a);
}

UNIT(binhex)
{
	struct arena *a = arena_new(1 << 20);
	struct codec_file *f;
	size_t count;
	bool cut;

	check_binhex(SLICE(HQX HQX_DATA "\r\n"), false);
	check_binhex(SLICE("text\n" HQX "\n \n" HQX_DATA), false);
	/* folded somewhere, no end, a wrong check sum */
	check_binhex(SLICE(HQX ":\"@%ZCAKP!&4&@&4dG(Kd!*!%!6B!N!6b9fKPE'a[H\n"
			       "T$rHT!YN!#3!'9ZC,[X!!!:"),
	    false);
	check_binhex(SLICE(HQX ":\"@%ZCAKP!&4&@&4dG(Kd!*!%!6B!N!6b9fKPE'a[HT"
			       "$rHT!YN!#3!'9ZC,[X!!!"),
	    true);
	check_binhex(SLICE(HQX ":\"@%ZCAKP!&4&@&4dG(Kd!*!%!6B!N!6c9fKPE'a[HT"
			       "$rHT!YN!#3!'9ZC,[X!!!:"),
	    true);
	f = codec_embedded(a, SLICE(HQX "no data"), FILES, MOST, &count, &cut);
	check_int(count, 0);
	f = codec_embedded(a, SLICE(HQX ":!!:"), FILES, MOST, &count, &cut);
	check_int(count, 1);
	check(f->damaged);
	f = codec_embedded(a, SLICE(HQX HQX_DATA), FILES, 100, &count, &cut);
	check_int(count, 1);
	check(cut && f->damaged && f->bytes.n < 100);
	arena_free(a);
}

UNIT(several)
{
	struct arena *a = arena_new(1 << 20);
	struct slice text =
	    SLICE("begin 644 a\n#86)C\nend\ntext\n"
		  "=ybegin line=1 size=1 name=b\n\x8b\n=yend\n" HQX HQX_DATA
		  "\nbegin 644 c\n#86)C\nend\n");
	size_t count;
	bool cut;
	struct codec_file *f =
	    codec_embedded(a, text, FILES, MOST, &count, &cut);

	check_int(count, 4);
	check_slice(f[0].name, "a");
	check_slice(f[1].name, "b");
	check_slice(f[2].name, "a.exe");
	check_slice(f[3].name, "c");
	f = codec_embedded(a, text, 2, MOST, &count, &cut);
	check_int(count, 2);
	check(cut);
	f = codec_embedded(a, text, 20, 4, &count, &cut);
	check(cut);
	check_slice(f[0].bytes, "abc");
	check_slice(f[1].bytes, "a");
	arena_free(a);
}

/* Lines that lost a third of their letters hold more than they are long. */
UNIT(short_lines)
{
	enum { LINES = 1000, LETTERS = 57 };
	struct arena *a = arena_new(1 << 20);
	char *text = arena_alloc(a, 12 + LINES * (LETTERS + 1));
	size_t i, count;
	bool cut;
	struct codec_file *f;

	memcpy(text, "begin 644 a\n", 12);
	memset(text + 12, '0', LINES * (LETTERS + 1));
	for (i = 0; i < LINES; i++) {
		text[12 + i * (LETTERS + 1)] = '_';
		text[12 + i * (LETTERS + 1) + LETTERS] = '\n';
	}
	f = codec_embedded(a, slice_of(text, 12 + LINES * (LETTERS + 1)), FILES,
	    MOST, &count, &cut);
	check_int(count, 1);
	check_int(f->bytes.n, LINES * 63);
	arena_free(a);
}

/* Many small files in a large text: the memory of what they hold. */
UNIT(large)
{
	static const char *const pieces[] = {
	    "=ybegin line=1 size=1 name=a\n\x8b\n=yend\n",
	    "begin 644 a\n#86)C\nend\n", HQX ":!!!:\n", HQX, "begin 6 a\n",
	    "begin 6 a\n\n", "begin 6 a\n#86)C\n\n\n\n",
	    "begin-base64 6 a\nYWJj\n", "=ybegin size=1 size=\n", "end\n",
	    "M\n", HQX ":\"$"};
	size_t i, k, m, count, n = 1 << 20;
	bool cut;

	for (i = 0; i < COUNT_OF(pieces); i++) {
		struct arena *a = arena_new(64 << 20);
		char *text = arena_alloc(a, n);

		m = strlen(pieces[i]);
		for (k = 0; k < n; k++)
			text[k] = pieces[i][k % m];
		(void)codec_embedded(
		    a, slice_of(text, n), 100000, n, &count, &cut);
		check(arena_size(a) <= 16 * n);
		arena_free(a);
	}
}

UNIT_MAIN(unit(uuencode), unit(yenc), unit(binhex), unit(several),
    unit(short_lines), unit(large))
