/* keeper_private - what the files of the keeper share. */
#ifndef DAEMON_KEEPER_PRIVATE_H
#define DAEMON_KEEPER_PRIVATE_H

#include "act/deeds.h"
#include "act/outcome.h"
#include "act/quarantine.h"
#include "daemon/keeper.h"
#include "queue/queue.h"
#include "sys/loop.h"

/* A claim in our hands. */
struct task {
	struct task *next;
	struct claim *claim;
	struct arena *arena; /* of the outcome */
	uint64_t serial;
	uint64_t not_before; /* monotonic; 0: now */
	bool alone;          /* a worker died over it: nobody beside it */
	bool poison;         /* its outcome was made without a look inside */
	struct outcome outcome;
	struct slice packed; /* mapped: outcome views it */
	/* of its hand-over, each while others succeeded in between */
	unsigned failures;
	unsigned holds;     /* how often a check could not run */
	uint64_t failed_at; /* keeper.handed_over at the last one */
	int64_t taken_at;
};

struct tasks {
	struct task *first, *last;
	size_t n;
};

/* A worker as we see it. */
struct hand {
	struct hand *next;
	struct keeper *keeper;
	struct wire wire;
	struct loop_watch watch;
	struct loop_timer late;
	unsigned index;
	struct tasks tasks; /* given to it, oldest first */
	bool retiring;
	bool alone; /* has one that nobody may be beside */
};

/* A record that waits for the recorder. */
struct backlog_item {
	struct backlog_item *next;
	struct arena *home; /* it lies in */
	struct buf bytes;
};

struct backlog {
	struct backlog_item *first, *last;
	size_t n, bytes;
};

struct keeper {
	struct role_self *self;
	const struct settings *settings;
	struct act_context act;
	struct loop *loop;
	struct queue *queue;
	struct quarantine_config keep;
	struct quarantine *quarantine;
	struct arena *arena; /* for the life of the process */
	struct hand *hands;
	struct tasks pending;  /* to be given away */
	struct tasks finished; /* have an outcome, to be handed over */
	struct tasks waiting;  /* for their not_before */
	struct wire recorder, helper;
	struct loop_watch supervisor_watch, recorder_watch, helper_watch,
	    notify_watch;
	struct loop_timer scan_timer, recover_timer, count_timer, drain_timer,
	    trouble_timer;
	struct backlog backlog;
	struct counts counts, told;
	bool told_once;
	uint64_t next_serial;
	uint64_t handed_over; /* groups that went through */
	size_t wait_max;
	unsigned recover_s;     /* until the next look */
	uint64_t trouble_until; /* monotonic; 0: none */
	unsigned trouble_s;     /* how long the next one lasts */
	bool more;              /* the queue may hold more than was claimed */
	bool draining;
	bool kick;
	char *room; /* WIRE_BYTES_MAX */
};

void tasks_push(struct tasks *list, struct task *t);
void tasks_unshift(struct tasks *list, struct task *t);
struct task *tasks_pop(struct tasks *list);

/* End a task: forget the outcome; with close, close its claim and free it. */
void task_clear(struct task *t);
void task_close(struct keeper *k, struct task *t);
/* Try again not before `delay_s` seconds. undo: not the message's fault. */
void task_again(struct keeper *k, struct task *t, bool undo, unsigned delay_s);

/* keeper_handover.c: carry out the outcomes of everything in k->finished. */
void handover_finished(struct keeper *k);
/* Enter (or stay in) the state of trouble; one line per change. */
void keeper_trouble(struct keeper *k, const struct fail *why);

/* keeper_backlog.c: tell the recorder; keeps what it cannot take now. */
void backlog_add(struct keeper *k, const struct told_record *r);
void backlog_flush(struct keeper *k);
/* At the end: wait for the recorder a moment, then log what it left. */
void backlog_finish(struct keeper *k);

#endif
