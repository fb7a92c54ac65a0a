#include "mime/address.h"

#include "base/text.h"
#include "mime/header.h"

/* One address being collected. */
struct scan {
	struct address_list *list;
	struct arena *arena;
	char *phrase; /* words before '<', or the whole of a bare address */
	size_t phrase_n;
	struct slice angle; /* between '<' and '>' */
	bool quoted;
	size_t most;
};

static void
finish(struct scan *s)
{
	struct slice phrase = slice_trim(slice_of(s->phrase, s->phrase_n));
	struct slice box = s->angle.p != NULL ? slice_trim(s->angle) : phrase;
	struct address *a;
	ptrdiff_t at;
	char *domain;
	size_t i;

	if (phrase.n > 0 || s->angle.p != NULL) {
		if (s->list->n >= s->most) {
			s->list->cut = true;
			goto out;
		}
		a = vec_push(s->arena, s->list);
		if (s->angle.p != NULL)
			a->display = header_decode(
			    s->arena, arena_dup(s->arena, phrase));
		if (box.n > 0 && box.p[0] == '@' && slice_chr(box, ':') > 0) {
			s->list->odd = true;
			box = slice_from(box, (size_t)slice_chr(box, ':') + 1);
		}
		if (slice_chr(box, 0) >= 0 || slice_find(box, SLICE("=?")) >= 0)
			s->list->odd = true;
		a->mailbox = arena_dup(s->arena, box);
		at = slice_rchr(box, '@');
		if (at >= 0) {
			box = slice_from(box, (size_t)at + 1);
			domain = arena_alloc(s->arena, box.n + 1);
			for (i = 0; i < box.n; i++)
				domain[i] = text_lower(box.p[i]);
			a->domain = slice_of(domain, box.n);
		}
	}
out:
	s->phrase_n = 0;
	s->angle = SLICE_NONE;
}

/* Behind the quoted string at t[at]; its text joins the phrase. */
static size_t
take_quoted(struct scan *s, struct slice t, size_t at)
{
	for (at++; at < t.n && t.p[at] != '"'; at++) {
		if (t.p[at] == '\\' && at + 1 < t.n)
			at++;
		s->phrase[s->phrase_n++] = t.p[at];
	}
	if (at >= t.n)
		s->list->odd = true;
	return at < t.n ? at + 1 : at;
}

static size_t
skip_comment(struct scan *s, struct slice t, size_t at)
{
	size_t depth = 0;

	for (; at < t.n; at++) {
		if (t.p[at] == '\\') {
			at++;
		} else if (t.p[at] == '(') {
			if (++depth > ADDRESS_COMMENT_DEPTH)
				s->list->odd = true;
		} else if (t.p[at] == ')' && --depth == 0) {
			return at + 1;
		}
	}
	s->list->odd = true;
	return t.n;
}

/* Behind the '>' that belongs to t[at] == '<'. */
static size_t
take_angle(struct scan *s, struct slice t, size_t at)
{
	size_t from = at + 1;
	bool quoted = false;

	for (at = from; at < t.n; at++) {
		if (t.p[at] == '\\' && quoted)
			at++;
		else if (t.p[at] == '"')
			quoted = !quoted;
		else if (t.p[at] == '>' && !quoted)
			break;
	}
	if (s->angle.p != NULL)
		s->list->odd = true;
	if (at >= t.n) {
		s->list->odd = true;
		at = t.n;
	}
	s->angle = slice_sub(t, from, at);
	return at < t.n ? at + 1 : at;
}

void
address_parse(
    struct address_list *l, struct arena *a, struct slice text, size_t most)
{
	struct slice t = header_unfold(a, text);
	struct scan s = {.list = l, .arena = a, .most = most};
	size_t at = 0;

	*l = (struct address_list){0};
	s.phrase = arena_alloc(a, t.n + 1);
	while (at < t.n) {
		char c = t.p[at];

		if (c == '"') {
			at = take_quoted(&s, t, at);
		} else if (c == '(') {
			at = skip_comment(&s, t, at);
		} else if (c == '<') {
			at = take_angle(&s, t, at);
		} else if (c == ',' || c == ';') {
			finish(&s);
			at++;
		} else if (c == ':' && s.angle.p == NULL) {
			/* a group's name is no address */
			s.phrase_n = 0;
			at++;
		} else {
			s.phrase[s.phrase_n++] = c;
			at++;
		}
	}
	finish(&s);
}
