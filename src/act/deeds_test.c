#include "act/deeds.h"
#include "base/jsontree.h"
#include "test/bed.h"

#define MIXED                                                               \
	"From: a@b\nMessage-ID: <m@x>\nSubject: s\n"                        \
	"Content-Type: multipart/mixed; boundary=x\n\n"                     \
	"--x\nContent-Type: text/plain\n\nhello\n"                          \
	"--x\nContent-Type: application/octet-stream; name=\"a b.exe\"\n\n" \
	"MZ\n--x\nContent-Type: application/x; name=\"a b.exe\"\n\nPK\n"    \
	"--x--\n"

static struct slice
logged(const struct bed *b)
{
	struct slice all = SLICE("");
	const struct slice *line;

	vec_each (line, &b->out.log)
		all = arena_printf(
		    b->arena, "%.*s%.*s\n", SLICE_FMT(all), SLICE_FMT(*line));
	return all;
}

UNIT(lines_in_mailscanners_words)
{
	struct bed b;

	bed_open(&b, SLICE(MIXED));
	bed_set(&b, OPT_SILENT_VIRUSES, "");
	bed_virus(&b, "1.2", "Eicar-Test");
	bed_find(&b, FINDING_FILENAME, "1.2", WISH_BLOCK, "No executables");
	bed_find(&b, FINDING_FILETYPE, "1.3", WISH_BLOCK_DELETE, "No programs");
	bed_find(&b, FINDING_ENCRYPTED, "1.3", WISH_BLOCK, "");
	bed_deeds(&b);
	check_slice(logged(&b),
	    "Clamd::INFECTED:: Eicar-Test :: ./1abc-0002/a b.exe\n"
	    "Filename Checks: No executables (1abc-0002 a b.exe)\n"
	    "Filetype Checks: No programs (1abc-0002 a b.exe)\n"
	    "Password-protected archive (a b.exe) in 1abc-0002\n"
	    "Virus Scanning: Found 1 viruses\n"
	    "Other Checks: Found 2 problems\n"
	    "Content Checks: Found 1 problems\n"
	    "Infected message 1abc-0002 came from 192.0.2.7\n"
	    "Saved infected \"a_b.exe\" to "
	    "/var/spool/MailScanner/quarantine/20260101/1abc-0002\n"
	    "Deleted infected \"a b.exe\"\n"
	    "Cleaned: Delivered 1 cleaned messages\n"
	    "Notices: Warned about 1 messages\n");
	bed_close(&b);
}

UNIT(quiet_ends)
{
	struct bed b;

	bed_open(&b, SLICE(MIXED));
	bed_deeds(&b);
	check_slice(logged(&b), "Uninfected: Delivered 1 messages\n");
	check_int(b.out.verb, OUTCOME_DELIVER);
	bed_close(&b);
	bed_open(&b, SLICE(MIXED));
	bed_set(&b, OPT_SCAN_MESSAGES, "no");
	bed_deeds(&b);
	check_slice(logged(&b), "Unscanned: Delivered 1 messages\n");
	bed_close(&b);
	bed_open(&b, SLICE(MIXED));
	bed_set(&b, OPT_STILL_DELIVER_SILENT_VIRUSES, "yes");
	bed_set(&b, OPT_LOG_SILENT_VIRUSES, "yes");
	bed_set(&b, OPT_SEND_NOTICES, "no");
	bed_virus(&b, "1.2", "W");
	bed_deeds(&b);
	check(slice_find(logged(&b),
		  SLICE("Viruses marked as silent: Clamd: file was infected: "
			"W\n")) > 0);
	check(slice_ends(logged(&b),
	    "Silent: Delivered 1 messages containing silent viruses\n"));
	bed_close(&b);
}

UNIT(files_have_names_of_their_own)
{
	struct bed b;

	bed_open(&b, SLICE(MIXED));
	bed_set(&b, OPT_QUARANTINE_WHOLE_MESSAGE, "yes");
	bed_find(&b, FINDING_FILENAME, "1.2", WISH_BLOCK, "");
	bed_find(&b, FINDING_FILENAME, "1.3", WISH_BLOCK, "");
	bed_deeds(&b);
	check_int(b.out.keep.n, 3);
	check_slice(b.out.keep.at[0].name, "a_b.exe");
	check_slice(b.out.keep.at[0].bytes, "MZ");
	check_slice(b.out.keep.at[1].name, "a_b.exe-2");
	check_slice(b.out.keep.at[2].name, "message");
	check(b.out.keep.at[2].whole);
	bed_close(&b);
}

UNIT(other_recipients_each_once)
{
	struct bed b;

	bed_open(&b, SLICE(MIXED));
	bed_find(&b, FINDING_FILENAME, "1.2", WISH_FORWARD, "")->argument =
	    SLICE("x@y.example z@y.example");
	bed_find(&b, FINDING_FILETYPE, "1.3", WISH_FORWARD, "")->argument =
	    SLICE("z@y.example");
	bed_deeds(&b);
	check(b.out.new_recipients);
	check_int(b.out.recipients.n, 2);
	check_slice(b.out.recipients.at[1].address, "z@y.example");
	check_slice(b.out.log.at[2],
	    "Filename Checks: Forwarding 1abc-0002 a b.exe to x@y.example "
	    "z@y.example");
	check_slice(b.out.log.at[3],
	    "Filetype Checks: Forwarding 1abc-0002 a b.exe to z@y.example");
	bed_close(&b);
}

UNIT(a_wait_does_nothing_yet)
{
	struct bed b;

	bed_open(&b, SLICE(MIXED));
	bed_find(&b, FINDING_FILENAME, "1.2", WISH_BLOCK, "");
	verdict_add_incomplete(&b.m.verdict, b.arena, SLICE("virus:clamd"),
	    SLICE("connection\nrefused"));
	bed_deeds(&b);
	check_int(b.out.verb, OUTCOME_RETRY);
	check(!b.out.blame);
	check_slice(
	    b.out.reason, "virus:clamd did not run: connection refused");
	check_int(b.out.keep.n + b.out.notices.n + b.out.edits.list.n, 0);
	bed_close(&b);
}

static const char *const keys[] = {"id", "time", "date", "messageid", "subject",
    "from", "to", "client", "helo", "hostname", "quarantine", "size", "action",
    "infected", "findings", "parts", "links", "defects", "incomplete",
    "headers", "plan", "settings", "ms", "maillog"};

static const struct {
	const char *key, *value;
} columns[] = {{"timestamp", "2026-01-01 00:00:00"}, {"date", "2026-01-01"},
    {"time", "00:00:00"}, {"id", "1abc-0002"},
    {"from_address", "sender@example.com"}, {"from_domain", "example.com"},
    {"to_address", "to@example.org"}, {"to_domain", "example.org"},
    {"subject", "s"}, {"clientip", "192.0.2.7"}, {"virusinfected", "0"},
    {"nameinfected", "1"}, {"otherinfected", "0"}, {"quarantined", "1"},
    {"report", "MailScanner: No (a b.exe)"}, {"hostname", "gate"},
    {"messageid", "<m@x>"}, {"isspam", "0"}, {"sascore", "0"}};

UNIT(the_record_has_every_key)
{
	struct bed b;
	const struct jsontree *v, *m;
	size_t i;

	bed_open(&b, SLICE(MIXED));
	bed_find(&b, FINDING_FILENAME, "1.2", WISH_BLOCK, "No");
	bed_deeds(&b);
	v = jsontree_parse(b.arena, b.out.record);
	for (i = 0; i < COUNT_OF(keys); i++) {
		if (jsontree_get(v, keys[i]) == NULL)
			print_error("no key %s\n", keys[i]);
		check(jsontree_get(v, keys[i]) != NULL);
	}
	m = jsontree_get(v, "maillog");
	for (i = 0; i < COUNT_OF(columns); i++)
		check_slice(jsontree_text(m, columns[i].key), columns[i].value);
	bed_close(&b);
}

UNIT_MAIN(unit(lines_in_mailscanners_words), unit(quiet_ends),
    unit(files_have_names_of_their_own), unit(other_recipients_each_once),
    unit(a_wait_does_nothing_yet), unit(the_record_has_every_key))
