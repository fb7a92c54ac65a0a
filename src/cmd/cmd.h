/* cmd - the front doors: one function per command, argv in, exit status out.
 *
 * Each lives in its own file cmd/NAME.c, parses its arguments and calls down.
 * argv[0] is the command's name. Common exit statuses: 0 done (and nothing
 * found, for questions), 1 something found, 2 it could not be done, 64 usage.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

enum { CMD_OK = 0, CMD_FOUND = 1, CMD_FAILED = 2, CMD_USAGE = 64 };

/* COMMAND(name, "one line for the help") in the order of the help. */
#define CMD_COMMANDS(COMMAND)                                              \
	COMMAND(run, "start the daemon")                                   \
	COMMAND(stop, "end the daemon when its messages are done")         \
	COMMAND(status, "what the daemon is doing")                        \
	COMMAND(scan, "examine messages, touch nothing")                   \
	COMMAND(explain, "what happened to a message, from history")       \
	COMMAND(check, "read the configuration and say what is wrong")     \
	COMMAND(config, "the value of an option, and which line decides")  \
	COMMAND(rules, "the spam rules: check them, show one, count them") \
	COMMAND(submit, "put a message into the spool, like sendmail")     \
	COMMAND(version, "print the version")

#define CMD_PROTOTYPE(name, help) int cmd_##name(int argc, char **argv);
CMD_COMMANDS(CMD_PROTOTYPE)
#undef CMD_PROTOTYPE

#endif
