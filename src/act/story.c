#include "act/story.h"

#include <time.h>

#include "act/heads.h"
#include "act/subject.h"

enum { HEADERS_KEPT = 1 << 18, TO_KEPT = 1 << 16, RECIPIENTS_KEPT = 1000 };

/* What the columns are made of. */
struct story {
	struct arena *arena;
	const struct envelope *env;
	const struct act_context *ctx;
	struct slice subject, messageid, headers, report, quarantine;
	uint64_t size;
	unsigned kinds;
};

/* The local time of the record: "2026-11-24 02:31:06 +0000". */
static struct slice
stamp(const struct story *s)
{
	char text[64];
	struct tm tm = {0};
	time_t now = (time_t)s->ctx->now;
	size_t n;

	(void)localtime_r(&now, &tm);
	n = strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &tm);
	return arena_dup(s->arena, slice_of(text, n));
}

static struct slice
domain_of(struct slice address)
{
	ptrdiff_t at = slice_rchr(address, '@');

	return at == SLICE_NOT_FOUND ? SLICE("")
				     : slice_from(address, (size_t)at + 1);
}

/* All recipients, joined by commas. */
static struct slice
joined_recipients(const struct story *s)
{
	struct slice all;
	struct buf out;
	size_t i;

	buf_init(&out, TO_KEPT);
	for (i = 0; i < s->env->recipients.n; i++)
		(void)buf_addf(&out, "%s%.*s", i > 0 ? "," : "",
		    SLICE_FMT(s->env->recipients.at[i].address));
	all = arena_dup(s->arena, buf_slice(&out));
	buf_fini(&out);
	return all;
}

/* Report lines joined by commas, as MailWatch has them. */
static struct slice
joined_report(const struct story *s)
{
	struct slice rest = s->report, line, all;
	struct buf out;

	buf_init(&out, PLAN_REPORT_MAX);
	while (slice_line(&rest, &line)) {
		if (out.n > 0)
			(void)buf_adds(&out, ", ");
		(void)buf_add(&out, line);
	}
	all = arena_dup(s->arena, buf_slice(&out));
	buf_fini(&out);
	return all;
}

/* Columns that only spam and policy checks fill. */
static void
put_unasked(struct json *j)
{
	static const char *const numbers[] = {"isspam", "ishighspam",
	    "issaspam", "isrblspam", "spamwhitelisted", "spamblacklisted",
	    "sascore", "ismcp", "ishighmcp", "issamcp", "mcpwhitelisted",
	    "mcpblacklisted", "mcpsascore"};
	static const char *const texts[] = {
	    "archive", "spamreport", "mcpreport", "rblspamreport", "token"};
	size_t i;

	for (i = 0; i < COUNT_OF(numbers); i++)
		json_int(j, numbers[i], 0);
	for (i = 0; i < COUNT_OF(texts); i++)
		json_str(j, texts[i], SLICE(""));
}

static void
put_maillog(struct json *j, const struct story *s)
{
	struct slice first = s->env->recipients.n > 0
				 ? s->env->recipients.at[0].address
				 : SLICE("");

	json_begin(j, "maillog", '{');
	json_str(j, "timestamp", slice_sub(stamp(s), 0, 19));
	json_str(j, "date", slice_sub(stamp(s), 0, 10));
	json_str(j, "time", slice_sub(stamp(s), 11, 19));
	json_str(j, "id", s->env->id);
	json_int(j, "size", (int64_t)s->size);
	json_str(j, "from_address", s->env->sender);
	json_str(j, "from_domain", domain_of(s->env->sender));
	json_str(j, "to_address", joined_recipients(s));
	json_str(j, "to_domain", domain_of(first));
	json_str(j, "subject", s->subject);
	json_str(j, "clientip", s->env->client_ip);
	json_int(j, "virusinfected", (s->kinds & PLAN_KIND_VIRUS) != 0);
	json_int(j, "nameinfected", (s->kinds & PLAN_KIND_NAME) != 0);
	json_int(j, "otherinfected",
	    (s->kinds & (PLAN_KIND_OTHER | PLAN_KIND_SIZE | PLAN_KIND_ERROR)) !=
		0);
	json_str(j, "report", joined_report(s));
	json_str(j, "hostname", s->ctx->hostname);
	json_str(j, "headers", s->headers);
	json_int(j, "quarantined", s->quarantine.n > 0);
	json_str(j, "messageid", s->messageid);
	put_unasked(j);
	json_end(j);
}

static void
put_envelope(struct json *j, const struct story *s)
{
	size_t i;

	json_str(j, "id", s->env->id);
	json_int(j, "time", s->ctx->now);
	json_str(j, "date", stamp(s));
	json_str(j, "messageid", s->messageid);
	json_str(j, "subject", s->subject);
	json_str(j, "from", s->env->sender);
	json_begin(j, "to", '[');
	for (i = 0; i < s->env->recipients.n && i < RECIPIENTS_KEPT; i++)
		json_str(j, NULL, s->env->recipients.at[i].address);
	json_end(j);
	json_str(j, "client", s->env->client_ip);
	json_str(j, "helo", s->env->helo);
	json_str(j, "hostname", s->ctx->hostname);
	if (s->quarantine.n > 0)
		json_str(j, "quarantine", s->quarantine);
}

struct slice
story_json(struct message *m, const struct plan *p, const struct edits *edits,
    const struct act_context *ctx, const struct stages *stages)
{
	struct story s = {.arena = m->arena,
	    .env = &m->env,
	    .ctx = ctx,
	    .size = m->raw.n,
	    .kinds = p->kinds};
	const struct head *f;
	struct heads h;
	struct slice all;
	struct buf out;
	struct json j;

	heads_init(&h, m->arena, m->raw, m->mime->root->head);
	s.subject = subject_text(m->arena, &h);
	f = heads_find(&h, "Message-ID");
	s.messageid =
	    f != NULL ? slice_sub(header_unfold(m->arena, f->value), 0, 1000)
		      : SLICE("");
	s.headers = slice_sub(m->mime->root->head, 0, HEADERS_KEPT);
	s.report = plan_report(p, m->arena);
	if (p->stored)
		s.quarantine = compose_quarantine_dir(m, ctx);
	buf_init(&out, OUTCOME_RECORD_MAX);
	json_init(&j, &out);
	json_begin(&j, NULL, '{');
	put_envelope(&j, &s);
	explain_fields(&j, m, p, edits, stages);
	put_maillog(&j, &s);
	json_end(&j);
	/* So much was found that it does not fit: the head of it is kept. */
	if (out.full) {
		buf_reset(&out);
		out.full = false;
		json_init(&j, &out);
		json_begin(&j, NULL, '{');
		put_envelope(&j, &s);
		json_str(&j, "action", slice_str(plan_action_word(p->action)));
		json_bool(&j, "infected", p->infected);
		json_bool(&j, "cut", true);
		json_end(&j);
	}
	all = arena_dup(m->arena, buf_slice(&out));
	buf_fini(&out);
	return all;
}

/* The keys of explain_fields for a message that nobody could look into. */
static void
put_unseen(struct json *j, struct slice reason)
{
	static const char *const empty[] = {
	    "findings", "parts", "links", "defects", "headers"};
	size_t i;

	for (i = 0; i < COUNT_OF(empty); i++) {
		json_begin(j, empty[i], '[');
		json_end(j);
	}
	json_begin(j, "incomplete", '[');
	json_begin(j, NULL, '{');
	json_str(j, "check", SLICE("examination"));
	json_str(j, "reason", reason);
	json_end(j);
	json_end(j);
	json_begin(j, "ms", '{');
	json_end(j);
}

struct slice
story_poison(struct arena *a, const struct envelope *env,
    const struct act_context *ctx, const struct outcome *o, uint64_t size)
{
	struct story s = {.arena = a,
	    .env = env,
	    .ctx = ctx,
	    .size = size,
	    .kinds = PLAN_KIND_ERROR,
	    .report = o->reason};
	struct slice all;
	struct buf out;
	struct json j;

	if (o->keep.n > 0)
		s.quarantine = o->keep.at[0].dir;
	buf_init(&out, OUTCOME_RECORD_MAX);
	json_init(&j, &out);
	json_begin(&j, NULL, '{');
	put_envelope(&j, &s);
	json_int(&j, "size", (int64_t)size);
	json_str(&j, "action",
	    o->verb == OUTCOME_HOLD ? SLICE("hold") : SLICE("quarantine"));
	json_bool(&j, "infected", true);
	json_str(&j, "reason", o->reason);
	put_unseen(&j, o->reason);
	put_maillog(&j, &s);
	json_end(&j);
	all = arena_dup(a, buf_slice(&out));
	buf_fini(&out);
	return all;
}
