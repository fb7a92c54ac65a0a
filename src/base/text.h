/* text - small questions about bytes: ASCII classes, UTF-8, printable form.
 *
 * No locale: letters are ASCII letters whatever LANG says. A digit is 0-9.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

static inline bool
text_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
text_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
text_is_alnum(char c)
{
	return text_is_alpha(c) || text_is_digit(c);
}

/* Blank: space or tab (WSP of RFC 5234). */
static inline bool
text_is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

/* White space as C's isspace in the C locale. */
static inline bool
text_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline char
text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Value of a hexadecimal digit, -1 for any other byte. */
int text_hex(char c) ATTR_CONST;

/* Length in bytes (1-4) of the valid UTF-8 sequence at p, 0 if it is none
 * (overlong, surrogate, > U+10FFFF, cut). *cp (may be NULL) gets the code
 * point. */
size_t text_utf8(const char *p, size_t n, uint32_t *cp);

/* Write cp as UTF-8 to out (room for 4); returns the length; surrogates and
 * values past U+10FFFF are written as U+FFFD. */
size_t text_put_utf8(char *out, uint32_t cp);

/* dst gets src in one printable line, NUL-terminated, at most cap - 1 bytes:
 * control bytes, DEL, bytes that are not UTF-8, bidi controls and line
 * separators become \xNN escapes; cut text ends in "...". Returns the length.
 */
size_t text_printable(char *dst, size_t cap, const char *src, size_t n);

#endif
