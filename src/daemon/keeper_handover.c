/* From outcomes to the disk: quarantine, output and notices of every message
 * are durable before its commit; each step is synced once for the group. */
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/keeper_private.h"
#include "sys/clock.h"
#include "sys/io.h"

/* What the operator can do about it. */
static const char *
trouble_advice(int code)
{
	switch (code) {
	case FAIL_FULL:
		return "make room: bytes and inodes of the disk are used up, "
		       "or a quota";
	case FAIL_DENIED:
		return "look at owner and modes of the directories, and "
		       "whether the disk is mounted read-only";
	default:
		return "look at the disk and the kernel's log";
	}
}

static void
trouble_due(struct loop *l, void *ctx)
{
	struct keeper *k = ctx;

	(void)l;
	k->more = true;
}

void
keeper_trouble(struct keeper *k, const struct fail *why)
{
	uint64_t now = loop_clock();

	/* All of a group fail for one reason: that is one trouble. */
	if (k->trouble_until > now)
		return;
	if (k->counts.trouble == 0) {
		k->trouble_s = KEEPER_TROUBLE_FIRST_S;
		log_error("the queue is in trouble (%s), mail waits where it "
			  "is and is tried again every %d seconds: %s",
		    trouble_advice(why->code), KEEPER_TROUBLE_S, why->text);
	}
	k->counts.trouble = 1;
	k->trouble_until = now + k->trouble_s * LOOP_SEC;
	k->trouble_s *= 2;
	if (k->trouble_s > KEEPER_TROUBLE_S)
		k->trouble_s = KEEPER_TROUBLE_S;
	/* Nothing else may happen until then. */
	loop_timer_set(
	    k->loop, &k->trouble_timer, k->trouble_until, trouble_due, k);
}

static void
trouble_over(struct keeper *k)
{
	if (k->counts.trouble == 0)
		return;
	k->counts.trouble = 0;
	k->trouble_until = 0;
	loop_timer_drop(k->loop, &k->trouble_timer);
	k->more = true;
	log_notice("the queue works again, mail is taken as before");
}

/* This message failed again while others were handed over: it is not the
 * disk, and it must not stop the others. */
static bool
is_its_own_fault(const struct keeper *k, struct task *t)
{
	if (t->failures > 0 && t->failed_at == k->handed_over)
		return false;
	t->failures++;
	t->failed_at = k->handed_over;
	return t->failures > KEEPER_FAILURES_MAX;
}

static void
put_aside(struct keeper *k, struct task *t, const struct fail *why)
{
	struct fail aside;

	log_error("%.*s: put aside: %s",
	    SLICE_FMT(claim_envelope(t->claim)->id), why->text);
	k->counts.held++;
	if (queue_aside(t->claim, why->text, &aside) != 0)
		keeper_trouble(k, &aside);
	task_close(k, t);
}

/* A step failed for one message: what becomes of it depends on why. */
static void
step_failed(struct keeper *k, struct task *t, const struct fail *why)
{
	if (why->code == FAIL_GONE) {
		log_warn("%.*s: gone from the queue: %s",
		    SLICE_FMT(claim_envelope(t->claim)->id), why->text);
		task_close(k, t);
	} else if (why->code == FAIL_BAD || is_its_own_fault(k, t)) {
		put_aside(k, t, why);
	} else {
		if (t->failures <= 1)
			keeper_trouble(k, why);
		else
			log_error("%.*s: not handed over: %s",
			    SLICE_FMT(claim_envelope(t->claim)->id), why->text);
		task_again(k, t, true, t->failures <= 1 ? 0 : KEEPER_TROUBLE_S);
	}
}

/* The whole message as it came. */
static int
read_content(struct claim *claim, struct buf *out, struct fail *why)
{
	struct claim_content c = claim_content(claim);
	ssize_t n;
	char *p;

	buf_init(out, c.size);
	if (c.size == 0)
		return 0;
	p = buf_room(out, c.size);
	ensure(p != NULL);
	n = io_read_at(c.fd, p, c.size, c.offset, why);
	if (n < 0)
		return fail_add(why, "read message");
	out->n = (size_t)n;
	return out->n < c.size ? fail_set(why, FAIL_BAD, "message became short")
			       : 0;
}

/* A copy of the message with its edits goes somewhere else as well. */
static int
prepare_copy(struct task *t, const struct notice *n, struct fail *why)
{
	struct edits_cursor cursor = {0};
	struct buf raw, out;
	struct slice piece;
	int code = read_content(t->claim, &raw, why);

	if (code == 0) {
		buf_init(&out, edits_size(&t->outcome.edits, raw.n));
		while (edits_piece(
		    &t->outcome.edits, buf_slice(&raw), &cursor, &piece))
			(void)buf_add(&out, piece);
		code = out.full ? fail_set(why, FAIL_FULL, "copy is too large")
				: queue_prepare_notice(t->claim, n->key,
				      &n->env, buf_slice(&out), why);
		buf_fini(&out);
	}
	buf_fini(&raw);
	return code;
}

static int
prepare_task(struct keeper *k, struct task *t, struct fail *why)
{
	struct outcome *o = &t->outcome;
	struct queue_output out = {.edits = &o->edits};
	struct claim_content content = claim_content(t->claim);
	const struct notice *n;
	int code = 0;

	if (o->keep.n > 0)
		code = quarantine_add(
		    k->quarantine, o->keep.at, o->keep.n, &content, why);
	if (code == 0 && o->verb == OUTCOME_DELIVER) {
		if (o->new_recipients) {
			out.recipients = o->recipients.at;
			out.recipient_count = o->recipients.n;
		}
		code = queue_prepare(t->claim, &out, why);
	}
	vec_each (n, &o->notices) {
		if (code != 0 || o->verb == OUTCOME_HOLD)
			break;
		code = n->copy ? prepare_copy(t, n, why)
			       : queue_prepare_notice(
				     t->claim, n->key, &n->env, n->bytes, why);
	}
	return code;
}

static void
record_task(struct keeper *k, struct task *t)
{
	struct slice id = claim_envelope(t->claim)->id;
	/* An id may come again, an id at a time and a serial does not. */
	struct told_record r = {.id = id,
	    .claim = arena_printf(t->arena, "%.*s-%lld-%d-%llu", SLICE_FMT(id),
		(long long)t->taken_at, (int)getpid(),
		(unsigned long long)t->serial),
	    .json = t->outcome.record};
	const struct slice *line;
	struct buf lines;

	buf_init(&lines, PROTOCOL_RECORD_MAX / 2);
	vec_each (line, &t->outcome.log) {
		(void)buf_add(&lines, *line);
		(void)buf_addc(&lines, '\n');
	}
	r.lines = buf_slice(&lines);
	backlog_add(k, &r);
	buf_fini(&lines);
}

static void
count_done(struct keeper *k, const struct task *t)
{
	if (t->poison)
		k->counts.poison++;
	switch (t->outcome.verb) {
	case OUTCOME_DELIVER:
		k->counts.delivered++;
		break;
	case OUTCOME_DISCARD:
	case OUTCOME_REJECT:
		k->counts.discarded++;
		break;
	case OUTCOME_HOLD:
		k->counts.held++;
		break;
	case OUTCOME_RETRY:
	case OUTCOME_VERB_COUNT:
		break;
	}
}

/* Notices of a message that is put aside travel on their own. */
static void
hold_task(struct keeper *k, struct task *t)
{
	char reason[FAIL_TEXT_MAX];
	const struct notice *n;
	struct fail why;

	(void)text_printable(
	    reason, sizeof(reason), t->outcome.reason.p, t->outcome.reason.n);
	if (queue_aside(t->claim, reason, &why) != 0) {
		step_failed(k, t, &why);
		return;
	}
	log_warn("%.*s: put aside: %s", SLICE_FMT(claim_envelope(t->claim)->id),
	    reason);
	vec_each (n, &t->outcome.notices)
		if (!n->copy &&
		    queue_inject(k->queue, &n->env, n->bytes, &why) != 0)
			log_error("notice not sent: %s", why.text);
	count_done(k, t);
	record_task(k, t);
	task_close(k, t);
}

/* After the three steps of the group. */
static void
settle_task(struct keeper *k, struct task *t)
{
	struct fail why = {0};

	switch (claim_state(t->claim)) {
	case QUEUE_RETIRED:
		count_done(k, t);
		record_task(k, t);
		if (t->outcome.verb == OUTCOME_DELIVER ||
		    t->outcome.notices.n > 0)
			k->kick = true;
		task_close(k, t);
		return;
	case QUEUE_COMMITTED:
	case QUEUE_PUBLISHED:
		/* Decided; recovery goes on from what the disk says. */
		(void)claim_result(t->claim, &why);
		k->recover_s = 0;
		keeper_trouble(k, &why);
		count_done(k, t);
		record_task(k, t);
		task_close(k, t);
		return;
	case QUEUE_CLAIMED:
	case QUEUE_PREPARED:
	case QUEUE_RELEASED:
	case QUEUE_ASIDE:
		if (claim_result(t->claim, &why) == 0)
			(void)fail_set(
			    &why, FAIL_IO, "a step of the hand-over failed");
		step_failed(k, t, &why);
		return;
	}
}

/* The first looks come soon: a scanner is often only being restarted. */
static unsigned
hold_delay(struct task *t)
{
	unsigned s = KEEPER_HOLD_FIRST_S, i;

	for (i = 0; i < t->holds && s < KEEPER_RETRY_MAX_S; i++)
		s *= 2;
	t->holds++;
	return s < KEEPER_RETRY_MAX_S ? s : KEEPER_RETRY_MAX_S;
}

/* Everything about a task that precedes the commit; false: it is not part of
 * this group (any more). */
static bool
ready_to_commit(struct keeper *k, struct task *t)
{
	struct fail why;

	if (t->outcome.verb == OUTCOME_RETRY) {
		log_warn("%.*s: tried again later: %.*s",
		    SLICE_FMT(claim_envelope(t->claim)->id),
		    SLICE_FMT(t->outcome.reason));
		task_again(k, t, !t->outcome.blame, hold_delay(t));
		return false;
	}
	if (prepare_task(k, t, &why) != 0) {
		step_failed(k, t, &why);
		return false;
	}
	return true;
}

static void
hand_over(struct keeper *k, struct task **group, size_t n)
{
	struct claim *claims[KEEPER_GROUP_MAX];
	struct task *deliver[KEEPER_GROUP_MAX];
	size_t i, count = 0;
	struct fail why;

	if (quarantine_sync(k->quarantine, &why) != 0) {
		for (i = 0; i < n; i++)
			step_failed(k, group[i], &why);
		return;
	}
	for (i = 0; i < n; i++) {
		if (group[i]->outcome.verb == OUTCOME_HOLD) {
			hold_task(k, group[i]);
			continue;
		}
		deliver[count] = group[i];
		claims[count++] = group[i]->claim;
	}
	if (count == 0)
		return;
	if (queue_commit(k->queue, claims, count) > 0 &&
	    queue_publish(k->queue, claims, count) > 0 &&
	    queue_retire(k->queue, claims, count) > 0) {
		k->handed_over++;
		trouble_over(k);
	}
	for (i = 0; i < count; i++)
		settle_task(k, deliver[i]);
}

void
handover_finished(struct keeper *k)
{
	while (k->finished.n > 0) {
		struct task *group[KEEPER_GROUP_MAX];
		size_t n = 0;

		while (n < KEEPER_GROUP_MAX && k->finished.n > 0) {
			struct task *t = tasks_pop(&k->finished);

			if (ready_to_commit(k, t))
				group[n++] = t;
		}
		if (n > 0)
			hand_over(k, group, n);
	}
	if (k->kick && wire_is_open(&k->helper) &&
	    wire_send(&k->helper, TELL_KICK, SLICE(""), NULL, 0, NULL) == 0)
		k->kick = false;
}
