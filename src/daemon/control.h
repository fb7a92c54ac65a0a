/* control - the socket of `reeve status`, `reeve stop` and reload.
 *
 * A connection says one word and a line feed (status, stop, reload) and gets
 * "ok" or "fail REASON" on a line, then the text of the answer, then the end.
 * Only root and the user that runs this process are heard (SO_PEERCRED).
 *
 * SECURITY: the socket, and three questions to the supervisor.
 */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include "base/buf.h"
#include "daemon/role.h"
#include "daemon/settings.h"

enum {
	CONTROL_CLIENTS_MAX = 16,
	CONTROL_WORD_MAX = 16,
	CONTROL_SECONDS_MAX = 60, /* for one connection */
};

int control_main(struct role_self *self, const struct settings *s);

/* The other side: ask the daemon behind `socket`; its text into out.
 * FAIL_GONE: nobody is there. FAIL_PEER: it said "fail", *why has the reason.
 */
int control_ask(const char *socket, const char *word, struct buf *out,
    struct fail *why) ATTR_NODISCARD;

#endif
