#include "sys/loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"

/* Events fetched per turn. More stay with the kernel for the next turn. */
enum { BATCH = 64, SIGNAL_MAX = 64 };

struct signal_row {
	loop_signal_fn *fn;
	void *ctx;
};

struct loop {
	struct arena *arena;
	int epoll_fd;
	int signal_fd;
	bool stop;
	bool reap; /* a child may have ended since the last look */
	uint64_t now;
	sigset_t mask_before;
	sigset_t caught;
	struct signal_row signals[SIGNAL_MAX + 1];
	VEC_OF(struct loop_timer *) heap; /* earliest at index 0 */
	struct loop_child *children;
	struct loop_child *next_child; /* where reap_children goes on */
	struct loop_watch signal_watch;
	struct epoll_event batch[BATCH]; /* of the turn that is running */
	size_t batch_at, batch_n;
};

uint64_t
loop_clock(void)
{
	struct timespec ts = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * LOOP_SEC + (uint64_t)ts.tv_nsec;
}

uint64_t
loop_now(const struct loop *l)
{
	return l->now;
}

/* ---- timers: a binary heap of pointers; each timer knows its place ---- */

static void
heap_put(struct loop *l, size_t i, struct loop_timer *t)
{
	l->heap.at[i] = t;
	t->slot = i + 1;
}

static void
heap_up(struct loop *l, size_t i)
{
	struct loop_timer *t = l->heap.at[i];

	while (i > 0 && l->heap.at[(i - 1) / 2]->at > t->at) {
		heap_put(l, i, l->heap.at[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_put(l, i, t);
}

static void
heap_down(struct loop *l, size_t i)
{
	struct loop_timer *t = l->heap.at[i];
	size_t n = l->heap.n;

	for (size_t child = 2 * i + 1; child < n; child = 2 * i + 1) {
		if (child + 1 < n &&
		    l->heap.at[child + 1]->at < l->heap.at[child]->at)
			child++;
		if (l->heap.at[child]->at >= t->at)
			break;
		heap_put(l, i, l->heap.at[child]);
		i = child;
	}
	heap_put(l, i, t);
}

void
loop_timer_drop(struct loop *l, struct loop_timer *t)
{
	size_t i = t->slot;
	struct loop_timer *last;

	if (i == 0)
		return;
	i--;
	ensure(i < l->heap.n && l->heap.at[i] == t);
	t->slot = 0;
	last = l->heap.at[--l->heap.n];
	if (last == t)
		return;
	heap_put(l, i, last);
	heap_up(l, i);
	heap_down(l, last->slot - 1);
}

void
loop_timer_set(struct loop *l, struct loop_timer *t, uint64_t at,
    loop_timer_fn *fn, void *ctx)
{
	loop_timer_drop(l, t);
	t->at = at;
	t->fn = fn;
	t->ctx = ctx;
	*vec_push(l->arena, &l->heap) = t;
	heap_up(l, l->heap.n - 1);
}

/* Run what is due now; what a callback sets for now waits for the next turn,
 * so that a timer that sets itself again cannot hold the loop. */
static void
run_timers(struct loop *l)
{
	size_t most = l->heap.n;

	while (most-- > 0 && l->heap.n > 0 && l->heap.at[0]->at <= l->now) {
		struct loop_timer *t = l->heap.at[0];

		loop_timer_drop(l, t);
		t->fn(l, t->ctx);
	}
}

/* ---- descriptors ---- */

static uint32_t
to_epoll(unsigned events)
{
	return (events & LOOP_READ ? (uint32_t)(EPOLLIN | EPOLLRDHUP) : 0) |
	       (events & LOOP_WRITE ? (uint32_t)EPOLLOUT : 0);
}

int
loop_watch_add(struct loop *l, struct loop_watch *w, int fd, unsigned events,
    loop_watch_fn *fn, void *ctx, struct fail *why)
{
	struct epoll_event ev = {.events = to_epoll(events)};

	ensure(!w->set);
	ev.data.ptr = w;
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return fail_errno(why, "cannot watch descriptor %d", fd);
	w->fd = fd;
	w->events = events;
	w->fn = fn;
	w->ctx = ctx;
	w->set = true;
	return 0;
}

void
loop_watch_set(struct loop *l, struct loop_watch *w, unsigned events)
{
	struct epoll_event ev = {.events = to_epoll(events)};

	ensure(w->set);
	if (w->events == events)
		return;
	ev.data.ptr = w;
	ensure(epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, w->fd, &ev) == 0);
	w->events = events;
}

void
loop_watch_drop(struct loop *l, struct loop_watch *w)
{
	if (!w->set)
		return;
	w->set = false;
	/* Fails only if the descriptor is closed: then it has left the set. */
	(void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	for (size_t i = l->batch_at; i < l->batch_n; i++)
		if (l->batch[i].data.ptr == w)
			l->batch[i].data.ptr = NULL;
}

static void
run_watches(struct loop *l)
{
	while (l->batch_at < l->batch_n) {
		const struct epoll_event *ev = &l->batch[l->batch_at++];
		struct loop_watch *w = ev->data.ptr;
		unsigned events = 0;

		if (w == NULL)
			continue;
		if (ev->events & (EPOLLERR | EPOLLHUP))
			events = LOOP_GONE | w->events;
		if (ev->events & (EPOLLIN | EPOLLRDHUP))
			events |= LOOP_READ & w->events;
		if (ev->events & EPOLLOUT)
			events |= LOOP_WRITE & w->events;
		if (events != 0)
			w->fn(l, events, w->ctx);
	}
}

/* ---- signals and children ---- */

static int
catch_signal(struct loop *l, int signo, struct fail *why)
{
	sigset_t one;

	(void)sigemptyset(&one);
	(void)sigaddset(&one, signo);
	(void)sigaddset(&l->caught, signo);
	if (sigprocmask(SIG_BLOCK, &one, NULL) < 0)
		return fail_errno(why, "cannot block signal %d", signo);
	if (signalfd(l->signal_fd, &l->caught, SFD_CLOEXEC | SFD_NONBLOCK) < 0)
		return fail_errno(why, "cannot receive signal %d", signo);
	return 0;
}

int
loop_signal(
    struct loop *l, int signo, loop_signal_fn *fn, void *ctx, struct fail *why)
{
	ensure(signo > 0 && signo <= SIGNAL_MAX && signo != SIGCHLD);
	l->signals[signo].fn = fn;
	l->signals[signo].ctx = ctx;
	return catch_signal(l, signo, why);
}

void
loop_unblock_signals(const struct loop *l)
{
	(void)sigprocmask(SIG_SETMASK, &l->mask_before, NULL);
}

static void
on_signal(struct loop *l, unsigned events, void *ctx)
{
	struct signalfd_siginfo info;

	(void)events;
	(void)ctx;
	while (
	    read(l->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		uint32_t signo = info.ssi_signo;

		if (signo == SIGCHLD)
			l->reap = true;
		else if (signo <= SIGNAL_MAX && l->signals[signo].fn != NULL)
			l->signals[signo].fn(
			    l, (int)signo, l->signals[signo].ctx);
	}
}

void
loop_child_add(struct loop *l, struct loop_child *c, pid_t pid,
    loop_child_fn *fn, void *ctx)
{
	ensure(!c->set);
	c->pid = pid;
	c->fn = fn;
	c->ctx = ctx;
	c->set = true;
	c->next = l->children;
	l->children = c;
	l->reap = true; /* its SIGCHLD may have come and gone */
}

void
loop_child_drop(struct loop *l, struct loop_child *c)
{
	struct loop_child **at = &l->children;

	if (!c->set)
		return;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	if (l->next_child == c)
		l->next_child = c->next;
	c->set = false;
	c->next = NULL;
}

/* Each pid by itself, never -1: children of others (a command runner) are
 * theirs to wait for. */
static void
reap_children(struct loop *l)
{
	if (!l->reap)
		return;
	l->reap = false;
	for (struct loop_child *c = l->children; c != NULL; c = l->next_child) {
		int status = 0;
		pid_t pid = waitpid(c->pid, &status, WNOHANG);

		l->next_child = c->next;
		if (pid == 0 || (pid < 0 && errno != ECHILD))
			continue;
		loop_child_drop(l, c);
		c->fn(l, c->pid, status, c->ctx);
	}
	l->next_child = NULL;
}

/* ---- life ---- */

int
loop_open(struct loop **out, struct fail *why)
{
	struct arena *a = arena_new(0);
	struct loop *l = arena_make(a, struct loop);
	int rc;

	l->arena = a;
	l->signal_fd = -1;
	(void)sigemptyset(&l->caught);
	(void)sigaddset(&l->caught, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &l->caught, &l->mask_before);
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd >= 0)
		l->signal_fd =
		    signalfd(-1, &l->caught, SFD_CLOEXEC | SFD_NONBLOCK);
	if (l->signal_fd < 0) {
		rc = fail_errno(why, "cannot set up an event loop");
		loop_close(l);
		return rc;
	}
	rc = loop_watch_add(
	    l, &l->signal_watch, l->signal_fd, LOOP_READ, on_signal, NULL, why);
	if (rc < 0) {
		loop_close(l);
		return rc;
	}
	l->now = loop_clock();
	*out = l;
	return 0;
}

void
loop_forked(struct loop *l)
{
	if (l->epoll_fd >= 0)
		(void)close(l->epoll_fd);
	if (l->signal_fd >= 0)
		(void)close(l->signal_fd);
	l->epoll_fd = l->signal_fd = -1;
	loop_unblock_signals(l);
}

void
loop_close(struct loop *l)
{
	if (l == NULL)
		return;
	loop_forked(l);
	arena_free(l->arena);
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
}

bool
loop_stopped(const struct loop *l)
{
	return l->stop;
}

/* Milliseconds for epoll_wait: rounded up, so that a timer is due when the
 * wait ends, and bounded. */
static int
wait_ms(const struct loop *l, uint64_t wait_ns)
{
	uint64_t ms;

	if (l->reap)
		return 0;
	if (l->heap.n > 0) {
		uint64_t at = l->heap.at[0]->at, now = loop_clock();
		uint64_t left = at > now ? at - now : 0;

		if (left < wait_ns)
			wait_ns = left;
	}
	if (wait_ns == UINT64_MAX)
		return -1;
	ms = wait_ns / LOOP_MS + (wait_ns % LOOP_MS != 0);
	return ms > 3600000 ? 3600000 : (int)ms;
}

int
loop_turn(struct loop *l, uint64_t wait_ns, struct fail *why)
{
	int n = epoll_wait(l->epoll_fd, l->batch, BATCH, wait_ms(l, wait_ns));

	if (n < 0 && errno != EINTR)
		return fail_errno(why, "cannot wait for events");
	l->now = loop_clock();
	l->batch_at = 0;
	l->batch_n = n > 0 ? (size_t)n : 0;
	run_watches(l);
	l->batch_n = l->batch_at = 0;
	reap_children(l);
	run_timers(l);
	return 0;
}

int
loop_run(struct loop *l, struct fail *why)
{
	while (!l->stop) {
		int rc = loop_turn(l, UINT64_MAX, why);

		if (rc < 0)
			return rc;
	}
	l->stop = false;
	return 0;
}
