/* message - one message under examination: evidence and what was seen in it.
 *
 * `raw` is read-only for everybody: checks only add entities and findings.
 * Entities are all things that can be looked at, in the order they were met:
 * the message itself (index 0), its MIME parts, alternative readings of a
 * part, and members of archives, each pointing at the entity it came out of.
 * Everything lives in `arena` and ends with it.
 */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "config/conf.h"
#include "config/ruleset.h"
#include "mail/envelope.h"
#include "mail/verdict.h"
#include "mime/parser.h"

enum entity_kind {
	ENTITY_MESSAGE, /* the whole message, index 0 */
	ENTITY_PART,    /* a MIME part (or one more reading of it) */
	ENTITY_MEMBER,  /* came out of another entity: archive, uuencode ... */
};

struct entity {
	enum entity_kind kind;
	int index;
	int parent; /* -1 for the message */
	int depth;  /* of MIME nesting plus archive nesting */
	struct slice
	    path; /* "1.2", second reading "1.2~2", member "1.2/a.exe" */
	const struct mime_part *mime; /* of a part, and of what came out of it:
					 the part a repair has to touch */
	struct slice type;            /* declared "text/plain", lower case */
	struct slice type_by_content; /* MIME type by libmagic; may be empty */
	struct slice filetype;        /* libmagic's words; may be empty */
	VEC_OF(struct slice) names;   /* every reading, UTF-8; [0] is shown */
	struct slice safe_name;       /* as MailScanner would store it */
	struct slice bytes; /* decoded content; empty when not unpacked */
	uint64_t size;      /* of the content, also when bytes is empty */
	bool leaf;          /* holds content of its own (no multipart) */
	bool attachment;    /* counts as an attachment */
	bool archive;       /* was, or could be, unpacked */
	bool encrypted;     /* content cannot be read without a password */
};

struct message {
	struct arena *arena;
	struct envelope env;
	struct slice raw;
	const struct mime_tree *mime; /* set by message_parse */
	VEC_OF(struct entity) entities;
	struct verdict verdict;
	const struct conf *conf;
	struct subject subject; /* what rulesets look at, made from env */
};

/* Set up for an envelope and raw bytes that outlive the message. */
void message_init(struct message *m, struct arena *a, const struct conf *conf,
    const struct envelope *env, struct slice raw);
/* Parse the MIME structure and make the entities of all parts and readings
 * (not of archive members). Limits come from docs/limits.md and the conf. */
void message_parse(struct message *m);
/* A new member entity below `parent`; the returned pointer is valid until the
 * next addition. */
struct entity *message_add_member(
    struct message *m, int parent, struct slice name);

/* Shorthands: an option's value for this message. */
bool message_yes(const struct message *m, enum option opt);
int64_t message_number(const struct message *m, enum option opt);
struct slice message_text(const struct message *m, enum option opt);

#endif
