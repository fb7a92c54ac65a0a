/* helper - runs the MTA's command that looks at the outgoing queue.
 *
 * Keepers may not run commands; when they have published mail they say so
 * here, and at most every HELPER_EVERY_MS `Sendmail2` is started.
 *
 * SECURITY: may run that command; no message, no quarantine, no history.
 */
#ifndef DAEMON_HELPER_H
#define DAEMON_HELPER_H

#include "daemon/role.h"
#include "daemon/settings.h"

enum { HELPER_EVERY_MS = 500, HELPER_KEEPERS_MAX = 64 };

int helper_main(struct role_self *self, const struct settings *s);

#endif
