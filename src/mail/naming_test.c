#include "mail/naming.h"
#include "test/unit.h"

static const struct {
	const char *name, *safe;
} rows[] = {
    {"report.pdf", "report.pdf"},
    {"my holiday.jpg", "my_holiday.jpg"},
    {"../../etc/passwd", "passwd"},
    {"C:\\temp\\run.exe", "run.exe"},
    {"a;b|c$(d)`e`.txt", "abc(d)e.txt"},
    {"caf\xc3\xa9.txt", "caf\xc3\xa9.txt"},
    {"bad\xff\xfe.txt", "bad.txt"},
    {"..", ""},
    {"...", ""},
    {"dir/", ""},
    {"", ""},
    {"<>", ""},
    {".htaccess", ".htaccess"},
    {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee",
	"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"},
    {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeee.html",
	"aaaaaaaaaabbbb.htm"},
    {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeef", "aaaaaaaaaabbbb"},
    {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
     "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
     "bbbbbbbbbbccccccccccddddddddddeeeeee.x\xc3\xa9yz",
	"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
	"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9.x\xc3\xa9y"},
};

UNIT(safe_names_are_those_mailscanner_stores)
{
	struct arena *a = arena_new(0);
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++)
		check_slice(
		    naming_safe(a, slice_str(rows[i].name)), rows[i].safe);
	arena_free(a);
}

UNIT(every_reading_is_a_name_and_the_first_is_shown)
{
	struct arena *a = arena_new(0);
	struct entity e = {.path = SLICE("1.2")};
	const struct slice names[] = {SLICE("doc.txt"), SLICE("run.exe.")};

	check(naming_set(a, &e, names, 2));
	check_slice(e.names.at[0], "doc.txt");
	check_int(e.names.n, 3);
	check_slice(e.names.at[2], "run.exe");
	check_slice(e.safe_name, "doc.txt");
	arena_free(a);
}

UNIT(what_has_no_usable_name_gets_one)
{
	struct arena *a = arena_new(0);
	struct entity e = {.path = SLICE("1.2~2"), .type = SLICE("text/html")};
	const struct slice odd[] = {SLICE("//")};

	check(naming_set(a, &e, NULL, 0));
	check_int(e.names.n, 0);
	check_slice(e.safe_name, "msg-1-2-2.html");
	e = (struct entity){.path = SLICE("1"), .type = SLICE("x/y")};
	check(naming_set(a, &e, odd, 1));
	check_slice(e.safe_name, "msg-1.dat");
	arena_free(a);
}

UNIT(readings_have_a_limit_that_is_told)
{
	struct arena *a = arena_new(0);
	struct entity e = {.path = SLICE("1")};
	struct slice names[NAMING_NAMES_MAX + 1];
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++)
		names[i] = arena_printf(a, "n%zu", i);
	check(!naming_set(a, &e, names, COUNT_OF(names)));
	check_int(e.names.n, NAMING_NAMES_MAX);
	arena_free(a);
}

UNIT_MAIN(unit(safe_names_are_those_mailscanner_stores),
    unit(every_reading_is_a_name_and_the_first_is_shown),
    unit(what_has_no_usable_name_gets_one),
    unit(readings_have_a_limit_that_is_told))
