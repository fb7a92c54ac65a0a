#include "base/slice.h"
#include "test/unit.h"

UNIT(sub_is_clipped)
{
	struct slice s = SLICE("abcdef");

	check_slice(slice_sub(s, 1, 3), "bc");
	check_slice(slice_sub(s, 4, 100), "ef");
	check_slice(slice_sub(s, 5, 2), "");
	check_slice(slice_from(s, 6), "");
}

UNIT(compares_with_and_without_case)
{
	check(slice_eq(SLICE("a\0b"), SLICE("a\0b")));
	check(!slice_eq(SLICE("a\0b"), SLICE("a\0c")));
	check(slice_is_ci(SLICE("HeLLo"), "hello"));
	check(!slice_is_ci(SLICE("\xc9"), "\xe9"));
	check(slice_starts_ci(SLICE("Content-Type"), "content-"));
	check(slice_ends_ci(SLICE("x.EXE"), ".exe"));
	check(!slice_ends(SLICE("e"), ".exe"));
	check(slice_cmp(SLICE("a"), SLICE("ab")) < 0);
	check(slice_cmp(SLICE("b"), SLICE("ab")) > 0);
}

UNIT(finds)
{
	check_int(slice_chr(SLICE("abcb"), 'b'), 1);
	check_int(slice_rchr(SLICE("abcb"), 'b'), 3);
	check_int(slice_chr(SLICE_NONE, 'b'), SLICE_NOT_FOUND);
	check_int(slice_find(SLICE("hello world"), SLICE("o w")), 4);
	check_int(slice_find_ci(SLICE("HELLO"), SLICE("llo")), 2);
	check_int(slice_find(SLICE("ab"), SLICE("abc")), SLICE_NOT_FOUND);
	check_slice(slice_trim(SLICE(" \r\n x y\t")), "x y");
}

UNIT(cursors_take_everything_once)
{
	struct slice rest = SLICE("a\r\n\nb\rc"), got;

	check(slice_line(&rest, &got));
	check_slice(got, "a");
	check(slice_line(&rest, &got));
	check_slice(got, "");
	check(slice_line(&rest, &got));
	check_slice(got, "b\rc");
	check(!slice_line(&rest, &got));
	rest = SLICE("  one\ttwo ");
	check(slice_word(&rest, &got));
	check_slice(got, "one");
	check(slice_word(&rest, &got));
	check_slice(got, "two");
	check(!slice_word(&rest, &got));
	rest = SLICE("a,,b");
	check(slice_field(&rest, ',', &got));
	check_slice(got, "a");
	check(slice_field(&rest, ',', &got));
	check_slice(got, "");
	check(slice_field(&rest, ',', &got));
	check_slice(got, "b");
	check(!slice_field(&rest, ',', &got));
}

UNIT_MAIN(unit(sub_is_clipped), unit(compares_with_and_without_case),
    unit(finds), unit(cursors_take_everything_once))
