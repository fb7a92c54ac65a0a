/* jail - giving up privileges, in one audited place.
 *
 * A process calls jail_enter once, after it has opened what it needs and
 * before it looks at anything from outside. In this order: resource limits,
 * user and group (verified: there is no way back), no_new_privs, landlock,
 * seccomp, not dumpable, death with the parent. A wall the kernel or the
 * rights do not allow is not an error: it is named in the report, so that one
 * log line can say which one is missing. A wall that was half built (the user
 * was changed but can be regained) is FAIL_DENIED: the process must not go on.
 *
 * System calls outside a role's list fail with EPERM; those that have no
 * innocent use there (execve, ptrace, ...) end the process with SIGSYS.
 */
#ifndef SYS_JAIL_H
#define SYS_JAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/fail.h"

enum jail_calls {
	JAIL_CALLS_ALL,      /* no filter */
	JAIL_CALLS_PURE,     /* memory, clock, the descriptors it has */
	JAIL_CALLS_FILES,    /* + files and directories; no sockets, no exec */
	JAIL_CALLS_NET,      /* + sockets; no exec */
	JAIL_CALLS_COMMANDS, /* all but what attacks the system: runs commands
				that inherit the filter */
};

enum { JAIL_REPORT_MAX = 256 };

struct jail {
	enum jail_calls calls;
	/* Change to this user (with his groups when name is not NULL). */
	bool drop;
	uid_t uid;
	gid_t gid;
	const char *user;
	/* Landlock: nothing of the file system but these may be opened.
	 * NULL-ended; a path that is not there is skipped. */
	bool confine_files;
	const char *const *read_paths;
	const char *const *write_paths;
	/* Resource limits; 0 leaves one as it is. `no_core` sets CORE to 0. */
	uint64_t memory; /* RLIMIT_AS */
	uint64_t files;  /* RLIMIT_NOFILE */
	uint64_t file_size;
	bool no_processes; /* RLIMIT_NPROC 0: only with a user of its own */
	bool no_core;
	bool die_with_parent;
	pid_t parent; /* for die_with_parent: who it has to be */
};

struct jail_report {
	char missing[JAIL_REPORT_MAX]; /* "landlock, user"; "" when whole */
};

int jail_enter(const struct jail *jail, struct jail_report *report,
    struct fail *why) ATTR_NODISCARD;

/* Find a user (name or number) and a group (may be NULL or "": the user's
 * own). FAIL_CONFIG when there is none. */
int jail_find_user(const char *user, const char *group, uid_t *uid, gid_t *gid,
    struct fail *why) ATTR_NODISCARD;

#endif
