/* The courier killed before every call that changes a file, and failed by the
 * disk at every such call: enumerated, not sampled. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/courier.h"
#include "queue/spool.h"
#include "sys/clock.h"
#include "test/unit.h"

enum { WAIT_MS = 60 * 1000, CALLS_MOST = 2000 };

/* Shared with the courier and its children. */
static struct plan {
	int calls; /* so far */
	int at;    /* what happens at this one; 0: nothing */
	int error; /* 0: SIGKILL for all of them, else errno */
} * plan;

/* true: the call fails with errno set. */
static bool
strike(void)
{
	int n;

	if (plan == NULL || plan->at == 0)
		return false;
	n = __atomic_add_fetch(&plan->calls, 1, __ATOMIC_SEQ_CST);
	if (n != plan->at)
		return false;
	if (plan->error == 0) {
		(void)kill(0, SIGKILL);
		_exit(1);
	}
	errno = plan->error;
	return true;
}

/* The C library's names for this program: every call goes through here. */

int
fsync(int fd)
{
	return strike() ? -1 : (int)syscall(SYS_fsync, fd);
}

int
linkat(int from, const char *a, int to, const char *b, int flags)
{
	return strike() ? -1 : (int)syscall(SYS_linkat, from, a, to, b, flags);
}

int
unlinkat(int dir, const char *name, int flags)
{
	return strike() ? -1 : (int)syscall(SYS_unlinkat, dir, name, flags);
}

int
renameat2(int from, const char *a, int to, const char *b, unsigned flags)
{
	return strike() ? -1
			: (int)syscall(SYS_renameat2, from, a, to, b, flags);
}

int
fchmod(int fd, mode_t mode)
{
	return strike() ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

int
futimens(int fd, const struct timespec t[2])
{
	return strike() ? -1 : (int)syscall(SYS_utimensat, fd, NULL, t, 0);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	return strike() ? -1 : syscall(SYS_write, fd, p, n);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return strike() ? -1 : syscall(SYS_pwrite64, fd, p, n, at);
}

int
mkdirat(int dir, const char *name, mode_t mode)
{
	return strike() ? -1 : (int)syscall(SYS_mkdirat, dir, name, mode);
}

/* ---- the lab ---- */

struct lab {
	char root[300];
	struct arena *arena;
	struct courier_settings set;
	pid_t pid;
};

static void
no_log(enum log_level level, const char *line, void *ctx)
{
	(void)level;
	(void)line;
	(void)ctx;
}

/* One message to two mailboxes and an address that cannot be one; its sender
 * wants to hear of everything, in a mailbox too. */
static void
lab_begin(struct lab *l, const char *name, int number)
{
	static const char *const to[] = {
	    "a@m.example", "b@m.example", "bad address@m.example"};
	struct envelope env = {
	    .sender = SLICE("me@back.example"), .ret = SLICE("FULL")};
	struct spool_add *add;
	struct spool *s;
	struct slice routes;

	*l = (struct lab){.arena = arena_new(0)};
	log_set_sink(no_log, NULL);
	(void)snprintf(
	    l->root, sizeof(l->root), "%s/%s%d", unit_tmpdir(), name, number);
	check_int(mkdir(l->root, 0700), 0);
	check_int(spool_open(&s, l->root, NULL), 0);
	courier_settings_init(&l->set);
	l->set.spool = l->root;
	*vec_push(l->arena, &l->set.retry_sec) = 0;
	routes = arena_printf(l->arena,
	    "back.example=maildir:%s/back; *=maildir:%s/m/%%u", l->root,
	    l->root);
	check_int(courier_routes_parse(&l->set, routes, l->arena, NULL), 0);
	env.received_at = (int64_t)time(NULL);
	for (size_t i = 0; i < COUNT_OF(to); i++) {
		struct recipient *r = vec_push(l->arena, &env.recipients);

		r->address = slice_str(to[i]);
		r->notify = NOTIFY_SUCCESS | NOTIFY_FAILURE;
	}
	check_int(
	    spool_add_begin(&add, s, SPOOL_OUTGOING, &env, NULL, NULL), 0);
	check_int(
	    spool_add_write(add, SLICE("Subject: x\r\n\r\ny\r\n"), NULL), 0);
	check_int(spool_add_commit(&add, 1, NULL), 1);
	spool_close(s);
}

static void
lab_start(struct lab *l)
{
	l->pid = fork();
	check(l->pid >= 0);
	if (l->pid == 0) {
		struct courier *c;

		(void)setpgid(0, 0);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (courier_open(&c, &l->set, NULL) < 0 ||
		    courier_run(c, NULL) < 0)
			_exit(1);
		courier_close(c);
		_exit(0);
	}
	(void)setpgid(l->pid, l->pid);
}

static size_t
count_in(const struct lab *l, const char *sub)
{
	char path[600];
	const struct dirent *e;
	size_t n = 0;
	DIR *d;

	(void)snprintf(path, sizeof(path), "%s/%s", l->root, sub);
	d = opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	if (d != NULL)
		(void)closedir(d);
	return n;
}

/* Until all is delivered, it was killed, or the blow has fallen. */
static void
lab_wait(const struct lab *l, bool *gone)
{
	uint64_t end = clock_mono() + WAIT_MS * CLOCK_MS;

	*gone = false;
	while (count_in(l, "outgoing") > 0 && !*gone && clock_mono() < end) {
		*gone = waitpid(l->pid, NULL, WNOHANG) == l->pid;
		if (plan->at > 0 && plan->error != 0 &&
		    plan->calls >= plan->at) {
			clock_sleep_ms(20);
			break;
		}
		clock_sleep_ms(1);
	}
}

static void
lab_stop(const struct lab *l)
{
	int status = -1;

	check_int(kill(l->pid, SIGTERM), 0);
	check_int(waitpid(l->pid, &status, 0), l->pid);
}

/* How often the notices name this recipient. */
static size_t
count_told(const struct lab *l, const char *who)
{
	char path[600], field[100];
	const struct dirent *e;
	size_t n = 0;
	DIR *d;

	(void)snprintf(
	    field, sizeof(field), "\nFinal-Recipient: rfc822; %s@", who);
	(void)snprintf(path, sizeof(path), "%s/back/new", l->root);
	d = opendir(path);
	check(d != NULL);
	while ((e = readdir(d)) != NULL) {
		char file[900];

		(void)snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		if (e->d_name[0] != '.')
			n += slice_find(unit_read(file), slice_str(field)) > 0;
	}
	(void)closedir(d);
	return n;
}

/* Strike at call `at` and count. false when there were not so many calls. */
static bool
strike_at(const char *name, int at, int error)
{
	struct lab l;
	bool gone, reached;

	lab_begin(&l, name, at);
	*plan = (struct plan){.at = at, .error = error};
	lab_start(&l);
	lab_wait(&l, &gone);
	if (!gone) {
		int calls = plan->calls;

		/* The end is not struck at: it is another message's. */
		plan->at = calls >= at ? at : CALLS_MOST;
		lab_stop(&l);
	}
	reached = plan->calls >= at && plan->at == at;
	*plan = (struct plan){.at = 0};
	/* Its children, with their locks: they are ours by now. */
	while (waitpid(-l.pid, NULL, 0) > 0)
		;
	lab_start(&l);
	lab_wait(&l, &gone);
	check(!gone);
	lab_stop(&l);
	if (count_in(&l, "outgoing") > 0)
		print_message("# %s at call %d: still there\n", name, at);
	check_int(count_in(&l, "m/a/new"), 1);
	check_int(count_in(&l, "m/b/new"), 1);
	check_int(count_told(&l, "a"), 1);
	check_int(count_told(&l, "b"), 1);
	check_int(count_told(&l, "bad address"), 1);
	check_int(count_in(&l, "outgoing"), 0);
	arena_free(l.arena);
	return reached;
}

static void
strike_everywhere(const char *name, int error)
{
	int at = 1;

	if (plan == NULL) {
		void *shared = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		check(shared != MAP_FAILED);
		plan = shared;
		/* What a killed courier leaves is reaped here. */
		check_int(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	}
	while (at < CALLS_MOST && strike_at(name, at, error))
		at++;
	/* It has been somewhere. */
	check(at > 40);
	check(at < CALLS_MOST);
}

UNIT(killed_at_every_call_it_loses_and_doubles_nothing)
{
	strike_everywhere("kill", 0);
}

UNIT(a_full_disk_at_every_call_loses_and_doubles_nothing)
{
	strike_everywhere("full", ENOSPC);
}

UNIT(a_bad_disk_at_every_call_loses_and_doubles_nothing)
{
	strike_everywhere("bad", EIO);
}

UNIT_MAIN(unit(killed_at_every_call_it_loses_and_doubles_nothing),
    unit(a_full_disk_at_every_call_loses_and_doubles_nothing),
    unit(a_bad_disk_at_every_call_loses_and_doubles_nothing))
