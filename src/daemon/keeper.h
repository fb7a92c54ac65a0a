/* keeper - owns the queue and the quarantine; looks into no message.
 *
 * Claims messages in groups, makes each attempt durable, hands the open file
 * to a worker, and carries out what comes back: quarantine, output, notices,
 * then commit, publish and retire for all that are ready at once. A worker's
 * death is booked against the message it had in hand; after Maximum Processing
 * Attempts the whole message goes to the quarantine unexamined. Disk full and
 * the like: mail stays where it is, nothing is claimed for 2 to
 * KEEPER_TROUBLE_S seconds, one log line when it begins and one when it is
 * over. A message that alone cannot be handed over is put aside and does not
 * stop the others.
 *
 * SECURITY: queue, quarantine and claim directories. No network, no exec, no
 * byte of a message is interpreted. Everything a worker says is checked
 * against the claim it speaks of.
 */
#ifndef DAEMON_KEEPER_H
#define DAEMON_KEEPER_H

#include "daemon/role.h"
#include "daemon/settings.h"

enum {
	KEEPER_PIPE = 8,       /* messages in the hands of one worker */
	KEEPER_CLAIM_MAX = 32, /* claimed at once */
	KEEPER_GROUP_MAX = 64, /* handed over at once */
	/* Waiting for another attempt, each with open files; half of what the
	 * process may open when that is less. Then nothing is claimed. */
	KEEPER_WAIT_MAX = 4096,
	KEEPER_WAIT_LEAST = 64,
	KEEPER_TROUBLE_FIRST_S = 2, /* pause after a failure of the disk; */
	KEEPER_TROUBLE_S = 30,      /* doubles up to this */
	KEEPER_HOLD_FIRST_S = 5,    /* until a check is tried again; doubles */
	KEEPER_RETRY_MAX_S = 60,
	KEEPER_RECOVER_S = 60,     /* between looks for what was left behind */
	KEEPER_DRAIN_S = 20,       /* for messages in hand at the end */
	KEEPER_BACKLOG_MAX = 1000, /* records waiting for the recorder */
	KEEPER_BACKLOG_BYTES = 16 * 1024 * 1024,
	KEEPER_BACKLOG_END_S = 5, /* for the recorder to take it at the end */
	/* Hand-overs of one message that failed while those of others went
	 * well: then it is put aside. */
	KEEPER_FAILURES_MAX = 3,
};

/* Runs until it is told to drain; returns the exit status. */
int keeper_main(struct role_self *self, const struct settings *s,
    unsigned share, unsigned shares);

#endif
