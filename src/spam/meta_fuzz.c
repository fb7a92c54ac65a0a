#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "spam/meta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
ask(void *ctx, struct slice function, struct slice name)
{
	return ctx == NULL && function.n > name.n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct meta_world w = {.ask = ask, .version = 4};
	struct slice text = slice_of((const char *)data, size);
	struct arena *a = arena_new(0);
	struct meta_error why;
	struct meta_name *n;
	struct meta m;
	bool yes;

	if (meta_parse(&m, a, text, &why)) {
		double *ones = arena_array(a, m.names.n + 1, sizeof(*ones));

		(void)meta_run(&m, NULL);
		vec_each (n, &m.names) {
			n->rule = (uint32_t)(n - m.names.at);
			ones[n->rule] = n->rule % 3;
		}
		(void)meta_run(&m, ones);
	} else {
		ensure(why.at >= text.p && why.at <= text.p + text.n);
	}
	if (!meta_condition(text, a, &w, &yes, &why))
		ensure(why.at >= text.p && why.at <= text.p + text.n);
	arena_free(a);
	return 0;
}
