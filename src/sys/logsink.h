/* logsink - where log lines go: syslog, a file, standard error.
 *
 * Opened once before the processes are forked and shared by all of them: a
 * line is one datagram or one O_APPEND write, so lines never mix. A sink that
 * does not take a line costs at most LOGSINK_WAIT_MS, then its lines are
 * dropped for LOGSINK_PAUSE_S seconds; the drops are counted and told when it
 * works again. Never more than a second is lost on any line.
 */
#ifndef SYS_LOGSINK_H
#define SYS_LOGSINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/fail.h"
#include "base/log.h"

enum { LOGSINK_WAIT_MS = 200, LOGSINK_PAUSE_S = 2 };

struct logsink_config {
	const char *ident;    /* "MailScanner" */
	const char *facility; /* "mail" ...; NULL or "": no syslog */
	const char *socket;   /* NULL: /dev/log */
	const char *file;     /* NULL or "": no file */
	bool to_stderr;
};

struct logsink;

/* A file that cannot be opened or an unknown facility is a failure; a missing
 * syslog socket is not (it may come later). */
int logsink_open(struct logsink **s, const struct logsink_config *cfg,
    struct fail *why) ATTR_NODISCARD;
void logsink_close(struct logsink *s); /* NULL is allowed */
/* A log_sink_fn; ctx is the struct logsink. */
void logsink_write(enum log_level level, const char *line, void *ctx);
/* The same for a line another process wrote. */
void logsink_relay(
    struct logsink *s, enum log_level level, int pid, const char *line);
/* Lines that no sink or not every sink took, in this process. */
uint64_t logsink_dropped(const struct logsink *s) ATTR_PURE;
/* The descriptors it holds (at most 2), for a child that closes all others;
 * returns how many. */
size_t logsink_fds(const struct logsink *s, int fds[2]);
/* Number of a syslog facility word, -1 if there is none. */
int logsink_facility(const char *word);

#endif
