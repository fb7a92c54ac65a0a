#include "mime/codec.h"

#include <stdint.h>

#include "base/text.h"
#include "mime/codec_private.h"
#include "mime/codec_tables.h"

enum {
	SNIFF_BYTES = 4096,
	SNIFF_LINES = 40,
	QP_BLANKS_MAX = 256,
	QP_SHORT_RUN = 16
};

const char *
codec_word(enum codec_encoding e)
{
	static const char *const words[] = {
	    [CODEC_IDENTITY] = "identity",
	    [CODEC_BASE64] = "base64",
	    [CODEC_BASE64_STOP] = "base64-stop",
	    [CODEC_BASE64_SKIP] = "base64-skip",
	    [CODEC_BASE64_URL] = "base64-url",
	    [CODEC_QP] = "quoted-printable",
	    [CODEC_QP_STRICT] = "quoted-printable-strict",
	    [CODEC_UU] = "uuencode",
	    [CODEC_YENC] = "yenc",
	    [CODEC_BINHEX] = "binhex",
	    [CODEC_UNKNOWN] = "unknown",
	};

	return words[e];
}

enum codec_encoding
codec_find(struct slice token)
{
	static const struct {
		const char *name;
		enum codec_encoding encoding;
	} names[] = {
	    {"", CODEC_IDENTITY},
	    {"7bit", CODEC_IDENTITY},
	    {"8bit", CODEC_IDENTITY},
	    {"binary", CODEC_IDENTITY},
	    {"7-bit", CODEC_IDENTITY},
	    {"8-bit", CODEC_IDENTITY},
	    {"base64", CODEC_BASE64},
	    {"base-64", CODEC_BASE64},
	    {"x-base64", CODEC_BASE64},
	    {"base64url", CODEC_BASE64_URL},
	    {"quoted-printable", CODEC_QP},
	    {"quotedprintable", CODEC_QP},
	    {"quoted-print", CODEC_QP},
	    {"x-uuencode", CODEC_UU},
	    {"uuencode", CODEC_UU},
	    {"x-uue", CODEC_UU},
	    {"uue", CODEC_UU},
	    {"x-uu", CODEC_UU},
	    {"x-yencode", CODEC_YENC},
	    {"yenc", CODEC_YENC},
	    {"x-yenc", CODEC_YENC},
	    {"binhex", CODEC_BINHEX},
	    {"x-binhex", CODEC_BINHEX},
	    {"mac-binhex40", CODEC_BINHEX},
	    {"x-binhex40", CODEC_BINHEX},
	    {"binhex40", CODEC_BINHEX},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++)
		if (slice_is_ci(token, names[i].name))
			return names[i].encoding;
	return CODEC_UNKNOWN;
}

/* 0-63 value, 64 '=', 65 white space, 66 other */
enum { B64_PAD = 64, B64_SPACE = 65, B64_JUNK = 66, B64_SLACK = 8 };

static unsigned char
b64_class(unsigned char c, bool url)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned char)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned char)(c - 'a' + 26);
	if (c >= '0' && c <= '9')
		return (unsigned char)(c - '0' + 52);
	if (c == '+' || (url && c == '-'))
		return 62;
	if (c == '/' || (url && c == '_'))
		return 63;
	if (c == '=')
		return B64_PAD;
	return text_is_space((char)c) ? B64_SPACE : B64_JUNK;
}

struct b64 {
	char *out;
	size_t n, room;
	uint32_t word;
	unsigned have; /* letters in word */
	unsigned pads; /* '=' since the last letter */
	bool stop;
};

static inline uint32_t
b64_bits(const unsigned char *p)
{
	return codec_base64_bits[0][p[0]] | codec_base64_bits[1][p[1]] |
	       codec_base64_bits[2][p[2]] | codec_base64_bits[3][p[3]];
}

/* The bytes of one or two groups and what does not count, in one store. */
static inline void
b64_store(char *out, uint64_t bits)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bits = __builtin_bswap64(bits);
#endif
	memcpy(out, &bits, sizeof(bits));
}

/* Whole groups with nothing between them; returns how many. At most
 * B64_SLACK bytes more than they need are written. */
static size_t
b64_groups(const char *in, size_t most, char *out)
{
	const unsigned char *p = (const unsigned char *)in;
	size_t i;
	uint32_t one, two;

	for (i = 0; i + 2 <= most; i += 2, p += 8, out += 6) {
		one = b64_bits(p);
		two = b64_bits(p + 4);
		if (((one | two) & B64_BAD) != 0)
			break;
		b64_store(out, one | (uint64_t)two << 24);
	}
	if (i < most) {
		one = b64_bits(p);
		if ((one & B64_BAD) == 0) {
			b64_store(out, one);
			i++;
		}
	}
	return i;
}

/* What is left of a group at its padding or at the end. */
static void
b64_tail(struct b64 *d, struct codec_result *r)
{
	size_t n = d->have > 1 ? d->have - 1 : 0;

	if (d->have == 1)
		r->damaged = true;
	if (n > d->room - d->n) {
		r->cut = true;
		n = d->room - d->n;
	}
	d->word <<= d->have == 2 ? 12 : 6;
	if (n > 0)
		d->out[d->n] = (char)(d->word >> 16);
	if (n > 1)
		d->out[d->n + 1] = (char)(d->word >> 8);
	d->n += n;
	d->have = 0;
}

static void
b64_letter(struct b64 *d, struct codec_result *r, unsigned value)
{
	if (d->pads > 0)
		r->damaged = true;
	d->pads = 0;
	d->word = d->word << 6 | value;
	if (++d->have < 4)
		return;
	if (d->room - d->n < 3) {
		r->cut = d->stop = true;
		return;
	}
	d->out[d->n++] = (char)(d->word >> 16);
	d->out[d->n++] = (char)(d->word >> 8);
	d->out[d->n++] = (char)d->word;
	d->have = 0;
}

static void
b64_pad(struct b64 *d, struct codec_result *r, enum codec_encoding e)
{
	if (d->have == 0 && d->pads == 0)
		r->damaged = true;
	d->pads++;
	if (e == CODEC_BASE64_SKIP)
		return;
	b64_tail(d, r);
	d->stop = e == CODEC_BASE64_STOP;
}

void
codec_base64(struct codec_result *r, struct arena *a, enum codec_encoding e,
    struct slice in, size_t most)
{
	struct b64 d = {.room = in.n / 4 * 3 + 3};
	size_t i = 0;

	if (d.room > most)
		d.room = most;
	d.out = arena_alloc(a, d.room + B64_SLACK);
	while (i < in.n && !d.stop) {
		unsigned char v;

		if (d.have == 0 && d.pads == 0) {
			size_t left = (in.n - i) / 4, fits = d.room - d.n;
			size_t n = b64_groups(in.p + i,
			    left < fits / 3 ? left : fits / 3, d.out + d.n);

			i += 4 * n;
			d.n += 3 * n;
			while (i < in.n && (in.p[i] == '\r' || in.p[i] == '\n'))
				i++;
			if (i >= in.n)
				break;
			if (n > 0)
				continue;
		}
		v = b64_class((unsigned char)in.p[i++], e == CODEC_BASE64_URL);
		if (v < B64_PAD)
			b64_letter(&d, r, v);
		else if (v == B64_PAD)
			b64_pad(&d, r, e);
		else if (v == B64_JUNK)
			r->damaged = true;
	}
	if (d.have > 0 && !d.stop) {
		/* with '=' skipped, padding may have been complete */
		if (d.have + d.pads != 4)
			r->damaged = true;
		b64_tail(&d, r);
	}
	r->used = in.n;
	r->bytes = slice_of(d.out, d.n);
}

/* A hard or soft line end at in[at], or 0: its length. */
static size_t
eol_at(struct slice in, size_t at)
{
	if (at < in.n && in.p[at] == '\n')
		return 1;
	if (at + 1 < in.n && in.p[at] == '\r' && in.p[at + 1] == '\n')
		return 2;
	if (at < in.n && in.p[at] == '\r')
		return 1;
	return 0;
}

/* As text_hex, without a call for each letter of a foreign alphabet. */
static inline int
qp_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "=" at in[at]: what it means. Returns bytes eaten, 0 when it stays. */
static size_t
qp_escape(struct slice in, size_t at, bool strict, int *byte)
{
	size_t k = at + 1, eol;
	int high, low;

	*byte = -1;
	if (k + 1 < in.n) {
		high = qp_hex(in.p[k]);
		low = qp_hex(in.p[k + 1]);
		if (high >= 0 && low >= 0 &&
		    (!strict || (in.p[k] < 'a' && in.p[k + 1] < 'a'))) {
			*byte = high << 4 | low;
			return 3;
		}
	}
	while (!strict && k < in.n && k - at < QP_BLANKS_MAX &&
	       text_is_wsp(in.p[k]))
		k++;
	if (k >= in.n)
		return in.n - at;
	eol = eol_at(in, k);
	if (eol == 0)
		return 0;
	return k + eol - at;
}

/* Copy what stands before the next '='; how much. Short runs, as between the
 * letters of another alphabet, cost less than two calls. */
static inline size_t
qp_plain(struct slice in, char *out)
{
	const char *eq;
	size_t n = 0;

	while (n < in.n && n < QP_SHORT_RUN) {
		if (in.p[n] == '=')
			return n;
		out[n] = in.p[n];
		n++;
	}
	if (n >= in.n)
		return n;
	eq = memchr(in.p + n, '=', in.n - n);
	if (eq != NULL)
		in.n = (size_t)(eq - in.p);
	memcpy(out + n, in.p + n, in.n - n);
	return in.n;
}

void
codec_qp(struct codec_result *r, struct arena *a, bool strict, struct slice in,
    size_t most)
{
	char *out;
	size_t at = 0, n = 0;

	if (in.n > most) {
		r->cut = true;
		in.n = most;
	}
	r->used = in.n;
	if (in.n == 0 || memchr(in.p, '=', in.n) == NULL) {
		r->bytes = in;
		return;
	}
	out = arena_alloc(a, in.n);
	while (at < in.n) {
		size_t plain, eaten;
		int byte;

		plain = qp_plain(slice_of(in.p + at, in.n - at), out + n);
		n += plain;
		at += plain;
		if (at >= in.n)
			break;
		eaten = qp_escape(in, at, strict, &byte);
		if (eaten == 0) {
			r->damaged = true;
			out[n++] = '=';
			eaten = 1;
		} else if (byte >= 0) {
			out[n++] = (char)byte;
		}
		at += eaten;
	}
	r->bytes = slice_of(out, n);
}

static void
decode_file(struct codec_result *r, struct arena *a, enum codec_encoding e,
    struct slice in, size_t most)
{
	struct codec_file *f;
	size_t count, i;
	bool cut;

	f = codec_embedded(a, in, 4, most, &count, &cut);
	r->used = in.n;
	for (i = 0; i < count; i++)
		if (f[i].encoding == e) {
			r->bytes = f[i].bytes;
			r->name = f[i].name;
			r->damaged = f[i].damaged;
			r->cut = cut;
			return;
		}
	/* no begin line: software decodes the lines all the same */
	r->damaged = true;
	if (e == CODEC_UU)
		codec_uu_lines(r, a, in, most);
	else
		r->bytes = slice_sub(in, 0, most);
}

void
codec_decode(struct codec_result *r, struct arena *a, enum codec_encoding e,
    struct slice in, size_t most)
{
	*r = (struct codec_result){0};
	switch (e) {
	case CODEC_BASE64:
	case CODEC_BASE64_STOP:
	case CODEC_BASE64_SKIP:
	case CODEC_BASE64_URL:
		codec_base64(r, a, e, in, most);
		break;
	case CODEC_QP:
	case CODEC_QP_STRICT:
		codec_qp(r, a, e == CODEC_QP_STRICT, in, most);
		break;
	case CODEC_UU:
	case CODEC_YENC:
	case CODEC_BINHEX:
		decode_file(r, a, e, in, most);
		break;
	case CODEC_IDENTITY:
	case CODEC_UNKNOWN:
		r->bytes = slice_sub(in, 0, most);
		r->cut = in.n > most;
		r->used = r->bytes.n;
		break;
	}
}

/* Lines of base64 letters only, the first ones of one length. */
static bool
looks_base64(struct slice in)
{
	struct slice line;
	size_t lines = 0, i, letters = 0;

	while (lines < SNIFF_LINES && slice_line(&in, &line)) {
		line = slice_trim(line);
		if (line.n == 0)
			continue;
		for (i = 0; i < line.n; i++)
			if (b64_class((unsigned char)line.p[i], false) >
			    B64_PAD)
				return false;
		letters += line.n;
		lines++;
	}
	return letters >= 60;
}

static bool
looks_qp(struct slice in)
{
	size_t i, good = 0, bad = 0;

	for (i = 0; i < in.n; i++) {
		int byte;

		if ((unsigned char)in.p[i] >= 0x80)
			return false;
		if (in.p[i] != '=')
			continue;
		if (qp_escape(in, i, true, &byte) > 0)
			good++;
		else
			bad++;
	}
	return good >= 3 && bad * 4 < good;
}

enum codec_encoding
codec_sniff(struct slice in)
{
	struct slice head = slice_sub(in, 0, SNIFF_BYTES);
	enum codec_encoding e =
	    codec_embedded_kind(slice_sub(in, 0, 4 * SNIFF_BYTES));

	if (e != CODEC_IDENTITY)
		return e;
	if (looks_base64(head))
		return CODEC_BASE64;
	if (looks_qp(head))
		return CODEC_QP;
	return CODEC_IDENTITY;
}
