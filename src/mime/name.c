#include "mime/name.h"

#include <stdint.h>

#include "base/text.h"

/* Bidi controls, zero width and other characters nobody sees. */
static bool
is_ignorable(uint32_t c)
{
	return c == 0xad || c == 0x34f || c == 0x61c || c == 0x115f ||
	       c == 0x1160 || c == 0x17b4 || c == 0x17b5 ||
	       (c >= 0x180b && c <= 0x180f) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0x3164 || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff ||
	       c == 0xffa0 || (c >= 0xfff0 && c <= 0xfff8) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

struct slice
name_visible(struct arena *a, struct slice name)
{
	char *out = NULL;
	size_t at = 0, n = 0;

	while (at < name.n) {
		uint32_t c = 0;
		size_t len = text_utf8(name.p + at, name.n - at, &c);

		if (len > 0 && is_ignorable(c)) {
			if (out == NULL) {
				out = arena_alloc(a, name.n);
				memcpy(out, name.p, at);
				n = at;
			}
		} else {
			len = len > 0 ? len : 1;
			if (out != NULL) {
				memcpy(out + n, name.p + at, len);
				n += len;
			}
		}
		at += len;
	}
	return out != NULL ? slice_of(out, n) : name;
}

static bool
is_separator(char c)
{
	return c == '/' || c == '\\';
}

/* Behind the last separator that is not at the very end. */
static struct slice
base_name(struct slice s)
{
	size_t i;

	while (s.n > 0 && is_separator(s.p[s.n - 1]))
		s.n--;
	for (i = s.n; i > 0; i--)
		if (is_separator(s.p[i - 1]))
			return slice_from(s, i);
	return s;
}

/* Without dots, blanks, no-break spaces and controls at the end. */
static struct slice
strip_end(struct slice s)
{
	for (;;) {
		if (s.n > 0 &&
		    (s.p[s.n - 1] == '.' || (unsigned char)s.p[s.n - 1] <= ' '))
			s.n--;
		else if (s.n > 1 && s.p[s.n - 2] == '\xc2' &&
			 s.p[s.n - 1] == '\xa0')
			s.n -= 2;
		else if (s.n > 2 && slice_ends(s, "\xe3\x80\x80"))
			s.n -= 3;
		else
			return s;
	}
}

static bool
is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

/* Control bytes dropped. */
static struct slice
without_controls(struct arena *a, struct slice s)
{
	char *out;
	size_t i, n = 0;

	for (i = 0; i < s.n && !is_control(s.p[i]); i++)
		;
	if (i == s.n)
		return s;
	out = arena_alloc(a, s.n);
	for (i = 0; i < s.n; i++)
		if (!is_control(s.p[i]))
			out[n++] = s.p[i];
	return slice_of(out, n);
}

/* The ASCII character that programs with an 8-bit code page make of c. */
static uint32_t
best_fit(uint32_t c)
{
	if (c >= 0xff01 && c <= 0xff5e)
		return c - 0xff01 + '!';
	if (c == 0x2024 || c == 0x3002 || c == 0xff61 || c == 0xfe52)
		return '.';
	if (c == 0x2044 || c == 0x2215)
		return '/';
	if (c == 0x2216)
		return '\\';
	if (c == 0xa0 || c == 0x3000 || (c >= 0x2000 && c <= 0x200a))
		return ' ';
	return c;
}

static struct slice
fold_wide(struct arena *a, struct slice s)
{
	char *out;
	size_t at = 0, n = 0, len;
	bool same = true;
	uint32_t c;

	for (at = 0; at < s.n; at += len) {
		len = text_utf8(s.p + at, s.n - at, &c);
		if (len == 0)
			len = 1;
		else
			same = same && best_fit(c) == c;
	}
	if (same)
		return s;
	out = arena_alloc(a, s.n);
	for (at = 0; at < s.n; at += len) {
		len = text_utf8(s.p + at, s.n - at, &c);
		if (len > 0 && best_fit(c) != c) {
			out[n++] = (char)best_fit(c);
			continue;
		}
		len = len > 0 ? len : 1;
		memcpy(out + n, s.p + at, len);
		n += len;
	}
	return slice_of(out, n);
}

/* %XX undone, as programs do that take a name for a piece of a URL. */
static struct slice
without_percent(struct arena *a, struct slice s)
{
	char *out;
	size_t i, n = 0;

	if (slice_chr(s, '%') < 0)
		return s;
	out = arena_alloc(a, s.n);
	for (i = 0; i < s.n; i++) {
		int high = -1, low = -1;

		if (s.p[i] == '%' && i + 2 < s.n) {
			high = text_hex(s.p[i + 1]);
			low = text_hex(s.p[i + 2]);
		}
		if (high >= 0 && low >= 0)
			i += 2;
		out[n++] =
		    high >= 0 && low >= 0 ? (char)(high << 4 | low) : s.p[i];
	}
	return slice_of(out, n);
}

/* "a. exe": a line was folded behind the last dot, and some drop the blank. */
static struct slice
without_gap(struct arena *a, struct slice s)
{
	ptrdiff_t dot = slice_rchr(s, '.');
	size_t from, to;
	char *out;

	if (dot < 0)
		return s;
	for (from = to = (size_t)dot + 1; to < s.n && s.p[to] == ' '; to++)
		;
	if (to == from || to == s.n)
		return s;
	out = arena_alloc(a, s.n);
	memcpy(out, s.p, from);
	memcpy(out + from, s.p + to, s.n - to);
	return slice_of(out, from + s.n - to);
}

static struct slice
shorten(struct arena *a, struct slice s)
{
	char *out;

	if (s.n <= NAME_MAX_BYTES)
		return s;
	out = arena_alloc(a, NAME_MAX_BYTES);
	memcpy(out, s.p, NAME_MAX_BYTES / 2);
	memcpy(out + NAME_MAX_BYTES / 2, s.p + s.n - NAME_MAX_BYTES / 2,
	    NAME_MAX_BYTES / 2);
	return slice_of(out, NAME_MAX_BYTES);
}

static void
add(struct arena *a, struct texts *out, struct slice s, size_t most)
{
	if (s.n > 0)
		(void)texts_add(a, out, shorten(a, s), most);
}

/* A form and what is left of it as a plain file name. All is done with the
 * whole name: cutting first would lose what stands in its middle. */
static void
add_form(struct arena *a, struct texts *out, struct slice s, size_t most)
{
	ptrdiff_t colon;

	add(a, out, s, most);
	s = strip_end(base_name(strip_end(s)));
	add(a, out, s, most);
	colon = slice_chr(s, ':');
	if (colon > 0)
		add(a, out, strip_end(slice_sub(s, 0, (size_t)colon)), most);
}

void
name_readings(
    struct arena *a, struct slice name, struct texts *out, size_t most)
{
	struct slice cut = name, clean, wide, other;
	ptrdiff_t nul = slice_chr(name, 0);

	add_form(a, out, name, most);
	if (nul >= 0) {
		cut = slice_sub(name, 0, (size_t)nul);
		add_form(a, out, cut, most);
	}
	clean = without_controls(a, name_visible(a, cut));
	if (!slice_eq(clean, cut))
		add_form(a, out, clean, most);
	wide = fold_wide(a, clean);
	if (!slice_eq(wide, clean))
		add_form(a, out, wide, most);
	other = without_percent(a, wide);
	if (!slice_eq(other, wide))
		add_form(a, out, other, most);
	other = without_gap(a, wide);
	if (!slice_eq(other, wide))
		add_form(a, out, other, most);
	if (nul < 0)
		return;
	clean = without_controls(a, name_visible(a, name));
	add_form(a, out, clean, most);
}
