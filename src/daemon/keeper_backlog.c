/* Records on their way to the recorder: what it does not take now waits here,
 * and past the limits is dropped and counted; mail never waits for it. */
#include <poll.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/keeper_private.h"

enum { LOOK_MS = 50 };

/* The lines of a record that the recorder will not log. */
static void
log_lines(const struct told_record *r)
{
	struct slice rest = r->lines, line;

	while (slice_line(&rest, &line))
		log_notice("%.*s", SLICE_FMT(line));
}

static int
tell_recorder(struct keeper *k, struct slice bytes)
{
	struct fail why;
	int fd, code;

	if (!wire_is_open(&k->recorder))
		return FAIL_AGAIN;
	if (bytes.n <= WIRE_BYTES_MAX)
		return wire_send(
		    &k->recorder, TELL_RECORD, bytes, NULL, 0, &why);
	fd = wire_memfile("record", bytes, &why);
	if (fd < 0)
		return FAIL_AGAIN;
	code = wire_send(&k->recorder, TELL_RECORD, SLICE(""), &fd, 1, &why);
	(void)close(fd);
	return code;
}

static void
drop_first(struct backlog *b)
{
	struct backlog_item *item = b->first;
	struct arena *home = item->home;

	b->first = item->next;
	if (b->first == NULL)
		b->last = NULL;
	b->n--;
	b->bytes -= item->bytes.n;
	buf_fini(&item->bytes);
	arena_free(home);
}

void
backlog_flush(struct keeper *k)
{
	struct backlog *b = &k->backlog;

	while (b->first != NULL &&
	       tell_recorder(k, buf_slice(&b->first->bytes)) == 0)
		drop_first(b);
}

void
backlog_finish(struct keeper *k)
{
	struct backlog *b = &k->backlog;
	uint64_t until = loop_clock() + KEEPER_BACKLOG_END_S * LOOP_SEC;

	backlog_flush(k);
	while (b->first != NULL && wire_is_open(&k->recorder) &&
	       loop_clock() < until) {
		struct pollfd p = {.fd = k->recorder.fd, .events = POLLOUT};

		(void)poll(&p, 1, LOOK_MS);
		backlog_flush(k);
	}
	for (; b->first != NULL; drop_first(b)) {
		struct told_record r;

		if (told_record_unpack(buf_slice(&b->first->bytes), &r))
			log_lines(&r);
	}
}

void
backlog_add(struct keeper *k, const struct told_record *r)
{
	struct backlog *b = &k->backlog;
	struct arena *home;
	struct backlog_item *item;
	struct buf bytes;

	buf_init(&bytes, PROTOCOL_RECORD_MAX);
	told_record_pack(&bytes, r);
	backlog_flush(k);
	if (bytes.full || b->n >= KEEPER_BACKLOG_MAX ||
	    b->bytes + bytes.n > KEEPER_BACKLOG_BYTES) {
		log_lines(r);
		k->counts.unrecorded++;
		buf_fini(&bytes);
		return;
	}
	if (b->first == NULL && tell_recorder(k, buf_slice(&bytes)) == 0) {
		buf_fini(&bytes);
		return;
	}
	home = arena_new(0);
	item = arena_make(home, struct backlog_item);
	item->home = home;
	item->bytes = bytes;
	if (b->last != NULL)
		b->last->next = item;
	else
		b->first = item;
	b->last = item;
	b->n++;
	b->bytes += bytes.n;
}
