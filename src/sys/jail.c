#define _GNU_SOURCE
#include "sys/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/num.h"
#include "base/slice.h"

/* The sanitizers need address space and calls of their own. */
#if defined(__SANITIZE_ADDRESS__)
#define JAIL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define JAIL_SANITIZED 1
#endif
#endif
#ifndef JAIL_SANITIZED
#define JAIL_SANITIZED 0
#endif

static void
miss(struct jail_report *r, const char *wall)
{
	size_t used = strlen(r->missing);

	(void)snprintf(r->missing + used, sizeof(r->missing) - used, "%s%s",
	    used > 0 ? ", " : "", wall);
}

int
jail_find_user(const char *user, const char *group, uid_t *uid, gid_t *gid,
    struct fail *why)
{
	struct passwd *pw = getpwnam(user);
	uint64_t n;

	if (pw == NULL && num_parse_u64(slice_str(user), UINT32_MAX - 1, &n))
		pw = getpwuid((uid_t)n);
	if (pw == NULL)
		return fail_set(
		    why, FAIL_CONFIG, "there is no user \"%s\"", user);
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	if (group != NULL && group[0] != '\0') {
		struct group *gr = getgrnam(group);

		if (gr != NULL)
			*gid = gr->gr_gid;
		else if (num_parse_u64(slice_str(group), UINT32_MAX - 1, &n))
			*gid = (gid_t)n;
		else
			return fail_set(why, FAIL_CONFIG,
			    "there is no group \"%s\"", group);
	}
	return 0;
}

/* ---- resource limits ---------------------------------------------------- */

static void
limit(int resource, uint64_t value, const char *name, struct jail_report *r)
{
	struct rlimit l = {.rlim_cur = value, .rlim_max = value};
	struct rlimit now;
	/* glibc types the first argument as an enum for C. */
	__rlimit_resource_t which = (__rlimit_resource_t)resource;

	if (getrlimit(which, &now) == 0 && now.rlim_max < value)
		return;
	if (setrlimit(which, &l) != 0)
		miss(r, name);
}

static void
set_limits(const struct jail *j, struct jail_report *r)
{
	if (j->memory > 0 && !JAIL_SANITIZED)
		limit(RLIMIT_AS, j->memory, "memory limit", r);
	if (j->files > 0)
		limit(RLIMIT_NOFILE, j->files, "file limit", r);
	if (j->file_size > 0)
		limit(RLIMIT_FSIZE, j->file_size, "file size limit", r);
	if (j->no_processes)
		limit(RLIMIT_NPROC, 0, "process limit", r);
	if (j->no_core)
		limit(RLIMIT_CORE, 0, "core limit", r);
}

/* ---- user and group ----------------------------------------------------- */

static int
drop_user(const struct jail *j, struct jail_report *r, struct fail *why)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (!j->drop || (getuid() == j->uid && geteuid() == j->uid)) {
		if (geteuid() == 0)
			miss(r, "user (runs as root)");
		return 0;
	}
	if (geteuid() != 0) {
		miss(r, "user (not started as root)");
		return 0;
	}
	if ((j->user != NULL ? initgroups(j->user, j->gid)
			     : setgroups(1, &j->gid)) != 0 ||
	    setresgid(j->gid, j->gid, j->gid) != 0 ||
	    setresuid(j->uid, j->uid, j->uid) != 0)
		return fail_errno(why, "change to user %u, group %u",
		    (unsigned)j->uid, (unsigned)j->gid);
	if (getresuid(&ruid, &euid, &suid) != 0 ||
	    getresgid(&rgid, &egid, &sgid) != 0 || ruid != j->uid ||
	    euid != j->uid || suid != j->uid || rgid != j->gid ||
	    egid != j->gid || sgid != j->gid)
		return fail_set(
		    why, FAIL_DENIED, "the change of user did not hold");
	if (j->uid != 0 && (setuid(0) == 0 || seteuid(0) == 0))
		return fail_set(why, FAIL_DENIED, "root can be regained");
	return 0;
}

/* ---- landlock ------------------------------------------------------------
 */

enum {
	LAND_READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
		    LANDLOCK_ACCESS_FS_EXECUTE,
	LAND_WRITE =
	    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
	    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM |
	    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK,
	/* Rights of a file, as opposed to a directory. */
	LAND_FILE = LANDLOCK_ACCESS_FS_READ_FILE |
		    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE,
	/* Since ABI 2 and 3; not in every header. */
	LAND_REFER = 1 << 13,
	LAND_TRUNCATE = 1 << 14,
};

static bool
land_allow(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr at = {.allowed_access = rights};
	struct stat st;
	bool ok;

	at.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (at.parent_fd < 0)
		return errno == ENOENT || errno == ENOTDIR;
	if (fstat(at.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		at.allowed_access &= (uint64_t)LAND_FILE | LAND_TRUNCATE;
	ok = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		 &at, 0) == 0;
	(void)close(at.parent_fd);
	return ok;
}

static bool
land_fill(int ruleset, const struct jail *j, uint64_t handled)
{
	const char *const *p;

	for (p = j->read_paths; p != NULL && *p != NULL; p++)
		if (!land_allow(ruleset, *p, LAND_READ & handled))
			return false;
	for (p = j->write_paths; p != NULL && *p != NULL; p++)
		if (!land_allow(ruleset, *p,
			(LAND_READ | LAND_WRITE | LAND_REFER | LAND_TRUNCATE) &
			    handled))
			return false;
	return true;
}

static void
confine_files(const struct jail *j, struct jail_report *r)
{
	struct landlock_ruleset_attr attr = {
	    .handled_access_fs = LAND_READ | LAND_WRITE};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	int ruleset;
	bool ok;

	if (abi < 1) {
		miss(r, "landlock (not in this kernel)");
		return;
	}
	if (abi >= 2)
		attr.handled_access_fs |= LAND_REFER;
	if (abi >= 3)
		attr.handled_access_fs |= LAND_TRUNCATE;
	ruleset =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0) {
		miss(r, "landlock");
		return;
	}
	/* Renames between directories need REFER: without it (ABI 1) they are
	 * always refused, and a process that has to do them cannot be
	 * confined. */
	if (abi < 2 && j->write_paths != NULL)
		ok = false;
	else
		ok = land_fill(ruleset, j, attr.handled_access_fs) &&
		     syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	if (!ok)
		miss(r, "landlock");
	(void)close(ruleset);
}

/* ---- seccomp ------------------------------------------------------------ */

#define CALL(name) SCMP_SYS(name)

static const int pure_calls[] = {CALL(brk), CALL(clock_getres),
    CALL(clock_gettime), CALL(clock_nanosleep), CALL(close), CALL(close_range),
    CALL(dup), CALL(dup2), CALL(dup3), CALL(epoll_create1), CALL(epoll_ctl),
    CALL(epoll_pwait), CALL(epoll_wait), CALL(eventfd2), CALL(exit),
    CALL(exit_group), CALL(fcntl), CALL(fstat), CALL(ftruncate), CALL(futex),
    CALL(getcwd), CALL(getegid), CALL(geteuid), CALL(getgid), CALL(getpid),
    CALL(getppid), CALL(getrandom), CALL(getrusage), CALL(gettid),
    CALL(gettimeofday), CALL(getuid), CALL(lseek), CALL(madvise),
    CALL(membarrier), CALL(memfd_create), CALL(mremap), CALL(munmap),
    CALL(nanosleep), CALL(newfstatat), CALL(poll), CALL(ppoll), CALL(pread64),
    CALL(preadv), CALL(pselect6), CALL(pwrite64), CALL(read), CALL(readv),
    CALL(recvfrom), CALL(recvmsg), CALL(restart_syscall), CALL(rseq),
    CALL(rt_sigaction), CALL(rt_sigpending), CALL(rt_sigprocmask),
    CALL(rt_sigreturn), CALL(rt_sigtimedwait), CALL(sched_getaffinity),
    CALL(sched_yield), CALL(select), CALL(sendmsg), CALL(set_robust_list),
    CALL(setitimer), CALL(shutdown), CALL(sigaltstack), CALL(signalfd4),
    CALL(statx), CALL(sysinfo), CALL(tgkill), CALL(time), CALL(timer_create),
    CALL(timer_settime), CALL(uname), CALL(wait4), CALL(waitid), CALL(write),
    CALL(writev)};

static const int file_calls[] = {CALL(access), CALL(chdir), CALL(chmod),
    CALL(chown), CALL(copy_file_range), CALL(creat), CALL(faccessat),
    CALL(faccessat2), CALL(fadvise64), CALL(fallocate), CALL(fchdir),
    CALL(fchmod), CALL(fchmodat), CALL(fchown), CALL(fchownat), CALL(fdatasync),
    CALL(fgetxattr), CALL(flock), CALL(fstatfs), CALL(fsync), CALL(getdents64),
    CALL(inotify_add_watch), CALL(inotify_init1), CALL(inotify_rm_watch),
    CALL(lchown), CALL(link), CALL(linkat), CALL(lstat), CALL(mkdir),
    CALL(mkdirat), CALL(open), CALL(openat), CALL(openat2), CALL(pwritev),
    CALL(readlink), CALL(readlinkat), CALL(rename), CALL(renameat),
    CALL(renameat2), CALL(rmdir), CALL(sendfile), CALL(stat), CALL(statfs),
    CALL(symlink), CALL(symlinkat), CALL(sync_file_range), CALL(syncfs),
    CALL(truncate), CALL(umask), CALL(unlink), CALL(unlinkat), CALL(utimensat),
    CALL(pipe2), CALL(pipe), CALL(sendto), CALL(getsockopt), CALL(setsockopt),
    CALL(ioctl), CALL(msync), CALL(mlock), CALL(clone), CALL(clone3)};

static const int net_calls[] = {CALL(accept), CALL(accept4), CALL(bind),
    CALL(connect), CALL(getpeername), CALL(getsockname), CALL(listen),
    CALL(recvmmsg), CALL(sendmmsg), CALL(socket), CALL(socketpair)};

/* No innocent use in any of our processes, nor in a scanner. */
static const int attack_calls[] = {CALL(acct), CALL(add_key), CALL(bpf),
    CALL(delete_module), CALL(finit_module), CALL(init_module),
    CALL(kexec_file_load), CALL(kexec_load), CALL(keyctl), CALL(mount),
    CALL(move_mount), CALL(open_by_handle_at), CALL(perf_event_open),
    CALL(pivot_root), CALL(process_vm_readv), CALL(process_vm_writev),
    CALL(ptrace), CALL(quotactl), CALL(reboot), CALL(request_key), CALL(setns),
    CALL(swapoff), CALL(swapon), CALL(umount2), CALL(unshare),
    CALL(userfaultfd)};

static int
add_all(scmp_filter_ctx f, uint32_t action, const int *calls, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		int rc = seccomp_rule_add(f, action, calls[i], 0);

		/* -EDOM: no such call on this machine. */
		if (rc != 0 && rc != -EDOM)
			return rc;
	}
	return 0;
}

/* Calls that depend on an argument. */
static int
add_conditional(scmp_filter_ctx f, enum jail_calls calls)
{
	static const int memory[] = {CALL(mmap), CALL(mprotect)};
	size_t i;
	int rc = 0;

	/* Nothing becomes executable. */
	for (i = 0; rc == 0 && i < COUNT_OF(memory); i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, memory[i], 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* Limits can be asked for, not changed. */
	if (rc == 0)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, CALL(prlimit64), 1,
		    SCMP_A2(SCMP_CMP_EQ, 0, 0));
	if (rc == 0)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, CALL(prctl), 1,
		    SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0));
	/* sendto only as send: no address, so no new peer. */
	if (rc == 0 && calls == JAIL_CALLS_PURE)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, CALL(sendto), 1,
		    SCMP_A4(SCMP_CMP_EQ, 0, 0));
	/* abort() signals itself; others only by tgkill within the process. */
	if (rc == 0)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, CALL(kill), 1,
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	return rc;
}

static int
fill_filter(scmp_filter_ctx f, enum jail_calls calls)
{
	static const int deadly[] = {
	    CALL(execve), CALL(execveat), CALL(setuid), CALL(setresuid)};
	int rc = add_all(
	    f, SCMP_ACT_KILL_PROCESS, attack_calls, COUNT_OF(attack_calls));

	if (rc != 0 || calls == JAIL_CALLS_COMMANDS)
		return rc;
	rc = add_all(f, SCMP_ACT_KILL_PROCESS, deadly, COUNT_OF(deadly));
	if (rc == 0)
		rc = add_all(
		    f, SCMP_ACT_ALLOW, pure_calls, COUNT_OF(pure_calls));
	if (rc == 0)
		rc = add_conditional(f, calls);
	if (rc == 0 && calls != JAIL_CALLS_PURE)
		rc = add_all(
		    f, SCMP_ACT_ALLOW, file_calls, COUNT_OF(file_calls));
	if (rc == 0 && calls == JAIL_CALLS_NET)
		rc = add_all(f, SCMP_ACT_ALLOW, net_calls, COUNT_OF(net_calls));
	return rc;
}

static void
filter_calls(enum jail_calls calls, struct jail_report *r)
{
	scmp_filter_ctx f;
	int rc;

	if (calls == JAIL_CALLS_ALL)
		return;
	f = seccomp_init(calls == JAIL_CALLS_COMMANDS ? SCMP_ACT_ALLOW
						      : SCMP_ACT_ERRNO(EPERM));
	if (f == NULL) {
		miss(r, "seccomp");
		return;
	}
	rc = fill_filter(f, calls);
	if (rc == 0)
		rc = seccomp_load(f);
	if (rc != 0)
		miss(r, "seccomp");
	seccomp_release(f);
}

/* ---- all of it ---------------------------------------------------------- */

int
jail_enter(const struct jail *j, struct jail_report *report, struct fail *why)
{
	int code;

	report->missing[0] = '\0';
	/* Before the user changes: raising a hard limit may need rights. */
	set_limits(j, report);
	code = drop_user(j, report, why);
	if (code != 0)
		return code;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		miss(report, "no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		miss(report, "not dumpable");
	/* After the change of user, which clears it. */
	if (j->die_with_parent) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
			miss(report, "death with the parent");
		if (getppid() != j->parent)
			return fail_set(why, FAIL_GONE, "the parent is gone");
	}
	if (j->confine_files)
		confine_files(j, report);
	filter_calls(j->calls, report);
	return 0;
}
