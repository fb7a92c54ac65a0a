/* The worker's side: a message becomes a job, a result becomes findings. */
#include <unistd.h>

#include "base/text.h"
#include "mail/message.h"
#include "scan/virus.h"

static bool
name_byte_is_safe(char c)
{
	return text_is_alnum(c) || c == '.' || c == '_' || c == '-';
}

/* Every other byte becomes '_'. Of a long name the end is kept: it holds the
 * suffix that scanners go by. */
static struct slice
make_safe(struct arena *a, struct slice name)
{
	char *p;
	size_t i;

	if (name.n == 0)
		return SLICE("part");
	name = slice_from(name, name.n > VIRUS_OBJECT_NAME_MAX
				    ? name.n - VIRUS_OBJECT_NAME_MAX
				    : 0);
	p = arena_str(a, name);
	for (i = 0; i < name.n; i++)
		if (!name_byte_is_safe(p[i]))
			p[i] = '_';
	if (p[0] == '.' || p[0] == '-')
		p[0] = '_';
	return slice_of(p, name.n);
}

static bool
lies_within(struct slice inner, struct slice outer)
{
	return inner.n > 0 && inner.p >= outer.p && inner.n <= outer.n &&
	       inner.p <= outer.p + (outer.n - inner.n);
}

/* A gatherer of pieces for the memory file. */
struct gather {
	struct virus_job job;
	VEC_OF(struct slice) pieces;
	uint64_t size;
};

static void
gather_entity(struct gather *g, struct arena *a, const struct message *m,
    const struct entity *e)
{
	struct virus_object *o = vec_push(a, &g->job.objects);

	o->entity = e->index;
	o->name = e->index == 0
		      ? SLICE("message")
		      : make_safe(a, e->safe_name.n > 0 || e->names.n == 0
					 ? e->safe_name
					 : e->names.at[0]);
	o->size = e->bytes.n;
	if (lies_within(e->bytes, m->raw)) {
		o->offset = (uint64_t)(e->bytes.p - m->raw.p);
		return;
	}
	o->offset = g->size;
	*vec_push(a, &g->pieces) = e->bytes;
	g->size += e->bytes.n;
}

static int
gather_message(struct gather *g, struct arena *a, const struct message *m,
    struct fail *why)
{
	struct virus_object *o = vec_push(a, &g->job.objects);
	const struct entity *e;

	*o = (struct virus_object){0, SLICE("message"), 0, m->raw.n};
	*vec_push(a, &g->pieces) = m->raw;
	g->size = m->raw.n;
	g->job.id = m->env.id;
	vec_each (e, &m->entities) {
		if (e->index == 0 || !e->leaf || e->bytes.n == 0)
			continue;
		if (g->job.objects.n >= VIRUS_OBJECTS_MAX)
			return fail_set(why, FAIL_FULL,
			    "more than %d things to scan", VIRUS_OBJECTS_MAX);
		gather_entity(g, a, m, e);
		if (g->size > VIRUS_JOB_MAX)
			return fail_set(why, FAIL_FULL,
			    "more than %d bytes to scan", VIRUS_JOB_MAX);
	}
	return 0;
}

int
virus_job_collect(const struct message *m, struct fail *why)
{
	/* Its own arena: the lists are needed no longer than this call. */
	struct arena *a = arena_new(0);
	struct gather g = {0};
	int code = gather_message(&g, a, m, why);

	if (code == 0)
		code = virus_job_seal(&g.job, g.pieces.at, g.pieces.n, why);
	arena_free(a);
	return code;
}

static void
apply_hit(struct message *m, const struct virus_hit *h, struct slice spam_names)
{
	/* An index that is none of ours: believed, about the whole. */
	bool known = h->entity > 0 && (size_t)h->entity < m->entities.n;
	struct finding *f = verdict_add(&m->verdict, m->arena, FINDING_VIRUS,
	    known ? h->entity : ENTITY_WHOLE);

	if (known && m->entities.at[h->entity].names.n > 0)
		f->name = m->entities.at[h->entity].names.at[0];
	f->wish =
	    virus_name_is_spam(h->name, spam_names) ? WISH_NOTE : WISH_BLOCK;
	f->rule = arena_dup(m->arena, h->scanner);
	f->detail = arena_dup(m->arena, h->report);
	f->argument = arena_dup(m->arena, h->name);
}

static void
apply_state(struct message *m, const struct virus_state *s)
{
	const char *prefix = s->status == VIRUS_TIMEOUT ? "timeout: " : "";

	if (s->status == VIRUS_OK)
		return;
	verdict_add_incomplete(&m->verdict, m->arena,
	    arena_printf(m->arena, "virus:%.*s", SLICE_FMT(s->scanner)),
	    arena_printf(m->arena, "%s%.*s", prefix, SLICE_FMT(s->reason)));
}

void
virus_apply(
    struct message *m, const struct virus_result *r, struct slice spam_names)
{
	const struct virus_hit *h;
	const struct virus_state *s;

	vec_each (h, &r->hits)
		apply_hit(m, h, spam_names);
	if (r->more) {
		struct finding *f = verdict_add(
		    &m->verdict, m->arena, FINDING_VIRUS, ENTITY_WHOLE);

		f->wish = WISH_BLOCK;
		f->rule = SLICE("virus");
		f->detail = arena_printf(m->arena,
		    "More than %d infections in one message", VIRUS_HITS_MAX);
	}
	vec_each (s, &r->scanners)
		apply_state(m, s);
	/* Nobody was asked: that is no clean bill either. */
	if (r->scanners.n == 0)
		virus_apply_failure(m, "no scanner was asked");
}

void
virus_apply_failure(struct message *m, const char *reason)
{
	verdict_add_incomplete(&m->verdict, m->arena, SLICE("virus"),
	    arena_dup(m->arena, slice_str(reason)));
}

void
virus_scan_message(struct virus_engine *e, struct message *m, uint64_t deadline,
    struct slice spam_names)
{
	struct virus_result r = {0};
	struct virus_job job;
	struct fail why = {0};
	int fd = virus_job_collect(m, &why), code = fd;

	if (fd >= 0)
		code = virus_job_open(&job, fd, m->arena, &why);
	if (code >= 0) {
		virus_engine_scan(e, &job, deadline, &r, m->arena);
		virus_apply(m, &r, spam_names);
		virus_job_close(&job);
	} else
		virus_apply_failure(m, why.text);
	if (fd >= 0)
		(void)close(fd);
}
