#include "scan/kind.h"
#include "test/archives.h"
#include "test/unit.h"

#define TEXT SLICE("some words for a file\n")

UNIT(knows_what_libarchive_writes)
{
	static const struct {
		const char *format, *filter;
		enum kind kind;
	} rows[] = {{"ustar", "none", KIND_TAR}, {"v7tar", "none", KIND_TAR},
	    {"gnutar", "none", KIND_TAR}, {"7zip", "none", KIND_SEVEN},
	    {"newc", "none", KIND_CPIO}, {"odc", "none", KIND_CPIO},
	    {"bin", "none", KIND_CPIO}, {"arbsd", "none", KIND_AR},
	    {"iso9660", "none", KIND_ISO}, {"zip", "none", KIND_ZIP},
	    {"ustar", "gzip", KIND_GZIP}, {"ustar", "bzip2", KIND_BZIP2},
	    {"ustar", "xz", KIND_XZ}, {"ustar", "lzma", KIND_LZMA},
	    {"ustar", "lzip", KIND_LZIP}, {"ustar", "zstd", KIND_ZSTD},
	    {"ustar", "lz4", KIND_LZ4}, {"ustar", "compress", KIND_COMPRESS}};
	struct arena *a = arena_new(0);
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++)
		check_str(kind_word(kind_of(archive_of(a, rows[i].format,
			      rows[i].filter, "a.txt", TEXT))),
		    kind_word(rows[i].kind));
	arena_free(a);
}

UNIT(knows_the_marks_of_others)
{
	static const struct {
		struct slice bytes;
		enum kind kind;
	} rows[] = {{SLICE_LIT("Rar!\x1a\7\1\0rest"), KIND_RAR5},
	    {SLICE_LIT("Rar!\x1a\7\0rest"), KIND_RAR},
	    {SLICE_LIT("MSCF\0\0\0\0rest"), KIND_CAB},
	    {SLICE_LIT("1234567**ACE**rest"), KIND_ACE},
	    {SLICE_LIT("ALZ\1rest"), KIND_ALZ},
	    {SLICE_LIT("MSWIM\0\0\0rest"), KIND_WIM},
	    {SLICE_LIT("\x24\x13-lh5-\1\2\3\4\5\6\7\10\11\0\40\1\5\1\1"),
		KIND_LHA},
	    {SLICE_LIT("Rar! is a program"), KIND_NONE},
	    {SLICE_LIT("PK are two letters"), KIND_NONE},
	    {SLICE_LIT(""), KIND_NONE}, {SLICE_LIT("BZh"), KIND_NONE},
	    {SLICE_LIT("BZh is how it begins, no more"), KIND_NONE},
	    {SLICE_LIT("\x1f\x8b\1"), KIND_NONE}};
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++)
		check_str(
		    kind_word(kind_of(rows[i].bytes)), kind_word(rows[i].kind));
}

UNIT(finds_what_is_hidden)
{
	size_t at;

	check_int(
	    kind_inside(
		slice_of("MZ\0\0 stub 7z\xbc\xaf\x27\x1c\0 xxxx", 22), &at),
	    KIND_SEVEN);
	check_int(at, 10);
	check_int(
	    kind_inside(SLICE("text about 7z and Rar! archives in it"), &at),
	    KIND_NONE);
}

UNIT(names_that_promise_an_archive)
{
	static const char *const yes[] = {"a.zip", "A.ZIP", "a.tar.gz",
	    "a.7z.002", "a.z01", "a.r17", "a.part1.rar", "x.iso"};
	static const char *const no[] = {
	    "a.txt", "zip", "a.zip.txt", "a.001", "a.docx", "", "z01"};
	size_t i;

	for (i = 0; i < COUNT_OF(yes); i++)
		check(kind_named(slice_str(yes[i])));
	for (i = 0; i < COUNT_OF(no); i++)
		check(!kind_named(slice_str(no[i])));
}

UNIT(names_of_what_is_inside)
{
	const char *add;

	check_slice(kind_inner_name(SLICE("a.txt.gz"), &add), "a.txt");
	check_str(add, "");
	check_slice(kind_inner_name(SLICE("a.TGZ"), &add), "a");
	check_str(add, ".tar");
	check_slice(kind_inner_name(SLICE("a.doc"), &add), "a.doc");
	check_slice(kind_inner_name(SLICE(".gz"), &add), ".gz");
}

UNIT_MAIN(unit(knows_what_libarchive_writes), unit(knows_the_marks_of_others),
    unit(finds_what_is_hidden), unit(names_that_promise_an_archive),
    unit(names_of_what_is_inside))
