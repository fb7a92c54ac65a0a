/* parser - bytes to a tree of parts, with every reading the bytes allow.
 *
 * Total: any bytes give a tree; what is odd is recorded as defects (RFC 5322,
 * 2045-2049, 2231, 6532). One pass, linear time, an explicit stack, every
 * limit named in struct mime_limits. Zero copy: all spans view the message,
 * decoded texts live in the arena. Where mail software in use would read a
 * construct in more than one way (two boundaries, two Content-Types, text
 * behind the end, no boundary at all ...) the tree holds the parts of *all*
 * readings, each marked with `reading`, and a defect that says so.
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

struct mime_limits {
	size_t parts;         /* parts of all readings together */
	size_t depth;         /* nesting of multiparts and messages */
	size_t header_bytes;  /* of one header block */
	size_t fields;        /* of one header block */
	size_t params;        /* of one field */
	size_t names;         /* readings of one part's name */
	size_t boundaries;    /* open at once, all readings */
	size_t decoded_bytes; /* of all decodings of one message */
};
extern const struct mime_limits mime_default_limits;

/* DEFECT(CONSTANT, "stable-word", ambiguous): a defect is `ambiguous` when
 * software in use disagrees about what the message contains. */
#define MIME_DEFECTS(DEFECT)                               \
	DEFECT(DUPLICATE_HEADER, "duplicate-header", true) \
	DEFECT(DUPLICATE_PARAMETER, "duplicate-parameter", true)
/* (the list is completed in this file by the parser's author) */

/* One way to turn the body of a leaf into content. */
struct mime_decoding {
	enum codec_encoding encoding;
	struct slice bytes; /* decoded: a view of the message when identity */
	bool damaged;       /* junk, cut, or missing padding met */
};

struct mime_part {
	struct mime_part *parent;
	struct mime_part *first; /* children, all readings, in order of place */
	struct mime_part *next;
	unsigned depth;
	unsigned reading;  /* 0: what most software sees; > 0: others */
	struct slice path; /* "1", "1.2", "1.2~1" for a second reading */
	struct slice all; /* from the first header byte to the last body byte */
	struct slice head; /* header block with the blank line, raw */
	struct slice body;
	struct header_block fields;
	struct slice type;    /* "text/plain", lower case, first reading */
	struct slice charset; /* as declared, lower case; may be empty */
	VEC_OF(struct slice) types; /* every reading of the type, [0]==type */
	VEC_OF(struct slice) charsets; /* every reading */
	VEC_OF(struct slice) names;    /* every reading, UTF-8, no duplicates */
	VEC_OF(enum codec_encoding)
	encodings;        /* every reading, [0] preferred */
	bool multipart;   /* has been split into children */
	bool message;     /* message/rfc822 and the like, parsed as its child */
	bool attachment;  /* Content-Disposition attachment, or has a name */
	uint64_t defects; /* bit (1 << MIME_DEFECT_x) */
};

struct mime_tree {
	struct mime_part *root;
	VEC_OF(struct mime_part *) parts; /* all, in document order */
	uint64_t defects;                 /* of all parts together */
	bool cut; /* a limit stopped the parse: not everything was seen */
};

struct mime_tree *mime_parse(struct arena *a, struct slice raw,
    const struct mime_limits *limits) ATTR_RET_NONNULL;

/* All contents a leaf can be decoded to, the preferred one first: one per
 * encoding reading plus what lenient and strict decoders make differently.
 * Equal results are given once. Also the files hidden in text (uuencode,
 * yEnc, BinHex) come from codec_embedded, not from here. */
struct mime_decoding *mime_decode(struct arena *a, const struct mime_part *p,
    const struct mime_limits *limits, size_t *count);

#endif
