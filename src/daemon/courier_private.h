/* courier_private - what the files of the courier share.
 *
 * The parent (courier.c) finds mail that is due, sorts it into lanes and forks
 * a child for a batch of one lane; the child (courier_batch.c) opens, locks,
 * delivers and records each message and answers in memory both share. A round
 * is one message's way through all lanes that it needs; a pass is its visit to
 * one of them.
 */
#ifndef DAEMON_COURIER_PRIVATE_H
#define DAEMON_COURIER_PRIVATE_H

#include <signal.h>
#include <sys/types.h>

#include "daemon/courier.h"
#include "queue/smtp_client.h"
#include "queue/spool.h"
#include "sys/loop.h"

enum {
	COURIER_KNOWN_MAX = 50000,    /* messages in the parent's memory */
	COURIER_BATCH_MAX = 100,      /* messages of one child */
	COURIER_DEAD_BATCH_MAX = 500, /* the same, when the hop is dead */
	COURIER_BATCH_SEC = 30,       /* then the rest goes back */
	COURIER_PIPE_SEC = 300,       /* for a program to end */
	COURIER_HOLD_FIRST_SEC = 5,   /* before a dead hop is tried again */
	COURIER_HOLD_MOST_SEC = 60,
	COURIER_TROUBLE_SEC = 15,    /* without looking, if the disk fails */
	COURIER_EXPIRE_ATTEMPTS = 3, /* before anything may expire */
	COURIER_BAD_SEC = 3600,      /* until a bad file is looked at again */
	COURIER_NO_LANE = COURIER_LANES_MAX,
};

enum courier_outcome {
	COURIER_UNTOUCHED, /* goes to another child */
	COURIER_BEGUN,     /* only seen when the child died over it */
	COURIER_GONE,      /* has left the spool, or never was there */
	COURIER_BUSY,      /* another process has it */
	COURIER_WAITS,     /* not before `due` */
	COURIER_MORE,      /* now for `lane` */
	COURIER_TROUBLE,   /* the spool cannot be written */
};

struct courier_job {
	struct courier_job *next;
	char id[SPOOL_ID_MAX + 1];
	/* the round so far */
	uint64_t tried[COURIER_LANES_MAX / 64];
	bool begun;
	bool counted;    /* as an attempt */
	bool tell_delay; /* recipients that have to wait are told of */
	/* the child's answer */
	enum courier_outcome outcome;
	unsigned lane;
	int64_t due;
};

struct courier_batch {
	volatile sig_atomic_t stop; /* the parent: end after this message */
	bool hop_failed;
	size_t n;
	struct courier_job jobs[];
};

/* One destination. The first one is for mail that no route takes. */
struct courier_lane {
	const struct courier_route *route; /* NULL: none */
	struct courier_job *first, **last;
	size_t waiting;
	uint64_t since; /* when the first of them came */
	unsigned running;
	unsigned failures;
	uint64_t hold; /* not before this time */
};

struct courier {
	struct arena *arena;
	struct courier_settings set;
	struct spool *spool;
	struct courier_lane *lanes;
	size_t lane_count;
	unsigned *route_lane; /* lane of each route */
	struct loop *loop;
	int ear;
	struct loop_watch ear_watch;
	struct loop_timer look_timer, pump_timer, drain_timer;
	struct courier_job *fresh, **fresh_last; /* not yet in a lane */
	struct courier_job *spare;
	struct child *children;
	size_t known;
	unsigned running;
	uint64_t looked, look_took, trouble_until;
	bool in_trouble, look_now, draining;
	int64_t next_due;
};

/* courier_route.c */
int courier_lanes_make(struct courier *c, struct fail *why) ATTR_NODISCARD;
/* NULL: no route takes it. */
const struct courier_route *courier_route_of(
    const struct courier *c, struct slice address);
unsigned courier_lane_of(const struct courier *c, struct slice address);
/* The lane this message should visit next in its round, or COURIER_NO_LANE. */
unsigned courier_next_lane(const struct courier *c,
    const struct courier_job *job, const struct spool_mail *mail);

/* courier_batch.c: in the child; `from` is the parent. */
void courier_batch_run(const struct courier *c, unsigned lane,
    struct courier_batch *b, pid_t from);

/* One message in one lane. */
struct courier_pass {
	const struct courier *c;
	unsigned lane;
	struct courier_job *job;
	struct spool_mail *mail;
	struct arena *arena;
	struct smtp_delivery *to; /* the recipients of this lane */
	size_t *index;            /* of them in the envelope */
	size_t count;
	char hop[128]; /* for notices and the log; "" if none was met */
	bool notices;  /* prepared and still to be published */
};

/* courier_pass.c */
/* false: nothing to be delivered, the job's outcome is set. */
bool courier_pass_open(struct courier_pass *p, const struct courier *c,
    unsigned lane, struct courier_job *job);
/* All recipients get this result. */
void courier_pass_result(struct courier_pass *p, enum smtp_result_state state,
    const char *status, const char *text);
/* The message has come round too often: the results say so then. */
bool courier_pass_loops(struct courier_pass *p);
/* All results are there: notices, states on disk, log. Either the whole
 * message is done and nothing but its removal is left (true), or the job's
 * outcome is set. */
bool courier_pass_settle(struct courier_pass *p);
/* Remove n settled messages with one sync, set their outcomes; 0 or not. */
int courier_pass_remove(struct courier_pass *const *p, size_t n);
void courier_pass_close(struct courier_pass *p);

/* courier_notice.c */
/* Make the notices the results ask for durable in tmp/; *any says if there are
 * some. */
int courier_notices_prepare(struct courier_pass *p, unsigned pass, bool *any,
    struct fail *why) ATTR_NODISCARD;
/* Make those of that pass visible; repeating it does nothing. */
int courier_notices_publish(const struct courier *c,
    const struct spool_mail *mail, unsigned pass, struct fail *why)
    ATTR_NODISCARD;

/* courier_pipe.c */
void courier_pipe_deliver(struct courier_pass *p);
/* The program is an absolute path, the words are not too many. */
int courier_pipe_check(struct slice command, struct fail *why) ATTR_NODISCARD;

#endif
