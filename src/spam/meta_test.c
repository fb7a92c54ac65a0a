#include "spam/meta.h"
#include "test/unit.h"

/* A is 1, B is 2, C is 0, others 0. */
static const struct {
	const char *text;
	int value; /* times 2 */
} values[] = {
    {"A", 2},
    {"A && B", 4}, /* the value of an operand, as in Perl */
    {"B || A", 4},
    {"C || B", 4},
    {"!A", 0},
    {"!C", 2},
    {"!A + B", 4},
    {"A + B * 3", 14},
    {"(A + B) * 3", 18},
    {"A + B > 2", 2},
    {"A - B", -2},
    {"- A", -2},
    {"A - - B", 6},
    {"B / 4", 1},
    {"A ? B : C", 4},
    {"C ? A : C ? 7 : 9", 18},
    {"A < B < 3", 2},
    {"A < B < 2", 0},
    {"3 > B > A > C", 2},
    {"A == 1 == 1", 2}, /* a chain: A == 1 and 1 == 1 */
    {"A ^ B", 6},
    {"()", 0},
    {"A && ()", 0},
    {"010", 16},
    {"A # @", 2},
    {"rules_matching(A*) + A", 4},
    {"NONE || local_tests_only || A", 2},
    {"C && 1 / C", 0},
};

static double
value_of(const char *text, bool *ok)
{
	const double of[] = {0, 1, 2, 0};
	struct arena *a = arena_new(0);
	struct meta_error why;
	struct meta m;
	double value = 0;
	struct meta_name *n;

	*ok = meta_parse(&m, a, slice_str(text), &why);
	if (*ok) {
		vec_each (n, &m.names)
			n->rule = n->name.n > 0 && n->name.p[0] >= 'A' &&
					  n->name.p[0] <= 'C'
				      ? (uint32_t)(n->name.p[0] - 'A' + 1)
				      : 0;
		value = meta_run(&m, of);
	}
	arena_free(a);
	return value;
}

UNIT(values_are_those_of_perl)
{
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		struct slice text = slice_str(values[i].text);
		bool ok, comment = slice_chr(text, '@') >= 0;
		double v = value_of(values[i].text, &ok);

		if (comment) {
			check(!ok);
			continue;
		}
		check(ok);
		check_int((int)(v * 2), values[i].value);
	}
}

UNIT(what_perl_refuses_is_refused_with_a_place)
{
	static const struct {
		const char *text;
		int at;
	} bad[] = {{"", 0}, {"A B", 2}, {"A &&", 4}, {"(A", 0}, {"A)", 1},
	    {"A || || B", 5}, {"A -1", 2}, {"A ++ B", 2}, {"A ** B", 2},
	    {"A / B", 0}, {"1 / 0", 0}, {"A ? B", 2}, {"A : B", 2}, {"A::B", 1},
	    {"$x", 0}, {"1.2.3", 0}, {"08", 0}, {"5.", 0}, {"A % 2", 2},
	    {"A (B)", 2}, {"A !B", 2}, {"A ?B:C", 3}};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct arena *a = arena_new(0);
		struct meta_error why;
		struct meta m;

		check(!meta_parse(&m, a, slice_str(bad[i].text), &why));
		check_int(why.at - bad[i].text, bad[i].at);
		check(why.text[0] != '\0');
		arena_free(a);
	}
}

static bool
ask(void *ctx ATTR_UNUSED, struct slice function, struct slice name)
{
	return slice_is(function, "plugin") ? slice_is(name, "A::Yes")
					    : slice_ends(name, "::yes");
}

UNIT(conditions_ask)
{
	static const struct {
		const char *text;
		int yes; /* -1: wrong */
	} cases[] = {{"plugin(A::Yes)", 1}, {"plugin (A::No)", 0},
	    {"!plugin(A::No)", 1}, {"version >= 3.004000", 1},
	    {"(version >= 4.000002)", 0}, {"can(X::yes) && has(X::no)", 0},
	    {"can(X::yes) || has(X::no)", 1}, {"can(nothing)", -1},
	    {"plugin A::Yes", -1}, {"version >=", -1}, {"local_tests_only", 0},
	    {"perl_version >= 5.010", 1}, {"version >= 3.4.0", -1}};
	const struct meta_world w = {
	    .ask = ask, .version = 4.000001, .perl_version = 5.036};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *a = arena_new(0);
		struct meta_error why;
		bool yes = false, ok = meta_condition(slice_str(cases[i].text),
				      a, &w, &yes, &why);

		check_int(ok ? yes : -1, cases[i].yes);
		arena_free(a);
	}
}

UNIT(depth_costs_no_stack)
{
	struct arena *a = arena_new(0);
	struct meta_error why;
	struct meta m;
	size_t n = 100000;
	char *text = arena_alloc(a, n);

	memset(text, '(', n);
	check(!meta_parse(&m, a, slice_of(text, n), &why));
	memset(text, '!', n);
	check(!meta_parse(&m, a, slice_of(text, n), &why));
	for (size_t i = 0; i < n; i++)
		text[i] = i % 2 == 0 ? 'A' : '+';
	check(!meta_parse(&m, a, slice_of(text, n), &why));
	check(meta_parse(&m, a, slice_of(text, 9999), &why));
	arena_free(a);
}

UNIT_MAIN(unit(values_are_those_of_perl),
    unit(what_perl_refuses_is_refused_with_a_place), unit(conditions_ask),
    unit(depth_costs_no_stack))
