#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/logsink.h"
#include "test/unit.h"

static char path[300];

static const char *
in_tmp(const char *name)
{
	(void)snprintf(path, sizeof(path), "%s/%s", unit_tmpdir(), name);
	return path;
}

UNIT(writes_lines_to_a_file)
{
	struct logsink_config cfg = {
	    .ident = "MailScanner", .file = in_tmp("log")};
	struct logsink *s;
	struct fail why;
	struct slice text;

	check_int(logsink_open(&s, &cfg, &why), 0);
	logsink_write(LOG_LEVEL_NOTICE, "first", s);
	logsink_relay(s, LOG_LEVEL_NOTICE, 4711, "second");
	text = unit_read(cfg.file);
	check(slice_find(text, SLICE(" MailScanner[")) > 0);
	check(slice_ends(text, "MailScanner[4711]: second\n"));
	check_int(logsink_dropped(s), 0);
	logsink_close(s);
}

static int
syslog_server(const char *at)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	union {
		struct sockaddr_un *un;
		struct sockaddr *any;
	} to = {.un = &un};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", at);
	check_int(bind(fd, to.any, sizeof(un)), 0);
	return fd;
}

UNIT(speaks_syslog)
{
	struct logsink_config cfg = {.ident = "MailScanner",
	    .facility = "mail",
	    .socket = in_tmp("devlog")};
	int server = syslog_server(cfg.socket);
	struct logsink *s;
	struct fail why;
	char got[512];
	ssize_t n;

	check_int(logsink_open(&s, &cfg, &why), 0);
	logsink_write(LOG_LEVEL_WARN, "careful", s);
	n = recv(server, got, sizeof(got), 0);
	check(n > 0);
	check(slice_starts(slice_of(got, (size_t)n), "<20>"));
	check(slice_ends(slice_of(got, (size_t)n), "]: careful"));
	logsink_close(s);
	(void)close(server);
}

UNIT(never_blocks_on_a_deaf_syslog)
{
	struct logsink_config cfg = {.ident = "MailScanner",
	    .facility = "local3",
	    .socket = in_tmp("deaf")};
	int server = syslog_server(cfg.socket), i;
	struct logsink *s;
	struct fail why;
	uint64_t from = clock_mono();

	check_int(logsink_open(&s, &cfg, &why), 0);
	for (i = 0; i < 5000; i++)
		logsink_write(LOG_LEVEL_INFO, "nobody listens", s);
	check(clock_ms_between(from, clock_mono()) < 1000);
	check(logsink_dropped(s) > 0);
	logsink_close(s);
	(void)close(server);
}

UNIT(refuses_what_cannot_be)
{
	struct logsink_config cfg = {.ident = "x", .facility = "nonsense"};
	struct logsink *s;
	struct fail why;

	check_int(logsink_open(&s, &cfg, &why), FAIL_CONFIG);
	check(s == NULL);
	cfg.facility = NULL;
	cfg.file = "/nonexistent/dir/log";
	check_int(logsink_open(&s, &cfg, &why), FAIL_GONE);
	check_int(logsink_facility("MAIL"), 2);
	check_int(logsink_facility("local7"), 23);
	check_int(logsink_facility("local8"), -1);
}

UNIT_MAIN(unit(writes_lines_to_a_file), unit(speaks_syslog),
    unit(never_blocks_on_a_deaf_syslog), unit(refuses_what_cannot_be))
