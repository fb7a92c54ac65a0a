/* cmd_scan - examine messages and say everything; touch nothing. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/explain.h"
#include "base/json.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/conf_path.h"
#include "config/conf.h"
#include "daemon/inspect.h"
#include "sys/clock.h"
#include "sys/io.h"

enum {
	TEXT_MAX = 64 * 1024 * 1024,
	INPUT_MAX = 1024 * 1024 * 1024, /* from standard input */
	COPY_ROOM = 65536,
	DEPTH_MAX = 64, /* of directories */
};

static const char help[] =
    "usage: reeve scan [--json] [-c FILE] [--from A] [--to B]...\n"
    "                  [--client-ip I] FILE...|-\n"
    "\n"
    "Examine messages and say what is in them, what was found, and what would\n"
    "be done and why. Nothing is touched. A directory stands for all files\n"
    "below it. Ends with 0 when nothing was found, 1 when something was, 2 when\n"
    "a message could not be examined.\n"
    "\n"
    "  -c, --config FILE  configuration (MailScanner.conf)\n"
    "      --from A       sender; none is the null sender\n"
    "      --to B         recipient; may be given many times\n"
    "      --client-ip I  address of the client\n"
    "  -j, --json         one JSON object per message and line\n"
    "      --explain      the story in words (as without --json)\n";

struct scan {
	struct arena *arena;
	struct inspector *inspector;
	struct envelope env;
	VEC_OF(const char *) files;
	bool json;
	unsigned told;
	int status;
};

/* ---- what is said ------------------------------------------------------- */

static void
say(struct scan *s, struct slice object, int status)
{
	struct buf text;

	buf_init(&text, TEXT_MAX);
	if (s->json) {
		(void)buf_add(&text, object);
		(void)buf_addc(&text, '\n');
	} else {
		if (s->told > 0)
			(void)buf_addc(&text, '\n');
		if (!explain_text(&text, object))
			(void)buf_adds(&text, "(no story)\n");
	}
	(void)fwrite(text.p, 1, text.n, stdout);
	(void)fflush(stdout);
	buf_fini(&text);
	s->told++;
	if (status > s->status)
		s->status = status;
}

/* The object of a message that could not be examined: the same keys. */
static void
say_failure(struct scan *s, const char *file, uint64_t size, const char *check,
    const char *reason)
{
	static const char *const empty[] = {
	    "findings", "parts", "links", "defects"};
	struct buf b;
	struct json j;
	size_t i;

	buf_init(&b, TEXT_MAX);
	json_init(&j, &b);
	json_begin(&j, NULL, '{');
	json_str(&j, "file", slice_str(file));
	json_int(&j, "size", (int64_t)size);
	json_str(&j, "action", SLICE("hold"));
	json_bool(&j, "infected", false);
	for (i = 0; i < COUNT_OF(empty); i++) {
		json_begin(&j, empty[i], '[');
		json_end(&j);
	}
	json_begin(&j, "incomplete", '[');
	json_begin(&j, NULL, '{');
	json_str(&j, "check", slice_str(check));
	json_str(&j, "reason", slice_str(reason));
	json_end(&j);
	json_end(&j);
	json_begin(&j, "headers", '[');
	json_end(&j);
	json_begin(&j, "ms", '{');
	json_end(&j);
	json_end(&j);
	say(s, buf_slice(&b), CMD_FAILED);
	buf_fini(&b);
}

/* ---- files -------------------------------------------------------------- */

static void
scan_fd(struct scan *s, const char *file, int fd)
{
	struct slice json;
	struct stat st;
	struct fail why;
	int status = CMD_FAILED;

	if (fstat(fd, &st) != 0 || st.st_size < 0) {
		say_failure(s, file, 0, "read", "its size cannot be told");
		return;
	}
	s->env.received_at = clock_wall();
	if (inspector_examine(s->inspector, fd, (uint64_t)st.st_size, &s->env,
		slice_str(file), &json, &status, &why) == 0)
		say(s, json, status);
	else
		say_failure(
		    s, file, (uint64_t)st.st_size, "examination", why.text);
}

/* What cannot be mapped (standard input, a pipe) becomes a memory file. */
static int
copy_to_memory(struct scan *s, int from, struct fail *why)
{
	char *room = arena_alloc(s->arena, COPY_ROOM);
	uint64_t total = 0;
	int to = memfd_create("message", MFD_CLOEXEC);
	int code = to < 0 ? fail_errno(why, "memory file") : 0;

	while (code == 0) {
		ssize_t n = read(from, room, COPY_ROOM);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return to;
		if (n < 0) {
			code = fail_errno(why, "read");
			break;
		}
		total += (uint64_t)n;
		code = total > INPUT_MAX
			   ? fail_set(why, FAIL_FULL, "more than %d bytes",
				 INPUT_MAX)
			   : io_write(to, slice_of(room, (size_t)n), why);
	}
	if (to >= 0)
		(void)close(to);
	return code;
}

static void
scan_stream(struct scan *s, const char *file, int from)
{
	struct fail why;
	int fd = copy_to_memory(s, from, &why);

	if (fd < 0) {
		say_failure(s, file, 0, "read", why.text);
		return;
	}
	scan_fd(s, file, fd);
	(void)close(fd);
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

struct todo {
	const char *path;
	unsigned depth;
};
struct todos {
	VEC_OF(struct todo) stack;
};

/* Names below a directory go on the stack, last first: they come off in the
 * order of their names. */
static int
push_directory(struct scan *s, struct todos *todos, const struct todo *dir,
    struct fail *why)
{
	struct dirent **names;
	int n = scandir(dir->path, &names, NULL, by_name);
	int i;

	if (n < 0)
		return fail_errno(why, "read directory");
	/* The names are the C library's: read, then left to it at the end. */
	for (i = n - 1; i >= 0; i--) {
		struct slice name = slice_str(names[i]->d_name);

		if (slice_is(name, ".") || slice_is(name, ".."))
			continue;
		*vec_push(s->arena, &todos->stack) = (struct todo){
		    .path =
			arena_str(s->arena, arena_printf(s->arena, "%s/%.*s",
						dir->path, SLICE_FMT(name))),
		    .depth = dir->depth + 1};
	}
	return 0;
}

static void
scan_one(struct scan *s, struct todos *todos, const struct todo *todo)
{
	struct fail why;
	struct stat st;
	int fd = open(
	    todo->path, O_RDONLY | O_CLOEXEC | O_NOCTTY |
			    (todo->depth > 0 ? O_NOFOLLOW | O_NONBLOCK : 0));

	if (fd < 0 || fstat(fd, &st) != 0) {
		(void)fail_errno(&why, "open");
		if (todo->depth == 0 || errno != ELOOP)
			say_failure(s, todo->path, 0, "read", why.text);
	} else if (S_ISDIR(st.st_mode)) {
		if (todo->depth >= DEPTH_MAX)
			(void)fail_set(&why, FAIL_FULL,
			    "directories are nested more than %d deep",
			    DEPTH_MAX);
		if (todo->depth >= DEPTH_MAX ||
		    push_directory(s, todos, todo, &why) != 0)
			say_failure(s, todo->path, 0, "read", why.text);
	} else if (S_ISREG(st.st_mode)) {
		scan_fd(s, todo->path, fd);
	} else if (todo->depth == 0) {
		scan_stream(s, todo->path, fd);
	}
	if (fd >= 0)
		(void)close(fd);
}

/* One argument: a file, "-", or a directory with all below it. */
static void
scan_argument(struct scan *s, const char *argument)
{
	struct todos todos = {0};

	if (slice_is(slice_str(argument), "-")) {
		scan_stream(s, "-", STDIN_FILENO);
		return;
	}
	*vec_push(s->arena, &todos.stack) = (struct todo){.path = argument};
	while (todos.stack.n > 0) {
		struct todo next = todos.stack.at[--todos.stack.n];

		scan_one(s, &todos, &next);
	}
}

/* ---- arguments ---------------------------------------------------------- */

enum { ARG_FROM = 256, ARG_TO, ARG_IP, ARG_EXPLAIN };

static struct slice
plain_address(const char *text)
{
	struct slice s = slice_trim(slice_str(text));

	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		s = slice_sub(s, 1, s.n - 1);
	return s;
}

static int
read_arguments(struct scan *s, int argc, char **argv, const char **conf)
{
	static const struct args_row rows[] = {{'c', 'c', "config", true},
	    {'j', 'j', "json", false}, {ARG_EXPLAIN, 0, "explain", false},
	    {ARG_FROM, 0, "from", true}, {ARG_TO, 0, "to", true},
	    {ARG_IP, 0, "client-ip", true}, {'h', 'h', "help", false},
	    {0, 0, NULL, false}};
	struct args args = args_of(argc, argv, rows);
	int c;

	while ((c = args_next(&args)) != ARGS_END)
		switch (c) {
		case 'c':
			*conf = args.value;
			break;
		case 'j':
			s->json = true;
			break;
		case ARG_EXPLAIN:
			s->json = false;
			break;
		case ARG_FROM:
			s->env.sender = plain_address(args.value);
			break;
		case ARG_TO:
			vec_push(s->arena, &s->env.recipients)->address =
			    plain_address(args.value);
			break;
		case ARG_IP:
			s->env.client_ip = slice_str(args.value);
			break;
		case ARGS_WORD:
			*vec_push(s->arena, &s->files) = args.value;
			break;
		case 'h':
			(void)fputs(help, stdout);
			return CMD_OK;
		default:
			(void)fputs(help, stderr);
			return CMD_USAGE;
		}
	if (s->files.n == 0) {
		(void)fputs(help, stderr);
		return CMD_USAGE;
	}
	return -1;
}

int
cmd_scan(int argc, char **argv)
{
	struct scan s = {.arena = arena_new(0), .env = {.id = SLICE("scan")}};
	struct settings settings;
	struct conf *conf = NULL;
	const char *given = NULL, *path, **file;
	struct fail why;
	int status = read_arguments(&s, argc, argv, &given);

	if (status < 0) {
		path = conf_path(given);
		conf = path != NULL ? conf_load(path, &why) : conf_defaults();
		status = CMD_FAILED;
		if (conf == NULL)
			(void)fprintf(stderr, "reeve: %s\n", why.text);
	}
	if (conf != NULL) {
		settings_load_budget(&settings, conf, s.arena);
		s.inspector = inspector_new(&settings);
		vec_each (file, &s.files)
			scan_argument(&s, *file);
		inspector_free(s.inspector);
		status = s.status;
	}
	conf_free(conf);
	arena_free(s.arena);
	return status;
}
