/* virus_clamd - the words of clamd's protocol; bytes only, no socket.
 *
 * Commands are sent in their z form within a session (zIDSESSION), so each
 * reply begins with the number of its command and ends with a NUL. Whatever
 * is not exactly the reply that is due is no reply: only "N: stream: OK" and
 * "N: fd[M]: OK" are clean. Source: clamd(8).
 */
#ifndef SCAN_VIRUS_CLAMD_H
#define SCAN_VIRUS_CLAMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum { CLAMD_REPLY_MAX = 4096, CLAMD_CHUNK_HEAD = 4 };

enum clamd_ask { CLAMD_ASK_STREAM, CLAMD_ASK_FILDES };

enum clamd_answer {
	CLAMD_CLEAN,
	CLAMD_INFECTED, /* name */
	CLAMD_REFUSED,  /* clamd says it could not look: reason */
	CLAMD_GARBAGE,  /* anything else */
};

struct clamd_reply {
	enum clamd_answer answer;
	struct slice text; /* virus name or reason; a view of the reply */
};

/* The command with its NUL. */
struct slice clamd_command(enum clamd_ask ask);
/* The length that comes before a chunk of a stream; 0 ends the stream. */
void clamd_chunk_head(uint32_t size, unsigned char head[CLAMD_CHUNK_HEAD]);

/* received: everything that came since command `id` was sent; ended: the
 * connection is at its end. false: the reply is not complete yet. A complete
 * FOUND is believed also when its NUL is missing at the end; an OK is not, nor
 * one with more bytes behind it. */
bool clamd_reply_parse(struct slice received, bool ended, unsigned id,
    enum clamd_ask ask, struct clamd_reply *reply);

#endif
