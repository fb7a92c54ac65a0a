/* codec - transfer encodings and encoded files inside text.
 *
 * Total and linear: any bytes decode to something, `damaged` says that junk,
 * a cut or missing padding was met. Output is never more than `most` bytes
 * (`cut` then) and never larger than the input, but for uuencoded lines that
 * lost blanks (by a tenth) and runs of BinHex. Identity makes no copy.
 * Sources: RFC 2045, 4648, 1741 (BinHex 4.0), POSIX uuencode, yEnc draft 1.3.
 */
#ifndef MIME_CODEC_H
#define MIME_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

enum codec_encoding {
	CODEC_IDENTITY,    /* 7bit, 8bit, binary, none */
	CODEC_BASE64,      /* '=' ends a group, decoding goes on */
	CODEC_BASE64_STOP, /* ends at the first '=' */
	CODEC_BASE64_SKIP, /* '=' is junk: a group goes on behind it */
	CODEC_BASE64_URL,  /* "-_" for "+/", else as CODEC_BASE64 */
	CODEC_QP,          /* lenient */
	CODEC_QP_STRICT,   /* wrong escapes stay, lower case hex is wrong */
	CODEC_UU,          /* uuencode: first block in the text */
	CODEC_YENC,
	CODEC_BINHEX,  /* data fork */
	CODEC_UNKNOWN, /* a CTE nobody knows */
};

struct codec_result {
	struct slice bytes;
	struct slice name; /* of uuencode, yEnc, BinHex; else empty */
	size_t used;       /* bytes of the input that were read */
	bool damaged;
	bool cut;
};

/* Word for an encoding: "base64", ... */
const char *codec_word(enum codec_encoding e) ATTR_RET_NONNULL;
/* Of a Content-Transfer-Encoding token (any case): CODEC_UNKNOWN when new;
 * CODEC_IDENTITY for the empty token. */
enum codec_encoding codec_find(struct slice token);
/* Add nothing but decode; the result lives in the arena or views `in`. */
void codec_decode(struct codec_result *r, struct arena *a,
    enum codec_encoding e, struct slice in, size_t most);
/* What the bytes look like: CODEC_BASE64, _QP, _UU, _YENC, _BINHEX or
 * CODEC_IDENTITY; looks at the first few kilobytes. */
enum codec_encoding codec_sniff(struct slice in);

/* A file found in text. */
struct codec_file {
	enum codec_encoding encoding;
	struct slice name;
	struct slice raw; /* from the begin line to the end line */
	struct slice bytes;
	bool damaged;
};

/* All uuencode, begin-base64, yEnc and BinHex blocks in the text, at most
 * `most_files` and `most` decoded bytes together. A begin line counts only
 * before a valid first data line. *cut (may be NULL): a limit was met. */
struct codec_file *codec_embedded(struct arena *a, struct slice text,
    size_t most_files, size_t most, size_t *count, bool *cut);

#endif
