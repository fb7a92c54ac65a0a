/* loop - one process's events: descriptors, timers, signals, child exits.
 *
 * Level-triggered epoll. Watches, timers and children are the caller's
 * storage (inside his own structs), zeroed before first use; they must stay
 * where they are while they are set, and may be set or dropped in any
 * callback, their own included: an event that was already fetched for a
 * dropped watch is not delivered. Nothing here is global, but the set of
 * blocked signals: loop_open blocks SIGCHLD, loop_signal its signal, and
 * loop_close gives back the mask that was there.
 *
 * Time is CLOCK_MONOTONIC in nanoseconds. Timers run in the order of their
 * times, after the descriptors of the same turn.
 */
#ifndef SYS_LOOP_H
#define SYS_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/fail.h"

struct loop;

enum {
	LOOP_READ = 1,  /* readable, or the peer closed */
	LOOP_WRITE = 2, /* writable, or a connect ended */
	LOOP_GONE =
	    4, /* hang-up or error; given in addition to what was asked */
};

struct loop_watch;
typedef void loop_watch_fn(struct loop *l, unsigned events, void *ctx);
struct loop_watch {
	int fd;
	unsigned events; /* LOOP_READ | LOOP_WRITE; 0 waits for GONE only */
	loop_watch_fn *fn;
	void *ctx;
	bool set; /* private */
};

struct loop_timer;
typedef void loop_timer_fn(struct loop *l, void *ctx);
struct loop_timer {
	uint64_t at; /* when it runs */
	loop_timer_fn *fn;
	void *ctx;
	size_t slot; /* private: place in the heap + 1, 0 when not set */
};

struct loop_child;
/* status as of waitpid */
typedef void loop_child_fn(struct loop *l, pid_t pid, int status, void *ctx);
struct loop_child {
	pid_t pid;
	loop_child_fn *fn;
	void *ctx;
	struct loop_child *next; /* private */
	bool set;                /* private */
};

typedef void loop_signal_fn(struct loop *l, int signo, void *ctx);

int loop_open(struct loop **l, struct fail *why) ATTR_NODISCARD;
/* Everything still set is forgotten; descriptors stay open. NULL allowed. */
void loop_close(struct loop *l);
/* For a child just forked that does not want the loop: closes its
 * descriptors and restores the signal mask without touching the parent's. */
void loop_forked(struct loop *l);

/* Turn until loop_stop. A FAIL code only when epoll itself fails. */
int loop_run(struct loop *l, struct fail *why) ATTR_NODISCARD;
/* One turn: wait at most `wait_ns` (UINT64_MAX: until something happens). */
int loop_turn(struct loop *l, uint64_t wait_ns, struct fail *why)
    ATTR_NODISCARD;
/* loop_run returns after this turn. */
void loop_stop(struct loop *l);
bool loop_stopped(const struct loop *l);

/* The time at the start of this turn / read from the clock now. */
uint64_t loop_now(const struct loop *l);
uint64_t loop_clock(void);
#define LOOP_MS UINT64_C(1000000)
#define LOOP_SEC UINT64_C(1000000000)

/* Fill w and start to watch. Regular files cannot be watched (FAIL_DENIED). */
int loop_watch_add(struct loop *l, struct loop_watch *w, int fd,
    unsigned events, loop_watch_fn *fn, void *ctx, struct fail *why)
    ATTR_NODISCARD;
/* Change what is waited for. */
void loop_watch_set(struct loop *l, struct loop_watch *w, unsigned events);
/* Before the descriptor is closed. A watch that is not set is left alone. */
void loop_watch_drop(struct loop *l, struct loop_watch *w);

/* Run fn once at `at`; set again when it was set already. */
void loop_timer_set(struct loop *l, struct loop_timer *t, uint64_t at,
    loop_timer_fn *fn, void *ctx);
void loop_timer_drop(struct loop *l, struct loop_timer *t);
static inline bool
loop_timer_is_set(const struct loop_timer *t)
{
	return t->slot != 0;
}

/* Call fn in the loop whenever the signal arrives (not SIGCHLD). */
int loop_signal(struct loop *l, int signo, loop_signal_fn *fn, void *ctx,
    struct fail *why) ATTR_NODISCARD;
/* The mask that was in force before loop_open, for a child to exec with. */
void loop_unblock_signals(const struct loop *l);

/* Call fn once when the child has ended (also if it ended already); it is
 * reaped by the loop. */
void loop_child_add(struct loop *l, struct loop_child *c, pid_t pid,
    loop_child_fn *fn, void *ctx);
void loop_child_drop(struct loop *l, struct loop_child *c);

#endif
