#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/loop.h"
#include "test/unit.h"

struct seen {
	char order[64];
	size_t n;
	struct loop_watch *drop;
	struct loop_timer *timers;
	int status;
	int signals;
};

static void
note(struct seen *s, char c)
{
	if (s->n + 1 < sizeof(s->order))
		s->order[s->n++] = c;
}

struct named_timer {
	struct loop_timer t;
	struct seen *seen;
	char name;
};

static void
on_timer(struct loop *l, void *ctx)
{
	struct named_timer *t = ctx;

	(void)l;
	note(t->seen, t->name);
}

UNIT(timers_run_in_order_of_time)
{
	struct loop *l = NULL;
	struct seen s = {.n = 0};
	struct named_timer t[20];
	uint64_t base;

	check_int(loop_open(&l, NULL), 0);
	base = loop_now(l);
	memset(t, 0, sizeof(t));
	for (unsigned i = 0; i < 20; i++) {
		unsigned rank = i * 7 % 20;

		t[i].seen = &s;
		t[i].name = (char)('a' + rank);
		loop_timer_set(
		    l, &t[i].t, base + rank * 100000, on_timer, &t[i]);
	}
	loop_timer_drop(l, &t[3].t); /* rank 1: b */
	loop_timer_set(l, &t[0].t, base + 50 * 100000, on_timer, &t[0]); /* a */
	while (s.n < 19)
		check_int(loop_turn(l, LOOP_SEC, NULL), 0);
	check_str(s.order, "cdefghijklmnopqrsta");
	check(!loop_timer_is_set(&t[5].t));
	loop_close(l);
}

static void
on_again(struct loop *l, void *ctx)
{
	struct named_timer *t = ctx;

	note(t->seen, t->name);
	loop_timer_set(l, &t->t, 0, on_again, t);
}

UNIT(a_timer_that_sets_itself_does_not_hold_the_loop)
{
	struct loop *l = NULL;
	struct seen s = {.n = 0};
	struct named_timer t = {.seen = &s, .name = 'x'};

	check_int(loop_open(&l, NULL), 0);
	loop_timer_set(l, &t.t, 0, on_again, &t);
	check_int(loop_turn(l, LOOP_SEC, NULL), 0);
	check_int(loop_turn(l, LOOP_SEC, NULL), 0);
	check_str(s.order, "xx");
	loop_close(l);
}

static void
on_read(struct loop *l, unsigned events, void *ctx)
{
	struct seen *s = ctx;

	note(s, events & LOOP_GONE ? 'G' : 'r');
	if (s->drop != NULL)
		loop_watch_drop(l, s->drop);
}

UNIT(a_dropped_watch_gets_no_fetched_event)
{
	struct loop *l = NULL;
	struct seen a = {.n = 0}, b = {.n = 0};
	struct loop_watch wa = {.set = false}, wb = {.set = false};
	int pa[2], pb[2];

	check_int(loop_open(&l, NULL), 0);
	check_int(pipe(pa), 0);
	check_int(pipe(pb), 0);
	check_int(
	    loop_watch_add(l, &wa, pa[0], LOOP_READ, on_read, &a, NULL), 0);
	check_int(
	    loop_watch_add(l, &wb, pb[0], LOOP_READ, on_read, &b, NULL), 0);
	a.drop = &wb;
	b.drop = &wa;
	check_int(write(pa[1], "x", 1), 1);
	check_int(write(pb[1], "x", 1), 1);
	check_int(loop_turn(l, LOOP_SEC, NULL), 0);
	check_int(loop_turn(l, 0, NULL), 0);
	/* Both were ready; the first to run silenced the other. */
	check_int((a.n > 0) + (b.n > 0), 1);
	loop_close(l);
	for (int i = 0; i < 2; i++) {
		close(pa[i]);
		close(pb[i]);
	}
}

UNIT(a_closed_peer_is_gone_even_when_nothing_is_asked)
{
	struct loop *l = NULL;
	struct seen s = {.n = 0};
	struct loop_watch w = {.set = false};
	int p[2];

	check_int(loop_open(&l, NULL), 0);
	check_int(pipe(p), 0);
	check_int(loop_watch_add(l, &w, p[0], 0, on_read, &s, NULL), 0);
	check_int(write(p[1], "x", 1), 1);
	check_int(loop_turn(l, 0, NULL), 0);
	check_int(s.n, 0);
	close(p[1]);
	check_int(loop_turn(l, LOOP_SEC, NULL), 0);
	check_str(s.order, "G");
	loop_watch_drop(l, &w);
	loop_watch_drop(l, &w);
	close(p[0]);
	loop_close(l);
}

UNIT(a_regular_file_is_refused)
{
	struct loop *l = NULL;
	struct loop_watch w = {.set = false};
	struct fail why;
	int fd = open("/proc/self/exe", O_RDONLY);

	check_int(loop_open(&l, NULL), 0);
	check_int(loop_watch_add(l, &w, fd, LOOP_READ, on_read, NULL, &why),
	    FAIL_DENIED);
	check(!w.set);
	close(fd);
	loop_close(l);
}

static void
on_child(struct loop *l, pid_t pid, int status, void *ctx)
{
	struct seen *s = ctx;

	(void)pid;
	s->status = status;
	note(s, 'c');
	loop_stop(l);
}

UNIT(a_child_that_ended_before_it_was_added_is_seen)
{
	struct loop *l = NULL;
	struct seen s = {.n = 0};
	struct loop_child c = {.set = false};
	pid_t pid;

	check_int(loop_open(&l, NULL), 0);
	pid = fork();
	if (pid == 0)
		_exit(7);
	usleep(20000);
	check_int(loop_turn(l, 0, NULL), 0); /* eats the SIGCHLD */
	loop_child_add(l, &c, pid, on_child, &s);
	check_int(loop_run(l, NULL), 0);
	check_int(WEXITSTATUS(s.status), 7);
	check_str(s.order, "c");
	loop_close(l);
}

UNIT(children_are_told_apart)
{
	struct loop *l = NULL;
	struct seen s1 = {.n = 0}, s2 = {.n = 0};
	struct loop_child c1 = {.set = false}, c2 = {.set = false};
	pid_t one, two;

	check_int(loop_open(&l, NULL), 0);
	one = fork();
	if (one == 0) {
		loop_forked(l);
		for (;;)
			pause();
	}
	two = fork();
	if (two == 0)
		_exit(2);
	loop_child_add(l, &c1, one, on_child, &s1);
	loop_child_add(l, &c2, two, on_child, &s2);
	check_int(loop_run(l, NULL), 0);
	check_int(s1.n, 0);
	check_int(WEXITSTATUS(s2.status), 2);
	/* SIGTERM ends it: loop_forked gave back its signal mask. */
	check_int(kill(one, SIGTERM), 0);
	check_int(loop_run(l, NULL), 0);
	check_int(WTERMSIG(s1.status), SIGTERM);
	loop_close(l);
}

static void
on_usr(struct loop *l, int signo, void *ctx)
{
	struct seen *s = ctx;

	check_int(signo, SIGUSR1);
	s->signals++;
	loop_stop(l);
}

UNIT(a_signal_is_an_event_and_the_mask_comes_back)
{
	struct loop *l = NULL;
	struct seen s = {.n = 0};
	sigset_t now;

	check_int(loop_open(&l, NULL), 0);
	check_int(loop_signal(l, SIGUSR1, on_usr, &s, NULL), 0);
	check_int(kill(getpid(), SIGUSR1), 0);
	check_int(loop_run(l, NULL), 0);
	check_int(s.signals, 1);
	loop_close(l);
	check_int(sigprocmask(SIG_BLOCK, NULL, &now), 0);
	check(!sigismember(&now, SIGUSR1));
	check(!sigismember(&now, SIGCHLD));
}

UNIT_MAIN(unit(timers_run_in_order_of_time),
    unit(a_timer_that_sets_itself_does_not_hold_the_loop),
    unit(a_dropped_watch_gets_no_fetched_event),
    unit(a_closed_peer_is_gone_even_when_nothing_is_asked),
    unit(a_regular_file_is_refused),
    unit(a_child_that_ended_before_it_was_added_is_seen),
    unit(children_are_told_apart),
    unit(a_signal_is_an_event_and_the_mask_comes_back))
