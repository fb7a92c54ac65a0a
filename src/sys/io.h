/* io - files by directory descriptor, and the few calls that make mail durable.
 *
 * The one place that renames and removes. Paths are one name below an open
 * directory; symbolic links are never followed; every descriptor is closed on
 * exec. A call that was interrupted is made again, a short one goes on.
 *
 * The order that keeps mail: io_write, io_sync(file), io_move or io_link,
 * io_sync(directory), and only then io_drop of what it came from. io_drop is
 * for names in directories that are ours alone; a name that somebody else can
 * give to another file is dropped with io_drop_same, which compares first.
 */
#ifndef SYS_IO_H
#define SYS_IO_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/fail.h"
#include "base/slice.h"

/* A directory below `at` (AT_FDCWD: any path, links in it are followed then,
 * as an administrator may have set them). */
int io_open_dir(int at, const char *name, struct fail *why) ATTR_NODISCARD;
/* The same, made with `mode` when it is missing (parents are not). *made (may
 * be NULL): it was; then the parent has to be synced. */
int io_make_dir(int at, const char *name, mode_t mode, bool *made,
    struct fail *why) ATTR_NODISCARD;
/* A stream over dir with a position of its own; NULL and *why. */
DIR *io_list(int dir, struct fail *why) ATTR_NODISCARD;

/* For reading only; a device or pipe does not block, anything but a regular
 * file is FAIL_BAD. */
int io_open(int dir, const char *name, struct fail *why) ATTR_NODISCARD;
/* The same for reading and writing in place. */
int io_open_rw(int dir, const char *name, struct fail *why) ATTR_NODISCARD;
/* A new file: FAIL_EXISTS when the name is taken. */
int io_create(int dir, const char *name, mode_t mode, struct fail *why)
    ATTR_NODISCARD;

/* All of it or a failure. */
int io_write(int fd, struct slice bytes, struct fail *why) ATTR_NODISCARD;
int io_write_at(int fd, struct slice bytes, uint64_t at, struct fail *why)
    ATTR_NODISCARD;
/* Up to n bytes from `at`; fewer only at the end of the file. */
ssize_t io_read_at(int fd, char *to, size_t n, uint64_t at, struct fail *why)
    ATTR_NODISCARD;
/* n bytes of one file behind what another has, by the kernel where it can. */
int io_copy(int from, uint64_t at, uint64_t n, int to, struct fail *why)
    ATTR_NODISCARD;
/* File or directory; `what` for the story. */
int io_sync(int fd, const char *what, struct fail *why) ATTR_NODISCARD;

/* Give a file another name; FAIL_EXISTS when that is taken. */
int io_move(int from, const char *name, int to, const char *new_name,
    struct fail *why) ATTR_NODISCARD;
/* The same, and what had the new name is gone: for files of our own. */
int io_replace(int from, const char *name, int to, const char *new_name,
    struct fail *why) ATTR_NODISCARD;
int io_link(int from, const char *name, int to, const char *new_name,
    struct fail *why) ATTR_NODISCARD;

/* `name` is the open file `fd`, by device and inode. */
bool io_is_same(int dir, const char *name, int fd);
/* Remove a name of ours; a missing one is success. */
int io_drop(int dir, const char *name, struct fail *why);
/* Remove the name if it is still the open file; FAIL_GONE when it is another.
 */
int io_drop_same(int dir, const char *name, int fd, struct fail *why)
    ATTR_NODISCARD;
/* An empty directory; a missing one is success. */
int io_drop_dir(int dir, const char *name, struct fail *why);

/* Both kinds of lock that mail software uses (flock and fcntl, as an open file
 * description lock), exclusive, without waiting: FAIL_AGAIN when somebody has
 * one of them. They end with the last descriptor. */
int io_lock(int fd, struct fail *why) ATTR_NODISCARD;

#endif
