/* Files inside text: uuencode, begin-base64, yEnc, BinHex 4.0. */
#include <stdint.h>

#include "base/text.h"
#include "mime/codec_private.h"

enum { KIND_LINES = 100, UU_LINE_MAX = 63, BINHEX_NAME_MAX = 63 };

static unsigned
uu_value(char c)
{
	return ((unsigned)(unsigned char)c - 32U) & 63U;
}

static bool
uu_is_digit(char c)
{
	return c >= ' ' && c <= '`';
}

/* A data line: length letter, then at least the letters that needs (blanks
 * at the end may have been lost), at most a few more. */
static bool
uu_valid(struct slice line)
{
	size_t i, bytes, want;

	if (line.n == 0 || !uu_is_digit(line.p[0]))
		return false;
	bytes = uu_value(line.p[0]);
	want = (bytes + 2) / 3 * 4;
	if (bytes == 0)
		return line.n <= 2;
	if (line.n > want + 3 || line.n < 2)
		return false;
	for (i = 1; i < line.n; i++)
		if (!uu_is_digit(line.p[i]))
			return false;
	/* only trailing blanks can be missing: not more than a third */
	return line.n - 1 + want / 3 >= want ||
	       line.n - 1 >= (bytes * 4 + 2) / 3;
}

static size_t
uu_line(struct slice line, char *out)
{
	size_t bytes = uu_value(line.p[0]), n = 0, i;

	for (i = 1; n < bytes; i += 4) {
		uint32_t w = 0;
		size_t k;

		for (k = 0; k < 4; k++)
			w = w << 6 |
			    (i + k < line.n ? uu_value(line.p[i + k]) : 0);
		for (k = 0; k < 3 && n < bytes; k++)
			out[n++] = (char)(w >> (16 - 8 * k));
	}
	return n;
}

void
codec_uu_lines(
    struct codec_result *r, struct arena *a, struct slice in, size_t most)
{
	struct slice line;
	char *out;
	size_t n = 0;

	/* one letter may claim 63 bytes: only valid lines are decoded */
	out = arena_alloc(a, in.n + UU_LINE_MAX + 1);
	while (slice_line(&in, &line)) {
		if (slice_is(line, "end"))
			break;
		if (!uu_valid(line)) {
			r->damaged = r->damaged || line.n > 0;
			continue;
		}
		if (n + UU_LINE_MAX > most) {
			r->cut = true;
			break;
		}
		n += uu_line(line, out + n);
	}
	r->bytes = slice_of(out, n);
}

/* "begin 644 name" or "begin-base64 644 name"; *base64 says which. */
static bool
begin_line(struct slice line, struct slice *name, bool *base64)
{
	struct slice mode;
	size_t i;

	if (slice_starts(line, "begin ")) {
		*base64 = false;
		line = slice_from(line, 6);
	} else if (slice_starts(line, "begin-base64 ")) {
		*base64 = true;
		line = slice_from(line, 13);
	} else {
		return false;
	}
	while (line.n > 0 && line.p[0] == ' ')
		line = slice_from(line, 1);
	for (i = 0; i < line.n && line.p[i] >= '0' && line.p[i] <= '7'; i++)
		;
	mode = slice_sub(line, 0, i);
	*name = slice_trim(slice_from(line, i));
	return mode.n >= 3 && mode.n <= 6;
}

struct finder {
	struct arena *arena;
	struct slice text;
	size_t left; /* bytes that may still be decoded */
	VEC_OF(struct codec_file) files;
	bool cut;
};

static bool
base64_line(struct slice line)
{
	size_t i;

	for (i = 0; i < line.n; i++)
		if (!text_is_alnum(line.p[i]) && line.p[i] != '+' &&
		    line.p[i] != '/' && line.p[i] != '=')
			return false;
	return line.n >= 4;
}

/* Decode a block whose begin line was at `from` and data is in front of
 * *rest. */
static void
take_uu(struct finder *f, size_t from, struct slice name, bool base64,
    struct slice *rest)
{
	const char *data = rest->p, *end = rest->p;
	struct slice line, body;
	struct codec_result r = {0};
	struct codec_file *file;
	bool ended = false;

	while (slice_line(rest, &line)) {
		struct slice t = slice_trim(line);

		ended = slice_is(t, base64 ? "====" : "end");
		if (ended || (base64 ? !base64_line(t) && t.n > 0
				     : !uu_valid(line) && t.n > 0))
			break;
		end = line.p + line.n;
	}
	body = slice_of(data, (size_t)(end - data));
	if (base64)
		codec_base64(&r, f->arena, CODEC_BASE64, body, f->left);
	else
		codec_uu_lines(&r, f->arena, body, f->left);
	file = vec_push(f->arena, &f->files);
	file->encoding = CODEC_UU;
	file->name = name;
	file->bytes = r.bytes;
	file->damaged = r.damaged || !ended;
	if (!ended)
		rest->n = (size_t)(f->text.p + f->text.n - end);
	if (!ended)
		rest->p = end;
	end = rest->p != NULL ? rest->p : f->text.p + f->text.n;
	file->raw =
	    slice_of(f->text.p + from, (size_t)(end - (f->text.p + from)));
	f->cut = f->cut || r.cut;
	f->left -= r.bytes.n < f->left ? r.bytes.n : f->left;
}

/* The text behind "name=" of a =ybegin line. */
static bool
yenc_begin(struct slice line, struct slice *name)
{
	ptrdiff_t at;

	if (!slice_starts(line, "=ybegin ") ||
	    slice_find(line, SLICE(" size=")) < 0)
		return false;
	at = slice_find(line, SLICE(" name="));
	*name =
	    at < 0 ? SLICE_NONE : slice_trim(slice_from(line, (size_t)at + 6));
	return true;
}

static void
take_yenc(struct finder *f, size_t from, struct slice name, struct slice *rest)
{
	struct slice line;
	struct codec_file *file;
	bool ended = false;
	char *out;
	size_t n = 0, i, most = rest->n < f->left ? rest->n : f->left;

	f->cut = f->cut || rest->n > f->left;
	out = arena_alloc(f->arena, most + 1);
	while (!ended && slice_line(rest, &line)) {
		if (slice_starts(line, "=yend")) {
			ended = true;
			break;
		}
		if (slice_starts(line, "=ypart"))
			continue;
		for (i = 0; i < line.n && n < most; i++) {
			unsigned c = (unsigned char)line.p[i];

			if (c == '=' && i + 1 < line.n)
				c = (unsigned char)line.p[++i] - 64U;
			out[n++] = (char)(unsigned char)(c - 42U);
		}
	}
	file = vec_push(f->arena, &f->files);
	file->encoding = CODEC_YENC;
	file->name = name;
	file->bytes = slice_of(out, n);
	file->damaged = !ended;
	file->raw = slice_sub(f->text, from, f->text.n - rest->n);
	f->left -= n;
}

static int
binhex_value(char c)
{
	static const char digits[] =
	    "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
	const char *p = c != 0 ? memchr(digits, c, sizeof(digits) - 1) : NULL;

	return p != NULL ? (int)(p - digits) : -1;
}

/* 6-bit digits to bytes, then run lengths (0x90) undone. */
static size_t
binhex_bytes(struct slice in, char *out, size_t most, size_t *used)
{
	uint32_t word = 0;
	unsigned bits = 0;
	size_t i, n = 0;
	bool run = false;

	for (i = 0; i < in.n && in.p[i] != ':'; i++) {
		int v = binhex_value(in.p[i]);
		unsigned char c;

		if (v < 0)
			continue;
		word = word << 6 | (uint32_t)v;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		c = (unsigned char)(word >> bits);
		if (run) {
			run = false;
			if (c == 0 && n < most)
				out[n++] = (char)0x90;
			for (; c > 1 && n > 0 && n < most; c--, n++)
				out[n] = out[n - 1];
		} else if (c == 0x90) {
			run = true;
		} else if (n < most) {
			out[n++] = (char)c;
		}
	}
	*used = i < in.n ? i + 1 : i;
	return n;
}

static uint32_t
big32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 |
	       (uint32_t)u[2] << 8 | u[3];
}

/* rest starts with ':' and digits. */
static void
take_binhex(struct finder *f, size_t from, struct slice *rest)
{
	struct codec_file *file;
	size_t most = rest->n * 4 < f->left ? rest->n * 4 : f->left;
	size_t used, n, name, size;
	char *out = arena_alloc(f->arena, most + 1);

	n = binhex_bytes(slice_from(*rest, 1), out, most, &used);
	*rest = slice_from(*rest, used + 1);
	f->left -= n;
	f->cut = f->cut || n == most;
	file = vec_push(f->arena, &f->files);
	file->encoding = CODEC_BINHEX;
	file->raw = slice_sub(f->text, from, f->text.n - rest->n);
	file->damaged = true;
	file->bytes = slice_of(out, n);
	name = n > 0 ? (unsigned char)out[0] : 0;
	if (name > BINHEX_NAME_MAX || n < name + 22)
		return;
	file->name = slice_of(out + 1, name);
	size = big32(out + name + 12);
	file->damaged = size > n - name - 22;
	file->bytes = slice_sub(file->bytes, name + 22, name + 22 + size);
}

static const char binhex_mark[] =
    "(This file must be converted with BinHex 4.0)";

/* The first line at or behind *rest that starts a file; rest is moved behind
 * it. Returns the kind and where the line starts. */
static enum codec_encoding
next_file(struct slice *rest, size_t lines, const char **from,
    struct slice *name, bool *base64)
{
	struct slice line, next, after;

	while (lines-- > 0 && slice_line(rest, &line)) {
		*from = line.p;
		if (line.n < 7 || memchr("b=(", line.p[0], 3) == NULL)
			continue;
		after = *rest;
		if (yenc_begin(line, name))
			return CODEC_YENC;
		if (line.p[0] == '(' && slice_starts(line, binhex_mark)) {
			while (after.n > 0 && text_is_space(after.p[0]))
				after = slice_from(after, 1);
			if (after.n > 1 && after.p[0] == ':' &&
			    binhex_value(after.p[1]) >= 0) {
				*rest = after;
				return CODEC_BINHEX;
			}
		}
		if (!begin_line(line, name, base64) ||
		    !slice_line(&after, &next))
			continue;
		if (*base64 ? base64_line(slice_trim(next))
			    : uu_valid(next) && uu_value(next.p[0]) > 0)
			return CODEC_UU;
	}
	return CODEC_IDENTITY;
}

enum codec_encoding
codec_embedded_kind(struct slice in)
{
	struct slice name;
	const char *from;
	bool base64;

	return next_file(&in, KIND_LINES, &from, &name, &base64);
}

struct codec_file *
codec_embedded(struct arena *a, struct slice text, size_t most_files,
    size_t most, size_t *count, bool *cut)
{
	struct finder f = {.arena = a, .text = text, .left = most};
	struct slice rest = text, name = SLICE_NONE;
	const char *start = NULL;
	bool base64 = false;

	while (rest.n > 0) {
		enum codec_encoding kind =
		    next_file(&rest, SIZE_MAX, &start, &name, &base64);
		size_t from;

		if (kind == CODEC_IDENTITY)
			break;
		if (f.files.n >= most_files) {
			f.cut = true;
			break;
		}
		from = (size_t)(start - text.p);
		if (kind == CODEC_UU)
			take_uu(&f, from, name, base64, &rest);
		else if (kind == CODEC_YENC)
			take_yenc(&f, from, name, &rest);
		else
			take_binhex(&f, from, &rest);
	}
	*count = f.files.n;
	if (cut != NULL)
		*cut = f.cut;
	return f.files.at;
}
