/* virus - scanner engines: from the objects of a message to findings.
 *
 * The work is split between two processes. A worker, which may not connect or
 * execute, gathers the objects of a message in one sealed memory file
 * (virus_job_collect) and later turns the answer into findings (virus_apply).
 * An engine process opens that file (virus_job_open), asks every scanner
 * (virus_engine_scan) and sends the packed result back. One process may do
 * both (virus_scan_message).
 *
 * A scanner is clean about a message only when it said so for everything it
 * was asked: whatever else happens is VIRUS_FAILED or VIRUS_TIMEOUT with a
 * reason, which virus_apply makes an incomplete "virus:KEYWORD". What was
 * found before a failure still counts.
 *
 * Memory file of a job: the bytes of the objects (they may overlap: a part
 * that is not encoded is a view of the message), then the packed table, then
 * its offset as a u64.
 */
#ifndef SCAN_VIRUS_H
#define SCAN_VIRUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/pack.h"
#include "base/slice.h"

struct conf;    /* config/conf.h */
struct message; /* mail/message.h */

enum {
	VIRUS_OBJECTS_MAX = 20000,          /* of one job; more: FAIL_FULL */
	VIRUS_OBJECT_NAME_MAX = 100,        /* bytes; cut */
	VIRUS_JOB_MAX = 1024 * 1024 * 1024, /* bytes; more: FAIL_FULL */
	VIRUS_HITS_MAX = 100,   /* then the message as a whole is infected */
	VIRUS_NAME_MAX = 128,   /* bytes of a virus name; cut */
	VIRUS_REPORT_MAX = 256, /* bytes of a report line; cut */
	VIRUS_REASON_MAX = 200, /* bytes of a reason; cut */
	VIRUS_SCANNERS_MAX = 32,
	/* No packed result is longer; it fits one message of the wire. */
	VIRUS_RESULT_PACKED_MAX = 58 * 1024,
};

/* ---- the job ---- */

struct virus_object {
	int entity;        /* index in message.entities; 0: the whole message */
	struct slice name; /* a safe file name: [A-Za-z0-9._-]+, no leading . */
	uint64_t offset, size; /* in the memory file */
};

struct virus_job {
	struct slice id; /* of the message, for logs; printable */
	VEC_OF(struct virus_object) objects;
	struct slice bytes; /* the mapped memory file */
	int fd;             /* the caller's; -1 when there is none */
};

/* A sealed memory file with the whole message and every unpacked leaf; its
 * descriptor (close-on-exec, the caller closes it) or a FAIL code. */
int virus_job_collect(const struct message *m, struct fail *why) ATTR_NODISCARD;
/* Map what somebody sent. FAIL_PEER unless it is sealed and well formed. The
 * descriptor stays the caller's and must outlive the job. */
int virus_job_open(struct virus_job *job, int fd, struct arena *a,
    struct fail *why) ATTR_NODISCARD;
void virus_job_close(struct virus_job *job);

/* The same from pieces that follow each other in the file: what collect is
 * made of. Offsets in job->objects are the caller's. */
int virus_job_seal(const struct virus_job *job, const struct slice *pieces,
    size_t n, struct fail *why) ATTR_NODISCARD;

/* The table alone. Unpack checks that every object lies within `size` bytes
 * and that names are of the permitted alphabet; else u->bad. */
void virus_job_pack(struct buf *b, const struct virus_job *job);
void virus_job_unpack(
    struct unpack *u, struct virus_job *job, uint64_t size, struct arena *a);

/* ---- the result ---- */

struct virus_hit {
	int entity;
	struct slice scanner; /* keyword: "clamd" */
	struct slice name;    /* of the virus */
	struct slice report;  /* one line in MailScanner's words */
};

enum virus_status { VIRUS_OK, VIRUS_FAILED, VIRUS_TIMEOUT };

struct virus_state {
	struct slice scanner; /* keyword */
	enum virus_status status;
	struct slice reason; /* why not OK; printable */
	uint32_t took_ms;
};

struct virus_result {
	VEC_OF(struct virus_hit) hits;
	VEC_OF(struct virus_state) scanners; /* every one that was asked */
	bool more; /* hits beyond VIRUS_HITS_MAX were seen */
};

/* Both copy what they are given into a, printable and cut to the limits. */
void virus_result_add_hit(
    struct virus_result *r, struct arena *a, const struct virus_hit *hit);
void virus_result_add_state(
    struct virus_result *r, struct arena *a, const struct virus_state *state);

void virus_result_pack(struct buf *b, const struct virus_result *r);
void virus_result_unpack(
    struct unpack *u, struct virus_result *r, struct arena *a);

/* Findings and incompletes. `spam_names`: see virus_settings. */
void virus_apply(
    struct message *m, const struct virus_result *r, struct slice spam_names);
/* No engine could be asked at all: one incomplete "virus". */
void virus_apply_failure(struct message *m, const char *reason);
/* The virus name is one of the patterns of `Virus Names Which Are Spam`:
 * words, * for anything, whole name, case counts. */
bool virus_name_is_spam(struct slice name, struct slice patterns);

/* ---- the engine ---- */

struct virus_settings {
	struct slice scanners;    /* "auto", "none" or keywords */
	struct slice definitions; /* path of virus.scanners.conf */
	struct slice yara_rules;  /* path; empty: none */
	/* Words: path of a unix socket, IP, or IP:port; asked in this order */
	struct slice clamd_sockets;
	unsigned clamd_port; /* for an IP without a port */
	struct slice
	    clamd_lock_file; /* must exist for clamd; empty: not asked */
	unsigned timeout_s;  /* for one scanner and one message */
	unsigned attempts;   /* tries per scanner and message; 0: 1 */
	struct slice allowed_sophos_errors; /* quoted texts, commas between */
	struct slice work_dir; /* where files for commands are written */
	struct slice spam_names;
	bool full_message; /* the message as a file for commands, too */
};

/* Read them from a configuration. Slices live as long as conf or a. */
void virus_settings_read(
    struct virus_settings *s, const struct conf *conf, struct arena *a);
/* `Virus Scanning` holds for this message and there is some scanner. */
bool virus_is_wanted(const struct message *m);

struct virus_engine;

/* Settings are copied. A scanner that cannot be set up (rules that do not
 * compile, a wrapper that is missing) stays in the list and fails every
 * message with its reason; *why is for a work directory that cannot be used
 * or an unknown keyword only: then nothing is scanned, and mail waits. */
struct virus_engine *virus_engine_new(
    const struct virus_settings *s, struct fail *why) ATTR_NODISCARD;
void virus_engine_free(struct virus_engine *e); /* NULL is allowed */
/* Ask every scanner; r is set up by the caller (zeroed) and filled from a.
 * deadline: CLOCK_MONOTONIC nanoseconds, an absolute ceiling. */
void virus_engine_scan(struct virus_engine *e, const struct virus_job *job,
    uint64_t deadline, struct virus_result *r, struct arena *a);
/* Lines for status and lint: "clamd: ok", "yara: FILE:3: syntax error" ... */
void virus_engine_explain(const struct virus_engine *e, struct buf *out);
/* Words of the scanners in use, space between: "yara clamd". */
void virus_engine_keywords(const struct virus_engine *e, struct buf *out);
/* Rules that can be compiled; else file:line. For lint. */
int virus_rules_check(const char *path, struct fail *why) ATTR_NODISCARD;

/* All of it in one process: collect, scan, apply. */
void virus_scan_message(struct virus_engine *e, struct message *m,
    uint64_t deadline, struct slice spam_names);

#endif
