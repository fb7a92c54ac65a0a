#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "sys/loop.h"
#include "sys/run.h"
#include "test/unit.h"

static struct run_spec
shell(const char *const *argv, unsigned ms)
{
	return (struct run_spec){.argv = argv,
	    .cwd_fd = -1,
	    .stdin_fd = -1,
	    .deadline = loop_clock() + ms * LOOP_MS,
	    .out_max = 4096,
	    .err_max = 4096};
}

#define SH(script) \
	((const char *const[]){"/bin/sh", "-c", (script), "sh", "a b", NULL})

static void
run(const struct run_spec *s, struct run_result *r)
{
	struct fail why = {0};
	int code = run_command(s, r, &why);

	if (code != 0)
		(void)fprintf(stderr, "%s\n", why.text);
	check_int(code, 0);
}

UNIT(output_and_status)
{
	struct run_spec s =
	    shell(SH("echo \"out $1\"; echo err >&2; exit 3"), 5000);
	struct run_result r;
	char text[RUN_TEXT_MAX];

	run(&s, &r);
	check_int(r.end, RUN_EXITED);
	check_int(r.status, 3);
	check(!run_result_is_success(&r));
	check_slice(buf_slice(&r.out), "out a b\n");
	check_slice(buf_slice(&r.err), "err\n");
	run_result_explain(&r, text);
	check_str(text, "exited with status 3");
	run_result_fini(&r);
}

UNIT(no_such_command)
{
	const char *const argv[] = {"/nonexistent/scanner", NULL};
	struct run_spec s = shell(argv, 5000);
	struct run_result r;

	run(&s, &r);
	check_int(r.end, RUN_NO_EXEC);
	check_int(r.status, ENOENT);
	run_result_fini(&r);
}

UNIT(not_executable)
{
	const char *const argv[] = {"/etc/passwd", NULL};
	struct run_spec s = shell(argv, 5000);
	struct run_result r;

	run(&s, &r);
	check_int(r.end, RUN_NO_EXEC);
	check_int(r.status, EACCES);
	run_result_fini(&r);
}

UNIT(killed_by_itself)
{
	struct run_spec s = shell(SH("kill -SEGV $$"), 5000);
	struct run_result r;

	run(&s, &r);
	check_int(r.end, RUN_KILLED);
	check_int(r.status, SIGSEGV);
	run_result_fini(&r);
}

UNIT(clean_surroundings)
{
	struct run_spec s = shell(
	    SH("pwd; cat; ls /proc/self/fd | wc -l; echo ${HOME-none} $LANG"),
	    5000);
	struct run_result r;

	check_int(setenv("HOME", "/home/me", 1), 0);
	check(dup(2) >= 0); /* a descriptor that must not be inherited */
	run(&s, &r);
	/* ls has 0, 1, 2 and the directory it reads */
	check_slice(buf_slice(&r.out), "/\n4\nnone C\n");
	run_result_fini(&r);
}

UNIT(input_and_directory)
{
	const char *dir = unit_tmpdir();
	struct run_spec s = shell(SH("cat; pwd"), 5000);
	struct run_result r;
	char path[256], want[512];

	(void)snprintf(path, sizeof(path), "%s/in", dir);
	unit_write(path, SLICE("text\n"));
	s.stdin_fd = open(path, O_RDONLY | O_CLOEXEC);
	s.cwd_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	run(&s, &r);
	(void)snprintf(want, sizeof(want), "text\n%s\n", dir);
	check_slice(buf_slice(&r.out), want);
	run_result_fini(&r);
	check_int(close(s.stdin_fd), 0);
	check_int(close(s.cwd_fd), 0);
}

static pid_t
read_pid(const char *path)
{
	uint64_t pid = 0;

	check(num_parse_u64(slice_trim(unit_read(path)), 1 << 30, &pid));
	return (pid_t)pid;
}

/* Ends within a moment (a killed process may be a zombie of init's). */
static bool
is_gone(pid_t pid)
{
	char path[64], state[512] = "";
	int i;

	for (i = 0; i < 200; i++) {
		FILE *f;
		const char *mark;

		(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
		if ((f = fopen(path, "r")) == NULL)
			return true;
		if (fgets(state, sizeof(state), f) == NULL)
			state[0] = '\0';
		(void)fclose(f);
		mark = strrchr(state, ')');
		if (mark == NULL || mark[2] == 'Z' || mark[2] == 'X')
			return true;
		(void)usleep(10000);
	}
	return false;
}

UNIT(hangs)
{
	const char *dir = unit_tmpdir();
	struct run_spec s = shell(SH("echo begun; sleep 1000 & "
				     "echo $! >kid; wait"),
	    300);
	struct run_result r;
	char path[256];

	s.cwd_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	run(&s, &r);
	check_int(r.end, RUN_TIMEOUT);
	check_slice(buf_slice(&r.out), "begun\n");
	check(r.took_ns < 3 * LOOP_SEC);
	(void)snprintf(path, sizeof(path), "%s/kid", dir);
	check(is_gone(read_pid(path)));
	run_result_fini(&r);
	check_int(close(s.cwd_fd), 0);
}

UNIT(ignores_term)
{
	struct run_spec s =
	    shell(SH("trap '' TERM; while :; do sleep 1; done"), 200);
	struct run_result r;

	run(&s, &r);
	check_int(r.end, RUN_TIMEOUT);
	check(r.took_ns >= RUN_GRACE_MS * LOOP_MS);
	check(r.took_ns < 3 * LOOP_SEC);
	run_result_fini(&r);
}

UNIT(leaves_a_child_with_the_pipe)
{
	const char *dir = unit_tmpdir();
	struct run_spec s =
	    shell(SH("sleep 1000 & echo $! >left; echo done"), 20000);
	struct run_result r;
	char path[256];

	s.cwd_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	run(&s, &r);
	check(run_result_is_success(&r));
	check_slice(buf_slice(&r.out), "done\n");
	check(r.took_ns < 2 * LOOP_SEC);
	(void)snprintf(path, sizeof(path), "%s/left", dir);
	check(is_gone(read_pid(path)));
	run_result_fini(&r);
	check_int(close(s.cwd_fd), 0);
}

UNIT(floods)
{
	struct run_spec s = shell(SH("yes"), 10000);
	struct run_result r;

	run(&s, &r);
	check_int(r.end, RUN_FLOOD);
	check_int(r.out.n, 4096);
	check(r.took_ns < 3 * LOOP_SEC);
	run_result_fini(&r);
}

UNIT(complains_much)
{
	struct run_spec s =
	    shell(SH("head -c 1000000 /dev/zero >&2; echo fine"), 10000);
	struct run_result r;

	run(&s, &r);
	check(run_result_is_success(&r));
	check(r.err_cut);
	check_int(r.err.n, 4096);
	check_slice(buf_slice(&r.out), "fine\n");
	run_result_fini(&r);
}

UNIT(limits_hold)
{
	const char *dir = unit_tmpdir();
	struct run_spec s = shell(SH("head -c 100000 /dev/zero >big; "
				     "stat -c %s big; ulimit -u; ulimit -t"),
	    10000);
	struct run_result r;

	s.cwd_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s.file_max = 4096;
	s.process_max = 50;
	s.cpu_seconds = 7;
	run(&s, &r);
	check(slice_starts(buf_slice(&r.out), "4096\n"));
	check(slice_ends(buf_slice(&r.out), "7\n"));
	run_result_fini(&r);
	check_int(close(s.cwd_fd), 0);
}

UNIT(too_much_memory)
{
	struct run_spec s =
	    shell(SH("head -c 300m /dev/zero | tail >/dev/null"), 20000);
	struct run_result r;

	s.memory_max = 64 * 1024 * 1024;
	run(&s, &r);
	check_int(r.end, RUN_EXITED);
	check(r.status != 0);
	run_result_fini(&r);
}

UNIT(everything_of_a_group_of_many)
{
	/* Two hundred processes, a process that leads none of them. */
	struct run_spec s = shell(SH("i=0; while [ $i -lt 200 ]; do "
				     "sleep 1000 & i=$((i+1)); done; wait"),
	    1500);
	struct run_result r;

	run(&s, &r);
	check_int(r.end, RUN_TIMEOUT);
	check(r.took_ns < 6 * LOOP_SEC);
	run_result_fini(&r);
}

static void
wait_over(int pid)
{
	int n;

	for (n = 0; n < 1000 && !run_is_over(pid); n++)
		(void)usleep(10 * 1000);
	check(n < 1000);
}

UNIT(a_started_command_goes_on_by_itself)
{
	char path[300];
	const char *argv[] = {"/bin/sh", "-c", "", NULL};
	const char *none[] = {"/nowhere/at-all", NULL};
	char script[400];
	struct fail why;
	int pid;

	(void)snprintf(path, sizeof(path), "%s/started", unit_tmpdir());
	(void)snprintf(script, sizeof(script),
	    "ls -l /proc/$$/fd | grep -c null > %s", path);
	argv[2] = script;
	pid = run_start(argv, &why);
	check(pid > 0);
	wait_over(pid);
	check(unit_read(path).n > 0);
	pid = run_start(none, &why);
	check(pid > 0);
	wait_over(pid);
}

UNIT_MAIN(unit(a_started_command_goes_on_by_itself), unit(output_and_status),
    unit(no_such_command), unit(not_executable), unit(killed_by_itself),
    unit(clean_surroundings), unit(input_and_directory), unit(hangs),
    unit(ignores_term), unit(leaves_a_child_with_the_pipe), unit(floods),
    unit(complains_much), unit(limits_hold), unit(too_much_memory),
    unit(everything_of_a_group_of_many))
