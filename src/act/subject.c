#include "act/subject.h"

#include "act/fold.h"
#include "base/text.h"
#include "mime/header.h"

enum { SUBJECT_MAX = 1 << 16, LINE_MAX_BYTES = 900 };

struct slice
subject_text(struct arena *a, struct heads *h)
{
	struct head *field = heads_find(h, "Subject");
	struct slice decoded, shown;
	struct buf out;

	if (field == NULL)
		return SLICE("");
	decoded = header_decode(
	    a, header_unfold(a, slice_sub(field->value, 0, SUBJECT_MAX)));
	buf_init(&out, SUBJECT_MAX * 4);
	fold_clean(&out, decoded, false);
	shown = slice_trim(arena_dup(a, buf_slice(&out)));
	buf_fini(&out);
	return shown;
}

void
subject_init(struct subject_line *s, struct arena *a, struct heads *h)
{
	*s = (struct subject_line){.arena = a, .heads = h};
	s->field = heads_find(h, "Subject");
	s->shown = subject_text(a, h);
	s->before = s->after = SLICE("");
}

static bool
begins(struct slice s, struct slice with)
{
	return s.n >= with.n && slice_eq(slice_sub(s, 0, with.n), with);
}

static bool
ends(struct slice s, struct slice with)
{
	return s.n >= with.n && slice_eq(slice_from(s, s.n - with.n), with);
}

static bool
is_plain(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return slice_find(s, SLICE("=?")) == SLICE_NOT_FOUND;
}

/* The tag as it goes onto the line. The white space between two encoded words
 * is not shown, so an encoded tag carries its own. */
static struct slice
wire_tag(struct arena *a, struct slice tag, bool end)
{
	struct slice all;
	struct buf out;

	buf_init(&out, SUBJECT_MAX);
	if (end && !is_plain(tag))
		tag = arena_printf(a, " %.*s", SLICE_FMT(tag));
	if (end)
		(void)buf_addc(&out, ' ');
	fold_text(&out, tag, !end);
	all = arena_dup(a, buf_slice(&out));
	buf_fini(&out);
	return all;
}

void
subject_tag(struct subject_line *s, struct slice tag, bool end)
{
	struct arena *a = s->arena;

	tag = slice_sub(tag, 0, 500);
	if (end ? ends(s->shown, tag) : begins(s->shown, tag))
		return;
	if (end) {
		s->after = arena_printf(a, "%.*s%.*s", SLICE_FMT(s->after),
		    SLICE_FMT(wire_tag(a, tag, true)));
		s->shown = arena_printf(
		    a, "%.*s %.*s", SLICE_FMT(s->shown), SLICE_FMT(tag));
	} else {
		s->before = arena_printf(a, "%.*s%.*s",
		    SLICE_FMT(wire_tag(a, tag, false)), SLICE_FMT(s->before));
		s->shown = arena_printf(
		    a, "%.*s %.*s", SLICE_FMT(tag), SLICE_FMT(s->shown));
	}
}

/* Length of the first (last) line of a value. */
static size_t
line_bytes(struct slice value, bool last)
{
	ptrdiff_t at = last ? slice_rchr(value, '\n') : slice_chr(value, '\n');

	if (at == SLICE_NOT_FOUND)
		return value.n;
	return last ? value.n - (size_t)at - 1 : (size_t)at;
}

static void
tag_field(struct subject_line *s)
{
	struct head *f = s->field;
	struct arena *a = s->arena;
	bool space = f->value.n > 0 && text_is_wsp(f->value.p[0]);

	/* " tag " between the colon and what follows it; the white space that
	 * followed the colon stays behind the tag. */
	if (s->before.n > 0) {
		struct slice tag = slice_trim(s->before);

		f->before = arena_printf(a, " %.*s%s", SLICE_FMT(tag),
		    line_bytes(f->value, false) + tag.n > LINE_MAX_BYTES
			? s->heads->eol
			: "");
		if (!space)
			f->before =
			    arena_printf(a, "%.*s ", SLICE_FMT(f->before));
	}
	if (s->after.n > 0)
		f->after = arena_printf(a, "%s%.*s",
		    line_bytes(f->value, true) + s->after.n > LINE_MAX_BYTES
			? s->heads->eol
			: "",
		    SLICE_FMT(s->after));
}

void
subject_finish(struct subject_line *s)
{
	struct head *one;

	if (s->before.n == 0 && s->after.n == 0)
		return;
	if (s->field == NULL) {
		heads_add_raw(s->heads,
		    arena_printf(s->arena, "Subject: %.*s%s",
			SLICE_FMT(slice_trim(arena_printf(s->arena, "%.*s%.*s",
			    SLICE_FMT(slice_trim(s->before)),
			    SLICE_FMT(s->after)))),
			s->heads->eol));
		return;
	}
	tag_field(s);
	vec_each (one, &s->heads->list)
		if (one != s->field && slice_is_ci(one->name, "Subject"))
			one->dropped = true;
}
