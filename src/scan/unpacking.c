#include "scan/unpacking.h"

#include <stdarg.h>
#include <stdio.h>

#include "mime/charset.h"
#include "mime/name.h"
#include "sys/clock.h"

enum { DETAIL_MAX = 400, NAME_SHOWN = 120, READINGS_MAX = 64 };

struct slice
unpacking_name(const struct unpacking *x)
{
	const struct entity *e = &x->m->entities.at[x->entity];

	return e->names.n > 0 ? e->names.at[0] : SLICE_NONE;
}

static bool
was_said(const struct unpacking *x, enum finding_code code, int entity)
{
	const struct finding *f;

	vec_each (f, &x->m->verdict.findings)
		if (f->code == code && f->entity == entity)
			return true;
	return false;
}

void
unpacking_say(struct unpacking *x, enum finding_code code, int entity,
    bool block, const char *rule, const char *fmt, ...)
{
	char text[DETAIL_MAX];
	struct finding *f;
	va_list ap;

	if (was_said(x, code, entity))
		return;
	if (x->guess &&
	    (code == FINDING_UNREADABLE || code == FINDING_UNSUPPORTED ||
		code == FINDING_MALFORMED || code == FINDING_AMBIGUOUS))
		return;
	if (x->findings >= UNPACKING_FINDINGS_MAX) {
		/* Too much is wrong to tell: nothing of it can pass. */
		if (!block || was_said(x, FINDING_TOO_MANY, ENTITY_WHOLE))
			return;
		code = FINDING_TOO_MANY;
		entity = ENTITY_WHOLE;
		fmt = "More findings than are kept";
	}
	x->findings++;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f = verdict_add(&x->m->verdict, x->a, code, entity);
	f->wish = block ? WISH_BLOCK : WISH_NOTE;
	f->rule = slice_str(rule);
	f->detail = arena_dup(x->a, slice_str(text));
	if (entity > 0 && x->m->entities.at[entity].names.n > 0)
		f->name = x->m->entities.at[entity].names.at[0];
}

/* ---- time and work ------------------------------------------------------ */

static bool
in_time(struct unpacking *x)
{
	uint64_t now;

	if (x->late)
		return false;
	now = clock_mono();
	if (now >= x->deadline) {
		x->late = x->stop = x->stop_all = true;
		verdict_add_incomplete(&x->m->verdict, x->a, SLICE("unpack"),
		    SLICE("the time for this message was up"));
		return false;
	}
	if (now < x->until)
		return true;
	x->stop = true;
	verdict_add_incomplete(&x->m->verdict, x->a, SLICE("unpack"),
	    arena_printf(x->a, "%s was up", x->until_name));
	return false;
}

bool
unpacking_work(struct unpacking *x, uint64_t n)
{
	if (x->stop)
		return false;
	x->work += n;
	if (x->work > x->work_max) {
		x->stop = x->stop_all = true;
		unpacking_say(x, FINDING_TOO_BIG, x->entity, true,
		    "Archive Maximum Size",
		    "Unpacking it is more work than any honest archive");
		return false;
	}
	return in_time(x);
}

/* ---- members ------------------------------------------------------------ */

static struct slice
to_utf8(struct unpacking *x, struct slice name)
{
	/* UTF-16 that a reader could not tell. */
	if (charset_is_utf8(name))
		return name;
	return charset_to_utf8(x->a, SLICE("windows-1252"), name, NULL);
}

static void
add_names(struct unpacking *x, struct entity *e, struct slice name)
{
	struct texts t = {0};
	size_t i;

	/* Seeded with what is there, so that nothing comes twice. */
	for (i = 0; i < e->names.n; i++)
		(void)texts_add(x->a, &t, e->names.at[i], READINGS_MAX);
	i = t.n;
	name_readings(x->a, name, &t, READINGS_MAX);
	for (; i < t.n; i++)
		*vec_push(x->a, &e->names) = t.at[i];
}

int
unpacking_member(struct unpacking *x, const struct slice *names, size_t n)
{
	struct entity *e;
	struct unpack_mark *mark;
	int index;
	size_t i;

	if (x->stop || x->list_only)
		return -1;
	if (x->members >= x->members_max) {
		x->stop = x->stop_all = true;
		unpacking_say(x, FINDING_TOO_MANY, x->entity, true,
		    "Archive Maximum Members",
		    "Its archives hold more than %llu files",
		    (unsigned long long)x->members_max);
		return -1;
	}
	if (!in_time(x))
		return -1;
	x->members++;
	e = message_add_member(
	    x->m, x->entity, n > 0 ? to_utf8(x, names[0]) : SLICE_NONE);
	index = e->index;
	for (i = 1; i < n; i++)
		add_names(x, e, to_utf8(x, names[i]));
	mark = vec_push(x->a, &x->marks);
	mark->by = (unsigned char)x->by;
	mark->level = x->level;
	mark->text = x->text;
	mark->stream = x->stream;
	for (i = 0; i < n; i++)
		unpacking_check_name(x, index, names[i]);
	return index;
}

int
unpacking_stream_member(struct unpacking *x, struct slice stored)
{
	struct slice names[2], outer = unpacking_name(x);
	const char *add;
	size_t n = 0;

	if (stored.n > 0)
		names[n++] = stored;
	if (outer.n > 0) {
		struct slice inner = kind_inner_name(outer, &add);

		names[n++] = add[0] == '\0' ? inner
					    : arena_printf(x->a, "%.*s%s",
						  SLICE_FMT(inner), add);
	}
	x->stream = true;
	return unpacking_member(x, names, n);
}

struct buf *
unpacking_room(struct unpacking *x)
{
	uint64_t left = x->bytes_max - x->bytes, used = arena_size(x->a);

	if (x->made_max - x->made < left)
		left = x->made_max - x->made;
	if (used >= x->memory_max)
		left = 0;
	else if (x->memory_max - used < left)
		left = x->memory_max - used;
	buf_reset(x->room);
	x->room->full = x->full = false;
	x->room->max = (size_t)left;
	return x->room;
}

void
unpacking_full(struct unpacking *x, int member)
{
	struct slice name = member > 0 && x->m->entities.at[member].names.n > 0
				? x->m->entities.at[member].names.at[0]
				: SLICE_NONE;

	x->stop = x->full = true;
	name = slice_sub(name, 0, NAME_SHOWN);
	if (x->room->max >= x->made_max - x->made) {
		unpacking_say(x, FINDING_TOO_BIG, x->entity, true,
		    "Archive Maximum Ratio",
		    "More than %lld times larger than it looks (at %.*s)",
		    (long long)x->ratio_max, SLICE_FMT(name));
		return;
	}
	x->stop_all = true;
	if (x->room->max >= x->bytes_max - x->bytes)
		unpacking_say(x, FINDING_TOO_BIG, x->entity, true,
		    "Archive Maximum Size",
		    "Unpacks to more than %llu bytes (at %.*s)",
		    (unsigned long long)x->bytes_max, SLICE_FMT(name));
	else
		unpacking_say(x, FINDING_TOO_BIG, x->entity, true,
		    "Message Memory Limit",
		    "Unpacks to more than there is memory for (at %.*s)",
		    SLICE_FMT(name));
}

void
unpacking_view(struct unpacking *x, int member, struct slice bytes)
{
	struct entity *e = &x->m->entities.at[member];

	e->bytes = bytes;
	e->size = bytes.n;
	x->bytes += bytes.n;
	x->made += bytes.n;
}

void
unpacking_keep(struct unpacking *x, int member, struct slice bytes)
{
	/* The beginning of a bomb tells as much as all of it. */
	struct slice kept =
	    slice_sub(bytes, 0, x->full ? UNPACKING_CUT_KEPT : bytes.n);

	unpacking_view(x, member, arena_dup(x->a, kept));
	x->m->entities.at[member].size = bytes.n;
	x->bytes += bytes.n - kept.n;
	x->made += bytes.n - kept.n;
}

void
unpacking_encrypted(struct unpacking *x, int member)
{
	struct entity *e = &x->m->entities.at[x->entity];

	x->saw_encrypted = true;
	e->encrypted = true;
	if (member > 0)
		x->m->entities.at[member].encrypted = true;
	if (x->encrypted_ok)
		return;
	unpacking_say(x, FINDING_ENCRYPTED, x->entity, true,
	    "Allow Password-Protected Archives",
	    "Message contained password-protected archive");
}

/* ---- names -------------------------------------------------------------- */

static bool
is_separator(char c)
{
	return c == '/' || c == '\\';
}

/* Some component is "..". */
static bool
climbs(struct slice s)
{
	size_t i;

	for (i = 0; i + 1 < s.n; i++)
		if (s.p[i] == '.' && s.p[i + 1] == '.' &&
		    (i == 0 || is_separator(s.p[i - 1])) &&
		    (i + 2 == s.n || is_separator(s.p[i + 2])))
			return true;
	return false;
}

static bool
is_absolute(struct slice s)
{
	return (s.n > 0 && is_separator(s.p[0])) ||
	       (s.n > 2 && s.p[1] == ':' && is_separator(s.p[2]) &&
		   ((s.p[0] | 0x20) >= 'a' && (s.p[0] | 0x20) <= 'z'));
}

void
unpacking_check_name(struct unpacking *x, int member, struct slice name)
{
	if (climbs(name) || is_absolute(name))
		unpacking_say(x, FINDING_TRAVERSAL, member, true, "unpack",
		    "The name %.*s leads out of its folder",
		    SLICE_FMT(slice_sub(name, 0, NAME_SHOWN)));
}

void
unpacking_check_link(struct unpacking *x, int member, struct slice target)
{
	if (climbs(target) || is_absolute(target))
		unpacking_say(x, FINDING_TRAVERSAL, member, true, "unpack",
		    "A link to %.*s leads out of its folder",
		    SLICE_FMT(slice_sub(target, 0, NAME_SHOWN)));
}
