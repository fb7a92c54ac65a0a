#define _GNU_SOURCE
#include "scan/unpack.h"

#include <locale.h>
#include <stdlib.h>

#include "mime/codec.h"
#include "sys/clock.h"

enum {
	TEXT_DEPTH_MAX = 4,        /* files in text in files in text */
	TEXT_LOOK = 1024,          /* bytes: where a file in text begins */
	ROOM_KEPT = 1024 * 1024,   /* bytes the buffer keeps between messages */
	TIMEOUT_MAX_S = 24 * 3600, /* whatever a site says */
};

struct unpacker {
	struct arena *arena;
	struct buf room;
	locale_t utf8; /* libarchive gives names in the charset of it */
};

struct unpacker *
unpacker_new(void)
{
	struct arena *a = arena_new(0);
	struct unpacker *u = arena_make(a, struct unpacker);

	u->arena = a;
	buf_init(&u->room, 0);
	u->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	return u;
}

void
unpacker_free(struct unpacker *u)
{
	if (u == NULL)
		return;
	if (u->utf8 != (locale_t)0)
		freelocale(u->utf8);
	buf_fini(&u->room);
	arena_free(u->arena);
}

/* ---- settings ----------------------------------------------------------- */

/* Some value of the option for this message is "1". */
static bool
any_yes(const struct message *m, enum option opt)
{
	return slice_chr(message_text(m, opt), '1') != SLICE_NOT_FOUND;
}

static uint64_t
at_least(int64_t v, int64_t least)
{
	return (uint64_t)(v < least ? least : v);
}

static void
read_settings(struct unpacking *x)
{
	const struct message *m = x->m;
	int64_t memory = message_number(m, OPT_MESSAGE_MEMORY_LIMIT);

	x->depth_max = message_number(m, OPT_MAXIMUM_ARCHIVE_DEPTH);
	if (x->depth_max > UINT8_MAX - 1)
		x->depth_max = UINT8_MAX - 1;
	x->members_max =
	    at_least(message_number(m, OPT_ARCHIVE_MAXIMUM_MEMBERS), 1);
	x->bytes_max = at_least(message_number(m, OPT_ARCHIVE_MAXIMUM_SIZE), 1);
	x->ratio_max =
	    (int64_t)at_least(message_number(m, OPT_ARCHIVE_MAXIMUM_RATIO), 1);
	/* The rest is for the stages that follow. */
	x->memory_max = at_least(memory, 4 * 1024 * 1024) / 4 * 3;
	x->work_max =
	    m->raw.n * UNPACKING_WORK_FACTOR + x->bytes_max * 2 + 1000000;
	x->encrypted_ok = message_yes(m, OPT_ALLOW_PASSWORD_PROTECTED_ARCHIVES);
	x->must_encrypt = any_yes(m, OPT_ARCHIVES_MUST_BE_PASSWORD_PROTECTED);
	x->ambiguous_ok =
	    slice_is(message_text(m, OPT_AMBIGUOUS_MESSAGES), "deliver");
	x->list_only = x->depth_max <= 0;
}

/* ---- one archive -------------------------------------------------------- */

static void
set_until(struct unpacking *x, enum kind kind)
{
	enum option opt = kind == KIND_GZIP ? OPT_GUNZIP_TIMEOUT
			  : kind == KIND_RAR || kind == KIND_RAR5
			      ? OPT_UNRAR_TIMEOUT
			      : OPT_UN7ZIP_TIMEOUT;
	int64_t s = message_number(x->m, opt);

	if (s < 1 || s > TIMEOUT_MAX_S)
		s = TIMEOUT_MAX_S;
	x->until = clock_mono() + (uint64_t)s * CLOCK_SEC;
	x->until_name = options[opt].name;
}

static void
say_unpassworded(struct unpacking *x)
{
	if (x->must_encrypt && x->saw_clear && !x->guess)
		unpacking_say(x, FINDING_ENCRYPTED, x->entity, true,
		    "Archives Must Be Password Protected",
		    "Message contained archive which was not "
		    "password-protected");
}

/* The MIME part it came out of. */
static int
part_of(const struct message *m, int entity)
{
	while (m->entities.at[entity].kind == ENTITY_MEMBER)
		entity = m->entities.at[entity].parent;
	return entity;
}

/* Open what stands in `bytes`, which are (in) the entity's. */
static void
open_archive(
    struct unpacking *x, int entity, struct slice bytes, enum kind kind)
{
	struct unpack_mark mark = x->marks.at[entity];
	/* A packed tar is one archive to its reader. */
	bool same = mark.stream && (kind == KIND_TAR || kind == KIND_CPIO);
	int64_t level = mark.level + (same ? 0 : 1);

	x->entity = entity;
	x->stop = x->stop_all;
	x->saw_encrypted = x->saw_clear = x->stream = false;
	if (!x->guess)
		x->m->entities.at[entity].archive = true;
	if (x->stop_all) {
		unpacking_say(x, FINDING_TOO_BIG, part_of(x->m, entity), true,
		    "unpack",
		    "Not opened: this message has used up its limits");
		return;
	}
	if (!x->list_only && level > x->depth_max) {
		unpacking_say(x, FINDING_TOO_DEEP, entity, true,
		    "Maximum Archive Depth",
		    "Archives in archives, more than %lld levels",
		    (long long)x->depth_max);
		return;
	}
	x->level = (unsigned char)level;
	x->text = mark.text;
	x->made = 0;
	x->made_max = x->ratio_max > INT64_MAX / (int64_t)(bytes.n + 1)
			  ? INT64_MAX
			  : bytes.n * (uint64_t)x->ratio_max;
	if (x->made_max < UNPACKING_RATIO_FROM)
		x->made_max = UNPACKING_RATIO_FROM;
	set_until(x, kind);
	switch (kind_how(kind)) {
	case KIND_HOW_ZIP:
		zip_unpack(x, bytes);
		break;
	case KIND_HOW_GZIP:
		stream_unpack_gzip(x, bytes);
		break;
	case KIND_HOW_STREAM:
	case KIND_HOW_LIBRARY:
		foreign_unpack(x, bytes, kind);
		break;
	case KIND_HOW_NONE:
		unpacking_say(x, FINDING_UNSUPPORTED, entity, true, "unpack",
		    "A %s archive, which cannot be opened", kind_word(kind));
		break;
	}
	say_unpassworded(x);
}

/* ---- one entity --------------------------------------------------------- */

static bool
is_named_archive(const struct entity *e)
{
	size_t i;

	for (i = 0; i < e->names.n; i++)
		if (kind_named(e->names.at[i]))
			return true;
	return false;
}

/* Office files under a password: an OLE file that holds the package. */
static bool
is_locked_office(struct slice s)
{
	static const char name[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0"
				   "a\0g\0e\0";

	return slice_starts(s, "\xd0\xcf\x11\xe0") &&
	       slice_find(s, slice_of(name, sizeof(name) - 1)) >= 0;
}

/* What is found in text, or as the parts of a message: a depth of its own. */
static void
begin_text(struct unpacking *x, int entity)
{
	struct unpack_mark mark = x->marks.at[entity];

	x->entity = entity;
	x->stop = x->stop_all;
	x->stream = false;
	x->by = UNPACK_BY_TEXT;
	x->level = mark.level;
	x->text = (unsigned char)(mark.text + 1);
	x->until = x->deadline;
	x->made = 0;
	x->made_max =
	    x->m->entities.at[entity].bytes.n * 2 + UNPACKING_RATIO_FROM;
}

static bool
is_too_deep(struct unpacking *x, int entity)
{
	if (x->text <= TEXT_DEPTH_MAX)
		return false;
	unpacking_say(x, FINDING_TOO_DEEP, entity, true, "unpack",
	    "Files in text or messages, again and again");
	return true;
}

/* Nothing but a file in text: what it is called does not matter. */
static bool
begins_like_file(struct slice s)
{
	s = slice_trim(slice_sub(s, 0, TEXT_LOOK));
	return slice_starts_ci(s, "begin ") ||
	       slice_starts_ci(s, "begin-base64 ") ||
	       slice_starts(s, "=ybegin ") ||
	       slice_starts_ci(s, "(This file must be converted");
}

/* uuencode, yEnc, BinHex in what a person would call text. */
static void
open_text(struct unpacking *x, int entity)
{
	const struct entity *e = &x->m->entities.at[entity];
	struct codec_file *files;
	struct buf *room;
	size_t count = 0, i;
	bool cut = false;

	if (!slice_starts(e->type, "text/") && e->type.n > 0 &&
	    !begins_like_file(e->bytes) &&
	    !message_yes(x->m, OPT_FIND_UU_ENCODED_FILES))
		return;
	begin_text(x, entity);
	room = unpacking_room(x);
	if (x->stop || !unpacking_work(x, e->bytes.n))
		return;
	files = codec_embedded(x->a, e->bytes,
	    (size_t)(x->members_max - x->members), room->max, &count, &cut);
	if (count > 0 && is_too_deep(x, entity))
		return;
	for (i = 0; i < count && !x->stop; i++) {
		int member =
		    unpacking_member(x, &files[i].name, files[i].name.n > 0);

		if (member > 0)
			unpacking_view(x, member, files[i].bytes);
	}
	if (cut)
		unpacking_say(x, FINDING_TOO_MANY, entity, true,
		    "Archive Maximum Members",
		    "More files in the text than are looked at");
}

static void
open_mail(struct unpacking *x, int entity)
{
	begin_text(x, entity);
	/* Its parts are parts, not members of an archive. */
	x->by = x->marks.at[entity].by;
	if (!x->stop && !is_too_deep(x, entity))
		mail_unpack(x, x->m->entities.at[entity].bytes);
}

static void
open_entity(struct unpacking *x, int entity)
{
	const struct entity *e = &x->m->entities.at[entity];
	struct slice bytes = e->bytes;
	bool by_content = message_yes(x->m, OPT_FIND_ARCHIVES_BY_CONTENT);
	bool named = is_named_archive(e);
	enum kind kind = kind_of(bytes);
	size_t at = 0, before = x->m->entities.n;

	x->guess = false;
	if (!by_content && !named && kind != KIND_ZIP && kind != KIND_RAR &&
	    kind != KIND_RAR5)
		kind = KIND_NONE;
	if (kind == KIND_NONE && by_content) {
		kind = kind_inside(bytes, &at);
		x->guess = kind != KIND_NONE;
	}
	if (kind != KIND_NONE) {
		open_archive(x, entity, slice_from(bytes, at), kind);
		if (!x->guess)
			return;
	}
	x->entity = entity;
	x->guess = false;
	if (is_locked_office(bytes)) {
		unpacking_encrypted(x, entity);
		return;
	}
	if (named && x->m->entities.n == before && !x->list_only)
		unpacking_say(x, FINDING_UNREADABLE, entity, true, "unpack",
		    "It has the name of an archive and cannot be read as one");
	if (x->depth_max <= 0)
		return;
	if (mail_is(&x->m->entities.at[entity]))
		open_mail(x, entity);
	else
		open_text(x, entity);
}

void
unpack_message(struct unpacker *u, struct unpacking *x, struct message *m,
    uint64_t deadline)
{
	locale_t before = (locale_t)0;
	size_t i;

	*x = (struct unpacking){.m = m,
	    .a = m->arena,
	    .room = &u->room,
	    .deadline = deadline,
	    .until = deadline};
	read_settings(x);
	for (i = 0; i < m->entities.n; i++)
		vec_push(x->a, &x->marks)->by = UNPACK_BY_NONE;
	if (u->utf8 != (locale_t)0)
		before = uselocale(u->utf8);
	/* The list is the queue: members are added at its end. */
	for (i = 1; i < m->entities.n && !x->late; i++) {
		const struct entity *e = &m->entities.at[i];

		if (e->leaf && e->bytes.n > 0)
			open_entity(x, (int)i);
	}
	if (before != (locale_t)0)
		(void)uselocale(before);
	if (u->room.cap > ROOM_KEPT)
		buf_fini(&u->room);
}
