/* fold - write legal header fields and texts: RFC 5322, 2045, 2047, 2231.
 *
 * Values are UTF-8 from anywhere: control bytes become spaces, bytes that are
 * no UTF-8 become U+FFFD. No output line is longer than 998 bytes, and lines
 * are folded at 76 where there is a place. `eol` is "\n" or "\r\n".
 */
#ifndef ACT_FOLD_H
#define ACT_FOLD_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* "Name: value" and eol. White space of the value is squeezed; words that are
 * not plain ASCII become encoded words. */
void fold_field(
    struct buf *out, struct slice name, struct slice value, const char *eol);
/* The same for a list of addresses: what stands in <> is kept together and
 * never encoded, display names may be. */
void fold_addresses(
    struct buf *out, struct slice name, struct slice value, const char *eol);
/* text as encoded words for the inside of an unstructured field: ASCII that
 * needs nothing is written as it is. `glue` text is put inside the last
 * encoded word, or behind plain text. Encoded words are separated by a
 * space, not folded. */
void fold_text(struct buf *out, struct slice text, bool space_after);
/* `; name="value"` or, outside ASCII, the RFC 2231 form; folded onto lines of
 * its own (eol, tab) when `eol` is not NULL. */
void fold_param(
    struct buf *out, const char *name, struct slice value, const char *eol);

enum fold_encoding { FOLD_7BIT, FOLD_8BIT, FOLD_QUOTED_PRINTABLE };
/* The plainest encoding that carries text: ASCII, UTF-8, or lines too long. */
enum fold_encoding fold_encoding_of(struct slice text);
const char *fold_encoding_word(enum fold_encoding e);
/* text (LF or CRLF line ends) in encoding e; every line ends in eol. */
void fold_body(
    struct buf *out, struct slice text, enum fold_encoding e, const char *eol);

/* bytes as base64 lines, each with its eol. */
void fold_base64(struct buf *out, struct slice bytes, const char *eol);

/* UTF-8 made of s: control bytes but LF and tab (kept when `lines`) become
 * spaces, CR is dropped, broken bytes become U+FFFD. */
void fold_clean(struct buf *out, struct slice s, bool lines);

#endif
