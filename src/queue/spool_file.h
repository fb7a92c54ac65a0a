/* spool_file - the bytes of one message in our own spool (see spool.h).
 *
 * Reads nothing but what it is given a descriptor of, and writes nothing:
 * what is parsed here may be any bytes (a file that is not ours, a cut one).
 */
#ifndef QUEUE_SPOOL_FILE_H
#define QUEUE_SPOOL_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "mail/envelope.h"

enum {
	SPOOL_FILE_HEAD = 24,
	SPOOL_FILE_MUTABLE_AT = 16, /* attempts and flags */
};

struct spool_file {
	struct envelope env;
	unsigned char *states; /* one for each recipient */
	unsigned attempts;
	unsigned flags;
	uint64_t states_at;
	uint64_t offset, size; /* of the message */
};

/* An id: letters, digits, and "-" but not in front. */
bool spool_file_is_id(const char *name);
/* What stands before the message. FAIL_FULL when the envelope is too large. */
int spool_file_head(struct buf *out, const struct envelope *env,
    struct fail *why) ATTR_NODISCARD;
/* false: no file of this version. */
bool spool_file_read(
    struct spool_file *f, int fd, uint64_t file_size, struct arena *a);
/* The state in a byte of the file, given the flags that are there; and the
 * byte that says `was` until those flags are written and `next` then. */
unsigned char spool_file_state(unsigned char byte, unsigned flags);
unsigned char spool_file_stage(
    unsigned char was, unsigned char next, unsigned flags);
/* "%08llX%05lX%06X%04X": time, process, counter. Within one boot no two are
 * the same; a clock that was set back is met by names that do not replace. */
void spool_file_new_id(char *id, unsigned counter);

#endif
