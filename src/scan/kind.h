/* kind - which archive some bytes are, told by the bytes alone.
 *
 * Names lie; mail software opens by content as often as by name. Signatures
 * are those of the formats' own descriptions. Linear, bounded, no allocation.
 */
#ifndef SCAN_KIND_H
#define SCAN_KIND_H

#include "base/slice.h"

/* KIND(CONSTANT, "word", how): zip and gzip are read by us; STREAM holds one
 * file, LIBRARY many, both through libarchive; NONE cannot be opened. */
// clang-format off
#define KINDS(KIND) \
	KIND(ZIP, "zip", ZIP) \
	KIND(GZIP, "gzip", GZIP) \
	KIND(BZIP2, "bzip2", STREAM) \
	KIND(XZ, "xz", STREAM) \
	KIND(LZMA, "lzma", STREAM) \
	KIND(LZIP, "lzip", STREAM) \
	KIND(ZSTD, "zstd", STREAM) \
	KIND(LZ4, "lz4", STREAM) \
	KIND(COMPRESS, "compress", STREAM) \
	KIND(TAR, "tar", LIBRARY) \
	KIND(RAR, "rar", LIBRARY) \
	KIND(RAR5, "rar5", LIBRARY) \
	KIND(SEVEN, "7z", LIBRARY) \
	KIND(CAB, "cab", LIBRARY) \
	KIND(AR, "ar", LIBRARY) \
	KIND(CPIO, "cpio", LIBRARY) \
	KIND(RPM, "rpm", LIBRARY) \
	KIND(ISO, "iso9660", LIBRARY) \
	KIND(LHA, "lha", LIBRARY) \
	KIND(XAR, "xar", NONE) \
	KIND(ACE, "ace", NONE) \
	KIND(ARJ, "arj", NONE) \
	KIND(ALZ, "alz", NONE) \
	KIND(EGG, "egg", NONE) \
	KIND(STUFFIT, "stuffit", NONE) \
	KIND(ZOO, "zoo", NONE) \
	KIND(ZPAQ, "zpaq", NONE) \
	KIND(ARC, "freearc", NONE) \
	KIND(LRZIP, "lrzip", NONE) \
	KIND(LZOP, "lzop", NONE) \
	KIND(INSTALLSHIELD, "installshield cabinet", NONE) \
	KIND(RAR_OLD, "rar 1.4", NONE) \
	KIND(WIM, "windows image", NONE) \
	KIND(VHD, "virtual disk", NONE) \
	KIND(UDF, "udf image", NONE) \
	KIND(SQUASHFS, "squashfs", NONE) \
	KIND(DMG, "apple disk image", NONE)
// clang-format on

enum kind {
	KIND_NONE,
#define KIND(constant, word, how) KIND_##constant,
	KINDS(KIND)
#undef KIND
	    KIND_COUNT
};

enum kind_how {
	KIND_HOW_ZIP,
	KIND_HOW_GZIP,
	KIND_HOW_STREAM,
	KIND_HOW_LIBRARY,
	KIND_HOW_NONE
};

const char *kind_word(enum kind k) ATTR_RET_NONNULL;
enum kind_how kind_how(enum kind k);

/* What starts at the first byte. */
enum kind kind_of(struct slice bytes);
/* The first archive hidden behind the first byte (a self-extractor, a second
 * format in one file): its kind, and *at where it starts. For a zip *at is 0:
 * its directory is found from the end. */
enum kind kind_inside(struct slice bytes, size_t *at);
/* The name has an extension that promises an archive. */
bool kind_named(struct slice name);
/* The name of what a packed stream holds: "a.tar.gz" -> "a.tar". */
struct slice kind_inner_name(struct slice name, const char **add);

#endif
