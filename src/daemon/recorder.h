/* recorder - writes down what happened: log lines, JSON file, history.
 *
 * Takes finished messages from the keepers, many to a transaction. Mail does
 * not wait for it: when it is slow or gone the keepers keep a backlog and then
 * drop and count.
 *
 * SECURITY: history database, JSON file, log. No network, no exec, no bodies.
 */
#ifndef DAEMON_RECORDER_H
#define DAEMON_RECORDER_H

#include "daemon/role.h"
#include "daemon/settings.h"

enum {
	RECORDER_GROUP_MAX = 500,  /* records in one transaction */
	RECORDER_DELAY_MS = 100,   /* a transaction stays open so long */
	RECORDER_KEEPERS_MAX = 64, /* wires, old generations included */
};

int recorder_main(struct role_self *self, const struct settings *s);

#endif
