#include "mail/naming.h"

#include "base/text.h"
#include "mime/name.h"

/* Behind the last separator of any system. */
static struct slice
last_component(struct slice s)
{
	size_t i;

	for (i = s.n; i > 0; i--)
		if (s.p[i - 1] == '/' || s.p[i - 1] == '\\')
			break;
	return slice_from(s, i);
}

static bool
is_kept(char c)
{
	return text_is_alnum(c) ||
	       (c != '\0' && strchr("%()+,-.=_{}", c) != NULL);
}

/* Where the character number `chars` starts, or the length. */
static size_t
offset_of_char(struct slice s, size_t chars)
{
	size_t at;

	for (at = 0; at < s.n; at++)
		if (((unsigned char)s.p[at] & 0xc0) != 0x80 && chars-- == 0)
			break;
	return at;
}

/* Long names keep a short root and a short extension. */
static struct slice
shorten(struct arena *a, struct slice s)
{
	ptrdiff_t dot = slice_rchr(s, '.');
	struct slice root = s, ext = SLICE_NONE;

	if (offset_of_char(s, NAMING_SAFE_MAX) == s.n)
		return s;
	if (dot > 0) {
		root = slice_sub(s, 0, (size_t)dot);
		ext = slice_from(s, (size_t)dot + 1);
	}
	root.n = offset_of_char(root, NAMING_ROOT_MAX);
	ext.n = offset_of_char(ext, NAMING_EXT_MAX);
	return arena_printf(a, "%.*s%s%.*s", SLICE_FMT(root),
	    ext.n > 0 ? "." : "", SLICE_FMT(ext));
}

struct slice
naming_safe(struct arena *a, struct slice name)
{
	char *out;
	size_t at = 0, n = 0, len;

	name = last_component(name);
	name = slice_sub(name, 0, NAME_MAX_BYTES);
	out = arena_alloc(a, name.n + 1);
	for (; at < name.n; at += len) {
		len = text_utf8(name.p + at, name.n - at, NULL);
		if (len > 1) {
			memcpy(out + n, name.p + at, len);
			n += len;
		} else if (len == 1 && is_kept(name.p[at])) {
			out[n++] = name.p[at];
		} else if (len == 1 && text_is_wsp(name.p[at])) {
			out[n++] = '_';
		}
		len = len > 0 ? len : 1;
	}
	for (at = 0; at < n && out[at] == '.'; at++)
		;
	return at == n ? SLICE_NONE : shorten(a, slice_of(out, n));
}

/* What an entity without a name is called: msg-, its path, its type. */
static struct slice
made_up(struct arena *a, const struct entity *e)
{
	static const struct {
		const char *type, *ext;
	} table[] = {{"text/plain", "txt"}, {"text/html", "html"},
	    {"message/rfc822", "msg"}, {"image/gif", "gif"},
	    {"image/jpeg", "jpg"}, {"image/png", "png"},
	    {"application/postscript", "ps"}};
	const char *ext = "dat";
	struct slice path = slice_sub(e->path, 0, NAMING_SAFE_MAX);
	char *out = arena_str(a, path);
	size_t i;

	for (i = 0; i < COUNT_OF(table); i++)
		if (slice_is(e->type, table[i].type))
			ext = table[i].ext;
	for (i = 0; i < path.n; i++)
		if (!text_is_alnum(out[i]))
			out[i] = '-';
	return arena_printf(a, "msg-%s.%s", out, ext);
}

bool
naming_set(
    struct arena *a, struct entity *e, const struct slice *names, size_t count)
{
	struct texts t = {0};
	size_t i;

	for (i = 0; i < count && t.n < NAMING_NAMES_MAX; i++)
		name_readings(a, names[i], &t, NAMING_NAMES_MAX);
	e->names.at = t.at;
	e->names.n = t.n;
	e->names.cap = t.cap;
	if (t.n > 0)
		e->safe_name = naming_safe(a, t.at[0]);
	if (e->safe_name.n == 0)
		e->safe_name = made_up(a, e);
	return t.n < NAMING_NAMES_MAX;
}
