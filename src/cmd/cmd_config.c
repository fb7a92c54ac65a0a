/* cmd_config - what the configuration says, and why. */
#define _GNU_SOURCE
#include <stdio.h>

#include "base/json.h"
#include "base/text.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/config_ask.h"
#include "cmd/instead.h"

enum { TEXT_MAX = 16 * 1024 * 1024 };

static const char help[] =
    "usage: reeve config get OPTION [--from A] [--to B]... [--ip I] [--host H]\n"
    "                    [--virus V] [--explain]\n"
    "       reeve config diff          options that differ from the defaults\n"
    "       reeve config show [WORD]   values of all options, or of those with\n"
    "                                  WORD in their name\n"
    "       reeve config list [WORD]   names, kinds and defaults\n"
    "       reeve config help OPTION   what an option means\n"
    "\n"
    "Without --from, --to, --ip, --host and --virus the default rule of a\n"
    "ruleset decides. Ends with 0; get ends with 1 when there is no such option;\n"
    "2 when the configuration cannot be read.\n"
    "\n"
    "  -c, --config FILE  configuration (MailScanner.conf)\n"
    "      --from A       sender\n"
    "      --to B         recipient; may be given many times\n"
    "      --ip I         address of the client (also --client-ip)\n"
    "      --host H       name of the client\n"
    "      --virus V      text of the virus reports\n"
    "      --explain      which file, line and rule decided\n"
    "  -j, --json         one JSON object per option and line\n";

struct question {
	struct config_ask ask;
	bool about_message; /* something of a message was given */
	bool explain, json;
	const char *verb, *word;
	const char *conf;
};

static const struct subject *
subject_of(const struct question *q)
{
	return q->about_message ? &q->ask.subject : NULL;
}

/* ---- values as one writes them -------------------------------------------*/

/* "1" of a yes/no option is written "yes". */
static struct slice
word_of(enum option opt, struct slice inside)
{
	struct slice rest = slice_str(options[opt].words), pair;

	while (slice_word(&rest, &pair)) {
		ptrdiff_t at = slice_chr(pair, '=');

		if (at > 0 &&
		    slice_eq(slice_from(pair, (size_t)at + 1), inside))
			return slice_sub(pair, 0, (size_t)at);
	}
	return inside;
}

static struct slice
value_of(const struct question *q, enum option opt)
{
	struct arena *a = q->ask.arena;
	struct slice rest, word, out = SLICE_NONE;

	rest = conf_text(q->ask.conf, opt, subject_of(q), a);
	if (options[opt].words[0] == '\0')
		return rest;
	while (slice_word(&rest, &word))
		out = out.n == 0 ? word_of(opt, word)
				 : arena_printf(a, "%.*s %.*s", SLICE_FMT(out),
				       SLICE_FMT(word_of(opt, word)));
	return out;
}

static const char *
kind_of(enum option opt)
{
	static const char *const kinds[] = {
	    "yesno", "file", "command", "dir", "number", "other"};

	return kinds[options[opt].kind];
}

static const char *
rules_of(enum option opt)
{
	static const char *const rules[] = {"simple", "first", "all"};

	return rules[options[opt].rules];
}

static enum option
find(const char *name)
{
	enum option opt = option_find(slice_str(name)), near;

	if (opt != OPTION_COUNT)
		return opt;
	near = option_nearest(slice_str(name));
	(void)fprintf(stderr, "reeve: no option is called \"%s\"", name);
	if (near != OPTION_COUNT)
		(void)fprintf(
		    stderr, "; did you mean \"%s\"?", options[near].name);
	(void)fputc('\n', stderr);
	return OPTION_COUNT;
}

/* ---- one option ----------------------------------------------------------*/

static void
json_origin(struct json *j, const struct question *q, enum option opt)
{
	const struct rule *rules[RULESET_MATCHES_MAX];
	struct conf_origin o = conf_explain(q->ask.conf, opt, subject_of(q));
	size_t i, n = conf_rules(q->ask.conf, opt, subject_of(q), rules);

	json_str(j, "file", o.file);
	json_int(j, "line", o.line);
	json_bool(j, "ruleset", conf_is_ruleset(q->ask.conf, opt));
	json_begin(j, "rules", '[');
	for (i = 0; i < n; i++) {
		json_begin(j, NULL, '{');
		json_str(j, "file", rules[i]->file);
		json_int(j, "line", rules[i]->line);
		json_str(j, "rule", rules[i]->text);
		json_end(j);
	}
	json_end(j);
}

static void
print_json(const struct question *q, enum option opt)
{
	struct buf text;
	struct json j;

	buf_init(&text, TEXT_MAX);
	json_init(&j, &text);
	json_begin(&j, NULL, '{');
	json_str(&j, "option", slice_str(options[opt].name));
	json_str(&j, "value", value_of(q, opt));
	json_str(&j, "inside",
	    conf_text(q->ask.conf, opt, subject_of(q), q->ask.arena));
	json_str(&j, "default", slice_str(options[opt].dflt));
	json_bool(&j, "changed", conf_changed(q->ask.conf, opt));
	json_bool(&j, "carried_out", option_carried_out(opt));
	json_origin(&j, q, opt);
	json_str(&j, "kind", slice_str(kind_of(opt)));
	json_str(&j, "combines", slice_str(rules_of(opt)));
	json_str(&j, "text", slice_str(options[opt].text));
	json_end(&j);
	(void)buf_addc(&text, '\n');
	(void)fwrite(text.p, 1, text.n, stdout);
	buf_fini(&text);
}

static void
print_origin(const struct question *q, enum option opt)
{
	const struct rule *rules[RULESET_MATCHES_MAX];
	struct conf_origin o = conf_explain(q->ask.conf, opt, subject_of(q));
	size_t i, n = conf_rules(q->ask.conf, opt, subject_of(q), rules);

	if (o.line > 0)
		(void)printf("  set in %.*s:%u\n", SLICE_FMT(o.file), o.line);
	else
		(void)puts("  nothing sets it: this is the default");
	for (i = 0; i < n; i++)
		(void)printf("  decided by %.*s:%u: %.*s\n",
		    SLICE_FMT(rules[i]->file), rules[i]->line,
		    SLICE_FMT(rules[i]->text));
	if (n == 0 && conf_is_ruleset(q->ask.conf, opt))
		(void)printf("  no rule of %.*s matches: this is the default\n",
		    SLICE_FMT(o.rule_file));
	if (!option_carried_out(opt))
		(void)printf("  not carried out: %s\n", instead_of(opt));
}

static int
get(const struct question *q)
{
	enum option opt = find(q->word);
	struct slice value;

	if (opt == OPTION_COUNT)
		return CMD_FOUND;
	if (q->json) {
		print_json(q, opt);
		return CMD_OK;
	}
	value = value_of(q, opt);
	if (q->explain)
		(void)printf("%s = ", options[opt].name);
	(void)printf("%.*s\n", SLICE_FMT(value));
	if (q->explain)
		print_origin(q, opt);
	return CMD_OK;
}

static int
help_option(const char *name)
{
	enum option opt = find(name);
	struct slice rest;
	struct slice pair;

	if (opt == OPTION_COUNT)
		return CMD_FOUND;
	(void)printf("%s = %s\n  %s\n  section: %s\n  kind: %s\n",
	    options[opt].name, options[opt].dflt, options[opt].text,
	    options[opt].section, kind_of(opt));
	rest = slice_str(options[opt].words);
	if (rest.n > 0) {
		(void)fputs("  words:", stdout);
		while (slice_word(&rest, &pair))
			(void)printf(
			    " %.*s", (int)slice_chr(pair, '='), pair.p);
		(void)putchar('\n');
	}
	(void)printf("  ruleset: %s\n",
	    options[opt].rules == OPTION_SIMPLE  ? "no"
	    : options[opt].rules == OPTION_FIRST ? "the first rule that "
						   "matches decides"
						 : "all rules that match "
						   "count");
	if (!option_carried_out(opt))
		(void)printf("  not carried out: %s\n", instead_of(opt));
	return CMD_OK;
}

/* ---- many options --------------------------------------------------------*/

static bool
is_meant(const struct question *q, enum option opt)
{
	return q->word == NULL || slice_find_ci(slice_str(options[opt].name),
				      slice_str(q->word)) >= 0;
}

static void
show_one(const struct question *q, enum option opt, bool dflt)
{
	struct conf_origin o = conf_explain(q->ask.conf, opt, NULL);

	if (q->json) {
		print_json(q, opt);
		return;
	}
	(void)printf("%s = %.*s\n", options[opt].name,
	    SLICE_FMT(conf_written(q->ask.conf, opt)));
	if (dflt)
		(void)printf("    default: %s\n    set in %.*s:%u\n",
		    options[opt].dflt, SLICE_FMT(o.file), o.line);
}

static int
show(const struct question *q)
{
	bool diff = slice_is(slice_str(q->verb), "diff");
	bool list = slice_is(slice_str(q->verb), "list");
	unsigned i;

	for (i = 0; i < OPTION_COUNT; i++) {
		enum option opt = (enum option)i;

		if (!is_meant(q, opt) ||
		    (diff && !conf_changed(q->ask.conf, opt)))
			continue;
		if (list && !q->json)
			(void)printf("%s\t%s\t%s\t%s\n", options[i].name,
			    kind_of(opt), rules_of(opt), options[i].dflt);
		else
			show_one(q, opt, diff);
	}
	return CMD_OK;
}

/* ---- arguments -----------------------------------------------------------*/

enum { ARG_FROM = 256, ARG_TO, ARG_IP, ARG_HOST, ARG_VIRUS, ARG_EXPLAIN };

static void
take_word(struct question *q, const char *word)
{
	if (q->verb == NULL)
		q->verb = word;
	else if (q->word == NULL)
		q->word = word;
	else
		q->verb = ""; /* one too many */
}

static int
read_arguments(struct question *q, int argc, char **argv)
{
	static const struct args_row rows[] = {{'c', 'c', "config", true},
	    {'j', 'j', "json", false}, {ARG_FROM, 0, "from", true},
	    {ARG_TO, 0, "to", true}, {ARG_IP, 0, "ip", true},
	    {ARG_IP, 0, "client-ip", true}, {ARG_HOST, 0, "host", true},
	    {ARG_VIRUS, 0, "virus", true}, {ARG_EXPLAIN, 0, "explain", false},
	    {'h', 'h', "help", false}, {0, 0, NULL, false}};
	struct args args = args_of(argc, argv, rows);
	int c;

	while ((c = args_next(&args)) != ARGS_END) {
		q->about_message |= c >= ARG_FROM && c <= ARG_VIRUS;
		switch (c) {
		case 'c':
			q->conf = args.value;
			break;
		case 'j':
			q->json = true;
			break;
		case ARG_FROM:
			config_ask_from(&q->ask, args.value);
			break;
		case ARG_TO:
			config_ask_to(&q->ask, args.value);
			break;
		case ARG_IP:
			q->ask.subject.client_ip = slice_str(args.value);
			break;
		case ARG_HOST:
			q->ask.subject.client_host = slice_str(args.value);
			q->ask.subject.client_host_verified = true;
			break;
		case ARG_VIRUS:
			q->ask.subject.virus_reports = slice_str(args.value);
			break;
		case ARG_EXPLAIN:
			q->explain = true;
			break;
		case ARGS_WORD:
			take_word(q, args.value);
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

static int
answer(struct question *q)
{
	struct slice verb = slice_str(q->verb);
	bool many = slice_is(verb, "diff") || slice_is(verb, "show") ||
		    slice_is(verb, "list");
	bool one = slice_is(verb, "get") || slice_is(verb, "help");
	int status;

	if (!(many || (one && q->word != NULL))) {
		(void)fputs(help, stderr);
		return CMD_USAGE;
	}
	if (slice_is(verb, "help"))
		return help_option(q->word);
	status = config_ask_load(&q->ask, q->conf);
	if (status != CMD_OK)
		return status;
	return many ? show(q) : get(q);
}

int
cmd_config(int argc, char **argv)
{
	struct question q = {0};
	int status;

	config_ask_init(&q.ask);
	status = read_arguments(&q, argc, argv);
	if (status < 0)
		status = answer(&q);
	config_ask_fini(&q.ask);
	return status;
}
