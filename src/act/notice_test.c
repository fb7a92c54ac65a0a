#include "act/notice.h"
#include "test/bed.h"

#define MIXED                                                                  \
	"From: a@b\nSubject: =?utf-8?q?K=C3=B6ln?=\nPrecedence: first-class\n" \
	"Content-Type: multipart/mixed; boundary=x\n\n"                        \
	"--x\nContent-Type: text/plain\n\nhello\n"                             \
	"--x\nContent-Type: application/octet-stream; name=a.exe\n\nMZ\n"      \
	"--x--\n"

static bool
has_notice(const struct bed *b, const char *key)
{
	const struct notice *n;

	vec_each (n, &b->out.notices)
		if (slice_is(n->key, key))
			return true;
	return false;
}

static const struct notice *
notice_of(const struct bed *b, const char *key)
{
	static const struct notice none;
	const struct notice *n;

	check(has_notice(b, key));
	vec_each (n, &b->out.notices)
		if (slice_is(n->key, key))
			return n;
	return &none;
}

UNIT(the_sender_is_told_what_and_why)
{
	struct bed b;
	const struct notice *n;

	bed_open(&b, SLICE(MIXED));
	bed_find(&b, FINDING_FILENAME, "1.2", WISH_BLOCK, "No programs");
	bed_find(&b, FINDING_FILETYPE, "1.2", WISH_BLOCK, "No programs");
	bed_deeds(&b);
	n = notice_of(&b, "sender");
	check_int(n->env.sender.n, 0);
	check_int(n->env.recipients.n, 1);
	check_slice(n->env.recipients.at[0].address, "sender@example.com");
	check_int(n->env.recipients.at[0].notify, NOTIFY_NEVER);
	check_slice(n->bytes,
	    "From: \"Mail gateway\" <postmaster>\n"
	    "To: sender@example.com\n"
	    "Subject: An attachment of yours was not delivered\n"
	    "Date: Thu, 01 Jan 2026 00:00:00 +0000\n"
	    "Message-ID: <1abc-0002.sender.1767225600@gate>\n"
	    "Auto-Submitted: auto-replied\n"
	    "X-Reeve-Notice: yes\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=\"utf-8\"\n"
	    "Content-Transfer-Encoding: quoted-printable\n"
	    "\n"
	    "Your message was not delivered as you sent it.\n"
	    "\n"
	    "    To:      to@example.org\n"
	    "    Subject: K=C3=B6ln\n"
	    "    Date:    Thu, 01 Jan 2026 00:00:00 +0000\n"
	    "\n"
	    "Report: MailScanner: No programs (a.exe)\n");
	bed_close(&b);
}

UNIT(the_postmaster_gets_mailscanners_lines)
{
	struct bed b;
	const struct notice *n;

	bed_open(&b, SLICE(MIXED));
	bed_set(&b, OPT_NOTICES_TO, "post@x.example, master@x.example");
	bed_set(&b, OPT_NOTICES_FROM, "The \"Gate\"");
	bed_set(&b, OPT_LOCAL_POSTMASTER, "pm@x.example");
	bed_set(&b, OPT_NOTICE_SIGNATURE, "-- \\nGate");
	bed_set(&b, OPT_SILENT_VIRUSES, "");
	bed_find(&b, FINDING_FILENAME, "1.2", WISH_BLOCK, "No programs");
	bed_virus(&b, "1.2", "Eicar");
	bed_deeds(&b);
	check(!has_notice(&b, "sender"));
	n = notice_of(&b, "admin");
	check_int(n->env.recipients.n, 2);
	check_slice(n->bytes,
	    "From: \"The \\\"Gate\\\"\" <pm@x.example>\n"
	    "To: post@x.example, master@x.example\n"
	    "Subject: names or kinds of files : viruses\n"
	    "Date: Thu, 01 Jan 2026 00:00:00 +0000\n"
	    "Message-ID: <1abc-0002.admin.1767225600@gate>\n"
	    "Auto-Submitted: auto-generated\n"
	    "X-Reeve-Notice: yes\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=\"utf-8\"\n"
	    "Content-Transfer-Encoding: quoted-printable\n"
	    "\n"
	    "Warning: names or kinds of files : viruses\n"
	    "\n"
	    "    Sender: sender@example.com\n"
	    "IP Address: 192.0.2.7\n"
	    " Recipient: to@example.org\n"
	    "   Subject: K=C3=B6ln\n"
	    " MessageID: 1abc-0002\n"
	    "Quarantine: "
	    "/var/spool/MailScanner/quarantine/20260101/1abc-0002\n"
	    "    Report: MailScanner: No programs (a.exe)\n"
	    "          : Clamd: file was infected: Eicar\n"
	    "\n"
	    "Header of the message:\n"
	    "\n"
	    " From: a@b\n"
	    " Subject: =3D?utf-8?q?K=3DC3=3DB6ln?=3D\n"
	    " Precedence: first-class\n"
	    " Content-Type: multipart/mixed; boundary=3Dx\n"
	    "\n"
	    "=2D-=20\n"
	    "Gate\n");
	bed_close(&b);
}

/* Mail that nobody wrote is not answered. */
UNIT(never_a_loop)
{
	static const struct {
		const char *raw, *sender, *why;
	} rows[] = {
	    {"A: b\n\nc\n", "", "null sender"},
	    {"A: b\n\nc\n", "<>", "null sender"},
	    {"A: b\n\nc\n", "MAILER-DAEMON@x", "automatic sender"},
	    {"auto-submitted: auto-replied\n\nc\n", "a@b", "automatic mail"},
	    {"X-Reeve-Notice: yes\n\nc\n", "a@b", "our own notice"},
	    {"List-ID: <l.x>\n\nc\n", "a@b", "mailing list"},
	    {"Precedence: bulk\n\nc\n", "a@b", "precedence"},
	    {"Precedence: LIST\n\nc\n", "a@b", "precedence"},
	    {"Precedence: first-class\n\nc\n", "a@b", NULL},
	    {"Auto-Submitted: no\n\nc\n", "a@b", NULL},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++) {
		struct bed b;

		bed_open(&b, slice_str(rows[i].raw));
		b.m.env.sender = slice_str(rows[i].sender);
		b.m.subject.sender = b.m.env.sender;
		if (rows[i].why == NULL)
			check(notice_sender_barred(&b.m) == NULL);
		else
			check_str(notice_sender_barred(&b.m), rows[i].why);
		bed_find(&b, FINDING_FILENAME, "", WISH_BLOCK, "");
		bed_deeds(&b);
		check_int(!has_notice(&b, "sender"), rows[i].why != NULL);
		bed_close(&b);
	}
}

/* A notice never gives others a field or an envelope of their choice. */
UNIT(what_the_mail_says_stays_text)
{
	struct bed b;
	const struct notice *n;
	struct slice head;

	bed_open(
	    &b, SLICE("Subject: x\r\n\tBcc: evil@example.net\nFrom: a\n\nc\n"));
	b.m.env.sender = SLICE("a b@example.com");
	bed_find(&b, FINDING_FILENAME, "", WISH_BLOCK,
	    "one\r\nBcc: evil@example.net");
	bed_deeds(&b);
	check(!has_notice(&b, "sender"));
	n = notice_of(&b, "admin");
	head =
	    slice_sub(n->bytes, 0, (size_t)slice_find(n->bytes, SLICE("\n\n")));
	check(slice_find(head, SLICE("\nBcc:")) == SLICE_NOT_FOUND);
	bed_close(&b);
}

UNIT(a_message_nobody_could_examine)
{
	struct bed b;
	const struct notice *n;
	const char *why = "";

	bed_open(&b, SLICE("A: b\n\nc\n"));
	deeds_poison(&b.out, b.arena, b.conf, &b.env, &b.ctx, 6, b.m.raw.n);
	check(outcome_fits(&b.out, b.m.raw.n, &why));
	check_int(b.out.verb, OUTCOME_DISCARD);
	check_int(b.out.keep.n, 1);
	check(b.out.keep.at[0].whole);
	check_slice(b.out.keep.at[0].dir, "20260101/1abc-0002");
	check_slice(b.out.log.at[1],
	    "Warning: skipping message 1abc-0002 as it has been attempted too "
	    "many times");
	n = notice_of(&b, "admin");
	check(slice_find(n->bytes, SLICE("6 attempts")) > 0);
	bed_set(&b, OPT_QUARANTINE_DENIAL_OF_SERVICE, "no");
	deeds_poison(&b.out, b.arena, b.conf, &b.env, &b.ctx, 6, b.m.raw.n);
	check_int(b.out.verb, OUTCOME_HOLD);
	check_int(b.out.keep.n, 0);
	bed_close(&b);
}

UNIT_MAIN(unit(the_sender_is_told_what_and_why),
    unit(the_postmaster_gets_mailscanners_lines), unit(never_a_loop),
    unit(what_the_mail_says_stays_text), unit(a_message_nobody_could_examine))
