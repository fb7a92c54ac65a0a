/* cmd_rules - the spam rules: check them, show one, count them. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/config_ask.h"
#include "spam/rules.h"

enum { TEXT_MAX = 64 * 1024 * 1024 };

static const char help[] =
    "usage: reeve rules lint              read the rules, say what is wrong\n"
    "       reeve rules show NAME         one rule as it is understood\n"
    "       reeve rules stats             how many of which kind\n"
    "       reeve rules list              name, type, scores, priority, flags\n"
    "\n"
    "Ends with 0; 1 when lint finds an error or show finds no rule; 2 when the\n"
    "rules cannot be read.\n"
    "\n"
    "  -C, --rules DIR         default rules (/usr/share/spamassassin)\n"
    "      --siteconfigpath DIR  site rules (/etc/spamassassin)\n"
    "  -p, --prefs FILE        one file more, read last\n"
    "  -c, --config FILE       take the directories from MailScanner.conf\n"
    "  -L, --local             without rules that need the network\n"
    "  -v, --verbose           lint: notes, too\n"
    "      --jit               make machine code\n"
    "  -j, --json              JSON\n";

struct question {
	struct config_ask ask;
	struct rules_places places;
	const char *verb, *word, *conf;
	bool json, verbose;
	struct rules *rules;
	struct buf out;
};

/* ---- lint ----------------------------------------------------------------*/

static void
lint_json(struct question *q, const struct complaint *c)
{
	struct json j;

	json_init(&j, &q->out);
	json_begin(&j, NULL, '{');
	json_str(&j, "level", slice_str(problem_word(c->level)));
	json_str(&j, "file", c->file);
	json_int(&j, "line", c->line);
	json_int(&j, "column", c->column);
	json_str(&j, "rule", c->rule);
	json_str(&j, "text", c->text);
	json_str(&j, "hint", c->hint);
	json_end(&j);
	(void)buf_addc(&q->out, '\n');
}

static int
lint(struct question *q)
{
	const struct complaints *all = &q->rules->complaints;
	const struct complaint *c;

	vec_each (c, &all->list) {
		if (c->level == PROBLEM_NOTE && !q->verbose)
			continue;
		if (q->json)
			lint_json(q, c);
		else
			complaint_print(c, &q->out);
	}
	if (!q->json)
		(void)buf_addf(&q->out,
		    "%zu files, %zu rules: %zu errors, %zu warnings, %zu "
		    "notes\n",
		    q->rules->files.n, q->rules->n_order,
		    all->count[PROBLEM_ERROR], all->count[PROBLEM_WARNING],
		    all->count[PROBLEM_NOTE]);
	return all->count[PROBLEM_ERROR] > 0 ? CMD_FOUND : CMD_OK;
}

/* ---- show ----------------------------------------------------------------*/

static void
show_matches(struct question *q, const struct spam_rule *r)
{
	const struct rule_match *m;

	vec_each (m, &r->matches) {
		(void)buf_adds(&q->out, "  ");
		if (m->on.n > 0)
			(void)buf_addf(&q->out, "%.*s%s%.*s %s ",
			    SLICE_FMT(m->on), m->modifiers.n > 0 ? ":" : "",
			    SLICE_FMT(m->modifiers),
			    m->exists    ? "exists"
			    : m->negated ? "!~"
					 : "=~");
		(void)buf_add_printable(&q->out, m->written, TEXT_MAX);
		if (m->has_unset)
			(void)buf_addf(
			    &q->out, " [if-unset: %.*s]", SLICE_FMT(m->unset));
		if (m->re.code32 != NULL)
			(void)buf_adds(&q->out, " (wide)");
		(void)buf_addc(&q->out, '\n');
		if (r->reused) {
			(void)buf_adds(&q->out, "  with tags: ");
			(void)buf_add_printable(&q->out, m->text, TEXT_MAX);
			(void)buf_addc(&q->out, '\n');
		}
	}
}

static void
show_text(struct question *q, const struct spam_rule *r)
{
	(void)buf_addf(&q->out, "%.*s: %s", SLICE_FMT(r->name),
	    r->defined ? rule_type_word(r->type) : "not defined");
	if (r->file.n > 0)
		(void)buf_addf(
		    &q->out, ", %.*s:%u", SLICE_FMT(r->file), r->line);
	(void)buf_addc(&q->out, '\n');
	if (r->describe.n > 0) {
		(void)buf_adds(&q->out, "  ");
		(void)buf_add_printable(&q->out, r->describe, 4096);
		(void)buf_addc(&q->out, '\n');
	}
	show_matches(q, r);
	if (r->text.n > 0) {
		(void)buf_adds(&q->out, "  ");
		(void)buf_add_printable(&q->out, r->text, TEXT_MAX);
		(void)buf_addc(&q->out, '\n');
	}
	if (r->function.n > 0 && !r->provided)
		(void)buf_adds(&q->out, "  no plugin brings this function\n");
	(void)buf_addf(&q->out,
	    "  score %g %g %g %g%s\n  priority %d, runs at %d\n", r->score[0],
	    r->score[1], r->score[2], r->score[3],
	    r->scored ? "" : " (default)", r->priority, r->runs_at);
	if (r->tflags.n > 0)
		(void)buf_addf(
		    &q->out, "  tflags %.*s\n", SLICE_FMT(r->tflags));
	if (r->cyclic)
		(void)buf_adds(&q->out, "  depends on itself: is 0\n");
}

static void
list_json(struct question *q, const struct spam_rule *r)
{
	struct json j;

	json_init(&j, &q->out);
	json_begin(&j, NULL, '{');
	json_str(&j, "name", r->name);
	json_str(&j, "type", slice_str(rule_type_word(r->type)));
	json_int(&j, "number", rule_type_number(r->type));
	json_begin(&j, "scores", '[');
	for (size_t i = 0; i < 4; i++)
		json_num(&j, NULL, r->score[i], 6);
	json_end(&j);
	json_int(&j, "priority", r->priority);
	json_int(&j, "runs_at", r->runs_at);
	json_str(&j, "tflags", r->tflags);
	json_bool(&j, "net", r->net);
	json_str(&j, "text", r->text);
	json_str(&j, "describe", r->describe);
	json_str(&j, "file", r->file);
	json_int(&j, "line", r->line);
	json_end(&j);
	(void)buf_addc(&q->out, '\n');
}

static int
show(struct question *q)
{
	const struct spam_rule *r = rules_find(q->rules, slice_str(q->word));

	if (r == NULL) {
		(void)fprintf(
		    stderr, "reeve: there is no rule \"%s\"\n", q->word);
		return CMD_FOUND;
	}
	if (q->json)
		list_json(q, r);
	else
		show_text(q, r);
	return CMD_OK;
}

static int
list(struct question *q)
{
	for (size_t i = 1; i <= q->rules->n; i++) {
		const struct spam_rule *r = q->rules->at[i];

		if (!r->defined)
			continue;
		if (q->json) {
			list_json(q, r);
			continue;
		}
		(void)buf_addf(&q->out, "%.*s\t%s\t%g %g %g %g\t%d\t%.*s\n",
		    SLICE_FMT(r->name), rule_type_word(r->type), r->score[0],
		    r->score[1], r->score[2], r->score[3], r->priority,
		    SLICE_FMT(r->tflags));
	}
	return CMD_OK;
}

/* ---- stats ---------------------------------------------------------------*/

static int
stats(struct question *q)
{
	const struct rules *all = q->rules;
	size_t types[RULE_TYPES] = {0}, wide = 0, jit = 0, regexes = 0;
	size_t unprovided = 0;
	struct json j;

	for (size_t i = 1; i <= all->n; i++) {
		const struct spam_rule *r = all->at[i];
		const struct rule_match *m;

		types[r->type] += r->defined;
		unprovided += r->function.n > 0 && !r->provided;
		vec_each (m, &r->matches) {
			regexes += !m->exists;
			wide += m->re.code32 != NULL;
			jit += m->re.jit;
		}
	}
	if (!q->json) {
		for (unsigned i = 0; i < RULE_TYPES; i++)
			(void)buf_addf(&q->out, "%7zu %s\n", types[i],
			    rule_type_word((enum rule_type)i));
		(void)buf_addf(&q->out,
		    "%7zu expressions, %zu of them wide, %zu in machine code\n"
		    "%7zu rules whose function no plugin brings\n"
		    "%7zu files\n",
		    regexes, wide, jit, unprovided, all->files.n);
		return CMD_OK;
	}
	json_init(&j, &q->out);
	json_begin(&j, NULL, '{');
	for (unsigned i = 0; i < RULE_TYPES; i++)
		json_int(
		    &j, rule_type_word((enum rule_type)i), (int64_t)types[i]);
	json_int(&j, "expressions", (int64_t)regexes);
	json_int(&j, "wide", (int64_t)wide);
	json_int(&j, "jit", (int64_t)jit);
	json_int(&j, "not_provided", (int64_t)unprovided);
	json_int(&j, "files", (int64_t)all->files.n);
	json_end(&j);
	(void)buf_addc(&q->out, '\n');
	return CMD_OK;
}

/* ---- arguments -----------------------------------------------------------*/

enum { ARG_SITE = 256, ARG_JIT };

static int
read_arguments(struct question *q, int argc, char **argv)
{
	static const struct args_row rows[] = {{'C', 'C', "rules", true},
	    {ARG_SITE, 0, "siteconfigpath", true}, {'p', 'p', "prefs", true},
	    {'c', 'c', "config", true}, {'L', 'L', "local", false},
	    {'v', 'v', "verbose", false}, {ARG_JIT, 0, "jit", false},
	    {'j', 'j', "json", false}, {'h', 'h', "help", false},
	    {0, 0, NULL, false}};
	struct args args = args_of(argc, argv, rows);
	int c;

	while ((c = args_next(&args)) != ARGS_END) {
		switch (c) {
		case 'C':
			q->places.rules = slice_str(args.value);
			break;
		case ARG_SITE:
			q->places.site = slice_str(args.value);
			break;
		case 'p':
			q->places.prefs = slice_str(args.value);
			break;
		case 'c':
			q->conf = args.value;
			break;
		case 'L':
			q->places.network = false;
			break;
		case 'v':
			q->verbose = true;
			break;
		case ARG_JIT:
			q->places.jit = true;
			break;
		case 'j':
			q->json = true;
			break;
		case ARGS_WORD:
			if (q->verb == NULL)
				q->verb = args.value;
			else
				q->word = args.value;
			break;
		case 'h':
			(void)fputs(help, stdout);
			return CMD_OK;
		default:
			(void)fputs(help, stderr);
			return CMD_USAGE;
		}
	}
	return -1;
}

/* The language that `lang` lines are compared with, as SpamAssassin does. */
static struct slice
language(void)
{
	static const char *const names[] = {
	    "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};
	struct slice all = SLICE_NONE;

	for (size_t i = 0; i < COUNT_OF(names) && all.n == 0; i++)
		all = slice_str(getenv(names[i]));
	for (size_t i = 0; i < all.n; i++)
		if (strchr(":@.+,", all.p[i]) != NULL)
			all.n = i;
	return all.n == 0 || slice_is(all, "C") || slice_is(all, "POSIX")
		   ? SLICE("en_US")
		   : all;
}

static void
places_of_conf(struct question *q)
{
	const struct conf *c = q->ask.conf;
	struct rules_places *p = &q->places;

	p->prefix = conf_text(c, OPT_SPAMASSASSIN_INSTALL_PREFIX, NULL, NULL);
	p->def_dir =
	    conf_text(c, OPT_SPAMASSASSIN_DEFAULT_RULES_DIR, NULL, NULL);
	p->local_dir =
	    conf_text(c, OPT_SPAMASSASSIN_LOCAL_RULES_DIR, NULL, NULL);
	if (p->site.n == 0)
		p->site =
		    conf_text(c, OPT_SPAMASSASSIN_SITE_RULES_DIR, NULL, NULL);
	p->state_dir =
	    conf_text(c, OPT_SPAMASSASSIN_LOCAL_STATE_DIR, NULL, NULL);
}

static int
answer(struct question *q)
{
	struct slice verb = slice_str(q->verb);
	struct fail why;
	int status;

	if (!slice_is(verb, "lint") && !slice_is(verb, "stats") &&
	    !slice_is(verb, "list") &&
	    !(slice_is(verb, "show") && q->word != NULL)) {
		(void)fputs(help, stderr);
		return CMD_USAGE;
	}
	if (q->conf != NULL) {
		status = config_ask_load(&q->ask, q->conf);
		if (status != CMD_OK)
			return status;
		places_of_conf(q);
	}
	q->places.lang = language();
	q->rules = rules_load(&q->places, &why);
	if (q->rules == NULL) {
		(void)fprintf(stderr, "reeve: %s\n", why.text);
		return CMD_FAILED;
	}
	status = slice_is(verb, "lint")    ? lint(q)
		 : slice_is(verb, "show")  ? show(q)
		 : slice_is(verb, "stats") ? stats(q)
					   : list(q);
	(void)fwrite(q->out.p, 1, q->out.n, stdout);
	return status;
}

int
cmd_rules(int argc, char **argv)
{
	struct question q = {.places = {.network = true}};
	int status;

	config_ask_init(&q.ask);
	buf_init(&q.out, TEXT_MAX);
	status = read_arguments(&q, argc, argv);
	if (status < 0)
		status = answer(&q);
	rules_free(q.rules);
	buf_fini(&q.out);
	config_ask_fini(&q.ask);
	return status;
}
