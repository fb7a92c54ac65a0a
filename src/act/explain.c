#include "act/explain.h"

#include "base/jsontree.h"

enum { VALUE_SHOWN = 400, DEFECT_TEXTS_MAX = 64 };

void
stages_add(struct stages *s, const char *name, uint64_t ns)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->at[i].name, name) == 0)
			break;
	if (i == STAGES_MAX)
		return;
	if (i == s->n)
		s->at[s->n++] = (struct stage){.name = name};
	s->at[i].ns += ns;
}

int
explain_status(const struct message *m, const struct plan *p)
{
	if (m->verdict.incomplete.n > 0)
		return 2;
	return m->verdict.findings.n > 0 || p->infected ? 1 : 0;
}

static struct slice
path_of(const struct message *m, int entity)
{
	if (entity < 0 || (size_t)entity >= m->entities.n)
		return SLICE("");
	return m->entities.at[entity].path;
}

static void
put_findings(struct json *j, const struct message *m)
{
	const struct finding *f;

	json_begin(j, "findings", '[');
	vec_each (f, &m->verdict.findings) {
		json_begin(j, NULL, '{');
		json_str(j, "code", slice_str(finding_word(f->code)));
		json_str(j, "part", path_of(m, f->entity));
		json_str(j, "name", f->name);
		json_str(j, "rule", f->rule);
		json_str(j, "detail", f->detail);
		json_end(j);
	}
	json_end(j);
}

static void
put_parts(struct json *j, const struct message *m)
{
	const struct entity *e;
	size_t i;

	json_begin(j, "parts", '[');
	vec_each (e, &m->entities) {
		if (e->kind == ENTITY_MESSAGE)
			continue;
		json_begin(j, NULL, '{');
		json_str(j, "path", e->path);
		json_str(j, "type", e->type);
		json_str(j, "type_by_content", e->type_by_content);
		json_begin(j, "names", '[');
		for (i = 0; i < e->names.n; i++)
			json_str(j, NULL, e->names.at[i]);
		json_end(j);
		json_int(j, "size", (int64_t)e->size);
		json_int(j, "depth", e->depth);
		json_str(j, "filetype", e->filetype);
		json_end(j);
	}
	json_end(j);
}

static void
put_defects(struct json *j, const struct message *m)
{
	int i;

	json_begin(j, "defects", '[');
	for (i = 0; m->mime != NULL && i < MIME_DEFECT_COUNT; i++)
		if (m->mime->defects & (UINT64_C(1) << i))
			json_str(j, NULL,
			    slice_str(mime_defect_word((enum mime_defect)i)));
	json_end(j);
}

static void
put_incomplete(struct json *j, const struct message *m)
{
	const struct incomplete *i;

	json_begin(j, "incomplete", '[');
	vec_each (i, &m->verdict.incomplete) {
		json_begin(j, NULL, '{');
		json_str(j, "check", i->check);
		json_str(j, "reason", i->reason);
		json_end(j);
	}
	json_end(j);
}

/* The fields of the message as it goes out; none when it does not. */
static void
put_headers(struct json *j, const struct message *m, const struct plan *p,
    const struct edits *edits)
{
	struct slice rest, line, field = SLICE_NONE;

	json_begin(j, "headers", '[');
	if (m->mime != NULL &&
	    (p->action == PLAN_DELIVER || p->action == PLAN_DELIVER_MODIFIED)) {
		rest = compose_header(m, edits);
		while (slice_line(&rest, &line)) {
			if (line.n > 0 && field.n > 0 &&
			    (line.p[0] == ' ' || line.p[0] == '\t')) {
				field.n = (size_t)(line.p + line.n - field.p);
				continue;
			}
			if (field.n > 0)
				json_str(j, NULL, field);
			field = line;
		}
		if (field.n > 0)
			json_str(j, NULL, field);
	}
	json_end(j);
}

static struct slice
where(struct arena *a, const struct plan_line *l)
{
	if (l->origin.rule_file.n > 0)
		return arena_printf(a, "%.*s:%u: %.*s",
		    SLICE_FMT(l->origin.rule_file), l->origin.rule_line,
		    SLICE_FMT(l->origin.rule));
	if (l->origin.line > 0)
		return arena_printf(
		    a, "%.*s:%u", SLICE_FMT(l->origin.file), l->origin.line);
	return l->origin.file.n > 0 ? l->origin.file : SLICE("(default)");
}

static void
put_settings(struct json *j, const struct message *m, const struct plan *p)
{
	const struct plan_line *l;

	json_begin(j, "settings", '[');
	vec_each (l, &p->lines) {
		json_begin(j, NULL, '{');
		json_str(j, "name", slice_str(l->name));
		json_str(j, "value", slice_sub(l->value, 0, VALUE_SHOWN));
		json_str(j, "where", where(m->arena, l));
		json_end(j);
	}
	json_end(j);
}

static void
put_plan(struct json *j, const struct message *m, const struct plan *p)
{
	const struct deed *d;

	json_begin(j, "plan", '[');
	vec_each (d, &p->deeds) {
		json_begin(j, NULL, '{');
		json_str(j, "deed", slice_str(deed_word(d->kind)));
		json_str(j, "part", path_of(m, d->entity));
		if (d->argument.n > 0)
			json_str(j, "argument", d->argument);
		if (d->finding >= 0)
			json_int(j, "finding", d->finding);
		if (d->line >= 0) {
			const struct plan_line *l = &p->lines.at[d->line];

			json_str(j, "setting", slice_str(l->name));
			json_str(j, "where", where(m->arena, l));
		}
		json_end(j);
	}
	json_end(j);
}

static void
put_times(struct json *j, const struct stages *stages)
{
	size_t i;

	json_begin(j, "ms", '{');
	for (i = 0; stages != NULL && i < stages->n; i++)
		json_num(
		    j, stages->at[i].name, (double)stages->at[i].ns / 1e6, 3);
	json_end(j);
}

void
explain_fields(struct json *j, const struct message *m, const struct plan *p,
    const struct edits *edits, const struct stages *stages)
{
	json_int(j, "size", (int64_t)m->raw.n);
	json_str(j, "action", slice_str(plan_action_word(p->action)));
	json_bool(j, "infected", p->infected);
	if (p->reason.n > 0)
		json_str(j, "reason", p->reason);
	put_findings(j, m);
	put_parts(j, m);
	json_begin(j, "links", '[');
	json_end(j);
	put_defects(j, m);
	put_incomplete(j, m);
	put_headers(j, m, p, edits);
	put_plan(j, m, p);
	put_settings(j, m, p);
	put_times(j, stages);
}

void
explain_json(struct buf *out, struct slice file, const struct message *m,
    const struct plan *p, const struct edits *edits,
    const struct stages *stages)
{
	struct json j;

	json_init(&j, out);
	json_begin(&j, NULL, '{');
	json_str(&j, "file", file);
	explain_fields(&j, m, p, edits, stages);
	json_end(&j);
}

/* Text of a value in one printable line. */
static void
say(struct buf *out, struct slice s)
{
	(void)buf_add_printable(out, s, VALUE_SHOWN);
}

static void
say_known(struct buf *out, const char *before, struct slice s)
{
	if (s.n == 0)
		return;
	(void)buf_adds(out, before);
	say(out, s);
}

static void
say_line(struct buf *out, const char *title, struct slice s)
{
	if (s.n == 0)
		return;
	(void)buf_addf(out, "%-10s ", title);
	say(out, s);
	(void)buf_addc(out, '\n');
}

static void
say_top(struct buf *out, const struct jsontree *v)
{
	static const struct {
		const char *title, *key;
	} lines[] = {{"file", "file"}, {"message", "id"}, {"time", "date"},
	    {"message-id", "messageid"}, {"from", "from"}, {"client", "client"},
	    {"size", "size"}, {"action", "action"}, {"because", "reason"},
	    {"quarantine", "quarantine"}};
	const struct jsontree *to;
	size_t i;

	for (i = 0; i < COUNT_OF(lines); i++) {
		say_line(out, lines[i].title, jsontree_text(v, lines[i].key));
		if (strcmp(lines[i].key, "from") != 0)
			continue;
		jsontree_each(to, jsontree_get(v, "to"))
		    say_line(out, "to", to->text);
	}
}

static void
say_part(struct buf *out, const struct jsontree *p)
{
	const struct jsontree *name;

	(void)buf_adds(out, "part       ");
	say(out, jsontree_text(p, "path"));
	say_known(out, "  ", jsontree_text(p, "type"));
	say_known(out, " (is ", jsontree_text(p, "type_by_content"));
	if (jsontree_text(p, "type_by_content").n > 0)
		(void)buf_addc(out, ')');
	say_known(out, "  ", jsontree_text(p, "size"));
	(void)buf_adds(out, " bytes");
	jsontree_each(name, jsontree_get(p, "names"))
	{
		(void)buf_adds(out, "  \"");
		say(out, name->text);
		(void)buf_addc(out, '"');
	}
	say_known(out, "  ", jsontree_text(p, "filetype"));
	(void)buf_addc(out, '\n');
}

static void
say_finding(struct buf *out, const struct jsontree *f)
{
	(void)buf_adds(out, "found      ");
	say(out, jsontree_text(f, "code"));
	say_known(out, " in part ", jsontree_text(f, "part"));
	say_known(out, ": ", jsontree_text(f, "name"));
	say_known(out, ": ", jsontree_text(f, "detail"));
	say_known(out, "  [", jsontree_text(f, "rule"));
	if (jsontree_text(f, "rule").n > 0)
		(void)buf_addc(out, ']');
	(void)buf_addc(out, '\n');
}

static void
say_deed(struct buf *out, const struct jsontree *d)
{
	(void)buf_adds(out, "plan       ");
	say(out, jsontree_text(d, "deed"));
	say_known(out, " part ", jsontree_text(d, "part"));
	say_known(out, ": ", jsontree_text(d, "argument"));
	say_known(out, "  because ", jsontree_text(d, "setting"));
	say_known(out, " at ", jsontree_text(d, "where"));
	(void)buf_addc(out, '\n');
}

static void
say_setting(struct buf *out, const struct jsontree *s)
{
	(void)buf_adds(out, "setting    ");
	say(out, jsontree_text(s, "name"));
	(void)buf_adds(out, " = ");
	say(out, jsontree_text(s, "value"));
	say_known(out, "  ", jsontree_text(s, "where"));
	(void)buf_addc(out, '\n');
}

static void
say_incomplete(struct buf *out, const struct jsontree *i)
{
	(void)buf_adds(out, "not run    ");
	say(out, jsontree_text(i, "check"));
	say_known(out, ": ", jsontree_text(i, "reason"));
	(void)buf_addc(out, '\n');
}

static void
say_header(struct buf *out, const struct jsontree *h)
{
	say_line(out, "header", h->text);
}

static void
say_defect(struct buf *out, const struct jsontree *d)
{
	say_line(out, "defect", d->text);
}

static void
say_time(struct buf *out, const struct jsontree *t)
{
	(void)buf_adds(out, "ms         ");
	say(out, t->key);
	say_known(out, " ", t->text);
	(void)buf_addc(out, '\n');
}

bool
explain_text(struct buf *out, struct slice object)
{
	static const struct {
		const char *key;
		void (*say)(struct buf *, const struct jsontree *);
	} lists[] = {{"parts", say_part}, {"defects", say_defect},
	    {"findings", say_finding}, {"incomplete", say_incomplete},
	    {"plan", say_deed}, {"settings", say_setting},
	    {"headers", say_header}, {"ms", say_time}};
	struct arena *a = arena_new(0);
	const struct jsontree *v = jsontree_parse(a, object), *item;
	bool good = jsontree_get(v, "action") != NULL;
	size_t i;

	if (good)
		say_top(out, v);
	for (i = 0; good && i < COUNT_OF(lists); i++)
		jsontree_each(item, jsontree_get(v, lists[i].key)) lists[i].say(
		    out, item);
	arena_free(a);
	return good;
}
