/* Files inside text: uuencode, begin-base64, yEnc, BinHex 4.0. */
#include <stdint.h>

#include "base/text.h"
#include "mime/codec_private.h"

enum { KIND_LINES = 100, BEGIN_BLANK_LINES = 4, BINHEX_NAME_MAX = 63 };

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
 * at the end may have been lost, but not more than a third), at most a check
 * sum and blanks more. */
static bool
uu_valid(struct slice line)
{
	size_t i, bytes, want;

	if (line.n == 0 || !uu_is_digit(line.p[0]))
		return false;
	bytes = uu_value(line.p[0]);
	want = (bytes + 2) / 3 * 4;
	while (line.n > want + 1 && text_is_wsp(line.p[line.n - 1]))
		line.n--;
	if (bytes == 0)
		return line.n <= 2;
	if (line.n > want + 3 || line.n < 2)
		return false;
	for (i = 1; i < line.n; i++)
		if (!uu_is_digit(line.p[i]))
			return false;
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

/* Bytes that the valid lines say they hold: a line that lost its blanks holds
 * more than its letters, so the sum is what the output needs. */
static size_t
uu_size(struct slice in, size_t most, bool *cut)
{
	struct slice line;
	size_t n = 0;

	while (slice_line(&in, &line) && !slice_is(line, "end")) {
		if (!uu_valid(line))
			continue;
		if (uu_value(line.p[0]) > most - n) {
			*cut = true;
			break;
		}
		n += uu_value(line.p[0]);
	}
	return n;
}

void
codec_uu_lines(
    struct codec_result *r, struct arena *a, struct slice in, size_t most)
{
	size_t n = 0, size = uu_size(in, most, &r->cut);
	char *out = arena_alloc(a, size + 1);
	struct slice line;

	while (slice_line(&in, &line) && !slice_is(line, "end")) {
		if (!uu_valid(line)) {
			r->damaged = r->damaged || line.n > 0;
			continue;
		}
		if (uu_value(line.p[0]) > size - n)
			break;
		n += uu_line(line, out + n);
	}
	r->bytes = slice_of(out, n);
}

/* "begin 644 name" or "begin-base64 644 name"; *base64 says which. */
static bool
begin_line(struct slice line, struct slice *name, bool *base64)
{
	size_t i, from;

	if (!slice_starts(line, "begin"))
		return false;
	line = slice_from(line, 5);
	*base64 = slice_starts(line, "-base64");
	if (*base64)
		line = slice_from(line, 7);
	for (from = 0; from < line.n && text_is_wsp(line.p[from]); from++)
		;
	for (i = from; i < line.n && line.p[i] >= '0' && line.p[i] <= '7'; i++)
		;
	if (from == 0 || i == from || i - from > 6)
		return false;
	if (i < line.n && !text_is_wsp(line.p[i]))
		return false;
	*name = slice_trim(slice_from(line, i));
	if (name->n >= 2 && name->p[0] == '"' && name->p[name->n - 1] == '"')
		*name = slice_sub(*name, 1, name->n - 1);
	return true;
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

/* The lines in front of rest decoded; out == NULL: only counted, and *after is
 * what follows the end line. */
static size_t
yenc_lines(
    struct slice rest, char *out, size_t most, struct slice *after, bool *ended)
{
	struct slice line;
	size_t n = 0, i;

	*ended = false;
	while (!*ended && slice_line(&rest, &line)) {
		if (slice_starts(line, "=yend")) {
			*ended = true;
			break;
		}
		if (slice_starts(line, "=ypart"))
			continue;
		for (i = 0; i < line.n && n < most; i++, n++) {
			unsigned c = (unsigned char)line.p[i];

			if (c == '=' && i + 1 < line.n)
				c = (unsigned char)line.p[++i] - 64U;
			if (out != NULL)
				out[n] = (char)(unsigned char)(c - 42U);
		}
	}
	*after = rest;
	return n;
}

static void
take_yenc(struct finder *f, size_t from, struct slice name, struct slice *rest)
{
	struct slice after;
	struct codec_file *file;
	bool ended;
	char *out;
	/* one more than fits tells a cut from an end */
	size_t most = f->left < SIZE_MAX ? f->left + 1 : f->left;
	size_t n = yenc_lines(*rest, NULL, most, &after, &ended);

	if (n > f->left) {
		f->cut = true;
		n = f->left;
	}
	out = arena_alloc(f->arena, n + 1);
	n = yenc_lines(*rest, out, n, &after, &ended);
	*rest = after;
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

/* The bytes behind the digits, runs undone. */
struct binhex {
	char *out; /* NULL: only count */
	size_t n, most;
	unsigned char last;
	bool run; /* the next byte is a count */
	bool cut;
};

static void
binhex_put(struct binhex *b, unsigned char c, size_t times)
{
	if (times > b->most - b->n) {
		b->cut = true;
		times = b->most - b->n;
	}
	if (b->out != NULL && times > 0)
		memset(b->out + b->n, c, times);
	b->n += times;
	b->last = c;
}

static void
binhex_byte(struct binhex *b, unsigned char c)
{
	if (!b->run) {
		b->run = c == 0x90;
		if (!b->run)
			binhex_put(b, c, 1);
		return;
	}
	b->run = false;
	if (c == 0)
		binhex_put(b, 0x90, 1);
	else if (b->n > 0)
		binhex_put(b, b->last, c - 1U);
}

/* Everything up to the ':'. *used: digits read with it; false when there is
 * no ':'. */
static bool
binhex_bytes(struct binhex *b, struct slice in, size_t *used)
{
	uint32_t word = 0;
	unsigned bits = 0;
	size_t i;

	for (i = 0; i < in.n && in.p[i] != ':'; i++) {
		int v = binhex_value(in.p[i]);

		if (v < 0)
			continue;
		word = word << 6 | (uint32_t)v;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		binhex_byte(b, (unsigned char)(word >> bits));
	}
	*used = i < in.n ? i + 1 : i;
	return i < in.n;
}

static uint32_t
big(const char *p, size_t bytes)
{
	uint32_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | (unsigned char)*p++;
	return v;
}

/* CRC-16 (polynomial 0x1021, start 0) of the bytes and two zero bytes. */
static uint32_t
binhex_crc(struct slice s)
{
	uint32_t crc = 0;
	size_t i;
	int bit;

	for (i = 0; i < s.n; i++) {
		crc ^= (uint32_t)(unsigned char)s.p[i] << 8;
		for (bit = 0; bit < 8; bit++)
			crc =
			    (crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1;
		crc &= 0xffff;
	}
	return crc;
}

/* Header, data fork and their check sums; what is there is taken. */
static void
binhex_fork(struct codec_file *file, struct slice all)
{
	size_t name = all.n > 0 ? (unsigned char)all.p[0] : 0, head = name + 22;
	struct slice data;
	size_t size;

	file->damaged = true;
	file->bytes = all;
	if (name > BINHEX_NAME_MAX || all.n < head)
		return;
	file->name = slice_sub(all, 1, 1 + name);
	size = big(all.p + name + 12, 4);
	data = slice_sub(all, head, head + size);
	file->bytes = data;
	if (data.n < size || all.n - head - size < 2)
		return;
	file->damaged = binhex_crc(slice_sub(all, 0, head - 2)) !=
			    big(all.p + head - 2, 2) ||
			binhex_crc(data) != big(all.p + head + size, 2);
}

/* rest starts with ':' and digits. */
static void
take_binhex(struct finder *f, size_t from, struct slice *rest)
{
	struct codec_file *file;
	struct binhex b = {.most = f->left};
	struct slice digits = slice_from(*rest, 1);
	size_t used;
	bool ended;

	(void)binhex_bytes(&b, digits, &used);
	b = (struct binhex){.out = arena_alloc(f->arena, b.n + 1), .most = b.n};
	ended = binhex_bytes(&b, digits, &used);
	*rest = slice_from(*rest, used + 1);
	f->left -= b.n;
	f->cut = f->cut || b.cut;
	file = vec_push(f->arena, &f->files);
	file->encoding = CODEC_BINHEX;
	file->raw = slice_sub(f->text, from, f->text.n - rest->n);
	binhex_fork(file, slice_of(b.out, b.n));
	file->damaged = file->damaged || !ended || b.cut;
}

static const char binhex_mark[] = "(This file must be converted with BinHex";

/* The ':' and first digit of BinHex data behind blanks and line ends. */
static bool
binhex_start(struct slice *rest)
{
	size_t at = 0;

	while (at < rest->n && text_is_space(rest->p[at]))
		at++;
	if (rest->n - at < 2 || rest->p[at] != ':' ||
	    binhex_value(rest->p[at + 1]) < 0)
		return false;
	*rest = slice_from(*rest, at);
	return true;
}

/* A data line follows, after a few empty lines at most. */
static bool
uu_start(struct slice rest, bool base64)
{
	struct slice line;
	size_t blank = 0;

	while (slice_line(&rest, &line)) {
		if (slice_trim(line).n > 0)
			return base64
				   ? base64_line(slice_trim(line))
				   : uu_valid(line) && uu_value(line.p[0]) > 0;
		if (++blank > BEGIN_BLANK_LINES)
			break;
	}
	return false;
}

/* The first line at or behind *rest that starts a file; rest is moved behind
 * it. Returns the kind and where the line starts. */
static enum codec_encoding
next_file(struct slice *rest, size_t lines, const char **from,
    struct slice *name, bool *base64)
{
	struct slice line;

	while (lines-- > 0 && slice_line(rest, &line)) {
		*from = line.p;
		if (line.n < 7 || memchr("b=(", line.p[0], 3) == NULL)
			continue;
		if (yenc_begin(line, name))
			return CODEC_YENC;
		if (line.p[0] == '(' && slice_starts(line, binhex_mark) &&
		    binhex_start(rest))
			return CODEC_BINHEX;
		if (begin_line(line, name, base64) && uu_start(*rest, *base64))
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
