#include <stdio.h>
#include <time.h>

#include "base/log.h"
#include "daemon/courier_private.h"
#include "queue/bounce.h"
#include "queue/smtp_address.h"
#include "sys/io.h"

static const char letters[] = {
    [BOUNCE_FAILED] = 'f',
    [BOUNCE_DELAYED] = 'd',
    [BOUNCE_RELAYED] = 'r',
    [BOUNCE_DELIVERED] = 's',
};

/* A name that only this message, pass and kind has. */
static int
notice_id(char *id, size_t cap, const struct spool_mail *m, unsigned pass,
    size_t kind, struct fail *why)
{
	int n = snprintf(id, cap, "%s-%u%c", m->id, pass, letters[kind]);

	return n < (int)cap ? 0
			    : fail_set(why, FAIL_FULL,
				  "the id is too long for a notice");
}

/* What this recipient's result has to be told as. */
static bool
kind_of(const struct courier_pass *p, size_t i, enum bounce_kind *kind)
{
	const struct smtp_result *r = &p->to[i].result;
	const struct courier_route *route = p->c->lanes[p->lane].route;

	switch (r->state) {
	case SMTP_RESULT_PERMANENT:
		*kind = BOUNCE_FAILED;
		return true;
	case SMTP_RESULT_PENDING:
	case SMTP_RESULT_ACCEPTED:
	case SMTP_RESULT_TEMPORARY:
		*kind = BOUNCE_DELAYED;
		return p->job->tell_delay;
	case SMTP_RESULT_DELIVERED:
		break;
	}
	if (r->dsn)
		return false; /* the next hop tells it */
	*kind = route != NULL && (route->kind == COURIER_MAILDIR ||
				     route->kind == COURIER_LMTP)
		    ? BOUNCE_DELIVERED
		    : BOUNCE_RELAYED;
	return true;
}

/* As much of the message as a notice may return. */
static int
read_original(const struct courier_pass *p, struct bounce *b, struct fail *why)
{
	const struct spool_mail *m = p->mail;
	size_t want =
	    m->size < BOUNCE_RETURN_MAX ? (size_t)m->size : BOUNCE_RETURN_MAX;
	char *room = arena_alloc(p->arena, want + 1);
	ssize_t n = io_read_at(m->fd, room, want, m->offset, why);

	if (n < 0)
		return (int)n;
	b->original = slice_of(room, (size_t)n);
	b->whole = want == m->size;
	return 0;
}

static int
store(const struct courier_pass *p, const char *id, const struct envelope *env,
    struct slice text, struct fail *why)
{
	struct spool_add *add;
	int rc =
	    spool_add_begin(&add, p->c->spool, SPOOL_OUTGOING, env, id, why);

	if (rc < 0)
		return rc;
	rc = spool_add_write(add, text, why);
	if (rc == 0)
		rc = spool_add_prepare(add, why);
	if (rc < 0)
		spool_add_cancel(add);
	return rc;
}

static int
prepare(
    struct courier_pass *p, struct bounce *b, unsigned pass, struct fail *why)
{
	char id[SPOOL_ID_MAX + 1];
	struct envelope env;
	struct buf text;
	int rc = notice_id(id, sizeof(id), p->mail, pass, b->kind, why);

	if (rc == 0 && b->original.p == NULL)
		rc = read_original(p, b, why);
	if (rc < 0)
		return rc;
	buf_init(&text, BOUNCE_TEXT_MAX);
	if (!bounce_compose(b, &text, &env, p->arena)) {
		/* Without what it returns it always fits. */
		buf_reset(&text);
		text.full = false;
		b->original = SLICE("");
		(void)bounce_compose(b, &text, &env, p->arena);
	}
	rc = store(p, id, &env, buf_slice(&text), why);
	buf_fini(&text);
	if (rc == 0)
		log_info("%s: notice %s to <%.*s>", p->mail->id, id,
		    SLICE_FMT(p->mail->env.sender));
	return rc;
}

int
courier_notices_prepare(
    struct courier_pass *p, unsigned pass, bool *any, struct fail *why)
{
	const struct envelope *env = &p->mail->env;
	struct bounce_row *rows =
	    arena_array(p->arena, p->count, sizeof(*rows));
	bool utf8;
	struct bounce b = {
	    .env = env,
	    .host = p->c->set.host,
	    .now = (int64_t)time(NULL),
	    .expires = env->received_at + (int64_t)p->c->set.expire_sec,
	    .rows = rows,
	};

	*any = false;
	if (!smtp_address_check(env->sender, &utf8))
		return 0; /* nobody, or nobody one could write to */
	for (size_t k = 0; k < COUNT_OF(letters); k++) {
		b.kind = (enum bounce_kind)k;
		b.count = 0;
		for (size_t i = 0; i < p->count; i++) {
			enum bounce_kind kind = BOUNCE_FAILED;

			if (!kind_of(p, i, &kind) || kind != b.kind ||
			    !bounce_is_wanted(kind, env, p->to[i].recipient))
				continue;
			rows[b.count++] = (struct bounce_row){
			    .recipient = p->to[i].recipient,
			    .result = &p->to[i].result,
			    .hop = p->to[i].result.remote ? slice_str(p->hop)
							  : SLICE_NONE,
			};
		}
		if (b.count > 0) {
			int rc = prepare(p, &b, pass, why);

			if (rc < 0)
				return rc;
			*any = true;
		}
	}
	return 0;
}

int
courier_notices_publish(const struct courier *c, const struct spool_mail *mail,
    unsigned pass, struct fail *why)
{
	for (size_t k = 0; k < COUNT_OF(letters); k++) {
		char id[SPOOL_ID_MAX + 1];
		int rc = notice_id(id, sizeof(id), mail, pass, k, why);

		if (rc == 0)
			rc = spool_publish(c->spool, SPOOL_OUTGOING, id, why);
		if (rc < 0)
			return rc;
	}
	return 0;
}
