#include "scan/kind.h"

#include <stdint.h>

#include "base/text.h"

const char *
kind_word(enum kind k)
{
	static const char *const words[] = {"none",
#define KIND(constant, word, how) word,
	    KINDS(KIND)
#undef KIND
	};

	return words[k < KIND_COUNT ? k : KIND_NONE];
}

enum kind_how
kind_how(enum kind k)
{
	static const unsigned char hows[] = {KIND_HOW_NONE,
#define KIND(constant, word, how) KIND_HOW_##how,
	    KINDS(KIND)
#undef KIND
	};

	return (enum kind_how)hows[k < KIND_COUNT ? k : KIND_NONE];
}

/* Formats with bytes of their own at a fixed place. */
static const struct signature {
	enum kind kind;
	unsigned at;
	struct slice bytes;
} signatures[] = {
    {KIND_ZIP, 0, SLICE_LIT("PK\3\4")},
    {KIND_ZIP, 0, SLICE_LIT("PK\5\6")},
    {KIND_ZIP, 0, SLICE_LIT("PK\7\010PK\3\4")},
    {KIND_ZIP, 0, SLICE_LIT("PK00PK\3\4")},
    {KIND_GZIP, 0, SLICE_LIT("\x1f\x8b\x08")},
    {KIND_XZ, 0, SLICE_LIT("\xfd\x37zXZ\0")},
    {KIND_LZIP, 0, SLICE_LIT("LZIP\1")},
    {KIND_ZSTD, 0, SLICE_LIT("\x28\xb5\x2f\xfd")},
    {KIND_LZ4, 0, SLICE_LIT("\4\x22\x4d\x18")},
    {KIND_COMPRESS, 0, SLICE_LIT("\x1f\x9d")},
    {KIND_RAR, 0, SLICE_LIT("Rar!\x1a\7\0")},
    {KIND_RAR5, 0, SLICE_LIT("Rar!\x1a\7\1\0")},
    {KIND_RAR_OLD, 0, SLICE_LIT("RE~^")},
    {KIND_SEVEN, 0, SLICE_LIT("7z\xbc\xaf\x27\x1c")},
    {KIND_CAB, 0, SLICE_LIT("MSCF\0\0\0\0")},
    {KIND_AR, 0, SLICE_LIT("!<arch>\n")},
    {KIND_CPIO, 0, SLICE_LIT("070701")},
    {KIND_CPIO, 0, SLICE_LIT("070702")},
    {KIND_CPIO, 0, SLICE_LIT("070707")},
    {KIND_RPM, 0, SLICE_LIT("\xed\xab\xee\xdb")},
    {KIND_XAR, 0, SLICE_LIT("xar!\0\x1c")},
    {KIND_ISO, 32769, SLICE_LIT("CD001")},
    {KIND_ACE, 7, SLICE_LIT("**ACE**")},
    {KIND_ALZ, 0, SLICE_LIT("ALZ\1")},
    {KIND_EGG, 0, SLICE_LIT("EGGA\0")},
    {KIND_STUFFIT, 0, SLICE_LIT("StuffIt (c)1997-")},
    {KIND_STUFFIT, 0, SLICE_LIT("StuffIt!")},
    {KIND_STUFFIT, 10, SLICE_LIT("rLau")},
    {KIND_ZOO, 20, SLICE_LIT("\xdc\xa7\xc4\xfd")},
    {KIND_ZPAQ, 0, SLICE_LIT("7kSt\xa0\x31\x83\xd3\x8c\xb2\x28\xb0\xd3zPQ")},
    {KIND_ZPAQ, 0, SLICE_LIT("zPQ\1")},
    {KIND_ARC, 0, SLICE_LIT("ArC\1")},
    {KIND_LRZIP, 0, SLICE_LIT("LRZI\0")},
    {KIND_LZOP, 0, SLICE_LIT("\x89LZO\0\r\n\x1a\n")},
    {KIND_INSTALLSHIELD, 0, SLICE_LIT("ISc(")},
    {KIND_WIM, 0, SLICE_LIT("MSWIM\0\0\0")},
    {KIND_VHD, 0, SLICE_LIT("conectix")},
    {KIND_VHD, 0, SLICE_LIT("vhdxfile")},
    {KIND_VHD, 0, SLICE_LIT("KDMV\1\0\0\0")},
    {KIND_UDF, 32769, SLICE_LIT("BEA01")},
    {KIND_UDF, 34817, SLICE_LIT("NSR0")},
    {KIND_SQUASHFS, 0, SLICE_LIT("hsqs")},
};

static uint32_t
le32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 |
	       (uint32_t)u[3] << 24;
}

static unsigned
le16(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (unsigned)(u[0] | u[1] << 8);
}

/* The header's sum is right: signed or unsigned bytes, as old tars did it. */
static bool
is_tar(struct slice s)
{
	unsigned stored = 0, sum = 0, i, digits = 0;
	int sum_signed = 0;

	if (s.n < 512)
		return false;
	for (i = 148; i < 156; i++) {
		if (s.p[i] >= '0' && s.p[i] <= '7') {
			stored = stored * 8 + (unsigned)(s.p[i] - '0');
			digits++;
		} else if (digits > 0 || s.p[i] != ' ') {
			break;
		}
	}
	if (digits < 2)
		return false;
	for (i = 0; i < 512; i++) {
		bool in_sum = i >= 148 && i < 156;

		sum += in_sum ? ' ' : (unsigned char)s.p[i];
		sum_signed += in_sum ? ' ' : (signed char)s.p[i];
	}
	return sum == stored || sum_signed == (int)stored;
}

/* "-lh5-" behind a header length and a sum; also the -lz and -pm families. */
static bool
is_lha(struct slice s)
{
	if (s.n < 22 || s.p[2] != '-' || s.p[6] != '-')
		return false;
	if (s.p[3] == 'l' && (s.p[4] == 'h' || s.p[4] == 'z'))
		return text_is_alnum(s.p[5]);
	return s.p[3] == 'p' && s.p[4] == 'm' && text_is_digit(s.p[5]);
}

/* LZMA alone has no signature: properties, dictionary, size must make sense. */
static bool
is_lzma(struct slice s)
{
	uint64_t size;
	uint32_t dict;

	if (s.n < 14 || (unsigned char)s.p[0] >= 225 || s.p[13] != 0)
		return false;
	dict = le32(s.p + 1);
	size = le32(s.p + 5) | (uint64_t)le32(s.p + 9) << 32;
	if ((dict & (dict - 1)) != 0 || dict < 4096 || s.p[0] != 0x5d)
		return false;
	return size == UINT64_MAX || (size > 0 && size < UINT64_C(1) << 40);
}

static bool
is_bzip2(struct slice s)
{
	return s.n >= 14 && memcmp(s.p, "BZh", 3) == 0 && s.p[3] >= '1' &&
	       s.p[3] <= '9' &&
	       (memcmp(s.p + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0 ||
		   memcmp(s.p + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
}

/* Two bytes of signature only: the basic header has to make sense as well. */
static bool
is_arj(struct slice s)
{
	unsigned size, first;

	if (s.n < 40 || memcmp(s.p, "\x60\xea", 2) != 0)
		return false;
	size = le16(s.p + 2);
	first = (unsigned char)s.p[4];
	return size >= 30 && size <= 2600 && first >= 30 && first <= size &&
	       (unsigned char)s.p[10] <= 2;
}

/* The old binary cpio, either byte order: a name of sensible length that ends
 * with a NUL. */
static bool
is_cpio_binary(struct slice s)
{
	bool big = s.n > 1 && (unsigned char)s.p[0] == 0x71;
	unsigned name;

	if (s.n < 28 || (memcmp(s.p, "\xc7\x71", 2) != 0 &&
			    memcmp(s.p, "\x71\xc7", 2) != 0))
		return false;
	name =
	    big ? (unsigned)(unsigned char)s.p[20] << 8 | (unsigned char)s.p[21]
		: le16(s.p + 20);
	return name >= 2 && name <= 1024 && 26 + name <= s.n &&
	       s.p[26 + name - 1] == '\0' && s.p[26] != '\0';
}

static bool
is_zstd_skippable(struct slice s)
{
	return s.n > 12 && ((unsigned char)s.p[0] & 0xf0) == 0x50 &&
	       memcmp(s.p + 1, "\x2a\x4d\x18", 3) == 0;
}

enum kind
kind_of(struct slice s)
{
	size_t i;

	for (i = 0; i < COUNT_OF(signatures); i++) {
		const struct signature *g = &signatures[i];

		if (slice_eq(slice_sub(s, g->at, g->at + g->bytes.n), g->bytes))
			return g->kind;
	}
	if (is_tar(s))
		return KIND_TAR;
	if (is_bzip2(s))
		return KIND_BZIP2;
	if (is_lha(s))
		return KIND_LHA;
	if (is_arj(s))
		return KIND_ARJ;
	if (is_cpio_binary(s))
		return KIND_CPIO;
	if (is_zstd_skippable(s))
		return KIND_ZSTD;
	if (is_lzma(s))
		return KIND_LZMA;
	if (s.n >= 1024 && memcmp(s.p + s.n - 512, "koly\0\0\0\4", 8) == 0)
		return KIND_DMG;
	return KIND_NONE;
}

enum kind
kind_inside(struct slice s, size_t *at)
{
	static const struct {
		enum kind kind;
		struct slice bytes;
	} inner[] = {
	    {KIND_ZIP, SLICE_LIT("PK\5\6")},
	    {KIND_RAR5, SLICE_LIT("Rar!\x1a\7\1\0")},
	    {KIND_RAR, SLICE_LIT("Rar!\x1a\7\0")},
	    {KIND_SEVEN, SLICE_LIT("7z\xbc\xaf\x27\x1c\0")},
	    {KIND_CAB, SLICE_LIT("MSCF\0\0\0\0")},
	    {KIND_ACE, SLICE_LIT("**ACE**")},
	};
	size_t i;
	ptrdiff_t found;

	*at = 0;
	/* All of them hold NULs; text does not. */
	if (s.n < 22 || memchr(s.p, 0, s.n) == NULL)
		return KIND_NONE;
	for (i = 0; i < COUNT_OF(inner); i++) {
		found = slice_find(s, inner[i].bytes);
		if (found < 0)
			continue;
		*at = inner[i].kind == KIND_ZIP   ? 0
		      : inner[i].kind != KIND_ACE ? (size_t)found
		      : found >= 7                ? (size_t)found - 7
						  : 0;
		return inner[i].kind;
	}
	return KIND_NONE;
}

/* "a.7z.002" is a piece of "a.7z", "a.z01" and "a.r00" of a zip and a rar. */
static struct slice
without_volume(struct slice s)
{
	if (s.n > 4 && s.p[s.n - 4] == '.' && text_is_digit(s.p[s.n - 2]) &&
	    text_is_digit(s.p[s.n - 1])) {
		if (text_is_digit(s.p[s.n - 3]))
			return slice_sub(s, 0, s.n - 4);
		if (text_lower(s.p[s.n - 3]) == 'z')
			return SLICE(".zip");
		if (text_lower(s.p[s.n - 3]) == 'r')
			return SLICE(".rar");
	}
	return s;
}

bool
kind_named(struct slice name)
{
	static const char *const ends[] = {".zip", ".zipx", ".rar", ".7z",
	    ".gz", ".tgz", ".tar", ".taz", ".tbz", ".tbz2", ".txz", ".bz2",
	    ".xz", ".lzma", ".zst", ".cab", ".arj", ".lha", ".lzh", ".ace",
	    ".jar", ".iso", ".img", ".cpio", ".rpm", ".deb", ".alz", ".egg",
	    ".sitx", ".zoo", ".wim", ".vhd", ".vhdx", ".xar", ".udf"};
	size_t i;

	name = without_volume(name);
	for (i = 0; i < COUNT_OF(ends); i++)
		if (slice_ends_ci(name, ends[i]))
			return true;
	return false;
}

struct slice
kind_inner_name(struct slice name, const char **add)
{
	static const struct {
		const char *end, *instead;
	} ends[] = {{".tgz", ".tar"}, {".taz", ".tar"}, {".tbz", ".tar"},
	    {".tbz2", ".tar"}, {".txz", ".tar"}, {".tlz", ".tar"},
	    {".tzst", ".tar"}, {".svgz", ".svg"}, {".gz", ""}, {".bz2", ""},
	    {".xz", ""}, {".lzma", ""}, {".lz", ""}, {".zst", ""}, {".lz4", ""},
	    {".z", ""}};
	size_t i;

	*add = "";
	for (i = 0; i < COUNT_OF(ends); i++)
		if (slice_ends_ci(name, ends[i].end) &&
		    name.n > strlen(ends[i].end)) {
			*add = ends[i].instead;
			return slice_sub(name, 0, name.n - strlen(ends[i].end));
		}
	return name;
}
