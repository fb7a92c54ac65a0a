/* cmd_run - start the daemon. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/conf_path.h"
#include "daemon/supervisor.h"
#include "sys/title.h"

static const char help[] =
    "usage: reeve run [-c FILE] [--foreground]\n"
    "\n"
    "Start the daemon. Without --foreground it goes to the background once\n"
    "mail is taken; if it cannot start it says why and ends with 1.\n"
    "\n"
    "  -c, --config FILE  configuration (MailScanner.conf)\n"
    "  -f, --foreground   stay, and log to standard error as well\n"
    "\n"
    "SIGHUP reads the configuration again, SIGTERM finishes the messages in\n"
    "hand and ends.\n";

/* The parent's part: wait until the daemon takes mail or says why not. */
static int
wait_ready(int fd, pid_t child)
{
	char text[FAIL_TEXT_MAX + 1];
	size_t at = 0;
	int status = 0;

	while (at < sizeof(text)) {
		ssize_t n = read(fd, text + at, sizeof(text) - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		at += (size_t)n;
		if (text[0] == SUPERVISOR_READY)
			return CMD_OK;
	}
	(void)waitpid(child, &status, 0);
	if (at > 0)
		(void)fprintf(stderr, "reeve: %.*s\n", (int)at, text);
	(void)fprintf(
	    stderr, "reeve: the daemon did not start; its log says more\n");
	return 1;
}

/* Nothing of the caller's terminal or pipes stays open in a daemon. */
static void
leave_terminal(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), i;

	(void)setsid();
	if (fd < 0)
		return;
	for (i = 0; i <= STDERR_FILENO; i++)
		if (i != fd)
			(void)dup2(fd, i);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

static int
run_detached(struct supervisor_options *o)
{
	int fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) != 0 || (child = fork()) < 0) {
		perror("reeve");
		return 1;
	}
	if (child > 0) {
		(void)close(fds[1]);
		return wait_ready(fds[0], child);
	}
	(void)close(fds[0]);
	leave_terminal();
	if (chdir("/") != 0)
		return 1;
	o->ready_fd = fds[1];
	return supervisor_run(o);
}

int
cmd_run(int argc, char **argv)
{
	static const struct args_row rows[] = {{'c', 'c', "config", true},
	    {'f', 'f', "foreground", false}, {'h', 'h', "help", false},
	    {0, 0, NULL, false}};
	struct args args = args_of(argc, argv, rows);
	struct supervisor_options o = {.ready_fd = -1};
	const char *conf = NULL;
	int c;

	while ((c = args_next(&args)) != ARGS_END)
		switch (c) {
		case 'c':
			conf = args.value;
			break;
		case 'f':
			o.foreground = true;
			break;
		case 'h':
			(void)fputs(help, stdout);
			return CMD_OK;
		default:
			(void)fputs(help, stderr);
			return CMD_USAGE;
		}
	o.conf = conf_path(conf);
	title_init();
	return o.foreground ? supervisor_run(&o) : run_detached(&o);
}
