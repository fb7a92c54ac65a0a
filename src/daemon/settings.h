/* settings - what the processes need of the configuration, read once.
 *
 * Made in the supervisor when a configuration is loaded, before anything is
 * forked, so that a value that cannot be used stops a reload and not a child.
 */
#ifndef DAEMON_SETTINGS_H
#define DAEMON_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/fail.h"
#include "config/conf.h"

enum { SETTINGS_WORKERS_MAX = 64, SETTINGS_KEEPERS_MAX = 4 };

struct settings {
	const struct conf *conf;
	const char *host; /* of this machine */

	/* queues */
	const char *driver;    /* "spool", "sendmail" ... */
	const char *const *in; /* expanded, NULL-ended */
	const char *out;
	const char *claims;
	const char *spool; /* root of our own spool; NULL: another's queue */
	uint64_t scan_interval_ns;
	unsigned max_attempts; /* 0: no limit */

	/* processes */
	unsigned workers, keepers;
	bool drop; /* Run As User is set */
	const char *user;
	uid_t uid;
	gid_t gid;
	uint64_t restart_every_ns;

	/* budget of one message */
	uint64_t memory_max; /* bytes */
	uint64_t time_ns;
	uint64_t virus_time_ns;

	/* places */
	const char *pid_file;
	const char *control;  /* socket; NULL: none */
	const char *history;  /* NULL: none */
	const char *json_log; /* NULL: none */
	const char *log_file; /* NULL: none */
	const char *facility; /* of syslog; NULL: none */
	const char *work_dir;
	const char *quarantine;
	bool receives; /* SMTP Listen is set */
	bool delivers; /* Delivery Route is set */
};

/* Strings live in a. *why names the option that cannot be. */
int settings_load(struct settings *s, const struct conf *c, struct arena *a,
    struct fail *why) ATTR_NODISCARD;

/* Only what examining a message needs: host, budgets. Cannot fail. */
void settings_load_budget(
    struct settings *s, const struct conf *c, struct arena *a);

#endif
