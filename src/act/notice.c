#include "act/notice.h"

#include <time.h>

#include "act/fold.h"
#include "act/heads.h"
#include "act/values.h"
#include "base/map.h"

enum { NOTICE_MAX = 1 << 20, HEADERS_SHOWN = 1 << 16, LINE_SHOWN = 8192 };

/* Set on all mail of our own; mail that has it is never answered. */
static const char marker[] = "X-Reeve-Notice";

static void
header_of(struct heads *h, const struct message *m)
{
	heads_init(h, m->arena, m->raw,
	    m->mime != NULL ? m->mime->root->head : SLICE_NONE);
}

static struct slice
option(const struct message *m, enum option opt)
{
	return slice_trim(conf_text(m->conf, opt, &m->subject, m->arena));
}

static bool
listed(struct slice list, struct slice word)
{
	struct slice one;

	while (slice_word(&list, &one))
		if (slice_eq_ci(one, word))
			return true;
	return false;
}

const char *
notice_sender_barred(const struct message *m)
{
	struct slice sender = m->env.sender;
	const struct head *f;
	struct heads h;

	if (sender.n == 0 || slice_is(sender, "<>"))
		return "null sender";
	if (slice_starts_ci(sender, "mailer-daemon"))
		return "automatic sender";
	header_of(&h, m);
	f = heads_find(&h, "Auto-Submitted");
	if (f != NULL && !slice_is_ci(slice_trim(f->value), "no"))
		return "automatic mail";
	if (heads_find(&h, marker) != NULL)
		return "our own notice";
	if (heads_find(&h, "List-Id") != NULL)
		return "mailing list";
	f = heads_find(&h, "Precedence");
	if (f != NULL &&
	    listed(option(m, OPT_NEVER_NOTIFY_SENDERS_OF_PRECEDENCE),
		slice_trim(f->value)))
		return "precedence";
	return NULL;
}

/* Fields that every notice has from us and no template may give. */
static bool
is_ours(struct slice name)
{
	static const char *const names[] = {"Date", "Message-ID",
	    "MIME-Version", "Auto-Submitted", "Bcc", "Return-Path", marker};
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++)
		if (slice_is_ci(name, names[i]))
			return true;
	return slice_starts_ci(name, "Content-") ||
	       slice_starts_ci(name, "Resent-");
}

static void
put_date(struct buf *out, int64_t when)
{
	char text[64];
	struct tm tm = {0};
	time_t t = (time_t)when;
	size_t n;

	(void)localtime_r(&t, &tm);
	n = strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S %z", &tm);
	(void)buf_addf(out, "Date: %.*s\n", (int)n, text);
}

/* A notice being written. */
struct writer {
	struct arena *arena;
	const struct act_context *ctx;
	struct slice id; /* of the message it is about */
	const char *key;
	const char *submitted; /* RFC 3834: auto-generated, auto-replied */
};

static void
put_our_fields(struct buf *out, const struct writer *w, enum fold_encoding e)
{
	struct slice host = w->ctx->hostname;

	put_date(out, w->ctx->now);
	(void)buf_addf(out, "Message-ID: <%.*s.%s.%lld@%.*s>\n",
	    SLICE_FMT(compose_safe_name(w->arena, w->id, 100)), w->key,
	    (long long)w->ctx->now,
	    SLICE_FMT(compose_safe_name(
		w->arena, host.n > 0 ? host : SLICE("localhost"), 200)));
	(void)buf_addf(out,
	    "Auto-Submitted: %s\n%s: yes\nMIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=\"%s\"\n"
	    "Content-Transfer-Encoding: %s\n\n",
	    w->submitted, marker, e == FOLD_7BIT ? "us-ascii" : "utf-8",
	    fold_encoding_word(e));
}

/* A complete message of header lines (folded already) and text. */
static struct slice
finished(const struct writer *w, struct slice header, struct slice text)
{
	enum fold_encoding e = fold_encoding_of(text);
	struct slice all;
	struct buf out;

	buf_init(&out, NOTICE_MAX * 4);
	(void)buf_add(&out, header);
	put_our_fields(&out, w, e);
	fold_body(&out, text, e, "\n");
	all = arena_dup(w->arena, buf_slice(&out));
	buf_fini(&out);
	return all;
}

static bool
has_high_byte(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return true;
	return false;
}

/* Control bytes have no place in an address: such a one gets no mail. */
static bool
address_ok(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 0 && s.n <= 320;
}

static void
add_recipient(struct notice *n, struct arena *a, struct slice address)
{
	struct recipient *r;

	if (!address_ok(address))
		return;
	r = vec_push(a, &n->env.recipients);
	r->address = address;
	r->notify = NOTIFY_NEVER;
	n->env.smtputf8 |= has_high_byte(address);
}

static struct notice
new_notice(const struct writer *w, struct slice bytes)
{
	struct notice n = {.key = slice_str(w->key), .bytes = bytes};

	n.env.protocol = SLICE("local");
	n.env.received_at = w->ctx->now;
	return n;
}

/* To the addresses of a setting, between blanks or commas. */
static void
add_notice(struct outcome *o, const struct writer *w, struct slice addresses,
    struct slice bytes)
{
	struct notice n = new_notice(w, bytes);
	struct slice word;

	while (slice_word(&addresses, &word)) {
		struct slice one;

		while (slice_field(&word, ',', &one))
			if (one.n > 0)
				add_recipient(&n, w->arena, one);
	}
	if (n.env.recipients.n > 0)
		*vec_push(w->arena, &o->notices) = n;
}

/* "Report: " lines, each once. */
static struct slice
sender_report(const struct message *m, const struct plan *p,
    const struct act_context *ctx)
{
	struct slice rest = plan_report(p, m->arena), line, all;
	const char *word =
	    arena_str(m->arena, arena_printf(m->arena, "%.*s: ",
				    SLICE_FMT(templates_word(ctx->templates,
					m->conf, &m->subject, "Report"))));
	struct map seen;
	struct buf out;
	bool added;

	map_init(&seen, m->arena);
	buf_init(&out, NOTICE_MAX);
	while (slice_line(&rest, &line)) {
		(void)map_add(&seen, line, &added);
		if (added && line.n > 0)
			(void)buf_addf(&out, "%s%.*s\n",
			    slice_starts(line, word) ? "" : word,
			    SLICE_FMT(line));
	}
	all = arena_dup(m->arena, buf_slice(&out));
	buf_fini(&out);
	return all;
}

static enum option
sender_template(const struct plan *p)
{
	if (p->action == PLAN_REJECT)
		return OPT_REJECTION_REPORT;
	if (p->kinds & PLAN_KIND_VIRUS)
		return OPT_SENDER_VIRUS_REPORT;
	if (p->kinds & PLAN_KIND_NAME)
		return OPT_SENDER_BAD_FILENAME_REPORT;
	if (p->kinds & PLAN_KIND_ERROR)
		return OPT_SENDER_ERROR_REPORT;
	if (p->kinds & PLAN_KIND_OTHER)
		return OPT_SENDER_CONTENT_REPORT;
	return OPT_SENDER_SIZE_REPORT;
}

/* The template's own fields but those that are ours; From and To if they are
 * missing. */
static struct slice
template_fields(const struct message *m, struct slice mail, struct slice to,
    struct slice *text)
{
	struct heads h;
	const struct head *f;
	struct slice all;
	struct buf out;

	heads_init(&h, m->arena, mail, mail);
	*text = slice_from(mail, h.bottom + (h.blank ? 1 : 0));
	buf_init(&out, NOTICE_MAX);
	if (heads_find(&h, "From") == NULL)
		fold_addresses(
		    &out, SLICE("From"), option(m, OPT_LOCAL_POSTMASTER), "\n");
	if (heads_find(&h, "To") == NULL)
		fold_addresses(&out, SLICE("To"), to, "\n");
	vec_each (f, &h.list)
		if (!is_ours(f->name))
			(void)buf_add(&out, f->all);
	all = arena_dup(m->arena, buf_slice(&out));
	buf_fini(&out);
	return all;
}

static void
add_sender(struct outcome *o, struct message *m, const struct plan *p,
    const struct act_context *ctx)
{
	struct writer w = {m->arena, ctx, m->env.id, "sender", "auto-replied"};
	struct slice mail, fields, text;
	struct notice n;
	struct values v;

	values_init(&v, m, ctx);
	values_set(&v, "report", sender_report(m, p, ctx));
	values_set(&v, "filename", plan_names(p, m));
	mail = values_expand(&v, m, ctx, sender_template(p), TEMPLATE_MAIL);
	fields = template_fields(m, mail, m->env.sender, &text);
	/* One address, whatever it holds: never taken apart. */
	n = new_notice(&w, finished(&w, fields, text));
	add_recipient(&n, m->arena, m->env.sender);
	if (n.env.recipients.n > 0)
		*vec_push(m->arena, &o->notices) = n;
}

/* What a notice to the administrators tells. */
struct admin_story {
	const struct conf *conf;
	const struct subject *subject;
	const struct envelope *env;
	const struct act_context *ctx;
	struct arena *arena;
	unsigned kinds;
	struct slice report;
	struct slice headers;    /* raw; empty: not shown */
	struct slice shown;      /* the subject */
	struct slice quarantine; /* empty: nothing stored */
};

static struct slice
word_of(const struct admin_story *s, const char *key)
{
	return templates_word(s->ctx->templates, s->conf, s->subject, key);
}

static struct slice
story_option(const struct admin_story *s, enum option opt)
{
	return slice_trim(conf_text(s->conf, opt, s->subject, s->arena));
}

/* The kinds of what was found, in the order of their keys. */
static struct slice
reasons_of(const struct admin_story *s)
{
	static const struct {
		unsigned kinds;
		const char *key;
	} words[] = {
	    {PLAN_KIND_NAME, "NoticeFilenameInfected"},
	    {PLAN_KIND_OTHER | PLAN_KIND_ERROR, "NoticeOtherInfected"},
	    {PLAN_KIND_SIZE, "NoticeSizeInfected"},
	    {PLAN_KIND_VIRUS, "NoticeVirusInfected"},
	};
	struct slice all = SLICE_NONE;
	size_t i;

	for (i = 0; i < COUNT_OF(words); i++)
		if (s->kinds & words[i].kinds)
			all = arena_printf(s->arena, "%.*s%s%.*s",
			    SLICE_FMT(all), all.n > 0 ? " : " : "",
			    SLICE_FMT(word_of(s, words[i].key)));
	return all;
}

/* "\n" in a setting is a line end. */
static void
put_signature(struct buf *out, struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] == 'n') {
			(void)buf_addc(out, '\n');
			i++;
		} else {
			(void)buf_addc(out, s.p[i]);
		}
	}
	(void)buf_addc(out, '\n');
}

static void
put_line(struct buf *out, const char *name, struct slice value)
{
	struct buf clean;

	buf_init(&clean, NOTICE_MAX);
	fold_clean(&clean, slice_sub(value, 0, LINE_SHOWN), false);
	(void)buf_addf(out, "%10s: %.*s\n", name, SLICE_FMT(buf_slice(&clean)));
	buf_fini(&clean);
}

static struct slice
recipients_of(const struct admin_story *s)
{
	const struct recipient *r;
	struct slice all;
	struct buf out;

	buf_init(&out, LINE_SHOWN);
	vec_each (r, &s->env->recipients)
		(void)buf_addf(&out, "%s%.*s", out.n > 0 ? ", " : "",
		    SLICE_FMT(r->address));
	all = arena_dup(s->arena, buf_slice(&out));
	buf_fini(&out);
	return all;
}

/* The lines of the report, the first behind the word, the others below it. */
static void
put_report(struct buf *out, const struct admin_story *s)
{
	struct slice rest = s->report, line;
	const char *word = arena_str(s->arena, word_of(s, "Report"));

	while (slice_line(&rest, &line)) {
		put_line(out, word, line);
		word = "";
	}
}

static void
put_admin_text(struct buf *out, const struct admin_story *s)
{
	struct slice rest, line;

	(void)buf_addf(out, "%.*s: %.*s\n\n",
	    SLICE_FMT(word_of(s, "NoticePrefix")), SLICE_FMT(reasons_of(s)));
	put_line(out, "Sender", s->env->sender);
	put_line(out, "IP Address", s->env->client_ip);
	put_line(out, "Recipient", recipients_of(s));
	put_line(out, "Subject", s->shown);
	put_line(out, "MessageID", s->env->id);
	put_line(out, "Quarantine", s->quarantine);
	put_report(out, s);
	if (s->headers.n > 0) {
		(void)buf_addf(out, "\n%.*s:\n\n",
		    SLICE_FMT(word_of(s, "FullHeadersAre")));
		rest = slice_sub(s->headers, 0, HEADERS_SHOWN);
		while (slice_line(&rest, &line) && line.n > 0) {
			(void)buf_addc(out, ' ');
			fold_clean(out, line, false);
			(void)buf_addc(out, '\n');
		}
	}
	(void)buf_addc(out, '\n');
	put_signature(out, story_option(s, OPT_NOTICE_SIGNATURE));
}

/* A display name that may hold anything. */
static struct slice
quoted(struct arena *a, struct slice name)
{
	char *to = arena_alloc(a, 2 * name.n + 2);
	size_t i, n = 0;

	to[n++] = '"';
	for (i = 0; i < name.n; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\')
			to[n++] = '\\';
		to[n++] = name.p[i];
	}
	to[n++] = '"';
	return slice_of(to, n);
}

static void
add_admin(struct outcome *o, const struct admin_story *s)
{
	struct writer w = {
	    s->arena, s->ctx, s->env->id, "admin", "auto-generated"};
	struct slice to = story_option(s, OPT_NOTICES_TO), from;
	struct slice postmaster = story_option(s, OPT_LOCAL_POSTMASTER);
	struct buf header, text;

	from = arena_printf(s->arena, "%.*s <%.*s>",
	    SLICE_FMT(quoted(s->arena, story_option(s, OPT_NOTICES_FROM))),
	    SLICE_FMT(postmaster));
	buf_init(&header, NOTICE_MAX);
	buf_init(&text, NOTICE_MAX);
	fold_addresses(&header, SLICE("From"), from, "\n");
	fold_addresses(&header, SLICE("To"), to, "\n");
	fold_field(&header, SLICE("Subject"), reasons_of(s), "\n");
	put_admin_text(&text, s);
	add_notice(
	    o, &w, to, finished(&w, buf_slice(&header), buf_slice(&text)));
	buf_fini(&header);
	buf_fini(&text);
}

void
notice_add(struct outcome *o, struct message *m, const struct plan *p,
    const struct act_context *ctx)
{
	struct admin_story s = {.conf = m->conf,
	    .subject = &m->subject,
	    .env = &m->env,
	    .ctx = ctx,
	    .arena = m->arena,
	    .kinds = p->kinds};
	struct values v;
	size_t i;

	if (p->warn_sender)
		add_sender(o, m, p, ctx);
	if (!p->warn_admin)
		return;
	s.report = plan_report(p, m->arena);
	values_init(&v, m, ctx);
	for (i = 0; i < v.n; i++)
		if (strcmp(v.at[i].name, "subject") == 0)
			s.shown = v.at[i].value;
	if (m->mime != NULL &&
	    slice_chr(option(m, OPT_NOTICES_INCLUDE_FULL_HEADERS), '1') !=
		SLICE_NOT_FOUND)
		s.headers = m->mime->root->head;
	if (p->stored)
		s.quarantine = compose_quarantine_path(m->arena, m->conf,
		    &m->subject, compose_quarantine_dir(m, ctx));
	add_admin(o, &s);
}

void
notice_add_poison(struct outcome *o, struct arena *a, const struct conf *conf,
    const struct envelope *env, const struct act_context *ctx,
    struct slice report)
{
	struct admin_story s = {.conf = conf,
	    .env = env,
	    .ctx = ctx,
	    .arena = a,
	    .kinds = PLAN_KIND_ERROR,
	    .report = report};

	if (slice_chr(conf_text(conf, OPT_SEND_NOTICES, NULL, a), '1') ==
	    SLICE_NOT_FOUND)
		return;
	if (o->keep.n > 0)
		s.quarantine =
		    compose_quarantine_path(a, conf, NULL, o->keep.at[0].dir);
	add_admin(o, &s);
}
