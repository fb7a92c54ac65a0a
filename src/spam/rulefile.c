/* rulefile - the lines of .cf and .pre files: statements with their places. */
#include "spam/rulefile.h"

#include "base/fail.h"
#include "base/text.h"

struct condition {
	unsigned line;
	bool skipped_before; /* what endif brings back */
	bool is_else;
};

struct open_file {
	struct slice name, rest;
	unsigned line;
	struct condition ifs[RULEFILE_IFS_MAX];
	unsigned n_ifs;
	unsigned unkept_ifs; /* above the limit: left out */
	bool skip;
	bool other_version;
};

struct rulefile {
	struct arena *arena;
	const struct rulefile_world *world;
	struct complaints *complaints;
	struct open_file files[RULEFILE_DEPTH_MAX];
	unsigned depth;
};

struct rulefile *
rulefile_new(
    struct arena *a, const struct rulefile_world *world, struct complaints *c)
{
	struct rulefile *r = arena_make(a, struct rulefile);

	r->arena = a;
	r->world = world;
	r->complaints = c;
	return r;
}

static void
push_file(
    struct rulefile *r, struct slice name, struct slice bytes, bool skipped)
{
	struct open_file *f = &r->files[r->depth++];

	f->name = name;
	f->rest = bytes;
	f->line = 0;
	f->n_ifs = 0;
	f->unkept_ifs = 0;
	f->skip = skipped;
	f->other_version = false;
}

void
rulefile_start(struct rulefile *r, struct slice name, struct slice bytes)
{
	ensure(r->depth == 0);
	push_file(r, name, bytes, false);
}

/* ---- one line ------------------------------------------------------------*/

static struct slice
take_line(struct open_file *f)
{
	ptrdiff_t end = slice_chr(f->rest, '\n');
	struct slice line = f->rest;

	if (end >= 0)
		line = slice_sub(f->rest, 0, (size_t)end);
	f->rest = slice_from(f->rest, line.n + (end >= 0 ? 1 : 0));
	f->line++;
	return line;
}

/* Without the comment; a copy when \# has to become #. */
static struct slice
uncommented(struct rulefile *r, struct slice line)
{
	bool escaped = false;
	size_t i, n = 0;
	char *copy;

	for (i = 0; i < line.n; i++) {
		if (line.p[i] != '#')
			continue;
		if (i == 0 || line.p[i - 1] != '\\')
			break;
		escaped = true;
	}
	line = slice_sub(line, 0, i);
	if (!escaped)
		return slice_trim(line);
	copy = arena_alloc(r->arena, line.n + 1);
	for (i = 0; i < line.n; i++)
		if (line.p[i] != '\\' || i + 1 >= line.n ||
		    line.p[i + 1] != '#')
			copy[n++] = line.p[i];
	return slice_trim(slice_of(copy, n));
}

static size_t
word_len(struct slice s)
{
	size_t n = 0;

	while (n < s.n && !text_is_space(s.p[n]))
		n++;
	return n;
}

/* `lang XX rest`: false when it is for another language. */
static bool
for_us(const struct rulefile *r, struct slice *line)
{
	struct slice rest, wanted;

	if (!slice_starts(*line, "lang") || line->n < 5 ||
	    !text_is_space(line->p[4]))
		return true;
	rest = slice_trim(slice_from(*line, 4));
	wanted = slice_sub(rest, 0, word_len(rest));
	if (wanted.n == rest.n)
		return true; /* nothing behind it: a wrong statement */
	*line = slice_trim(slice_from(rest, wanted.n));
	return slice_eq_ci(slice_sub(r->world->lang, 0, wanted.n), wanted);
}

static void
split(struct rulefile *r, struct statement *s)
{
	size_t n = word_len(s->line);
	char *key = arena_alloc(r->arena, n + 1);

	s->written = slice_sub(s->line, 0, n);
	for (size_t i = 0; i < n; i++)
		key[i] = s->line.p[i] == '-' ? '_' : text_lower(s->line.p[i]);
	s->key = slice_of(key, n);
	s->value = slice_trim(slice_from(s->line, n));
	if (s->value.n == 0)
		s->value = slice_of(s->line.p + s->line.n, 0);
}

unsigned
statement_column(const struct statement *s, const char *at)
{
	const char *raw = s->raw.p, *end = s->raw.p + s->raw.n, *line;

	if (at >= raw && at <= end)
		return (unsigned)(at - raw) + 1;
	if (at < s->line.p || at > s->line.p + s->line.n)
		return 0;
	/* a copy without the backslash of \# : walk both from the start */
	while (raw < end && text_is_space(*raw))
		raw++;
	for (line = s->line.p; line < at && raw < end; line++, raw++)
		if (*line == '#' && *raw == '\\')
			raw++;
	return (unsigned)(raw - s->raw.p) + 1;
}

struct complaint *
statement_complain(const struct statement *s, struct complaints *c,
    enum problem_level level, const char *at, const char *text)
{
	struct complaint *new = complain(c, level, "%s", text);

	new->file = s->file;
	new->line = s->number;
	new->source = s->raw;
	if (at != NULL)
		new->column = statement_column(s, at);
	return new;
}

/* ---- statements about statements -----------------------------------------*/

static void
error(struct rulefile *r, const struct statement *s, const char *at,
    const char *text)
{
	(void)statement_complain(s, r->complaints, PROBLEM_ERROR, at, text);
}

static void
open_if(struct rulefile *r, const struct statement *s, struct slice condition)
{
	struct open_file *f = &r->files[r->depth - 1];
	struct meta_error why;
	bool yes = false;

	if (f->n_ifs >= RULEFILE_IFS_MAX) {
		error(r, s, s->line.p,
		    "too many open \"if\": this block is left out");
		f->unkept_ifs++;
		return;
	}
	if (condition.n == 0) {
		error(r, s, s->line.p, "a condition is missing");
		return;
	}
	if (!meta_condition(
		condition, r->arena, &r->world->conditions, &yes, &why)) {
		error(r, s, why.at, why.text);
		yes = why.token; /* as SpamAssassin does */
	}
	f->ifs[f->n_ifs++] =
	    (struct condition){.line = s->number, .skipped_before = f->skip};
	if (!yes)
		f->skip = true;
}

/* `ifplugin X` is `if plugin(X)`; the text is a copy, so places are lost. */
static void
open_ifplugin(struct rulefile *r, const struct statement *s)
{
	struct slice name = s->value, condition;
	struct meta_error why;
	bool yes;

	if (name.n > 0) {
		condition =
		    arena_printf(r->arena, "plugin(%.*s)", SLICE_FMT(name));
		if (!meta_condition(condition, r->arena, &r->world->conditions,
			&yes, &why)) {
			error(r, s, name.p, why.text);
			condition = why.token ? SLICE("1") : SLICE("0");
		}
		open_if(r, s, condition);
		return;
	}
	open_if(r, s, name);
}

static void
close_if(struct rulefile *r, const struct statement *s)
{
	struct open_file *f = &r->files[r->depth - 1];

	if (s->value.n > 0)
		error(r, s, s->value.p, "nothing may stand behind \"endif\"");
	else if (f->unkept_ifs > 0)
		f->unkept_ifs--;
	else if (f->n_ifs == 0)
		error(r, s, s->line.p, "\"endif\" without \"if\"");
	else
		f->skip = f->ifs[--f->n_ifs].skipped_before;
}

static void
turn_if(struct rulefile *r, const struct statement *s)
{
	struct open_file *f = &r->files[r->depth - 1];
	struct condition *c;

	if (s->value.n > 0) {
		error(r, s, s->value.p, "nothing may stand behind \"else\"");
		return;
	}
	if (f->unkept_ifs > 0)
		return;
	if (f->n_ifs == 0) {
		error(r, s, s->line.p, "\"else\" without \"if\"");
		return;
	}
	c = &f->ifs[f->n_ifs - 1];
	if (c->is_else)
		(void)statement_complain(s, r->complaints, PROBLEM_WARNING,
		    s->line.p, "a second \"else\" of one \"if\"");
	c->is_else = true;
	f->skip = c->skipped_before || !f->skip;
}

static void
include(struct rulefile *r, const struct statement *s)
{
	struct slice name, bytes;
	const struct open_file *f = &r->files[r->depth - 1];

	if (s->value.n == 0) {
		error(r, s, s->line.p, "the name of a file is missing");
		return;
	}
	if (r->depth >= RULEFILE_DEPTH_MAX) {
		error(r, s, s->value.p, "included from too many files");
		return;
	}
	if (r->world->read == NULL ||
	    !r->world->read(r->world->ctx, s->value, f->name, &name, &bytes)) {
		error(r, s, s->value.p, "this file cannot be read");
		return;
	}
	if (bytes.p != NULL)
		push_file(r, name, bytes, false);
}

static void
require(struct rulefile *r, const struct statement *s)
{
	struct complaint *c;

	if (s->value.n == 0) {
		error(r, s, s->line.p, "a version is missing");
		return;
	}
	if (slice_is(s->value, "@@VERSION@@") ||
	    slice_eq(s->value, r->world->version))
		return;
	c = statement_complain(s, r->complaints, PROBLEM_ERROR, s->value.p,
	    "these rules want another version; the rest of the file is left "
	    "out");
	c->hint = arena_printf(
	    r->arena, "this is version %.*s", SLICE_FMT(r->world->version));
	r->files[r->depth - 1].other_version = true;
}

/* true: it was about the reading itself. */
static bool
handle(struct rulefile *r, const struct statement *s)
{
	struct open_file *f = &r->files[r->depth - 1];
	bool skipped = f->skip || f->other_version || f->unkept_ifs > 0;

	if (slice_is(s->key, "endif"))
		close_if(r, s);
	else if (slice_is(s->key, "ifplugin"))
		open_ifplugin(r, s);
	else if (slice_is(s->key, "if"))
		open_if(r, s, s->value);
	else if (slice_is(s->key, "else"))
		turn_if(r, s);
	else if (skipped)
		return true;
	else if (slice_is(s->key, "include"))
		include(r, s);
	else if (slice_is(s->key, "require_version"))
		require(r, s);
	else
		return false;
	return true;
}

static void
end_file(struct rulefile *r)
{
	struct open_file *f = &r->files[--r->depth];

	while (f->n_ifs > 0) {
		struct complaint *c = complain(r->complaints, PROBLEM_ERROR,
		    "this \"if\" has no \"endif\"");

		c->file = f->name;
		c->line = f->ifs[--f->n_ifs].line;
	}
}

bool
rulefile_next(struct rulefile *r, struct statement *s)
{
	while (r->depth > 0) {
		struct open_file *f = &r->files[r->depth - 1];

		if (f->rest.n == 0) {
			end_file(r);
			continue;
		}
		*s = (struct statement){.file = f->name};
		s->raw = take_line(f);
		s->number = f->line;
		s->line = slice_of(s->raw.p, 0);
		if (s->raw.n > RULEFILE_LINE_MAX) {
			s->raw = slice_sub(s->raw, 0, COMPLAINT_SOURCE_MAX);
			error(r, s, NULL, "this line is too long: left out");
			continue;
		}
		s->line = uncommented(r, s->raw);
		if (s->line.n == 0 || !for_us(r, &s->line))
			continue;
		split(r, s);
		if (!handle(r, s))
			return true;
	}
	return false;
}
