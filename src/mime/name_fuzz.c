/* A file name: forms without repeats, the name itself first. */
#include <stdint.h>

#include "base/fail.h"
#include "mime/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FORMS = 16 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(1 << 26);
	struct slice in = slice_of((const char *)data, size), seen;
	struct texts out = {0};
	size_t i, k;

	name_readings(a, in, &out, FORMS);
	ensure(out.n <= FORMS);
	ensure(in.n == 0 || out.n > 0);
	ensure(in.n == 0 || in.n > NAME_MAX_BYTES || slice_eq(out.at[0], in));
	for (i = 0; i < out.n; i++) {
		ensure(out.at[i].n > 0 && out.at[i].n <= NAME_MAX_BYTES);
		for (k = 0; k < i; k++)
			ensure(!slice_eq(out.at[i], out.at[k]));
	}
	seen = name_visible(a, in);
	ensure(seen.n <= in.n);
	ensure(slice_eq(name_visible(a, seen), seen) || seen.n < in.n);
	arena_free(a);
	return 0;
}
