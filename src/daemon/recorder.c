#define _GNU_SOURCE
#include "daemon/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "act/record.h"
#include "base/log.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/title.h"

struct source {
	struct recorder *recorder;
	struct wire wire;
	struct loop_watch watch;
};

struct recorder {
	struct role_self *self;
	const struct settings *settings;
	struct loop *loop;
	struct loop_watch supervisor_watch;
	struct loop_timer commit_timer, reopen_timer;
	struct source sources[RECORDER_KEEPERS_MAX];
	struct record *history;
	int json_fd;
	size_t group; /* records in the open transaction */
	bool history_failed, json_failed, draining;
	char *room;
};

/* ---- history ------------------------------------------------------------ */

enum { REOPEN_S = 30 };

static void reopen_due(struct loop *l, void *ctx);

static void
history_trouble(struct recorder *r, const struct fail *why)
{
	if (!r->history_failed)
		log_error("history is not written: %s", why->text);
	r->history_failed = true;
	record_close(r->history);
	r->history = NULL;
	r->group = 0;
	loop_timer_set(r->loop, &r->reopen_timer,
	    loop_clock() + REOPEN_S * LOOP_SEC, reopen_due, r);
}

static void
open_history(struct recorder *r)
{
	struct fail why;

	if (r->settings->history == NULL || r->history != NULL)
		return;
	if (record_open(&r->history, r->settings->history, &why) != 0) {
		history_trouble(r, &why);
		return;
	}
	if (r->history_failed)
		log_notice("history is written again");
	r->history_failed = false;
}

static void
reopen_due(struct loop *l, void *ctx)
{
	(void)l;
	open_history(ctx);
}

static void
commit_due(struct loop *l, void *ctx)
{
	struct recorder *r = ctx;
	struct fail why;

	loop_timer_drop(l, &r->commit_timer);
	if (r->group == 0 || r->history == NULL)
		return;
	r->group = 0;
	if (record_commit(r->history, &why) != 0)
		history_trouble(r, &why);
}

static void
add_history(struct recorder *r, const struct told_record *t)
{
	struct fail why;
	int code = 0;

	if (r->history == NULL || t->json.n == 0)
		return;
	if (r->group == 0) {
		code = record_begin(r->history, &why);
		loop_timer_set(r->loop, &r->commit_timer,
		    loop_clock() + RECORDER_DELAY_MS * LOOP_MS, commit_due, r);
	}
	if (code == 0) {
		r->group++;
		code = record_add(r->history, t->claim, t->json, &why);
	}
	if (code == FAIL_BAD)
		log_error(
		    "%.*s: record refused: %s", SLICE_FMT(t->id), why.text);
	else if (code != 0)
		history_trouble(r, &why);
	else if (r->group >= RECORDER_GROUP_MAX)
		commit_due(r->loop, r);
}

/* ---- JSON lines --------------------------------------------------------- */

static int
open_json(const struct settings *s)
{
	int fd;

	if (s->json_log == NULL)
		return -1;
	fd = open(s->json_log,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0) {
		struct fail why;

		(void)fail_errno(&why, "open %s", s->json_log);
		log_error("JSON Log File: %s", why.text);
	}
	return fd;
}

static void
add_json(struct recorder *r, struct slice json)
{
	struct buf b;
	ssize_t n;

	if (r->json_fd < 0 || json.n == 0)
		return;
	buf_init(&b, json.n + 1);
	(void)buf_add(&b, json);
	(void)buf_addc(&b, '\n');
	do
		n = write(r->json_fd, b.p, b.n);
	while (n < 0 && errno == EINTR);
	if ((n < 0 || (size_t)n != b.n) != r->json_failed) {
		r->json_failed = !r->json_failed;
		log_error("JSON Log File %s",
		    r->json_failed ? "is not written (disk full?)"
				   : "is written again");
	}
	buf_fini(&b);
}

/* ---- wires -------------------------------------------------------------- */

static void
take_record(struct recorder *r, struct wire_message *m)
{
	struct slice bytes = m->bytes, mapped = SLICE_NONE;
	struct slice rest, line;
	struct told_record t;
	struct fail why;

	if (m->fd_count == 1) {
		if (wire_map(m->fds[0], PROTOCOL_RECORD_MAX, &mapped, &why) !=
		    0) {
			log_error("recorder: %s", why.text);
			return;
		}
		bytes = mapped;
	}
	if (told_record_unpack(bytes, &t)) {
		rest = t.lines;
		while (slice_line(&rest, &line))
			log_notice("%.*s", SLICE_FMT(line));
		add_json(r, t.json);
		add_history(r, &t);
	} else {
		log_error("recorder: a record does not unpack");
	}
	wire_unmap(&mapped);
}

static void
source_event(struct loop *l, unsigned events, void *ctx)
{
	struct source *s = ctx;
	int n;

	(void)events;
	for (n = 0; n < 64; n++) {
		struct wire_message m;
		struct fail why;
		int code = wire_receive(&s->wire, s->recorder->room, &m, &why);

		if (code == FAIL_AGAIN)
			return;
		if (code != 0) {
			if (code == FAIL_PEER)
				log_error("recorder: keeper: %s", why.text);
			loop_watch_drop(l, &s->watch);
			wire_close(&s->wire);
			return;
		}
		if (m.type == TELL_RECORD)
			take_record(s->recorder, &m);
		wire_message_drop(&m);
	}
}

static void
add_source(struct recorder *r, int fd)
{
	struct fail why;
	size_t i;

	for (i = 0; i < COUNT_OF(r->sources); i++) {
		struct source *s = &r->sources[i];

		if (wire_is_open(&s->wire))
			continue;
		s->recorder = r;
		wire_init(&s->wire, fd, &protocol, ROLE_RECORDER, ROLE_KEEPER);
		if (loop_watch_add(r->loop, &s->watch, fd, LOOP_READ,
			source_event, s, &why) == 0)
			return;
		log_error("recorder: %s", why.text);
		wire_close(&s->wire);
		return;
	}
	(void)close(fd);
}

static bool
has_sources(const struct recorder *r)
{
	size_t i;

	for (i = 0; i < COUNT_OF(r->sources); i++)
		if (wire_is_open(&r->sources[i].wire))
			return true;
	return false;
}

static void
supervisor_event(struct loop *l, unsigned events, void *ctx)
{
	struct recorder *r = ctx;

	(void)events;
	for (;;) {
		struct wire_message m;
		struct fail why;
		int code =
		    wire_receive(&r->self->supervisor, r->room, &m, &why);

		if (code == FAIL_AGAIN)
			return;
		if (code != 0 || m.type == TELL_DRAIN) {
			if (code != 0)
				loop_watch_drop(l, &r->supervisor_watch);
			r->draining = true;
			return;
		}
		if (m.type == TELL_PEER && m.fd_count == 1) {
			add_source(r, m.fds[0]);
			m.fds[0] = -1;
		}
		wire_message_drop(&m);
	}
}

int
recorder_main(struct role_self *self, const struct settings *s)
{
	struct arena *a = arena_new(0);
	struct recorder *r = arena_make(a, struct recorder);
	struct jail jail = {.calls = JAIL_CALLS_FILES,
	    .drop = s->drop,
	    .uid = s->uid,
	    .gid = s->gid,
	    .user = s->user};
	struct fail why;
	size_t i;

	r->self = self;
	r->settings = s;
	r->room = arena_alloc(a, WIRE_BYTES_MAX);
	for (i = 0; i < COUNT_OF(r->sources); i++)
		r->sources[i].wire.fd = -1;
	if (loop_open(&r->loop, &why) != 0) {
		log_error("recorder: %s", why.text);
		return ROLE_EXIT_FAILED;
	}
	role_lock(self, &jail);
	r->json_fd = open_json(s);
	open_history(r);
	if (loop_watch_add(r->loop, &r->supervisor_watch, self->supervisor.fd,
		LOOP_READ, supervisor_event, r, &why) != 0) {
		log_error("recorder: %s", why.text);
		return ROLE_EXIT_FAILED;
	}
	role_ready(self);
	title_set("MailScanner: recorder");
	/* What the keepers still have to say is taken before the end. */
	while (!r->draining || has_sources(r))
		if (loop_turn(r->loop, UINT64_MAX, &why) != 0) {
			log_error("recorder: %s", why.text);
			return ROLE_EXIT_FAILED;
		}
	commit_due(r->loop, r);
	record_close(r->history);
	return ROLE_EXIT_OK;
}
