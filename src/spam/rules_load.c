/* rules_load - files and directories in SpamAssassin's order, into rules. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "spam/plugins.h"
#include "spam/rules_private.h"
#include "sys/io.h"

/* ---- answers for conditions ----------------------------------------------*/

static bool
ask(void *ctx, struct slice function, struct slice name)
{
	const struct rules_build *b = ctx;
	const char *known;
	struct slice package, rest;
	ptrdiff_t at;

	if (slice_is(function, "plugin")) {
		if (slice_is(
			name, "Mail::SpamAssassin::Plugin::RaciallyCharged"))
			return true; /* it is gone, its rules are not */
		known = plugin_known(name);
		return known != NULL && map_has(&b->plugins, slice_str(known));
	}
	at = slice_rchr(name, ':');
	if (at < 2)
		return false;
	package = slice_sub(name, 0, (size_t)at - 1);
	rest = slice_from(name, (size_t)at + 1);
	if (slice_is(package, "Mail::SpamAssassin::Conf") &&
	    slice_starts(rest, "compat_"))
		return map_has(&b->compat, slice_from(rest, 7));
	known = plugin_known(package);
	if (known != NULL && !map_has(&b->plugins, slice_str(known)))
		return false;
	return plugin_has(package, rest);
}

/* ---- files ---------------------------------------------------------------*/

static bool
read_bytes(struct rules_build *b, const char *path, struct slice *out,
    struct fail *why)
{
	int fd = io_open(AT_FDCWD, path, why);
	struct stat st;
	char *bytes;
	ssize_t n = -1;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && st.st_size <= RULES_FILE_MAX) {
		bytes = arena_alloc(b->arena, (size_t)st.st_size + 1);
		n = io_read_at(fd, bytes, (size_t)st.st_size, 0, why);
		if (n >= 0)
			*out = slice_of(bytes, (size_t)n);
	} else {
		(void)fail_set(why, FAIL_FULL, "%s is too large", path);
	}
	(void)close(fd);
	return n >= 0;
}

/* false: it cannot be read (*why). *bytes has p == NULL when it was already. */
static bool
take_file(struct rules_build *b, const char *path, struct slice *name,
    struct slice *bytes, struct fail *why)
{
	bool added;

	*bytes = SLICE_NONE;
	*name = map_add(&b->files, slice_str(path), &added)->key;
	if (!added)
		return true;
	if (b->files.n > RULES_FILES_MAX) {
		(void)fail_set(why, FAIL_FULL, "too many files");
		return false;
	}
	if (!read_bytes(b, path, bytes, why))
		return false;
	*vec_push(b->arena, &b->r->files) = *name;
	return true;
}

static bool
read_included(void *ctx, struct slice path, struct slice from,
    struct slice *name, struct slice *bytes)
{
	struct rules_build *b = ctx;
	ptrdiff_t slash = slice_rchr(from, '/');
	struct fail why;

	if (path.n == 0 || memchr(path.p, '\0', path.n) != NULL)
		return false;
	if (path.p[0] != '/' && slash >= 0)
		path = arena_printf(
		    b->arena, "%.*s/%.*s", (int)slash, from.p, SLICE_FMT(path));
	return take_file(b, arena_str(b->arena, path), name, bytes, &why);
}

/* ---- statements ----------------------------------------------------------*/

struct setting_key {
	enum setting set;
	struct slice family;
};

static bool
brought(const struct rules_build *b, const char *plugins)
{
	struct slice rest = slice_str(plugins), word;

	if (rest.n == 0)
		return true;
	while (slice_word(&rest, &word))
		if (map_has(&b->plugins, word))
			return true;
	return false;
}

static void
unknown(struct rules_build *b, const struct statement *s)
{
	const char *near = setting_nearest(s->key);
	struct complaint *c = statement_complain(s, &b->r->complaints,
	    PROBLEM_WARNING, s->line.p, "there is no such setting");

	if (near != NULL)
		c->hint = arena_printf(b->arena, "did you mean \"%s\"?", near);
}

static void
take_statement(struct rules_build *b, const struct statement *s)
{
	struct map_entry *e = map_add(&b->known, s->key, NULL);
	struct setting_key *key = e->value;
	struct complaint *c;

	if (key == NULL) {
		key = arena_make(b->arena, struct setting_key);
		key->set = setting_find(e->key, &key->family);
		e->value = key;
	}
	if (key->set == SETTING_COUNT) {
		unknown(b, s);
	} else if (!brought(b, settings[key->set].plugins)) {
		c = statement_complain(s, &b->r->complaints, PROBLEM_WARNING,
		    s->line.p, "this is of a plugin that is not loaded");
		c->hint = arena_printf(b->arena,
		    "loadplugin Mail::SpamAssassin::Plugin::%s",
		    settings[key->set].plugins);
	} else if (settings[key->set].kind == SETTING_RULE) {
		rules_define(b, s, key->set);
	} else {
		rules_set(b, s, key->set, key->family);
	}
}

static void
read_statements(struct rules_build *b, struct slice name, struct slice bytes)
{
	struct statement s;

	rulefile_start(b->reader, name, bytes);
	while (rulefile_next(b->reader, &s))
		take_statement(b, &s);
}

static void
read_file(struct rules_build *b, const char *path)
{
	struct slice name, bytes;
	struct fail why;

	if (!take_file(b, path, &name, &bytes, &why)) {
		(void)complain(
		    &b->r->complaints, PROBLEM_ERROR, "%s", why.text);
		return;
	}
	if (bytes.p != NULL)
		read_statements(b, name, bytes);
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All files of a directory that end in suffix, or the file itself. */
static void
read_all(struct rules_build *b, const char *path, const char *suffix)
{
	VEC_OF(char *) names = {0};
	struct dirent *entry;
	struct stat st;
	struct fail why;
	DIR *list;
	int dir;

	if (path == NULL || stat(path, &st) != 0)
		return;
	if (!S_ISDIR(st.st_mode)) {
		read_file(b, path);
		return;
	}
	dir = io_open_dir(AT_FDCWD, path, &why);
	list = dir >= 0 ? io_list(dir, &why) : NULL;
	while (list != NULL && (entry = readdir(list)) != NULL) {
		struct slice name = slice_str(entry->d_name);

		if (slice_ends_ci(name, suffix) &&
		    fstatat(dir, entry->d_name, &st, 0) == 0 &&
		    S_ISREG(st.st_mode))
			*vec_push(b->arena, &names) =
			    arena_str(b->arena, arena_printf(b->arena, "%s/%s",
						    path, entry->d_name));
	}
	if (list == NULL)
		(void)complain(
		    &b->r->complaints, PROBLEM_ERROR, "%s", why.text);
	else
		(void)closedir(list);
	if (dir >= 0)
		(void)close(dir);
	if (names.n > 0)
		qsort(names.at, names.n, sizeof(*names.at), by_path);
	for (size_t i = 0; i < names.n; i++)
		read_file(b, names.at[i]);
}

/* ---- places --------------------------------------------------------------*/

/* The first of the paths that is there; "" does not count. */
static const char *
first(struct rules_build *b, const struct slice *paths, size_t n)
{
	struct stat st;

	for (size_t i = 0; i < n; i++) {
		char *path = arena_str(b->arena, paths[i]);

		if (path[0] != '\0' && stat(path, &st) == 0)
			return path;
	}
	return NULL;
}

static struct slice
below(struct rules_build *b, struct slice dir, const char *rest)
{
	return dir.n == 0
		   ? SLICE_NONE
		   : arena_printf(b->arena, "%.*s%s", SLICE_FMT(dir), rest);
}

static const char *
rules_dir(struct rules_build *b)
{
	const struct rules_places *p = b->places;
	const struct slice paths[] = {
	    below(b,
		p->state_dir.n > 0 ? p->state_dir
				   : SLICE("/var/lib/spamassassin"),
		"/" RULES_VERSION),
	    p->def_dir, below(b, p->prefix, "/share/spamassassin"),
	    SLICE("/usr/local/share/spamassassin"),
	    SLICE("/usr/share/spamassassin")};

	if (p->rules.n > 0)
		return arena_str(b->arena, p->rules);
	return first(b, paths, COUNT_OF(paths));
}

static const char *
site_dir(struct rules_build *b)
{
	const struct rules_places *p = b->places;
	const struct slice paths[] = {p->local_dir,
	    below(b, p->prefix, "/etc/mail/spamassassin"),
	    below(b, p->prefix, "/etc/spamassassin"),
	    SLICE("/usr/local/etc/spamassassin"),
	    SLICE("/usr/pkg/etc/spamassassin"), SLICE("/usr/etc/spamassassin"),
	    SLICE("/etc/mail/spamassassin"), SLICE("/etc/spamassassin")};

	if (p->site.n > 0)
		return arena_str(b->arena, p->site);
	return first(b, paths, COUNT_OF(paths));
}

/* ---- beginning and end ---------------------------------------------------*/

static void
begin(struct rules_build *b, const struct rules_places *p)
{
	struct arena *a = arena_new(0);
	struct rules *r = arena_make(a, struct rules);

	*b = (struct rules_build){.r = r, .arena = a, .places = p};
	r->arena = r->complaints.arena = a;
	map_init(&b->by_name, a);
	map_init(&b->known, a);
	map_init(&b->files, a);
	map_init(&b->plugins, a);
	map_init(&b->compat, a);
	for (unsigned i = 0; i < SETTING_COUNT; i++)
		map_init(&r->settings[i].items, a);
	b->world = (struct rulefile_world){.version = SLICE(RULES_VERSION),
	    .lang = p->lang.n > 0 ? p->lang : SLICE("en_US"),
	    .read = read_included,
	    .ctx = b};
	b->world.conditions = (struct meta_world){.ask = ask,
	    .ctx = b,
	    .version = 4.000001,
	    .perl_version = 5.036,
	    .local_tests_only = !p->network};
	b->reader = rulefile_new(a, &b->world, &r->complaints);
}

struct rules *
rules_load(const struct rules_places *p, struct fail *why)
{
	struct rules_build b;
	const char *rules, *site;

	begin(&b, p);
	rules = rules_dir(&b);
	site = site_dir(&b);
	read_all(&b, site, ".pre");
	read_all(&b, rules, ".pre");
	read_all(&b, rules, ".cf");
	read_all(&b, site, ".cf");
	if (p->prefs.n > 0)
		read_file(&b, arena_str(b.arena, p->prefs));
	if (b.r->files.n == 0) {
		(void)fail_set(why, FAIL_GONE, "no rule files in %s",
		    rules != NULL ? rules : "the usual places");
		arena_free(b.arena);
		return NULL;
	}
	rules_seal(&b);
	if (p->jit)
		(void)rules_jit(b.r);
	return b.r;
}

struct rules *
rules_of_text(struct slice name, struct slice text)
{
	static const struct rules_places nowhere;
	struct rules_build b;

	begin(&b, &nowhere);
	b.world.read = NULL;
	read_statements(&b, arena_dup(b.arena, name), arena_dup(b.arena, text));
	rules_seal(&b);
	return b.r;
}

size_t
rules_jit(struct rules *r)
{
	size_t n = 0;

	for (size_t i = 1; i <= r->n; i++)
		for (size_t j = 0; j < r->at[i]->matches.n; j++) {
			struct rule_match *m = &r->at[i]->matches.at[j];

			n += !m->exists && !m->templated && regex_jit(&m->re);
		}
	r->jitted = true;
	return n;
}

void
rules_free(struct rules *r)
{
	if (r == NULL)
		return;
	for (size_t i = 1; i <= r->n; i++)
		for (size_t j = 0; j < r->at[i]->matches.n; j++)
			regex_fini(&r->at[i]->matches.at[j].re);
	arena_free(r->arena);
}

/* ---- questions -----------------------------------------------------------*/

const struct spam_rule *
rules_find(const struct rules *r, struct slice name)
{
	size_t low = 1, high = r->n + 1;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = slice_cmp(r->at[mid]->name, name);

		if (c == 0)
			return r->at[mid];
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const char *
rule_type_word(enum rule_type type)
{
	static const char *const words[RULE_TYPES] = {"empty", "header",
	    "header eval", "body", "uri", "body eval", "mimeheader",
	    "uri_detail", "rawbody", "rawbody eval", "full", "full eval",
	    "rbl eval", "meta"};

	return words[type];
}

unsigned
rule_type_number(enum rule_type type)
{
	static const unsigned numbers[RULE_TYPES] = {
	    20, 8, 9, 10, 16, 11, 11, 11, 14, 15, 12, 13, 19, 18};

	return numbers[type];
}

struct slice
rules_text(const struct rules *r, enum setting s)
{
	return r->settings[s].given ? r->settings[s].text
				    : slice_str(settings[s].dflt);
}

double
rules_number(const struct rules *r, enum setting s)
{
	double value = 0;

	if (r->settings[s].given && r->settings[s].text.n > 0)
		return r->settings[s].number;
	(void)num_parse_double(slice_str(settings[s].dflt), &value);
	return value;
}

bool
rules_has_plugin(const struct rules *r, const char *name)
{
	const struct slice *p;

	vec_each (p, &r->plugins)
		if (slice_is(*p, name))
			return true;
	return false;
}
