#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "scan/virus_lines.h"
#include "scan/virus_scanner.h"
#include "sys/loop.h"

enum {
	DEFINITIONS_MAX = 256 * 1024, /* bytes of virus.scanners.conf */
	KEYWORD_BYTES = 32,
};
/* A scanner that could not be set up is tried again after so long. */
#define REOPEN_NS (60 * LOOP_SEC)
#define PROBE_NS (2 * LOOP_SEC)
#define INSTALLED_NS (10 * LOOP_SEC)

struct slot {
	char keyword[KEYWORD_BYTES];
	const struct virus_scanner_kind *kind;
	void *self;         /* NULL: could not be set up, see broken */
	struct fail broken; /* why not, or why the last job failed */
	uint64_t reopen_at;
	bool degraded;
};

struct virus_engine {
	struct arena *arena;
	struct virus_settings settings;
	struct slice definitions; /* text of virus.scanners.conf */
	struct fail no_definitions;
	struct slot slots[VIRUS_SCANNERS_MAX];
	size_t n;
};

/* "clamd" -> "Clamd", the way reports begin. */
static struct slice
title_of(struct arena *a, const char *keyword)
{
	char *p = arena_str(a, slice_str(keyword));

	if (p[0] >= 'a' && p[0] <= 'z')
		p[0] = (char)(p[0] - 'a' + 'A');
	return slice_str(p);
}

void
virus_look_hit(struct virus_look *look, const char *keyword,
    const struct virus_object *object, struct slice name)
{
	struct slice title = title_of(look->arena, keyword);
	struct slice file =
	    object->entity == 0 ? SLICE(" message") : object->name;
	struct virus_hit hit = {
	    .entity = object->entity,
	    .scanner = slice_str(keyword),
	    .name = name,
	    .report = arena_printf(look->arena, "%.*s: %.*s was infected: %.*s",
		SLICE_FMT(title), SLICE_FMT(file), SLICE_FMT(name)),
	};

	virus_result_add_hit(look->result, look->arena, &hit);
}

static int
read_text(const char *path, struct buf *out, struct fail *why)
{
	int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int code = 0;
	char *room;
	ssize_t n;

	if (fd < 0)
		return fail_errno(why, "%s", path);
	while (code == 0 && (room = buf_room(out, 4096)) != NULL) {
		n = read(fd, room, 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			code = fail_errno(why, "%s", path);
		if (n <= 0)
			break;
		out->n += (size_t)n;
	}
	if (code == 0 && out->full)
		code = fail_set(why, FAIL_FULL, "%s: more than %d bytes", path,
		    DEFINITIONS_MAX);
	(void)close(fd);
	return code;
}

static void
read_definitions(struct virus_engine *e)
{
	const char *path = arena_str(e->arena, e->settings.definitions);
	struct buf text;

	if (path[0] == '\0') {
		(void)fail_set(&e->no_definitions, FAIL_CONFIG,
		    "no Virus Scanner Definitions");
		return;
	}
	buf_init(&text, DEFINITIONS_MAX);
	if (read_text(path, &text, &e->no_definitions) == 0)
		e->definitions = arena_dup(e->arena, buf_slice(&text));
	buf_fini(&text);
}

/* "keyword wrapper installdir" lines; # begins a comment. */
static bool
find_definition(struct slice text, const char *keyword, struct slice *wrapper,
    struct slice *installdir)
{
	struct slice line, word;

	while (slice_line(&text, &line)) {
		ptrdiff_t hash = slice_chr(line, '#');

		if (hash >= 0)
			line = slice_sub(line, 0, (size_t)hash);
		if (!slice_word(&line, &word) || !slice_is_ci(word, keyword))
			continue;
		*installdir = SLICE("/usr");
		if (!slice_word(&line, wrapper))
			return false;
		(void)slice_word(&line, installdir);
		return true;
	}
	return false;
}

static int
open_command(struct virus_engine *e, struct slot *s, struct fail *why)
{
	struct slice wrapper, installdir;
	struct virus_command_setup setup = {
	    .keyword = s->keyword,
	    .work_dir = arena_str(e->arena, e->settings.work_dir),
	    .full_message = e->settings.full_message,
	};

	if (e->definitions.n == 0 && e->no_definitions.code != 0) {
		*why = e->no_definitions;
		return why->code;
	}
	if (!find_definition(e->definitions, s->keyword, &wrapper, &installdir))
		return fail_set(why, FAIL_CONFIG, "%.*s has no line for %s",
		    SLICE_FMT(e->settings.definitions), s->keyword);
	setup.wrapper = arena_str(e->arena, wrapper);
	setup.installdir = arena_str(e->arena, installdir);
	if (strcmp(s->keyword, "sophos") == 0)
		setup.allowed_errors = e->settings.allowed_sophos_errors;
	return virus_command_open(&s->self, &setup, e->arena, why);
}

static int
slot_open(struct virus_engine *e, struct slot *s)
{
	struct fail why = {0};
	int code;

	if (s->kind == &virus_yara_kind)
		code = virus_yara_open(&s->self,
		    arena_str(e->arena, e->settings.yara_rules), e->arena,
		    &why);
	else if (s->kind == &virus_clamd_kind)
		code = virus_clamd_open(&s->self, &e->settings, e->arena, &why);
	else
		code = open_command(e, s, &why);
	if (code == 0)
		return 0;
	s->self = NULL;
	s->broken = why;
	s->reopen_at = loop_clock() + REOPEN_NS;
	return code;
}

static bool
has_slot(const struct virus_engine *e, const char *keyword)
{
	size_t i;

	for (i = 0; i < e->n; i++)
		if (strcmp(e->slots[i].keyword, keyword) == 0)
			return true;
	return false;
}

/* NULL for a keyword that is none, or that is there already. */
static struct slot *
add_slot(struct virus_engine *e, struct slice keyword)
{
	const struct virus_lines_row *row = virus_lines_row(keyword);
	struct slot *s = &e->slots[e->n];

	ensure(e->n < VIRUS_SCANNERS_MAX);
	*s = (struct slot){0};
	(void)snprintf(
	    s->keyword, sizeof(s->keyword), "%.*s", SLICE_FMT(keyword));
	for (char *p = s->keyword; *p != '\0'; p++)
		*p = text_lower(*p);
	if (slice_is_ci(keyword, "yara"))
		s->kind = &virus_yara_kind;
	else if (slice_is_ci(keyword, "clamd"))
		s->kind = &virus_clamd_kind;
	else if (row != NULL)
		s->kind = &virus_command_kind;
	else
		return NULL;
	e->n++;
	return s;
}

static void
drop_last_slot(struct virus_engine *e)
{
	struct slot *s = &e->slots[--e->n];

	if (s->self != NULL)
		s->kind->close(s->self);
	s->self = NULL;
}

static void
add_auto_command(struct virus_engine *e, const char *keyword)
{
	struct slot *s;

	/* The daemon stands for the command; generic is never guessed. */
	if (has_slot(e, keyword) || strcmp(keyword, "generic") == 0 ||
	    (strcmp(keyword, "clamav") == 0 && has_slot(e, "clamd")))
		return;
	s = add_slot(e, slice_str(keyword));
	if (slot_open(e, s) != 0 ||
	    !virus_command_is_installed(s->self, loop_clock() + INSTALLED_NS))
		drop_last_slot(e);
}

/* Rules that are there but broken stay in the list and fail: nobody should
 * lose a scanner without being told. */
static void
add_auto(struct virus_engine *e)
{
	const struct virus_lines_row *row = NULL;
	struct slot *s;

	if (!has_slot(e, "yara") && e->settings.yara_rules.n > 0) {
		s = add_slot(e, SLICE("yara"));
		if (slot_open(e, s) == FAIL_GONE) {
			log_warn("Virus Scanners = auto: %s", s->broken.text);
			drop_last_slot(e);
		}
	}
	if (!has_slot(e, "clamd")) {
		s = add_slot(e, SLICE("clamd"));
		if (slot_open(e, s) != 0 ||
		    !virus_clamd_answers(s->self, PROBE_NS))
			drop_last_slot(e);
	}
	while ((row = virus_lines_next(row)) != NULL)
		add_auto_command(e, row->keyword);
}

static int
add_scanners(struct virus_engine *e, struct fail *why)
{
	struct slice rest = e->settings.scanners, word;

	while (slice_word(&rest, &word)) {
		char keyword[KEYWORD_BYTES];
		struct slot *s;

		(void)snprintf(
		    keyword, sizeof(keyword), "%.*s", SLICE_FMT(word));
		if (slice_is_ci(word, "none") || has_slot(e, keyword))
			continue;
		if (slice_is_ci(word, "auto")) {
			add_auto(e);
			continue;
		}
		s = add_slot(e, word);
		if (s == NULL)
			return fail_set(why, FAIL_CONFIG,
			    "Virus Scanners: %.*s is no scanner that can be "
			    "asked",
			    SLICE_FMT(word));
		(void)slot_open(e, s);
	}
	return 0;
}

static void
copy_settings(struct virus_settings *to, const struct virus_settings *from,
    struct arena *a)
{
	*to = *from;
	to->scanners = arena_dup(a, from->scanners);
	to->definitions = arena_dup(a, from->definitions);
	to->yara_rules = arena_dup(a, from->yara_rules);
	to->clamd_sockets = arena_dup(a, from->clamd_sockets);
	to->clamd_lock_file = arena_dup(a, from->clamd_lock_file);
	to->allowed_sophos_errors = arena_dup(a, from->allowed_sophos_errors);
	to->work_dir = arena_dup(a, from->work_dir);
	to->spam_names = arena_dup(a, from->spam_names);
}

struct virus_engine *
virus_engine_new(const struct virus_settings *settings, struct fail *why)
{
	struct arena *a = arena_new(0);
	struct virus_engine *e = arena_make(a, struct virus_engine);

	e->arena = a;
	copy_settings(&e->settings, settings, a);
	read_definitions(e);
	if (add_scanners(e, why) == 0)
		return e;
	virus_engine_free(e);
	return NULL;
}

void
virus_engine_free(struct virus_engine *e)
{
	if (e == NULL)
		return;
	while (e->n > 0)
		drop_last_slot(e);
	arena_free(e->arena);
}

/* One line for each change, not for each message. */
static void
note_change(struct slot *s, int code, const struct fail *why)
{
	if (code != 0) {
		if (!s->degraded)
			log_warn("Virus scanner %s is degraded: %s", s->keyword,
			    why->text);
		s->broken = *why;
	} else if (s->degraded)
		log_notice("Virus scanner %s works again", s->keyword);
	s->degraded = code != 0;
}

/* The hits themselves are told with the message they were found in. */
static void
log_hits(const struct slot *s, const struct virus_look *look, size_t from)
{
	size_t n = look->result->hits.n - from;

	if (n > 0)
		log_notice("Virus Scanning: %.*s found %zu infections",
		    SLICE_FMT(title_of(look->arena, s->keyword)), n);
}

static int
ask(struct virus_engine *e, struct slot *s, struct virus_look *look,
    struct fail *why)
{
	int code, tries = e->settings.attempts > 1 ? 2 : 1;

	if (s->self == NULL &&
	    (loop_clock() < s->reopen_at || slot_open(e, s) != 0)) {
		*why = s->broken;
		return why->code;
	}
	/* clamd has its own second try, and its reasons not to. */
	if (s->kind != &virus_command_kind)
		tries = 1;
	do {
		*why = (struct fail){0};
		code = s->kind->scan(s->self, look, why);
	} while (code != 0 && code != FAIL_TIMEOUT && --tries > 0 &&
		 loop_clock() < look->deadline);
	return code;
}

static void
scan_with_slot(struct virus_engine *e, struct slot *s, struct virus_look *look)
{
	uint64_t began = loop_clock(), took;
	size_t hits = look->result->hits.n;
	struct virus_state state = {.scanner = slice_str(s->keyword)};
	struct fail why = {0};
	int code = ask(e, s, look, &why);

	took = (loop_clock() - began) / LOOP_MS;
	note_change(s, code, &why);
	log_hits(s, look, hits);
	state.status = VIRUS_OK;
	if (code != 0)
		state.status =
		    code == FAIL_TIMEOUT ? VIRUS_TIMEOUT : VIRUS_FAILED;
	state.reason = slice_str(why.text);
	state.took_ms = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
	virus_result_add_state(look->result, look->arena, &state);
}

void
virus_engine_scan(struct virus_engine *e, const struct virus_job *job,
    uint64_t deadline, struct virus_result *r, struct arena *a)
{
	size_t i;

	for (i = 0; i < e->n; i++) {
		uint64_t own =
		    loop_clock() +
		    (e->settings.timeout_s > 0 ? e->settings.timeout_s : 300) *
			LOOP_SEC;
		struct virus_look look = {
		    .job = job,
		    .deadline = own < deadline ? own : deadline,
		    .result = r,
		    .arena = a,
		};

		scan_with_slot(e, &e->slots[i], &look);
	}
}

void
virus_engine_explain(const struct virus_engine *e, struct buf *out)
{
	size_t i;

	for (i = 0; i < e->n; i++) {
		const struct slot *s = &e->slots[i];

		(void)buf_addf(out, "%s: %s\n", s->keyword,
		    s->self == NULL || s->degraded ? s->broken.text : "ok");
	}
}

void
virus_engine_keywords(const struct virus_engine *e, struct buf *out)
{
	size_t i;

	for (i = 0; i < e->n; i++)
		(void)buf_addf(
		    out, "%s%s", i > 0 ? " " : "", e->slots[i].keyword);
}
