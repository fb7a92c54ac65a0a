#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

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

UNIT_MAIN(unit(values_variables_and_includes),
    unit(mistakes_are_named_with_their_line),
    unit(rulesets_decide_for_a_subject),
    unit(a_file_that_is_not_there_is_a_failure),
    unit(an_include_of_itself_ends))
