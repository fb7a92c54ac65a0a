#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "queue/smtp_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct buf out, said, stored;
	size_t begin; /* of the message in stored */
	bool closed;
};

static bool
act(struct run *r, struct smtp_server *s, enum smtp_server_event event,
    struct slice content)
{
	switch (event) {
	case SMTP_SERVER_FLUSH:
		break;
	case SMTP_SERVER_BEGIN:
		ensure(smtp_server_envelope(s)->recipients.n > 0);
		if (smtp_server_envelope(s)->sender.n == 3)
			smtp_server_refuse(
			    s, (struct smtp_answer){452, "4.3.1", "Full"});
		else
			smtp_server_go(s);
		r->begin = r->stored.n;
		(void)buf_addc(&r->stored, '[');
		break;
	case SMTP_SERVER_CONTENT:
		ensure(content.n > 0);
		(void)buf_add(&r->stored, content);
		break;
	case SMTP_SERVER_END:
		smtp_server_answer(s, (struct smtp_answer){250, "2.0.0", "Ok"});
		break;
	case SMTP_SERVER_CANCEL:
		/* How much came before depends on the cut. */
		r->stored.n = r->begin;
		(void)buf_addc(&r->stored, 'X');
		break;
	case SMTP_SERVER_CLOSE:
		r->closed = true;
		return false;
	case SMTP_SERVER_MORE:
		return false;
	}
	ensure(!r->out.full);
	(void)buf_add(&r->said, buf_slice(&r->out));
	buf_reset(&r->out);
	return true;
}

static void
run(struct run *r, uint8_t flags, struct slice wire, size_t step)
{
	struct smtp_server_settings set = {
	    .host = SLICE("h"),
	    .client_ip = SLICE("192.0.2.1"),
	    .lmtp = (flags & 1) != 0,
	    .trusted = (flags & 2) != 0,
	    .message_max = flags & 4 ? 20 : 0,
	    .recipients_max = 5,
	};
	struct smtp_server *s;

	r->closed = false;
	buf_init(&r->out, 4 * SMTP_SERVER_OUT_MAX);
	buf_init(&r->said, 1 << 24);
	buf_init(&r->stored, 1 << 24);
	s = smtp_server_new(&set, &r->out);
	for (size_t at = 0; at < wire.n && !r->closed; at += step) {
		struct slice in = slice_sub(wire, at, at + step), content;

		while (act(r, s, smtp_server_next(s, &in, &content), content))
			;
	}
	(void)buf_add(&r->said, buf_slice(&r->out));
	smtp_server_free(s);
	buf_fini(&r->out);
}

/* Whole and in pieces: the same words, the same messages. */
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
	ensure(slice_eq(buf_slice(&whole.said), buf_slice(&cut.said)));
	ensure(slice_eq(buf_slice(&whole.stored), buf_slice(&cut.stored)));
	ensure(whole.closed == cut.closed);
	buf_fini(&whole.said);
	buf_fini(&whole.stored);
	buf_fini(&cut.said);
	buf_fini(&cut.stored);
	return 0;
}
