#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "config/conf.h"
#include "test/unit.h"

static const char *
path_of(const char *name)
{
	static char paths[16][256];
	static unsigned next;
	char *p = paths[next++ % 16];

	(void)snprintf(p, 256, "%s/%s", unit_tmpdir(), name);
	return p;
}

static struct conf *
load(const char *text)
{
	struct fail why;
	struct conf *c;

	unit_write(path_of("MailScanner.conf"), slice_str(text));
	c = conf_load(path_of("MailScanner.conf"), &why);
	check(c != NULL);
	return c;
}

UNIT(values_variables_and_includes)
{
	struct conf *c;

	unit_write(path_of("more.conf"),
	    SLICE("Max Children = 9\nQuarantine Dir = %top%/q/ # end\n"));
	(void)setenv("REEVE_TEST_VALUE", "from-env", 1);
	c = load("%top% = /x/$REEVE_TEST_VALUE\n%Org-Name% = acme\n"
		 "max children = 3\ninclude more.conf\n"
		 "Mail Header = X-%org-name% Scan:\n"
		 "Maximum Message Size = 2m\nVirus Modify Subject = no\n");
	check_int(conf_number(c, OPT_MAX_CHILDREN, NULL), 9);
	check_slice(
	    conf_text(c, OPT_QUARANTINE_DIR, NULL, NULL), "/x/from-env/q");
	check_slice(conf_text(c, OPT_MAIL_HEADER, NULL, NULL), "X-acme-Scan:");
	check_int(conf_number(c, OPT_MAXIMUM_MESSAGE_SIZE, NULL), 2000000);
	check_slice(conf_text(c, OPT_VIRUS_MODIFY_SUBJECT, NULL, NULL), "0");
	check(conf_yes(c, OPT_VIRUS_SCANNING, NULL));
	check_int(conf_explain(c, OPT_MAX_CHILDREN, NULL).line, 1);
	check_slice(
	    conf_explain(c, OPT_VIRUS_SCANNING, NULL).file, "(default)");
	check_int(conf_problems(c)->list.n, 0);
	conf_free(c);
}

UNIT(mistakes_are_named_with_their_line)
{
	struct conf *c = load("Max Children = 5\nMaximun Archive Depth = 3\n"
			      "Virus Scanning = perhaps\nMax Children = x5\n"
			      "just words\n");
	const struct problems *p = conf_problems(c);

	check_int(p->list.n, 4);
	check_int(p->list.at[0].line, 2);
	check_slice(
	    p->list.at[0].hint, "did you mean \"Maximum Archive Depth\"?");
	check_int(p->list.at[1].line, 5);
	check_int(p->list.at[2].line, 4);
	check_int(p->list.at[3].line, 3);
	conf_free(c);
}

UNIT(rulesets_decide_for_a_subject)
{
	struct slice to[] = {
	    SLICE_LIT("b@two.example"), SLICE_LIT("c@three.example")};
	struct subject s = {.sender = SLICE("a@one.example"),
	    .recipients = to,
	    .recipient_count = 2};
	struct arena *a = arena_new(0);
	char text[1024];
	struct conf *c;

	unit_write(path_of("scan.rules"),
	    SLICE("To: two.example yes\nTo: three.example no\n"
		  "FromOrTo: default yes\n"));
	unit_write(path_of("size.rules"),
	    SLICE("From: one.example 5k\nFromOrTo: default 0\n"));
	(void)snprintf(text, sizeof(text),
	    "Virus Scanning = %s\nMaximum Message Size = %s\n",
	    path_of("scan.rules"), path_of("size.rules"));
	c = load(text);
	check_int(conf_problems(c)->list.n, 0);
	check_slice(conf_text(c, OPT_VIRUS_SCANNING, &s, a), "1 0");
	check(!conf_yes(c, OPT_VIRUS_SCANNING, &s));
	s.recipient_count = 1;
	check(conf_yes(c, OPT_VIRUS_SCANNING, &s));
	check(conf_yes(c, OPT_VIRUS_SCANNING, NULL));
	check_int(conf_number(c, OPT_MAXIMUM_MESSAGE_SIZE, &s), 5000);
	check_int(conf_explain(c, OPT_MAXIMUM_MESSAGE_SIZE, &s).rule_line, 1);
	check_int(conf_number(c, OPT_MAXIMUM_MESSAGE_SIZE, NULL), 0);
	conf_free(c);
	arena_free(a);
}

UNIT(a_file_that_is_not_there_is_a_failure)
{
	struct fail why;

	check(conf_load("/nonexistent/x.conf", &why) == NULL);
	check_int(why.code, FAIL_GONE);
}

UNIT(an_include_of_itself_ends)
{
	struct conf *c = load("include *.conf\nMax Children = 2\n");

	check_int(conf_number(c, OPT_MAX_CHILDREN, NULL), 2);
	conf_free(c);
}

UNIT(variables_have_the_value_of_their_place)
{
	struct conf *c =
	    load("%x% = one\nClean Header Value = %x%\n"
		 "%x% = %x%-two\nInfected Header Value = %X%\n"
		 "Disinfected Header Value = %nosuch% 5% of $nosuch\n");

	check_slice(conf_text(c, OPT_CLEAN_HEADER_VALUE, NULL, NULL), "one");
	check_slice(
	    conf_text(c, OPT_INFECTED_HEADER_VALUE, NULL, NULL), "one-two");
	check_int(conf_problems(c)->list.n, 1);
	check_int(conf_problems(c)->list.at[0].line, 5);
	conf_free(c);
}

/* %a% that grows by each use ends at the limit of a value. */
UNIT(variables_cannot_grow_without_end)
{
	struct conf *c =
	    conf_of_text("/x", SLICE("%a% = %b%%b%%b%%b%\n%b% = %a%%a%%a%%a%\n"
				     "Clean Header Value = %a%%b%\n"));

	check(conf_text(c, OPT_CLEAN_HEADER_VALUE, NULL, NULL).n <=
	      CONF_VALUE_MAX);
	conf_free(c);
}

UNIT(what_cannot_be_taken_leaves_the_default)
{
	struct conf *c = conf_of_text(
	    "/x", SLICE("Max Children =\nInline Text Warning =\n"
			"Virus Scanning =\n"
			"Always Looked Up Last = &MailWatchLogging\n"
			"Maximum Archive Depth = 4 levels\n"
			"Information Header =\n"));
	const struct problems *p = conf_problems(c);

	check_int(conf_number(c, OPT_MAX_CHILDREN, NULL), 5);
	check_slice(conf_text(c, OPT_INLINE_TEXT_WARNING, NULL, NULL),
	    "/x/reports/en/inline.warning.txt");
	check(conf_yes(c, OPT_VIRUS_SCANNING, NULL));
	check(!conf_yes(c, OPT_ALWAYS_LOOKED_UP_LAST, NULL));
	check_int(conf_number(c, OPT_MAXIMUM_ARCHIVE_DEPTH, NULL), 4);
	check_slice(conf_text(c, OPT_INFORMATION_HEADER, NULL, NULL), "");
	check(!conf_changed(c, OPT_MAX_CHILDREN));
	check(conf_changed(c, OPT_INFORMATION_HEADER));
	check_int(p->list.n, 3);
	check_int(p->list.at[0].level, PROBLEM_WARNING);
	conf_free(c);
}

UNIT(rules_know_variables_and_a_default)
{
	struct subject s = {.sender = SLICE("a@b")};
	struct arena *a = arena_new(0);
	struct conf *c;

	(void)mkdir(path_of("rules"), 0700);
	unit_write(path_of("rules/mark.rules"),
	    SLICE("From: b by %who%\nFrom: c $HOME_OF_NOBODY\n"));
	unit_write(path_of("rules/size.rules"), SLICE("From: c 7\n"));
	unit_write(path_of("rules/report.rules"), SLICE("From: b own.txt\n"));
	c = load("%who% = us\n"
		 "Clean Header Value = %rules-dir%/mark.rules\n"
		 "Maximum Archive Depth = rules/size.rules\n"
		 "Inline Text Warning = rules/report.rules\n");
	check_slice(conf_text(c, OPT_CLEAN_HEADER_VALUE, &s, a), "by us");
	check_slice(
	    conf_text(c, OPT_CLEAN_HEADER_VALUE, NULL, a), "Found to be clean");
	check(conf_is_ruleset(c, OPT_MAXIMUM_ARCHIVE_DEPTH));
	check_int(conf_number(c, OPT_MAXIMUM_ARCHIVE_DEPTH, &s), 2);
	check_slice(
	    conf_text(c, OPT_INLINE_TEXT_WARNING, &s, a), path_of("own.txt"));
	check_int(conf_problems(c)->list.n, 0);
	conf_free(c);
	arena_free(a);
}

UNIT(several_words_say_yes_or_no)
{
	struct conf *c = conf_of_text("/x",
	    SLICE("Virus Scanning = yes, yes\nDangerous Content Scanning = "
		  "yes no\nScan Messages = virus\n"));

	check(conf_yes(c, OPT_VIRUS_SCANNING, NULL));
	check(!conf_yes(c, OPT_DANGEROUS_CONTENT_SCANNING, NULL));
	check_slice(conf_text(c, OPT_SCAN_MESSAGES, NULL, NULL), "2");
	check_int(conf_problems(c)->list.n, 0);
	conf_free(c);
}

/* The original's own file, when somebody has it: REEVE_MAILSCANNER_ETC names
 * its directory. Nothing in it is wrong but files that are elsewhere. */
UNIT(the_file_of_the_original_loads)
{
	const char *dir = getenv("REEVE_MAILSCANNER_ETC");
	const struct problem *p;
	struct fail why;
	char path[512];
	struct conf *c;

	if (dir == NULL)
		unit_skip("REEVE_MAILSCANNER_ETC is not set");
	(void)snprintf(path, sizeof(path), "%s/MailScanner.conf", dir);
	c = conf_load(path, &why);
	check(c != NULL);
	vec_each (p, &conf_problems(c)->list)
		if (slice_find(p->text, SLICE("No such file")) < 0)
			check_slice(p->text, "a missing file");
	conf_free(c);
}

UNIT_MAIN(unit(variables_have_the_value_of_their_place),
    unit(variables_cannot_grow_without_end),
    unit(what_cannot_be_taken_leaves_the_default),
    unit(rules_know_variables_and_a_default), unit(several_words_say_yes_or_no),
    unit(the_file_of_the_original_loads), unit(values_variables_and_includes),
    unit(mistakes_are_named_with_their_line),
    unit(rulesets_decide_for_a_subject),
    unit(a_file_that_is_not_there_is_a_failure),
    unit(an_include_of_itself_ends))
