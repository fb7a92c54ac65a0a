#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <yara.h>

#include "base/log.h"
#include "scan/virus_scanner.h"
#include "sys/loop.h"

enum { NAMES_MAX = 16 /* of viruses in one object; others are not told */ };

struct yara {
	const char *path;
	YR_RULES *rules;
	YR_SCANNER *scanner;
};

/* What one scan of one object has found. */
struct seen {
	const char *names[NAMES_MAX];
	size_t n;
	bool too_many; /* a string matched so often that it was given up */
};

struct compile_story {
	struct fail *why;
	const char *path;
	bool told;
};

static void
on_compile_message(int level, const char *file, int line, const YR_RULE *rule,
    const char *message, void *ctx)
{
	struct compile_story *story = ctx;

	(void)rule;
	if (level != YARA_ERROR_LEVEL_ERROR || story->told)
		return;
	story->told = true;
	(void)fail_set(story->why, FAIL_CONFIG, "%s:%d: %s",
	    file != NULL ? file : story->path, line, message);
}

static const char *
yara_word(int error)
{
	switch (error) {
	case ERROR_INSUFFICIENT_MEMORY:
		return "no memory";
	case ERROR_SCAN_TIMEOUT:
		return "not ready in time";
	case ERROR_TOO_MANY_MATCHES:
		return "too many matches";
	case ERROR_TOO_MANY_RE_FIBERS:
		return "a regular expression is too expensive";
	case ERROR_EXEC_STACK_OVERFLOW:
		return "a condition is too deep";
	default:
		return "internal error";
	}
}

static int
compile(const char *path, YR_RULES **rules, struct fail *why)
{
	struct compile_story story = {why, path, false};
	YR_COMPILER *compiler = NULL;
	int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int code = 0, error;

	*rules = NULL;
	if (fd < 0)
		return fail_errno(why, "%s", path);
	error = yr_compiler_create(&compiler);
	if (error == ERROR_SUCCESS) {
		yr_compiler_set_callback(compiler, on_compile_message, &story);
		/* It counts errors here; each was told to the callback. */
		if (yr_compiler_add_fd(compiler, fd, NULL, path) > 0) {
			code = FAIL_CONFIG;
			if (!story.told)
				(void)fail_set(
				    why, code, "%s: does not compile", path);
		} else
			error = yr_compiler_get_rules(compiler, rules);
		yr_compiler_destroy(compiler);
	}
	(void)close(fd);
	if (code == 0 && error != ERROR_SUCCESS)
		code = fail_set(
		    why, FAIL_CONFIG, "%s: %s", path, yara_word(error));
	return code;
}

static void
yara_close(void *self)
{
	struct yara *y = self;

	if (y->scanner != NULL)
		yr_scanner_destroy(y->scanner);
	if (y->rules != NULL)
		(void)yr_rules_destroy(y->rules);
	(void)yr_finalize();
}

int
virus_yara_open(
    void **self, const char *path, struct arena *a, struct fail *why)
{
	struct yara *y = arena_make(a, struct yara);
	int code;

	if (yr_initialize() != ERROR_SUCCESS)
		return fail_set(why, FAIL_IO, "yara does not start");
	y->path = path;
	code = compile(path, &y->rules, why);
	if (code == 0 &&
	    yr_scanner_create(y->rules, &y->scanner) != ERROR_SUCCESS)
		code = fail_set(why, FAIL_IO, "yara: no memory");
	if (code != 0) {
		yara_close(y);
		return code;
	}
	/* The bytes are in a sealed file: reading them cannot fault, so no
	 * signal handlers are needed. */
	yr_scanner_set_flags(
	    y->scanner, SCAN_FLAGS_FAST_MODE | SCAN_FLAGS_NO_TRYCATCH);
	*self = y;
	return 0;
}

int
virus_rules_check(const char *path, struct fail *why)
{
	struct arena *a = arena_new(0);
	void *self;
	int code = virus_yara_open(&self, path, a, why);

	if (code == 0)
		yara_close(self);
	arena_free(a);
	return code;
}

/* meta: virus = "NAME"; without it the rule's own name. */
static const char *
rule_virus(const YR_RULE *rule)
{
	const YR_META *meta;

	yr_rule_metas_foreach(
	    rule, meta) if (meta->type == META_TYPE_STRING &&
			    strcmp(meta->identifier, "virus") ==
				0) return meta->string;
	return rule->identifier;
}

static int
on_scan(YR_SCAN_CONTEXT *context, int message, void *data, void *ctx)
{
	struct seen *seen = ctx;

	(void)context;
	if (message == CALLBACK_MSG_RULE_MATCHING && seen->n < NAMES_MAX)
		seen->names[seen->n++] = rule_virus(data);
	if (message == CALLBACK_MSG_TOO_MANY_MATCHES)
		seen->too_many = true;
	return CALLBACK_CONTINUE;
}

static int
scan_one(struct yara *y, struct virus_look *look,
    const struct virus_object *object, struct fail *why)
{
	struct slice bytes = virus_object_bytes(look->job, object);
	uint64_t now = loop_clock(), left;
	struct seen seen = {0};
	size_t i;
	int error;

	if (now >= look->deadline)
		return fail_set(
		    why, FAIL_TIMEOUT, "%s", yara_word(ERROR_SCAN_TIMEOUT));
	left = (look->deadline - now) / LOOP_SEC + 1;
	yr_scanner_set_timeout(y->scanner, left > 3600 ? 3600 : (int)left);
	yr_scanner_set_callback(y->scanner, on_scan, &seen);
	error =
	    yr_scanner_scan_mem(y->scanner, (const uint8_t *)bytes.p, bytes.n);
	for (i = 0; i < seen.n; i++)
		virus_look_hit(look, "yara", object, slice_str(seen.names[i]));
	if (error == ERROR_SUCCESS && seen.too_many)
		error = ERROR_TOO_MANY_MATCHES;
	if (error == ERROR_SUCCESS)
		return 0;
	return fail_set(why,
	    error == ERROR_SCAN_TIMEOUT ? FAIL_TIMEOUT : FAIL_IO,
	    "%.*s: %s (%d)", SLICE_FMT(object->name), yara_word(error), error);
}

/* Objects that cannot be scanned do not keep others from being scanned. */
static int
yara_scan(void *self, struct virus_look *look, struct fail *why)
{
	const struct virus_object *o;
	int code = 0;

	vec_each (o, &look->job->objects) {
		struct fail story;
		int one = scan_one(self, look, o, &story);

		if (one != 0 && code == 0) {
			code = one;
			*why = story;
		}
		if (one == FAIL_TIMEOUT)
			break;
	}
	return code;
}

const struct virus_scanner_kind virus_yara_kind = {yara_scan, yara_close};
