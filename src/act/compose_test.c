#include "act/compose.h"
#include "test/bed.h"

/* One whole way of a message: settings, what was found, what goes out. */
struct row {
	const char *name, *raw, *want;
	struct {
		enum option opt;
		const char *value;
	} set[6];
	struct {
		enum finding_code code;
		const char *path;
		enum finding_wish wish;
		const char *argument;
	} find[3];
};

#define MIXED                                                      \
	"From: a@b\n"                                              \
	"MIME-Version: 1.0\n"                                      \
	"Content-Type: multipart/mixed; boundary=\"xx\"\n"         \
	"\n"                                                       \
	"preamble\n"                                               \
	"--xx\n"                                                   \
	"Content-Type: text/plain; charset=utf-8\n"                \
	"Content-Transfer-Encoding: 8bit\n"                        \
	"\n"                                                       \
	"hello\n"                                                  \
	"--xx\n"                                                   \
	"Content-Type: application/octet-stream; name=\"a.exe\"\n" \
	"Content-Disposition: attachment;\n"                       \
	" filename=\"a.exe\"\n"                                    \
	"\n"                                                       \
	"MZ\n"                                                     \
	"--xx--\n"

#define ALTERNATIVE(eol)                                                       \
	"From: a@b" eol "MIME-Version: 1.0" eol                                \
	"Content-Type: Multipart/Alternative; boundary=b1" eol eol "--b1" eol  \
	"Content-Type: text/plain" eol eol "plain" eol "--b1" eol              \
	"Content-Type: text/html" eol eol "<html><body>rich</body></html>" eol \
	"--b1--" eol

static const struct row rows[] = {
    {"nothing to do", "From: a@b\nSubject: x\n\nbody\n",
	"From: a@b\nSubject: x\n\nbody\n", {{0}}, {{0}}},
    {"fields in their order", "From: a@b\n\nbody\n",
	"From: a@b\n"
	"X-Info: Please contact an administrator for more information\n"
	"X-ID: 1abc-0002\nX-MS: Found to be clean\nX-IP: IPv4\n"
	"X-From: sender@example.com\n\nbody\n",
	{{OPT_INFORMATION_HEADER, "X-Info:"}, {OPT_ID_HEADER, "X-ID:"},
	    {OPT_MAIL_HEADER, "X-MS:"},
	    {OPT_IP_PROTOCOL_VERSION_HEADER, "X-IP:"},
	    {OPT_ENVELOPE_FROM_HEADER, "X-From:"}},
	{{0}}},
    {"recipients, when all agree", "From: a@b\n\nbody\n",
	"From: a@b\nX-To: to@example.org\n\nbody\n",
	{{OPT_ADD_ENVELOPE_TO_HEADER, "yes"},
	    {OPT_ENVELOPE_TO_HEADER, "X-To:"}},
	{{0}}},
    {"at the top, newest first", "From: a@b\n\nbody\n",
	"X-MS: Found to be clean\nX-ID: 1abc-0002\nFrom: a@b\n\nbody\n",
	{{OPT_ID_HEADER, "X-ID:"}, {OPT_MAIL_HEADER, "X-MS:"},
	    {OPT_PLACE_NEW_HEADERS_AT_TOP_OF_MESSAGE, "yes"}},
	{{0}}},
    {"the header's own line ends", "From: a@b\r\n\r\nbody\r\n",
	"From: a@b\r\nX-ID: 1abc-0002\r\n\r\nbody\r\n",
	{{OPT_ID_HEADER, "X-ID:"}}, {{0}}},
    {"append", "X-MS: Found to be clean\nFrom: a@b\n\nbody\n",
	"X-MS: Found to be clean, Found to be clean\nFrom: a@b\n\nbody\n",
	{{OPT_MAIL_HEADER, "X-MS:"}}, {{0}}},
    {"add", "X-MS: old\nFrom: a@b\n\nbody\n",
	"X-MS: old\nFrom: a@b\nX-MS: Found to be clean\n\nbody\n",
	{{OPT_MAIL_HEADER, "X-MS:"}, {OPT_MULTIPLE_HEADERS, "add"}}, {{0}}},
    {"replace", "X-MS: old\n more\nFrom: a@b\nx-ms: older\n\nbody\n",
	"From: a@b\nX-MS: Found to be clean\n\nbody\n",
	{{OPT_MAIL_HEADER, "X-MS:"}, {OPT_MULTIPLE_HEADERS, "replace"}}, {{0}}},
    {"signatures of others stay whole", "X-ID: old\nFrom: a@b\n\nbody\n",
	"X-ID: 1abc-0002\nX-ID: old\nFrom: a@b\n\nbody\n",
	{{OPT_ID_HEADER, "X-ID:"}, {OPT_MULTIPLE_HEADERS, "add"},
	    {OPT_PLACE_NEW_HEADERS_AT_TOP_OF_MESSAGE, "yes"}},
	{{0}}},
    {"no header at all", "\nbody\n", "X-ID: 1abc-0002\n\nbody\n",
	{{OPT_ID_HEADER, "X-ID:"}}, {{0}}},
    {"empty", "", "X-ID: 1abc-0002\n\n", {{OPT_ID_HEADER, "X-ID:"}}, {{0}}},
    {"only a header", "From: a@b\n", "From: a@b\nX-ID: 1abc-0002\n",
	{{OPT_ID_HEADER, "X-ID:"}}, {{0}}},
    {"only a header, cut", "From: a@b", "From: a@b\nX-ID: 1abc-0002\n",
	{{OPT_ID_HEADER, "X-ID:"}}, {{0}}},
    {"the cut field goes", "From: a@b\nX-Mozilla-Status: 1",
	"From: a@b\nX-ID: 1abc-0002\n", {{OPT_ID_HEADER, "X-ID:"}}, {{0}}},
    {"fields are removed",
	"From: a@b\nX-Mozilla-Status: 1\nX-Secret-1: a\n b\nX-Secret: c\n\nb\n",
	"From: a@b\nX-Secret: c\n\nb\n",
	{{OPT_REMOVE_THESE_HEADERS,
	    "X-Mozilla-Status: /^x-secret-[0-9]:/ X-None"}},
	{{0}}},
    {"one subject is enough", "Subject: a\nFrom: a@b\nSubject: b\n\nb\n",
	"Subject: a\nFrom: a@b\n\nb\n", {{0}}, {{0}}},
    {"a signature of text", "From: a@b\n\nbody\n",
	"From: a@b\n\nbody\n\n-- \nThis message was examined by gate.\n",
	{{OPT_SIGN_CLEAN_MESSAGES, "yes"}, {OPT_MAIL_HEADER, "X-MS:"},
	    {OPT_CLEAN_HEADER_VALUE, ""}},
	{{0}}},
    {"no second signature", "X-MS: Found to be clean\n\nbody\n",
	"X-MS: Found to be clean\n\nbody\n",
	{{OPT_SIGN_CLEAN_MESSAGES, "yes"}, {OPT_MAIL_HEADER, "X-MS:"},
	    {OPT_CLEAN_HEADER_VALUE, ""}},
	{{0}}},
    {"where the text wants it", "From: a@b\n\nbye _SIGNATURE_\nPS\n",
	"From: a@b\n\nbye \n-- \nThis message was examined by gate.\n\nPS\n",
	{{OPT_SIGN_CLEAN_MESSAGES, "yes"}}, {{0}}},
    {"both forms of an alternative", ALTERNATIVE("\r\n"),
	"From: a@b\r\nMIME-Version: 1.0\r\n"
	"Content-Type: Multipart/Alternative; boundary=b1\r\n\r\n"
	"--b1\r\nContent-Type: text/plain\r\n\r\nplain\r\n\r\n-- \r\n"
	"This message was examined by gate.\r\n"
	"--b1\r\nContent-Type: text/html\r\n\r\n"
	"<html><body>rich<br>-- <br>\r\nThis message was examined by gate.\r\n"
	"</body></html>\r\n--b1--\r\n",
	{{OPT_SIGN_CLEAN_MESSAGES, "yes"}}, {{0}}},
    {"base64 is written anew",
	"Content-Transfer-Encoding: base64\n\naGVsbG8=\n",
	"Content-Transfer-Encoding: base64\n\n"
	"aGVsbG8NCg0KLS0gDQpUaGlzIG1lc3NhZ2Ugd2FzIGV4YW1pbmVkIGJ5IGdhdGUuDQo"
	"=\n",
	{{OPT_SIGN_CLEAN_MESSAGES, "yes"}}, {{0}}},
    {"signed mail is left alone",
	"Content-Type: multipart/signed; boundary=s\n\n--s\n\nx\n--s\n"
	"Content-Type: application/pgp-signature\n\nsig\n--s--\n",
	"Content-Type: multipart/signed; boundary=s\n\n--s\n\nx\n--s\n"
	"Content-Type: application/pgp-signature\n\nsig\n--s--\n",
	{{OPT_SIGN_CLEAN_MESSAGES, "yes"},
	    {OPT_EXTERNAL_MESSAGE_WARNING, "yes"}},
	{{0}}},
    {"attachments alone get a part in front",
	"Content-Type: multipart/mixed; boundary=m\n\n--m\n"
	"Content-Type: image/gif\n\nGIF\n--m--\n",
	"Content-Type: multipart/mixed; boundary=m\n\n--m\n"
	"Content-Type: text/plain; charset=\"ISO-8859-1\"\n"
	"Content-Disposition: inline\n"
	"Content-Transfer-Encoding: 7bit\n\n-- \n"
	"This message was examined by gate.\n--m\n"
	"Content-Type: image/gif\n\nGIF\n--m--\n",
	{{OPT_SIGN_CLEAN_MESSAGES, "yes"}}, {{0}}},
    {"from outside", "From: a@b\n\nbody\n",
	"From: a@b\n\nThis message came from outside. Be careful with links "
	"and attachments.\n\nbody\n",
	{{OPT_EXTERNAL_MESSAGE_WARNING, "yes"}}, {{0}}},
    {"flowed text", "Content-Type: text/plain; format=flowed\n\nbody \nmore\n",
	"Content-Type: text/plain; format=flowed\n\nbody \nmore\n\n-- \n"
	"This message was examined by gate.\n",
	{{OPT_SIGN_CLEAN_MESSAGES, "yes"}}, {{0}}},
    {"quoted-printable HTML",
	"Content-Type: text/html\nContent-Transfer-Encoding: "
	"quoted-printable\n\n<body class=3D\"a>b\">x=3D1</body>\n",
	"Content-Type: text/html\nContent-Transfer-Encoding: "
	"quoted-printable\n\n<body class=3D\"a>b\">=\n<p>This message came "
	"from outside. Be careful with links and attachments.</=\np>\n"
	"x=3D1=\n<br>-- <br>\nThis message was examined by gate.\n</body>\n",
	{{OPT_EXTERNAL_MESSAGE_WARNING, "yes"},
	    {OPT_SIGN_CLEAN_MESSAGES, "yes"}},
	{{0}}},
    {"a new name", MIXED,
	"From: a@b\n"
	"MIME-Version: 1.0\n"
	"Content-Type: multipart/mixed; boundary=\"xx\"\n"
	"\n"
	"preamble\n"
	"--xx\n"
	"Content-Type: text/plain; charset=utf-8\n"
	"Content-Transfer-Encoding: 8bit\n"
	"\n"
	"hello\n"
	"--xx\n"
	"Content-Type: application/octet-stream;\n\tname=\"b.txt\"\n"
	"Content-Disposition: attachment;\n"
	"\tfilename=\"b.txt\"\n"
	"\n"
	"MZ\n"
	"--xx--\n",
	{{0}},
	{{FINDING_FILENAME, "1.2", WISH_RENAME, "b.txt"},
	    {FINDING_FILETYPE, "1.2", WISH_RENAME, "c.txt"}}},
    {"a part gives way to a warning", MIXED,
	"From: a@b\n"
	"MIME-Version: 1.0\n"
	"Content-Type: multipart/mixed; boundary=\"xx\"\n"
	"Subject: {Filename?}\n"
	"\n"
	"preamble\n"
	"--xx\n"
	"Content-Type: text/plain; charset=utf-8\n"
	"Content-Transfer-Encoding: 8bit\n"
	"\n"
	"Warning: something was removed from this message (a.exe).\n"
	"See \"VirusWarning.txt\".\n"
	"\n"
	"hello\n"
	"--xx\n"
	"Content-Type: text/plain; charset=\"ISO-8859-1\";\n"
	"\tname=\"VirusWarning.txt\"\n"
	"Content-Disposition: attachment;\n"
	"\tfilename=\"VirusWarning.txt\"\n"
	"Content-Transfer-Encoding: 7bit\n"
	"\n"
	"The attachment \"a.exe\" was removed from this message on Thu, 01 Jan "
	"2026 00:00:00 +0000:\n"
	"   MailScanner: why (a.exe)\n"
	"\n"
	"A copy is kept. Ask postmaster for it and name message 1abc-0002 "
	"(/var/spool/MailScanner/quarantine/20260101/1abc-0002 on gate).\n"
	"--xx--\n",
	{{0}}, {{FINDING_FILENAME, "1.2", WISH_BLOCK, ""}}},
    {"an alternative becomes mixed", ALTERNATIVE("\n"),
	"From: a@b\nMIME-Version: 1.0\n"
	"Content-Type: multipart/mixed; boundary=b1\n"
	"Subject: {Dangerous Content?}\n\n"
	"--b1\nContent-Type: text/plain\n\nplain\n--b1\n"
	"Content-Type: text/plain; charset=\"ISO-8859-1\";\n"
	"\tname=\"VirusWarning.txt\"\nContent-Disposition: inline;\n"
	"\tfilename=\"VirusWarning.txt\"\nContent-Transfer-Encoding: 7bit\n\n"
	"The attachment \"msg-1-2.html\" was removed from this message on Thu, "
	"01 Jan 2026 00:00:00 +0000:\n   MailScanner: why (msg-1-2.html)\n\n"
	"No copy is kept. Questions: postmaster\n--b1--\n",
	{{OPT_QUARANTINE_INFECTIONS, "no"}, {OPT_WARNING_IS_ATTACHMENT, "no"},
	    {OPT_MARK_INFECTED_MESSAGES, "no"}},
	{{FINDING_HTML_FORM, "1.2", WISH_BLOCK, ""}}},
    {"the whole message gives way",
	"From: a@b\nContent-Type: application/zip\nContent-Length: 4\n"
	"Content-Transfer-Encoding: base64\n\nUEsDBA==\n",
	"From: a@b\nMIME-Version: 1.0\n"
	"Content-Type: text/plain; charset=\"ISO-8859-1\"\n"
	"Content-Disposition: inline\nContent-Transfer-Encoding: 7bit\n"
	"Subject: {Filename?}\n\n"
	"The attachment \"the entire message\" was removed from this message "
	"on Thu, 01 Jan 2026 00:00:00 +0000:\n"
	"   MailScanner: why (msg-1.dat)\n\n"
	"No copy is kept. Questions: postmaster\n",
	{{OPT_QUARANTINE_INFECTIONS, "no"}},
	{{FINDING_FILENAME, "1", WISH_BLOCK, ""}}},
    {"the whole message, only a header", "From: a@b",
	"Subject: {Dangerous Content?}\n"
	"Content-Type: text/plain; charset=\"ISO-8859-1\"\n"
	"Content-Disposition: inline\nContent-Transfer-Encoding: 7bit\n"
	"MIME-Version: 1.0\nFrom: a@b\n\n"
	"The attachment \"the entire message\" was removed from this message "
	"on Thu, 01 Jan 2026 00:00:00 +0000:\n"
	"   MailScanner: why (the entire message)\n\n"
	"No copy is kept. Questions: postmaster\n",
	{{OPT_QUARANTINE_INFECTIONS, "no"},
	    {OPT_PLACE_NEW_HEADERS_AT_TOP_OF_MESSAGE, "yes"}},
	{{FINDING_MALFORMED, "", WISH_BLOCK, ""}}},
};

UNIT(messages_byte_for_byte)
{
	size_t i, j;

	for (i = 0; i < COUNT_OF(rows); i++) {
		const struct row *r = &rows[i];
		struct bed b;
		struct slice got;

		bed_open(&b, slice_str(r->raw));
		for (j = 0; j < COUNT_OF(r->set) && r->set[j].value; j++)
			bed_set(&b, r->set[j].opt, r->set[j].value);
		for (j = 0; j < COUNT_OF(r->find) && r->find[j].path; j++)
			bed_find(&b, r->find[j].code, r->find[j].path,
			    r->find[j].wish, "why")
			    ->argument = slice_str(r->find[j].argument);
		got = bed_result(&b);
		if (!slice_eq(got, slice_str(r->want)))
			print_error("row: %s\n", r->name);
		check_slice(got, r->want);
		bed_close(&b);
	}
}

UNIT(what_no_setting_touches_goes_out_as_it_came)
{
	static const struct slice odd[] = {
	    SLICE_LIT("From: a@b\r\nno field\n\xff\0 z: 1\n\n\r\r\nx\0y"),
	    SLICE_LIT("From - date\nFrom: a@b\n\nx"),
	    SLICE_LIT("A: 1\rB: 2\r\rbody\r"),
	    SLICE_LIT("\xef\xbb\xbfSubject: x\n\n.\n"),
	    SLICE_LIT("Subject:\n \n\n\n"),
	};
	size_t i;

	for (i = 0; i < COUNT_OF(odd); i++) {
		struct bed b;

		bed_open(&b, odd[i]);
		check_bytes(bed_result(&b), odd[i]);
		check_int(b.edits.list.n, 0);
		bed_close(&b);
	}
}

UNIT(a_field_of_ours_leaves_the_rest_as_it_came)
{
	static const struct slice odd[] = {
	    SLICE_LIT("From: a@b\r\nno field\n\xff\0 z: 1\n\n\r\r\nx\0y"),
	    SLICE_LIT("From - date\nFrom: a@b\n\nx"),
	    SLICE_LIT("A: 1\nX-Mozilla-Status: 1\nB: 2\n\nbody\r"),
	};
	size_t i, at;

	for (i = 0; i < COUNT_OF(odd); i++) {
		struct bed b;
		const struct edit *e;

		bed_open(&b, odd[i]);
		bed_set(&b, OPT_ID_HEADER, "X-ID:");
		(void)bed_result(&b);
		at = 0;
		vec_each (e, &b.edits.list) {
			check(e->at >= at);
			check(e->drop == 0 || i == 2);
			at = e->at + e->drop;
		}
		check(at <= b.m.mime->root->head.n);
		bed_close(&b);
	}
}

UNIT_MAIN(unit(messages_byte_for_byte),
    unit(what_no_setting_touches_goes_out_as_it_came),
    unit(a_field_of_ours_leaves_the_rest_as_it_came))
