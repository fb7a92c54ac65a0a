#include "scan/zip.h"
#include "test/archives.h"
#include "test/unit.h"

#define TEXT SLICE("some words for a file\n")

static struct zip z;
static struct zip_maker made;
static struct arena *arena;

static void
begin(void)
{
	arena = arena_new(0);
	zip_maker_init(&made, arena);
}

static void
look(struct slice bytes)
{
	zip_read(&z, arena, bytes, 1000);
}

static void
add(const char *name)
{
	zip_add(&made,
	    (struct zip_part){.name = name, .data = TEXT, .deflate = true});
}

UNIT(an_honest_zip_has_no_defects)
{
	begin();
	add("a");
	add("b");
	add("dir/c");
	look(zip_finish(&made));
	check_int(z.defects, 0);
	check_int(z.entries.n, 3);
	check_int(z.listed, 3);
	check_int(z.gaps.n, 0);
	check_slice(z.entries.at[2].names[0], "dir/c");
	check_int(z.entries.at[1].name_count, 1);
	check_int(z.entries.at[0].end, z.entries.at[1].header);
	arena_free(arena);
}

UNIT(an_empty_zip_is_fine)
{
	begin();
	zip_end(&made);
	look(zip_finish(&made));
	check_int(z.defects, 0);
	check_int(z.entries.n, 0);
	arena_free(arena);
}

UNIT(bytes_in_front_move_the_offsets)
{
	struct buf b;
	const char *zip;
	struct slice s;

	begin();
	add("a");
	s = zip_finish(&made);
	buf_init(&b, 1 << 20);
	(void)buf_adds(&b, "MZ and a lot of program in front of it all");
	(void)buf_add(&b, s);
	(void)buf_adds(&b, "and behind");
	zip = buf_str(&b);
	look(slice_of(zip, b.n));
	check_int(z.entries.n, 1);
	check(z.entries.at[0].local.there);
	check_int(z.defects, ZIP_BIT(PREPENDED) | ZIP_BIT(TRAILING));
	check_int(z.gaps.n, 1);
	buf_fini(&b);
	arena_free(arena);
}

/* A case each: what is done to the zip, what is said of it. */
UNIT(sees_each_lie)
{
	static const struct {
		struct zip_part part;
		unsigned defect;
	} rows[] = {
	    {{.name = "a", .local_name = "b"}, ZIP_BIT(NAME)},
	    {{.name = "a", .local_method = 12}, ZIP_BIT(METHOD)},
	    {{.name = "a", .local_packed = 5}, ZIP_BIT(SIZE)},
	    {{.name = "a", .flags = 1, .clear_local = true}, ZIP_BIT(FLAGS)},
	    {{.name = "a", .local_flags = 1}, ZIP_BIT(FLAGS)},
	    {{.name = "a", .packed = 9999},
		ZIP_BIT(CUT) | ZIP_BIT(SIZE) | ZIP_BIT(OVERLAP)},
	    {{.name = "a", .hidden = true}, ZIP_BIT(HIDDEN)},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++) {
		struct zip_part p = rows[i].part;

		begin();
		p.data = TEXT;
		zip_add(&made, p);
		add("z");
		look(zip_finish(&made));
		check_int(z.defects, rows[i].defect);
		check_int(z.entries.n, 2);
		arena_free(arena);
	}
}

UNIT(a_count_that_is_wrong)
{
	struct slice s;
	char *p;

	begin();
	add("a");
	add("b");
	s = zip_finish(&made);
	p = arena_str(arena, s);
	p[s.n - 22 + 10] = 1;
	look(slice_of(p, s.n));
	check_int(z.defects, ZIP_BIT(WRONG_COUNT));
	check_int(z.entries.n, 2);
	arena_free(arena);
}

UNIT(a_zip_cut_off_keeps_its_front)
{
	struct slice s;

	begin();
	add("a");
	add("b");
	s = zip_finish(&made);
	look(slice_sub(s, 0, s.n - 30));
	check_int(z.entries.n, 2);
	check_int(z.defects, ZIP_BIT(NO_END));
	arena_free(arena);
}

UNIT(entries_that_share_their_data)
{
	begin();
	add("a");
	zip_add(
	    &made, (struct zip_part){.name = "b", .data = TEXT, .same_as = 1});
	look(zip_finish(&made));
	check_int(z.entries.n, 1);
	check_int(z.entries.at[0].name_count, 2);
	check((z.defects & ZIP_BIT(SHARED)) != 0);
	arena_free(arena);
}

UNIT(more_entries_than_allowed)
{
	int i;

	begin();
	for (i = 0; i < 50; i++)
		add("a");
	zip_read(&z, arena, zip_finish(&made), 10);
	check_int(z.entries.n, 10);
	check((z.defects & ZIP_BIT(MANY)) != 0);
	arena_free(arena);
}

/* Other names for the same entry: only a plain one is a lie. */
UNIT(names_in_two_charsets_are_one)
{
	begin();
	zip_add(&made, (struct zip_part){.name = "\xc3\xa4.txt",
			   .local_name = "\x84.txt",
			   .data = TEXT});
	look(zip_finish(&made));
	check_int(z.defects, 0);
	check_int(z.entries.at[0].name_count, 2);
	arena_free(arena);
}

UNIT(directories_are_told)
{
	begin();
	zip_add(&made, (struct zip_part){.name = "d/", .data = SLICE("")});
	zip_add(&made, (struct zip_part){.name = "e/", .data = TEXT});
	look(zip_finish(&made));
	check(z.entries.at[0].directory);
	check(!z.entries.at[1].directory);
	arena_free(arena);
}

/* Work is linear: many end records, each of which could be the one. */
UNIT(many_end_records_cost_little)
{
	struct buf b;
	int i;

	begin();
	buf_init(&b, 1 << 24);
	for (i = 0; i < 200000; i++)
		(void)buf_add(&b, slice_of("PK\5\6\0\0\0\0\1\0\1\0\56\0\0\0"
					   "\0\0\0\0\0\0",
				      22));
	look(buf_slice(&b));
	check((z.defects & ZIP_BIT(NO_END)) != 0);
	check_int(z.entries.n, 0);
	buf_fini(&b);
	arena_free(arena);
}

UNIT_MAIN(unit(an_honest_zip_has_no_defects), unit(an_empty_zip_is_fine),
    unit(bytes_in_front_move_the_offsets), unit(sees_each_lie),
    unit(a_count_that_is_wrong), unit(a_zip_cut_off_keeps_its_front),
    unit(entries_that_share_their_data), unit(more_entries_than_allowed),
    unit(names_in_two_charsets_are_one), unit(directories_are_told),
    unit(many_end_records_cost_little))
