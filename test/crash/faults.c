/* faults - file calls of a program under test: counted, noted, failed, or the
 * program's last.
 *
 * Linked into a test program (or preloaded) this stands in front of libc for
 * every call that a hand-over makes. Environment:
 *	REEVE_FAULT=N:ACTION	at call N: kill-before, kill-after, ENOSPC, EIO
 *	REEVE_FAULT_JOURNAL=F	append a line for each call that succeeded:
 *		op TAB path TAB path TAB offset TAB bytes in hex
 * Calls on descriptors 0-2 are not counted. Headers that give these functions
 * other names (large files, fortify) are left out on purpose. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>

long syscall(long number, ...);

enum { CREATES = 0100, TMPFILE = 020000000, AT_CWD = -100, LOCK_CMD = 37 };
enum { PATH = 4096, DATA = 1 << 17 };

static unsigned long calls, fatal_call;
static int error;    /* to fail with; 0: kill */
static int is_after; /* kill when the call has been made */
static int journal = -2;

static void
read_plan(void)
{
	const char *plan = getenv("REEVE_FAULT");
	const char *file = getenv("REEVE_FAULT_JOURNAL");
	char *end;

	journal = -1;
	if (plan != NULL) {
		fatal_call = strtoul(plan, &end, 10);
		if (strcmp(end, ":kill-after") == 0)
			is_after = 1;
		else if (strcmp(end, ":ENOSPC") == 0)
			error = ENOSPC;
		else if (strcmp(end, ":EIO") == 0)
			error = EIO;
		else if (strcmp(end, ":kill-before") != 0)
			abort();
	}
	if (file != NULL)
		journal = (int)syscall(SYS_open, file, 02101, 0600);
}

static void
die(void)
{
	(void)syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
}

/* Non-zero: the call fails, errno is set. */
static int
before(void)
{
	if (journal == -2)
		read_plan();
	if (++calls != fatal_call || is_after)
		return 0;
	if (error == 0)
		die();
	errno = error;
	return 1;
}

static void
path_of_fd(int fd, char *path)
{
	char link[64];
	long n;

	if (fd == AT_CWD) {
		(void)strcpy(path, ".");
		return;
	}
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = syscall(SYS_readlink, link, path, PATH - 1);
	path[n > 0 ? n : 0] = '\0';
}

static void
path_at(int dir, const char *name, char *path)
{
	if (name[0] == '/') {
		(void)snprintf(path, PATH, "%s", name);
		return;
	}
	path_of_fd(dir, path);
	(void)snprintf(path + strlen(path), PATH - strlen(path), "/%s", name);
}

static void
note(const char *op, const char *a, const char *b, long long at,
    const unsigned char *data, size_t n)
{
	static char line[2 * PATH + 2 * DATA + 100];
	size_t used, i;

	used = (size_t)snprintf(
	    line, sizeof(line), "%s\t%s\t%s\t%lld\t", op, a, b, at);
	for (i = 0; i < n && i < DATA; i++)
		used += (size_t)snprintf(line + used, 3, "%02x", data[i]);
	line[used++] = '\n';
	(void)syscall(SYS_write, journal, line, used);
}

/* The end of every call: dead, or its result after it was noted. */
static int
after_at(
    long rc, const char *op, int dir, const char *name, int to, const char *new)
{
	static char a[PATH], b[PATH];
	int saved = errno;

	if (calls == fatal_call && is_after)
		die();
	if (journal >= 0) {
		a[0] = b[0] = '\0';
		if (rc >= 0 && name != NULL)
			path_at(dir, name, a);
		else if (rc >= 0)
			path_of_fd(dir, a);
		if (rc >= 0 && new != NULL)
			path_at(to, new, b);
		note(rc >= 0 ? op : "failed", a, b, 0, NULL, 0);
	}
	errno = saved;
	return (int)rc;
}

#define HOOK(type, name, ...)   \
	type name(__VA_ARGS__); \
	type name(__VA_ARGS__)

/* ---- names -------------------------------------------------------------- */

static int
open_common(int dir, const char *path, int flags, mode_t mode)
{
	if (before())
		return -1;
	return after_at(syscall(SYS_openat, dir, path, flags, mode),
	    flags & CREATES ? "create" : "open", dir, path, 0, NULL);
}

static mode_t
mode_of(int flags, va_list ap)
{
	return flags & (CREATES | TMPFILE) ? (mode_t)va_arg(ap, int) : 0;
}

#define HOOK_OPEN(name)                                        \
	HOOK(int, name, const char *path, int flags, ...)      \
	{                                                      \
		va_list ap;                                    \
		mode_t mode;                                   \
                                                               \
		va_start(ap, flags);                           \
		mode = mode_of(flags, ap);                     \
		va_end(ap);                                    \
		return open_common(AT_CWD, path, flags, mode); \
	}
#define HOOK_OPENAT(name)                                          \
	HOOK(int, name, int dir, const char *path, int flags, ...) \
	{                                                          \
		va_list ap;                                        \
		mode_t mode;                                       \
                                                                   \
		va_start(ap, flags);                               \
		mode = mode_of(flags, ap);                         \
		va_end(ap);                                        \
		return open_common(dir, path, flags, mode);        \
	}
HOOK_OPEN(open)
HOOK_OPEN(open64)
HOOK_OPEN(__open_2)
HOOK_OPEN(__open64_2)
HOOK_OPENAT(openat)
HOOK_OPENAT(openat64)
HOOK_OPENAT(__openat_2)
HOOK_OPENAT(__openat64_2)

HOOK(int, mkdirat, int dir, const char *path, mode_t mode)
{
	if (before())
		return -1;
	return after_at(
	    syscall(SYS_mkdirat, dir, path, mode), "mkdir", dir, path, 0, NULL);
}

HOOK(int, renameat2, int from, const char *name, int to, const char *new,
    unsigned flags)
{
	static char a[PATH], b[PATH];
	long rc;
	int saved;

	if (before())
		return -1;
	if (journal >= 0) {
		path_at(from, name, a);
		path_at(to, new, b);
	}
	rc = syscall(SYS_renameat2, from, name, to, new, flags);
	saved = errno;
	if (calls == fatal_call && is_after)
		die();
	if (journal >= 0)
		note(rc >= 0 ? "rename" : "failed", a, b, 0, NULL, 0);
	errno = saved;
	return (int)rc;
}

int
renameat(int from, const char *name, int to, const char *new)
{
	return renameat2(from, name, to, new, 0);
}

int
rename(const char *name, const char *new)
{
	return renameat2(AT_CWD, name, AT_CWD, new, 0);
}

HOOK(
    int, linkat, int from, const char *name, int to, const char *new, int flags)
{
	if (before())
		return -1;
	return after_at(syscall(SYS_linkat, from, name, to, new, flags), "link",
	    from, name, to, new);
}

HOOK(int, unlinkat, int dir, const char *name, int flags)
{
	if (before())
		return -1;
	return after_at(syscall(SYS_unlinkat, dir, name, flags), "unlink", dir,
	    name, 0, NULL);
}

HOOK(int, unlink, const char *name)
{
	return unlinkat(AT_CWD, name, 0);
}

/* ---- descriptors -------------------------------------------------------- */

static ssize_t
wrote(int fd, long rc, const void *data, long long at)
{
	static char path[PATH];
	int saved = errno;

	if (calls == fatal_call && is_after)
		die();
	if (journal >= 0) {
		path_of_fd(fd, path);
		note(rc >= 0 ? "write" : "failed", path, "", at, data,
		    rc > 0 ? (size_t)rc : 0);
	}
	errno = saved;
	return rc;
}

HOOK(ssize_t, write, int fd, const void *data, size_t n)
{
	long long at;

	if (fd <= 2)
		return syscall(SYS_write, fd, data, n);
	if (before())
		return -1;
	at = syscall(SYS_lseek, fd, 0, 1);
	return wrote(fd, syscall(SYS_write, fd, data, n), data, at);
}

static ssize_t
pwrite_common(int fd, const void *data, size_t n, long long at)
{
	if (before())
		return -1;
	return wrote(fd, syscall(SYS_pwrite64, fd, data, n, at), data, at);
}

HOOK(ssize_t, pwrite, int fd, const void *data, size_t n, long at)
{
	return pwrite_common(fd, data, n, at);
}

HOOK(ssize_t, pwrite64, int fd, const void *data, size_t n, long at)
{
	return pwrite_common(fd, data, n, at);
}

/* Everything is written by write, so that the journal has the bytes. */
HOOK(ssize_t, copy_file_range, int in, long *in_at, int out, long *out_at,
    size_t n, unsigned flags)
{
	(void)in;
	(void)in_at;
	(void)out;
	(void)out_at;
	(void)n;
	(void)flags;
	errno = EXDEV;
	return -1;
}

static int
plain(const char *op, int fd, long rc)
{
	return after_at(rc, op, fd, NULL, 0, NULL);
}

HOOK(int, fsync, int fd)
{
	return before() ? -1 : plain("fsync", fd, syscall(SYS_fsync, fd));
}

HOOK(int, fdatasync, int fd)
{
	return before() ? -1 : plain("fsync", fd, syscall(SYS_fdatasync, fd));
}

HOOK(int, ftruncate64, int fd, long n)
{
	return before() ? -1
			: plain("trunc", fd, syscall(SYS_ftruncate, fd, n));
}

HOOK(int, fchmod, int fd, mode_t mode)
{
	return before() ? -1
			: plain("chmod", fd, syscall(SYS_fchmod, fd, mode));
}

HOOK(int, fchown, int fd, uid_t uid, gid_t gid)
{
	return before() ? -1
			: plain("chown", fd, syscall(SYS_fchown, fd, uid, gid));
}

HOOK(int, flock, int fd, int how)
{
	return before() ? -1 : plain("lock", fd, syscall(SYS_flock, fd, how));
}

static int
fcntl_common(int fd, int command, void *arg)
{
	if (command != LOCK_CMD)
		return (int)syscall(SYS_fcntl, fd, command, arg);
	return before()
		   ? -1
		   : plain("lock", fd, syscall(SYS_fcntl, fd, command, arg));
}

#define HOOK_FCNTL(name)                               \
	HOOK(int, name, int fd, int command, ...)      \
	{                                              \
		va_list ap;                            \
		void *arg;                             \
                                                       \
		va_start(ap, command);                 \
		arg = va_arg(ap, void *);              \
		va_end(ap);                            \
		return fcntl_common(fd, command, arg); \
	}
HOOK_FCNTL(fcntl)
HOOK_FCNTL(fcntl64)

HOOK(int, memfd_create, const char *name, unsigned flags)
{
	return before() ? -1
			: after_at(syscall(SYS_memfd_create, name, flags),
			      "memfd", AT_CWD, name, 0, NULL);
}

/* A descriptor is gone whatever close says. */
HOOK(int, close, int fd)
{
	int fails = before();
	int saved = errno;
	long rc = syscall(SYS_close, fd);

	if (fails) {
		errno = saved;
		return -1;
	}
	return after_at(rc, "close", AT_CWD, ".", 0, NULL);
}
