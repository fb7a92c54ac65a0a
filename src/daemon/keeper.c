#include "daemon/keeper.h"

#include <signal.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/keeper_private.h"
#include "sys/clock.h"
#include "sys/title.h"

enum {
	NOTIFY_DELAY_MS = 5, /* after a sign of life in the queue */
	COUNT_EVERY_MS = 250,
	LATE_GRACE_S = 2,  /* the worker ends by itself before that */
	FIRST_DELAY_S = 1, /* before a second attempt; doubles */
	DRAIN_LOOK_MS = 100,
};

/* ---- lists ---------------------------------------------------------------
 */

void
tasks_push(struct tasks *list, struct task *t)
{
	t->next = NULL;
	if (list->last != NULL)
		list->last->next = t;
	else
		list->first = t;
	list->last = t;
	list->n++;
}

void
tasks_unshift(struct tasks *list, struct task *t)
{
	t->next = list->first;
	list->first = t;
	if (list->last == NULL)
		list->last = t;
	list->n++;
}

struct task *
tasks_pop(struct tasks *list)
{
	struct task *t = list->first;

	if (t == NULL)
		return NULL;
	list->first = t->next;
	if (list->first == NULL)
		list->last = NULL;
	list->n--;
	t->next = NULL;
	return t;
}

void
task_clear(struct task *t)
{
	wire_unmap(&t->packed);
	t->outcome = (struct outcome){0};
	t->poison = false;
}

void
task_close(struct keeper *k, struct task *t)
{
	struct arena *home = t->arena;

	task_clear(t);
	claim_close(t->claim);
	k->counts.in_work--;
	arena_free(home);
}

void
task_again(struct keeper *k, struct task *t, bool undo, unsigned delay_s)
{
	struct fail why;

	task_clear(t);
	if (undo && claim_attempts(t->claim) > 0 &&
	    claim_attempt_undo(t->claim, &why) != 0)
		log_warn("%.*s: attempt stays counted: %s",
		    SLICE_FMT(claim_envelope(t->claim)->id), why.text);
	k->counts.retried++;
	if (k->waiting.n >= k->wait_max || k->draining) {
		if (queue_release(t->claim, &why) != 0)
			log_warn("%.*s: left for recovery: %s",
			    SLICE_FMT(claim_envelope(t->claim)->id), why.text);
		task_close(k, t);
		return;
	}
	t->not_before = loop_clock() + delay_s * LOOP_SEC;
	tasks_push(&k->waiting, t);
}

/* ---- workers ------------------------------------------------------------ */

static void feed(struct keeper *k);

static uint64_t
late_after(const struct keeper *k)
{
	return k->settings->time_ns + LATE_GRACE_S * LOOP_SEC;
}

static void
hand_late(struct loop *l, void *ctx)
{
	struct hand *h = ctx;
	struct keeper *k = h->keeper;
	struct task *t = h->tasks.first;
	struct buf b;

	(void)l;
	if (t == NULL)
		return;
	log_warn("%.*s: examination took too long, its worker is ended",
	    SLICE_FMT(claim_envelope(t->claim)->id));
	buf_init(&b, 64);
	pack_u32(&b, h->index);
	pack_u64(&b, t->serial);
	if (wire_send(&k->self->supervisor, TELL_LATE, buf_slice(&b), NULL, 0,
		NULL) != 0)
		loop_timer_set(
		    k->loop, &h->late, loop_clock() + LOOP_SEC, hand_late, h);
	buf_fini(&b);
}

/* The first task of a hand is the one it works on. */
static void
watch_first(struct hand *h)
{
	struct keeper *k = h->keeper;

	if (h->tasks.first != NULL)
		loop_timer_set(k->loop, &h->late, loop_clock() + late_after(k),
		    hand_late, h);
	else
		loop_timer_drop(k->loop, &h->late);
}

static unsigned
retry_delay(unsigned attempts)
{
	unsigned s = FIRST_DELAY_S, i;

	if (attempts <= 1)
		return 0;
	for (i = 2; i < attempts && s < KEEPER_RETRY_MAX_S; i++)
		s *= 2;
	return s < KEEPER_RETRY_MAX_S ? s : KEEPER_RETRY_MAX_S;
}

/* The worker is gone (or said what cannot be): what it worked on is booked,
 * what merely lay beside it is not. */
static void
hand_lost(struct hand *h, const char *how)
{
	struct keeper *k = h->keeper;
	struct task *t;
	bool first = true;

	if (!wire_is_open(&h->wire))
		return;
	loop_watch_drop(k->loop, &h->watch);
	loop_timer_drop(k->loop, &h->late);
	wire_close(&h->wire);
	while ((t = tasks_pop(&h->tasks)) != NULL) {
		if (first) {
			log_warn("%.*s: its worker %s in attempt %u",
			    SLICE_FMT(claim_envelope(t->claim)->id), how,
			    claim_attempts(t->claim));
			k->counts.deaths++;
			t->alone = true;
			task_again(
			    k, t, false, retry_delay(claim_attempts(t->claim)));
		} else {
			task_again(k, t, true, 0);
		}
		first = false;
	}
}

static void
take_outcome(struct hand *h, struct wire_message *m)
{
	struct keeper *k = h->keeper;
	struct unpack u = unpack_of(m->bytes);
	uint64_t serial = unpack_u64(&u);
	struct task *t = h->tasks.first;
	const char *reason = "its parts do not unpack";
	struct fail why;

	if (!unpack_done(&u) || t == NULL || t->serial != serial ||
	    m->fd_count != 1 ||
	    wire_map(m->fds[0], PROTOCOL_OUTCOME_MAX, &t->packed, &why) != 0) {
		hand_lost(h, "answered out of order");
		return;
	}
	u = unpack_of(t->packed);
	outcome_unpack(&u, &t->outcome, t->arena);
	if (!unpack_done(&u) ||
	    !outcome_fits(&t->outcome, claim_content(t->claim).size, &reason)) {
		log_error("%.*s: outcome refused: %s",
		    SLICE_FMT(claim_envelope(t->claim)->id), reason);
		hand_lost(h, "gave an outcome that cannot be");
		return;
	}
	(void)tasks_pop(&h->tasks);
	h->alone = false;
	k->counts.examined++;
	k->counts.bytes += claim_content(t->claim).size;
	tasks_push(&k->finished, t);
	watch_first(h);
}

static void
hand_message(struct hand *h, struct wire_message *m)
{
	struct keeper *k = h->keeper;
	struct unpack u;
	uint64_t serial;
	uint32_t seconds;

	switch (m->type) {
	case TELL_OUTCOME:
		take_outcome(h, m);
		break;
	case TELL_RETIRE:
		h->retiring = true;
		break;
	case TELL_WAIT:
		u = unpack_of(m->bytes);
		serial = unpack_u64(&u);
		seconds = unpack_u32(&u);
		if (unpack_done(&u) && h->tasks.first != NULL &&
		    h->tasks.first->serial == serial &&
		    seconds * LOOP_SEC <=
			k->settings->virus_time_ns + 60 * LOOP_SEC)
			loop_timer_set(k->loop, &h->late,
			    loop_clock() + late_after(k) + seconds * LOOP_SEC,
			    hand_late, h);
		break;
	default:
		break;
	}
	if (h->retiring && h->tasks.n == 0 && wire_is_open(&h->wire)) {
		loop_watch_drop(k->loop, &h->watch);
		loop_timer_drop(k->loop, &h->late);
		wire_close(&h->wire);
	}
}

static void
hand_event(struct loop *l, unsigned events, void *ctx)
{
	struct hand *h = ctx;
	int n;

	(void)l;
	(void)events;
	for (n = 0; n < KEEPER_PIPE * 4 && wire_is_open(&h->wire); n++) {
		struct wire_message m;
		struct fail why;
		int code = wire_receive(&h->wire, h->keeper->room, &m, &why);

		if (code == FAIL_AGAIN)
			return;
		if (code == FAIL_PEER) {
			log_error("worker: %s", why.text);
			hand_lost(h, "broke the protocol");
			return;
		}
		if (code != 0) {
			hand_lost(h, "died");
			return;
		}
		hand_message(h, &m);
		wire_message_drop(&m);
	}
}

static void
hand_add(struct keeper *k, unsigned index, int fd)
{
	struct hand *h;
	struct fail why;

	for (h = k->hands; h != NULL; h = h->next)
		if (h->index == index)
			break;
	if (h == NULL) {
		h = arena_make(k->arena, struct hand);
		h->keeper = k;
		h->index = index;
		h->next = k->hands;
		h->wire.fd = -1;
		k->hands = h;
	}
	/* The old one is gone, its end of the wire says so a moment later. */
	hand_lost(h, "was replaced");
	h->retiring = h->alone = false;
	wire_init(&h->wire, fd, &protocol, ROLE_KEEPER, ROLE_WORKER);
	if (loop_watch_add(
		k->loop, &h->watch, fd, LOOP_READ, hand_event, h, &why) != 0) {
		log_error("keeper: %s", why.text);
		wire_close(&h->wire);
	}
}

/* ---- giving work away --------------------------------------------------- */

static struct hand *
choose_hand(struct keeper *k, bool alone)
{
	struct hand *best = NULL, *h;

	for (h = k->hands; h != NULL; h = h->next) {
		if (!wire_is_open(&h->wire) || h->retiring || h->alone ||
		    h->tasks.n >= (alone ? 1 : KEEPER_PIPE))
			continue;
		if (best == NULL || h->tasks.n < best->tasks.n)
			best = h;
	}
	return best;
}

static void
make_poison(struct keeper *k, struct task *t)
{
	const struct envelope *env = claim_envelope(t->claim);

	log_error("%.*s: every one of %u attempts to examine it failed, it is "
		  "kept whole in the quarantine",
	    SLICE_FMT(env->id), claim_attempts(t->claim));
	k->act.now = clock_wall();
	deeds_poison(&t->outcome, t->arena, k->settings->conf, env, &k->act,
	    claim_attempts(t->claim), claim_content(t->claim).size);
	t->poison = true;
	tasks_push(&k->finished, t);
}

static int
send_job(struct keeper *k, struct hand *h, struct task *t, struct fail *why)
{
	struct claim_content content = claim_content(t->claim);
	struct job job = {.serial = t->serial,
	    .attempt = claim_attempts(t->claim),
	    .offset = content.offset,
	    .size = content.size};
	struct buf env, bytes;
	int fds[2] = {content.fd, -1};
	size_t fd_count = 1;
	int code = 0;

	buf_init(&env, PROTOCOL_OUTCOME_MAX);
	buf_init(&bytes, WIRE_BYTES_MAX);
	envelope_pack(&env, claim_envelope(t->claim));
	if (env.n <= PROTOCOL_ENVELOPE_MAX) {
		job.envelope = buf_slice(&env);
	} else {
		code = wire_memfile("envelope", buf_slice(&env), why);
		if (code >= 0) {
			fds[fd_count++] = code;
			code = 0;
		}
	}
	job_pack(&bytes, &job);
	if (code == 0)
		code = wire_send(
		    &h->wire, TELL_JOB, buf_slice(&bytes), fds, fd_count, why);
	if (fds[1] >= 0)
		(void)close(fds[1]);
	buf_fini(&env);
	buf_fini(&bytes);
	(void)k;
	return code;
}

/* false: nothing more can be given away now. */
static bool
give(struct keeper *k, struct hand *h, struct task *t)
{
	unsigned max = k->settings->max_attempts;
	struct fail why;
	int code;

	if (max > 0 && claim_attempts(t->claim) >= max) {
		make_poison(k, t);
		return true;
	}
	t->serial = ++k->next_serial;
	code = claim_attempt(t->claim, &why);
	if (code == FAIL_GONE) {
		log_warn("%.*s: %s", SLICE_FMT(claim_envelope(t->claim)->id),
		    why.text);
		task_close(k, t);
		return true;
	}
	if (code != 0) {
		keeper_trouble(k, &why);
		task_again(k, t, false, 0);
		return false;
	}
	code = send_job(k, h, t, &why);
	if (code != 0) {
		task_again(k, t, true, 0);
		if (code == FAIL_GONE)
			hand_lost(h, "died");
		return code != FAIL_AGAIN;
	}
	h->alone = t->alone;
	tasks_push(&h->tasks, t);
	if (h->tasks.n == 1)
		watch_first(h);
	return true;
}

static size_t
room_in_hands(const struct keeper *k)
{
	const struct hand *h;
	size_t room = 0;

	for (h = k->hands; h != NULL; h = h->next)
		if (wire_is_open(&h->wire) && !h->retiring && !h->alone &&
		    h->tasks.n < KEEPER_PIPE)
			room += KEEPER_PIPE - h->tasks.n;
	return room;
}

/* How many more messages can be used now; 0 when none may be claimed. */
static size_t
claims_wanted(const struct keeper *k)
{
	size_t room = room_in_hands(k);

	if (!k->more || k->draining || room <= k->pending.n ||
	    k->waiting.n >= k->wait_max ||
	    (k->trouble_until > 0 && loop_clock() < k->trouble_until))
		return 0;
	room -= k->pending.n;
	return room < KEEPER_CLAIM_MAX ? room : KEEPER_CLAIM_MAX;
}

static void
claim_more(struct keeper *k)
{
	struct claim *claims[KEEPER_CLAIM_MAX];
	size_t want = claims_wanted(k);
	struct fail why;
	int n, i;

	if (want == 0)
		return;
	n = queue_claim(k->queue, claims, want, &why);
	if (n < 0) {
		keeper_trouble(k, &why);
		return;
	}
	k->more = (size_t)n == want;
	for (i = 0; i < n; i++) {
		struct arena *home = arena_new(0);
		struct task *t = arena_make(home, struct task);

		t->arena = home;
		t->claim = claims[i];
		t->taken_at = clock_wall();
		t->alone = claim_attempts(t->claim) > 0;
		k->counts.in_work++;
		tasks_push(&k->pending, t);
	}
}

/* Those whose time has come go to the front of the line. */
static void
wake_waiting(struct keeper *k)
{
	struct tasks still = {0};
	struct task *t;
	uint64_t now = loop_clock();

	if (k->trouble_until > 0 && now < k->trouble_until)
		return;
	while ((t = tasks_pop(&k->waiting)) != NULL) {
		if (k->draining) {
			struct fail why;

			if (queue_release(t->claim, &why) != 0)
				log_warn("left for recovery: %s", why.text);
			task_close(k, t);
		} else if (t->not_before <= now) {
			tasks_push(&k->pending, t);
		} else {
			tasks_push(&still, t);
		}
	}
	k->waiting = still;
}

static void
feed(struct keeper *k)
{
	size_t left;

	wake_waiting(k);
	claim_more(k);
	for (left = k->pending.n; left > 0; left--) {
		struct task *t = tasks_pop(&k->pending);
		struct hand *h = choose_hand(k, t->alone);

		if (h == NULL)
			tasks_push(&k->pending, t);
		else if (!give(k, h, t))
			break;
	}
}

/* ---- timers and signs --------------------------------------------------- */

static void
scan_due(struct loop *l, void *ctx)
{
	struct keeper *k = ctx;

	k->more = true;
	loop_timer_set(l, &k->scan_timer,
	    loop_clock() + k->settings->scan_interval_ns, scan_due, k);
}

static void
notify_event(struct loop *l, unsigned events, void *ctx)
{
	struct keeper *k = ctx;
	char dump[4096];
	uint64_t soon = loop_clock() + NOTIFY_DELAY_MS * LOOP_MS;

	(void)events;
	while (read(k->notify_watch.fd, dump, sizeof(dump)) > 0)
		continue;
	/* A file that is announced may be locked for a moment more. */
	if (!loop_timer_is_set(&k->scan_timer) || k->scan_timer.at > soon)
		loop_timer_set(l, &k->scan_timer, soon, scan_due, k);
}

static void
recover_due(struct loop *l, void *ctx)
{
	struct keeper *k = ctx;
	struct fail why;
	int n = queue_recover(k->queue, &why);

	if (n < 0)
		keeper_trouble(k, &why);
	else if (n > 0) {
		log_notice("recovery settled %d messages", n);
		k->more = true;
		k->kick = true;
	}
	/* What a killed keeper had in hand is locked until its workers have
	 * ended too: look again soon at first. */
	k->recover_s = k->recover_s == 0 ? 1 : k->recover_s * 2;
	if (k->recover_s > KEEPER_RECOVER_S)
		k->recover_s = KEEPER_RECOVER_S;
	loop_timer_set(l, &k->recover_timer,
	    loop_clock() + k->recover_s * LOOP_SEC, recover_due, k);
}

static void
count_due(struct loop *l, void *ctx)
{
	struct keeper *k = ctx;
	struct buf b;

	/* The first tells the supervisor that the queue is open. */
	if (!k->told_once ||
	    memcmp(&k->counts, &k->told, sizeof(k->counts)) != 0) {
		buf_init(&b, sizeof(struct counts));
		counts_pack(&b, &k->counts);
		if (wire_send(&k->self->supervisor, TELL_COUNTS, buf_slice(&b),
			NULL, 0, NULL) == 0) {
			k->told = k->counts;
			k->told_once = true;
		}
		buf_fini(&b);
	}
	/* Also the turn in which waiting tasks and backlogs move on. */
	backlog_flush(k);
	loop_timer_set(l, &k->count_timer,
	    loop_clock() + COUNT_EVERY_MS * LOOP_MS, count_due, k);
}

/* ---- the supervisor's words --------------------------------------------- */

static void
drain_over(struct loop *l, void *ctx)
{
	struct keeper *k = ctx;
	struct hand *h;
	struct task *t;
	struct fail why;

	log_warn("messages in hand did not end in time, they go back");
	for (h = k->hands; h != NULL; h = h->next)
		while ((t = tasks_pop(&h->tasks)) != NULL)
			task_again(k, t, true, 0);
	while ((t = tasks_pop(&k->pending)) != NULL) {
		if (queue_release(t->claim, &why) != 0)
			log_warn("left for recovery: %s", why.text);
		task_close(k, t);
	}
	loop_stop(l);
}

static void
begin_drain(struct keeper *k)
{
	struct task *t;
	struct fail why;

	if (k->draining)
		return;
	k->draining = true;
	k->trouble_until = 0;
	title_set("MailScanner: finishing batch");
	while ((t = tasks_pop(&k->pending)) != NULL) {
		if (queue_release(t->claim, &why) != 0)
			log_warn("left for recovery: %s", why.text);
		task_close(k, t);
	}
	loop_timer_set(k->loop, &k->drain_timer,
	    loop_clock() + KEEPER_DRAIN_S * LOOP_SEC, drain_over, k);
}

static void
peer_closed(struct loop *l, unsigned events, void *ctx)
{
	struct keeper *k = ctx;
	char c;

	/* These peers never speak to us: readable means gone. */
	(void)events;
	if (wire_is_open(&k->recorder) &&
	    recv(k->recorder.fd, &c, 1, MSG_DONTWAIT | MSG_PEEK) == 0) {
		loop_watch_drop(l, &k->recorder_watch);
		wire_close(&k->recorder);
	}
	if (wire_is_open(&k->helper) &&
	    recv(k->helper.fd, &c, 1, MSG_DONTWAIT | MSG_PEEK) == 0) {
		loop_watch_drop(l, &k->helper_watch);
		wire_close(&k->helper);
	}
}

static void
peer_add(struct keeper *k, unsigned role, int fd)
{
	struct wire *w = role == ROLE_RECORDER ? &k->recorder : &k->helper;
	struct loop_watch *watch =
	    role == ROLE_RECORDER ? &k->recorder_watch : &k->helper_watch;
	struct fail why;

	if (wire_is_open(w)) {
		loop_watch_drop(k->loop, watch);
		wire_close(w);
	}
	wire_init(w, fd, &protocol, ROLE_KEEPER, role);
	if (loop_watch_add(k->loop, watch, fd, 0, peer_closed, k, &why) != 0)
		log_error("keeper: %s", why.text);
}

static void
supervisor_message(struct keeper *k, struct wire_message *m)
{
	struct unpack u = unpack_of(m->bytes);
	unsigned role, index;

	if (m->type == TELL_DRAIN) {
		begin_drain(k);
		return;
	}
	if (m->type != TELL_PEER || m->fd_count != 1)
		return;
	role = unpack_u8(&u);
	index = unpack_u32(&u);
	if (role == ROLE_WORKER)
		hand_add(k, index, m->fds[0]);
	else
		peer_add(k, role, m->fds[0]);
	m->fds[0] = -1;
}

static void
supervisor_event(struct loop *l, unsigned events, void *ctx)
{
	struct keeper *k = ctx;

	(void)events;
	for (;;) {
		struct wire_message m;
		struct fail why;
		int code =
		    wire_receive(&k->self->supervisor, k->room, &m, &why);

		if (code == FAIL_AGAIN)
			return;
		if (code != 0) {
			/* Without the supervisor nobody feeds us workers. */
			loop_watch_drop(l, &k->supervisor_watch);
			begin_drain(k);
			return;
		}
		supervisor_message(k, &m);
		wire_message_drop(&m);
	}
}

/* ---- start and end ------------------------------------------------------ */

static void
watch_directories(struct keeper *k)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	const char *const *dir;
	struct fail why;

	if (fd < 0)
		return; /* the scan timer is enough, only slower */
	for (dir = k->settings->in; *dir != NULL; dir++) {
		static const char *const below[] = {"", "/qf", "/new"};
		char path[4096];
		size_t i;

		for (i = 0; i < COUNT_OF(below); i++) {
			(void)snprintf(
			    path, sizeof(path), "%s%s", *dir, below[i]);
			(void)inotify_add_watch(fd, path,
			    IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE |
				IN_ONLYDIR);
		}
	}
	if (loop_watch_add(k->loop, &k->notify_watch, fd, LOOP_READ,
		notify_event, k, &why) != 0)
		(void)close(fd);
}

static int
open_world(struct keeper *k, unsigned share, unsigned shares, struct fail *why)
{
	const struct settings *s = k->settings;
	struct queue_config cfg = {.driver = s->driver,
	    .in = s->in,
	    .out = s->out,
	    .claims = s->claims,
	    .share = share,
	    .shares = shares};
	int code = queue_open(&k->queue, &cfg, why);

	return code != 0 ? code
			 : quarantine_open(&k->quarantine, &k->keep, why);
}

/* What the configuration says, read before the files of it are out of reach.
 */
static int
read_words(struct keeper *k, struct fail *why)
{
	const struct settings *s = k->settings;
	struct templates *templates;
	int code = quarantine_configure(&k->keep, s->conf, k->arena, why);

	if (code != 0)
		return code;
	templates = templates_load(s->conf, why);
	if (templates == NULL)
		return FAIL_CONFIG;
	k->act.templates = templates;
	k->act.hostname = slice_str(s->host);
	tzset();
	return 0;
}

static void
lock_down(struct keeper *k)
{
	static const char *const read_paths[] = {
	    "/etc/localtime", "/usr/share/zoneinfo", "/proc", NULL};
	const struct settings *s = k->settings;
	struct {
		VEC_OF(const char *) list;
	} own = {0};
	const char *const *dir;
	struct jail jail = {.calls = JAIL_CALLS_FILES,
	    .drop = s->drop,
	    .uid = s->uid,
	    .gid = s->gid,
	    .user = s->user,
	    .confine_files = true,
	    .read_paths = read_paths};

	for (dir = s->in; *dir != NULL; dir++)
		*vec_push(k->arena, &own.list) = *dir;
	if (s->spool != NULL)
		*vec_push(k->arena, &own.list) = s->spool;
	*vec_push(k->arena, &own.list) = s->out;
	*vec_push(k->arena, &own.list) = s->claims;
	*vec_push(k->arena, &own.list) = k->keep.root;
	*vec_push(k->arena, &own.list) = NULL;
	jail.write_paths = own.list.at;
	role_lock(k->self, &jail);
}

static size_t
wait_max(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
	    files.rlim_cur / 4 >= KEEPER_WAIT_MAX)
		return KEEPER_WAIT_MAX;
	return files.rlim_cur / 4 > KEEPER_WAIT_LEAST ? files.rlim_cur / 4
						      : KEEPER_WAIT_LEAST;
}

static void
turn(struct keeper *k)
{
	bool busy;

	handover_finished(k);
	feed(k);
	/* Poison is finished without ever being given away. */
	handover_finished(k);
	busy = k->counts.in_work > 0;
	if (k->draining && k->counts.in_work == 0)
		loop_stop(k->loop);
	else if (!k->draining)
		title_set(busy ? "MailScanner: scanning messages"
			       : "MailScanner: waiting for messages");
}

int
keeper_main(struct role_self *self, const struct settings *s, unsigned share,
    unsigned shares)
{
	struct arena *a = arena_new(0);
	struct keeper *k = arena_make(a, struct keeper);
	struct fail why;
	int code;

	k->arena = a;
	k->self = self;
	k->settings = s;
	k->room = arena_alloc(a, WIRE_BYTES_MAX);
	k->recorder.fd = k->helper.fd = -1;
	k->more = true;
	if (loop_open(&k->loop, &why) != 0) {
		log_error("keeper: %s", why.text);
		return ROLE_EXIT_FAILED;
	}
	k->wait_max = wait_max();
	code = read_words(k, &why);
	if (code == 0) {
		lock_down(k);
		code = open_world(k, share, shares, &why);
	}
	if (code != 0) {
		log_error("keeper: %s", why.text);
		return code == FAIL_CONFIG ? ROLE_EXIT_CONFIG
					   : ROLE_EXIT_FAILED;
	}
	watch_directories(k);
	if (loop_watch_add(k->loop, &k->supervisor_watch, self->supervisor.fd,
		LOOP_READ, supervisor_event, k, &why) != 0) {
		log_error("keeper: %s", why.text);
		return ROLE_EXIT_FAILED;
	}
	role_ready(self);
	recover_due(k->loop, k);
	scan_due(k->loop, k);
	count_due(k->loop, k);
	while (!loop_stopped(k->loop)) {
		turn(k);
		if (loop_stopped(k->loop))
			break;
		if (loop_turn(k->loop, claims_wanted(k) > 0 ? 0 : UINT64_MAX,
			&why) != 0) {
			log_error("keeper: %s", why.text);
			return ROLE_EXIT_FAILED;
		}
	}
	count_due(k->loop, k);
	backlog_finish(k);
	queue_close(k->queue);
	quarantine_close(k->quarantine);
	return ROLE_EXIT_OK;
}
