#include "mail/message.h"

#include "mail/naming.h"

/* The name of the client's host as rulesets see it: only what says a name.
 * MTAs write "unknown" or an address in brackets when they found none. */
static struct slice
host_name(struct slice name)
{
	if (slice_starts(name, "[") || slice_is_ci(name, "unknown"))
		return SLICE_NONE;
	return name;
}

void
message_init(struct message *m, struct arena *a, const struct conf *conf,
    const struct envelope *env, struct slice raw)
{
	struct slice *to;
	struct entity *whole;
	size_t i;

	*m = (struct message){0};
	m->arena = a;
	m->env = *env;
	m->raw = raw;
	m->conf = conf;
	to = arena_array(a, env->recipients.n, sizeof(*to));
	for (i = 0; i < env->recipients.n; i++)
		to[i] = env->recipients.at[i].address;
	m->subject.sender = env->sender;
	m->subject.recipients = to;
	m->subject.recipient_count = env->recipients.n;
	m->subject.client_ip = env->client_ip;
	m->subject.client_host = host_name(env->client_name);
	/* The MTA in front of us looked the name up both ways before it gave
	 * it to us; its queue drivers leave out names it calls forged. */
	m->subject.client_host_verified = m->subject.client_host.n > 0;
	whole = vec_push(a, &m->entities);
	whole->kind = ENTITY_MESSAGE;
	whole->parent = -1;
	whole->path = SLICE("0");
	whole->bytes = raw;
	whole->size = raw.n;
}

/* The name as one component of a path: not longer than is useful. */
static struct slice
component(struct slice name)
{
	size_t cut = name.n > NAMING_PATH_MAX ? name.n - NAMING_PATH_MAX : 0;

	while (cut > 0 && cut < name.n &&
	       ((unsigned char)name.p[cut] & 0xc0) == 0x80)
		cut++;
	return slice_from(name, cut);
}

struct entity *
message_add_member(struct message *m, int parent, struct slice name)
{
	struct entity *e = vec_push(m->arena, &m->entities);
	const struct entity *from = &m->entities.at[parent];

	e->kind = ENTITY_MEMBER;
	e->index = (int)m->entities.n - 1;
	e->parent = parent;
	e->depth = from->depth + 1;
	e->mime = from->mime;
	e->leaf = true;
	e->path = arena_printf(m->arena, "%.*s/%.*s", SLICE_FMT(from->path),
	    SLICE_FMT(component(name)));
	(void)naming_set(m->arena, e, &name, name.n > 0 ? 1 : 0);
	return e;
}

bool
message_yes(const struct message *m, enum option opt)
{
	return conf_yes(m->conf, opt, &m->subject);
}

int64_t
message_number(const struct message *m, enum option opt)
{
	return conf_number(m->conf, opt, &m->subject);
}

struct slice
message_text(const struct message *m, enum option opt)
{
	return conf_text(m->conf, opt, &m->subject, m->arena);
}
