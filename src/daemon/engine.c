#include "daemon/engine.h"

#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "scan/virus.h"
#include "sys/clock.h"
#include "sys/title.h"

struct engine {
	struct virus_engine *virus;
	struct wire worker;
	const struct settings *settings;
	char *room;
	struct fail why_not; /* no scanner could be set up */
};

/* One job; false when the worker broke the protocol. */
static bool
answer(struct engine *e, struct wire_message *m)
{
	struct unpack u = unpack_of(m->bytes);
	uint64_t serial = unpack_u64(&u);
	struct arena *a;
	struct virus_job job;
	struct virus_result result = {0};
	struct buf b;
	struct fail why;
	int code = 0;

	if (!unpack_done(&u) || m->fd_count != 1)
		return false;
	a = arena_new(0);
	code = virus_job_open(&job, m->fds[0], a, &why);
	if (code == 0) {
		title_set("MailScanner: virus scanning");
		if (e->virus != NULL) {
			virus_engine_scan(e->virus, &job,
			    clock_mono() + e->settings->virus_time_ns, &result,
			    a);
		} else {
			struct virus_state state = {.scanner = SLICE("engine"),
			    .status = VIRUS_FAILED,
			    .reason = slice_str(e->why_not.text)};

			virus_result_add_state(&result, a, &state);
		}
		virus_job_close(&job);
		buf_init(&b, WIRE_BYTES_MAX);
		pack_u64(&b, serial);
		virus_result_pack(&b, &result);
		code = wire_send(
		    &e->worker, TELL_FOUND, buf_slice(&b), NULL, 0, &why);
		buf_fini(&b);
	}
	if (code != 0)
		log_error("engine: %s", why.text);
	arena_free(a);
	title_set("MailScanner: virus engine");
	return code == 0;
}

int
engine_main(struct role_self *self, const struct settings *s, int worker_fd)
{
	struct arena *a = arena_new(0);
	struct engine e = {
	    .settings = s, .room = arena_alloc(a, WIRE_BYTES_MAX)};
	struct virus_settings vs;
	struct jail jail = {.calls = JAIL_CALLS_COMMANDS,
	    .drop = s->drop,
	    .uid = s->uid,
	    .gid = s->gid,
	    .user = s->user};
	struct fail why;

	role_lock(self, &jail);
	virus_settings_read(&vs, s->conf, a);
	e.virus = virus_engine_new(&vs, &e.why_not);
	if (e.virus == NULL)
		log_error("virus scanning: %s", e.why_not.text);
	wire_init(&e.worker, worker_fd, &protocol, ROLE_ENGINE, ROLE_WORKER);
	role_ready(self);
	title_set("MailScanner: virus engine");
	for (;;) {
		struct wire_message m;
		int code = wire_wait(&e.worker, UINT64_MAX, &why);

		if (code == 0 || code == FAIL_TIMEOUT)
			code = wire_receive(&e.worker, e.room, &m, &why);
		if (code == FAIL_AGAIN)
			continue;
		if (code == FAIL_GONE)
			return ROLE_EXIT_OK;
		if (code != 0) {
			log_error("engine: %s", why.text);
			return ROLE_EXIT_FAILED;
		}
		if (!answer(&e, &m))
			code = FAIL_PEER;
		wire_message_drop(&m);
		if (code != 0)
			return ROLE_EXIT_FAILED;
	}
}
