/* One pass over one text: lines that start with "--" are compared with the
 * boundaries that are open, everything between them is somebody's body. */
#include "base/text.h"
#include "mime/parser_private.h"

enum { NO_CANDIDATE = -1, FORMS_MAX = 16 };

/* A multipart that is open, or closed while its epilogue goes on. */
struct frame {
	struct part *part;
	int used;        /* the candidate that was met first */
	unsigned others; /* bits of other candidates met */
	size_t first_candidate, candidates;
	size_t preamble_end;
	size_t epilogue;
	bool closed;
	bool loose;       /* a delimiter by prefix or in another case */
	bool after_close; /* a delimiter behind the close delimiter */
	bool same;        /* has the boundary of one around it */
};

struct candidate {
	struct slice boundary;
	uint64_t head, mask; /* its first bytes */
	size_t frame;
};

/* A multipart that ended without its close delimiter: who looks for that
 * alone goes on behind the delimiter around it. */
struct abandoned {
	struct part *part;
	struct slice boundary;
	bool seen;
};

struct split {
	struct parse *parse;
	struct found *found;
	const struct job *job;
	struct slice text;
	struct part *cur;
	VEC_OF(struct frame) frames;
	VEC_OF(struct candidate) candidates;
	VEC_OF(struct abandoned) abandoned;
	size_t compares;
	bool full; /* no more parts */
	bool same; /* one boundary at two levels, and used */
};

/* The line at `from`: where its content ends and where the next starts. */
static size_t
line_end(const struct split *s, size_t from, size_t *next)
{
	const char *p = s->text.p + from, *end = s->text.p + s->text.n, *q;

	if (s->job->how.eol == HEADER_EOL_ANY) {
		for (q = p; q < end && *q != '\n' && *q != '\r'; q++)
			;
		*next = (size_t)(q - s->text.p);
		from = *next;
		if (q < end)
			(*next)++;
		if (q + 1 < end && *q == '\r' && q[1] == '\n')
			(*next)++;
		else if (q + 2 < end && *q == '\r' && q[1] == '\r' &&
			 q[2] == '\n')
			*next += 2;
		return from;
	}
	q = memchr(p, '\n', (size_t)(end - p));
	if (q == NULL) {
		q = end;
		*next = s->text.n;
	} else {
		*next = (size_t)(q - s->text.p) + 1;
	}
	while (q > p && q[-1] == '\r')
		q--;
	return (size_t)(q - s->text.p);
}

/* An empty span has a place, too: slice_sub would forget it. */
static struct slice
span(const struct split *s, size_t from, size_t to)
{
	return slice_of(s->text.p + from, to > from ? to - from : 0);
}

static uint64_t
first_bytes(struct slice s)
{
	uint64_t w = 0;

	if (s.n > 0)
		memcpy(&w, s.p, s.n < sizeof(w) ? s.n : sizeof(w));
	return w;
}

static uint64_t
first_mask(size_t n)
{
	unsigned char m[sizeof(uint64_t)] = {0};
	uint64_t w;

	memset(m, 0xff, n < sizeof(m) ? n : sizeof(m));
	memcpy(&w, m, sizeof(w));
	return w;
}

static bool
is_blank(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!text_is_wsp(s.p[i]))
			return false;
	return true;
}

struct hit {
	size_t frame;
	int candidate;
	bool close;
	bool loose;
};

/* What the line behind "--" is for candidate c. */
static bool
match(struct slice line, const struct candidate *c, struct hit *hit)
{
	struct slice rest;
	bool exact;

	if (line.n < c->boundary.n)
		return false;
	exact = c->boundary.n <= sizeof(c->head) ||
		memcmp(line.p, c->boundary.p, c->boundary.n) == 0;
	if (!exact)
		return false;
	rest = slice_from(line, c->boundary.n);
	hit->close = rest.n >= 2 && rest.p[0] == '-' && rest.p[1] == '-';
	hit->loose = !is_blank(hit->close ? slice_from(rest, 2) : rest);
	return true;
}

/* A delimiter in another case. */
static bool
match_case(struct slice line, const struct candidate *c, struct hit *hit)
{
	struct slice rest;

	if (line.n < c->boundary.n ||
	    text_lower(line.p[0]) != text_lower(c->boundary.p[0]) ||
	    !slice_eq_ci(slice_sub(line, 0, c->boundary.n), c->boundary))
		return false;
	rest = slice_from(line, c->boundary.n);
	hit->close = slice_starts(rest, "--");
	hit->loose = true;
	return true;
}

/* The frame a line belongs to, innermost first; in a loose reading also the
 * longest boundary it starts with. */
static bool
find_frame(struct split *s, struct slice line, struct hit *best)
{
	uint64_t head = first_bytes(line);
	size_t i, longest = 0;
	bool found = false;

	s->compares += s->candidates.n;
	for (i = s->candidates.n; i-- > 0;) {
		const struct candidate *c = &s->candidates.at[i];
		struct frame *f = &s->frames.at[c->frame];
		struct hit hit = {.frame = c->frame};
		bool same = (head & c->mask) == c->head && match(line, c, &hit);

		if (!same && !match_case(line, c, &hit))
			continue;
		hit.candidate = (int)(i - f->first_candidate);
		if (!hit.loose) {
			if (f->closed && !s->job->how.no_close) {
				f->after_close = true;
				continue;
			}
			if (f->used == NO_CANDIDATE ||
			    f->used == hit.candidate) {
				*best = hit;
				if (!s->job->how.outer)
					return true;
				found = true;
				longest = SIZE_MAX;
				continue;
			}
			if (hit.candidate < FORMS_MAX)
				f->others |= 1U << hit.candidate;
			continue;
		}
		if (!s->job->how.loose) {
			f->loose = f->loose || !f->closed;
			continue;
		}
		if (c->boundary.n > longest && !f->closed &&
		    (f->used == NO_CANDIDATE || f->used == hit.candidate)) {
			longest = c->boundary.n;
			*best = hit;
			found = true;
		}
	}
	return found;
}

/* A boundary of a multipart that ended too early. */
static void
look_at_abandoned(struct split *s, struct slice line)
{
	struct abandoned *a;

	s->compares += s->abandoned.n;
	vec_each (a, &s->abandoned)
		if (!a->seen && line.n >= a->boundary.n &&
		    line.p[0] == a->boundary.p[0] &&
		    memcmp(line.p, a->boundary.p, a->boundary.n) == 0)
			a->seen = true;
}

/* The end of content in front of a delimiter line at `at`: its line end
 * belongs to the delimiter. */
static size_t
before_eol(const struct split *s, size_t at)
{
	const char *p = s->text.p;

	if (at > 0 && p[at - 1] == '\n')
		at--;
	else if (at > 0 && p[at - 1] == '\r')
		return at - 1;
	if (at > 0 && p[at - 1] == '\r')
		at--;
	return at;
}

static void
set_end(struct split *s, struct part *p, size_t end)
{
	p->mime.body = span(s, p->start, end);
	p->mime.all = span(s, p->from, end);
}

/* Ask for one more reading of the part. */
static void
ask(struct split *s, struct part *p, const struct how *how, uint64_t defect)
{
	struct job job = {.base = p,
	    .text = p->mime.all,
	    .foreign = s->job->foreign,
	    .ambiguous = defect,
	    .how = *how};

	parse_ask(s->parse, &job);
}

/* How the inside of a part is read when it is read again. */
static struct how
how_again(const struct split *s, const struct part *p)
{
	struct how how = s->job->how;

	if (p == s->found->parts.at[0])
		return how;
	how.no_head = how.one_boundary = how.decoded = false;
	how.as = AS_DECLARED;
	how.field = 0;
	how.head_end = 0;
	how.boundary = SLICE_NONE;
	return how;
}

/* Text in front of the first or behind the last part. */
static void
look_around(struct split *s, struct part *p, struct slice text, bool front)
{
	struct how how = how_again(s, p);
	struct job job = {.base = p,
	    .text = text,
	    .foreign = s->job->foreign,
	    .inside = true};

	if (look_is_blank(text))
		return;
	s->parse->tree->work += text.n;
	how.one_boundary = how.decoded = false;
	how.boundary = SLICE_NONE;
	how.field = 0;
	how.head_end = 0;
	how.as = AS_DECLARED;
	if (look_is_content(text))
		job.ambiguous = front ? MIME_BIT(PREAMBLE_CONTENT)
				      : MIME_BIT(EPILOGUE_CONTENT);
	else if (look_is_remark(text, front))
		return;
	how.no_head = !look_is_message(text);
	job.how = how;
	parse_ask(s->parse, &job);
}

/* The multipart of the frame ends at `end`. */
static void
end_frame(struct split *s, struct frame *f, size_t end)
{
	struct part *p = f->part;
	struct mime_part *m = &p->mime;
	struct how again = how_again(s, p), how;
	unsigned i;

	set_end(s, p, end);
	if (p->children == 0) {
		m->defects |= MIME_BIT(NO_DELIMITER);
	} else {
		m->multipart = true;
		m->closed = f->closed;
		if (!f->closed)
			m->defects |= MIME_BIT(MISSING_CLOSE);
		look_around(s, p, span(s, p->start, f->preamble_end), true);
		if (f->closed)
			look_around(s, p, span(s, f->epilogue, end), false);
	}
	for (i = 0; f->others >> i != 0; i++) {
		if ((f->others >> i & 1) == 0 || again.one_boundary)
			continue;
		how = again;
		how.one_boundary = true;
		how.boundary = m->boundaries.at[i];
		ask(s, p, &how, MIME_BIT(BOUNDARY_CONFLICT));
	}
	if (f->loose && !again.loose) {
		how = again;
		how.loose = true;
		ask(s, p, &how, MIME_BIT(PREFIX_DELIMITER));
	}
	if (f->after_close && !again.no_close) {
		how = again;
		how.no_close = true;
		ask(s, p, &how, MIME_BIT(PART_AFTER_CLOSE));
	}
}

static void
abandon(struct split *s, const struct frame *f)
{
	struct abandoned *a;

	if (f->closed || f->used == NO_CANDIDATE)
		return;
	if (s->abandoned.n >= s->parse->limits->boundaries) {
		parse_cut(s->parse, f->part, MIME_BIT(TOO_MANY_READINGS));
		return;
	}
	a = vec_push(s->parse->arena, &s->abandoned);
	a->part = f->part;
	a->boundary =
	    s->candidates.at[f->first_candidate + (size_t)f->used].boundary;
}

/* Everything inside frame `keep` - 1 ends at `end`. */
static void
end_to(struct split *s, size_t keep, size_t end)
{
	struct part *stop = keep > 0 ? s->frames.at[keep - 1].part : NULL;
	struct part *p;

	for (p = s->cur; p != stop && p != NULL;
	     p = p->mime.parent != NULL ? part_of(p->mime.parent) : NULL) {
		bool framed = s->frames.n > keep &&
			      s->frames.at[s->frames.n - 1].part == p;

		/* the line end of a header without a body is not given up */
		if (end < p->start)
			end = p->start;
		if (framed) {
			struct frame *f = &s->frames.at[s->frames.n - 1];

			end_frame(s, f, end);
			if (keep > 0)
				abandon(s, f);
			s->candidates.n = f->first_candidate;
			s->frames.n--;
		} else {
			set_end(s, p, end);
		}
		if (p == s->found->parts.at[0])
			break;
	}
}

/* Where the header block at `from` has to end at the latest: at a delimiter
 * line. */
static size_t
head_limit(struct split *s, size_t from)
{
	size_t at = from, next, to;
	struct hit hit;

	if (s->frames.n == 0)
		return s->text.n;
	while (at < s->text.n) {
		to = line_end(s, at, &next);
		if (to == at)
			return next;
		if (to - at > 2 && s->text.p[at] == '-' &&
		    s->text.p[at + 1] == '-' &&
		    find_frame(s, span(s, at + 2, to), &hit))
			return at;
		at = next;
	}
	return s->text.n;
}

static void
read_head(struct split *s, struct part *p, bool first)
{
	const struct how *how = &s->job->how;
	const struct mime_limits *l = s->parse->limits;
	struct header_block *b = &p->mime.fields;
	size_t limit = head_limit(s, p->from);

	if (first && how->no_head) {
		limit = p->from;
		b->raw = span(s, p->from, p->from);
	} else if (first && how->head_end > 0) {
		header_parse(b, s->parse->arena,
		    slice_sub(s->text, 0, how->head_end), how->eol,
		    l->header_bytes, l->fields);
	} else {
		header_parse(b, s->parse->arena, span(s, p->from, limit),
		    how->eol, l->header_bytes, l->fields);
	}
	p->start = p->from + b->raw.n;
	p->mime.head = b->raw = span(s, p->from, p->start);
	s->parse->tree->work += b->raw.n;
	fields_read(s->parse, p, how, first);
	if (first && how->head_end > 0)
		p->mime.defects &= ~MIME_BIT(HEADER_NO_END);
	s->parse->bare_cr |= (b->flags & HEADER_BARE_CR) != 0;
	s->parse->nul |= (b->flags & HEADER_NUL) != 0;
}

static struct part *
new_part(struct split *s, struct part *parent, size_t from)
{
	struct parse *ps = s->parse;
	struct part *p = arena_make(ps->arena, struct part);
	bool first = s->found->parts.n == 0;

	ps->made++;
	*vec_push(ps->arena, &s->found->parts) = p;
	p->text = s->text;
	p->from = from;
	p->mime.tree = ps->tree;
	p->mime.foreign = s->job->foreign;
	if (parent != NULL) {
		p->mime.parent = &parent->mime;
		p->mime.depth = parent->mime.depth + 1;
		if (!first)
			p->number = ++parent->children;
	}
	read_head(s, p, first);
	return p;
}

/* The boundaries under which the part is split. */
static void
add_candidates(struct split *s, struct frame *f)
{
	struct parse *ps = s->parse;
	const struct texts *t = &f->part->mime.boundaries;
	size_t i, k;

	f->first_candidate = s->candidates.n;
	for (i = 0; i < t->n && i < FORMS_MAX; i++) {
		struct candidate *c;

		if (i > 0 && s->candidates.n >= ps->limits->boundaries) {
			parse_cut(ps, f->part, MIME_BIT(TOO_MANY_READINGS));
			break;
		}
		c = vec_push(ps->arena, &s->candidates);
		c->boundary = t->at[i];
		c->head = c->boundary.n > 0 ? first_bytes(c->boundary) : 0;
		c->mask = first_mask(c->boundary.n);
		c->frame = s->frames.n - 1;
		for (k = 0; k < f->first_candidate; k++)
			if (i == 0 &&
			    slice_eq(s->candidates.at[k].boundary, c->boundary))
				f->same = true;
	}
	f->candidates = i;
}

/* The part is a multipart with a boundary: open it. */
static void
open_frame(struct split *s, struct part *p)
{
	struct frame *f = vec_push(s->parse->arena, &s->frames);

	f->part = p;
	f->used = NO_CANDIDATE;
	f->preamble_end = p->start;
	add_candidates(s, f);
}

/* Whether the part is to be split, and by what. */
static bool
is_split(struct split *s, struct part *p)
{
	const struct how *how = &s->job->how;
	struct mime_part *m = &p->mime;
	bool first = p == s->found->parts.at[0];
	size_t i, n = 0;

	if (first && how->as == AS_LEAF)
		return false;
	if (first && how->one_boundary) {
		m->boundaries.n = 0;
		(void)texts_add(
		    s->parse->arena, &m->boundaries, how->boundary, 1);
		return true;
	}
	if (!fields_is_multipart(m->type) &&
	    !(first && how->as == AS_MULTIPART))
		return false;
	for (i = 0; i < m->boundaries.n; i++)
		if (m->boundaries.at[i].n > 0)
			m->boundaries.at[n++] = m->boundaries.at[i];
	m->boundaries.n = n;
	if (n == 0)
		m->defects |= MIME_BIT(MISSING_BOUNDARY);
	return n > 0;
}

static bool
is_encoded(const struct part *p)
{
	size_t i;

	for (i = 0; i < p->mime.encodings.n; i++)
		if (p->mime.encodings.at[i] != CODEC_IDENTITY &&
		    p->mime.encodings.at[i] != CODEC_UNKNOWN)
			return true;
	return false;
}

/* A part starts at `from`; messages in it start at once, too. Returns where
 * to go on. */
static size_t
open_part(
    struct split *s, struct part *parent, struct slice delimiter, size_t from)
{
	const struct mime_limits *l = s->parse->limits;

	for (;;) {
		struct part *p = new_part(s, parent, from);
		bool first = p == s->found->parts.at[0];
		bool message = fields_is_message(p->mime.type) &&
			       !(first && s->job->how.as != AS_DECLARED);
		bool split = is_split(s, p);

		p->mime.delimiter = delimiter;
		s->cur = p;
		delimiter = SLICE_NONE;
		if ((split || message) && is_encoded(p))
			p->child_encoded = true;
		if ((split || message) && p->mime.depth + 1 >= l->depth) {
			parse_cut(s->parse, p, MIME_BIT(TOO_DEEP));
			return p->start;
		}
		if (split) {
			open_frame(s, p);
			return p->start;
		}
		if (!message || p->child_encoded)
			return p->start;
		if (s->parse->made >= s->parse->most) {
			parse_cut(s->parse, p, MIME_BIT(TOO_MANY_PARTS));
			return p->start;
		}
		p->mime.message = true;
		parent = p;
		from = p->start;
	}
}

/* A delimiter line of frame hit->frame from `at` to `next`. */
static size_t
take_delimiter(struct split *s, const struct hit *hit, size_t at, size_t next)
{
	size_t end = before_eol(s, at);
	struct frame *f;
	struct part *p;

	end_to(s, hit->frame + 1, end);
	f = &s->frames.at[hit->frame];
	p = f->part;
	if (f->used == NO_CANDIDATE) {
		f->used = hit->candidate;
		f->preamble_end = end;
	}
	if (f->same) {
		p->mime.defects |= MIME_BIT(SAME_BOUNDARY);
		s->same = true;
	}
	s->cur = p;
	if (hit->close && !s->job->how.no_close) {
		f->closed = true;
		f->epilogue = next;
		return next;
	}
	if (s->full || s->parse->made >= s->parse->most) {
		s->full = true;
		parse_cut(s->parse, p, MIME_BIT(TOO_MANY_PARTS));
		return next;
	}
	return open_part(s, p, span(s, at, next), next);
}

static void
ask_for_abandoned(struct split *s)
{
	struct abandoned *a;

	vec_each (a, &s->abandoned) {
		struct how how = how_again(s, a->part);
		struct job job = {.base = a->part,
		    .text = slice_from(s->text, a->part->from),
		    .foreign = s->job->foreign,
		    .ambiguous = MIME_BIT(FOREIGN_DELIMITER)};

		if (!a->seen)
			continue;
		how.one_boundary = true;
		how.boundary = a->boundary;
		job.how = how;
		parse_ask(s->parse, &job);
	}
}

/* Run over the lines while there is a frame. */
static void
run(struct split *s, size_t at)
{
	const bool any = s->job->how.eol == HEADER_EOL_ANY;
	const char *base = s->text.p, *lf;
	size_t n = s->text.n, to, next;
	struct hit hit;

	while (at < n && s->frames.n > 0) {
		if (base[at] == '-' && at + 2 < n && base[at + 1] == '-') {
			struct slice line;

			to = line_end(s, at, &next);
			line = span(s, at + 2, to);
			if (line.n > 0 && find_frame(s, line, &hit)) {
				at = take_delimiter(s, &hit, at, next);
				continue;
			}
			if (line.n > 0 && s->abandoned.n > 0)
				look_at_abandoned(s, line);
			at = next;
			continue;
		}
		if (any) {
			(void)line_end(s, at, &next);
			at = next;
			continue;
		}
		lf = memchr(base + at, '\n', n - at);
		if (lf == NULL)
			break;
		at = (size_t)(lf - base) + 1;
	}
}

void
split_text(struct parse *ps, struct found *found, const struct job *job,
    struct part *parent)
{
	struct split s = {
	    .parse = ps, .found = found, .job = job, .text = job->text};
	size_t at;

	*found = (struct found){0};
	if (s.text.p == NULL)
		s.text = SLICE("");
	at = open_part(&s, parent, SLICE_NONE, 0);
	run(&s, at);
	end_to(&s, 0, s.text.n);
	ask_for_abandoned(&s);
	if (s.same && !job->how.outer) {
		struct how how = job->how;

		how.outer = true;
		ask(&s, found->parts.at[0], &how, MIME_BIT(SAME_BOUNDARY));
	}
	ps->tree->work += s.text.n + s.compares;
}
