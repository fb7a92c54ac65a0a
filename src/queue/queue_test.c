#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "queue/queue.h"
#include "queue/spool.h"
#include "queue/spool_file.h"
#include "sys/io.h"
#include "test/unit.h"

enum { MANY = 20 };

/* ---- a queue of our own ------------------------------------------------- */

struct lab {
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
fresh(struct lab *l, const char *name)
{
	*l = (struct lab){.q = NULL};
	(void)snprintf(l->root, sizeof(l->root), "%s/%s", unit_tmpdir(), name);
	(void)snprintf(l->in, sizeof(l->in), "%s/incoming", l->root);
	(void)snprintf(l->out, sizeof(l->out), "%s/outgoing", l->root);
	(void)snprintf(l->claims, sizeof(l->claims), "%s/claims", l->root);
	check_int(mkdir(l->root, 0700), 0);
	l->ins[0] = l->in;
	l->cfg = (struct queue_config){.driver = "spool",
	    .in = l->ins,
	    .out = l->out,
	    .claims = l->claims,
	    .shares = 1};
	l->q = open_queue(l);
}

static void
put(struct lab *l, const char *id, const char *text)
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

static const char *
below(const char *dir, const char *name)
{
	static char path[4][700];
	static unsigned next;
	char *p = path[next++ % 4];

	(void)snprintf(p, 700, "%s/%s", dir, name);
	return p;
}

static void
check_counts(struct lab *l, int in, int claims, int out)
{
	check_int(count(l->in, NULL), in);
	check_int(count(l->claims, NULL), claims);
	check_int(count(l->out, NULL), out);
}

/* The message and the recipients of outgoing/id. */
static void
check_out(
    struct lab *l, const char *id, const char *text, const char *recipients)
{
	struct arena *a = arena_new(0);
	const char *path = below(l->out, id);
	struct slice all = unit_read(path);
	struct spool_file f = {.attempts = 0};
	struct buf b;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	check(fd >= 0);
	check(spool_file_read(&f, fd, all.n, a));
	(void)close(fd);
	check_slice(slice_from(all, (size_t)f.offset), text);
	check_slice(f.env.id, id);
	buf_init(&b, 1000);
	for (size_t i = 0; i < f.env.recipients.n; i++) {
		(void)buf_add(&b, f.env.recipients.at[i].address);
		(void)buf_addc(&b, ' ');
	}
	check_slice(buf_slice(&b), recipients);
	buf_fini(&b);
	arena_free(a);
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

UNIT(a_message_goes_through)
{
	struct lab l;
	struct claim *c;
	char text[20] = "";

	fresh(&l, "through");
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

UNIT(edits_recipients_and_notices_come_out_together)
{
	struct lab l;
	struct arena *a = arena_new(0);
	struct edits e = {.list = {.n = 0}};
	struct recipient only = {.address = SLICE("new@x")};
	struct queue_output out = {
	    .edits = &e, .recipients = &only, .recipient_count = 1};
	struct envelope note = {.sender = SLICE("")};
	struct claim *c;
	char name[256];

	fresh(&l, "edits");
	put(&l, "A1", "Subject: x\n\nhello\n");
	edits_add(&e, a, 0, 0, SLICE("X-New: 1\n"));
	edits_add(&e, a, 9, 1, SLICE("{Spam?} x"));
	edits_add(&e, a, 18, 0, SLICE("bye\n"));
	vec_push(a, &note.recipients)->address = SLICE("post@x");
	c = claim_one(l.q);
	check_int(
	    queue_prepare_notice(c, SLICE("k"), &note, SLICE("old"), NULL), 0);
	check_int(
	    queue_prepare_notice(c, SLICE("k"), &note, SLICE("told"), NULL), 0);
	prepare_plain(c);
	check_int(queue_prepare(c, &out, NULL), 0); /* replaces it */
	check_counts(&l, 0, 3, 0);
	finish(l.q, &c, 1);
	check_counts(&l, 0, 0, 2);
	check_out(
	    &l, "A1", "X-New: 1\nSubject: {Spam?} x\n\nhello\nbye\n", "new@x ");
	check_int(unlink(below(l.out, "A1")), 0);
	check_int(count(l.out, name), 1);
	check_out(&l, name, "told", "post@x ");
	queue_close(l.q);
	arena_free(a);
}

UNIT(without_output_a_message_is_gone)
{
	struct lab l;
	struct claim *c;

	fresh(&l, "without");
	put(&l, "A1", "x");
	c = claim_one(l.q);
	finish(l.q, &c, 1);
	check_counts(&l, 0, 0, 0);
	queue_close(l.q);
}

UNIT(the_oldest_are_first_and_a_group_goes_together)
{
	struct lab l;
	struct claim *c[MANY];
	char id[20];
	int n = 0;

	fresh(&l, "oldest");
	for (int i = MANY - 1; i >= 0; i--) {
		(void)snprintf(id, sizeof(id), "B%02d", i);
		put(&l, id, id);
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

UNIT(keepers_share_by_name)
{
	struct lab l, other;
	struct claim *c[MANY];
	char id[20];
	int a, b;

	fresh(&l, "share");
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(id, sizeof(id), "C%02d", i);
		put(&l, id, id);
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

UNIT(attempts_survive_a_crash_and_a_release)
{
	struct lab l;
	struct claim *c;

	fresh(&l, "attempts");
	put(&l, "A1", "x");
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
	check_int(access(below(l.in, "A1"), F_OK), 0);
	c = claim_one(l.q);
	check_int(claim_attempts(c), 0);
	finish(l.q, &c, 1);
	queue_close(l.q);
}

UNIT(release_never_replaces)
{
	struct lab l;
	struct claim *c;

	fresh(&l, "noreplace");
	put(&l, "A1", "first");
	c = claim_one(l.q);
	prepare_plain(c);
	put(&l, "A1", "second");
	check_int(queue_release(c, NULL), 0);
	claim_close(c);
	check_counts(&l, 1, 1, 0);
	/* Both are still to be had. */
	c = claim_one(l.q);
	check_int(claim_content(c).size, 5);
	prepare_plain(c);
	finish(l.q, &c, 1);
	c = claim_one(l.q);
	check_int(claim_content(c).size, 6);
	prepare_plain(c);
	finish(l.q, &c, 1);
	/* The second got an id of its own: the first was not replaced. */
	check_counts(&l, 0, 0, 2);
	check_out(&l, "A1", "first", "c@d e@f ");
	queue_close(l.q);
}

UNIT(aside_keeps_it_whole_with_a_reason)
{
	struct lab l;
	struct claim *c;
	char aside[400], name[256] = "";

	fresh(&l, "aside");
	put(&l, "A1", "whole");
	c = claim_one(l.q);
	prepare_plain(c);
	check_int(queue_aside(c, "cannot be", NULL), 0);
	check_int(claim_state(c), QUEUE_ASIDE);
	claim_close(c);
	check_counts(&l, 0, 0, 0);
	(void)snprintf(aside, sizeof(aside), "%s/aside", l.claims);
	check_int(count(aside, name), 2);
	reopen(&l);
	check_int(queue_recover(l.q, NULL), 0);
	check_int(queue_claim(l.q, &c, 1, NULL), 0);
	check_int(count(aside, name), 2);
	if (slice_ends(slice_str(name), ".reason"))
		check(slice_find(unit_read(below(aside, name)),
			  SLICE("cannot be")) > 0);
	else
		check(slice_ends(unit_read(below(aside, name)), "whole"));
	queue_close(l.q);
}

/* ---- what a crash leaves ------------------------------------------------ */

UNIT(prepared_and_left_is_done_again)
{
	struct lab l;
	struct claim *c;

	fresh(&l, "left");
	put(&l, "A1", "x");
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

UNIT(committed_and_left_is_published_once)
{
	struct lab l;
	struct envelope note = {.sender = SLICE("")};
	struct claim *c;

	fresh(&l, "committed");
	for (int steps = 0; steps < 2; steps++) {
		put(&l, steps == 0 ? "A1" : "A2", "x");
		c = claim_one(l.q);
		prepare_plain(c);
		check_int(queue_prepare_notice(
			      c, SLICE("n"), &note, SLICE("note"), NULL),
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
	check_out(&l, "A1", "x", "c@d e@f ");
	queue_close(l.q);
}

UNIT(a_claim_in_other_hands_is_left_alone)
{
	struct lab l;
	struct queue *second;
	struct claim *c, *other = NULL;

	fresh(&l, "hands");
	put(&l, "A1", "x");
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

UNIT(foreign_files_stay_and_are_named_once)
{
	struct lab l;
	struct claim *c = NULL;
	int lines = 0, fd;

	fresh(&l, "foreign");
	unit_write(below(l.in, "EMPTY"), SLICE(""));
	unit_write(below(l.in, "CUT"), SLICE("REEVE-1\n"));
	unit_write(below(l.in, "not.ours"), SLICE("x"));
	check_int(mkdir(below(l.in, "DIR"), 0700), 0);
	check_int(mkfifo(below(l.in, "FIFO"), 0600), 0);
	check_int(symlink("/etc/passwd", below(l.in, "LINK")), 0);
	put(&l, "GOOD", "x");
	put(&l, "TWICE", "x");
	check_int(link(below(l.in, "TWICE"), below(l.in, "twice.other")), 0);
	put(&l, "LOCKED", "x");
	fd = open(below(l.in, "LOCKED"), O_RDWR | O_CLOEXEC);
	check_int(io_lock(fd, NULL), 0);
	log_set_sink(count_lines, &lines);
	check_int(queue_claim(l.q, &c, 1, NULL), 1);
	check_slice(claim_envelope(c)->id, "GOOD");
	finish(l.q, &c, 1);
	for (int i = 0; i < 3; i++)
		check_int(queue_claim(l.q, &c, 1, NULL), 0);
	check_int(lines, 6);
	unit_write(below(l.in, "EMPTY"), SLICE("changed"));
	check_int(queue_claim(l.q, &c, 1, NULL), 0);
	check_int(lines, 7);
	log_set_sink(NULL, NULL);
	check_int(count(l.in, NULL), 9);
	(void)close(fd);
	c = claim_one(l.q);
	check_slice(claim_envelope(c)->id, "LOCKED");
	finish(l.q, &c, 1);
	queue_close(l.q);
}

UNIT(a_taken_name_is_not_replaced_when_publishing)
{
	struct lab l;
	struct claim *c;
	char name[256];

	fresh(&l, "taken");
	put(&l, "A1", "mine");
	c = claim_one(l.q);
	prepare_plain(c);
	check_int(queue_commit(l.q, &c, 1), 1);
	unit_write(below(l.out, "A1"), SLICE("foreign"));
	check_int(queue_publish(l.q, &c, 1), 1);
	check_int(queue_retire(l.q, &c, 1), 1);
	claim_close(c);
	check_slice(unit_read(below(l.out, "A1")), "foreign");
	check_int(unlink(below(l.out, "A1")), 0);
	check_int(count(l.out, name), 1);
	check(slice_ends(unit_read(below(l.out, name)), "mine"));
	queue_close(l.q);
}

UNIT(a_claim_that_was_replaced_is_not_removed)
{
	struct lab l;
	struct claim *c;
	struct fail why = {0};
	char name[256];

	fresh(&l, "replaced");
	put(&l, "A1", "x");
	c = claim_one(l.q);
	prepare_plain(c);
	check_int(queue_commit(l.q, &c, 1), 1);
	check_int(queue_publish(l.q, &c, 1), 1);
	check_int(count(l.claims, name), 1);
	check_int(unlink(below(l.claims, name)), 0);
	unit_write(below(l.claims, name), SLICE("another"));
	check_int(queue_retire(l.q, &c, 1), 0);
	check_int(claim_result(c, &why), FAIL_GONE);
	check_int(claim_state(c), QUEUE_PUBLISHED);
	claim_close(c);
	check_slice(unit_read(below(l.claims, name)), "another");
	queue_close(l.q);
}

UNIT(old_output_of_nobody_goes_new_stays)
{
	struct lab l;

	fresh(&l, "nobody");
	/* ctime cannot be set back: the new one shows that age counts. */
	unit_write(below(l.claims, "p.AA-1-1.0.X1"), SLICE("x"));
	unit_write(below(l.claims, "something"), SLICE("x"));
	check_int(queue_recover(l.q, NULL), 0);
	check_counts(&l, 0, 2, 0);
	queue_close(l.q);
}

UNIT(a_message_of_our_own_is_injected)
{
	struct lab l;
	struct envelope note = {.sender = SLICE("")};
	char name[256];

	fresh(&l, "inject");
	check_int(queue_inject(l.q, &note, SLICE("hello"), NULL), 0);
	check_counts(&l, 0, 0, 1);
	check_int(count(l.out, name), 1);
	check_out(&l, name, "hello", "");
	queue_close(l.q);
}

UNIT(large_messages_are_copied_whole)
{
	enum { SIZE = 3 * 1024 * 1024 };
	struct lab l;
	struct arena *a = arena_new(0);
	struct edits e = {.list = {.n = 0}};
	struct queue_output out = {.edits = &e};
	char *text = arena_zalloc(a, SIZE + 1);
	struct claim *c;

	fresh(&l, "large");
	for (size_t i = 0; i < SIZE; i++)
		text[i] = (char)('a' + i % 26);
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

UNIT(what_cannot_be_safe_is_refused)
{
	struct lab l;
	struct queue *q = NULL;
	struct fail why = {0};
	struct queue_config cfg;
	const char *same[3];

	fresh(&l, "refused");
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

UNIT_MAIN(unit(a_message_goes_through),
    unit(edits_recipients_and_notices_come_out_together),
    unit(without_output_a_message_is_gone),
    unit(the_oldest_are_first_and_a_group_goes_together),
    unit(keepers_share_by_name), unit(attempts_survive_a_crash_and_a_release),
    unit(release_never_replaces), unit(aside_keeps_it_whole_with_a_reason),
    unit(prepared_and_left_is_done_again),
    unit(committed_and_left_is_published_once),
    unit(a_claim_in_other_hands_is_left_alone),
    unit(foreign_files_stay_and_are_named_once),
    unit(a_taken_name_is_not_replaced_when_publishing),
    unit(a_claim_that_was_replaced_is_not_removed),
    unit(old_output_of_nobody_goes_new_stays),
    unit(a_message_of_our_own_is_injected),
    unit(large_messages_are_copied_whole), unit(what_cannot_be_safe_is_refused))
