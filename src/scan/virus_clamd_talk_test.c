/* Servers that behave badly, and a real clamd when there is one. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "scan/virus.h"
#include "sys/loop.h"
#include "sys/run.h"
#include "test/unit.h"

/* ---- a fake clamd: reads a whole stream, then says its piece ---- */

struct piece {
	const char *bytes;
	size_t n;
	unsigned repeat;   /* 0: once */
	bool deaf;         /* says it without reading the stream */
	bool silent;       /* reads and says nothing, for ever */
	unsigned delay_ms; /* before it is said */
	bool stays;        /* goes on with further commands; else hangs up */
};

static bool
read_all(int fd, void *p, size_t n)
{
	char *at = p;

	while (n > 0) {
		ssize_t got = recv(fd, at, n, 0);

		if (got <= 0)
			return false;
		at += got;
		n -= (size_t)got;
	}
	return true;
}

static bool
skip_stream(int fd)
{
	static char sink[1 << 20];
	unsigned char head[4];

	for (;;) {
		size_t n;

		if (!read_all(fd, head, sizeof(head)))
			return false;
		n = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
		    (size_t)head[2] << 8 | head[3];
		if (n == 0)
			return true;
		if (n > sizeof(sink) || !read_all(fd, sink, n))
			return false;
	}
}

static void
say(int fd, const struct piece *p)
{
	unsigned i;

	(void)usleep(p->delay_ms * 1000);
	for (i = 0; i == 0 || i < p->repeat; i++)
		if (send(fd, p->bytes, p->n, MSG_NOSIGNAL) < 0)
			return;
}

static void
serve_one(int fd, const struct piece *p)
{
	char session[11], command[10];

	if (!read_all(fd, session, sizeof(session)))
		return;
	do {
		if (!read_all(fd, command, 5)) /* zEND, or a longer one */
			return;
		if (memcmp(command, "zEND", 5) == 0 ||
		    !read_all(fd, command + 5, 5))
			return;
		if (!p->deaf && !skip_stream(fd))
			return;
		if (p->silent)
			for (;;)
				(void)pause();
		say(fd, p);
	} while (p->stays);
}

struct fake {
	pid_t pid;
	char path[160];
};

static void ATTR_NORETURN
fake_main(int listener, const struct piece *p)
{
	/* A failed check must not leave a server behind. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			_exit(0);
		serve_one(fd, p);
		(void)close(fd);
	}
}

/* A loopback TCP server: streams, no descriptors. */
static void
fake_start(struct fake *f, const struct piece *p)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	socklen_t size = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	check(fd >= 0);
	check_int(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	check_int(listen(fd, 8), 0);
	check_int(getsockname(fd, (struct sockaddr *)&sa, &size), 0);
	(void)snprintf(f->path, sizeof(f->path), "127.0.0.1:%u",
	    (unsigned)ntohs(sa.sin_port));
	(void)fflush(NULL);
	f->pid = fork();
	check(f->pid >= 0);
	if (f->pid == 0)
		fake_main(fd, p);
	(void)close(fd);
}

static void
fake_stop(struct fake *f)
{
	(void)kill(f->pid, SIGKILL);
	(void)waitpid(f->pid, NULL, 0);
}

/* ---- jobs ---- */

static int
make_job(struct virus_job *job, struct arena *a, const struct slice *objects,
    size_t n)
{
	struct virus_job plan = {.id = SLICE("ID1"), .fd = -1};
	struct fail why;
	uint64_t at = 0;
	size_t i;
	int fd;

	for (i = 0; i < n; i++) {
		struct virus_object *o = vec_push(a, &plan.objects);

		*o = (struct virus_object){(int)i,
		    i == 0 ? SLICE("message") : SLICE("part.txt"), at,
		    objects[i].n};
		at += objects[i].n;
	}
	fd = virus_job_seal(&plan, objects, n, &why);
	check(fd >= 0);
	check_int(virus_job_open(job, fd, a, &why), 0);
	check_int(job->objects.n, n);
	return fd;
}

static unsigned degraded_lines;

static void
count_lines(enum log_level level, const char *line, void *ctx)
{
	(void)level;
	(void)ctx;
	if (strstr(line, "degraded") != NULL)
		degraded_lines++;
}

struct asked {
	enum virus_status status;
	size_t hits;
	char name[200];
	char reason[400];
	char report[400];
	uint64_t ns;
};

static struct virus_engine *
engine_for(const char *sockets, unsigned timeout_s)
{
	struct virus_settings s = {
	    .scanners = SLICE("clamd"),
	    .clamd_sockets = slice_str(sockets),
	    .clamd_port = 3310,
	    .timeout_s = timeout_s,
	    .attempts = 3,
	};
	struct fail why;
	struct virus_engine *e = virus_engine_new(&s, &why);

	check(e != NULL);
	return e;
}

static void
keep_text(char *to, size_t cap, struct slice s)
{
	(void)snprintf(to, cap, "%.*s", SLICE_FMT(s));
}

static struct asked
ask_engine(struct virus_engine *e, const struct slice *objects, size_t n,
    uint64_t wait_ns)
{
	struct arena *a = arena_new(0);
	struct virus_result r = {0};
	struct virus_job job;
	struct asked got = {0};
	uint64_t began = loop_clock();
	int fd = make_job(&job, a, objects, n);

	virus_engine_scan(e, &job, began + wait_ns, &r, a);
	got.ns = loop_clock() - began;
	check_int(r.scanners.n, 1);
	got.status = r.scanners.at[0].status;
	got.hits = r.hits.n;
	keep_text(got.reason, sizeof(got.reason), r.scanners.at[0].reason);
	if (r.hits.n > 0) {
		keep_text(got.name, sizeof(got.name), r.hits.at[0].name);
		keep_text(got.report, sizeof(got.report), r.hits.at[0].report);
	}
	virus_job_close(&job);
	(void)close(fd);
	arena_free(a);
	return got;
}

static struct asked
ask_clamd(const char *sockets, uint64_t wait_ns)
{
	const struct slice objects[] = {SLICE("From: a\n\nhello\n")};
	struct virus_engine *e = engine_for(sockets, 30);
	struct asked got = ask_engine(e, objects, 1, wait_ns);

	virus_engine_free(e);
	return got;
}

static struct asked
ask_fake(const struct piece *p, uint64_t wait_ns)
{
	struct fake f;
	struct asked got;

	fake_start(&f, p);
	got = ask_clamd(f.path, wait_ns);
	fake_stop(&f);
	return got;
}

#define PIECE(text) .bytes = text, .n = sizeof(text) - 1

/* ---- cases ---- */

UNIT(absent)
{
	struct asked got = ask_clamd("/nonexistent/clamd.sock", LOOP_SEC);

	check_int(got.status, VIRUS_FAILED);
	check_int(got.hits, 0);
	check(got.ns < LOOP_SEC);
}

UNIT(refuses)
{
	struct asked got = ask_clamd("127.0.0.1:1", LOOP_SEC);

	check_int(got.status, VIRUS_FAILED);
	check(strstr(got.reason, "127.0.0.1:1") != NULL);
}

UNIT(clean)
{
	struct piece p = {PIECE("1: stream: OK\0"), .stays = true};

	check_int(ask_fake(&p, 5 * LOOP_SEC).status, VIRUS_OK);
}

UNIT(hangs)
{
	struct piece p = {PIECE(""), .silent = true};
	struct asked got = ask_fake(&p, 400 * LOOP_MS);

	check_int(got.status, VIRUS_TIMEOUT);
	check(got.ns < 2 * LOOP_SEC);
}

struct bad {
	const char *name;
	struct piece piece;
};

static const struct bad bad[] = {
    {"garbage", {PIECE("who are you?\0")}},
    {"NULs", {PIECE("\0\0\0\0\0\0\0")}},
    {"partial line", {PIECE("1: strea")}},
    {"OK without its end", {PIECE("1: stream: OK")}},
    {"OK for another file", {PIECE("1: /etc/passwd: OK\0")}},
    {"OK for another number", {PIECE("2: stream: OK\0")}},
    {"OK twice", {PIECE("1: stream: OK\0001: stream: OK\0")}},
    {"empty reply", {PIECE("")}},
    {"10 MB", {PIECE("xxxxxxxxxxxxxxxxxxxxxxxxx"), .repeat = 400000}},
    {"error", {PIECE("1: stream: cannot ERROR\0")}},
    {"too big",
	{PIECE("1: INSTREAM size limit exceeded. ERROR\0"), .deaf = true}},
    {"OK before it heard it", {PIECE("1: stream: OK\0"), .deaf = true}},
};

UNIT(bad_answers_are_never_clean)
{
	/* Big enough for a deaf server to be noticed. */
	size_t n = 8 << 20;
	struct slice one = slice_of(calloc(1, n), n);
	const struct bad *b;

	for (b = bad; b < bad + COUNT_OF(bad); b++) {
		struct virus_engine *e;
		struct asked got;
		struct fake f;

		print_message("# %s\n", b->name);
		fake_start(&f, &b->piece);
		e = engine_for(f.path, 10);
		got = ask_engine(e, &one, 1, 10 * LOOP_SEC);
		check_int(got.status, VIRUS_FAILED);
		check_int(got.hits, 0);
		check(got.reason[0] != '\0');
		virus_engine_free(e);
		fake_stop(&f);
	}
	free((void *)(uintptr_t)one.p);
}

UNIT(found_and_dead)
{
	struct piece p = {PIECE("1: stream: Eicar FOUND")};
	struct asked got = ask_fake(&p, 5 * LOOP_SEC);

	check_int(got.hits, 1);
	check_str(got.name, "Eicar");
	check_str(got.report, "Clamd:  message was infected: Eicar");
	check_int(got.status, VIRUS_OK);
}

UNIT(slow_is_not_wrong)
{
	struct piece p = {PIECE("1: stream: OK\0"), .delay_ms = 300};

	check_int(ask_fake(&p, 10 * LOOP_SEC).status, VIRUS_OK);
}

UNIT(the_next_one_takes_over)
{
	struct piece dead = {PIECE("")}, good = {PIECE("1: stream: X FOUND\0")};
	struct fake a, b;
	char both[400];
	struct asked got;

	fake_start(&a, &dead);
	fake_start(&b, &good);
	(void)snprintf(both, sizeof(both), "%s %s", a.path, b.path);
	got = ask_clamd(both, 5 * LOOP_SEC);
	check_int(got.status, VIRUS_OK);
	check_int(got.hits, 1);
	fake_stop(&a);
	fake_stop(&b);
}

UNIT(a_dead_one_does_not_cost_every_message)
{
	const struct slice objects[] = {SLICE("x")};
	struct piece p = {PIECE(""), .silent = true};
	struct virus_engine *e;
	struct asked got;
	struct fake f;

	fake_start(&f, &p);
	e = engine_for(f.path, 30);
	degraded_lines = 0;
	log_set_sink(count_lines, NULL);
	got = ask_engine(e, objects, 1, 300 * LOOP_MS);
	check_int(got.status, VIRUS_TIMEOUT);
	/* Not asked again yet: fails at once, and is still not clean. */
	got = ask_engine(e, objects, 1, 10 * LOOP_SEC);
	check_int(got.status, VIRUS_FAILED);
	check(got.ns < 200 * LOOP_MS);
	check(strstr(got.reason, "not asked again yet") != NULL);
	log_set_sink(NULL, NULL);
	check_int(degraded_lines, 1);
	virus_engine_free(e);
	fake_stop(&f);
}

/* ---- the real one ---- */

static const char eicar_hex[] =
    "58354f2150254041505b345c505a58353428505e2937434329377d2445494341522d5354"
    "414e444152442d414e544956495255532d544553542d46494c452124482b482a";

static size_t
from_hex(char *to, const char *hex)
{
	size_t n = strlen(hex) / 2, i;

	for (i = 0; i < n; i++) {
		const char *h = hex + 2 * i;
		const char *digits = "0123456789abcdef";

		to[i] = (char)((strchr(digits, h[0]) - digits) << 4 |
			       (strchr(digits, h[1]) - digits));
	}
	return n;
}

static void
write_clamd_files(const char *dir)
{
	char path[300], text[1200];

	(void)snprintf(path, sizeof(path), "%s/db", dir);
	check_int(mkdir(path, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/db/test.ndb", dir);
	(void)snprintf(text, sizeof(text), "Reeve.Test:0:*:%s\n", eicar_hex);
	unit_write(path, slice_str(text));
	(void)snprintf(path, sizeof(path), "%s/clamd.conf", dir);
	(void)snprintf(text, sizeof(text),
	    "DatabaseDirectory %s/db\nLocalSocket %s/clamd.sock\n"
	    "Foreground yes\nTemporaryDirectory %s\nStreamMaxLength 1M\n"
	    "OfficialDatabaseOnly no\nExitOnOOM yes\n",
	    dir, dir, dir);
	unit_write(path, slice_str(text));
}

static pid_t
start_clamd(const char *dir)
{
	char conf[300], sock[300];
	struct stat st;
	pid_t pid;
	int i;

	(void)snprintf(conf, sizeof(conf), "%s/clamd.conf", dir);
	(void)snprintf(sock, sizeof(sock), "%s/clamd.sock", dir);
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(null, 1);
		(void)dup2(null, 2);
		(void)execl(
		    "/usr/sbin/clamd", "clamd", "-c", conf, (char *)NULL);
		_exit(127);
	}
	for (i = 0; i < 300 && stat(sock, &st) != 0; i++)
		(void)usleep(50000);
	return pid;
}

static void
check_real(const char *sockets)
{
	static char eicar[80], big[2 << 20];
	struct slice objects[3] = {
	    SLICE("From: a\n\nhello\n"), SLICE("just text\n"), {NULL, 0}};
	struct virus_engine *e = engine_for(sockets, 30);
	struct asked got = ask_engine(e, objects, 2, 30 * LOOP_SEC);

	print_message("# real clamd: %s\n", got.reason);
	check_int(got.status, VIRUS_OK);
	check_int(got.hits, 0);
	objects[2] = slice_of(eicar, from_hex(eicar, eicar_hex));
	got = ask_engine(e, objects, 3, 30 * LOOP_SEC);
	check_int(got.status, VIRUS_OK);
	check_int(got.hits, 1);
	check_str(got.name, "Reeve.Test.UNOFFICIAL");
	check_str(
	    got.report, "Clamd: part.txt was infected: Reeve.Test.UNOFFICIAL");
	/* Over a limit for streams, with something bad behind it. */
	objects[1] = slice_of(big, sizeof(big));
	got = ask_engine(e, objects, 3, 30 * LOOP_SEC);
	check_int(got.hits, 1);
	print_message("# 2 MB: %d %s\n", (int)got.status, got.reason);
	virus_engine_free(e);
}

UNIT(a_real_clamd)
{
	char dir[200], sock[300];
	pid_t pid;

	if (access("/usr/sbin/clamd", X_OK) != 0)
		unit_skip("no clamd here");
	(void)snprintf(dir, sizeof(dir), "%s/clamd", unit_tmpdir());
	check_int(mkdir(dir, 0755), 0);
	write_clamd_files(dir);
	pid = start_clamd(dir);
	(void)snprintf(sock, sizeof(sock), "%s/clamd.sock", dir);
	check_int(access(sock, F_OK), 0);
	check_real(sock);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

UNIT_MAIN(unit(absent), unit(refuses), unit(clean), unit(hangs),
    unit(bad_answers_are_never_clean), unit(found_and_dead),
    unit(slow_is_not_wrong), unit(the_next_one_takes_over),
    unit(a_dead_one_does_not_cost_every_message), unit(a_real_clamd))
