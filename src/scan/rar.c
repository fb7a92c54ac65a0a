#include "scan/rar.h"

#include <stdint.h>

enum {
	HEADERS_MAX = 100000,
	RAR4_MAIN = 0x73,
	RAR4_FILE = 0x74,
	RAR4_MAIN_VOLUME = 0x01,
	RAR4_MAIN_PASSWORD = 0x80,
	RAR4_FILE_PASSWORD = 0x04,
	RAR4_HAS_DATA = 0x8000,
	RAR5_MAIN = 1,
	RAR5_FILE = 2,
	RAR5_CRYPT = 4,
	RAR5_END = 5,
	RAR5_HAS_EXTRA = 1,
	RAR5_HAS_DATA = 2,
	RAR5_VOLUME = 1,
	RAR5_EXTRA_CRYPT = 1,
};

static unsigned
le16(const char *p)
{
	return (unsigned)((unsigned char)p[0] | (unsigned char)p[1] << 8);
}

static uint64_t
le32(const char *p)
{
	return le16(p) | (uint64_t)le16(p + 2) << 16;
}

static void
look4(struct rar_look *out, struct slice s)
{
	unsigned left = HEADERS_MAX;

	while (s.n >= 7 && left-- > 0) {
		unsigned type = (unsigned char)s.p[2], flags = le16(s.p + 3);
		uint64_t size = le16(s.p + 5);

		if (size < 7)
			return;
		if (type == RAR4_MAIN) {
			out->headers_encrypted |= (flags & RAR4_MAIN_PASSWORD);
			out->part |= (flags & RAR4_MAIN_VOLUME);
			if (out->headers_encrypted)
				return;
		}
		if (type == RAR4_FILE)
			out->files_encrypted |= (flags & RAR4_FILE_PASSWORD);
		if ((flags & RAR4_HAS_DATA) != 0 || type == RAR4_FILE) {
			if (s.n < 11)
				return;
			size += le32(s.p + 7);
		}
		if (size > s.n)
			return;
		s = slice_from(s, (size_t)size);
	}
}

/* A number of 7 bits a byte; false when there is none. */
static bool
vint(struct slice *s, uint64_t *out)
{
	unsigned shift = 0;

	for (*out = 0; s->n > 0 && shift < 63; shift += 7) {
		unsigned char c = (unsigned char)s->p[0];

		*s = slice_from(*s, 1);
		*out |= (uint64_t)(c & 0x7f) << shift;
		if ((c & 0x80) == 0)
			return true;
	}
	return false;
}

/* The extra area at the end of a file's header. */
static void
look5_extra(struct rar_look *out, struct slice extra)
{
	uint64_t size, type;

	while (extra.n > 0 && vint(&extra, &size) && size <= extra.n) {
		struct slice record = slice_sub(extra, 0, (size_t)size);

		if (vint(&record, &type) && type == RAR5_EXTRA_CRYPT)
			out->files_encrypted = true;
		extra = slice_from(extra, (size_t)size);
		if (size == 0)
			return;
	}
}

static void
look5(struct rar_look *out, struct slice s)
{
	unsigned left = HEADERS_MAX;

	while (s.n > 4 && left-- > 0) {
		uint64_t size, type, flags, extra = 0, data = 0, more;
		struct slice head = slice_from(s, 4), whole;

		if (!vint(&head, &size) || size > head.n || size == 0)
			return;
		whole = head = slice_sub(head, 0, (size_t)size);
		if (!vint(&head, &type) || !vint(&head, &flags) ||
		    ((flags & RAR5_HAS_EXTRA) != 0 && !vint(&head, &extra)) ||
		    ((flags & RAR5_HAS_DATA) != 0 && !vint(&head, &data)))
			return;
		if (type == RAR5_CRYPT) {
			out->headers_encrypted = true;
			return;
		}
		if (type == RAR5_MAIN && vint(&head, &more))
			out->part |= (more & RAR5_VOLUME);
		if (type == RAR5_FILE && extra <= whole.n)
			look5_extra(
			    out, slice_from(whole, whole.n - (size_t)extra));
		if (type == RAR5_END)
			return;
		size = (uint64_t)(whole.p + whole.n - s.p);
		if (data > s.n - size)
			return;
		s = slice_from(s, (size_t)(size + data));
	}
}

void
rar_look(struct rar_look *out, struct slice bytes)
{
	*out = (struct rar_look){0};
	if (slice_starts(bytes, "Rar!\x1a\7\1"))
		look5(out, slice_from(bytes, 8));
	else
		look4(out, slice_from(bytes, 7));
}
