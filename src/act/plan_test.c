#include "act/plan.h"
#include "test/bed.h"

#define MIXED                                                             \
	"From: a@b\nContent-Type: multipart/mixed; boundary=x\n\n"        \
	"--x\nContent-Type: text/plain\n\nhello\n"                        \
	"--x\nContent-Type: application/octet-stream; name=a.exe\n\nMZ\n" \
	"--x\nContent-Type: application/zip; name=b.zip\n\nPK\n--x--\n"

/* Settings and findings; what is decided, deeds in their order as words. */
struct row {
	const char *name, *deeds;
	enum plan_action action;
	enum plan_status status;
	struct {
		enum option opt;
		const char *value;
	} set[4];
	struct {
		enum finding_code code;
		const char *path;
		enum finding_wish wish;
		const char *detail;
	} find[3];
	const char *incomplete, *reason;
};

static const struct row rows[] = {
    {.name = "clean",
	.deeds = "",
	.action = PLAN_DELIVER,
	.status = PLAN_STATUS_CLEAN},
    {.name = "notes block nothing",
	.deeds = "",
	.action = PLAN_DELIVER,
	.status = PLAN_STATUS_CLEAN,
	.find = {{FINDING_AMBIGUOUS, "", WISH_NOTE, ""}}},
    {.name = "a blocked name",
	.deeds = "store 2,replace 2,tag-start {Filename?},notify-sender,"
		 "notify-admin",
	.action = PLAN_DELIVER_MODIFIED,
	.status = PLAN_STATUS_INFECTED,
	.find = {{FINDING_FILENAME, "1.2", WISH_BLOCK, ""}}},
    {.name = "a virus is silent by default",
	.deeds = "notify-admin",
	.action = PLAN_DELETE,
	.status = PLAN_STATUS_INFECTED,
	.find = {{FINDING_VIRUS, "1.2", WISH_BLOCK,
	    "Clamd: x was infected: W"}}},
    {.name = "but some are wanted to be heard of",
	.deeds = "store 2,replace 2,tag-start {Virus?},notify-admin",
	.action = PLAN_DELIVER_MODIFIED,
	.status = PLAN_STATUS_INFECTED,
	.find = {{FINDING_VIRUS, "1.2", WISH_BLOCK,
	    "Clamd: x was infected: Eicar-Test"}}},
    {.name = "All-Viruses is no wish to hear of all",
	.deeds = "notify-admin",
	.action = PLAN_DELETE,
	.status = PLAN_STATUS_INFECTED,
	.set = {{OPT_NON_FORGING_VIRUSES, "All-Viruses"}},
	.find = {{FINDING_VIRUS, "1.2", WISH_BLOCK,
	    "Clamd: x was infected: W"}}},
    {.name = "silent ones are kept on request",
	.deeds = "store 2,notify-admin",
	.action = PLAN_QUARANTINE,
	.status = PLAN_STATUS_INFECTED,
	.set = {{OPT_QUARANTINE_SILENT_VIRUSES, "yes"}},
	.find = {{FINDING_VIRUS, "1.2", WISH_BLOCK, "W"}}},
    {.name = "silent and still delivered",
	.deeds = "replace 2,tag-start {Virus?},notify-admin",
	.action = PLAN_DELIVER_MODIFIED,
	.status = PLAN_STATUS_INFECTED,
	.set = {{OPT_STILL_DELIVER_SILENT_VIRUSES, "yes"}},
	.find = {{FINDING_VIRUS, "1.2", WISH_BLOCK, "W"}}},
    {.name = "silent, delivered, untouched",
	.deeds = "tag-start {Virus?},notify-admin",
	.action = PLAN_DELIVER,
	.status = PLAN_STATUS_INFECTED,
	.set = {{OPT_STILL_DELIVER_SILENT_VIRUSES, "yes"},
	    {OPT_STILL_DELIVER_SILENT_VIRUSES_UNMODIFIED, "yes"}},
	.find = {{FINDING_VIRUS, "1.2", WISH_BLOCK, "W"}}},
    {.name = "a virus and senders of names: no word to its sender",
	.deeds = "store 2,store 3,replace 2,replace 3,tag-start {Virus?},"
		 "notify-admin",
	.action = PLAN_DELIVER_MODIFIED,
	.status = PLAN_STATUS_INFECTED,
	.set = {{OPT_SILENT_VIRUSES, ""}},
	.find = {{FINDING_VIRUS, "1.2", WISH_BLOCK, "W"},
	    {FINDING_FILENAME, "1.3", WISH_BLOCK, ""}}},
    {.name = "names and contents together count as a virus",
	.deeds = "store 2,store 3,replace 2,replace 3,tag-start {Virus?},"
		 "notify-sender,notify-admin",
	.action = PLAN_DELIVER_MODIFIED,
	.status = PLAN_STATUS_INFECTED,
	.find = {{FINDING_FILETYPE, "1.2", WISH_BLOCK, ""},
	    {FINDING_ENCRYPTED, "1.3", WISH_BLOCK, ""}},
	.set = {{OPT_SILENT_VIRUSES, ""}}},
    {.name = "size alone",
	.deeds = "store-whole,replace -1,tag-end {Size},notify-admin",
	.action = PLAN_DELIVER_MODIFIED,
	.status = PLAN_STATUS_INFECTED,
	.set = {{OPT_SIZE_MODIFY_SUBJECT, "end"}},
	.find = {{FINDING_SIZE, "", WISH_BLOCK, ""}}},
    {.name = "deny+delete is not kept",
	.deeds = "replace 2,tag-start {Filename?},notify-sender,notify-admin",
	.action = PLAN_DELIVER_MODIFIED,
	.status = PLAN_STATUS_INFECTED,
	.find = {{FINDING_FILENAME, "1.2", WISH_BLOCK_DELETE, ""}}},
    {.name = "cleaned messages are not delivered",
	.deeds = "store 2,notify-sender,notify-admin",
	.action = PLAN_QUARANTINE,
	.status = PLAN_STATUS_INFECTED,
	.set = {{OPT_DELIVER_CLEANED_MESSAGES, "no"}},
	.find = {{FINDING_FILENAME, "1.2", WISH_BLOCK, ""}}},
    {.name = "nor kept",
	.deeds = "notify-sender,notify-admin",
	.action = PLAN_DELETE,
	.status = PLAN_STATUS_INFECTED,
	.set = {{OPT_DELIVER_CLEANED_MESSAGES, "no"},
	    {OPT_QUARANTINE_INFECTIONS, "no"}},
	.find = {{FINDING_FILENAME, "1.2", WISH_BLOCK, ""}}},
    {.name = "the whole message beside the part",
	.deeds = "store 2,store-whole,replace 2,tag-start {Filename?},"
		 "notify-sender",
	.action = PLAN_DELIVER_MODIFIED,
	.status = PLAN_STATUS_INFECTED,
	.set = {{OPT_QUARANTINE_WHOLE_MESSAGE, "yes"},
	    {OPT_SEND_NOTICES, "no"}},
	.find = {{FINDING_FILENAME, "1.2", WISH_BLOCK, ""}}},
    {.name = "a new name is no infection",
	.deeds = "rename 2",
	.action = PLAN_DELIVER_MODIFIED,
	.status = PLAN_STATUS_CLEAN,
	.find = {{FINDING_FILENAME, "1.2", WISH_RENAME, "b"}}},
    {.name = "and kept on request",
	.deeds = "rename 2,store-whole",
	.action = PLAN_DELIVER_MODIFIED,
	.status = PLAN_STATUS_CLEAN,
	.set = {{OPT_QUARANTINE_MODIFIED_BODY, "yes"}},
	.find = {{FINDING_FILENAME, "1.2", WISH_RENAME, "b"}}},
    {.name = "other recipients",
	.deeds = "forward 2",
	.action = PLAN_DELIVER,
	.status = PLAN_STATUS_CLEAN,
	.find = {{FINDING_FILENAME, "1.2", WISH_FORWARD, "b"}}},
    {.name = "the scanned tag stands behind",
	.deeds = "tag-end {Scanned}",
	.action = PLAN_DELIVER,
	.status = PLAN_STATUS_CLEAN,
	.set = {{OPT_SCANNED_MODIFY_SUBJECT, "yes"}}},
    {.name = "signed when clean",
	.deeds = "sign",
	.action = PLAN_DELIVER,
	.status = PLAN_STATUS_CLEAN,
	.set = {{OPT_SIGN_CLEAN_MESSAGES, "yes"}}},
    {.name = "not signed when not scanned",
	.deeds = "",
	.action = PLAN_DELIVER,
	.status = PLAN_STATUS_UNSCANNED,
	.set = {{OPT_SIGN_CLEAN_MESSAGES, "yes"}, {OPT_VIRUS_SCANNING, "no"}}},
    {.name = "no scanning, and not a word of it",
	.deeds = "",
	.action = PLAN_DELIVER,
	.status = PLAN_STATUS_NONE,
	.set = {{OPT_MARK_UNSCANNED_MESSAGES, "no"},
	    {OPT_VIRUS_SCANNING, "no"}}},
    {.name = "not to be looked at",
	.deeds = "pass",
	.action = PLAN_DELIVER,
	.status = PLAN_STATUS_NONE,
	.set = {{OPT_SCAN_MESSAGES, "no"}},
	.find = {{FINDING_FILENAME, "1.2", WISH_BLOCK, ""}}},
    {.name = "only for viruses is looked at",
	.deeds = "",
	.action = PLAN_DELIVER,
	.status = PLAN_STATUS_CLEAN,
	.set = {{OPT_SCAN_MESSAGES, "virus"}}},
    {.name = "refused",
	.deeds = "notify-sender",
	.action = PLAN_REJECT,
	.status = PLAN_STATUS_NONE,
	.set = {{OPT_REJECT_MESSAGE, "yes"}}},
    {.name = "a scanner failed: wait",
	.deeds = "retry",
	.action = PLAN_RETRY,
	.status = PLAN_STATUS_NONE,
	.incomplete = "virus:clamd",
	.reason = "connection refused"},
    {.name = "also when something is found",
	.deeds = "retry",
	.action = PLAN_RETRY,
	.status = PLAN_STATUS_NONE,
	.incomplete = "virus:clamd",
	.reason = "connection refused",
	.find = {{FINDING_FILENAME, "1.2", WISH_BLOCK, ""}}},
    {.name = "a scanner failed: keep",
	.deeds = "store-whole,replace -1,tag-start {Dangerous Content?},"
		 "notify-sender,notify-admin",
	.action = PLAN_DELIVER_MODIFIED,
	.status = PLAN_STATUS_INFECTED,
	.set = {{OPT_UNSCANNABLE_MESSAGES, "quarantine"},
	    {OPT_QUARANTINE_INFECTIONS, "no"}},
	.incomplete = "virus:clamd",
	.reason = "connection refused"},
    {.name = "a scanner failed: deliver with a mark",
	.deeds = "mark",
	.action = PLAN_DELIVER,
	.status = PLAN_STATUS_UNSCANNED,
	.set = {{OPT_UNSCANNABLE_MESSAGES, "deliver-marked"},
	    {OPT_SIGN_CLEAN_MESSAGES, "yes"},
	    {OPT_SCANNED_MODIFY_SUBJECT, "yes"}},
	.incomplete = "virus:clamd",
	.reason = "connection refused"},
    {.name = "the same in MailScanner's words",
	.deeds = "mark",
	.action = PLAN_DELIVER,
	.status = PLAN_STATUS_UNSCANNED,
	.set = {{OPT_STILL_DELIVER_UNSCANNABLE_MESSAGES, "yes"}},
	.incomplete = "unpack",
	.reason = "deadline"},
};

static struct slice
deeds_in_words(const struct bed *b)
{
	const struct deed *d;
	struct slice all = SLICE("");

	vec_each (d, &b->plan->deeds) {
		all = arena_printf(b->arena, "%.*s%s%s", SLICE_FMT(all),
		    all.n > 0 ? "," : "", deed_word(d->kind));
		if (d->kind == DEED_TAG_START || d->kind == DEED_TAG_END)
			all = arena_printf(b->arena, "%.*s %.*s",
			    SLICE_FMT(all), SLICE_FMT(d->argument));
		else if (d->kind == DEED_REPLACE || d->kind == DEED_STORE ||
			 d->kind == DEED_RENAME || d->kind == DEED_FORWARD)
			all = arena_printf(b->arena, "%.*s %d", SLICE_FMT(all),
			    d->entity == ENTITY_WHOLE ? -1 : d->entity - 1);
	}
	return all;
}

UNIT(findings_and_settings_give_deeds)
{
	size_t i, j;

	for (i = 0; i < COUNT_OF(rows); i++) {
		const struct row *r = &rows[i];
		struct bed b;

		bed_open(&b, SLICE(MIXED));
		for (j = 0; j < COUNT_OF(r->set) && r->set[j].value; j++)
			bed_set(&b, r->set[j].opt, r->set[j].value);
		for (j = 0; j < COUNT_OF(r->find) && r->find[j].path; j++)
			bed_find(&b, r->find[j].code, r->find[j].path,
			    r->find[j].wish, r->find[j].detail);
		if (r->incomplete != NULL)
			verdict_add_incomplete(&b.m.verdict, b.arena,
			    slice_str(r->incomplete), slice_str(r->reason));
		b.plan = plan_new(&b.m);
		if (!slice_is(deeds_in_words(&b), r->deeds) ||
		    b.plan->action != r->action || b.plan->status != r->status)
			print_error("row: %s\n", r->name);
		check_slice(deeds_in_words(&b), r->deeds);
		check_str(plan_action_word(b.plan->action),
		    plan_action_word(r->action));
		check_int(b.plan->status, r->status);
		bed_close(&b);
	}
}

UNIT(who_is_to_blame_for_what_did_not_run)
{
	static const struct {
		const char *check, *reason;
		bool blame;
	} cases[] = {
	    {"virus:clamd", "connection refused", false},
	    {"virus:clamd", "no answer at this time", false},
	    {"virus:clamd", "timeout: no answer in time", true},
	    {"virus", "more than 20000 things to scan", true},
	    {"unpack", "deadline", true},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		struct bed b;

		bed_open(&b, SLICE("A: b\n\nc\n"));
		verdict_add_incomplete(&b.m.verdict, b.arena,
		    slice_str(cases[i].check), slice_str(cases[i].reason));
		check_int(plan_new(&b.m)->blame, cases[i].blame);
		bed_close(&b);
	}
}

UNIT(every_deed_names_its_reason)
{
	struct bed b;
	const struct deed *d;

	bed_open(&b, SLICE(MIXED));
	bed_find(&b, FINDING_FILENAME, "1.2", WISH_BLOCK, "no programs");
	b.plan = plan_new(&b.m);
	vec_each (d, &b.plan->deeds)
		check(
		    d->line >= 0 || d->finding >= 0 || d->kind == DEED_REPLACE);
	check_slice(
	    plan_report(b.plan, b.arena), "MailScanner: no programs (a.exe)\n");
	check_slice(plan_names(b.plan, &b.m), "a.exe");
	bed_close(&b);
}

/* Any number of findings: bounded memory, one text each. */
UNIT(a_flood_of_findings_is_one_block)
{
	struct bed b;
	unsigned i;

	bed_open(&b, SLICE(MIXED));
	for (i = 0; i < 100000; i++)
		bed_find(&b, FINDING_FILENAME, i % 2 ? "1.2" : "1.3",
		    WISH_BLOCK, "a rule that hits again and again");
	b.plan = plan_new(&b.m);
	check_int(b.plan->blocks.n, 2);
	check(b.plan->blocks.at[0].report.n <= 1 << 14);
	check(arena_size(b.arena) < 128 << 20);
	bed_close(&b);
}

UNIT_MAIN(unit(findings_and_settings_give_deeds),
    unit(who_is_to_blame_for_what_did_not_run),
    unit(every_deed_names_its_reason), unit(a_flood_of_findings_is_one_block))
