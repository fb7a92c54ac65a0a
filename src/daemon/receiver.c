#include "daemon/receiver.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "queue/smtp_server.h"
#include "queue/spool.h"
#include "sys/loop.h"

enum {
	IN_SIZE = 32 * 1024,
	OUT_MAX = 1024 * 1024,
	LINGER_SEC = 3,             /* for a peer to read our last words */
	LINGER_BYTES = 1024 * 1024, /* of his that are read meanwhile */
	ACCEPT_PAUSE_SEC = 1,       /* without descriptors */
	COMMIT_MAX = 100,           /* messages in one round of syncs */
	STALE_TMP_SEC = 2 * 24 * 3600,
	RATE_LEAST = 500, /* bytes of a message per second */
	FDS_OTHER = 64,   /* descriptors that are no session's */
};

struct session {
	struct receiver *r;
	struct arena *arena;
	struct session *next, *prev;
	int fd;
	struct loop_watch watch;
	struct loop_timer timer;
	char ip[NET_TEXT_MAX];
	struct smtp_server *server;
	struct buf out;
	struct slice rest; /* read and not yet eaten */
	struct spool_add *add;
	uint64_t deadline; /* for the peer's next answer or message bytes */
	uint64_t seen;     /* bytes of the message at the last look */
	bool answered;     /* something was said since extend() */
	bool committing;   /* the message waits for its syncs */
	bool closing;      /* flush out, then close */
	bool lingering;
	size_t lingered;
	char in[IN_SIZE];
};

struct listener {
	struct receiver *r;
	int fd;
	bool lmtp;
	struct loop_watch watch;
};

struct receiver {
	struct arena *arena;
	struct receiver_settings set;
	struct loop *loop;
	struct spool *spool;
	VEC_OF(struct listener) listeners;
	struct session *sessions;
	size_t session_count;
	VEC_OF(struct session *) commits;
	struct loop_timer commit_timer, accept_timer, drain_timer;
	bool draining;
	bool full; /* the disk was full at the last look: told once */
};

static const struct smtp_answer no_room = {
    452, "4.3.1", "No room in the spool, try again later"};
static const struct smtp_answer no_spool = {
    451, "4.3.0", "The spool cannot be written, try again later"};
static const struct smtp_answer shutting_down = {421, "4.3.2", "Shutting down"};

/* ---- a session's end ---- */

static void
close_session(struct session *c)
{
	struct receiver *r = c->r;

	loop_watch_drop(r->loop, &c->watch);
	loop_timer_drop(r->loop, &c->timer);
	(void)close(c->fd);
	spool_add_cancel(c->add);
	smtp_server_free(c->server);
	buf_fini(&c->out);
	if (c->next != NULL)
		c->next->prev = c->prev;
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		r->sessions = c->next;
	r->session_count--;
	arena_free(c->arena);
	if (r->draining && r->session_count == 0)
		loop_stop(r->loop);
}

static void
on_linger_end(struct loop *l, void *ctx)
{
	(void)l;
	close_session(ctx);
}

/* Let the peer read what we said: a close with unread input would reset the
 * connection and take our last reply with it. */
static void
begin_linger(struct session *c)
{
	c->lingering = true;
	(void)shutdown(c->fd, SHUT_WR);
	loop_watch_set(c->r->loop, &c->watch, LOOP_READ);
	loop_timer_set(c->r->loop, &c->timer,
	    loop_now(c->r->loop) + LINGER_SEC * LOOP_SEC, on_linger_end, c);
}

/* false when the session is gone. */
static bool
linger(struct session *c)
{
	ssize_t n = recv(c->fd, c->in, sizeof(c->in), 0);

	if (n > 0)
		c->lingered += (size_t)n;
	if (n == 0 || c->lingered > LINGER_BYTES ||
	    (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close_session(c);
		return false;
	}
	return true;
}

/* ---- the message ---- */

static void
add_word(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool ok = text_is_alnum(c) ||
			  (c != '\0' && strchr("-._:[]", c) != NULL);

		(void)buf_addc(b, ok ? c : '?');
	}
}

/* The trace line RFC 5321 asks of whoever takes mail. It names the peer, also
 * where XFORWARD has told us of somebody before him. */
static void
add_received(
    struct session *c, const struct envelope *e, const char *id, struct buf *b)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *ip = c->ip[0] != '\0' ? c->ip : "local";
	time_t now = (time_t)e->received_at;
	struct tm tm = {.tm_mday = 1};

	(void)buf_adds(b, "Received: from ");
	if (slice_is(e->client_ip, c->ip) && e->helo.n > 0)
		add_word(b, e->helo);
	else
		(void)buf_addf(b, "[%s]", ip);
	(void)buf_addf(b, " ([%s])\r\n\tby %.*s (Reeve) with ", ip,
	    SLICE_FMT(c->r->set.host));
	add_word(b, e->protocol.n > 0 ? e->protocol : SLICE("ESMTP"));
	(void)buf_addf(b, " id %s", id);
	if (e->recipients.n == 1 && !e->smtputf8)
		(void)buf_addf(b, "\r\n\tfor <%.*s>",
		    SLICE_FMT(e->recipients.at[0].address));
	(void)gmtime_r(&now, &tm);
	(void)buf_addf(b, ";\r\n\t%.3s, %d %.3s %d %02d:%02d:%02d +0000\r\n",
	    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static struct smtp_answer
trouble(struct receiver *r, const struct fail *why)
{
	if (!r->full)
		log_error("%s: mail is refused for now", why->text);
	r->full = true;
	return why->code == FAIL_FULL ? no_room : no_spool;
}

static void
begin_message(struct session *c)
{
	struct receiver *r = c->r;
	struct envelope *e = smtp_server_envelope(c->server);
	struct fail why = {.code = FAIL_FULL};
	struct buf trace;
	int rc;

	e->received_at = (int64_t)time(NULL);
	if (!spool_has_room(r->spool, smtp_server_declared(c->server))) {
		(void)fail_set(&why, FAIL_FULL, "the spool's disk is full");
		smtp_server_refuse(c->server, trouble(r, &why));
		return;
	}
	rc = spool_add_begin(&c->add, r->spool, SPOOL_INCOMING, e, NULL, &why);
	if (rc == 0 && !r->set.transparent) {
		buf_init(&trace, 4096);
		add_received(c, e, spool_add_id(c->add), &trace);
		rc = spool_add_write(c->add, buf_slice(&trace), &why);
		buf_fini(&trace);
	}
	if (rc == 0) {
		smtp_server_go(c->server);
		return;
	}
	spool_add_cancel(c->add);
	c->add = NULL;
	smtp_server_refuse(c->server, trouble(r, &why));
}

static void
store(struct session *c, struct slice bytes)
{
	struct fail why;

	if (spool_add_write(c->add, bytes, &why) == 0)
		return;
	spool_add_cancel(c->add);
	c->add = NULL;
	smtp_server_spoil(c->server, trouble(c->r, &why));
}

static void advance(struct session *c);

static void
answer_commit(
    struct session *c, const char *id, bool done, const struct fail *why)
{
	struct receiver *r = c->r;
	char text[SPOOL_ID_MAX + 32];

	c->committing = false;
	c->answered = true;
	if (done) {
		const struct envelope *e = smtp_server_envelope(c->server);

		log_info("%s: from=<%.*s>, size=%llu, nrcpt=%zu, client=%s", id,
		    SLICE_FMT(e->sender),
		    (unsigned long long)smtp_server_size(c->server),
		    e->recipients.n, c->ip[0] != '\0' ? c->ip : "local");
		if (r->full)
			log_notice("the spool can be written again");
		r->full = false;
		(void)snprintf(text, sizeof(text), "Ok: queued as %s", id);
		smtp_server_answer(
		    c->server, (struct smtp_answer){250, "2.0.0", text});
	} else {
		smtp_server_answer(c->server, trouble(r, why));
	}
	advance(c);
}

/* Everything that ended in this turn shares one round of syncs. */
static void
on_commit(struct loop *l, void *ctx)
{
	struct receiver *r = ctx;
	struct session *group[COMMIT_MAX];
	struct spool_add *adds[COMMIT_MAX];
	char ids[COMMIT_MAX][SPOOL_ID_MAX + 1];
	size_t n = r->commits.n < COMMIT_MAX ? r->commits.n : COMMIT_MAX;
	struct fail why = {.code = FAIL_IO};

	for (size_t i = 0; i < n; i++) {
		group[i] = r->commits.at[i];
		adds[i] = group[i]->add;
		group[i]->add = NULL;
		(void)snprintf(
		    ids[i], sizeof(ids[i]), "%s", spool_add_id(adds[i]));
	}
	r->commits.n -= n;
	memmove(r->commits.at, r->commits.at + n,
	    r->commits.n * sizeof(*r->commits.at));
	if (r->commits.n > 0)
		loop_timer_set(l, &r->commit_timer, loop_now(l), on_commit, r);
	(void)spool_add_commit(adds, n, &why);
	for (size_t i = 0; i < n; i++) {
		bool done = adds[i] == NULL;

		spool_add_cancel(adds[i]);
		answer_commit(group[i], ids[i], done, &why);
	}
}

static void
end_message(struct session *c)
{
	struct receiver *r = c->r;

	c->committing = true;
	*vec_push(r->arena, &r->commits) = c;
	loop_timer_set(
	    r->loop, &r->commit_timer, loop_now(r->loop), on_commit, r);
}

/* ---- a session's life ---- */

static void
on_idle(struct loop *l, void *ctx)
{
	struct session *c = ctx;

	if (c->closing) { /* nor does he read */
		close_session(c);
		return;
	}
	loop_timer_set(
	    l, &c->timer, loop_now(l) + LINGER_SEC * LOOP_SEC, on_idle, c);
	if (c->committing)
		return;
	smtp_server_end(
	    c->server, (struct smtp_answer){421, "4.4.2", "Timeout, closing"});
	advance(c);
}

/* The peer has done something that leads on: a command, or part of a message.
 * Single bytes of a command buy no time, those of a message only as much as a
 * slow line needs for them. */
static void
extend(struct session *c)
{
	uint64_t most = loop_now(c->r->loop) + c->r->set.idle_ns;
	uint64_t size = smtp_server_size(c->server);

	if (c->answered) {
		c->deadline = most;
	} else if (size > c->seen) {
		c->deadline += (size - c->seen) * (LOOP_SEC / RATE_LEAST);
		if (c->deadline > most)
			c->deadline = most;
	}
	c->answered = false;
	c->seen = size;
	loop_timer_set(c->r->loop, &c->timer, c->deadline, on_idle, c);
}

/* false when the peer is gone. */
static bool
flush(struct session *c)
{
	while (c->out.n > 0) {
		ssize_t n = send(c->fd, c->out.p, c->out.n, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		buf_drop(&c->out, (size_t)n);
	}
	return true;
}

/* Feed what was read; true when there is nothing more to do with it now. */
static void
feed(struct session *c)
{
	while (!c->committing && !c->closing) {
		struct slice content = SLICE_NONE;

		switch (smtp_server_next(c->server, &c->rest, &content)) {
		case SMTP_SERVER_MORE:
			return;
		case SMTP_SERVER_FLUSH:
			c->answered = true;
			if (!flush(c) || c->out.n >= SMTP_SERVER_OUT_MAX)
				return;
			break;
		case SMTP_SERVER_BEGIN:
			begin_message(c);
			break;
		case SMTP_SERVER_CONTENT:
			store(c, content);
			break;
		case SMTP_SERVER_END:
			end_message(c);
			break;
		case SMTP_SERVER_CANCEL:
			spool_add_cancel(c->add);
			c->add = NULL;
			break;
		case SMTP_SERVER_CLOSE:
			c->closing = true;
			break;
		}
	}
}

/* Do all that can be done without waiting. The session may be gone after it.
 */
static void
advance(struct session *c)
{
	unsigned events = 0;
	size_t waiting = c->out.n;

	feed(c);
	c->answered |= c->out.n > waiting;
	if (!c->closing)
		extend(c);
	if (c->r->draining && !c->committing && !c->closing &&
	    smtp_server_idle(c->server)) {
		smtp_server_end(c->server, shutting_down);
		feed(c);
	}
	if (!flush(c)) {
		/* A message being committed is finished without him. */
		if (!c->committing) {
			close_session(c);
			return;
		}
		buf_reset(&c->out);
	}
	if (c->closing && c->out.n == 0) {
		begin_linger(c);
		return;
	}
	if (c->out.n > 0)
		events |= LOOP_WRITE;
	else if (!c->committing && !c->closing)
		events |= LOOP_READ;
	loop_watch_set(c->r->loop, &c->watch, events);
}

static void
on_session(struct loop *l, unsigned events, void *ctx)
{
	struct session *c = ctx;
	ssize_t n;

	(void)l;
	if (c->lingering) {
		(void)linger(c);
		return;
	}
	if (c->committing) {
		/* He may be gone; his message is made durable in this turn
		 * all the same. */
		return;
	}
	if ((events & LOOP_READ) && c->rest.n == 0 && c->out.n == 0) {
		n = recv(c->fd, c->in, sizeof(c->in), 0);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			close_session(c);
			return;
		}
		if (n > 0)
			c->rest = slice_of(c->in, (size_t)n);
	} else if (!(events & LOOP_WRITE) && (events & LOOP_GONE)) {
		close_session(c);
		return;
	}
	advance(c);
}

/* ---- new sessions ---- */

#define IN_RANGES(ranges, address) in_ranges((ranges).at, (ranges).n, (address))

static bool
in_ranges(const struct net_range *r, size_t n, const struct net_address *a)
{
	/* Who may open our unix socket was decided by its mode. */
	if (net_is_unix(a))
		return true;
	for (size_t i = 0; i < n; i++)
		if (net_range_has(&r[i], a))
			return true;
	return false;
}

static void
turn_away(int fd, const char *words)
{
	(void)send(fd, words, strlen(words), MSG_NOSIGNAL);
	(void)close(fd);
}

static void
begin_session(
    struct receiver *r, int fd, const struct net_address *peer, bool lmtp)
{
	struct arena *a = arena_new(0);
	struct session *c = arena_make(a, struct session);
	struct smtp_server_settings set = {
	    .host = r->set.host,
	    .lmtp = lmtp,
	    .trusted = IN_RANGES(r->set.trusted, peer),
	    .message_max = r->set.message_max,
	    .recipients_max = r->set.recipients_max,
	};

	c->r = r;
	c->arena = a;
	c->fd = fd;
	(void)net_ip_text(peer, c->ip, sizeof(c->ip));
	set.client_ip = slice_str(c->ip);
	buf_init(&c->out, OUT_MAX);
	c->server = smtp_server_new(&set, &c->out);
	c->next = r->sessions;
	if (c->next != NULL)
		c->next->prev = c;
	r->sessions = c;
	r->session_count++;
	c->answered = true;
	if (loop_watch_add(
		r->loop, &c->watch, fd, LOOP_READ, on_session, c, NULL) < 0) {
		close_session(c);
		return;
	}
	advance(c);
}

static void
on_accept_again(struct loop *l, void *ctx)
{
	struct receiver *r = ctx;
	struct listener *x;

	vec_each (x, &r->listeners)
		loop_watch_set(l, &x->watch, LOOP_READ);
}

static void
pause_accept(struct receiver *r)
{
	struct listener *x;

	log_error("no descriptors for more connections, waiting");
	vec_each (x, &r->listeners)
		loop_watch_set(r->loop, &x->watch, 0);
	loop_timer_set(r->loop, &r->accept_timer,
	    loop_now(r->loop) + ACCEPT_PAUSE_SEC * LOOP_SEC, on_accept_again,
	    r);
}

static void
on_listener(struct loop *l, unsigned events, void *ctx)
{
	struct listener *x = ctx;
	struct receiver *r = x->r;

	(void)l;
	(void)events;
	/* A bounded number per turn: the others have waited too. */
	for (int i = 0; i < 64; i++) {
		struct net_address peer;
		int fd = net_accept(x->fd, &peer, NULL);

		if (fd == FAIL_AGAIN)
			return;
		if (fd < 0) {
			pause_accept(r);
			return;
		}
		if (!IN_RANGES(r->set.allowed, &peer))
			turn_away(fd, "554 5.7.1 Not for you\r\n");
		else if (r->session_count >= r->set.sessions_max)
			turn_away(fd, "421 4.7.0 Too many connections\r\n");
		else
			begin_session(r, fd, &peer, x->lmtp);
	}
}

/* ---- the process ---- */

static void
on_drain_end(struct loop *l, void *ctx)
{
	struct receiver *r = ctx;

	if (r->session_count > 0)
		log_notice(
		    "%zu sessions did not end in time", r->session_count);
	loop_stop(l);
}

static void
on_term(struct loop *l, int signo, void *ctx)
{
	struct receiver *r = ctx;
	struct listener *x;
	struct session *next;

	(void)signo;
	if (r->draining)
		return;
	r->draining = true;
	loop_timer_drop(l, &r->accept_timer);
	vec_each (x, &r->listeners) {
		loop_watch_drop(l, &x->watch);
		(void)close(x->fd);
		x->fd = -1;
	}
	loop_timer_set(l, &r->drain_timer,
	    loop_now(l) + RECEIVER_DRAIN_SEC * LOOP_SEC, on_drain_end, r);
	if (r->session_count == 0)
		loop_stop(l);
	for (struct session *c = r->sessions; c != NULL; c = next) {
		next = c->next;
		if (!c->lingering && !c->committing)
			advance(c);
	}
}

/* As many sessions as there are descriptors for: each has a socket and a
 * file. */
static void
fit_sessions(struct receiver *r)
{
	struct rlimit l;
	rlim_t room;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return;
	l.rlim_cur = l.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &l) != 0)
		return;
	room = l.rlim_cur > FDS_OTHER ? (l.rlim_cur - FDS_OTHER) / 2 : 1;
	if (r->set.sessions_max <= room)
		return;
	log_warn("descriptors for %llu sessions only, not %u",
	    (unsigned long long)room, r->set.sessions_max);
	r->set.sessions_max = (unsigned)room;
}

int
receiver_open(
    struct receiver **out, const struct receiver_settings *s, struct fail *why)
{
	struct arena *a = arena_new(0);
	struct receiver *r = arena_make(a, struct receiver);
	const struct receiver_listener *x;
	int rc;

	r->arena = a;
	r->set = *s;
	fit_sessions(r);
	rc = spool_open(&r->spool, s->spool, why);
	vec_each (x, &s->listeners) {
		struct listener *mine;
		int fd = rc == 0 ? net_listen(&x->at, 0660, why) : rc;

		if (fd < 0) {
			rc = fd;
			break;
		}
		mine = vec_push(a, &r->listeners);
		*mine = (struct listener){.r = r, .fd = fd, .lmtp = x->lmtp};
	}
	if (rc < 0) {
		receiver_close(r);
		return rc;
	}
	spool_clean(r->spool, STALE_TMP_SEC);
	*out = r;
	return 0;
}

int
receiver_address(const struct receiver *r, size_t i, struct net_address *at,
    struct fail *why)
{
	ensure(i < r->listeners.n);
	return net_local(r->listeners.at[i].fd, at, why);
}

int
receiver_run(struct receiver *r, struct fail *why)
{
	struct listener *x;
	int rc = loop_open(&r->loop, why);

	if (rc == 0)
		rc = loop_signal(r->loop, SIGTERM, on_term, r, why);
	if (rc == 0)
		rc = loop_signal(r->loop, SIGINT, on_term, r, why);
	vec_each (x, &r->listeners)
		if (rc == 0)
			rc = loop_watch_add(r->loop, &x->watch, x->fd,
			    LOOP_READ, on_listener, x, why);
	return rc < 0 ? rc : loop_run(r->loop, why);
}

void
receiver_close(struct receiver *r)
{
	struct listener *x;

	if (r == NULL)
		return;
	while (r->sessions != NULL)
		close_session(r->sessions);
	vec_each (x, &r->listeners)
		if (x->fd >= 0)
			(void)close(x->fd);
	loop_close(r->loop);
	spool_close(r->spool);
	arena_free(r->arena);
}
