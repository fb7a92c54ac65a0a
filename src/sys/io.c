#define _GNU_SOURCE
#include "sys/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_ROOM = 15 * 1024, OPEN_FLAGS = O_CLOEXEC | O_NOFOLLOW };

int
io_open_dir(int at, const char *name, struct fail *why)
{
	int nofollow = at == AT_FDCWD ? 0 : O_NOFOLLOW;
	int fd =
	    openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | nofollow);

	return fd < 0 ? fail_errno(why, "cannot open the directory %s", name)
		      : fd;
}

int
io_make_dir(int at, const char *name, mode_t mode, bool *made, struct fail *why)
{
	bool is_new = mkdirat(at, name, mode) == 0;

	if (made != NULL)
		*made = is_new;
	if (!is_new && errno != EEXIST)
		return fail_errno(why, "cannot make the directory %s", name);
	return io_open_dir(at, name, why);
}

DIR *
io_list(int dir, struct fail *why)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (d == NULL) {
		(void)fail_errno(why, "cannot list a directory");
		if (fd >= 0)
			(void)close(fd);
	}
	return d;
}

static int
open_regular(int dir, const char *name, int flags, struct fail *why)
{
	struct stat st;
	int fd = openat(dir, name, flags | O_NONBLOCK | OPEN_FLAGS);

	if (fd < 0)
		return fail_errno(why, "cannot open %s", name);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	(void)close(fd);
	return fail_set(why, FAIL_BAD, "%s is not a regular file", name);
}

int
io_open(int dir, const char *name, struct fail *why)
{
	return open_regular(dir, name, O_RDONLY, why);
}

int
io_open_rw(int dir, const char *name, struct fail *why)
{
	return open_regular(dir, name, O_RDWR, why);
}

int
io_create(int dir, const char *name, mode_t mode, struct fail *why)
{
	int fd =
	    openat(dir, name, O_RDWR | O_CREAT | O_EXCL | OPEN_FLAGS, mode);

	return fd < 0 ? fail_errno(why, "cannot make the file %s", name) : fd;
}

int
io_write(int fd, struct slice bytes, struct fail *why)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(why, "cannot write");
		bytes = slice_from(bytes, (size_t)n);
	}
	return 0;
}

int
io_write_at(int fd, struct slice bytes, uint64_t at, struct fail *why)
{
	while (bytes.n > 0) {
		ssize_t n = pwrite(fd, bytes.p, bytes.n, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(why, "cannot write");
		bytes = slice_from(bytes, (size_t)n);
		at += (uint64_t)n;
	}
	return 0;
}

ssize_t
io_read_at(int fd, char *to, size_t n, uint64_t at, struct fail *why)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = pread(fd, to + got, n - got, (off_t)(at + got));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return fail_errno(why, "cannot read");
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

/* Where the kernel does not copy by itself. */
static int
copy_by_hand(int from, uint64_t at, uint64_t n, int to, struct fail *why)
{
	char room[COPY_ROOM];

	while (n > 0) {
		size_t want = n < sizeof(room) ? (size_t)n : sizeof(room);
		ssize_t got = io_read_at(from, room, want, at, why);
		int rc;

		if (got < 0)
			return (int)got;
		if (got == 0)
			return fail_set(
			    why, FAIL_BAD, "a file is shorter than it was");
		rc = io_write(to, slice_of(room, (size_t)got), why);
		if (rc < 0)
			return rc;
		at += (uint64_t)got;
		n -= (uint64_t)got;
	}
	return 0;
}

int
io_copy(int from, uint64_t at, uint64_t n, int to, struct fail *why)
{
	off_t where = (off_t)at;

	/* For what fits the room plain calls are quicker. */
	while (n > COPY_ROOM) {
		ssize_t got =
		    copy_file_range(from, &where, to, NULL, (size_t)n, 0);

		if (got <= 0)
			break;
		n -= (uint64_t)got;
	}
	return copy_by_hand(from, (uint64_t)where, n, to, why);
}

int
io_sync(int fd, const char *what, struct fail *why)
{
	int rc;

	do
		rc = fsync(fd);
	while (rc < 0 && errno == EINTR);
	return rc < 0 ? fail_errno(why, "cannot sync %s", what) : 0;
}

int
io_move(
    int from, const char *name, int to, const char *new_name, struct fail *why)
{
	if (renameat2(from, name, to, new_name, RENAME_NOREPLACE) == 0)
		return 0;
	return fail_errno(why, "cannot rename %s to %s", name, new_name);
}

int
io_replace(
    int from, const char *name, int to, const char *new_name, struct fail *why)
{
	if (renameat(from, name, to, new_name) == 0)
		return 0;
	return fail_errno(why, "cannot rename %s to %s", name, new_name);
}

int
io_link(
    int from, const char *name, int to, const char *new_name, struct fail *why)
{
	if (linkat(from, name, to, new_name, 0) == 0)
		return 0;
	return fail_errno(why, "cannot link %s to %s", name, new_name);
}

bool
io_is_same(int dir, const char *name, int fd)
{
	struct stat named, open;

	return fstat(fd, &open) == 0 &&
	       fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

static int
drop(int dir, const char *name, int flags, struct fail *why)
{
	if (unlinkat(dir, name, flags) == 0 || errno == ENOENT)
		return 0;
	return fail_errno(why, "cannot remove %s", name);
}

int
io_drop(int dir, const char *name, struct fail *why)
{
	return drop(dir, name, 0, why);
}

int
io_drop_same(int dir, const char *name, int fd, struct fail *why)
{
	if (!io_is_same(dir, name, fd))
		return fail_set(
		    why, FAIL_GONE, "%s is another file by now", name);
	return drop(dir, name, 0, why);
}

int
io_drop_dir(int dir, const char *name, struct fail *why)
{
	return drop(dir, name, AT_REMOVEDIR, why);
}

int
io_lock(int fd, struct fail *why)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK
			   ? fail_set(why, FAIL_AGAIN, "locked by flock")
			   : fail_errno(why, "cannot lock");
	if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return fail_errno(why, "cannot lock");
	(void)flock(fd, LOCK_UN);
	return fail_set(why, FAIL_AGAIN, "locked by fcntl");
}
