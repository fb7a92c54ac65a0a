#include "scan/filetype.h"

#include <magic.h>

#include "base/text.h"
#include "mime/charset.h"

struct filetype {
	struct arena *arena;
	magic_t magic;
};

enum {
	/* Packed content is unpacked by us, not by libmagic. */
	FLAGS = MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TOKENS,
};

static void
set_limit(magic_t m, int which, size_t value)
{
	(void)magic_setparam(m, which, &value);
}

struct filetype *
filetype_new(struct fail *why)
{
	struct arena *a = arena_new(0);
	struct filetype *f = arena_make(a, struct filetype);

	f->arena = a;
	f->magic = magic_open(FLAGS);
	if (f->magic == NULL || magic_load(f->magic, NULL) != 0) {
		const char *text =
		    f->magic != NULL ? magic_error(f->magic) : NULL;

		(void)fail_set(why, FAIL_CONFIG, "libmagic: %s",
		    text != NULL ? text : "no memory");
		filetype_free(f);
		return NULL;
	}
	set_limit(f->magic, MAGIC_PARAM_BYTES_MAX, FILETYPE_BYTES_MAX);
	/* What libmagic prepares at its first use happens here, not in a jail
	 * or on somebody's first message. */
	(void)magic_buffer(f->magic, "first use\n", 10);
	return f;
}

void
filetype_free(struct filetype *f)
{
	if (f == NULL)
		return;
	if (f->magic != NULL)
		magic_close(f->magic);
	arena_free(f->arena);
}

static bool
ask(struct filetype *f, struct arena *a, struct slice bytes, int flags,
    struct slice *out)
{
	const char *text;

	*out = SLICE_NONE;
	if (magic_setflags(f->magic, FLAGS | flags) != 0)
		return false;
	text = magic_buffer(f->magic, bytes.n > 0 ? bytes.p : "", bytes.n);
	if (text == NULL)
		return false;
	*out = arena_dup(a, slice_sub(slice_str(text), 0, FILETYPE_WORDS_MAX));
	return true;
}

/* What the words already tell, so that the database need not be searched
 * twice: all of its entries that begin so have this type. */
static struct slice
known_mime(struct slice words)
{
	static const struct {
		const char *words, *mime;
	} rows[] = {{"ASCII text", "text/plain"},
	    {"Unicode text, UTF-8 text", "text/plain"},
	    {"ISO-8859 text", "text/plain"},
	    {"Non-ISO extended-ASCII text", "text/plain"},
	    {"HTML document", "text/html"}, {"PDF document", "application/pdf"},
	    {"JPEG image data", "image/jpeg"}, {"PNG image data", "image/png"},
	    {"GIF image data", "image/gif"},
	    {"Zip archive data", "application/zip"},
	    {"gzip compressed data", "application/gzip"},
	    {"empty", "application/x-empty"}};
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++)
		if (slice_starts(words, rows[i].words))
			return slice_str(rows[i].mime);
	return SLICE_NONE;
}

bool
filetype_ask(struct filetype *f, struct arena *a, struct slice bytes,
    struct filetype_answer *out)
{
	bool words;

	bytes = slice_sub(bytes, 0, FILETYPE_BYTES_MAX);
	words = ask(f, a, bytes, 0, &out->words);
	out->mime = known_mime(out->words);
	if (out->mime.n > 0)
		return true;
	return ask(f, a, bytes, MAGIC_MIME_TYPE, &out->mime) && words;
}

/* Every byte is one of text (file's own notion), none of C1. */
static bool
is_clean(struct slice s, bool *ascii)
{
	size_t i;

	*ascii = true;
	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80)
			*ascii = false;
		else if (c == 0x7f || (c < ' ' && c != '\t' && c != '\n' &&
					  c != '\r' && c != '\f'))
			return false;
	}
	return true;
}

/* Words at the start of text that is something else to file or a system. */
static bool
begins_oddly(struct slice s)
{
	static const char *const odd[] = {"MZ", "PK", "Rar", "GIF8", "BZh",
	    "BM", "ZM", "REGEDIT", "Windows Registry", "From ", "begin",
	    "xbtoa", "import ", "package ", "Return-", "Relay-",
	    "Received:", "Article", "BEGIN", "P1", "P2", "P3", "P4", "P5", "P6",
	    "P7", "EICAR", "X5O", "ID;", "Xref", "solid", "ply", "OFF",
	    "WEBVTT", "Version", "Path:", "Newsgroups", "<?", "<!--?", "<svg",
	    "<job", "<package", "<script", "<component", "<hta", "-----BEGIN"};
	size_t i;

	if (s.n == 0 ||
	    !(text_is_alnum(s.p[0]) || (unsigned char)s.p[0] >= 0x80 ||
		strchr("<>*\"_=(~+|-'", s.p[0]) != NULL))
		return true;
	for (i = 0; i < COUNT_OF(odd); i++)
		if (slice_starts_ci(s, odd[i]))
			return true;
	return false;
}

bool
filetype_of_body(struct slice bytes, bool html, struct filetype_answer *out)
{
	static const char *const words[2][4] = {
	    {"ASCII text", "Unicode text, UTF-8 text", "ISO-8859 text",
		"Non-ISO extended-ASCII text"},
	    {"HTML document, ASCII text",
		"HTML document, Unicode text, UTF-8 text",
		"HTML document, ISO-8859 text",
		"HTML document, Non-ISO extended-ASCII text"}};
	struct slice s = slice_sub(bytes, 0, FILETYPE_BYTES_MAX);
	struct slice start = slice_trim(slice_sub(s, 0, 512));
	bool ascii;
	unsigned kind;
	size_t i;

	if (start.n == 0 || begins_oddly(start) || !is_clean(s, &ascii))
		return false;
	if (html ? !(slice_starts_ci(start, "<html") ||
		       slice_starts_ci(start, "<!doctype html"))
		 : start.p[0] == '<')
		return false;
	kind = ascii ? 0 : charset_is_utf8(bytes) ? 1 : 2;
	for (i = 0; kind == 2 && i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80 &&
		    (unsigned char)s.p[i] < 0xa0)
			kind = 3;
	out->words = slice_str(words[html][kind]);
	out->mime = html ? SLICE("text/html") : SLICE("text/plain");
	return true;
}
