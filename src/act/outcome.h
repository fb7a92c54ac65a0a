/* outcome - what a worker gives back to the keeper: all that is to be done.
 *
 * A worker has looked at a message and decided; the keeper carries it out
 * without looking inside: everything here is lengths, names checked against
 * an alphabet, and ready bytes. An outcome is packed into a memory file and
 * sent over the wire; the keeper checks it against the claim it belongs to
 * (outcome_fits) before any of it is done.
 */
#ifndef ACT_OUTCOME_H
#define ACT_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/pack.h"
#include "base/slice.h"
#include "mail/edits.h"
#include "mail/envelope.h"

enum outcome_verb {
	OUTCOME_DELIVER, /* hand over, with edits (none: byte for byte) */
	OUTCOME_DISCARD, /* not delivered: deleted or only kept by policy */
	OUTCOME_HOLD,    /* put aside for the operator, with a reason */
	OUTCOME_REJECT,  /* refuse in the protocol where that is possible, else
			    discard (the notice tells the sender) */
	OUTCOME_RETRY,   /* a check could not run and the administrator wants
			    to wait for it: back into the queue, later again */
	OUTCOME_VERB_COUNT
};

/* One file to be durable in the quarantine or an archive before COMMITTED. */
struct keep_item {
	struct slice dir;  /* below the quarantine root, "20260101/ID" */
	struct slice name; /* one path component, already made safe */
	bool whole;        /* the message as it came; else `bytes` */
	struct slice bytes;
};

/* A message of our own: notice, bounce, forward of a copy. */
struct notice {
	struct slice key; /* unique within the message: "sender", "admin" ... */
	struct envelope env;
	struct slice bytes; /* complete message, LF line ends */
	bool copy;          /* instead of bytes: the message with its edits */
};

struct outcome {
	enum outcome_verb verb;
	struct slice reason; /* for a hold, a reject or a retry */
	bool blame;          /* of a retry: the attempt counts against the
				message (else claim_attempt_undo) */
	struct edits edits;
	bool new_recipients; /* deliver to `recipients` instead of env's */
	VEC_OF(struct recipient) recipients;
	VEC_OF(struct keep_item) keep;
	VEC_OF(struct notice) notices;
	VEC_OF(struct slice) log; /* lines in MailScanner's form */
	struct slice record;      /* JSON object for log and history */
};

/* Limits on what a worker may ask for (docs/limits.md). */
enum {
	OUTCOME_KEEP_MAX = 10000,
	OUTCOME_NOTICES_MAX = 100,
	OUTCOME_LOG_MAX = 1000,
	OUTCOME_RECIPIENTS_MAX = 50000,
	OUTCOME_DIR_DEPTH_MAX = 4,    /* components of keep_item.dir */
	OUTCOME_NAME_MAX = 200,       /* bytes of one component */
	OUTCOME_TEXT_MAX = 4096,      /* of a reason, address, log line ... */
	OUTCOME_NOTICE_MAX = 1 << 24, /* bytes of one notice */
	OUTCOME_RECORD_MAX = 1 << 24,
	OUTCOME_INSERT_MAX = 1 << 26, /* bytes all edits may add */
};

void outcome_pack(struct buf *b, const struct outcome *o);
/* Slices view the packed bytes. A malformed packet sets u->bad. */
void outcome_unpack(struct unpack *u, struct outcome *o, struct arena *a);
/* All of it can be done with a message of `size` bytes: edits fit, names are
 * of the permitted alphabet, addresses hold no control bytes, counts are
 * within limits. false and *why (a printable literal) otherwise. */
bool outcome_fits(const struct outcome *o, size_t size, const char **why);
/* [A-Za-z0-9._+-]+, no leading dot, at most OUTCOME_NAME_MAX bytes. */
bool outcome_name_ok(struct slice name);

#endif
