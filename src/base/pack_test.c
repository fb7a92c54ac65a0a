#include "base/pack.h"
#include "test/unit.h"

UNIT(what_goes_in_comes_out)
{
	struct buf b;
	struct unpack u;
	size_t cut;

	buf_init(&b, 1000);
	pack_u8(&b, 200);
	pack_u32(&b, 4000000000U);
	pack_u64(&b, UINT64_MAX - 1);
	pack_slice(&b, SLICE("a\0b"));
	u = unpack_of(buf_slice(&b));
	check_int(unpack_u8(&u), 200);
	check(unpack_u32(&u) == 4000000000U);
	check(unpack_u64(&u) == UINT64_MAX - 1);
	check_bytes(unpack_slice(&u), SLICE("a\0b"));
	check(unpack_done(&u));
	for (cut = 0; cut < b.n; cut++) {
		u = unpack_of(slice_of(b.p, cut));
		(void)unpack_u8(&u);
		(void)unpack_u32(&u);
		(void)unpack_u64(&u);
		(void)unpack_slice(&u);
		check(!unpack_done(&u));
	}
	buf_fini(&b);
}

UNIT(counts_that_cannot_be_are_bad)
{
	struct unpack u = unpack_of(SLICE("\xff\xff\xff\xff"
					  "abcd"));

	check_int(unpack_count(&u, 1), 0);
	check(u.bad);
	u = unpack_of(SLICE("\x02\0\0\0"
			    "abcd"));
	check_int(unpack_count(&u, 2), 2);
}

UNIT_MAIN(unit(what_goes_in_comes_out), unit(counts_that_cannot_be_are_bad))
