/* gzip: several members, a name, whatever stands behind it (RFC 1952). */
#include <zlib.h>

#include "scan/unpacking.h"

enum { MEMBERS_MAX = 64, NAME_MAX_STORED = 256, GZIP_WINDOW = 16 };

struct gzip {
	struct unpacking *x;
	struct slice s;
	size_t used;
	size_t starts[MEMBERS_MAX]; /* where output of each member begins */
	size_t count;
	bool damaged;    /* ends too early, or is no deflate */
	bool sums_wrong; /* everything came out, the sum differs */
	char name[NAME_MAX_STORED];
};

/* One member at g->used into the room; false: stop. */
static bool
inflate_member(struct gzip *g)
{
	struct buf *room = g->x->room;
	z_stream z = {0};
	gz_header head = {0};
	int rc = Z_OK;

	if (inflateInit2(&z, MAX_WBITS + GZIP_WINDOW) != Z_OK)
		return false;
	if (g->count == 0) {
		head.name = (Bytef *)g->name;
		head.name_max = sizeof(g->name) - 1;
		(void)inflateGetHeader(&z, &head);
	}
	if (g->count < MEMBERS_MAX)
		g->starts[g->count] = room->n;
	g->count++;
	while (rc == Z_OK) {
		size_t in = g->s.n - g->used, step = room->max - room->n;
		char *to;

		in = in < UNPACKING_STEP ? in : UNPACKING_STEP;
		step = step < UNPACKING_STEP ? step : UNPACKING_STEP;
		to = step > 0 ? buf_room(room, step) : NULL;
		if (to == NULL) {
			unpacking_full(g->x, -1);
			break;
		}
		/* zlib does not write to its input. */
		z.next_in = (Bytef *)(uintptr_t)(g->s.p + g->used);
		z.avail_in = (uInt)in;
		z.next_out = (Bytef *)to;
		z.avail_out = (uInt)step;
		rc = inflate(&z, Z_NO_FLUSH);
		g->used += in - z.avail_in;
		room->n += step - z.avail_out;
		if (!unpacking_work(g->x, in - z.avail_in))
			break;
	}
	/* zlib leaves the trailer unread when only the sum is wrong. */
	if (rc == Z_DATA_ERROR && z.msg != NULL &&
	    (slice_is(slice_str(z.msg), "incorrect data check") ||
		slice_is(slice_str(z.msg), "incorrect length check")))
		g->sums_wrong = true;
	else if (rc != Z_STREAM_END)
		g->damaged = true;
	(void)inflateEnd(&z);
	return rc == Z_STREAM_END;
}

static bool
is_gzip(struct slice s)
{
	return s.n >= 10 && memcmp(s.p, "\x1f\x8b\x08", 3) == 0;
}

/* Zeros behind the last member are padding of tapes. */
static struct slice
without_padding(struct slice s)
{
	while (s.n > 0 && s.p[0] == '\0')
		s = slice_from(s, 1);
	return s;
}

static void
keep_members(struct gzip *g, int member)
{
	struct slice all;
	size_t i, n = g->count < MEMBERS_MAX ? g->count : MEMBERS_MAX;

	unpacking_keep(g->x, member, buf_slice(g->x->room));
	all = g->x->m->entities.at[member].bytes;
	/* Each member also for itself: its start may be an archive's. */
	for (i = 1; i < n; i++) {
		int one = unpacking_member(g->x, NULL, 0);

		if (one < 0)
			return;
		g->x->m->entities.at[one].bytes = slice_from(all, g->starts[i]);
		g->x->m->entities.at[one].size = all.n - g->starts[i];
	}
}

void
stream_unpack_gzip(struct unpacking *x, struct slice bytes)
{
	struct gzip g = {.x = x, .s = bytes};
	struct slice rest;
	int member;

	x->by = UNPACK_BY_RAR;
	x->saw_clear = true;
	(void)unpacking_room(x);
	while (inflate_member(&g)) {
		rest = without_padding(slice_from(bytes, g.used));
		if (!is_gzip(rest))
			break;
		g.used = bytes.n - rest.n;
	}
	if (x->list_only)
		return;
	/* Kept even when something stopped it: what came out is looked at. */
	rest = without_padding(slice_from(bytes, g.used));
	if (!x->late) {
		bool stop = x->stop, all = x->stop_all;

		x->stop = x->stop_all = false;
		member = unpacking_stream_member(
		    x, arena_dup(x->a, slice_str(g.name)));
		if (member > 0)
			keep_members(&g, member);
		x->stream = false;
		x->stop |= stop;
		x->stop_all |= all;
	}
	if (x->stop)
		return;
	if (g.damaged)
		unpacking_say(x, FINDING_UNREADABLE, x->entity, true, "unpack",
		    "A damaged gzip file");
	if (g.sums_wrong)
		unpacking_say(x, FINDING_MALFORMED, x->entity, false, "unpack",
		    "The sum of a gzip file is wrong");
	if (rest.n > 0 && !g.damaged && !g.sums_wrong) {
		unpacking_say(x, FINDING_MALFORMED, x->entity, false, "unpack",
		    "Bytes behind the end of a gzip file");
		member = unpacking_member(x, NULL, 0);
		if (member > 0)
			unpacking_view(x, member, rest);
	}
}
