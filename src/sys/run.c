#define _GNU_SOURCE
#include "sys/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/slice.h"
#include "sys/loop.h"

/* How long a turn waits at most: an end without a word on the pipes (somebody
 * else holds them open) is seen this late. */
enum { TURN_MS = 20, CHUNK = 8 * 1024 };

static const char *const plain_env[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG=C", "LC_ALL=C", "TZ=UTC", NULL};

/* Descriptors of the parent's side while a command runs. */
struct pipes {
	int out[2], err[2], start[2];
};

struct running {
	const struct run_spec *spec;
	struct run_result *r;
	pid_t pid;
	int out, err; /* our ends; -1 after their end of file */
	bool ended;   /* the leader is a zombie, not yet reaped */
};

static void
close_one(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void
pipes_close(struct pipes *p)
{
	close_one(&p->out[0]);
	close_one(&p->out[1]);
	close_one(&p->err[0]);
	close_one(&p->err[1]);
	close_one(&p->start[0]);
	close_one(&p->start[1]);
}

static int
pipes_open(struct pipes *p, struct fail *why)
{
	*p = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
	if (pipe2(p->out, O_CLOEXEC) != 0 || pipe2(p->err, O_CLOEXEC) != 0 ||
	    pipe2(p->start, O_CLOEXEC) != 0) {
		int code = fail_errno(why, "pipe");

		pipes_close(p);
		return code;
	}
	return 0;
}

/* From here to child_main: runs between fork and exec, so only calls that are
 * safe after a fork. */

static bool
limit(int what, uint64_t value)
{
	struct rlimit now, want;

	if (value == 0)
		return true;
	if (getrlimit((__rlimit_resource_t)what, &now) != 0)
		return false;
	want.rlim_cur = want.rlim_max =
	    value < now.rlim_max ? (rlim_t)value : now.rlim_max;
	return setrlimit((__rlimit_resource_t)what, &want) == 0;
}

static bool
child_limits(const struct run_spec *s)
{
	struct rlimit none = {0, 0};

	return setrlimit(RLIMIT_CORE, &none) == 0 &&
	       limit(RLIMIT_AS, s->memory_max) &&
	       limit(RLIMIT_CPU, s->cpu_seconds) &&
	       limit(RLIMIT_FSIZE, s->file_max) &&
	       limit(RLIMIT_NPROC, s->process_max) &&
	       limit(RLIMIT_NOFILE, RUN_OPEN_FILES);
}

static bool
child_signals(void)
{
	sigset_t none;
	int i;

	for (i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL); /* KILL and STOP refuse: fine */
	return sigemptyset(&none) == 0 &&
	       sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

/* Descriptors 0, 1, 2 in place, the start pipe at 3, nothing behind. */
static bool
child_descriptors(const struct run_spec *s, struct pipes *p, int *start)
{
	int in = s->stdin_fd, out, err, up;

	if (in < 0)
		in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* Out of the way of 0-3 first, whatever was closed in the parent. */
	in = fcntl(in, F_DUPFD_CLOEXEC, 10);
	out = fcntl(p->out[1], F_DUPFD_CLOEXEC, 10);
	err = fcntl(p->err[1], F_DUPFD_CLOEXEC, 10);
	up = fcntl(p->start[1], F_DUPFD_CLOEXEC, 10);
	if (in < 0 || out < 0 || err < 0 || up < 0)
		return false;
	*start = up;
	if (s->cwd_fd >= 0 ? fchdir(s->cwd_fd) != 0 : chdir("/") != 0)
		return false;
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 ||
	    dup3(up, 3, O_CLOEXEC) < 0)
		return false;
	*start = 3;
	return close_range(4, ~0U, 0) == 0;
}

static void ATTR_NORETURN
child_main(const struct run_spec *s, struct pipes *p)
{
	const char *const *env = s->env != NULL ? s->env : plain_env;
	char *const *argv, *const *envp;
	int start = p->start[1], error;

	/* exec takes unqualified strings and does not write to them. */
	memcpy(&argv, &s->argv, sizeof(argv));
	memcpy(&envp, &env, sizeof(envp));
	(void)setsid();
	if (child_signals() && child_descriptors(s, p, &start) &&
	    child_limits(s))
		(void)execve(argv[0], argv, envp);
	error = errno;
	while (write(start, &error, sizeof(error)) < 0 && errno == EINTR)
		;
	_exit(127);
}

/* 0 when exec has happened, else the errno of what failed in the child. */
static int
read_start(int fd)
{
	int error = 0;
	ssize_t n;

	do {
		n = read(fd, &error, sizeof(error));
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(error) ? error : 0;
}

/* The leader ended? It stays a zombie, so that its group cannot become
 * somebody else's before we have killed it. */
static void
look(struct running *c)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		0 &&
	    info.si_pid == c->pid)
		c->ended = true;
}

static void
pause_ms(long ms)
{
	struct timespec t = {ms / 1000, (ms % 1000) * 1000000};

	(void)nanosleep(&t, NULL);
}

/* Nobody of the group but a zombie is left. */
static bool
group_is_empty(pid_t pid)
{
	return kill(-pid, 0) != 0 && errno == ESRCH;
}

/* TERM, a time of grace, KILL. A group whose leader has ended gets no grace:
 * nothing that it still does can matter. */
static void
kill_group(struct running *c)
{
	int waited;

	if (!c->ended) {
		(void)kill(-c->pid, SIGTERM);
		for (waited = 0; waited < RUN_GRACE_MS && !c->ended;
		     waited += 10) {
			look(c);
			if (!c->ended)
				pause_ms(10);
		}
	}
	(void)kill(-c->pid, SIGKILL);
}

static void
reap(struct running *c, enum run_end end)
{
	int status = 0;

	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	c->r->end = end;
	if (end != RUN_EXITED)
		c->r->status = 0;
	else if (WIFSIGNALED(status)) {
		c->r->end = RUN_KILLED;
		c->r->status = WTERMSIG(status);
	} else
		c->r->status = WEXITSTATUS(status);
}

/* Take what is on a pipe. false: standard output is over its maximum. */
static bool
drain(struct running *c, int *fd, struct buf *to)
{
	char chunk[CHUNK];
	ssize_t n = read(*fd, chunk, sizeof(chunk));
	size_t room, take;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0) {
		close_one(fd);
		return true;
	}
	room = to->max - to->n;
	take = (size_t)n < room ? (size_t)n : room;
	(void)buf_add(to, slice_of(chunk, take));
	if (take == (size_t)n)
		return true;
	if (to == &c->r->out)
		return false;
	c->r->err_cut = true;
	return true;
}

static int
turn_ms(const struct running *c, uint64_t now)
{
	uint64_t left = (c->spec->deadline - now) / LOOP_MS + 1;
	uint64_t most = c->out < 0 && c->err < 0 ? 1 : TURN_MS;

	return (int)(left < most ? left : most);
}

/* Until the leader has ended and the pipes are at their end, or everything is
 * over for another reason. */
static enum run_end
attend(struct running *c)
{
	for (;;) {
		struct pollfd p[2] = {{c->out, POLLIN, 0}, {c->err, POLLIN, 0}};
		uint64_t now = loop_clock();
		bool was_ended = c->ended;

		if (now >= c->spec->deadline && !c->ended)
			return RUN_TIMEOUT;
		(void)poll(p, 2, c->ended ? 0 : turn_ms(c, now));
		if (p[0].revents != 0 && !drain(c, &c->out, &c->r->out))
			return RUN_FLOOD;
		if (p[1].revents != 0)
			(void)drain(c, &c->err, &c->r->err);
		if (c->out < 0 && c->err < 0 && was_ended)
			return RUN_EXITED;
		/* Ended, all that it wrote was read: others of the group may
		 * hold the pipes open for as long as they like. */
		if (was_ended && p[0].revents == 0 && p[1].revents == 0)
			return RUN_EXITED;
		look(c);
	}
}

static int
start(struct running *c, struct pipes *p, struct fail *why)
{
	int error;

	c->pid = fork();
	if (c->pid < 0)
		return fail_errno(why, "fork");
	if (c->pid == 0)
		child_main(c->spec, p);
	close_one(&p->out[1]);
	close_one(&p->err[1]);
	close_one(&p->start[1]);
	error = read_start(p->start[0]);
	if (error == 0)
		return 0;
	reap(c, RUN_NO_EXEC);
	c->r->status = error;
	c->pid = -1;
	return 0;
}

static void
run_to_the_end(struct running *c)
{
	enum run_end end;

	(void)fcntl(c->out, F_SETFL, O_NONBLOCK);
	(void)fcntl(c->err, F_SETFL, O_NONBLOCK);
	end = attend(c);
	kill_group(c);
	reap(c, end);
	/* Members of the group that the kernel has not taken away yet. */
	for (int i = 0; i < 100 && !group_is_empty(c->pid); i++)
		pause_ms(1);
}

int
run_command(const struct run_spec *spec, struct run_result *r, struct fail *why)
{
	struct running c = {.spec = spec, .r = r, .pid = -1};
	uint64_t began = loop_clock();
	struct pipes p;
	int code;

	ensure(spec->argv != NULL && spec->argv[0] != NULL &&
	       spec->argv[0][0] == '/');
	memset(r, 0, sizeof(*r));
	if ((code = pipes_open(&p, why)) != 0)
		return code;
	buf_init(&r->out, spec->out_max);
	buf_init(&r->err, spec->err_max);
	code = start(&c, &p, why);
	if (code == 0 && c.pid > 0) {
		c.out = p.out[0];
		c.err = p.err[0];
		p.out[0] = p.err[0] = -1;
		run_to_the_end(&c);
		close_one(&c.out);
		close_one(&c.err);
	}
	pipes_close(&p);
	r->took_ns = loop_clock() - began;
	if (code != 0)
		run_result_fini(r);
	return code;
}

void
run_result_fini(struct run_result *r)
{
	buf_fini(&r->out);
	buf_fini(&r->err);
	memset(r, 0, sizeof(*r));
}

bool
run_result_is_success(const struct run_result *r)
{
	return r->end == RUN_EXITED && r->status == 0;
}

void
run_result_explain(const struct run_result *r, char *text)
{
	char room[80];

	switch (r->end) {
	case RUN_EXITED:
		(void)snprintf(
		    text, RUN_TEXT_MAX, "exited with status %d", r->status);
		break;
	case RUN_KILLED:
		(void)snprintf(
		    text, RUN_TEXT_MAX, "killed by signal %d", r->status);
		break;
	case RUN_NO_EXEC:
		(void)snprintf(text, RUN_TEXT_MAX, "could not be started: %s",
		    strerror_r(r->status, room, sizeof(room)));
		break;
	case RUN_TIMEOUT:
		(void)snprintf(text, RUN_TEXT_MAX, "not ready in time, killed");
		break;
	case RUN_FLOOD:
		(void)snprintf(text, RUN_TEXT_MAX, "too much output, killed");
		break;
	}
}

static void ATTR_NORETURN
started_main(const char *const *args)
{
	const char *const *env = plain_env;
	char *const *argv, *const *envp;
	int null = open("/dev/null", O_RDWR);

	memcpy(&argv, &args, sizeof(argv));
	memcpy(&envp, &env, sizeof(envp));
	(void)setsid();
	if (null >= 0 && child_signals() && chdir("/") == 0 &&
	    dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(null, 2) == 2 &&
	    close_range(3, ~0U, 0) == 0)
		(void)execve(argv[0], argv, envp);
	_exit(127);
}

int
run_start(const char *const *argv, struct fail *why)
{
	pid_t pid = fork();

	if (pid == 0)
		started_main(argv);
	return pid < 0 ? fail_errno(why, "cannot start %s", argv[0]) : pid;
}

bool
run_is_over(int pid)
{
	return waitpid(pid, NULL, WNOHANG) != 0;
}
