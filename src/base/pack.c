#include "base/pack.h"

#include "base/fail.h"

static void
put(struct buf *b, uint64_t v, size_t bytes)
{
	char out[8];
	size_t i;

	for (i = 0; i < bytes; i++)
		out[i] = (char)(v >> (8 * i) & 0xff);
	(void)buf_add(b, slice_of(out, bytes));
}

void
pack_u8(struct buf *b, uint8_t v)
{
	put(b, v, 1);
}

void
pack_u32(struct buf *b, uint32_t v)
{
	put(b, v, 4);
}

void
pack_u64(struct buf *b, uint64_t v)
{
	put(b, v, 8);
}

void
pack_slice(struct buf *b, struct slice s)
{
	ensure(s.n <= UINT32_MAX);
	pack_u32(b, (uint32_t)s.n);
	(void)buf_add(b, s);
}

static uint64_t
get(struct unpack *u, size_t bytes)
{
	uint64_t v = 0;
	size_t i;

	if (u->bad || u->rest.n < bytes) {
		u->bad = true;
		return 0;
	}
	for (i = 0; i < bytes; i++)
		v |= (uint64_t)(unsigned char)u->rest.p[i] << (8 * i);
	u->rest.p += bytes;
	u->rest.n -= bytes;
	return v;
}

uint8_t
unpack_u8(struct unpack *u)
{
	return (uint8_t)get(u, 1);
}

uint32_t
unpack_u32(struct unpack *u)
{
	return (uint32_t)get(u, 4);
}

uint64_t
unpack_u64(struct unpack *u)
{
	return get(u, 8);
}

struct slice
unpack_slice(struct unpack *u)
{
	size_t n = unpack_u32(u);
	struct slice s;

	if (u->bad || n > u->rest.n) {
		u->bad = true;
		return SLICE_NONE;
	}
	s = slice_of(u->rest.p, n);
	u->rest.p += n;
	u->rest.n -= n;
	return s;
}

uint32_t
unpack_count(struct unpack *u, size_t least)
{
	uint32_t n = unpack_u32(u);

	if (u->bad || n > u->rest.n / (least > 0 ? least : 1)) {
		u->bad = true;
		return 0;
	}
	return n;
}

bool
unpack_done(const struct unpack *u)
{
	return !u->bad && u->rest.n == 0;
}
