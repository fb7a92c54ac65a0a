/* The steps of a group: each directory is synced once for all of them. */
#define _GNU_SOURCE /* sync_file_range */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "queue/queue_driver.h"
#include "sys/io.h"

static void
failed(struct claim *c, const struct fail *why)
{
	c->result = *why;
	if (c->result.code == 0)
		c->result.code = FAIL_IO;
}

/* ---- PREPARED -> COMMITTED ---------------------------------------------- */

static int
sync_one(struct queue *q, int *fd, const char *name, struct fail *why)
{
	int rc;

	if (*fd < 0)
		return 0;
	rc = queue_sync(q, *fd, name, why);
	/* What could not be synced is never trusted again: the descriptor is
	 * closed and the file will be dropped. */
	if (close(*fd) < 0 && rc == 0)
		rc = fail_errno(why, "cannot close %s", name);
	*fd = -1;
	return rc;
}

int
queue_pending_sync(struct queue *q, struct queue_pending *p, struct fail *why)
{
	int rc = sync_one(q, &p->body_fd, p->body, why);

	return rc == 0 ? sync_one(q, &p->fd, p->name, why) : rc;
}

/* The disk begins with all of them before we wait for the first. */
static void
start_writing(struct claim **group, size_t n)
{
	struct queue_pending *p;
	size_t i;

	for (i = 0; i < n; i++)
		vec_each (p, &group[i]->pendings) {
			if (p->body_fd >= 0)
				(void)sync_file_range(
				    p->body_fd, 0, 0, SYNC_FILE_RANGE_WRITE);
			if (p->fd >= 0)
				(void)sync_file_range(
				    p->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
		}
}

/* The outputs of the group become durable; true if there are any. */
static bool
sync_outputs(struct queue *q, struct claim **group, size_t n)
{
	struct queue_pending *p;
	struct fail why;
	bool any = false;
	size_t i;

	if (n > 1)
		start_writing(group, n);
	for (i = 0; i < n; i++)
		vec_each (p, &group[i]->pendings) {
			any = true;
			if (group[i]->result.code == 0 &&
			    queue_pending_sync(q, p, &why) < 0)
				failed(group[i], &why);
		}
	return any;
}

static bool
mark_committed(struct queue *q, struct claim *c)
{
	char held[QUEUE_HELD_MAX];
	struct fail why;

	ensure(queue_held_name(held, 'k', c, c->booked));
	if (io_move(q->claims, c->held, q->claims, held, &why) < 0) {
		failed(c, &why);
		return false;
	}
	memcpy(c->held, held, sizeof(held));
	c->state = QUEUE_COMMITTED;
	return true;
}

/* The sync failed: nobody knows what a power cut would leave. */
static void
take_back(struct queue *q, struct claim *c, const struct fail *why)
{
	char held[QUEUE_HELD_MAX];

	failed(c, why);
	ensure(queue_held_name(held, 'c', c, c->booked));
	if (io_move(q->claims, c->held, q->claims, held, NULL) < 0)
		return; /* stays committed; recovery goes on from there */
	memcpy(c->held, held, sizeof(held));
	c->state = QUEUE_PREPARED;
}

size_t
queue_commit(struct queue *q, struct claim **group, size_t n)
{
	struct fail why;
	size_t i, done = 0;
	int rc = 0;

	for (i = 0; i < n; i++) {
		ensure(group[i]->state == QUEUE_CLAIMED ||
		       group[i]->state == QUEUE_PREPARED);
		group[i]->result.code = 0;
	}
	/* Names of outputs first: a committed claim without them would count
	 * as one whose output was published. */
	if (sync_outputs(q, group, n))
		rc = queue_sync(q, q->claims, q->cfg.claims, &why);
	for (i = 0; i < n; i++) {
		if (rc < 0)
			failed(group[i], &why);
		if (group[i]->result.code == 0)
			done += mark_committed(q, group[i]);
	}
	if (done == 0 || queue_sync(q, q->claims, q->cfg.claims, &why) == 0)
		return done;
	for (i = 0; i < n; i++)
		if (group[i]->state == QUEUE_COMMITTED)
			take_back(q, group[i], &why);
	return 0;
}

/* ---- COMMITTED -> PUBLISHED --------------------------------------------- */

static bool
same_file(int a, const char *name, int b, const char *other)
{
	struct stat x, y;

	return fstatat(a, name, &x, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(b, other, &y, AT_SYMLINK_NOFOLLOW) == 0 &&
	       x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* From the claim directory to its name; repeating it changes nothing. */
static int
give_name(struct queue *q, const char *held, int to, const char *name,
    struct fail *why)
{
	int rc = io_move(q->claims, held, to, name, why);

	if (rc == FAIL_GONE)
		return 0;
	if (rc == FAIL_EXISTS && same_file(q->claims, held, to, name))
		return io_drop(q->claims, held, why);
	return rc;
}

/* Somebody has the name of our output: it goes out under another id. The body
 * file is found by its seq and keeps its own name here. */
static int
rename_pending(struct queue *q, struct queue_pending *p, const char *uniq,
    struct fail *why)
{
	struct queue_pending other = *p;
	int rc;

	q->driver->id(q, NULL, other.out);
	queue_pending_names(&other, uniq, false);
	rc = io_move(q->claims, p->name, q->claims, other.name, why);
	if (rc < 0)
		return rc;
	log_warn("%s is taken in %s, the message goes out as %s", p->out,
	    q->cfg.out, other.out);
	memcpy(p->out, other.out, sizeof(p->out));
	memcpy(p->name, other.name, sizeof(p->name));
	return 0;
}

static bool
is_taken(struct queue *q, const struct queue_pending *p)
{
	char name[QUEUE_ID_MAX + 8];
	struct stat st;

	q->driver->out_name(p->out, name);
	return fstatat(q->out, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       !same_file(q->claims, p->name, q->out, name);
}

int
queue_pending_body(struct queue *q, struct queue_pending *p, const char *uniq,
    struct fail *why)
{
	char name[QUEUE_ID_MAX + 8];
	unsigned tries;
	int rc = 0;

	if (p->body[0] == '\0' || p->placed)
		return 0;
	for (tries = 0; tries < QUEUE_RENAMES_MAX; tries++) {
		q->driver->out_body(p->out, name);
		rc = is_taken(q, p)
			 ? fail_set(why, FAIL_EXISTS, "%s is taken", p->out)
			 : give_name(q, p->body, q->out_bodies, name, why);
		if (rc != FAIL_EXISTS)
			break;
		rc = rename_pending(q, p, uniq, why);
		if (rc < 0)
			return rc;
	}
	p->placed = rc == 0;
	return rc;
}

int
queue_pending_publish(
    struct queue *q, struct queue_pending *p, struct fail *why)
{
	char name[QUEUE_ID_MAX + 8];
	int rc;

	if (p->done)
		return 0;
	q->driver->out_name(p->out, name);
	rc = give_name(q, p->name, q->out, name, why);
	p->done = rc == 0;
	return rc;
}

/* Without body files the name itself may be taken. */
static int
publish_one(struct queue *q, struct queue_pending *p, const char *uniq,
    struct fail *why)
{
	unsigned tries;
	int rc = FAIL_EXISTS;

	for (tries = 0; rc == FAIL_EXISTS && tries < QUEUE_RENAMES_MAX;
	     tries++) {
		rc = queue_pending_publish(q, p, why);
		if (rc != FAIL_EXISTS || p->body[0] != '\0')
			return rc;
		rc = rename_pending(q, p, uniq, why);
		if (rc == 0)
			rc = FAIL_EXISTS;
	}
	return rc;
}

static bool
is_open(const struct claim *c)
{
	return c->state == QUEUE_COMMITTED && c->result.code == 0;
}

/* Body files first, all durable before an envelope file points at one. */
static void
publish_bodies(struct queue *q, struct claim **group, size_t n)
{
	struct queue_pending *p;
	struct fail why;
	bool any = false;
	size_t i;
	int rc = 0;

	for (i = 0; i < n; i++)
		vec_each (p, &group[i]->pendings)
			if (is_open(group[i])) {
				any = true;
				if (queue_pending_body(
					q, p, group[i]->uniq, &why) < 0)
					failed(group[i], &why);
			}
	if (any)
		rc = queue_sync(q, q->out_bodies, q->cfg.out, &why);
	for (i = 0; i < n && rc < 0; i++)
		if (is_open(group[i]))
			failed(group[i], &why);
}

size_t
queue_publish(struct queue *q, struct claim **group, size_t n)
{
	struct queue_pending *p;
	struct fail why;
	size_t i, done = 0;
	bool any = false;
	int rc = 0;

	for (i = 0; i < n; i++)
		if (group[i]->state == QUEUE_COMMITTED)
			group[i]->result.code = 0;
	if (q->out_bodies >= 0)
		publish_bodies(q, group, n);
	for (i = 0; i < n; i++)
		vec_each (p, &group[i]->pendings)
			if (is_open(group[i])) {
				any = true;
				if (publish_one(q, p, group[i]->uniq, &why) < 0)
					failed(group[i], &why);
			}
	if (any)
		rc = queue_sync(q, q->out, q->cfg.out, &why);
	for (i = 0; i < n; i++) {
		if (!is_open(group[i]))
			continue;
		if (rc < 0) {
			failed(group[i], &why);
			continue;
		}
		group[i]->state = QUEUE_PUBLISHED;
		done++;
	}
	return done;
}

/* ---- PUBLISHED -> RETIRED ----------------------------------------------- */

/* The one place of the program that removes a message. */
static int
retire_one(struct queue *q, struct claim *c, struct fail *why)
{
	int rc = 0;

	if (!io_is_same(q->claims, c->held, c->fd))
		return fail_set(why, FAIL_GONE, "%s is another file", c->held);
	if (c->body[0] != '\0')
		rc = io_drop(q->claims, c->body, why);
	if (rc == 0)
		rc = io_drop(q->claims, c->held, why);
	return rc;
}

size_t
queue_retire(struct queue *q, struct claim **group, size_t n)
{
	struct fail why;
	size_t i, done = 0;

	for (i = 0; i < n; i++) {
		struct claim *c = group[i];

		if (c->state != QUEUE_PUBLISHED)
			continue;
		c->result.code = 0;
		if (retire_one(q, c, &why) < 0) {
			failed(c, &why);
			continue;
		}
		c->state = QUEUE_RETIRED;
		done++;
	}
	/* If it fails, a power cut brings the claims back and recovery retires
	 * them again: their outputs are published and on disk. */
	if (done > 0 && queue_sync(q, q->claims, q->cfg.claims, &why) < 0)
		log_warn("%s: %s", q->cfg.claims, why.text);
	return done;
}
