/* A Content-Type value; its parameters, names and boundaries. */
#include <stdint.h>

#include "base/fail.h"
#include "mime/charset.h"
#include "mime/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PARAMS = 40, READINGS = 20 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"name", "filename", "charset", "a"};
	struct arena *a = arena_new(1 << 28);
	struct slice in = slice_of((const char *)data, size);
	struct header_value v;
	struct texts out = {0};
	size_t i, k;

	header_parse_value(&v, a, in, PARAMS);
	ensure(v.n <= PARAMS);
	ensure(v.token.n <= in.n);
	for (i = 0; i < v.n; i++) {
		ensure(v.at[i].value.n <= in.n);
		ensure(slice_chr(v.at[i].name, ' ') < 0);
		ensure(slice_find(v.rest, v.at[i].raw) >= 0);
	}
	for (i = 0; i < COUNT_OF(names); i++) {
		out = (struct texts){0};
		(void)header_param(a, &v, names[i], &out, READINGS);
		ensure(out.n <= READINGS);
		for (k = 0; k < out.n; k++)
			ensure(charset_is_utf8(out.at[k]));
	}
	out = (struct texts){0};
	(void)header_boundary(a, &v, &out, READINGS);
	ensure(out.n <= READINGS);
	arena_free(a);
	return 0;
}
