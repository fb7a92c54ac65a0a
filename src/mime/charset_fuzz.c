/* First line: a label; the rest: text. Whatever comes out is UTF-8. */
#include <stdint.h>

#include "base/fail.h"
#include "mime/charset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(1 << 28);
	struct slice in = slice_of((const char *)data, size), label, out, *all;
	bool damaged, again;
	size_t i, count;

	label = SLICE_NONE;
	(void)slice_line(&in, &label);
	out = charset_to_utf8(a, label, in, &damaged);
	ensure(charset_is_utf8(out));
	ensure(out.n <= 5 * in.n + 3);
	ensure(slice_eq(out, charset_to_utf8(a, label, in, &again)));
	ensure(damaged == again);
	all = charset_readings(a, label, in, &count);
	ensure(count >= 1 && count <= CHARSET_READINGS_MAX);
	ensure(slice_eq(all[0], out));
	for (i = 0; i < count; i++)
		ensure(charset_is_utf8(all[i]));
	arena_free(a);
	return 0;
}
