#include "base/buf.h"
#include "test/unit.h"

UNIT(grows_up_to_its_maximum)
{
	struct buf b;

	buf_init(&b, 10);
	check(buf_adds(&b, "12345"));
	check(buf_addf(&b, "%d", 678));
	check(!buf_adds(&b, "abc"));
	check(b.full);
	check(!buf_addc(&b, 'x'));
	check_slice(buf_slice(&b), "12345678");
	check_str(buf_str(&b), "12345678");
	buf_reset(&b);
	check(buf_addf(&b, "%s", "0123456789"));
	check_str(buf_str(&b), "0123456789");
	buf_fini(&b);
}

UNIT(drops_a_prefix)
{
	struct buf b;

	buf_init(&b, 100);
	check(buf_adds(&b, "hello world"));
	buf_drop(&b, 6);
	check_slice(buf_slice(&b), "world");
	buf_drop(&b, 600);
	check_int(b.n, 0);
	buf_fini(&b);
}

UNIT(adds_printable_text)
{
	struct buf b;

	buf_init(&b, 100);
	check(buf_add_printable(&b, SLICE("a\nb\xff\xc3\xa9"), 50));
	check_slice(buf_slice(&b), "a\\x0ab\\xff\xc3\xa9");
	check(buf_add_utf8(&b, 0x20ac));
	check(slice_ends(buf_slice(&b), "\xe2\x82\xac"));
	buf_fini(&b);
}

UNIT_MAIN(unit(grows_up_to_its_maximum), unit(drops_a_prefix),
    unit(adds_printable_text))
