/* Text with files in it: all inside the text, in order, within limits. */
#include <stdint.h>

#include "base/fail.h"
#include "mime/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILES = 5, MOST = 1 << 16 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(1 << 24);
	struct slice in = slice_of((const char *)data, size);
	struct codec_file *f;
	const char *end = in.p;
	size_t i, count, total = 0;
	bool cut;

	f = codec_embedded(a, in, FILES, MOST, &count, &cut);
	ensure(count <= FILES);
	for (i = 0; i < count; i++) {
		ensure(f[i].raw.p >= end);
		end = f[i].raw.p + f[i].raw.n;
		ensure(end <= in.p + in.n);
		total += f[i].bytes.n;
		ensure(f[i].encoding == CODEC_UU ||
		       f[i].encoding == CODEC_YENC ||
		       f[i].encoding == CODEC_BINHEX);
	}
	ensure(total <= MOST);
	/* memory: what was decoded and little more */
	ensure(arena_size(a) <= total + 512 * 1024 || cut);
	arena_free(a);
	return 0;
}
