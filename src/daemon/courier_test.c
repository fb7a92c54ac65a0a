#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/courier.h"
#include "queue/spool.h"
#include "sys/clock.h"
#include "test/hop.h"
#include "test/unit.h"

enum { WAIT_MS = 60 * 1000 };

/* A spool of its own and what the courier is told. */
struct lab {
	char root[300];
	struct spool *spool;
	struct arena *arena;
	struct courier_settings set;
	int64_t age; /* of the messages that are queued */
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
lab_begin(struct lab *l, const char *name, const char *routes)
{
	struct fail why;
	struct buf b;

	*l = (struct lab){.arena = arena_new(0)};
	log_set_sink(quiet, NULL);
	(void)snprintf(l->root, sizeof(l->root), "%s/%s", unit_tmpdir(), name);
	check_int(mkdir(l->root, 0700), 0);
	check_int(spool_open(&l->spool, l->root, NULL), 0);
	courier_settings_init(&l->set);
	l->set.spool = l->root;
	l->set.host = SLICE("reeve.test");
	*vec_push(l->arena, &l->set.retry_sec) = 1;
	/* @ stands for the lab's directory. */
	buf_init(&b, 4096);
	for (const char *p = routes; *p != '\0'; p++)
		if (*p == '@')
			(void)buf_adds(&b, l->root);
		else
			(void)buf_addc(&b, *p);
	check_int(
	    courier_routes_parse(&l->set, buf_slice(&b), l->arena, &why), 0);
	buf_fini(&b);
}

static void
lab_start(struct lab *l)
{
	l->pid = fork();
	if (l->pid == 0) {
		struct courier *c;
		struct fail why;

		(void)setpgid(0, 0);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (courier_open(&c, &l->set, &why) < 0 ||
		    courier_run(c, &why) < 0) {
			(void)fprintf(stderr, "# %s\n", why.text);
			_exit(1);
		}
		courier_close(c);
		_exit(0);
	}
	check(l->pid > 0);
	(void)setpgid(l->pid, l->pid);
}

static void
lab_stop(struct lab *l)
{
	int status = -1;

	check_int(kill(l->pid, SIGTERM), 0);
	check_int(waitpid(l->pid, &status, 0), l->pid);
	check_int(status, 0);
}

static void
lab_end(struct lab *l)
{
	spool_close(l->spool);
	arena_free(l->arena);
}

/* Queue a message to the recipients (words) with NOTIFY as given. */
static void
queue_mail(struct lab *l, const char *from, const char *to, unsigned notify,
    const char *text)
{
	struct envelope env = {.sender = slice_str(from),
	    .ret = SLICE("FULL"),
	    .received_at = (int64_t)time(NULL) - l->age};
	struct slice rest = slice_str(to), word;
	struct spool_add *add;

	while (slice_word(&rest, &word)) {
		struct recipient *r = vec_push(l->arena, &env.recipients);

		r->address = word;
		r->notify = notify;
	}
	check_int(
	    spool_add_begin(&add, l->spool, SPOOL_OUTGOING, &env, NULL, NULL),
	    0);
	check_int(spool_add_write(add, slice_str(text), NULL), 0);
	check_int(spool_add_commit(&add, 1, NULL), 1);
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
		closedir(d);
	return n;
}

/* Until `sub` holds n files. */
static void
wait_for(const struct lab *l, const char *sub, size_t n)
{
	uint64_t end = clock_mono() + WAIT_MS * CLOCK_MS;

	while (count_in(l, sub) != n && clock_mono() < end)
		clock_sleep_ms(5);
	check_int(count_in(l, sub), n);
}

/* The only file of a directory. */
static struct slice
read_only_one(const struct lab *l, const char *sub)
{
	char path[600], file[900] = "";
	const struct dirent *e;
	DIR *d;

	(void)snprintf(path, sizeof(path), "%s/%s", l->root, sub);
	d = opendir(path);
	check(d != NULL);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			(void)snprintf(
			    file, sizeof(file), "%s/%s", path, e->d_name);
	closedir(d);
	check(file[0] != '\0');
	return unit_read(file);
}

UNIT(routes_are_read)
{
	static const struct {
		const char *text;
		int n; /* -1: refused */
	} rows[] = {
	    {"maildir:/m/%u", 1},
	    {"a.example=lmtp:unix:/x; .b.example=smtp:[::1]:25; "
	     "*=maildir:/m/%d/%u",
		3},
	    {"pipe:/usr/sbin/sendmail -i -f %s", 1},
	    {"x=pipe:/bin/true;", 1},
	    {"", 0},
	    {"smtp:relay.example:25 ;; ", 1},
	    {"maildir:m/%u", -1},
	    {"maildir:/m/%q", -1},
	    {"carrier-pigeon:x", -1},
	    {"a=b", -1},
	    {"smtp:", -1},
	    {"pipe:sendmail", -1},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(0);
		struct courier_settings s;
		struct fail why;
		int rc;

		courier_settings_init(&s);
		rc = courier_routes_parse(&s, slice_str(rows[i].text), a, &why);
		check_int(rc, rows[i].n < 0 ? FAIL_CONFIG : 0);
		if (rows[i].n >= 0)
			check_int(s.routes.n, rows[i].n);
		arena_free(a);
	}
}

UNIT(mail_goes_to_maildirs)
{
	struct lab l;

	lab_begin(&l, "maildirs", "b.example=maildir:@/b/%u; *=maildir:@/m/%a");
	queue_mail(&l, "s@x", "one@a.example two@b.example", 0,
	    "Subject: x\r\n\r\ntext\r\n");
	lab_start(&l);
	wait_for(&l, "outgoing", 0);
	queue_mail(&l, "", "one@a.example", 0, "Subject: y\r\n\r\n.\r\n");
	wait_for(&l, "outgoing", 0);
	wait_for(&l, "m/one@a.example/new", 2);
	lab_stop(&l);
	check_slice(read_only_one(&l, "b/two/new"),
	    "Return-Path: <s@x>\nDelivered-To: two@b.example\n"
	    "Subject: x\n\ntext\n");
	check_int(count_in(&l, "m/one@a.example/tmp"), 0);
	check_int(count_in(&l, "tmp"), 0);
	lab_end(&l);
}

/* ---- hops ---- */

static const char text[] = "Subject: x\r\n\r\n.dot\r\nend\r\n";

/* A lab whose "*" route leads to the hop and "back.example" to a Maildir. */
static void
hop_lab(struct lab *l, struct hop *h, const char *name, const char *kind)
{
	char routes[300];

	(void)snprintf(routes, sizeof(routes),
	    "back.example=maildir:@/back; *=%s:%s", kind, h->address);
	lab_begin(l, name, routes);
}

static const char *
hop_dir(const char *name)
{
	static char dirs[40][300];
	static int n;

	check(n < 40);
	(void)snprintf(
	    dirs[n], sizeof(dirs[n]), "%s/%s.hop", unit_tmpdir(), name);
	return dirs[n++];
}

UNIT(mail_goes_to_a_hop)
{
	struct hop h = {.dir = hop_dir("plain")};
	struct lab l;

	hop_start(&h);
	hop_lab(&l, &h, "plain", "smtp");
	for (int i = 0; i < 5; i++)
		queue_mail(
		    &l, "s@x.example", "r@a.example q@b.example", 0, text);
	lab_start(&l);
	wait_for(&l, "outgoing", 0);
	lab_stop(&l);
	check_int(hop_messages(&h), 5);
	check_int(hop_sessions(&h), 1);
	hop_stop(&h);
	check_int(count_in(&l, "tmp"), 0);
	lab_end(&l);
}

static const char *
refuse_bad(const char *line)
{
	if (strstr(line, "bad@") != NULL)
		return "550-5.1.1 <bad>: no\r\n550 5.1.1 such user\r\n";
	if (strstr(line, "full@") != NULL)
		return "452 4.2.2 mailbox is full\r\n";
	return NULL;
}

UNIT(what_is_refused_comes_back_once)
{
	struct hop h = {.dir = hop_dir("bounce"), .rcpt_answer = refuse_bad};
	struct slice bounce;
	struct lab l;

	hop_start(&h);
	hop_lab(&l, &h, "bounce", "smtp");
	queue_mail(
	    &l, "me@back.example", "bad@a.example good@a.example", 0, text);
	queue_mail(&l, "", "bad@a.example", 0, text);
	queue_mail(&l, "me@back.example", "bad@a.example", NOTIFY_NEVER, text);
	lab_start(&l);
	wait_for(&l, "back/new", 1);
	wait_for(&l, "outgoing", 0);
	lab_stop(&l);
	bounce = read_only_one(&l, "back/new");
	check(slice_find(bounce, SLICE("Return-Path: <>\n")) == 0);
	check(slice_find(bounce, SLICE("Action: failed\nStatus: 5.1.1\n")) > 0);
	check(slice_find(bounce, SLICE("Final-Recipient: rfc822; bad@a")) > 0);
	check(slice_find(bounce, SLICE("good@a")) < 0);
	check(slice_find(bounce, SLICE("such user")) > 0);
	check_int(hop_messages(&h), 1);
	hop_stop(&h);
	lab_end(&l);
}

UNIT(what_cannot_go_now_waits_on_disk)
{
	struct hop h = {.dir = hop_dir("later"), .rcpt_answer = refuse_bad};
	struct spool_list list = {.entries = {.n = 0}};
	struct spool_mail *m;
	int64_t next;
	struct lab l;

	hop_start(&h);
	hop_lab(&l, &h, "later", "smtp");
	l.set.retry_sec.at[0] = 500;
	queue_mail(
	    &l, "me@back.example", "full@a.example good@a.example", 0, text);
	lab_start(&l);
	wait_for(&l, "../later.hop", 2); /* a session and a message */
	lab_stop(&l);
	check_int(hop_messages(&h), 1);
	hop_stop(&h);
	check_int(spool_due(l.spool, SPOOL_OUTGOING, (int64_t)time(NULL), 10,
		      &list, &next, l.arena, NULL),
	    0);
	check_int(list.entries.n, 0);
	check(next > (int64_t)time(NULL) + 400);
	check_int(spool_due(l.spool, SPOOL_OUTGOING, next, 10, &list, &next,
		      l.arena, NULL),
	    0);
	check_int(list.entries.n, 1);
	check_int(spool_mail_open(&m, l.spool, list.entries.at[0].id, NULL), 0);
	check_int(m->attempts, 1);
	check_int(m->states[0], SPOOL_WAITING);
	check_int(m->states[1], SPOOL_DELIVERED);
	spool_mail_close(m);
	check_int(count_in(&l, "back/new"), 0);
	lab_end(&l);
}

UNIT(it_is_tried_again_and_given_up_in_the_end)
{
	struct hop h = {.dir = hop_dir("expire"), .rcpt_answer = refuse_bad};
	struct slice bounce;
	struct lab l;

	hop_start(&h);
	hop_lab(&l, &h, "expire", "smtp");
	l.age = 6 * 24 * 3600;
	l.set.delay_sec = 7 * 24 * 3600;
	queue_mail(&l, "me@back.example", "full@a.example", 0, text);
	lab_start(&l);
	wait_for(&l, "back/new", 1);
	wait_for(&l, "outgoing", 0);
	lab_stop(&l);
	bounce = read_only_one(&l, "back/new");
	check(slice_find(bounce, SLICE("Status: 4.4.7")) > 0);
	check(slice_find(bounce, SLICE("mailbox is full")) > 0);
	/* Tried three times, whatever the clock said. */
	check_int(hop_sessions(&h), 3);
	hop_stop(&h);
	lab_end(&l);
}

UNIT(a_delay_is_told_once)
{
	struct hop h = {.dir = hop_dir("delay"), .rcpt_answer = refuse_bad};
	struct slice notice;
	struct lab l;

	hop_start(&h);
	hop_lab(&l, &h, "delay", "smtp");
	l.age = 5 * 3600;
	queue_mail(&l, "me@back.example", "full@a.example", 0, text);
	lab_start(&l);
	wait_for(&l, "../delay.hop", 3);
	lab_stop(&l);
	hop_stop(&h);
	check_int(count_in(&l, "back/new"), 1);
	notice = read_only_one(&l, "back/new");
	check(slice_find(notice, SLICE("Action: delayed")) > 0);
	check(slice_find(notice, SLICE("Will-Retry-Until: ")) > 0);
	check_int(count_in(&l, "outgoing"), 1);
	lab_end(&l);
}

UNIT(a_dead_hop_holds_up_nobody)
{
	struct hop dead = {.dir = hop_dir("dead"), .greeting = HOP_MUTE};
	char routes[300];
	struct lab l;

	hop_start(&dead);
	(void)snprintf(routes, sizeof(routes),
	    "dead.example=smtp:%s; none.example=smtp:127.0.0.1:1; "
	    "*=maildir:@/m",
	    dead.address);
	lab_begin(&l, "dead", routes);
	for (int i = 0; i < 40; i++)
		queue_mail(&l, "s@x.example", "a@dead.example b@none.example",
		    0, text);
	lab_start(&l);
	wait_for(&l, "../dead.hop", 1);
	for (int i = 0; i < 40; i++)
		queue_mail(&l, "s@x.example", "a@m.example", 0, text);
	queue_mail(&l, "s@x.example", "a@m.example b@none.example", 0, text);
	wait_for(&l, "m/new", 41);
	/* Not one session for each that waits. */
	check(hop_sessions(&dead) <= (l.set.deliveries_max + 1) / 2);
	lab_stop(&l);
	hop_stop(&dead);
	check_int(count_in(&l, "outgoing"), 41);
	lab_end(&l);
}

static const char *
lmtp_answers(const char *line)
{
	if (strstr(line, "bad@") != NULL)
		return "552 5.2.2 over quota\r\n";
	return strstr(line, "full@") != NULL ? "451 4.2.1 later\r\n" : NULL;
}

UNIT(lmtp_answers_for_each_recipient)
{
	struct hop h = {
	    .dir = hop_dir("lmtp"), .lmtp = true, .dot_answer = lmtp_answers};
	struct slice bounce;
	struct lab l;

	hop_start(&h);
	hop_lab(&l, &h, "lmtp", "lmtp");
	l.set.retry_sec.at[0] = 500;
	queue_mail(&l, "me@back.example",
	    "one@a.example bad@a.example full@a.example", 0, text);
	lab_start(&l);
	wait_for(&l, "back/new", 1);
	lab_stop(&l);
	bounce = read_only_one(&l, "back/new");
	check(slice_find(bounce, SLICE("Status: 5.2.2")) > 0);
	check(slice_find(bounce, SLICE("full@")) < 0);
	check_int(hop_messages(&h), 1);
	hop_stop(&h);
	wait_for(&l, "outgoing", 1);
	lab_end(&l);
}

static size_t
count_notices(const struct lab *l, const char *action)
{
	char path[600];
	const struct dirent *e;
	size_t n = 0;
	DIR *d;

	(void)snprintf(path, sizeof(path), "%s/back/new", l->root);
	d = opendir(path);
	check(d != NULL);
	while ((e = readdir(d)) != NULL) {
		char file[900];

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		n += slice_find(unit_read(file), slice_str(action)) > 0;
	}
	closedir(d);
	return n;
}

UNIT(success_is_told_to_who_asks)
{
	struct hop plain = {
	    .dir = hop_dir("nodsn"), .hello = "250-hop\r\n250 8BITMIME\r\n"};
	struct hop dsn = {.dir = hop_dir("dsn")};
	char routes[400];
	struct lab l;

	hop_start(&plain);
	hop_start(&dsn);
	(void)snprintf(routes, sizeof(routes),
	    "plain.example=smtp:%s; dsn.example=smtp:%s; "
	    "back.example=maildir:@/back; *=maildir:@/m",
	    plain.address, dsn.address);
	lab_begin(&l, "success", routes);
	queue_mail(&l, "me@back.example",
	    "a@plain.example b@dsn.example c@m.example", NOTIFY_SUCCESS, text);
	lab_start(&l);
	wait_for(&l, "back/new", 2);
	wait_for(&l, "outgoing", 0);
	lab_stop(&l);
	check_int(count_notices(&l, "Action: relayed"), 1);
	check_int(count_notices(&l, "Action: delivered"), 1);
	check_int(hop_messages(&dsn), 1);
	hop_stop(&plain);
	hop_stop(&dsn);
	lab_end(&l);
}

UNIT(a_loop_is_cut)
{
	struct hop h = {.dir = hop_dir("loop")};
	struct slice bounce;
	struct lab l;
	struct buf b;

	hop_start(&h);
	hop_lab(&l, &h, "loop", "smtp");
	buf_init(&b, 100000);
	for (int i = 0; i <= COURIER_HOPS_MAX; i++)
		(void)buf_adds(&b, "received: from x\r\n\tby y; date\r\n");
	(void)buf_adds(&b, "Subject: s\r\n\r\nReceived: x\r\n");
	queue_mail(&l, "me@back.example", "r@a.example", 0, buf_str(&b));
	buf_fini(&b);
	lab_start(&l);
	wait_for(&l, "back/new", 1);
	wait_for(&l, "outgoing", 0);
	lab_stop(&l);
	bounce = read_only_one(&l, "back/new");
	check(slice_find(bounce, SLICE("Status: 5.4.6")) > 0);
	check_int(hop_messages(&h), 0);
	hop_stop(&h);
	lab_end(&l);
}

UNIT(without_a_route_mail_waits)
{
	struct lab l;

	lab_begin(&l, "noroute", "a.example=maildir:@/m");
	l.set.retry_sec.at[0] = 500;
	queue_mail(&l, "me@a.example", "x@b.example y@a.example", 0, text);
	lab_start(&l);
	wait_for(&l, "m/new", 1);
	lab_stop(&l);
	check_int(count_in(&l, "outgoing"), 1);
	lab_end(&l);
}

/* ---- programs ---- */

static void
write_program(const char *path, const char *script)
{
	unit_write(path, slice_str(script));
	check_int(chmod(path, 0755), 0);
}

UNIT(a_program_gets_words_and_no_shell)
{
	char path[400], routes[600], script[900];
	struct lab l;

	(void)snprintf(path, sizeof(path), "%s/prog", unit_tmpdir());
	(void)snprintf(script, sizeof(script),
	    "#!/bin/sh\nout=$(mktemp %s/prog.out.XXXXXX)\n"
	    "printf '[%%s]' \"$@\" >$out\ncat >>$out\n",
	    unit_tmpdir());
	write_program(path, script);
	(void)snprintf(
	    routes, sizeof(routes), "pipe:%s -i $HOME;x -f %%s", path);
	/* ";" ends a route. */
	*strchr(routes, ';') = '|';
	lab_begin(&l, "pipe", routes);
	queue_mail(&l, "", "-oQ/tmp@a.example \"a;b\"@a.example", 0, text);
	lab_start(&l);
	wait_for(&l, "outgoing", 0);
	lab_stop(&l);
	(void)snprintf(script, sizeof(script), "cat %s/prog.out.* >%s/prog.all",
	    unit_tmpdir(), unit_tmpdir());
	check_int(system(script), 0);
	(void)snprintf(path, sizeof(path), "%s/prog.all", unit_tmpdir());
	check_slice(unit_read(path),
	    "[-i][$HOME|x][-f][<>][--][-oQ/tmp@a.example][\"a;b\"@a.example]"
	    "Subject: x\n\n.dot\nend\n");
	lab_end(&l);
}

UNIT(what_a_program_says)
{
	static const struct {
		const char *script;
		bool bounced;
	} rows[] = {
	    {"#!/bin/sh\necho no such user >&2\nexit 67\n", true},
	    {"#!/bin/sh\nexit 75\n", false},
	    {"#!/bin/sh\nexit 64\n", false},
	    {"#!/bin/sh\nkill -9 $$\n", false},
	    {"#!/nowhere/at/all\n", false},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char path[400], name[40], routes[600];
		struct lab l;

		(void)snprintf(
		    path, sizeof(path), "%s/says%zu", unit_tmpdir(), i);
		write_program(path, rows[i].script);
		(void)snprintf(name, sizeof(name), "pipe%zu", i);
		(void)snprintf(routes, sizeof(routes),
		    "back.example=maildir:@/back; *=pipe:%s; ", path);
		lab_begin(&l, name, routes);
		l.set.retry_sec.at[0] = 500;
		l.age = rows[i].bounced ? 0 : 5 * 3600;
		queue_mail(&l, "me@back.example", "r@a.example", 0, text);
		lab_start(&l);
		wait_for(&l, "back/new", 1);
		lab_stop(&l);
		check_int(
		    count_notices(&l,
			rows[i].bounced ? "Action: failed" : "Action: delayed"),
		    1);
		lab_end(&l);
	}
}

/* ---- accidents ---- */

UNIT(a_file_that_is_none_of_ours_stays)
{
	char path[600];
	struct lab l;

	lab_begin(&l, "alien", "maildir:@/m");
	(void)snprintf(path, sizeof(path), "%s/outgoing/ALIEN1", l.root);
	unit_write(path, SLICE("REEVE-1\nand then nothing"));
	queue_mail(&l, "s@x", "r@a.example", 0, text);
	lab_start(&l);
	wait_for(&l, "m/new", 1);
	wait_for(&l, "outgoing", 1);
	lab_stop(&l);
	check_slice(unit_read(path), "REEVE-1\nand then nothing");
	lab_end(&l);
}

/* End the courier and its children in the middle of whatever they do. */
static void
lab_kill(struct lab *l)
{
	check_int(kill(-l->pid, SIGKILL), 0);
	check_int(waitpid(l->pid, NULL, 0), l->pid);
}

UNIT(killed_at_any_time_it_loses_and_doubles_nothing)
{
	enum { MAILS = 300, KILLS = 60 };
	uint64_t seed = 12345;
	struct lab l;

	lab_begin(&l, "kills",
	    "b.example=maildir:@/b; c.example=maildir:@/c; "
	    "none.example=smtp:127.0.0.1:1; *=maildir:@/m");
	l.set.retry_sec.at[0] = 500;
	for (int i = 0; i < MAILS; i++)
		queue_mail(&l, "me@c.example",
		    i % 3 == 0 ? "a@m.example b@b.example"
			       : "a@m.example b@b.example x@none.example",
		    NOTIFY_SUCCESS, text);
	for (int i = 0; i < KILLS; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1;
		lab_start(&l);
		clock_sleep_ms(seed >> 40 & 31);
		lab_kill(&l);
	}
	lab_start(&l);
	wait_for(&l, "m/new", MAILS);
	wait_for(&l, "b/new", MAILS);
	/* Two notices of one pass are one message. */
	wait_for(&l, "c/new", MAILS);
	wait_for(&l, "outgoing", 2 * MAILS / 3);
	lab_stop(&l);
	check_int(count_in(&l, "m/new"), MAILS);
	check_int(count_in(&l, "b/new"), MAILS);
	check_int(count_in(&l, "c/new"), MAILS);
	lab_end(&l);
}

UNIT_MAIN(unit(routes_are_read), unit(mail_goes_to_maildirs),
    unit(mail_goes_to_a_hop), unit(what_is_refused_comes_back_once),
    unit(what_cannot_go_now_waits_on_disk),
    unit(it_is_tried_again_and_given_up_in_the_end), unit(a_delay_is_told_once),
    unit(a_dead_hop_holds_up_nobody), unit(lmtp_answers_for_each_recipient),
    unit(success_is_told_to_who_asks), unit(a_loop_is_cut),
    unit(without_a_route_mail_waits), unit(a_program_gets_words_and_no_shell),
    unit(what_a_program_says), unit(a_file_that_is_none_of_ours_stays),
    unit(killed_at_any_time_it_loses_and_doubles_nothing))
