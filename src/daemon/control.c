#define _GNU_SOURCE
#include "daemon/control.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/net.h"
#include "sys/title.h"

enum { ANSWER_MAX = 1024 * 1024, ASK_SECONDS = 10 };

struct client {
	struct control *control;
	int fd; /* -1: free */
	uint32_t serial;
	bool asked;
	char word[CONTROL_WORD_MAX];
	size_t word_n;
	struct loop_watch watch;
	struct loop_timer timer;
};

struct control {
	struct role_self *self;
	struct loop *loop;
	struct loop_watch listen_watch, supervisor_watch;
	struct client clients[CONTROL_CLIENTS_MAX];
	int listen_fd;
	uint32_t next_serial;
	bool draining;
	char *room;
};

static void
client_end(struct client *c)
{
	if (c->fd < 0)
		return;
	loop_watch_drop(c->control->loop, &c->watch);
	loop_timer_drop(c->control->loop, &c->timer);
	(void)close(c->fd);
	c->fd = -1;
}

/* Answers are short; one that the client does not take is cut off. */
static void
client_answer(struct client *c, unsigned code, struct slice text)
{
	struct buf b;

	buf_init(&b, WIRE_BYTES_MAX + 64);
	(void)buf_adds(&b, code == 0 ? "ok\n" : "fail ");
	(void)buf_add(&b, text);
	if (c->fd >= 0)
		(void)send(c->fd, b.p, b.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	buf_fini(&b);
	client_end(c);
}

static void
client_ask(struct client *c)
{
	static const char *const words[ASK_COUNT] = {[ASK_STATUS] = "status",
	    [ASK_STOP] = "stop",
	    [ASK_RELOAD] = "reload"};
	struct slice word = slice_trim(slice_of(c->word, c->word_n));
	struct control *k = c->control;
	struct buf b;
	unsigned i;

	for (i = 0; i < ASK_COUNT; i++)
		if (slice_is(word, words[i]))
			break;
	if (i == ASK_COUNT) {
		client_answer(c, 1, SLICE("unknown word\n"));
		return;
	}
	c->serial = ++k->next_serial;
	c->asked = true;
	buf_init(&b, 16);
	pack_u8(&b, (uint8_t)i);
	pack_u32(&b, c->serial);
	if (wire_send(&k->self->supervisor, TELL_ASK, buf_slice(&b), NULL, 0,
		NULL) != 0)
		client_answer(c, 1, SLICE("the supervisor is busy\n"));
	buf_fini(&b);
}

static void
client_event(struct loop *l, unsigned events, void *ctx)
{
	struct client *c = ctx;
	ssize_t n;

	(void)l;
	(void)events;
	if (c->asked || c->word_n == sizeof(c->word)) {
		client_end(c);
		return;
	}
	n = recv(c->fd, c->word + c->word_n, sizeof(c->word) - c->word_n,
	    MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_end(c);
		return;
	}
	c->word_n += (size_t)n;
	if (c->word[c->word_n - 1] == '\n') {
		/* What else comes is not ours; a hang-up still is. */
		loop_watch_set(c->control->loop, &c->watch, 0);
		client_ask(c);
	}
}

static void
client_late(struct loop *l, void *ctx)
{
	(void)l;
	client_end(ctx);
}

static bool
may_ask(int fd)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static void
client_new(struct loop *l, unsigned events, void *ctx)
{
	struct control *k = ctx;
	struct net_address peer;
	struct fail why;
	int fd = net_accept(k->listen_fd, &peer, &why);
	size_t i;

	(void)events;
	if (fd < 0)
		return;
	for (i = 0; i < COUNT_OF(k->clients); i++)
		if (k->clients[i].fd < 0)
			break;
	if (i == COUNT_OF(k->clients) || !may_ask(fd)) {
		(void)close(fd);
		return;
	}
	k->clients[i] = (struct client){.control = k, .fd = fd};
	loop_timer_set(l, &k->clients[i].timer,
	    loop_clock() + CONTROL_SECONDS_MAX * LOOP_SEC, client_late,
	    &k->clients[i]);
	if (loop_watch_add(l, &k->clients[i].watch, fd, LOOP_READ, client_event,
		&k->clients[i], &why) != 0)
		client_end(&k->clients[i]);
}

static void
take_answer(struct control *k, struct wire_message *m)
{
	struct unpack u = unpack_of(m->bytes);
	uint32_t serial = unpack_u32(&u);
	unsigned code = unpack_u8(&u);
	struct slice text = unpack_slice(&u);
	size_t i;

	if (!unpack_done(&u))
		return;
	for (i = 0; i < COUNT_OF(k->clients); i++)
		if (k->clients[i].fd >= 0 && k->clients[i].asked &&
		    k->clients[i].serial == serial)
			client_answer(&k->clients[i], code, text);
}

static void
supervisor_event(struct loop *l, unsigned events, void *ctx)
{
	struct control *k = ctx;

	(void)events;
	for (;;) {
		struct wire_message m;
		struct fail why;
		int code =
		    wire_receive(&k->self->supervisor, k->room, &m, &why);

		if (code == FAIL_AGAIN)
			return;
		if (code != 0 || m.type == TELL_DRAIN) {
			loop_stop(l);
			return;
		}
		if (m.type == TELL_ANSWER)
			take_answer(k, &m);
		wire_message_drop(&m);
	}
}

static int
listen_at(const char *path, struct fail *why)
{
	struct net_address at;
	struct buf b;
	int code;

	buf_init(&b, 4096);
	(void)buf_addf(&b, "unix:%s", path);
	code = net_parse(&at, buf_slice(&b), 0, why);
	buf_fini(&b);
	return code != 0 ? code : net_listen(&at, 0600, why);
}

int
control_main(struct role_self *self, const struct settings *s)
{
	struct arena *a = arena_new(0);
	struct control *k = arena_make(a, struct control);
	struct jail jail = {.calls = JAIL_CALLS_NET,
	    .drop = s->drop,
	    .uid = s->uid,
	    .gid = s->gid,
	    .user = s->user};
	struct fail why;
	size_t i;

	k->self = self;
	k->room = arena_alloc(a, WIRE_BYTES_MAX);
	for (i = 0; i < COUNT_OF(k->clients); i++)
		k->clients[i].fd = -1;
	if (loop_open(&k->loop, &why) != 0) {
		log_error("control: %s", why.text);
		return ROLE_EXIT_FAILED;
	}
	role_lock(self, &jail);
	k->listen_fd = listen_at(s->control, &why);
	if (k->listen_fd < 0 ||
	    loop_watch_add(k->loop, &k->listen_watch, k->listen_fd, LOOP_READ,
		client_new, k, &why) != 0 ||
	    loop_watch_add(k->loop, &k->supervisor_watch, self->supervisor.fd,
		LOOP_READ, supervisor_event, k, &why) != 0) {
		log_error("Control Socket: %s", why.text);
		return ROLE_EXIT_FAILED;
	}
	role_ready(self);
	title_set("MailScanner: control");
	if (loop_run(k->loop, &why) != 0) {
		log_error("control: %s", why.text);
		return ROLE_EXIT_FAILED;
	}
	return ROLE_EXIT_OK;
}

/* ---- the other side ----------------------------------------------------- */

static int
read_answer(int fd, struct buf *out, struct fail *why)
{
	uint64_t until = clock_mono() + CONTROL_SECONDS_MAX * CLOCK_SEC;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint64_t now = clock_mono();
		char *room = buf_room(out, 4096);
		ssize_t n;

		if (room == NULL)
			return fail_set(why, FAIL_PEER, "answer is too long");
		if (now >= until ||
		    poll(&p, 1, (int)clock_ms_between(now, until)) == 0)
			return fail_set(why, FAIL_TIMEOUT, "no answer");
		n = recv(fd, room, 4096, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0)
			return fail_errno(why, "read answer");
		if (n == 0)
			return 0;
		out->n += (size_t)n;
	}
}

int
control_ask(const char *socket_path, const char *word, struct buf *out,
    struct fail *why)
{
	struct net_address at;
	struct slice rest, line;
	struct buf b;
	int fd, code;

	buf_init(&b, ANSWER_MAX);
	(void)buf_addf(&b, "unix:%s", socket_path);
	code = net_parse(&at, buf_slice(&b), 0, why);
	buf_reset(&b);
	if (code != 0)
		return code;
	fd = net_connect_within(&at, ASK_SECONDS * CLOCK_SEC, why);
	if (fd < 0) {
		buf_fini(&b);
		return fail_set(
		    why, FAIL_GONE, "no daemon answers at %s", socket_path);
	}
	(void)buf_addf(&b, "%s\n", word);
	if (send(fd, b.p, b.n, MSG_NOSIGNAL) != (ssize_t)b.n)
		code = fail_errno(why, "ask the daemon");
	buf_reset(&b);
	if (code == 0)
		code = read_answer(fd, &b, why);
	(void)close(fd);
	rest = buf_slice(&b);
	if (code == 0 && !slice_line(&rest, &line))
		code = fail_set(why, FAIL_GONE,
		    "the daemon does not talk to this user, or is ending");
	else if (code == 0 && !slice_is(line, "ok"))
		code = fail_set(
		    why, FAIL_PEER, "%.*s", SLICE_FMT(slice_from(line, 5)));
	else if (code == 0)
		(void)buf_add(out, rest);
	buf_fini(&b);
	return code;
}
