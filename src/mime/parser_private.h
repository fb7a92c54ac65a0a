/* parser_private - what the files of the parser share.
 *
 * parser.c        the tree, the queue of other readings
 * parser_split.c  one pass over one text: boundaries, parts, their spans
 * parser_fields.c header fields of a part: types, names, encodings, defects
 * parser_more.c   which parts of another reading are new
 * parser_look.c   guesses: is this text a header, a multipart, base64
 * parser_decode.c contents of a leaf
 */
#ifndef MIME_PARSER_PRIVATE_H
#define MIME_PARSER_PRIVATE_H

#include "base/map.h"
#include "mime/parser.h"

/* What a reader may take a part for, whatever its header says. */
enum as {
	AS_DECLARED,
	AS_MULTIPART,
	AS_LEAF,
};

/* One way to read a text. The main reading is all zero. */
struct how {
	enum header_eol eol;
	bool loose;    /* delimiters by prefix and in any case */
	bool no_close; /* a close delimiter is a delimiter */
	bool outer;    /* of two equal boundaries the outer one counts */
	/* these concern the first part of the text only */
	bool no_head;          /* the text has no header */
	bool one_boundary;     /* `boundary` and no other */
	bool decoded;          /* its transfer encoding is undone already */
	enum as as;            /* overrides the declared type */
	unsigned field;        /* believe this Content-Type field */
	size_t head_end;       /* the header ends here; 0: at its empty line */
	struct slice boundary; /* with one_boundary */
};

/* A part with what only the parser knows of it. */
struct part {
	struct mime_part mime; /* first, so that pointers convert */
	struct slice text;     /* the bytes its spans view */
	struct part *origin;   /* of the first of another reading: its base */
	size_t from;           /* offset of its header there */
	size_t start;          /* offset of its body */
	unsigned number;       /* among the children of its parent */
	unsigned children;
	unsigned readings;  /* other readings that joined the tree */
	unsigned types;     /* Content-Type fields */
	bool content;       /* has fields of MIME */
	bool has_boundary;  /* a boundary parameter, whatever the type */
	bool kept;          /* is in the tree */
	bool child_encoded; /* message or multipart with an encoding */
};

static inline struct part *
part_of(struct mime_part *p)
{
	return (struct part *)(void *)p;
}

/* A reading that is still to be made. */
struct job {
	struct part *base;  /* the part read in another way */
	struct slice text;  /* from the header of that part */
	bool foreign;       /* text is decoded */
	bool inside;        /* what is found is a child of base */
	bool main;          /* what most software sees */
	uint64_t ambiguous; /* defect of base when there is something new */
	struct how how;
};

struct parse {
	struct arena *arena;
	const struct mime_limits *limits;
	struct mime_tree *tree;
	VEC_OF(struct job) jobs;
	VEC_OF(struct job) later;    /* guesses, when nothing else is left */
	struct map asked;            /* jobs there were */
	struct map seen;             /* leaves of the tree */
	bool seen_main;              /* the main reading is in `seen` */
	VEC_OF(struct part *) plain; /* leaves of the main reading in order */
	size_t left;  /* bytes other readings may still look at */
	size_t made;  /* parts, also those dropped again */
	size_t most;  /* of them now */
	bool bare_cr; /* in a header of the text being read */
	bool nul;     /* the same */
};

/* The parts one pass over a text found. */
struct found {
	VEC_OF(struct part *) parts;
};

/* Queue a reading; equal ones once. */
void parse_ask(struct parse *ps, const struct job *job);
/* A limit was met: the tree is cut. */
void parse_cut(struct parse *ps, struct part *p, uint64_t defect);

/* Read a text; how may be changed by nobody. parent: of the first part. */
void split_text(struct parse *ps, struct found *found, const struct job *job,
    struct part *parent);

/* Fill in everything the header says. */
void fields_read(
    struct parse *ps, struct part *p, const struct how *how, bool first);
/* The type that p's children have unless they say another. */
bool fields_is_multipart(struct slice type) ATTR_PURE;
bool fields_is_message(struct slice type) ATTR_PURE;

/* Put those parts of another reading into the tree that show something new;
 * false when there are none. */
bool more_join(struct parse *ps, struct found *found, const struct job *job);

/* The part itself, or the one in the tree it was made from. */
struct part *more_kept(struct part *p) ATTR_RET_NONNULL;

/* The text starts with a header block that has fields of MIME or mail. */
bool look_is_message(struct slice text) ATTR_PURE;
/* The boundary of the delimiter lines in the text. `sure`: only lines with a
 * Content-* field behind them count. */
bool look_boundary(struct slice text, bool sure, struct slice *boundary);
/* Text around the parts of a multipart that is more than a remark. */
bool look_is_content(struct slice text);
/* Such text that nobody misses, should it not be content. */
bool look_is_remark(struct slice text, bool front);
/* The first line could be one of base64. */
bool look_is_base64(struct slice text);
bool look_is_blank(struct slice text) ATTR_PURE;
/* More base64 follows behind padding. */
bool look_base64_goes_on(struct slice text) ATTR_PURE;
/* Without blanks and line ends at the end. */
struct slice look_trim_end(struct slice text) ATTR_PURE;
/* Bytes of text decoded for a look at its beginning. */
struct slice look_decoded(
    struct arena *a, enum codec_encoding e, struct slice text);

/* All of a body decoded, counted against the limit. */
struct slice decode_all(
    struct parse *ps, enum codec_encoding e, struct slice body);

#endif
