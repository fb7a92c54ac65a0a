/* Records on their way to the recorder: what it does not take now waits here,
 * and past the limits is dropped and counted; mail never waits for it. */
#include <unistd.h>

#include "base/log.h"
#include "daemon/keeper_private.h"

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

void
backlog_flush(struct keeper *k)
{
	struct backlog *b = &k->backlog;

	while (b->first != NULL) {
		struct backlog_item *item = b->first;
		struct arena *home;

		if (tell_recorder(k, buf_slice(&item->bytes)) != 0)
			return;
		b->first = item->next;
		if (b->first == NULL)
			b->last = NULL;
		b->n--;
		b->bytes -= item->bytes.n;
		home = item->home;
		buf_fini(&item->bytes);
		arena_free(home);
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
