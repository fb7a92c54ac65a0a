/* charset_private - what the files of the charset share.
 *
 * Decoders write to a sink. They run twice: once with out.p == NULL to learn
 * the size, once to fill exactly that many bytes.
 */
#ifndef MIME_CHARSET_PRIVATE_H
#define MIME_CHARSET_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "mime/charset_tables.h"

struct charset_sink {
	char *p; /* NULL: only count */
	size_t n;
	bool bad; /* U+FFFD was put for something that is none */
};

void charset_put(struct charset_sink *out, uint32_t cp);
void charset_put_bytes(struct charset_sink *out, const char *p, size_t n);
/* How many bytes in front are < 0x80. */
size_t charset_ascii(struct slice in) ATTR_PURE;
void charset_put_bad(struct charset_sink *out);

/* The set a label names, CHARSET_UNKNOWN when none. */
enum charset_set charset_find(struct slice label);
/* in read as that set, no mark looked for. */
struct slice charset_decode(
    struct arena *a, enum charset_set set, struct slice in, bool *damaged);

void charset_from_table(
    struct charset_sink *out, const uint16_t high[128], struct slice in);
void charset_from_utf8(struct charset_sink *out, struct slice in);
void charset_from_utf16(struct charset_sink *out, struct slice in, bool big);
void charset_from_utf32(struct charset_sink *out, struct slice in, bool big);
void charset_from_utf7(struct charset_sink *out, struct slice in);

/* 7-bit sets with shifts, rewritten as 8-bit sets without: ISO-2022-JP as
 * EUC-JP, ISO-2022-KR as EUC-KR, HZ as GB 2312. Bytes that belong to no
 * designated set become 0xff, which is bad in all three. */
struct slice charset_unshift_jp(struct arena *a, struct slice in);
struct slice charset_unshift_kr(struct arena *a, struct slice in);
struct slice charset_unshift_hz(struct arena *a, struct slice in);

#endif
