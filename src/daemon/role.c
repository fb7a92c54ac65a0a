#define _GNU_SOURCE
#include "daemon/role.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/title.h"

static int
compare_fds(const void *a, const void *b)
{
	int x, y;

	(void)memcpy(&x, a, sizeof(x));
	(void)memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

/* Close everything above standard error but our own. */
static void
close_others(const struct role_start *s)
{
	int keep[ROLE_FDS_MAX + 4];
	size_t n = 0, i;
	unsigned from = STDERR_FILENO + 1;

	for (i = 0; i < s->fd_count; i++)
		keep[n++] = s->fds[i];
	keep[n++] = s->supervisor_fd;
	if (s->sink != NULL && !s->log_by_wire)
		n += logsink_fds(s->sink, keep + n);
	qsort(keep, n, sizeof(keep[0]), compare_fds);
	for (i = 0; i < n; i++) {
		if (keep[i] < (int)from)
			continue;
		if ((unsigned)keep[i] > from)
			(void)close_range(from, (unsigned)keep[i] - 1, 0);
		from = (unsigned)keep[i] + 1;
	}
	(void)close_range(from, ~0U, 0);
}

/* Standard input and output are nobody's; an open number 0-2 must exist. */
static void
settle_standard_fds(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)dup2(fd, STDIN_FILENO);
	(void)dup2(fd, STDOUT_FILENO);
	if (fcntl(STDERR_FILENO, F_GETFD) < 0)
		(void)dup2(fd, STDERR_FILENO);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

static void
log_by_wire(enum log_level level, const char *line, void *ctx)
{
	struct role_self *self = ctx;
	char bytes[LOG_LINE_MAX + 1];
	size_t n = strlen(line);

	if (n > LOG_LINE_MAX)
		n = LOG_LINE_MAX;
	bytes[0] = (char)level;
	(void)memcpy(bytes + 1, line, n);
	if (wire_send(&self->supervisor, TELL_LOG, slice_of(bytes, n + 1), NULL,
		0, NULL) != 0)
		self->log_dropped++;
}

static void
default_signals(void)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2,
	    SIGCHLD, SIGALRM, SIGPIPE};
	sigset_t none;
	size_t i;

	for (i = 0; i < COUNT_OF(signals); i++) {
		struct sigaction a = {.sa_handler = SIG_DFL};

		if (signals[i] == SIGPIPE || signals[i] == SIGHUP ||
		    signals[i] == SIGINT)
			/* ^C reaches the whole group: the supervisor drains. */
			a.sa_handler = SIG_IGN;
		(void)sigaction(signals[i], &a, NULL);
	}
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void
role_begin(struct role_self *self, const struct role_start *start)
{
	*self = (struct role_self){.start = *start};
	default_signals();
	settle_standard_fds();
	close_others(start);
	wire_init(&self->supervisor, start->supervisor_fd, &protocol,
	    start->role, ROLE_SUPERVISOR);
	if (start->log_by_wire)
		log_set_sink(log_by_wire, self);
	else if (start->sink != NULL)
		log_set_sink(logsink_write, start->sink);
	title_set("MailScanner: %s starting", role_word(start->role));
}

void
role_lock(struct role_self *self, struct jail *jail)
{
	struct jail_report report;
	struct fail why;

	jail->no_core = true;
	jail->die_with_parent = true;
	jail->parent = self->start.parent;
	if (jail_enter(jail, &report, &why) != 0) {
		log_error("%s: %s", role_word(self->start.role), why.text);
		_exit(ROLE_EXIT_FAILED);
	}
	if (report.missing[0] != '\0' && !self->start.quiet)
		log_warn("%s: walls that are missing: %s",
		    role_word(self->start.role), report.missing);
}

void
role_ready(struct role_self *self)
{
	struct fail why;

	/* Nothing was sent before: there is room, or nobody to hear it. */
	if (wire_send(
		&self->supervisor, TELL_READY, SLICE(""), NULL, 0, &why) != 0)
		log_debug("%s: %s", role_word(self->start.role), why.text);
}
