#include "daemon/examine.h"

#include "act/deeds.h"
#include "sys/clock.h"

/* Ends the stage that ran since *from. */
static void
stage_done(struct examination *x, const char *name, uint64_t *from)
{
	uint64_t now = clock_mono();

	stages_add(&x->stages, name, now - *from);
	*from = now;
}

static void
say(struct examiner *by, const char *words)
{
	if (by->stage != NULL)
		by->stage(words, by->ctx);
}

void
examine_message(struct examination *x, struct arena *a, struct examiner *by,
    const struct envelope *env, struct slice raw)
{
	uint64_t at = clock_mono();
	uint64_t deadline = at + by->time_ns;

	*x = (struct examination){0};
	by->act.now = clock_wall();
	message_init(&x->msg, a, by->conf, env, raw);
	say(by, "extracting attachments");
	message_parse(&x->msg);
	stage_done(x, "parse", &at);
	say(by, "scanning for filenames and filetypes");
	scan_message(by->scanner, &x->msg, deadline);
	stage_done(x, "scan", &at);
	if (by->virus != NULL && virus_is_wanted(&x->msg)) {
		say(by, "virus scanning");
		by->virus(&x->msg, at + by->virus_time_ns, by->ctx);
		stage_done(x, "virus", &at);
	}
	say(by, "cleaning messages");
	x->plan = plan_new(&x->msg);
	stage_done(x, "plan", &at);
	compose_edits(&x->edits, &x->msg, x->plan, &by->act);
	stage_done(x, "compose", &at);
}

void
examine_outcome(struct examination *x, struct examiner *by, struct outcome *out)
{
	*out = (struct outcome){0};
	deeds_make(out, &x->msg, x->plan, &by->act, &x->stages);
}
