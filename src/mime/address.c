#include "mime/address.h"

#include "base/text.h"
#include "mime/header.h"

/* One address being collected. */
struct scan {
	struct address_list *list;
	struct arena *arena;
	struct slice text;
	size_t most;
	size_t last_semicolon; /* offset; 0: there is none */
	char *phrase;          /* words before '<', quotes resolved */
	size_t phrase_n;
	char *bare; /* the same as written, for an address without '<' */
	size_t bare_n;
	struct slice angle;   /* between '<' and '>' */
	struct slice comment; /* the last one, for "a@b (Name)" */
	bool open_quote;      /* a '"' has no end: none is looked for again */
	bool open_comment;
};

static struct slice
lower(struct arena *a, struct slice s)
{
	char *out = arena_alloc(a, s.n + 1);
	size_t i;

	for (i = 0; i < s.n; i++)
		out[i] = text_lower(s.p[i]);
	return slice_of(out, s.n);
}

/* "@a,@b:local@domain": the route is cut off. */
static struct slice
without_route(struct scan *s, struct slice box)
{
	ptrdiff_t colon = slice_chr(box, ':');

	if (box.n == 0 || box.p[0] != '@' || colon < 0)
		return box;
	s->list->odd = true;
	return slice_from(box, (size_t)colon + 1);
}

static void
finish(struct scan *s)
{
	struct slice phrase = slice_trim(slice_of(s->phrase, s->phrase_n));
	struct slice bare = slice_trim(slice_of(s->bare, s->bare_n));
	struct slice box = s->angle.p != NULL ? slice_trim(s->angle) : bare;
	struct address *a;
	ptrdiff_t at;

	if (bare.n > 0 || s->angle.p != NULL) {
		if (s->list->n >= s->most) {
			s->list->cut = true;
			goto out;
		}
		a = vec_push(s->arena, s->list);
		if (s->angle.p != NULL && phrase.n > 0)
			a->display = header_decode(
			    s->arena, arena_dup(s->arena, phrase));
		else
			a->display =
			    header_decode(s->arena, slice_trim(s->comment));
		box = without_route(s, box);
		if (slice_chr(box, 0) >= 0 || slice_find(box, SLICE("=?")) >= 0)
			s->list->odd = true;
		a->mailbox = arena_dup(s->arena, box);
		at = slice_rchr(box, '@');
		if (at >= 0)
			a->domain = lower(s->arena,
			    slice_trim(slice_from(box, (size_t)at + 1)));
	}
out:
	s->phrase_n = s->bare_n = 0;
	s->angle = s->comment = SLICE_NONE;
}

static size_t
take_char(struct scan *s, size_t at)
{
	s->phrase[s->phrase_n++] = s->bare[s->bare_n++] = s->text.p[at];
	return at + 1;
}

/* Behind the quoted string at t[at]; its text joins the phrase. A quote that
 * does not end is a letter. */
static size_t
take_quoted(struct scan *s, size_t at)
{
	struct slice t = s->text;
	size_t from = at, n = s->phrase_n;

	if (s->open_quote)
		return take_char(s, at);
	for (at++; at < t.n && t.p[at] != '"'; at++) {
		if (t.p[at] == '\\' && at + 1 < t.n)
			at++;
		s->phrase[n++] = t.p[at];
	}
	if (at >= t.n) {
		s->open_quote = s->list->odd = true;
		return take_char(s, from);
	}
	at++;
	s->phrase_n = n;
	memcpy(s->bare + s->bare_n, t.p + from, at - from);
	s->bare_n += at - from;
	return at;
}

/* Behind the comment at t[at]. A '(' that does not end is a letter. */
static size_t
take_comment(struct scan *s, size_t at)
{
	struct slice t = s->text;
	size_t depth = 0, from = at;

	if (s->open_comment)
		return take_char(s, at);
	for (; at < t.n; at++) {
		if (t.p[at] == '\\') {
			at++;
		} else if (t.p[at] == '(') {
			if (++depth > ADDRESS_COMMENT_DEPTH)
				s->list->odd = true;
		} else if (t.p[at] == ')' && --depth == 0) {
			s->comment = slice_sub(t, from + 1, at);
			return at + 1;
		}
	}
	s->open_comment = s->list->odd = true;
	return take_char(s, from);
}

/* The '>' behind `at`, the end when there is none. */
static size_t
angle_end(const struct scan *s, size_t at, bool quotes)
{
	struct slice t = s->text;
	bool quoted = false;

	for (; at < t.n; at++) {
		if (t.p[at] == '\\' && quoted)
			at++;
		else if (t.p[at] == '"' && quotes)
			quoted = !quoted;
		else if (t.p[at] == '>' && !quoted)
			break;
	}
	return at < t.n ? at : t.n;
}

/* Behind the '>' that belongs to t[at] == '<'. */
static size_t
take_angle(struct scan *s, size_t at)
{
	struct slice t = s->text;
	size_t from;

	if (s->angle.p != NULL) {
		/* "<a@b> <c@d>": readers take either */
		finish(s);
		s->list->odd = true;
	}
	for (at++; at < t.n && t.p[at] == '<'; at++)
		s->list->odd = true;
	from = at;
	at = angle_end(s, from, !s->open_quote);
	if (at >= t.n && !s->open_quote) {
		s->open_quote = true;
		at = angle_end(s, from, false);
	}
	if (at >= t.n)
		s->list->odd = true;
	s->angle = slice_of(t.p + from, at - from);
	return at < t.n ? at + 1 : at;
}

/* "[IPv6:...]" of a domain is taken whole. */
static size_t
take_literal(struct scan *s, size_t at)
{
	struct slice t = s->text;

	do
		at = take_char(s, at);
	while (at < t.n && t.p[at - 1] != ']' &&
	       memchr("<>,;\"(", t.p[at], 6) == NULL);
	return at;
}

void
address_parse(
    struct address_list *l, struct arena *a, struct slice text, size_t most)
{
	struct slice t = header_unfold(a, text);
	struct scan s = {.list = l, .arena = a, .text = t, .most = most};
	ptrdiff_t semicolon = slice_rchr(t, ';');
	size_t at = 0;

	*l = (struct address_list){0};
	s.phrase = arena_alloc(a, t.n + 1);
	s.bare = arena_alloc(a, t.n + 1);
	s.last_semicolon = semicolon < 0 ? 0 : (size_t)semicolon;
	while (at < t.n) {
		char c = t.p[at];

		if (c == '"') {
			at = take_quoted(&s, at);
		} else if (c == '(') {
			at = take_comment(&s, at);
		} else if (c == '<') {
			at = take_angle(&s, at);
		} else if (c == '>') {
			l->odd = true;
			at++;
		} else if (c == '[') {
			at = take_literal(&s, at);
		} else if (c == ',' || c == ';') {
			finish(&s);
			at++;
		} else if (c == ':' && s.angle.p == NULL &&
			   at < s.last_semicolon) {
			/* a group's name is no address */
			s.phrase_n = s.bare_n = 0;
			at++;
		} else {
			/* a name with ':' that is no group is shown whole */
			l->odd = l->odd || c == ':';
			at = take_char(&s, at);
		}
	}
	finish(&s);
}
