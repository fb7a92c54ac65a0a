#include "base/text.h"
#include "test/unit.h"

UNIT(utf8_is_strict)
{
	uint32_t cp = 0;

	check_int(text_utf8("a", 1, &cp), 1);
	check_int(text_utf8("\xe2\x82\xac", 3, &cp), 3);
	check(cp == 0x20ac);
	check_int(text_utf8("\xe2\x82", 2, &cp), 0);
	check_int(text_utf8("\xc0\x80", 2, &cp), 0);
	check_int(text_utf8("\xed\xa0\x80", 3, &cp), 0);
	check_int(text_utf8("\xf4\x90\x80\x80", 4, &cp), 0);
	check_int(text_utf8("\xf0\x9f\x98\x80", 4, &cp), 4);
	check(cp == 0x1f600);
}

UNIT(every_code_point_comes_back)
{
	uint32_t cp, back = 0;
	char out[4];

	for (cp = 0; cp <= 0x10ffff; cp += cp < 0x3000 ? 1 : 97) {
		size_t n = text_put_utf8(out, cp);

		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		check_int(text_utf8(out, n, &back), n);
		check(back == cp);
	}
}

UNIT(printable_is_one_bounded_line)
{
	char out[16];

	check_int(text_printable(out, sizeof(out), "a\xe2\x80\xae", 4), 13);
	check_str(out, "a\\xe2\\x80\\xae");
	(void)text_printable(out, sizeof(out), "01234567890123456789", 20);
	check_str(out, "012345678901...");
	(void)text_printable(out, 1, "abc", 3);
	check_str(out, "");
	check_int(text_hex('g'), -1);
	check_int(text_hex('B'), 11);
}

UNIT_MAIN(unit(utf8_is_strict), unit(every_code_point_comes_back),
    unit(printable_is_one_bounded_line))
