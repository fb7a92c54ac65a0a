/* queue_driver - what the common state machine and its drivers share.
 *
 * Private to queue/. The core (queue.c and queue_*.c) owns the claim
 * directory, its names and every step that changes a state; a driver knows
 * what files of its kind of queue look like and where they lie.
 *
 * Names in the claim directory (docs/queue-states.md). UNIQ never comes back:
 * time of queue_open, process id, counter. No part holds a dot but the last.
 *	c.UNIQ.ATTEMPTS.DIR.NAME	claimed: the queue's envelope file
 *	k.UNIQ.ATTEMPTS.DIR.NAME	committed
 *	a.UNIQ.ATTEMPTS.DIR.NAME	to be put aside
 *	b.UNIQ				its body file, for two-file queues
 *	p.UNIQ.SEQ.OUT			pending output, seen by nobody
 *	e.UNIQ.SEQ.OUT			the body file of that output
 *	x.UNIQ, y.UNIQ			scratch files of the probe
 * and aside/, where files rest for the operator. An entry is driven by
 * whoever has both locks of its c, k or a file.
 */
#ifndef QUEUE_QUEUE_DRIVER_H
#define QUEUE_QUEUE_DRIVER_H

#include <dirent.h>

#include "base/map.h"
#include "queue/queue.h"

enum {
	QUEUE_NAME_MAX = 160, /* longest name of a queue file we take */
	QUEUE_ID_MAX = 64,    /* longest id of an output, with its NUL */
	QUEUE_HELD_MAX = 256, /* a name in the claim directory, with its NUL */
	QUEUE_UNIQ_MAX = 40,
	QUEUE_LIST_MAX = 4096,   /* names listed and sorted at once */
	QUEUE_KNOWN_MAX = 10000, /* invalid files remembered */
	QUEUE_ATTEMPTS_MAX = 999999,
	QUEUE_ORPHAN_AGE_S = 600, /* before output of nobody is dropped */
	QUEUE_RENAMES_MAX = 4,    /* new ids tried when one is taken */
	QUEUE_KICKS_MAX = 4,      /* kicks that may run at once */
	QUEUE_ORPHANS_MAX = 128,  /* claims of nobody in hand at once */
};

/* One incoming directory. */
struct queue_in {
	const char *path;
	uint32_t key; /* says which it is in the name of a claim */
	int dir;      /* of envelope files */
	int bodies;   /* of body files; == dir when they are together */
	bool touched; /* waits for a sync */
};

/* Something that becomes visible when its claim is published. */
struct queue_pending {
	unsigned seq;
	char out[QUEUE_ID_MAX];
	char name[QUEUE_HELD_MAX]; /* p.… */
	char body[QUEUE_HELD_MAX]; /* e.…, or "" */
	struct slice key;          /* of a notice */
	bool placed;               /* its body has its place */
	int fd, body_fd;           /* open until they are synced, or -1 */
	bool done;                 /* has its name in the outgoing queue */
};

struct claim {
	struct arena *arena;
	struct queue *queue;
	struct envelope env;
	struct claim_content content;
	enum queue_state state;
	struct fail result;
	int fd;    /* the envelope file, locked */
	size_t in; /* index of its directory; SIZE_MAX: not configured now */
	uint32_t key;
	unsigned attempts; /* begun before */
	unsigned booked;   /* what the name says */
	unsigned next_seq;
	char uniq[QUEUE_UNIQ_MAX];
	char name[QUEUE_NAME_MAX + 1]; /* in the incoming directory */
	char held[QUEUE_HELD_MAX];     /* in the claim directory */
	char body[QUEUE_HELD_MAX];     /* b.UNIQ when the body file is ours */
	VEC_OF(struct queue_pending) pendings;
	void *own; /* the driver's */
};

/* A name in the claim directory, taken apart. */
struct queue_held {
	char kind;
	char uniq[QUEUE_UNIQ_MAX];
	unsigned number; /* attempts or seq */
	uint32_t key;
	char name[QUEUE_NAME_MAX + 1]; /* NAME or OUT */
};

/* What a new output is made of. */
struct queue_new {
	const struct envelope *env;
	/* The message: edits over content, or these bytes. */
	const struct claim *claim;
	const struct edits *edits;
	struct slice bytes;
	/* Recipients that differ from the envelope's own. */
	const struct recipient *recipients;
	size_t recipient_count;
	bool is_notice;
};

struct queue_driver {
	const char *name;
	/* Open what lies below the configured directories: q->ins[i].dir and
	 * .bodies, q->out, q->out_bodies (-1: no body files). */
	int (*probe)(struct queue *q, struct fail *why);
	/* `name` may be a message's envelope file. */
	bool (*scan)(const char *name);
	/* Look into the locked file c->fd: env, content. FAIL_AGAIN: not
	 * complete yet; FAIL_BAD; nothing was changed. */
	int (*claim)(struct claim *c, struct fail *why);
	/* The envelope file is durably ours: take the body file. NULL: there
	 * are no body files. */
	int (*secure)(struct claim *c, struct fail *why);
	/* Put it back, durably, before the envelope file goes back. */
	int (*release)(struct claim *c, struct fail *why);
	/* Close what c->own holds; NULL: nothing. */
	void (*forget)(struct claim *c);
	/* An id for a new message, or (c not NULL) for what becomes of c. */
	void (*id)(struct queue *q, const struct claim *c, char *id);
	/* The names of a message in the outgoing queue. */
	void (*out_name)(const char *id, char *name);
	void (*out_body)(const char *id, char *name);
	/* Write p->name (and p->body) in the claim directory, keep the
	 * descriptors open in p. */
	int (*prepare)(struct queue *q, struct queue_pending *p,
	    const struct queue_new *m, struct fail *why);
	void (*close)(struct queue *q);
};

extern const struct queue_driver queue_driver_spool, queue_driver_sendmail;

struct queue_candidate {
	const char *name;
	size_t in;
};

/* Names in hand, from directory streams that are read to their end before
 * they are begun anew. */
struct queue_list {
	struct arena *arena;
	VEC_OF(struct queue_candidate) found;
	size_t next;
	DIR *stream;
	size_t in;
	bool passing;
};

struct queue {
	struct arena *arena;
	const struct queue_driver *driver;
	struct queue_config cfg;
	struct queue_in *ins;
	size_t in_count;
	int claims, aside;
	int out, out_bodies;
	char start[QUEUE_UNIQ_MAX / 2];
	unsigned counter;
	struct queue_list list;
	/* Claims that nobody held, found by recovery and locked: handed out
	 * before anything of the incoming directories. */
	struct claim *orphans[QUEUE_ORPHANS_MAX];
	size_t orphan_count;
	bool more_orphans;
	struct arena *known_arena;
	struct map known;           /* invalid files: their name and shape */
	void *own;                  /* the driver's */
	int kicks[QUEUE_KICKS_MAX]; /* pids; 0: none */
};

/* queue_names.c */
void queue_uniq(struct queue *q, char *uniq);
/* false: too long */
bool queue_held_name(
    char *to, char kind, const struct claim *c, unsigned attempts);
void queue_pending_names(
    struct queue_pending *p, const char *uniq, bool with_body);
bool queue_held_parse(const char *entry, struct queue_held *h);
uint32_t queue_hash(struct slice s);

/* queue_probe.c */
int queue_probe(struct queue *q, struct fail *why) ATTR_NODISCARD;

/* queue_list.c: the next name, 1; 0 at the end of a pass. *began: the pass
 * was begun by this call. */
int queue_list_next(struct queue *q, struct queue_candidate *found, bool *began,
    struct fail *why) ATTR_NODISCARD;
void queue_list_end(struct queue *q);
/* Remember (and log once) that a file is invalid; was it, unchanged? */
void queue_known_add(
    struct queue *q, size_t in, const char *name, const struct fail *why);
bool queue_known_has(struct queue *q, size_t in, const char *name);

/* queue.c */
int queue_sync(struct queue *q, int fd, const char *what, struct fail *why)
    ATTR_NODISCARD;

/* queue_claims.c */
/* Open, lock, compare and read an entry of the claim directory. */
int claim_open_held(struct queue *q, const char *entry,
    const struct queue_held *h, struct claim **out, struct fail *why)
    ATTR_NODISCARD;
/* The rest of queue_aside, from an a file on. */
int claim_settle_aside(struct claim *c, struct fail *why) ATTR_NODISCARD;
/* Drop what was prepared. */
void claim_drop_pendings(struct claim *c);

/* queue_steps.c */
/* Sync what was written for a pending and close it. */
int queue_pending_sync(
    struct queue *q, struct queue_pending *p, struct fail *why) ATTR_NODISCARD;
/* Names in the outgoing queue; the caller syncs the directory. */
int queue_pending_body(struct queue *q, struct queue_pending *p,
    const char *uniq, struct fail *why) ATTR_NODISCARD;
int queue_pending_publish(
    struct queue *q, struct queue_pending *p, struct fail *why) ATTR_NODISCARD;

/* queue_write.c: bytes into a file, few calls. The first failure stays. */
struct queue_writer {
	int fd;
	int code;
	struct fail why;
	struct buf buffer;
};
void queue_writer_init(struct queue_writer *w, int fd);
void queue_writer_add(struct queue_writer *w, struct slice s);
/* n bytes of fd from `at`. */
void queue_writer_copy(struct queue_writer *w, int fd, uint64_t at, uint64_t n);
/* The part [from, to) of a claim's content with its edits applied: those that
 * begin at `from` or later, and not behind `to`. */
void queue_writer_edited(struct queue_writer *w, const struct claim *c,
    const struct edits *e, uint64_t from, uint64_t to);
int queue_writer_fini(struct queue_writer *w, struct fail *why) ATTR_NODISCARD;

#endif
