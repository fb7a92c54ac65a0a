/* plan - what is to be done with a message and why; nothing is done here.
 *
 * plan_new reads findings and settings and writes down decisions in the order
 * MailScanner takes them: for every entity what happens to it, for the message
 * one action word, and each with the finding and the configuration line that
 * made it so. Everything lives in the message's arena. Compatible with the
 * stages of MailScanner 5 (combine reports, silent viruses, quarantine, clean,
 * deliver, warn); a check that could not run is never taken for "clean".
 */
#ifndef ACT_PLAN_H
#define ACT_PLAN_H

#include <stdbool.h>

#include "mail/message.h"

/* Report texts of one message together. */
enum { PLAN_REPORT_MAX = 1 << 20 };

/* The action words of `reeve scan --json`. */
#define PLAN_ACTIONS(ACTION)                         \
	ACTION(DELIVER, "deliver")                   \
	ACTION(DELIVER_MODIFIED, "deliver-modified") \
	ACTION(QUARANTINE, "quarantine")             \
	ACTION(DELETE, "delete")                     \
	ACTION(REJECT, "reject")                     \
	ACTION(HOLD, "hold")                         \
	ACTION(RETRY, "hold") /* kept in the queue, tried later */
#define PLAN_ACTION_ENUM(constant, word) PLAN_##constant,
enum plan_action { PLAN_ACTIONS(PLAN_ACTION_ENUM) PLAN_ACTION_COUNT };
#undef PLAN_ACTION_ENUM
const char *plan_action_word(enum plan_action action);

/* What happens to one entity, or to the message (ENTITY_WHOLE). */
#define PLAN_DEEDS(DEED)                     \
	DEED(PASS, "pass")                   \
	DEED(REPLACE, "replace")             \
	DEED(RENAME, "rename")               \
	DEED(STORE, "store")                 \
	DEED(STORE_WHOLE, "store-whole")     \
	DEED(TAG_START, "tag-start")         \
	DEED(TAG_END, "tag-end")             \
	DEED(MARK, "mark")                   \
	DEED(RETRY, "retry")                 \
	DEED(SIGN, "sign")                   \
	DEED(WARN_EXTERNAL, "warn-external") \
	DEED(FORWARD, "forward")             \
	DEED(NOTIFY_SENDER, "notify-sender") \
	DEED(NOTIFY_ADMIN, "notify-admin")
#define PLAN_DEED_ENUM(constant, word) DEED_##constant,
enum deed_kind { PLAN_DEEDS(PLAN_DEED_ENUM) DEED_COUNT };
#undef PLAN_DEED_ENUM
const char *deed_word(enum deed_kind kind);

/* A setting that was asked and what it said: the deciding line. */
struct plan_line {
	enum option opt;
	const char *name; /* external name of the option */
	struct slice value;
	struct conf_origin origin;
};

struct deed {
	enum deed_kind kind;
	int entity;            /* index, or ENTITY_WHOLE */
	int finding;           /* index of the finding that caused it, or -1 */
	int line;              /* index into plan.lines, or -1 */
	struct slice argument; /* new name, address, subject tag ... */
};

/* MailScanner's kinds of report, in the order that picks a template. */
enum plan_kind {
	PLAN_KIND_VIRUS = 1,
	PLAN_KIND_NAME = 2, /* file names and file types */
	PLAN_KIND_SIZE = 4,
	PLAN_KIND_OTHER = 8, /* dangerous content and everything else */
	PLAN_KIND_ERROR = 16 /* could not be examined */
};

/* What the status header says (Mail Header). */
enum plan_status {
	PLAN_STATUS_NONE, /* no status header */
	PLAN_STATUS_CLEAN,
	PLAN_STATUS_INFECTED,
	PLAN_STATUS_UNSCANNED,
};

/* One blocked entity: where its report goes. */
struct plan_block {
	int entity;     /* ENTITY_WHOLE: the whole message */
	int part;       /* the MIME leaf that a repair replaces, or WHOLE */
	unsigned kinds; /* PLAN_KIND_ bits */
	struct slice report; /* for people: one line per finding, LF */
	bool stored;         /* goes to the quarantine */
	bool deleted;        /* by deny+delete: never stored */
};

struct plan {
	enum plan_action action;
	enum plan_status status;
	unsigned kinds; /* of all blocks */
	bool infected;  /* something is blocked (not: merely noted) */
	bool silent;    /* and its report is one nobody wants to hear of */
	bool noisy;
	bool unscanned;  /* delivered without examination by policy */
	bool untouched;  /* not even our headers are added */
	bool clean_body; /* the body is to be changed */
	bool renamed;
	bool sign;          /* a signature below the text */
	bool warn_external; /* a warning above the text: from outside */
	bool stored;        /* something goes to the quarantine */
	bool store_whole;
	bool warn_sender;
	bool warn_admin;
	bool blame;          /* of a retry: the message may be at fault */
	struct slice reason; /* of hold, reject, retry: one line */
	VEC_OF(struct plan_block) blocks;
	VEC_OF(struct deed) deeds;
	VEC_OF(struct plan_line) lines;
};

/* Decide. m has been parsed and checked; m->verdict is complete. */
struct plan *plan_new(struct message *m) ATTR_RET_NONNULL;

/* The kind of report a finding makes. */
unsigned plan_kind_of(enum finding_code code) ATTR_CONST;

/* What is blocked, by name, each once: "a.exe, b.exe". */
struct slice plan_names(const struct plan *p, const struct message *m);
/* All report lines of the message, one per line, LF; "" when there are none. */
struct slice plan_report(const struct plan *p, struct arena *a);

#endif
