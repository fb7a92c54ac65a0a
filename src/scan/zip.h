/* zip - what a zip holds, by every directory and every local header.
 *
 * Programs read a zip from its end (the central directory) or from its front
 * (the local headers) and take names, sizes and methods from either. zip_read
 * reads both and joins them: one entry for each local header that somebody
 * would find, with both views. Nothing is unpacked here. Total, linear in the
 * bytes plus the number of entries (n log n for sorting), bounded by `most`.
 * Source: APPNOTE.TXT 6.3.10; differences between programs as measured.
 */
#ifndef SCAN_ZIP_H
#define SCAN_ZIP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

enum {
	ZIP_ENDS_MAX = 16,  /* end records looked at; more is a defect */
	ZIP_NAMES_MAX = 6,  /* names of one entry; more are dropped, SHARED */
	ZIP_EXTRA_MAX = 64, /* extra fields of one header */
};

/* DEFECT(CONSTANT, "words", how bad: 0 odd, 1 readers disagree, 2 an attack) */
// clang-format off
#define ZIP_DEFECTS(DEFECT) \
	DEFECT(NO_END, "no end record", 1) \
	DEFECT(SEVERAL_ENDS, "several directories", 1) \
	DEFECT(WRONG_COUNT, "wrong number of entries in the directory", 0) \
	DEFECT(PREPENDED, "bytes in front of the archive", 0) \
	DEFECT(TRAILING, "bytes behind the archive", 0) \
	DEFECT(HIDDEN, "an entry the directory does not name", 1) \
	DEFECT(LOST, "an entry of the directory that is not there", 1) \
	DEFECT(NAME, "an entry with two names", 1) \
	DEFECT(METHOD, "an entry with two methods", 1) \
	DEFECT(SIZE, "an entry with two sizes", 1) \
	DEFECT(FLAGS, "an entry encrypted in one place only", 1) \
	DEFECT(SHARED, "several entries with the same data", 2) \
	DEFECT(OVERLAP, "entries that overlap", 2) \
	DEFECT(CUT, "an entry that ends behind the archive", 1) \
	DEFECT(SPANNED, "a part of an archive in several files", 1) \
	DEFECT(MANY, "more entries than are looked at", 2)
// clang-format on

enum zip_defect {
#define DEFECT(constant, words, bad) ZIP_DEFECT_##constant,
	ZIP_DEFECTS(DEFECT)
#undef DEFECT
	    ZIP_DEFECT_COUNT
};
#define ZIP_BIT(constant) (1u << ZIP_DEFECT_##constant)

const char *zip_defect_words(enum zip_defect d) ATTR_RET_NONNULL;
unsigned zip_defect_badness(enum zip_defect d);

/* One header's view of an entry. */
struct zip_view {
	bool there;
	unsigned flags, method;
	uint32_t crc;
	uint64_t packed, size;
	bool sizes_later; /* local only: in a data descriptor */
};

struct zip_entry {
	struct slice names[ZIP_NAMES_MAX]; /* raw; [0] of the directory */
	bool utf8[ZIP_NAMES_MAX];
	size_t name_count;
	struct zip_view central, local;
	size_t header;    /* offset of the local header */
	size_t data;      /* offset of the data */
	size_t end;       /* offset behind the data; data when not known */
	bool has_unicode; /* names of an extra field: none of them a lie */
	bool directory;
	bool link;      /* the data is the target of a symbolic link */
	bool encrypted; /* some header says so */
	bool clear;     /* some header says it is not */
	unsigned defects;
};

struct zip {
	VEC_OF(struct zip_entry) entries; /* by place */
	VEC_OF(struct slice)
	gaps;             /* bytes that belong to no entry, longest
			     runs only; for other formats in them */
	unsigned defects; /* of the archive and all entries */
	size_t listed;    /* entries of all directories */
};

/* most: entries; the surplus is ZIP_DEFECT_MANY. */
void zip_read(struct zip *z, struct arena *a, struct slice bytes, size_t most);

#endif
