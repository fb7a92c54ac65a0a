/* cmd_stop - end the running daemon and wait for it. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/num.h"
#include "cmd/args.h"
#include "cmd/ask.h"
#include "cmd/cmd.h"
#include "sys/clock.h"

enum { WAIT_S = 60, LOOK_MS = 20 };

static const char help[] =
    "usage: reeve stop [-c FILE]\n"
    "\n"
    "End the running daemon as SIGTERM does: messages in hand are finished.\n"
    "Waits until it is gone. Ends with 2 when none runs or it does not end.\n";

/* It has ended; also when its parent has not asked for its status yet. */
static bool
is_gone(pid_t pid, int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	if (pidfd >= 0)
		return poll(&p, 1, LOOK_MS) > 0;
	if (kill(pid, 0) != 0 && errno == ESRCH)
		return true;
	clock_sleep_ms(LOOK_MS);
	return false;
}

static int
wait_gone(pid_t pid)
{
	uint64_t until = clock_mono() + WAIT_S * CLOCK_SEC;
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool gone = pidfd < 0 && errno == ESRCH;

	while (!gone && clock_mono() < until)
		gone = is_gone(pid, pidfd);
	if (pidfd >= 0)
		(void)close(pidfd);
	if (gone)
		return CMD_OK;
	(void)fprintf(stderr, "reeve: process %d has not ended in %d s\n",
	    (int)pid, WAIT_S);
	return CMD_FAILED;
}

int
cmd_stop(int argc, char **argv)
{
	static const struct args_row rows[] = {{'c', 'c', "config", true},
	    {'h', 'h', "help", false}, {0, 0, NULL, false}};
	struct args args = args_of(argc, argv, rows);
	const char *conf = NULL;
	struct buf text;
	uint64_t pid = 0;
	int c, status;

	while ((c = args_next(&args)) != ARGS_END)
		switch (c) {
		case 'c':
			conf = args.value;
			break;
		case 'h':
			(void)fputs(help, stdout);
			return CMD_OK;
		default:
			(void)fputs(help, stderr);
			return CMD_USAGE;
		}
	buf_init(&text, 4096);
	status = ask_daemon(conf, "stop", &text);
	if (status == CMD_OK &&
	    num_parse_u64(slice_trim(buf_slice(&text)), INT32_MAX, &pid))
		status = wait_gone((pid_t)pid);
	buf_fini(&text);
	return status;
}
