#include "act/values.h"

#include <time.h>

#include "act/heads.h"
#include "act/subject.h"
#include "base/fail.h"

enum { EXPANDED_MAX = 1 << 22, TO_MAX = 8192 };

void
values_set(struct values *v, const char *name, struct slice value)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (strcmp(v->at[i].name, name) == 0)
			break;
	ensure(i < VALUES_MAX);
	v->at[i] = (struct template_value){name, value};
	if (i == v->n)
		v->n++;
}

static struct slice
all_recipients(const struct message *m)
{
	struct slice all;
	struct buf out;
	size_t i;

	buf_init(&out, TO_MAX);
	for (i = 0; i < m->env.recipients.n; i++)
		(void)buf_addf(&out, "%s%.*s", i > 0 ? ", " : "",
		    SLICE_FMT(m->env.recipients.at[i].address));
	all = arena_dup(m->arena, buf_slice(&out));
	buf_fini(&out);
	return all;
}

static void
set_option(struct values *v, const struct message *m, const char *name,
    enum option opt)
{
	values_set(v, name, conf_text(m->conf, opt, &m->subject, m->arena));
}

static void
set_dates(
    struct values *v, const struct message *m, const struct act_context *ctx)
{
	char text[64];
	struct tm tm = {0};
	time_t now = (time_t)ctx->now;
	size_t n;

	(void)localtime_r(&now, &tm);
	n = strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S %z", &tm);
	values_set(v, "date", arena_dup(m->arena, slice_of(text, n)));
	n = strftime(text, sizeof(text), "%Y%m%d", &tm);
	values_set(v, "datenumber", arena_dup(m->arena, slice_of(text, n)));
}

void
values_init(
    struct values *v, const struct message *m, const struct act_context *ctx)
{
	struct heads h;

	v->n = 0;
	heads_init(&h, m->arena, m->raw,
	    m->mime != NULL ? m->mime->root->head : SLICE_NONE);
	values_set(v, "from", m->env.sender);
	values_set(v, "to", all_recipients(m));
	values_set(v, "subject", subject_text(m->arena, &h));
	values_set(v, "id", m->env.id);
	set_dates(v, m, ctx);
	set_option(v, m, "hostname", OPT_HOSTNAME);
	values_set(v, "linkhostname", v->at[v->n - 1].value);
	set_option(v, m, "localpostmaster", OPT_LOCAL_POSTMASTER);
	values_set(v, "postmastername",
	    templates_word(
		ctx->templates, m->conf, &m->subject, "PostmasterName"));
	set_option(v, m, "quarantinedir", OPT_QUARANTINE_DIR);
	set_option(v, m, "viruswarningname", OPT_ATTACHMENT_WARNING_FILENAME);
	set_option(v, m, "maxmessagesize", OPT_MAXIMUM_MESSAGE_SIZE);
	values_set(v, "messagesize", arena_printf(m->arena, "%zu", m->raw.n));
}

struct slice
values_expand(const struct values *v, const struct message *m,
    const struct act_context *ctx, enum option opt, enum template_place place)
{
	struct slice all;
	struct buf out;

	buf_init(&out, EXPANDED_MAX);
	template_expand(&out,
	    templates_get(ctx->templates, m->conf, opt, &m->subject), place,
	    v->at, v->n);
	all = arena_dup(m->arena, buf_slice(&out));
	buf_fini(&out);
	return all;
}
