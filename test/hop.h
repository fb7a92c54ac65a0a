/* hop - a next hop for tests: an SMTP or LMTP server that does as it is told.
 *
 * Each answer is a reply with its line ends, NULL for the usual one, HOP_MUTE
 * for none at all, HOP_HANG_UP for the end of the connection. A message that
 * was sent whole is a file in `dir`, as it came over the wire between 354 and
 * the final dot, dots still stuffed. Binds 127.0.0.1.
 */
#ifndef TEST_HOP_H
#define TEST_HOP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/slice.h"

#define HOP_MUTE ""
#define HOP_HANG_UP "\n"

struct hop {
	const char *dir; /* where its messages go; made */
	bool lmtp;
	const char *greeting, *hello, *xforward, *mail, *rcpt, *data, *dot;
	/* NULL, or the answer to RCPT / the dot for one recipient. */
	const char *(*rcpt_answer)(const char *line);
	const char *(*dot_answer)(const char *recipient_line);
	size_t hang_up_after; /* bytes of message text; 0: never */
	unsigned pause_ms;    /* before every answer */
	bool dribble;         /* answers come byte by byte */
	/* set by hop_start */
	pid_t pid;
	char address[64];
};

void hop_start(struct hop *h);
void hop_stop(struct hop *h);
/* Messages taken, and sessions begun. */
size_t hop_messages(const struct hop *h);
size_t hop_sessions(const struct hop *h);
/* The bytes of all messages, one after the other. */
struct slice hop_message(const struct hop *h);

#endif
