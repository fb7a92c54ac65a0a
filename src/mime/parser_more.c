/* Which parts of another reading show something new, and where they go. */
#include "base/text.h"
#include "mime/parser_private.h"

/* What makes a leaf one that was seen: the same bytes taken for the same. */
struct leaf_key {
	const char *p;
	size_t n;
	uint64_t encodings;
	uint64_t look; /* type and names */
};

static uint64_t
mix(uint64_t h, struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
	return (h ^ 0x100) * UINT64_C(0x100000001b3);
}

static struct leaf_key
key_of(const struct mime_part *p)
{
	struct slice body = look_trim_end(p->body);
	struct leaf_key k = {.p = body.p, .n = body.n};
	size_t i;

	for (i = 0; i < p->encodings.n; i++)
		k.encodings |= UINT64_C(1) << p->encodings.at[i];
	k.look = mix(UINT64_C(0xcbf29ce484222325), p->type);
	for (i = 0; i < p->names.n; i++)
		k.look = mix(k.look, p->names.at[i]);
	return k;
}

static struct slice
key_bytes(const struct leaf_key *k)
{
	return slice_of((const char *)k, sizeof(*k));
}

static bool
is_leaf(const struct mime_part *p)
{
	return !p->multipart && !p->message;
}

static bool
is_plain(const struct mime_part *p)
{
	return p->encodings.n == 1 && (p->encodings.at[0] == CODEC_IDENTITY ||
					  p->encodings.at[0] == CODEC_UNKNOWN);
}

static void
remember(struct parse *ps, struct part *p)
{
	struct leaf_key k;

	if (!is_leaf(&p->mime))
		return;
	k = key_of(&p->mime);
	(void)map_add(&ps->seen, key_bytes(&k), NULL);
	if (p->mime.reading == 0 && !p->mime.foreign && is_plain(&p->mime))
		*vec_push(ps->arena, &ps->plain) = p;
}

static void
remember_main(struct parse *ps)
{
	struct mime_part **p;

	if (ps->seen_main)
		return;
	ps->seen_main = true;
	map_init(&ps->seen, ps->arena);
	vec_each (p, &ps->tree->parts)
		remember(ps, part_of(*p));
}

/* Text that is shown as it is in the main reading already. */
static bool
is_inside_plain(const struct parse *ps, const struct mime_part *p)
{
	size_t low = 0, high = ps->plain.n;
	struct slice body = look_trim_end(p->body), around;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ps->plain.at[mid]->mime.body.p <= body.p)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0)
		return false;
	around = ps->plain.at[low - 1]->mime.body;
	return body.p + body.n <= around.p + around.n;
}

/* The text of the base with a few lines of its header in front. */
static bool
is_longer_base(const struct mime_part *p, const struct job *job)
{
	const struct mime_part *b = &job->base->mime;
	struct slice body = look_trim_end(p->body);
	struct slice base = look_trim_end(b->body);

	if (job->how.head_end == 0 && (!job->how.no_head || b->parent != NULL))
		return false;
	return is_leaf(b) && base.n > 0 && is_plain(b) && is_plain(p) &&
	       slice_eq(b->type, p->type) && base.p >= body.p &&
	       base.p + base.n == body.p + body.n &&
	       (!job->base->content || b->parent == NULL);
}

static bool
is_new(struct parse *ps, struct part *p, const struct job *job)
{
	struct leaf_key k;

	if (!is_leaf(&p->mime) ||
	    (look_is_blank(p->mime.body) && p->mime.names.n == 0))
		return false;
	k = key_of(&p->mime);
	if (map_has(&ps->seen, key_bytes(&k)))
		return false;
	if (!job->inside && !p->content && is_plain(&p->mime) &&
	    is_inside_plain(ps, &p->mime))
		return false;
	return !is_longer_base(&p->mime, job);
}

struct part *
more_kept(struct part *p)
{
	while (!p->kept)
		p = p->origin != NULL ? p->origin : part_of(p->mime.parent);
	return p;
}

static bool
contains(struct slice around, struct slice s)
{
	return s.p >= around.p && s.p + s.n <= around.p + around.n;
}

/* The part in the tree that is around p. */
static struct mime_part *
place_of(const struct mime_part *p)
{
	struct mime_part *q = p->parent;

	while (q != NULL && (!part_of(q)->kept ||
				(!p->foreign && !contains(q->all, p->all))))
		q = q->parent;
	return q;
}

static void
link_behind(
    struct mime_part *parent, struct mime_part *p, struct mime_part *before)
{
	if (before == NULL) {
		p->next = parent->first;
		parent->first = p;
	} else {
		p->next = before->next;
		before->next = p;
	}
	if (parent->last == before)
		parent->last = p;
}

/* Into the list of children, in order of place. */
static void
link_child(struct mime_part *p, struct mime_part *base)
{
	struct mime_part *parent = p->parent, *before, *at;

	if (parent->last == NULL ||
	    (p->foreign ? base->parent != parent
			: parent->last->all.p <= p->all.p)) {
		link_behind(parent, p, parent->last);
		return;
	}
	before = NULL;
	at = parent->first;
	if (base->parent == parent && part_of(base)->kept) {
		before = base;
		at = base->next;
	}
	while (at != NULL && (at->foreign || at->all.p <= p->all.p) &&
	       !(p->foreign && at->all.p > base->all.p)) {
		before = at;
		at = at->next;
	}
	link_behind(parent, p, before);
}

static void
set_path(struct parse *ps, struct part *p, const struct job *job, bool first)
{
	struct part *base;

	if (!first || job->main) {
		p->mime.path =
		    p->mime.parent == NULL
			? SLICE("1")
			: arena_printf(ps->arena, "%.*s.%u",
			      SLICE_FMT(p->mime.parent->path), p->number);
		return;
	}
	base = more_kept(job->base);
	p->mime.path =
	    arena_printf(ps->arena, "%.*s%s~%u", SLICE_FMT(base->mime.path),
		job->inside ? ".0" : "", base->readings + 1);
}

static void
join_part(struct parse *ps, struct part *p, const struct job *job)
{
	p->kept = true;
	*vec_push(ps->arena, &ps->tree->parts) = &p->mime;
	if (p->mime.parent != NULL)
		link_child(&p->mime, job->base != NULL
					 ? &more_kept(job->base)->mime
					 : p->mime.parent);
	if (ps->seen_main)
		remember(ps, p);
}

static bool
join_all(struct parse *ps, struct found *found, const struct job *job)
{
	struct part **p;

	if (ps->tree->root == NULL)
		ps->tree->root = &found->parts.at[0]->mime;
	vec_each (p, &found->parts)
		set_path(ps, *p, job, *p == found->parts.at[0]);
	vec_each (p, &found->parts) {
		if (job->base != NULL &&
		    ps->tree->parts.n >= ps->limits->parts) {
			parse_cut(ps, job->base, MIME_BIT(TOO_MANY_PARTS));
			break;
		}
		join_part(ps, *p, job);
	}
	return true;
}

bool
more_join(struct parse *ps, struct found *found, const struct job *job)
{
	struct part **p, *base;
	bool any = false;
	size_t i;

	if (job->main)
		return join_all(ps, found, job);
	base = more_kept(job->base);
	found->parts.at[0]->origin = job->base;
	remember_main(ps);
	for (i = found->parts.n; i-- > 0;) {
		struct part *q = found->parts.at[i];

		q->mime.reading = base->readings + 1;
		if (q->kept || is_new(ps, q, job)) {
			any = q->kept = true;
			if (i > 0)
				part_of(q->mime.parent)->kept = true;
		}
	}
	vec_each (p, &found->parts)
		set_path(ps, *p, job, *p == found->parts.at[0]);
	if (!any)
		return false;
	vec_each (p, &found->parts) {
		if (!(*p)->kept)
			continue;
		if (ps->tree->parts.n >= ps->limits->parts) {
			parse_cut(ps, base, MIME_BIT(TOO_MANY_PARTS));
			break;
		}
		if (*p == found->parts.at[0])
			(*p)->mime.parent = place_of(&(*p)->mime);
		join_part(ps, *p, job);
	}
	base->readings++;
	return true;
}
