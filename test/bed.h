/* bed - a message for the tests of act: parsed for real, findings by hand. */
#ifndef TEST_BED_H
#define TEST_BED_H

#include <stdlib.h>

#include "act/deeds.h"
#include "mail/message.h"
#include "test/unit.h"

struct bed {
	struct arena *arena;
	struct conf *conf;
	struct templates *templates;
	struct act_context ctx;
	struct envelope env;
	struct message m;
	struct plan *plan;
	struct edits edits;
	struct outcome out;
};

/* A message with settings under which nothing is added to it. */
static inline void
bed_open(struct bed *b, struct slice raw)
{
	static const enum option off[] = {OPT_MAIL_HEADER,
	    OPT_INFORMATION_HEADER, OPT_ID_HEADER, OPT_ENVELOPE_FROM_HEADER,
	    OPT_ENVELOPE_TO_HEADER};
	size_t i;

	(void)setenv("TZ", "UTC", 1);
	*b = (struct bed){.arena = arena_new(0), .conf = conf_defaults()};
	b->templates = templates_builtin();
	b->ctx = (struct act_context){b->templates, SLICE("gate"), 1767225600};
	b->env.id = SLICE("1abc-0002");
	b->env.sender = SLICE("sender@example.com");
	b->env.client_ip = SLICE("192.0.2.7");
	vec_push(b->arena, &b->env.recipients)->address =
	    SLICE("to@example.org");
	for (i = 0; i < COUNT_OF(off); i++)
		conf_set(b->conf, off[i], SLICE(""));
	conf_set(b->conf, OPT_SIGN_CLEAN_MESSAGES, SLICE("no"));
	conf_set(b->conf, OPT_HOSTNAME, SLICE("gate"));
	message_init(&b->m, b->arena, b->conf, &b->env, raw);
	message_parse(&b->m);
}

static inline void
bed_close(struct bed *b)
{
	templates_free(b->templates);
	conf_free(b->conf);
	arena_free(b->arena);
}

static inline void
bed_set(struct bed *b, enum option opt, const char *value)
{
	conf_set(b->conf, opt, slice_str(value));
}

/* The entity of a path; ENTITY_WHOLE for "". */
static inline int
bed_entity(const struct bed *b, const char *path)
{
	const struct entity *e;

	if (path[0] == '\0')
		return ENTITY_WHOLE;
	vec_each (e, &b->m.entities)
		if (slice_is(e->path, path))
			return e->index;
	check_str(path, "a path of the message");
	return ENTITY_WHOLE;
}

static inline struct finding *
bed_find(struct bed *b, enum finding_code code, const char *path,
    enum finding_wish wish, const char *detail)
{
	struct finding *f =
	    verdict_add(&b->m.verdict, b->arena, code, bed_entity(b, path));

	f->wish = wish;
	f->detail = slice_str(detail);
	f->rule = SLICE("rule");
	return f;
}

static inline struct finding *
bed_virus(struct bed *b, const char *path, const char *name)
{
	struct finding *f = bed_find(b, FINDING_VIRUS, path, WISH_BLOCK, "");

	f->rule = SLICE("clamd");
	f->argument = slice_str(name);
	f->detail =
	    arena_printf(b->arena, "Clamd: file was infected: %s", name);
	return f;
}

/* Plan, compose, and the message as it would go out. */
static inline struct slice
bed_result(struct bed *b)
{
	struct edits_cursor cursor = {0};
	struct slice piece, all;
	struct buf out;

	b->plan = plan_new(&b->m);
	compose_edits(&b->edits, &b->m, b->plan, &b->ctx);
	check(edits_fit(&b->edits, b->m.raw.n));
	buf_init(&out, 1 << 26);
	while (edits_piece(&b->edits, b->m.raw, &cursor, &piece))
		(void)buf_add(&out, piece);
	all = arena_dup(b->arena, buf_slice(&out));
	buf_fini(&out);
	return all;
}

/* Everything the keeper is to do. */
static inline void
bed_deeds(struct bed *b)
{
	const char *why = "";

	b->plan = plan_new(&b->m);
	deeds_make(&b->out, &b->m, b->plan, &b->ctx, NULL);
	check(outcome_fits(&b->out, b->m.raw.n, &why));
	check_str(why, "");
}

#endif
