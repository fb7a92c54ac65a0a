#include "mime/header.h"
#include "test/unit.h"

struct block_case {
	struct slice text;
	enum header_eol eol;
	const char *fields; /* "name=value|..." */
	unsigned flags;
	size_t end;   /* of the block with its empty line */
	size_t other; /* other_end */
};

static struct slice
shown(struct arena *a, const struct header_block *b)
{
	struct slice all = SLICE("");
	size_t i;

	for (i = 0; i < b->n; i++)
		all = arena_printf(a, "%.*s%s%.*s=%.*s", SLICE_FMT(all),
		    i > 0 ? "|" : "", SLICE_FMT(b->at[i].name),
		    SLICE_FMT(header_unfold(a, b->at[i].value)));
	return all;
}

static void
check_block(const struct block_case *c)
{
	struct arena *a = arena_new(1 << 20);
	struct header_block b;

	header_parse(&b, a, c->text, c->eol, 10000, 100);
	check_slice(shown(a, &b), c->fields);
	check_int(b.flags, c->flags);
	check_int(b.raw.n, c->end);
	check_int(b.other_end, c->other);
	arena_free(a);
}

UNIT(blocks)
{
	static const struct block_case cases[] = {
	    {SLICE_LIT("A: b\n\nbody"), HEADER_EOL_LF, "A=b", 0, 6, 0},
	    {SLICE_LIT("A: b\r\n\r\nbody"), HEADER_EOL_LF, "A=b", 0, 8, 0},
	    {SLICE_LIT("A:b\nB :c\n\tc2\n d\n\n"), HEADER_EOL_LF,
		"A=b|B=c\tc2 d", HEADER_SPACE_COLON, 17, 0},
	    {SLICE_LIT("A:\n b\n\n"), HEADER_EOL_LF, "A=b", 0, 7, 0},
	    {SLICE_LIT(""), HEADER_EOL_LF, "", HEADER_NO_END, 0, 0},
	    {SLICE_LIT("\nA: b\n\n"), HEADER_EOL_LF, "", HEADER_EMPTY_FIRST, 1,
		0},
	    {SLICE_LIT("A: b"), HEADER_EOL_LF, "A=b", HEADER_NO_END, 4, 0},
	    {SLICE_LIT("A: b\njunk\nC: d\n\n"), HEADER_EOL_LF, "A=b|=junk|C=d",
		HEADER_GARBAGE, 16, 5},
	    {SLICE_LIT("A: b\n: x\n\n"), HEADER_EOL_LF, "A=b|=: x",
		HEADER_GARBAGE, 10, 5},
	    {SLICE_LIT("A b: c\n\n"), HEADER_EOL_LF, "=A b: c", HEADER_GARBAGE,
		8, 0},
	    {SLICE_LIT("\xe9: c\n\n"), HEADER_EOL_LF, "=\xe9: c",
		HEADER_GARBAGE | HEADER_8BIT, 6, 0},
	    {SLICE_LIT("A: b\n \nC: d\n\n"), HEADER_EOL_LF, "A=b|C=d",
		HEADER_BLANK_LINE, 13, 7},
	    {SLICE_LIT(" \nC: d\n\n"), HEADER_EOL_LF, "=|C=d",
		HEADER_BLANK_LINE | HEADER_BLANK_FIRST | HEADER_GARBAGE, 8, 2},
	    {SLICE_LIT(" x\nC: d\n\n"), HEADER_EOL_LF, "=x|C=d",
		HEADER_BLANK_FIRST | HEADER_GARBAGE, 9, 0},
	    {SLICE_LIT("A: b\r\nC: d\n\n"), HEADER_EOL_LF, "A=b|C=d",
		HEADER_MIXED_EOL, 12, 0},
	    {SLICE_LIT("A: b\rC: d\n\n"), HEADER_EOL_LF, "A=bC: d",
		HEADER_BARE_CR, 11, 0},
	    {SLICE_LIT("A: b\rC: d\n\n"), HEADER_EOL_ANY, "A=b|C=d",
		HEADER_BARE_CR, 11, 0},
	    {SLICE_LIT("A: b\r\rC: d\n\n"), HEADER_EOL_ANY, "A=b",
		HEADER_BARE_CR, 6, 0},
	    {SLICE_LIT("A: b\r\n\r\nC"), HEADER_EOL_ANY, "A=b", 0, 8, 0},
	    {SLICE_LIT("A: b\r\r\nC: d\n\n"), HEADER_EOL_ANY, "A=b",
		HEADER_BARE_CR, 7, 0},
	    {SLICE_LIT("A: b\r\r\nC: d\n\n"), HEADER_EOL_LF, "A=b|C=d",
		HEADER_BARE_CR | HEADER_MIXED_EOL, 13, 0},
	    {SLICE_LIT("A: b\r\n\r\r\nC"), HEADER_EOL_LF, "A=b|=|=C",
		HEADER_BARE_CR | HEADER_GARBAGE | HEADER_NO_END, 10, 6},
	    {SLICE_LIT("\xef\xbb\xbf"
		       "A: b\n\n"),
		HEADER_EOL_LF, "A=b", HEADER_BOM | HEADER_8BIT, 9, 0},
	    {SLICE_LIT("From x Mon\nA: b\n\n"), HEADER_EOL_LF,
		"=From x Mon|A=b", HEADER_FROM_LINE, 17, 0},
	    {SLICE_LIT(">From x Mon\nA: b\n\n"), HEADER_EOL_LF,
		"=>From x Mon|A=b", HEADER_FROM_LINE, 18, 0},
	    {SLICE_LIT("From : a@b\n\n"), HEADER_EOL_LF, "From=a@b",
		HEADER_SPACE_COLON, 12, 0},
	    {SLICE_LIT("A: b\nFrom x 10:20\n\n"), HEADER_EOL_LF,
		"A=b|=From x 10:20", HEADER_GARBAGE, 19, 5},
	    {SLICE_LIT("A: \xe9\n\n"), HEADER_EOL_LF, "A=\xe9", HEADER_8BIT, 6,
		0},
	    {SLICE_LIT("A: 1234567890123456\xe9\n\n"), HEADER_EOL_LF,
		"A=1234567890123456\xe9", HEADER_8BIT, 22, 0},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++)
		check_block(&cases[i]);
}

UNIT(nul_stays)
{
	struct arena *a = arena_new(1 << 20);
	struct header_block b;

	header_parse(&b, a, SLICE("A: b\0c\n\n"), HEADER_EOL_LF, 100, 10);
	check_int(b.flags, HEADER_NUL);
	check_bytes(header_get(a, &b, "a"), SLICE("b\0c"));
	arena_free(a);
}

UNIT(find)
{
	struct arena *a = arena_new(1 << 20);
	struct header_block b;
	size_t from = 0;

	header_parse(&b, a,
	    SLICE("To: 1\nX-To: no\nTO : 2\nT: no\nto:\n 3 \n\n"),
	    HEADER_EOL_LF, 1000, 10);
	check_slice(header_find(&b, "to", &from)->raw, "To: 1\n");
	check_slice(header_find(&b, "to", &from)->raw, "TO : 2\n");
	check_slice(header_find(&b, "to", &from)->raw, "to:\n 3 \n");
	check(header_find(&b, "to", &from) == NULL);
	check_slice(header_get(a, &b, "To"), "1");
	check(header_get(a, &b, "Cc").p == NULL);
	check_int(b.fields_end, b.raw.n - 1);
	arena_free(a);
}

/* A limit drops fields; the block still ends where it ends. */
UNIT(limits)
{
	static const char text[] = "A: b\nC: d\n e\nF: g\n h\nI: j\n\nbody";
	struct arena *a = arena_new(1 << 20);
	struct header_block b;

	header_parse(&b, a, slice_str(text), HEADER_EOL_LF, 1000, 2);
	check_slice(shown(a, &b), "A=b|C=d e");
	check_int(b.flags, HEADER_TOO_MANY);
	check_int(b.raw.n, sizeof(text) - 5);
	header_parse(&b, a, slice_str(text), HEADER_EOL_LF, 8, 100);
	check_slice(shown(a, &b), "A=b|C=");
	check_int(b.flags, HEADER_TOO_BIG);
	check_int(b.raw.n, sizeof(text) - 5);
	header_parse(&b, a, slice_str(text), HEADER_EOL_LF, 12, 100);
	check_slice(shown(a, &b), "A=b|C=d e");
	check_int(b.flags, HEADER_TOO_BIG);
	header_parse(&b, a, slice_str(text), HEADER_EOL_LF, 0, 100);
	check_int(b.n, 0);
	check_int(b.raw.n, sizeof(text) - 5);
	arena_free(a);
}

UNIT(unfold)
{
	struct arena *a = arena_new(1 << 20);
	struct slice plain = SLICE("  some text ");

	check_slice(header_unfold(a, SLICE(" a\r\n b\n\tc\rd ")), "a b\tcd");
	check(header_unfold(a, plain).p == plain.p + 2);
	check_int(header_unfold(a, SLICE_NONE).n, 0);
	check_int(header_unfold(a, SLICE("\r\n ")).n, 0);
	arena_free(a);
}

/* Many bare CRs, many folds, many fields: the memory is that of the fields
 * listed, and the tests would not end if it were not linear. */
UNIT(large)
{
	static const char *const pieces[] = {
	    "\r", "a\r", "a: b\r", "a: b\n", " \n", "x\n", ":\r"};
	size_t i, k, m, n = 4 << 20;
	struct arena *a = arena_new(64 << 20);
	char *text = arena_alloc(a, n);

	for (i = 0; i < COUNT_OF(pieces); i++) {
		struct header_block b;
		size_t before = arena_size(a);

		m = strlen(pieces[i]);
		text[0] = 'x';
		for (k = 1; k < n; k++)
			text[k] = pieces[i][k % m];
		header_parse(&b, a, slice_of(text, n), HEADER_EOL_ANY, n, 1000);
		check(b.n <= 1000);
		check(arena_size(a) - before <= 256 * 1024);
		header_parse(&b, a, slice_of(text, n), HEADER_EOL_LF, n, 1000);
		check(b.n <= 1000);
	}
	arena_free(a);
}

UNIT_MAIN(unit(blocks), unit(nul_stays), unit(find), unit(limits), unit(unfold),
    unit(large))
