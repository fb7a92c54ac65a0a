/* cmd_check - read the configuration and say everything that is wrong. */
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/conf_path.h"
#include "cmd/instead.h"
#include "cmd/lint.h"

enum { TEXT_MAX = 64 * 1024 * 1024 };

static const char help[] =
    "usage: reeve check [-c FILE] [--json] [--quiet]\n"
    "\n"
    "Read the configuration and every file it names and say what is wrong:\n"
    "options that do not exist, values that cannot be, files that are not\n"
    "there or that others may write, rules that do not compile, scanners that\n"
    "do not answer, and options that are set but not carried out. Ends with 0\n"
    "when all is well, with 1 when there are warnings, with 2 when the\n"
    "configuration cannot be used.\n"
    "\n"
    "  -c, --config FILE  configuration (MailScanner.conf)\n"
    "  -j, --json         one JSON object\n"
    "  -q, --quiet        errors and warnings only\n";

struct outcome {
	const char *path;
	struct lint lint;
	size_t count[3]; /* by level */
	int status;
};

static void
count(struct outcome *o)
{
	const struct problem *p;

	vec_each (p, &conf_problems(o->lint.conf)->list)
		o->count[p->level]++;
	o->status = o->count[PROBLEM_ERROR] > 0 ? CMD_FAILED
		    : o->count[PROBLEM_WARNING] > 0 || o->lint.uncarried.n > 0
			? CMD_FOUND
			: CMD_OK;
}

/* ---- for people ----------------------------------------------------------*/

static void
print_problem(const struct problem *p, bool colour)
{
	static const char *const colours[] = {"", "\033[33m", "\033[31m"};
	const char *on = colour ? colours[p->level] : "";

	if (p->file.n > 0)
		(void)printf("%.*s:", SLICE_FMT(p->file));
	if (p->file.n > 0 && p->line > 0)
		(void)printf("%u:", p->line);
	(void)printf("%s%s%s:%s %.*s\n", p->file.n > 0 ? " " : "", on,
	    problem_word(p->level), *on != '\0' ? "\033[0m" : "",
	    SLICE_FMT(p->text));
	if (p->hint.n > 0)
		(void)printf("    %.*s\n", SLICE_FMT(p->hint));
}

/* Options with the same consequence stand together. */
static void
print_uncarried(const struct lint *l)
{
	size_t i, k;

	if (l->uncarried.n == 0)
		return;
	(void)puts("\nSet, but not carried out:");
	for (i = 0; i < l->uncarried.n; i++) {
		const char *text = instead_of(l->uncarried.at[i]);

		for (k = 0; k < i; k++)
			if (instead_of(l->uncarried.at[k]) == text)
				break;
		if (k < i)
			continue;
		(void)printf("  %s:\n", text);
		for (k = i; k < l->uncarried.n; k++) {
			enum option opt = l->uncarried.at[k];
			struct conf_origin o = conf_explain(l->conf, opt, NULL);

			if (instead_of(opt) == text)
				(void)printf("    %.*s:%u: %s\n",
				    SLICE_FMT(o.file), o.line,
				    options[opt].name);
		}
	}
}

static void
print_text(const struct outcome *o, bool quiet)
{
	bool colour = isatty(STDOUT_FILENO) == 1;
	const struct lint_scanner *s;
	const struct problem *p;

	vec_each (p, &conf_problems(o->lint.conf)->list)
		if (!quiet || p->level > PROBLEM_NOTE)
			print_problem(p, colour);
	if (conf_problems(o->lint.conf)->dropped > 0)
		(void)printf(
		    "(%zu more)\n", conf_problems(o->lint.conf)->dropped);
	if (!quiet) {
		vec_each (s, &o->lint.scanners)
			(void)printf("scanner %.*s: %.*s\n",
			    SLICE_FMT(s->keyword), SLICE_FMT(s->state));
		print_uncarried(&o->lint);
		if (o->lint.quiet > 0)
			(void)printf("\n%zu more options are not carried out "
				     "and stand at their defaults.\n",
			    o->lint.quiet);
	}
	(void)printf("%s: %zu errors, %zu warnings, %zu notes, %zu options not "
		     "carried out: it can%s be used\n",
	    o->path, o->count[PROBLEM_ERROR], o->count[PROBLEM_WARNING],
	    o->count[PROBLEM_NOTE], o->lint.uncarried.n,
	    o->status == CMD_FAILED ? "not" : "");
}

/* ---- for programs --------------------------------------------------------*/

static void
json_problems(struct json *j, const struct problems *all)
{
	const struct problem *p;

	json_begin(j, "problems", '[');
	vec_each (p, &all->list) {
		json_begin(j, NULL, '{');
		json_str(j, "level", slice_str(problem_word(p->level)));
		json_str(j, "file", p->file);
		json_int(j, "line", p->line);
		json_str(j, "text", p->text);
		json_str(j, "hint", p->hint);
		json_end(j);
	}
	json_end(j);
}

static void
json_lint(struct json *j, const struct lint *l)
{
	const struct lint_scanner *s;
	const enum option *opt;

	json_begin(j, "scanners", '[');
	vec_each (s, &l->scanners) {
		json_begin(j, NULL, '{');
		json_str(j, "scanner", s->keyword);
		json_bool(j, "ok", slice_is(s->state, "ok"));
		json_str(j, "state", s->state);
		json_end(j);
	}
	json_end(j);
	json_begin(j, "not_carried_out", '[');
	vec_each (opt, &l->uncarried) {
		struct conf_origin o = conf_explain(l->conf, *opt, NULL);

		json_begin(j, NULL, '{');
		json_str(j, "option", slice_str(options[*opt].name));
		json_str(j, "value", conf_written(l->conf, *opt));
		json_str(j, "file", o.file);
		json_int(j, "line", o.line);
		json_str(j, "instead", slice_str(instead_of(*opt)));
		json_end(j);
	}
	json_end(j);
}

static void
print_json(const struct outcome *o, const struct fail *why)
{
	struct buf text;
	struct json j;

	buf_init(&text, TEXT_MAX);
	json_init(&j, &text);
	json_begin(&j, NULL, '{');
	json_str(&j, "config", slice_str(o->path));
	json_bool(&j, "usable", o->status != CMD_FAILED);
	json_int(&j, "errors", (int64_t)o->count[PROBLEM_ERROR]);
	json_int(&j, "warnings", (int64_t)o->count[PROBLEM_WARNING]);
	json_int(&j, "notes", (int64_t)o->count[PROBLEM_NOTE]);
	if (o->lint.conf != NULL) {
		json_problems(&j, conf_problems(o->lint.conf));
		json_lint(&j, &o->lint);
	} else {
		json_str(&j, "failure", slice_str(why->text));
	}
	json_end(&j);
	(void)buf_addc(&text, '\n');
	(void)fwrite(text.p, 1, text.n, stdout);
	buf_fini(&text);
}

static int
check(const char *given, bool json, bool quiet)
{
	struct outcome o = {.path = conf_path(given), .status = CMD_FAILED};
	struct fail why = {0};
	struct conf *c;

	c = o.path != NULL ? conf_load(o.path, &why) : conf_defaults();
	if (o.path == NULL)
		o.path = "(built-in defaults)";
	if (c != NULL) {
		lint_run(&o.lint, c);
		count(&o);
	}
	if (json)
		print_json(&o, &why);
	else if (c != NULL)
		print_text(&o, quiet);
	else
		(void)fprintf(stderr, "reeve: %s\n", why.text);
	conf_free(c);
	return o.status;
}

int
cmd_check(int argc, char **argv)
{
	static const struct args_row rows[] = {{'c', 'c', "config", true},
	    {'j', 'j', "json", false}, {'q', 'q', "quiet", false},
	    {'h', 'h', "help", false}, {0, 0, NULL, false}};
	struct args args = args_of(argc, argv, rows);
	const char *conf = NULL;
	bool json = false, quiet = false;
	int c;

	while ((c = args_next(&args)) != ARGS_END)
		switch (c) {
		case 'c':
			conf = args.value;
			break;
		case 'j':
			json = true;
			break;
		case 'q':
			quiet = true;
			break;
		case 'h':
			(void)fputs(help, stdout);
			return CMD_OK;
		default:
			(void)fputs(help, stderr);
			return CMD_USAGE;
		}
	return check(conf, json, quiet);
}
