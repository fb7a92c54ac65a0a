/* Any header and any tags: there is one Subject, its own bytes are kept, the
 * tags are shown, and tagging again changes nothing. */
#include "act/subject.h"
#include "base/fail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice
tagged(struct arena *a, struct slice raw, struct slice tag, bool end)
{
	struct edits_cursor cursor = {0};
	struct subject_line s;
	struct edits e = {0};
	struct slice piece, all;
	struct heads h;
	struct buf out;

	heads_init(&h, a, raw, raw);
	subject_init(&s, a, &h);
	subject_tag(&s, tag, end);
	subject_finish(&s);
	heads_edits(&h, &e);
	ensure(edits_fit(&e, raw.n));
	buf_init(&out, 1 << 26);
	while (edits_piece(&e, raw, &cursor, &piece))
		ensure(buf_add(&out, piece));
	all = arena_dup(a, buf_slice(&out));
	buf_fini(&out);
	return all;
}

/* "=?" somewhere, also with a line end inside. */
static bool
has_word(struct arena *a, struct slice raw)
{
	char *p = arena_alloc(a, raw.n + 1);
	size_t i, n = 0;

	for (i = 0; i < raw.n; i++)
		if (raw.p[i] != '\r' && raw.p[i] != '\n')
			p[n++] = raw.p[i];
	return slice_find(slice_of(p, n), SLICE("=?")) != SLICE_NOT_FOUND;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const tags[] = {"{Spam?}", "gepr\xc3\xbc"
						      "ft"};
	struct slice in = slice_of((const char *)data, size), raw, out, shown;
	struct arena *a = arena_new(0);
	struct slice tag;
	struct heads h;
	bool end;

	if (size > 0) {
		raw = slice_from(in, 1);
		tag = slice_str(tags[data[0] & 1]);
		end = (data[0] & 2) != 0;
		out = tagged(a, raw, tag, end);
		heads_init(&h, a, out, out);
		shown = subject_text(a, &h);
		/* An encoded word without an end takes what follows it. */
		if (!has_word(a, raw)) {
			ensure(slice_find(shown, tag) != SLICE_NOT_FOUND);
			ensure(slice_eq(tagged(a, out, tag, end), out));
		}
	}
	arena_free(a);
	return 0;
}
