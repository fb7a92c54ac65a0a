/* protocol - who may say what to whom inside the house.
 *
 * The table of all messages between our processes, and the shape of their
 * payloads. Payloads are packed numbers and slices (base/pack); a payload that
 * does not unpack is an illegal message: the wire it came on is closed.
 */
#ifndef DAEMON_PROTOCOL_H
#define DAEMON_PROTOCOL_H

#include <stdbool.h>

#include "base/log.h"
#include "base/pack.h"
#include "sys/wire.h"

/* ROLE(CONSTANT, "word") */
#define ROLES(ROLE)                    \
	ROLE(SUPERVISOR, "supervisor") \
	ROLE(KEEPER, "keeper")         \
	ROLE(WORKER, "worker")         \
	ROLE(ENGINE, "engine")         \
	ROLE(RECORDER, "recorder")     \
	ROLE(HELPER, "helper")         \
	ROLE(CONTROL, "control")       \
	ROLE(RECEIVER, "receiver")     \
	ROLE(COURIER, "courier")
#define ROLE_ENUM(constant, word) ROLE_##constant,
enum role { ROLES(ROLE_ENUM) ROLE_COUNT };
#undef ROLE_ENUM
const char *role_word(enum role role);

enum tell {
	TELL_LOG,     /* level u8, line: a role without files logs */
	TELL_DRAIN,   /* take nothing new, finish, exit 0 */
	TELL_PEER,    /* role u8, index u32 + the wire to it */
	TELL_READY,   /* has opened what it needs, is inside its walls */
	TELL_LATE,    /* worker u32, serial: its message took too long */
	TELL_COUNTS,  /* struct counts of a keeper */
	TELL_JOB,     /* struct job + the message */
	TELL_WAIT,    /* serial, seconds u32: waiting for the engine so long */
	TELL_OUTCOME, /* serial u64 + the packed outcome */
	TELL_RETIRE,  /* a worker wants no more jobs */
	TELL_SCAN,    /* serial u64 + packed virus job */
	TELL_FOUND,   /* serial u64 + packed virus result */
	TELL_RECORD,  /* packed record (struct told_record) */
	TELL_KICK,    /* tell the MTA that mail is there */
	TELL_ASK,     /* enum ask u8, serial u32: from the control socket */
	TELL_ANSWER,  /* serial u32, code u8, text */
	TELL_COUNT
};

extern const struct wire_table protocol;

/* A message to be examined. */
struct job {
	uint64_t serial;
	uint32_t attempt; /* the how-manieth */
	uint64_t offset, size;
	bool story; /* answer with the story (struct story), not an outcome */
	struct slice label;    /* of a story: what "file" says */
	struct slice envelope; /* packed */
};
void job_pack(struct buf *b, const struct job *j);
bool job_unpack(struct slice bytes, struct job *j);

/* What a message is, in words: the answer to a job that asks for it. */
struct story {
	uint8_t status;    /* explain_status */
	struct slice json; /* one object of explain_json */
};
void story_pack(struct buf *b, const struct story *s);
bool story_unpack(struct slice bytes, struct story *s);

/* What a keeper has seen and done since it started. */
#define COUNTS(COUNT)                                                \
	COUNT(waiting)  /* in the incoming directories, last look */ \
	COUNT(in_work)  /* claimed now */                            \
	COUNT(examined) /* outcomes that came back */                \
	COUNT(delivered)                                             \
	COUNT(discarded)  /* deleted or only kept */                 \
	COUNT(held)       /* put aside */                            \
	COUNT(poison)     /* gave up after too many attempts */      \
	COUNT(retried)    /* examined once more */                   \
	COUNT(deaths)     /* workers lost over a message */          \
	COUNT(bytes)      /* of examined messages */                 \
	COUNT(unrecorded) /* records the recorder did not take */    \
	COUNT(trouble)    /* 1: the queue is in trouble, mail waits */
#define COUNT_FIELD(name) uint64_t name;
struct counts {
	COUNTS(COUNT_FIELD)
};
#undef COUNT_FIELD
void counts_pack(struct buf *b, const struct counts *c);
bool counts_unpack(struct slice bytes, struct counts *c);

enum ask { ASK_STATUS, ASK_STOP, ASK_RELOAD, ASK_COUNT };

/* One finished message for log, log file and history. */
struct told_record {
	struct slice id;    /* of the message, for the log */
	struct slice claim; /* unique name */
	struct slice json;  /* may be empty */
	struct slice lines; /* log lines, each with a line feed */
};
void told_record_pack(struct buf *b, const struct told_record *r);
bool told_record_unpack(struct slice bytes, struct told_record *r);

/* Limits (docs/limits.md). */
enum {
	PROTOCOL_OUTCOME_MAX = 256 * 1024 * 1024,
	PROTOCOL_SCAN_MAX = 1024 * 1024 * 1024,
	PROTOCOL_RECORD_MAX = 32 * 1024 * 1024,
	PROTOCOL_ENVELOPE_MAX = 48 * 1024, /* larger ones go as a file */
};

#endif
