#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/courier.h"
#include "queue/spool.h"
#include "sys/clock.h"
#include "test/unit.h"

enum { WAIT_MS = 60 * 1000 };

/* A spool of its own and what the courier is told. */
struct lab {
	char root[300];
	struct spool *spool;
	struct arena *arena;
	struct courier_settings set;
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
	    courier_routes_parse(&l->set, buf_slice(&b), l->arena, NULL), 0);
	buf_fini(&b);
}

static void
lab_start(struct lab *l)
{
	l->pid = fork();
	if (l->pid == 0) {
		struct courier *c;
		struct fail why;

		if (courier_open(&c, &l->set, &why) < 0 ||
		    courier_run(c, &why) < 0) {
			(void)fprintf(stderr, "# %s\n", why.text);
			_exit(1);
		}
		courier_close(c);
		_exit(0);
	}
	check(l->pid > 0);
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
	    .received_at = (int64_t)time(NULL)};
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

UNIT_MAIN(unit(routes_are_read), unit(mail_goes_to_maildirs))
