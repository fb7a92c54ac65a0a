#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/map.h"
#include "daemon/courier_private.h"

enum {
	SORT_MAX = 200,     /* messages sorted into lanes in one turn */
	PARALLEL_FROM = 16, /* that wait before a lane gets a second child */
	PARALLEL_MS = 200,  /* or when one has waited so long */
	LOCAL_CHILDREN = 4, /* at once in the Maildir and pipe lanes */
	LOOK_MOST_SEC = 60, /* between two looks into the spool */
	DEATH_PAUSE_SEC = 5,
	LOOK_LEAST_MS = 200,
	LOOK_SHARE = 20, /* a look takes at most 1/20 of the time */
};

/* A child and what it shares with us. */
struct child {
	struct arena *arena;
	struct child *next;
	struct courier *c;
	struct loop_child watch;
	struct courier_batch *batch;
	size_t size; /* of the shared memory */
	unsigned lane;
};

/* ---- jobs ---- */

static struct courier_job *
new_job(struct courier *c, const char *id)
{
	struct courier_job *j = c->spare;

	if (j == NULL)
		j = arena_make(c->arena, struct courier_job);
	else
		c->spare = j->next;
	*j = (struct courier_job){.lane = COURIER_NO_LANE};
	(void)memcpy(j->id, id, strlen(id) + 1);
	c->known++;
	return j;
}

static void
free_job(struct courier *c, struct courier_job *j)
{
	j->next = c->spare;
	c->spare = j;
	c->known--;
}

static void
add_fresh(struct courier *c, const char *id)
{
	struct courier_job *j = new_job(c, id);

	*c->fresh_last = j;
	c->fresh_last = &j->next;
}

static void
put_in_lane(struct courier *c, struct courier_job *j, unsigned lane)
{
	struct courier_lane *l = &c->lanes[lane];

	if (l->waiting == 0)
		l->since = loop_clock();
	j->next = NULL;
	*l->last = j;
	l->last = &j->next;
	l->waiting++;
}

static struct courier_job *
take_from_lane(struct courier_lane *l)
{
	struct courier_job *j = l->first;

	l->first = j->next;
	if (l->first == NULL)
		l->last = &l->first;
	l->waiting--;
	return j;
}

/* ---- looking ---- */

static void pump(struct courier *c);

static void
on_look(struct loop *l, void *ctx)
{
	struct courier *c = ctx;

	(void)l;
	c->look_now = true;
	pump(c);
}

/* When the next look is due: something becomes due, or long ago. */
static void
plan_look(struct courier *c)
{
	int64_t now = (int64_t)time(NULL), in = c->next_due - now;
	uint64_t at, least;

	if (c->draining)
		return;
	if (in < 0)
		in = 0;
	if (in > LOOK_MOST_SEC)
		in = LOOK_MOST_SEC;
	at = loop_clock() + (uint64_t)in * LOOP_SEC;
	least = c->looked + LOOK_LEAST_MS * LOOP_MS + LOOK_SHARE * c->look_took;
	if (at < least)
		at = least;
	if (at < c->trouble_until)
		at = c->trouble_until;
	loop_timer_set(c->loop, &c->look_timer, at, on_look, c);
}

static void
look_at(struct courier *c, int64_t when)
{
	if (when >= c->next_due)
		return;
	c->next_due = when;
	plan_look(c);
}

static void
know(struct map *known, const struct courier_job *list)
{
	for (; list != NULL; list = list->next)
		(void)map_add(known, slice_str(list->id), NULL);
}

static void
know_all(const struct courier *c, struct map *known)
{
	know(known, c->fresh);
	for (size_t i = 0; i < c->lane_count; i++)
		know(known, c->lanes[i].first);
	for (const struct child *x = c->children; x != NULL; x = x->next)
		for (size_t i = 0; i < x->batch->n; i++)
			(void)map_add(
			    known, slice_str(x->batch->jobs[i].id), NULL);
}

static void
in_trouble(struct courier *c)
{
	c->trouble_until = loop_clock() + COURIER_TROUBLE_SEC * LOOP_SEC;
	c->next_due = 0;
	if (!c->in_trouble)
		log_error("the spool is in trouble: nothing is delivered for "
			  "%d seconds",
		    COURIER_TROUBLE_SEC);
	c->in_trouble = true;
}

static void
look(struct courier *c)
{
	struct arena *a = arena_new(0);
	struct spool_list list = {.entries = {.n = 0}};
	uint64_t began = loop_clock();
	const struct spool_entry *e;
	struct map known;
	struct fail why;

	c->look_now = false;
	map_init(&known, a);
	know_all(c, &known);
	if (spool_due(c->spool, SPOOL_OUTGOING, (int64_t)time(NULL),
		COURIER_KNOWN_MAX, &list, &c->next_due, a, &why) < 0) {
		log_error("%s", why.text);
		in_trouble(c);
	}
	vec_each (e, &list.entries) {
		if (c->known >= COURIER_KNOWN_MAX) {
			c->next_due = 0; /* again when there is room */
			break;
		}
		if (!map_has(&known, slice_str(e->id)))
			add_fresh(c, e->id);
	}
	arena_free(a);
	c->looked = loop_clock();
	c->look_took = c->looked - began;
	plan_look(c);
}

static void
heard(const char *id, void *ctx)
{
	struct courier *c = ctx;

	if (c->known < COURIER_KNOWN_MAX)
		add_fresh(c, id);
	else
		c->next_due = 0;
}

static void
on_ear(struct loop *l, unsigned events, void *ctx)
{
	struct courier *c = ctx;

	(void)l;
	(void)events;
	if (!spool_heard(c->ear, heard, c))
		c->next_due = 0;
	if (c->next_due == 0)
		plan_look(c);
	pump(c);
}

/* ---- sorting ---- */

/* Which lane comes first: with one route there is nothing to ask. */
static bool
sort_one(struct courier *c, struct courier_job *j)
{
	struct spool_mail *mail;
	unsigned lane = COURIER_NO_LANE;
	int rc = 0;

	if (c->lane_count == 2 && slice_is(c->set.routes.at[0].domain, "*")) {
		put_in_lane(c, j, 1);
		return true;
	}
	rc = spool_mail_open(&mail, c->spool, j->id, NULL);
	if (rc == 0) {
		lane = courier_next_lane(c, j, mail);
		spool_mail_close(mail);
	}
	if (rc == FAIL_GONE || rc == FAIL_AGAIN) {
		/* A child of ours has it, or one that an earlier courier left
		 * behind and that may not end what it began. */
		if (rc == FAIL_AGAIN)
			look_at(c, (int64_t)time(NULL) + 1);
		free_job(c, j);
		return false;
	}
	/* Nobody waits, or it cannot be read: any lane's child will see. */
	put_in_lane(c, j, lane != COURIER_NO_LANE ? lane : 0);
	return true;
}

/* true when there is more. */
static bool
sort_fresh(struct courier *c)
{
	for (int i = 0; i < SORT_MAX && c->fresh != NULL; i++) {
		struct courier_job *j = c->fresh;

		c->fresh = j->next;
		if (c->fresh == NULL)
			c->fresh_last = &c->fresh;
		(void)sort_one(c, j);
	}
	return c->fresh != NULL;
}

/* ---- children ---- */

static bool
is_local(const struct courier_lane *l)
{
	return l->route == NULL || l->route->kind == COURIER_MAILDIR ||
	       l->route->kind == COURIER_PIPE;
}

/* A lane may always have one child; more only as long as all together have
 * not too many, and none when its hop is dead. */
static bool
may_start(const struct courier *c, const struct courier_lane *l, uint64_t now,
    uint64_t *again)
{
	unsigned most =
	    is_local(l) ? LOCAL_CHILDREN : (c->set.deliveries_max + 1) / 2;

	if (l->waiting == 0)
		return false;
	if (l->hold > now) {
		if (l->running == 0 && l->hold < *again)
			*again = l->hold;
		return false;
	}
	if (l->running == 0)
		return true;
	if (l->running >= most || c->running >= c->set.deliveries_max ||
	    l->failures > 0)
		return false;
	if (l->waiting >= PARALLEL_FROM ||
	    now - l->since >= PARALLEL_MS * LOOP_MS)
		return true;
	if (l->since + PARALLEL_MS * LOOP_MS < *again)
		*again = l->since + PARALLEL_MS * LOOP_MS;
	return false;
}

static void
take_back(struct courier *c, struct child *x, bool died)
{
	struct courier_lane *l = &c->lanes[x->lane];

	for (size_t i = 0; i < x->batch->n; i++) {
		const struct courier_job *from = &x->batch->jobs[i];
		struct courier_job *j = new_job(c, from->id);

		*j = *from;
		j->next = NULL;
		j->outcome = COURIER_UNTOUCHED;
		switch (from->outcome) {
		case COURIER_UNTOUCHED:
			put_in_lane(c, j, x->lane);
			continue;
		case COURIER_MORE:
			put_in_lane(c, j, from->lane);
			continue;
		case COURIER_BEGUN:
			/* Its child died. That must not happen again soon. */
			log_error("%s: delivery ended unexpectedly", j->id);
			if (died)
				spool_postpone(c->spool, j->id,
				    (int64_t)time(NULL) + DEATH_PAUSE_SEC);
			j->due = (int64_t)time(NULL) + DEATH_PAUSE_SEC;
			break;
		case COURIER_BUSY:
			j->due = (int64_t)time(NULL) + 1;
			break;
		case COURIER_TROUBLE:
			in_trouble(c);
			j->due = 0;
			break;
		case COURIER_GONE:
			j->due = INT64_MAX;
			break;
		case COURIER_WAITS:
			break;
		}
		if (j->due < c->next_due)
			c->next_due = j->due;
		free_job(c, j);
	}
	c->known -= x->batch->n;
	if (l->waiting > 0)
		l->since = loop_clock();
}

static void
judge_lane(struct courier_lane *l, const struct child *x, bool died)
{
	uint64_t pause = COURIER_HOLD_FIRST_SEC;

	if (!x->batch->hop_failed && !died) {
		l->failures = 0;
		return;
	}
	for (unsigned i = 0; i < l->failures && pause < COURIER_HOLD_MOST_SEC;
	     i++)
		pause *= 2;
	if (pause > COURIER_HOLD_MOST_SEC)
		pause = COURIER_HOLD_MOST_SEC;
	if (l->failures < UINT16_MAX)
		l->failures++;
	l->hold = loop_clock() + pause * LOOP_SEC;
}

static void
drop_child(struct courier *c, struct child *x)
{
	struct child **at = &c->children;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	c->running--;
	c->lanes[x->lane].running--;
	(void)munmap(x->batch, x->size);
	arena_free(x->arena);
}

static void
on_child(struct loop *l, pid_t pid, int status, void *ctx)
{
	struct child *x = ctx;
	struct courier *c = x->c;

	(void)pid;
	judge_lane(&c->lanes[x->lane], x, status != 0);
	take_back(c, x, status != 0);
	drop_child(c, x);
	if (c->draining && c->running == 0) {
		loop_stop(l);
		return;
	}
	plan_look(c);
	pump(c);
}

static size_t
batch_size(const struct courier_lane *l)
{
	size_t most =
	    l->failures > 0 ? COURIER_DEAD_BATCH_MAX : COURIER_BATCH_MAX;

	return l->waiting < most ? l->waiting : most;
}

/* The shared memory of a child and the jobs of the lane in it. */
static struct child *
new_child(struct courier *c, unsigned lane, struct fail *why)
{
	struct courier_lane *l = &c->lanes[lane];
	size_t n = batch_size(l);
	size_t size =
	    sizeof(struct courier_batch) + n * sizeof(struct courier_job);
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct arena *a;
	struct child *x;

	if (shared == MAP_FAILED) {
		(void)fail_errno(why, "no memory for a batch");
		return NULL;
	}
	a = arena_new(0);
	x = arena_make(a, struct child);
	*x = (struct child){.arena = a,
	    .next = c->children,
	    .c = c,
	    .batch = shared,
	    .size = size,
	    .lane = lane};
	x->batch->n = n;
	for (size_t i = 0; i < n; i++) {
		struct courier_job *j = take_from_lane(l);

		x->batch->jobs[i] = *j;
		free_job(c, j);
	}
	c->known += n;
	c->children = x;
	c->running++;
	l->running++;
	l->since = loop_clock();
	return x;
}

static void
start_child(struct courier *c, unsigned lane)
{
	struct fail why;
	struct child *x = new_child(c, lane, &why);
	pid_t parent = getpid(), pid;

	if (x == NULL) {
		log_error("%s", why.text);
		in_trouble(c);
		return;
	}
	pid = fork();
	if (pid == 0) {
		loop_forked(c->loop);
		courier_batch_run(c, lane, x->batch, parent);
		_exit(EXIT_SUCCESS);
	}
	if (pid > 0) {
		loop_child_add(c->loop, &x->watch, pid, on_child, x);
		return;
	}
	(void)fail_errno(&why, "cannot start a delivery");
	log_error("%s", why.text);
	in_trouble(c);
	take_back(c, x, false);
	drop_child(c, x);
}

static void
on_pump(struct loop *l, void *ctx)
{
	(void)l;
	pump(ctx);
}

/* Do all that can be done now, and come back when more can. */
static void
pump(struct courier *c)
{
	uint64_t now = loop_clock(), again = UINT64_MAX;

	if (c->draining)
		return;
	if (c->trouble_until > now) {
		loop_timer_set(
		    c->loop, &c->pump_timer, c->trouble_until, on_pump, c);
		return;
	}
	if (c->in_trouble) {
		log_notice("trying the spool again");
		c->in_trouble = false;
	}
	if (c->look_now)
		look(c);
	if (sort_fresh(c))
		again = now;
	for (unsigned i = 0; i < c->lane_count; i++)
		while (c->trouble_until <= now &&
		       may_start(c, &c->lanes[i], now, &again))
			start_child(c, i);
	if (again != UINT64_MAX)
		loop_timer_set(c->loop, &c->pump_timer, again, on_pump, c);
}

/* ---- the process ---- */

static void
on_drain_end(struct loop *l, void *ctx)
{
	const struct courier *c = ctx;

	log_notice("%u deliveries did not end in time", c->running);
	loop_stop(l);
}

static void
on_term(struct loop *l, int signo, void *ctx)
{
	struct courier *c = ctx;

	(void)signo;
	if (c->draining)
		return;
	c->draining = true;
	loop_timer_drop(l, &c->look_timer);
	loop_timer_drop(l, &c->pump_timer);
	for (struct child *x = c->children; x != NULL; x = x->next)
		x->batch->stop = 1;
	if (c->running == 0)
		loop_stop(l);
	loop_timer_set(l, &c->drain_timer,
	    loop_now(l) + COURIER_DRAIN_SEC * LOOP_SEC, on_drain_end, c);
}

static void
on_usr1(struct loop *l, int signo, void *ctx)
{
	struct courier *c = ctx;

	(void)l;
	(void)signo;
	c->look_now = true;
	pump(c);
}

int
courier_open(
    struct courier **out, const struct courier_settings *s, struct fail *why)
{
	struct arena *a = arena_new(0);
	struct courier *c = arena_make(a, struct courier);
	int rc;

	c->arena = a;
	c->set = *s;
	c->ear = -1;
	c->fresh_last = &c->fresh;
	rc = courier_lanes_make(c, why);
	if (rc == 0)
		rc = spool_open(&c->spool, s->spool, why);
	if (rc == 0)
		rc = c->ear = spool_listen(c->spool, SPOOL_OUTGOING, why);
	if (rc < 0) {
		courier_close(c);
		return rc;
	}
	*out = c;
	return 0;
}

int
courier_run(struct courier *c, struct fail *why)
{
	int rc = loop_open(&c->loop, why);

	if (rc == 0)
		rc = loop_signal(c->loop, SIGTERM, on_term, c, why);
	if (rc == 0)
		rc = loop_signal(c->loop, SIGINT, on_term, c, why);
	if (rc == 0)
		rc = loop_signal(c->loop, SIGUSR1, on_usr1, c, why);
	if (rc == 0)
		rc = loop_watch_add(
		    c->loop, &c->ear_watch, c->ear, LOOP_READ, on_ear, c, why);
	if (rc < 0)
		return rc;
	c->look_now = true;
	pump(c);
	return loop_run(c->loop, why);
}

void
courier_close(struct courier *c)
{
	if (c == NULL)
		return;
	while (c->children != NULL)
		drop_child(c, c->children);
	if (c->ear >= 0)
		(void)close(c->ear);
	loop_close(c->loop);
	spool_close(c->spool);
	arena_free(c->arena);
}
