#define _GNU_SOURCE
#include "sys/logsink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "sys/clock.h"

enum { LINE_MAX_BYTES = LOG_LINE_MAX + 256, HOST_MAX = 128 };

/* One place lines go to, and whether it takes them. */
struct outlet {
	int fd; /* -1: none */
	uint64_t paused_until;
	uint64_t dropped;
	uint64_t untold; /* drops not yet reported in the outlet itself */
};

struct logsink {
	struct arena *arena;
	const char *ident;
	char host[HOST_MAX];
	int facility;
	struct sockaddr_un syslog_at;
	struct outlet syslog, file, err;
};

int
logsink_facility(const char *word)
{
	static const char *const words[] = {"kern", "user", "mail", "daemon",
	    "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"};
	size_t i;

	for (i = 0; i < COUNT_OF(words); i++)
		if (slice_is_ci(slice_str(word), words[i]))
			return (int)i;
	if (slice_starts_ci(slice_str(word), "local") && strlen(word) == 6 &&
	    word[5] >= '0' && word[5] <= '7')
		return 16 + (word[5] - '0');
	return -1;
}

static int
open_syslog(
    struct logsink *s, const struct logsink_config *cfg, struct fail *why)
{
	const char *path = cfg->socket != NULL ? cfg->socket : "/dev/log";

	s->facility = logsink_facility(cfg->facility);
	if (s->facility < 0)
		return fail_set(why, FAIL_CONFIG,
		    "\"%s\" is no syslog facility", cfg->facility);
	s->syslog_at.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(s->syslog_at.sun_path))
		return fail_set(
		    why, FAIL_CONFIG, "syslog socket name is too long");
	(void)snprintf(
	    s->syslog_at.sun_path, sizeof(s->syslog_at.sun_path), "%s", path);
	s->syslog.fd =
	    socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->syslog.fd < 0)
		return fail_errno(why, "socket for syslog");
	return 0;
}

int
logsink_open(
    struct logsink **out, const struct logsink_config *cfg, struct fail *why)
{
	struct arena *a = arena_new(0);
	struct logsink *s = arena_make(a, struct logsink);
	char *dot;
	int code = 0;

	*out = NULL;
	s->arena = a;
	s->ident = arena_str(a, slice_str(cfg->ident));
	s->syslog.fd = s->file.fd = s->err.fd = -1;
	if (gethostname(s->host, sizeof(s->host) - 1) != 0)
		(void)snprintf(s->host, sizeof(s->host), "localhost");
	dot = strchr(s->host, '.');
	if (dot != NULL)
		*dot = '\0';
	if (cfg->to_stderr)
		s->err.fd = STDERR_FILENO;
	if (cfg->facility != NULL && cfg->facility[0] != '\0')
		code = open_syslog(s, cfg, why);
	if (code == 0 && cfg->file != NULL && cfg->file[0] != '\0') {
		s->file.fd = open(cfg->file,
		    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
			O_NONBLOCK,
		    0640);
		if (s->file.fd < 0)
			code = fail_errno(why, "open log file %s", cfg->file);
	}
	if (code != 0) {
		logsink_close(s);
		return code;
	}
	*out = s;
	return 0;
}

void
logsink_close(struct logsink *s)
{
	if (s == NULL)
		return;
	if (s->syslog.fd >= 0)
		(void)close(s->syslog.fd);
	if (s->file.fd >= 0)
		(void)close(s->file.fd);
	arena_free(s->arena);
}

static bool
may_write(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, LOGSINK_WAIT_MS) == 1 && (p.revents & POLLOUT) != 0;
}

/* One line to one outlet; `at` is the syslog socket or NULL. */
static bool
put_bytes(struct outlet *o, const char *p, size_t n, struct sockaddr_un *at)
{
	union {
		struct sockaddr_un *un;
		struct sockaddr *any;
	} to = {.un = at};
	int try;

	for (try = 0; try < 2; try++) {
		ssize_t done;

		if (at != NULL)
			done = sendto(o->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL,
			    to.any, sizeof(*at));
		else if (may_write(o->fd))
			done = write(o->fd, p, n);
		else
			return false;
		if (done >= 0)
			return (size_t)done == n;
		if (errno == EINTR)
			continue;
		/* A full syslog socket: wait for it once. */
		if (at == NULL || errno != EAGAIN || !may_write(o->fd))
			return false;
	}
	return false;
}

static void
put_line(struct outlet *o, const char *p, size_t n, struct sockaddr_un *at)
{
	uint64_t now = clock_mono();
	char told[80];
	int told_n;

	if (o->fd < 0)
		return;
	if (now < o->paused_until) {
		o->dropped++;
		o->untold++;
		return;
	}
	if (!put_bytes(o, p, n, at)) {
		o->dropped++;
		o->untold++;
		o->paused_until = now + LOGSINK_PAUSE_S * CLOCK_SEC;
		return;
	}
	if (o->untold == 0)
		return;
	told_n = snprintf(told, sizeof(told),
	    "%sreeve: %llu log lines were dropped\n", at != NULL ? "<20>" : "",
	    (unsigned long long)o->untold);
	o->untold = 0;
	if (told_n > 0)
		(void)put_bytes(o, told, (size_t)told_n, at);
}

void
logsink_relay(
    struct logsink *s, enum log_level level, int pid, const char *line)
{
	static const int severity[] = {3, 4, 5, 6, 7};
	char stamp[CLOCK_STAMP_MAX] = "";
	char text[LINE_MAX_BYTES];
	int n;

	(void)clock_stamp(stamp, sizeof(stamp), clock_wall());
	if (s->syslog.fd >= 0) {
		n = snprintf(text, sizeof(text), "<%d>%s %s[%d]: %s",
		    s->facility * 8 + severity[level], stamp, s->ident, pid,
		    line);
		if (n > 0 && (size_t)n < sizeof(text))
			put_line(&s->syslog, text, (size_t)n, &s->syslog_at);
	}
	n = snprintf(text, sizeof(text), "%s %s %s[%d]: %s\n", stamp, s->host,
	    s->ident, pid, line);
	if (n <= 0 || (size_t)n >= sizeof(text))
		return;
	put_line(&s->file, text, (size_t)n, NULL);
	put_line(&s->err, text, (size_t)n, NULL);
}

void
logsink_write(enum log_level level, const char *line, void *ctx)
{
	logsink_relay(ctx, level, (int)getpid(), line);
}

uint64_t
logsink_dropped(const struct logsink *s)
{
	return s->syslog.dropped + s->file.dropped + s->err.dropped;
}

size_t
logsink_fds(const struct logsink *s, int fds[2])
{
	size_t n = 0;

	if (s->syslog.fd >= 0)
		fds[n++] = s->syslog.fd;
	if (s->file.fd >= 0)
		fds[n++] = s->file.fd;
	return n;
}
