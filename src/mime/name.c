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
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
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

static struct slice
base_name(struct slice s)
{
	size_t i;

	for (i = s.n; i > 0; i--)
		if (s.p[i - 1] == '/' || s.p[i - 1] == '\\')
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

/* Control bytes dropped. */
static struct slice
without_controls(struct arena *a, struct slice s)
{
	char *out;
	size_t i, n = 0;

	for (i = 0; i < s.n && (unsigned char)s.p[i] >= ' '; i++)
		;
	if (i == s.n)
		return s;
	out = arena_alloc(a, s.n);
	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= ' ')
			out[n++] = s.p[i];
	return slice_of(out, n);
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

/* A form and what is left of it as a plain file name. */
static void
add_form(struct arena *a, struct texts *out, struct slice s, size_t most)
{
	ptrdiff_t colon;

	if (s.n == 0)
		return;
	(void)texts_add(a, out, s, most);
	s = strip_end(base_name(s));
	if (s.n > 0)
		(void)texts_add(a, out, s, most);
	colon = slice_chr(s, ':');
	if (colon > 0)
		(void)texts_add(
		    a, out, strip_end(slice_sub(s, 0, (size_t)colon)), most);
}

void
name_readings(
    struct arena *a, struct slice name, struct texts *out, size_t most)
{
	struct slice clean;
	ptrdiff_t nul;

	name = shorten(a, name);
	add_form(a, out, name, most);
	nul = slice_chr(name, 0);
	if (nul >= 0)
		add_form(a, out, slice_sub(name, 0, (size_t)nul), most);
	clean = without_controls(a, name_visible(a, name));
	if (!slice_eq(clean, name))
		add_form(a, out, clean, most);
}
