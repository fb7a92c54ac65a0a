/* handover - takes every message of a queue through the state machine, once.
 *
 *	handover DRIVER ROOT
 * ROOT holds incoming/, outgoing/ and claims/. What a crash left is recovered
 * first, as the keeper does. Each message gets a header field; one whose text
 * holds "odd" also a changed body and another recipient; each causes one
 * notice. Ends with 0 when nothing is left to do, 1 when a step failed (the
 * story is on stderr), so that a second run can go on. test/crash/run kills
 * this program at every system call. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "queue/queue.h"
#include "sys/io.h"

enum { GROUP = 4, TEXT_MAX = 100000, PATH_MAX_ = 1000 };

static int
complain(const char *what, const struct fail *why)
{
	(void)fprintf(stderr, "handover: %s: %s\n", what, why->text);
	return 1;
}

/* The message as it came; "" when it is too long. */
static struct slice
read_message(const struct claim *c, struct arena *a)
{
	struct claim_content m = claim_content(c);
	char *p = arena_alloc(a, TEXT_MAX);
	ssize_t n = io_read_at(m.fd, p, TEXT_MAX, m.offset, NULL);

	return slice_of(p, n < 0 ? 0 : (size_t)n);
}

static int
prepare(struct claim *c, struct arena *a, struct fail *why)
{
	static const char mark[] = "odd";
	struct edits e = {.list = {.n = 0}};
	struct recipient other = {.address = SLICE("other@example.net")};
	struct queue_output out = {.edits = &e};
	struct envelope note = {.sender = SLICE("")};
	struct slice text = read_message(c, a);
	ptrdiff_t at = slice_find(text, slice_str(mark));
	struct slice notice =
	    arena_printf(a, "Subject: notice\n\nnotice for %.*s\n",
		SLICE_FMT(claim_envelope(c)->id));
	int rc;

	edits_add(&e, a, 0, 0, SLICE("X-Scanned: yes\n"));
	if (at != SLICE_NOT_FOUND) {
		edits_add(&e, a, (size_t)at, 3, SLICE("even"));
		out.recipients = &other;
		out.recipient_count = 1;
	}
	vec_push(a, &note.recipients)->address = SLICE("post@example.net");
	rc = queue_prepare(c, &out, why);
	return rc < 0 ? rc
		      : queue_prepare_notice(
			    c, SLICE("notice"), &note, notice, why);
}

/* As the keeper does; if that fails too, recovery has it. */
static void
give_back(struct claim *c)
{
	struct fail why;

	if ((claim_attempts(c) > 0 && claim_attempt_undo(c, &why) < 0) ||
	    queue_release(c, &why) < 0)
		(void)complain("release", &why);
}

/* A claim is tried and prepared; what cannot be goes back. */
static int
begin(struct claim *c, struct fail *why)
{
	struct arena *a = arena_new(0);
	int rc = claim_attempt(c, why);

	if (rc == 0)
		rc = prepare(c, a, why);
	if (rc < 0)
		give_back(c);
	arena_free(a);
	return rc;
}

static int
finish(struct queue *q, struct claim **group, size_t n)
{
	struct fail why = {0};
	size_t i, done = 0;

	(void)queue_commit(q, group, n);
	(void)queue_publish(q, group, n);
	(void)queue_retire(q, group, n);
	for (i = 0; i < n; i++) {
		if (claim_state(group[i]) == QUEUE_RETIRED) {
			done++;
		} else {
			(void)claim_result(group[i], &why);
			(void)complain(claim_envelope(group[i])->id.p, &why);
		}
		if (claim_state(group[i]) == QUEUE_CLAIMED ||
		    claim_state(group[i]) == QUEUE_PREPARED)
			give_back(group[i]);
		claim_close(group[i]);
	}
	return done == n ? 0 : 1;
}

static int
hand_over(struct queue *q)
{
	struct claim *claims[GROUP], *group[GROUP];
	struct fail why = {0};
	int n, bad = 0;

	while ((n = queue_claim(q, claims, GROUP, &why)) > 0) {
		size_t ready = 0;
		int i;

		for (i = 0; i < n; i++) {
			if (begin(claims[i], &why) == 0) {
				group[ready++] = claims[i];
				continue;
			}
			bad |= complain("prepare", &why);
			claim_close(claims[i]);
		}
		if (ready > 0)
			bad |= finish(q, group, ready);
		if (bad)
			return bad;
	}
	return n < 0 ? complain("claim", &why) : 0;
}

int
main(int argc, char **argv)
{
	char in[PATH_MAX_], out[PATH_MAX_], claims[PATH_MAX_];
	const char *ins[] = {in, NULL};
	struct queue_config cfg = {
	    .in = ins, .out = out, .claims = claims, .shares = 1};
	struct queue *q = NULL;
	struct fail why = {0};
	int bad;

	if (argc != 3) {
		(void)fprintf(stderr, "usage: handover DRIVER ROOT\n");
		return 64;
	}
	(void)snprintf(in, sizeof(in), "%s/incoming", argv[2]);
	(void)snprintf(out, sizeof(out), "%s/outgoing", argv[2]);
	(void)snprintf(claims, sizeof(claims), "%s/claims", argv[2]);
	cfg.driver = argv[1];
	if (queue_open(&q, &cfg, &why) < 0)
		return complain("open", &why);
	if (queue_recover(q, &why) < 0)
		bad = complain("recover", &why);
	else
		bad = hand_over(q);
	queue_close(q);
	return bad;
}
