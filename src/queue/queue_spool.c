/* Our own spool as a queue: one file per message, incoming/ to outgoing/. The
 * files are those of spool.h; an output is a new file, so that the states of
 * its recipients can change in place while the claimed one still exists. */
#include <fcntl.h>
#include <sys/stat.h>

#include "queue/queue_driver.h"
#include "queue/spool.h"
#include "queue/spool_file.h"
#include "sys/io.h"

static int
open_room(const char *path, struct fail *why)
{
	bool made;

	return io_make_dir(AT_FDCWD, path, 0700, &made, why);
}

static int
probe(struct queue *q, struct fail *why)
{
	size_t i;

	for (i = 0; i < q->in_count; i++) {
		q->ins[i].dir = q->ins[i].bodies =
		    open_room(q->ins[i].path, why);
		if (q->ins[i].dir < 0)
			return q->ins[i].dir;
	}
	q->out = open_room(q->cfg.out, why);
	return q->out < 0 ? q->out : 0;
}

static bool
scan(const char *name)
{
	return spool_file_is_id(name);
}

static int
claim(struct claim *c, struct fail *why)
{
	struct spool_file f = {.attempts = 0};
	struct queue *q = c->queue;
	bool held = c->held[0] != '\0';
	int dir = held ? q->claims : q->ins[c->in].dir;
	const char *name = held ? c->held : c->name;
	struct stat st;

	if (fstat(c->fd, &st) < 0)
		return fail_errno(why, "cannot look at %s", c->name);
	if (!spool_file_read(&f, c->fd, (uint64_t)st.st_size, c->arena))
		return fail_set(why, FAIL_BAD,
		    "%s is no spool file of this version", c->name);
	c->env = f.env;
	c->env.id = slice_str(c->name);
	/* Others read through a descriptor that cannot write, and that does not
	 * keep our locks alive. */
	c->content = (struct claim_content){
	    .fd = io_open(dir, name, why), .offset = f.offset, .size = f.size};
	if (c->content.fd < 0)
		return c->content.fd == FAIL_GONE ? FAIL_AGAIN : c->content.fd;
	if (!io_is_same(dir, name, c->content.fd) ||
	    !io_is_same(dir, name, c->fd))
		return fail_set(why, FAIL_AGAIN, "replaced meanwhile");
	return 0;
}

static void
new_id(struct queue *q, const struct claim *c, char *id)
{
	if (c != NULL)
		memcpy(id, c->name, strlen(c->name) + 1);
	else
		spool_file_new_id(id, q->counter++);
}

static void
out_name(const char *id, char *name)
{
	memcpy(name, id, strlen(id) + 1);
}

/* The envelope that goes with an output. */
static struct envelope
envelope_of(const struct queue_new *m, const char *id, struct arena *a)
{
	struct envelope env = *m->env;
	size_t i;

	env.id = slice_str(id);
	if (m->recipients == NULL)
		return env;
	env.recipients.at = NULL;
	env.recipients.n = env.recipients.cap = 0;
	for (i = 0; i < m->recipient_count; i++)
		*vec_push(a, &env.recipients) = m->recipients[i];
	return env;
}

static int
write_output(
    int fd, const char *id, const struct queue_new *m, struct fail *why)
{
	static const struct edits none;
	struct arena *a = arena_new(0);
	struct envelope env = envelope_of(m, id, a);
	struct queue_writer w;
	struct buf head;
	int rc, ended;

	buf_init(&head, 2 * (size_t)SPOOL_ENVELOPE_MAX);
	queue_writer_init(&w, fd);
	rc = spool_file_head(&head, &env, why);
	if (rc == 0) {
		queue_writer_add(&w, buf_slice(&head));
		if (m->claim == NULL)
			queue_writer_add(&w, m->bytes);
		else
			queue_writer_edited(&w, m->claim,
			    m->edits != NULL ? m->edits : &none, 0,
			    m->claim->content.size);
	}
	ended = queue_writer_fini(&w, rc == 0 ? why : NULL);
	buf_fini(&head);
	arena_free(a);
	return rc < 0 ? rc : ended;
}

static int
prepare(struct queue *q, struct queue_pending *p, const struct queue_new *m,
    struct fail *why)
{
	p->fd = io_create(q->claims, p->name, 0600, why);
	return p->fd < 0 ? p->fd : write_output(p->fd, p->out, m, why);
}

const struct queue_driver queue_driver_spool = {
    .name = "spool",
    .probe = probe,
    .scan = scan,
    .claim = claim,
    .id = new_id,
    .out_name = out_name,
    .prepare = prepare,
};
