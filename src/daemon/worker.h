/* worker - looks at messages; has one read-only descriptor and nothing else.
 *
 * One message at a time: mapped, examined within a budget of memory and time,
 * answered with a sealed outcome. Viruses are asked of the engine process over
 * a wire. After WORKER_MESSAGES_MAX messages, `Restart Every` seconds, or when
 * it has grown, it asks for no more and ends. It may be killed at any instant.
 *
 * SECURITY: no files, no network, no exec, no user of any worth: seccomp,
 * landlock, resource limits. A hostile worker can return a wrong outcome for
 * the message it was given; the keeper checks that it is at least possible.
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include "daemon/role.h"
#include "daemon/settings.h"

enum {
	WORKER_MESSAGES_MAX = 10000,
	WORKER_GROWTH_MAX = 256 * 1024 * 1024, /* resident bytes, then end */
	/* Address space beyond the budget: libraries, rules, scanners. */
	WORKER_SPACE = 512 * 1024 * 1024,
};

int worker_main(struct role_self *self, const struct settings *s, int keeper_fd,
    int engine_fd);

#endif
