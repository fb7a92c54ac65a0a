/* One claim: how it is taken, counted, prepared and given back. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "queue/queue_driver.h"
#include "sys/clock.h"
#include "sys/io.h"

enum { REASON_MAX = 8192 };

static struct claim *
claim_new(struct queue *q)
{
	struct arena *a = arena_new(0);
	struct claim *c = arena_make(a, struct claim);

	c->arena = a;
	c->queue = q;
	c->fd = c->content.fd = -1;
	c->state = QUEUE_CLAIMED;
	c->next_seq = 1;
	return c;
}

void
claim_close(struct claim *c)
{
	struct queue_pending *p;

	if (c == NULL)
		return;
	vec_each (p, &c->pendings) {
		if (p->fd >= 0)
			(void)close(p->fd);
		if (p->body_fd >= 0)
			(void)close(p->body_fd);
	}
	if (c->queue->driver->forget != NULL)
		c->queue->driver->forget(c);
	if (c->content.fd >= 0)
		(void)close(c->content.fd);
	if (c->fd >= 0)
		(void)close(c->fd); /* and with it the locks */
	arena_free(c->arena);
}

/* ---- questions ---------------------------------------------------------- */

const struct envelope *
claim_envelope(const struct claim *c)
{
	return &c->env;
}

struct claim_content
claim_content(const struct claim *c)
{
	return c->content;
}

unsigned
claim_attempts(const struct claim *c)
{
	return c->attempts;
}

enum queue_state
claim_state(const struct claim *c)
{
	return c->state;
}

int
claim_result(const struct claim *c, struct fail *why)
{
	if (c->result.code != 0 && why != NULL)
		*why = c->result;
	return c->result.code;
}

/* ---- SEEN -> CLAIMED ---------------------------------------------------- */

/* Open and lock `name`; FAIL_AGAIN when it is not ours to look at now. */
static int
lock_file(struct claim *c, int dir, const char *name, struct fail *why)
{
	int rc;

	c->fd = io_open_rw(dir, name, why);
	if (c->fd < 0)
		return c->fd == FAIL_GONE ? FAIL_AGAIN : c->fd;
	rc = io_lock(c->fd, why);
	if (rc < 0)
		return rc;
	/* Between open and lock it may have got another name or none. */
	if (!io_is_same(dir, name, c->fd))
		return fail_set(why, FAIL_AGAIN, "replaced meanwhile");
	return 0;
}

static int
check_names(const struct claim *c, struct fail *why)
{
	struct stat st;

	if (fstat(c->fd, &st) == 0 && st.st_nlink == 1)
		return 0;
	return fail_set(why, FAIL_BAD, "it has more than one name");
}

/* The claim is born with its first attempt on record: one rename less for
 * every message, and a message that is claimed is examined at once. */
static int
move_in(struct claim *c, struct fail *why)
{
	struct queue *q = c->queue;
	struct queue_in *in = &q->ins[c->in];
	unsigned tries;
	int rc = FAIL_EXISTS;

	for (tries = 0; rc == FAIL_EXISTS && tries < QUEUE_RENAMES_MAX;
	     tries++) {
		queue_uniq(q, c->uniq);
		if (!queue_held_name(c->held, 'c', c, 1))
			return fail_set(why, FAIL_BAD, "its name is too long");
		rc = io_move(in->dir, c->name, q->claims, c->held, why);
	}
	if (rc < 0)
		return rc == FAIL_GONE ? FAIL_AGAIN : rc;
	in->touched = true;
	c->booked = 1;
	if (io_is_same(q->claims, c->held, c->fd))
		return 0;
	/* Somebody gave the name to another file after all. */
	rc = io_move(q->claims, c->held, in->dir, c->name, why);
	if (rc < 0)
		log_error("%s in %s was replaced while it was claimed, its "
			  "successor is left for recovery: %s",
		    c->name, in->path, why->text);
	return FAIL_AGAIN;
}

/* FAIL_AGAIN: not this one; any other failure: the queue is in trouble. */
static int
take(struct queue *q, const struct queue_candidate *found, struct claim **out,
    struct fail *why)
{
	struct queue_in *in = &q->ins[found->in];
	struct claim *c;
	int rc;

	if (queue_known_has(q, found->in, found->name))
		return FAIL_AGAIN;
	c = claim_new(q);
	c->in = found->in;
	c->key = in->key;
	(void)snprintf(c->name, sizeof(c->name), "%s", found->name);
	rc = lock_file(c, in->dir, c->name, why);
	if (rc == 0)
		rc = check_names(c, why);
	if (rc == 0)
		rc = q->driver->claim(c, why);
	if (rc < 0 && rc != FAIL_AGAIN && rc != FAIL_FULL) {
		queue_known_add(q, found->in, found->name, why);
		rc = FAIL_AGAIN;
	}
	if (rc == 0)
		rc = move_in(c, why);
	if (rc < 0) {
		claim_close(c);
		return rc;
	}
	*out = c;
	return 0;
}

static int
sync_left(struct queue *q, struct fail *why)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < q->in_count; i++) {
		struct queue_in *in = &q->ins[i];

		if (in->touched && rc == 0)
			rc = queue_sync(q, in->dir, in->path, why);
		if (in->touched && rc == 0 && in->bodies != in->dir)
			rc = queue_sync(q, in->bodies, in->path, why);
		in->touched = false;
	}
	return rc;
}

static void
give_back(struct claim *c)
{
	struct fail why;

	if (queue_release(c, &why) < 0)
		log_warn("%s is left for recovery: %s", c->held, why.text);
	claim_close(c);
}

/* Make n new claims durable and whole; those that cannot be go back. Where
 * names went is synced before where they were: on a file system that keeps
 * directories apart a power cut then leaves both names, never none. */
static int
settle_taken(struct queue *q, struct claim **all, size_t n, struct fail *why)
{
	size_t i, done = 0;
	int rc = queue_sync(q, q->claims, q->cfg.claims, why);

	for (i = 0; i < n; i++) {
		struct claim *c = all[i];
		int one = rc;

		if (one == 0 && q->driver->secure != NULL)
			one = q->driver->secure(c, why);
		if (one == 0)
			all[done++] = c;
		else
			give_back(c);
	}
	if (rc == 0)
		rc = sync_left(q, why);
	if (rc == 0)
		return (int)done;
	while (done > 0)
		give_back(all[--done]);
	return rc;
}

int
queue_claim(struct queue *q, struct claim **out, size_t max, struct fail *why)
{
	struct fail story = {0};
	size_t n = 0, old = 0;
	bool began = false;
	int rc = 0;

	if (q->orphan_count == 0 && q->more_orphans &&
	    queue_recover(q, &story) < 0)
		log_warn("recovery: %s", story.text);
	while (old < max && q->orphan_count > 0)
		out[old++] = q->orphans[--q->orphan_count];
	while (old + n < max) {
		struct queue_candidate found;
		bool fresh = began;

		rc = queue_list_next(q, &found, &began, &story);
		if (rc == 0 && !fresh && !began)
			continue; /* names of before: now look again */
		if (rc <= 0)
			break;
		rc = take(q, &found, &out[old + n], &story);
		if (rc == 0)
			n++;
		else if (rc != FAIL_AGAIN)
			break;
	}
	if (n > 0) {
		int settled = settle_taken(q, out + old, n, &story);

		if (settled < 0)
			rc = settled;
		n = settled < 0 ? 0 : (size_t)settled;
	}
	if (old + n == 0 && rc < 0) {
		if (why != NULL)
			*why = story;
		return rc;
	}
	return (int)(old + n);
}

/* ---- attempts ----------------------------------------------------------- */

static int
book(struct claim *c, unsigned attempts, struct fail *why)
{
	char held[QUEUE_HELD_MAX];
	int rc;

	if (!queue_held_name(held, 'c', c, attempts))
		return fail_set(why, FAIL_BAD, "%s: name too long", c->held);
	rc = io_move(c->queue->claims, c->held, c->queue->claims, held, why);
	if (rc == 0) {
		memcpy(c->held, held, sizeof(held));
		c->booked = attempts;
	}
	return rc;
}

int
claim_attempt(struct claim *c, struct fail *why)
{
	unsigned next = c->attempts + 1;
	int rc = 0;

	ensure(c->state == QUEUE_CLAIMED || c->state == QUEUE_PREPARED);
	if (next > QUEUE_ATTEMPTS_MAX)
		next = QUEUE_ATTEMPTS_MAX;
	if (next > c->booked) {
		rc = book(c, next, why);
		if (rc == 0)
			rc = queue_sync(c->queue, c->queue->claims,
			    c->queue->cfg.claims, why);
	}
	if (rc == 0)
		c->attempts = next;
	return rc;
}

int
claim_attempt_undo(struct claim *c, struct fail *why)
{
	ensure(c->attempts > 0);
	c->attempts--;
	/* Not synced: a power cut leaves one attempt too many on record. */
	return c->booked > 1 ? book(c, c->attempts, why) : 0;
}

/* ---- CLAIMED -> PREPARED ------------------------------------------------ */

static void
drop_pending(struct queue *q, struct queue_pending *p)
{
	if (p->fd >= 0)
		(void)close(p->fd);
	if (p->body_fd >= 0)
		(void)close(p->body_fd);
	p->fd = p->body_fd = -1;
	(void)io_drop(q->claims, p->name, NULL);
	if (p->body[0] != '\0')
		(void)io_drop(q->claims, p->body, NULL);
}

void
claim_drop_pendings(struct claim *c)
{
	struct queue_pending *p;

	vec_each (p, &c->pendings)
		drop_pending(c->queue, p);
	c->pendings.n = 0;
}

/* What was prepared under this seq before goes. */
static struct queue_pending *
new_pending(struct claim *c, unsigned seq)
{
	struct queue *q = c->queue;
	struct queue_pending *p;

	vec_each (p, &c->pendings)
		if (p->seq == seq) {
			drop_pending(q, p);
			*p = c->pendings.at[--c->pendings.n];
			break;
		}
	p = vec_push(c->arena, &c->pendings);
	*p = (struct queue_pending){.seq = seq, .fd = -1, .body_fd = -1};
	return p;
}

static int
prepare(struct claim *c, struct queue_pending *p, const struct queue_new *m,
    struct fail *why)
{
	struct queue *q = c->queue;
	int rc;

	queue_pending_names(p, c->uniq, q->out_bodies >= 0);
	rc = q->driver->prepare(q, p, m, why);
	if (rc < 0) {
		drop_pending(q, p);
		c->pendings.n--; /* it is the last one */
	} else {
		c->state = QUEUE_PREPARED;
	}
	return rc;
}

static bool
is_taken(struct queue *q, const char *id)
{
	char name[QUEUE_ID_MAX + 8];
	struct stat st;

	q->driver->out_name(id, name);
	return fstatat(q->out, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int
queue_prepare(struct claim *c, const struct queue_output *out, struct fail *why)
{
	struct queue_new m = {.env = &c->env,
	    .claim = c,
	    .edits = out->edits,
	    .recipients = out->recipients,
	    .recipient_count = out->recipient_count};
	struct queue_pending *p;

	ensure(c->state == QUEUE_CLAIMED || c->state == QUEUE_PREPARED);
	ensure(out->edits == NULL || edits_fit(out->edits, c->content.size));
	p = new_pending(c, 0);
	c->queue->driver->id(c->queue, c, p->out);
	if (is_taken(c->queue, p->out))
		c->queue->driver->id(c->queue, NULL, p->out);
	return prepare(c, p, &m, why);
}

int
queue_prepare_notice(struct claim *c, struct slice key,
    const struct envelope *env, struct slice bytes, struct fail *why)
{
	struct queue_new m = {.env = env, .bytes = bytes, .is_notice = true};
	struct queue_pending *p;
	unsigned seq = c->next_seq;

	ensure(c->state == QUEUE_CLAIMED || c->state == QUEUE_PREPARED);
	vec_each (p, &c->pendings)
		if (p->seq > 0 && slice_eq(p->key, key))
			seq = p->seq;
	if (seq == c->next_seq)
		c->next_seq++;
	p = new_pending(c, seq);
	p->key = arena_dup(c->arena, key);
	c->queue->driver->id(c->queue, NULL, p->out);
	return prepare(c, p, &m, why);
}

/* ---- back, and aside ---------------------------------------------------- */

/* A message that was tried keeps its count in its name, in the claim
 * directory: it is claimed again from there. */
static int
keep_here(struct claim *c, struct fail *why)
{
	int rc = c->booked != c->attempts ? book(c, c->attempts, why) : 0;

	if (rc == 0) {
		c->queue->more_orphans = true;
		c->state = QUEUE_RELEASED;
	}
	return rc;
}

int
queue_release(struct claim *c, struct fail *why)
{
	struct queue *q = c->queue;
	const struct queue_in *in;
	int rc = 0;

	ensure(c->state == QUEUE_CLAIMED || c->state == QUEUE_PREPARED);
	claim_drop_pendings(c);
	c->state = QUEUE_CLAIMED;
	if (c->attempts > 0 || c->in == SIZE_MAX)
		return keep_here(c, why);
	in = &q->ins[c->in];
	if (q->driver->release != NULL)
		rc = q->driver->release(c, why);
	if (rc == 0)
		rc = io_move(q->claims, c->held, in->dir, c->name, why);
	if (rc == FAIL_EXISTS) {
		log_warn("%s in %s is taken by another message, the older one "
			 "waits in %s",
		    c->name, in->path, q->cfg.claims);
		return keep_here(c, why);
	}
	if (rc < 0)
		return rc;
	c->state = QUEUE_RELEASED;
	rc = queue_sync(q, in->dir, in->path, why);
	if (rc == 0)
		rc = queue_sync(q, q->claims, q->cfg.claims, why);
	return rc;
}

static void
write_reason(struct claim *c, const char *name, const char *reason)
{
	struct fail why;
	struct buf b;
	int fd = io_create(c->queue->aside, name, 0600, &why);
	int rc = fd;

	buf_init(&b, REASON_MAX);
	(void)buf_addf(&b, "put aside at %lld: %s\nqueue: %s\nattempts: %u\n",
	    (long long)clock_wall(), reason,
	    c->in == SIZE_MAX ? "?" : c->queue->ins[c->in].path, c->attempts);
	if (fd >= 0)
		rc = io_write(fd, buf_slice(&b), &why);
	if (rc >= 0)
		rc = io_sync(fd, name, &why);
	if (fd >= 0)
		(void)close(fd);
	buf_fini(&b);
	if (rc < 0 && rc != FAIL_EXISTS)
		log_warn("%s is put aside, its reason is here only: %s (%s)",
		    c->name, reason, why.text);
}

int
claim_settle_aside(struct claim *c, struct fail *why)
{
	struct queue *q = c->queue;
	char name[QUEUE_HELD_MAX];
	int rc = 0;

	(void)snprintf(name, sizeof(name), "%s.%s.body", c->uniq, c->name);
	if (c->body[0] != '\0') {
		rc = io_move(q->claims, c->body, q->aside, name, why);
		if (rc == FAIL_GONE)
			rc = 0; /* moved before */
		if (rc == FAIL_EXISTS)
			rc = io_drop(q->claims, c->body, why);
		if (rc == 0)
			rc = queue_sync(q, q->aside, "aside", why);
	}
	(void)snprintf(name, sizeof(name), "%s.%s", c->uniq, c->name);
	if (rc == 0)
		rc = io_move(q->claims, c->held, q->aside, name, why);
	if (rc == FAIL_EXISTS && io_is_same(q->aside, name, c->fd))
		rc = io_drop(q->claims, c->held, why);
	if (rc == 0)
		rc = queue_sync(q, q->aside, "aside", why);
	if (rc == 0)
		rc = queue_sync(q, q->claims, q->cfg.claims, why);
	return rc;
}

int
queue_aside(struct claim *c, const char *reason, struct fail *why)
{
	struct queue *q = c->queue;
	char name[QUEUE_HELD_MAX];
	struct fail later;
	int rc;

	ensure(c->state == QUEUE_CLAIMED || c->state == QUEUE_PREPARED);
	claim_drop_pendings(c);
	c->state = QUEUE_CLAIMED;
	(void)snprintf(name, sizeof(name), "%s.%s.reason", c->uniq, c->name);
	write_reason(c, name, reason);
	if (!queue_held_name(name, 'a', c, c->booked))
		return fail_set(why, FAIL_BAD, "%s: name too long", c->held);
	rc = io_move(q->claims, c->held, q->claims, name, why);
	if (rc == 0)
		rc = queue_sync(q, q->claims, q->cfg.claims, why);
	if (rc < 0)
		return rc;
	memcpy(c->held, name, sizeof(name));
	c->state = QUEUE_ASIDE;
	if (claim_settle_aside(c, &later) < 0)
		log_warn("%s: recovery puts it aside: %s", c->held, later.text);
	return 0;
}

/* ---- what somebody left behind ------------------------------------------ */

static size_t
find_in(const struct queue *q, uint32_t key)
{
	size_t i;

	for (i = 0; i < q->in_count; i++)
		if (q->ins[i].key == key)
			return i;
	return SIZE_MAX;
}

/* A power cut may have kept the name a file had before it was moved here. */
static int
drop_old_names(struct claim *c, struct fail *why)
{
	struct queue *q = c->queue;
	const struct queue_in *in;
	struct stat st;
	int rc;

	if (c->in == SIZE_MAX || fstat(c->fd, &st) < 0 || st.st_nlink < 2)
		return 0;
	in = &q->ins[c->in];
	rc = io_drop_same(in->dir, c->name, c->fd, why);
	if (rc == FAIL_GONE)
		return 0; /* the other name is none of ours */
	log_notice("%s had two names after a crash, now it has one", c->name);
	return rc == 0 ? queue_sync(q, in->dir, in->path, why) : rc;
}

/* The same for the body file. */
static void
drop_old_body(struct claim *c)
{
	struct queue *q = c->queue;
	char id[QUEUE_ID_MAX], name[QUEUE_ID_MAX + 8];
	int fd;

	if (c->in == SIZE_MAX || c->body[0] == '\0')
		return;
	fd = io_open(q->claims, c->body, NULL);
	if (fd < 0)
		return;
	q->driver->id(q, c, id);
	q->driver->out_body(id, name);
	if (io_is_same(q->ins[c->in].bodies, name, fd))
		(void)io_drop(q->ins[c->in].bodies, name, NULL);
	(void)close(fd);
}

int
claim_open_held(struct queue *q, const char *entry, const struct queue_held *h,
    struct claim **out, struct fail *why)
{
	struct claim *c = claim_new(q);
	struct stat st;
	int rc;

	c->key = h->key;
	c->in = find_in(q, h->key);
	c->attempts = c->booked = h->number;
	memcpy(c->uniq, h->uniq, sizeof(c->uniq));
	memcpy(c->name, h->name, sizeof(c->name));
	(void)snprintf(c->held, sizeof(c->held), "%s", entry);
	(void)snprintf(c->body, sizeof(c->body), "b.%s", c->uniq);
	if (fstatat(q->claims, c->body, &st, AT_SYMLINK_NOFOLLOW) < 0)
		c->body[0] = '\0';
	rc = lock_file(c, q->claims, entry, why);
	if (rc == 0)
		rc = drop_old_names(c, why);
	if (rc == 0)
		drop_old_body(c);
	if (rc == 0 && h->kind == 'c')
		rc = q->driver->claim(c, why);
	if (rc == 0 && h->kind == 'c' && q->driver->secure != NULL)
		rc = q->driver->secure(c, why);
	if (h->kind == 'k')
		c->state = QUEUE_COMMITTED;
	else if (h->kind == 'a')
		c->state = QUEUE_ASIDE;
	if ((rc == FAIL_BAD || rc == FAIL_GONE) && c->in != SIZE_MAX &&
	    h->kind == 'c' && c->fd >= 0) {
		log_error("%s cannot be read any more, it is put aside: %s",
		    entry, why->text);
		rc = queue_aside(c, why->text, why);
		if (rc == 0)
			rc = FAIL_AGAIN;
	}
	if (rc < 0) {
		claim_close(c);
		return rc;
	}
	*out = c;
	return 0;
}
