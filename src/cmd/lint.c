#define _GNU_SOURCE
#include "cmd/lint.h"

#include <sys/stat.h>
#include <unistd.h>

#include "act/template.h"
#include "cmd/instead.h"
#include "config/languages.h"
#include "config/namerules.h"
#include "config/wrappers.h"
#include "scan/virus.h"

enum { EXPLAIN_MAX = 64 * 1024 };

/* One value of an option and where it stands. */
struct place {
	enum option opt;
	struct slice value;
	struct slice file;
	unsigned line;
};

typedef void place_fn(struct lint *l, const struct place *p);

/* Every value an option can take: its own, or those of its rules. */
static void
each_value(struct lint *l, enum option opt, place_fn *fn)
{
	const struct ruleset *rules = conf_ruleset(l->conf, opt);
	struct conf_origin o = conf_explain(l->conf, opt, NULL);
	const struct rule *const *list;
	size_t i, n;

	if (rules == NULL) {
		fn(l, &(struct place){opt, conf_written(l->conf, opt),
			  o.line > 0 ? o.file : SLICE_NONE, o.line});
		return;
	}
	n = ruleset_rules(rules, &list);
	for (i = 0; i < n; i++)
		fn(l, &(struct place){
			  opt, list[i]->value, list[i]->file, list[i]->line});
}

static void
complain(struct lint *l, enum problem_level level, const struct place *p,
    struct slice path, const char *what)
{
	problem_add(conf_problems_rw(l->conf), level, p->file, p->line,
	    "%s: %.*s %s", options[p->opt].name, SLICE_FMT(path), what);
}

/* ---- files, directories, programs --------------------------------------- */

/* With the own spool the queues of another program are not looked at. */
static bool
is_idle(const struct lint *l, enum option opt)
{
	bool spool =
	    slice_is_ci(conf_text(l->conf, OPT_MTA, NULL, NULL), "spool");

	return spool && (opt == OPT_OUTGOING_QUEUE_DIR || opt == OPT_SENDMAIL ||
			    opt == OPT_SENDMAIL2);
}

static bool
names_files(enum option opt)
{
	return opt == OPT_FILENAME_RULES || opt == OPT_FILETYPE_RULES ||
	       opt == OPT_ARCHIVES_FILENAME_RULES ||
	       opt == OPT_ARCHIVES_FILETYPE_RULES;
}

static enum problem_level
level_of(const struct lint *l, enum option opt)
{
	return option_carried_out(opt) && !is_idle(l, opt) ? PROBLEM_WARNING
							   : PROBLEM_NOTE;
}

static void
check_file(struct lint *l, const struct place *p)
{
	struct slice rest = p->value, word;

	while (slice_word(&rest, &word)) {
		const char *path = arena_str(conf_arena(l->conf), word);
		struct stat st;

		if (stat(path, &st) != 0 || access(path, R_OK) != 0)
			complain(l, level_of(l, p->opt), p, word,
			    "is not there or cannot be read");
		else if (S_ISDIR(st.st_mode))
			complain(l, level_of(l, p->opt), p, word,
			    "is a directory and should be a file");
	}
}

static void
check_directory(struct lint *l, const struct place *p)
{
	const char *path = arena_str(conf_arena(l->conf), p->value);
	struct stat st;

	if (p->value.n == 0)
		return;
	if (stat(path, &st) != 0)
		complain(l, level_of(l, p->opt), p, p->value, "is not there");
	else if (!S_ISDIR(st.st_mode))
		complain(
		    l, level_of(l, p->opt), p, p->value, "is no directory");
}

static void
check_command(struct lint *l, const struct place *p)
{
	struct slice rest = p->value, word;

	if (slice_word(&rest, &word) &&
	    access(arena_str(conf_arena(l->conf), word), X_OK) != 0)
		complain(l, level_of(l, p->opt), p, word,
		    "is no program that can be run");
}

static void
check_paths(struct lint *l)
{
	unsigned i;

	for (i = 0; i < OPTION_COUNT; i++) {
		enum option opt = (enum option)i;

		/* The pid file is made when the daemon starts. */
		if (opt == OPT_PID_FILE)
			continue;
		if (options[i].kind == OPTION_FILE || names_files(opt))
			each_value(l, opt, check_file);
		else if (options[i].kind == OPTION_DIR)
			each_value(l, opt, check_directory);
		else if (options[i].kind == OPTION_COMMAND)
			each_value(l, opt, check_command);
	}
}

/* ---- who may write -------------------------------------------------------*/

static void
check_writers(struct lint *l, struct slice path)
{
	struct problems *all = conf_problems_rw(l->conf);
	const char *name = arena_str(conf_arena(l->conf), path);
	struct stat st;

	if (stat(name, &st) != 0)
		return;
	if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0) {
		problem_add(
		    all, PROBLEM_WARNING, path, 0, "everybody may write it");
		problem_hint(all, "chmod o-w %s", name);
	} else if ((st.st_mode & S_IWGRP) != 0 && st.st_gid != 0 &&
		   st.st_gid != getegid()) {
		problem_add(all, PROBLEM_WARNING, path, 0,
		    "group %u may write it", (unsigned)st.st_gid);
		problem_hint(all, "chmod g-w %s", name);
	}
	if (st.st_uid != 0 && st.st_uid != geteuid())
		problem_add(all, PROBLEM_WARNING, path, 0,
		    "it belongs to user %u, who may change it",
		    (unsigned)st.st_uid);
}

/* The directory a file lies in, without doing one twice in a row. */
static void
check_parent(struct lint *l, struct slice path, struct slice *last)
{
	ptrdiff_t slash = slice_rchr(path, '/');
	struct slice dir = slice_sub(path, 0, slash > 0 ? (size_t)slash : 1);

	if (slash < 0 || slice_eq(dir, *last))
		return;
	*last = dir;
	check_writers(l, dir);
}

/* A password that everybody can read is none. */
static void
check_secrets(struct lint *l)
{
	static const enum option secret[] = {
	    OPT_DB_PASSWORD, OPT_WATERMARK_SECRET};
	struct conf_origin o;
	struct stat st;
	size_t i;

	for (i = 0; i < COUNT_OF(secret); i++) {
		o = conf_explain(l->conf, secret[i], NULL);
		if (!conf_changed(l->conf, secret[i]) || o.line == 0 ||
		    conf_is_ruleset(l->conf, secret[i]) ||
		    stat(arena_str(conf_arena(l->conf), o.file), &st) != 0 ||
		    (st.st_mode & S_IROTH) == 0)
			continue;
		problem_add(conf_problems_rw(l->conf), PROBLEM_WARNING, o.file,
		    o.line, "%s: everybody may read it",
		    options[secret[i]].name);
	}
}

static void
check_permissions(struct lint *l)
{
	const struct slice *files;
	struct slice last = SLICE_NONE;
	size_t i, n = conf_files(l->conf, &files);

	for (i = 0; i < n; i++) {
		check_writers(l, files[i]);
		check_parent(l, files[i], &last);
	}
	check_secrets(l);
}

/* ---- what the files say --------------------------------------------------*/

/* A file is parsed once, however many rules name it. */
static bool
was_read(const struct lint *l, struct slice path)
{
	const struct slice *files;
	size_t i, n = conf_files(l->conf, &files);

	for (i = 0; i < n; i++)
		if (slice_eq(files[i], path))
			return true;
	return false;
}

/* The next file a value names that was not read yet; false at the end. */
static bool
next_text(
    struct lint *l, struct slice *rest, struct slice *path, struct slice *text)
{
	while (slice_word(rest, path)) {
		const char *name = arena_str(conf_arena(l->conf), *path);

		if (was_read(l, *path) || access(name, R_OK) != 0)
			continue;
		*text = conf_read_file(
		    l->conf, *path, CONF_FILE_MAX, PROBLEM_ERROR);
		if (text->p != NULL)
			return true;
	}
	return false;
}

static void
check_name_rules(struct lint *l, const struct place *p)
{
	struct slice rest = p->value, path, text;

	while (next_text(l, &rest, &path, &text)) {
		struct namerules rules = {0};

		namerules_parse(&rules, conf_arena(l->conf), text, path,
		    conf_problems_rw(l->conf));
		namerules_fini(&rules);
	}
}

static void
check_name_words(struct lint *l, const struct place *p)
{
	struct namerules rules = {0};

	namerules_words(&rules, conf_arena(l->conf), p->value, NAMERULE_DENY,
	    p->file, p->line, conf_problems_rw(l->conf));
	namerules_fini(&rules);
}

static void
check_languages(struct lint *l, const struct place *p)
{
	struct slice rest = p->value, path, text;
	struct languages languages;

	while (next_text(l, &rest, &path, &text))
		languages_parse(&languages, conf_arena(l->conf), l->conf, text,
		    path, conf_problems_rw(l->conf));
}

static void
check_wrappers(struct lint *l, const struct place *p)
{
	struct slice rest = p->value, path, text;
	struct wrappers wrappers = {0};

	while (next_text(l, &rest, &path, &text))
		wrappers_parse(&wrappers, l->conf, text, path);
}

static void
check_rule_files(struct lint *l)
{
	static const enum option files[] = {OPT_FILENAME_RULES,
	    OPT_FILETYPE_RULES, OPT_ARCHIVES_FILENAME_RULES,
	    OPT_ARCHIVES_FILETYPE_RULES};
	static const enum option words[] = {OPT_ALLOW_FILENAMES,
	    OPT_DENY_FILENAMES, OPT_ALLOW_FILETYPES, OPT_DENY_FILETYPES,
	    OPT_ALLOW_FILE_MIME_TYPES, OPT_DENY_FILE_MIME_TYPES,
	    OPT_ARCHIVES_ALLOW_FILENAMES, OPT_ARCHIVES_DENY_FILENAMES,
	    OPT_ARCHIVES_ALLOW_FILETYPES, OPT_ARCHIVES_DENY_FILETYPES,
	    OPT_ARCHIVES_ALLOW_FILE_MIME_TYPES,
	    OPT_ARCHIVES_DENY_FILE_MIME_TYPES};
	size_t i;

	for (i = 0; i < COUNT_OF(files); i++)
		each_value(l, files[i], check_name_rules);
	for (i = 0; i < COUNT_OF(words); i++)
		each_value(l, words[i], check_name_words);
	each_value(l, OPT_LANGUAGE_STRINGS, check_languages);
	each_value(l, OPT_VIRUS_SCANNER_DEFINITIONS, check_wrappers);
}

/* ---- scanners and reports ------------------------------------------------*/

static void
read_scanners(struct lint *l, struct virus_engine *engine)
{
	struct arena *a = conf_arena(l->conf);
	struct slice rest, line;
	struct buf text;

	buf_init(&text, EXPLAIN_MAX);
	virus_engine_explain(engine, &text);
	rest = arena_dup(a, buf_slice(&text));
	buf_fini(&text);
	while (slice_line(&rest, &line)) {
		ptrdiff_t colon = slice_chr(line, ':');
		struct lint_scanner *s;

		if (colon < 0)
			continue;
		s = vec_push(a, &l->scanners);
		s->keyword = slice_sub(line, 0, (size_t)colon);
		s->state = slice_trim(slice_from(line, (size_t)colon + 1));
		if (!slice_is(s->state, "ok"))
			problem_add(conf_problems_rw(l->conf), PROBLEM_WARNING,
			    SLICE_NONE, 0, "scanner %.*s: %.*s",
			    SLICE_FMT(s->keyword), SLICE_FMT(s->state));
	}
}

static void
check_scanners(struct lint *l)
{
	struct conf_origin o = conf_explain(l->conf, OPT_VIRUS_SCANNERS, NULL);
	struct arena *a = conf_arena(l->conf);
	struct virus_settings settings;
	struct virus_engine *engine;
	struct fail why = {0};

	virus_settings_read(&settings, l->conf, a);
	engine = virus_engine_new(&settings, &why);
	if (engine == NULL) {
		problem_add(conf_problems_rw(l->conf), PROBLEM_ERROR, o.file,
		    o.line, "%s: %s", options[OPT_VIRUS_SCANNERS].name,
		    why.text);
		return;
	}
	read_scanners(l, engine);
	virus_engine_free(engine);
	if (l->scanners.n == 0)
		problem_add(conf_problems_rw(l->conf), PROBLEM_WARNING, o.file,
		    o.line, "%s: mail is not examined for viruses",
		    options[OPT_VIRUS_SCANNERS].name);
	if (settings.yara_rules.n > 0 &&
	    virus_rules_check(arena_str(a, settings.yara_rules), &why) != 0) {
		o = conf_explain(l->conf, OPT_YARA_RULES_FILE, NULL);
		problem_add(conf_problems_rw(l->conf), PROBLEM_WARNING,
		    o.line > 0 ? o.file : SLICE_NONE, o.line, "%s: %s",
		    options[OPT_YARA_RULES_FILE].name, why.text);
	}
}

static void
check_reports(struct lint *l)
{
	struct templates *t;
	struct fail why = {0};

	t = templates_load(l->conf, &why);
	if (t == NULL)
		problem_add(conf_problems_rw(l->conf), PROBLEM_ERROR,
		    SLICE_NONE, 0, "%s", why.text);
	templates_free(t);
}

static void
list_uncarried(struct lint *l)
{
	unsigned i;

	for (i = 0; i < OPTION_COUNT; i++) {
		if (option_carried_out((enum option)i))
			continue;
		if (!conf_is_ruleset(l->conf, (enum option)i) &&
		    instead_is_enough((enum option)i,
			conf_text(l->conf, (enum option)i, NULL, NULL)))
			continue;
		if (conf_changed(l->conf, (enum option)i))
			*vec_push(conf_arena(l->conf), &l->uncarried) =
			    (enum option)i;
		else
			l->quiet++;
	}
}

void
lint_run(struct lint *l, struct conf *c)
{
	*l = (struct lint){.conf = c};
	check_rule_files(l);
	check_paths(l);
	check_permissions(l);
	check_scanners(l);
	check_reports(l);
	list_uncarried(l);
}
