#define _GNU_SOURCE
#include "daemon/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "sys/clock.h"
#include "sys/jail.h"

enum {
	DIRS_MAX = 4096,                /* incoming directories */
	LIST_FILE_MAX = 1024 * 1024,    /* bytes of a file of directories */
	MEMORY_LEAST = 4 * 1024 * 1024, /* of one message */
};

/* The option's text for no particular message; NULL when empty. */
static const char *
text_of(const struct conf *c, enum option opt, struct arena *a)
{
	struct slice s = slice_trim(conf_text(c, opt, NULL, a));

	return s.n > 0 ? arena_str(a, s) : NULL;
}

static const char *
path_below(struct arena *a, const char *dir, const char *name)
{
	struct buf b;
	const char *path;

	buf_init(&b, 4096);
	(void)buf_addf(&b, "%s/%s", dir, name);
	path = arena_str(a, buf_slice(&b));
	buf_fini(&b);
	return path;
}

static uint64_t
bounded(int64_t value, uint64_t least, uint64_t most)
{
	if (value < 0 || (uint64_t)value < least)
		return least;
	return (uint64_t)value > most ? most : (uint64_t)value;
}

/* ---- incoming directories ----------------------------------------------- */

struct dirs {
	VEC_OF(const char *) list;
};

static int
add_dir(struct dirs *d, struct arena *a, struct slice path, struct fail *why)
{
	while (path.n > 1 && slice_ends(path, "/"))
		path.n--;
	if (d->list.n >= DIRS_MAX)
		return fail_set(why, FAIL_CONFIG,
		    "Incoming Queue Dir: more than %d directories", DIRS_MAX);
	*vec_push(a, &d->list) = arena_str(a, path);
	return 0;
}

/* A plain file: one directory (or pattern) per line. */
static int
add_listed(struct dirs *d, struct arena *a, const char *file, struct fail *why)
{
	struct slice rest, line;
	struct buf b;
	ssize_t n = 0;
	int code = 0;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail_errno(why, "Incoming Queue Dir: open %s", file);
	buf_init(&b, LIST_FILE_MAX);
	for (;;) {
		char *room = buf_room(&b, 4096);

		n = room != NULL ? read(fd, room, 4096) : 0;
		if (n <= 0)
			break;
		b.n += (size_t)n;
	}
	(void)close(fd);
	rest = buf_slice(&b);
	while (code == 0 && slice_line(&rest, &line)) {
		ptrdiff_t hash = slice_chr(line, '#');

		if (hash >= 0)
			line.n = (size_t)hash;
		line = slice_trim(line);
		if (line.n > 0)
			code = add_dir(d, a, line, why);
	}
	buf_fini(&b);
	return code;
}

static int
add_pattern(
    struct dirs *d, struct arena *a, const char *pattern, struct fail *why)
{
	glob_t found;
	struct stat st;
	size_t i;
	int code = 0;

	if (glob(pattern, GLOB_ERR, NULL, &found) != 0)
		return fail_set(why, FAIL_CONFIG,
		    "Incoming Queue Dir: nothing matches %s", pattern);
	for (i = 0; code == 0 && i < found.gl_pathc; i++)
		if (stat(found.gl_pathv[i], &st) == 0 && S_ISDIR(st.st_mode))
			code = add_dir(d, a, slice_str(found.gl_pathv[i]), why);
	globfree(&found);
	return code;
}

static int
find_incoming(struct settings *s, struct arena *a, struct fail *why)
{
	const char *text = text_of(s->conf, OPT_INCOMING_QUEUE_DIR, a);
	struct dirs d = {0};
	struct stat st;
	int code;

	if (text == NULL)
		return fail_set(
		    why, FAIL_CONFIG, "Incoming Queue Dir is empty");
	if (stat(text, &st) == 0 && S_ISREG(st.st_mode))
		code = add_listed(&d, a, text, why);
	else if (strpbrk(text, "*?[") != NULL)
		code = add_pattern(&d, a, text, why);
	else
		code = add_dir(&d, a, slice_str(text), why);
	if (code != 0)
		return code;
	if (d.list.n == 0)
		return fail_set(why, FAIL_CONFIG,
		    "Incoming Queue Dir: %s names no directory", text);
	*vec_push(a, &d.list) = NULL;
	s->in = d.list.at;
	return 0;
}

/* ---- queues ------------------------------------------------------------- */

static int
load_spool(struct settings *s, struct arena *a, struct fail *why)
{
	const char **in = arena_array(a, 2, sizeof(*in));

	s->spool = text_of(s->conf, OPT_REEVE_SPOOL_DIRECTORY, a);
	if (s->spool == NULL)
		return fail_set(
		    why, FAIL_CONFIG, "Reeve Spool Directory is empty");
	in[0] = path_below(a, s->spool, "incoming");
	s->in = in;
	s->out = path_below(a, s->spool, "outgoing");
	s->claims = path_below(a, s->spool, "claims");
	s->receives = text_of(s->conf, OPT_SMTP_LISTEN, a) != NULL;
	s->delivers = text_of(s->conf, OPT_DELIVERY_ROUTE, a) != NULL;
	return 0;
}

/* Beside the first incoming directory: on its file system, not in it. */
static const char *
claims_beside(struct arena *a, const char *in)
{
	const char *slash = strrchr(in, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - in);

	return arena_str(a, arena_printf(a, "%.*s/.reeve-claims.%s", (int)n, in,
				slash == NULL ? in : slash + 1));
}

static int
load_queues(struct settings *s, struct arena *a, struct fail *why)
{
	const char *mta = text_of(s->conf, OPT_MTA, a);
	int code;

	s->driver = mta != NULL ? mta : "sendmail";
	if (slice_is_ci(slice_str(s->driver), "spool"))
		return load_spool(s, a, why);
	code = find_incoming(s, a, why);
	if (code != 0)
		return code;
	s->out = text_of(s->conf, OPT_OUTGOING_QUEUE_DIR, a);
	if (s->out == NULL)
		return fail_set(
		    why, FAIL_CONFIG, "Outgoing Queue Dir is empty");
	s->claims = text_of(s->conf, OPT_REEVE_CLAIM_DIRECTORY, a);
	if (s->claims == NULL)
		s->claims = claims_beside(a, s->in[0]);
	return 0;
}

/* ---- the rest ----------------------------------------------------------- */

static int
load_user(struct settings *s, struct arena *a, struct fail *why)
{
	const char *group = text_of(s->conf, OPT_RUN_AS_GROUP, a);
	int code;

	s->user = text_of(s->conf, OPT_RUN_AS_USER, a);
	/* "0" is the original's word for "stay as you are". */
	if (s->user == NULL || slice_is(slice_str(s->user), "0") ||
	    slice_is(slice_str(s->user), "root")) {
		s->user = NULL;
		return 0;
	}
	if (group != NULL && slice_is(slice_str(group), "0"))
		group = NULL;
	code = jail_find_user(s->user, group, &s->uid, &s->gid, why);
	if (code != 0)
		return fail_add(why, "Run As User");
	s->drop = true;
	return 0;
}

static void
load_processes(struct settings *s)
{
	const struct conf *c = s->conf;

	s->workers = (unsigned)bounded(
	    conf_number(c, OPT_MAX_CHILDREN, NULL), 1, SETTINGS_WORKERS_MAX);
	/* One without a worker would have nothing to do. */
	s->keepers =
	    (unsigned)bounded(conf_number(c, OPT_REEVE_KEEPERS, NULL), 1,
		s->workers < SETTINGS_KEEPERS_MAX ? s->workers
						  : SETTINGS_KEEPERS_MAX);
	s->max_attempts = (unsigned)bounded(
	    conf_number(c, OPT_MAXIMUM_PROCESSING_ATTEMPTS, NULL), 0, 1000);
	s->scan_interval_ns =
	    CLOCK_SEC *
	    bounded(conf_number(c, OPT_QUEUE_SCAN_INTERVAL, NULL), 1, 3600);
	s->restart_every_ns =
	    CLOCK_SEC *
	    bounded(conf_number(c, OPT_RESTART_EVERY, NULL), 60, 30 * 86400);
}

static void
load_budget(struct settings *s)
{
	const struct conf *c = s->conf;

	s->memory_max = bounded(conf_number(c, OPT_MESSAGE_MEMORY_LIMIT, NULL),
	    MEMORY_LEAST, UINT64_C(1) << 36);
	s->time_ns =
	    CLOCK_SEC *
	    bounded(conf_number(c, OPT_MESSAGE_TIME_LIMIT, NULL), 1, 86400);
	s->virus_time_ns =
	    CLOCK_SEC *
	    bounded(conf_number(c, OPT_VIRUS_SCANNER_TIMEOUT, NULL), 1, 86400);
}

static void
load_places(struct settings *s, struct arena *a)
{
	const struct conf *c = s->conf;

	s->pid_file = text_of(c, OPT_PID_FILE, a);
	s->control = text_of(c, OPT_CONTROL_SOCKET, a);
	s->history = text_of(c, OPT_HISTORY_DATABASE, a);
	s->json_log = text_of(c, OPT_JSON_LOG_FILE, a);
	s->log_file = text_of(c, OPT_LOG_FILE, a);
	s->facility = text_of(c, OPT_SYSLOG_FACILITY, a);
	s->work_dir = text_of(c, OPT_INCOMING_WORK_DIR, a);
	s->quarantine = text_of(c, OPT_QUARANTINE_DIR, a);
}

void
settings_load_budget(struct settings *s, const struct conf *c, struct arena *a)
{
	char host[256] = "";

	*s = (struct settings){.conf = c};
	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		(void)snprintf(host, sizeof(host), "localhost");
	s->host = arena_str(a, slice_str(host));
	s->restart_every_ns = UINT64_MAX;
	load_budget(s);
}

int
settings_load(
    struct settings *s, const struct conf *c, struct arena *a, struct fail *why)
{
	int code;

	settings_load_budget(s, c, a);
	code = load_queues(s, a, why);
	if (code == 0)
		code = load_user(s, a, why);
	if (code != 0)
		return code;
	load_processes(s);
	load_places(s, a);
	if (s->pid_file == NULL)
		return fail_set(why, FAIL_CONFIG, "PID file is empty");
	return 0;
}
