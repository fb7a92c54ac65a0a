#include "scan/filetype.h"

#include <magic.h>

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

bool
filetype_ask(struct filetype *f, struct arena *a, struct slice bytes,
    struct filetype_answer *out)
{
	bool words;

	bytes = slice_sub(bytes, 0, FILETYPE_BYTES_MAX);
	words = ask(f, a, bytes, 0, &out->words);
	return ask(f, a, bytes, MAGIC_MIME_TYPE, &out->mime) && words;
}
