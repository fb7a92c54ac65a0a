#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/delivery.h"
#include "sys/loop.h"
#include "test/hop.h"
#include "test/unit.h"

enum { RCPTS = 3 };

/* One message to three recipients over one hop. */
struct lab {
	struct hop hop;
	struct delivery_settings set;
	struct envelope env;
	struct recipient rcpt[RCPTS];
	struct smtp_delivery to[RCPTS];
	struct smtp_job job;
	struct delivery_content content;
	struct delivery *session;
	struct fail why;
};

static void
lab_begin(struct lab *l, const char *name, const struct hop *hop)
{
	static char dirs[60][300];
	static int n;

	check(n < 60);
	(void)snprintf(
	    dirs[n], sizeof(dirs[n]), "%s/%s.%d", unit_tmpdir(), name, n);
	*l = (struct lab){.hop = *hop};
	l->hop.dir = dirs[n++];
	l->set = (struct delivery_settings){.host = SLICE("reeve.test"),
	    .lmtp = hop->lmtp,
	    .forward = true,
	    .connect_ns = 10 * LOOP_SEC,
	    .reply_ns = 20 * LOOP_SEC};
	l->env = (struct envelope){.sender = SLICE("s@a.example")};
	l->rcpt[0].address = SLICE("one@b.example");
	l->rcpt[1].address = SLICE("two@b.example");
	l->rcpt[2].address = SLICE("three@b.example");
	for (size_t i = 0; i < RCPTS; i++)
		l->to[i].recipient = &l->rcpt[i];
	l->job = (struct smtp_job){
	    .env = &l->env, .to = l->to, .count = RCPTS, .size = 100};
	hop_start(&l->hop);
}

static void
set_text(struct lab *l, struct slice text)
{
	char path[400];

	(void)snprintf(path, sizeof(path), "%s/text", unit_tmpdir());
	unit_write(path, text);
	if (l->content.size > 0)
		(void)close(l->content.fd);
	l->content = (struct delivery_content){
	    .fd = open(path, O_RDONLY), .size = text.n};
	check(l->content.fd >= 0);
}

static bool
reach(struct lab *l)
{
	struct net_address at;

	check_int(net_parse(&at, slice_str(l->hop.address), 0, NULL), 0);
	l->session = delivery_open(&l->set, &at, &l->why);
	return l->session != NULL;
}

static void
send_text(struct lab *l, struct slice text)
{
	set_text(l, text);
	delivery_send(l->session, &l->job, &l->content);
}

static void
lab_end(struct lab *l)
{
	delivery_close(l->session);
	if (l->content.size > 0)
		(void)close(l->content.fd);
	hop_stop(&l->hop);
}

static const char text[] = "Subject: x\r\n\r\n.dot\r\nend\r\n";

UNIT(facts_of_a_message)
{
	static const struct {
		const char *text;
		uint64_t size;
		bool eight, header;
	} rows[] = {
	    {"", 0, false, false},
	    {"a: b\n\nc\n", 11, false, false},
	    {"a: b\r\n\r\nc\r\n", 11, false, false},
	    {"a: b\r\n\r\n\xc3\xbc\r\n", 12, true, false},
	    {"a: \xc3\xbc\n\nc", 10, true, true},
	    {"a: b\n \n\xc3\n\n", 14, true, true},
	};
	struct lab l = {.content = {.size = 0}};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct delivery_facts f;

		set_text(&l, slice_str(rows[i].text));
		check_int(delivery_examine(&l.content, &f, NULL), 0);
		check_int(f.wire_size, rows[i].size);
		check_int(f.eight_bit, rows[i].eight);
		check_int(f.utf8_header, rows[i].header);
		(void)close(l.content.fd);
		l.content.size = 0;
	}
}

UNIT(several_messages_over_one_session)
{
	struct hop plain = {.lmtp = false};
	struct lab l;

	lab_begin(&l, "several", &plain);
	check(reach(&l));
	for (int i = 0; i < 5; i++) {
		check(delivery_is_ready(l.session));
		send_text(&l, slice_str(text));
		for (size_t k = 0; k < RCPTS; k++)
			check_int(l.to[k].result.state, SMTP_RESULT_DELIVERED);
	}
	check_int(hop_messages(&l.hop), 5);
	check_int(hop_sessions(&l.hop), 1);
	lab_end(&l);
}

static const char *
by_name(const char *line)
{
	if (strstr(line, "one@") != NULL)
		return "550 5.1.1 no\r\n";
	return strstr(line, "two@") != NULL ? "451 4.2.1 later\r\n" : NULL;
}

#define EHLO_BARE "250 hop\r\n"
#define DEEP                                                              \
	"250-1\r\n250-2\r\n250-3\r\n250-4\r\n250-5\r\n250-6\r\n250-7\r\n" \
	"250-8\r\n250-9\r\n250 end\r\n"

enum {
	D = SMTP_RESULT_DELIVERED,
	T = SMTP_RESULT_TEMPORARY,
	P = SMTP_RESULT_PERMANENT
};

/* What a hop does, and what becomes of the three recipients then. */
static const struct {
	const char *name;
	struct hop hop;
	bool no_session;
	int states[RCPTS];
	size_t messages;
} hops[] = {
    {"plain", {.lmtp = false}, false, {D, D, D}, 1},
    {"plain old", {.hello = EHLO_BARE}, false, {D, D, D}, 1},
    {"dribble", {.dribble = true}, false, {D, D, D}, 1},
    {"slow", {.pause_ms = 30}, false, {D, D, D}, 1},
    {"multi-line", {.mail = DEEP, .rcpt = DEEP, .dot = DEEP}, false, {D, D, D},
	1},
    {"refuses greeting", {.greeting = "554 no\r\n"}, true, {0}, 0},
    {"hangs up at once", {.greeting = HOP_HANG_UP}, true, {0}, 0},
    {"speaks http", {.greeting = "HTTP/1.1 200 OK\r\n\r\n"}, true, {0}, 0},
    {"hangs up at EHLO", {.hello = HOP_HANG_UP}, true, {0}, 0},
    {"hangs up at MAIL", {.mail = HOP_HANG_UP}, false, {T, T, T}, 0},
    {"refuses MAIL", {.mail = "550 5.7.1 no\r\n"}, false, {P, P, P}, 0},
    {"MAIL later", {.mail = "450 4.7.1 no\r\n"}, false, {T, T, T}, 0},
    {"421 at MAIL", {.mail = "421 4.3.2 no\r\n"}, false, {T, T, T}, 0},
    {"each its own", {.rcpt_answer = by_name}, false, {P, T, D}, 1},
    {"the same, no pipelining", {.hello = EHLO_BARE, .rcpt_answer = by_name},
	false, {P, T, D}, 1},
    {"refuses all", {.rcpt = "550 no\r\n"}, false, {P, P, P}, 0},
    {"refuses DATA", {.data = "554 5.6.0 no\r\n"}, false, {P, P, P}, 0},
    {"DATA later", {.data = "452 4.3.1 full\r\n"}, false, {T, T, T}, 0},
    {"hangs up at DATA", {.data = HOP_HANG_UP}, false, {T, T, T}, 0},
    {"hangs up in the text", {.hang_up_after = 10}, false, {T, T, T}, 0},
    {"hangs up after the dot", {.dot = HOP_HANG_UP}, false, {T, T, T}, 0},
    {"refuses the text", {.dot = "554 5.7.1 spam\r\n"}, false, {P, P, P}, 0},
    {"text later", {.dot = "451 4.7.1 grey\r\n"}, false, {T, T, T}, 0},
    {"garbage after the dot", {.dot = "what?\r\n"}, false, {T, T, T}, 0},
    {"codes do not match", {.dot = "250-a\r\n550 b\r\n"}, false, {T, T, T}, 1},
    {"354 after the dot", {.dot = "354 more\r\n"}, false, {T, T, T}, 0},
    {"two answers at once", {.rcpt = "250 a\r\n250 b\r\n"}, false, {-1, -1, -1},
	0},
    {"XFORWARD refused",
	{.hello = "250-hop\r\n250 XFORWARD NAME ADDR\r\n",
	    .xforward = "550 5.7.0 no\r\n"},
	false, {D, D, D}, 1},
    {"lmtp", {.lmtp = true}, false, {D, D, D}, 1},
    {"lmtp, each its own", {.lmtp = true, .dot_answer = by_name}, false,
	{P, T, D}, 1},
    {"lmtp hangs up", {.lmtp = true, .dot = HOP_HANG_UP}, false, {T, T, T}, 0},
};

UNIT(whatever_a_hop_does_each_recipient_has_a_result)
{
	for (size_t i = 0; i < COUNT_OF(hops); i++) {
		struct lab l;

		lab_begin(&l, "hops", &hops[i].hop);
		if (reach(&l) == hops[i].no_session) {
			print_message("# %s: session\n", hops[i].name);
			fail();
		}
		if (!hops[i].no_session)
			send_text(&l, slice_str(text));
		for (size_t k = 0; k < RCPTS && !hops[i].no_session; k++) {
			int got = (int)l.to[k].result.state;

			check(got == D || got == T || got == P);
			if (hops[i].states[k] >= 0 &&
			    got != hops[i].states[k]) {
				print_message("# %s: %zu: %s\n", hops[i].name,
				    k, l.to[k].result.text);
				fail();
			}
		}
		if (hops[i].states[0] >= 0)
			check_int(hop_messages(&l.hop), hops[i].messages);
		lab_end(&l);
	}
}

UNIT(who_never_answers_is_not_waited_for)
{
	static const struct hop mutes[] = {{.greeting = HOP_MUTE},
	    {.mail = HOP_MUTE}, {.dot = HOP_MUTE},
	    /* a line that has no end */
	    {.mail = "250-x"}};

	for (size_t i = 0; i < COUNT_OF(mutes); i++) {
		struct lab l;

		lab_begin(&l, "mute", &mutes[i]);
		l.set.reply_ns = LOOP_SEC;
		check_int(reach(&l), i > 0);
		if (i > 0) {
			send_text(&l, slice_str(text));
			for (size_t k = 0; k < RCPTS; k++)
				check_int(l.to[k].result.state, T);
		}
		lab_end(&l);
	}
}

UNIT(floods_are_cut)
{
	static char flood[2 * 1024 * 1024];
	const struct hop wide = {.mail = flood};
	const struct hop endless = {.rcpt = flood};
	struct lab l;
	size_t n = 0;

	memset(flood, 'x', sizeof(flood) - 1);
	memcpy(flood, "550 5.7.1 ", 10);
	memcpy(flood + sizeof(flood) - 3, "\r\n", 3);
	lab_begin(&l, "wide", &wide);
	check(reach(&l));
	send_text(&l, slice_str(text));
	check_int(l.to[0].result.state, P);
	check(strlen(l.to[0].result.text) < SMTP_REPLY_TEXT_MAX);
	lab_end(&l);

	while (n + 7 < sizeof(flood)) {
		memcpy(flood + n, "250-x\r\n", 7);
		n += 7;
	}
	flood[n] = '\0';
	lab_begin(&l, "endless", &endless);
	check(reach(&l));
	send_text(&l, slice_str(text));
	check_int(l.to[0].result.state, T);
	check(!delivery_is_ready(l.session));
	lab_end(&l);
}

UNIT(a_message_that_is_cut_short_is_not_sent)
{
	struct hop plain = {.lmtp = false};
	struct lab l;

	lab_begin(&l, "cut", &plain);
	check(reach(&l));
	set_text(&l, slice_str(text));
	l.content.size += 100;
	delivery_send(l.session, &l.job, &l.content);
	check_int(l.to[0].result.state, T);
	lab_end(&l);
	check_int(hop_messages(&l.hop), 0);
}

UNIT(a_big_message_arrives_whole)
{
	enum { SIZE = 3 * 1024 * 1024 };
	static char big[SIZE];
	struct hop plain = {.lmtp = false};
	struct slice got;
	struct lab l;
	uint64_t x = 1;
	size_t dots = 0;

	for (size_t i = 0; i < SIZE; i++) {
		x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
		big[i] = "\n.abcdefghijklmn"[x >> 60];
	}
	big[SIZE - 1] = '\n';
	for (size_t i = 0; i < SIZE; i++)
		dots += big[i] == '.' && (i == 0 || big[i - 1] == '\n');
	lab_begin(&l, "large", &plain);
	check(reach(&l));
	send_text(&l, slice_of(big, SIZE));
	check_int(l.to[0].result.state, D);
	got = hop_message(&l.hop);
	for (size_t i = 0, at = 0; i < SIZE; i++, at++) {
		bool start = i == 0 || big[i - 1] == '\n';

		if (big[i] == '\n')
			check(at < got.n && got.p[at++] == '\r');
		if (big[i] == '.' && start)
			check(at < got.n && got.p[at++] == '.');
		if (at >= got.n || got.p[at] != big[i])
			check_int((int)i, -1);
	}
	check(dots > 1000);
	lab_end(&l);
}

/* A next hop that takes any of these for the end of the data. */
static bool
ends_early(struct slice wire)
{
	static const struct slice ends[] = {SLICE_LIT("\n.\n"),
	    SLICE_LIT("\r.\r"), SLICE_LIT("\r\n.\n"), SLICE_LIT("\n.\r"),
	    SLICE_LIT("\r.\n"), SLICE_LIT("\r\n.\r"), SLICE_LIT("\r\n.\r\n")};
	static char clean[100000];
	size_t n = 0;

	/* Some drop NULs before they look. */
	for (size_t i = 0; i < wire.n && n < sizeof(clean); i++)
		if (wire.p[i] != '\0')
			clean[n++] = wire.p[i];
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (slice_find(wire, ends[i]) >= 0 ||
		    slice_find(slice_of(clean, n), ends[i]) >= 0)
			return true;
	/* As the first line. */
	return slice_starts(wire, ".\r") || slice_starts(wire, ".\n");
}

UNIT(nothing_is_smuggled_out)
{
	static const struct slice ends[] = {SLICE_LIT("\n"), SLICE_LIT("\r"),
	    SLICE_LIT("\r\n"), SLICE_LIT("\n\n"), SLICE_LIT("\r\r"),
	    SLICE_LIT("\n\r"), SLICE_LIT("\r\r\n"), SLICE_LIT("\r\n\0"),
	    SLICE_LIT("\0\r\n"), SLICE_LIT("\n\0"), SLICE_LIT("\0\n"),
	    SLICE_LIT("\r\0\n"), SLICE_LIT("\r\0"), SLICE_LIT("\0"),
	    SLICE_LIT("")};
	static const struct hop plain = {.lmtp = false};
	size_t sent = 0;
	struct lab l;

	lab_begin(&l, "smuggle", &plain);
	check(reach(&l));
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		for (size_t k = 0; k < COUNT_OF(ends); k++) {
			struct buf b;

			buf_init(&b, 1000);
			(void)buf_adds(&b, i % 2 == 0 ? "" : "a: b\r\n\r\na");
			(void)buf_add(&b, ends[i]);
			(void)buf_adds(&b, ".");
			(void)buf_add(&b, ends[k]);
			(void)buf_adds(&b, "MAIL FROM:<evil@x.example>\r\n"
					   "RCPT TO:<v@b.example>\r\n"
					   "DATA\r\nbad\r\n.\r\n");
			send_text(&l, buf_slice(&b));
			check_int(l.to[0].result.state, D);
			check_int(hop_messages(&l.hop), ++sent);
			buf_fini(&b);
		}
	check(!ends_early(SLICE("a\r\n..\r\n")));
	check(ends_early(SLICE("a\r\n\0.\r\n")));
	lab_end(&l);
	check(!ends_early(hop_message(&l.hop)));
}

UNIT_MAIN(unit(facts_of_a_message), unit(several_messages_over_one_session),
    unit(whatever_a_hop_does_each_recipient_has_a_result),
    unit(who_never_answers_is_not_waited_for), unit(floods_are_cut),
    unit(a_message_that_is_cut_short_is_not_sent),
    unit(a_big_message_arrives_whole), unit(nothing_is_smuggled_out))
