/* spool - our own durable queue on disk: what was taken in, what goes out.
 *
 * Below one root, on one file system: tmp/ (being written), incoming/ (to be
 * examined), outgoing/ (to be delivered). One message is one file whose name
 * is its id (letters, digits, "-"), complete and durable before it has a name
 * outside tmp/:
 *	8 bytes  "REEVE-1\n"
 *	u32      size of the envelope, u32 number of recipients
 *	u32      delivery attempts, u32 flags (SPOOL_FLAG_*)
 *	bytes    envelope (envelope_pack)
 *	bytes    one state per recipient (enum spool_state)
 *	bytes    the message as it came, to the end of the file
 * numbers little-endian. A state's byte holds what was (2 bits), what is to be
 * (2 bits) and the low 4 bits of the pass that makes it so: the states of a
 * pass are written first, and the one write of attempts and flags, which
 * counts the pass, makes all of them true at once, notices included.
 * Attempts, flags and states change in place, in the
 * outgoing directory only and under flock; a file's mtime is the time before
 * which it is not to be tried. Everything else never changes.
 *
 * Adding to the spool needs no lock. Whoever delivers holds a struct
 * spool_mail; a crash at any instruction leaves each recipient in the state
 * that was synced last.
 */
#ifndef QUEUE_SPOOL_H
#define QUEUE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "mail/envelope.h"

enum {
	SPOOL_ID_MAX = 63,
	SPOOL_ENVELOPE_MAX = 16 * 1024 * 1024,
	SPOOL_FUTURE_MAX = 2 * 24 * 3600, /* seconds a mail may be deferred */
};

enum spool_room { SPOOL_INCOMING, SPOOL_OUTGOING };

enum spool_state {
	SPOOL_WAITING,
	SPOOL_DELIVERED,
	SPOOL_FAILED, /* given up; who wants to know has been told */
};

enum {
	SPOOL_FLAG_DELAY_TOLD = 1,
	/* notifications of the pass that was saved last are complete in tmp/
	 * and may have to be published still */
	SPOOL_FLAG_NOTICE = 2,
	/* from this bit on: how many passes over its recipients were saved;
	 * one more with every save */
	SPOOL_PASS_SHIFT = 8,
};

struct spool;

/* Opens the root; the rooms are made (0700) when missing. */
int spool_open(struct spool **s, const char *root, struct fail *why)
    ATTR_NODISCARD;
void spool_close(struct spool *s); /* NULL is allowed */
/* Drop files in tmp/ that nobody has touched for `age_sec` and that were not
 * prepared (those belong to whoever knows their id). */
void spool_clean(struct spool *s, int64_t age_sec);
/* Bytes and inodes are left for a message of `size` and some reserve. */
bool spool_has_room(struct spool *s, uint64_t size);

/* ---- in ---- */

struct spool_add;

/* Begin a message. id NULL: a new id that never comes back; otherwise this one
 * (what is in tmp/ under it is replaced). The envelope's own id is set to it.
 */
int spool_add_begin(struct spool_add **add, struct spool *s,
    enum spool_room room, const struct envelope *env, const char *id,
    struct fail *why) ATTR_NODISCARD;
const char *spool_add_id(const struct spool_add *add) ATTR_RET_NONNULL;
int spool_add_write(struct spool_add *add, struct slice bytes, struct fail *why)
    ATTR_NODISCARD;
/* Make n messages durable and visible; add[i] is closed and set to NULL when
 * it is; those that could not be stay for _cancel, and the last failure is
 * told. Returns how many made it. Not for two rooms at once. */
size_t spool_add_commit(struct spool_add **add, size_t n, struct fail *why);
/* Durable in tmp/, not yet visible: the id is remembered by the caller, who
 * calls spool_publish later. Closes add when it returns 0. */
int spool_add_prepare(struct spool_add *add, struct fail *why) ATTR_NODISCARD;
void spool_add_cancel(struct spool_add *add); /* NULL is allowed */
/* Something happened in a room since the last spool_heard: a descriptor to
 * wait on (readable then), or a FAIL code; close it with close(). */
int spool_listen(struct spool *s, enum spool_room room, struct fail *why)
    ATTR_NODISCARD;
typedef void spool_heard_fn(const char *id, void *ctx);
/* Take what came: fn for each name that appeared. false: some may be lost. */
bool spool_heard(int fd, spool_heard_fn *fn, void *ctx);

/* Make a prepared message visible; none there is success (it was before). */
int spool_publish(struct spool *s, enum spool_room room, const char *id,
    struct fail *why) ATTR_NODISCARD;

/* ---- out ---- */

struct spool_entry {
	char id[SPOOL_ID_MAX + 1];
	int64_t due; /* Unix time */
};
struct spool_list {
	VEC_OF(struct spool_entry) entries;
};
/* At most `max` messages of a room that are due at `now`, and when the next
 * of the others is (INT64_MAX: never). */
int spool_due(struct spool *s, enum spool_room room, int64_t now, size_t max,
    struct spool_list *list, int64_t *next, struct arena *a, struct fail *why)
    ATTR_NODISCARD;

struct spool_mail {
	char id[SPOOL_ID_MAX + 1];
	struct envelope env;
	unsigned char *states; /* one for each recipient of env */
	unsigned attempts;
	unsigned flags;
	int64_t due; /* not to be tried before */
	int fd;
	uint64_t offset, size; /* of the message in fd */
	/* private */
	struct spool *spool;
	struct arena *arena;
	uint64_t states_at;
	unsigned char *saved; /* the states that are true on disk */
};

/* Open and lock one message of outgoing/: FAIL_AGAIN when another has it,
 * FAIL_GONE, FAIL_BAD when it is no file of ours. */
int spool_mail_open(struct spool_mail **mail, struct spool *s, const char *id,
    struct fail *why) ATTR_NODISCARD;
/* Write states, attempts and flags back and make them durable; not to be
 * tried before `due` (0: as it was). */
int spool_mail_save(struct spool_mail *m, int64_t due, struct fail *why)
    ATTR_NODISCARD;
/* All is done: the message leaves the spool. */
int spool_mail_remove(struct spool_mail *m, struct fail *why) ATTR_NODISCARD;
/* The same for n of them with one sync. 0 when all are durably gone; else any
 * of them may be there again after a crash. */
int spool_mail_remove_all(
    struct spool_mail *const *m, size_t n, struct fail *why) ATTR_NODISCARD;
/* For what cannot be opened: not to be tried before `due`; best effort. */
void spool_postpone(struct spool *s, const char *id, int64_t due);
void spool_mail_close(struct spool_mail *m); /* NULL is allowed */

#endif
