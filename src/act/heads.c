#include "act/heads.h"

#include "act/fold.h"
#include "base/fail.h"
#include "base/text.h"

/* Fields beyond HEADS_MAX stay as they are, whatever their name. */
enum { FIELD_MAX = 1 << 20, FOLD_AT = 76, HEADS_MAX = 10000 };

/* Length of the name when line begins a field, else 0 (RFC 5322 3.6.8; white
 * space before the colon is the obsolete form). */
static size_t
name_length(struct slice line)
{
	size_t i, n;

	for (i = 0; i < line.n && line.p[i] > ' ' && line.p[i] < 0x7f &&
		    line.p[i] != ':';
	     i++)
		;
	n = i;
	while (i < line.n && text_is_wsp(line.p[i]))
		i++;
	return i < line.n && line.p[i] == ':' ? n : 0;
}

static struct slice
without_eol(struct slice s)
{
	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n > 0 && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

/* The next line with its line end. */
static struct slice
full_line(struct slice s)
{
	ptrdiff_t end = slice_chr(s, '\n');

	return end == SLICE_NOT_FOUND ? s : slice_sub(s, 0, (size_t)end + 1);
}

static void
cut(struct heads *h)
{
	struct slice rest = h->block, line;
	struct head *open = NULL, *one;
	size_t base = (size_t)(h->block.p - h->raw.p), n, behind;

	h->top = h->bottom = base;
	while (rest.n > 0) {
		line = full_line(rest);
		rest = slice_from(rest, line.n);
		if (without_eol(line).n == 0) {
			h->blank = true;
			break;
		}
		h->bottom = (size_t)(line.p + line.n - h->raw.p);
		n = name_length(line);
		if (text_is_wsp(line.p[0])) {
			if (open != NULL)
				open->all.n += line.n;
			else if (h->list.n == 0)
				h->top = h->bottom;
			continue;
		}
		open = NULL;
		if (n == 0 || h->list.n == HEADS_MAX) {
			/* An mbox line, or junk: stays where it is. */
			if (h->list.n == 0)
				h->top = h->bottom;
			continue;
		}
		open = vec_push(h->arena, &h->list);
		open->name = slice_sub(line, 0, n);
		open->all = line;
	}
	vec_each (one, &h->list) {
		line = without_eol(one->all);
		behind = (size_t)slice_chr(line, ':') + 1;
		/* Also an empty value has its place. */
		one->value = slice_of(line.p + behind, line.n - behind);
	}
}

void
heads_init(
    struct heads *h, struct arena *a, struct slice raw, struct slice block)
{
	struct slice line;

	*h = (struct heads){.arena = a, .raw = raw, .block = block};
	if (block.p == NULL)
		h->block = slice_sub(raw, 0, 0);
	if (h->block.p == NULL)
		h->block = h->raw = SLICE("");
	line = full_line(h->block);
	h->eol = line.n > 1 && line.p[line.n - 1] == '\n' &&
			 line.p[line.n - 2] == '\r'
		     ? "\r\n"
		     : "\n";
	cut(h);
}

struct head *
heads_find(struct heads *h, const char *name)
{
	struct head *one;

	vec_each (one, &h->list)
		if (!one->dropped && slice_is_ci(one->name, name))
			return one;
	return NULL;
}

static struct slice
bare(struct slice name)
{
	name = slice_trim(name);
	return name.n > 0 && name.p[name.n - 1] == ':'
		   ? slice_sub(name, 0, name.n - 1)
		   : name;
}

void
heads_add_raw(struct heads *h, struct slice field)
{
	*vec_push(h->arena, &h->added) = field;
}

void
heads_add(struct heads *h, struct slice name, struct slice value)
{
	struct buf out;

	buf_init(&out, FIELD_MAX);
	fold_field(&out, bare(name), value, h->eol);
	heads_add_raw(h, arena_dup(h->arena, buf_slice(&out)));
	buf_fini(&out);
}

size_t
heads_drop(struct heads *h, struct slice name)
{
	struct head *one;
	size_t n = 0;

	name = bare(name);
	vec_each (one, &h->list)
		if (!one->dropped && slice_eq_ci(one->name, name)) {
			one->dropped = true;
			n++;
		}
	return n;
}

void
heads_drop_prefix(struct heads *h, const char *prefix)
{
	struct head *one;

	vec_each (one, &h->list)
		if (slice_starts_ci(one->name, prefix))
			one->dropped = true;
}

void
heads_unique(struct heads *h, const char *name)
{
	struct head *one, *first = heads_find(h, name);

	vec_each (one, &h->list)
		if (one != first && slice_is_ci(one->name, name))
			one->dropped = true;
}

void
heads_drop_matching(struct heads *h, const struct pattern *p)
{
	struct head *one;

	vec_each (one, &h->list)
		if (pattern_match_text(p, without_eol(full_line(one->all))))
			one->dropped = true;
}

/* Bytes on the last line of a field, with what is to go behind it. */
static size_t
last_line(const struct head *one)
{
	ptrdiff_t at = slice_rchr(one->after, '\n');

	if (at != SLICE_NOT_FOUND)
		return one->after.n - (size_t)at - 1;
	at = slice_rchr(one->value, '\n');
	if (at != SLICE_NOT_FOUND)
		return one->value.n - (size_t)at - 1 + one->after.n;
	return one->name.n + 1 + one->value.n + one->after.n;
}

/* Join ", value" to a field that is there. */
static void
append(struct heads *h, struct head *one, struct slice value)
{
	struct buf out;
	struct slice text;

	buf_init(&out, FIELD_MAX);
	/* Folded as a field of no name, so that the text begins at column 2. */
	fold_field(&out, SLICE(":"), value, h->eol);
	text = slice_trim(slice_from(buf_slice(&out), 1));
	one->after = last_line(one) + 2 + text.n > FOLD_AT
			 ? arena_printf(h->arena, "%.*s,%s\t%.*s",
			       SLICE_FMT(one->after), h->eol, SLICE_FMT(text))
			 : arena_printf(h->arena, "%.*s, %.*s",
			       SLICE_FMT(one->after), SLICE_FMT(text));
	buf_fini(&out);
}

void
heads_set(struct heads *h, struct slice name, struct slice value,
    enum heads_mode mode)
{
	struct head *one, *there = NULL;

	name = bare(name);
	vec_each (one, &h->list)
		if (there == NULL && !one->dropped &&
		    slice_eq_ci(one->name, name))
			there = one;
	if (mode == HEADS_APPEND && there != NULL) {
		append(h, there, value);
		return;
	}
	if (mode == HEADS_REPLACE && !h->no_delete)
		(void)heads_drop(h, name);
	heads_add(h, name, value);
}

static size_t
offset(const struct heads *h, struct slice s)
{
	return (size_t)(s.p - h->raw.p);
}

static void
field_edits(const struct heads *h, const struct head *one, struct edits *out)
{
	size_t at = offset(h, one->all);

	if (one->dropped) {
		edits_add(out, h->arena, at, one->all.n, SLICE_NONE);
		return;
	}
	if (one->instead.p != NULL) {
		edits_add(out, h->arena, at, one->all.n, one->instead);
		return;
	}
	if (one->before.n > 0)
		edits_add(out, h->arena, offset(h, one->value), 0, one->before);
	if (one->after.n > 0)
		edits_add(out, h->arena, offset(h, one->value) + one->value.n,
		    0, one->after);
}

bool
heads_is_open(const struct heads *h)
{
	const struct head *last =
	    h->list.n > 0 ? &h->list.at[h->list.n - 1] : NULL;

	if (h->block.n == 0 || h->bottom == 0 ||
	    h->raw.p[h->bottom - 1] == '\n')
		return false;
	/* A field that goes, or was written anew, takes its end along. */
	return last == NULL ||
	       offset(h, last->all) + last->all.n != h->bottom ||
	       (!last->dropped && last->instead.p == NULL);
}

/* The new fields; at the top the newest stands first. */
static struct slice
joined(const struct heads *h)
{
	struct slice all;
	struct buf out;
	size_t i;

	buf_init(&out, FIELD_MAX * 4);
	/* A header that ends without a line end gets one. */
	if (!h->at_top && heads_is_open(h))
		(void)buf_adds(&out, h->eol);
	for (i = 0; i < h->added.n; i++)
		(void)buf_add(
		    &out, h->added.at[h->at_top ? h->added.n - 1 - i : i]);
	/* Text that began at once gets its blank line. */
	if (!h->blank && h->list.n == 0)
		(void)buf_adds(&out, h->eol);
	all = arena_dup(h->arena, buf_slice(&out));
	buf_fini(&out);
	return all;
}

void
heads_edits(const struct heads *h, struct edits *out)
{
	const struct head *one;

	if (h->added.n > 0 && (h->at_top || h->list.n == 0))
		edits_add(out, h->arena, h->top, 0, joined(h));
	vec_each (one, &h->list)
		field_edits(h, one, out);
	if (h->added.n > 0 && !h->at_top && h->list.n > 0)
		edits_add(out, h->arena, h->bottom, 0, joined(h));
}
