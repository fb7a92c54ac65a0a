/* Any bytes: a tree or NULL. */
#include <stdint.h>

#include "base/jsontree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(1 << 28);

	(void)jsontree_parse(a, slice_of((const char *)data, size));
	arena_free(a);
	return 0;
}
