#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/courier_private.h"
#include "daemon/delivery.h"
#include "queue/maildir.h"
#include "queue/smtp_address.h"

/* ---- once a second ---- */

/* For the signal handler. */
static volatile struct courier_batch *watched;
static struct courier_job *volatile waiting; /* for its hop to answer */
static pid_t parent;
static int orphan_ticks;

/* A child whose parent has gone ends after its message, or in the middle of it
 * when that takes too long; either is safe. One that is to stop does not wait
 * for a hop that may never greet. */
static void
on_tick(int signo)
{
	(void)signo;
	if (getppid() != parent) {
		watched->stop = 1;
		orphan_ticks++;
	}
	if (watched->stop && waiting != NULL) {
		waiting->outcome = COURIER_UNTOUCHED;
		_exit(EXIT_SUCCESS);
	}
	if (orphan_ticks > COURIER_DRAIN_SEC)
		_exit(EXIT_FAILURE);
}

static void
watch_parent(struct courier_batch *b)
{
	struct itimerval each = {{.tv_sec = 1}, {.tv_sec = 1}};
	struct sigaction act = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	watched = b;
	(void)sigaction(SIGALRM, &act, NULL);
	(void)sigaction(SIGTERM, &ignore, NULL);
	(void)sigaction(SIGUSR1, &ignore, NULL);
	(void)setitimer(ITIMER_REAL, &each, NULL);
}

/* ---- to a Maildir ---- */

/* A batch on its way into Maildirs: its jobs in one row, message by message. */
struct drop {
	const struct courier *c;
	struct arena *arena;
	struct courier_pass *passes;
	size_t pass_count;
	struct maildir_job *jobs;
	struct smtp_delivery **to; /* of each job */
	size_t job_count;
};

static int
fill_job(
    struct drop *d, struct courier_pass *p, size_t i, struct maildir_job *j)
{
	const struct recipient *r = p->to[i].recipient;
	const struct spool_mail *m = p->mail;
	struct buf path;
	int rc;

	buf_init(&path, MAILDIR_PATH_MAX + 1);
	rc = maildir_path(
	    &path, courier_route_of(d->c, r->address)->to, r->address, &j->why);
	if (rc == 0)
		j->dir = arena_str(d->arena, buf_slice(&path));
	buf_fini(&path);
	j->message = (struct maildir_message){
	    .key = arena_printf(d->arena, "%s.%zu", m->id, p->index[i]),
	    .prefix = arena_printf(d->arena,
		"Return-Path: <%.*s>\nDelivered-To: %.*s\n",
		SLICE_FMT(m->env.sender), SLICE_FMT(r->address)),
	    .fd = m->fd,
	    .offset = m->offset,
	    .size = m->size,
	};
	return rc;
}

/* The recipient's result from what became of its job. */
static void
take_job(struct smtp_delivery *to, const struct maildir_job *j)
{
	if (j->result == 0)
		smtp_result_set(&to->result, SMTP_RESULT_DELIVERED, "2.0.0",
		    "Delivered to the mailbox");
	else
		smtp_result_set(&to->result, SMTP_RESULT_TEMPORARY,
		    j->result == FAIL_FULL ? "4.2.2" : "4.2.0", j->why.text);
}

static void
collect_jobs(struct drop *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->pass_count; i++)
		n += d->passes[i].count;
	d->jobs = arena_array(d->arena, n, sizeof(*d->jobs));
	d->to = arena_array(d->arena, n, sizeof(struct smtp_delivery *));
	for (size_t i = 0; i < d->pass_count; i++)
		for (size_t k = 0; k < d->passes[i].count; k++) {
			struct courier_pass *p = &d->passes[i];
			struct maildir_job *j = &d->jobs[d->job_count];
			bool utf8;

			if (!smtp_address_check(
				p->to[k].recipient->address, &utf8)) {
				smtp_result_set(&p->to[k].result,
				    SMTP_RESULT_PERMANENT, "5.1.3",
				    "The address cannot be one");
				continue;
			}
			if (fill_job(d, p, k, j) < 0) {
				smtp_result_set(&p->to[k].result,
				    SMTP_RESULT_TEMPORARY, "4.3.5",
				    j->why.text);
				continue;
			}
			d->to[d->job_count++] = &p->to[k];
		}
}

static void
forget_jobs(const struct drop *d, const struct courier_pass *p)
{
	for (size_t i = 0; i < d->job_count; i++)
		if (d->jobs[i].result == 0 && d->to[i] >= p->to &&
		    d->to[i] < p->to + p->count)
			maildir_forget(d->jobs[i].dir, d->jobs[i].message.key);
}

/* What was delivered is recorded, and only then its traces may go. */
static void
record_drop(struct drop *d)
{
	struct courier_pass **done =
	    arena_array(d->arena, d->pass_count, sizeof(*done));
	size_t n = 0;

	for (size_t i = 0; i < d->pass_count; i++) {
		struct courier_pass *p = &d->passes[i];

		if (courier_pass_settle(p))
			done[n++] = p;
		else if (p->job->outcome != COURIER_TROUBLE)
			forget_jobs(d, p);
	}
	if (courier_pass_remove(done, n) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		forget_jobs(d, done[i]);
}

static void
run_maildir(const struct courier *c, unsigned lane, struct courier_batch *b)
{
	struct drop d = {.c = c, .arena = arena_new(0)};

	d.passes = arena_array(d.arena, b->n, sizeof(*d.passes));
	for (size_t i = 0; i < b->n && !b->stop; i++) {
		struct courier_pass *p = &d.passes[d.pass_count];

		if (courier_pass_open(p, c, lane, &b->jobs[i]))
			d.pass_count++;
		else
			courier_pass_close(p);
	}
	collect_jobs(&d);
	for (size_t i = 0; i < d.job_count; i += MAILDIR_GROUP_MAX)
		maildir_deliver_all(d.jobs + i,
		    d.job_count - i < MAILDIR_GROUP_MAX ? d.job_count - i
							: MAILDIR_GROUP_MAX);
	for (size_t i = 0; i < d.job_count; i++)
		take_job(d.to[i], &d.jobs[i]);
	record_drop(&d);
	for (size_t i = 0; i < d.pass_count; i++)
		courier_pass_close(&d.passes[i]);
	arena_free(d.arena);
}

/* ---- to a hop ---- */

struct hop {
	const struct courier *c;
	const struct courier_route *route;
	struct delivery *session;
	char text[NET_TEXT_MAX];
	bool dead;
	struct fail why; /* when dead */
};

static bool
reach(struct hop *h, struct courier_job *job)
{
	struct delivery_settings set = {
	    .host = h->c->set.host,
	    .lmtp = h->route->kind == COURIER_LMTP,
	    .forward = true,
	    .connect_ns = h->c->set.connect_ns,
	    .reply_ns = h->c->set.reply_ns,
	};
	struct net_address at;

	if (h->session != NULL && delivery_is_ready(h->session))
		return true;
	delivery_close(h->session);
	h->session = NULL;
	if (h->dead)
		return false;
	waiting = job;
	if (net_resolve(&at, h->route->to, set.lmtp ? 24 : 25, &h->why) == 0) {
		(void)net_text(&at, h->text, sizeof(h->text));
		h->session = delivery_open(&set, &at, &h->why);
	}
	waiting = NULL;
	if (h->session != NULL)
		return true;
	/* The others of this batch need not wait for the same. */
	h->dead = true;
	log_warn("cannot use %.*s: %s", SLICE_FMT(h->route->to), h->why.text);
	return false;
}

static void
send_to_hop(struct hop *h, struct courier_pass *p)
{
	const struct spool_mail *m = p->mail;
	struct delivery_content content = {
	    .fd = m->fd, .offset = m->offset, .size = m->size};
	struct delivery_facts facts;
	struct smtp_job job = {.env = &m->env, .to = p->to, .count = p->count};
	struct fail why;

	if (courier_pass_loops(p))
		return;
	if (!reach(h, p->job)) {
		courier_pass_result(
		    p, SMTP_RESULT_TEMPORARY, "4.4.1", h->why.text);
		return;
	}
	(void)snprintf(p->hop, sizeof(p->hop), "%s", h->text);
	if (delivery_examine(&content, &facts, &why) < 0) {
		courier_pass_result(
		    p, SMTP_RESULT_TEMPORARY, "4.3.0", why.text);
		return;
	}
	job.size = facts.wire_size;
	job.eight_bit = facts.eight_bit;
	job.utf8_header = facts.utf8_header;
	delivery_send(h->session, &job, &content);
}

static void
finish_one(struct courier_pass *p)
{
	if (courier_pass_settle(p))
		(void)courier_pass_remove(&p, 1);
}

static bool
is_over(const struct courier_batch *b, uint64_t end)
{
	return b->stop || loop_clock() >= end;
}

static void
run_hop(const struct courier *c, unsigned lane, struct courier_batch *b)
{
	struct hop h = {.c = c, .route = c->lanes[lane].route};
	uint64_t end = loop_clock() + COURIER_BATCH_SEC * LOOP_SEC;

	/* Dead hops are a matter of bookkeeping: no limit of time for that. */
	for (size_t i = 0; i < b->n && !is_over(b, h.dead ? UINT64_MAX : end);
	     i++) {
		struct courier_pass p;

		if (courier_pass_open(&p, c, lane, &b->jobs[i])) {
			send_to_hop(&h, &p);
			finish_one(&p);
		}
		courier_pass_close(&p);
	}
	delivery_close(h.session);
	b->hop_failed = h.dead;
}

/* ---- to a program, and to nowhere ---- */

static void
run_one_by_one(const struct courier *c, unsigned lane, struct courier_batch *b)
{
	uint64_t end = loop_clock() + COURIER_BATCH_SEC * LOOP_SEC;

	for (size_t i = 0; i < b->n && !is_over(b, end); i++) {
		struct courier_pass p;

		if (courier_pass_open(&p, c, lane, &b->jobs[i])) {
			if (c->lanes[lane].route == NULL)
				courier_pass_result(&p, SMTP_RESULT_TEMPORARY,
				    "4.4.4",
				    "No Delivery Route takes this address");
			else if (!courier_pass_loops(&p))
				courier_pipe_deliver(&p);
			finish_one(&p);
		}
		courier_pass_close(&p);
	}
}

/* ---- the child ---- */

void
courier_batch_run(
    const struct courier *c, unsigned lane, struct courier_batch *b, pid_t from)
{
	const struct courier_route *r = c->lanes[lane].route;

	parent = from;
	watch_parent(b);
	if (r == NULL || r->kind == COURIER_PIPE)
		run_one_by_one(c, lane, b);
	else if (r->kind == COURIER_MAILDIR)
		run_maildir(c, lane, b);
	else
		run_hop(c, lane, b);
}
