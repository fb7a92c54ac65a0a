#include <stdint.h>

#include "base/fail.h"
#include "scan/virus_clamd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Clean is exactly one sentence, whatever came before or comes behind. */
static void
one(struct slice s, bool ended, enum clamd_ask ask)
{
	struct clamd_reply r;

	if (!clamd_reply_parse(s, ended, 7, ask, &r)) {
		ensure(!ended && slice_chr(s, '\0') < 0);
		return;
	}
	if (r.answer == CLAMD_CLEAN && ask == CLAMD_ASK_STREAM)
		ensure(slice_eq(s, slice_of("7: stream: OK", 14)));
	if (r.answer == CLAMD_CLEAN && ask == CLAMD_ASK_FILDES)
		ensure(slice_starts(s, "7: fd[") &&
		       slice_eq(slice_from(s, s.n - 6), slice_of("]: OK", 6)));
	if (r.answer == CLAMD_INFECTED)
		ensure(r.text.n > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice s = slice_of((const char *)data, size);

	one(s, false, CLAMD_ASK_STREAM);
	one(s, true, CLAMD_ASK_STREAM);
	one(s, false, CLAMD_ASK_FILDES);
	one(s, true, CLAMD_ASK_FILDES);
	return 0;
}
