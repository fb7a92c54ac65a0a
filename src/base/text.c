#include "base/text.h"

#include <string.h>

int
text_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

size_t
text_utf8(const char *p, size_t n, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead;
	uint32_t value;
	size_t len, i;

	if (n == 0)
		return 0;
	lead = (unsigned char)p[0];
	if (lead < 0x80) {
		if (cp != NULL)
			*cp = lead;
		return 1;
	}
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	len = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (n < len)
		return 0;
	value = lead & (0x7fU >> len);
	for (i = 1; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		if ((c & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (c & 0x3f);
	}
	if (value < least[len] || value > 0x10ffff ||
	    (value >= 0xd800 && value <= 0xdfff))
		return 0;
	if (cp != NULL)
		*cp = value;
	return len;
}

size_t
text_put_utf8(char *out, uint32_t cp)
{
	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		cp = 0xfffd;
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* Bidi controls, zero-width marks and line separators turn a log line into
 * something else than what it says. */
static bool
is_deceptive(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0xad ||
	       cp == 0x61c || (cp >= 0x200b && cp <= 0x200f) ||
	       (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff;
}

size_t
text_printable(char *dst, size_t cap, const char *src, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	size_t used = 0, i = 0;

	if (cap == 0)
		return 0;
	while (i < n) {
		uint32_t cp = 0;
		size_t len = text_utf8(src + i, n - i, &cp);
		bool plain = len > 0 && !is_deceptive(cp);
		size_t from = len > 0 ? len : 1;
		size_t need = plain ? len : 4 * from;
		size_t tail = i + from < n ? sizeof("...") : 1;
		size_t k;

		if (used + need + tail > cap)
			break;
		if (plain) {
			(void)memcpy(dst + used, src + i, len);
			used += len;
		} else {
			for (k = 0; k < from; k++) {
				unsigned char c = (unsigned char)src[i + k];

				dst[used++] = '\\';
				dst[used++] = 'x';
				dst[used++] = hex[c >> 4];
				dst[used++] = hex[c & 15];
			}
		}
		i += from;
	}
	if (i < n && used + 4 <= cap) {
		(void)memcpy(dst + used, "...", 3);
		used += 3;
	}
	dst[used] = '\0';
	return used;
}
