#define _GNU_SOURCE
#include "cmd/mailscanner.h"

#include <stdio.h>

#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/config_ask.h"
#include "config/conf.h"

enum { ARG_LINT, ARG_CHANGED, ARG_VALUE, ARG_FROM, ARG_TO, ARG_IP, ARG_VIRUS };

static const struct args_row rows[] = {{ARG_LINT, 0, "lint", false},
    {ARG_LINT, 0, "lintlite", false}, {ARG_LINT, 0, "lintlight", false},
    {ARG_CHANGED, 0, "changed", false}, {ARG_VALUE, 0, "value", true},
    {ARG_FROM, 0, "from", true}, {ARG_TO, 0, "to", true},
    {ARG_IP, 0, "ip", true}, {ARG_VIRUS, 0, "virus", true},
    {ARG_VALUE, 0, "inqueuedir", true}, {0, 0, NULL, false}};

bool
mailscanner_is_theirs(const char *argument)
{
	static const char *const words[] = {
	    "--lint", "--lintlite", "--lintlight", "--changed", "--value"};
	struct slice name = slice_str(argument);
	ptrdiff_t equal = slice_chr(name, '=');
	size_t i;

	if (equal > 0)
		name.n = (size_t)equal;
	for (i = 0; i < COUNT_OF(words); i++)
		if (slice_is(name, words[i]))
			return true;
	return false;
}

static int
print_value(const struct config_ask *q, const char *name)
{
	enum option opt = option_find(slice_str(name));
	struct arena *a = arena_new(0);
	struct slice value;
	size_t i;

	if (opt == OPTION_COUNT) {
		(void)fprintf(stderr,
		    "Looked up internal option name \"%s\"\n"
		    "Result is \"\"\n",
		    name);
		arena_free(a);
		return CMD_OK;
	}
	value = conf_text(q->conf, opt, &q->subject, a);
	(void)fprintf(stderr,
	    "Looked up internal option name \"%s\"\nWith sender = %.*s\n",
	    options[opt].key, SLICE_FMT(q->subject.sender));
	for (i = 0; i < q->subject.recipient_count; i++)
		(void)fprintf(stderr, "  recipient = %.*s\n",
		    SLICE_FMT(q->subject.recipients[i]));
	(void)fprintf(stderr,
	    "Client IP = %.*s\nVirus = %.*s\nResult is \"%.*s\"\n",
	    SLICE_FMT(q->subject.client_ip),
	    SLICE_FMT(q->subject.virus_reports), SLICE_FMT(value));
	if (slice_is(value, "0") || slice_is(value, "1"))
		(void)fputs("\n0=No 1=Yes\n", stderr);
	arena_free(a);
	return CMD_OK;
}

static void
print_column(struct slice text, int width)
{
	(void)printf("%-*.*s ", width - 1, SLICE_FMT(text));
}

static int
print_changed(const struct config_ask *q)
{
	unsigned i;

	(void)puts("\nTable of Changed Values:\n");
	print_column(SLICE("Option Name"), 35);
	print_column(SLICE("Default"), 15);
	(void)puts("Current Value\n========================================"
		   "=======================================");
	for (i = 0; i < OPTION_COUNT; i++) {
		enum option opt = (enum option)i;

		if (!conf_changed(q->conf, opt))
			continue;
		print_column(slice_str(options[i].name), 35);
		print_column(slice_str(options[i].dflt), 15);
		if (conf_is_ruleset(q->conf, opt))
			(void)printf("RULESET:Default=%.*s\n",
			    SLICE_FMT(conf_text(q->conf, opt, NULL, NULL)));
		else
			(void)printf(
			    "%.*s\n", SLICE_FMT(conf_written(q->conf, opt)));
	}
	return CMD_OK;
}

int
mailscanner_run(int argc, char **argv)
{
	struct args args = args_of(argc, argv, rows);
	struct config_ask q;
	const char *file = NULL, *name = NULL;
	bool lint = false;
	int c, status;

	config_ask_init(&q);
	while ((c = args_next(&args)) != ARGS_END)
		switch (c) {
		case ARG_LINT:
			lint = true;
			break;
		case ARG_VALUE:
			name = name == NULL ? args.value : name;
			break;
		case ARG_FROM:
			config_ask_from(&q, args.value);
			break;
		case ARG_TO:
			config_ask_to(&q, args.value);
			break;
		case ARG_IP:
			q.subject.client_ip = slice_str(args.value);
			break;
		case ARG_VIRUS:
			q.subject.virus_reports = slice_str(args.value);
			break;
		case ARGS_WORD:
			file = args.value;
			break;
		case ARG_CHANGED:
			break;
		default:
			config_ask_fini(&q);
			return CMD_USAGE;
		}
	if (lint) {
		char command[] = "check", flag[] = "-c";
		char *theirs[] = {command, flag, NULL, NULL};

		config_ask_fini(&q);
		/* The word is an argument of ours, which may be written. */
		for (c = 1; file != NULL && c < argc; c++)
			if (argv[c] == file)
				theirs[2] = argv[c];
		return cmd_check(file != NULL ? 3 : 1, theirs);
	}
	status = config_ask_load(&q, file);
	if (status == CMD_OK)
		status =
		    name != NULL ? print_value(&q, name) : print_changed(&q);
	config_ask_fini(&q);
	return status;
}
