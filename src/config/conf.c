#define _GNU_SOURCE
#include "config/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/text.h"

enum { INCLUDE_WORDS_MAX = 64, EXPAND_ROUNDS = 8 };

struct setting {
	struct slice text; /* expanded */
	struct slice file; /* where it was set; empty: default */
	unsigned line;
	bool changed;        /* from what holds without a file */
	struct slice dflt;   /* what holds without a file, as inside */
	struct slice inside; /* the word it means, for yesno */
	struct ruleset *rules;
	struct slice rules_path;
};

struct conf {
	struct arena *arena;
	struct problems problems;
	struct map vars; /* name -> struct slice */
	struct setting settings[OPTION_COUNT];
	VEC_OF(struct slice) files;
	VEC_OF(struct ruleset *) rulesets;
	struct slice host; /* name of this machine */
	bool domain_only;
};

static void
set_var(struct conf *c, const char *name, struct slice value)
{
	struct slice *v = arena_make(c->arena, struct slice);

	*v = arena_dup(c->arena, value);
	map_set(&c->vars, slice_str(name), v);
}

/* $HOSTNAME is there even when the environment has none. */
static struct slice
env_or_host(const struct conf *c, const char *name)
{
	const char *v = getenv(name);

	if (v != NULL)
		return slice_str(v);
	return strcmp(name, "HOSTNAME") == 0 ? c->host : SLICE_NONE;
}

/* $NAME or ${NAME} at the start of s: how many bytes it takes, 0 if none. */
static size_t
env_name(struct slice s, char name[64])
{
	bool braces = s.n > 2 && s.p[1] == '{';
	size_t from = braces ? 2 : 1, to = from;

	while (to < s.n && (text_is_alnum(s.p[to]) || s.p[to] == '_'))
		to++;
	if (to == from || to - from >= 64 || text_is_digit(s.p[from]) ||
	    (braces && (to == s.n || s.p[to] != '}')))
		return 0;
	(void)memcpy(name, s.p + from, to - from);
	name[to - from] = '\0';
	return braces ? to + 1 : to;
}

/* One pass over s; *changed if something was replaced. */
static void
expand_once(
    const struct conf *c, struct slice s, struct buf *out, bool *changed)
{
	char name[64];
	size_t i = 0, n;

	while (i < s.n) {
		struct slice rest = slice_from(s, i), value = SLICE_NONE;
		ptrdiff_t end;

		n = 0;
		if (s.p[i] == '%') {
			end = slice_chr(slice_from(rest, 1), '%');
			if (end > 0 && end < 64) {
				struct slice *v;
				size_t k;

				for (k = 0; k < (size_t)end; k++)
					name[k] = text_lower(rest.p[k + 1]);
				v = map_get(
				    &c->vars, slice_of(name, (size_t)end));
				if (v != NULL) {
					value = *v;
					n = (size_t)end + 2;
				}
			}
		} else if (s.p[i] == '$' && rest.n > 1) {
			n = env_name(rest, name);
			if (n > 0) {
				value = env_or_host(c, name);
				if (value.p == NULL)
					n = 0;
			}
		}
		if (n == 0) {
			(void)buf_addc(out, s.p[i++]);
			continue;
		}
		*changed = true;
		(void)buf_add(out, value);
		i += n;
	}
}

struct slice
conf_expand_in(const struct conf *c, struct arena *a, struct slice text)
{
	struct buf out;
	bool changed = true;
	int round;

	for (round = 0; changed && round < EXPAND_ROUNDS; round++) {
		changed = false;
		if (slice_chr(text, '%') < 0 && slice_chr(text, '$') < 0)
			break;
		buf_init(&out, CONF_VALUE_MAX);
		expand_once(c, text, &out, &changed);
		text = arena_dup(a, buf_slice(&out));
		buf_fini(&out);
	}
	return text;
}

struct slice
conf_expand(struct conf *c, struct slice text)
{
	return conf_expand_in(c, c->arena, text);
}

struct slice
conf_read_file(
    struct conf *c, struct slice path, size_t max, enum problem_level level)
{
	const char *name = arena_str(c->arena, path);
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *p;
	size_t got = 0;
	ssize_t n = 0;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size > max) {
		problem_add(&c->problems, level, path, 0, "cannot read it: %s",
		    fd < 0                 ? strerror(errno)
		    : !S_ISREG(st.st_mode) ? "not a regular file"
					   : "it is too large");
		if (fd >= 0)
			(void)close(fd);
		return SLICE_NONE;
	}
	p = arena_alloc(c->arena, (size_t)st.st_size + 1);
	while (got < (size_t)st.st_size &&
	       (n = read(fd, p + got, (size_t)st.st_size - got)) > 0)
		got += (size_t)n;
	(void)close(fd);
	if (n < 0) {
		problem_add(&c->problems, level, path, 0, "cannot read it: %s",
		    strerror(errno));
		return SLICE_NONE;
	}
	*vec_push(c->arena, &c->files) = arena_dup(c->arena, path);
	return slice_of(p, got);
}

/* Relative paths stand below %etc-dir%. */
static struct slice
full_path(struct conf *c, struct slice path)
{
	struct slice *etc = map_get(&c->vars, SLICE("etc-dir"));

	if (path.n == 0 || path.p[0] == '/' || etc == NULL)
		return path;
	return arena_printf(
	    c->arena, "%.*s/%.*s", SLICE_FMT(*etc), SLICE_FMT(path));
}

/* What reading the ruleset of one option needs. */
struct rule_context {
	struct conf *conf;
	enum option opt;
};

static struct slice
read_for_ruleset(struct slice path, void *ctx)
{
	struct conf *c = ((struct rule_context *)ctx)->conf;

	return conf_read_file(
	    c, full_path(c, conf_expand(c, path)), CONF_FILE_MAX, PROBLEM_NOTE);
}

static void
read_setting(
    struct conf *c, struct slice line, struct slice file, unsigned number)
{
	ptrdiff_t eq = slice_chr(line, '=');
	struct slice name, value;
	enum option opt, near;

	if (eq < 0) {
		problem_add(&c->problems, PROBLEM_ERROR, file, number,
		    "want \"Option = value\", \"%%name%% = text\" or "
		    "\"include file\"");
		return;
	}
	name = slice_trim(slice_sub(line, 0, (size_t)eq));
	value = slice_trim(slice_from(line, (size_t)eq + 1));
	if (name.n > 2 && name.p[0] == '%' && slice_ends(name, "%")) {
		char lower[64];
		size_t i;

		for (i = 0; i + 2 < name.n && i < sizeof(lower) - 1; i++)
			lower[i] = text_lower(name.p[i + 1]);
		lower[i] = '\0';
		set_var(c, lower, conf_expand(c, value));
		return;
	}
	opt = option_find(name);
	if (opt == OPTION_COUNT) {
		problem_add(&c->problems, PROBLEM_WARNING, file, number,
		    "no option is called \"%.*s\"", SLICE_FMT(name));
		near = option_nearest(name);
		if (near != OPTION_COUNT)
			problem_hint(&c->problems, "did you mean \"%s\"?",
			    options[near].name);
		return;
	}
	/* Variables have the value they have here, as in the original: a
	 * later line that sets them again does not change this one. */
	c->settings[opt].text = conf_expand(c, value);
	c->settings[opt].file = file;
	c->settings[opt].line = number;
}

struct reading {
	struct slice text, file;
	unsigned line;
};

static bool
was_read(const struct conf *c, struct slice path)
{
	const struct slice *f;

	vec_each (f, &c->files)
		if (slice_eq(*f, path))
			return true;
	return false;
}

/* Push the files of an include, so that the first is read first. */
static void
include_one(struct conf *c, struct slice pattern, const struct reading *at,
    struct reading *stack, size_t *depth)
{
	const char *name =
	    arena_str(c->arena, full_path(c, conf_expand(c, pattern)));
	glob_t g;
	size_t i;

	if (glob(name, GLOB_NOCHECK, NULL, &g) != 0) {
		problem_add(&c->problems, PROBLEM_WARNING, at->file, at->line,
		    "cannot include %s", name);
		return;
	}
	for (i = g.gl_pathc; i > 0; i--) {
		struct slice path = slice_str(g.gl_pathv[i - 1]);
		struct stat st;
		struct slice text;

		if (strpbrk(g.gl_pathv[i - 1], "*?[") != NULL ||
		    was_read(c, path))
			continue;
		if (stat(g.gl_pathv[i - 1], &st) == 0 && S_ISDIR(st.st_mode))
			continue;
		if (*depth == CONF_FILES_MAX || c->files.n > CONF_FILES_MAX) {
			problem_add(&c->problems, PROBLEM_ERROR, at->file,
			    at->line, "more than %d files are included",
			    CONF_FILES_MAX);
			break;
		}
		text = conf_read_file(c, path, CONF_FILE_MAX, PROBLEM_WARNING);
		if (text.p != NULL)
			stack[(*depth)++] = (struct reading){
			    text, arena_dup(c->arena, path), 0};
	}
	globfree(&g);
}

/* The last pattern goes on the stack first. */
static void
include(struct conf *c, struct slice patterns, const struct reading *at,
    struct reading *stack, size_t *depth)
{
	const struct reading from = *at;
	struct slice words[INCLUDE_WORDS_MAX];
	size_t n = 0;

	while (n < INCLUDE_WORDS_MAX && slice_word(&patterns, &words[n]))
		n++;
	while (n > 0)
		include_one(c, words[--n], &from, stack, depth);
}

static void
read_all(struct conf *c, struct slice text, struct slice path)
{
	struct reading *stack =
	    arena_array(c->arena, CONF_FILES_MAX + 1, sizeof(*stack));
	struct slice line, rest, word;
	size_t depth = 1;

	stack[0] = (struct reading){text, path, 0};
	while (depth > 0) {
		struct reading *top = &stack[depth - 1];

		if (!slice_line(&top->text, &line)) {
			depth--;
			continue;
		}
		top->line++;
		if (slice_chr(line, '#') >= 0)
			line.n = (size_t)slice_chr(line, '#');
		line = slice_trim(line);
		rest = line;
		if (!slice_word(&rest, &word))
			continue;
		if (slice_is_ci(word, "include") && slice_chr(line, '=') < 0)
			include(c, slice_trim(rest), top, stack, &depth);
		else
			read_setting(c, line, top->file, top->line);
	}
}

/* Is this value the name of a ruleset? The original decides by kind. */
static bool
names_ruleset(const struct conf *c, enum option opt, struct slice v)
{
	int64_t number;
	struct stat st;
	bool rules;

	(void)c;
	if (v.n == 0 || v.p[0] != '/' || slice_find(v, SLICE(" ")) >= 0 ||
	    options[opt].rules == OPTION_SIMPLE)
		return false;
	rules = slice_ends(v, ".rules") || slice_ends(v, ".rule") ||
		slice_ends(v, "rules") || slice_ends(v, "rule");
	switch (options[opt].kind) {
	case OPTION_YESNO:
		return !slice_ends(v, ".txt") && !slice_ends(v, ".html");
	case OPTION_NUMBER:
		return !option_parse_number(v, &number);
	case OPTION_FILE:
	case OPTION_COMMAND:
		return rules;
	case OPTION_DIR:
	case OPTION_OTHER: {
		char path[1024];

		if (v.n >= sizeof(path))
			return false;
		(void)memcpy(path, v.p, v.n);
		path[v.n] = '\0';
		if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
			return false;
		return options[opt].kind == OPTION_DIR || rules;
	}
	}
	return false;
}

/* A number with something behind it counts as the number, as ever. */
static bool
number_of(struct slice value, int64_t *out, bool *clean)
{
	size_t n = 0;

	*clean = option_parse_number(value, out);
	if (*clean)
		return true;
	value = slice_trim(value);
	while (n < value.n &&
	       (text_is_digit(value.p[n]) || strchr("._-", value.p[n]) != NULL))
		n++;
	if (n < value.n && strchr("kKmMgG", value.p[n]) != NULL)
		n++;
	return option_parse_number(slice_sub(value, 0, n), out);
}

static void
check_number(struct conf *c, enum option opt, struct slice value,
    struct slice file, unsigned line)
{
	int64_t number;
	bool clean;

	if (!number_of(value, &number, &clean)) {
		problem_add(&c->problems, PROBLEM_ERROR, file, line,
		    "%s: \"%.*s\" is no number", options[opt].name,
		    SLICE_FMT(value));
		problem_hint(&c->problems,
		    options[opt].rules == OPTION_SIMPLE &&
			    slice_chr(value, '/') >= 0
			? "this option takes no ruleset"
			: "digits, with k, m or g for thousands, millions, "
			  "thousand millions");
	} else if (!clean) {
		problem_add(&c->problems, PROBLEM_WARNING, file, line,
		    "%s: what stands behind the number in \"%.*s\" does not "
		    "count",
		    options[opt].name, SLICE_FMT(value));
	}
}

/* Check one value of an option; the inside word for those that have words. */
static void
check_value(struct conf *c, enum option opt, struct slice value,
    struct slice file, unsigned line)
{
	struct slice inside, rest = value, word;

	if (options[opt].kind == OPTION_NUMBER)
		check_number(c, opt, value, file, line);
	if (options[opt].words[0] == '\0')
		return;
	while (slice_word(&rest, &word)) {
		/* Addresses beside the word are tolerated, as ever. */
		if (option_word(opt, word, &inside) ||
		    slice_chr(word, '@') >= 0)
			continue;
		problem_add(&c->problems, PROBLEM_ERROR, file, line,
		    "%s: \"%.*s\" is none of its words", options[opt].name,
		    SLICE_FMT(word));
		problem_hint(
		    &c->problems, "written=meant: %s", options[opt].words);
		return;
	}
}

/* The inside words of a value, in its order. */
static struct slice
translated(enum option opt, struct slice value, struct arena *a)
{
	struct slice rest = value, word, inside, out = SLICE_NONE;

	if (options[opt].words[0] == '\0')
		return value;
	while (slice_word(&rest, &word)) {
		if (!option_word(opt, word, &inside))
			continue;
		out = out.n == 0 ? inside
				 : arena_printf(a, "%.*s %.*s", SLICE_FMT(out),
				       SLICE_FMT(inside));
	}
	return out;
}

static bool
is_header_option(enum option opt)
{
	size_t n = strlen(options[opt].name);

	return n > 7 && strcmp(options[opt].name + n - 7, " Header") == 0;
}

/* A header name as an option gives it: no white space inside, colon last. */
static struct slice
header_name(struct conf *c, struct slice v)
{
	char *p = arena_str(c->arena, v);
	size_t i;

	for (i = 0; i < v.n; i++)
		if (text_is_space(p[i]))
			p[i] = '-';
	return slice_of(p, v.n);
}

/* Every word of a value that names files. */
static struct slice
full_paths(struct conf *c, struct slice v)
{
	struct slice rest = v, word, out = SLICE_NONE;

	while (slice_word(&rest, &word))
		out = out.n == 0
			  ? full_path(c, word)
			  : arena_printf(c->arena, "%.*s %.*s", SLICE_FMT(out),
				SLICE_FMT(full_path(c, word)));
	return out.p != NULL ? out : v;
}

/* "rules/size.rules": a ruleset named without its directory. */
static bool
is_ruleset_name(enum option opt, struct slice v)
{
	return options[opt].rules != OPTION_SIMPLE && v.n > 0 &&
	       v.p[0] != '/' && slice_chr(v, ' ') < 0 &&
	       (slice_ends(v, ".rules") || slice_ends(v, ".rule"));
}

/* A value as it counts: expanded, paths whole, header names clean. */
static struct slice
whole_value(struct conf *c, enum option opt, struct slice v)
{
	v = conf_expand(c, v);
	if (options[opt].kind == OPTION_DIR)
		v = full_path(c, v);
	if (options[opt].kind == OPTION_FILE || is_ruleset_name(opt, v))
		v = full_paths(c, v);
	if (options[opt].kind == OPTION_DIR)
		while (v.n > 1 && slice_ends(v, "/"))
			v.n--;
	if (is_header_option(opt) && options[opt].words[0] == '\0')
		v = header_name(c, v);
	return v;
}

static struct slice
rule_value(struct slice value, void *ctx)
{
	struct rule_context *r = ctx;

	return whole_value(r->conf, r->opt, value);
}

static void
finish_ruleset(struct conf *c, enum option opt, struct setting *s)
{
	const struct rule *const *rules;
	struct slice text;
	size_t i, n;

	s->rules_path = s->text;
	text = conf_read_file(c, s->text, CONF_FILE_MAX, PROBLEM_ERROR);
	s->rules = ruleset_parse(c->arena, text, s->text,
	    &(struct ruleset_host){
		read_for_ruleset, rule_value, &(struct rule_context){c, opt}},
	    &c->problems);
	*vec_push(c->arena, &c->rulesets) = s->rules;
	n = ruleset_rules(s->rules, &rules);
	for (i = 0; i < n; i++)
		check_value(
		    c, opt, rules[i]->value, rules[i]->file, rules[i]->line);
}

/* What was set and cannot be taken gives way to what holds without it. */
static bool
is_set(struct conf *c, enum option opt, const struct setting *s)
{
	enum option_kind kind = options[opt].kind;

	if (s->file.n == 0)
		return false;
	if (s->text.n > 1 && s->text.p[0] == '&') {
		problem_add(&c->problems, PROBLEM_WARNING, s->file, s->line,
		    "%s: custom functions in Perl are not run; \"%s\" holds",
		    options[opt].name, options[opt].dflt);
		return false;
	}
	if (s->text.n == 0 && options[opt].words[0] != '\0')
		problem_add(&c->problems, PROBLEM_WARNING, s->file, s->line,
		    "%s: no value; \"%s\" holds", options[opt].name,
		    options[opt].dflt);
	return s->text.n > 0 ||
	       (kind == OPTION_OTHER && options[opt].words[0] == '\0');
}

/* %name% that is still there is no variable. */
static void
check_variables(struct conf *c, enum option opt, const struct setting *s)
{
	struct slice rest = s->text;
	ptrdiff_t at, end;
	size_t i;

	while ((at = slice_chr(rest, '%')) >= 0) {
		rest = slice_from(rest, (size_t)at + 1);
		end = slice_chr(rest, '%');
		for (i = 0; end > 0 && i < (size_t)end; i++)
			if (!text_is_alnum(rest.p[i]) && rest.p[i] != '-')
				break;
		if (end > 1 && i == (size_t)end)
			problem_add(&c->problems, PROBLEM_WARNING, s->file,
			    s->line, "%s: no variable is called %%%.*s%%",
			    options[opt].name, (int)end, rest.p);
	}
}

/* Expand, translate, load rulesets: after this nothing changes. */
static void
finish(struct conf *c)
{
	unsigned i;

	for (i = 0; i < OPTION_COUNT; i++) {
		struct setting *s = &c->settings[i];
		enum option opt = (enum option)i;
		struct slice dflt =
		    whole_value(c, opt, slice_str(options[i].dflt));
		bool set = is_set(c, opt, s);

		s->text = set ? whole_value(c, opt, s->text) : dflt;
		s->changed = !slice_eq(s->text, dflt);
		s->dflt = translated(opt, dflt, c->arena);
		if (names_ruleset(c, opt, s->text)) {
			finish_ruleset(c, opt, s);
			continue;
		}
		if (set) {
			check_variables(c, opt, s);
			check_value(c, opt, s->text, s->file, s->line);
		}
		s->inside = translated(opt, s->text, c->arena);
	}
	c->domain_only =
	    conf_yes(c, OPT_USE_DEFAULT_RULES_WITH_MULTIPLE_RECIPIENTS, NULL);
}

static struct conf *
new_conf(const char *etc_dir)
{
	struct arena *a = arena_new(0);
	struct conf *c = arena_make(a, struct conf);
	char name[256] = "";
	struct slice host, org;
	ptrdiff_t dot;

	c->arena = a;
	if (gethostname(name, sizeof(name) - 1) == 0)
		c->host = arena_dup(a, slice_str(name));
	host = env_or_host(c, "HOSTNAME");
	dot = slice_chr(host, '.');
	org = dot > 0 ? slice_from(host, (size_t)dot + 1) : host;
	c->problems.arena = a;
	map_init(&c->vars, a);
	set_var(c, "etc-dir", slice_str(etc_dir));
	set_var(c, "rules-dir", SLICE("%etc-dir%/rules"));
	set_var(c, "report-dir", SLICE("%etc-dir%/reports/en"));
	set_var(c, "mcp-dir", SLICE("%etc-dir%/mcp"));
	/* A header name takes letters, digits and "-" of it. */
	{
		char *p = arena_str(a, org);
		size_t i;

		for (i = 0; i < org.n; i++)
			if (!text_is_alnum(p[i]))
				p[i] = '-';
		set_var(c, "org-name",
		    org.n > 0 ? slice_of(p, org.n) : SLICE("localhost"));
	}
	set_var(c, "org-long-name", org);
	set_var(c, "web-site", SLICE(""));
	return c;
}

struct conf *
conf_defaults_in(const char *etc_dir)
{
	struct conf *c = new_conf(etc_dir);

	finish(c);
	return c;
}

struct conf *
conf_defaults(void)
{
	return conf_defaults_in("/etc/MailScanner");
}

struct conf *
conf_load(const char *path, struct fail *why)
{
	char full[PATH_MAX];
	struct conf *c;
	struct slice file, text;
	ptrdiff_t slash;

	if (realpath(path, full) == NULL) {
		(void)fail_errno(why, "%s", path);
		return NULL;
	}
	slash = slice_rchr(slice_str(full), '/');
	full[slash > 0 ? slash : 1] = '\0';
	c = new_conf(full);
	file = arena_dup(c->arena, slice_str(path));
	text = conf_read_file(c, file, CONF_FILE_MAX, PROBLEM_ERROR);
	if (text.p == NULL) {
		(void)fail_set(why, FAIL_CONFIG, "%s: %.*s", path,
		    SLICE_FMT(c->problems.list.at[0].text));
		conf_free(c);
		return NULL;
	}
	read_all(c, text, file);
	finish(c);
	return c;
}

struct conf *
conf_of_text(const char *etc_dir, struct slice text)
{
	struct conf *c = new_conf(etc_dir);

	read_all(c, arena_dup(c->arena, text), SLICE("(text)"));
	finish(c);
	return c;
}

void
conf_set(struct conf *c, enum option opt, struct slice value)
{
	struct setting *s = &c->settings[opt];

	s->text = whole_value(c, opt, arena_dup(c->arena, value));
	s->changed = !slice_eq(
	    s->text, whole_value(c, opt, slice_str(options[opt].dflt)));
	s->file = SLICE("(set)");
	s->line = 0;
	s->rules = NULL;
	s->inside = translated(opt, s->text, c->arena);
	if (names_ruleset(c, opt, s->text))
		finish_ruleset(c, opt, s);
	c->domain_only =
	    conf_yes(c, OPT_USE_DEFAULT_RULES_WITH_MULTIPLE_RECIPIENTS, NULL);
}

void
conf_free(struct conf *c)
{
	struct ruleset **r;

	if (c == NULL)
		return;
	vec_each (r, &c->rulesets)
		ruleset_fini(*r);
	arena_free(c->arena);
}

const struct problems *
conf_problems(const struct conf *c)
{
	return &c->problems;
}

struct problems *
conf_problems_rw(struct conf *c)
{
	return &c->problems;
}

struct arena *
conf_arena(struct conf *c)
{
	return c->arena;
}

/* The values that decide, as written; at most max. */
static size_t
decide(const struct conf *c, enum option opt, const struct subject *s,
    const struct rule **out)
{
	const struct setting *set = &c->settings[opt];
	size_t max = options[opt].rules == OPTION_ALL ? RULESET_MATCHES_MAX : 1;

	if (set->rules == NULL)
		return 0;
	return ruleset_match(set->rules, s, c->domain_only, out, max);
}

struct slice
conf_text(const struct conf *c, enum option opt, const struct subject *s,
    struct arena *a)
{
	const struct rule *rules[RULESET_MATCHES_MAX];
	const struct setting *set = &c->settings[opt];
	struct arena *scratch = a;
	struct slice out = SLICE_NONE, one;
	size_t i, n;

	if (set->rules == NULL)
		return set->inside;
	n = decide(c, opt, s, rules);
	if (n == 0)
		return set->dflt;
	for (i = 0; i < n; i++) {
		one = rules[i]->value;
		if (options[opt].words[0] != '\0' && scratch != NULL)
			one = translated(opt, one, scratch);
		else if (options[opt].words[0] != '\0')
			(void)option_word(opt, one, &one);
		if (i == 0 || scratch == NULL)
			out = i == 0 ? one : out;
		else
			out = arena_printf(scratch,
			    opt == OPT_SPAMASSASSIN_RULE_ACTIONS ? "%.*s,%.*s"
								 : "%.*s %.*s",
			    SLICE_FMT(out), SLICE_FMT(one));
	}
	return out;
}

/* Several words: no "0" among them and at least one "1". *seen is kept over
 * the rules of one answer. */
static bool
says_no(enum option opt, struct slice value, bool *seen)
{
	struct slice word, inside;

	while (slice_word(&value, &word)) {
		if (!option_word(opt, word, &inside))
			continue;
		if (slice_is(inside, "0"))
			return true;
		*seen |= slice_is(inside, "1");
	}
	return false;
}

bool
conf_yes(const struct conf *c, enum option opt, const struct subject *s)
{
	const struct rule *rules[RULESET_MATCHES_MAX];
	bool yes = false;
	size_t i, n;

	if (c->settings[opt].rules == NULL)
		return !says_no(opt, c->settings[opt].inside, &yes) && yes;
	n = decide(c, opt, s, rules);
	if (n == 0)
		return !says_no(opt, c->settings[opt].dflt, &yes) && yes;
	for (i = 0; i < n; i++)
		if (says_no(opt, rules[i]->value, &yes))
			return false;
	return yes;
}

int64_t
conf_number(const struct conf *c, enum option opt, const struct subject *s)
{
	int64_t v = 0;
	const struct rule *rule[RULESET_MATCHES_MAX];
	const struct setting *set = &c->settings[opt];
	struct slice text = set->text;
	bool clean;

	if (set->rules != NULL)
		text = decide(c, opt, s, rule) > 0 ? rule[0]->value : set->dflt;
	return number_of(text, &v, &clean) ? v : 0;
}

size_t
conf_rules(const struct conf *c, enum option opt, const struct subject *s,
    const struct rule **out)
{
	return decide(c, opt, s, out);
}

struct conf_origin
conf_explain(const struct conf *c, enum option opt, const struct subject *s)
{
	const struct rule *rules[RULESET_MATCHES_MAX];
	const struct setting *set = &c->settings[opt];
	struct conf_origin o = {
	    set->file, set->line, SLICE_NONE, SLICE_NONE, 0};

	if (set->file.n == 0)
		o.file = SLICE("(default)");
	if (set->rules != NULL) {
		o.rule_file = set->rules_path;
		if (decide(c, opt, s, rules) > 0) {
			o.rule = rules[0]->text;
			o.rule_file = rules[0]->file;
			o.rule_line = rules[0]->line;
		}
	}
	return o;
}

struct slice
conf_written(const struct conf *c, enum option opt)
{
	return c->settings[opt].text;
}

bool
conf_is_ruleset(const struct conf *c, enum option opt)
{
	return c->settings[opt].rules != NULL;
}

const struct ruleset *
conf_ruleset(const struct conf *c, enum option opt)
{
	return c->settings[opt].rules;
}

bool
conf_changed(const struct conf *c, enum option opt)
{
	return c->settings[opt].changed;
}

size_t
conf_files(const struct conf *c, const struct slice **out)
{
	*out = c->files.at;
	return c->files.n;
}
