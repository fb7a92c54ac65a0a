#define _GNU_SOURCE /* unshare */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/receiver.h"
#include "queue/spool.h"
#include "sys/clock.h"
#include "sys/io.h"
#include "sys/loop.h"
#include "test/unit.h"

enum { SIZE_MAX_TEST = 100000 };

struct lab {
	char root[300];
	struct arena *arena;
	struct receiver_settings set;
	struct net_address at[2];
	bool small_disk; /* a file system of 5 MB for the spool */
	pid_t pid;
};

static void
quiet(enum log_level level, const char *line, void *ctx)
{
	(void)level;
	(void)ctx;
	if (getenv("REEVE_TEST_LOG") != NULL)
		(void)fprintf(stderr, "# %s\n", line);
}

static void
lab_begin(struct lab *l, const char *name)
{
	struct net_range *r;
	struct receiver_listener *x;

	*l = (struct lab){.arena = arena_new(0)};
	log_set_sink(quiet, NULL);
	(void)snprintf(l->root, sizeof(l->root), "%s/%s", unit_tmpdir(), name);
	check_int(mkdir(l->root, 0700), 0);
	receiver_settings_init(&l->set);
	l->set.spool = l->root;
	l->set.host = SLICE("mx.test");
	l->set.message_max = SIZE_MAX_TEST;
	r = vec_push(l->arena, &l->set.allowed);
	check_int(net_range_parse(r, SLICE("127.0.0.0/8"), NULL), 0);
	x = vec_push(l->arena, &l->set.listeners);
	check_int(net_parse(&x->at, SLICE("127.0.0.1:0"), 0, NULL), 0);
	x = vec_push(l->arena, &l->set.listeners);
	x->lmtp = true;
	check_int(net_parse(&x->at,
		      arena_printf(l->arena, "unix:%s/lmtp", l->root), 0, NULL),
	    0);
}

static void
trust_loopback(struct lab *l)
{
	struct net_range *r = vec_push(l->arena, &l->set.trusted);

	check_int(net_range_parse(r, SLICE("127.0.0.1"), NULL), 0);
}

static void
lab_start(struct lab *l)
{
	struct receiver *r;
	struct fail why;

	if (l->small_disk)
		check_int(mount("tmpfs", l->root, "tmpfs", 0, "size=5m"), 0);
	check_int(receiver_open(&r, &l->set, &why), 0);
	for (size_t i = 0; i < 2; i++)
		check_int(receiver_address(r, i, &l->at[i], &why), 0);
	l->pid = fork();
	if (l->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (receiver_run(r, &why) < 0)
			_exit(1);
		receiver_close(r);
		_exit(0);
	}
	check(l->pid > 0);
	receiver_close(r);
}

static void
lab_stop(struct lab *l)
{
	int status = -1;

	check_int(kill(l->pid, SIGTERM), 0);
	check_int(waitpid(l->pid, &status, 0), l->pid);
	check_int(status, 0);
	arena_free(l->arena);
}

/* ---- a client ---- */

static int
dial(const struct lab *l, size_t listener)
{
	struct timeval patience = {.tv_sec = 60};
	int fd = net_connect_within(&l->at[listener], 10 * LOOP_SEC, NULL);

	check(fd >= 0);
	check_int(fcntl(fd, F_SETFL, 0), 0);
	check_int(setsockopt(
		      fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)),
	    0);
	return fd;
}

static bool
say(int fd, struct slice s)
{
	while (s.n > 0) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		s = slice_from(s, (size_t)n);
	}
	return true;
}

static int
read_byte(int fd)
{
	char c;

	return recv(fd, &c, 1, 0) == 1 ? (unsigned char)c : -1;
}

/* The code of the next reply; 0 when there is none any more. */
static int
hear(int fd)
{
	char line[2000];

	for (;;) {
		size_t n = 0;
		int c;

		while ((c = read_byte(fd)) >= 0 && c != '\n')
			if (n < sizeof(line) - 1)
				line[n++] = (char)c;
		line[n] = '\0';
		if (c < 0 || n < 4)
			return 0;
		if (line[3] != '-')
			return (line[0] - '0') * 100 + (line[1] - '0') * 10 +
			       line[2] - '0';
	}
}

static int
ask(int fd, const char *line)
{
	check(say(fd, slice_str(line)));
	return hear(fd);
}

/* Up to the 354. */
static int
begin(const struct lab *l, const char *from)
{
	char mail[200];
	int fd = dial(l, 0);

	(void)snprintf(mail, sizeof(mail), "MAIL FROM:<%s>\r\n", from);
	check_int(hear(fd), 220);
	check_int(ask(fd, "EHLO client.test\r\n"), 250);
	check_int(ask(fd, mail), 250);
	check_int(ask(fd, "RCPT TO:<r@b.example>\r\n"), 250);
	check_int(ask(fd, "DATA\r\n"), 354);
	return fd;
}

/* ---- the spool ---- */

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
		closedir(d);
	return n;
}

/* All bytes in incoming/. */
static struct slice
incoming(const struct lab *l)
{
	static char all[4 * 1024 * 1024];
	char path[600];
	const struct dirent *e;
	size_t n = 0;
	DIR *d;

	(void)snprintf(path, sizeof(path), "%s/incoming", l->root);
	d = opendir(path);
	check(d != NULL);
	while ((e = readdir(d)) != NULL) {
		char file[900];
		struct slice one;

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		one = unit_read(file);
		check(n + one.n <= sizeof(all));
		memcpy(all + n, one.p, one.n);
		n += one.n;
	}
	closedir(d);
	return slice_of(all, n);
}

/* ---- cases ---- */

UNIT(what_is_answered_with_250_is_on_disk)
{
	struct slice kept;
	struct lab l;
	int fd;

	lab_begin(&l, "durable");
	lab_start(&l);
	fd = begin(&l, "s@a.example");
	check_int(ask(fd, "Subject: x\r\n\r\n..a\r\n.\r\n"), 250);
	check_int(kill(l.pid, SIGKILL), 0);
	check_int(waitpid(l.pid, NULL, 0), l.pid);
	check_int(count_in(&l, "incoming"), 1);
	check_int(count_in(&l, "tmp"), 0);
	kept = incoming(&l);
	check(slice_find(kept, SLICE("Received: from client.test "
				     "([127.0.0.1])\r\n\tby mx.test (Reeve) "
				     "with ESMTP id ")) > 0);
	check(slice_find(kept, SLICE("\r\n\tfor <r@b.example>;\r\n\t")) > 0);
	check(slice_ends(kept, " +0000\r\nSubject: x\r\n\r\n.a\r\n"));
	close(fd);
	arena_free(l.arena);
}

UNIT(transparent_adds_nothing)
{
	struct lab l;
	int fd;

	lab_begin(&l, "transparent");
	l.set.transparent = true;
	lab_start(&l);
	fd = begin(&l, "s@a.example");
	check_int(ask(fd, "Subject: x\r\n\r\na\r\n.\r\n"), 250);
	check(slice_find(incoming(&l), SLICE("Received:")) < 0);
	close(fd);
	lab_stop(&l);
}

UNIT(a_whole_session_may_come_at_once)
{
	struct lab l;
	int fd, n = 0;

	lab_begin(&l, "pipelined");
	lab_start(&l);
	fd = dial(&l, 0);
	check(
	    say(fd, SLICE("EHLO x\r\n"
			  "MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\na\r\n.\r\n"
			  "MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nb\r\n.\r\n"
			  "QUIT\r\n")));
	while (hear(fd) != 0)
		n++;
	check_int(n, 11);
	check_int(count_in(&l, "incoming"), 2);
	close(fd);
	lab_stop(&l);
}

UNIT(many_at_once_are_all_kept)
{
	enum { MANY = 120 };
	int fds[MANY];
	struct lab l;

	lab_begin(&l, "many");
	lab_start(&l);
	for (int i = 0; i < MANY; i++)
		fds[i] = begin(&l, "s@a.example");
	for (int i = 0; i < MANY; i++)
		check(say(fds[i], SLICE("x\r\n.\r\nQUIT\r\n")));
	for (int i = 0; i < MANY; i++) {
		check_int(hear(fds[i]), 250);
		check_int(hear(fds[i]), 221);
		close(fds[i]);
	}
	check_int(count_in(&l, "incoming"), MANY);
	check_int(count_in(&l, "tmp"), 0);
	lab_stop(&l);
}

/* Whatever stands around a dot, one session can make one message of one
 * sender out of what a client puts into its data. */
UNIT(nothing_is_smuggled_in)
{
	static const struct slice ends[] = {SLICE_LIT("\n"), SLICE_LIT("\r"),
	    SLICE_LIT("\r\n"), SLICE_LIT("\n\n"), SLICE_LIT("\r\r"),
	    SLICE_LIT("\n\r"), SLICE_LIT("\r\r\n"), SLICE_LIT("\r\n\0"),
	    SLICE_LIT("\0\r\n"), SLICE_LIT("\n\0"), SLICE_LIT("\0\n"),
	    SLICE_LIT("\r\0\n"), SLICE_LIT("\r\0"), SLICE_LIT("\0"),
	    SLICE_LIT("\x85"), SLICE_LIT("\v"), SLICE_LIT("\f"),
	    SLICE_LIT("\xe2\x80\xa8"), SLICE_LIT(" \r\n"), SLICE_LIT("\b\r\n")};
	static const char evil[] = "MAIL FROM:<evil@x.example>\r\n"
				   "RCPT TO:<v@b.example>\r\n"
				   "DATA\r\nbad\r\n.\r\nQUIT\r\n";
	size_t taken = 0;
	struct slice kept;
	struct lab l;

	lab_begin(&l, "smuggle");
	lab_start(&l);
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		for (size_t k = 0; k < COUNT_OF(ends); k++) {
			struct buf b;
			int fd, code;

			if (slice_ends(ends[i], "\r\n") &&
			    slice_starts(ends[k], "\r\n"))
				continue; /* an end by the rules */
			buf_init(&b, 1000);
			(void)buf_adds(&b, "a");
			(void)buf_add(&b, ends[i]);
			(void)buf_adds(&b, ".");
			(void)buf_add(&b, ends[k]);
			(void)buf_adds(&b, evil);
			fd = begin(&l, "good@a.example");
			check(say(fd, buf_slice(&b)));
			code = hear(fd);
			check(code == 250 || code == 521);
			taken += code == 250;
			if (code == 250)
				check_int(hear(fd), 221);
			check_int(hear(fd), 0);
			close(fd);
			buf_fini(&b);
		}
	check_int(count_in(&l, "incoming"), taken);
	check(taken > 0);
	/* It stands in texts, never in an envelope, which is packed: the
	 * address stands right behind its length. */
	kept = incoming(&l);
	check(slice_find(kept, SLICE("<evil@x.example>")) > 0);
	check(slice_find(kept, SLICE("\x0e\0\0\0evil@x.example")) < 0);
	check(slice_find(kept, SLICE("\x0e\0\0\0good@a.example")) > 0);
	lab_stop(&l);
}

UNIT(strangers_are_turned_away)
{
	struct lab l;
	int fd;

	lab_begin(&l, "strangers");
	l.set.allowed.n = 0;
	lab_start(&l);
	fd = dial(&l, 0);
	check_int(hear(fd), 554);
	check_int(hear(fd), 0);
	close(fd);
	lab_stop(&l);
}

UNIT(there_is_room_for_so_many_sessions)
{
	struct lab l;
	int one, two;

	lab_begin(&l, "sessions");
	l.set.sessions_max = 1;
	lab_start(&l);
	one = dial(&l, 0);
	check_int(hear(one), 220);
	two = dial(&l, 0);
	check_int(hear(two), 421);
	close(two);
	check_int(ask(one, "QUIT\r\n"), 221);
	check_int(hear(one), 0);
	close(one);
	/* The place is free again. */
	do {
		two = dial(&l, 0);
		one = hear(two);
		close(two);
	} while (one == 421);
	check_int(one, 220);
	lab_stop(&l);
}

UNIT(only_trusted_peers_speak_for_others)
{
	static const char forward[] =
	    "XFORWARD ADDR=192.0.2.77 NAME=far.example HELO=far\r\n";
	struct lab l;
	int fd;

	lab_begin(&l, "untrusted");
	lab_start(&l);
	fd = dial(&l, 0);
	check_int(hear(fd), 220);
	check_int(ask(fd, "EHLO x\r\n"), 250);
	check_int(ask(fd, forward), 550);
	check_int(ask(fd, "XCLIENT ADDR=192.0.2.77\r\n"), 550);
	close(fd);
	lab_stop(&l);

	lab_begin(&l, "trusted");
	trust_loopback(&l);
	lab_start(&l);
	fd = dial(&l, 0);
	check_int(hear(fd), 220);
	check_int(ask(fd, "EHLO x\r\n"), 250);
	check_int(ask(fd, forward), 250);
	check_int(ask(fd, "MAIL FROM:<a@b>\r\n"), 250);
	check_int(ask(fd, "RCPT TO:<a@b>\r\n"), 250);
	check_int(ask(fd, "DATA\r\n"), 354);
	check_int(ask(fd, "x\r\n.\r\n"), 250);
	check(slice_find(incoming(&l), SLICE("\x0a\0\0\0"
					     "192.0.2.77")) > 0);
	check(slice_find(incoming(&l), SLICE("\x0b\0\0\0"
					     "far.example")) > 0);
	check(slice_find(incoming(&l), SLICE("from [127.0.0.1]")) > 0);
	close(fd);
	lab_stop(&l);
}

/* One byte at a time, for ever. */
static int
dribble(int fd, char byte)
{
	struct timeval nap = {.tv_usec = 50000};

	check_int(
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &nap, sizeof(nap)), 0);
	for (int i = 0; i < 2000; i++) {
		char c;

		(void)say(fd, slice_of(&byte, 1));
		if (recv(fd, &c, 1, MSG_PEEK) == 1)
			break;
	}
	nap.tv_sec = 10;
	check_int(
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &nap, sizeof(nap)), 0);
	return hear(fd);
}

UNIT(slow_bytes_buy_no_time)
{
	struct lab l;
	int fd;

	lab_begin(&l, "slow");
	l.set.idle_ns = LOOP_SEC;
	lab_start(&l);
	fd = dial(&l, 0);
	check_int(hear(fd), 220);
	check_int(dribble(fd, 'N'), 421);
	close(fd);
	fd = begin(&l, "s@a.example");
	check_int(dribble(fd, 'x'), 421);
	close(fd);
	/* Who says nothing at all is not waited for either. */
	fd = begin(&l, "s@a.example");
	check_int(hear(fd), 421);
	close(fd);
	check_int(count_in(&l, "tmp"), 0);
	check_int(count_in(&l, "incoming"), 0);
	lab_stop(&l);
}

UNIT(half_a_message_is_none)
{
	struct lab l;
	int fd;

	lab_begin(&l, "half");
	lab_start(&l);
	for (int i = 0; i < 20; i++) {
		fd = begin(&l, "s@a.example");
		check(say(fd, SLICE("Subject: x\r\n\r\nhalf")));
		close(fd);
	}
	fd = begin(&l, "s@a.example");
	check_int(ask(fd, "x\r\n.\r\n"), 250);
	close(fd);
	lab_stop(&l);
	check_int(count_in(&l, "incoming"), 1);
	check_int(count_in(&l, "tmp"), 0);
}

UNIT(what_is_too_big_is_refused_and_the_session_goes_on)
{
	char *big;
	struct lab l;
	int fd;

	lab_begin(&l, "big");
	lab_start(&l);
	fd = begin(&l, "s@a.example");
	big = arena_alloc(l.arena, 2 * SIZE_MAX_TEST);
	memset(big, 'x', 2 * SIZE_MAX_TEST);
	check(say(fd, slice_of(big, 2 * SIZE_MAX_TEST)));
	check_int(ask(fd, "\r\n.\r\n"), 552);
	check_int(ask(fd, "MAIL FROM:<a@b> SIZE=100001\r\n"), 552);
	check_int(ask(fd, "MAIL FROM:<a@b> SIZE=1\r\n"), 250);
	check_int(ask(fd, "RCPT TO:<a@b>\r\n"), 250);
	check_int(ask(fd, "DATA\r\n"), 354);
	check_int(ask(fd, "x\r\n.\r\n"), 250);
	close(fd);
	check_int(count_in(&l, "incoming"), 1);
	check_int(count_in(&l, "tmp"), 0);
	lab_stop(&l);
}

UNIT(lmtp_answers_for_each_recipient)
{
	struct lab l;
	int fd;

	lab_begin(&l, "lmtp");
	lab_start(&l);
	fd = dial(&l, 1);
	check_int(hear(fd), 220);
	check_int(ask(fd, "EHLO x\r\n"), 500);
	check_int(ask(fd, "LHLO x\r\n"), 250);
	check_int(ask(fd, "MAIL FROM:<a@b>\r\n"), 250);
	check_int(ask(fd, "RCPT TO:<a@b>\r\n"), 250);
	check_int(ask(fd, "RCPT TO:<c@b>\r\n"), 250);
	check_int(ask(fd, "DATA\r\n"), 354);
	check_int(ask(fd, "x\r\n.\r\n"), 250);
	check_int(hear(fd), 250);
	check_int(ask(fd, "QUIT\r\n"), 221);
	check_int(hear(fd), 0);
	close(fd);
	check_int(count_in(&l, "incoming"), 1);
	lab_stop(&l);
}

UNIT(sigterm_lets_a_message_end)
{
	struct lab l;
	int busy, idle, status = -1;

	lab_begin(&l, "drain");
	lab_start(&l);
	busy = begin(&l, "s@a.example");
	idle = dial(&l, 0);
	check_int(hear(idle), 220);
	check_int(kill(l.pid, SIGTERM), 0);
	check_int(hear(idle), 421);
	check_int(hear(idle), 0);
	close(idle);
	check_int(ask(busy, "x\r\n.\r\n"), 250);
	check_int(hear(busy), 421);
	check_int(hear(busy), 0);
	close(busy);
	check_int(waitpid(l.pid, &status, 0), l.pid);
	check_int(status, 0);
	check_int(count_in(&l, "incoming"), 1);
	arena_free(l.arena);
}

UNIT(a_full_disk_is_temporary)
{
	struct lab l;
	char *big;
	int fd, code;

	if (geteuid() != 0)
		unit_skip("needs root for a small file system");
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		unit_skip("needs mounts of its own for a small file system");
	lab_begin(&l, "full");
	l.set.message_max = 0;
	l.small_disk = true;
	lab_start(&l);
	fd = dial(&l, 0);
	check_int(hear(fd), 220);
	check_int(ask(fd, "EHLO x\r\n"), 250);
	check_int(ask(fd, "MAIL FROM:<a@b> SIZE=3000000\r\n"), 250);
	check_int(ask(fd, "RCPT TO:<a@b>\r\n"), 250);
	check_int(ask(fd, "DATA\r\n"), 452);
	/* It was announced as nothing and is too much. */
	check_int(ask(fd, "MAIL FROM:<a@b>\r\n"), 250);
	check_int(ask(fd, "RCPT TO:<a@b>\r\n"), 250);
	check_int(ask(fd, "DATA\r\n"), 354);
	big = arena_alloc(l.arena, 6000000);
	memset(big, 'x', 6000000);
	check(say(fd, slice_of(big, 6000000)));
	check_int(ask(fd, "\r\n.\r\n"), 452);
	check_int(count_in(&l, "tmp"), 0);
	check_int(count_in(&l, "incoming"), 0);
	/* What was written has been given back. */
	check_int(ask(fd, "MAIL FROM:<a@b>\r\n"), 250);
	check_int(ask(fd, "RCPT TO:<a@b>\r\n"), 250);
	code = ask(fd, "DATA\r\n");
	check_int(code, 354);
	check_int(ask(fd, "x\r\n.\r\n"), 250);
	close(fd);
	lab_stop(&l);
	check_int(umount2(l.root, MNT_DETACH), 0);
}

UNIT_MAIN(unit(what_is_answered_with_250_is_on_disk),
    unit(transparent_adds_nothing), unit(a_whole_session_may_come_at_once),
    unit(many_at_once_are_all_kept), unit(nothing_is_smuggled_in),
    unit(strangers_are_turned_away), unit(there_is_room_for_so_many_sessions),
    unit(only_trusted_peers_speak_for_others), unit(slow_bytes_buy_no_time),
    unit(half_a_message_is_none),
    unit(what_is_too_big_is_refused_and_the_session_goes_on),
    unit(lmtp_answers_for_each_recipient), unit(sigterm_lets_a_message_end),
    unit(a_full_disk_is_temporary))
