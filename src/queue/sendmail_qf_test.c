#include <stdio.h>
#include <string.h>

#include "queue/sendmail_qf.h"
#include "test/unit.h"

/* As sendmail 8.17 writes it: a client, DSN, a folded field, a macro (0x81)
 * and a byte of the message that could be taken for one (0xff 0x81). */
static const char sample[] =
    "V8\nT1795313551\nK0\nN0\nP60249\nI254/0/77\nFbdne8\nB8BITMIME\n"
    "$_mail.example.org [192.0.2.7] (may be forged)\n$rESMTP\n"
    "$sclient.example.org\n${daemon_flags}\n${auth_authen}ann\nXunknown\n"
    "S<alice@example.org>\nZenv1\nAalice@example.org\n!172800 2\n"
    "C:root\n"
    "Qrfc822;orig@example.com\nrRFC822; bob@example.com\n"
    "RPNSF:<bob@example.com>\n"
    "rRFC822; carol@example.net\nRPFD:<carol@example.net>\n"
    "RPN:<dan@example.net>\n"
    "H?P?Return-Path: <\x81g>\n"
    "H??Received: from x\n\tby y;\n\tSun\n"
    "H??\n"
    "HOld: form\n"
    "H??Subject: caf\xc3\xff\x89 \xff\xff\n"
    ".\n";

static const char header[] = "Return-Path: <\x81g>\n"
			     "Received: from x\n\tby y;\n\tSun\n"
			     "Old: form\n"
			     "Subject: caf\xc3\x89 \xff\n";

static struct sendmail_qf
parsed(struct arena *a, const char *text)
{
	struct sendmail_qf qf;
	const char *why;

	check_int(sendmail_qf_parse(&qf, slice_str(text), a, &why), QF_WHOLE);
	return qf;
}

UNIT(an_envelope_is_read)
{
	struct arena *a = arena_new(0);
	struct sendmail_qf qf = parsed(a, sample);
	const struct envelope *e = &qf.env;

	check_slice(e->sender, "alice@example.org");
	check_int(e->received_at, 1795313551);
	check_slice(e->client_ip, "192.0.2.7");
	check_slice(e->client_name, "mail.example.org");
	check_slice(e->protocol, "ESMTP");
	check_slice(e->helo, "client.example.org");
	check_slice(e->auth_user, "ann");
	check_slice(e->envid, "env1");
	check_slice(e->auth, "alice@example.org");
	check_slice(e->body, "8BITMIME");
	check_slice(e->ret, "HDRS");
	check(e->smtputf8);
	check_int(e->recipients.n, 3);
	check_slice(e->recipients.at[0].address, "bob@example.com");
	check_slice(e->recipients.at[0].orcpt, "rfc822;orig@example.com");
	check_int(e->recipients.at[0].notify, NOTIFY_SUCCESS | NOTIFY_FAILURE);
	check_slice(e->recipients.at[1].address, "carol@example.net");
	check_slice(e->recipients.at[1].orcpt, "");
	check_int(e->recipients.at[1].notify, 0);
	check_int(e->recipients.at[2].notify, NOTIFY_NEVER);
	check_slice(qf.header, header);
	arena_free(a);
}

UNIT(clients_are_read_in_every_form)
{
	static const struct {
		const char *macro, *ip, *name;
	} rows[] = {
	    {"localhost [127.0.0.1]", "127.0.0.1", "localhost"},
	    {"[192.0.2.1]", "192.0.2.1", ""},
	    {"ann@host.x [IPv6:2001:db8::1]", "2001:db8::1", "host.x"},
	    {"root@localhost", "", "localhost"},
	    {"a [1] b [2]", "2", "a [1] b"},
	    {"[", "", ""},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(0);
		char text[200];
		struct sendmail_qf qf;

		(void)snprintf(text, sizeof(text), "V8\n$_%s\nSx\nR:y\n.\n",
		    rows[i].macro);
		qf = parsed(a, text);
		check_slice(qf.env.client_ip, rows[i].ip);
		check_slice(qf.env.client_name, rows[i].name);
		check_slice(qf.env.sender, "x");
		check_slice(qf.env.recipients.at[0].address, "y");
		arena_free(a);
	}
}

UNIT(what_is_no_whole_queue_file_is_told)
{
	static const struct {
		const char *text;
		enum qf_verdict verdict;
	} rows[] = {
	    {"", QF_UNFINISHED},
	    {"V8\n", QF_UNFINISHED},
	    {"V8\nSa\nR:b", QF_UNFINISHED},
	    {"V8\nSa\nR:b\n", QF_UNFINISHED},
	    {"V8\nSa\nR:b\n.", QF_WHOLE},
	    {"V8\nSa\nR:b\n.\n", QF_WHOLE},
	    {"V8\nSa\nR:b\n.\nR:c\n", QF_BAD},
	    {"V8\nSa\nR:b\n.\n\n", QF_BAD},
	    {"V8\nSa\nR:b\n.\n R:c\n", QF_BAD},
	    {"V9\nSa\nR:b\n.\n", QF_BAD},
	    {"Vx\nSa\nR:b\n.\n", QF_BAD},
	    {"V8\nR:b\n.\n", QF_BAD},
	    {"V8\nSa\n.\n", QF_BAD},
	    {"\n\nSa\nR:b\n \n.\n", QF_WHOLE},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(0);
		struct sendmail_qf qf;
		const char *why = NULL;

		check_int(
		    sendmail_qf_parse(&qf, slice_str(rows[i].text), a, &why),
		    rows[i].verdict);
		check((why != NULL) == (rows[i].verdict == QF_BAD));
		arena_free(a);
	}
}

static void
check_write(const char *text, const struct qf_change *change, const char *want)
{
	struct arena *a = arena_new(0);
	struct sendmail_qf qf = parsed(a, text);
	struct buf out;
	struct fail why = {0};

	buf_init(&out, 100000);
	check_int(sendmail_qf_write(&out, &qf, change, &why), 0);
	check_slice(buf_slice(&out), want);
	buf_fini(&out);
	arena_free(a);
}

UNIT(unchanged_it_is_the_same_bytes)
{
	check_write(sample, &(struct qf_change){.edits = NULL}, sample);
}

#define FRONT "V8\nSa\nR:b\n"
#define FIELDS "H??A: 1\nH?P?B: 2\n\t3\nH??C: 4\n"
/* The header is "A: 1\nB: 2\n\t3\nC: 4\n": fields at 0, 5, 13, end 18. */

UNIT(edits_change_what_they_touch_and_nothing_else)
{
	static const struct {
		const char *name;
		size_t at, drop;
		const char *insert, *fields; /* NULL: the header ends early */
	} rows[] = {
	    {"in front", 0, 0, "X: y\n", "H??X: y\n" FIELDS},
	    {"between", 5, 0, "X: y\nZ: 1\n",
		"H??A: 1\nH??X: y\nH??Z: 1\nH?P?B: 2\n\t3\nH??C: 4\n"},
	    {"at the end", 18, 0, "X: y\n", FIELDS "H??X: y\n"},
	    {"folded", 18, 0, "X: y\n z\n", FIELDS "H??X: y\n z\n"},
	    {"inside", 3, 1, "one", "H??A: one\nH?P?B: 2\n\t3\nH??C: 4\n"},
	    {"a field goes", 5, 8, "", "H??A: 1\nH??C: 4\n"},
	    {"all goes", 0, 18, "", ""},
	    {"all is new", 0, 18, "N: 1\n", "H??N: 1\n"},
	    {"two are one", 4, 1, "", "H??A: 1B: 2\n\t3\nH??C: 4\n"},
	    {"goes on with the one before", 5, 0, " more\n",
		"H??A: 1\n more\nH?P?B: 2\n\t3\nH??C: 4\n"},
	    {"its line end is left out", 5, 0, "X: y",
		"H??A: 1\nH??X: yB: 2\n\t3\nH??C: 4\n"},
	    {"quoted", 18, 0, "X: \x81\xff\xc3\xa9\n",
		FIELDS "H??X: \xff\x81\xff\xff\xc3\xa9\n"},
	    {"an empty line", 5, 0, "\n", NULL},
	    {"no line end", 18, 0, "X: y", NULL},
	    {"over the end", 13, 6, "", NULL},
	    {"in the body", 19, 3, "z", FIELDS},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(0);
		struct sendmail_qf qf = parsed(a, FRONT FIELDS ".\n");
		struct edits e = {.list = {.n = 0}};
		struct qf_change change = {.edits = &e};
		struct buf out;
		char want[300];

		buf_init(&out, 10000);
		edits_add(
		    &e, a, rows[i].at, rows[i].drop, slice_str(rows[i].insert));
		check_int(
		    sendmail_qf_header(&out, &qf, &e), rows[i].fields != NULL);
		if (rows[i].fields != NULL) {
			(void)snprintf(want, sizeof(want), "%s%s.\n", FRONT,
			    rows[i].fields);
			check_write(FRONT FIELDS ".\n", &change, want);
		}
		buf_fini(&out);
		arena_free(a);
	}
}

UNIT(several_edits_are_woven_in_order)
{
	struct arena *a = arena_new(0);
	struct sendmail_qf qf = parsed(a, FRONT FIELDS ".\n");
	struct edits e = {.list = {.n = 0}};
	struct qf_change change = {.edits = &e};
	struct buf out;

	buf_init(&out, 1000);
	edits_add(&e, a, 0, 0, SLICE("P: 1\n"));
	edits_add(&e, a, 8, 1, SLICE("two"));
	edits_add(&e, a, 13, 0, SLICE("Q: 1\n"));
	edits_add(&e, a, 18, 0, SLICE("R: 1\n"));
	check(sendmail_qf_header(&out, &qf, &e));
	check_slice(
	    buf_slice(&out), "P: 1\nA: 1\nB: two\n\t3\nQ: 1\nC: 4\nR: 1\n");
	check_write(FRONT FIELDS ".\n", &change,
	    FRONT "H??P: 1\nH??A: 1\nH??B: two\n\t3\nH??Q: 1\nH??C: 4\n"
		  "H??R: 1\n.\n");
	buf_fini(&out);
	arena_free(a);
}

UNIT(recipients_go_and_come)
{
	static const char text[] =
	    "V8\nI1/2/3\nd/other\nSa\nC:root\nQrfc822;b\nrRFC822; b\nRPFD:<b>\n"
	    "rRFC822; c\nRPFD:<c>\nH??A: 1\n.\n";
	struct recipient list[] = {{.address = SLICE("c")},
	    {.address = SLICE("d\xff"),
		.orcpt = SLICE("rfc822;x"),
		.notify = NOTIFY_NEVER},
	    {.address = SLICE("e"), .notify = NOTIFY_DELAY}};
	struct qf_change change = {.recipients = list,
	    .recipient_count = COUNT_OF(list),
	    .new_body = true};
	struct recipient evil = {.address = SLICE("x>\nR:<y")};
	struct arena *a = arena_new(0);
	struct sendmail_qf qf = parsed(a, text);
	struct buf out;
	struct fail why;

	check_write(text, &change,
	    "V8\nSa\nC:root\nrRFC822; c\nRPFD:<c>\nC:\n"
	    "Qrfc822;x\nrRFC822; d\xff\xff\nRPN:<d\xff\xff>\n"
	    "rRFC822; e\nRPND:<e>\nH??A: 1\n.\n");
	buf_init(&out, 1000);
	change.recipients = &evil;
	change.recipient_count = 1;
	check_int(sendmail_qf_write(&out, &qf, &change, &why), FAIL_BAD);
	buf_fini(&out);
	arena_free(a);
}

UNIT(a_new_one_can_be_read)
{
	struct arena *a = arena_new(0);
	struct envelope e = {.sender = SLICE("")};
	struct sendmail_qf qf;
	struct slice head, body;
	struct buf out;
	struct fail why;
	const char *wrong;

	vec_push(a, &e.recipients)->address = SLICE("root");
	sendmail_qf_split(
	    SLICE("From: a\r\nTo: b\n c\n\nbody\n\n"), &head, &body);
	check_slice(body, "body\n\n");
	buf_init(&out, 1000);
	check_int(sendmail_qf_new(&out, &e, head, 77, true, &why), 0);
	check_int(sendmail_qf_parse(&qf, buf_slice(&out), a, &wrong), QF_WHOLE);
	check_slice(qf.env.sender, "");
	check_slice(qf.env.recipients.at[0].address, "root");
	check_slice(qf.env.body, "8BITMIME");
	check_int(qf.env.received_at, 77);
	check_slice(qf.header, "From: a\r\nTo: b\n c\n");
	buf_fini(&out);
	arena_free(a);
}

UNIT_MAIN(unit(an_envelope_is_read), unit(clients_are_read_in_every_form),
    unit(what_is_no_whole_queue_file_is_told),
    unit(unchanged_it_is_the_same_bytes),
    unit(edits_change_what_they_touch_and_nothing_else),
    unit(several_edits_are_woven_in_order), unit(recipients_go_and_come),
    unit(a_new_one_can_be_read))
