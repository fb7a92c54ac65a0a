/* Payloads from a peer: whatever unpacks packs to the same bytes again, and
 * nothing that is unpacked reaches outside of them. */
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "daemon/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same(const struct buf *b, struct slice in)
{
	ensure(b->full || slice_eq(buf_slice(b), in));
}

/* A flag of any other value than 0 is "yes" and comes back as 1. */
static bool
flags_are_plain(const struct slice in)
{
	return in.n > 28 && (unsigned char)in.p[28] <= 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in;
	struct buf b;
	struct job job;
	struct story story;
	struct counts counts;
	struct told_record record;

	if (size < 1)
		return 0;
	in = slice_of((const char *)data + 1, size - 1);
	buf_init(&b, size + 64);
	switch (data[0] % 4) {
	case 0:
		if (job_unpack(in, &job) && flags_are_plain(in)) {
			job_pack(&b, &job);
			same(&b, in);
		}
		break;
	case 1:
		if (story_unpack(in, &story)) {
			story_pack(&b, &story);
			same(&b, in);
		}
		break;
	case 2:
		if (counts_unpack(in, &counts)) {
			counts_pack(&b, &counts);
			same(&b, in);
		}
		break;
	default:
		if (told_record_unpack(in, &record)) {
			told_record_pack(&b, &record);
			same(&b, in);
		}
		break;
	}
	buf_fini(&b);
	return 0;
}
