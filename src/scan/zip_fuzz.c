#include <stdint.h>

#include "base/fail.h"
#include "scan/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 500 };

/* Whatever the bytes: places lie inside them, entries are within the limit,
 * in order, and no two have the same header. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(64 * 1024 * 1024);
	struct slice s = slice_of((const char *)data, size), *gap;
	struct zip z;
	size_t i, named = 0;

	zip_read(&z, a, s, MOST);
	ensure(z.entries.n <= MOST);
	for (i = 0; i < z.entries.n; i++) {
		const struct zip_entry *e = &z.entries.at[i];

		ensure(e->header <= size && e->data <= size && e->end <= size);
		ensure(e->header <= e->data && e->data <= e->end);
		ensure(e->name_count <= ZIP_NAMES_MAX);
		ensure(e->central.there || e->local.there);
		if (e->central.there) {
			ensure(named == 0 ||
			       z.entries.at[i - 1].header < e->header);
			named++;
		}
		if (e->local.there)
			ensure(memcmp(s.p + e->header, "PK\3\4", 4) == 0);
	}
	vec_each (gap, &z.gaps)
		ensure(gap->p >= s.p && gap->p + gap->n <= s.p + s.n);
	arena_free(a);
	return 0;
}
