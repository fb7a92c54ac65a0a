#include "base/arena.h"
#include "queue/bounce.h"
#include "test/unit.h"

UNIT(who_wants_to_know)
{
	static const struct {
		const char *sender;
		unsigned notify;
		enum bounce_kind kind;
		bool wanted;
	} rows[] = {
	    {"a@b", 0, BOUNCE_FAILED, true},
	    {"a@b", 0, BOUNCE_DELAYED, true},
	    {"a@b", 0, BOUNCE_DELIVERED, false},
	    {"", 0, BOUNCE_FAILED, false},
	    {"", NOTIFY_SUCCESS, BOUNCE_DELIVERED, false},
	    {"a@b", NOTIFY_NEVER, BOUNCE_FAILED, false},
	    {"a@b", NOTIFY_SUCCESS, BOUNCE_FAILED, false},
	    {"a@b", NOTIFY_SUCCESS, BOUNCE_RELAYED, true},
	    {"a@b", NOTIFY_SUCCESS, BOUNCE_DELAYED, false},
	    {"a@b", NOTIFY_DELAY | NOTIFY_FAILURE, BOUNCE_DELAYED, true},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct envelope e = {.sender = slice_str(rows[i].sender)};
		struct recipient r = {.notify = rows[i].notify};

		check_int(
		    bounce_is_wanted(rows[i].kind, &e, &r), rows[i].wanted);
	}
}

static struct slice
compose(struct bounce *b, const char *ret, struct buf *out,
    struct envelope *bounce_env, struct arena *a)
{
	static struct recipient r;
	static struct smtp_result result;
	static struct bounce_row row;
	static struct envelope env;

	env = (struct envelope){.id = SLICE("Q1"),
	    .sender = SLICE("a@b.example"),
	    .envid = SLICE("x+3D"),
	    .ret = slice_str(ret),
	    .received_at = 1000000000};
	r = (struct recipient){.address = SLICE("\xc3\xbc@d.example"),
	    .orcpt = SLICE("rfc822;o+0D+0AX: y@z")};
	smtp_result_set(
	    &result, SMTP_RESULT_PERMANENT, "5.1.1", "no such user");
	row = (struct bounce_row){&r, &result, SLICE("192.0.2.1:25")};
	b->env = &env;
	b->host = SLICE("mx.example");
	b->now = 1000003600;
	b->rows = &row;
	b->count = 1;
	b->original = SLICE("Subject: x\r\nX: 1\r\n\r\nbody\r\n");
	b->whole = true;
	buf_init(out, BOUNCE_TEXT_MAX);
	check(bounce_compose(b, out, bounce_env, a));
	return buf_slice(out);
}

static bool
has(struct slice text, const char *what)
{
	return slice_find(text, slice_str(what)) >= 0;
}

UNIT(a_failure_in_three_parts)
{
	struct arena *a = arena_new(0);
	struct bounce b = {.kind = BOUNCE_FAILED};
	struct envelope env;
	struct buf out;
	struct slice text = compose(&b, "HDRS", &out, &env, a);

	check_int(env.sender.n, 0);
	check_slice(env.recipients.at[0].address, "a@b.example");
	check_int(env.recipients.at[0].notify, NOTIFY_NEVER);
	check(has(text, "Date: Sun, 9 Sep 2001 02:46:40 +0000\n"));
	check(has(text, "\tboundary=\"=_"));
	check(has(text, "\nTo: <a@b.example>\n"));
	check(has(text, "\nAuto-Submitted: auto-replied\n"));
	check(has(text,
	    "<\\xC3\\xBC@d.example>: 192.0.2.1:25 said: 550 5.1.1 no such"));
	check(has(text, "\nOriginal-Envelope-Id: x=\n"));
	check(has(text, "\nArrival-Date: Sun, 9 Sep 2001 01:46:40 +0000\n"));
	check(has(text, "\nFinal-Recipient: utf-8; \\x{FC}@d.example\n"));
	check(has(text, "\nAction: failed\nStatus: 5.1.1\n"));
	check(has(text, "\nRemote-MTA: dns; 192.0.2.1:25\n"));
	check(has(text, "Content-Type: text/rfc822-headers\n"));
	check(has(text, "\nX: 1\n"));
	check(!has(text, "\nbody\n"));
	check(!has(text, "\r"));
	/* an ORCPT with a line end in it starts no line */
	check(!has(text, "\nX: y"));
	check(slice_ends(text, ".1000003600--\n"));
	buf_fini(&out);
	arena_free(a);
}

UNIT(the_whole_message_comes_back_when_asked_for)
{
	struct arena *a = arena_new(0);
	struct bounce b = {.kind = BOUNCE_FAILED};
	struct envelope env;
	struct buf out;
	struct slice text = compose(&b, "FULL", &out, &env, a);

	check(has(text, "Content-Type: message/rfc822\n"));
	check(has(text, "\nbody\n"));
	buf_fini(&out);
	b.kind = BOUNCE_DELAYED;
	b.expires = 1000090000;
	text = compose(&b, "FULL", &out, &env, a);
	check(!has(text, "\nbody\n"));
	check(has(text, "\nAction: delayed\n"));
	check(
	    has(text, "\nWill-Retry-Until: Mon, 10 Sep 2001 02:46:40 +0000\n"));
	buf_fini(&out);
	arena_free(a);
}

UNIT_MAIN(unit(who_wants_to_know), unit(a_failure_in_three_parts),
    unit(the_whole_message_comes_back_when_asked_for))
