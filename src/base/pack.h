/* pack - lengths and values between our own processes; nothing is parsed.
 *
 * Numbers are little-endian, a slice is a u32 length and its bytes. The
 * reader checks every length against what is left; a short or overlong
 * message sets `bad` and all further reads give zero or empty.
 */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

void pack_u8(struct buf *b, uint8_t v);
void pack_u32(struct buf *b, uint32_t v);
void pack_u64(struct buf *b, uint64_t v);
/* s.n must be < 4 GiB (panic otherwise). */
void pack_slice(struct buf *b, struct slice s);

struct unpack {
	struct slice rest;
	bool bad;
};

static inline struct unpack
unpack_of(struct slice s)
{
	return (struct unpack){s, false};
}

uint8_t unpack_u8(struct unpack *u);
uint32_t unpack_u32(struct unpack *u);
uint64_t unpack_u64(struct unpack *u);
/* A view into the packed bytes. */
struct slice unpack_slice(struct unpack *u);
/* A count of elements that each need at least `least` packed bytes; 0 and
 * `bad` if that many cannot be there. */
uint32_t unpack_count(struct unpack *u, size_t least);
/* All of it was read and nothing was wrong. */
bool unpack_done(const struct unpack *u);

#endif
