/* Command-line scanners: the objects as files of a private directory, the
 * wrapper over them, its output read by the row of the scanner. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "scan/virus_lines.h"
#include "scan/virus_scanner.h"
#include "sys/io.h"
#include "sys/loop.h"
#include "sys/run.h"
#include "sys/tree.h"

enum {
	PATH_BYTES = 1024,
	OUTPUT_BASE = 1024 * 1024, /* bytes of output, and for each object */
	OUTPUT_EACH = 1024,
	ERRORS_MAX = 4096,
};
/* One file a scanner writes: a member it unpacks. */
#define FILE_BYTES_MAX (UINT64_C(2) * 1024 * 1024 * 1024)

struct command {
	struct virus_command_setup setup;
	const struct virus_lines_row *row;
	int work_fd;
	unsigned runs; /* part of the name of each run's directory */
};

/* One run: its directory and the descriptors to it and to the objects. */
struct place {
	char name[64];
	int dir, objects;
};

static void
command_close(void *self)
{
	struct command *c = self;

	(void)close(c->work_fd);
}

int
virus_command_open(void **self, const struct virus_command_setup *setup,
    struct arena *a, struct fail *why)
{
	struct command *c = arena_make(a, struct command);

	c->setup = *setup;
	c->row = virus_lines_row(slice_str(setup->keyword));
	ensure(c->row != NULL);
	if (setup->wrapper[0] != '/')
		return fail_set(why, FAIL_CONFIG,
		    "wrapper %s: no absolute path", setup->wrapper);
	if (strstr(setup->work_dir, VIRUS_LINES_DIR "/") != NULL)
		return fail_set(why, FAIL_CONFIG,
		    "%s: a work directory may not contain " VIRUS_LINES_DIR,
		    setup->work_dir);
	if (faccessat(AT_FDCWD, setup->wrapper, X_OK, AT_EACCESS) != 0)
		return fail_errno(why, "wrapper %s", setup->wrapper);
	c->work_fd = openat(
	    AT_FDCWD, setup->work_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->work_fd < 0)
		return fail_errno(why, "%s", setup->work_dir);
	*self = c;
	return 0;
}

bool
virus_command_is_installed(void *self, uint64_t deadline)
{
	struct command *c = self;
	const char *argv[] = {
	    c->setup.wrapper, c->setup.installdir, "-IsItInstalled", NULL};
	struct run_spec spec = {.argv = argv,
	    .cwd_fd = -1,
	    .stdin_fd = -1,
	    .deadline = deadline,
	    .out_max = OUTPUT_BASE,
	    .err_max = ERRORS_MAX};
	struct run_result r;
	struct fail why;
	bool yes;

	if (run_command(&spec, &r, &why) != 0)
		return false;
	yes = run_result_is_success(&r);
	run_result_fini(&r);
	return yes;
}

static int
write_object(int dir, struct slice bytes, const char *name, struct fail *why)
{
	int fd = io_create(dir, name, 0600, why);
	int code;

	if (fd < 0)
		return fd;
	code = io_write(fd, bytes, why);
	(void)close(fd);
	return code < 0 ? fail_add(why, "%s", name) : 0;
}

static void
place_close(struct command *c, struct place *p)
{
	struct fail why;

	if (p->objects >= 0)
		(void)close(p->objects);
	if (p->dir >= 0) {
		(void)close(p->dir);
		if (tree_drop(c->work_fd, p->name, &why) != 0)
			log_warn("scanner left files in %s that cannot be "
				 "removed: %s",
			    p->name, why.text);
	}
}

static int
place_open(struct command *c, struct place *p, struct fail *why)
{
	*p = (struct place){.dir = -1, .objects = -1};
	(void)snprintf(p->name, sizeof(p->name), "scan-%d-%u-%llu",
	    (int)getpid(), c->runs++, (unsigned long long)loop_clock());
	if (mkdirat(c->work_fd, p->name, 0700) != 0)
		return fail_errno(why, "%s/%s", c->setup.work_dir, p->name);
	p->dir = openat(c->work_fd, p->name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (p->dir >= 0 && mkdirat(p->dir, VIRUS_LINES_DIR, 0700) == 0)
		p->objects = openat(p->dir, VIRUS_LINES_DIR,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (p->objects >= 0)
		return 0;
	(void)fail_errno(why, "%s/%s", c->setup.work_dir, p->name);
	place_close(c, p);
	return why->code;
}

/* The whole message is a file only when that is asked for: its parts are
 * there anyway. */
static bool
is_written(const struct command *c, const struct virus_object *o)
{
	return o->entity != 0 || c->setup.full_message;
}

static int
write_objects(struct command *c, struct place *p, const struct virus_look *look,
    struct fail *why)
{
	const struct virus_object *at = look->job->objects.at;
	size_t i;
	int code = 0;

	for (i = 0; i < look->job->objects.n && code == 0; i++) {
		char name[VIRUS_OBJECT_NAME_MAX + 32];

		if (!is_written(c, &at[i]))
			continue;
		(void)snprintf(
		    name, sizeof(name), "%zu-%.*s", i, SLICE_FMT(at[i].name));
		code = write_object(p->objects,
		    virus_object_bytes(look->job, &at[i]), name, why);
	}
	return code;
}

static int
run_wrapper(struct command *c, struct place *p, const struct virus_look *look,
    struct run_result *r, struct fail *why)
{
	const char *argv[VIRUS_LINES_OPTIONS_MAX + 4] = {
	    c->setup.wrapper, c->setup.installdir};
	char tmp[PATH_BYTES], all[PATH_BYTES];
	const char *const env[] = {
	    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	    "LANG=C", "LC_ALL=C", tmp, NULL};
	uint64_t now = loop_clock();
	size_t n = 2, i;

	(void)snprintf(
	    tmp, sizeof(tmp), "TMPDIR=%s/%s", c->setup.work_dir, p->name);
	(void)snprintf(all, sizeof(all), "%s/%s", c->setup.work_dir, p->name);
	for (i = 0; c->row->options[i] != NULL; i++)
		argv[n++] = c->row->options[i];
	argv[n++] = strcmp(c->row->keyword, "esetsefs") == 0 ? all : ".";
	argv[n] = NULL;
	if (now >= look->deadline)
		return fail_set(why, FAIL_TIMEOUT, "no time left");
	return run_command(
	    &(struct run_spec){.argv = argv,
		.env = env,
		.cwd_fd = p->dir,
		.stdin_fd = -1,
		.deadline = look->deadline,
		.out_max = OUTPUT_BASE + OUTPUT_EACH * look->job->objects.n,
		.err_max = ERRORS_MAX,
		.cpu_seconds = (look->deadline - now) / LOOP_SEC + 1,
		.file_max = FILE_BYTES_MAX},
	    r, why);
}

/* What the output said, all lines together. */
struct story {
	size_t infected, errors, excused;
	struct slice error; /* the first */
	bool *seen;         /* per object: it had a line */
};

static void
take_infection(struct command *c, struct virus_look *look, int object,
    struct slice line, struct slice name)
{
	struct virus_hit hit = {
	    .scanner = slice_str(c->row->keyword), .name = name};
	struct slice file = SLICE(" message");

	if (object >= 0) {
		const struct virus_object *o = &look->job->objects.at[object];

		hit.entity = o->entity;
		if (o->entity != 0)
			file = o->name;
	}
	if (c->row->words)
		hit.report =
		    arena_printf(look->arena, "%s: %.*s was infected%s %.*s",
			c->row->title, SLICE_FMT(file),
			strcmp(c->row->keyword, "generic") == 0 ? " by" : ":",
			SLICE_FMT(name));
	else
		hit.report =
		    arena_printf(look->arena, "%s: %.*s", c->row->title,
			SLICE_FMT(virus_lines_shown(line, look->arena)));
	virus_result_add_hit(look->result, look->arena, &hit);
}

static void
take_line(struct command *c, struct virus_look *look, struct slice line,
    struct virus_lines *state, struct story *story)
{
	struct virus_line said = {
	    VIRUS_LINE_OTHER, VIRUS_LINE_NO_OBJECT, SLICE_NONE};

	c->row->parse(state, line, &said);
	if (said.object >= 0 && (size_t)said.object >= look->job->objects.n)
		said.object = VIRUS_LINE_NO_OBJECT;
	if (said.object >= 0 &&
	    (said.kind == VIRUS_LINE_CLEAN || said.kind == VIRUS_LINE_INFECTED))
		story->seen[said.object] = true;
	if (said.kind == VIRUS_LINE_INFECTED) {
		story->infected++;
		take_infection(c, look, said.object, line, said.name);
	} else if (said.kind == VIRUS_LINE_ERROR) {
		if (virus_lines_allowed(said.name, c->setup.allowed_errors))
			story->excused++;
		else if (story->errors++ == 0)
			story->error = virus_lines_shown(line, look->arena);
	}
}

static int
judge_status(struct command *c, const struct run_result *r,
    const struct story *story, struct fail *why)
{
	char text[RUN_TEXT_MAX];
	size_t i;

	run_result_explain(r, text);
	if (r->end == RUN_TIMEOUT)
		return fail_set(why, FAIL_TIMEOUT, "%s", text);
	if (r->end == RUN_EXITED && r->status == 0)
		return 0;
	for (i = 0; r->end == RUN_EXITED && i < COUNT_OF(c->row->found); i++)
		if (c->row->found[i] == r->status && story->infected > 0)
			return 0;
	if (r->end == RUN_EXITED && c->row->denied != 0 &&
	    c->row->denied == r->status && story->excused > 0)
		return 0;
	return fail_set(why, FAIL_IO, "%s%s%.*s", text,
	    r->err.n > 0 ? ": " : "",
	    SLICE_FMT(slice_trim(slice_sub(buf_slice(&r->err), 0, 100))));
}

static int
judge(struct command *c, struct virus_look *look, const struct run_result *r,
    struct fail *why)
{
	struct slice rest = buf_slice(&r->out), line;
	struct virus_lines state = {VIRUS_LINE_NO_OBJECT};
	struct story story = {0};
	size_t i;
	int code;

	story.seen =
	    arena_array(look->arena, look->job->objects.n, sizeof(*story.seen));
	while (slice_line(&rest, &line))
		take_line(c, look, slice_sub(line, 0, VIRUS_LINE_MAX), &state,
		    &story);
	if ((code = judge_status(c, r, &story, why)) != 0)
		return code;
	if (story.errors > 0)
		return fail_set(why, FAIL_IO, "%.*s", SLICE_FMT(story.error));
	for (i = 0; c->row->each && i < look->job->objects.n; i++)
		if (!story.seen[i] && is_written(c, &look->job->objects.at[i]))
			return fail_set(why, FAIL_IO, "said nothing about %.*s",
			    SLICE_FMT(look->job->objects.at[i].name));
	return 0;
}

static int
command_scan(void *self, struct virus_look *look, struct fail *why)
{
	struct command *c = self;
	struct run_result r;
	struct place p;
	int code = place_open(c, &p, why);

	if (code != 0)
		return code;
	code = write_objects(c, &p, look, why);
	if (code == 0)
		code = run_wrapper(c, &p, look, &r, why);
	if (code == 0) {
		code = judge(c, look, &r, why);
		run_result_fini(&r);
	}
	place_close(c, &p);
	return code;
}

const struct virus_scanner_kind virus_command_kind = {
    command_scan, command_close};
