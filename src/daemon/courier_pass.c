#include <stdio.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/courier_private.h"
#include "queue/smtp_address.h"
#include "sys/io.h"

enum { HEADER_ROOM = 256 * 1024 }; /* in which Received fields are counted */

/* ---- opening ---- */

static void
refuse(struct courier_job *job, const struct courier *c, int rc,
    const struct fail *why)
{
	if (rc == FAIL_GONE) {
		job->outcome = COURIER_GONE;
		return;
	}
	if (rc == FAIL_AGAIN) {
		job->outcome = COURIER_BUSY;
		return;
	}
	if (rc != FAIL_BAD) {
		log_error("%s: %s", job->id, why->text);
		job->outcome = COURIER_TROUBLE;
		return;
	}
	log_error(
	    "%s: left as it is and looked at again in an hour", why->text);
	job->due = (int64_t)time(NULL) + COURIER_BAD_SEC;
	spool_postpone(c->spool, job->id, job->due);
	job->outcome = COURIER_WAITS;
}

/* What a crash may have left unpublished. */
static bool
finish_notices(struct courier_pass *p)
{
	struct spool_mail *m = p->mail;
	struct fail why;

	if (!(m->flags & SPOOL_FLAG_NOTICE))
		return true;
	if (courier_notices_publish(
		p->c, m, m->flags >> SPOOL_PASS_SHIFT, &why) < 0) {
		log_error("%s: %s", m->id, why.text);
		p->job->outcome = COURIER_TROUBLE;
		return false;
	}
	m->flags &= ~(unsigned)SPOOL_FLAG_NOTICE;
	return true;
}

/* The first pass of a round: is it time? */
static bool
begin_round(struct courier_pass *p)
{
	const struct spool_mail *m = p->mail;
	int64_t now = (int64_t)time(NULL);

	if (p->job->begun)
		return true;
	if (m->due > now && m->due <= now + SPOOL_FUTURE_MAX) {
		p->job->due = m->due;
		p->job->outcome = COURIER_WAITS;
		return false;
	}
	p->job->begun = true;
	p->job->tell_delay =
	    !(m->flags & SPOOL_FLAG_DELAY_TOLD) &&
	    now - m->env.received_at >= (int64_t)p->c->set.delay_sec;
	return true;
}

static void
collect(struct courier_pass *p)
{
	const struct spool_mail *m = p->mail;
	size_t n = m->env.recipients.n;

	p->to = arena_array(p->arena, n, sizeof(*p->to));
	p->index = arena_array(p->arena, n, sizeof(*p->index));
	for (size_t i = 0; i < n; i++) {
		const struct recipient *r = &m->env.recipients.at[i];

		if (m->states[i] != SPOOL_WAITING ||
		    courier_lane_of(p->c, r->address) != p->lane)
			continue;
		p->to[p->count].recipient = r;
		p->index[p->count++] = i;
	}
}

/* Where the round goes on; also when there was nothing to do here. */
static void
go_on(struct courier_pass *p)
{
	struct courier_job *job = p->job;

	job->tried[p->lane / 64] |= UINT64_C(1) << p->lane % 64;
	job->lane = courier_next_lane(p->c, job, p->mail);
	job->due = p->mail->due;
	job->outcome =
	    job->lane != COURIER_NO_LANE ? COURIER_MORE : COURIER_WAITS;
}

static bool
is_all_done(const struct spool_mail *m)
{
	for (size_t i = 0; i < m->env.recipients.n; i++)
		if (m->states[i] == SPOOL_WAITING)
			return false;
	return true;
}

bool
courier_pass_open(struct courier_pass *p, const struct courier *c,
    unsigned lane, struct courier_job *job)
{
	struct fail why;
	int rc;

	*p = (struct courier_pass){.c = c, .lane = lane, .job = job};
	job->outcome = COURIER_BEGUN;
	rc = spool_mail_open(&p->mail, c->spool, job->id, &why);
	if (rc < 0) {
		p->mail = NULL;
		refuse(job, c, rc, &why);
		return false;
	}
	p->arena = arena_new(0);
	if (!finish_notices(p))
		return false;
	if (is_all_done(p->mail)) {
		/* A crash came before the last step. */
		(void)courier_pass_remove(&p, 1);
		return false;
	}
	if (!begin_round(p))
		return false;
	collect(p);
	if (p->count > 0)
		return true;
	go_on(p);
	return false;
}

void
courier_pass_result(struct courier_pass *p, enum smtp_result_state state,
    const char *status, const char *text)
{
	for (size_t i = 0; i < p->count; i++)
		smtp_result_set(&p->to[i].result, state, status, text);
}

/* ---- recording ---- */

/* A recipient that waited too long has failed, with the last answer as the
 * reason. A message that was tried hardly ever is not too old: rather the
 * clock is wrong. */
static void
expire(struct courier_pass *p)
{
	const struct spool_mail *m = p->mail;
	int64_t age = (int64_t)time(NULL) - m->env.received_at;
	char text[SMTP_REPLY_TEXT_MAX + 64];

	if (age < 0 || (uint64_t)age < p->c->set.expire_sec ||
	    m->attempts + 1 < COURIER_EXPIRE_ATTEMPTS)
		return;
	for (size_t i = 0; i < p->count; i++) {
		struct smtp_result *r = &p->to[i].result;

		if (r->state != SMTP_RESULT_TEMPORARY)
			continue;
		(void)snprintf(text, sizeof(text),
		    "Given up after %lld hours; last answer: %s",
		    (long long)(age / 3600), r->text);
		smtp_result_set(r, SMTP_RESULT_PERMANENT, "4.4.7", text);
	}
}

static void
take_states(struct courier_pass *p)
{
	for (size_t i = 0; i < p->count; i++) {
		unsigned char *state = &p->mail->states[p->index[i]];

		if (p->to[i].result.state == SMTP_RESULT_DELIVERED)
			*state = SPOOL_DELIVERED;
		else if (p->to[i].result.state == SMTP_RESULT_PERMANENT)
			*state = SPOOL_FAILED;
	}
}

static bool
some_wait(const struct courier_pass *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->mail->states[p->index[i]] == SPOOL_WAITING)
			return true;
	return false;
}

/* The pause before the next round, and the attempt that has cost it. */
static int64_t
defer(struct courier_pass *p)
{
	const struct courier_settings *s = &p->c->set;
	struct spool_mail *m = p->mail;
	size_t n = s->retry_sec.n;
	uint64_t pause = 60;

	if (!p->job->counted)
		m->attempts++;
	p->job->counted = true;
	if (p->job->tell_delay)
		m->flags |= SPOOL_FLAG_DELAY_TOLD;
	if (n > 0)
		pause =
		    s->retry_sec.at[m->attempts <= n ? m->attempts - 1 : n - 1];
	return (int64_t)time(NULL) + (int64_t)pause;
}

static void
log_results(const struct courier_pass *p)
{
	static const char *const words[] = {[SMTP_RESULT_PENDING] = "deferred",
	    [SMTP_RESULT_ACCEPTED] = "deferred",
	    [SMTP_RESULT_DELIVERED] = "sent",
	    [SMTP_RESULT_TEMPORARY] = "deferred",
	    [SMTP_RESULT_PERMANENT] = "bounced"};
	long long age =
	    (long long)time(NULL) - (long long)p->mail->env.received_at;

	for (size_t i = 0; i < p->count; i++)
		log_info("%s: to=<%.*s>, relay=%s, delay=%lld, status=%s (%s)",
		    p->mail->id, SLICE_FMT(p->to[i].recipient->address),
		    p->hop[0] != '\0' ? p->hop : "none", age,
		    words[p->to[i].result.state], p->to[i].result.text);
}

static void
in_trouble(struct courier_pass *p, const struct fail *why)
{
	log_error("%s: %s: tried again later", p->mail->id, why->text);
	p->job->outcome = COURIER_TROUBLE;
}

bool
courier_pass_settle(struct courier_pass *p)
{
	struct spool_mail *m = p->mail;
	unsigned pass = (m->flags >> SPOOL_PASS_SHIFT) + 1;
	int64_t due = 0;
	struct fail why;

	expire(p);
	if (courier_notices_prepare(p, pass, &p->notices, &why) < 0) {
		in_trouble(p, &why);
		return false;
	}
	take_states(p);
	if (!p->notices && is_all_done(m)) {
		log_results(p);
		return true;
	}
	if (some_wait(p))
		due = defer(p);
	if (p->notices)
		m->flags |= SPOOL_FLAG_NOTICE;
	if (spool_mail_save(m, due, &why) < 0) {
		in_trouble(p, &why);
		return false;
	}
	log_results(p);
	if (!finish_notices(p))
		return false;
	if (is_all_done(m))
		return true;
	go_on(p);
	return false;
}

int
courier_pass_remove(struct courier_pass *const *p, size_t n)
{
	struct spool_mail **mails;
	struct arena *a;
	struct fail why;
	int rc;

	if (n == 0)
		return 0;
	a = arena_new(0);
	mails = arena_array(a, n, sizeof(*mails));
	for (size_t i = 0; i < n; i++)
		mails[i] = p[i]->mail;
	rc = spool_mail_remove_all(mails, n, &why);
	for (size_t i = 0; i < n; i++) {
		p[i]->job->outcome = COURIER_GONE;
		if (rc < 0)
			in_trouble(p[i], &why);
	}
	arena_free(a);
	return rc;
}

void
courier_pass_close(struct courier_pass *p)
{
	spool_mail_close(p->mail);
	arena_free(p->arena);
	*p = (struct courier_pass){.c = NULL};
}

/* ---- loops ---- */

/* Received fields in what stands before the first empty line. */
static unsigned
count_hops(struct slice text)
{
	struct slice line;
	unsigned n = 0;

	while (slice_line(&text, &line) && line.n > 0)
		n += slice_starts_ci(line, "Received:");
	return n;
}

bool
courier_pass_loops(struct courier_pass *p)
{
	const struct spool_mail *m = p->mail;
	size_t want = m->size < HEADER_ROOM ? (size_t)m->size : HEADER_ROOM;
	char *room = arena_alloc(p->arena, want);
	ssize_t n = io_read_at(m->fd, room, want, m->offset, NULL);

	if (n <= 0 || count_hops(slice_of(room, (size_t)n)) <= COURIER_HOPS_MAX)
		return false;
	courier_pass_result(p, SMTP_RESULT_PERMANENT, "5.4.6",
	    "Too many hops: the mail goes round in circles");
	return true;
}
