#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "queue/queue.h"
#include "queue/sendmail_qf.h"
#include "queue/spool.h"
#include "queue/spool_file.h"
#include "sys/io.h"
#include "test/unit.h"

enum { MANY = 20 };

/* ---- a queue of our own ------------------------------------------------- */

struct kind {
	const char *driver, *prefix;
	int files; /* of one message in a queue directory */
};

static const struct kind kinds[] = {{"spool", "", 1}, {"sendmail", "qf", 2}};

struct lab {
	const struct kind *kind;
	char root[300], in[320], out[320], claims[320];
	const char *ins[2];
	struct queue_config cfg;
	struct queue *q;
};

static struct queue *
open_queue(struct lab *l)
{
	struct fail why = {0};
	struct queue *q = NULL;
	int rc = queue_open(&q, &l->cfg, &why);

	if (rc < 0)
		(void)fprintf(stderr, "%s\n", why.text);
	check_int(rc, 0);
	return q;
}

static void
reopen(struct lab *l)
{
	queue_close(l->q);
	l->q = open_queue(l);
}

static void
fresh(struct lab *l, const struct kind *k, const char *name)
{
	*l = (struct lab){.kind = k};
	(void)snprintf(l->root, sizeof(l->root), "%s/%s.%s", unit_tmpdir(),
	    name, k->driver);
	(void)snprintf(l->in, sizeof(l->in), "%s/incoming", l->root);
	(void)snprintf(l->out, sizeof(l->out), "%s/outgoing", l->root);
	(void)snprintf(l->claims, sizeof(l->claims), "%s/claims", l->root);
	check_int(mkdir(l->root, 0700), 0);
	check_int(mkdir(l->in, 0700), 0);
	check_int(mkdir(l->out, 0700), 0);
	l->ins[0] = l->in;
	l->cfg = (struct queue_config){.driver = k->driver,
	    .in = l->ins,
	    .out = l->out,
	    .claims = l->claims,
	    .shares = 1};
	l->q = open_queue(l);
}

static const char *
below(const char *dir, const char *name)
{
	static char path[4][700];
	static unsigned next;
	char *p = path[next++ % 4];

	(void)snprintf(p, 700, "%s/%s", dir, name);
	return p;
}

/* The envelope file of a message. */
static const char *
file_of(const struct lab *l, const char *dir, const char *id)
{
	char name[100];

	(void)snprintf(name, sizeof(name), "%s%s", l->kind->prefix, id);
	return below(dir, name);
}

static void
put_spool(struct lab *l, const char *id, const char *text)
{
	struct arena *a = arena_new(0);
	struct envelope e = {.sender = SLICE("a@b"), .received_at = 5};
	struct spool *s = NULL;
	struct spool_add *add = NULL;

	vec_push(a, &e.recipients)->address = SLICE("c@d");
	vec_push(a, &e.recipients)->address = SLICE("e@f");
	check_int(spool_open(&s, l->root, NULL), 0);
	check_int(spool_add_begin(&add, s, SPOOL_INCOMING, &e, id, NULL), 0);
	check_int(spool_add_write(add, slice_str(text), NULL), 0);
	check_int(spool_add_commit(&add, 1, NULL), 1);
	spool_close(s);
	arena_free(a);
}

static void
put_sendmail(struct lab *l, const char *id, const char *text)
{
	struct slice rest = slice_str(text), header, body, line;
	struct buf b;
	char name[100];

	buf_init(&b, 10000);
	(void)buf_adds(&b, "V8\nT5\nK0\nN0\nP30000\nFbs\n$_x [192.0.2.1]\n"
			   "$rESMTP\nS<a@b>\nrRFC822; c@d\nRPFD:<c@d>\n"
			   "rRFC822; e@f\nRPFD:<e@f>\n");
	sendmail_qf_split(rest, &header, &body);
	while (slice_line(&header, &line))
		(void)buf_addf(&b, "H??%.*s\n", SLICE_FMT(line));
	(void)buf_adds(&b, ".\n");
	(void)snprintf(name, sizeof(name), "df%s", id);
	unit_write(below(l->in, name), body);
	unit_write(file_of(l, l->in, id), buf_slice(&b));
	check_int(chmod(file_of(l, l->in, id), 0600), 0);
	buf_fini(&b);
}

static void
put(struct lab *l, const char *id, const char *text)
{
	if (l->kind->files == 1)
		put_spool(l, id, text);
	else
		put_sendmail(l, id, text);
}

/* Files of a directory; the name of the last one. */
static int
count(const char *dir, char *last)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	int n = 0;

	check(d != NULL);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && strcmp(e->d_name, "aside") != 0) {
			n++;
			if (last != NULL)
				(void)snprintf(last, 256, "%s", e->d_name);
		}
	(void)closedir(d);
	return n;
}

/* Messages in the queues, files in the claim directory. */
static void
check_counts(struct lab *l, int in, int claims, int out)
{
	check_int(count(l->in, NULL), in * l->kind->files);
	check_int(count(l->claims, NULL), claims * l->kind->files);
	check_int(count(l->out, NULL), out * l->kind->files);
}

/* What arrived as id: text, and recipients each with a space behind. */
static void
read_out(
    struct lab *l, const char *id, struct buf *text, struct buf *recipients)
{
	struct arena *a = arena_new(0);
	const char *path = file_of(l, l->out, id);
	struct slice all = unit_read(path);
	struct spool_file f = {.attempts = 0};
	struct sendmail_qf qf;
	struct envelope *env = &f.env;
	const char *why;
	char name[100];
	int fd;

	if (l->kind->files == 1) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		check(spool_file_read(&f, fd, all.n, a));
		(void)close(fd);
		(void)buf_add(text, slice_from(all, (size_t)f.offset));
	} else {
		check_int(sendmail_qf_parse(&qf, all, a, &why), QF_WHOLE);
		env = &qf.env;
		(void)snprintf(name, sizeof(name), "df%s", id);
		(void)buf_add(text, qf.header);
		(void)buf_addc(text, '\n');
		(void)buf_add(text, unit_read(below(l->out, name)));
	}
	for (size_t i = 0; i < env->recipients.n; i++) {
		(void)buf_add(recipients, env->recipients.at[i].address);
		(void)buf_addc(recipients, ' ');
	}
	arena_free(a);
}

static void
check_out(
    struct lab *l, const char *id, const char *text, const char *recipients)
{
	struct buf got, to;

	buf_init(&got, 10000000);
	buf_init(&to, 1000);
	read_out(l, id, &got, &to);
	check_slice(buf_slice(&got), text);
	check_slice(buf_slice(&to), recipients);
	buf_fini(&got);
	buf_fini(&to);
}

/* The name of the claimed or committed file. */
static const char *
only_claim(const char *dir)
{
	static char name[256];
	DIR *d = opendir(dir);
	const struct dirent *e;

	check(d != NULL);
	while ((e = readdir(d)) != NULL)
		if ((e->d_name[0] == 'k' || e->d_name[0] == 'c') &&
		    e->d_name[1] == '.')
			(void)snprintf(name, sizeof(name), "%s", e->d_name);
	(void)closedir(d);
	return name;
}

/* The id of the one message there is, by its envelope file. */
static const char *
only_id(struct lab *l, const char *dir, const char *but)
{
	static char id[256];
	DIR *d = opendir(dir);
	const struct dirent *e;
	size_t skip = strlen(l->kind->prefix);

	check(d != NULL);
	id[0] = '\0';
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' &&
		    strncmp(e->d_name, l->kind->prefix, skip) == 0 &&
		    strcmp(e->d_name + skip, but) != 0)
			(void)snprintf(id, sizeof(id), "%s", e->d_name + skip);
	(void)closedir(d);
	return id;
}

static struct claim *
claim_one(struct queue *q)
{
	struct claim *c = NULL;

	check_int(queue_claim(q, &c, 1, NULL), 1);
	return c;
}

static void
prepare_plain(struct claim *c)
{
	struct queue_output out = {.edits = NULL};

	check_int(queue_prepare(c, &out, NULL), 0);
}

static void
finish(struct queue *q, struct claim **c, size_t n)
{
	check_int(queue_commit(q, c, n), n);
	check_int(queue_publish(q, c, n), n);
	check_int(queue_retire(q, c, n), n);
	for (size_t i = 0; i < n; i++) {
		check_int(claim_state(c[i]), QUEUE_RETIRED);
		claim_close(c[i]);
	}
}

/* ---- the way of a message ----------------------------------------------- */

static void
a_message_goes_through(const struct kind *k)
{
	struct lab l;
	struct claim *c;
	char text[20] = "";

	fresh(&l, k, "through");
	put(&l, "A1", "Subject: x\n\nhello\n");
	c = claim_one(l.q);
	check_slice(claim_envelope(c)->id, "A1");
	check_slice(claim_envelope(c)->recipients.at[1].address, "e@f");
	check_int(claim_content(c).size, 18);
	check_int(pread(claim_content(c).fd, text, 18,
		      (off_t)claim_content(c).offset),
	    18);
	check_str(text, "Subject: x\n\nhello\n");
	check_int(claim_attempts(c), 0);
	check_int(claim_attempt(c, NULL), 0);
	check_int(claim_attempts(c), 1);
	check_counts(&l, 0, 1, 0);
	prepare_plain(c);
	check_int(claim_state(c), QUEUE_PREPARED);
	check_counts(&l, 0, 2, 0);
	finish(l.q, &c, 1);
	check_counts(&l, 0, 0, 1);
	check_out(&l, "A1", "Subject: x\n\nhello\n", "c@d e@f ");
	check_int(queue_claim(l.q, &c, 1, NULL), 0);
	queue_close(l.q);
}

static void
edits_recipients_and_notices_come_out_together(const struct kind *k)
{
	struct lab l;
	struct arena *a = arena_new(0);
	struct edits e = {.list = {.n = 0}};
	struct recipient only = {.address = SLICE("new@x")};
	struct queue_output out = {
	    .edits = &e, .recipients = &only, .recipient_count = 1};
	struct envelope note = {.sender = SLICE("")};
	struct claim *c;

	fresh(&l, k, "edits");
	put(&l, "A1", "Subject: x\n\nhello\n");
	edits_add(&e, a, 0, 0, SLICE("X-New: 1\n"));
	edits_add(&e, a, 9, 1, SLICE("{Spam?} x"));
	edits_add(&e, a, 18, 0, SLICE("bye\n"));
	vec_push(a, &note.recipients)->address = SLICE("post@x");
	c = claim_one(l.q);
	check_int(
	    queue_prepare_notice(c, SLICE("k"), &note, SLICE("\nold"), NULL),
	    0);
	check_int(
	    queue_prepare_notice(c, SLICE("k"), &note, SLICE("\ntold"), NULL),
	    0);
	prepare_plain(c);
	check_int(queue_prepare(c, &out, NULL), 0); /* replaces it */
	check_counts(&l, 0, 3, 0);
	finish(l.q, &c, 1);
	check_counts(&l, 0, 0, 2);
	check_out(
	    &l, "A1", "X-New: 1\nSubject: {Spam?} x\n\nhello\nbye\n", "new@x ");
	check_out(&l, only_id(&l, l.out, "A1"), "\ntold", "post@x ");
	queue_close(l.q);
	arena_free(a);
}

static void
without_output_a_message_is_gone(const struct kind *k)
{
	struct lab l;
	struct claim *c;

	fresh(&l, k, "without");
	put(&l, "A1", "\nx");
	c = claim_one(l.q);
	finish(l.q, &c, 1);
	check_counts(&l, 0, 0, 0);
	queue_close(l.q);
}

static void
the_oldest_are_first_and_a_group_goes_together(const struct kind *k)
{
	struct lab l;
	struct claim *c[MANY];
	char id[20];
	int n = 0;

	fresh(&l, k, "oldest");
	for (int i = MANY - 1; i >= 0; i--) {
		(void)snprintf(id, sizeof(id), "B%02d", i);
		put(&l, id, "\nx");
	}
	while (n < MANY) {
		int got = queue_claim(l.q, c + n, 7, NULL);

		check(got > 0);
		for (int i = 0; i < got; i++) {
			(void)snprintf(id, sizeof(id), "B%02d", n + i);
			check_slice(claim_envelope(c[n + i])->id, id);
			prepare_plain(c[n + i]);
		}
		n += got;
	}
	check_int(n, MANY);
	finish(l.q, c, MANY);
	check_counts(&l, 0, 0, MANY);
	queue_close(l.q);
}

static void
keepers_share_by_name(const struct kind *k)
{
	struct lab l, other;
	struct claim *c[MANY];
	char id[20];
	int a, b;

	fresh(&l, k, "share");
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(id, sizeof(id), "C%02d", i);
		put(&l, id, "\nx");
	}
	other = l;
	l.cfg.shares = other.cfg.shares = 2;
	other.cfg.share = 1;
	reopen(&l);
	other.q = open_queue(&other);
	a = queue_claim(l.q, c, MANY, NULL);
	b = queue_claim(other.q, c + a, MANY - (size_t)a, NULL);
	check_int(a + b, MANY);
	check(a > 2 && b > 2);
	finish(l.q, c, (size_t)a);
	finish(other.q, c + a, (size_t)b);
	queue_close(l.q);
	queue_close(other.q);
}

/* ---- attempts, release, aside ------------------------------------------- */

static void
attempts_survive_a_crash_and_a_release(const struct kind *k)
{
	struct lab l;
	struct claim *c;

	fresh(&l, k, "attempts");
	put(&l, "A1", "\nx");
	for (unsigned i = 0; i < 4; i++) {
		c = claim_one(l.q);
		check_int(claim_attempts(c), i);
		check_int(claim_attempt(c, NULL), 0);
		if (i % 2 == 0) {
			claim_close(c); /* as a crash leaves it */
			reopen(&l);
			check_int(queue_recover(l.q, NULL), 1);
			check_int(queue_recover(l.q, NULL), 0);
		} else {
			check_int(queue_release(c, NULL), 0);
			check_int(claim_state(c), QUEUE_RELEASED);
			claim_close(c);
		}
	}
	c = claim_one(l.q);
	check_int(claim_attempts(c), 4);
	for (unsigned i = 0; i < 4; i++)
		check_int(claim_attempt_undo(c, NULL), 0);
	check_int(claim_attempts(c), 0);
	check_int(claim_attempt(c, NULL), 0);
	check_int(claim_attempt_undo(c, NULL), 0);
	check_int(queue_release(c, NULL), 0);
	claim_close(c);
	check_counts(&l, 1, 0, 0);
	check_int(access(file_of(&l, l.in, "A1"), F_OK), 0);
	c = claim_one(l.q);
	check_int(claim_attempts(c), 0);
	finish(l.q, &c, 1);
	queue_close(l.q);
}

static void
release_never_replaces(const struct kind *k)
{
	struct lab l;
	struct claim *c;

	fresh(&l, k, "noreplace");
	put(&l, "A1", "\nfirst");
	c = claim_one(l.q);
	prepare_plain(c);
	put(&l, "A1", "\nsecond");
	check_int(queue_release(c, NULL), 0);
	claim_close(c);
	check_counts(&l, 1, 1, 0);
	/* Both are still to be had. */
	c = claim_one(l.q);
	check_int(claim_content(c).size, 6);
	prepare_plain(c);
	finish(l.q, &c, 1);
	c = claim_one(l.q);
	check_int(claim_content(c).size, 7);
	prepare_plain(c);
	finish(l.q, &c, 1);
	/* The second got an id of its own: the first was not replaced. */
	check_counts(&l, 0, 0, 2);
	check_out(&l, "A1", "\nfirst", "c@d e@f ");
	queue_close(l.q);
}

static void
aside_keeps_it_whole_with_a_reason(const struct kind *k)
{
	struct lab l;
	struct claim *c;
	char aside[400], name[256] = "";

	fresh(&l, k, "aside");
	put(&l, "A1", "\nwhole");
	c = claim_one(l.q);
	prepare_plain(c);
	check_int(queue_aside(c, "cannot be", NULL), 0);
	check_int(claim_state(c), QUEUE_ASIDE);
	claim_close(c);
	check_counts(&l, 0, 0, 0);
	(void)snprintf(aside, sizeof(aside), "%s/aside", l.claims);
	check_int(count(aside, name), 1 + k->files);
	reopen(&l);
	check_int(queue_recover(l.q, NULL), 0);
	check_int(queue_claim(l.q, &c, 1, NULL), 0);
	check_int(count(aside, name), 1 + k->files);
	if (slice_ends(slice_str(name), ".reason"))
		check(slice_find(unit_read(below(aside, name)),
			  SLICE("cannot be")) > 0);
	else if (k->files == 1 || slice_ends(slice_str(name), ".body"))
		check(slice_ends(unit_read(below(aside, name)), "whole"));
	queue_close(l.q);
}

/* ---- what a crash leaves ------------------------------------------------ */

static void
prepared_and_left_is_done_again(const struct kind *k)
{
	struct lab l;
	struct claim *c;

	fresh(&l, k, "left");
	put(&l, "A1", "\nx");
	c = claim_one(l.q);
	prepare_plain(c);
	claim_close(c);
	reopen(&l);
	check_int(queue_recover(l.q, NULL), 1);
	check_counts(&l, 0, 1, 0);
	c = claim_one(l.q);
	check_int(claim_attempts(c), 1);
	prepare_plain(c);
	finish(l.q, &c, 1);
	check_counts(&l, 0, 0, 1);
	queue_close(l.q);
}

static void
committed_and_left_is_published_once(const struct kind *k)
{
	struct lab l;
	struct envelope note = {.sender = SLICE("")};
	struct claim *c;

	fresh(&l, k, "committed");
	for (int steps = 0; steps < 2; steps++) {
		put(&l, steps == 0 ? "A1" : "A2", "\nx");
		c = claim_one(l.q);
		prepare_plain(c);
		check_int(queue_prepare_notice(
			      c, SLICE("n"), &note, SLICE("\nnote"), NULL),
		    0);
		check_int(queue_commit(l.q, &c, 1), 1);
		if (steps > 0)
			check_int(queue_publish(l.q, &c, 1), 1);
		claim_close(c);
		reopen(&l);
		check_int(queue_recover(l.q, NULL), 1);
		check_int(queue_recover(l.q, NULL), 0);
		check_counts(&l, 0, 0, 2 * (steps + 1));
	}
	check_out(&l, "A1", "\nx", "c@d e@f ");
	queue_close(l.q);
}

static void
a_claim_in_other_hands_is_left_alone(const struct kind *k)
{
	struct lab l;
	struct queue *second;
	struct claim *c, *other = NULL;

	fresh(&l, k, "hands");
	put(&l, "A1", "\nx");
	second = open_queue(&l);
	c = claim_one(l.q);
	prepare_plain(c);
	check_int(queue_recover(second, NULL), 0);
	check_int(queue_claim(second, &other, 1, NULL), 0);
	check_int(queue_commit(l.q, &c, 1), 1);
	check_int(queue_recover(second, NULL), 0);
	check_int(queue_publish(l.q, &c, 1), 1);
	check_int(queue_recover(second, NULL), 0);
	check_int(queue_retire(l.q, &c, 1), 1);
	claim_close(c);
	check_counts(&l, 0, 0, 1);
	queue_close(second);
	queue_close(l.q);
}

/* ---- what does not belong there ----------------------------------------- */

static void
count_lines(enum log_level level, const char *line, void *ctx)
{
	int *n = ctx;

	(void)level;
	(void)line;
	(*n)++;
}

static void
foreign_files_stay_and_are_named_once(const struct kind *k)
{
	struct lab l;
	struct claim *c = NULL;
	int lines = 0, fd;

	fresh(&l, k, "foreign");
	unit_write(file_of(&l, l.in, "CUT"), SLICE("REEVE-1\n.\nx"));
	unit_write(file_of(&l, l.in, "BAD"), SLICE("Vnine\n.\n"));
	unit_write(below(l.in, "not.ours"), SLICE("x"));
	check_int(mkdir(file_of(&l, l.in, "DIR"), 0700), 0);
	check_int(mkfifo(file_of(&l, l.in, "FIFO"), 0600), 0);
	check_int(symlink("/etc/passwd", file_of(&l, l.in, "LINK")), 0);
	put(&l, "GOOD", "\nx");
	put(&l, "TWICE", "\nx");
	check_int(
	    link(file_of(&l, l.in, "TWICE"), below(l.in, "twice.other")), 0);
	put(&l, "LOCKED", "\nx");
	fd = open(file_of(&l, l.in, "LOCKED"), O_RDWR | O_CLOEXEC);
	check_int(io_lock(fd, NULL), 0);
	log_set_sink(count_lines, &lines);
	check_int(queue_claim(l.q, &c, 1, NULL), 1);
	check_slice(claim_envelope(c)->id, "GOOD");
	finish(l.q, &c, 1);
	for (int i = 0; i < 3; i++)
		check_int(queue_claim(l.q, &c, 1, NULL), 0);
	check_int(lines, 6);
	unit_write(file_of(&l, l.in, "BAD"), SLICE("Vten\n.\n"));
	check_int(queue_claim(l.q, &c, 1, NULL), 0);
	check_int(lines, 7);
	log_set_sink(NULL, NULL);
	check_int(count(l.in, NULL), 7 + 2 * k->files);
	(void)close(fd);
	c = claim_one(l.q);
	check_slice(claim_envelope(c)->id, "LOCKED");
	finish(l.q, &c, 1);
	queue_close(l.q);
}

static void
a_taken_name_is_not_replaced_when_publishing(const struct kind *k)
{
	struct lab l;
	struct claim *c;

	fresh(&l, k, "taken");
	put(&l, "A1", "\nmine");
	c = claim_one(l.q);
	prepare_plain(c);
	check_int(queue_commit(l.q, &c, 1), 1);
	unit_write(file_of(&l, l.out, "A1"), SLICE("foreign"));
	check_int(queue_publish(l.q, &c, 1), 1);
	check_int(queue_retire(l.q, &c, 1), 1);
	claim_close(c);
	check_slice(unit_read(file_of(&l, l.out, "A1")), "foreign");
	check_out(&l, only_id(&l, l.out, "A1"), "\nmine", "c@d e@f ");
	queue_close(l.q);
}

static void
a_claim_that_was_replaced_is_not_removed(const struct kind *k)
{
	struct lab l;
	struct claim *c;
	struct fail why = {0};
	char name[256];

	fresh(&l, k, "replaced");
	put(&l, "A1", "\nx");
	c = claim_one(l.q);
	prepare_plain(c);
	check_int(queue_commit(l.q, &c, 1), 1);
	check_int(queue_publish(l.q, &c, 1), 1);
	check_int(count(l.claims, NULL), k->files);
	(void)snprintf(name, sizeof(name), "%s", only_claim(l.claims));
	check_int(unlink(below(l.claims, name)), 0);
	unit_write(below(l.claims, name), SLICE("another"));
	check_int(queue_retire(l.q, &c, 1), 0);
	check_int(claim_result(c, &why), FAIL_GONE);
	check_int(claim_state(c), QUEUE_PUBLISHED);
	claim_close(c);
	check_slice(unit_read(below(l.claims, name)), "another");
	queue_close(l.q);
}

static void
old_output_of_nobody_goes_new_stays(const struct kind *k)
{
	struct lab l;

	fresh(&l, k, "nobody");
	/* ctime cannot be set back: the new one shows that age counts. */
	unit_write(below(l.claims, "p.AA-1-1.0.X1"), SLICE("x"));
	unit_write(below(l.claims, "something"), SLICE("x"));
	check_int(queue_recover(l.q, NULL), 0);
	check_int(count(l.claims, NULL), 2);
	queue_close(l.q);
}

static void
a_message_of_our_own_is_injected(const struct kind *k)
{
	struct lab l;
	struct arena *a = arena_new(0);
	struct envelope note = {.sender = SLICE("")};

	fresh(&l, k, "inject");
	vec_push(a, &note.recipients)->address = SLICE("post@x");
	check_int(queue_inject(l.q, &note, SLICE("\nhello"), NULL), 0);
	check_counts(&l, 0, 0, 1);
	check_out(&l, only_id(&l, l.out, ""), "\nhello", "post@x ");
	queue_close(l.q);
	arena_free(a);
}

static void
large_messages_are_copied_whole(const struct kind *k)
{
	enum { SIZE = 3 * 1024 * 1024 };
	struct lab l;
	struct arena *a = arena_new(0);
	struct edits e = {.list = {.n = 0}};
	struct queue_output out = {.edits = &e};
	char *text = arena_zalloc(a, SIZE + 1);
	struct claim *c;

	fresh(&l, k, "large");
	for (size_t i = 0; i < SIZE; i++)
		text[i] = (char)('a' + i % 26);
	text[0] = '\n';
	put(&l, "A1", text);
	edits_add(&e, a, 100, 5, SLICE("ONE"));
	edits_add(&e, a, 2000000, 7, SLICE("TWO"));
	c = claim_one(l.q);
	check_int(queue_prepare(c, &out, NULL), 0);
	finish(l.q, &c, 1);
	memmove(text + 2000003, text + 2000007, SIZE + 1 - 2000007);
	memcpy(text + 2000000, "TWO", 3);
	memmove(text + 103, text + 105, SIZE - 4 + 1 - 105);
	memcpy(text + 100, "ONE", 3);
	check_out(&l, "A1", text, "c@d e@f ");
	queue_close(l.q);
	arena_free(a);
}

static void
what_cannot_be_safe_is_refused(const struct kind *k)
{
	struct lab l;
	struct queue *q = NULL;
	struct fail why = {0};
	struct queue_config cfg;
	const char *same[3];

	fresh(&l, k, "refused");
	cfg = l.cfg;
	cfg.driver = "pigeon";
	check_int(queue_open(&q, &cfg, &why), FAIL_CONFIG);
	cfg = l.cfg;
	same[0] = same[1] = l.in;
	same[2] = NULL;
	cfg.in = same;
	check_int(queue_open(&q, &cfg, &why), FAIL_CONFIG);
	check_int(chmod(l.claims, 0750), 0);
	check_int(queue_open(&q, &l.cfg, &why), FAIL_DENIED);
	check_int(chmod(l.claims, 0700), 0);
	cfg = l.cfg;
	cfg.claims = "/dev/shm/reeve-queue-test-claims";
	if (access("/dev/shm", W_OK) == 0) {
		check_int(queue_open(&q, &cfg, &why), FAIL_CONFIG);
		(void)rmdir("/dev/shm/reeve-queue-test-claims/aside");
		(void)rmdir("/dev/shm/reeve-queue-test-claims");
	}
	if (geteuid() == 0) {
		check_int(chown(l.claims, 12345, 0), 0);
		check_int(queue_open(&q, &l.cfg, &why), FAIL_DENIED);
		check_int(chown(l.claims, 0, 0), 0);
	}
	queue_close(l.q);
}

UNIT(the_mta_is_kicked_and_a_busy_one_not_for_ever)
{
	static const char *const kick[] = {"/bin/sleep", "0.2", NULL};
	struct lab l;
	int n = 0, tries;

	fresh(&l, &kinds[1], "kick");
	check(queue_notify(l.q)); /* there is nobody to tell */
	l.cfg.kick = kick;
	reopen(&l);
	while (n < 100 && queue_notify(l.q))
		n++;
	check(n > 0 && n < 100);
	for (tries = 0; tries < 500 && !queue_notify(l.q); tries++)
		(void)usleep(10 * 1000);
	check(tries < 500);
	queue_close(l.q);
}

UNIT(both_a_message_goes_through)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		a_message_goes_through(&kinds[i]);
}

UNIT(both_edits_recipients_and_notices_come_out_together)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		edits_recipients_and_notices_come_out_together(&kinds[i]);
}

UNIT(both_without_output_a_message_is_gone)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		without_output_a_message_is_gone(&kinds[i]);
}

UNIT(both_the_oldest_are_first_and_a_group_goes_together)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		the_oldest_are_first_and_a_group_goes_together(&kinds[i]);
}

UNIT(both_keepers_share_by_name)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		keepers_share_by_name(&kinds[i]);
}

UNIT(both_attempts_survive_a_crash_and_a_release)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		attempts_survive_a_crash_and_a_release(&kinds[i]);
}

UNIT(both_release_never_replaces)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		release_never_replaces(&kinds[i]);
}

UNIT(both_aside_keeps_it_whole_with_a_reason)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		aside_keeps_it_whole_with_a_reason(&kinds[i]);
}

UNIT(both_prepared_and_left_is_done_again)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		prepared_and_left_is_done_again(&kinds[i]);
}

UNIT(both_committed_and_left_is_published_once)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		committed_and_left_is_published_once(&kinds[i]);
}

UNIT(both_a_claim_in_other_hands_is_left_alone)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		a_claim_in_other_hands_is_left_alone(&kinds[i]);
}

UNIT(both_foreign_files_stay_and_are_named_once)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		foreign_files_stay_and_are_named_once(&kinds[i]);
}

UNIT(both_a_taken_name_is_not_replaced_when_publishing)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		a_taken_name_is_not_replaced_when_publishing(&kinds[i]);
}

UNIT(both_a_claim_that_was_replaced_is_not_removed)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		a_claim_that_was_replaced_is_not_removed(&kinds[i]);
}

UNIT(both_old_output_of_nobody_goes_new_stays)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		old_output_of_nobody_goes_new_stays(&kinds[i]);
}

UNIT(both_a_message_of_our_own_is_injected)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		a_message_of_our_own_is_injected(&kinds[i]);
}

UNIT(both_large_messages_are_copied_whole)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		large_messages_are_copied_whole(&kinds[i]);
}

UNIT(both_what_cannot_be_safe_is_refused)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		what_cannot_be_safe_is_refused(&kinds[i]);
}

UNIT_MAIN(unit(the_mta_is_kicked_and_a_busy_one_not_for_ever),
    unit(both_a_message_goes_through),
    unit(both_edits_recipients_and_notices_come_out_together),
    unit(both_without_output_a_message_is_gone),
    unit(both_the_oldest_are_first_and_a_group_goes_together),
    unit(both_keepers_share_by_name),
    unit(both_attempts_survive_a_crash_and_a_release),
    unit(both_release_never_replaces),
    unit(both_aside_keeps_it_whole_with_a_reason),
    unit(both_prepared_and_left_is_done_again),
    unit(both_committed_and_left_is_published_once),
    unit(both_a_claim_in_other_hands_is_left_alone),
    unit(both_foreign_files_stay_and_are_named_once),
    unit(both_a_taken_name_is_not_replaced_when_publishing),
    unit(both_a_claim_that_was_replaced_is_not_removed),
    unit(both_old_output_of_nobody_goes_new_stays),
    unit(both_a_message_of_our_own_is_injected),
    unit(both_large_messages_are_copied_whole),
    unit(both_what_cannot_be_safe_is_refused))
