#include "scan/zip.h"

#include <stdlib.h>

enum {
	LOCAL_SIZE = 30,
	CENTRAL_SIZE = 46,
	END_SIZE = 22,
	END64_SIZE = 56,
	LOCATOR_SIZE = 20,
	FLAG_ENCRYPTED = 1,
	FLAG_LATER = 8,
	FLAG_STRONG = 64,
	FLAG_UTF8 = 0x800,
	FLAG_MASKED = 0x2000,
	METHOD_AES = 99,
	VERSION_MAX = 99, /* needed to extract, in tenths */
	EXTRA_ZIP64 = 1,
	EXTRA_STRONG = 0x17,
	EXTRA_NAME = 0x7075,
	EXTRA_AES = 0x9901,
	GAP_MIN = 16,
	GAPS_MAX = 64,
};

struct range {
	size_t from, to;
};

struct reader {
	struct zip *z;
	struct arena *a;
	struct slice s;
	size_t most;
	VEC_OF(struct range) known; /* directories and end records */
	struct slice last_end;
};

const char *
zip_defect_words(enum zip_defect d)
{
	static const char *const words[] = {
#define DEFECT(constant, text, bad) text,
	    ZIP_DEFECTS(DEFECT)
#undef DEFECT
	};

	return d < ZIP_DEFECT_COUNT ? words[d] : "";
}

unsigned
zip_defect_badness(enum zip_defect d)
{
	static const unsigned char badness[] = {
#define DEFECT(constant, text, bad) bad,
	    ZIP_DEFECTS(DEFECT)
#undef DEFECT
	};

	return d < ZIP_DEFECT_COUNT ? badness[d] : 0;
}

static unsigned
le16(struct slice s, size_t at)
{
	const unsigned char *p = (const unsigned char *)s.p + at;

	return (unsigned)(p[0] | p[1] << 8);
}

static uint32_t
le32(struct slice s, size_t at)
{
	return le16(s, at) | (uint32_t)le16(s, at + 2) << 16;
}

static uint64_t
le64(struct slice s, size_t at)
{
	return le32(s, at) | (uint64_t)le32(s, at + 4) << 32;
}

static bool
has(struct slice s, size_t at, const char *sig, size_t need)
{
	return at <= s.n && s.n - at >= need && memcmp(s.p + at, sig, 4) == 0;
}

static void
add_name(struct zip_entry *e, struct slice name, bool utf8)
{
	size_t i;

	for (i = 0; i < e->name_count; i++)
		if (slice_eq(e->names[i], name) && e->utf8[i] == utf8)
			return;
	if (e->name_count == ZIP_NAMES_MAX) {
		e->defects |= ZIP_BIT(SHARED);
		return;
	}
	e->names[e->name_count] = name;
	e->utf8[e->name_count++] = utf8;
}

/* What the extra fields say: 64-bit sizes, another name, encryption.
 * *offset (may be NULL) is the central record's place of the local header. */
static void
read_extra(struct zip_entry *e, struct zip_view *v, struct slice extra,
    uint64_t *offset)
{
	int fields = ZIP_EXTRA_MAX;

	while (extra.n >= 4 && fields-- > 0) {
		unsigned id = le16(extra, 0);
		size_t n = le16(extra, 2), at = 0;
		struct slice body = slice_sub(extra, 4, 4 + n);

		if (id == EXTRA_ZIP64) {
			if (v->size == UINT32_MAX && body.n >= at + 8) {
				v->size = le64(body, at);
				at += 8;
			}
			if (v->packed == UINT32_MAX && body.n >= at + 8) {
				v->packed = le64(body, at);
				at += 8;
			}
			if (offset != NULL && *offset == UINT32_MAX &&
			    body.n >= at + 8)
				*offset = le64(body, at);
		} else if (id == EXTRA_NAME && body.n > 5) {
			add_name(e, slice_from(body, 5), true);
			e->has_unicode = true;
		} else if (id == EXTRA_AES || id == EXTRA_STRONG) {
			v->flags |= FLAG_ENCRYPTED;
		}
		extra = slice_from(extra, 4 + n);
	}
}

static void
note_encryption(struct zip_entry *e, const struct zip_view *v)
{
	if ((v->flags & (FLAG_ENCRYPTED | FLAG_STRONG | FLAG_MASKED)) != 0 ||
	    v->method == METHOD_AES)
		e->encrypted = true;
	else
		e->clear = true;
}

/* A local header that a program could take for one. */
static bool
local_fits(struct slice s, size_t at)
{
	size_t name;

	if (!has(s, at, "PK\3\4", LOCAL_SIZE))
		return false;
	name = le16(s, at + 26);
	return (le16(s, at + 4) & 0xff) <= VERSION_MAX && name > 0 &&
	       le16(s, at + 8) <= METHOD_AES &&
	       name + le16(s, at + 28) <= s.n - at - LOCAL_SIZE;
}

/* Fill the local view of e, whose header is set. */
static void
read_local(struct reader *r, struct zip_entry *e)
{
	struct slice s = r->s;
	struct zip_view *v = &e->local;
	size_t at = e->header, name, extra;

	if (!has(s, at, "PK\3\4", LOCAL_SIZE)) {
		e->defects |= ZIP_BIT(LOST);
		return;
	}
	name = le16(s, at + 26);
	extra = le16(s, at + 28);
	v->there = true;
	v->flags = le16(s, at + 6);
	v->method = le16(s, at + 8);
	v->crc = le32(s, at + 14);
	v->packed = le32(s, at + 18);
	v->size = le32(s, at + 22);
	add_name(e, slice_sub(s, at + LOCAL_SIZE, at + LOCAL_SIZE + name),
	    (v->flags & FLAG_UTF8) != 0);
	read_extra(e, v,
	    slice_sub(
		s, at + LOCAL_SIZE + name, at + LOCAL_SIZE + name + extra),
	    NULL);
	v->sizes_later = (v->flags & FLAG_LATER) != 0 && v->packed == 0;
	note_encryption(e, v);
	e->data = at + LOCAL_SIZE + name + extra;
	if (e->data > s.n) {
		e->data = s.n;
		e->defects |= ZIP_BIT(CUT);
	}
	e->end = e->data;
}

static struct zip_entry *
new_entry(struct reader *r)
{
	if (r->z->entries.n >= r->most) {
		r->z->defects |= ZIP_BIT(MANY);
		return NULL;
	}
	return vec_push(r->a, &r->z->entries);
}

/* The central record at `at`: an entry with its central view. Returns the
 * length of the record, 0 when there is none or no room for it. */
static size_t
read_central(struct reader *r, size_t at, size_t base)
{
	struct slice s = r->s;
	struct zip_entry *e;
	size_t name, extra, comment;
	uint64_t offset;
	unsigned host, mode;

	if (!has(s, at, "PK\1\2", CENTRAL_SIZE))
		return 0;
	e = new_entry(r);
	if (e == NULL)
		return 0;
	name = le16(s, at + 28);
	extra = le16(s, at + 30);
	comment = le16(s, at + 32);
	offset = le32(s, at + 42);
	e->central.there = true;
	e->central.flags = le16(s, at + 8);
	e->central.method = le16(s, at + 10);
	e->central.crc = le32(s, at + 16);
	e->central.packed = le32(s, at + 20);
	e->central.size = le32(s, at + 24);
	host = le16(s, at + 4) >> 8;
	mode = le32(s, at + 38) >> 16;
	e->link = host == 3 && (mode & 0170000) == 0120000;
	if (name > 0)
		add_name(e,
		    slice_sub(s, at + CENTRAL_SIZE, at + CENTRAL_SIZE + name),
		    (e->central.flags & FLAG_UTF8) != 0);
	read_extra(e, &e->central,
	    slice_sub(
		s, at + CENTRAL_SIZE + name, at + CENTRAL_SIZE + name + extra),
	    &offset);
	note_encryption(e, &e->central);
	if (le16(s, at + 34) != 0)
		r->z->defects |= ZIP_BIT(SPANNED);
	/* Offsets count from the archive's own start, or from the file's. */
	if (offset <= s.n && has(s, offset + base, "PK\3\4", LOCAL_SIZE))
		e->header = (size_t)offset + base;
	else
		e->header = offset < s.n ? (size_t)offset : s.n;
	return CENTRAL_SIZE + name + extra + comment;
}

static bool
is_known(const struct reader *r, size_t at)
{
	const struct range *k;

	vec_each (k, &r->known)
		if (at >= k->from && at < k->to)
			return true;
	return false;
}

static void
know(struct reader *r, size_t from, size_t to)
{
	if (to > from)
		*vec_push(r->a, &r->known) = (struct range){from, to};
}

/* A directory that starts at `at`; false when none does. */
static bool
read_directory(struct reader *r, size_t at, size_t base, uint64_t count)
{
	size_t start = at, n, got = 0;

	if (!has(r->s, at, "PK\1\2", CENTRAL_SIZE))
		return false;
	if (is_known(r, at))
		return true;
	while ((n = read_central(r, at, base)) > 0) {
		got++;
		if (n >= r->s.n - at) {
			at = r->s.n;
			break;
		}
		at += n;
		if (is_known(r, at))
			break;
	}
	know(r, start, at);
	r->z->listed += got;
	/* A count of 16 bits wraps; that alone is no lie. */
	if (got != count && (got & 0xffff) != count)
		r->z->defects |= ZIP_BIT(WRONG_COUNT);
	return true;
}

/* The end record at `at` and the directory it tells of. */
static bool
read_end(struct reader *r, size_t at)
{
	struct slice s = r->s;
	uint64_t count = le16(s, at + 10), size = le32(s, at + 12),
		 offset = le32(s, at + 16);
	size_t limit = at, base = 0, comment = le16(s, at + 20);
	bool found = false;

	if (at >= LOCATOR_SIZE && has(s, at - LOCATOR_SIZE, "PK\6\7", 20)) {
		uint64_t where = le64(s, at - LOCATOR_SIZE + 8);
		size_t here = at >= LOCATOR_SIZE + END64_SIZE
				  ? at - LOCATOR_SIZE - END64_SIZE
				  : 0;

		if (!has(s, here, "PK\6\6", END64_SIZE) && where < s.n)
			here = (size_t)where;
		if (has(s, here, "PK\6\6", END64_SIZE)) {
			count = le64(s, here + 32);
			size = le64(s, here + 40);
			offset = le64(s, here + 48);
			limit = here;
			know(r, here, at);
		}
	}
	if (count == 0 && size == 0)
		found = true; /* an empty archive */
	/* Right before the end record, whatever lies in front of it all. */
	if (size <= limit && limit - size >= offset)
		base = (size_t)(limit - size - offset);
	if (size <= limit && size > 0)
		found |= read_directory(r, (size_t)(limit - size), base, count);
	/* Where the record says. */
	if (offset < s.n && size > 0)
		found |= read_directory(r, (size_t)offset, 0, count);
	if (!found)
		return false;
	if (base > 0)
		r->z->defects |= ZIP_BIT(PREPENDED);
	if (le16(s, at + 4) != 0 && le16(s, at + 4) != 0xffff)
		r->z->defects |= ZIP_BIT(SPANNED);
	comment = comment < s.n - at - END_SIZE ? comment : s.n - at - END_SIZE;
	know(r, at, at + END_SIZE);
	if (r->last_end.p == NULL)
		r->last_end = slice_sub(s, at, at + END_SIZE + comment);
	return true;
}

static int
by_range(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/* Where the data of the entries found so far lies, joined and sorted. */
static size_t
data_ranges(struct reader *r, struct range **out)
{
	size_t i, n = 0, count = r->z->entries.n;
	struct range *all = arena_array(r->a, count + 1, sizeof(*all));

	for (i = 0; i < count; i++) {
		const struct zip_entry *e = &r->z->entries.at[i];
		size_t from;
		uint64_t packed = e->central.packed;

		if (!has(r->s, e->header, "PK\3\4", LOCAL_SIZE))
			continue;
		from = e->header + LOCAL_SIZE + le16(r->s, e->header + 26) +
		       le16(r->s, e->header + 28);
		if (from >= r->s.n)
			continue;
		if (packed > r->s.n - from)
			packed = r->s.n - from;
		all[n++] = (struct range){from, from + (size_t)packed};
	}
	qsort(all, n, sizeof(*all), by_range);
	for (i = 1, count = n > 0; i < n; i++) {
		if (all[i].from > all[count - 1].to)
			all[count++] = all[i];
		else if (all[i].to > all[count - 1].to)
			all[count - 1].to = all[i].to;
	}
	*out = all;
	return count;
}

static bool
is_inside(const struct range *all, size_t n, size_t at)
{
	size_t low = 0;

	while (low < n) {
		size_t mid = low + (n - low) / 2;

		if (at < all[mid].from)
			n = mid;
		else if (at >= all[mid].to)
			low = mid + 1;
		else
			return true;
	}
	return false;
}

/* Every end record that is not content of an entry, from the last to the
 * first: programs take the last, or the first, or any that fits. */
static void
read_ends(struct reader *r)
{
	VEC_OF(size_t) ends = {0};
	struct range *inside = NULL;
	struct slice rest = r->s;
	size_t at, good = 0, n = 0;
	ptrdiff_t next;

	while ((next = slice_find(rest, SLICE("PK\5\6"))) >= 0) {
		at = r->s.n - rest.n + (size_t)next;
		rest = slice_from(r->s, at + 4);
		if (r->s.n - at >= END_SIZE)
			*vec_push(r->a, &ends) = at;
	}
	while (ends.n > 0 && good < ZIP_ENDS_MAX) {
		at = ends.at[--ends.n];
		if (is_inside(inside, n, at) || is_known(r, at) ||
		    !read_end(r, at))
			continue;
		good++;
		n = data_ranges(r, &inside);
	}
	if (good == 0)
		r->z->defects |= ZIP_BIT(NO_END);
	if (good > 1)
		r->z->defects |= ZIP_BIT(SEVERAL_ENDS);
}

static int
by_place(const void *a, const void *b)
{
	const struct zip_entry *x = a, *y = b;

	if (x->header != y->header)
		return x->header < y->header ? -1 : 1;
	return (y->central.there ? 1 : 0) - (x->central.there ? 1 : 0);
}

/* Entries of the directory that have the same header become one. */
static void
join_shared(struct zip *z)
{
	struct zip_entry *to = z->entries.at, *e;
	size_t i;

	if (z->entries.n == 0)
		return;
	for (i = 1; i < z->entries.n; i++) {
		e = &z->entries.at[i];
		if (e->header != to->header) {
			*++to = *e;
			continue;
		}
		/* The same record found through two end records is no lie. */
		if (e->name_count > 0 && to->name_count > 0 &&
		    slice_eq(e->names[0], to->names[0]) &&
		    e->central.packed == to->central.packed &&
		    e->central.method == to->central.method)
			continue;
		if (e->name_count > 0)
			add_name(to, e->names[0], e->utf8[0]);
		to->defects |= ZIP_BIT(SHARED);
		to->encrypted |= e->encrypted;
		to->clear |= e->clear;
		if (e->central.packed > to->central.packed)
			to->central.packed = e->central.packed;
	}
	z->entries.n = (size_t)(to - z->entries.at) + 1;
}

/* Where the data ends: what either view says, the larger. */
static void
set_end(struct reader *r, struct zip_entry *e)
{
	uint64_t packed = 0;

	if (e->central.there)
		packed = e->central.packed;
	if (e->local.there && !e->local.sizes_later && e->local.packed > packed)
		packed = e->local.packed;
	if (packed > r->s.n - e->data) {
		packed = r->s.n - e->data;
		e->defects |= ZIP_BIT(CUT);
	}
	e->end = e->data + (size_t)packed;
}

static void
compare_views(struct zip_entry *e)
{
	const struct zip_view *c = &e->central, *l = &e->local;

	if (!c->there || !l->there)
		return;
	if (c->method != l->method)
		e->defects |= ZIP_BIT(METHOD);
	if (!l->sizes_later && (c->packed != l->packed || c->size != l->size))
		e->defects |= ZIP_BIT(SIZE);
	if (e->encrypted && e->clear)
		e->defects |= ZIP_BIT(FLAGS);
}

/* Names that differ in more than case of the same text in two charsets: the
 * Unicode name of an extra field is no second name. */
static void
compare_names(struct zip_entry *e)
{
	size_t i, plain = 0;

	for (i = 0; i < e->name_count; i++) {
		bool ascii = true;
		size_t k;

		for (k = 0; ascii && k < e->names[i].n; k++)
			ascii = (unsigned char)e->names[i].p[k] < 0x80;
		plain += ascii;
	}
	if (e->has_unicode)
		return;
	if (plain > 1 || (plain == 1 && e->name_count > 1)) {
		for (i = 1; i < e->name_count; i++)
			if (!slice_eq(e->names[i], e->names[0]))
				e->defects |= ZIP_BIT(NAME);
	}
}

static void
finish_entry(struct reader *r, struct zip_entry *e)
{
	read_local(r, e);
	if (!e->local.there)
		e->data = e->end = e->header;
	else
		set_end(r, e);
	compare_views(e);
	compare_names(e);
	if (e->name_count > 0) {
		struct slice n = e->names[0];

		e->directory = slice_ends(n, "/") && e->central.size == 0 &&
			       e->local.size == 0 && e->end == e->data;
	}
}

/* A stored entry whose size comes later: up to a descriptor that fits. */
static size_t
find_stored_end(struct reader *r, size_t data, size_t limit)
{
	struct slice rest = slice_sub(r->s, data, limit);
	ptrdiff_t next;
	size_t at = data;

	while ((next = slice_find(rest, SLICE("PK\7\010"))) >= 0) {
		at += (size_t)next;
		if (limit - at >= 16 && le32(r->s, at + 8) == at - data)
			return at;
		at += 4;
		rest = slice_sub(r->s, at, limit);
	}
	return limit;
}

static void
add_gap(struct reader *r, size_t from, size_t to)
{
	if (to <= from || to - from < GAP_MIN)
		return;
	if (r->z->gaps.n < GAPS_MAX)
		*vec_push(r->a, &r->z->gaps) = slice_sub(r->s, from, to);
	else
		r->z->defects |= ZIP_BIT(MANY);
}

/* Local headers between `from` and `to`, which nobody names; what is left
 * between them is a gap. */
static void
sweep(struct reader *r, size_t from, size_t to)
{
	size_t gap = from;

	while (from < to) {
		struct slice part = slice_sub(r->s, from, to);
		ptrdiff_t next = slice_find(part, SLICE("PK\3\4"));
		struct zip_entry *e;

		if (next < 0)
			break;
		from += (size_t)next;
		if (!local_fits(r->s, from)) {
			from += 4;
			continue;
		}
		e = new_entry(r);
		if (e == NULL)
			return;
		e->header = from;
		finish_entry(r, e);
		e->defects |= ZIP_BIT(HIDDEN);
		if (e->local.sizes_later)
			e->end = e->local.method == 0
				     ? find_stored_end(r, e->data,
					   to > e->data ? to : e->data)
				     : e->data;
		add_gap(r, gap, from);
		gap = from = e->end;
	}
	add_gap(r, gap, to);
}

/* Overlaps among the entries, then what lies between everything known. */
static void
walk_places(struct reader *r)
{
	struct zip *z = r->z;
	size_t i, n = z->entries.n, at = 0;
	struct range *all = arena_array(r->a, n + r->known.n + 1, sizeof(*all));

	for (i = 0; i < n; i++) {
		struct zip_entry *e = &z->entries.at[i];

		if (i > 0 && e->local.there && e->header < at)
			e->defects |= ZIP_BIT(OVERLAP);
		if (e->end > at)
			at = e->end;
		all[i] = (struct range){e->header, e->end};
	}
	for (i = 0; i < r->known.n; i++)
		all[n + i] = r->known.at[i];
	n += r->known.n;
	qsort(all, n, sizeof(*all), by_range);
	for (i = 0, at = 0; i < n; i++) {
		if (all[i].from > at)
			sweep(r, at, all[i].from);
		if (all[i].to > at)
			at = all[i].to;
	}
	sweep(r, at, r->s.n);
	if (at < r->s.n && r->last_end.p != NULL &&
	    r->last_end.p + r->last_end.n < r->s.p + r->s.n)
		z->defects |= ZIP_BIT(TRAILING);
}

void
zip_read(struct zip *z, struct arena *a, struct slice bytes, size_t most)
{
	struct reader r = {.z = z, .a = a, .s = bytes, .most = most};
	struct zip_entry *e;
	size_t named;

	*z = (struct zip){0};
	read_ends(&r);
	if (z->entries.n > 1)
		qsort(z->entries.at, z->entries.n, sizeof(*z->entries.at),
		    by_place);
	join_shared(z);
	vec_each (e, &z->entries)
		finish_entry(&r, e);
	named = z->entries.n;
	walk_places(&r);
	/* Without any directory the local headers are all there is. */
	if (named == 0 && (z->defects & ZIP_BIT(NO_END)) != 0)
		vec_each (e, &z->entries)
			e->defects &= ~ZIP_BIT(HIDDEN);
	vec_each (e, &z->entries)
		z->defects |= e->defects;
}
