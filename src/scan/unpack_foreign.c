/* Everything libarchive reads; no format that would run a program. */
#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include "scan/rar.h"
#include "scan/unpacking.h"

enum {
	EMPTY_MAX = 40, /* bytes of an archive that holds nothing */
};

struct foreign {
	struct unpacking *x;
	struct archive *ar;
	enum kind kind;
	struct rar_look rar;
	unsigned headers; /* entries and folders seen */
	bool opened;      /* libarchive knows the format */
	bool failed;      /* something could not be read */
	bool locked;      /* it says something is encrypted */
	const char *why;
};

/* ---- opening ------------------------------------------------------------ */

static void
support_stream(struct archive *ar, enum kind kind)
{
	switch ((int)kind) {
	case KIND_BZIP2:
		(void)archive_read_support_filter_bzip2(ar);
		break;
	case KIND_XZ:
		(void)archive_read_support_filter_xz(ar);
		break;
	case KIND_LZMA:
		(void)archive_read_support_filter_lzma(ar);
		break;
	case KIND_LZIP:
		(void)archive_read_support_filter_lzip(ar);
		break;
	case KIND_ZSTD:
		(void)archive_read_support_filter_zstd(ar);
		break;
	case KIND_LZ4:
		(void)archive_read_support_filter_lz4(ar);
		break;
	default:
		(void)archive_read_support_filter_compress(ar);
		break;
	}
	(void)archive_read_support_format_raw(ar);
}

static void
support_archive(struct archive *ar, enum kind kind)
{
	switch ((int)kind) {
	case KIND_TAR:
		(void)archive_read_support_format_tar(ar);
		(void)archive_read_set_options(
		    ar, "tar:read_concatenated_archives");
		break;
	case KIND_RAR:
		(void)archive_read_support_format_rar(ar);
		break;
	case KIND_RAR5:
		(void)archive_read_support_format_rar5(ar);
		break;
	case KIND_SEVEN:
		(void)archive_read_support_format_7zip(ar);
		break;
	case KIND_CAB:
		(void)archive_read_support_format_cab(ar);
		break;
	case KIND_AR:
		(void)archive_read_support_format_ar(ar);
		break;
	case KIND_RPM:
		(void)archive_read_support_filter_rpm(ar);
		(void)archive_read_support_filter_gzip(ar);
		(void)archive_read_support_filter_bzip2(ar);
		(void)archive_read_support_filter_xz(ar);
		(void)archive_read_support_filter_lzma(ar);
		(void)archive_read_support_filter_zstd(ar);
		(void)archive_read_support_format_cpio(ar);
		break;
	case KIND_CPIO:
		(void)archive_read_support_format_cpio(ar);
		break;
	case KIND_ISO:
		(void)archive_read_support_format_iso9660(ar);
		break;
	default:
		(void)archive_read_support_format_lha(ar);
		break;
	}
}

/* Long names of Rock Ridge are continued elsewhere; libarchive follows such a
 * record for ever when it leads back to itself. */
static bool
has_continuation(struct slice iso)
{
	return slice_find(iso, slice_of("CE\x1c\1", 4)) >= 0;
}

/* ---- data --------------------------------------------------------------- */

/* Zeros up to `offset`: a hole of a sparse file. */
static bool
fill_hole(struct unpacking *x, uint64_t offset, int member)
{
	while (x->room->n < offset) {
		uint64_t step = offset - x->room->n;
		char *to;

		if (offset > x->room->max) {
			unpacking_full(x, member);
			return false;
		}
		step = step < UNPACKING_STEP ? step : UNPACKING_STEP;
		to = buf_room(x->room, (size_t)step);
		if (to == NULL) {
			unpacking_full(x, member);
			return false;
		}
		memset(to, 0, (size_t)step);
		x->room->n += (size_t)step;
		if (!unpacking_work(x, 0))
			return false;
	}
	return true;
}

/* The data of the entry in hand into the room: 0, or ARCHIVE_ codes. */
static int
read_data(struct unpacking *x, struct archive *ar, int member)
{
	const void *block;
	size_t n;
	la_int64_t offset;
	int rc;

	(void)unpacking_room(x);
	for (;;) {
		rc = archive_read_data_block(ar, &block, &n, &offset);
		if (rc == ARCHIVE_EOF)
			return ARCHIVE_OK;
		if (rc < ARCHIVE_WARN)
			return rc;
		if (!unpacking_work(x, 0))
			return ARCHIVE_OK;
		if (offset > 0 && !fill_hole(x, (uint64_t)offset, member))
			return ARCHIVE_OK;
		if (!buf_add(x->room, slice_of(block, n))) {
			size_t left = x->room->max - x->room->n;

			(void)buf_add(x->room, slice_of(block, left));
			unpacking_full(x, member);
			return ARCHIVE_OK;
		}
		/* An entry may consist of empty blocks for ever. */
		if (n == 0 && !unpacking_work(x, 64))
			return ARCHIVE_OK;
	}
}

/* ---- entries ------------------------------------------------------------ */

static struct slice
entry_name(struct archive_entry *e)
{
	const char *name = archive_entry_pathname_utf8(e);

	if (name == NULL)
		name = archive_entry_pathname(e);
	return slice_str(name);
}

static struct slice
link_target(struct archive_entry *e)
{
	const char *to = archive_entry_symlink_utf8(e);

	if (to == NULL)
		to = archive_entry_symlink(e);
	if (to == NULL)
		to = archive_entry_hardlink_utf8(e);
	if (to == NULL)
		to = archive_entry_hardlink(e);
	return slice_str(to);
}

/* What the file system would be asked to make, besides files. */
static void
check_special(struct unpacking *x, struct archive_entry *e, int member)
{
	struct slice to = link_target(e);
	unsigned type = archive_entry_filetype(e);

	if (to.n > 0)
		unpacking_check_link(x, member, arena_dup(x->a, to));
	if (type == S_IFCHR || type == S_IFBLK || type == S_IFIFO ||
	    type == S_IFSOCK)
		unpacking_say(x, FINDING_TRAVERSAL, member, true, "unpack",
		    "It would make a device or a pipe");
}

static void
fail_entry(struct foreign *f)
{
	if (!f->failed)
		f->why = archive_error_string(f->ar);
	f->failed = true;
	if (f->why != NULL)
		f->why = arena_str(f->x->a, slice_str(f->why));
}

/* One entry; false: stop. */
static bool
unpack_entry(struct foreign *f, struct archive_entry *e)
{
	struct unpacking *x = f->x;
	struct slice name = arena_dup(x->a, entry_name(e));
	bool locked = archive_entry_is_encrypted(e) > 0;
	int member, rc;

	if (archive_entry_filetype(e) == S_IFDIR) {
		unpacking_check_name(x, x->entity, name);
		/* They cost nothing and may be many. */
		return unpacking_work(x, 512);
	}
	if (locked || f->rar.files_encrypted)
		x->saw_encrypted = true;
	if (x->list_only) {
		if (locked)
			unpacking_encrypted(x, -1);
		else
			x->saw_clear = true;
		return unpacking_work(x, 512);
	}
	member = unpacking_member(x, &name, name.n > 0);
	if (member < 0)
		return false;
	if (archive_entry_size_is_set(e) && archive_entry_size(e) > 0)
		x->m->entities.at[member].size =
		    (uint64_t)archive_entry_size(e);
	check_special(x, e, member);
	if (locked) {
		unpacking_encrypted(x, member);
		return true;
	}
	x->saw_clear = true;
	rc = read_data(x, f->ar, member);
	if (x->room->n > 0 || rc == ARCHIVE_OK)
		unpacking_keep(x, member, buf_slice(x->room));
	if (rc != ARCHIVE_OK && f->rar.files_encrypted)
		unpacking_encrypted(x, member);
	else if (rc != ARCHIVE_OK)
		fail_entry(f);
	return rc != ARCHIVE_FATAL && !x->stop;
}

static void
unpack_entries(struct foreign *f)
{
	struct archive_entry *e;
	int rc;

	for (;;) {
		rc = archive_read_next_header(f->ar, &e);
		if (rc == ARCHIVE_EOF)
			return;
		/* What libarchive takes for a bad header: the next one may be
		 * good, and some program may have read this one. */
		if (rc == ARCHIVE_RETRY) {
			fail_entry(f);
			if (!unpacking_work(f->x, 512))
				return;
			continue;
		}
		if (rc < ARCHIVE_WARN) {
			fail_entry(f);
			return;
		}
		f->headers++;
		if (!unpack_entry(f, e))
			return;
	}
}

static void
unpack_stream(struct foreign *f)
{
	struct archive_entry *e;
	struct unpacking *x = f->x;
	int member, rc = archive_read_next_header(f->ar, &e);
	bool stop, all;

	x->saw_clear = true;
	if (rc < ARCHIVE_WARN) {
		fail_entry(f);
		return;
	}
	if (x->list_only)
		return;
	rc = read_data(x, f->ar, -1);
	if (rc != ARCHIVE_OK)
		fail_entry(f);
	if (x->late)
		return;
	stop = x->stop;
	all = x->stop_all;
	x->stop = x->stop_all = false;
	member = unpacking_stream_member(x, SLICE_NONE);
	if (member > 0)
		unpacking_keep(x, member, buf_slice(x->room));
	x->stream = false;
	x->stop |= stop;
	x->stop_all |= all;
}

void
foreign_unpack(struct unpacking *x, struct slice bytes, enum kind kind)
{
	struct foreign f = {.x = x, .kind = kind, .why = ""};

	x->by = UNPACK_BY_RAR;
	if (kind == KIND_RAR || kind == KIND_RAR5)
		rar_look(&f.rar, bytes);
	if (!unpacking_work(x, bytes.n))
		return;
	if (kind == KIND_ISO && has_continuation(bytes)) {
		unpacking_say(x, FINDING_UNSUPPORTED, x->entity, true, "unpack",
		    "An image with continued records, which is not opened");
		return;
	}
	f.ar = archive_read_new();
	if (f.ar == NULL)
		return;
	if (kind_how(kind) == KIND_HOW_STREAM)
		support_stream(f.ar, kind);
	else
		support_archive(f.ar, kind);
	f.opened =
	    archive_read_open_memory(f.ar, bytes.p, bytes.n) == ARCHIVE_OK;
	if (!f.opened)
		fail_entry(&f);
	else if (kind_how(kind) == KIND_HOW_STREAM)
		unpack_stream(&f);
	else
		unpack_entries(&f);
	/* A list that is empty for us need not be so for others. */
	if (f.headers == 0 && !f.failed && bytes.n > EMPTY_MAX &&
	    kind_how(kind) == KIND_HOW_LIBRARY && kind != KIND_TAR) {
		f.failed = true;
		f.why = "nothing in it can be listed";
	}
	/* It may be asked only when a format was chosen. */
	if (f.opened)
		f.locked = archive_read_has_encrypted_entries(f.ar) > 0;
	if (f.rar.headers_encrypted || f.rar.files_encrypted || f.locked)
		unpacking_encrypted(x, -1);
	if (f.failed && !f.locked && !f.rar.headers_encrypted && !x->stop)
		unpacking_say(x, FINDING_UNREADABLE, x->entity, true, "unpack",
		    "A %s archive that cannot be read: %s", kind_word(kind),
		    f.why != NULL && f.why[0] != '\0' ? f.why : "damaged");
	if (f.rar.part && !x->stop)
		unpacking_say(x, FINDING_UNREADABLE, x->entity, true, "unpack",
		    "One part of a %s archive in several files",
		    kind_word(kind));
	(void)archive_read_free(f.ar);
}

/* ---- one member of a zip ------------------------------------------------ */

/* libarchive knows methods we do not: it gets a zip of this one member. */
struct pieces {
	struct slice at[2];
	unsigned next;
};

static la_ssize_t
read_piece(struct archive *ar, void *ctx, const void **out)
{
	struct pieces *p = ctx;

	(void)ar;
	if (p->next == COUNT_OF(p->at))
		return 0;
	*out = p->at[p->next].p;
	return (la_ssize_t)p->at[p->next++].n;
}

static void
put(char *at, unsigned bytes, uint64_t v)
{
	for (; bytes > 0; bytes--, v >>= 8)
		*at++ = (char)(v & 0xff);
}

bool
foreign_unpack_zip_member(struct unpacking *x, struct slice data,
    unsigned method, uint64_t size, uint32_t crc, int member)
{
	char head[32] = "PK\3\4";
	struct pieces p = {.at = {slice_of(head, 31), data}};
	struct archive *ar;
	struct archive_entry *e;
	bool good = false;

	if (data.n >= UINT32_MAX || size >= UINT32_MAX || data.n == 0)
		return false;
	put(head + 4, 2, 63);
	put(head + 8, 2, method);
	put(head + 14, 4, crc);
	put(head + 18, 4, data.n);
	put(head + 22, 4, size);
	put(head + 26, 2, 1);
	head[30] = 'x';
	ar = archive_read_new();
	if (ar == NULL)
		return false;
	(void)archive_read_support_format_zip_streamable(ar);
	if (archive_read_open(ar, &p, NULL, read_piece, NULL) == ARCHIVE_OK &&
	    archive_read_next_header(ar, &e) >= ARCHIVE_WARN) {
		good = read_data(x, ar, member) == ARCHIVE_OK;
		unpacking_keep(x, member, buf_slice(x->room));
	}
	(void)archive_read_free(ar);
	return good;
}
