#include "scan/structure.h"

#include "base/buf.h"

enum { DEFECTS_TEXT_MAX = 400, FINDINGS_MAX = 200 };

struct structure {
	struct message *m;
	struct arena *a;
	size_t findings;
};

static struct finding *
say(struct structure *s, enum finding_code code, int entity, bool block,
    enum option opt)
{
	struct finding *f = verdict_add(&s->m->verdict, s->a, code, entity);

	f->wish = block ? WISH_BLOCK : WISH_NOTE;
	f->rule = slice_str(options[opt].name);
	if (entity > 0 && s->m->entities.at[entity].names.n > 0)
		f->name = s->m->entities.at[entity].names.at[0];
	return f;
}

/* ---- sizes and counts --------------------------------------------------- */

static void
check_message_size(struct structure *s)
{
	int64_t most = message_number(s->m, OPT_MAXIMUM_MESSAGE_SIZE);

	if (most > 0 && s->m->raw.n > (uint64_t)most)
		say(s, FINDING_SIZE, ENTITY_WHOLE, true,
		    OPT_MAXIMUM_MESSAGE_SIZE)
		    ->detail = arena_printf(
		    s->a, "Message is too large: %zu bytes", s->m->raw.n);
}

static void
check_attachments(struct structure *s)
{
	int64_t most = message_number(s->m, OPT_MAXIMUM_ATTACHMENT_SIZE);
	int64_t least = message_number(s->m, OPT_MINIMUM_ATTACHMENT_SIZE);
	int64_t count_max =
	    message_number(s->m, OPT_MAXIMUM_ATTACHMENTS_PER_MESSAGE);
	int64_t count = 0;
	const struct entity *e;

	vec_each (e, &s->m->entities) {
		if (e->kind != ENTITY_PART || !e->leaf || e->mime == NULL ||
		    e->mime->reading > 0)
			continue;
		count++;
		if (!e->attachment)
			continue;
		if (most >= 0 && e->size > (uint64_t)most)
			say(s, FINDING_SIZE, e->index, true,
			    OPT_MAXIMUM_ATTACHMENT_SIZE)
			    ->detail = arena_printf(s->a,
			    "Attachment is too large: %llu bytes",
			    (unsigned long long)e->size);
		if (least > 0 && e->size < (uint64_t)least)
			say(s, FINDING_SIZE, e->index, true,
			    OPT_MINIMUM_ATTACHMENT_SIZE)
			    ->detail = SLICE("Attachment is too small");
	}
	if (count_max > 0 && count > count_max)
		say(s, FINDING_COUNT, ENTITY_WHOLE, true,
		    OPT_MAXIMUM_ATTACHMENTS_PER_MESSAGE)
		    ->detail = arena_printf(s->a,
		    "Too many attachments in message: %lld", (long long)count);
}

/* ---- encryption --------------------------------------------------------- */

static bool
any_yes(const struct message *m, enum option opt)
{
	return slice_chr(message_text(m, opt), '1') != SLICE_NOT_FOUND;
}

static bool
is_encrypted(const struct mime_part *p)
{
	size_t i;

	for (i = 0; i < p->types.n; i++) {
		struct slice t = p->types.at[i];

		if (slice_ends(t, "/encrypted"))
			return true;
		if (slice_is(t, "application/pkcs7-mime") ||
		    slice_is(t, "application/x-pkcs7-mime"))
			return slice_find_ci(
				   p->head, SLICE("enveloped-data")) >= 0;
	}
	return slice_starts(slice_trim(slice_sub(p->body, 0, 64)),
	    "-----BEGIN PGP MESSAGE-----");
}

static void
check_encryption(struct structure *s)
{
	bool not_encrypted = any_yes(s->m, OPT_BLOCK_UNENCRYPTED_MESSAGES);
	bool encrypted = any_yes(s->m, OPT_BLOCK_ENCRYPTED_MESSAGES);
	bool found = false;
	size_t i;

	if (!encrypted && !not_encrypted)
		return;
	for (i = 0; i < s->m->mime->parts.n && !found; i++)
		found = is_encrypted(s->m->mime->parts.at[i]);
	if (found && encrypted)
		say(s, FINDING_ENCRYPTED, ENTITY_WHOLE, true,
		    OPT_BLOCK_ENCRYPTED_MESSAGES)
		    ->detail = SLICE("Message was encrypted");
	if (!found && not_encrypted)
		say(s, FINDING_ENCRYPTED, ENTITY_WHOLE, true,
		    OPT_BLOCK_UNENCRYPTED_MESSAGES)
		    ->detail = SLICE("Message was not encrypted");
}

/* ---- readings and limits ------------------------------------------------ */

static struct slice
defect_words(struct structure *s, const char *before, uint64_t defects)
{
	struct buf b;
	struct slice text;
	unsigned d;

	buf_init(&b, DEFECTS_TEXT_MAX);
	(void)buf_adds(&b, before);
	for (d = 0; d < MIME_DEFECT_COUNT; d++)
		if ((defects & UINT64_C(1) << d) != 0)
			(void)buf_addf(
			    &b, " %s", mime_defect_word((enum mime_defect)d));
	text = arena_dup(s->a, buf_slice(&b));
	buf_fini(&b);
	return text;
}

/* What the parser could not see whole is never clean. */
static void
check_limits(struct structure *s)
{
	const struct mime_tree *t = s->m->mime;
	const uint64_t many = MIME_BIT(TOO_MANY_PARTS) |
			      MIME_BIT(TOO_MANY_FIELDS) |
			      MIME_BIT(TOO_MANY_READINGS);
	const uint64_t deep = MIME_BIT(TOO_DEEP),
		       big = MIME_BIT(HEADER_TOO_BIG);
	bool said = false;

	if ((t->defects & many) != 0) {
		say(s, FINDING_TOO_MANY, ENTITY_WHOLE, true,
		    OPT_MAXIMUM_ATTACHMENTS_PER_MESSAGE)
		    ->detail = defect_words(
		    s, "Not all of it was seen:", t->defects & many);
		said = true;
	}
	if ((t->defects & deep) != 0) {
		struct finding *f = say(s, FINDING_TOO_DEEP, ENTITY_WHOLE, true,
		    OPT_MAXIMUM_ATTACHMENTS_PER_MESSAGE);

		f->rule = SLICE("structure");
		f->detail = SLICE("Parts are nested too deep");
		said = true;
	}
	if ((t->defects & big) != 0 || (t->cut && !said)) {
		struct finding *f = say(s, FINDING_TOO_BIG, ENTITY_WHOLE, true,
		    OPT_MAXIMUM_ATTACHMENTS_PER_MESSAGE);

		f->rule = SLICE("structure");
		f->detail = (t->defects & big) != 0
				? SLICE("A header is too big to be read")
				: SLICE("More to decode than is decoded");
	}
}

static int
entity_of(const struct message *m, const struct mime_part *p)
{
	const struct entity *e;

	vec_each (e, &m->entities)
		if (e->kind == ENTITY_PART && e->mime == p)
			return e->index;
	return ENTITY_WHOLE;
}

/* false: enough was said. What is not told part by part is about the whole
 * message, which then cannot pass. */
static bool
may_say(
    struct structure *s, enum finding_code code, bool block, enum option opt)
{
	if (++s->findings <= FINDINGS_MAX)
		return true;
	say(s, code, ENTITY_WHOLE, block, opt)->detail =
	    SLICE("So many that not all of them are told");
	return false;
}

static void
check_readings(struct structure *s)
{
	const struct mime_tree *t = s->m->mime;
	bool block =
	    !slice_is(message_text(s->m, OPT_AMBIGUOUS_MESSAGES), "deliver");
	size_t i;

	if ((t->defects & mime_ambiguous()) == 0)
		return;
	for (i = 0; i < t->parts.n; i++) {
		const struct mime_part *p = t->parts.at[i];
		uint64_t found = p->defects & mime_ambiguous();

		if (found == 0)
			continue;
		if (!may_say(
			s, FINDING_AMBIGUOUS, block, OPT_AMBIGUOUS_MESSAGES))
			return;
		say(s, FINDING_AMBIGUOUS, entity_of(s->m, p), block,
		    OPT_AMBIGUOUS_MESSAGES)
		    ->detail =
		    defect_words(s, "Can be read in several ways:", found);
	}
	/* Of the message as a whole, not of one part. */
	if (s->findings == 0)
		say(s, FINDING_AMBIGUOUS, ENTITY_WHOLE, block,
		    OPT_AMBIGUOUS_MESSAGES)
		    ->detail = defect_words(s, "Can be read in several ways:",
		    t->defects & mime_ambiguous());
}

static void
check_fragments(struct structure *s)
{
	const struct mime_tree *t = s->m->mime;
	bool partial = message_yes(s->m, OPT_ALLOW_PARTIAL_MESSAGES);
	bool external = message_yes(s->m, OPT_ALLOW_EXTERNAL_MESSAGE_BODIES);
	size_t i;

	for (i = 0; i < t->parts.n; i++) {
		const struct mime_part *p = t->parts.at[i];

		if ((p->defects &
			(MIME_BIT(PARTIAL) | MIME_BIT(EXTERNAL_BODY))) == 0)
			continue;
		if (!may_say(s, FINDING_PARTIAL, !partial || !external,
			OPT_ALLOW_PARTIAL_MESSAGES))
			return;
		if ((p->defects & MIME_BIT(PARTIAL)) != 0)
			say(s, FINDING_PARTIAL, entity_of(s->m, p), !partial,
			    OPT_ALLOW_PARTIAL_MESSAGES)
			    ->detail = SLICE("Fragmented messages cannot be "
					     "scanned and are removed");
		if ((p->defects & MIME_BIT(EXTERNAL_BODY)) != 0)
			say(s, FINDING_EXTERNAL_BODY, entity_of(s->m, p),
			    !external, OPT_ALLOW_EXTERNAL_MESSAGE_BODIES)
			    ->detail = SLICE("External message bodies cannot "
					     "be scanned and are removed");
	}
}

void
structure_check(struct message *m, bool all)
{
	struct structure s = {.m = m, .a = m->arena};

	if (m->mime == NULL)
		return;
	check_limits(&s);
	check_readings(&s);
	s.findings = 0;
	check_fragments(&s);
	if (!all)
		return;
	check_message_size(&s);
	check_attachments(&s);
	check_encryption(&s);
}
