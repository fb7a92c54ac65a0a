/* maildir - one message into one mailbox directory, exactly once.
 *
 * The name in the mailbox is made from a key the caller never uses for another
 * message, so an attempt that was cut off is recognised: the file stays in
 * tmp/ under that name, linked into new/, until maildir_forget is called (when
 * it is on record that the delivery is done). A second maildir_deliver with
 * the same key finds the link count at two and does nothing, also when the
 * reader has moved the message meanwhile. Order on disk: tmp file written and
 * synced, directory synced, linked into new/, new/ synced. Messages of a group
 * do each of these steps together.
 *
 * Messages are stored with LF line ends, as mailbox readers on this system
 * expect; other bytes are kept.
 */
#ifndef QUEUE_MAILDIR_H
#define QUEUE_MAILDIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/slice.h"

enum {
	MAILDIR_NAME_MAX = 200,
	MAILDIR_PATH_MAX = 4000,
	MAILDIR_GROUP_MAX = 100, /* messages that share their syncs */
};

struct maildir_message {
	struct slice key;    /* letters, digits, ".", "-", "_"; unique */
	struct slice prefix; /* header lines put in front, LF line ends */
	int fd;
	uint64_t offset, size;
};

/* The mailbox path for an address: %u local part, %d domain in lower case, %a
 * the address, %% a percent sign. Each is one file name: every byte but
 * letters, digits and "_-+=@", and dots that neither start nor end nor follow
 * a dot, becomes "%XX"; it is never empty and never longer than
 * MAILDIR_NAME_MAX (a digest then stands for its end). FAIL_CONFIG when the
 * pattern is not an absolute path or has another %. */
int maildir_path(struct buf *out, struct slice pattern, struct slice address,
    struct fail *why) ATTR_NODISCARD;
/* One of a group that shares its disk syncs. */
struct maildir_job {
	const char *dir;
	struct maildir_message message;
	int result; /* 0: durably there; else a FAIL code and its story */
	struct fail why;
};
void maildir_deliver_all(struct maildir_job *jobs, size_t n);

/* 0 when the message is durably there. The mailbox is made when missing (its
 * parents too). */
int maildir_deliver(const char *dir, const struct maildir_message *m,
    struct fail *why) ATTR_NODISCARD;
/* The delivery is on record: the key's trace in tmp/ may go. */
void maildir_forget(const char *dir, struct slice key);

#endif
