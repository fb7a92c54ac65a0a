/* Any text as virus.scanners.conf. */
#include "base/fail.h"
#include "config/wrappers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of((const char *)data, size);
	struct conf *c = conf_of_text("/nonexistent", SLICE("%a% = b\n"));
	struct wrappers w = {0};
	const struct wrapper *one;

	wrappers_parse(&w, c, text, SLICE("fuzz"));
	ensure(w.list.n <= WRAPPERS_MAX);
	vec_each (one, &w.list) {
		ensure(wrappers_find(&w, one->keyword) != NULL);
		ensure(one->program.p[one->program.n] == '\0');
	}
	conf_free(c);
	return 0;
}
