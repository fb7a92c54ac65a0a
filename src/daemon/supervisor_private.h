/* supervisor_private - what the files of the supervisor share. */
#ifndef DAEMON_SUPERVISOR_PRIVATE_H
#define DAEMON_SUPERVISOR_PRIVATE_H

#include "daemon/protocol.h"
#include "daemon/settings.h"
#include "daemon/supervisor.h"
#include "sys/logsink.h"
#include "sys/loop.h"

struct generation;
struct supervisor;

/* A place for one child. */
struct slot {
	struct slot *next;
	struct supervisor *top;
	struct generation *generation;
	enum role role;
	unsigned index;
	struct slot *partner; /* worker <-> engine */
	struct slot *keeper;  /* of a worker */
	pid_t pid;            /* 0: not running */
	struct wire wire;
	struct loop_watch watch;
	struct loop_child child;
	struct loop_timer timer;
	uint64_t started;  /* monotonic */
	unsigned failures; /* in a row */
	unsigned restarts;
	bool told_to_stop;
	bool follows; /* killed by us: its partner or its generation ended */
	bool ready;   /* has opened its world and is inside its walls */
	struct counts counts;
};

/* One configuration and the processes that live by it. */
struct generation {
	struct generation *next;
	unsigned number;
	struct arena *arena;
	struct conf *conf;
	struct settings settings;
	struct slot *slots, **last;
	bool proved, draining, failed;
	struct loop_timer prove_timer;
};

struct supervisor {
	struct supervisor_options options;
	struct loop *loop;
	struct logsink *sink;
	struct generation *generations; /* newest first */
	struct generation *current;     /* the one that takes mail */
	int pid_fd, claims_fd;          /* locks */
	struct loop_timer stop_timer, reload_timer;
	bool reload_wanted; /* as soon as the last change is over */
	unsigned next_number;
	uint64_t started;
	int64_t started_at;
	struct counts ended; /* of keepers that are gone */
	bool stopping;
	bool walls_told[ROLE_COUNT];
	int status;
	char *room;
};

/* supervisor_spawn.c: fork the child of a slot; it is introduced to the
 * others that are there. */
void slot_spawn(struct slot *slot);
struct slot *generation_find(
    const struct generation *g, enum role role, unsigned index);
/* Makes the slots that its settings ask for (nothing is started). */
void generation_plan(struct supervisor *top, struct generation *g);

/* supervisor_places.c: make the directories that are missing; then lock pid
 * file and claims. */
void supervisor_make_places(const struct settings *s);
int supervisor_take_places(struct supervisor *top, const struct settings *s,
    struct fail *why) ATTR_NODISCARD;

/* supervisor.c */
void slot_event(struct loop *l, unsigned events, void *ctx);
/* Time to start it (again). */
void slot_due(struct loop *l, void *ctx);
void slot_ended(struct loop *l, pid_t pid, int status, void *ctx);

/* supervisor_status.c: one JSON object. */
void supervisor_status(const struct supervisor *top, struct buf *out);

#endif
