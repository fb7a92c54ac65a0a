/* Decoders of our own: single-byte tables, UTF-8, -16, -32, -7, shifts. */
#include "base/text.h"
#include "mime/charset_private.h"

enum { REPLACEMENT = 0xfffd };

void
charset_put(struct charset_sink *out, uint32_t cp)
{
	char tmp[4];

	out->n += text_put_utf8(out->p != NULL ? out->p + out->n : tmp, cp);
}

void
charset_put_bytes(struct charset_sink *out, const char *p, size_t n)
{
	if (out->p != NULL && n > 0)
		memcpy(out->p + out->n, p, n);
	out->n += n;
}

size_t
charset_ascii(struct slice in)
{
	size_t at = 0;
	uint64_t w;

	for (; at + sizeof(w) <= in.n; at += sizeof(w)) {
		memcpy(&w, in.p + at, sizeof(w));
		if ((w & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	while (at < in.n && (unsigned char)in.p[at] < 0x80)
		at++;
	return at;
}

void
charset_put_bad(struct charset_sink *out)
{
	charset_put(out, REPLACEMENT);
	out->bad = true;
}

void
charset_from_table(
    struct charset_sink *out, const uint16_t high[128], struct slice in)
{
	size_t at = 0;

	while (at < in.n) {
		size_t plain = charset_ascii(slice_from(in, at));

		charset_put_bytes(out, in.p + at, plain);
		for (at += plain; at < in.n; at++) {
			unsigned char c = (unsigned char)in.p[at];

			if (c < 0x80)
				break;
			if (high[c - 0x80] != 0)
				charset_put(out, high[c - 0x80]);
			else
				charset_put_bad(out);
		}
	}
}

/* How many bytes in front of s, which is no valid sequence, are the beginning
 * of one: these make one U+FFFD together. At least 1. */
static size_t
bad_prefix(struct slice s)
{
	unsigned char lead = (unsigned char)s.p[0], low = 0x80, high = 0xbf;
	size_t want, n;

	if (lead < 0xc2 || lead > 0xf4)
		return 1;
	want = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	for (n = 1; n < want && n < s.n; n++) {
		unsigned char c = (unsigned char)s.p[n];

		if (c < low || c > high)
			break;
		low = 0x80;
		high = 0xbf;
	}
	return n;
}

void
charset_from_utf8(struct charset_sink *out, struct slice in)
{
	size_t at = 0;

	while (at < in.n) {
		uint32_t cp = 0;
		size_t n = text_utf8(in.p + at, in.n - at, &cp);

		if (n == 1) {
			n = charset_ascii(slice_from(in, at));
			charset_put_bytes(out, in.p + at, n);
		} else if (n > 0) {
			charset_put_bytes(out, in.p + at, n);
		} else {
			charset_put_bad(out);
			n = bad_prefix(slice_from(in, at));
		}
		at += n;
	}
}

static uint32_t
unit16(const char *p, bool big)
{
	const unsigned char *u = (const unsigned char *)p;

	return big ? (uint32_t)u[0] << 8 | u[1] : (uint32_t)u[1] << 8 | u[0];
}

void
charset_from_utf16(struct charset_sink *out, struct slice in, bool big)
{
	size_t at;

	for (at = 0; at + 1 < in.n; at += 2) {
		uint32_t cp = unit16(in.p + at, big), low = 0;

		if (cp < 0xd800 || cp > 0xdfff) {
			charset_put(out, cp);
			continue;
		}
		if (cp < 0xdc00 && at + 3 < in.n)
			low = unit16(in.p + at + 2, big);
		if (low < 0xdc00 || low > 0xdfff) {
			charset_put_bad(out);
			continue;
		}
		charset_put(
		    out, 0x10000 + (cp - 0xd800) * 0x400 + low - 0xdc00);
		at += 2;
	}
	if (at < in.n)
		charset_put_bad(out);
}

void
charset_from_utf32(struct charset_sink *out, struct slice in, bool big)
{
	size_t at;

	for (at = 0; at + 3 < in.n; at += 4) {
		uint32_t one = unit16(in.p + at, big);
		uint32_t two = unit16(in.p + at + 2, big);
		uint32_t cp = big ? one << 16 | two : two << 16 | one;

		if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
			charset_put_bad(out);
		else
			charset_put(out, cp);
	}
	if (at < in.n)
		charset_put_bad(out);
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* A unit of UTF-16; *high is a high surrogate that waits, or 0. */
static void
put_unit(struct charset_sink *out, uint32_t unit, uint32_t *high)
{
	if (*high != 0 && unit >= 0xdc00 && unit <= 0xdfff) {
		charset_put(
		    out, 0x10000 + (*high - 0xd800) * 0x400 + unit - 0xdc00);
		*high = 0;
		return;
	}
	if (*high != 0)
		charset_put_bad(out);
	*high = unit >= 0xd800 && unit <= 0xdbff ? unit : 0;
	if (*high != 0)
		return;
	if (unit >= 0xdc00 && unit <= 0xdfff)
		charset_put_bad(out);
	else
		charset_put(out, unit);
}

/* The run of base64 behind a '+' at in[at - 1]; returns where it ends. */
static size_t
utf7_run(struct charset_sink *out, struct slice in, size_t at)
{
	uint32_t word = 0, high = 0;
	unsigned bits = 0;
	int v;

	for (; at < in.n && (v = base64_value(in.p[at])) >= 0; at++) {
		word = word << 6 | (uint32_t)v;
		bits += 6;
		if (bits >= 16) {
			bits -= 16;
			put_unit(out, word >> bits & 0xffff, &high);
		}
	}
	if (high != 0 || bits >= 6 || (word & ((1U << bits) - 1)) != 0)
		charset_put_bad(out);
	return at;
}

void
charset_from_utf7(struct charset_sink *out, struct slice in)
{
	size_t at = 0;

	while (at < in.n) {
		char c = in.p[at++];

		if ((unsigned char)c >= 0x80) {
			charset_put_bad(out);
		} else if (c != '+') {
			charset_put(out, (unsigned char)c);
		} else if (at < in.n && in.p[at] == '-') {
			charset_put(out, '+');
			at++;
		} else if (at >= in.n || base64_value(in.p[at]) < 0) {
			charset_put(out, '+');
			out->bad = true;
		} else {
			at = utf7_run(out, in, at);
			if (at < in.n && in.p[at] == '-')
				at++;
		}
	}
}

enum jp_mode { JP_ASCII, JP_KANA, JP_KANJI, JP_KANJI2 };

/* The escape sequence at s[0]; its length, 0 when it is none we know. */
static size_t
jp_escape(struct slice s, enum jp_mode *mode)
{
	static const struct {
		const char *text;
		enum jp_mode mode;
	} escapes[] = {
	    {"\033(B", JP_ASCII},
	    {"\033(J", JP_ASCII},
	    {"\033(H", JP_ASCII},
	    {"\033(I", JP_KANA},
	    {"\033$@", JP_KANJI},
	    {"\033$B", JP_KANJI},
	    {"\033$(D", JP_KANJI2},
	    {"\033&@", JP_KANJI},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(escapes); i++)
		if (slice_starts(s, escapes[i].text)) {
			*mode = escapes[i].mode;
			return strlen(escapes[i].text);
		}
	return 0;
}

/* One or two bytes of the mode at s[0], to out; how many were eaten. A line
 * end or another control byte stays what it is, and so does 8-bit text, which
 * is EUC already. */
static size_t
jp_char(struct slice s, enum jp_mode mode, char *out, size_t *n)
{
	unsigned char c = (unsigned char)s.p[0], d;

	if (mode == JP_ASCII || c <= 0x20 || c >= 0x7f) {
		out[(*n)++] = s.p[0];
		return 1;
	}
	if (mode == JP_KANA) {
		if (c > 0x5f) {
			out[(*n)++] = '\xff';
			return 1;
		}
		out[(*n)++] = '\x8e';
		out[(*n)++] = (char)(c | 0x80);
		return 1;
	}
	d = s.n > 1 ? (unsigned char)s.p[1] : 0;
	if (d <= 0x20 || d >= 0x7f) {
		out[(*n)++] = '\xff';
		return 1;
	}
	if (mode == JP_KANJI2)
		out[(*n)++] = '\x8f';
	out[(*n)++] = (char)(c | 0x80);
	out[(*n)++] = (char)(d | 0x80);
	return 2;
}

struct slice
charset_unshift_jp(struct arena *a, struct slice in)
{
	enum jp_mode mode = JP_ASCII;
	char *out = arena_alloc(a, in.n * 2 + 1);
	size_t at = 0, n = 0;
	bool kana = false; /* between SO and SI */

	while (at < in.n) {
		struct slice rest = slice_from(in, at);
		char c = in.p[at];
		size_t eaten = 0;

		if (c == '\033') {
			eaten = jp_escape(rest, &mode);
			if (eaten == 0) {
				out[n++] = '\xff';
				eaten = 1;
			}
		} else if (c == '\016' || c == '\017') {
			kana = c == '\016';
			eaten = 1;
		} else {
			/* software ends two-byte text at a line end */
			if (c == '\n' || c == '\r')
				mode = JP_ASCII;
			eaten = jp_char(rest, kana ? JP_KANA : mode, out, &n);
		}
		at += eaten;
	}
	return slice_of(out, n);
}

struct slice
charset_unshift_kr(struct arena *a, struct slice in)
{
	char *out = arena_alloc(a, in.n + 1);
	size_t at = 0, n = 0;
	bool shifted = false;

	while (at < in.n) {
		char c = in.p[at];

		if (slice_starts(slice_from(in, at), "\033$)C")) {
			at += 4;
			continue;
		}
		at++;
		if (c == '\016' || c == '\017') {
			shifted = c == '\016';
			continue;
		}
		if (c == '\n')
			shifted = false;
		if (c == '\033')
			out[n++] = '\xff';
		else if (shifted && c > ' ' && c < 0x7f)
			out[n++] = (char)(c | 0x80);
		else
			out[n++] = c;
	}
	return slice_of(out, n);
}

struct slice
charset_unshift_hz(struct arena *a, struct slice in)
{
	char *out = arena_alloc(a, in.n + 1);
	size_t at = 0, n = 0;
	bool shifted = false;

	while (at < in.n) {
		char c = in.p[at++];
		char d = at < in.n ? in.p[at] : '\0';

		if (c == '~' && (d == '{' || d == '}')) {
			shifted = d == '{';
			at++;
		} else if (c == '~' && !shifted && d == '~') {
			out[n++] = '~';
			at++;
		} else if (c == '~' && !shifted && d == '\n') {
			at++;
		} else if (c == '\n') {
			shifted = false;
			out[n++] = c;
		} else if (shifted && c > ' ' && c < 0x7f) {
			out[n++] = (char)(c | 0x80);
		} else {
			out[n++] = c;
		}
	}
	return slice_of(out, n);
}
