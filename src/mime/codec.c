#include "mime/codec.h"

#include <stdint.h>

#include "base/text.h"
#include "mime/codec_private.h"

enum { SNIFF_BYTES = 4096, SNIFF_LINES = 40 };

const char *
codec_word(enum codec_encoding e)
{
	static const char *const words[] = {
	    [CODEC_IDENTITY] = "identity",
	    [CODEC_BASE64] = "base64",
	    [CODEC_BASE64_STOP] = "base64-stop",
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
enum { B64_PAD = 64, B64_SPACE = 65, B64_JUNK = 66 };

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

static void
b64_table(unsigned char table[256], bool url)
{
	unsigned c;

	for (c = 0; c < 256; c++)
		table[c] = b64_class((unsigned char)c, url);
}

/* What is left of a group at its padding or at the end. */
static size_t
b64_tail(uint32_t word, unsigned have, char *out)
{
	if (have == 2) {
		out[0] = (char)(word >> 4);
		return 1;
	}
	if (have == 3) {
		out[0] = (char)(word >> 10);
		out[1] = (char)(word >> 2);
		return 2;
	}
	return 0;
}

void
codec_base64(struct codec_result *r, struct arena *a, enum codec_encoding e,
    struct slice in, size_t most)
{
	unsigned char table[256];
	char *out;
	size_t i, n = 0;
	uint32_t word = 0;
	unsigned have = 0, pads = 0;

	if (in.n / 4 * 3 + 3 > most) {
		r->cut = true;
		in.n = most < 3 ? 0 : (most - 3) / 3 * 4;
	}
	out = arena_alloc(a, in.n / 4 * 3 + 4);
	b64_table(table, e == CODEC_BASE64_URL);
	for (i = 0; i < in.n; i++) {
		unsigned char v = table[(unsigned char)in.p[i]];

		if (v < 64) {
			if (pads > 0) {
				r->damaged = true;
				pads = 0;
			}
			word = word << 6 | v;
			if (++have == 4) {
				out[n] = (char)(word >> 16);
				out[n + 1] = (char)(word >> 8);
				out[n + 2] = (char)word;
				n += 3;
				have = 0;
			}
		} else if (v == B64_PAD) {
			if (have == 0 && pads == 0)
				r->damaged = true;
			n += b64_tail(word, have, out + n);
			if (have == 1)
				r->damaged = true;
			have = 0;
			pads++;
			if (e == CODEC_BASE64_STOP) {
				i = in.n;
				break;
			}
		} else if (v == B64_JUNK) {
			r->damaged = true;
		}
	}
	if (have > 0) {
		r->damaged = true;
		n += b64_tail(word, have, out + n);
	}
	r->used = in.n;
	r->bytes = slice_of(out, n);
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

/* "=" at in[at]: what it means. Returns bytes eaten, 0 when it stays. */
static size_t
qp_escape(struct slice in, size_t at, bool strict, int *byte)
{
	size_t k = at + 1, eol;
	int high, low;

	*byte = -1;
	if (k + 1 < in.n) {
		high = text_hex(in.p[k]);
		low = text_hex(in.p[k + 1]);
		if (high >= 0 && low >= 0 &&
		    (!strict || (in.p[k] < 'a' && in.p[k + 1] < 'a'))) {
			*byte = high << 4 | low;
			return 3;
		}
	}
	while (!strict && k < in.n && k - at < 256 && text_is_wsp(in.p[k]))
		k++;
	if (k >= in.n)
		return in.n - at;
	eol = eol_at(in, k);
	if (eol == 0)
		return 0;
	return k + eol - at;
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
		const char *eq = memchr(in.p + at, '=', in.n - at);
		size_t plain =
		    eq != NULL ? (size_t)(eq - in.p) - at : in.n - at;
		size_t eaten;
		int byte;

		memcpy(out + n, in.p + at, plain);
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
	enum codec_encoding e = codec_embedded_kind(in);

	if (e != CODEC_IDENTITY)
		return e;
	if (looks_base64(head))
		return CODEC_BASE64;
	if (looks_qp(head))
		return CODEC_QP;
	return CODEC_IDENTITY;
}
