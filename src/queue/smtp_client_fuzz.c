#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "queue/smtp_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct buf out, said;
	struct recipient rcpt[3];
	struct smtp_delivery to[3];
	struct envelope env;
	struct smtp_job job;
	bool done;
};

static bool
act(struct run *r, struct smtp_client *c, enum smtp_client_event event)
{
	switch (event) {
	case SMTP_CLIENT_READY:
		if (r->done)
			smtp_client_quit(c);
		else
			smtp_client_send(c, &r->job);
		return true;
	case SMTP_CLIENT_BODY:
		(void)buf_adds(&r->out, "body\r\n.\r\n");
		smtp_client_sent(c);
		return true;
	case SMTP_CLIENT_DONE:
		ensure(!r->done);
		r->done = true;
		for (size_t i = 0; i < r->job.count; i++)
			ensure(r->to[i].result.state >= SMTP_RESULT_DELIVERED);
		return true;
	case SMTP_CLIENT_WAIT:
	case SMTP_CLIENT_CLOSE:
		break;
	}
	return false;
}

static void
run(struct run *r, uint8_t flags, struct slice wire, size_t step)
{
	struct smtp_client_settings set = {.host = SLICE("me"),
	    .lmtp = (flags & 1) != 0,
	    .forward = (flags & 2) != 0};
	struct smtp_client *c;
	struct slice none = SLICE_NONE;

	*r = (struct run){.done = false};
	buf_init(&r->out, SMTP_CLIENT_OUT_MAX);
	buf_init(&r->said, SMTP_CLIENT_OUT_MAX);
	r->env.sender = SLICE("a@b");
	r->env.smtputf8 = (flags & 4) != 0;
	r->env.body = flags & 8 ? SLICE("8BITMIME") : SLICE_NONE;
	for (size_t i = 0; i < 3; i++) {
		r->rcpt[i].address =
		    i == 1 ? SLICE("\xc3\xbc@x") : SLICE("y@x");
		r->to[i].recipient = &r->rcpt[i];
	}
	r->job = (struct smtp_job){.env = &r->env,
	    .to = r->to,
	    .count = flags % 3 + 1U,
	    .size = 100,
	    .eight_bit = (flags & 16) != 0};
	c = smtp_client_new(&set, &r->out);
	for (size_t at = 0; at < wire.n; at += step) {
		struct slice in = slice_sub(wire, at, at + step);

		while (act(r, c, smtp_client_next(c, &in)))
			;
	}
	smtp_client_lost(c, "4.4.2", "lost");
	while (act(r, c, smtp_client_next(c, &none)))
		;
	ensure(!r->out.full);
	smtp_client_free(c);
}

/* Whole and in pieces: the same commands, the same results. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice wire;
	struct run whole, cut;

	if (size < 2)
		return 0;
	wire = slice_of((const char *)data + 2, size - 2);
	run(&whole, data[0], wire, wire.n + 1);
	run(&cut, data[0], wire, data[1] % 16U + 1);
	ensure(slice_eq(buf_slice(&whole.out), buf_slice(&cut.out)));
	ensure(whole.done == cut.done);
	for (size_t i = 0; whole.done && i < whole.job.count; i++)
		ensure(whole.to[i].result.state == cut.to[i].result.state);
	buf_fini(&whole.out);
	buf_fini(&whole.said);
	buf_fini(&cut.out);
	buf_fini(&cut.said);
	return 0;
}
