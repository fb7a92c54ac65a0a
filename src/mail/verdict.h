/* verdict - what the checks say about a message: findings, no prose, no deed.
 *
 * A finding has a stable code, the entity it is about, the name concerned, the
 * rule that found it and its arguments. A check that could not run is an
 * `incomplete`: never silence. Slices live in the message's arena.
 */
#ifndef MAIL_VERDICT_H
#define MAIL_VERDICT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"

/* FINDING(CONSTANT, "stable word"); the words are in the manual. */
#define FINDING_CODES(FINDING)                  \
	FINDING(VIRUS, "virus")                 \
	FINDING(FILENAME, "filename")           \
	FINDING(FILETYPE, "filetype")           \
	FINDING(SIZE, "size")                   \
	FINDING(COUNT, "count")                 \
	FINDING(ENCRYPTED, "encrypted")         \
	FINDING(PARTIAL, "partial")             \
	FINDING(EXTERNAL_BODY, "external-body") \
	FINDING(TOO_DEEP, "too-deep")           \
	FINDING(TOO_BIG, "too-big")             \
	FINDING(TOO_MANY, "too-many")           \
	FINDING(UNREADABLE, "unreadable")       \
	FINDING(UNSUPPORTED, "unsupported")     \
	FINDING(MALFORMED, "malformed")         \
	FINDING(AMBIGUOUS, "ambiguous")         \
	FINDING(TRAVERSAL, "traversal")         \
	FINDING(HTML_FORM, "html-form")         \
	FINDING(HTML_SCRIPT, "html-script")     \
	FINDING(HTML_IFRAME, "html-iframe")     \
	FINDING(HTML_OBJECT, "html-object")     \
	FINDING(HTML_WEBBUG, "html-webbug")     \
	FINDING(PHISHING, "phishing")           \
	FINDING(MACRO, "macro")                 \
	FINDING(SPOOFED_FROM, "spoofed-from")   \
	FINDING(SPAM, "spam")

#define FINDING_ENUM(constant, word) FINDING_##constant,
enum finding_code { FINDING_CODES(FINDING_ENUM) FINDING_CODE_COUNT };
#undef FINDING_ENUM

/* What the finding's own rule asks for. Policy may still decide otherwise. */
enum finding_wish {
	WISH_NOTE,         /* worth telling; blocks nothing */
	WISH_BLOCK,        /* the entity is not to be delivered */
	WISH_BLOCK_DELETE, /* nor kept in the quarantine (deny+delete) */
	WISH_RENAME,       /* deliver under the name in `argument` */
	WISH_FORWARD,      /* send to the addresses in `argument` instead */
};

enum { ENTITY_WHOLE = -1 };

struct finding {
	enum finding_code code;
	enum finding_wish wish;
	int entity;          /* index in message.entities, or ENTITY_WHOLE */
	struct slice name;   /* the name concerned, UTF-8; may be empty */
	struct slice rule;   /* what found it: "file:line", engine, option */
	struct slice detail; /* virus name, limit, user text of the rule ... */
	struct slice argument;
};

/* A check that could not run: "virus:clamd", "unpack" ... and why. */
struct incomplete {
	struct slice check;
	struct slice reason;
};

struct verdict {
	VEC_OF(struct finding) findings;
	VEC_OF(struct incomplete) incomplete;
};

const char *finding_word(enum finding_code code);
/* The code of a word; FINDING_CODE_COUNT if there is none. */
enum finding_code finding_of_word(struct slice word);

/* A new finding with everything else zero (wish NOTE). */
struct finding *verdict_add(
    struct verdict *v, struct arena *a, enum finding_code code, int entity);
void verdict_add_incomplete(struct verdict *v, struct arena *a,
    struct slice check, struct slice reason);
bool verdict_has(const struct verdict *v, enum finding_code code);
/* Some finding asks to block. */
bool verdict_blocks(const struct verdict *v);

#endif
