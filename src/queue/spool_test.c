#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "queue/spool.h"
#include "test/unit.h"

static struct spool *
fresh(const char *name, char *root, size_t cap)
{
	struct spool *s = NULL;

	(void)snprintf(root, cap, "%s/%s", unit_tmpdir(), name);
	check_int(mkdir(root, 0700), 0);
	check_int(spool_open(&s, root, NULL), 0);
	return s;
}

static struct envelope
envelope(struct arena *a)
{
	struct envelope e = {.sender = SLICE("a@b"), .received_at = 5};

	vec_push(a, &e.recipients)->address = SLICE("c@d");
	vec_push(a, &e.recipients)->address = SLICE("e@f");
	return e;
}

static struct spool_list
due(struct spool *s, int64_t now, int64_t *next, struct arena *a)
{
	struct spool_list l = {.entries = {.n = 0}};

	check_int(spool_due(s, SPOOL_OUTGOING, now, 10, &l, next, a, NULL), 0);
	return l;
}

UNIT(a_message_lives_and_leaves)
{
	struct arena *a = arena_new(0);
	struct envelope e = envelope(a);
	char root[300], text[10] = "";
	struct spool *s = fresh("life", root, sizeof(root));
	struct spool_add *add = NULL;
	struct spool_mail *m = NULL, *other = NULL;
	struct spool_list l;
	int64_t next, now = (int64_t)time(NULL);

	check_int(spool_add_begin(&add, s, SPOOL_OUTGOING, &e, NULL, NULL), 0);
	check_int(spool_add_write(add, SLICE("hi\r\n"), NULL), 0);
	check_int(due(s, now + 1, &next, a).entries.n, 0);
	check_int(spool_add_commit(&add, 1, NULL), 1);
	check(add == NULL);
	l = due(s, now + 1, &next, a);
	check_int(l.entries.n, 1);
	check_int(spool_mail_open(&m, s, l.entries.at[0].id, NULL), 0);
	check_int(
	    spool_mail_open(&other, s, l.entries.at[0].id, NULL), FAIL_AGAIN);
	check_slice(m->env.id, l.entries.at[0].id);
	check_slice(m->env.recipients.at[1].address, "e@f");
	check_int(m->size, 4);
	check_int(pread(m->fd, text, 4, (off_t)m->offset), 4);
	check_str(text, "hi\r\n");
	m->states[1] = SPOOL_DELIVERED;
	m->attempts = 3;
	m->flags |= SPOOL_FLAG_DELAY_TOLD;
	check_int(spool_mail_save(m, now + 100, NULL), 0);
	spool_mail_close(m);
	l = due(s, now + 1, &next, a);
	check_int(l.entries.n, 0);
	check_int(next, now + 100);
	l = due(s, now - 10 * 24 * 3600, &next, a); /* the clock was wrong */
	check_int(l.entries.n, 1);
	l = due(s, now + 100, &next, a);
	check_int(spool_mail_open(&m, s, l.entries.at[0].id, NULL), 0);
	check_int(m->states[0], SPOOL_WAITING);
	check_int(m->states[1], SPOOL_DELIVERED);
	check_int(m->attempts, 3);
	check_int(m->flags, SPOOL_FLAG_DELAY_TOLD | 1 << SPOOL_PASS_SHIFT);
	check_int(m->size, 4);
	check_int(spool_mail_remove(m, NULL), 0);
	spool_mail_close(m);
	check_int(due(s, now + 1000, &next, a).entries.n, 0);
	spool_close(s);
	arena_free(a);
}

UNIT(a_group_is_committed_together_and_a_cancelled_one_leaves_nothing)
{
	struct arena *a = arena_new(0);
	struct envelope e = envelope(a);
	char root[300], path[400];
	struct spool *s = fresh("group", root, sizeof(root));
	struct spool_add *add[5], *gone = NULL;
	int64_t next;

	for (int i = 0; i < 5; i++)
		check_int(
		    spool_add_begin(&add[i], s, SPOOL_OUTGOING, &e, NULL, NULL),
		    0);
	check_int(
	    spool_add_begin(&gone, s, SPOOL_OUTGOING, &e, "GONE", NULL), 0);
	spool_add_cancel(gone);
	check_int(spool_add_commit(add, 5, NULL), 5);
	check_int(due(s, (int64_t)time(NULL) + 1, &next, a).entries.n, 5);
	(void)snprintf(path, sizeof(path), "%s/tmp", root);
	check_int(rmdir(path), 0); /* is empty */
	spool_close(s);
	arena_free(a);
}

UNIT(a_prepared_message_is_published_once)
{
	struct arena *a = arena_new(0);
	struct envelope e = envelope(a);
	char root[300];
	struct spool *s = fresh("prepared", root, sizeof(root));
	struct spool_add *add = NULL;
	int64_t next, now = (int64_t)time(NULL) + 1;

	for (int i = 0; i < 2; i++) { /* a second try replaces the first */
		check_int(
		    spool_add_begin(&add, s, SPOOL_OUTGOING, &e, "Q-b1", NULL),
		    0);
		check_int(spool_add_prepare(add, NULL), 0);
	}
	check_int(due(s, now, &next, a).entries.n, 0);
	check_int(spool_publish(s, SPOOL_OUTGOING, "Q-b1", NULL), 0);
	check_int(spool_publish(s, SPOOL_OUTGOING, "Q-b1", NULL), 0);
	check_int(due(s, now, &next, a).entries.n, 1);
	spool_close(s);
	arena_free(a);
}

UNIT(what_is_no_spool_file_is_told_and_left_alone)
{
	static const struct {
		const char *name, *bytes;
		size_t n;
	} rows[] = {
	    {"EMPTY", "", 0},
	    {"CUT", "REEVE-1\n\0\0", 10},
	    {"MAGIC", "REEVE-9\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24},
	    {"LONG", "REEVE-1\n\xff\xff\xff\x7f\0\0\0\0\0\0\0\0\0\0\0\0", 24},
	    {"COUNT", "REEVE-1\n\1\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0x", 25},
	};
	char root[300], path[400];
	struct spool *s = fresh("bad", root, sizeof(root));

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct spool_mail *m = NULL;

		(void)snprintf(
		    path, sizeof(path), "%s/outgoing/%s", root, rows[i].name);
		unit_write(path, slice_of(rows[i].bytes, rows[i].n));
		check_int(spool_mail_open(&m, s, rows[i].name, NULL), FAIL_BAD);
		check_int(access(path, F_OK), 0);
	}
	spool_close(s);
}

UNIT_MAIN(unit(a_message_lives_and_leaves),
    unit(a_group_is_committed_together_and_a_cancelled_one_leaves_nothing),
    unit(a_prepared_message_is_published_once),
    unit(what_is_no_spool_file_is_told_and_left_alone))
