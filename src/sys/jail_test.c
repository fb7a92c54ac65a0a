#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/jail.h"
#include "test/unit.h"

/* Exit statuses of the jailed children. */
enum { STOPPED = 10, NOT_STOPPED = 11, NO_JAIL = 12 };

static void
enter(const struct jail *j, struct jail_report *r)
{
	struct fail why;

	if (jail_enter(j, r, &why) != 0)
		_exit(NO_JAIL);
}

static const struct jail pure = {.calls = JAIL_CALLS_PURE,
    .confine_files = true,
    .files = 64,
    .no_core = true};

static void
end(bool stopped)
{
	_exit(stopped ? STOPPED : NOT_STOPPED);
}

static void
try_open(void *arg)
{
	struct jail_report r;

	enter(arg, &r);
	end(open("/etc/passwd", O_RDONLY) < 0 && errno == EPERM);
}

static void
try_socket(void *arg)
{
	struct jail_report r;

	enter(arg, &r);
	end(socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM);
}

static void
try_exec(void *arg)
{
	struct jail_report r;
	char *argv[] = {NULL};

	enter(arg, &r);
	(void)execve("/bin/true", argv, argv);
	end(true);
}

static void
try_executable_memory(void *arg)
{
	struct jail_report r;

	enter(arg, &r);
	end(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
}

static void
try_fork(void *arg)
{
	struct jail_report r;

	enter(arg, &r);
	end(fork() < 0);
}

static void
try_kill_parent(void *arg)
{
	struct jail_report r;
	pid_t parent = getppid();

	enter(arg, &r);
	end(kill(parent, 0) < 0 && errno == EPERM);
}

static void
use_what_is_allowed(void *arg)
{
	struct jail_report r;
	int fds[2], memory;
	char c;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) != 0)
		_exit(NO_JAIL);
	enter(arg, &r);
	memory = memfd_create("m", MFD_CLOEXEC);
	end(memory >= 0 && write(memory, "x", 1) == 1 &&
	    send(fds[0], "a", 1, MSG_NOSIGNAL) == 1 &&
	    recv(fds[1], &c, 1, 0) == 1 && malloc(1 << 20) != NULL);
}

static struct jail pure_copy;

static int
status_of(void (*fn)(void *))
{
	pure_copy = pure;
	return unit_ends(fn, &pure_copy);
}

UNIT(pure_role_has_nothing)
{
	check_int(status_of(try_open), -1 - STOPPED);
	check_int(status_of(try_socket), -1 - STOPPED);
	check_int(status_of(try_executable_memory), -1 - STOPPED);
	check_int(status_of(try_fork), -1 - STOPPED);
	check_int(status_of(try_kill_parent), -1 - STOPPED);
}

UNIT(exec_is_deadly)
{
	check_int(status_of(try_exec), SIGSYS);
}

UNIT(allowed_calls_work)
{
	check_int(status_of(use_what_is_allowed), -1 - STOPPED);
}

static void
write_outside(void *arg)
{
	const char *dir = arg;
	const char *const writable[] = {dir, NULL};
	const struct jail j = {.calls = JAIL_CALLS_FILES,
	    .confine_files = true,
	    .write_paths = writable};
	struct jail_report r;
	char inside[300], moved[300];

	(void)snprintf(inside, sizeof(inside), "%s/inside", dir);
	(void)snprintf(moved, sizeof(moved), "%s/sub/moved", dir);
	enter(&j, &r);
	if (strstr(r.missing, "landlock") != NULL)
		_exit(NO_JAIL);
	if (creat(inside, 0600) < 0 || rename(inside, moved) != 0)
		_exit(1);
	end(open("/etc/passwd", O_RDONLY) < 0 && creat("/tmp/x", 0600) < 0);
}

UNIT(files_role_stays_in_its_directories)
{
	char dir[256], sub[300];
	int status;

	(void)snprintf(dir, sizeof(dir), "%s", unit_tmpdir());
	(void)snprintf(sub, sizeof(sub), "%s/sub", dir);
	check_int(mkdir(sub, 0700), 0);
	status = unit_ends(write_outside, dir);
	if (status == -1 - NO_JAIL)
		unit_skip("no landlock in this kernel");
	check_int(status, -1 - STOPPED);
}

static void
drop_to_nobody(void *arg)
{
	const struct jail j = {.drop = true, .uid = 65534, .gid = 65534};
	struct jail_report r;

	(void)arg;
	enter(&j, &r);
	end(getuid() == 65534 && getegid() == 65534 &&
	    getgroups(0, NULL) <= 1 && setuid(0) != 0 && r.missing[0] == '\0');
}

static void
stay(void *arg)
{
	const struct jail j = {.drop = false};
	struct jail_report r;

	(void)arg;
	enter(&j, &r);
	end((geteuid() == 0) == (strstr(r.missing, "user") != NULL));
}

UNIT(user_is_dropped_for_good)
{
	check_int(unit_ends(stay, NULL), -1 - STOPPED);
	if (geteuid() != 0)
		unit_skip("needs root");
	check_int(unit_ends(drop_to_nobody, NULL), -1 - STOPPED);
}

static void
wrong_parent(void *arg)
{
	const struct jail j = {.die_with_parent = true, .parent = 1 << 29};
	struct jail_report r;
	struct fail why;

	(void)arg;
	end(jail_enter(&j, &r, &why) == FAIL_GONE);
}

UNIT(orphan_does_not_go_on)
{
	check_int(unit_ends(wrong_parent, NULL), -1 - STOPPED);
}

UNIT(finds_users)
{
	uid_t uid = 1;
	gid_t gid = 1;
	struct fail why;

	check_int(jail_find_user("root", NULL, &uid, &gid, &why), 0);
	check_int(uid, 0);
	check_int(jail_find_user("0", "4", &uid, &gid, &why), 0);
	check_int(gid, 4);
	check_int(jail_find_user("no-such-user-here", "", &uid, &gid, &why),
	    FAIL_CONFIG);
	check_int(jail_find_user("root", "no-such-group", &uid, &gid, &why),
	    FAIL_CONFIG);
}

UNIT_MAIN(unit(pure_role_has_nothing), unit(exec_is_deadly),
    unit(allowed_calls_work), unit(files_role_stays_in_its_directories),
    unit(user_is_dropped_for_good), unit(orphan_does_not_go_on),
    unit(finds_users))
