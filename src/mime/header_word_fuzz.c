/* Any header text decodes to UTF-8, hardly larger than it was. */
#include <stdint.h>

#include "base/fail.h"
#include "mime/charset.h"
#include "mime/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(1 << 28);
	struct slice in = slice_of((const char *)data, size);
	struct slice out = header_decode(a, in);

	ensure(charset_is_utf8(out));
	ensure(out.n <= 4 * in.n + 64);
	if (slice_chr(in, '\n') < 0 && slice_chr(in, '\r') < 0 &&
	    slice_find(in, SLICE("=?")) < 0)
		ensure(out.n >= slice_trim(in).n);
	arena_free(a);
	return 0;
}
