#include "act/explain.h"
#include "base/jsontree.h"
#include "test/bed.h"

#define MIXED                                           \
	"From: a@b\nSubject: x\n y\n"                   \
	"Content-Type: multipart/mixed; boundary=x\n\n" \
	"--x\nContent-Type: text/plain\n\nhello\n"      \
	"--x\nContent-Type: application/x; name=a.exe\n\nMZ\n--x--\n"

static struct slice
told(struct bed *b, struct buf *out)
{
	struct stages stages = {0};

	stages_add(&stages, "parse", 1500000);
	stages_add(&stages, "scan", 1000000);
	stages_add(&stages, "parse", 500000);
	(void)bed_result(b);
	buf_init(out, 1 << 20);
	explain_json(out, SLICE("f.eml"), &b->m, b->plan, &b->edits, &stages);
	return buf_slice(out);
}

UNIT(one_object_with_the_keys_of_the_manual)
{
	static const char *const finding[] = {
	    "code", "part", "name", "rule", "detail"};
	static const char *const part[] = {"path", "type", "type_by_content",
	    "names", "size", "depth", "filetype"};
	const struct jsontree *v, *list;
	struct buf out;
	struct bed b;
	size_t i;

	bed_open(&b, SLICE(MIXED));
	bed_find(&b, FINDING_FILENAME, "1.2", WISH_BLOCK, "No")->name =
	    SLICE("a.exe");
	verdict_add_incomplete(
	    &b.m.verdict, b.arena, SLICE("unpack"), SLICE("deadline"));
	bed_set(&b, OPT_UNSCANNABLE_MESSAGES, "deliver-marked");
	v = jsontree_parse(b.arena, told(&b, &out));
	check_slice(jsontree_text(v, "file"), "f.eml");
	check_slice(jsontree_text(v, "action"), "deliver-modified");
	check(jsontree_true(v, "infected"));
	check_slice(jsontree_text(jsontree_get(v, "ms"), "parse"), "2.000");
	list = jsontree_get(v, "findings")->first;
	for (i = 0; i < COUNT_OF(finding); i++)
		check(jsontree_get(list, finding[i]) != NULL);
	check_slice(jsontree_text(list, "code"), "filename");
	check_slice(jsontree_text(list, "part"), "1.2");
	check_slice(jsontree_text(list, "name"), "a.exe");
	list = jsontree_get(v, "parts")->first;
	for (i = 0; i < COUNT_OF(part); i++)
		check(jsontree_get(list, part[i]) != NULL);
	check_slice(jsontree_text(list, "path"), "1");
	list = jsontree_get(v, "incomplete")->first;
	check_slice(jsontree_text(list, "check"), "unpack");
	list = jsontree_get(v, "headers")->first;
	check_slice(list->text, "From: a@b");
	check_slice(list->next->text, "Subject: {Filename?} x\n y");
	check_int(explain_status(&b.m, b.plan), 2);
	buf_fini(&out);
	bed_close(&b);
}

UNIT(status_of_a_message)
{
	struct bed b;

	bed_open(&b, SLICE(MIXED));
	b.plan = plan_new(&b.m);
	check_int(explain_status(&b.m, b.plan), 0);
	bed_find(&b, FINDING_AMBIGUOUS, "", WISH_NOTE, "");
	b.plan = plan_new(&b.m);
	check_int(explain_status(&b.m, b.plan), 1);
	bed_close(&b);
}

UNIT(the_same_in_lines_for_people)
{
	struct buf out, text;
	struct bed b;

	bed_open(&b, SLICE(MIXED));
	bed_find(&b, FINDING_FILENAME, "1.2", WISH_BLOCK, "No\x1b[2J")->name =
	    SLICE("a.exe");
	buf_init(&text, 1 << 20);
	check(explain_text(&text, told(&b, &out)));
	check(slice_find(buf_slice(&text),
		  SLICE("found      filename in part 1.2: a.exe: "
			"No\\x1b[2J  [rule]\n")) > 0);
	check(slice_find(
		  buf_slice(&text), SLICE("plan       replace part 1.2")) > 0);
	check(slice_find(buf_slice(&text),
		  SLICE("setting    Quarantine Infections = 1  (default)\n")) >
	      0);
	check(slice_find(buf_slice(&text),
		  SLICE("header     Subject: {Filename?} x\\x0a y\n")) > 0);
	buf_reset(&text);
	check(!explain_text(&text, SLICE("[1, 2")));
	check(!explain_text(&text, SLICE("{\"a\": 1}")));
	buf_fini(&text);
	buf_fini(&out);
	bed_close(&b);
}

UNIT_MAIN(unit(one_object_with_the_keys_of_the_manual),
    unit(status_of_a_message), unit(the_same_in_lines_for_people))
