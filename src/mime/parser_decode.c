/* Contents of a leaf: one per way to decode it. */
#include "base/text.h"
#include "mime/parser_private.h"

struct decodings {
	struct arena *arena;
	struct mime_tree *tree;
	size_t most;
	VEC_OF(struct mime_decoding) list;
};

static size_t
left(const struct mime_tree *t, size_t most)
{
	return t->decoded < most ? most - t->decoded : 0;
}

/* Decode and count; what does not fit is cut. */
static struct codec_result
decode(struct arena *a, struct mime_tree *t, size_t most, enum codec_encoding e,
    struct slice in)
{
	struct codec_result r;

	if (e == CODEC_IDENTITY || e == CODEC_UNKNOWN)
		return (struct codec_result){.bytes = in};
	codec_decode(&r, a, e, in, left(t, most));
	if (r.cut) {
		t->cut = true;
		t->defects |= MIME_BIT(TOO_MANY_READINGS);
	}
	if (r.bytes.p != in.p)
		t->decoded += r.bytes.n;
	return r;
}

struct slice
decode_all(struct parse *ps, enum codec_encoding e, struct slice body)
{
	return decode(ps->arena, ps->tree, ps->limits->decoded_bytes, e, body)
	    .bytes;
}

static void
add(struct decodings *d, enum codec_encoding e, struct slice bytes,
    bool damaged)
{
	const struct mime_decoding *old;
	struct mime_decoding *new;

	vec_each (old, &d->list)
		if (slice_eq(old->bytes, bytes))
			return;
	new = vec_push(d->arena, &d->list);
	new->encoding = e;
	new->bytes = bytes;
	new->damaged = damaged;
}

/* Letters of base64 in front of the first '='. */
static size_t
letters_to_pad(struct slice in, bool *goes_on)
{
	size_t i, n = 0;

	for (i = 0; i < in.n && in.p[i] != '='; i++)
		n += text_is_alnum(in.p[i]) || in.p[i] == '+' || in.p[i] == '/';
	*goes_on = false;
	for (; i < in.n && !*goes_on; i++)
		*goes_on =
		    text_is_alnum(in.p[i]) || in.p[i] == '+' || in.p[i] == '/';
	return n;
}

static bool
is_base64_line(struct slice line)
{
	size_t i;

	for (i = 0; i < line.n; i++)
		if (!text_is_alnum(line.p[i]) && line.p[i] != '+' &&
		    line.p[i] != '/' && line.p[i] != '=')
			return false;
	return line.n >= 4;
}

/* Behind lines in front that are no base64. */
static struct slice
skip_text(struct slice in)
{
	struct slice rest = in, line, before = in;

	while (slice_line(&rest, &line)) {
		if (is_base64_line(slice_trim(line)))
			return before;
		before = rest;
	}
	return in;
}

static void
add_base64(struct decodings *d, struct slice in)
{
	struct codec_result r =
	    decode(d->arena, d->tree, d->most, CODEC_BASE64, in);
	struct slice clean;
	bool goes_on;
	size_t n;

	add(d, CODEC_BASE64, r.bytes, r.damaged);
	if (!r.damaged)
		return;
	n = letters_to_pad(in, &goes_on);
	if (goes_on)
		add(d, CODEC_BASE64_STOP,
		    slice_sub(r.bytes, 0, n / 4 * 3 + (n % 4 + 1) / 2), true);
	if (slice_chr(in, '-') >= 0 || slice_chr(in, '_') >= 0) {
		r = decode(d->arena, d->tree, d->most, CODEC_BASE64_URL, in);
		add(d, CODEC_BASE64_URL, r.bytes, r.damaged);
	}
	clean = skip_text(in);
	if (clean.p != in.p) {
		r = decode(d->arena, d->tree, d->most, CODEC_BASE64, clean);
		add(d, CODEC_BASE64, r.bytes, true);
	}
	if (codec_sniff(in) != CODEC_BASE64)
		add(d, CODEC_IDENTITY, in, false);
}

static bool
is_strict_hex(char c)
{
	return text_is_digit(c) || (c >= 'A' && c <= 'F');
}

/* Strict and lenient decoders could differ. */
static bool
is_odd_qp(struct slice in)
{
	const char *p = in.p, *end = in.p + in.n;

	while (p < end && (p = memchr(p, '=', (size_t)(end - p))) != NULL) {
		p++;
		if (end - p >= 2 && is_strict_hex(p[0]) && is_strict_hex(p[1]))
			p += 2;
		else if (end - p >= 1 && p[0] == '\n')
			p++;
		else if (end - p >= 2 && p[0] == '\r' && p[1] == '\n')
			p += 2;
		else
			return true;
	}
	return false;
}

static void
add_qp(struct decodings *d, struct slice in)
{
	struct codec_result r =
	    decode(d->arena, d->tree, d->most, CODEC_QP, in);

	add(d, CODEC_QP, r.bytes, r.damaged);
	if (in.n == 0 || !is_odd_qp(in))
		return;
	r = decode(d->arena, d->tree, d->most, CODEC_QP_STRICT, in);
	add(d, CODEC_QP_STRICT, r.bytes, r.damaged);
}

/* A body in an encoding of its own, which may be damaged. */
static void
add_other(struct decodings *d, enum codec_encoding e, struct slice in)
{
	struct codec_result r = decode(d->arena, d->tree, d->most, e, in);

	add(d, e, r.bytes, r.damaged);
}

static void
add_encoding(struct decodings *d, enum codec_encoding e, struct slice in)
{
	if (e == CODEC_BASE64) {
		add_base64(d, in);
	} else if (e == CODEC_QP) {
		add_qp(d, in);
	} else if (e != CODEC_IDENTITY && e != CODEC_UNKNOWN) {
		add_other(d, e, in);
	} else {
		add(d, CODEC_IDENTITY, in, false);
		e = codec_sniff(in);
		if (e == CODEC_BASE64)
			add_base64(d, in);
		else if (e == CODEC_QP)
			add_qp(d, in);
	}
}

struct mime_decoding *
mime_decode(struct arena *a, const struct mime_part *p,
    const struct mime_limits *limits, size_t *count)
{
	struct decodings d = {
	    .arena = a, .tree = p->tree, .most = limits->decoded_bytes};
	size_t i;

	for (i = 0; i < p->encodings.n; i++)
		add_encoding(&d, p->encodings.at[i], p->body);
	*count = d.list.n;
	return d.list.at;
}
