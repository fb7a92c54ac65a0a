/* quarantine - the tree of kept mail: YYYYMMDD/ID/{message,part names}.
 *
 * Every file is written under a hidden temporary name, synced and renamed, by
 * directory descriptors and without following symbolic links. Adding the same
 * files again changes nothing; files of another message that had the same id
 * on the same day are never overwritten: the directory then gets the next free
 * suffix (ID+2, ID+3 ...). Owner and modes come from Quarantine User, Group,
 * Permissions (directories get x where r is set).
 *
 * quarantine_add leaves directory entries for quarantine_sync, which makes
 * them durable once for a group of messages; nothing may be committed before.
 */
#ifndef ACT_QUARANTINE_H
#define ACT_QUARANTINE_H

#include <sys/types.h>

#include "act/outcome.h"
#include "base/fail.h"
#include "config/conf.h"
#include "queue/queue.h"

struct quarantine;

struct quarantine_config {
	const char *root; /* Quarantine Dir; made with its mode if missing */
	uid_t user;       /* (uid_t)-1: leave */
	gid_t group;      /* (gid_t)-1: leave */
	mode_t file_mode; /* 0660 */
	mode_t dir_mode;  /* 0770 */
};

/* From the configuration (root: for no particular message; lives in a). */
int quarantine_configure(struct quarantine_config *cfg, const struct conf *c,
    struct arena *a, struct fail *why) ATTR_NODISCARD;
int quarantine_open(struct quarantine **q, const struct quarantine_config *cfg,
    struct fail *why) ATTR_NODISCARD;
void quarantine_close(struct quarantine *q);

/* Write the items of one message. The items' names have passed outcome_fits.
 * FAIL_FULL, FAIL_IO ...: nothing may be committed; adding again is safe. */
int quarantine_add(struct quarantine *q, const struct keep_item *items,
    size_t n, const struct claim_content *message, struct fail *why)
    ATTR_NODISCARD;
/* Directories touched since the last call become durable. */
int quarantine_sync(struct quarantine *q, struct fail *why) ATTR_NODISCARD;

#endif
