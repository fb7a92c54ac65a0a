/* RFC 2047: encoded words in header text. */
#include "base/buf.h"
#include "base/text.h"
#include "mime/charset.h"
#include "mime/codec.h"
#include "mime/header.h"

enum { CHARSET_NAME_MAX = 64 };

struct word {
	struct slice charset;
	struct slice text;
	bool base64;
	size_t end; /* behind "?=" */
};

struct decoder {
	struct arena *arena;
	struct slice text;
	struct slice charset; /* of the bytes in `run` */
	struct buf run;       /* bytes of adjacent words of one charset */
	struct buf out;
	bool no_more; /* there is no "?=" any more */
};

/* A word at text[at] = "=?"; false when there is none. */
static bool
word_at(struct decoder *d, size_t at, struct word *w)
{
	struct slice rest = slice_from(d->text, at + 2);
	struct slice head = slice_sub(rest, 0, CHARSET_NAME_MAX);
	ptrdiff_t q = slice_chr(head, '?');
	ptrdiff_t end, star;
	char kind;

	if (q <= 0 || (size_t)q + 2 >= rest.n || rest.p[q + 2] != '?')
		return false;
	kind = text_lower(rest.p[q + 1]);
	if (kind != 'q' && kind != 'b')
		return false;
	w->base64 = kind == 'b';
	w->charset = slice_sub(rest, 0, (size_t)q);
	star = slice_chr(w->charset, '*');
	if (star >= 0)
		w->charset.n = (size_t)star;
	rest = slice_from(rest, (size_t)q + 3);
	end = slice_find(rest, SLICE("?="));
	if (end < 0) {
		d->no_more = true;
		return false;
	}
	w->text = slice_sub(rest, 0, (size_t)end);
	w->end = (size_t)(rest.p - d->text.p) + (size_t)end + 2;
	return true;
}

static void
add_q(struct buf *b, struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '_') {
			c = ' ';
		} else if (c == '=' && i + 2 < s.n &&
			   text_hex(s.p[i + 1]) >= 0 &&
			   text_hex(s.p[i + 2]) >= 0) {
			c = (char)(text_hex(s.p[i + 1]) << 4 |
				   text_hex(s.p[i + 2]));
			i += 2;
		}
		(void)buf_addc(b, c);
	}
}

static void
flush_run(struct decoder *d)
{
	if (d->run.n == 0)
		return;
	(void)buf_add(&d->out, charset_word_to_utf8(d->arena, d->charset,
				   buf_slice(&d->run), NULL));
	buf_reset(&d->run);
}

static void
add_word(struct decoder *d, const struct word *w)
{
	struct codec_result r;

	if (!slice_eq_ci(w->charset, d->charset))
		flush_run(d);
	d->charset = w->charset;
	if (!w->base64) {
		add_q(&d->run, w->text);
		return;
	}
	codec_decode(&r, d->arena, CODEC_BASE64, w->text, w->text.n);
	(void)buf_add(&d->run, r.bytes);
}

static struct slice
decode_8bit(struct arena *a, struct slice text)
{
	if (charset_is_utf8(text))
		return text;
	return charset_word_to_utf8(a, SLICE("windows-1252"), text, NULL);
}

/* Plain text between words: valid UTF-8 as it is, else as windows-1252. */
static void
add_plain(struct decoder *d, struct slice s)
{
	flush_run(d);
	(void)buf_add(&d->out, decode_8bit(d->arena, s));
}

struct slice
header_decode(struct arena *a, struct slice text)
{
	struct decoder d = {.arena = a};
	struct slice result;
	size_t at = 0, plain = 0;
	bool after_word = false;

	text = header_unfold(a, text);
	if (slice_find(text, SLICE("=?")) < 0)
		return decode_8bit(a, text);
	d.text = text;
	buf_init(&d.run, text.n + 8);
	buf_init(&d.out, text.n * 4 + 64);
	while (at + 1 < text.n && !d.no_more) {
		struct word w;
		ptrdiff_t found = slice_find(slice_from(text, at), SLICE("=?"));
		struct slice gap;

		if (found < 0)
			break;
		at += (size_t)found;
		if (!word_at(&d, at, &w)) {
			at += 2;
			continue;
		}
		gap = slice_sub(text, plain, at);
		if (!after_word || slice_trim(gap).n > 0)
			add_plain(&d, gap);
		add_word(&d, &w);
		after_word = true;
		at = plain = w.end;
	}
	if (plain < text.n)
		add_plain(&d, slice_from(text, plain));
	flush_run(&d);
	result = arena_dup(a, buf_slice(&d.out));
	buf_fini(&d.run);
	buf_fini(&d.out);
	return result;
}
