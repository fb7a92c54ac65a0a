#include "base/arena.h"
#include "queue/smtp_server.h"
#include "test/unit.h"

/* A driver that takes everything: what the session said and stored. */
struct run {
	struct buf out;    /* replies since the machine began */
	struct buf said;   /* all replies */
	struct buf stored; /* messages; [ ... ] done, [ ... X dropped */
	struct buf envelopes;
	size_t messages;
	bool closed;
	bool refuse, spoil;
};

static struct smtp_server_settings
settings(void)
{
	return (struct smtp_server_settings){
	    .host = SLICE("mx.example"),
	    .client_ip = SLICE("192.0.2.7"),
	    .message_max = 1000,
	    .recipients_max = 3,
	};
}

static void
note_envelope(struct run *r, const struct envelope *e)
{
	const struct recipient *rcpt;

	(void)buf_addf(&r->envelopes, "%.*s|%.*s|%.*s|%.*s|%.*s<%.*s>",
	    SLICE_FMT(e->client_ip), SLICE_FMT(e->client_name),
	    SLICE_FMT(e->helo), SLICE_FMT(e->protocol), SLICE_FMT(e->ident),
	    SLICE_FMT(e->sender));
	(void)buf_addf(&r->envelopes, "%.*s,%.*s,%.*s,%.*s,%d",
	    SLICE_FMT(e->body), SLICE_FMT(e->ret), SLICE_FMT(e->envid),
	    SLICE_FMT(e->auth), e->smtputf8);
	vec_each (rcpt, &e->recipients)
		(void)buf_addf(&r->envelopes, " <%.*s>%.*s,%u",
		    SLICE_FMT(rcpt->address), SLICE_FMT(rcpt->orcpt),
		    rcpt->notify);
	(void)buf_addc(&r->envelopes, '\n');
}

static void
take(struct run *r)
{
	(void)buf_add(&r->said, buf_slice(&r->out));
	buf_reset(&r->out);
}

/* Feed one piece. */
static void
feed(struct run *r, struct smtp_server *s, struct slice in)
{
	struct slice content;

	while (!r->closed) {
		switch (smtp_server_next(s, &in, &content)) {
		case SMTP_SERVER_MORE:
			check_int(in.n, 0);
			return;
		case SMTP_SERVER_FLUSH:
			take(r);
			break;
		case SMTP_SERVER_BEGIN:
			note_envelope(r, smtp_server_envelope(s));
			if (r->refuse) {
				smtp_server_refuse(s,
				    (struct smtp_answer){452, "4.3.1", "Full"});
				break;
			}
			smtp_server_go(s);
			(void)buf_addc(&r->stored, '[');
			if (r->spoil)
				smtp_server_spoil(s, (struct smtp_answer){451,
							 "4.3.0", "Spoilt"});
			break;
		case SMTP_SERVER_CONTENT:
			(void)buf_add(&r->stored, content);
			break;
		case SMTP_SERVER_END:
			(void)buf_addc(&r->stored, ']');
			r->messages++;
			smtp_server_answer(
			    s, (struct smtp_answer){250, "2.0.0", "Taken"});
			break;
		case SMTP_SERVER_CANCEL:
			(void)buf_addc(&r->stored, 'X');
			break;
		case SMTP_SERVER_CLOSE:
			r->closed = true;
			break;
		}
	}
}

static void
run_init(struct run *r)
{
	buf_init(&r->out, 3 * SMTP_SERVER_OUT_MAX);
	buf_init(&r->said, 1 << 20);
	buf_init(&r->stored, 1 << 20);
	buf_init(&r->envelopes, 1 << 16);
}

static void
run_fini(struct run *r)
{
	buf_fini(&r->out);
	buf_fini(&r->said);
	buf_fini(&r->stored);
	buf_fini(&r->envelopes);
}

static void
run_all(struct run *r, const struct smtp_server_settings *set,
    struct slice wire, size_t step)
{
	struct smtp_server *s;

	run_init(r);
	s = smtp_server_new(set, &r->out);
	for (size_t at = 0; at < wire.n; at += step)
		feed(r, s, slice_sub(wire, at, at + step));
	take(r);
	check(!r->out.full);
	smtp_server_free(s);
}

#define GREETING "220 mx.example ESMTP Reeve\r\n"
#define HELO "HELO c.example\r\n"
#define HELLO "250 mx.example\r\n"
#define OK(status) "250 " status " Ok\r\n"
#define START "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"
#define STARTED \
	OK("2.1.0") OK("2.1.5") "354 End data with <CR><LF>.<CR><LF>\r\n"
#define STRAY "521 5.5.2 Lines end in CRLF only, closing\r\n"
#define TAKEN "250 2.0.0 Taken\r\n"
#define BYE "221 2.0.0 Bye\r\n"

static const struct {
	const char *wire, *said, *stored;
} sessions[] = {
    {HELO START "Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n",
	HELLO STARTED TAKEN BYE, "[Subject: x\r\n\r\n.dot\r\n]"},
    {HELO START ".\r\n" START "b\r\n.\r\n", HELLO STARTED TAKEN STARTED TAKEN,
	"[][b\r\n]"},
    {"EHLO c.example\r\nQUIT\r\n",
	"250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n"
	"250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250-SMTPUTF8\r\n"
	"250 DSN\r\n" BYE,
	""},
    {"MAIL FROM:<a@b>\r\n", "503 5.5.1 Say EHLO first\r\n", ""},
    {"HELO\r\n", "501 5.5.4 A host name is needed\r\n", ""},
    {"LHLO x\r\n", "500 5.5.1 This is SMTP: say EHLO\r\n", ""},
    {HELO "RCPT TO:<a@b>\r\n", HELLO "503 5.5.1 Say MAIL first\r\n", ""},
    {HELO "DATA\r\n", HELLO "503 5.5.1 Say MAIL first\r\n", ""},
    {HELO "mail from: <a@b>\r\nMAIL FROM:<a@b>\r\n",
	HELLO OK("2.1.0") "503 5.5.1 A transaction is under way\r\n", ""},
    {HELO "MAIL FROM:<>\r\nDATA\r\n",
	HELLO OK("2.1.0") "554 5.5.1 No valid recipients\r\n", ""},
    {HELO "MAIL FROM:a b\r\n", HELLO "555 5.5.4 Unknown parameter\r\n", ""},
    {HELO "MAIL FROM:<a b>\r\n", HELLO "501 5.1.7 Bad sender address\r\n", ""},
    {HELO "MAIL FROM:<a@b> SIZE=1001\r\n",
	HELLO "552 5.3.4 Message is too big\r\n", ""},
    {HELO "MAIL FROM:<a@b> SIZE=x\r\n",
	HELLO "501 5.5.4 Bad parameter value\r\n", ""},
    {HELO "MAIL FROM:<a@b> BODY=BINARYMIME\r\n",
	HELLO "501 5.5.4 Bad parameter value\r\n", ""},
    {HELO "MAIL FROM:<a@b> AUTH=<>\r\n",
	HELLO "555 5.5.4 Unknown parameter\r\n", ""},
    {HELO "MAIL FROM:<a@b\xc3\xbc>\r\n",
	HELLO "553 5.6.7 This address needs SMTPUTF8\r\n", ""},
    {HELO "MAIL FROM:<a@b> SMTPUTF8\r\nRCPT TO:<\xc3\xbc@b>\r\n",
	HELLO OK("2.1.0") OK("2.1.5"), ""},
    {HELO "MAIL FROM:<>\r\nRCPT TO:<>\r\nRCPT TO:<a@b> NOTIFY=NEVER,DELAY\r\n"
	  "RCPT TO:<a@b> X=Y\r\n",
	HELLO OK("2.1.0") "501 5.1.3 Bad recipient address\r\n"
			  "501 5.5.4 Bad parameter\r\n"
			  "555 5.5.4 Unknown parameter\r\n",
	""},
    {HELO "MAIL FROM:<>\r\nRCPT TO:<a>\r\nRCPT TO:<b>\r\nRCPT TO:<c>\r\n"
	  "RCPT TO:<d>\r\n",
	HELLO OK("2.1.0") OK("2.1.5") OK("2.1.5")
	    OK("2.1.5") "452 4.5.3 Too many recipients\r\n",
	""},
    {"VRFY x\r\nNOOP x\r\nRSET\r\nEXPN x\r\nBDAT 3 LAST\r\nFOO\r\n\r\n",
	"252 2.1.5 Send mail and see\r\n" OK("2.0.0")
	    OK("2.0.0") "502 5.5.1 Not offered\r\n502 5.5.1 Not offered\r\n"
			"500 5.5.1 Unknown command\r\n"
			"500 5.5.1 Unknown command\r\n",
	""},
    {"XFORWARD NAME=x\r\nXCLIENT NAME=x\r\n",
	"550 5.7.0 Not for you\r\n550 5.7.0 Not for you\r\n", ""},
    {"POST / HTTP/1.1\r\nHost: x\r\n\r\n" HELO START "x\r\n.\r\n",
	"521 5.7.0 This is no web server\r\n", ""},
    /* smuggling: no second message, no second recipient, the session ends */
    {HELO START "a\r\n\n.\r\nMAIL FROM:<x@y>\r\n", HELLO STARTED STRAY,
	"[a\r\nX"},
    {HELO START "a\n.\nMAIL FROM:<x@y>\r\nRCPT TO:<x>\r\nDATA\r\nb\r\n.\r\n",
	HELLO STARTED STRAY, "[aX"},
    {HELO START "a\n.\r\nMAIL FROM:<x@y>\r\nRCPT TO:<x>\r\nDATA\r\n"
		"b\r\n.\r\n",
	HELLO STARTED STRAY, "[aX"},
    {HELO START "a\r\n.\nMAIL FROM:<x@y>\r\n", HELLO STARTED STRAY, "[a\r\nX"},
    {HELO START "a\r.\rMAIL FROM:<x@y>\r\n", HELLO STARTED STRAY, "[aX"},
    {HELO START "a\r.\r\nMAIL FROM:<x@y>\r\n", HELLO STARTED STRAY, "[aX"},
    {HELO START "a\r\r\n.\r\nMAIL FROM:<x@y>\r\n", HELLO STARTED STRAY, "[aX"},
    {HELO START "a\r\n.\r\r\nQUIT\r\n", HELLO STARTED STRAY, "[a\r\nX"},
    {"HELO c.example\nMAIL FROM:<a@b>\r\n", STRAY, ""},
    {"HELO c.example\rMAIL FROM:<a@b>\r\n", STRAY, ""},
    {HELO "MAIL FROM:<a@b>\nRCPT TO:<c@d>\r\n", HELLO STRAY, ""},
};

UNIT(sessions_are_the_same_however_they_are_cut)
{
	struct smtp_server_settings set = settings();

	for (size_t i = 0; i < COUNT_OF(sessions); i++) {
		struct slice wire = slice_str(sessions[i].wire);

		for (size_t step = 1; step <= wire.n; step++) {
			struct run r = {.closed = false};

			run_all(&r, &set, wire, step);
			check(slice_starts(buf_slice(&r.said), GREETING));
			check_slice(slice_from(buf_slice(&r.said),
					sizeof(GREETING) - 1),
			    sessions[i].said);
			check_slice(buf_slice(&r.stored), sessions[i].stored);
			run_fini(&r);
		}
	}
}

UNIT(a_nul_in_a_command_is_an_unknown_command)
{
	struct smtp_server_settings set = settings();
	struct run r = {.closed = false};

	run_all(&r, &set, slice_of("NOOP\0\r\nMAIL FROM:<\0>\r\n", 22), 3);
	check(slice_ends(buf_slice(&r.said),
	    "500 5.5.1 Unknown command\r\n503 5.5.1 Say EHLO first\r\n"));
	run_fini(&r);
}

UNIT(the_envelope_has_all_that_was_said)
{
	struct smtp_server_settings set = settings();
	struct run r = {.closed = false};

	run_all(&r, &set,
	    SLICE("EHLO c.example\r\n"
		  "MAIL FROM:<a@b> SIZE=10 body=8bitmime RET=hdrs ENVID=q+3D1 "
		  "SMTPUTF8\r\n"
		  "RCPT TO:<c@d> NOTIFY=success,DELAY ORCPT=rfc822;x+2By@z\r\n"
		  "RCPT TO:<\"e f\"@d> NOTIFY=NEVER\r\nDATA\r\n.\r\n"
		  "MAIL FROM:<>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\n"),
	    5);
	check_slice(buf_slice(&r.envelopes),
	    "192.0.2.7||c.example|ESMTP|<a@b>8BITMIME,HDRS,q+3D1,,1 "
	    "<c@d>rfc822;x+2By@z,10 <\"e f\"@d>,1\n"
	    "192.0.2.7||c.example|ESMTP|<>,,,,0 <c@d>,0\n");
	run_fini(&r);
}

UNIT(xforward_is_for_the_next_message_xclient_for_the_session)
{
	struct smtp_server_settings set = settings();
	struct run r = {.closed = false};

	set.trusted = true;
	run_all(&r, &set,
	    SLICE(
		"EHLO c.example\r\n"
		"XFORWARD NAME=[UNAVAILABLE] ADDR=IPV6:2001:db8::1 PORT=25\r\n"
		"XFORWARD HELO=h+2Bx PROTO=ESMTP IDENT=Q1 SOURCE=REMOTE\r\n"
		"MAIL FROM:<> AUTH=<>\r\nRCPT TO:<r>\r\nDATA\r\n.\r\n"
		"MAIL FROM:<>\r\nRCPT TO:<r>\r\nDATA\r\n.\r\n"
		"XCLIENT ADDR=198.51.100.1 NAME=n.example LOGIN=u\r\n"
		"EHLO d.example\r\n"
		"MAIL FROM:<>\r\nRCPT TO:<r>\r\nDATA\r\n.\r\n"
		"XFORWARD ADDR=evil+0D+0A\r\nXFORWARD FOO=x\r\nXFORWARD\r\n"
		"XFORWARD ADDR=mx.example\r\n"),
	    1000);
	check_slice(buf_slice(&r.envelopes),
	    "2001:db8::1||h+x|ESMTP|Q1<>,,,<>,0 <r>,0\n"
	    "192.0.2.7||c.example|ESMTP|<>,,,,0 <r>,0\n"
	    "198.51.100.1|n.example|d.example|ESMTP|<>,,,,0 <r>,0\n");
	check(slice_ends(buf_slice(&r.said),
	    "501 5.5.4 Bad attribute\r\n501 5.5.4 Bad attribute\r\n"
	    "501 5.5.4 Bad attribute\r\n501 5.5.4 Bad attribute\r\n"));
	run_fini(&r);
}

UNIT(lmtp_answers_once_for_each_recipient)
{
	struct smtp_server_settings set = settings();
	struct run r = {.closed = false};

	set.lmtp = true;
	run_all(&r, &set,
	    SLICE("EHLO c\r\nLHLO c\r\nMAIL FROM:<>\r\nDATA\r\nRCPT TO:<a>\r\n"
		  "RCPT TO:<b>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n"),
	    7);
	check(slice_starts(buf_slice(&r.said),
	    "220 mx.example LMTP Reeve\r\n500 5.5.1 This is LMTP: say LHLO"));
	check(slice_ends(buf_slice(&r.said),
	    "250 DSN\r\n" OK("2.1.0") "503 5.5.1 No valid recipients\r\n" OK(
		"2.1.5")
		OK("2.1.5") "354 End data with <CR><LF>.<CR><LF>\r\n" TAKEN
		    TAKEN BYE));
	check_slice(buf_slice(&r.stored), "[x\r\n]");
	run_fini(&r);
}

UNIT(a_message_past_the_limit_is_swallowed_and_refused)
{
	struct smtp_server_settings set = settings();
	struct run r = {.closed = false};
	struct buf wire;

	buf_init(&wire, 10000);
	(void)buf_adds(&wire, HELO START);
	for (int i = 0; i < 20; i++)
		(void)buf_addf(&wire, "%080d\r\n", i);
	(void)buf_adds(&wire, ".\r\n" START "b\r\n.\r\n");
	run_all(&r, &set, buf_slice(&wire), 50);
	check(slice_ends(buf_slice(&r.said),
	    "552 5.3.4 Message is too big\r\n" STARTED TAKEN));
	check(slice_ends(buf_slice(&r.stored), "X[b\r\n]"));
	check_int(r.messages, 1);
	run_fini(&r);
	buf_fini(&wire);
}

UNIT(a_full_disk_is_temporary)
{
	struct smtp_server_settings set = settings();
	struct run r = {.refuse = true}, t = {.spoil = true};

	run_all(&r, &set, SLICE(HELO START "QUIT\r\n"), 10);
	check(slice_ends(buf_slice(&r.said), "452 4.3.1 Full\r\n" BYE));
	run_fini(&r);
	run_all(&t, &set, SLICE(HELO START "a\r\n.\r\nQUIT\r\n"), 10);
	check(slice_ends(buf_slice(&t.said), "451 4.3.0 Spoilt\r\n" BYE));
	check_int(t.messages, 0);
	run_fini(&t);
}

UNIT(nobody_may_go_on_for_ever)
{
	static const char *const lines[] = {"FOO\r\n", "NOOP\r\n", "EHLO x\r\n",
	    "RSET\r\n", "XCLIENT NAME=x\r\n", "XFORWARD NAME=x\r\n",
	    "RCPT TO:<x>\r\n"};
	struct smtp_server_settings set = settings();

	set.trusted = true;
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		struct run r = {.closed = false};
		struct smtp_server *s;
		int n = 0;

		run_init(&r);
		s = smtp_server_new(&set, &r.out);
		feed(&r, s, SLICE(HELO "MAIL FROM:<>\r\n"));
		if (!slice_starts(slice_str(lines[i]), "RCPT"))
			feed(&r, s, SLICE("RSET\r\n"));
		for (; !r.closed && n < 5000; n++)
			feed(&r, s, slice_str(lines[i]));
		take(&r);
		check(n <= 1010);
		check(slice_find(buf_slice(&r.said), SLICE("421 4.")) >= 0);
		smtp_server_free(s);
		run_fini(&r);
	}
}

UNIT(a_long_line_is_refused_and_the_next_one_read)
{
	struct smtp_server_settings set = settings();
	struct run r = {.closed = false};
	struct buf wire;

	buf_init(&wire, 20000);
	(void)buf_addf(&wire, "NOOP %09000d\r\nNOOP\r\n", 1);
	run_all(&r, &set, buf_slice(&wire), 1000);
	check_slice(slice_from(buf_slice(&r.said), sizeof(GREETING) - 1),
	    "500 5.5.2 Line too long\r\n" OK("2.0.0"));
	run_fini(&r);
	buf_fini(&wire);
}

UNIT(ending_a_session_drops_what_was_under_way)
{
	struct smtp_server_settings set = settings();
	struct run r = {.closed = false};
	struct smtp_server *s;

	run_init(&r);
	s = smtp_server_new(&set, &r.out);
	check(smtp_server_idle(s));
	feed(&r, s, SLICE(HELO START "abc\r\n"));
	check(!smtp_server_idle(s));
	check_int(smtp_server_size(s), 5);
	smtp_server_end(s, (struct smtp_answer){421, "4.4.2", "Timeout"});
	feed(&r, s, SLICE("more"));
	take(&r);
	check(r.closed);
	check_slice(buf_slice(&r.stored), "[abc\r\nX");
	check(slice_ends(buf_slice(&r.said), "421 4.4.2 Timeout\r\n"));
	smtp_server_free(s);
	run_fini(&r);
}

UNIT_MAIN(unit(sessions_are_the_same_however_they_are_cut),
    unit(a_nul_in_a_command_is_an_unknown_command),
    unit(the_envelope_has_all_that_was_said),
    unit(xforward_is_for_the_next_message_xclient_for_the_session),
    unit(lmtp_answers_once_for_each_recipient),
    unit(a_message_past_the_limit_is_swallowed_and_refused),
    unit(a_full_disk_is_temporary), unit(nobody_may_go_on_for_ever),
    unit(a_long_line_is_refused_and_the_next_one_read),
    unit(ending_a_session_drops_what_was_under_way))
