/* charset - text of any charset to UTF-8.
 *
 * Bad bytes become U+FFFD and the rest goes on; an unknown charset is read as
 * windows-1252. Labels follow the WHATWG Encoding list (iso-8859-1 means
 * windows-1252, gb2312 means gb18030 ...). Single-byte sets, UTF-8, -16, -32
 * and -7 are our own; the rest goes through iconv, whose converters are kept
 * open per process (the one state of this file). Output needs at most 3 bytes
 * per byte of input (5 for ISO-2022-JP) and no memory besides.
 */
#ifndef MIME_CHARSET_H
#define MIME_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

enum {
	CHARSET_READINGS_MAX = 4,
	CHARSET_META_BYTES = 4096, /* where a meta tag is looked for */
};

/* Open all converters: iconv loads modules from disk, a jail forbids that.
 * Returns how many sets could not be opened. */
size_t charset_warm(void);
bool charset_known(struct slice label);
/* Converted to the arena, or a view of `in` when it is UTF-8 already. A byte
 * order mark wins over the label and is cut. *damaged (may be NULL): U+FFFD
 * had to be written or the label is unknown. */
struct slice charset_to_utf8(
    struct arena *a, struct slice label, struct slice in, bool *damaged);
/* The same for text inside a header: the label decides; a mark counts only
 * where it says the order of bytes (utf-16, utf-32). */
struct slice charset_word_to_utf8(
    struct arena *a, struct slice label, struct slice in, bool *damaged);
/* All readings of a text: by its mark, its label, the HTML meta tag, UTF-16
 * without a label (NUL at every other byte), UTF-7, UTF-8 when it is valid.
 * At most CHARSET_READINGS_MAX, no duplicates; [0] is charset_to_utf8's. */
struct slice *charset_readings(
    struct arena *a, struct slice label, struct slice in, size_t *count);
bool charset_is_utf8(struct slice in) ATTR_PURE;

#endif
