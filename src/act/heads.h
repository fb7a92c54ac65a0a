/* heads - the fields of one header block and what becomes of each.
 *
 * The block is cut into fields once, by bytes: what does not look like a field
 * is left where it is. Changes are kept per field, so that any number of them
 * ends in edits that do not overlap. New fields go to the top or the bottom of
 * the block. Values that are given are UTF-8 and folded by fold.h.
 */
#ifndef ACT_HEADS_H
#define ACT_HEADS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "config/pattern.h"
#include "mail/edits.h"

struct head {
	struct slice name;  /* without colon */
	struct slice value; /* raw, behind the colon, with folds, without the
			       last line end */
	struct slice all;   /* with the last line end */
	bool dropped;
	struct slice before;  /* goes in front of the value */
	struct slice after;   /* goes behind the value */
	struct slice instead; /* replaces all, when set */
};

/* How a field that is already there is treated. */
enum heads_mode { HEADS_APPEND, HEADS_ADD, HEADS_REPLACE };

struct heads {
	struct arena *arena;
	struct slice raw;   /* the whole message */
	struct slice block; /* a part of raw, with the blank line if any */
	const char *eol;
	bool at_top;    /* new fields go there */
	bool no_delete; /* REPLACE only adds (keeps signatures whole) */
	size_t top;     /* offset in raw of the first field */
	size_t bottom;  /* offset in raw behind the last field */
	bool blank;     /* a blank line ends the block */
	VEC_OF(struct head) list;
	VEC_OF(struct slice) added; /* complete fields */
};

/* block lies in raw. */
void heads_init(
    struct heads *h, struct arena *a, struct slice raw, struct slice block);
/* First field of that name that is not dropped; NULL if there is none. */
struct head *heads_find(struct heads *h, const char *name);
/* One field "name: value"; name may end in ":". */
void heads_add(struct heads *h, struct slice name, struct slice value);
void heads_set(struct heads *h, struct slice name, struct slice value,
    enum heads_mode mode);
/* A field ready made, with its line end. */
void heads_add_raw(struct heads *h, struct slice field);
/* Drop all of that name (case-insensitive); how many. */
size_t heads_drop(struct heads *h, struct slice name);
/* Drop all whose name begins with prefix. */
void heads_drop_prefix(struct heads *h, const char *prefix);
/* Drop all fields of that name but the first. */
void heads_unique(struct heads *h, const char *name);
/* Drop all whose first line, with the name, matches a text pattern. */
void heads_drop_matching(struct heads *h, const struct pattern *p);
/* What stays of the block ends without a line end. */
bool heads_is_open(const struct heads *h);
/* Write the changes down. */
void heads_edits(const struct heads *h, struct edits *out);

#endif
