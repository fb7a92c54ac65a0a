/* From slots to processes: who is forked with which wires. */
#define _GNU_SOURCE
#include <unistd.h>

#include "base/log.h"
#include "daemon/control.h"
#include "daemon/courier.h"
#include "daemon/engine.h"
#include "daemon/helper.h"
#include "daemon/keeper.h"
#include "daemon/receiver.h"
#include "daemon/recorder.h"
#include "daemon/supervisor_private.h"
#include "daemon/worker.h"
#include "sys/clock.h"
#include "sys/title.h"

enum { LISTEN_TRIES = 50, LISTEN_PAUSE_MS = 40 };

struct slot *
generation_find(const struct generation *g, enum role role, unsigned index)
{
	struct slot *s;

	for (s = g->slots; s != NULL; s = s->next)
		if (s->role == role && s->index == index)
			return s;
	return NULL;
}

static struct slot *
add_slot(struct supervisor *top, struct generation *g, enum role role,
    unsigned index)
{
	struct slot *s = arena_make(g->arena, struct slot);

	s->top = top;
	s->generation = g;
	s->role = role;
	s->index = index;
	s->wire.fd = -1;
	*g->last = s;
	g->last = &s->next;
	return s;
}

void
generation_plan(struct supervisor *top, struct generation *g)
{
	const struct settings *s = &g->settings;
	unsigned i;

	(void)add_slot(top, g, ROLE_RECORDER, 0);
	if (s->spool == NULL)
		(void)add_slot(top, g, ROLE_HELPER, 0);
	for (i = 0; i < s->keepers; i++)
		(void)add_slot(top, g, ROLE_KEEPER, i);
	for (i = 0; i < s->workers; i++) {
		struct slot *worker = add_slot(top, g, ROLE_WORKER, i);
		struct slot *engine = add_slot(top, g, ROLE_ENGINE, i);

		worker->partner = engine;
		engine->partner = worker;
		worker->keeper =
		    generation_find(g, ROLE_KEEPER, i % s->keepers);
	}
	if (s->control != NULL)
		(void)add_slot(top, g, ROLE_CONTROL, 0);
	if (s->spool != NULL && s->delivers)
		(void)add_slot(top, g, ROLE_COURIER, 0);
	if (s->spool != NULL && s->receives)
		(void)add_slot(top, g, ROLE_RECEIVER, 0);
}

/* ---- in the child ------------------------------------------------------- */

static int
receiver_role(struct role_self *self, const struct settings *s)
{
	struct arena *a = arena_new(0);
	struct receiver_settings rs;
	struct receiver *r = NULL;
	int code, tries;
	struct jail jail = {.calls = JAIL_CALLS_NET,
	    .drop = s->drop,
	    .uid = s->uid,
	    .gid = s->gid,
	    .user = s->user};
	struct fail why;

	receiver_settings_init(&rs);
	code = receiver_settings_load(&rs, s->conf, a, &why);
	if (code != 0) {
		log_error("receiver: %s", why.text);
		return ROLE_EXIT_CONFIG;
	}
	/* One of an older configuration may be letting go of the address. */
	for (tries = 0; tries < LISTEN_TRIES; tries++) {
		code = receiver_open(&r, &rs, &why);
		if (code == 0)
			break;
		clock_sleep_ms(LISTEN_PAUSE_MS);
	}
	if (code != 0) {
		log_error("receiver: %s", why.text);
		return ROLE_EXIT_FAILED;
	}
	role_lock(self, &jail);
	role_ready(self);
	title_set("MailScanner: receiver");
	if (receiver_run(r, &why) != 0) {
		log_error("receiver: %s", why.text);
		return ROLE_EXIT_FAILED;
	}
	receiver_close(r);
	return ROLE_EXIT_OK;
}

static int
courier_role(struct role_self *self, const struct settings *s)
{
	struct arena *a = arena_new(0);
	struct courier_settings cs;
	struct courier *c;
	struct jail jail = {.calls = JAIL_CALLS_NET,
	    .drop = s->drop,
	    .uid = s->uid,
	    .gid = s->gid,
	    .user = s->user};
	struct fail why;

	courier_settings_init(&cs);
	if (courier_settings_load(&cs, s->conf, a, &why) != 0) {
		log_error("courier: %s", why.text);
		return ROLE_EXIT_FAILED;
	}
	if (courier_needs_exec(&cs))
		jail.calls = JAIL_CALLS_COMMANDS;
	role_lock(self, &jail);
	if (courier_open(&c, &cs, &why) != 0) {
		log_error("courier: %s", why.text);
		return ROLE_EXIT_FAILED;
	}
	role_ready(self);
	title_set("MailScanner: courier");
	if (courier_run(c, &why) != 0) {
		log_error("courier: %s", why.text);
		return ROLE_EXIT_FAILED;
	}
	courier_close(c);
	return ROLE_EXIT_OK;
}

static int
be_role(struct role_self *self, const struct slot *slot, const int *fds)
{
	const struct settings *s = &slot->generation->settings;

	switch (slot->role) {
	case ROLE_KEEPER:
		return keeper_main(self, s, slot->index, s->keepers);
	case ROLE_WORKER:
		return worker_main(self, s, fds[0], fds[1]);
	case ROLE_ENGINE:
		return engine_main(self, s, fds[0]);
	case ROLE_RECORDER:
		return recorder_main(self, s);
	case ROLE_HELPER:
		return helper_main(self, s);
	case ROLE_CONTROL:
		return control_main(self, s);
	case ROLE_RECEIVER:
		return receiver_role(self, s);
	case ROLE_COURIER:
		return courier_role(self, s);
	case ROLE_SUPERVISOR:
	case ROLE_COUNT:
		break;
	}
	return ROLE_EXIT_FAILED;
}

/* The child of a slot: nothing of the parent's but `fds` and its own wire. */
static void begin_child(struct slot *slot, int wire_fd, pid_t parent,
    const int *fds, size_t fd_count) ATTR_NORETURN;

static void
begin_child(struct slot *slot, int wire_fd, pid_t parent, const int *fds,
    size_t fd_count)
{
	struct supervisor *top = slot->top;
	struct role_start start = {.role = slot->role,
	    .index = slot->index,
	    .supervisor_fd = wire_fd,
	    .sink = top->sink,
	    .log_by_wire =
		slot->role == ROLE_WORKER || slot->role == ROLE_ENGINE,
	    .quiet = top->walls_told[slot->role],
	    .proving = !slot->generation->proved,
	    .parent = parent};
	struct role_self self;
	size_t i;

	/* The locks are held until the last child has ended. */
	if (top->pid_fd >= 0)
		start.fds[start.fd_count++] = top->pid_fd;
	if (top->claims_fd >= 0)
		start.fds[start.fd_count++] = top->claims_fd;
	for (i = 0; i < fd_count; i++)
		start.fds[start.fd_count++] = fds[i];
	loop_forked(top->loop);
	role_begin(&self, &start);
	_exit(be_role(&self, slot, fds));
}

/* ---- in the parent ------------------------------------------------------ */

static int
fork_slot(struct slot *slot, const int *fds, size_t fd_count, struct fail *why)
{
	struct supervisor *top = slot->top;
	pid_t parent = getpid();
	int pair[2], code;

	code = wire_pair(pair, why);
	if (code != 0)
		return code;
	slot->pid = fork();
	if (slot->pid == 0)
		begin_child(slot, pair[1], parent, fds, fd_count);
	(void)close(pair[1]);
	if (slot->pid < 0) {
		slot->pid = 0;
		code = fail_errno(why, "fork %s", role_word(slot->role));
		(void)close(pair[0]);
		return code;
	}
	top->walls_told[slot->role] = true;
	slot->started = loop_clock();
	slot->ready = slot->told_to_stop = slot->follows = false;
	wire_init(&slot->wire, pair[0], &protocol, ROLE_SUPERVISOR, slot->role);
	loop_child_add(top->loop, &slot->child, slot->pid, slot_ended, slot);
	return loop_watch_add(
	    top->loop, &slot->watch, pair[0], LOOP_READ, slot_event, slot, why);
}

static void
tell_peer(struct slot *to, const struct slot *about, int fd)
{
	struct buf b;
	struct fail why;

	buf_init(&b, 8);
	pack_u8(&b, (uint8_t)about->role);
	pack_u32(&b, about->index);
	if (to->pid != 0 &&
	    wire_send(&to->wire, TELL_PEER, buf_slice(&b), &fd, 1, &why) != 0)
		log_warn("%s is not told about %s: %s", role_word(to->role),
		    role_word(about->role), why.text);
	buf_fini(&b);
}

/* A wire between two that run. */
static void
introduce(struct slot *a, struct slot *b)
{
	int pair[2];
	struct fail why;

	if (a == NULL || b == NULL || a->pid == 0 || b->pid == 0)
		return;
	if (wire_pair(pair, &why) != 0) {
		log_error("supervisor: %s", why.text);
		return;
	}
	tell_peer(a, b, pair[0]);
	tell_peer(b, a, pair[1]);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/* Worker and engine: one wire between them, one from the worker to its
 * keeper; all made before either is forked. */
static int
spawn_pair(struct slot *worker, struct slot *engine, struct fail *why)
{
	int inner[2] = {-1, -1}, outer[2] = {-1, -1};
	int code = wire_pair(inner, why), i;

	if (code == 0)
		code = wire_pair(outer, why);
	if (code == 0)
		code = fork_slot(engine, &inner[1], 1, why);
	if (code == 0)
		code = fork_slot(
		    worker, (const int[]){outer[1], inner[0]}, 2, why);
	if (code == 0)
		tell_peer(worker->keeper, worker, outer[0]);
	for (i = 0; i < 2; i++) {
		if (inner[i] >= 0)
			(void)close(inner[i]);
		if (outer[i] >= 0)
			(void)close(outer[i]);
	}
	return code;
}

static void
introduce_all(struct slot *slot)
{
	struct generation *g = slot->generation;
	struct slot *s;

	for (s = g->slots; s != NULL; s = s->next) {
		if (slot->role == ROLE_KEEPER &&
		    (s->role == ROLE_RECORDER || s->role == ROLE_HELPER))
			introduce(slot, s);
		if ((slot->role == ROLE_RECORDER ||
			slot->role == ROLE_HELPER) &&
		    s->role == ROLE_KEEPER)
			introduce(s, slot);
	}
}

void
slot_spawn(struct slot *slot)
{
	struct fail why;
	int code;

	if (slot->role == ROLE_ENGINE)
		slot = slot->partner;
	if (slot->pid != 0 ||
	    (slot->partner != NULL && slot->partner->pid != 0))
		return;
	if (slot->role == ROLE_WORKER && slot->keeper->pid == 0) {
		loop_timer_set(slot->top->loop, &slot->timer,
		    loop_clock() + SUPERVISOR_FIRST_MS * LOOP_MS, slot_due,
		    slot);
		return;
	}
	code = slot->role == ROLE_WORKER ? spawn_pair(slot, slot->partner, &why)
					 : fork_slot(slot, NULL, 0, &why);
	if (code != 0)
		/* What did start ends by itself and is started again. */
		log_error("supervisor: %s", why.text);
	else
		introduce_all(slot);
}
