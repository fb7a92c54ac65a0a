#include <stddef.h>
#include <stdint.h>

#include "mime/parser_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every limit is met soon. */
static const struct mime_limits small = {
    .parts = 6,
    .depth = 4,
    .header_bytes = 200,
    .fields = 5,
    .params = 3,
    .names = 3,
    .boundaries = 4,
    .decoded_bytes = 1000,
    .rescans = 2,
};

enum { WORK_FACTOR = 200, WORK_FLOOR = 64 * 1024 };

static void
check(struct slice raw, const struct mime_limits *limits)
{
	struct arena *a = arena_new(0);
	struct mime_tree *t = mime_parse(a, raw, limits), *again;

	parser_check_tree(t, limits);
	ensure(t->work / WORK_FACTOR <= raw.n + WORK_FLOOR);
	again = mime_parse(a, raw, limits);
	ensure(again->parts.n == t->parts.n && again->defects == t->defects);
	ensure(again->work == t->work && again->cut == t->cut);
	parser_check_contents(a, t, limits);
	arena_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice raw = slice_of((const char *)data, size);

	check(raw, &mime_default_limits);
	check(raw, &small);
	return 0;
}
