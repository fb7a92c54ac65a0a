/* Directories are listed once and worked off from memory: a bounded number of
 * names at a time, oldest first as ids begin with their time. When more wait
 * than fit, the rest comes in the order of the directory. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "queue/queue_driver.h"
#include "sys/io.h"

static int
compare_candidates(const void *a, const void *b)
{
	const struct queue_candidate *x = a, *y = b;
	int d = strcmp(x->name, y->name);

	return d != 0 ? d : (x->in > y->in) - (x->in < y->in);
}

static bool
is_ours(const struct queue *q, const char *name)
{
	size_t n = strlen(name);

	return n <= QUEUE_NAME_MAX && q->driver->scan(name) &&
	       (q->cfg.shares < 2 ||
		   queue_hash(slice_of(name, n)) % q->cfg.shares ==
		       q->cfg.share);
}

/* The next batch; nothing in it and no stream left: the pass is over. */
static int
fill(struct queue *q, struct fail *why)
{
	struct queue_list *l = &q->list;
	const struct dirent *e;

	arena_reset(l->arena);
	l->found.at = NULL;
	l->found.n = l->found.cap = l->next = 0;
	while (l->in < q->in_count && l->found.n < QUEUE_LIST_MAX) {
		if (l->stream == NULL) {
			l->stream = io_list(q->ins[l->in].dir, why);
			if (l->stream == NULL)
				return fail_add(why, "%s", q->ins[l->in].path);
		}
		e = readdir(l->stream);
		if (e == NULL) {
			(void)closedir(l->stream);
			l->stream = NULL;
			l->in++;
		} else if (is_ours(q, e->d_name)) {
			struct queue_candidate *c =
			    vec_push(l->arena, &l->found);

			c->name = arena_str(l->arena, slice_str(e->d_name));
			c->in = l->in;
		}
	}
	if (l->found.n > 1)
		qsort(l->found.at, l->found.n, sizeof(l->found.at[0]),
		    compare_candidates);
	return 0;
}

int
queue_list_next(struct queue *q, struct queue_candidate *found, bool *began,
    struct fail *why)
{
	struct queue_list *l = &q->list;
	int rc;

	if (!l->passing) {
		l->passing = true;
		l->in = 0;
		*began = true;
	}
	while (l->next == l->found.n) {
		if (l->in == q->in_count && l->stream == NULL) {
			l->passing = false;
			return 0;
		}
		rc = fill(q, why);
		if (rc < 0) {
			queue_list_end(q);
			return rc;
		}
	}
	*found = l->found.at[l->next++];
	return 1;
}

void
queue_list_end(struct queue *q)
{
	struct queue_list *l = &q->list;

	if (l->stream != NULL)
		(void)closedir(l->stream);
	l->stream = NULL;
	l->passing = false;
	l->next = l->found.n = 0;
}

/* ---- invalid files ---- */

/* What a file must still be to be known. */
static struct slice
shape(struct queue *q, size_t in, const char *name, char *room, size_t cap)
{
	struct stat st;
	int n;

	if (fstatat(q->ins[in].dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return SLICE_NONE;
	n = snprintf(room, cap, "%zu/%s/%llx/%llx/%llx.%lx", in, name,
	    (unsigned long long)st.st_ino, (unsigned long long)st.st_size,
	    (unsigned long long)st.st_ctim.tv_sec,
	    (unsigned long)st.st_ctim.tv_nsec);
	return slice_of(room, n > 0 && (size_t)n < cap ? (size_t)n : 0);
}

bool
queue_known_has(struct queue *q, size_t in, const char *name)
{
	char room[QUEUE_NAME_MAX + 128];

	return q->known.n > 0 &&
	       map_has(&q->known, shape(q, in, name, room, sizeof(room)));
}

void
queue_known_add(
    struct queue *q, size_t in, const char *name, const struct fail *why)
{
	char room[QUEUE_NAME_MAX + 128];
	struct slice key = shape(q, in, name, room, sizeof(room));

	if (key.n == 0)
		return;
	if (q->known.n >= QUEUE_KNOWN_MAX) {
		arena_reset(q->known_arena);
		map_init(&q->known, q->known_arena);
	}
	map_set(&q->known, key, q);
	log_warn(
	    "%s in %s stays where it is: %s", name, q->ins[in].path, why->text);
}
