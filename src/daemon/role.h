/* role - what every process of ours does first: its wires, its words, its
 * walls.
 *
 * A role is a forked child of the supervisor. role_begin, called right after
 * the fork, closes every descriptor that is not its own, sets the title and
 * where log lines go; role_lock ends the opening phase: the jail closes and
 * one log line names each wall that is missing (once per role and start).
 */
#ifndef DAEMON_ROLE_H
#define DAEMON_ROLE_H

#include "daemon/protocol.h"
#include "sys/jail.h"
#include "sys/logsink.h"

enum { ROLE_FDS_MAX = 16 };

struct role_start {
	enum role role;
	unsigned index;        /* of several of one role */
	int supervisor_fd;     /* our end of the wire to the supervisor */
	int fds[ROLE_FDS_MAX]; /* others that stay open */
	size_t fd_count;
	struct logsink *sink; /* shared; unused where the log goes by wire */
	bool log_by_wire;     /* roles without files */
	bool quiet;           /* this role's walls were logged before */
	/* Its configuration was never in force: an error in a file that it
	 * names is a reason to end, so that the old one stays. */
	bool proving;
	pid_t parent;
};

struct role_self {
	struct role_start start;
	struct wire supervisor;
	uint64_t log_dropped;
};

void role_begin(struct role_self *self, const struct role_start *start);
/* jail: calls, user, paths, limits; parent and core are filled in here. Ends
 * the process when a wall is half built. */
void role_lock(struct role_self *self, struct jail *jail);
/* Tell the supervisor that this role has what it needs. */
void role_ready(struct role_self *self);

/* Exit statuses of roles, in the supervisor's log. */
enum {
	ROLE_EXIT_OK = 0,
	ROLE_EXIT_FAILED = 1, /* said why in the log */
	ROLE_EXIT_CONFIG = 2, /* cannot start with this configuration */
	/* 77: ARENA_EXIT_CODE, out of its memory budget */
};

#endif
