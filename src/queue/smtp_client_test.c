#include "base/arena.h"
#include "queue/smtp_client.h"
#include "queue/smtp_text.h"
#include "test/unit.h"

/* A peer by script: each answer is given when the client has said the line
 * that starts with `to` (in order). "" answers at once. */
struct line {
	const char *to, *answer;
};

struct talk {
	const struct line *script;
	size_t n, at;
	struct buf out, said;
	struct envelope env;
	struct recipient rcpt[3];
	struct smtp_delivery to[3];
	struct smtp_job job;
	bool ready, done, closed;
	size_t step;
};

static void
talk_init(struct talk *t, const struct line *script, size_t n, size_t rcpts)
{
	*t = (struct talk){.script = script, .n = n, .step = 1000};
	buf_init(&t->out, SMTP_CLIENT_OUT_MAX);
	buf_init(&t->said, 1 << 20);
	t->env.sender = SLICE("a@b.example");
	t->rcpt[0].address = SLICE("one@c.example");
	t->rcpt[1].address = SLICE("two@c.example");
	t->rcpt[2].address = SLICE("three@c.example");
	for (size_t i = 0; i < 3; i++)
		t->to[i].recipient = &t->rcpt[i];
	t->job = (struct smtp_job){
	    .env = &t->env, .to = t->to, .count = rcpts, .size = 100};
}

static void
talk_fini(struct talk *t)
{
	buf_fini(&t->out);
	buf_fini(&t->said);
}

static void
step(struct talk *t, struct smtp_client *c, struct slice *in)
{
	struct smtp_encoder e = {.cr = false};

	for (;;) {
		switch (smtp_client_next(c, in)) {
		case SMTP_CLIENT_WAIT:
			return;
		case SMTP_CLIENT_READY:
			t->ready = true;
			if (t->done)
				smtp_client_quit(c);
			else
				smtp_client_send(c, &t->job);
			break;
		case SMTP_CLIENT_BODY:
			check(smtp_encode(&e, SLICE("x\n.\n"), &t->out));
			check(smtp_encode_end(&e, &t->out));
			smtp_client_sent(c);
			break;
		case SMTP_CLIENT_DONE:
			check(!t->done);
			t->done = true;
			break;
		case SMTP_CLIENT_CLOSE:
			t->closed = true;
			return;
		}
	}
}

/* Play the script; what the client said is in t->said. */
static void
play(struct talk *t, bool lmtp)
{
	struct smtp_client_settings set = {
	    .host = SLICE("me"), .lmtp = lmtp, .forward = true};
	struct smtp_client *c = smtp_client_new(&set, &t->out);
	struct slice in = SLICE_NONE, unread;
	size_t read = 0;

	while (!t->closed && t->at < t->n) {
		const struct line *l = &t->script[t->at];
		struct slice answer = slice_str(l->answer), line;

		(void)buf_add(&t->said, buf_slice(&t->out));
		buf_reset(&t->out);
		unread = slice_from(buf_slice(&t->said), read);
		if (l->to[0] != '\0') {
			struct slice before = unread;

			if (!slice_line(&unread, &line))
				break; /* the client waits for more */
			if (!slice_starts(line, l->to)) {
				print_message("# expected %s got %.*s\n", l->to,
				    SLICE_FMT(line));
				fail();
			}
			read += before.n - unread.n;
		}
		t->at++;
		for (size_t at = 0; at < answer.n; at += t->step) {
			in = slice_sub(answer, at, at + t->step);
			step(t, c, &in);
		}
	}
	if (!t->closed) {
		smtp_client_lost(c, "4.4.2", "connection lost");
		step(t, c, &in);
	}
	(void)buf_add(&t->said, buf_slice(&t->out));
	check(t->closed);
	smtp_client_free(c);
}

#define EHLO_ALL                                                               \
	"250-x\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n"         \
	"250-SMTPUTF8\r\n250-DSN\r\n250-AUTH PLAIN\r\n250-XFORWARD NAME ADDR " \
	"HELO IDENT\r\n250 ENHANCEDSTATUSCODES\r\n"

UNIT(all_parameters_are_passed_on)
{
	static const struct line script[] = {
	    {"", "220 x\r\n"},
	    {"EHLO me", EHLO_ALL},
	    {"XFORWARD", "250 ok\r\n"},
	    {"MAIL", "250 2.1.0 ok\r\n"},
	    {"RCPT", "250 ok\r\n"},
	    {"RCPT", "550-5.1.1 no\r\n550 such user\r\n"},
	    {"DATA", "354 go\r\n"},
	    {"x", ""},
	    {"..", ""},
	    {".", "250 2.0.0 queued as Q\r\n"},
	    {"QUIT", "221 bye\r\n"},
	};

	for (size_t n = 1; n < 40; n += 3) {
		struct talk t;

		talk_init(&t, script, COUNT_OF(script), 2);
		t.step = n;
		t.env.body = SLICE("8BITMIME");
		t.env.smtputf8 = true;
		t.env.ret = SLICE("HDRS");
		t.env.envid = SLICE("q+3D");
		t.env.auth = SLICE("<>");
		t.env.client_ip = SLICE("2001:db8::1");
		t.env.helo = SLICE("h x");
		t.rcpt[0].notify = NOTIFY_SUCCESS | NOTIFY_DELAY;
		t.rcpt[0].orcpt = SLICE("rfc822;z@y");
		play(&t, false);
		check(t.done);
		check_slice(buf_slice(&t.said),
		    "EHLO me\r\n"
		    "XFORWARD NAME=[UNAVAILABLE] ADDR=IPV6:2001:db8::1 "
		    "HELO=h+20x IDENT=[UNAVAILABLE]\r\n"
		    "MAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME SMTPUTF8 "
		    "RET=HDRS ENVID=q+3D AUTH=<>\r\n"
		    "RCPT TO:<one@c.example> NOTIFY=SUCCESS,DELAY "
		    "ORCPT=rfc822;z@y\r\n"
		    "RCPT TO:<two@c.example>\r\n"
		    "DATA\r\nx\r\n..\r\n.\r\nQUIT\r\n");
		check_int(t.to[0].result.state, SMTP_RESULT_DELIVERED);
		check(t.to[0].result.dsn);
		check_str(t.to[0].result.text, "250 2.0.0 queued as Q");
		check_int(t.to[1].result.state, SMTP_RESULT_PERMANENT);
		check_str(t.to[1].result.status, "5.1.1");
		check_str(t.to[1].result.text, "550 5.1.1 no such user");
		talk_fini(&t);
	}
}

UNIT(a_plain_old_server_gets_helo_and_nothing_else)
{
	static const struct line script[] = {
	    {"", "220 x\r\n"},
	    {"EHLO me", "502 what\r\n"},
	    {"HELO me", "250 x\r\n"},
	    {"MAIL", "250 ok\r\n"},
	    {"RCPT", "250 ok\r\n"},
	    {"DATA", "354 go\r\n"},
	    {"x", ""},
	    {"..", ""},
	    {".", "250 queued\r\n"},
	    {"QUIT", "221 bye\r\n"},
	};
	struct talk t;

	talk_init(&t, script, COUNT_OF(script), 1);
	t.env.body = SLICE("8BITMIME");
	t.env.smtputf8 = true;
	t.env.ret = SLICE("HDRS");
	t.rcpt[0].notify = NOTIFY_SUCCESS;
	play(&t, false);
	check_slice(buf_slice(&t.said),
	    "EHLO me\r\nHELO me\r\nMAIL FROM:<a@b.example>\r\n"
	    "RCPT TO:<one@c.example>\r\nDATA\r\nx\r\n..\r\n.\r\nQUIT\r\n");
	check_int(t.to[0].result.state, SMTP_RESULT_DELIVERED);
	check(!t.to[0].result.dsn);
	talk_fini(&t);
}

UNIT(what_the_peer_cannot_take_is_refused_here)
{
	static const struct line script[] = {
	    {"", "220 x\r\n"},
	    {"EHLO me", "250-x\r\n250 SIZE 99\r\n"},
	    {"QUIT", "221 bye\r\n"},
	};
	static const struct {
		const char *sender, *status;
		uint64_t size;
		bool eight, header;
	} rows[] = {
	    {"a@b", "5.3.4", 100, false, false},
	    {"a@\xc3\xbc", "5.6.7", 1, false, false},
	    {"a@b", "5.6.9", 1, false, true},
	    {"a@b", "5.6.3", 1, true, false},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct talk t;

		talk_init(&t, script, COUNT_OF(script), 1);
		t.env.sender = slice_str(rows[i].sender);
		t.env.smtputf8 = true;
		t.env.body = SLICE("8BITMIME");
		t.job.size = rows[i].size;
		t.job.eight_bit = rows[i].eight;
		t.job.utf8_header = rows[i].header;
		play(&t, false);
		check_slice(buf_slice(&t.said), "EHLO me\r\nQUIT\r\n");
		check_int(t.to[0].result.state, SMTP_RESULT_PERMANENT);
		check_str(t.to[0].result.status, rows[i].status);
		check(!t.to[0].result.remote);
		talk_fini(&t);
	}
}

UNIT(no_address_ends_a_command)
{
	static const struct line script[] = {
	    {"", "220 x\r\n"},
	    {"EHLO me", EHLO_ALL},
	    {"XFORWARD", "250 ok\r\n"},
	    {"MAIL", "250 ok\r\n"},
	    {"RCPT TO:<three", "250 ok\r\n"},
	    {"DATA", "354 go\r\n"},
	    {"x", ""},
	    {"..", ""},
	    {".", "250 ok\r\n"},
	    {"QUIT", "221 bye\r\n"},
	};
	struct talk t;

	talk_init(&t, script, COUNT_OF(script), 3);
	t.rcpt[0].address = SLICE("a@b>\r\nDATA");
	t.rcpt[1].address = SLICE("\"a\r\n\"@b");
	t.rcpt[2].orcpt = SLICE("rfc822;a\r\nDATA");
	t.env.envid = SLICE("x RET=FULL");
	t.env.helo = SLICE("h\r\nQUIT");
	play(&t, false);
	check_int(t.to[0].result.state, SMTP_RESULT_PERMANENT);
	check_str(t.to[1].result.status, "5.1.3");
	check_int(t.to[2].result.state, SMTP_RESULT_DELIVERED);
	check(slice_find(buf_slice(&t.said), SLICE("HELO=h+0D+0AQUIT ")) > 0);
	check(slice_find(buf_slice(&t.said),
		  SLICE("MAIL FROM:<a@b.example> SIZE=100\r\n"
			"RCPT TO:<three@c.example>\r\nDATA\r\n")) > 0);
	talk_fini(&t);

	talk_init(&t, script, 2, 1);
	t.env.sender = SLICE("a@b> X=\r\nY");
	play(&t, false);
	check_str(t.to[0].result.status, "5.1.7");
	check(slice_find(buf_slice(&t.said), SLICE("MAIL")) < 0);
	talk_fini(&t);
}

static const struct {
	const char *name;
	struct line script[8];
	enum smtp_result_state state;
	const char *status;
} failures[] = {
    {"greeting refused", {{"", "554 go away\r\n"}}, SMTP_RESULT_TEMPORARY,
	NULL},
    {"no smtp", {{"", "HTTP/1.0 400 Bad\r\n"}}, SMTP_RESULT_TEMPORARY, NULL},
    {"lf only",
	{{"", "220 x\n"}, {"EHLO", "250 x\n"}, {"MAIL", "550 5.7.1 no\n"},
	    {"RSET", "250 ok\n"}},
	SMTP_RESULT_PERMANENT, "5.7.1"},
    {"mail temporary",
	{{"", "220 x\r\n"}, {"EHLO", "250 x\r\n"}, {"MAIL", "451 later\r\n"},
	    {"RSET", "250 ok\r\n"}},
	SMTP_RESULT_TEMPORARY, "4.0.0"},
    {"pipelined mail refused",
	{{"", "220 x\r\n"}, {"EHLO", "250-x\r\n250 PIPELINING\r\n"},
	    {"MAIL", "550 5.1.8 no\r\n"}, {"RCPT", "503 what\r\n"},
	    {"RSET", "250 ok\r\n"}},
	SMTP_RESULT_PERMANENT, "5.1.8"},
    {"too many recipients",
	{{"", "220 x\r\n"}, {"EHLO", "250 x\r\n"}, {"MAIL", "250 ok\r\n"},
	    {"RCPT", "552 too many\r\n"}, {"RSET", "250 ok\r\n"}},
	SMTP_RESULT_TEMPORARY, NULL},
    {"421",
	{{"", "220 x\r\n"}, {"EHLO", "250 x\r\n"},
	    {"MAIL", "421 4.3.2 down\r\n"}},
	SMTP_RESULT_TEMPORARY, "4.3.2"},
    {"data refused",
	{{"", "220 x\r\n"}, {"EHLO", "250 x\r\n"}, {"MAIL", "250 ok\r\n"},
	    {"RCPT", "250 ok\r\n"}, {"DATA", "554 5.6.0 no\r\n"},
	    {"RSET", "250 ok\r\n"}},
	SMTP_RESULT_PERMANENT, "5.6.0"},
    {"250 to DATA",
	{{"", "220 x\r\n"}, {"EHLO", "250 x\r\n"}, {"MAIL", "250 ok\r\n"},
	    {"RCPT", "250 ok\r\n"}, {"DATA", "250 ok\r\n"}},
	SMTP_RESULT_TEMPORARY, NULL},
    {"354 to RCPT",
	{{"", "220 x\r\n"}, {"EHLO", "250 x\r\n"}, {"MAIL", "250 ok\r\n"},
	    {"RCPT", "354 ok\r\n"}},
	SMTP_RESULT_TEMPORARY, NULL},
    {"codes differ", {{"", "220-x\r\n250 y\r\n"}}, SMTP_RESULT_TEMPORARY,
	"4.5.0"},
    {"lost after the dot",
	{{"", "220 x\r\n"}, {"EHLO", "250 x\r\n"}, {"MAIL", "250 ok\r\n"},
	    {"RCPT", "250 ok\r\n"}, {"DATA", "354 go\r\n"}},
	SMTP_RESULT_TEMPORARY, "4.4.2"},
    {"two answers to EHLO",
	{{"", "220 x\r\n"}, {"EHLO", "250 x\r\n250 y\r\n250 z\r\n"}},
	SMTP_RESULT_TEMPORARY, NULL},
    {"status of another class",
	{{"", "220 x\r\n"}, {"EHLO", "250 x\r\n"}, {"MAIL", "250 ok\r\n"},
	    {"RCPT", "550 4.2.1 eh\r\n"}, {"RSET", "250 ok\r\n"}},
	SMTP_RESULT_PERMANENT, "5.0.0"},
};

UNIT(what_can_go_wrong)
{
	for (size_t i = 0; i < COUNT_OF(failures); i++) {
		size_t n = 0;
		struct talk t;

		while (n < 8 && failures[i].script[n].to != NULL)
			n++;
		talk_init(&t, failures[i].script, n, 1);
		play(&t, false);
		if (t.to[0].result.state != failures[i].state)
			print_message("# %s: %s\n", failures[i].name,
			    t.to[0].result.text);
		if (t.ready || t.done) {
			check(t.done);
			check_int(t.to[0].result.state, failures[i].state);
		}
		if (failures[i].status != NULL && t.done)
			check_str(t.to[0].result.status, failures[i].status);
		talk_fini(&t);
	}
}

UNIT(lmtp_has_a_result_for_each_recipient)
{
	static const struct line script[] = {
	    {"", "220 x\r\n"},
	    {"LHLO me", "250-x\r\n250 PIPELINING\r\n"},
	    {"MAIL", "250 ok\r\n"},
	    {"RCPT TO:<one", "250 ok\r\n"},
	    {"RCPT TO:<two", "450 4.2.0 busy\r\n"},
	    {"RCPT TO:<three", "250 ok\r\n"},
	    {"DATA", "354 go\r\n"},
	    {"x", ""},
	    {"..", ""},
	    {".", "250 2.1.5 stored\r\n552 5.2.2 full\r\n"},
	    {"QUIT", "221 bye\r\n"},
	};
	struct talk t;

	talk_init(&t, script, COUNT_OF(script), 3);
	play(&t, true);
	check_int(t.to[0].result.state, SMTP_RESULT_DELIVERED);
	check_int(t.to[1].result.state, SMTP_RESULT_TEMPORARY);
	check_str(t.to[1].result.status, "4.2.0");
	check_int(t.to[2].result.state, SMTP_RESULT_PERMANENT);
	check_str(t.to[2].result.status, "5.2.2");
	talk_fini(&t);
}

UNIT(replies_are_bounded)
{
	struct smtp_client_settings set = {.host = SLICE("me")};
	struct buf out, text;
	struct smtp_client *c;
	struct slice in;
	int n = 0;

	buf_init(&out, SMTP_CLIENT_OUT_MAX);
	buf_init(&text, 100000);
	c = smtp_client_new(&set, &out);
	(void)buf_addf(&text, "220-%090000d\r\n", 1);
	in = buf_slice(&text);
	check_int(smtp_client_next(c, &in), SMTP_CLIENT_WAIT);
	do {
		in = SLICE("220-x\r\n");
		n++;
	} while (smtp_client_next(c, &in) == SMTP_CLIENT_WAIT && n < 1000);
	check_int(n, SMTP_REPLY_LINES_MAX);
	smtp_client_free(c);
	buf_fini(&out);
	buf_fini(&text);
}

UNIT(no_text_of_a_peer_breaks_a_line)
{
	static const struct line script[] = {
	    {"", "220 x\r\n"},
	    {"EHLO", "250 x\r\n"},
	    {"MAIL", "550 5.7.1 \x1b[2Ja\rb\x01\r\n"},
	    {"RSET", "250 ok\r\n"},
	};
	struct talk t;

	talk_init(&t, script, COUNT_OF(script), 1);
	play(&t, false);
	check_str(t.to[0].result.text, "550 5.7.1 \\x1b[2Ja\\x0db\\x01");
	talk_fini(&t);
}

UNIT_MAIN(unit(all_parameters_are_passed_on),
    unit(a_plain_old_server_gets_helo_and_nothing_else),
    unit(what_the_peer_cannot_take_is_refused_here),
    unit(no_address_ends_a_command), unit(what_can_go_wrong),
    unit(lmtp_has_a_result_for_each_recipient), unit(replies_are_bounded),
    unit(no_text_of_a_peer_breaks_a_line))
