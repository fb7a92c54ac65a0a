/* queue - where mail waits: one interface, one driver file per kind of queue.
 *
 * A message is claimed, looked at through its open file, and handed over by
 * the state machine of docs/queue-states.md:
 *	SEEN -> CLAIMED -> PREPARED -> COMMITTED -> PUBLISHED -> RETIRED
 * or RELEASED, or ASIDE. Each arrow is one system call, and the state after a
 * crash at any instruction can be read from names in our claim directory.
 * Drivers never look inside a message further than their queue format makes
 * them, and never delete anything that they do not understand (FAIL_BAD).
 *
 * Calls that take an array work on a group: the directory of each step is
 * synced once for all of them. A claim whose step fails is marked (its
 * `result`) and stays in the state it had; the others go on.
 */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "mail/edits.h"
#include "mail/envelope.h"

struct queue;
struct claim;

enum queue_state {
	QUEUE_CLAIMED,
	QUEUE_PREPARED,
	QUEUE_COMMITTED,
	QUEUE_PUBLISHED,
	QUEUE_RETIRED,
	QUEUE_RELEASED,
	QUEUE_ASIDE,
};

struct queue_config {
	const char *driver;     /* "spool", "sendmail", ... */
	const char *const *in;  /* incoming directories, expanded, NULL-ended */
	const char *out;        /* outgoing directory */
	const char *claims;     /* our directory; same file system; made 0700 */
	unsigned share, shares; /* this keeper takes names of share/shares */
	uint64_t sync_delay_ns; /* 0; tests may slow things down */
	/* What tells the MTA that mail waits in `out`: absolute path and
	 * arguments, NULL-ended, must outlive the queue. NULL: nothing. */
	const char *const *kick;
};

/* Opens and probes: same file system, local, lock kinds, no-replace rename and
 * directory fsync tried with a scratch file, owners and modes. */
int queue_open(struct queue **q, const struct queue_config *cfg,
    struct fail *why) ATTR_NODISCARD;
void queue_close(struct queue *q);

/* Claim up to `max` ready messages, oldest first (storage order when very many
 * wait). Returns how many, 0 if nothing is ready, or a FAIL code if the queue
 * itself is in trouble. Invalid files are reported once in the log. */
int queue_claim(struct queue *q, struct claim **out, size_t max,
    struct fail *why) ATTR_NODISCARD;

const struct envelope *claim_envelope(const struct claim *c);
/* A read-only file descriptor that holds the message as it came (header,
 * blank line, body) in [offset, offset + size); owned by the claim. */
struct claim_content {
	int fd;
	uint64_t offset;
	uint64_t size;
};
struct claim_content claim_content(const struct claim *c);
/* How often an examination was begun before; claim_attempt makes one more
 * durable (in the claim's name) and must be called before the message goes to
 * a worker; claim_attempt_undo takes it back (shutdown, not the mail's fault).
 */
unsigned claim_attempts(const struct claim *c);
int claim_attempt(struct claim *c, struct fail *why) ATTR_NODISCARD;
int claim_attempt_undo(struct claim *c, struct fail *why) ATTR_NODISCARD;
enum queue_state claim_state(const struct claim *c);
/* Result of the last group step for this claim: 0 or a FAIL code with story. */
int claim_result(const struct claim *c, struct fail *why);

/* What is to come out of a claim. */
struct queue_output {
	const struct edits *edits;
	/* NULL: the envelope's own recipients */
	const struct recipient *recipients;
	size_t recipient_count;
};
/* Make the output complete and invisible; queue_commit makes it durable, for
 * the whole group. Without a call to prepare a claim is committed as "not
 * delivered" (deleted or quarantined). */
int queue_prepare(struct claim *c, const struct queue_output *out,
    struct fail *why) ATTR_NODISCARD;
/* One more message of our own (notice, copy) that becomes visible together
 * with, and only if, the claim is committed. `key` names it within the claim:
 * preparing again with the same key replaces it. */
int queue_prepare_notice(struct claim *c, struct slice key,
    const struct envelope *env, struct slice bytes, struct fail *why)
    ATTR_NODISCARD;

/* The group steps; each returns the number of claims that made it. Everything
 * else the message causes (quarantine, archive, history) must be durable
 * before queue_commit. */
size_t queue_commit(struct queue *q, struct claim **group, size_t n);
size_t queue_publish(struct queue *q, struct claim **group, size_t n);
size_t queue_retire(struct queue *q, struct claim **group, size_t n);

/* Back into the incoming queue under the old name; pending output dropped. */
int queue_release(struct claim *c, struct fail *why) ATTR_NODISCARD;
/* Keep whole in the `aside` directory with a reason file, for the operator. */
int queue_aside(struct claim *c, const char *reason, struct fail *why)
    ATTR_NODISCARD;
/* Close a claim that is RETIRED, RELEASED or ASIDE (or leave it as it is on
 * disk, for recovery, in any other state). */
void claim_close(struct claim *c);

/* Drive every lockable entry of the claim directory to an end: committed ones
 * are published and retired, others released (their attempts kept). At start
 * and by timer. Returns how many entries were settled. */
int queue_recover(struct queue *q, struct fail *why) ATTR_NODISCARD;
/* Tell the MTA that mail was published; best effort, does not wait. false: it
 * is still busy with what it was told before, so ask again a little later. */
bool queue_notify(struct queue *q);
/* A new message into the outgoing queue, durable when 0 is returned. */
int queue_inject(struct queue *q, const struct envelope *env,
    struct slice bytes, struct fail *why) ATTR_NODISCARD;
/* Messages waiting in the incoming directories now. */
int queue_waiting(struct queue *q, uint64_t *count, struct fail *why);

#endif
