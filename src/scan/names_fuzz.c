#include <stdint.h>

#include "base/fail.h"
#include "scan/names.h"
#include "sys/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct conf *
settings(void)
{
	static struct conf *c;

	if (c == NULL) {
		c = conf_defaults();
		conf_set(
		    c, OPT_DENY_FILENAMES, SLICE("\\.exe$ (a+)+b \\s{10,}"));
		conf_set(c, OPT_FILENAME_RULES, SLICE(""));
		conf_set(c, OPT_FILETYPE_RULES, SLICE(""));
		conf_set(c, OPT_ARCHIVES_FILENAME_RULES, SLICE(""));
		conf_set(c, OPT_ARCHIVES_FILETYPE_RULES, SLICE(""));
		conf_set(c, OPT_ARCHIVES_DENY_FILENAMES, SLICE("\\.exe$"));
	}
	return c;
}

/* The bytes are the name of a member and, after a NUL, of a part. A name that
 * ends as a program does is blocked, whatever stands before. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct names *n;
	struct arena *a = arena_new(64 * 1024 * 1024);
	struct slice name = slice_of((const char *)data, size);
	struct envelope env = {0};
	struct unpacking x = {0};
	struct message m;
	struct entity *e;

	if (n == NULL)
		n = names_new(settings());
	message_init(&m, a, settings(), &env, name);
	x.m = &m;
	vec_push(a, &x.marks)->by = UNPACK_BY_NONE;
	e = message_add_member(&m, 0, name);
	e->kind = ENTITY_PART;
	vec_push(a, &x.marks)->by = UNPACK_BY_NONE;
	(void)message_add_member(&m, 1, name);
	vec_push(a, &x.marks)->by = UNPACK_BY_ZIP;
	names_check(n, &m, &x, clock_mono() + 30 * CLOCK_SEC);
	ensure(m.verdict.incomplete.n == 0);
	if (slice_ends_ci(name, ".exe"))
		ensure(m.verdict.findings.n == 2);
	arena_free(a);
	return 0;
}
