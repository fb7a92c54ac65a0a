/* run - an external command with walls around it and an honest end.
 *
 * No shell: argv is executed as it is, argv[0] is a path. The command gets a
 * cleared environment, a session (and so a process group) of its own, standard
 * input from a descriptor or /dev/null, a working directory by descriptor, no
 * other descriptor, default signals and resource limits. Both outputs are
 * captured, each up to its own maximum. At the deadline, at a flood of output
 * and whenever its leader has ended, the whole group gets SIGTERM, then SIGKILL
 * after RUN_GRACE_MS; nothing of the group is left when run_command returns.
 *
 * BUGS: a process that makes a session of its own leaves the group and is not
 * reached by the kill; it keeps the resource limits. The limit of processes
 * counts all processes of the user and does not bind root.
 */
#ifndef SYS_RUN_H
#define SYS_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/fail.h"

enum {
	RUN_GRACE_MS = 500,    /* between SIGTERM and SIGKILL */
	RUN_ARGV_MAX = 64,     /* arguments, the command itself included */
	RUN_OPEN_FILES = 1024, /* descriptors the command may open */
};

struct run_spec {
	const char *const *argv; /* NULL-ended; argv[0] is an absolute path */
	const char *const *env;  /* NULL: PATH, LANG=C and TZ only */
	int cwd_fd;              /* -1: the root directory */
	int stdin_fd;            /* -1: /dev/null */
	uint64_t deadline;       /* CLOCK_MONOTONIC nanoseconds */
	size_t out_max;          /* standard output; more of it is a flood */
	size_t err_max;          /* standard error; more of it is dropped */
	/* Resource limits; 0: as ours. */
	uint64_t memory_max;  /* bytes of address space per process */
	uint64_t cpu_seconds; /* per process */
	uint64_t file_max;    /* bytes of one written file */
	uint64_t process_max; /* processes of the user */
};

enum run_end {
	RUN_EXITED,  /* `status` is what it gave to exit() */
	RUN_KILLED,  /* a signal, not ours: `status` is its number */
	RUN_NO_EXEC, /* could not be started: `status` is the errno */
	RUN_TIMEOUT, /* the deadline passed; killed by us */
	RUN_FLOOD,   /* more than out_max bytes of output; killed by us */
};

struct run_result {
	enum run_end end;
	int status;
	struct buf out, err; /* what was captured, whatever the end */
	bool err_cut;
	uint64_t took_ns;
};

/* Waits for the end. 0 and *r (to be given to run_result_fini) when the
 * command came to any end; a FAIL code, and nothing in *r, when we lack
 * descriptors, memory or processes to try. */
int run_command(const struct run_spec *spec, struct run_result *r,
    struct fail *why) ATTR_NODISCARD;
void run_result_fini(struct run_result *r);
/* Exited with status 0. */
bool run_result_is_success(const struct run_result *r) ATTR_PURE;
/* The end in words: "exited with status 3", "killed by signal 9" ... into
 * text (room for RUN_TEXT_MAX bytes). */
enum { RUN_TEXT_MAX = 160 };
void run_result_explain(const struct run_result *r, char *text);

/* Start a command that goes on by itself, after us if need be: a session of its
 * own, /dev/null for its descriptors, no limits, nobody kills it. Its pid, to
 * be asked about with run_is_over until that says yes, or a FAIL code. A
 * command that cannot be executed is over at once. */
int run_start(const char *const *argv, struct fail *why) ATTR_NODISCARD;
bool run_is_over(int pid);

#endif
