/* supervisor - starts the processes of the house, and starts them again.
 *
 * Loads the configuration, forks one process per role (no exec: the sealed
 * configuration is inherited), introduces them to one another and waits.
 * A child that ends is started again, later each time it fails at once; its
 * exit status or signal is logged. A worker and its engine live and die
 * together. Reload: the new configuration is loaded here; a generation of new
 * keepers and workers has to open everything before the old one is drained; if
 * the file is bad or the new generation cannot start, the old one goes on. The
 * end: receivers close, keepers finish what is in hand, at most
 * SUPERVISOR_STOP_S, then everything is killed; nothing is lost by that.
 *
 * SECURITY: pids, configuration, wires. Sees no message. May stay root (to
 * drop users for its children) and then listens to nobody but them.
 */
#ifndef DAEMON_SUPERVISOR_H
#define DAEMON_SUPERVISOR_H

#include <stdbool.h>

enum {
	SUPERVISOR_STOP_S = 40,   /* from SIGTERM to SIGKILL for all */
	SUPERVISOR_PROVE_S = 30,  /* for a new generation to be ready */
	SUPERVISOR_STEADY_S = 10, /* a child that lived so long is healthy */
	SUPERVISOR_FIRST_MS = 20, /* before an ill child is started again */
	SUPERVISOR_MOST_MS = 10000,
};

/* No text begins with it. */
enum { SUPERVISOR_READY = '\006' };

struct supervisor_options {
	const char *conf; /* absolute path, NULL: built-in defaults */
	bool foreground;  /* also log to standard error */
	/* Gets SUPERVISOR_READY when mail flows, or words that say why it does
	 * not, and is closed; -1: none. */
	int ready_fd;
};

/* Returns the exit status of `reeve run`. */
int supervisor_run(const struct supervisor_options *o);

#endif
