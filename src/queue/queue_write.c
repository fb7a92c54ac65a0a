#include "queue/queue_driver.h"
#include "sys/io.h"

enum { WRITER_ROOM = 64 * 1024 };

void
queue_writer_init(struct queue_writer *w, int fd)
{
	w->fd = fd;
	w->code = 0;
	buf_init(&w->buffer, WRITER_ROOM);
}

static void
flush(struct queue_writer *w)
{
	if (w->code == 0 && w->buffer.n > 0)
		w->code = io_write(w->fd, buf_slice(&w->buffer), &w->why);
	buf_reset(&w->buffer);
}

void
queue_writer_add(struct queue_writer *w, struct slice s)
{
	if (w->buffer.n + s.n > WRITER_ROOM)
		flush(w);
	if (s.n > WRITER_ROOM) {
		if (w->code == 0)
			w->code = io_write(w->fd, s, &w->why);
		return;
	}
	(void)buf_add(&w->buffer, s);
}

void
queue_writer_copy(struct queue_writer *w, int fd, uint64_t at, uint64_t n)
{
	char *room;
	ssize_t got;

	if (w->code != 0 || n == 0)
		return;
	if (w->buffer.n + n > WRITER_ROOM)
		flush(w);
	room = n <= WRITER_ROOM ? buf_room(&w->buffer, (size_t)n) : NULL;
	if (room == NULL) {
		if (w->code == 0)
			w->code = io_copy(fd, at, n, w->fd, &w->why);
		return;
	}
	got = io_read_at(fd, room, (size_t)n, at, &w->why);
	if (got < 0)
		w->code = (int)got;
	else if ((uint64_t)got < n)
		w->code = fail_set(
		    &w->why, FAIL_BAD, "a file is shorter than it was");
	else
		w->buffer.n += (size_t)n;
}

void
queue_writer_edited(struct queue_writer *w, const struct claim *c,
    const struct edits *e, uint64_t from, uint64_t to)
{
	const struct claim_content *m = &c->content;
	const struct edit *one;
	uint64_t at = from;

	vec_each (one, &e->list) {
		if (one->at < from)
			continue;
		if (one->at > to)
			break;
		queue_writer_copy(w, m->fd, m->offset + at, one->at - at);
		queue_writer_add(w, one->insert);
		at = one->at + one->drop;
	}
	if (at < to)
		queue_writer_copy(w, m->fd, m->offset + at, to - at);
}

int
queue_writer_fini(struct queue_writer *w, struct fail *why)
{
	flush(w);
	buf_fini(&w->buffer);
	if (w->code != 0 && why != NULL)
		*why = w->why;
	return w->code;
}
