#include "mime/name.h"
#include "test/unit.h"

enum { MOST = 16 };

struct name_case {
	struct slice in;
	const char *forms[10];
};

UNIT(forms)
{
	static const struct name_case cases[] = {
	    {SLICE_LIT("a.txt"), {"a.txt"}},
	    {SLICE_LIT(""), {NULL}},
	    {SLICE_LIT("."), {"."}},
	    {SLICE_LIT("../../etc/a.exe"), {"../../etc/a.exe", "a.exe"}},
	    {SLICE_LIT("C:\\x\\a.exe"), {"C:\\x\\a.exe", "a.exe"}},
	    {SLICE_LIT("x\\y/a.exe"), {"x\\y/a.exe", "a.exe"}},
	    {SLICE_LIT("a.exe/"), {"a.exe/", "a.exe"}},
	    {SLICE_LIT("a.exe/."), {"a.exe/.", "a.exe"}},
	    {SLICE_LIT("//"), {"//"}},
	    {SLICE_LIT("a.exe. . "), {"a.exe. . ", "a.exe"}},
	    {SLICE_LIT("a.exe..."), {"a.exe...", "a.exe"}},
	    {SLICE_LIT("a.exe\u00a0\u3000"),
		{"a.exe\u00a0\u3000", "a.exe", "a.exe  "}},
	    {SLICE_LIT("a.txt:b.exe"), {"a.txt:b.exe", "a.txt"}},
	    {SLICE_LIT("a.exe::$DATA"), {"a.exe::$DATA", "a.exe"}},
	    {SLICE_LIT("a.exe .:x"), {"a.exe .:x", "a.exe"}},
	    {SLICE_LIT(":a"), {":a"}},
	    {SLICE_LIT("x\u202egpj.exe"), {"x\u202egpj.exe", "xgpj.exe"}},
	    {SLICE_LIT("a.e\u200bxe"), {"a.e\u200bxe", "a.exe"}},
	    {SLICE_LIT("a.exe\ufeff"), {"a.exe\ufeff", "a.exe"}},
	    {SLICE_LIT("a.exe\u2028"), {"a.exe\u2028", "a.exe"}},
	    {SLICE_LIT("a.exe\u200f. "),
		{"a.exe\u200f. ", "a.exe\u200f", "a.exe. ", "a.exe"}},
	    {SLICE_LIT("a.e\txe"), {"a.e\txe", "a.exe"}},
	    {SLICE_LIT("a.exe\x7f"), {"a.exe\x7f", "a.exe"}},
	    {SLICE_LIT("a\uff0eexe"), {"a\uff0eexe", "a.exe"}},
	    {SLICE_LIT("a.\uff45\uff58\uff45"),
		{"a.\uff45\uff58\uff45", "a.exe"}},
	    {SLICE_LIT("a\u2024exe"), {"a\u2024exe", "a.exe"}},
	    {SLICE_LIT("x\u2215a.exe"), {"x\u2215a.exe", "x/a.exe", "a.exe"}},
	    {SLICE_LIT("a%2Eexe"), {"a%2Eexe", "a.exe"}},
	    {SLICE_LIT("100% %2 %"), {"100% %2 %"}},
	    {SLICE_LIT("a.  exe"), {"a.  exe", "a.exe"}},
	    {SLICE_LIT("\xff.exe\xe2\x80"), {"\xff.exe\xe2\x80"}},
	};
	size_t i, k;

	for (i = 0; i < COUNT_OF(cases); i++) {
		struct arena *a = arena_new(1 << 20);
		struct texts out = {0};

		name_readings(a, cases[i].in, &out, MOST);
		for (k = 0; k < out.n && cases[i].forms[k] != NULL; k++)
			check_slice(out.at[k], cases[i].forms[k]);
		if (k < out.n)
			print_error("# %.*s: %.*s\n", SLICE_FMT(cases[i].in),
			    SLICE_FMT(out.at[k]));
		check(k == out.n && cases[i].forms[k] == NULL);
		arena_free(a);
	}
}

static bool
has(struct slice in, const char *form)
{
	struct arena *a = arena_new(1 << 20);
	struct texts out = {0};
	bool found;

	name_readings(a, in, &out, MOST);
	found = texts_has(&out, slice_str(form));
	arena_free(a);
	return found;
}

UNIT(nul)
{
	check(has(SLICE("a.exe\0.txt"), "a.exe"));
	check(has(SLICE("a.exe\0.txt"), "a.exe.txt"));
	check(has(SLICE("a.e\u200bxe\0.txt"), "a.exe"));
	check(has(SLICE("a\uff0eexe\0.txt"), "a.exe"));
	check(has(SLICE("\0a.exe"), "a.exe"));
	check(has(SLICE("a.txt\0/b.exe"), "b.exe"));
	check(has(SLICE("a.txt\0.exe"), "a.txt.exe"));
}

/* Padding of any kind does not push the extension out of sight. */
UNIT(long_names)
{
	static const char *const pads[] = {
	    " ", ".", "\u200b", "\u3000", "\n", "/", ". "};
	struct arena *a = arena_new(1 << 20);
	char *p = arena_alloc(a, 8000);
	struct texts out = {0};
	size_t i, k, n = 4000;

	for (i = 0; i < COUNT_OF(pads); i++) {
		struct slice name;
		size_t m = strlen(pads[i]);

		memcpy(p, "x/a.exe", 7);
		for (k = 7; k < n; k++)
			p[k] = pads[i][(k - 7) % m];
		name = slice_of(p, 7 + (n - 7) / m * m);
		check(has(name, "a.exe"));
	}
	/* a NUL in the middle of what is cut */
	memset(p, 'x', 8000);
	memcpy(p + 4000, ".exe\0", 5);
	name_readings(a, slice_of(p, 8000), &out, MOST);
	for (i = 0; i < out.n; i++) {
		check(out.at[i].n <= NAME_MAX_BYTES);
		if (slice_ends(out.at[i], ".exe"))
			break;
	}
	check(i < out.n);
	arena_free(a);
}

UNIT(visible)
{
	struct arena *a = arena_new(1 << 20);
	struct slice plain = SLICE("a\u00e9.txt");

	check(name_visible(a, plain).p == plain.p);
	check_slice(name_visible(a, SLICE("\u202ea\u2066b\u00ad")), "ab");
	check_slice(name_visible(a, SLICE("\xe2\x80")), "\xe2\x80");
	check_slice(name_visible(a, SLICE("\U000e0041x")), "x");
	check_int(name_visible(a, SLICE_NONE).n, 0);
	arena_free(a);
}

UNIT(limit)
{
	struct arena *a = arena_new(1 << 20);
	struct texts out = {0};

	name_readings(a, SLICE("x/a.exe:b "), &out, 2);
	check_int(out.n, 2);
	check_slice(out.at[0], "x/a.exe:b ");
	arena_free(a);
}

UNIT_MAIN(unit(forms), unit(nul), unit(long_names), unit(visible), unit(limit))
