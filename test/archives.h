/* archives - zips with lies in them and other archives, made for tests.
 *
 * A zip is built entry by entry; every field of both headers can be set to
 * something else than the truth. Other formats come from libarchive's writer.
 * Everything lives in an arena. Header only: tests link what it needs.
 */
#ifndef TEST_ARCHIVES_H
#define TEST_ARCHIVES_H

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/slice.h"

/* One entry; zero means the truth, for what the name says it is. */
struct zip_part {
	const char *name;
	const char *local_name; /* another one in the local header */
	struct slice data;
	bool deflate;
	unsigned method, local_method; /* instead of 0 or 8 */
	unsigned flags, local_flags;
	bool clear_local;              /* local flags are 0 */
	uint32_t packed, local_packed; /* instead of the true size */
	bool hidden;                   /* not in the directory */
	bool unknown_sizes;            /* a data descriptor has them */
	uint32_t external;             /* attributes */
	int same_as; /* directory only: the local header of entry same_as-1 */
};

struct zip_maker {
	struct arena *a;
	struct buf out, central;
	uint32_t offsets[64];
	unsigned count, listed;
};

static inline void
zip_put(struct buf *b, unsigned bytes, uint64_t v)
{
	for (; bytes > 0; bytes--, v >>= 8)
		ensure(buf_addc(b, (char)(v & 0xff)));
}

static inline void
zip_maker_init(struct zip_maker *z, struct arena *a)
{
	*z = (struct zip_maker){.a = a};
	buf_init(&z->out, 1 << 26);
	buf_init(&z->central, 1 << 26);
}

static inline struct slice
archives_deflate(struct arena *a, struct slice s, int window)
{
	size_t room = s.n + s.n / 100 + 256;
	char *to = arena_alloc(a, room);
	char *in = arena_str(a, s);
	z_stream d = {0};

	ensure(deflateInit2(&d, 9, Z_DEFLATED, window, 8, 0) == Z_OK);
	d.next_in = (Bytef *)in;
	d.avail_in = (uInt)s.n;
	d.next_out = (Bytef *)to;
	d.avail_out = (uInt)room;
	ensure(deflate(&d, Z_FINISH) == Z_STREAM_END);
	room -= d.avail_out;
	ensure(deflateEnd(&d) == Z_OK);
	return slice_of(to, room);
}

static inline void
zip_put_header(struct zip_maker *z, struct buf *b, bool local,
    const struct zip_part *p, struct slice data, uint32_t offset)
{
	const char *name =
	    local && p->local_name != NULL ? p->local_name : p->name;
	unsigned method = p->deflate ? 8 : 0, flags = p->flags;
	uint32_t packed = (uint32_t)data.n, size = (uint32_t)p->data.n;
	uint32_t crc = (uint32_t)crc32(0,
	    (const Bytef *)(p->data.n > 0 ? p->data.p : ""), (uInt)p->data.n);

	(void)z;
	if (p->method != 0)
		method = p->method;
	if (local && p->local_method != 0)
		method = p->local_method;
	if (local && p->local_flags != 0)
		flags = p->local_flags;
	if (local && p->clear_local)
		flags = 0;
	if (p->unknown_sizes)
		flags |= 8;
	if (!local && p->packed != 0)
		packed = p->packed;
	if (local && p->local_packed != 0)
		packed = p->local_packed;
	if (local && p->unknown_sizes)
		packed = size = crc = 0;
	ensure(
	    buf_add(b, local ? slice_of("PK\3\4", 4) : slice_of("PK\1\2", 4)));
	if (!local)
		zip_put(b, 2, 3 << 8 | 20);
	zip_put(b, 2, 20);
	zip_put(b, 2, flags);
	zip_put(b, 2, method);
	zip_put(b, 4, 0x58210000);
	zip_put(b, 4, crc);
	zip_put(b, 4, packed);
	zip_put(b, 4, size);
	zip_put(b, 2, strlen(name));
	zip_put(b, 2, 0);
	if (!local) {
		zip_put(b, 2, 0);
		zip_put(b, 2, 0);
		zip_put(b, 2, 0);
		zip_put(b, 4, p->external);
		zip_put(b, 4, offset);
	}
	ensure(buf_adds(b, name));
}

static inline void
zip_add(struct zip_maker *z, struct zip_part p)
{
	struct slice data =
	    p.deflate ? archives_deflate(z->a, p.data, -MAX_WBITS) : p.data;
	uint32_t offset = (uint32_t)z->out.n;

	if (p.same_as > 0) {
		offset = z->offsets[p.same_as - 1];
	} else {
		zip_put_header(z, &z->out, true, &p, data, 0);
		ensure(buf_add(&z->out, data));
		if (p.unknown_sizes) {
			ensure(buf_add(&z->out, slice_of("PK\7\010", 4)));
			zip_put(&z->out, 4,
			    crc32(0, (const Bytef *)p.data.p, (uInt)p.data.n));
			zip_put(&z->out, 4, data.n);
			zip_put(&z->out, 4, p.data.n);
		}
	}
	if (z->count < COUNT_OF(z->offsets))
		z->offsets[z->count++] = offset;
	if (p.hidden)
		return;
	zip_put_header(z, &z->central, false, &p, data, offset);
	z->listed++;
}

/* The directory so far; more entries or another end may follow. */
static inline void
zip_end(struct zip_maker *z)
{
	uint32_t at = (uint32_t)z->out.n;

	ensure(buf_add(&z->out, buf_slice(&z->central)));
	ensure(buf_add(&z->out, slice_of("PK\5\6\0\0\0\0", 8)));
	zip_put(&z->out, 2, z->listed);
	zip_put(&z->out, 2, z->listed);
	zip_put(&z->out, 4, z->central.n);
	zip_put(&z->out, 4, at);
	zip_put(&z->out, 2, 0);
	buf_reset(&z->central);
	z->listed = 0;
}

static inline struct slice
zip_finish(struct zip_maker *z)
{
	struct slice s;

	if (z->listed > 0)
		zip_end(z);
	s = arena_dup(z->a, buf_slice(&z->out));
	buf_fini(&z->out);
	buf_fini(&z->central);
	return s;
}

/* A zip of one honest file. */
static inline struct slice
zip_of(struct arena *a, const char *name, struct slice data, bool deflate)
{
	struct zip_maker z;

	zip_maker_init(&z, a);
	zip_add(&z,
	    (struct zip_part){.name = name, .data = data, .deflate = deflate});
	return zip_finish(&z);
}

static inline struct slice
gzip_of(struct arena *a, struct slice data)
{
	return archives_deflate(a, data, MAX_WBITS + 16);
}

/* One file in a format of libarchive's writer: "ustar", "7zip", "cpio",
 * "iso9660", "raw" ...; filter "none", "bzip2", "xz", "zstd" ... */
static inline struct slice
archive_of(struct arena *a, const char *format, const char *filter,
    const char *name, struct slice data)
{
	size_t used = 0, room = data.n * 2 + (1 << 20);
	char *to = arena_alloc(a, room);
	struct archive *w = archive_write_new();
	struct archive_entry *e = archive_entry_new();

	ensure(archive_write_set_format_by_name(w, format) == ARCHIVE_OK);
	if (strcmp(filter, "none") != 0)
		ensure(
		    archive_write_add_filter_by_name(w, filter) == ARCHIVE_OK);
	(void)archive_write_set_bytes_per_block(w, 0);
	ensure(archive_write_open_memory(w, to, room, &used) == ARCHIVE_OK);
	archive_entry_set_pathname(e, name);
	archive_entry_set_size(e, (la_int64_t)data.n);
	archive_entry_set_filetype(e, 0100000);
	archive_entry_set_perm(e, 0644);
	ensure(archive_write_header(w, e) == ARCHIVE_OK);
	ensure(archive_write_data(w, data.p, data.n) == (la_ssize_t)data.n);
	archive_entry_free(e);
	ensure(archive_write_close(w) == ARCHIVE_OK);
	ensure(archive_write_free(w) == ARCHIVE_OK);
	return slice_of(to, used);
}

#endif
