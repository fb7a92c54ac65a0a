/* unpack - archives and files hidden in text, until nothing is left to open.
 *
 * Every leaf of a message is looked at by content. What an archive holds
 * becomes member entities, which are looked at in turn, from a queue and
 * within limits (Maximum Archive Depth, Archive Maximum Members, Size, Ratio,
 * memory, time). An archive that cannot be opened completely is never
 * silent: too-deep, too-many, too-big, unreadable, encrypted, unsupported, or
 * an incomplete "unpack" when time was up. Members that are not packed are
 * views of the archive; nothing is ever written under a member's name.
 */
#ifndef SCAN_UNPACK_H
#define SCAN_UNPACK_H

#include "base/arena.h"
#include "mail/message.h"
#include "scan/unpacking.h"

struct unpacker;

/* What has to be opened before a jail is entered. Never NULL. */
struct unpacker *unpacker_new(void) ATTR_NODISCARD ATTR_RET_NONNULL;
void unpacker_free(struct unpacker *u); /* NULL is allowed */

/* x is filled in; x->marks tells where each entity came from. deadline:
 * monotonic nanoseconds. */
void unpack_message(struct unpacker *u, struct unpacking *x, struct message *m,
    uint64_t deadline);

#endif
