/* Talking to clamd: servers, sessions, deadlines and when to stop asking.
 *
 * One session (one connection) serves one job. A server whose talk goes wrong
 * gives way to the next; what it had answered by then is not asked again. A
 * server that fails twice in a row, or once by not answering in time, is not
 * asked for a while, so that a dead clamd does not cost each message its whole
 * time; the job fails at once then, and is never clean. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scan/virus_clamd.h"
#include "scan/virus_scanner.h"
#include "sys/loop.h"
#include "sys/net.h"

enum {
	SERVERS_MAX = 8,
	CHUNK_BYTES = 128 * 1024, /* of a stream */
	FAILURES_MAX = 2,         /* in a row, then a pause */
};

#define CONNECT_NS (5 * LOOP_SEC)
#define PAUSE_FIRST_NS (5 * LOOP_SEC)
#define PAUSE_LAST_NS (60 * LOOP_SEC)

/* Further codes of this file: clamd is fine, but not with this object. */
enum { REFUSED = 1 };

struct server {
	struct net_address address;
	char text[NET_TEXT_MAX];
	bool no_fildes; /* it cannot read descriptors we pass */
	unsigned failures;
	uint64_t pause_ns, pause_until, failed_at;
	struct fail last;
};

struct clamd {
	const struct virus_settings *settings;
	struct server servers[SERVERS_MAX];
	size_t n;
};

struct session {
	struct server *server;
	int fd;
	unsigned id; /* of the last command */
	uint64_t deadline;
	char received[CLAMD_REPLY_MAX];
	size_t n;
};

static void
clamd_close(void *self)
{
	(void)self; /* all of it is in the arena */
}

int
virus_clamd_open(void **self, const struct virus_settings *settings,
    struct arena *a, struct fail *why)
{
	struct clamd *c = arena_make(a, struct clamd);
	struct slice rest = settings->clamd_sockets, word;

	c->settings = settings;
	while (slice_word(&rest, &word)) {
		struct server *s = &c->servers[c->n];
		int code;

		if (c->n == SERVERS_MAX)
			return fail_set(why, FAIL_CONFIG,
			    "more than %d addresses of clamd", SERVERS_MAX);
		code =
		    net_resolve(&s->address, word, settings->clamd_port, why);
		if (code != 0)
			return code;
		(void)net_text(&s->address, s->text, sizeof(s->text));
		c->n++;
	}
	if (c->n == 0)
		return fail_set(why, FAIL_CONFIG, "no address of clamd");
	*self = c;
	return 0;
}

/* 0 when one of the events is there. */
static int
wait_for(struct session *s, short events, short *got, struct fail *why)
{
	struct pollfd p = {s->fd, events, 0};
	uint64_t now = loop_clock();
	uint64_t left = now < s->deadline ? (s->deadline - now) / LOOP_MS : 0;
	int n;

	if (left == 0)
		return fail_set(why, FAIL_TIMEOUT, "no answer in time");
	n = poll(&p, 1, left > 60000 ? 60000 : (int)left);
	*got = p.revents;
	return n >= 0 || errno == EINTR ? 0 : fail_errno(why, "poll");
}

/* All of it, unless clamd says something before it can have heard it. */
static int
send_all(struct session *s, struct slice bytes, struct fail *why)
{
	while (bytes.n > 0) {
		ssize_t n = send(s->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
		short got = 0;
		int code;

		if (n >= 0) {
			bytes = slice_from(bytes, (size_t)n);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return fail_errno(why, "send");
		code = wait_for(s, POLLOUT | POLLIN, &got, why);
		if (code != 0)
			return code;
		if ((got & POLLIN) != 0)
			return fail_set(
			    why, FAIL_PEER, "answer before the question");
	}
	return 0;
}

static int
send_fd(struct session *s, int fd, struct fail *why)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char byte = 0;
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
	struct cmsghdr *c;

	memset(&control, 0, sizeof(control));
	m.msg_control = control.room;
	m.msg_controllen = sizeof(control.room);
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	for (;;) {
		short got = 0;
		int code;

		if (sendmsg(s->fd, &m, MSG_NOSIGNAL) == 1)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return fail_errno(why, "send a descriptor");
		if ((code = wait_for(s, POLLOUT, &got, why)) != 0)
			return code;
	}
}

/* More bytes into received: 1, at the end of the connection: 0. */
static int
receive(struct session *s, struct fail *why)
{
	for (;;) {
		ssize_t n = recv(
		    s->fd, s->received + s->n, sizeof(s->received) - s->n, 0);
		short got = 0;
		int code;

		if (n > 0) {
			s->n += (size_t)n;
			return 1;
		}
		/* A reset ends it like a close: what came counts. */
		if (n == 0 || errno == ECONNRESET || errno == EPIPE)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return fail_errno(why, "receive");
		if ((code = wait_for(s, POLLIN, &got, why)) != 0)
			return code;
	}
}

static int
read_reply(struct session *s, enum clamd_ask ask, struct clamd_reply *reply,
    struct fail *why)
{
	int more = 1;

	while (!clamd_reply_parse(
	    slice_of(s->received, s->n), more == 0, s->id, ask, reply)) {
		more = receive(s, why);
		if (more < 0)
			return more;
	}
	if (s->n == 0 && more == 0)
		return fail_set(why, FAIL_PEER, "hung up without an answer");
	return 0;
}

static int
send_stream(struct session *s, struct slice bytes, struct fail *why)
{
	unsigned char head[CLAMD_CHUNK_HEAD];
	int code = 0;

	while (bytes.n > 0 && code == 0) {
		struct slice chunk = slice_sub(bytes, 0, CHUNK_BYTES);

		clamd_chunk_head((uint32_t)chunk.n, head);
		code = send_all(
		    s, slice_of((const char *)head, sizeof(head)), why);
		if (code == 0)
			code = send_all(s, chunk, why);
		bytes = slice_from(bytes, chunk.n);
	}
	clamd_chunk_head(0, head);
	return code != 0 ? code
			 : send_all(s,
			       slice_of((const char *)head, sizeof(head)), why);
}

/* clamd reads a descriptor from its beginning to its end, so the object needs
 * a file of its own. */
static int
send_file(struct session *s, struct slice bytes, struct fail *why)
{
	int fd = memfd_create("object", MFD_CLOEXEC), code;
	struct slice rest = bytes;

	if (fd < 0)
		return fail_errno(why, "memory file");
	while (rest.n > 0) {
		ssize_t n = write(fd, rest.p, rest.n);

		if (n <= 0 && errno != EINTR)
			break;
		rest = slice_from(rest, n > 0 ? (size_t)n : 0);
	}
	code = rest.n > 0 ? fail_errno(why, "write to a memory file")
			  : send_fd(s, fd, why);
	(void)close(fd);
	return code;
}

/* One command and its reply. A sentence of clamd's that explains why it broke
 * off is preferred to our own. */
static int
ask_once(struct session *s, enum clamd_ask ask, struct slice bytes,
    struct clamd_reply *reply, struct fail *why)
{
	struct fail other;
	int code;

	s->id++;
	s->n = 0;
	code = send_all(s, clamd_command(ask), why);
	if (code == 0)
		code = ask == CLAMD_ASK_FILDES ? send_file(s, bytes, why)
					       : send_stream(s, bytes, why);
	if (code == 0)
		return read_reply(s, ask, reply, why);
	if (code == FAIL_TIMEOUT || read_reply(s, ask, reply, &other) != 0 ||
	    reply->answer != CLAMD_REFUSED)
		return code;
	return 0;
}

static void
session_close(struct session *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

static int
session_open(struct session *s, struct fail *why)
{
	uint64_t now = loop_clock(), left;
	int code;

	session_close(s);
	if (now >= s->deadline)
		return fail_set(why, FAIL_TIMEOUT, "no answer in time");
	left = s->deadline - now;
	s->fd = net_connect_within(
	    &s->server->address, left < CONNECT_NS ? left : CONNECT_NS, why);
	if (s->fd < 0) {
		code = s->fd;
		s->fd = -1;
		return code;
	}
	s->id = 0;
	return send_all(s, slice_of("zIDSESSION", 11), why);
}

static int
scan_bytes(struct session *s, struct slice bytes, struct clamd_reply *reply,
    struct fail *why)
{
	int code;

	if (net_is_unix(&s->server->address) && !s->server->no_fildes) {
		code = ask_once(s, CLAMD_ASK_FILDES, bytes, reply, why);
		if (code != 0 || reply->answer != CLAMD_REFUSED)
			return code;
		/* It may not be allowed to read what we pass. */
		if ((code = session_open(s, why)) != 0)
			return code;
		code = ask_once(s, CLAMD_ASK_STREAM, bytes, reply, why);
		s->server->no_fildes =
		    code == 0 && (reply->answer == CLAMD_CLEAN ||
				     reply->answer == CLAMD_INFECTED);
		return code;
	}
	return ask_once(s, CLAMD_ASK_STREAM, bytes, reply, why);
}

/* 0: answered. REFUSED: *why is about this object. Else the server failed. */
static int
scan_object(struct session *s, struct virus_look *look,
    const struct virus_object *o, struct fail *why)
{
	struct clamd_reply reply;
	int code = scan_bytes(s, virus_object_bytes(look->job, o), &reply, why);

	if (code != 0)
		return code;
	switch (reply.answer) {
	case CLAMD_CLEAN:
		return 0;
	case CLAMD_INFECTED:
		virus_look_hit(look, "clamd", o, reply.text);
		return 0;
	case CLAMD_REFUSED:
		(void)fail_set(why, FAIL_IO, "%.*s: %.*s", SLICE_FMT(o->name),
		    SLICE_FMT(reply.text));
		return REFUSED;
	case CLAMD_GARBAGE:
		break;
	}
	return fail_set(why, FAIL_PEER, "answer not understood: \"%.*s\"",
	    SLICE_FMT(slice_sub(reply.text, 0, 60)));
}

/* Where a job stands, over all servers. */
struct progress {
	uint64_t began;
	size_t next;
	bool refused;
	struct fail refusal; /* the first */
};

static int
scan_with(struct server *server, struct virus_look *look, uint64_t deadline,
    struct progress *at, struct fail *why)
{
	struct session s = {.server = server, .fd = -1, .deadline = deadline};
	int code = session_open(&s, why);

	while (code == 0 && at->next < look->job->objects.n) {
		code = scan_object(
		    &s, look, &look->job->objects.at[at->next], why);
		if (code == REFUSED) {
			if (!at->refused)
				at->refusal = *why;
			at->refused = true;
			/* clamd may hang up after such a reply. */
			code = session_open(&s, why);
			at->next++;
		} else if (code == 0)
			at->next++;
	}
	if (code == 0)
		(void)send(s.fd, "zEND", 5, MSG_NOSIGNAL | MSG_DONTWAIT);
	session_close(&s);
	return code;
}

static void
note_success(struct server *s)
{
	s->failures = 0;
	s->pause_ns = 0;
	s->pause_until = 0;
}

static void
note_failure(struct server *s, int code, const struct fail *why)
{
	s->last = *why;
	s->failed_at = loop_clock();
	s->failures++;
	if (s->failures < FAILURES_MAX && code != FAIL_TIMEOUT)
		return;
	s->pause_ns = s->pause_ns == 0 ? PAUSE_FIRST_NS : s->pause_ns * 2;
	if (s->pause_ns > PAUSE_LAST_NS)
		s->pause_ns = PAUSE_LAST_NS;
	s->pause_until = loop_clock() + s->pause_ns;
}

/* Half of what is left while there may be another try, so that a server that
 * hangs leaves time for it. */
static uint64_t
share(uint64_t deadline, bool last)
{
	uint64_t now = loop_clock();

	return last || now >= deadline ? deadline : now + (deadline - now) / 2;
}

/* Every server that is not in its pause, once. */
static int
try_servers(struct clamd *c, struct virus_look *look, bool last,
    struct progress *at, struct fail *why)
{
	int code = FAIL_GONE;
	size_t i;

	for (i = 0; i < c->n && code != 0; i++) {
		struct server *s = &c->servers[i];

		/* A pause that this very job has caused does not keep it from
		 * its second try. */
		if (loop_clock() < s->pause_until && s->failed_at < at->began) {
			*why = s->last;
			(void)fail_add(
			    why, "%s (not asked again yet)", s->text);
			continue;
		}
		code = scan_with(s, look,
		    share(look->deadline, last && i + 1 == c->n), at, why);
		if (code == 0) {
			note_success(s);
			break;
		}
		note_failure(s, code, why);
		(void)fail_add(why, "%s", s->text);
	}
	return code;
}

static int
clamd_scan(void *self, struct virus_look *look, struct fail *why)
{
	struct clamd *c = self;
	struct progress at = {.began = loop_clock()};
	struct slice lock = c->settings->clamd_lock_file;
	unsigned tries = c->settings->attempts > 1 ? 2 : 1, i;
	int code = FAIL_GONE;

	if (lock.n > 0 &&
	    faccessat(AT_FDCWD, arena_str(look->arena, lock), F_OK, 0) != 0)
		return fail_errno(why, "Clamd Lock File %.*s", SLICE_FMT(lock));
	for (i = 0; i < tries && code != 0; i++)
		code = try_servers(c, look, i + 1 == tries, &at, why);
	if (code == 0 && at.refused) {
		*why = at.refusal;
		return FAIL_IO;
	}
	return code;
}

bool
virus_clamd_answers(void *self, uint64_t wait_ns)
{
	struct clamd *c = self;
	struct fail why;
	size_t i;

	for (i = 0; i < c->n; i++) {
		struct session s = {.server = &c->servers[i],
		    .fd = -1,
		    .deadline = loop_clock() + wait_ns};
		bool ok = session_open(&s, &why) == 0 &&
			  send_all(&s, slice_of("zPING", 6), &why) == 0;

		while (ok && s.n < 8)
			ok = receive(&s, &why) > 0;
		session_close(&s);
		if (s.n == 8 && memcmp(s.received, "1: PONG", 8) == 0)
			return true;
	}
	return false;
}

const struct virus_scanner_kind virus_clamd_kind = {clamd_scan, clamd_close};
