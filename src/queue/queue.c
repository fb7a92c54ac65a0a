#include "queue/queue.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "queue/queue_driver.h"
#include "sys/clock.h"
#include "sys/io.h"
#include "sys/run.h"

static const struct queue_driver *const drivers[] = {
    &queue_driver_spool,
    &queue_driver_sendmail,
};

static const struct queue_driver *
find_driver(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT_OF(drivers); i++)
		if (slice_is_ci(slice_str(name), drivers[i]->name))
			return drivers[i];
	return NULL;
}

int
queue_sync(struct queue *q, int fd, const char *what, struct fail *why)
{
	if (q->cfg.sync_delay_ns > 0)
		clock_sleep_ms(q->cfg.sync_delay_ns / CLOCK_MS);
	return io_sync(fd, what, why);
}

/* ---- open and close ----------------------------------------------------- */

static void
copy_config(struct queue *q, const struct queue_config *cfg)
{
	size_t i, n = 0;

	q->cfg = *cfg;
	q->cfg.out = arena_str(q->arena, slice_str(cfg->out));
	q->cfg.claims = arena_str(q->arena, slice_str(cfg->claims));
	while (cfg->in[n] != NULL)
		n++;
	q->ins = arena_array(q->arena, n, sizeof(q->ins[0]));
	q->in_count = n;
	for (i = 0; i < n; i++) {
		struct slice path = slice_str(cfg->in[i]);

		while (path.n > 1 && path.p[path.n - 1] == '/')
			path.n--;
		q->ins[i].path = arena_str(q->arena, path);
		q->ins[i].key = queue_hash(path);
		q->ins[i].dir = q->ins[i].bodies = -1;
	}
	q->cfg.in = NULL;
}

/* A directory that was made has to be found after a power cut. */
static int
sync_parent(struct queue *q, const char *path, struct fail *why)
{
	struct slice s = slice_str(path);
	ptrdiff_t slash;
	const char *parent;
	int fd, rc;

	while (s.n > 1 && s.p[s.n - 1] == '/')
		s.n--;
	slash = slice_rchr(s, '/');
	if (slash == SLICE_NOT_FOUND)
		parent = ".";
	else
		parent = arena_str(
		    q->arena, slice_sub(s, 0, slash > 0 ? (size_t)slash : 1));
	fd = io_open_dir(AT_FDCWD, parent, why);
	if (fd < 0)
		return fd;
	rc = queue_sync(q, fd, parent, why);
	(void)close(fd);
	return rc;
}

static int
open_claims(struct queue *q, struct fail *why)
{
	bool made;
	int rc;

	q->claims = io_make_dir(AT_FDCWD, q->cfg.claims, 0700, &made, why);
	if (q->claims < 0)
		return q->claims;
	rc = made ? sync_parent(q, q->cfg.claims, why) : 0;
	if (rc < 0)
		return rc;
	q->aside = io_make_dir(q->claims, "aside", 0700, &made, why);
	if (q->aside < 0)
		return fail_add(why, "%s", q->cfg.claims);
	return made ? queue_sync(q, q->claims, q->cfg.claims, why) : 0;
}

static int
check_in(const struct queue *q, struct fail *why)
{
	size_t i, j;

	if (q->in_count == 0)
		return fail_set(
		    why, FAIL_CONFIG, "there is no incoming queue directory");
	for (i = 0; i < q->in_count; i++)
		for (j = 0; j < i; j++)
			if (q->ins[i].key == q->ins[j].key)
				return fail_set(why, FAIL_CONFIG,
				    "%s and %s cannot both be incoming queue "
				    "directories",
				    q->ins[j].path, q->ins[i].path);
	return 0;
}

int
queue_open(struct queue **out, const struct queue_config *cfg, struct fail *why)
{
	const struct queue_driver *driver = find_driver(cfg->driver);
	struct arena *a;
	struct queue *q;
	struct timespec now = {0, 0};
	int rc;

	if (driver == NULL)
		return fail_set(why, FAIL_CONFIG,
		    "there is no driver for queues of \"%s\"", cfg->driver);
	a = arena_new(0);
	q = arena_make(a, struct queue);
	q->arena = a;
	q->driver = driver;
	q->claims = q->aside = q->out = q->out_bodies = -1;
	q->list.arena = arena_new(0);
	q->known_arena = arena_new(0);
	q->more_orphans = false;
	map_init(&q->known, q->known_arena);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)snprintf(q->start, sizeof(q->start), "%08llX%08lX",
	    (unsigned long long)now.tv_sec & 0xffffffffffU,
	    (unsigned long)now.tv_nsec);
	/* Another queue_open of this second counts from elsewhere. */
	q->counter = (unsigned)now.tv_nsec & 0xfffffU;
	copy_config(q, cfg);
	rc = check_in(q, why);
	if (rc == 0)
		rc = open_claims(q, why);
	if (rc == 0)
		rc = driver->probe(q, why);
	if (rc == 0)
		rc = queue_probe(q, why);
	if (rc < 0) {
		queue_close(q);
		return rc;
	}
	*out = q;
	return 0;
}

static void
close_fd(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

void
queue_close(struct queue *q)
{
	size_t i;

	if (q == NULL)
		return;
	while (q->orphan_count > 0)
		claim_close(q->orphans[--q->orphan_count]);
	queue_list_end(q);
	if (q->driver->close != NULL)
		q->driver->close(q);
	for (i = 0; i < q->in_count; i++) {
		if (q->ins[i].bodies != q->ins[i].dir)
			close_fd(q->ins[i].bodies);
		close_fd(q->ins[i].dir);
	}
	if (q->out_bodies != q->out)
		close_fd(q->out_bodies);
	close_fd(q->out);
	close_fd(q->aside);
	close_fd(q->claims);
	arena_free(q->list.arena);
	arena_free(q->known_arena);
	arena_free(q->arena);
}

/* ---- messages of our own ------------------------------------------------ */

bool
queue_notify(struct queue *q)
{
	struct fail why;
	size_t i;

	if (q->cfg.kick == NULL)
		return true;
	for (i = 0; i < COUNT_OF(q->kicks); i++) {
		if (q->kicks[i] > 0 && !run_is_over(q->kicks[i]))
			continue;
		q->kicks[i] = run_start(q->cfg.kick, &why);
		if (q->kicks[i] < 0)
			log_warn("%s", why.text);
		return true;
	}
	return false;
}

static void
inject_clear(struct queue *q, struct queue_pending *p)
{
	char name[QUEUE_ID_MAX + 8];

	close_fd(p->fd);
	close_fd(p->body_fd);
	if (p->placed && !p->done) {
		q->driver->out_body(p->out, name);
		(void)io_drop(q->out_bodies, name, NULL);
	}
	(void)io_drop(q->claims, p->name, NULL);
	if (p->body[0] != '\0')
		(void)io_drop(q->claims, p->body, NULL);
}

int
queue_inject(struct queue *q, const struct envelope *env, struct slice bytes,
    struct fail *why)
{
	struct queue_pending p = {.fd = -1, .body_fd = -1};
	struct queue_new m = {.env = env, .bytes = bytes, .is_notice = true};
	char uniq[QUEUE_UNIQ_MAX];
	int rc;

	queue_uniq(q, uniq);
	q->driver->id(q, NULL, p.out);
	queue_pending_names(&p, uniq, q->out_bodies >= 0);
	rc = q->driver->prepare(q, &p, &m, why);
	if (rc == 0)
		rc = queue_pending_sync(q, &p, why);
	if (rc == 0)
		rc = queue_pending_body(q, &p, uniq, why);
	if (rc == 0 && q->out_bodies >= 0)
		rc = queue_sync(q, q->out_bodies, q->cfg.out, why);
	if (rc == 0)
		rc = queue_pending_publish(q, &p, why);
	if (rc == 0)
		rc = queue_sync(q, q->out, q->cfg.out, why);
	if (rc < 0)
		inject_clear(q, &p);
	return rc;
}

int
queue_waiting(struct queue *q, uint64_t *count, struct fail *why)
{
	const struct dirent *e;
	size_t i;

	*count = q->orphan_count;
	for (i = 0; i < q->in_count; i++) {
		DIR *d = io_list(q->ins[i].dir, why);

		if (d == NULL)
			return fail_add(why, "%s", q->ins[i].path);
		while ((e = readdir(d)) != NULL)
			*count += q->driver->scan(e->d_name);
		(void)closedir(d);
	}
	return 0;
}
