/* What a crash left in the claim directory is driven to an end.
 *
 * Entries whose locks somebody holds are his. Those we can lock are: c, its
 * pending output is dropped and the claim handed out again; k, what is pending
 * still is published and the claim retired; a, put aside. Locks come before
 * the look for outputs, so nobody adds to them meanwhile. Outputs and bodies
 * of nobody are dropped when they are old: a rename that is going on can hide
 * their owner from one listing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "queue/queue_driver.h"
#include "sys/clock.h"
#include "sys/io.h"

enum { GROUP_MAX = 64, ROUNDS_MAX = 10000 };

/* A body of an output, until its output is found. */
struct body {
	struct claim *claim;
	struct queue_held h;
	char *file;
};

struct recovery {
	struct queue *q;
	struct arena *arena;
	struct map owners;  /* uniq -> claim, or &taken */
	struct claim taken; /* stands for one that is not ours */
	struct claim *committed[GROUP_MAX], *claimed[QUEUE_ORPHANS_MAX];
	size_t committed_n, claimed_n;
	VEC_OF(struct body) bodies;
	int settled;
	bool more; /* another round is needed */
};

typedef int entry_fn(struct recovery *r, const char *file,
    const struct queue_held *h, struct fail *why);

/* Every entry of these kinds. An error in the middle is an error of the whole:
 * an output that was not seen would count as published. */
static int
each_entry(
    struct recovery *r, const char *kinds, entry_fn *fn, struct fail *why)
{
	DIR *d = io_list(r->q->claims, why);
	const struct dirent *e;
	int rc = 0;

	if (d == NULL)
		return fail_add(why, "%s", r->q->cfg.claims);
	while (rc == 0) {
		struct queue_held h;

		errno = 0;
		e = readdir(d);
		if (e == NULL) {
			if (errno != 0)
				rc = fail_errno(
				    why, "cannot list %s", r->q->cfg.claims);
			break;
		}
		if (queue_held_parse(e->d_name, &h) &&
		    strchr(kinds, h.kind) != NULL)
			rc = fn(r, e->d_name, &h, why);
	}
	(void)closedir(d);
	return rc;
}

/* ---- first look: whose are the claims ----------------------------------- */

static void
put_aside(struct recovery *r, struct claim *c)
{
	struct fail why;

	if (claim_settle_aside(c, &why) < 0)
		log_warn("%s: cannot put it aside: %s", c->held, why.text);
	else
		r->settled++;
	claim_close(c);
}

static int
take_owner(struct recovery *r, const char *file, const struct queue_held *h,
    struct fail *why)
{
	struct queue *q = r->q;
	struct claim *c = NULL;
	struct fail story;
	bool full = h->kind == 'k'
			? r->committed_n == GROUP_MAX
			: q->orphan_count + r->claimed_n == QUEUE_ORPHANS_MAX;
	int rc;

	(void)why;
	map_set(&r->owners, slice_str(h->uniq), &r->taken);
	if (full) {
		if (h->kind == 'k')
			r->more = true;
		else
			q->more_orphans = true;
		return 0;
	}
	rc = claim_open_held(q, file, h, &c, &story);
	if (rc < 0) {
		if (rc != FAIL_AGAIN)
			log_warn("%s is left in %s: %s", file, q->cfg.claims,
			    story.text);
		return 0;
	}
	if (h->kind == 'a') {
		put_aside(r, c);
		return 0;
	}
	map_set(&r->owners, slice_str(h->uniq), c);
	if (h->kind == 'k')
		r->committed[r->committed_n++] = c;
	else
		r->claimed[r->claimed_n++] = c;
	return 0;
}

/* ---- second look: what belongs to them ---------------------------------- */

static int
drop_old(struct recovery *r, const char *file)
{
	struct stat st;

	if (fstatat(r->q->claims, file, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_ctim.tv_sec < clock_wall() - QUEUE_ORPHAN_AGE_S)
		(void)io_drop(r->q->claims, file, NULL);
	return 0;
}

static int
take_part(struct recovery *r, const char *file, const struct queue_held *h,
    struct fail *why)
{
	struct claim *c = map_get(&r->owners, slice_str(h->uniq));
	struct queue_pending *p;
	struct body *body;

	if (c == &r->taken)
		return 0;
	if (c == NULL)
		return drop_old(r, file);
	if (h->kind == 'b')
		return 0;
	if (c->state != QUEUE_COMMITTED)
		return io_drop(r->q->claims, file, why);
	if (h->kind == 'e') {
		body = vec_push(r->arena, &r->bodies);
		body->claim = c;
		body->h = *h;
		body->file = arena_str(r->arena, slice_str(file));
		return 0;
	}
	if (strlen(h->name) >= QUEUE_ID_MAX)
		return fail_set(why, FAIL_BAD, "%s: no name of ours", file);
	p = vec_push(c->arena, &c->pendings);
	*p = (struct queue_pending){.seq = h->number, .fd = -1, .body_fd = -1};
	memcpy(p->out, h->name, strlen(h->name) + 1);
	(void)snprintf(p->name, sizeof(p->name), "%s", file);
	return 0;
}

/* A body goes with the output of its seq; that one is published already when
 * there is none. */
static int
match_bodies(struct recovery *r, struct fail *why)
{
	struct body *body;
	struct queue_pending *p;
	int rc = 0;

	vec_each (body, &r->bodies) {
		bool found = false;

		vec_each (p, &body->claim->pendings)
			if (p->seq == body->h.number) {
				(void)snprintf(
				    p->body, sizeof(p->body), "%s", body->file);
				found = true;
			}
		if (!found && rc == 0)
			rc = io_drop(r->q->claims, body->file, why);
	}
	return rc;
}

/* An output whose body is neither here nor in its place was published, though
 * the disk does not know: only the MTA takes bodies from there. */
static void
drop_taken(struct recovery *r, struct claim *c)
{
	struct queue *q = r->q;
	char name[QUEUE_ID_MAX + 8];
	size_t i = 0;
	struct stat st;

	while (i < c->pendings.n) {
		struct queue_pending *p = &c->pendings.at[i];

		q->driver->out_body(p->out, name);
		if (p->body[0] != '\0' ||
		    fstatat(q->out_bodies, name, &st, AT_SYMLINK_NOFOLLOW) ==
			0 ||
		    errno != ENOENT) {
			i++;
			continue;
		}
		log_notice("%s was taken from %s already", p->out, q->cfg.out);
		(void)io_drop(q->claims, p->name, NULL);
		*p = c->pendings.at[--c->pendings.n];
	}
}

/* ---- the end of it ------------------------------------------------------ */

/* What was published before the crash may not have been on disk yet. */
static int
finish_committed(struct recovery *r, struct fail *why)
{
	struct queue *q = r->q;
	size_t i;
	int rc = 0;

	if (r->committed_n == 0)
		return 0;
	for (i = 0; i < r->committed_n && q->out_bodies >= 0; i++)
		drop_taken(r, r->committed[i]);
	if (q->out_bodies >= 0)
		rc = queue_sync(q, q->out_bodies, q->cfg.out, why);
	if (rc == 0)
		rc = queue_sync(q, q->out, q->cfg.out, why);
	if (rc < 0)
		return rc;
	(void)queue_publish(q, r->committed, r->committed_n);
	r->settled += (int)queue_retire(q, r->committed, r->committed_n);
	for (i = 0; i < r->committed_n; i++) {
		struct claim *c = r->committed[i];
		struct fail story = {0};

		if (c->state != QUEUE_RETIRED && claim_result(c, &story) != 0) {
			log_warn("%s waits in %s to be published: %s", c->held,
			    q->cfg.claims, story.text);
			rc = fail_set(why, story.code, "%s", story.text);
		}
	}
	return rc;
}

static int
round_of(struct recovery *r, struct fail *why)
{
	struct queue *q = r->q;
	size_t i;
	int rc;

	r->more = false;
	r->committed_n = r->claimed_n = 0;
	r->bodies.n = 0;
	map_init(&r->owners, r->arena);
	rc = each_entry(r, "cka", take_owner, why);
	if (rc == 0)
		rc = each_entry(r, "peb", take_part, why);
	if (rc == 0)
		rc = match_bodies(r, why);
	for (i = 0; i < r->claimed_n; i++) {
		if (rc == 0) {
			q->orphans[q->orphan_count++] = r->claimed[i];
			r->settled++;
		} else {
			claim_close(r->claimed[i]);
		}
	}
	if (rc == 0)
		rc = finish_committed(r, why);
	for (i = 0; i < r->committed_n; i++)
		claim_close(r->committed[i]);
	return rc;
}

static int
drop_scratch(struct recovery *r, const char *file, const struct queue_held *h,
    struct fail *why)
{
	(void)h;
	(void)why;
	return drop_old(r, file);
}

int
queue_recover(struct queue *q, struct fail *why)
{
	struct recovery r = {.q = q};
	struct fail story = {0};
	unsigned rounds = 0;
	int rc;

	q->more_orphans = false;
	do {
		r.arena = arena_new(0);
		r.bodies.at = NULL;
		r.bodies.cap = 0;
		rc = round_of(&r, &story);
		arena_free(r.arena);
	} while (rc == 0 && r.more && ++rounds < ROUNDS_MAX);
	if (rc == 0)
		rc = each_entry(&r, "xy", drop_scratch, &story);
	if (rc < 0) {
		if (why != NULL)
			*why = story;
		return rc;
	}
	return r.settled;
}
