#include "mime/parser.h"

#include "base/text.h"
#include "mime/parser_private.h"

const struct mime_limits mime_default_limits = {
    .parts = 10000,
    .depth = 60,
    .header_bytes = 1024 * 1024,
    .fields = 4000,
    .params = 256,
    .names = 32,
    .boundaries = 128,
    .decoded_bytes = 512 * 1024 * 1024,
    .rescans = 8,
};

/* Other readings of a small message may look at this much. */
enum { RESCAN_FLOOR = 64 * 1024, MADE_AGAIN = 4, JOBS_MAX = 10000 };

const char *
mime_defect_word(enum mime_defect d)
{
	static const char *const words[] = {
#define DEFECT(constant, word, ambiguous) [MIME_DEFECT_##constant] = (word),
	    MIME_DEFECTS(DEFECT)
#undef DEFECT
	};

	return words[d];
}

uint64_t
mime_ambiguous(void)
{
#define DEFECT(constant, word, ambiguous) \
	| ((ambiguous) ? MIME_BIT(constant) : 0)
	return UINT64_C(0) MIME_DEFECTS(DEFECT);
#undef DEFECT
}

void
parse_cut(struct parse *ps, struct part *p, uint64_t defect)
{
	ps->tree->cut = true;
	p->mime.defects |= defect;
	ps->tree->defects |= defect;
}

void
parse_ask(struct parse *ps, const struct job *job)
{
	struct {
		const char *p;
		size_t n;
		const char *boundary;
		size_t boundary_n, head_end;
		unsigned field, as, bits;
	} key;
	const struct how *h = &job->how;
	bool added;

	if (job->text.n == 0)
		return;
	memset(&key, 0, sizeof(key));
	key.p = job->text.p;
	key.n = job->text.n;
	key.boundary = h->boundary.p;
	key.boundary_n = h->boundary.n;
	key.head_end = h->head_end;
	key.field = h->field;
	key.as = h->as;
	key.bits = (unsigned)h->eol | (unsigned)h->loose << 1 |
		   (unsigned)h->no_close << 2 | (unsigned)h->outer << 3 |
		   (unsigned)h->no_head << 4 | (unsigned)h->one_boundary << 5 |
		   (unsigned)h->decoded << 6 | (unsigned)job->inside << 7;
	(void)map_add(
	    &ps->asked, slice_of((const char *)&key, sizeof(key)), &added);
	if (!added)
		return;
	if (ps->jobs.n + ps->later.n >= JOBS_MAX) {
		parse_cut(ps, job->base, MIME_BIT(TOO_MANY_READINGS));
		return;
	}
	if (job->ambiguous == MIME_BIT(HIDDEN_MESSAGE))
		*vec_push(ps->arena, &ps->later) = *job;
	else
		*vec_push(ps->arena, &ps->jobs) = *job;
}

/* A job about p as it stands. */
static struct job
job_of(struct part *p, uint64_t ambiguous)
{
	return (struct job){.base = p,
	    .text = p->mime.all,
	    .foreign = p->mime.foreign,
	    .ambiguous = ambiguous};
}

/* Fields that some software does not believe, or reads in another way. */
static void
ask_about_type(struct parse *ps, struct part *p, const struct how *how)
{
	struct mime_part *m = &p->mime;
	struct job job;
	unsigned k;
	size_t i;
	bool multipart = false;

	if ((m->defects & MIME_BIT(DUPLICATE_HEADER)) != 0 && how->field == 0)
		for (k = 1; k < p->types; k++) {
			job = job_of(p, MIME_BIT(DUPLICATE_HEADER));
			job.how.eol = how->eol;
			job.how.field = k;
			parse_ask(ps, &job);
		}
	for (i = 1; i < m->types.n; i++)
		multipart = multipart || fields_is_multipart(m->types.at[i]);
	if (fields_is_multipart(m->type) || m->boundaries.n == 0 ||
	    how->as != AS_DECLARED || m->message)
		return;
	if (multipart || p->has_boundary) {
		job = job_of(p, MIME_BIT(HIDDEN_MESSAGE));
		job.how.eol = how->eol;
		job.how.as = AS_MULTIPART;
		parse_ask(ps, &job);
	}
}

/* The block could be content from its first byte on: it has no field, or, in
 * something inside the message, does not start with one. */
static bool
is_no_header(const struct part *p)
{
	const struct header_block *b = &p->mime.fields;
	const struct header_field *f;

	if (p->mime.parent != NULL && b->at[0].name.n == 0 &&
	    !slice_starts(b->at[0].raw, "From ") &&
	    !slice_starts(b->at[0].raw, ">From "))
		return true;
	vec_each (f, b)
		if (f->name.n > 0)
			return false;
	return true;
}

/* The header block may end somewhere else. */
static void
ask_about_head(struct parse *ps, struct part *p, const struct how *how)
{
	const struct header_block *b = &p->mime.fields;
	struct job job = job_of(p, MIME_BIT(HEADER_END));

	if (how->no_head || how->head_end > 0 || b->n == 0)
		return;
	job.how.eol = how->eol;
	if (b->other_end > 0) {
		job.how.head_end = b->other_end;
		parse_ask(ps, &job);
	}
	if (!is_no_header(p))
		return;
	job.how.head_end = 0;
	job.how.no_head = true;
	parse_ask(ps, &job);
}

/* A multipart without parts: its delimiters may be others than it says, or
 * encoded. */
static void
ask_about_multipart(struct parse *ps, struct part *p, const struct how *how)
{
	struct mime_part *m = &p->mime;
	struct job job =
	    job_of(p, m->boundaries.n > 0 ? MIME_BIT(BOUNDARY_CONFLICT)
					  : MIME_BIT(MISSING_BOUNDARY));
	struct slice boundary;

	job.how.eol = how->eol;
	job.how.loose = how->loose;
	ps->tree->work += m->body.n;
	if (!how->one_boundary && look_boundary(m->body, false, &boundary)) {
		job.how.one_boundary = true;
		job.how.boundary = boundary;
		parse_ask(ps, &job);
	}
}

/* A multipart with a transfer encoding: as if it were undone. */
static void
ask_about_encoded(struct parse *ps, struct part *p, const struct how *how)
{
	struct mime_part *m = &p->mime;
	struct job job = job_of(p, MIME_BIT(ENCODED_MULTIPART));
	struct slice decoded;
	char *text;
	size_t i;

	m->defects |= m->multipart ? 0 : MIME_BIT(ENCODED_MULTIPART);
	for (i = 0; i < m->encodings.n; i++) {
		if (m->encodings.at[i] == CODEC_IDENTITY ||
		    m->encodings.at[i] == CODEC_UNKNOWN)
			continue;
		decoded = decode_all(ps, m->encodings.at[i], m->body);
		text = arena_alloc(ps->arena, m->head.n + decoded.n + 1);
		memcpy(text, m->head.p, m->head.n);
		if (decoded.n > 0)
			memcpy(text + m->head.n, decoded.p, decoded.n);
		job.text = slice_of(text, m->head.n + decoded.n);
		job.foreign = true;
		job.how = *how;
		job.how.decoded = true;
		parse_ask(ps, &job);
	}
}

/* A message with a transfer encoding: decoded, which most readers do, and as
 * it stands. */
static void
ask_about_message(struct parse *ps, struct part *p, const struct how *how)
{
	struct mime_part *m = &p->mime;
	bool raw = look_is_message(m->body), main = m->reading == 0;
	struct job job = job_of(p, 0);
	size_t i;

	m->defects |= MIME_BIT(ENCODED_MESSAGE);
	job.inside = true;
	job.how.eol = how->eol;
	for (i = 0; i < m->encodings.n; i++) {
		enum codec_encoding e = m->encodings.at[i];

		if (e == CODEC_IDENTITY || e == CODEC_UNKNOWN)
			continue;
		job.text = decode_all(ps, e, m->body);
		job.foreign = m->foreign || job.text.p != m->body.p;
		if (raw && look_is_message(job.text) && e != CODEC_QP)
			m->defects |= MIME_BIT(ENCODING_CONFLICT);
		job.main = main && (!raw || look_is_message(job.text));
		main = main && !job.main;
		parse_ask(ps, &job);
	}
	if (!raw)
		return;
	job.text = m->body;
	job.foreign = m->foreign;
	job.main = main;
	parse_ask(ps, &job);
}

static bool
kind_is_identity(enum codec_encoding e)
{
	return e == CODEC_IDENTITY || e == CODEC_UNKNOWN;
}

/* A leaf that holds what it does not say: a message or a multipart. */
static void
ask_about_leaf(struct parse *ps, struct part *p, const struct how *how)
{
	struct mime_part *m = &p->mime;
	enum codec_encoding e = m->encodings.at[0];
	struct slice look, boundary;
	struct job job = job_of(p, MIME_BIT(HIDDEN_MESSAGE));

	if (m->body.n < 16 || p->mime.depth + 1 >= ps->limits->depth)
		return;
	if (kind_is_identity(e) && look_is_base64(m->body))
		e = CODEC_BASE64;
	look = look_decoded(ps->arena, e, m->body);
	job.how.eol = how->eol;
	if (look_is_message(look)) {
		if (m->parent == NULL &&
		    (m->fields.flags & HEADER_EMPTY_FIRST) != 0)
			job.ambiguous |= MIME_BIT(HEADER_END);
	} else if (!how->one_boundary && look_boundary(look, true, &boundary)) {
		job.how.no_head = true;
		job.how.as = AS_MULTIPART;
		job.how.one_boundary = true;
		job.how.boundary = boundary;
	} else {
		return;
	}
	job.text = m->body;
	if (!kind_is_identity(e)) {
		job.text = decode_all(ps, e, m->body);
		job.foreign = job.foreign || job.text.p != m->body.p;
		if (job.how.one_boundary)
			job.how.boundary =
			    arena_dup(ps->arena, job.how.boundary);
	}
	parse_ask(ps, &job);
}

static void
look_at_base64(struct parse *ps, struct part *p)
{
	struct mime_part *m = &p->mime;
	size_t i;

	for (i = 0; i < m->encodings.n; i++)
		if (m->encodings.at[i] == CODEC_BASE64 &&
		    look_base64_goes_on(m->body))
			m->defects |= MIME_BIT(BASE64_CONFLICT);
	(void)ps;
}

/* Everything about a part that asks for one more reading. */
static void
look_at_part(struct parse *ps, struct part *p, const struct how *how)
{
	const struct how plain = {.eol = how->eol, .loose = how->loose};
	struct mime_part *m = &p->mime;

	ask_about_type(ps, p, how);
	ask_about_head(ps, p, how);
	if (m->multipart)
		return;
	if (fields_is_multipart(m->type)) {
		ask_about_multipart(ps, p, how);
		if (p->child_encoded)
			ask_about_encoded(ps, p, how);
	} else if (p->child_encoded && fields_is_message(m->type)) {
		ask_about_message(ps, p, &plain);
	} else if (!m->message) {
		look_at_base64(ps, p);
		ask_about_leaf(ps, p, how);
	}
}

/* A CR that is no line end stands in front of what could be a delimiter. By
 * memchr: most mail has no CR, or only those of CRLF. */
static bool
has_cr_delimiter(struct slice text)
{
	const char *p = text.p, *end = text.p + text.n;

	while (
	    p + 1 < end && (p = memchr(p, '\r', (size_t)(end - p - 1))) != NULL)
		if (*++p == '-')
			return true;
	return false;
}

/* The same text with each CR as a line end, where that could matter. */
static void
ask_about_cr(struct parse *ps, const struct job *done, struct part *base)
{
	struct job job = *done;

	if (done->how.eol == HEADER_EOL_ANY)
		return;
	if (!ps->bare_cr && !((done->foreign || done->base == NULL) &&
				has_cr_delimiter(done->text)))
		return;
	job.base = base;
	job.main = false;
	job.ambiguous |= MIME_BIT(BARE_CR_STRUCTURE);
	job.how.eol = HEADER_EOL_ANY;
	parse_ask(ps, &job);
}

/* A NUL in a line that could be a delimiter without it. Each line is looked
 * at once. */
static bool
has_nul_delimiter(struct slice text)
{
	const char *p = text.p, *end = text.p + text.n, *from = p, *line;

	while (p < end && (p = memchr(p, '\0', (size_t)(end - p))) != NULL) {
		ptrdiff_t lf =
		    slice_rchr(slice_of(from, (size_t)(p - from)), '\n');

		line = from + (lf + 1);
		while (line < end && *line == '\0')
			line++;
		if (line < end && *line == '-')
			return true;
		p = line > p ? line : p;
		p = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
		if (p == NULL)
			break;
		from = ++p;
	}
	return false;
}

/* The same text without NULs, which some software drops. */
static void
ask_about_nul(struct parse *ps, const struct job *done, struct part *base)
{
	struct job job = *done;
	char *text;
	size_t i, n = 0;

	if (done->how.head_end > 0 || done->text.n > ps->left)
		return;
	if (!ps->nul && !((done->foreign || done->base == NULL) &&
			    has_nul_delimiter(done->text)))
		return;
	text = arena_alloc(ps->arena, done->text.n);
	for (i = 0; i < done->text.n; i++)
		if (done->text.p[i] != '\0')
			text[n++] = done->text.p[i];
	job.text = slice_of(text, n);
	job.foreign = true;
	job.base = base;
	job.main = false;
	job.ambiguous |= MIME_BIT(NUL_HEADER);
	parse_ask(ps, &job);
}

/* The part a job was for, when the reading was new. */
static void
tell_base(struct part *base, const struct job *job)
{
	struct part *told = more_kept(base);

	told->mime.defects |= job->ambiguous;
	if (job->inside && base->kept && !base->mime.multipart &&
	    fields_is_message(base->mime.type))
		base->mime.message = true;
}

static void
run_job(struct parse *ps, const struct job *job)
{
	const struct how plain = {.eol = job->how.eol, .loose = job->how.loose};
	struct found found;
	struct part **p, *base = job->base;
	struct mime_part *parent = NULL;

	ps->bare_cr = ps->nul = false;
	if (job->inside)
		parent = &base->mime;
	else if (base != NULL)
		parent = base->mime.parent;
	split_text(ps, &found, job, parent != NULL ? part_of(parent) : NULL);
	if (job->main && base != NULL) {
		found.parts.at[0]->number = ++base->children;
		base->mime.message = true;
	}
	if (more_join(ps, &found, job) && base != NULL)
		tell_base(base, job);
	/* also when nothing was new: only the next reading may show it */
	vec_each (p, &found.parts)
		look_at_part(
		    ps, *p, *p == found.parts.at[0] ? &job->how : &plain);
	if (base == NULL)
		base = found.parts.at[0];
	ask_about_cr(ps, job, base);
	ask_about_nul(ps, job, base);
}

/* Bytes that are no text anywhere in the message. */
static void
look_at_bytes(struct mime_tree *t)
{
	const char *p = t->raw.p, *end = t->raw.p + t->raw.n;

	if (t->raw.n > 0 && memchr(p, 0, t->raw.n) != NULL)
		t->root->defects |= MIME_BIT(NUL);
	while (p < end && (p = memchr(p, '\r', (size_t)(end - p))) != NULL) {
		p++;
		if (p < end && *p == '\n')
			continue;
		if (p + 1 < end && *p == '\r' && p[1] == '\n')
			continue;
		t->root->defects |= MIME_BIT(BARE_CR);
		break;
	}
}

static void
finish(struct parse *ps)
{
	struct mime_tree *t = ps->tree;
	struct mime_part **p;

	vec_each (p, &t->parts)
		t->defects |= (*p)->defects;
	t->header_end = t->root->fields.fields_end;
	t->crlf = t->root->fields.crlf;
}

/* Readings ask for more readings; a guess is made last, so that what it finds
 * is laid to a construct that shows the same. */
static void
run_jobs(struct parse *ps)
{
	size_t i = 0, k = 0;
	struct job job;

	while (i < ps->jobs.n || k < ps->later.n) {
		job = i < ps->jobs.n ? ps->jobs.at[i++] : ps->later.at[k++];
		if (job.text.n > ps->left) {
			parse_cut(ps, job.base, MIME_BIT(TOO_MANY_READINGS));
			continue;
		}
		ps->left -= job.text.n;
		run_job(ps, &job);
	}
}

struct mime_tree *
mime_parse(struct arena *a, struct slice raw, const struct mime_limits *limits)
{
	struct parse ps = {.arena = a, .limits = limits};
	struct job job = {.text = raw, .main = true};
	size_t floor = raw.n < RESCAN_FLOOR ? RESCAN_FLOOR : raw.n;

	if (raw.p == NULL)
		job.text = raw = SLICE("");
	ps.tree = arena_make(a, struct mime_tree);
	ps.tree->raw = raw;
	ps.most = limits->parts;
	ps.left = floor * limits->rescans;
	map_init(&ps.asked, a);
	run_job(&ps, &job);
	look_at_bytes(ps.tree);
	ps.most = ps.made + limits->parts * MADE_AGAIN;
	run_jobs(&ps);
	finish(&ps);
	return ps.tree;
}
