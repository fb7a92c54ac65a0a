#define _GNU_SOURCE
#include "daemon/inspect.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/engine.h"
#include "daemon/worker.h"
#include "sys/clock.h"

enum { GRACE_S = 2 };

struct child {
	pid_t pid;
	struct wire wire; /* as its supervisor: log lines */
};

struct inspector {
	const struct settings *settings;
	struct arena *arena;
	struct child worker, engine;
	struct wire keeper; /* as its keeper */
	uint64_t serial;
	bool walls_told, retiring;
	struct slice answer; /* mapped */
	char *room;
};

struct inspector *
inspector_new(const struct settings *s)
{
	struct arena *a = arena_new(0);
	struct inspector *i = arena_make(a, struct inspector);

	i->arena = a;
	i->settings = s;
	i->room = arena_alloc(a, WIRE_BYTES_MAX);
	i->keeper.fd = i->worker.wire.fd = i->engine.wire.fd = -1;
	return i;
}

/* ---- children ----------------------------------------------------------- */

static int
start_child(struct inspector *i, struct child *c, enum role role,
    const int *fds, size_t fd_count, struct fail *why)
{
	struct role_start start = {.role = role,
	    .log_by_wire = true,
	    .quiet = i->walls_told,
	    .fd_count = fd_count,
	    .parent = getpid()};
	struct role_self self;
	int pair[2];
	int code = wire_pair(pair, why);

	if (code != 0)
		return code;
	(void)memcpy(start.fds, fds, fd_count * sizeof(fds[0]));
	start.supervisor_fd = pair[1];
	c->pid = fork();
	if (c->pid == 0) {
		role_begin(&self, &start);
		_exit(role == ROLE_WORKER
			  ? worker_main(&self, i->settings, fds[0], fds[1])
			  : engine_main(&self, i->settings, fds[0]));
	}
	(void)close(pair[1]);
	if (c->pid < 0) {
		(void)close(pair[0]);
		c->pid = 0;
		return fail_errno(why, "fork");
	}
	wire_init(&c->wire, pair[0], &protocol, ROLE_SUPERVISOR, role);
	return 0;
}

static int
start_pair(struct inspector *i, struct fail *why)
{
	int inner[2], outer[2], code;

	code = wire_pair(inner, why);
	if (code != 0)
		return code;
	code = wire_pair(outer, why);
	if (code != 0) {
		(void)close(inner[0]);
		(void)close(inner[1]);
		return code;
	}
	code = start_child(i, &i->engine, ROLE_ENGINE, &inner[1], 1, why);
	if (code == 0)
		code = start_child(i, &i->worker, ROLE_WORKER,
		    (const int[]){outer[1], inner[0]}, 2, why);
	(void)close(inner[0]);
	(void)close(inner[1]);
	(void)close(outer[1]);
	wire_init(&i->keeper, outer[0], &protocol, ROLE_KEEPER, ROLE_WORKER);
	i->walls_told = true;
	return code;
}

/* What a child has to say; missing walls are no news outside the daemon. */
static void
relay(struct inspector *i, struct child *c)
{
	struct wire_message m;
	struct fail why;

	while (wire_is_open(&c->wire)) {
		int code = wire_receive(&c->wire, i->room, &m, &why);

		if (code == FAIL_AGAIN)
			return;
		if (code != 0) {
			/* It has ended: nothing to wait for here. */
			wire_close(&c->wire);
			return;
		}
		if (m.type == TELL_LOG && m.bytes.n > 1) {
			unsigned char level = (unsigned char)m.bytes.p[0];
			struct slice line = slice_from(m.bytes, 1);

			if (level <= LOG_LEVEL_ERROR)
				log_error("%.*s", SLICE_FMT(line));
			else
				log_debug("%.*s", SLICE_FMT(line));
		}
		wire_message_drop(&m);
	}
}

static void
end_child(struct inspector *i, struct child *c, int *status)
{
	if (c->pid == 0)
		return;
	(void)kill(c->pid, SIGKILL);
	while (waitpid(c->pid, status, 0) < 0 && errno == EINTR)
		continue;
	relay(i, c);
	wire_close(&c->wire);
	c->pid = 0;
}

/* status: of the worker, as of waitpid. */
static void
end_pair(struct inspector *i, int *status)
{
	int ignored;

	end_child(i, &i->worker, status);
	end_child(i, &i->engine, &ignored);
	wire_close(&i->keeper);
	i->retiring = false;
}

void
inspector_free(struct inspector *i)
{
	int status;

	end_pair(i, &status);
	wire_unmap(&i->answer);
	arena_free(i->arena);
}

/* ---- one message -------------------------------------------------------- */

static int
send_job(struct inspector *i, int fd, uint64_t size, const struct envelope *env,
    struct slice label, struct fail *why)
{
	struct job job = {.serial = ++i->serial,
	    .attempt = 1,
	    .size = size,
	    .story = true,
	    .label = label};
	struct buf packed, bytes;
	int code;

	buf_init(&packed, PROTOCOL_ENVELOPE_MAX);
	buf_init(&bytes, WIRE_BYTES_MAX);
	envelope_pack(&packed, env);
	job.envelope = buf_slice(&packed);
	job_pack(&bytes, &job);
	code = packed.full || bytes.full
		   ? fail_set(why, FAIL_FULL, "envelope is too large")
		   : wire_send(
			 &i->keeper, TELL_JOB, buf_slice(&bytes), &fd, 1, why);
	buf_fini(&packed);
	buf_fini(&bytes);
	return code;
}

static int
take_answer(struct inspector *i, const struct wire_message *m,
    struct slice *json, int *status, struct fail *why)
{
	struct unpack u = unpack_of(m->bytes);
	uint64_t serial = unpack_u64(&u);
	struct story story;

	if (!unpack_done(&u) || serial != i->serial || m->fd_count != 1 ||
	    wire_map(m->fds[0], PROTOCOL_OUTCOME_MAX, &i->answer, why) != 0 ||
	    !story_unpack(i->answer, &story))
		return fail_set(
		    why, FAIL_PEER, "the examination gave no usable answer");
	*json = story.json;
	*status = story.status;
	return 0;
}

/* Until the answer is there, the time is up, or the worker is gone. */
static int
wait_answer(
    struct inspector *i, struct slice *json, int *status, struct fail *why)
{
	uint64_t deadline =
	    clock_mono() + i->settings->time_ns + GRACE_S * CLOCK_SEC;

	for (;;) {
		struct pollfd p[3] = {{i->keeper.fd, POLLIN, 0},
		    {i->worker.wire.fd, POLLIN, 0},
		    {i->engine.wire.fd, POLLIN, 0}};
		uint64_t now = clock_mono();
		struct wire_message m;
		int code;

		if (now >= deadline)
			return fail_set(
			    why, FAIL_TIMEOUT, "Message Time Limit is used up");
		(void)poll(p, 3, (int)clock_ms_between(now, deadline) + 1);
		relay(i, &i->worker);
		relay(i, &i->engine);
		code = wire_receive(&i->keeper, i->room, &m, why);
		if (code == FAIL_AGAIN)
			continue;
		if (code != 0)
			return code;
		if (m.type == TELL_WAIT)
			deadline = now + i->settings->time_ns +
				   i->settings->virus_time_ns + 10 * CLOCK_SEC;
		if (m.type == TELL_RETIRE)
			i->retiring = true;
		if (m.type == TELL_OUTCOME)
			code = take_answer(i, &m, json, status, why);
		wire_message_drop(&m);
		if (m.type == TELL_OUTCOME)
			return code;
	}
}

static void
explain_end(int status, struct fail *why)
{
	if (why->code == FAIL_TIMEOUT)
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) == ARENA_EXIT_CODE)
		(void)fail_set(
		    why, FAIL_FULL, "Message Memory Limit is used up");
	else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		(void)fail_set(why, FAIL_GONE,
		    "the examining process was ended by signal %d",
		    WTERMSIG(status));
	else if (WIFEXITED(status))
		(void)fail_set(why, FAIL_GONE,
		    "the examining process ended with status %d",
		    WEXITSTATUS(status));
}

int
inspector_examine(struct inspector *i, int fd, uint64_t size,
    const struct envelope *env, struct slice label, struct slice *json,
    int *status, struct fail *why)
{
	int code = 0, ended = 0;

	wire_unmap(&i->answer);
	if (i->retiring)
		end_pair(i, &ended);
	if (i->worker.pid == 0)
		code = start_pair(i, why);
	if (code == 0)
		code = send_job(i, fd, size, env, label, why);
	if (code == 0)
		code = wait_answer(i, json, status, why);
	if (code == 0)
		return 0;
	if (i->worker.pid != 0) {
		end_pair(i, &ended);
		explain_end(ended, why);
	}
	return why->code;
}
