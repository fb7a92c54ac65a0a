/* First byte: encoding and limit; the rest is decoded. */
#include <stdint.h>

#include "base/fail.h"
#include "mime/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(1 << 28);
	unsigned how = size > 0 ? data[0] : 0;
	enum codec_encoding e =
	    (enum codec_encoding)(how % (CODEC_UNKNOWN + 1U));
	size_t most = (how & 0x80) != 0 ? 17 : 1 << 20;
	struct slice in = SLICE("");
	struct codec_result r, all;

	if (size > 0)
		in = slice_of((const char *)data + 1, size - 1);
	codec_decode(&r, a, e, in, most);
	ensure(r.bytes.n <= most);
	ensure(r.used <= in.n);
	ensure(codec_word(e)[0] != 0);
	if (e <= CODEC_QP_STRICT)
		ensure(r.bytes.n <= in.n);
	/* a limit cuts the end and nothing else */
	if (e <= CODEC_QP_STRICT) {
		codec_decode(&all, a, e, in, in.n);
		ensure(!all.cut);
		ensure(r.cut || slice_eq(r.bytes, all.bytes));
		if (e < CODEC_QP)
			ensure(slice_eq(
			    r.bytes, slice_sub(all.bytes, 0, r.bytes.n)));
	}
	(void)codec_sniff(in);
	arena_free(a);
	return 0;
}
