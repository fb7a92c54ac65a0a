/* engine - asks virus scanners on behalf of one worker.
 *
 * SECURITY: may run the command-line scanners of the configuration and connect
 * to scanner daemons; sees the unpacked parts of one message; has no queue,
 * no quarantine, no history.
 */
#ifndef DAEMON_ENGINE_H
#define DAEMON_ENGINE_H

#include "daemon/role.h"
#include "daemon/settings.h"

int engine_main(
    struct role_self *self, const struct settings *s, int worker_fd);

#endif
