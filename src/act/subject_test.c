#include "act/subject.h"
#include "test/unit.h"

static const struct {
	const char *raw, *start, *end, *want;
} rows[] = {
    {"Subject: hello\n\n", "{V}", NULL, "Subject: {V} hello\n\n"},
    {"Subject: hello\n\n", NULL, "{S}", "Subject: hello {S}\n\n"},
    {"Subject: hello\n\n", "{V}", "{S}", "Subject: {V} hello {S}\n\n"},
    {"Subject: {V} hello\n\n", "{V}", NULL, "Subject: {V} hello\n\n"},
    {"Subject: hello {S}\n\n", NULL, "{S}", "Subject: hello {S}\n\n"},
    {"Subject:hello\r\n\r\n", "{V}", NULL, "Subject: {V} hello\r\n\r\n"},
    {"Subject:\n\n", "{V}", NULL, "Subject: {V} \n\n"},
    {"Subject:\n", NULL, "{S}", "Subject: {S}\n"},
    {"SUBJECT: a\n b\n\tc\n\n", "{V}", "{S}",
	"SUBJECT: {V} a\n b\n\tc {S}\n\n"},
    {"A: 1\n\n", "{V}", NULL, "A: 1\nSubject: {V}\n\n"},
    {"A: 1\n\n", "{V}", "{S}", "A: 1\nSubject: {V} {S}\n\n"},
    {"Subject: a\nB: 1\nsubject: b\n\n", "{V}", NULL,
	"Subject: {V} a\nB: 1\n\n"},
    {"Subject: a\nB: 1\nsubject: b\n\n", NULL, NULL,
	"Subject: a\nB: 1\nsubject: b\n\n"},
    /* The words stay as they are; a tag inside them is seen. */
    {"Subject: =?utf-8?q?K=C3=B6ln?=\n\n", "{V}", NULL,
	"Subject: {V} =?utf-8?q?K=C3=B6ln?=\n\n"},
    {"Subject: =?utf-8?B?e1Z9IEvDtmxu?=\n\n", "{V}", NULL,
	"Subject: =?utf-8?B?e1Z9IEvDtmxu?=\n\n"},
    /* An encoded tag carries the blank that is not shown between words. */
    {"Subject: =?utf-8?q?x?=\n\n", "\xc3\xbc", NULL,
	"Subject: =?UTF-8?B?w7wg?= =?utf-8?q?x?=\n\n"},
    {"Subject: x\n\n", NULL, "\xc3\xbc", "Subject: x =?UTF-8?B?IMO8?=\n\n"},
};

static struct slice
tagged(struct arena *a, const char *raw, const char *start, const char *end)
{
	struct edits_cursor cursor = {0};
	struct subject_line s;
	struct edits e = {0};
	struct slice piece, all = SLICE("");
	struct heads h;

	heads_init(&h, a, slice_str(raw), slice_str(raw));
	subject_init(&s, a, &h);
	if (start != NULL)
		subject_tag(&s, slice_str(start), false);
	if (end != NULL)
		subject_tag(&s, slice_str(end), true);
	subject_finish(&s);
	heads_edits(&h, &e);
	while (edits_piece(&e, h.raw, &cursor, &piece))
		all = arena_printf(
		    a, "%.*s%.*s", SLICE_FMT(all), SLICE_FMT(piece));
	return all;
}

UNIT(tags_leave_the_subject_as_it_is)
{
	struct arena *a = arena_new(0);
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++)
		check_slice(tagged(a, rows[i].raw, rows[i].start, rows[i].end),
		    rows[i].want);
	arena_free(a);
}

UNIT(what_a_reader_sees)
{
	struct arena *a = arena_new(0);
	struct heads h;
	struct slice raw = SLICE(
	    "Subject: =?utf-8?q?K=C3=B6?=\n =?utf-8?q?ln?= \x01 \xff\n\n");

	heads_init(&h, a, raw, raw);
	check_slice(subject_text(a, &h), "K\xc3\xb6ln   \xc3\xbf");
	heads_init(&h, a, SLICE("A: b\n\n"), SLICE("A: b\n\n"));
	check_int(subject_text(a, &h).n, 0);
	arena_free(a);
}

UNIT_MAIN(unit(tags_leave_the_subject_as_it_is), unit(what_a_reader_sees))
