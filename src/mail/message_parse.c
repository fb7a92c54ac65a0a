#include "base/map.h"
#include "mail/message.h"
#include "mail/naming.h"

enum {
	PARTS_ROOM = 50,     /* parts beyond the number a site allows */
	PARTS_MOST = 100000, /* whatever a site allows */
};

/* What is known while the parts become entities. */
struct parse {
	struct message *m;
	struct mime_tree *tree;
	struct mime_limits limits;
	struct map parts; /* address of a mime_part -> index of its entity */
	struct map paths; /* of all parts and of their other contents */
};

/* The number of parts is the one limit a site can set: one that allows more
 * than we look at by default means it. */
static void
set_limits(struct parse *p)
{
	int64_t parts =
	    message_number(p->m, OPT_MAXIMUM_ATTACHMENTS_PER_MESSAGE);

	p->limits = mime_default_limits;
	if (parts > PARTS_MOST - PARTS_ROOM)
		parts = PARTS_MOST - PARTS_ROOM;
	if (parts > 0 && (size_t)parts + PARTS_ROOM > p->limits.parts)
		p->limits.parts = (size_t)parts + PARTS_ROOM;
}

/* The entity of a part seen before; the message itself for none. */
static int
entity_of(const struct parse *p, const struct mime_part *part)
{
	const int *index =
	    map_get(&p->parts, slice_of((const char *)&part, sizeof(part)));

	return index != NULL ? *index : 0;
}

static void
remember(struct parse *p, const struct mime_part *part, int index)
{
	int *kept = arena_make(p->m->arena, int);

	*kept = index;
	map_set(&p->parts, slice_of((const char *)&part, sizeof(part)), kept);
}

/* A path nobody has, for one more content of a part: the parser counts its
 * own other readings in the same way. */
static struct slice
next_path(struct parse *p, struct slice base, unsigned *number)
{
	struct slice path;
	bool added;

	do {
		path = arena_printf(
		    p->m->arena, "%.*s~%u", SLICE_FMT(base), ++*number);
		(void)map_add(&p->paths, path, &added);
	} while (!added);
	return path;
}

static struct entity *
add_entity(struct parse *p, const struct mime_part *part)
{
	struct entity *e = vec_push(p->m->arena, &p->m->entities);

	e->kind = ENTITY_PART;
	e->index = (int)p->m->entities.n - 1;
	e->parent = entity_of(p, part->parent);
	e->depth = (int)part->depth;
	e->path = part->path;
	e->mime = part;
	e->type = part->type;
	e->leaf = !part->multipart && !part->message;
	e->attachment = part->attachment;
	if (!naming_set(p->m->arena, e, part->names.at, part->names.n)) {
		p->tree->defects |= MIME_BIT(TOO_MANY_READINGS);
		p->tree->cut = true;
	}
	return e;
}

/* One entity for every content the bytes of a leaf can be decoded to: the
 * first one is there. */
static void
add_contents(struct parse *p, const struct mime_part *part)
{
	struct arena *a = p->m->arena;
	int first = (int)p->m->entities.n - 1;
	unsigned number = 1;
	size_t i, count = 0;
	const struct mime_decoding *d =
	    mime_decode(a, part, &p->limits, &count);

	for (i = 0; i < count; i++) {
		int index = (int)p->m->entities.n;
		struct entity *e;

		if (i > 0) {
			e = vec_push(a, &p->m->entities);
			*e = p->m->entities.at[first];
			e->index = index;
			e->path = next_path(p, part->path, &number);
		}
		e = &p->m->entities.at[p->m->entities.n - 1];
		e->bytes = d[i].bytes;
		e->size = d[i].bytes.n;
	}
}

/* Containers have no content of their own: their size is that of the bytes
 * they hold, their parts are looked at. */
static void
add_part(struct parse *p, const struct mime_part *part)
{
	struct entity *e = add_entity(p, part);

	remember(p, part, e->index);
	if (e->leaf)
		add_contents(p, part);
	else
		e->size = part->body.n;
}

void
message_parse(struct message *m)
{
	struct parse p = {.m = m};
	struct mime_part **part;

	set_limits(&p);
	map_init(&p.parts, m->arena);
	map_init(&p.paths, m->arena);
	p.tree = mime_parse(m->arena, m->raw, &p.limits);
	vec_each (part, &p.tree->parts)
		(void)map_add(&p.paths, (*part)->path, NULL);
	vec_each (part, &p.tree->parts)
		add_part(&p, *part);
	m->mime = p.tree;
}
