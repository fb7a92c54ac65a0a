#define _GNU_SOURCE
#include "daemon/worker.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/examine.h"
#include "sys/clock.h"
#include "sys/title.h"

enum {
	NOBODY = 65534,
	ENGINE_GRACE_S = 10, /* beyond what virus scanning may take */
	FILES_MAX = 32,
};

struct worker {
	struct role_self *self;
	const struct settings *settings;
	struct wire keeper, engine;
	struct examiner examiner;
	struct virus_settings virus;
	char *room; /* WIRE_BYTES_MAX */
	char *engine_room;
	uint64_t serial; /* of the message in hand */
	uint64_t done, born;
	bool retiring;
	struct arena *mail;
};

/* ---- viruses ------------------------------------------------------------ */

static int
ask_engine(struct worker *w, struct message *m, struct fail *why)
{
	struct buf b;
	int fd = virus_job_collect(m, why);
	int code;

	if (fd < 0)
		return fd;
	buf_init(&b, 64);
	pack_u64(&b, w->serial);
	code = wire_send(&w->engine, TELL_SCAN, buf_slice(&b), &fd, 1, why);
	if (code == 0) {
		pack_u32(
		    &b, (uint32_t)(w->settings->virus_time_ns / CLOCK_SEC) +
			    ENGINE_GRACE_S);
		/* The keeper is patient for so long. */
		code = wire_send(
		    &w->keeper, TELL_WAIT, buf_slice(&b), NULL, 0, why);
	}
	buf_fini(&b);
	(void)close(fd);
	return code;
}

/* A lost engine takes its worker along: the message is tried again with a new
 * pair, and counted. It is never "clean" because nobody could look. */
static void
engine_lost(const struct fail *why)
{
	log_error("the engine failed: %s", why->text);
	_exit(ROLE_EXIT_FAILED);
}

static void
virus_stage(struct message *m, uint64_t deadline, void *ctx)
{
	struct worker *w = ctx;
	struct virus_result result = {0};
	struct wire_message answer;
	struct unpack u;
	struct fail why;
	uint64_t serial;
	int code = ask_engine(w, m, &why);

	if (code == FAIL_GONE)
		engine_lost(&why);
	if (code != 0) {
		virus_apply_failure(m, why.text);
		return;
	}
	deadline += ENGINE_GRACE_S * CLOCK_SEC;
	do {
		uint64_t now = clock_mono();

		code = wire_wait(
		    &w->engine, deadline > now ? deadline - now : 0, &why);
		if (code == 0)
			code = wire_receive(
			    &w->engine, w->engine_room, &answer, &why);
	} while (code == FAIL_AGAIN);
	if (code != 0)
		engine_lost(&why);
	u = unpack_of(answer.bytes);
	serial = unpack_u64(&u);
	virus_result_unpack(&u, &result, m->arena);
	if (!unpack_done(&u) || serial != w->serial) {
		(void)fail_set(&why, FAIL_PEER, "it answered out of order");
		engine_lost(&why);
	}
	virus_apply(m, &result, w->virus.spam_names);
}

static void
show_stage(const char *words, void *ctx)
{
	(void)ctx;
	title_set("MailScanner: %s", words);
}

/* ---- one message -------------------------------------------------------- */

struct view {
	void *base;
	size_t mapped;
	struct slice raw;
};

static int
map_message(
    struct view *v, int fd, uint64_t offset, uint64_t size, struct fail *why)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t skip = offset % page;
	struct stat st;

	*v = (struct view){.raw = SLICE("")};
	if (fstat(fd, &st) != 0)
		return fail_errno(why, "fstat message");
	if (st.st_size < 0 || offset > (uint64_t)st.st_size ||
	    size > (uint64_t)st.st_size - offset)
		return fail_set(
		    why, FAIL_BAD, "message is shorter than it was");
	if (size == 0)
		return 0;
	v->mapped = size + skip;
	v->base = mmap(NULL, v->mapped, PROT_READ, MAP_PRIVATE, fd,
	    (off_t)(offset - skip));
	if (v->base == MAP_FAILED) {
		v->base = NULL;
		return fail_errno(why, "mmap message");
	}
	/* One pass from front to back. */
	(void)madvise(v->base, v->mapped, MADV_SEQUENTIAL);
	v->raw = slice_of((const char *)v->base + skip, size);
	return 0;
}

static void
unmap_message(struct view *v)
{
	if (v->base != NULL)
		(void)munmap(v->base, v->mapped);
}

/* The packed answer as a sealed file to the keeper. */
static int
send_packed(struct worker *w, const struct buf *packed, struct fail *why)
{
	struct buf head;
	int fd, code;

	if (packed->full)
		return fail_set(why, FAIL_FULL, "outcome is too large");
	fd = wire_memfile("outcome", buf_slice(packed), why);
	if (fd < 0)
		return fd;
	buf_init(&head, 16);
	pack_u64(&head, w->serial);
	code =
	    wire_send(&w->keeper, TELL_OUTCOME, buf_slice(&head), &fd, 1, why);
	buf_fini(&head);
	(void)close(fd);
	return code;
}

static int
send_outcome(struct worker *w, struct examination *x, struct fail *why)
{
	struct outcome out;
	struct buf packed;
	int code;

	examine_outcome(x, &w->examiner, &out);
	buf_init(&packed, PROTOCOL_OUTCOME_MAX);
	outcome_pack(&packed, &out);
	code = send_packed(w, &packed, why);
	buf_fini(&packed);
	return code;
}

static int
send_story(struct worker *w, struct examination *x, struct slice label,
    struct fail *why)
{
	struct story story = {
	    .status = (uint8_t)explain_status(&x->msg, x->plan)};
	struct buf json, packed;
	int code;

	buf_init(&json, PROTOCOL_RECORD_MAX);
	buf_init(&packed, PROTOCOL_OUTCOME_MAX);
	explain_json(&json, label, &x->msg, x->plan, &x->edits, &x->stages);
	story.json = buf_slice(&json);
	story_pack(&packed, &story);
	code = json.full ? fail_set(why, FAIL_FULL, "story is too large")
			 : send_packed(w, &packed, why);
	buf_fini(&json);
	buf_fini(&packed);
	return code;
}

static void
out_of_memory(size_t wanted, size_t budget, void *ctx)
{
	(void)ctx;
	log_error(
	    "Message Memory Limit: %zu bytes are used up, %zu more wanted",
	    budget, wanted);
	_exit(ARENA_EXIT_CODE);
}

static int
examine_job(struct worker *w, const struct job *job, struct slice packed_env,
    int fd, struct fail *why)
{
	struct unpack u = unpack_of(packed_env);
	struct envelope env = {0};
	struct examination x;
	struct view v;
	int code = map_message(&v, fd, job->offset, job->size, why);

	if (code != 0)
		return code;
	w->mail = arena_new(w->settings->memory_max);
	arena_set_exhausted(w->mail, out_of_memory, w);
	envelope_unpack(&u, &env, w->mail);
	if (!unpack_done(&u)) {
		code = fail_set(why, FAIL_PEER, "envelope does not unpack");
	} else {
		log_set_scope(arena_str(w->mail, env.id));
		examine_message(&x, w->mail, &w->examiner, &env, v.raw);
		code = job->story ? send_story(w, &x, job->label, why)
				  : send_outcome(w, &x, why);
		log_set_scope(NULL);
	}
	arena_free(w->mail);
	unmap_message(&v);
	return code;
}

static int
take_job(struct worker *w, struct wire_message *m, struct fail *why)
{
	struct slice envelope = SLICE_NONE;
	struct job job;
	int code = 0;

	if (!job_unpack(m->bytes, &job) || m->fd_count == 0)
		return fail_set(why, FAIL_PEER, "job does not unpack");
	w->serial = job.serial;
	if (m->fd_count > 1)
		code =
		    wire_map(m->fds[1], PROTOCOL_OUTCOME_MAX, &envelope, why);
	if (code == 0)
		code = examine_job(w, &job,
		    m->fd_count > 1 ? envelope : job.envelope, m->fds[0], why);
	wire_unmap(&envelope);
	w->done++;
	title_set("MailScanner: waiting for messages");
	return code;
}

/* ---- life --------------------------------------------------------------- */

/* Resident bytes; /proc is not ours to read, so ask the kernel. */
static uint64_t
grown(void)
{
	struct mallinfo2 now = mallinfo2();

	return now.arena + now.hblkhd;
}

static void
retire_when_due(struct worker *w)
{
	if (w->retiring ||
	    (w->done < WORKER_MESSAGES_MAX && grown() < WORKER_GROWTH_MAX &&
		clock_mono() - w->born < w->settings->restart_every_ns))
		return;
	w->retiring =
	    wire_send(&w->keeper, TELL_RETIRE, SLICE(""), NULL, 0, NULL) == 0;
}

/* 0: something to read from the keeper; FAIL_GONE: nobody is left. */
static int
wait_for_job(struct worker *w, struct fail *why)
{
	struct pollfd p[2] = {{.fd = w->keeper.fd, .events = POLLIN},
	    {.fd = w->engine.fd, .events = 0}};

	if (poll(p, 2, 1000) < 0 && errno != EINTR)
		return fail_errno(why, "poll");
	if ((p[1].revents & (POLLHUP | POLLERR)) != 0 &&
	    (p[0].revents & POLLIN) == 0)
		return fail_set(why, FAIL_GONE, "the engine is gone");
	return 0;
}

static int
work(struct worker *w, struct fail *why)
{
	for (;;) {
		struct wire_message m;
		int code = wait_for_job(w, why);

		if (code != 0)
			return code;
		code = wire_receive(&w->keeper, w->room, &m, why);
		if (code == FAIL_AGAIN) {
			retire_when_due(w);
			continue;
		}
		if (code != 0)
			return code;
		if (m.type == TELL_JOB)
			code = take_job(w, &m, why);
		wire_message_drop(&m);
		if (code != 0)
			return code;
		retire_when_due(w);
	}
}

static bool
rules_are_bad(const struct problems *all, struct fail *why)
{
	const struct problem *p;

	vec_each (p, &all->list)
		if (p->level == PROBLEM_ERROR) {
			(void)fail_set(why, FAIL_CONFIG, "%.*s:%u: %.*s",
			    SLICE_FMT(p->file), p->line, SLICE_FMT(p->text));
			return true;
		}
	return false;
}

static int
prepare(struct worker *w, struct arena *a, struct fail *why)
{
	const struct settings *s = w->settings;
	struct templates *templates = templates_load(s->conf, why);

	if (templates == NULL)
		return FAIL_CONFIG;
	w->examiner = (struct examiner){.conf = s->conf,
	    .scanner = scanner_new(s->conf, why),
	    .act = {.templates = templates, .hostname = slice_str(s->host)},
	    .time_ns = s->time_ns,
	    .virus_time_ns = s->virus_time_ns,
	    .virus = virus_stage,
	    .stage = show_stage,
	    .ctx = w};
	if (w->examiner.scanner == NULL)
		return FAIL_CONFIG;
	if (w->self->start.proving &&
	    rules_are_bad(scanner_problems(w->examiner.scanner), why))
		return FAIL_CONFIG;
	virus_settings_read(&w->virus, s->conf, a);
	return 0;
}

int
worker_main(struct role_self *self, const struct settings *s, int keeper_fd,
    int engine_fd)
{
	struct arena *a = arena_new(0);
	struct worker w = {.self = self,
	    .settings = s,
	    .room = arena_alloc(a, WIRE_BYTES_MAX),
	    .engine_room = arena_alloc(a, WIRE_BYTES_MAX),
	    .born = clock_mono()};
	/* A user who owns nothing, whatever the others run as. */
	struct jail jail = {.calls = JAIL_CALLS_PURE,
	    .drop = geteuid() == 0,
	    .uid = s->drop ? s->uid : NOBODY,
	    .gid = s->drop ? s->gid : NOBODY,
	    .confine_files = true,
	    .memory = s->memory_max * 3 + WORKER_SPACE,
	    .files = FILES_MAX,
	    .no_processes = true};
	struct fail why;

	if (prepare(&w, a, &why) != 0) {
		log_error("worker: %s", why.text);
		return ROLE_EXIT_CONFIG;
	}
	wire_init(&w.keeper, keeper_fd, &protocol, ROLE_WORKER, ROLE_KEEPER);
	wire_init(&w.engine, engine_fd, &protocol, ROLE_WORKER, ROLE_ENGINE);
	role_lock(self, &jail);
	role_ready(self);
	title_set("MailScanner: waiting for messages");
	if (work(&w, &why) == FAIL_GONE)
		return ROLE_EXIT_OK;
	log_error("worker: %s", why.text);
	return ROLE_EXIT_FAILED;
}
