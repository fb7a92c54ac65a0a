#include <stdint.h>

#include "base/fail.h"
#include "scan/virus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_BYTES = 1000 };

static void
fuzz_job(struct slice s, struct arena *a)
{
	struct unpack u = unpack_of(s);
	struct virus_job job = {0};
	const struct virus_object *o;
	struct buf again;

	virus_job_unpack(&u, &job, FILE_BYTES, a);
	vec_each (o, &job.objects) {
		ensure(o->offset <= FILE_BYTES);
		ensure(o->size <= FILE_BYTES - o->offset);
		ensure(o->name.n > 0 && slice_chr(o->name, '/') < 0);
	}
	if (!unpack_done(&u))
		return;
	buf_init(&again, s.n);
	virus_job_pack(&again, &job);
	ensure(slice_eq(buf_slice(&again), s));
	buf_fini(&again);
}

static void
fuzz_result(struct slice s, struct arena *a)
{
	struct unpack u = unpack_of(s);
	struct virus_result r = {0};
	struct buf again;

	virus_result_unpack(&u, &r, a);
	ensure(!u.bad || (r.hits.n == 0 && r.scanners.n == 0));
	buf_init(&again, VIRUS_RESULT_PACKED_MAX);
	virus_result_pack(&again, &r);
	ensure(!again.full);
	buf_fini(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice s = slice_of((const char *)data, size);
	struct arena *a = arena_new(0);

	fuzz_job(s, a);
	fuzz_result(s, a);
	arena_free(a);
	return 0;
}
