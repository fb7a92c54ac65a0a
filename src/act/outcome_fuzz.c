/* Whatever a worker sends: no crash, and what fits can be sent on unchanged. */
#include "act/outcome.h"
#include "base/fail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
again(const struct outcome *o, struct arena *a)
{
	struct outcome back;
	struct buf first, second;
	struct unpack u;

	buf_init(&first, 1 << 28);
	buf_init(&second, 1 << 28);
	outcome_pack(&first, o);
	u = unpack_of(buf_slice(&first));
	outcome_unpack(&u, &back, a);
	ensure(unpack_done(&u));
	outcome_pack(&second, &back);
	ensure(slice_eq(buf_slice(&first), buf_slice(&second)));
	buf_fini(&first);
	buf_fini(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(1 << 28);
	struct unpack u = unpack_of(slice_of((const char *)data, size));
	struct outcome o;
	const char *why;

	outcome_unpack(&u, &o, a);
	if (unpack_done(&u) && outcome_fits(&o, 1000, &why))
		again(&o, a);
	arena_free(a);
	return 0;
}
