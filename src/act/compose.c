#include "act/compose.h"

#include <stdlib.h>
#include <time.h>

#include "act/fold.h"
#include "act/heads.h"
#include "act/repair.h"
#include "act/subject.h"
#include "base/text.h"

enum { HEADER_MAX = 1 << 24, RECIPIENTS_SHOWN = 1000 };

struct composer {
	struct message *m;
	const struct plan *p;
	const struct act_context *ctx;
	struct edits *out;
	struct heads top; /* the message's own header */
};

static struct slice
text(const struct composer *c, enum option opt)
{
	return conf_text(c->m->conf, opt, &c->m->subject, c->m->arena);
}

static bool
any(const struct composer *c, enum option opt)
{
	return slice_chr(text(c, opt), '1') != SLICE_NOT_FOUND;
}

/* Every value of an all-match setting says yes, and there is one. */
static bool
all(const struct composer *c, enum option opt)
{
	struct slice v = text(c, opt);

	return slice_chr(v, '1') != SLICE_NOT_FOUND &&
	       slice_chr(v, '0') == SLICE_NOT_FOUND;
}

static void
put(struct composer *c, enum option name, struct slice value,
    enum heads_mode mode)
{
	struct slice field = slice_trim(text(c, name));

	if (field.n > 0 && !slice_is(field, ":"))
		heads_set(&c->top, field, value, mode);
}

static enum heads_mode
multiple_mode(const struct composer *c)
{
	struct slice mode = text(c, OPT_MULTIPLE_HEADERS);

	if (slice_find(mode, SLICE("append")) != SLICE_NOT_FOUND)
		return HEADS_APPEND;
	if (slice_find(mode, SLICE("replace")) != SLICE_NOT_FOUND)
		return HEADS_REPLACE;
	return HEADS_ADD;
}

static void
put_status(struct composer *c)
{
	struct slice value;

	switch (c->p->status) {
	case PLAN_STATUS_CLEAN:
		value = text(c, OPT_CLEAN_HEADER_VALUE);
		break;
	case PLAN_STATUS_INFECTED:
		value = text(c, OPT_INFECTED_HEADER_VALUE);
		break;
	case PLAN_STATUS_UNSCANNED:
		value = text(c, OPT_UNSCANNED_HEADER_VALUE);
		break;
	case PLAN_STATUS_NONE:
	default:
		return;
	}
	/* What was not looked at is told, also beside what was found. */
	if (c->p->unscanned && c->p->reason.n > 0)
		value = arena_printf(c->m->arena, "%.*s (%.*s)",
		    SLICE_FMT(value), SLICE_FMT(c->p->reason));
	if (value.n > 0)
		put(c, OPT_MAIL_HEADER, value, multiple_mode(c));
}

static int
by_address(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

static struct slice
recipients_text(const struct composer *c)
{
	struct arena *a = c->m->arena;
	size_t i, n = c->m->env.recipients.n;
	struct slice *list = arena_array(a, n + 1, sizeof(*list)), all_of;
	struct buf out;

	for (i = 0; i < n; i++)
		list[i] = c->m->env.recipients.at[i].address;
	qsort(list, n, sizeof(*list), by_address);
	buf_init(&out, HEADER_MAX);
	for (i = 0; i < n && i < RECIPIENTS_SHOWN; i++)
		if (i == 0 || !slice_eq(list[i], list[i - 1]))
			(void)buf_addf(&out, "%s%.*s", i > 0 ? ", " : "",
			    SLICE_FMT(list[i]));
	all_of = arena_dup(a, buf_slice(&out));
	buf_fini(&out);
	return all_of;
}

static void
put_envelope(struct composer *c)
{
	if (all(c, OPT_ADD_ENVELOPE_FROM_HEADER))
		put(c, OPT_ENVELOPE_FROM_HEADER, c->m->env.sender,
		    HEADS_REPLACE);
	if (all(c, OPT_ADD_ENVELOPE_TO_HEADER))
		put(c, OPT_ENVELOPE_TO_HEADER, recipients_text(c),
		    HEADS_REPLACE);
}

static void
put_ip_version(struct composer *c)
{
	struct slice ip = c->m->env.client_ip;

	if (ip.n > 0)
		put(c, OPT_IP_PROTOCOL_VERSION_HEADER,
		    slice_chr(ip, ':') != SLICE_NOT_FOUND ? SLICE("IPv6")
							  : SLICE("IPv4"),
		    HEADS_REPLACE);
}

static void
put_tags(struct composer *c)
{
	const struct deed *d;
	struct subject_line s;

	subject_init(&s, c->m->arena, &c->top);
	vec_each (d, &c->p->deeds)
		if (d->kind == DEED_TAG_START || d->kind == DEED_TAG_END)
			subject_tag(&s, d->argument, d->kind == DEED_TAG_END);
	subject_finish(&s);
}

/* A word of Remove These Headers: a name, or an expression on the line. */
static void
drop_one(struct composer *c, struct slice word)
{
	const char *why = NULL;
	struct pattern p = {0};

	if (word.n == 0)
		return;
	if (word.n < 3 || word.p[0] != '/' || word.p[word.n - 1] != '/') {
		(void)heads_drop(&c->top, word);
		return;
	}
	pattern_parse(&p, c->m->arena, word, PATTERN_VIRUS, &why);
	heads_drop_matching(&c->top, &p);
	pattern_fini(&p);
}

static void
drop_listed(struct composer *c)
{
	struct slice list = text(c, OPT_REMOVE_THESE_HEADERS), word, one;

	while (slice_word(&list, &word))
		while (slice_field(&word, ',', &one))
			drop_one(c, one);
}

static void
compose_header_fields(struct composer *c)
{
	put(c, OPT_INFORMATION_HEADER, text(c, OPT_INFORMATION_HEADER_VALUE),
	    HEADS_REPLACE);
	put(c, OPT_ID_HEADER, c->m->env.id, HEADS_REPLACE);
	put_status(c);
	put_ip_version(c);
	put_envelope(c);
	if (!c->top.no_delete)
		heads_unique(&c->top, "Subject");
	put_tags(c);
	drop_listed(c);
}

void
compose_edits(struct edits *out, struct message *m, const struct plan *p,
    const struct act_context *ctx)
{
	struct composer c = {.m = m, .p = p, .ctx = ctx, .out = out};
	struct repair r;
	bool top, body;

	*out = (struct edits){0};
	if (p->untouched ||
	    (p->action != PLAN_DELIVER && p->action != PLAN_DELIVER_MODIFIED))
		return;
	heads_init(&c.top, m->arena, m->raw, m->mime->root->head);
	top = any(&c, OPT_PLACE_NEW_HEADERS_AT_TOP_OF_MESSAGE);
	c.top.at_top = top;
	c.top.no_delete = top && multiple_mode(&c) == HEADS_ADD;
	repair_init(&r, m, p, ctx, &c.top);
	body = repair_plan(&r);
	compose_header_fields(&c);
	if (body)
		(void)heads_drop(&c.top, SLICE("Content-Length"));
	heads_edits(&c.top, out);
	repair_edits(&r, out);
}

struct slice
compose_header(const struct message *m, const struct edits *e)
{
	struct edits_cursor cursor = {0};
	struct slice piece, head, line, rest;
	struct buf out;

	buf_init(&out, HEADER_MAX);
	/* Edits of the body come behind: enough of the message is enough. */
	while (out.n < m->mime->root->head.n + HEADER_MAX / 4 &&
	       edits_piece(e, m->raw, &cursor, &piece))
		(void)buf_add(&out, slice_sub(piece, 0, HEADER_MAX / 2));
	rest = buf_slice(&out);
	while (slice_line(&rest, &line) && line.n > 0)
		;
	head = slice_sub(buf_slice(&out), 0, out.n - rest.n);
	head = arena_dup(m->arena, head);
	buf_fini(&out);
	return head;
}

struct slice
compose_safe_name(struct arena *a, struct slice name, size_t most)
{
	char *to = arena_alloc(a, most + 1);
	size_t i, n = 0;

	for (i = 0; i < name.n && n < most; i++) {
		char c = name.p[i];
		bool good = text_is_alnum(c) || c == '.' || c == '_' ||
			    c == '+' || c == '-';

		/* One mark for a whole UTF-8 character. */
		if (!good && ((unsigned char)c & 0xc0) == 0x80)
			continue;
		to[n] = good && !(c == '.' && n == 0) ? c : '_';
		n++;
	}
	if (n == 0)
		to[n++] = '_';
	return slice_of(to, n);
}

struct slice
compose_quarantine_place(struct arena *a, struct slice id, int64_t now)
{
	struct tm tm = {0};
	time_t t = (time_t)now;

	(void)localtime_r(&t, &tm);
	return arena_printf(a, "%04d%02d%02d/%.*s", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday,
	    SLICE_FMT(compose_safe_name(a, id, 100)));
}

struct slice
compose_quarantine_dir(const struct message *m, const struct act_context *ctx)
{
	return compose_quarantine_place(m->arena, m->env.id, ctx->now);
}

struct slice
compose_quarantine_path(struct arena *a, const struct conf *c,
    const struct subject *s, struct slice place)
{
	struct slice root = slice_trim(conf_text(c, OPT_QUARANTINE_DIR, s, a));

	return arena_printf(a, "%.*s/%.*s", SLICE_FMT(root), SLICE_FMT(place));
}
