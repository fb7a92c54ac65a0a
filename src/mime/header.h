/* header - a header block as fields in order, values with every reading.
 *
 * Any bytes are accepted. Lines end with LF (a CR before it belongs to the
 * line end) or, in HEADER_EOL_ANY, also with a bare CR. The block ends with
 * the first empty line; lines that are no fields are kept as fields without a
 * name and do not end it. Nothing is copied: fields view the text. Source:
 * RFC 5322, 2045, 2047, 2231, and what mail software accepts besides.
 */
#ifndef MIME_HEADER_H
#define MIME_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "mime/texts.h"

enum header_eol {
	HEADER_EOL_LF,  /* LF and CRLF end a line */
	HEADER_EOL_ANY, /* a bare CR does, too */
};

/* What was odd about a block. */
enum header_flag {
	HEADER_GARBAGE = 1 << 0,     /* a line that is no field */
	HEADER_FROM_LINE = 1 << 1,   /* an mbox "From " line in front */
	HEADER_BOM = 1 << 2,         /* a UTF-8 byte order mark in front */
	HEADER_BLANK_FIRST = 1 << 3, /* a folded line with nothing before it */
	HEADER_SPACE_COLON = 1 << 4, /* blanks between a name and its colon */
	HEADER_BARE_CR = 1 << 5,     /* a CR without LF inside the block */
	HEADER_MIXED_EOL = 1 << 6,   /* both LF and CRLF */
	HEADER_NUL = 1 << 7,
	HEADER_8BIT = 1 << 8,
	HEADER_NO_END = 1 << 9, /* the text ended before an empty line */
	HEADER_BLANK_LINE = 1
			    << 10, /* a line of blanks only, taken as a fold */
	HEADER_TOO_BIG = 1 << 11,  /* limit of bytes: the rest not listed */
	HEADER_TOO_MANY = 1 << 12, /* limit of fields: the rest not listed */
	HEADER_EMPTY_FIRST = 1 << 13, /* the text starts with an empty line */
};

struct header_field {
	struct slice raw;   /* all lines with their line ends */
	struct slice name;  /* as written, trimmed; empty: no field */
	struct slice value; /* behind the colon, folds inside, last EOL not */
};

struct header_block {
	struct slice raw; /* with the empty line that ends it */
	struct header_field *at;
	size_t n, cap;
	unsigned flags;
	bool crlf;         /* the first line ends with CRLF */
	size_t fields_end; /* offset of the empty line (or end) in raw */
	size_t other_end;  /* where a second reading ends the block (offset of
			      its body); 0: no such reading */
};

/* Parse the block in front of text; b->raw.n is its length. */
void header_parse(struct header_block *b, struct arena *a, struct slice text,
    enum header_eol eol, size_t max_bytes, size_t max_fields);
/* The first field of that name (any case) at or behind index *from, which is
 * moved behind it; NULL when there is none. */
const struct header_field *header_find(
    const struct header_block *b, const char *name, size_t *from);
/* The value of the first field of that name, unfolded and trimmed; p == NULL
 * when there is none. */
struct slice header_get(
    struct arena *a, const struct header_block *b, const char *name);
/* Without line ends; blanks at both ends cut. A view when there is no fold. */
struct slice header_unfold(struct arena *a, struct slice value);
/* RFC 2047 words decoded to UTF-8 (leniently: also inside quotes and without
 * blanks between), raw 8-bit bytes as UTF-8 or else as windows-1252. */
struct slice header_decode(struct arena *a, struct slice text);

/* "token; name=value; ..." taken apart tolerantly. */
struct header_param {
	struct slice name;  /* lower case, without section and star */
	struct slice value; /* unquoted, quoted pairs resolved */
	struct slice raw;   /* as written, trimmed */
	int section;        /* RFC 2231 *N; -1: none */
	bool extended;      /* RFC 2231 star at the end: %XX encoded */
	bool odd;           /* quotes missing, unquoted specials ... */
};

struct header_value {
	struct slice token; /* lower case, comments and blanks removed */
	struct slice rest;  /* the unfolded text */
	struct header_param *at;
	size_t n, cap;
	bool odd; /* the token was not plain: comment, quotes, encoded word */
	bool cut; /* more parameters than allowed */
};

void header_parse_value(struct header_value *v, struct arena *a,
    struct slice text, size_t max_params);
/* Every reading of the parameter added to out, the one of most software
 * first. Names and charsets are decoded to UTF-8 (RFC 2231, 2047). Returns
 * true when readings of software in use differ. */
bool header_param(struct arena *a, const struct header_value *v,
    const char *name, struct texts *out, size_t most);
/* The same for a boundary: bytes as they are, plus the cut and whole-line
 * candidates for damaged quoting. */
bool header_boundary(struct arena *a, const struct header_value *v,
    struct texts *out, size_t most);

#endif
