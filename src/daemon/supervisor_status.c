/* The answer to `reeve status`. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/num.h"
#include "daemon/supervisor_private.h"
#include "sys/clock.h"

/* Resident kilobytes of a process, 0 if it cannot be told. */
static uint64_t
resident_kb(pid_t pid)
{
	char path[64], text[128];
	struct slice rest, word;
	uint64_t pages = 0;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text));
	(void)close(fd);
	if (n <= 0)
		return 0;
	rest = slice_of(text, (size_t)n);
	if (!slice_word(&rest, &word) || !slice_word(&rest, &word) ||
	    !num_parse_u64(word, UINT64_MAX / 4096, &pages))
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static void
add_slot(struct json *j, const struct slot *s)
{
	json_begin(j, NULL, '{');
	json_str(j, "role", slice_str(role_word(s->role)));
	json_int(j, "index", s->index);
	json_int(j, "generation", s->generation->number);
	json_int(j, "pid", s->pid);
	json_int(j, "seconds",
	    (int64_t)(clock_ms_between(s->started, loop_clock()) / 1000));
	json_int(j, "restarts", s->restarts);
	json_int(j, "resident_kb", (int64_t)resident_kb(s->pid));
	json_end(j);
}

#define COUNT_SUM(name) sum->name += s->counts.name;
static void
sum_counts(struct counts *sum, const struct slot *s)
{
	COUNTS(COUNT_SUM)
}
#undef COUNT_SUM

#define COUNT_JSON(name) json_int(&j, #name, (int64_t)sum.name);
void
supervisor_status(const struct supervisor *top, struct buf *out)
{
	const struct generation *g;
	const struct slot *s;
	struct counts sum = top->ended;
	struct json j;

	json_init(&j, out);
	json_begin(&j, NULL, '{');
	json_str(&j, "version", slice_str(REEVE_VERSION));
	json_int(&j, "pid", getpid());
	json_str(
	    &j, "state", slice_str(top->stopping ? "stopping" : "running"));
	json_str(&j, "config",
	    slice_str(
		top->options.conf != NULL ? top->options.conf : "(defaults)"));
	json_int(
	    &j, "generation", top->current != NULL ? top->current->number : 0);
	json_int(&j, "started", top->started_at);
	json_int(&j, "seconds",
	    (int64_t)(clock_ms_between(top->started, loop_clock()) / 1000));
	for (g = top->generations; g != NULL; g = g->next)
		for (s = g->slots; s != NULL; s = s->next)
			if (s->role == ROLE_KEEPER)
				sum_counts(&sum, s);
	json_begin(&j, "mail", '{');
	COUNTS(COUNT_JSON)
	json_end(&j);
	json_int(&j, "log_lines_dropped", (int64_t)logsink_dropped(top->sink));
	json_begin(&j, "processes", '[');
	for (g = top->generations; g != NULL; g = g->next)
		for (s = g->slots; s != NULL; s = s->next)
			if (s->pid != 0)
				add_slot(&j, s);
	json_end(&j);
	json_end(&j);
	(void)buf_addc(out, '\n');
}
#undef COUNT_JSON
