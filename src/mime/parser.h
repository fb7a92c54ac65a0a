/* parser - bytes to a tree of parts, with every reading the bytes allow.
 *
 * Total: any bytes give a tree; what is odd is recorded as defects (RFC 5322,
 * 2045-2049, 2231, 6532). The main reading is one pass with an explicit
 * stack; a construct that software in use reads in another way is parsed once
 * more that way, and what is new in it joins the tree marked with `reading`.
 * All readings together look at most `rescans` times at the message, so the
 * whole is linear. Zero copy: spans view the message, decoded texts (and
 * messages inside base64) live in the arena. Every limit is in struct
 * mime_limits; at a limit the parse goes on without the surplus and `cut`
 * says so.
 */
#ifndef MIME_PARSER_H
#define MIME_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "mime/codec.h"
#include "mime/header.h"
#include "mime/texts.h"

struct mime_limits {
	size_t parts;         /* parts of all readings together */
	size_t depth;         /* nesting of multiparts and messages */
	size_t header_bytes;  /* of one header block */
	size_t fields;        /* of one header block */
	size_t params;        /* of one field */
	size_t names;         /* readings of one part's name */
	size_t boundaries;    /* open at once, and readings of one boundary */
	size_t decoded_bytes; /* of all decodings of one message */
	size_t rescans;       /* bytes of other readings, times the message */
};
extern const struct mime_limits mime_default_limits;

/* DEFECT(CONSTANT, "stable-word", ambiguous): a defect is `ambiguous` when
 * software in use disagrees about what the message contains. */
// clang-format off
#define MIME_DEFECTS(DEFECT) \
	DEFECT(DUPLICATE_HEADER, "duplicate-header", true) \
	DEFECT(DUPLICATE_PARAMETER, "duplicate-parameter", true) \
	DEFECT(REPEATED_HEADER, "repeated-header", false) \
	DEFECT(NAME_CONFLICT, "name-conflict", true) \
	DEFECT(ODD_PARAMETER, "odd-parameter", false) \
	DEFECT(ODD_TYPE, "odd-type", false) \
	DEFECT(ODD_BOUNDARY, "odd-boundary", false) \
	DEFECT(BOUNDARY_CONFLICT, "boundary-conflict", true) \
	DEFECT(MISSING_BOUNDARY, "missing-boundary", true) \
	DEFECT(NO_DELIMITER, "no-delimiter", false) \
	DEFECT(FOREIGN_DELIMITER, "foreign-delimiter", true) \
	DEFECT(PREFIX_DELIMITER, "prefix-delimiter", true) \
	DEFECT(SAME_BOUNDARY, "same-boundary", true) \
	DEFECT(PART_AFTER_CLOSE, "part-after-close", true) \
	DEFECT(PREAMBLE_CONTENT, "preamble-content", true) \
	DEFECT(EPILOGUE_CONTENT, "epilogue-content", true) \
	DEFECT(MISSING_CLOSE, "missing-close", false) \
	DEFECT(HEADER_END, "header-end", true) \
	DEFECT(HEADER_JUNK, "header-junk", false) \
	DEFECT(HEADER_SPACE, "header-space", false) \
	DEFECT(HEADER_NO_END, "header-no-end", false) \
	DEFECT(FROM_LINE, "from-line", false) \
	DEFECT(BOM, "bom", false) \
	DEFECT(RAW_8BIT_HEADER, "raw-8bit-header", false) \
	DEFECT(MIXED_EOL, "mixed-eol", false) \
	DEFECT(BARE_CR, "bare-cr", false) \
	DEFECT(BARE_CR_STRUCTURE, "bare-cr-structure", true) \
	DEFECT(NUL, "nul", false) \
	DEFECT(NUL_HEADER, "nul-header", true) \
	DEFECT(ENCODING_CONFLICT, "encoding-conflict", true) \
	DEFECT(ENCODING_UNKNOWN, "encoding-unknown", true) \
	DEFECT(ODD_ENCODING, "odd-encoding", true) \
	DEFECT(ENCODED_MULTIPART, "encoded-multipart", true) \
	DEFECT(ENCODED_MESSAGE, "encoded-message", false) \
	DEFECT(BASE64_CONFLICT, "base64-conflict", true) \
	DEFECT(HIDDEN_MESSAGE, "hidden-message", false) \
	DEFECT(PARTIAL, "partial", false) \
	DEFECT(EXTERNAL_BODY, "external-body", false) \
	DEFECT(CHARSET_CONFLICT, "charset-conflict", true) \
	DEFECT(AUTHOR_CONFLICT, "author-conflict", true) \
	DEFECT(TOO_MANY_PARTS, "too-many-parts", false) \
	DEFECT(TOO_DEEP, "too-deep", false) \
	DEFECT(TOO_MANY_FIELDS, "too-many-fields", false) \
	DEFECT(HEADER_TOO_BIG, "header-too-big", false) \
	DEFECT(TOO_MANY_READINGS, "too-many-readings", false)
// clang-format on

enum mime_defect {
#define DEFECT(constant, word, ambiguous) MIME_DEFECT_##constant,
	MIME_DEFECTS(DEFECT)
#undef DEFECT
	    MIME_DEFECT_COUNT
};

/* The bit of a defect in a `defects` word. */
#define MIME_BIT(constant) (UINT64_C(1) << MIME_DEFECT_##constant)

const char *mime_defect_word(enum mime_defect d) ATTR_RET_NONNULL;
/* The bits of all ambiguous defects. */
uint64_t mime_ambiguous(void) ATTR_CONST;

/* One way to turn the body of a leaf into content. */
struct mime_decoding {
	enum codec_encoding encoding;
	struct slice bytes; /* decoded: a view of the message when identity */
	bool damaged;       /* junk, cut, or missing padding met */
};

struct mime_part {
	struct mime_part *parent;
	struct mime_part *first; /* children, all readings, in order of place */
	struct mime_part *last;
	struct mime_part *next;
	struct mime_tree *tree;
	unsigned depth;
	unsigned reading;  /* 0: what most software sees; > 0: others */
	struct slice path; /* "1", "1.2", "1.2~1" for a second reading */
	struct slice all; /* from the first header byte to the last body byte */
	struct slice head;      /* header block with the blank line, raw */
	struct slice body;      /* without the line end before the delimiter */
	struct slice delimiter; /* the delimiter line in front, with its EOL */
	struct header_block fields;
	struct slice type;       /* "text/plain", lower case, first reading */
	struct slice charset;    /* as declared, lower case; may be empty */
	struct texts types;      /* every reading of the type, [0] == type */
	struct texts charsets;   /* every reading */
	struct texts names;      /* every reading, UTF-8, no duplicates */
	struct texts boundaries; /* of a multipart, every reading */
	VEC_OF(enum codec_encoding) encodings; /* readings, [0] preferred */
	bool multipart;   /* has been split into children */
	bool message;     /* message/rfc822 and the like, parsed as its child */
	bool attachment;  /* Content-Disposition attachment, or has a name */
	bool foreign;     /* spans view decoded bytes, not the raw message */
	bool closed;      /* multipart: the close delimiter was there */
	uint64_t defects; /* bit (1 << MIME_DEFECT_x) */
};

struct mime_tree {
	struct mime_part *root;
	VEC_OF(struct mime_part *)
	parts; /* all, parents before children;
		  other readings last */
	struct slice raw;
	size_t header_end; /* offset of the empty line that ends the top header
			      (raw.n when there is none): add fields here */
	bool crlf;         /* the line end in use at the top */
	uint64_t defects;  /* of all parts together */
	bool cut;          /* a limit stopped the parse: not all was seen */
	size_t work;       /* bytes looked at, for the test of linear time */
	size_t decoded;    /* bytes decoded so far, against the limit */
};

struct mime_tree *mime_parse(struct arena *a, struct slice raw,
    const struct mime_limits *limits) ATTR_RET_NONNULL;

/* All contents a leaf can be decoded to, the preferred one first: one per
 * encoding reading plus what lenient and strict decoders make differently.
 * Equal results are given once. When the budget of decoded bytes is used up
 * the tree is `cut`. The files hidden in text (uuencode, yEnc, BinHex) come
 * from codec_embedded, not from here. */
struct mime_decoding *mime_decode(struct arena *a, const struct mime_part *p,
    const struct mime_limits *limits, size_t *count);

#endif
