#define _GNU_SOURCE
#include "daemon/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/courier.h"
#include "daemon/receiver.h"
#include "daemon/role.h"
#include "daemon/supervisor_private.h"
#include "sys/clock.h"
#include "sys/title.h"

enum {
	LOG_BURST = 64, /* messages of one child per turn */
	PROBLEMS_TOLD_MAX = 20,
	/* A child that did its work and was killed is not ill: a message may
	 * do that to its worker, and others wait. */
	BUSY_MOST_MS = 320,
};

static void generation_check(struct supervisor *top, struct generation *g);
static void reload_due(struct loop *l, void *ctx);

/* ---- words to children -------------------------------------------------- */

static void
slot_kill(struct slot *s, int signo)
{
	if (s->pid != 0)
		(void)kill(s->pid, signo);
}

/* Ask one child to come to an end. */
static void
slot_stop(struct slot *s)
{
	loop_timer_drop(s->top->loop, &s->timer);
	if (s->pid == 0 || s->told_to_stop)
		return;
	s->told_to_stop = true;
	if (s->role == ROLE_RECEIVER || s->role == ROLE_COURIER)
		slot_kill(s, SIGTERM);
	else if (s->role != ROLE_WORKER && s->role != ROLE_ENGINE &&
		 wire_send(&s->wire, TELL_DRAIN, SLICE(""), NULL, 0, NULL) != 0)
		slot_kill(s, SIGKILL);
	/* Workers end when their keeper closes its wire. */
}

static void
stop_role(struct generation *g, enum role role)
{
	struct slot *s;

	for (s = g->slots; s != NULL; s = s->next)
		if (s->role == role)
			slot_stop(s);
}

static unsigned
running(const struct generation *g, int role)
{
	const struct slot *s;
	unsigned n = 0;

	for (s = g->slots; s != NULL; s = s->next)
		if (s->pid != 0 && (role < 0 || s->role == (enum role)role))
			n++;
	return n;
}

static void
generation_kill(struct generation *g)
{
	struct slot *s;

	for (s = g->slots; s != NULL; s = s->next) {
		s->follows = true;
		slot_kill(s, SIGKILL);
	}
}

/* Step by step: who takes mail in, who has it in hand, who is told last. */
static void
generation_drain(struct generation *g)
{
	g->draining = true;
	stop_role(g, ROLE_RECEIVER);
	stop_role(g, ROLE_COURIER);
	stop_role(g, ROLE_KEEPER);
	stop_role(g, ROLE_RECORDER);
	if (running(g, ROLE_KEEPER) == 0) {
		stop_role(g, ROLE_HELPER);
		if (!g->slots->top->stopping || running(g, -1) <= 1)
			stop_role(g, ROLE_CONTROL);
	}
}

/* ---- children that end -------------------------------------------------- */

/* Nobody of the same kind of an older generation holds the place. */
static bool
place_is_free(const struct slot *slot)
{
	const struct generation *g;
	const struct slot *s;

	/* A receiver asks again itself until its listeners are free. */
	if (slot->role != ROLE_CONTROL && slot->role != ROLE_COURIER)
		return true;
	for (g = slot->top->generations; g != NULL; g = g->next)
		if (g != slot->generation &&
		    (s = generation_find(g, slot->role, slot->index)) != NULL &&
		    s->pid != 0)
			return false;
	return true;
}

static void start_later(struct slot *s);

void
slot_due(struct loop *l, void *ctx)
{
	struct slot *s = ctx;

	(void)l;
	if (s->generation->draining || s->pid != 0)
		return;
	if (place_is_free(s))
		slot_spawn(s);
	else
		start_later(s);
}

static void
start_later(struct slot *s)
{
	uint64_t delay_ms = SUPERVISOR_FIRST_MS;
	uint64_t most_ms = s->ready ? BUSY_MOST_MS : SUPERVISOR_MOST_MS;
	unsigned i;

	if (!place_is_free(s))
		delay_ms = 100;
	else if (s->failures == 0)
		delay_ms = 0;
	for (i = 1; i < s->failures && delay_ms < most_ms; i++)
		delay_ms *= 2;
	if (delay_ms > most_ms)
		delay_ms = most_ms;
	loop_timer_set(s->top->loop, &s->timer,
	    loop_clock() + delay_ms * LOOP_MS, slot_due, s);
}

static void
log_end(const struct slot *s, pid_t pid, int status)
{
	const char *word = role_word(s->role);

	if (WIFSIGNALED(status))
		log_warn("%s %u (pid %d) was killed by signal %d (%s)", word,
		    s->index, (int)pid, WTERMSIG(status),
		    WTERMSIG(status) == SIGSYS ? "a system call it may not make"
					       : strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		log_warn("%s %u (pid %d) ended with status %d%s", word,
		    s->index, (int)pid, WEXITSTATUS(status),
		    WEXITSTATUS(status) == 77 ? " (out of its memory budget)"
					      : "");
}

#define COUNT_KEEP(name) s->top->ended.name += s->counts.name;
static void
keep_counts(struct slot *s)
{
	if (s->role != ROLE_KEEPER)
		return;
	s->counts.waiting = s->counts.in_work = s->counts.trouble = 0;
	COUNTS(COUNT_KEEP)
	s->counts = (struct counts){0};
}
#undef COUNT_KEEP

void
slot_ended(struct loop *l, pid_t pid, int status, void *ctx)
{
	struct slot *s = ctx;
	struct generation *g = s->generation;
	uint64_t lived = loop_clock() - s->started;
	bool bad = WIFSIGNALED(status) || WEXITSTATUS(status) != 0;

	/* Its last words may still be in the wire. */
	if (wire_is_open(&s->wire))
		slot_event(l, LOOP_READ, s);
	loop_watch_drop(l, &s->watch);
	wire_close(&s->wire);
	s->pid = 0;
	keep_counts(s);
	/* Its partner's end was told. */
	if (bad && !s->follows)
		log_end(s, pid, status);
	if (s->partner != NULL && s->partner->pid != 0) {
		s->partner->follows = true;
		slot_kill(s->partner, SIGKILL);
	}
	if ((bad && lived < SUPERVISOR_STEADY_S * LOOP_SEC) || lived < LOOP_SEC)
		s->failures++;
	else
		s->failures = 0;
	if (bad && !g->proved && WIFEXITED(status))
		g->failed = true;
	if (!g->draining && !g->failed) {
		s->restarts++;
		if (s->partner == NULL)
			start_later(s);
		else if (s->partner->pid == 0)
			start_later(s->role == ROLE_WORKER ? s : s->partner);
	}
	generation_check(s->top, g);
}

/* ---- words from children ------------------------------------------------ */

static void
relay_log(struct slot *s, struct slice bytes)
{
	char line[LOG_LINE_MAX + 1];
	unsigned level;

	if (bytes.n < 1)
		return;
	level = (unsigned char)bytes.p[0];
	if (level > LOG_LEVEL_DEBUG)
		level = LOG_LEVEL_DEBUG;
	(void)text_printable(line, sizeof(line), bytes.p + 1, bytes.n - 1);
	logsink_relay(s->top->sink, (enum log_level)level, (int)s->pid, line);
}

static void
kill_late(struct slot *keeper, struct slice bytes)
{
	struct unpack u = unpack_of(bytes);
	unsigned index = unpack_u32(&u);
	struct slot *worker;

	(void)unpack_u64(&u);
	if (!unpack_done(&u))
		return;
	worker = generation_find(keeper->generation, ROLE_WORKER, index);
	if (worker != NULL && worker->keeper == keeper)
		slot_kill(worker, SIGKILL);
}

static void supervisor_stop(struct supervisor *top);
static int supervisor_reload(struct supervisor *top, struct fail *why);

static void
answer_ask(struct slot *s, struct slice bytes)
{
	struct unpack u = unpack_of(bytes);
	unsigned ask = unpack_u8(&u);
	uint32_t serial = unpack_u32(&u);
	struct buf text, b;
	struct fail why = {.text = ""};
	int code = 0;

	if (!unpack_done(&u) || ask >= ASK_COUNT)
		return;
	buf_init(&text, WIRE_BYTES_MAX - 64);
	buf_init(&b, WIRE_BYTES_MAX);
	if (ask == ASK_STATUS) {
		supervisor_status(s->top, &text);
	} else if (ask == ASK_RELOAD) {
		code = supervisor_reload(s->top, &why);
		(void)buf_addf(&text, "%s\n", why.text);
	} else {
		(void)buf_addf(&text, "%d\n", (int)getpid());
	}
	pack_u32(&b, serial);
	pack_u8(&b, code != 0);
	pack_slice(&b, buf_slice(&text));
	if (wire_send(&s->wire, TELL_ANSWER, buf_slice(&b), NULL, 0, &why) != 0)
		log_warn("control: %s", why.text);
	buf_fini(&text);
	buf_fini(&b);
	if (ask == ASK_STOP) {
		log_notice("asked to stop through the control socket");
		supervisor_stop(s->top);
	}
}

static void
slot_message(struct slot *s, const struct wire_message *m)
{
	switch (m->type) {
	case TELL_LOG:
		relay_log(s, m->bytes);
		break;
	case TELL_COUNTS:
		(void)counts_unpack(m->bytes, &s->counts);
		break;
	case TELL_READY:
		s->ready = true;
		generation_check(s->top, s->generation);
		break;
	case TELL_LATE:
		kill_late(s, m->bytes);
		break;
	case TELL_ASK:
		answer_ask(s, m->bytes);
		break;
	default:
		break;
	}
}

void
slot_event(struct loop *l, unsigned events, void *ctx)
{
	struct slot *s = ctx;
	int n;

	(void)events;
	for (n = 0; n < LOG_BURST; n++) {
		struct wire_message m;
		struct fail why;
		int code = wire_receive(&s->wire, s->top->room, &m, &why);

		if (code == FAIL_AGAIN)
			return;
		if (code != 0) {
			/* Gone, or not what it should be: its end follows. */
			if (code == FAIL_PEER) {
				log_error("%s %u: %s", role_word(s->role),
				    s->index, why.text);
				slot_kill(s, SIGKILL);
			}
			loop_watch_drop(l, &s->watch);
			wire_close(&s->wire);
			return;
		}
		slot_message(s, &m);
		wire_message_drop(&m);
	}
}

/* ---- generations -------------------------------------------------------- */

static void
generation_free(struct supervisor *top, struct generation *g)
{
	struct generation **at = &top->generations;
	struct slot *s;

	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	loop_timer_drop(top->loop, &g->prove_timer);
	for (s = g->slots; s != NULL; s = s->next)
		loop_timer_drop(top->loop, &s->timer);
	conf_free(g->conf);
	arena_free(g->arena);
}

static int
open_sink(struct supervisor *top, const struct settings *s, struct fail *why)
{
	struct logsink_config cfg = {.ident = "MailScanner",
	    .facility = s->facility,
	    .file = s->log_file,
	    .to_stderr = top->options.foreground};
	struct logsink *sink;
	int code;

	supervisor_make_places(s);
	code = logsink_open(&sink, &cfg, why);
	if (code != 0)
		return code;
	log_set_sink(logsink_write, sink);
	/* Children have their own descriptors of the old one. */
	logsink_close(top->sink);
	top->sink = sink;
	return 0;
}

/* The configuration can be used; what is wrong with it goes to the log. */
static int
check_problems(const struct conf *c, struct fail *why)
{
	const struct problems *all = conf_problems(c);
	const struct problem *p;
	int code = 0, told = 0;

	vec_each (p, &all->list) {
		if (p->level == PROBLEM_NOTE || told++ >= PROBLEMS_TOLD_MAX)
			continue;
		if (p->level == PROBLEM_ERROR && code == 0)
			code = fail_set(why, FAIL_CONFIG, "%.*s:%u: %.*s",
			    SLICE_FMT(p->file), p->line, SLICE_FMT(p->text));
		log_warn("%s: %.*s:%u: %.*s", problem_word(p->level),
		    SLICE_FMT(p->file), p->line, SLICE_FMT(p->text));
	}
	if (told > PROBLEMS_TOLD_MAX)
		log_warn("%d more problems: reeve check lists all",
		    told - PROBLEMS_TOLD_MAX);
	return code;
}

/* What receiver and courier will read has to be good before they start. */
static int
check_mail_ways(const struct settings *s, struct fail *why)
{
	struct arena *a = arena_new(0);
	struct receiver_settings rs;
	struct courier_settings cs;
	int code = 0;

	receiver_settings_init(&rs);
	courier_settings_init(&cs);
	if (s->receives)
		code = receiver_settings_load(&rs, s->conf, a, why);
	if (code == 0 && s->delivers)
		code = courier_settings_load(&cs, s->conf, a, why);
	arena_free(a);
	return code;
}

static struct generation *
generation_load(struct supervisor *top, struct fail *why)
{
	struct arena *a = arena_new(0);
	struct generation *g = arena_make(a, struct generation);

	g->arena = a;
	g->last = &g->slots;
	g->conf = top->options.conf != NULL ? conf_load(top->options.conf, why)
					    : conf_defaults();
	if (g->conf == NULL || check_problems(g->conf, why) != 0 ||
	    settings_load(&g->settings, g->conf, a, why) != 0 ||
	    check_mail_ways(&g->settings, why) != 0) {
		conf_free(g->conf);
		arena_free(a);
		return NULL;
	}
	return g;
}

static void
prove_late(struct loop *l, void *ctx)
{
	struct generation *g = ctx;

	(void)l;
	log_error("the new processes were not ready within %d seconds",
	    SUPERVISOR_PROVE_S);
	g->failed = true;
	generation_check(g->slots->top, g);
}

/* Has to wait until the one of the old generation has gone. */
static bool
comes_late(const struct supervisor *top, const struct slot *s)
{
	return top->current != NULL &&
	       (s->role == ROLE_CONTROL || s->role == ROLE_RECEIVER ||
		   s->role == ROLE_COURIER);
}

/* Start everything that can be there beside an old generation. */
static void
generation_start(struct supervisor *top, struct generation *g)
{
	struct slot *s;

	g->number = ++top->next_number;
	g->next = top->generations;
	top->generations = g;
	generation_plan(top, g);
	for (s = g->slots; s != NULL; s = s->next)
		if (!comes_late(top, s))
			slot_spawn(s);
	loop_timer_set(top->loop, &g->prove_timer,
	    loop_clock() + SUPERVISOR_PROVE_S * LOOP_SEC, prove_late, g);
}

/* To who waits for the start. */
static void
say_started(struct supervisor *top, struct slice words)
{
	if (top->options.ready_fd < 0)
		return;
	(void)!write(top->options.ready_fd, words.p, words.n);
	(void)close(top->options.ready_fd);
	top->options.ready_fd = -1;
}

/* A reload that was asked for during a change, now that it may be done. */
static void
reload_if_wanted(struct supervisor *top)
{
	if (top->reload_wanted && !top->stopping && top->current != NULL &&
	    top->generations == top->current)
		loop_timer_set(
		    top->loop, &top->reload_timer, 0, reload_due, top);
}

/* All who have to be there are: the old generation may go. */
static void
generation_promote(struct supervisor *top, struct generation *g)
{
	static const char ready = SUPERVISOR_READY;
	struct generation *old = top->current;
	struct slot *s;

	g->proved = true;
	loop_timer_drop(top->loop, &g->prove_timer);
	top->current = g;
	if (old != NULL) {
		log_notice("the new configuration is in force (generation %u)",
		    g->number);
		generation_drain(old);
		/* Its listeners have to go before new ones can come. */
		stop_role(old, ROLE_CONTROL);
	}
	for (s = g->slots; s != NULL; s = s->next)
		if (s->pid == 0 && !loop_timer_is_set(&s->timer))
			start_later(s);
	if (old == NULL) {
		log_notice("Reeve %s takes mail: %s queue, %u workers",
		    REEVE_VERSION, g->settings.driver, g->settings.workers);
		say_started(top, slice_of(&ready, 1));
		reload_if_wanted(top);
	}
}

static void
generation_give_up(struct supervisor *top, struct generation *g)
{
	g->draining = true;
	generation_kill(g);
	if (top->current != NULL) {
		log_error("the new configuration cannot be used, the old one "
			  "stays in force");
		return;
	}
	log_error("Reeve cannot start");
	top->status = 1;
	top->stopping = true;
}

/* Something about g has changed. */
static void
generation_check(struct supervisor *top, struct generation *g)
{
	const struct slot *s;
	bool ready = true;

	if (g->failed && !g->draining) {
		generation_give_up(top, g);
	} else if (!g->proved && !g->draining) {
		for (s = g->slots; s != NULL; s = s->next)
			if (!s->ready && !comes_late(top, s))
				ready = false;
		if (ready)
			generation_promote(top, g);
	}
	if (!g->draining)
		return;
	generation_drain(g);
	if (running(g, -1) > 0)
		return;
	if (g == top->current)
		top->current = NULL;
	generation_free(top, g);
	reload_if_wanted(top);
	if (top->stopping && top->generations == NULL)
		loop_stop(top->loop);
}

/* ---- reload and stop ---------------------------------------------------- */

static int
supervisor_reload(struct supervisor *top, struct fail *why)
{
	struct generation *g;

	top->reload_wanted =
	    top->current == NULL || top->generations != top->current;
	if (top->stopping || top->reload_wanted)
		return fail_set(why, FAIL_AGAIN,
		    top->stopping ? "the daemon is ending"
				  : "a change is under way, the "
				    "configuration is read again after it");
	g = generation_load(top, why);
	if (g != NULL && open_sink(top, &g->settings, why) != 0) {
		conf_free(g->conf);
		arena_free(g->arena);
		g = NULL;
	}
	if (g == NULL) {
		log_error("configuration not taken over, the old one stays in "
			  "force: %s",
		    why->text);
		return why->code;
	}
	log_notice("configuration read again");
	generation_start(top, g);
	why->text[0] = '\0';
	return 0;
}

static void
reload_due(struct loop *l, void *ctx)
{
	struct fail why;

	(void)l;
	if (supervisor_reload(ctx, &why) == FAIL_AGAIN)
		log_notice("reload: %s", why.text);
}

static void
stop_late(struct loop *l, void *ctx)
{
	struct supervisor *top = ctx;
	struct generation *g;

	(void)l;
	log_warn("some processes did not end in time and are killed; what they "
		 "had in hand is taken up at the next start");
	for (g = top->generations; g != NULL; g = g->next)
		generation_kill(g);
}

static void
supervisor_stop(struct supervisor *top)
{
	struct generation *g, *next;

	if (top->stopping)
		return;
	top->stopping = true;
	title_set("MailScanner: killing children");
	loop_timer_set(top->loop, &top->stop_timer,
	    loop_clock() + SUPERVISOR_STOP_S * LOOP_SEC, stop_late, top);
	for (g = top->generations; g != NULL; g = next) {
		next = g->next;
		if (!g->proved)
			generation_kill(g);
		generation_drain(g);
		generation_check(top, g);
	}
	if (top->generations == NULL)
		loop_stop(top->loop);
}

static void
on_signal(struct loop *l, int signo, void *ctx)
{
	struct supervisor *top = ctx;

	if (signo == SIGHUP) {
		reload_due(l, top);
		return;
	}
	if (!top->stopping)
		log_notice(
		    "ending (signal %d), messages in hand are finished", signo);
	supervisor_stop(top);
}

/* ---- start -------------------------------------------------------------- */

static int
watch_signals(struct supervisor *top, struct fail *why)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	size_t i;
	int code = 0;

	(void)sigaction(SIGPIPE, &ignore, NULL);
	for (i = 0; code == 0 && i < COUNT_OF(signals); i++)
		code = loop_signal(top->loop, signals[i], on_signal, top, why);
	return code;
}

static void
raise_files(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max < 65536 ? l.rlim_max : 65536;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
}

static int
supervisor_open(struct supervisor *top, struct generation **g, struct fail *why)
{
	int code = loop_open(&top->loop, why);

	if (code != 0)
		return code;
	*g = generation_load(top, why);
	if (*g == NULL)
		return why->code;
	code = open_sink(top, &(*g)->settings, why);
	if (code == 0)
		code = supervisor_take_places(top, &(*g)->settings, why);
	if (code == 0)
		code = watch_signals(top, why);
	return code;
}

int
supervisor_run(const struct supervisor_options *o)
{
	struct arena *a = arena_new(0);
	struct supervisor *top = arena_make(a, struct supervisor);
	struct generation *g;
	struct fail why;

	top->options = *o;
	/* Titles are written over the arguments. */
	if (top->options.conf != NULL)
		top->options.conf = arena_str(a, slice_str(o->conf));
	top->pid_fd = top->claims_fd = -1;
	top->room = arena_alloc(a, WIRE_BYTES_MAX);
	top->started = loop_clock();
	top->started_at = clock_wall();
	(void)umask(0077);
	raise_files();
	if (supervisor_open(top, &g, &why) != 0) {
		log_error("%s", why.text);
		say_started(top, slice_str(why.text));
		return 1;
	}
	title_set("MailScanner: starting children");
	generation_start(top, g);
	title_set("MailScanner: master process sleeping");
	if (loop_run(top->loop, &why) != 0) {
		log_error("supervisor: %s", why.text);
		top->status = 1;
	}
	if (top->status == 0)
		log_notice("Reeve has ended");
	/* Not removed: another may hold it open and wait for the lock. */
	if (top->pid_fd >= 0 && ftruncate(top->pid_fd, 0) != 0)
		log_warn("the pid file keeps a stale number");
	return top->status;
}
