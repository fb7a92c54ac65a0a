#define _GNU_SOURCE
#include "daemon/helper.h"

#include <unistd.h>

#include "base/log.h"
#include "queue/queue.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/run.h"
#include "sys/title.h"

struct source {
	struct helper *helper;
	struct wire wire;
	struct loop_watch watch;
};

struct helper {
	struct role_self *self;
	struct loop *loop;
	struct queue *queue;
	struct source sources[HELPER_KEEPERS_MAX];
	struct loop_watch supervisor_watch;
	struct loop_timer kick_timer;
	uint64_t last_kick;
	bool draining;
	char *room;
};

static void
kick_due(struct loop *l, void *ctx)
{
	struct helper *h = ctx;

	h->last_kick = loop_clock();
	if (!queue_notify(h->queue))
		loop_timer_set(l, &h->kick_timer,
		    h->last_kick + HELPER_EVERY_MS * LOOP_MS, kick_due, h);
}

static void
kick(struct helper *h)
{
	if (!loop_timer_is_set(&h->kick_timer))
		loop_timer_set(h->loop, &h->kick_timer,
		    h->last_kick + HELPER_EVERY_MS * LOOP_MS, kick_due, h);
}

static void
source_event(struct loop *l, unsigned events, void *ctx)
{
	struct source *s = ctx;

	(void)events;
	for (;;) {
		struct wire_message m;
		struct fail why;
		int code = wire_receive(&s->wire, s->helper->room, &m, &why);

		if (code == FAIL_AGAIN)
			return;
		if (code != 0) {
			loop_watch_drop(l, &s->watch);
			wire_close(&s->wire);
			return;
		}
		if (m.type == TELL_KICK)
			kick(s->helper);
		wire_message_drop(&m);
	}
}

static void
add_source(struct helper *h, int fd)
{
	struct fail why;
	size_t i;

	for (i = 0; i < COUNT_OF(h->sources); i++) {
		struct source *s = &h->sources[i];

		if (wire_is_open(&s->wire))
			continue;
		s->helper = h;
		wire_init(&s->wire, fd, &protocol, ROLE_HELPER, ROLE_KEEPER);
		if (loop_watch_add(h->loop, &s->watch, fd, LOOP_READ,
			source_event, s, &why) != 0) {
			log_error("helper: %s", why.text);
			wire_close(&s->wire);
		}
		return;
	}
	(void)close(fd);
}

static void
supervisor_event(struct loop *l, unsigned events, void *ctx)
{
	struct helper *h = ctx;

	(void)events;
	for (;;) {
		struct wire_message m;
		struct fail why;
		int code =
		    wire_receive(&h->self->supervisor, h->room, &m, &why);

		if (code == FAIL_AGAIN)
			return;
		if (code != 0 || m.type == TELL_DRAIN) {
			if (loop_timer_is_set(&h->kick_timer))
				kick_due(l, h);
			loop_stop(l);
			return;
		}
		if (m.type == TELL_PEER && m.fd_count == 1) {
			add_source(h, m.fds[0]);
			m.fds[0] = -1;
		}
		wire_message_drop(&m);
	}
}

/* `Sendmail2` (or `Sendmail`) run over the outgoing queue once; none for our
 * own spool, and none when mail is to wait for a queue run. */
static const char *const *
kick_command(const struct settings *s, struct arena *a)
{
	struct slice text, word;
	const char **argv = arena_array(a, RUN_ARGV_MAX, sizeof(*argv));
	size_t n = 0;

	text = conf_text(s->conf, OPT_DELIVERY_METHOD, NULL, a);
	if (s->spool != NULL || slice_is_ci(slice_trim(text), "queue"))
		return NULL;
	text = slice_trim(conf_text(s->conf, OPT_SENDMAIL2, NULL, a));
	if (text.n == 0)
		text = conf_text(s->conf, OPT_SENDMAIL, NULL, a);
	while (n + 2 < RUN_ARGV_MAX && slice_word(&text, &word))
		argv[n++] = arena_str(a, word);
	if (n == 0 || argv[0][0] != '/')
		return NULL;
	argv[n] = "-q";
	return argv;
}

int
helper_main(struct role_self *self, const struct settings *s)
{
	struct arena *a = arena_new(0);
	struct helper *h = arena_make(a, struct helper);
	struct queue_config cfg = {.driver = s->driver,
	    .in = s->in,
	    .out = s->out,
	    .claims = s->claims,
	    .shares = 1,
	    .kick = kick_command(s, a)};
	struct jail jail = {.calls = JAIL_CALLS_COMMANDS,
	    .drop = s->drop,
	    .uid = s->uid,
	    .gid = s->gid,
	    .user = s->user};
	struct fail why;
	size_t i;

	h->self = self;
	h->room = arena_alloc(a, WIRE_BYTES_MAX);
	for (i = 0; i < COUNT_OF(h->sources); i++)
		h->sources[i].wire.fd = -1;
	role_lock(self, &jail);
	if (queue_open(&h->queue, &cfg, &why) != 0 ||
	    loop_open(&h->loop, &why) != 0 ||
	    loop_watch_add(h->loop, &h->supervisor_watch, self->supervisor.fd,
		LOOP_READ, supervisor_event, h, &why) != 0) {
		log_error("helper: %s", why.text);
		return ROLE_EXIT_FAILED;
	}
	role_ready(self);
	title_set("MailScanner: helper");
	if (loop_run(h->loop, &why) != 0)
		return ROLE_EXIT_FAILED;
	return ROLE_EXIT_OK;
}
