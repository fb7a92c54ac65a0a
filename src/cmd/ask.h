/* ask - the commands that talk to the running daemon.
 *
 * Finds the control socket in the configuration and asks it one word.
 */
#ifndef CMD_ASK_H
#define CMD_ASK_H

#include "base/buf.h"

/* Answer into out (set up by the caller). CMD_OK, or CMD_FAILED after saying
 * why on standard error. conf: the argument of -c or NULL. */
int ask_daemon(const char *conf, const char *word, struct buf *out);

#endif
