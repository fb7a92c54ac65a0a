#define PCRE2_CODE_UNIT_WIDTH 8
#include "scan/names.h"

#include <fcntl.h>
#include <pcre2.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/map.h"
#include "base/text.h"
#include "config/namerules.h"
#include "sys/clock.h"
#include "sys/io.h"

/* A rule file or one pattern, compiled. */
struct compiled {
	struct namerules rules;
	bool missing; /* the file could not be read */
	bool on_mime; /* some rule looks at the MIME type */
};

struct names {
	struct arena *arena;
	struct map files; /* words of options -> struct compiled */
	struct map allow, deny;
	struct problems problems;
};

enum set { NAMES, TYPES, MIMES, SETS };

/* The options of each set, for MIME parts and for members of archives. */
static const struct {
	enum option allow, deny, rules;
} set_options[2][SETS] = {
    {{OPT_ALLOW_FILENAMES, OPT_DENY_FILENAMES, OPT_FILENAME_RULES},
	{OPT_ALLOW_FILETYPES, OPT_DENY_FILETYPES, OPT_FILETYPE_RULES},
	{OPT_ALLOW_FILE_MIME_TYPES, OPT_DENY_FILE_MIME_TYPES,
	    OPT_FILETYPE_RULES}},
    {{OPT_ARCHIVES_ALLOW_FILENAMES, OPT_ARCHIVES_DENY_FILENAMES,
	 OPT_ARCHIVES_FILENAME_RULES},
	{OPT_ARCHIVES_ALLOW_FILETYPES, OPT_ARCHIVES_DENY_FILETYPES,
	    OPT_ARCHIVES_FILETYPE_RULES},
	{OPT_ARCHIVES_ALLOW_FILE_MIME_TYPES, OPT_ARCHIVES_DENY_FILE_MIME_TYPES,
	    OPT_ARCHIVES_FILETYPE_RULES}},
};

/* ---- compiling ---------------------------------------------------------- */

static struct slice
read_rules(struct names *n, const char *path, struct fail *why)
{
	struct buf b;
	struct slice text = SLICE_NONE;
	int fd = io_open(AT_FDCWD, path, why);
	ssize_t got = 0;

	if (fd < 0)
		return text;
	buf_init(&b, NAMES_FILE_MAX);
	do {
		char *to = buf_room(&b, 4096);

		if (to == NULL) {
			(void)fail_set(why, FAIL_FULL, "more than %d bytes",
			    NAMES_FILE_MAX);
			got = -1;
			break;
		}
		got = io_read_at(fd, to, 4096, b.n, why);
		if (got > 0)
			b.n += (size_t)got;
	} while (got > 0);
	if (got == 0)
		text = b.n > 0 ? arena_dup(n->arena, buf_slice(&b)) : SLICE("");
	buf_fini(&b);
	(void)close(fd);
	return text;
}

static void
add_file(struct names *n, const struct conf *c, struct slice word)
{
	struct compiled *k;
	const struct namerule *r;
	struct slice path, text;
	struct fail why = {0};

	if (map_has(&n->files, word))
		return;
	k = arena_make(n->arena, struct compiled);
	map_set(&n->files, word, k);
	path = conf_expand_in(c, n->arena, word);
	text = read_rules(n, arena_str(n->arena, path), &why);
	if (text.p == NULL) {
		k->missing = true;
		problem_add(&n->problems, PROBLEM_ERROR, path, 0,
		    "cannot read the rules: %s", why.text);
		return;
	}
	namerules_parse(&k->rules, n->arena, text, path, &n->problems);
	vec_each (r, &k->rules.rules)
		k->on_mime |= r->has_mime;
}

/* A pattern of an option: a leading "*" is meant as ".*". */
static void
add_pattern(struct names *n, struct map *to, struct slice word,
    enum namerule_action action, enum option opt)
{
	struct compiled *k;

	if (map_has(to, word))
		return;
	k = arena_make(n->arena, struct compiled);
	map_set(to, word, k);
	if (word.p[0] == '*')
		word = arena_printf(n->arena, ".%.*s", SLICE_FMT(word));
	namerules_words(&k->rules, n->arena, word, action,
	    slice_str(options[opt].name), 0, &n->problems);
}

enum role { ROLE_ALLOW, ROLE_DENY, ROLE_RULES };

static void
add_value(struct names *n, const struct conf *c, enum option opt,
    enum role role, struct slice value)
{
	struct slice word;

	value = arena_dup(n->arena, value);
	while (slice_word(&value, &word)) {
		if (role == ROLE_RULES)
			add_file(n, c, word);
		else
			add_pattern(n,
			    role == ROLE_ALLOW ? &n->allow : &n->deny, word,
			    role == ROLE_ALLOW ? NAMERULE_ALLOW : NAMERULE_DENY,
			    opt);
	}
}

/* Every value the option can have for any message. */
static void
add_option(
    struct names *n, const struct conf *c, enum option opt, enum role role)
{
	const struct ruleset *set = conf_ruleset(c, opt);
	const struct rule *const *rules;
	size_t i, count;

	if (set == NULL) {
		add_value(n, c, opt, role, conf_text(c, opt, NULL, n->arena));
		return;
	}
	count = ruleset_rules(set, &rules);
	for (i = 0; i < count; i++)
		if (rules[i] != NULL)
			add_value(n, c, opt, role, rules[i]->value);
}

struct names *
names_new(const struct conf *c)
{
	struct arena *a = arena_new(0);
	struct names *n = arena_make(a, struct names);
	const struct problem *p;
	unsigned where, set;

	n->arena = a;
	n->problems.arena = a;
	map_init(&n->files, a);
	map_init(&n->allow, a);
	map_init(&n->deny, a);
	for (where = 0; where < 2; where++)
		for (set = 0; set < SETS; set++) {
			add_option(
			    n, c, set_options[where][set].allow, ROLE_ALLOW);
			add_option(
			    n, c, set_options[where][set].deny, ROLE_DENY);
			add_option(
			    n, c, set_options[where][set].rules, ROLE_RULES);
		}
	vec_each (p, &n->problems.list)
		log_warn("%.*s:%u: %.*s", SLICE_FMT(p->file), p->line,
		    SLICE_FMT(p->text));
	return n;
}

static void
free_map(struct map *m)
{
	struct map_entry *e;

	map_each (e, m) {
		struct compiled *k = e->value;

		namerules_fini(&k->rules);
	}
}

void
names_free(struct names *n)
{
	if (n == NULL)
		return;
	free_map(&n->files);
	free_map(&n->allow);
	free_map(&n->deny);
	arena_free(n->arena);
}

const struct problems *
names_problems(const struct names *n)
{
	return &n->problems;
}

/* ---- one message -------------------------------------------------------- */

struct compiled_list {
	const struct compiled **at;
	size_t n, cap;
};

/* The rules of one set for this message, in the order they are asked. */
struct asked {
	struct compiled_list allow, deny, rules;
	bool on_mime;
};

struct checker {
	const struct names *n;
	struct message *m;
	struct arena *a;
	const struct unpacking *x;
	struct asked sets[2][SETS];
	struct slice archives; /* first letters of Archives Are */
	struct slice rename;   /* Default Rename Pattern */
	bool override, log_names, log_types, check_locked, ignore_dat;
	size_t findings;
};

/* What was decided about one text. */
struct decision {
	enum namerule_action action;
	const struct namerule *rule; /* NULL: nothing matched */
	struct slice text;           /* the reading it is about */
};

static bool
any_yes(const struct message *m, enum option opt)
{
	return slice_chr(message_text(m, opt), '1') != SLICE_NOT_FOUND;
}

static void
incomplete(
    struct checker *c, enum option opt, const char *what, struct slice word)
{
	verdict_add_incomplete(&c->m->verdict, c->a, SLICE("filename"),
	    arena_printf(
		c->a, "%s: %s %.*s", options[opt].name, what, SLICE_FMT(word)));
}

static void
add_all(struct checker *c, enum option opt, const struct map *from,
    struct compiled_list *to)
{
	struct slice value = message_text(c->m, opt), word;
	const struct compiled *k;

	while (slice_word(&value, &word)) {
		k = map_get(from, word);
		if (k == NULL || k->missing)
			incomplete(c, opt, "cannot read", word);
		else
			*vec_push(c->a, to) = k;
	}
}

static void
gather(struct checker *c, unsigned where, unsigned set)
{
	struct asked *s = &c->sets[where][set];
	const struct compiled **k;

	add_all(c, set_options[where][set].allow, &c->n->allow, &s->allow);
	add_all(c, set_options[where][set].deny, &c->n->deny, &s->deny);
	/* Types and MIME types have their files in common. */
	if (set == MIMES)
		s->rules = c->sets[where][TYPES].rules;
	else
		add_all(
		    c, set_options[where][set].rules, &c->n->files, &s->rules);
	vec_each (k, &s->rules)
		s->on_mime |= (*k)->on_mime;
}

/* The first letter of each word: which members of archives are members. */
static struct slice
archive_letters(struct checker *c)
{
	struct slice value = message_text(c->m, OPT_ARCHIVES_ARE), word;
	char *out = arena_alloc(c->a, value.n + 1);
	size_t n = 0;

	while (slice_word(&value, &word))
		out[n++] = text_lower(word.p[0]);
	return slice_of(out, n);
}

static bool
is_archived(const struct checker *c, int entity)
{
	unsigned char by = (size_t)entity < c->x->marks.n
			       ? c->x->marks.at[entity].by
			       : UNPACK_BY_NONE;

	/* An empty list matches every file, as ever. */
	return c->archives.n == 0 ||
	       (by != UNPACK_BY_NONE &&
		   slice_chr(c->archives, (char)by) != SLICE_NOT_FOUND);
}

static struct decision
first_match(
    const struct compiled_list *list, struct slice text, struct slice mime)
{
	struct decision d = {NAMERULE_ALLOW, NULL, text};
	size_t i;

	for (i = 0; i < list->n && d.rule == NULL; i++)
		d.rule = namerules_match(&list->at[i]->rules, text, mime);
	if (d.rule != NULL)
		d.action = d.rule->action;
	return d;
}

/* Allow, deny, rules. mime: what the third column of rules looks at. */
static struct decision
decide(const struct asked *s, struct slice text, struct slice rule_text,
    struct slice mime)
{
	struct decision d = first_match(&s->allow, text, SLICE_NONE);

	if (d.rule == NULL)
		d = first_match(&s->deny, text, SLICE_NONE);
	if (d.rule == NULL)
		d = first_match(&s->rules, rule_text, mime);
	d.text = text;
	return d;
}

static unsigned
badness(const struct decision *d)
{
	if (d->rule == NULL)
		return 0;
	switch (d->action) {
	case NAMERULE_DENY_DELETE:
		return 5;
	case NAMERULE_DENY:
		return 4;
	case NAMERULE_FORWARD:
		return 3;
	case NAMERULE_RENAME:
		return 2;
	case NAMERULE_ALLOW:
		break;
	}
	return 1;
}

/* ---- renaming ----------------------------------------------------------- */

/* The pattern with the old name for __FILENAME__ (any case, first one); one
 * without it is put behind the name. */
static struct slice
default_new_name(struct checker *c, struct slice name)
{
	static const struct slice mark = SLICE_LIT("__FILENAME__");
	ptrdiff_t at = slice_find_ci(c->rename, mark);

	if (at < 0)
		return arena_printf(
		    c->a, "%.*s%.*s", SLICE_FMT(name), SLICE_FMT(c->rename));
	return arena_printf(c->a, "%.*s%.*s%.*s",
	    SLICE_FMT(slice_sub(c->rename, 0, (size_t)at)), SLICE_FMT(name),
	    SLICE_FMT(slice_from(c->rename, (size_t)at + mark.n)));
}

/* "rename to X": what the expression matched becomes X, with $1 ... */
static struct slice
substituted(struct checker *c, const struct namerule *r, struct slice name)
{
	char out[NAMES_RENAMED_MAX + 1];
	PCRE2_SIZE n = sizeof(out);
	pcre2_match_context *ctx = pcre2_match_context_create(NULL);
	int rc;

	if (ctx == NULL)
		return SLICE_NONE;
	(void)pcre2_set_match_limit(ctx, 200000);
	rc = pcre2_substitute(r->regex, (PCRE2_SPTR)(name.n > 0 ? name.p : ""),
	    name.n, 0, 0, NULL, ctx, (PCRE2_SPTR)r->argument.p, r->argument.n,
	    (PCRE2_UCHAR *)out, &n);
	pcre2_match_context_free(ctx);
	return rc > 0 ? arena_dup(c->a, slice_of(out, n)) : SLICE_NONE;
}

static struct slice
new_name(struct checker *c, const struct decision *d, bool by_name)
{
	struct slice s = SLICE_NONE;

	if (by_name && d->rule->argument.n > 0 && d->rule->regex != NULL)
		s = substituted(c, d->rule, d->text);
	if (s.n == 0)
		s = default_new_name(c, d->text);
	return slice_sub(s, 0, NAMES_RENAMED_MAX);
}

/* ---- findings ----------------------------------------------------------- */

static struct slice
shown_name(const struct entity *e)
{
	return e->names.n > 0 ? e->names.at[0] : e->safe_name;
}

static void
log_allowed(const struct checker *c, const struct entity *e, const char *kind,
    bool matched)
{
	log_info("%s Checks: Allowing %.*s %.*s%s", kind,
	    SLICE_FMT(c->m->env.id), SLICE_FMT(shown_name(e)),
	    matched ? "" : " (no rule matched)");
}

/* One part has several contents, each an entity with the same names: what was
 * said of one of them holds for the part. */
static bool
was_said(const struct checker *c, const struct entity *e,
    enum finding_code code, struct slice name, struct slice rule)
{
	const struct finding *f;

	if (e->kind != ENTITY_PART || e->mime == NULL)
		return false;
	vec_each (f, &c->m->verdict.findings) {
		const struct entity *other =
		    f->entity > 0 ? &c->m->entities.at[f->entity] : NULL;

		if (f->code == code && other != NULL &&
		    other->kind == ENTITY_PART && other->mime == e->mime &&
		    slice_eq(f->name, name) && slice_eq(f->rule, rule))
			return true;
	}
	return false;
}

static void
add_finding(struct checker *c, int entity, enum finding_code code,
    const struct decision *d)
{
	const struct entity *e = &c->m->entities.at[entity];
	struct finding *f;
	bool by_name = code == FINDING_FILENAME, many;
	struct slice name = by_name && d->text.n > 0 ? d->text : shown_name(e);
	struct slice rule = d->rule->line > 0
				? arena_printf(c->a, "%.*s:%u",
				      SLICE_FMT(d->rule->file), d->rule->line)
				: d->rule->file;

	if (was_said(c, e, code, name, rule))
		return;
	many = c->findings++ >= NAMES_FINDINGS_MAX;
	if (many && c->findings > NAMES_FINDINGS_MAX + 1)
		return;
	f = verdict_add(
	    &c->m->verdict, c->a, code, many ? ENTITY_WHOLE : entity);
	f->name = name;
	f->rule = rule;
	f->detail =
	    d->rule->user_text.n > 0 ? d->rule->user_text : d->rule->log_text;
	f->argument = d->rule->log_text;
	switch (many ? NAMERULE_DENY : d->action) {
	case NAMERULE_DENY_DELETE:
		f->wish = WISH_BLOCK_DELETE;
		break;
	case NAMERULE_DENY:
		f->wish = WISH_BLOCK;
		break;
	case NAMERULE_FORWARD:
		f->wish = WISH_FORWARD;
		f->argument = d->rule->argument;
		break;
	case NAMERULE_RENAME: {
		struct decision shown = *d;

		f->wish = WISH_RENAME;
		shown.text = by_name ? d->text : shown_name(e);
		f->argument = new_name(c, &shown, by_name);
		break;
	}
	case NAMERULE_ALLOW:
		break;
	}
}

/* ---- one entity --------------------------------------------------------- */

/* Members carry the path inside the archive; rules are about file names. */
static struct slice
last_part(struct slice s)
{
	size_t i;

	for (i = s.n; i > 0; i--)
		if (s.p[i - 1] == '/' || s.p[i - 1] == '\\')
			break;
	return slice_from(s, i);
}

/* The worst about any reading; *all_allowed: each was named by an allow. */
static struct decision
check_readings(
    struct checker *c, int entity, const struct asked *s, bool *all_allowed)
{
	const struct entity *e = &c->m->entities.at[entity];
	struct decision worst = {NAMERULE_ALLOW, NULL, SLICE_NONE}, d;
	bool member = e->kind == ENTITY_MEMBER;
	size_t i;

	*all_allowed = true;
	for (i = 0; i <= e->names.n; i++) {
		struct slice text =
		    i < e->names.n ? e->names.at[i] : e->safe_name;

		if (i == e->names.n && !e->leaf)
			break;
		if (member)
			text = last_part(text);
		if (text.n == 0 ||
		    (i > 0 && i < e->names.n && member &&
			slice_eq(text, last_part(e->names.at[i - 1]))))
			continue;
		d = decide(s, text, text, SLICE_NONE);
		*all_allowed &= d.rule != NULL && d.action == NAMERULE_ALLOW;
		if (badness(&d) > badness(&worst))
			worst = d;
	}
	return worst;
}

/* Returns whether an allow spares it the check of its type. */
static bool
check_name(struct checker *c, int entity)
{
	const struct entity *e = &c->m->entities.at[entity];
	const struct asked *s = &c->sets[is_archived(c, entity)][NAMES];
	struct decision worst;
	bool allowed;

	if (e->encrypted && e->kind == ENTITY_MEMBER && !c->check_locked)
		return false;
	worst = check_readings(c, entity, s, &allowed);
	if (badness(&worst) > 1)
		add_finding(c, entity, FINDING_FILENAME, &worst);
	else if (c->log_names && e->leaf)
		log_allowed(c, e, "Filename", worst.rule != NULL);
	return c->override && allowed && worst.rule != NULL;
}

/* Up to the first `end`: what MailScanner takes of file's output. */
static struct slice
up_to(struct slice s, char end)
{
	ptrdiff_t at = slice_chr(s, end);

	return at >= 0 ? slice_sub(s, 0, (size_t)at) : s;
}

static void
check_type(struct checker *c, int entity)
{
	const struct entity *e = &c->m->entities.at[entity];
	bool archived = is_archived(c, entity);
	const struct asked *types = &c->sets[archived][TYPES];
	const struct asked *mimes = &c->sets[archived][MIMES];
	struct slice words = up_to(e->filetype, ',');
	struct slice mime = up_to(e->type_by_content, ';');
	struct decision by_words, by_mime;

	if (e->filetype.n == 0 && e->type_by_content.n == 0)
		return;
	if (archived && c->ignore_dat && e->names.n > 0 &&
	    slice_ends(e->names.at[0], ".dat"))
		return;
	by_words = decide(types, words, words, SLICE_NONE);
	by_mime = by_words;
	by_mime.rule = NULL;
	if (mime.n > 0 &&
	    (mimes->on_mime || mimes->allow.n > 0 || mimes->deny.n > 0))
		by_mime = decide(mimes, mime, SLICE(""), mime);
	if (badness(&by_words) > 1)
		add_finding(c, entity, FINDING_FILETYPE, &by_words);
	if (badness(&by_mime) > 1 && by_mime.rule != by_words.rule)
		add_finding(c, entity, FINDING_FILETYPE, &by_mime);
	if (badness(&by_words) <= 1 && badness(&by_mime) <= 1 && c->log_types)
		log_allowed(c, e, "Filetype",
		    by_words.rule != NULL || by_mime.rule != NULL);
}

bool
names_wants_types(const struct message *m)
{
	return slice_trim(message_text(m, OPT_FILE_COMMAND)).n > 0;
}

void
names_check(const struct names *n, struct message *m, const struct unpacking *x,
    uint64_t deadline)
{
	struct checker c = {.n = n, .m = m, .a = m->arena, .x = x};
	bool types = names_wants_types(m);
	unsigned where, set;
	int i;

	for (where = 0; where < 2; where++)
		for (set = 0; set < SETS; set++)
			gather(&c, where, set);
	c.archives = archive_letters(&c);
	c.rename = message_text(m, OPT_DEFAULT_RENAME_PATTERN);
	c.override = any_yes(m, OPT_OVERRIDE_FILETYPES);
	c.log_names = message_yes(m, OPT_LOG_PERMITTED_FILENAMES);
	c.log_types = message_yes(m, OPT_LOG_PERMITTED_FILETYPES);
	c.check_locked =
	    any_yes(m, OPT_CHECK_FILENAMES_IN_PASSWORD_PROTECTED_ARCHIVES);
	c.ignore_dat = any_yes(m, OPT_ARCHIVES_IGNORE_DAT_FILE_EXECUTABLE);
	for (i = 1; (size_t)i < m->entities.n; i++) {
		const struct entity *e = &m->entities.at[i];

		if (clock_mono() >= deadline) {
			verdict_add_incomplete(&m->verdict, m->arena,
			    SLICE("filename"),
			    SLICE("the time for this message was up"));
			return;
		}
		if (!e->leaf && e->names.n == 0)
			continue;
		if (!check_name(&c, i) && types && e->leaf)
			check_type(&c, i);
	}
}
