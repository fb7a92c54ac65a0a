/* A rule file, a NUL, a name, a NUL, a MIME type. */
#include <stdint.h>

#include "base/fail.h"
#include "config/namerules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of((const char *)data, size);
	struct slice text = SLICE_NONE, name = SLICE_NONE, mime = SLICE_NONE;
	struct arena *a = arena_new(0);
	struct problems problems = {.arena = a};
	struct namerules rules = {0};
	const struct namerule *r;

	(void)slice_field(&rest, '\0', &text);
	(void)slice_field(&rest, '\0', &name);
	(void)slice_field(&rest, '\0', &mime);
	namerules_parse(&rules, a, text, SLICE("fuzz"), &problems);
	r = namerules_match(&rules, name, mime);
	ensure(r == NULL ||
	       (r >= rules.rules.at && r < rules.rules.at + rules.rules.n));
	namerules_words(
	    &rules, a, name, NAMERULE_DENY, SLICE("fuzz"), 1, &problems);
	(void)namerules_match(&rules, text, mime);
	namerules_fini(&rules);
	arena_free(a);
	return 0;
}
