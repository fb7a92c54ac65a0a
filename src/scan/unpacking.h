/* unpacking - one message being unpacked: limits and places, for all readers.
 *
 * A reader (zip, gzip, libarchive, text) takes the bytes of one entity apart
 * and gives what it finds to this: new members, their bytes, what is wrong.
 * Here the limits are kept: all of them hold for the message as a whole, the
 * ratio for each archive. A reader that is told `false` stops at once; the
 * finding has been made.
 */
#ifndef SCAN_UNPACKING_H
#define SCAN_UNPACKING_H

#include "base/buf.h"
#include "mail/message.h"
#include "scan/kind.h"

enum {
	UNPACKING_FINDINGS_MAX = 500, /* of one message */
	UNPACKING_NAMES_MAX = 16,     /* names of one member given by readers */
	UNPACKING_WORK_FACTOR = 8,    /* packed bytes read, times the message */
	UNPACKING_RATIO_FROM = 1000000, /* bytes: below, no ratio is a bomb */
	UNPACKING_CUT_KEPT =
	    1024 * 1024,            /* bytes of a member that is too big */
	UNPACKING_STEP = 64 * 1024, /* bytes between two looks at the clock */
};

/* What made a member, in MailScanner's letters: see Archives Are. */
enum unpack_by {
	UNPACK_BY_NONE = 'n', /* a MIME part */
	UNPACK_BY_ZIP = 'z',
	UNPACK_BY_RAR = 'r', /* rar and everything else that is an archive */
	UNPACK_BY_TEXT = 'u' /* uuencode, yEnc, BinHex */
};

/* What is known of an entity besides what the message says. */
struct unpack_mark {
	unsigned char by;    /* enum unpack_by */
	unsigned char level; /* archives around it */
	unsigned char text;  /* files in text around it */
	bool stream;         /* the one file of a packed stream */
};

struct unpacking {
	struct message *m;
	struct arena *a;
	struct buf *room;                 /* output of the member in hand */
	VEC_OF(struct unpack_mark) marks; /* by entity index */
	uint64_t deadline;                /* of the message */
	uint64_t until;                   /* of the archive in hand */
	const char *until_name;           /* option that set it */
	/* limits and what is used of them */
	int64_t depth_max;
	uint64_t members_max, members;
	uint64_t bytes_max, bytes;
	uint64_t work_max, work;
	uint64_t memory_max; /* size of the arena */
	int64_t ratio_max;
	size_t findings;
	/* the archive in hand */
	int entity;
	enum unpack_by by;
	bool stream;
	bool guess;                /* only suspected: failing is no finding */
	unsigned char level, text; /* of its members */
	uint64_t made, made_max;   /* bytes, against the ratio */
	bool list_only;            /* only look for encryption */
	bool full;                 /* the member in hand met a limit */
	bool stop;                 /* of this archive no more */
	bool stop_all;             /* of this message no more */
	bool late;                 /* the deadline was met */
	/* settings */
	bool encrypted_ok, names_of_encrypted, must_encrypt, ambiguous_ok;
	bool saw_encrypted, saw_clear;
};

/* A new member of the archive in hand under these names (any bytes; not
 * UTF-8: windows-1252). Its entity index, or -1 at a limit. */
int unpacking_member(struct unpacking *x, const struct slice *names, size_t n);
/* An empty buffer for one member's bytes, as large as limits allow. */
struct buf *unpacking_room(struct unpacking *x);
/* The buffer is full: say which limit that was. */
void unpacking_full(struct unpacking *x, int member);
/* Give the member bytes of the buffer (a copy), or bytes that stay. */
void unpacking_keep(struct unpacking *x, int member, struct slice bytes);
void unpacking_view(struct unpacking *x, int member, struct slice bytes);
/* n packed bytes are to be looked at: false when that is enough work, or
 * time is up. */
bool unpacking_work(struct unpacking *x, uint64_t n);
/* The member cannot be read without a password. */
void unpacking_encrypted(struct unpacking *x, int member);

/* A finding about entity; blocks when `block`. Said once per code and
 * entity; of a guessed archive nothing is said. */
void unpacking_say(struct unpacking *x, enum finding_code code, int entity,
    bool block, const char *rule, const char *fmt, ...) ATTR_PRINTF(6, 7);
/* A name that leads out of its folder. */
void unpacking_check_name(struct unpacking *x, int member, struct slice name);
/* The target of a link. */
void unpacking_check_link(struct unpacking *x, int member, struct slice target);

/* The readers. */
void zip_unpack(struct unpacking *x, struct slice bytes);
void stream_unpack_gzip(struct unpacking *x, struct slice bytes);
/* An archive, or a stream with `kind_how` STREAM. */
void foreign_unpack(struct unpacking *x, struct slice bytes, enum kind kind);
/* One member of a zip under a method we do not know: the data as bytes. */
bool foreign_unpack_zip_member(struct unpacking *x, struct slice data,
    unsigned method, uint64_t size, uint32_t crc, int member);

/* It is, or calls itself, a message with parts of its own. */
bool mail_is(const struct entity *e);
void mail_unpack(struct unpacking *x, struct slice bytes);

/* Name of the archive in hand; empty when it has none. */
struct slice unpacking_name(const struct unpacking *x);
/* The member for what a packed stream holds, named after the archive and
 * `stored` (may be empty). */
int unpacking_stream_member(struct unpacking *x, struct slice stored);

#endif
