#include "config/namerules.h"
#include "test/unit.h"

static const char text[] = "# comment\n"
			   "allow\t\\.txt$\t-\t-\n"
			   "deny\t\\.exe$\tprograms\tNo programs please\n"
			   "deny+delete\t\\.pif$\t\tOld\tGone\n"
			   "rename\t\\.wmf$\t-\t-\n"
			   "rename to x.bin\t\\.bat$\t-\t-\n"
			   "a@b.c d@e.f\t\\.iso$\t-\t-\n"
			   "deny\t-\tapplication/x-ms.*\tby type\tType\n"
			   "deny\t(a+)+$b\t-\t-\n"
			   "nonsense\tx\t-\t-\n"
			   "deny\t(\t-\t-\n";

UNIT(first_match_decides)
{
	static const struct {
		const char *name, *mime;
		int line, action;
	} cases[] = {
	    {"a.TXT", "", 2, NAMERULE_ALLOW},
	    {"setup.exe", "", 3, NAMERULE_DENY},
	    {"x.pif", "", 4, NAMERULE_DENY_DELETE},
	    {"x.wmf", "", 5, NAMERULE_RENAME},
	    {"x.bat", "", 6, NAMERULE_RENAME},
	    {"x.iso", "", 7, NAMERULE_FORWARD},
	    {"x.foo", "application/x-msdownload", 8, NAMERULE_DENY},
	    {"x.foo", "text/plain", 0, 0},
	};
	struct arena *a = arena_new(0);
	struct problems problems = {.arena = a};
	struct namerules n = {0};
	size_t i;

	namerules_parse(&n, a, slice_str(text), SLICE("f"), &problems);
	check_int(problems.list.n, 2);
	check_int(problems.list.at[0].line, 10);
	check_int(problems.list.at[1].line, 11);
	for (i = 0; i < COUNT_OF(cases); i++) {
		const struct namerule *r = namerules_match(
		    &n, slice_str(cases[i].name), slice_str(cases[i].mime));

		check_int(r != NULL ? (int)r->line : 0, cases[i].line);
		if (r != NULL)
			check_int(r->action, cases[i].action);
	}
	check_slice(n.rules.at[1].user_text, "No programs please");
	check_slice(n.rules.at[1].log_text, "programs");
	check_slice(n.rules.at[0].log_text, "");
	check_slice(n.rules.at[4].argument, "x.bin");
	check_slice(n.rules.at[5].argument, "a@b.c d@e.f");
	namerules_fini(&n);
	arena_free(a);
}

UNIT(an_evil_expression_ends_and_does_not_allow)
{
	struct arena *a = arena_new(0);
	struct problems problems = {.arena = a};
	struct namerules n = {0};
	char name[3000];

	(void)memset(name, 'a', sizeof(name));
	namerules_parse(&n, a, SLICE("deny\t^(a+)+$x\t-\t-\nallow\t.\t-\t-\n"),
	    SLICE("f"), &problems);
	check(namerules_match(&n, slice_of(name, sizeof(name)), SLICE_NONE) !=
	      NULL);
	namerules_words(&n, a, SLICE("\\.doc$ \\.pdf$"), NAMERULE_ALLOW,
	    SLICE("c"), 7, &problems);
	check_int(n.rules.n, 4);
	namerules_fini(&n);
	arena_free(a);
}

UNIT(forms_of_the_original)
{
	static const struct {
		const char *rule, *name;
		int action;
	} cases[] = {
	    {"denyanddelete\t/\\.exe$/\tl\tu", "a.exe", NAMERULE_DENY_DELETE},
	    {"Deny,\t\\.exe$\t-\tl\tu", "a.exe", NAMERULE_DENY},
	    {"rename .txt\t\\.exe$\tl\tu", "a.exe", NAMERULE_RENAME},
	    {"deny\t\\.exe$\t-\tl\tu", "x-y", -1},
	    {"allow\t.\t-\t-", "", -1},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		struct arena *a = arena_new(0);
		struct problems problems = {.arena = a};
		struct namerules n = {0};
		const struct namerule *r;

		namerules_parse(
		    &n, a, slice_str(cases[i].rule), SLICE("f"), &problems);
		check_int(problems.list.n, 0);
		r = namerules_match(
		    &n, slice_str(cases[i].name), SLICE("text/plain"));
		check_int(r == NULL ? -1 : (int)r->action, cases[i].action);
		namerules_fini(&n);
		arena_free(a);
	}
}

UNIT_MAIN(unit(forms_of_the_original), unit(first_match_decides),
    unit(an_evil_expression_ends_and_does_not_allow))
