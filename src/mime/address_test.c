#include "mime/address.h"
#include "test/unit.h"

enum { MOST = 100 };

struct address_case {
	const char *in;
	const char *out; /* "display <mailbox> domain|..." */
	bool odd;
};

static struct slice
shown(struct arena *a, const struct address_list *l)
{
	struct slice all = SLICE("");
	size_t i;

	for (i = 0; i < l->n; i++)
		all = arena_printf(a, "%.*s%s%.*s <%.*s> %.*s", SLICE_FMT(all),
		    i > 0 ? "|" : "", SLICE_FMT(l->at[i].display),
		    SLICE_FMT(l->at[i].mailbox), SLICE_FMT(l->at[i].domain));
	return all;
}

UNIT(addresses)
{
	static const struct address_case cases[] = {
	    {"", "", false},
	    {" , ,; ", "", false},
	    {"a@b.org", " <a@b.org> b.org", false},
	    {"a@B.Org, C <c@D>", " <a@B.Org> b.org|C <c@D> d", false},
	    {"Joe Doe <j@x>", "Joe Doe <j@x> x", false},
	    {"\"Doe, \\\"J\\\"\" <j@x>", "Doe, \"J\" <j@x> x", false},
	    {"\"\" <j@x>", " <j@x> x", false},
	    {"<j@x>", " <j@x> x", false},
	    {"<>", " <> ", false},
	    {"root", " <root> ", false},
	    {"a@b;c@d", " <a@b> b| <c@d> d", false},
	    {"\r\n a@b,\r\n\tc@d\r\n", " <a@b> b| <c@d> d", false},
	    /* quotes in the address */
	    {"\"a@evil\"@good", " <\"a@evil\"@good> good", false},
	    {"<\"a@evil>\"@good>", " <\"a@evil>\"@good> good", false},
	    {"x <\"a@b>, y <c@d>", "x <\"a@b> b|y <c@d> d", false},
	    {"\"Joe <a@b>, x <c@d>", "\"Joe <a@b> b|x <c@d> d", true},
	    {"\"\\\"\\\"\\\"a@b", " <\"\\\"\\\"\\\"a@b> b", true},
	    /* comments */
	    {"a@b (Joe)", "Joe <a@b> b", false},
	    {"(x(y\\)z)) a@b", "x(y\\)z) <a@b> b", false},
	    {"Joe (the) <a@b>", "Joe <a@b> b", false},
	    {"(open a@b, c@d", " <(open a@b> b| <c@d> d", true},
	    /* groups and colons */
	    {"undisclosed-recipients:;", "", false},
	    {"Team: a@b, C <c@d>; e@f", " <a@b> b|C <c@d> d| <e@f> f", false},
	    {"PayPal: Service <a@b>", "PayPal: Service <a@b> b", true},
	    {"mailto:a@b", " <mailto:a@b> b", true},
	    {"a@[IPv6:::1]", " <a@[IPv6:::1]> [ipv6:::1]", false},
	    {"x@[IPv6:::1; a@b", " <x@[IPv6:::1> [ipv6:::1| <a@b> b", false},
	    {"<@r1,@r2:a@b>", " <a@b> b", true},
	    /* two in one */
	    {"x <a@b> <c@d>", "x <a@b> b| <c@d> d", true},
	    {"<<a@b>>", " <a@b> b", true},
	    {"\"x@y\" <a@b>", "x@y <a@b> b", false},
	    {"x@y <a@b>", "x@y <a@b> b", false},
	    {"<a@b", " <a@b> b", true},
	    {"a@b@c", " <a@b@c> c", false},
	    {"a@ b", " <a@ b> b", false},
	    {"a@", " <a@> ", false},
	    /* encoded words */
	    {"=?utf-8?Q?A=2C_B?= <a@b>", "A, B <a@b> b", false},
	    {"=?utf-8?Q?a=40b?=", " <=?utf-8?Q?a=40b?=> ", true},
	    {"a@b (=?utf-8?Q?=C3=A9?=)", "\u00e9 <a@b> b", false},
	    {"caf\xe9 <a@b>", "caf\u00e9 <a@b> b", false},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		struct arena *a = arena_new(1 << 20);
		struct address_list l;

		address_parse(&l, a, slice_str(cases[i].in), MOST);
		if (!slice_is(shown(a, &l), cases[i].out) ||
		    l.odd != cases[i].odd)
			print_error("# %s\n", cases[i].in);
		check_slice(shown(a, &l), cases[i].out);
		check_int(l.odd, cases[i].odd);
		check(!l.cut);
		arena_free(a);
	}
}

UNIT(nul)
{
	struct arena *a = arena_new(1 << 20);
	struct address_list l;

	address_parse(&l, a, SLICE("a@evil\0@good"), MOST);
	check(l.odd);
	check_int(l.n, 1);
	check_bytes(l.at[0].mailbox, SLICE("a@evil\0@good"));
	check_slice(l.at[0].domain, "good");
	arena_free(a);
}

UNIT(limits)
{
	struct arena *a = arena_new(1 << 20);
	struct address_list l;

	address_parse(&l, a, SLICE("a@b, c@d, e@f"), 2);
	check_int(l.n, 2);
	check(l.cut);
	address_parse(&l, a,
	    SLICE("((((((((((((((((((((((((((((((((("
		  ")))))))))))))))))))))))))))))))))"
		  "a@b"),
	    2);
	check_int(l.n, 1);
	check(l.odd);
	arena_free(a);
}

UNIT(large)
{
	static const char *const pieces[] = {"\"\\", "(", "<", "<\"", "\"",
	    "((\\)", "<\"><", ":", "a:;", "[", "<[", "@", ",", "a@b,", "<a@b>",
	    "=?x?q?a?= ", "(a)", "\"a\" "};
	size_t i, k, m, n = 1 << 20;

	for (i = 0; i < COUNT_OF(pieces); i++) {
		struct arena *a = arena_new(64 << 20);
		char *text = arena_alloc(a, n);
		struct address_list l;

		m = strlen(pieces[i]);
		for (k = 0; k < n; k++)
			text[k] = pieces[i][k % m];
		address_parse(&l, a, slice_of(text, n), MOST);
		check(l.n <= MOST);
		check(arena_size(a) <= 30 * n);
		arena_free(a);
	}
}

UNIT_MAIN(unit(addresses), unit(nul), unit(limits), unit(large))
