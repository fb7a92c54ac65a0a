#include "base/num.h"
#include "test/unit.h"

UNIT(all_or_nothing)
{
	uint64_t u = 99;
	int64_t i = 99;
	double d = 99;

	check(num_parse_u64(SLICE("18446744073709551615"), UINT64_MAX, &u));
	check(u == UINT64_MAX);
	check(!num_parse_u64(SLICE("18446744073709551616"), UINT64_MAX, &u));
	check(!num_parse_u64(SLICE(""), 10, &u));
	check(!num_parse_u64(SLICE("11"), 10, &u));
	check(!num_parse_u64(SLICE("1x"), 100, &u));
	check(!num_parse_u64(SLICE(" 1"), 100, &u));
	check(num_parse_octal(SLICE("0640"), 07777, &u) && u == 0640);
	check(!num_parse_octal(SLICE("8"), 07777, &u));
	check(num_parse_hex(SLICE("fF"), 255, &u) && u == 255);
	check(num_parse_i64(SLICE("-12"), -20, 20, &i) && i == -12);
	check(!num_parse_i64(SLICE("-21"), -20, 20, &i));
	check(!num_parse_i64(SLICE("--1"), -20, 20, &i));
	check(num_parse_double(SLICE("-2.50"), &d) && d < -2.49 && d > -2.51);
	check(num_parse_double(SLICE("5."), &d));
	check(!num_parse_double(SLICE("."), &d));
	check(!num_parse_double(SLICE("1e5"), &d));
	check(!num_parse_double(SLICE("nan"), &d));
}

UNIT_MAIN(unit(all_or_nothing))
