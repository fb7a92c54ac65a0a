#include "daemon/delivery.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "queue/smtp_text.h"
#include "sys/io.h"
#include "sys/loop.h"

enum { CHUNK = 32 * 1024, QUIT_MS = 2000 };

struct delivery {
	struct arena *arena;
	struct delivery_settings set;
	int fd;
	struct smtp_client *client;
	struct buf out;
	bool ready;
	bool closed;
	char in[4096];
	struct slice unread;
};

/* ---- the message ---- */

/* Up to CHUNK bytes at `at` into b (emptied first). */
static int
read_chunk(const struct delivery_content *m, uint64_t at, struct buf *b,
    struct fail *why)
{
	uint64_t left = m->size - at;
	size_t want = left < CHUNK ? (size_t)left : CHUNK;
	ssize_t n;

	buf_reset(b);
	n = io_read_at(m->fd, buf_room(b, want), want, m->offset + at, why);
	if (n < 0)
		return fail_add(why, "the message");
	if (n == 0)
		return fail_set(why, FAIL_BAD, "the message is cut short");
	b->n = (size_t)n;
	return 0;
}

/* Where in the message a scan is. */
struct scan {
	char last; /* the byte before */
	bool body; /* past the empty line */
	bool line_empty;
};

static void
scan_chunk(struct delivery_facts *f, struct scan *s, struct slice in)
{
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		f->wire_size += c == '\n' && s->last != '\r' ? 2 : 1;
		if ((unsigned char)c >= 0x80) {
			f->eight_bit = true;
			f->utf8_header |= !s->body;
		}
		if (c == '\n') {
			s->body |= s->line_empty;
			s->line_empty = true;
		} else if (c != '\r') {
			s->line_empty = false;
		}
		s->last = c;
	}
}

int
delivery_examine(const struct delivery_content *m, struct delivery_facts *facts,
    struct fail *why)
{
	struct scan s = {.last = '\n', .line_empty = true};
	struct buf b;
	uint64_t at = 0;
	int rc = 0;

	*facts = (struct delivery_facts){.wire_size = 0};
	buf_init(&b, CHUNK);
	while (rc == 0 && at < m->size) {
		rc = read_chunk(m, at, &b, why);
		at += b.n;
		scan_chunk(facts, &s, buf_slice(&b));
	}
	buf_fini(&b);
	return rc;
}

/* ---- the connection ---- */

static uint64_t
patience(const struct delivery *d)
{
	uint64_t ns = smtp_client_patience(d->client) * LOOP_SEC;

	return d->set.reply_ns > 0 && d->set.reply_ns < ns ? d->set.reply_ns
							   : ns;
}

/* Write what is due and read what comes, once. false when the deadline is
 * past or the peer gone. */
static bool
exchange(struct delivery *d, uint64_t deadline, bool want_reply)
{
	struct pollfd p = {.fd = d->fd, .events = POLLIN};
	uint64_t now = loop_clock();
	ssize_t n;

	if (now >= deadline)
		return false;
	if (d->out.n > 0)
		p.events |= POLLOUT;
	if (poll(&p, 1, (int)((deadline - now) / LOOP_MS + 1)) < 0)
		return errno == EINTR;
	if (p.revents & POLLOUT) {
		n = send(d->fd, d->out.p, d->out.n, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n > 0)
			buf_drop(&d->out, (size_t)n);
	}
	if (!(p.revents & (POLLIN | POLLHUP | POLLERR)) || !want_reply)
		return true;
	n = recv(d->fd, d->in, sizeof(d->in), 0);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return false;
	d->unread = slice_of(d->in, n > 0 ? (size_t)n : 0);
	return true;
}

/* All of out into the socket. */
static bool
flush(struct delivery *d)
{
	uint64_t deadline = loop_clock() + patience(d);

	while (d->out.n > 0) {
		size_t before = d->out.n;

		/* Once an answer waits there is no use in sending more. */
		if (!exchange(d, deadline, d->unread.n == 0))
			return false;
		if (d->unread.n > 0)
			return true;
		if (d->out.n < before)
			deadline = loop_clock() + patience(d);
	}
	return true;
}

static void
lost(struct delivery *d, const char *text)
{
	smtp_client_lost(d->client, "4.4.2", text);
}

static void
send_body(struct delivery *d, const struct delivery_content *m)
{
	struct smtp_encoder e = {.cr = false};
	struct buf chunk;
	uint64_t at = 0;

	buf_init(&chunk, CHUNK);
	while (at < m->size && d->unread.n == 0) {
		struct fail why;

		if (read_chunk(m, at, &chunk, &why) < 0) {
			/* The dot must not be sent: what is there of the
			 * message is not the message. */
			lost(d, why.text);
			break;
		}
		at += chunk.n;
		(void)smtp_encode(&e, buf_slice(&chunk), &d->out);
		if (!flush(d)) {
			lost(d, "connection lost while sending the message");
			break;
		}
	}
	buf_fini(&chunk);
	if (at < m->size)
		return;
	(void)smtp_encode_end(&e, &d->out);
	smtp_client_sent(d->client);
}

/* Let the session go on until `stop` or its end. */
static enum smtp_client_event
turn(struct delivery *d, enum smtp_client_event stop,
    const struct delivery_content *m)
{
	uint64_t deadline = loop_clock() + patience(d);

	for (;;) {
		enum smtp_client_event event =
		    smtp_client_next(d->client, &d->unread);

		if (event == SMTP_CLIENT_CLOSE)
			d->closed = true;
		if (event == SMTP_CLIENT_READY)
			d->ready = true;
		if (event == stop || event == SMTP_CLIENT_CLOSE)
			return event;
		if (event == SMTP_CLIENT_BODY)
			send_body(d, m);
		if (event != SMTP_CLIENT_WAIT) {
			deadline = loop_clock() + patience(d);
			continue;
		}
		if (!exchange(d, deadline, true))
			lost(d, loop_clock() >= deadline
				    ? "next hop did not answer in time"
				    : "next hop closed the connection");
		else if (d->unread.n > 0)
			deadline = loop_clock() + patience(d);
	}
}

struct delivery *
delivery_open(const struct delivery_settings *set,
    const struct net_address *hop, struct fail *why)
{
	struct smtp_client_settings client = {
	    .host = set->host, .lmtp = set->lmtp, .forward = set->forward};
	int fd = net_connect_within(hop, set->connect_ns, why);
	struct arena *a;
	struct delivery *d;

	if (fd < 0)
		return NULL;
	a = arena_new(0);
	d = arena_make(a, struct delivery);
	d->arena = a;
	d->set = *set;
	d->fd = fd;
	buf_init(&d->out, SMTP_CLIENT_OUT_MAX);
	d->client = smtp_client_new(&client, &d->out);
	if (turn(d, SMTP_CLIENT_READY, NULL) == SMTP_CLIENT_READY)
		return d;
	(void)fail_set(
	    why, FAIL_PEER, "next hop refused the session or spoke no SMTP");
	delivery_close(d);
	return NULL;
}

void
delivery_send(
    struct delivery *d, struct smtp_job *job, const struct delivery_content *m)
{
	ensure(d->ready);
	d->ready = false;
	smtp_client_send(d->client, job);
	(void)turn(d, SMTP_CLIENT_DONE, m);
	/* READY or CLOSE is next and asks for no waiting. */
	if (!d->closed)
		(void)turn(d, SMTP_CLIENT_READY, NULL);
}

bool
delivery_is_ready(const struct delivery *d)
{
	return d->ready;
}

void
delivery_close(struct delivery *d)
{
	uint64_t end = loop_clock() + QUIT_MS * LOOP_MS;

	if (d == NULL)
		return;
	if (!d->closed && d->ready)
		smtp_client_quit(d->client);
	while (!d->closed && d->ready && exchange(d, end, true))
		if (smtp_client_next(d->client, &d->unread) ==
		    SMTP_CLIENT_CLOSE)
			break;
	smtp_client_free(d->client);
	buf_fini(&d->out);
	(void)close(d->fd);
	arena_free(d->arena);
}
