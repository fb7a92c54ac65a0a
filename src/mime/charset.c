#include "mime/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/text.h"
#include "mime/charset_private.h"

enum { LABEL_MAX = 32, ICONV_SETS = CHARSET_SETS - CHARSET_ICONV };

/* The converters of this process: opened once, never closed. */
static iconv_t converters[ICONV_SETS];
static bool converter_open[ICONV_SETS];
static bool warm;

size_t
charset_warm(void)
{
	static const char *const names[ICONV_SETS] = {
	    "GB18030",
	    "BIG5-HKSCS",
	    "EUC-JP-MS",
	    "CP932",
	    "CP949",
	    "EUC-TW",
	    "JOHAB",
	    "ISO-2022-CN",
	    "ISO-2022-JP-2",
	    "ISO-2022-JP-3",
	    "VISCII",
	    "TCVN",
	    "ARMSCII-8",
	    "GEORGIAN-PS",
	    "GEORGIAN-ACADEMY",
	    "IBM037",
	    "IBM500",
	    "IBM1047",
	    "IBM1140",
	};
	size_t i, missing = 0;

	for (i = 0; i < ICONV_SETS; i++) {
		if (!warm) {
			converters[i] = iconv_open("UTF-8", names[i]);
			converter_open[i] =
			    (intptr_t)converters[i] != (intptr_t)-1;
		}
		missing += !converter_open[i];
	}
	warm = true;
	return missing;
}

enum charset_set
charset_find(struct slice label)
{
	char key[LABEL_MAX];
	size_t i, n = 0, low = 0, high = charset_label_count;

	for (i = 0; i < label.n; i++) {
		if (!text_is_alnum(label.p[i]))
			continue;
		if (n + 1 >= sizeof(key))
			return CHARSET_UNKNOWN;
		key[n++] = text_lower(label.p[i]);
	}
	key[n] = '\0';
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int diff = strcmp(key, charset_labels[middle].label);

		if (diff == 0)
			return charset_labels[middle].set;
		if (diff < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return CHARSET_UNKNOWN;
}

/* The set can be decoded: it is ours or its converter is open. */
static bool
at_hand(enum charset_set set)
{
	if (set < CHARSET_ICONV)
		return true;
	(void)charset_warm();
	return set < CHARSET_SETS && converter_open[set - CHARSET_ICONV];
}

bool
charset_known(struct slice label)
{
	return at_hand(charset_find(label));
}

bool
charset_is_utf8(struct slice in)
{
	size_t at = charset_ascii(in);

	while (at < in.n) {
		size_t n = text_utf8(in.p + at, in.n - at, NULL);

		if (n == 0)
			return false;
		at += n;
		if (at < in.n && (unsigned char)in.p[at] < 0x80)
			at += charset_ascii(slice_from(in, at));
	}
	return true;
}

/* Every turn eats input or ends: a converter that stands still loses a byte.
 */
static void
from_iconv(struct charset_sink *out, iconv_t cd, struct slice in)
{
	char piece[8192], *src, *dst;
	size_t left = in.n, room, before, got;

	(void)iconv(cd, NULL, NULL, NULL, NULL);
	memcpy(&src, &in.p, sizeof(src)); /* iconv wants char **, writes not */
	while (left > 0) {
		before = left;
		dst = piece;
		room = sizeof(piece);
		got = iconv(cd, &src, &left, &dst, &room);
		charset_put_bytes(out, piece, sizeof(piece) - room);
		if (got == (size_t)-1 && errno == EINVAL) {
			charset_put_bad(out);
			break;
		}
		if ((got == (size_t)-1 && errno == EILSEQ) ||
		    (left == before && room == sizeof(piece))) {
			charset_put_bad(out);
			src++;
			left--;
		}
	}
	dst = piece;
	room = sizeof(piece);
	(void)iconv(cd, NULL, NULL, &dst, &room);
	charset_put_bytes(out, piece, sizeof(piece) - room);
}

static void
run(struct charset_sink *out, enum charset_set set, struct slice in)
{
	if (set < CHARSET_TABLES)
		charset_from_table(out, charset_tables[set].high, in);
	else if (set >= CHARSET_ICONV)
		from_iconv(out, converters[set - CHARSET_ICONV], in);
	else if (set == CHARSET_UTF_8)
		charset_from_utf8(out, in);
	else if (set == CHARSET_UTF_7)
		charset_from_utf7(out, in);
	else if (set == CHARSET_UTF_16 || set == CHARSET_UTF_16LE)
		charset_from_utf16(out, in, false);
	else if (set == CHARSET_UTF_16BE)
		charset_from_utf16(out, in, true);
	else
		charset_from_utf32(out, in, set == CHARSET_UTF_32BE);
}

/* Text without bytes >= 0x80 (and without the bytes that shift) means ASCII
 * in this set. */
static bool
is_plain(enum charset_set set, struct slice in)
{
	if (charset_ascii(in) < in.n)
		return false;
	if (set < CHARSET_TABLES || set == CHARSET_UTF_8)
		return true;
	if (set == CHARSET_UTF_7)
		return slice_chr(in, '+') < 0;
	if (set == CHARSET_HZ_GB_2312)
		return slice_chr(in, '~') < 0;
	if (set == CHARSET_ISO_2022_JP || set == CHARSET_ISO_2022_KR ||
	    set == CHARSET_ISO_2022_CN || set == CHARSET_ISO_2022_JP_2 ||
	    set == CHARSET_ISO_2022_JP_3)
		return slice_chr(in, '\033') < 0 && slice_chr(in, '\016') < 0 &&
		       slice_chr(in, '\017') < 0;
	return set >= CHARSET_ICONV && set <= CHARSET_EUC_TW;
}

struct slice
charset_decode(
    struct arena *a, enum charset_set set, struct slice in, bool *damaged)
{
	struct charset_sink count = {NULL, 0, false}, out = count;

	if (is_plain(set, in) || (set == CHARSET_UTF_8 && charset_is_utf8(in)))
		return in;
	if (set == CHARSET_ISO_2022_JP) {
		in = charset_unshift_jp(a, in);
		set = CHARSET_EUC_JP;
	} else if (set == CHARSET_ISO_2022_KR) {
		in = charset_unshift_kr(a, in);
		set = CHARSET_EUC_KR;
	} else if (set == CHARSET_HZ_GB_2312) {
		in = charset_unshift_hz(a, in);
		set = CHARSET_GB18030;
	}
	if (!at_hand(set)) {
		*damaged = true;
		set = CHARSET_WINDOWS_1252;
	}
	run(&count, set, in);
	out.p = arena_alloc(a, count.n + 1);
	run(&out, set, in);
	ensure(out.n == count.n);
	*damaged = *damaged || out.bad;
	return slice_of(out.p, out.n);
}

/* The set a byte order mark says, and its length; CHARSET_UNKNOWN when there
 * is none. */
static enum charset_set
mark(struct slice in, size_t *length)
{
	static const struct {
		struct slice bytes;
		enum charset_set set;
	} marks[] = {
	    {SLICE_LIT("\xef\xbb\xbf"), CHARSET_UTF_8},
	    {SLICE_LIT("\xff\xfe\0\0"), CHARSET_UTF_32LE},
	    {SLICE_LIT("\0\0\xfe\xff"), CHARSET_UTF_32BE},
	    {SLICE_LIT("\xff\xfe"), CHARSET_UTF_16LE},
	    {SLICE_LIT("\xfe\xff"), CHARSET_UTF_16BE},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(marks); i++)
		if (slice_eq(
			slice_sub(in, 0, marks[i].bytes.n), marks[i].bytes)) {
			*length = marks[i].bytes.n;
			return marks[i].set;
		}
	*length = 0;
	return CHARSET_UNKNOWN;
}

/* What the label alone means; no label: UTF-8 when it is that. */
static enum charset_set
labelled(struct slice label, struct slice in, bool *damaged)
{
	enum charset_set set = charset_find(label);

	if (set != CHARSET_UNKNOWN)
		return set;
	if (slice_trim(label).n == 0 && charset_is_utf8(in))
		return CHARSET_UTF_8;
	*damaged = true;
	return CHARSET_WINDOWS_1252;
}

struct slice
charset_to_utf8(
    struct arena *a, struct slice label, struct slice in, bool *damaged)
{
	size_t cut;
	enum charset_set set = mark(in, &cut);
	bool bad = false;
	struct slice out;

	in = slice_from(in, cut);
	if (set == CHARSET_UNKNOWN)
		set = labelled(label, in, &bad);
	out = charset_decode(a, set, in, &bad);
	if (damaged != NULL)
		*damaged = bad;
	return out;
}

struct slice
charset_word_to_utf8(
    struct arena *a, struct slice label, struct slice in, bool *damaged)
{
	enum charset_set set = charset_find(label);
	bool bad = false;
	struct slice out;

	if (set == CHARSET_UTF_16 || set == CHARSET_UTF_32)
		return charset_to_utf8(a, label, in, damaged);
	out = charset_decode(a, labelled(label, in, &bad), in, &bad);
	if (damaged != NULL)
		*damaged = bad;
	return out;
}

/* The charset named in the first bytes of HTML or XML. */
static struct slice
meta_label(struct slice in)
{
	static const char *const keys[] = {"charset", "encoding"};
	struct slice head = slice_sub(in, 0, CHARSET_META_BYTES);
	size_t i, at, from;

	for (i = 0; i < COUNT_OF(keys); i++) {
		ptrdiff_t tag =
		    slice_find_ci(head, slice_str(i == 0 ? "<meta" : "<?xml"));
		ptrdiff_t key;
		struct slice rest;

		if (tag < 0)
			continue;
		rest = slice_from(head, (size_t)tag);
		key = slice_find_ci(rest, slice_str(keys[i]));
		if (key < 0)
			continue;
		rest = slice_from(rest, (size_t)key + strlen(keys[i]));
		for (at = 0; at < rest.n && text_is_space(rest.p[at]); at++)
			;
		if (at >= rest.n || rest.p[at] != '=')
			continue;
		for (at++; at < rest.n &&
			   (text_is_space(rest.p[at]) || rest.p[at] == '"' ||
			       rest.p[at] == '\'');
		     at++)
			;
		for (from = at; at < rest.n && !text_is_space(rest.p[at]) &&
				memchr("\"'>/;?", rest.p[at], 6) == NULL;
		     at++)
			;
		return slice_sub(rest, from, at);
	}
	return SLICE_NONE;
}

/* NUL at most of the even or odd places: UTF-16 whatever the label says. */
static enum charset_set
looks_utf16(struct slice in)
{
	size_t i, zero[2] = {0, 0};
	size_t n = in.n < CHARSET_META_BYTES ? in.n : CHARSET_META_BYTES;

	for (i = 0; i < n; i++)
		zero[i & 1] += in.p[i] == '\0';
	if (zero[1] > n / 4 && zero[0] <= n / 8)
		return CHARSET_UTF_16LE;
	if (zero[0] > n / 4 && zero[1] <= n / 8)
		return CHARSET_UTF_16BE;
	return CHARSET_UNKNOWN;
}

/* Every '+' starts well-formed UTF-7, and there is a coded character. */
static bool
looks_utf7(struct slice in)
{
	struct charset_sink out = {NULL, 0, false};
	ptrdiff_t plus = slice_chr(in, '+');

	if (plus < 0 || charset_ascii(in) < in.n)
		return false;
	charset_from_utf7(&out, in);
	if (out.bad)
		return false;
	while (plus >= 0 && (size_t)plus + 1 < in.n && in.p[plus + 1] == '-') {
		in = slice_from(in, (size_t)plus + 2);
		plus = slice_chr(in, '+');
	}
	return plus >= 0;
}

struct readings {
	struct arena *arena;
	struct slice *at;
	size_t n;
};

static void
add(struct readings *r, enum charset_set set, struct slice in)
{
	bool damaged = false;
	struct slice s;
	size_t i;

	if (set == CHARSET_UNKNOWN || r->n >= CHARSET_READINGS_MAX)
		return;
	s = charset_decode(r->arena, set, in, &damaged);
	for (i = 0; i < r->n; i++)
		if (slice_eq(r->at[i], s))
			return;
	r->at[r->n++] = s;
}

struct slice *
charset_readings(
    struct arena *a, struct slice label, struct slice in, size_t *count)
{
	struct readings r = {a, NULL, 0};
	enum charset_set by_label = charset_find(label), meta;
	enum charset_set by_mark;
	size_t cut;

	r.at = arena_array(a, CHARSET_READINGS_MAX, sizeof(*r.at));
	r.at[r.n++] = charset_to_utf8(a, label, in, NULL);
	by_mark = mark(in, &cut);
	if (by_mark != CHARSET_UNKNOWN) {
		in = slice_from(in, cut);
		/* what browsers make of a UTF-32 mark */
		if (by_mark == CHARSET_UTF_32LE)
			add(&r, CHARSET_UTF_16LE, in);
		add(&r, by_label, in);
	}
	meta = charset_find(meta_label(in));
	if (meta == CHARSET_UTF_16 || meta == CHARSET_UTF_16LE ||
	    meta == CHARSET_UTF_16BE)
		meta = CHARSET_UTF_8;
	add(&r, meta, in);
	add(&r, looks_utf16(in), in);
	if (by_label == CHARSET_UTF_16)
		add(&r, CHARSET_UTF_16BE, in);
	if (looks_utf7(in))
		add(&r, CHARSET_UTF_7, in);
	if (charset_is_utf8(in))
		add(&r, CHARSET_UTF_8, in);
	*count = r.n;
	return r.at;
}
