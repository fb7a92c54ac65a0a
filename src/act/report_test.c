#include "act/report.h"
#include "test/bed.h"

UNIT(lines_as_mailscanner_has_them)
{
	struct bed b;
	struct finding *f;

	bed_open(&b, SLICE("From: a\n\nx\n"));
	f = bed_find(&b, FINDING_FILENAME, "1", WISH_BLOCK, "No programs");
	f->name = SLICE("a.exe");
	check_slice(report_line(&b.m, f), "MailScanner: No programs (a.exe)");
	f->name = SLICE("a\r\nX: y\0.exe");
	f->detail = SLICE("");
	check_slice(report_line(&b.m, f),
	    "MailScanner: This name is not allowed (a  X: y .exe)");
	f = bed_virus(&b, "1", "Eicar");
	check_slice(report_line(&b.m, f), "Clamd: file was infected: Eicar");
	bed_set(&b, OPT_INCLUDE_SCANNER_NAME_IN_REPORTS, "no");
	check_slice(report_line(&b.m, f), "file was infected: Eicar");
	f = bed_find(&b, FINDING_SIZE, "", WISH_BLOCK, "Too big");
	check_slice(report_line(&b.m, f), "Too big (the entire message)");
	bed_close(&b);
}

UNIT(every_code_says_something)
{
	struct bed b;
	int i;

	bed_open(&b, SLICE("From: a\n\nx\n"));
	for (i = 0; i < FINDING_CODE_COUNT; i++) {
		struct finding *f =
		    bed_find(&b, (enum finding_code)i, "", WISH_BLOCK, "");

		check(report_line(&b.m, f).n > 5 || i == FINDING_VIRUS);
	}
	bed_close(&b);
}

UNIT(things_have_names)
{
	struct bed b;

	bed_open(
	    &b, SLICE("Content-Type: application/zip; name=x.zip\n\nPK\n"));
	check_slice(report_name(&b.m, ENTITY_WHOLE), "the entire message");
	check_slice(report_name(&b.m, 0), "the entire message");
	check_slice(report_name(&b.m, 1), "x.zip");
	check_slice(report_name(&b.m, 99), "the entire message");
	message_add_member(&b.m, 1, SLICE(""));
	check_slice(report_name(&b.m, 2), "msg-1-.dat");
	bed_close(&b);
}

UNIT_MAIN(unit(lines_as_mailscanner_has_them), unit(every_code_says_something),
    unit(things_have_names))
