#include "scan/unpack.h"
#include "sys/clock.h"
#include "test/archives.h"
#include "test/unit.h"

#define EXE slice_of("MZ\220\0\3\0\0\0\4\0\0\0\377\377\0\0 a program", 26)
#define TEXT SLICE("only words, nothing else, and a few more of them\n")

/* A message with one attachment, unpacked. */
struct lab {
	struct arena *a;
	struct conf *c;
	struct unpacker *u;
	struct message m;
	struct unpacking x;
	uint64_t seconds;
};

static void
lab_open(struct lab *l)
{
	static const struct envelope env;

	*l = (struct lab){.seconds = 100};
	l->a = arena_new(0);
	l->c = conf_defaults();
	l->u = unpacker_new();
	message_init(&l->m, l->a, l->c, &env, SLICE(""));
}

static void
lab_set(struct lab *l, enum option opt, const char *value)
{
	conf_set(l->c, opt, slice_str(value));
}

static int
lab_add(struct lab *l, const char *name, const char *type, struct slice bytes)
{
	struct entity *e = vec_push(l->a, &l->m.entities);

	e->kind = ENTITY_PART;
	e->index = (int)l->m.entities.n - 1;
	e->parent = 0;
	e->leaf = e->attachment = true;
	e->path = arena_printf(l->a, "%d", e->index);
	e->type = slice_str(type);
	e->bytes = bytes;
	e->size = bytes.n;
	*vec_push(l->a, &e->names) = slice_str(name);
	return e->index;
}

static void
lab_run(struct lab *l)
{
	unpack_message(
	    l->u, &l->x, &l->m, clock_mono() + l->seconds * CLOCK_SEC);
}

static void
lab_one(struct lab *l, const char *name, struct slice bytes)
{
	(void)lab_add(l, name, "application/octet-stream", bytes);
	lab_run(l);
}

static void
lab_close(struct lab *l)
{
	unpacker_free(l->u);
	conf_free(l->c);
	arena_free(l->a);
}

/* The entity that has this name among its readings; NULL if none. */
static const struct entity *
find(const struct lab *l, const char *name)
{
	const struct entity *e;
	size_t i;

	vec_each (e, &l->m.entities)
		for (i = 0; i < e->names.n; i++)
			if (slice_is(e->names.at[i], name))
				return e;
	return NULL;
}

static bool
holds(const struct lab *l, struct slice bytes)
{
	const struct entity *e;

	vec_each (e, &l->m.entities)
		if (slice_eq(e->bytes, bytes))
			return true;
	return false;
}

static size_t
findings(const struct lab *l)
{
	return l->m.verdict.findings.n;
}

/* Some finding of the code, blocking or noted. */
static bool
said(const struct lab *l, enum finding_code code, enum finding_wish wish)
{
	const struct finding *f;

	vec_each (f, &l->m.verdict.findings)
		if (f->code == code && f->wish == wish)
			return true;
	return false;
}

UNIT(opens_a_plain_zip)
{
	struct lab l;
	const struct entity *e;

	lab_open(&l);
	lab_one(&l, "a.zip", zip_of(l.a, "dir/run.exe", EXE, true));
	e = find(&l, "dir/run.exe");
	check(e != NULL);
	check(find(&l, "run.exe") == e);
	check_bytes(e->bytes, EXE);
	check_int(e->parent, 1);
	check_int(e->size, EXE.n);
	check_int(l.x.marks.at[e->index].by, UNPACK_BY_ZIP);
	check(l.m.entities.at[1].archive);
	check_int(findings(&l), 0);
	lab_close(&l);
}

UNIT(stored_members_are_views)
{
	struct lab l;
	struct slice zip;

	lab_open(&l);
	zip = zip_of(l.a, "run.exe", EXE, false);
	lab_one(&l, "a.zip", zip);
	check(find(&l, "run.exe")->bytes.p > zip.p);
	check(find(&l, "run.exe")->bytes.p < zip.p + zip.n);
	lab_close(&l);
}

/* Each format, in its own words. */
static void
opens(const char *file, const char *format, const char *filter)
{
	struct lab l;
	char *text;
	size_t i;

	lab_open(&l);
	/* Not so small that a packer stores it. */
	text = arena_alloc(l.a, 20000);
	for (i = 0; i < 20000; i++)
		text[i] = (char)('a' + i / 7 % 23);
	lab_one(&l, file,
	    archive_of(
		l.a, format, filter, "inner.txt", slice_of(text, 20000)));
	check(holds(&l, slice_of(text, 20000)));
	if (strcmp(format, "raw") != 0)
		check(find(&l, "inner.txt") != NULL);
	check_int(findings(&l), 0);
	check_int(l.m.verdict.incomplete.n, 0);
	lab_close(&l);
}

UNIT(opens_every_format)
{
	opens("a.tar", "ustar", "none");
	opens("a.tar", "pax", "none");
	opens("a.tar", "gnutar", "none");
	opens("a.tar.gz", "ustar", "gzip");
	opens("a.tgz", "ustar", "gzip");
	opens("a.tar.bz2", "ustar", "bzip2");
	opens("a.tar.xz", "ustar", "xz");
	opens("a.tar.zst", "ustar", "zstd");
	opens("a.tar.lz4", "ustar", "lz4");
	opens("a.tar.Z", "ustar", "compress");
	opens("a.txt.lzma", "raw", "lzma");
	opens("a.txt.lz", "raw", "lzip");
	opens("a.7z", "7zip", "none");
	opens("a.cpio", "newc", "none");
	opens("a.cpio", "odc", "none");
	opens("a.a", "arbsd", "none");
}

UNIT(opens_by_content_whatever_the_name)
{
	struct lab l;

	lab_open(&l);
	lab_one(
	    &l, "photo.jpg", archive_of(l.a, "ustar", "bzip2", "run.exe", EXE));
	check(holds(&l, EXE));
	lab_close(&l);
	lab_open(&l);
	lab_set(&l, OPT_FIND_ARCHIVES_BY_CONTENT, "no");
	lab_one(
	    &l, "photo.jpg", archive_of(l.a, "ustar", "bzip2", "run.exe", EXE));
	check(!holds(&l, EXE));
	lab_close(&l);
}

UNIT(names_what_streams_hold)
{
	struct lab l;

	lab_open(&l);
	lab_one(&l, "run.exe.gz", gzip_of(l.a, EXE));
	check(find(&l, "run.exe") != NULL);
	check_int(find(&l, "run.exe")->index, 2);
	check_int(findings(&l), 0);
	lab_close(&l);
}

UNIT(counts_levels)
{
	struct lab l;
	struct slice zip;

	lab_open(&l);
	zip = zip_of(l.a, "1.zip", zip_of(l.a, "run.exe", EXE, true), true);
	lab_one(&l, "2.zip", zip);
	check(find(&l, "run.exe") != NULL);
	check_int(findings(&l), 0);
	lab_close(&l);

	lab_open(&l);
	zip = zip_of(l.a, "1.zip", zip_of(l.a, "run.exe", EXE, true), true);
	lab_one(&l, "3.zip", zip_of(l.a, "2.zip", zip, true));
	check(find(&l, "run.exe") == NULL);
	check(said(&l, FINDING_TOO_DEEP, WISH_BLOCK));
	lab_close(&l);

	lab_open(&l);
	lab_set(&l, OPT_MAXIMUM_ARCHIVE_DEPTH, "3");
	zip = zip_of(l.a, "1.zip", zip_of(l.a, "run.exe", EXE, true), true);
	lab_one(&l, "3.zip", zip_of(l.a, "2.zip", zip, true));
	check(find(&l, "run.exe") != NULL);
	check_int(findings(&l), 0);
	lab_close(&l);
}

UNIT(depth_zero_looks_for_passwords_only)
{
	struct lab l;
	struct zip_maker z;

	lab_open(&l);
	lab_set(&l, OPT_MAXIMUM_ARCHIVE_DEPTH, "0");
	lab_one(&l, "a.zip", zip_of(l.a, "run.exe", EXE, true));
	check_int(l.m.entities.n, 2);
	check_int(findings(&l), 0);
	lab_close(&l);

	lab_open(&l);
	lab_set(&l, OPT_MAXIMUM_ARCHIVE_DEPTH, "0");
	zip_maker_init(&z, l.a);
	zip_add(&z, (struct zip_part){.name = "a", .data = EXE, .flags = 1});
	lab_one(&l, "a.zip", zip_finish(&z));
	check_int(l.m.entities.n, 2);
	check(said(&l, FINDING_ENCRYPTED, WISH_BLOCK));
	lab_close(&l);
}

UNIT(sees_passwords)
{
	struct lab l;
	struct zip_maker z;
	unsigned i;

	for (i = 0; i < 2; i++) {
		lab_open(&l);
		lab_set(&l, OPT_ALLOW_PASSWORD_PROTECTED_ARCHIVES,
		    i == 0 ? "no" : "yes");
		zip_maker_init(&z, l.a);
		zip_add(&z, (struct zip_part){
				.name = "plan.txt", .data = TEXT, .flags = 1});
		lab_one(&l, "a.zip", zip_finish(&z));
		check(find(&l, "plan.txt") != NULL);
		check(find(&l, "plan.txt")->encrypted);
		check(l.m.entities.at[1].encrypted);
		check_int(find(&l, "plan.txt")->bytes.n, 0);
		check_int(said(&l, FINDING_ENCRYPTED, WISH_BLOCK), i == 0);
		check_int(findings(&l), i == 0 ? 1 : 0);
		lab_close(&l);
	}
}

UNIT(reads_what_is_encrypted_in_one_header_only)
{
	struct lab l;
	struct zip_maker z;

	lab_open(&l);
	zip_maker_init(&z, l.a);
	zip_add(&z, (struct zip_part){.name = "run.exe",
			.data = EXE,
			.flags = 1,
			.clear_local = true});
	lab_one(&l, "a.zip", zip_finish(&z));
	check(holds(&l, EXE));
	check(said(&l, FINDING_ENCRYPTED, WISH_BLOCK));
	check(said(&l, FINDING_AMBIGUOUS, WISH_BLOCK));
	lab_close(&l);
}

UNIT(wants_passwords_when_told)
{
	struct lab l;

	lab_open(&l);
	lab_set(&l, OPT_ARCHIVES_MUST_BE_PASSWORD_PROTECTED, "yes");
	lab_one(&l, "a.zip", zip_of(l.a, "a.txt", TEXT, true));
	check(said(&l, FINDING_ENCRYPTED, WISH_BLOCK));
	lab_close(&l);
}

UNIT(reads_both_headers_of_a_zip)
{
	struct lab l;
	struct zip_maker z;

	lab_open(&l);
	zip_maker_init(&z, l.a);
	zip_add(&z, (struct zip_part){.name = "a.txt",
			.local_name = "run.exe",
			.data = EXE,
			.deflate = true});
	zip_add(&z, (struct zip_part){.name = "b.txt",
			.data = EXE,
			.deflate = true,
			.local_method = 0});
	lab_one(&l, "a.zip", zip_finish(&z));
	check(find(&l, "run.exe") == find(&l, "a.txt"));
	check(find(&l, "run.exe") != NULL);
	check(said(&l, FINDING_AMBIGUOUS, WISH_BLOCK));
	lab_close(&l);

	lab_open(&l);
	lab_set(&l, OPT_AMBIGUOUS_MESSAGES, "deliver");
	zip_maker_init(&z, l.a);
	zip_add(&z,
	    (struct zip_part){.name = "a", .local_name = "b", .data = TEXT});
	lab_one(&l, "a.zip", zip_finish(&z));
	check(said(&l, FINDING_AMBIGUOUS, WISH_NOTE));
	check_int(findings(&l), 1);
	lab_close(&l);
}

UNIT(finds_what_no_directory_names)
{
	struct lab l;
	struct zip_maker z;

	lab_open(&l);
	zip_maker_init(&z, l.a);
	zip_add(&z, (struct zip_part){.name = "a.txt", .data = TEXT});
	zip_add(&z, (struct zip_part){.name = "run.exe",
			.data = EXE,
			.deflate = true,
			.hidden = true});
	zip_add(&z, (struct zip_part){.name = "b.txt", .data = TEXT});
	lab_one(&l, "a.zip", zip_finish(&z));
	check(find(&l, "run.exe") != NULL);
	check_bytes(find(&l, "run.exe")->bytes, EXE);
	check(said(&l, FINDING_AMBIGUOUS, WISH_BLOCK));
	lab_close(&l);
}

UNIT(finds_two_directories)
{
	struct lab l;
	struct zip_maker z;

	lab_open(&l);
	zip_maker_init(&z, l.a);
	zip_add(&z, (struct zip_part){.name = "run.exe", .data = EXE});
	zip_end(&z);
	zip_add(&z, (struct zip_part){.name = "b.txt", .data = TEXT});
	zip_end(&z);
	lab_one(&l, "a.zip", zip_finish(&z));
	check(find(&l, "run.exe") != NULL);
	check(find(&l, "b.txt") != NULL);
	check(said(&l, FINDING_AMBIGUOUS, WISH_BLOCK));
	lab_close(&l);
}

/* A zip inside a zip, not packed, is no second directory. */
UNIT(a_stored_zip_is_content)
{
	struct lab l;
	struct zip_maker z;

	lab_open(&l);
	zip_maker_init(&z, l.a);
	zip_add(&z, (struct zip_part){.name = "in.zip",
			.data = zip_of(l.a, "x", TEXT, true)});
	zip_add(&z, (struct zip_part){.name = "b.txt", .data = TEXT});
	lab_one(&l, "a.zip", zip_finish(&z));
	check_int(findings(&l), 0);
	check_int(l.m.entities.n, 5);
	lab_close(&l);
}

UNIT(sizes_may_come_later)
{
	struct lab l;
	struct zip_maker z;

	lab_open(&l);
	zip_maker_init(&z, l.a);
	zip_add(&z, (struct zip_part){.name = "a.txt",
			.data = TEXT,
			.deflate = true,
			.unknown_sizes = true});
	zip_add(&z, (struct zip_part){
			.name = "b.txt", .data = EXE, .unknown_sizes = true});
	lab_one(&l, "a.zip", zip_finish(&z));
	check_bytes(find(&l, "a.txt")->bytes, TEXT);
	check_bytes(find(&l, "b.txt")->bytes, EXE);
	check_int(findings(&l), 0);
	lab_close(&l);
}

UNIT(finds_archives_behind_programs)
{
	struct lab l;
	struct buf b;

	lab_open(&l);
	buf_init(&b, 1 << 20);
	(void)buf_add(&b, EXE);
	(void)buf_add(&b, zip_of(l.a, "run.js", TEXT, true));
	lab_one(&l, "setup.exe", arena_dup(l.a, buf_slice(&b)));
	check(find(&l, "run.js") != NULL);
	check_bytes(find(&l, "run.js")->bytes, TEXT);
	check_int(findings(&l), 0);
	buf_reset(&b);
	(void)buf_add(&b, EXE);
	(void)buf_add(&b, archive_of(l.a, "7zip", "none", "b.js", TEXT));
	lab_close(&l);
	lab_open(&l);
	lab_one(&l, "setup.exe", arena_dup(l.a, buf_slice(&b)));
	check(find(&l, "b.js") != NULL);
	buf_fini(&b);
	lab_close(&l);
}

UNIT(bombs_are_too_big)
{
	struct lab l;
	struct slice zeros, bomb;
	struct zip_maker z;
	int i;

	lab_open(&l);
	zeros = slice_of(arena_zalloc(l.a, 20000000), 20000000);
	bomb = archives_deflate(l.a, zeros, MAX_WBITS + 16);
	lab_one(&l, "z.gz", bomb);
	check(said(&l, FINDING_TOO_BIG, WISH_BLOCK));
	check(l.x.bytes < 12000000);
	lab_close(&l);

	/* Many honest looking files: the total counts. */
	lab_open(&l);
	lab_set(&l, OPT_ARCHIVE_MAXIMUM_SIZE, "1m");
	zeros = slice_of(arena_zalloc(l.a, 300000), 300000);
	zip_maker_init(&z, l.a);
	for (i = 0; i < 5; i++)
		zip_add(&z, (struct zip_part){
				.name = "a", .data = zeros, .deflate = true});
	lab_one(&l, "a.zip", zip_finish(&z));
	check(said(&l, FINDING_TOO_BIG, WISH_BLOCK));
	check_int(l.x.bytes, 1000000);
	lab_close(&l);
}

UNIT(overlapping_entries_are_malformed)
{
	struct lab l;
	struct zip_maker z;

	lab_open(&l);
	zip_maker_init(&z, l.a);
	zip_add(&z, (struct zip_part){.name = "a", .data = TEXT});
	zip_add(&z, (struct zip_part){.name = "b", .data = TEXT, .same_as = 1});
	zip_add(&z, (struct zip_part){.name = "c", .data = TEXT, .same_as = 1});
	lab_one(&l, "a.zip", zip_finish(&z));
	check(said(&l, FINDING_MALFORMED, WISH_BLOCK));
	check(find(&l, "b") == find(&l, "c"));
	check(find(&l, "c") != NULL);
	lab_close(&l);

	lab_open(&l);
	zip_maker_init(&z, l.a);
	zip_add(
	    &z, (struct zip_part){.name = "a", .data = TEXT, .packed = 120});
	zip_add(&z, (struct zip_part){.name = "b", .data = TEXT});
	lab_one(&l, "a.zip", zip_finish(&z));
	check(said(&l, FINDING_MALFORMED, WISH_BLOCK));
	lab_close(&l);
}

UNIT(too_many_members)
{
	struct lab l;
	struct zip_maker z;
	int i;

	lab_open(&l);
	lab_set(&l, OPT_ARCHIVE_MAXIMUM_MEMBERS, "5");
	zip_maker_init(&z, l.a);
	for (i = 0; i < 7; i++)
		zip_add(&z, (struct zip_part){.name = "a", .data = TEXT});
	(void)lab_add(&l, "a.zip", "", zip_finish(&z));
	(void)lab_add(&l, "b.zip", "", zip_of(l.a, "x", EXE, true));
	lab_run(&l);
	check(said(&l, FINDING_TOO_MANY, WISH_BLOCK));
	check_int(l.m.entities.n, 3 + 5);
	/* What was not opened because of it is not clean either. */
	check(said(&l, FINDING_TOO_BIG, WISH_BLOCK));
	lab_close(&l);
}

UNIT(damage_is_unreadable)
{
	static const struct {
		const char *name, *format, *filter;
	} rows[] = {{"a.tar", "ustar", "none"}, {"a.7z", "7zip", "none"},
	    {"a.gz", "ustar", "gzip"}, {"a.bz2", "ustar", "bzip2"},
	    {"a.xz", "ustar", "xz"}, {"a.zst", "ustar", "zstd"},
	    {"a.cpio", "newc", "none"}};
	struct lab l;
	char *text;
	size_t i, k;

	for (i = 0; i < COUNT_OF(rows); i++) {
		struct slice s;

		lab_open(&l);
		text = arena_alloc(l.a, 9000);
		for (k = 0; k < 9000; k++)
			text[k] = (char)(k * k >> 3);
		s = archive_of(l.a, rows[i].format, rows[i].filter, "a.txt",
		    slice_of(text, 9000));
		lab_one(&l, rows[i].name, slice_sub(s, 0, s.n / 2));
		check(said(&l, FINDING_UNREADABLE, WISH_BLOCK));
		lab_close(&l);
	}
	lab_open(&l);
	lab_one(&l, "a.zip", SLICE("this is no zip at all"));
	check(said(&l, FINDING_UNREADABLE, WISH_BLOCK));
	lab_close(&l);
}

UNIT(unknown_formats_are_unsupported)
{
	struct lab l;
	struct zip_maker z;

	lab_open(&l);
	lab_one(&l, "a.dat", slice_of("ALZ\1\12\0\0\0and more of it", 22));
	check(said(&l, FINDING_UNSUPPORTED, WISH_BLOCK));
	lab_close(&l);

	lab_open(&l);
	zip_maker_init(&z, l.a);
	zip_add(
	    &z, (struct zip_part){.name = "a.txt", .data = TEXT, .method = 9});
	lab_one(&l, "a.zip", zip_finish(&z));
	check(said(&l, FINDING_UNSUPPORTED, WISH_BLOCK));
	check(find(&l, "a.txt") != NULL);
	lab_close(&l);
}

UNIT(names_that_lead_outside)
{
	static const char *const bad[] = {"../../etc/passwd", "/etc/passwd",
	    "a/../../b", "..\\..\\b.exe", "C:\\b.exe", "\\\\host\\share\\b"};
	static const char *const good[] = {
	    "a..b", "a/..b/c", "...", "a/b..", "c:x"};
	struct lab l;
	size_t i;

	for (i = 0; i < COUNT_OF(bad) + COUNT_OF(good); i++) {
		bool is_bad = i < COUNT_OF(bad);

		lab_open(&l);
		lab_one(&l, "a.zip",
		    zip_of(l.a, is_bad ? bad[i] : good[i - COUNT_OF(bad)], TEXT,
			true));
		check_int(said(&l, FINDING_TRAVERSAL, WISH_BLOCK), is_bad);
		lab_close(&l);
	}
	lab_open(&l);
	lab_one(&l, "a.tar", archive_of(l.a, "ustar", "none", "../a", TEXT));
	check(said(&l, FINDING_TRAVERSAL, WISH_BLOCK));
	lab_close(&l);
}

UNIT(gzip_goes_on_behind_the_first_member)
{
	struct lab l;
	struct buf b;

	lab_open(&l);
	buf_init(&b, 1 << 20);
	(void)buf_add(&b, gzip_of(l.a, TEXT));
	(void)buf_add(&b, gzip_of(l.a, EXE));
	lab_one(&l, "a.gz", arena_dup(l.a, buf_slice(&b)));
	check(holds(&l, EXE));
	check_int(findings(&l), 0);
	lab_close(&l);

	/* Junk behind it is looked at, and noted. */
	lab_open(&l);
	buf_reset(&b);
	(void)buf_add(&b, gzip_of(l.a, TEXT));
	(void)buf_add(&b, EXE);
	lab_one(&l, "a.gz", arena_dup(l.a, buf_slice(&b)));
	check(holds(&l, EXE));
	check(holds(&l, TEXT));
	check(said(&l, FINDING_MALFORMED, WISH_NOTE));
	buf_fini(&b);
	lab_close(&l);
}

UNIT(files_in_text)
{
	static const char uu[] = "Hello,\n\nbegin 644 run.exe\n"
				 "#0V%T\n`\nend\n";
	struct lab l;

	lab_open(&l);
	(void)lab_add(&l, "msg.txt", "text/plain", slice_str(uu));
	lab_run(&l);
	check(find(&l, "run.exe") != NULL);
	check_slice(find(&l, "run.exe")->bytes, "Cat");
	check_int(l.x.marks.at[2].by, UNPACK_BY_TEXT);
	lab_close(&l);

	lab_open(&l);
	(void)lab_add(&l, "a.bin", "application/octet-stream", slice_str(uu));
	lab_run(&l);
	check(find(&l, "run.exe") == NULL);
	lab_close(&l);

	lab_open(&l);
	lab_set(&l, OPT_FIND_UU_ENCODED_FILES, "yes");
	(void)lab_add(&l, "a.bin", "application/octet-stream", slice_str(uu));
	lab_run(&l);
	check(find(&l, "run.exe") != NULL);
	lab_close(&l);
}

/* libarchive would follow its continuation records for ever. */
UNIT(images_with_continuations_stay_closed)
{
	struct lab l;

	lab_open(&l);
	lab_one(&l, "a.iso", archive_of(l.a, "iso9660", "none", "a.txt", TEXT));
	check(said(&l, FINDING_UNSUPPORTED, WISH_BLOCK));
	lab_close(&l);
}

UNIT(messages_that_were_packed)
{
	static const char mail[] =
	    "From: a@example.org\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nHello.\n"
	    "--x\nContent-Type: application/octet-stream; name=run.exe\n"
	    "Content-Transfer-Encoding: base64\n\nQ2F0\n--x--\n";
	struct lab l;

	lab_open(&l);
	lab_one(&l, "a.zip", zip_of(l.a, "mail.eml", slice_str(mail), true));
	check(find(&l, "run.exe") != NULL);
	check_slice(find(&l, "run.exe")->bytes, "Cat");
	check_slice(find(&l, "run.exe")->type, "application/octet-stream");
	check_int(findings(&l), 0);
	lab_close(&l);

	/* Whatever it is called. */
	lab_open(&l);
	lab_one(&l, "a.tar",
	    archive_of(l.a, "ustar", "none", "note", slice_str(mail)));
	check(find(&l, "run.exe") != NULL);
	lab_close(&l);
}

/* A size of zero in the extended header, another in the plain one: what some
 * programs take for data are headers to others. */
UNIT(headers_that_do_not_fit_are_damage)
{
	struct lab l;
	struct slice tar;
	char *p;
	unsigned sum = 0, i;

	lab_open(&l);
	tar = archive_of(l.a, "ustar", "none", "a.txt", TEXT);
	p = arena_str(l.a, tar);
	memcpy(p + 124, "00000000000", 11);
	memset(p + 148, ' ', 8);
	for (i = 0; i < 512; i++)
		sum += (unsigned char)p[i];
	for (i = 0; i < 6; i++, sum >>= 3)
		p[153 - i] = (char)('0' + (sum & 7));
	p[154] = '\0';
	lab_one(&l, "a.tar", slice_of(p, tar.n));
	check(said(&l, FINDING_UNREADABLE, WISH_BLOCK));
	lab_close(&l);
}

UNIT(time_up_is_incomplete)
{
	struct lab l;

	lab_open(&l);
	l.seconds = 0;
	lab_one(&l, "a.zip", zip_of(l.a, "x", TEXT, true));
	check_int(l.m.verdict.incomplete.n, 1);
	check_slice(l.m.verdict.incomplete.at[0].check, "unpack");
	lab_close(&l);
}

UNIT(memory_is_a_limit)
{
	struct lab l;
	struct slice zeros;

	lab_open(&l);
	lab_set(&l, OPT_MESSAGE_MEMORY_LIMIT, "8m");
	lab_set(&l, OPT_ARCHIVE_MAXIMUM_RATIO, "5000");
	zeros = slice_of(arena_zalloc(l.a, 5000000), 5000000);
	lab_one(&l, "z.zip", zip_of(l.a, "a", zeros, true));
	check(said(&l, FINDING_TOO_BIG, WISH_BLOCK));
	lab_close(&l);
}

UNIT_MAIN(unit(opens_a_plain_zip), unit(stored_members_are_views),
    unit(opens_every_format), unit(opens_by_content_whatever_the_name),
    unit(names_what_streams_hold), unit(counts_levels),
    unit(depth_zero_looks_for_passwords_only), unit(sees_passwords),
    unit(reads_what_is_encrypted_in_one_header_only),
    unit(wants_passwords_when_told), unit(reads_both_headers_of_a_zip),
    unit(finds_what_no_directory_names), unit(finds_two_directories),
    unit(a_stored_zip_is_content), unit(sizes_may_come_later),
    unit(finds_archives_behind_programs), unit(bombs_are_too_big),
    unit(overlapping_entries_are_malformed), unit(too_many_members),
    unit(damage_is_unreadable), unit(unknown_formats_are_unsupported),
    unit(names_that_lead_outside), unit(gzip_goes_on_behind_the_first_member),
    unit(files_in_text), unit(images_with_continuations_stay_closed),
    unit(messages_that_were_packed), unit(headers_that_do_not_fit_are_damage),
    unit(time_up_is_incomplete), unit(memory_is_a_limit))
