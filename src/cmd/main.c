/* main - the front door: choose the command and run it. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/mailscanner.h"

struct command {
	const char *name;
	const char *help;
	int (*run)(int argc, char **argv);
};

#define COMMAND_ROW(name, help) {#name, help, cmd_##name},
static const struct command commands[] = {
    CMD_COMMANDS(COMMAND_ROW){NULL, NULL, NULL}};
#undef COMMAND_ROW

static void
usage(FILE *to)
{
	const struct command *c;

	(void)fputs("usage: reeve COMMAND [ARGUMENT ...]\n\n", to);
	for (c = commands; c->name != NULL; c++)
		(void)fprintf(to, "  %-12s %s\n", c->name, c->help);
	(void)fputs(
	    "\nreeve COMMAND --help tells more about one command.\n", to);
}

int
main(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2) {
		usage(stderr);
		return CMD_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return cmd_version(argc - 1, argv + 1);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return CMD_OK;
	}
	if (mailscanner_is_theirs(argv[1]))
		return mailscanner_run(argc, argv);
	for (c = commands; c->name != NULL; c++)
		if (strcmp(argv[1], c->name) == 0)
			return c->run(argc - 1, argv + 1);
	(void)fprintf(stderr, "reeve: no command \"%s\"\n", argv[1]);
	usage(stderr);
	return CMD_USAGE;
}
