/* A message that was packed: its parts are members, as a mail program that
 * opens the file would show them. */
#include "base/text.h"
#include "mime/parser.h"
#include "scan/unpacking.h"

enum { FIRST_LINE_MAX = 200, HEADER_LOOK = 16 * 1024 };

/* "Name: " at the start, and MIME somewhere in what could be the header. */
static bool
begins_like_mail(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n && i < FIRST_LINE_MAX; i++)
		if (!text_is_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
			break;
	if (i == 0 || i >= s.n || s.p[i] != ':')
		return false;
	s = slice_sub(s, 0, HEADER_LOOK);
	return slice_find_ci(s, SLICE("Content-T")) >= 0 ||
	       slice_find_ci(s, SLICE("MIME-Version:")) >= 0;
}

bool
mail_is(const struct entity *e)
{
	size_t i;

	/* The parser of the message has seen it already. */
	if (e->kind == ENTITY_PART &&
	    (e->mime == NULL || e->mime->first != NULL ||
		slice_starts(e->type, "text/")))
		return false;
	for (i = 0; i < e->names.n; i++)
		if (slice_ends_ci(e->names.at[i], ".eml") ||
		    slice_ends_ci(e->names.at[i], ".mht") ||
		    slice_ends_ci(e->names.at[i], ".mhtml"))
			return slice_chr(slice_sub(e->bytes, 0, HEADER_LOOK),
				   ':') > 0;
	return begins_like_mail(e->bytes);
}

static void
say_defects(struct unpacking *x, const struct mime_tree *t)
{
	uint64_t odd = t->defects & mime_ambiguous();
	unsigned d;

	if (t->cut)
		unpacking_say(x, FINDING_TOO_MANY, x->entity, true, "unpack",
		    "Not all of the message in it was seen");
	for (d = 0; d < MIME_DEFECT_COUNT; d++)
		if ((odd & UINT64_C(1) << d) != 0)
			unpacking_say(x, FINDING_AMBIGUOUS, x->entity,
			    !x->ambiguous_ok, "Ambiguous Messages",
			    "A message that can be read in several ways: %s",
			    mime_defect_word((enum mime_defect)d));
	if ((t->defects & MIME_BIT(PARTIAL)) != 0 &&
	    !message_yes(x->m, OPT_ALLOW_PARTIAL_MESSAGES))
		unpacking_say(x, FINDING_PARTIAL, x->entity, true,
		    "Allow Partial Messages", "A fragment of a message");
	if ((t->defects & MIME_BIT(EXTERNAL_BODY)) != 0 &&
	    !message_yes(x->m, OPT_ALLOW_EXTERNAL_MESSAGE_BODIES))
		unpacking_say(x, FINDING_EXTERNAL_BODY, x->entity, true,
		    "Allow External Message Bodies",
		    "A message whose body is elsewhere");
}

static void
unpack_part(struct unpacking *x, const struct mime_part *p,
    const struct mime_limits *limits)
{
	struct mime_decoding *all;
	size_t i, count = 0;
	int member;

	all = mime_decode(x->a, p, limits, &count);
	for (i = 0; i < count && !x->stop; i++) {
		if (!unpacking_work(x, all[i].bytes.n))
			return;
		(void)unpacking_room(x);
		if (all[i].bytes.n > x->room->max) {
			unpacking_full(x, -1);
			return;
		}
		member = unpacking_member(x, p->names.at, p->names.n);
		if (member < 0)
			return;
		x->m->entities.at[member].type = p->type;
		x->m->entities.at[member].attachment = p->attachment;
		unpacking_view(x, member, all[i].bytes);
	}
}

void
mail_unpack(struct unpacking *x, struct slice bytes)
{
	struct mime_limits limits = mime_default_limits;
	struct mime_tree *t;
	size_t i, room = unpacking_room(x)->max;

	if (!unpacking_work(x, bytes.n))
		return;
	if (limits.decoded_bytes > room)
		limits.decoded_bytes = room;
	t = mime_parse(x->a, bytes, &limits);
	for (i = 0; i < t->parts.n && !x->stop; i++) {
		const struct mime_part *p = t->parts.at[i];

		if (!p->multipart && !p->message)
			unpack_part(x, p, &limits);
	}
	say_defects(x, t);
}
