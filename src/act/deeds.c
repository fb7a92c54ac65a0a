#include "act/deeds.h"

#include "act/fold.h"
#include "act/notice.h"
#include "act/report.h"
#include "act/story.h"
#include "base/map.h"

/* A record being made: what does not fit any more is left out. */
struct maker {
	struct outcome *o;
	struct message *m;
	const struct plan *p;
	const struct act_context *ctx;
	struct slice dir;    /* of this message in the quarantine */
	struct slice path;   /* the same for people */
	struct map names;    /* used in it */
	struct map forwards; /* addresses that get it instead */
};

static void
say(struct maker *k, struct slice line)
{
	if (k->o->log.n < OUTCOME_LOG_MAX)
		*vec_push(k->m->arena, &k->o->log) =
		    slice_sub(line, 0, OUTCOME_TEXT_MAX);
}

/* The reason goes into a file name's company and a reply: no control bytes. */
static struct slice
clean_reason(struct arena *a, struct slice reason)
{
	struct slice all;
	struct buf out;

	buf_init(&out, OUTCOME_TEXT_MAX);
	fold_clean(&out, slice_sub(reason, 0, OUTCOME_TEXT_MAX / 4), false);
	all = arena_dup(a, buf_slice(&out));
	buf_fini(&out);
	return all;
}

/* A line of MailScanner's form. The sink makes it printable. */
#define SAY(k, ...) say((k), arena_printf((k)->m->arena, __VA_ARGS__))

/* A name that no file of this message has yet. */
static struct slice
free_name(struct maker *k, struct slice wanted)
{
	struct arena *a = k->m->arena;
	struct slice base = compose_safe_name(a, wanted, 150), name = base;
	bool added;
	unsigned n;

	for (n = 2;; n++) {
		(void)map_add(&k->names, name, &added);
		if (added)
			return name;
		name = arena_printf(a, "%.*s-%u", SLICE_FMT(base), n);
	}
}

static void
keep_part(struct maker *k, int entity)
{
	struct keep_item *item;
	struct slice shown = report_name(k->m, entity);

	if (k->o->keep.n >= OUTCOME_KEEP_MAX)
		return;
	item = vec_push(k->m->arena, &k->o->keep);
	item->dir = k->dir;
	item->name = free_name(k, shown);
	item->bytes = k->m->entities.at[entity].bytes;
	SAY(k, "Saved infected \"%.*s\" to %.*s", SLICE_FMT(item->name),
	    SLICE_FMT(k->path));
}

static void
keep_whole(struct maker *k)
{
	struct keep_item *item = vec_push(k->m->arena, &k->o->keep);

	item->dir = k->dir;
	item->name = SLICE("message");
	item->whole = true;
	SAY(k, "Saved entire message to %.*s", SLICE_FMT(k->path));
}

static void
make_keep(struct maker *k)
{
	const struct deed *d;
	bool added;

	k->dir = compose_quarantine_dir(k->m, k->ctx);
	k->path = compose_quarantine_path(
	    k->m->arena, k->m->conf, &k->m->subject, k->dir);
	map_init(&k->names, k->m->arena);
	(void)map_add(&k->names, SLICE("message"), &added);
	vec_each (d, &k->p->deeds) {
		if (d->kind == DEED_STORE_WHOLE)
			keep_whole(k);
		else if (d->kind == DEED_STORE)
			keep_part(k, d->entity);
	}
}

/* Instead of the recipients that came, each once. */
static void
forward_to(struct maker *k, struct slice addresses)
{
	struct slice word, one;
	struct recipient *r;
	bool added;

	while (slice_word(&addresses, &word))
		while (slice_field(&word, ',', &one)) {
			(void)map_add(&k->forwards, one, &added);
			if (!added || one.n == 0 ||
			    k->o->recipients.n >= OUTCOME_RECIPIENTS_MAX)
				continue;
			r = vec_push(k->m->arena, &k->o->recipients);
			r->address = one;
			k->o->new_recipients = true;
		}
}

static void
make_recipients(struct maker *k)
{
	const struct deed *d;
	const struct finding *f;

	map_init(&k->forwards, k->m->arena);
	vec_each (d, &k->p->deeds) {
		if (d->kind != DEED_FORWARD)
			continue;
		f = &k->m->verdict.findings.at[d->finding];
		SAY(k, "%s Checks: Forwarding %.*s %.*s to %.*s",
		    f->code == FINDING_FILETYPE ? "Filetype" : "Filename",
		    SLICE_FMT(k->m->env.id),
		    SLICE_FMT(report_name(k->m, d->entity)),
		    SLICE_FMT(d->argument));
		forward_to(k, d->argument);
	}
}

static enum outcome_verb
verb_of(enum plan_action action)
{
	switch (action) {
	case PLAN_DELIVER:
	case PLAN_DELIVER_MODIFIED:
		return OUTCOME_DELIVER;
	case PLAN_REJECT:
		return OUTCOME_REJECT;
	case PLAN_HOLD:
		return OUTCOME_HOLD;
	case PLAN_RETRY:
		return OUTCOME_RETRY;
	case PLAN_QUARANTINE:
	case PLAN_DELETE:
	case PLAN_ACTION_COUNT:
		break;
	}
	return OUTCOME_DISCARD;
}

/* The scanner's name as its report begins with it: "Clamd". */
static struct slice
title_of(const struct maker *k, const struct finding *f)
{
	ptrdiff_t colon = slice_chr(f->detail, ':');
	char *p;

	if (colon > 0 &&
	    slice_eq_ci(slice_sub(f->detail, 0, (size_t)colon), f->rule))
		return slice_sub(f->detail, 0, (size_t)colon);
	p = arena_str(k->m->arena, f->rule);
	if (f->rule.n > 0 && p[0] >= 'a' && p[0] <= 'z')
		p[0] = (char)(p[0] - 'a' + 'A');
	return slice_of(p, f->rule.n);
}

static void
log_finding(struct maker *k, const struct finding *f)
{
	struct slice id = k->m->env.id;
	struct slice name = report_clean(
	    k->m, f->name.n > 0 ? f->name : report_name(k->m, f->entity));

	switch ((int)f->code) {
	case FINDING_VIRUS:
		if (f->wish == WISH_NOTE)
			SAY(k, "Found spam based virus %.*s in %.*s",
			    SLICE_FMT(f->argument), SLICE_FMT(id));
		else
			SAY(k, "%.*s::INFECTED:: %.*s :: ./%.*s/%.*s",
			    SLICE_FMT(title_of(k, f)), SLICE_FMT(f->argument),
			    SLICE_FMT(id), SLICE_FMT(name));
		return;
	case FINDING_FILENAME:
	case FINDING_FILETYPE:
		SAY(k, "%s Checks: %.*s (%.*s %.*s)",
		    f->code == FINDING_FILENAME ? "Filename" : "Filetype",
		    SLICE_FMT(f->detail), SLICE_FMT(id), SLICE_FMT(name));
		if (f->wish == WISH_RENAME)
			SAY(k, "Filename Checks: %.*s renamed %.*s to %.*s",
			    SLICE_FMT(id), SLICE_FMT(name),
			    SLICE_FMT(f->argument));
		return;
	case FINDING_ENCRYPTED:
		SAY(k, "Password-protected archive (%.*s) in %.*s",
		    SLICE_FMT(name), SLICE_FMT(id));
		return;
	default:
		SAY(k, "Content Checks: %s: %.*s (%.*s %.*s)",
		    finding_word(f->code), SLICE_FMT(f->detail), SLICE_FMT(id),
		    SLICE_FMT(name));
		return;
	}
}

static void
log_totals(struct maker *k)
{
	const struct finding *f;
	unsigned viruses = 0, names = 0, content = 0;

	vec_each (f, &k->m->verdict.findings) {
		if (f->wish != WISH_BLOCK && f->wish != WISH_BLOCK_DELETE)
			continue;
		viruses += f->code == FINDING_VIRUS;
		names += plan_kind_of(f->code) == PLAN_KIND_NAME;
		content += f->code != FINDING_VIRUS &&
			   plan_kind_of(f->code) != PLAN_KIND_NAME;
	}
	if (viruses > 0)
		SAY(k, "Virus Scanning: Found %u viruses", viruses);
	if (names > 0)
		SAY(k, "Other Checks: Found %u problems", names);
	if (content > 0)
		SAY(k, "Content Checks: Found %u problems", content);
	if (viruses > 0)
		SAY(k, "Infected message %.*s came from %.*s",
		    SLICE_FMT(k->m->env.id), SLICE_FMT(k->m->env.client_ip));
}

/* Lines as one, with commas between them. */
static struct slice
with_commas(const struct maker *k, struct slice lines)
{
	char *p = arena_str(k->m->arena, lines);
	size_t i;

	while (lines.n > 0 && p[lines.n - 1] == '\n')
		lines.n--;
	for (i = 0; i < lines.n; i++)
		if (p[i] == '\n')
			p[i] = ',';
	return slice_of(p, lines.n);
}

static void
log_findings(struct maker *k)
{
	const struct finding *f;
	const struct incomplete *i;

	vec_each (f, &k->m->verdict.findings)
		log_finding(k, f);
	vec_each (i, &k->m->verdict.incomplete)
		SAY(k, "Incomplete: %.*s did not run for %.*s: %.*s",
		    SLICE_FMT(i->check), SLICE_FMT(k->m->env.id),
		    SLICE_FMT(i->reason));
	log_totals(k);
	if (k->p->silent && conf_yes(k->m->conf, OPT_LOG_SILENT_VIRUSES, NULL))
		SAY(k, "Viruses marked as silent: %.*s",
		    SLICE_FMT(with_commas(k, plan_report(k->p, k->m->arena))));
}

static void
log_deeds(struct maker *k)
{
	const struct plan_block *b;
	const struct plan *p = k->p;

	vec_each (b, &p->blocks)
		if (b->deleted)
			SAY(k, "Deleted infected \"%.*s\"",
			    SLICE_FMT(report_name(k->m, b->entity)));
	if (p->renamed && !p->infected && p->store_whole)
		SAY(k, "Quarantining modified message for %.*s",
		    SLICE_FMT(k->m->env.id));
	if (p->warn_external)
		SAY(k, "Message is external, prepending warning for %.*s",
		    SLICE_FMT(k->m->env.id));
	if (p->action == PLAN_REJECT)
		SAY(k, "Reject message %.*s from %.*s with report %.*s",
		    SLICE_FMT(k->m->env.id), SLICE_FMT(k->m->env.sender),
		    SLICE_FMT(message_text(k->m, OPT_REJECTION_REPORT)));
	if (p->action == PLAN_DELIVER && p->unscanned)
		say(k, SLICE("Unscanned: Delivered 1 messages"));
	else if (p->silent && verb_of(p->action) == OUTCOME_DELIVER)
		say(k, SLICE("Silent: Delivered 1 messages containing silent "
			     "viruses"));
	else if (verb_of(p->action) == OUTCOME_DELIVER)
		say(k, p->infected
			   ? SLICE("Cleaned: Delivered 1 cleaned messages")
			   : SLICE("Uninfected: Delivered 1 messages"));
	else
		SAY(k, "Message %.*s: %s%s%.*s", SLICE_FMT(k->m->env.id),
		    plan_action_word(p->action), p->reason.n > 0 ? ": " : "",
		    SLICE_FMT(p->reason));
}

static void
log_notices(struct maker *k)
{
	const struct notice *n;

	vec_each (n, &k->o->notices) {
		if (slice_is(n->key, "sender"))
			say(k, SLICE("Sender Warnings: Delivered 1 warnings to "
				     "virus senders"));
		else if (slice_is(n->key, "admin"))
			say(k, SLICE("Notices: Warned about 1 messages"));
	}
}

void
deeds_make(struct outcome *o, struct message *m, const struct plan *p,
    const struct act_context *ctx, const struct stages *stages)
{
	struct maker k = {.o = o, .m = m, .p = p, .ctx = ctx};

	*o = (struct outcome){.verb = verb_of(p->action)};
	o->reason = clean_reason(m->arena, p->reason);
	o->blame = p->blame;
	log_findings(&k);
	compose_edits(&o->edits, m, p, ctx);
	if (o->verb != OUTCOME_RETRY) {
		make_keep(&k);
		make_recipients(&k);
		notice_add(o, m, p, ctx);
	}
	log_deeds(&k);
	log_notices(&k);
	o->record = story_json(m, p, &o->edits, ctx, stages);
}

void
deeds_poison(struct outcome *o, struct arena *a, const struct conf *conf,
    const struct envelope *env, const struct act_context *ctx,
    unsigned attempts, uint64_t size)
{
	struct slice report;
	struct keep_item *item;

	*o = (struct outcome){.verb = OUTCOME_DISCARD};
	report = arena_printf(a,
	    "The message could not be examined: %u attempts ended before they "
	    "were complete",
	    attempts);
	o->reason = report;
	if (slice_chr(
		conf_text(conf, OPT_QUARANTINE_DENIAL_OF_SERVICE, NULL, a),
		'1') == SLICE_NOT_FOUND) {
		/* Not to be kept there: then the operator gets it. */
		o->verb = OUTCOME_HOLD;
	} else {
		item = vec_push(a, &o->keep);
		item->dir = compose_quarantine_place(a, env->id, ctx->now);
		item->name = SLICE("message");
		item->whole = true;
		*vec_push(a, &o->log) =
		    arena_printf(a, "Saved entire message to %.*s",
			SLICE_FMT(
			    compose_quarantine_path(a, conf, NULL, item->dir)));
	}
	*vec_push(a, &o->log) = arena_printf(a,
	    "Warning: skipping message %.*s as it has been attempted too many "
	    "times",
	    SLICE_FMT(compose_safe_name(a, env->id, 200)));
	notice_add_poison(
	    o, a, conf, env, ctx, arena_printf(a, "%.*s\n", SLICE_FMT(report)));
	o->record = story_poison(a, env, ctx, o, size);
}
