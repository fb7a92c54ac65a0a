#define _GNU_SOURCE
#include <stdio.h>

#include "act/template.h"
#include "test/unit.h"

static const char *
made(const char *name, const char *text)
{
	static char path[4][512];
	static unsigned next;
	char *p = path[next++ % 4];

	(void)snprintf(p, sizeof(path[0]), "%s/%s", unit_tmpdir(), name);
	unit_write(p, slice_str(text));
	return p;
}

UNIT(texts_come_from_the_files_of_the_configuration)
{
	struct conf *c = conf_defaults();
	struct templates *t;
	struct fail why;

	conf_set(c, OPT_INLINE_TEXT_WARNING,
	    slice_str(
		made("w.txt", "100% at %rules-dir%: $filename %x% $5\n")));
	/* Not UTF-8: in the charset of the warnings. */
	conf_set(c, OPT_INLINE_TEXT_SIGNATURE,
	    slice_str(made("s.txt", "Gr\xfc\xdf"
				    "e\n")));
	conf_set(c, OPT_INLINE_HTML_SIGNATURE, SLICE("/dev/null"));
	conf_set(c, OPT_LANGUAGE_STRINGS,
	    slice_str(made("l.conf", "NoticePrefix = Achtung\n")));
	t = templates_load(c, &why);
	check(t != NULL);
	check_slice(templates_get(t, c, OPT_INLINE_TEXT_WARNING, NULL),
	    "100% at /etc/MailScanner/rules: $filename %x% $5\n");
	check_slice(templates_get(t, c, OPT_INLINE_TEXT_SIGNATURE, NULL),
	    "Gr\xc3\xbc\xc3\x9f"
	    "e\n");
	check_int(templates_get(t, c, OPT_INLINE_HTML_SIGNATURE, NULL).n, 0);
	check_slice(templates_word(t, c, NULL, "NoticePrefix"), "Achtung");
	check_slice(templates_word(t, c, NULL, "MailScanner"), "MailScanner");
	check_slice(templates_word(t, c, NULL, "NoSuchKey"), "NoSuchKey");
	templates_free(t);
	conf_free(c);
}

UNIT(a_report_that_is_named_and_missing_is_a_failure)
{
	struct conf *c;
	struct templates *t;
	struct fail why;
	char path[512];

	/* Nothing named: texts of our own. */
	c = conf_defaults_in("/nonexistent");
	t = templates_load(c, &why);
	check(t != NULL);
	check(slice_find(templates_get(t, c, OPT_SENDER_VIRUS_REPORT, NULL),
		  SLICE("To: $from\n")) > 0);
	templates_free(t);
	conf_free(c);
	(void)snprintf(path, sizeof(path), "%s",
	    made("m.conf", "Sender Virus Report = /nonexistent/v.txt\n"));
	c = conf_load(path, &why);
	check(c != NULL);
	check(templates_load(c, &why) == NULL);
	check(strstr(why.text, "Sender Virus Report") != NULL);
	check(strstr(why.text, "/nonexistent/v.txt") != NULL);
	conf_free(c);
}

UNIT(rulesets_name_a_file_for_each_subject)
{
	const struct slice to = SLICE("a@b.example");
	const struct subject s = {
	    .sender = SLICE("x@y"), .recipients = &to, .recipient_count = 1};
	char rules[1200], conf[600];
	struct conf *c;
	struct templates *t;
	struct fail why;

	(void)snprintf(rules, sizeof(rules),
	    "To: *@b.example %s\nFromOrTo: default %s\n",
	    made("b.txt", "for b\n"), made("d.txt", "for all\n"));
	(void)snprintf(conf, sizeof(conf), "Inline Text Warning = %s\n",
	    made("texts.rules", rules));
	c = conf_load(made("r.conf", conf), &why);
	check(c != NULL);
	t = templates_load(c, &why);
	check(t != NULL);
	check_slice(
	    templates_get(t, c, OPT_INLINE_TEXT_WARNING, &s), "for b\n");
	check_slice(
	    templates_get(t, c, OPT_INLINE_TEXT_WARNING, NULL), "for all\n");
	templates_free(t);
	conf_free(c);
}

UNIT(the_files_we_ship_load)
{
	struct fail why;
	struct conf *c;
	struct templates *t;

	c = conf_load(unit_source("etc/MailScanner.conf"), &why);
	check(c != NULL);
	t = templates_load(c, &why);
	check(t != NULL);
	check(slice_starts(
	    templates_get(t, c, OPT_SENDER_VIRUS_REPORT, NULL), "From: "));
	check(slice_find(templates_get(t, c, OPT_SENDER_VIRUS_REPORT, NULL),
		  SLICE("%org-")) == SLICE_NOT_FOUND);
	check_slice(templates_word(t, c, NULL, "NotNamed"), "without a name");
	templates_free(t);
	conf_free(c);
}

UNIT_MAIN(unit(texts_come_from_the_files_of_the_configuration),
    unit(a_report_that_is_named_and_missing_is_a_failure),
    unit(rulesets_name_a_file_for_each_subject), unit(the_files_we_ship_load))
