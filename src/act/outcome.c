#include "act/outcome.h"

#include "base/fail.h"
#include "base/text.h"

/* Written first; one process of an old build must not talk to a new one. */
enum { OUTCOME_FORMAT = 1 };

static void
pack_recipients(struct buf *b, const struct outcome *o)
{
	const struct recipient *r;

	pack_u8(b, o->new_recipients);
	pack_u32(b, (uint32_t)o->recipients.n);
	vec_each (r, &o->recipients) {
		pack_slice(b, r->address);
		pack_slice(b, r->orcpt);
		pack_u32(b, r->notify);
	}
}

void
outcome_pack(struct buf *b, const struct outcome *o)
{
	const struct keep_item *k;
	const struct notice *n;
	const struct slice *line;

	pack_u8(b, OUTCOME_FORMAT);
	pack_u8(b, (uint8_t)o->verb);
	pack_slice(b, o->reason);
	pack_u8(b, o->blame);
	edits_pack(b, &o->edits);
	pack_recipients(b, o);
	pack_u32(b, (uint32_t)o->keep.n);
	vec_each (k, &o->keep) {
		pack_slice(b, k->dir);
		pack_slice(b, k->name);
		pack_u8(b, k->whole);
		pack_slice(b, k->bytes);
	}
	pack_u32(b, (uint32_t)o->notices.n);
	vec_each (n, &o->notices) {
		pack_slice(b, n->key);
		envelope_pack(b, &n->env);
		pack_slice(b, n->bytes);
		pack_u8(b, n->copy);
	}
	pack_u32(b, (uint32_t)o->log.n);
	vec_each (line, &o->log)
		pack_slice(b, *line);
	pack_slice(b, o->record);
}

static bool
unpack_flag(struct unpack *u)
{
	uint8_t v;

	v = unpack_u8(u);
	if (v > 1)
		u->bad = true;
	return v == 1;
}

static void
unpack_recipients(struct unpack *u, struct outcome *o, struct arena *a)
{
	struct recipient *r;
	uint32_t count, i;

	o->new_recipients = unpack_flag(u);
	count = unpack_count(u, 12);
	for (i = 0; i < count && !u->bad; i++) {
		r = vec_push(a, &o->recipients);
		r->address = unpack_slice(u);
		r->orcpt = unpack_slice(u);
		r->notify = unpack_u32(u);
	}
}

static void
unpack_keep(struct unpack *u, struct outcome *o, struct arena *a)
{
	struct keep_item *k;
	uint32_t count, i;

	count = unpack_count(u, 13);
	for (i = 0; i < count && !u->bad; i++) {
		k = vec_push(a, &o->keep);
		k->dir = unpack_slice(u);
		k->name = unpack_slice(u);
		k->whole = unpack_flag(u);
		k->bytes = unpack_slice(u);
	}
}

static void
unpack_notices(struct unpack *u, struct outcome *o, struct arena *a)
{
	struct notice *n;
	uint32_t count, i;

	count = unpack_count(u, 9);
	for (i = 0; i < count && !u->bad; i++) {
		n = vec_push(a, &o->notices);
		n->key = unpack_slice(u);
		envelope_unpack(u, &n->env, a);
		n->bytes = unpack_slice(u);
		n->copy = unpack_flag(u);
	}
}

void
outcome_unpack(struct unpack *u, struct outcome *o, struct arena *a)
{
	uint32_t count, i;
	uint8_t verb;

	*o = (struct outcome){0};
	if (unpack_u8(u) != OUTCOME_FORMAT)
		u->bad = true;
	verb = unpack_u8(u);
	if (verb >= OUTCOME_VERB_COUNT)
		u->bad = true;
	else
		o->verb = (enum outcome_verb)verb;
	o->reason = unpack_slice(u);
	o->blame = unpack_flag(u);
	edits_unpack(u, &o->edits, a);
	unpack_recipients(u, o, a);
	unpack_keep(u, o, a);
	unpack_notices(u, o, a);
	count = unpack_count(u, 4);
	for (i = 0; i < count && !u->bad; i++)
		*vec_push(a, &o->log) = unpack_slice(u);
	o->record = unpack_slice(u);
}

bool
outcome_name_ok(struct slice name)
{
	size_t i;

	if (name.n == 0 || name.n > OUTCOME_NAME_MAX || name.p[0] == '.')
		return false;
	for (i = 0; i < name.n; i++)
		if (!text_is_alnum(name.p[i]) && name.p[i] != '.' &&
		    name.p[i] != '_' && name.p[i] != '+' && name.p[i] != '-')
			return false;
	return true;
}

static bool
dir_ok(struct slice dir)
{
	struct slice part;
	unsigned depth;

	if (dir.n == 0)
		return false;
	for (depth = 0; slice_field(&dir, '/', &part); depth++)
		if (depth == OUTCOME_DIR_DEPTH_MAX || !outcome_name_ok(part))
			return false;
	return true;
}

/* No control byte and not too long: fit for an envelope or a log line. */
static bool
text_ok(struct slice s)
{
	size_t i;

	if (s.n > OUTCOME_TEXT_MAX)
		return false;
	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

static bool
recipients_ok(const struct recipient *r, size_t n)
{
	size_t i;

	if (n > OUTCOME_RECIPIENTS_MAX)
		return false;
	for (i = 0; i < n; i++)
		if (r[i].address.n == 0 || !text_ok(r[i].address) ||
		    !text_ok(r[i].orcpt) || r[i].notify > 15)
			return false;
	return true;
}

static bool
envelope_ok(const struct envelope *e)
{
	const struct slice *const fields[] = {&e->id, &e->sender, &e->client_ip,
	    &e->client_name, &e->helo, &e->protocol, &e->auth_user, &e->ident,
	    &e->envid, &e->ret, &e->auth, &e->body};
	size_t i;

	for (i = 0; i < COUNT_OF(fields); i++)
		if (!text_ok(*fields[i]))
			return false;
	return e->recipients.n > 0 &&
	       recipients_ok(e->recipients.at, e->recipients.n);
}

static const char *
keep_fault(const struct outcome *o)
{
	const struct keep_item *k;

	if (o->keep.n > OUTCOME_KEEP_MAX)
		return "too many files for the quarantine";
	vec_each (k, &o->keep) {
		if (!dir_ok(k->dir))
			return "quarantine directory of a bad name";
		if (!outcome_name_ok(k->name))
			return "quarantine file of a bad name";
		if (k->whole && k->bytes.n > 0)
			return "quarantine file with two contents";
	}
	return NULL;
}

static const char *
notices_fault(const struct outcome *o)
{
	const struct notice *n, *before;

	if (o->notices.n > OUTCOME_NOTICES_MAX)
		return "too many notices";
	vec_each (n, &o->notices) {
		if (!outcome_name_ok(n->key))
			return "notice of a bad key";
		vec_each (before, &o->notices) {
			if (before == n)
				break;
			if (slice_eq(before->key, n->key))
				return "two notices of one key";
		}
		if (!envelope_ok(&n->env))
			return "notice with a bad envelope";
		if (n->bytes.n > OUTCOME_NOTICE_MAX)
			return "notice too big";
		if (n->copy != (n->bytes.n == 0))
			return "notice with no or two contents";
	}
	return NULL;
}

static const char *
edits_fault(const struct edits *e, size_t size)
{
	const struct edit *it;
	size_t added = 0;

	if (!edits_fit(e, size))
		return "edits do not fit the message";
	vec_each (it, &e->list) {
		if (it->insert.n > OUTCOME_INSERT_MAX - added)
			return "edits add too much";
		added += it->insert.n;
	}
	return NULL;
}

static const char *
texts_fault(const struct outcome *o)
{
	const struct slice *line;

	if (!text_ok(o->reason))
		return "bad reason";
	if (o->log.n > OUTCOME_LOG_MAX)
		return "too many log lines";
	vec_each (line, &o->log)
		if (line->n > OUTCOME_TEXT_MAX)
			return "log line too long";
	if (o->record.n > OUTCOME_RECORD_MAX)
		return "record too big";
	return NULL;
}

bool
outcome_fits(const struct outcome *o, size_t size, const char **why)
{
	const char *fault;

	fault = edits_fault(&o->edits, size);
	if (fault == NULL && !recipients_ok(o->recipients.at, o->recipients.n))
		fault = "bad recipients";
	if (fault == NULL && !o->new_recipients && o->recipients.n > 0)
		fault = "recipients without need";
	if (fault == NULL && o->new_recipients && o->recipients.n == 0 &&
	    o->verb == OUTCOME_DELIVER)
		fault = "delivery to nobody";
	if (fault == NULL)
		fault = keep_fault(o);
	if (fault == NULL)
		fault = notices_fault(o);
	if (fault == NULL)
		fault = texts_fault(o);
	*why = fault != NULL ? fault : "";
	return fault == NULL;
}
