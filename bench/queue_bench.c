/* queue_bench - messages a second through the hand-over alone, in N processes.
 *
 *	queue_bench DRIVER ROOT PROCESSES GROUP
 * ROOT holds incoming/ (filled) and outgoing/. Each message gets one header
 * field. Prints messages per second; to be held against floor_bench. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "queue/queue.h"
#include "sys/clock.h"

enum { GROUP_MAX = 64 };

static int
hand_over(struct queue *q, size_t want)
{
	struct claim *c[GROUP_MAX];
	struct arena *a = arena_new(0);
	struct edits e = {.list = {.n = 0}};
	struct queue_output out = {.edits = &e};
	struct fail why;
	int n, i, total = 0;

	edits_add(&e, a, 0, 0, SLICE("X-Scanned: yes\n"));
	while ((n = queue_claim(q, c, want, &why)) > 0) {
		for (i = 0; i < n; i++)
			if (claim_attempt(c[i], &why) < 0 ||
			    queue_prepare(c[i], &out, &why) < 0) {
				(void)fprintf(stderr, "%s\n", why.text);
				exit(1);
			}
		(void)queue_commit(q, c, (size_t)n);
		(void)queue_publish(q, c, (size_t)n);
		total += (int)queue_retire(q, c, (size_t)n);
		for (i = 0; i < n; i++)
			claim_close(c[i]);
	}
	arena_free(a);
	return total;
}

int
main(int argc, char **argv)
{
	char in[1000], out[1000], claims[1000];
	const char *ins[] = {in, NULL};
	struct queue_config cfg = {.in = ins, .out = out, .claims = claims};
	struct queue *q;
	struct fail why;
	uint64_t began, count = 0;
	unsigned p;
	int status;

	if (argc != 5) {
		(void)fprintf(
		    stderr, "usage: queue_bench DRIVER ROOT 1-9 GROUP\n");
		return 64;
	}
	(void)snprintf(in, sizeof(in), "%s/incoming", argv[2]);
	(void)snprintf(out, sizeof(out), "%s/outgoing", argv[2]);
	(void)snprintf(claims, sizeof(claims), "%s/claims", argv[2]);
	cfg.driver = argv[1];
	cfg.shares = (unsigned)(argv[3][0] - '0');
	if (queue_open(&q, &cfg, &why) < 0 ||
	    queue_waiting(q, &count, &why) < 0) {
		(void)fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	queue_close(q);
	began = clock_mono();
	for (p = 0; p < cfg.shares; p++)
		if (fork() == 0) {
			cfg.share = p;
			if (queue_open(&q, &cfg, &why) < 0)
				_exit(1);
			(void)hand_over(q, (size_t)(atoi(argv[4]) % 65));
			queue_close(q);
			_exit(0);
		}
	while (wait(&status) > 0)
		continue;
	(void)printf(
	    "%.1f\n", (double)count * 1e9 / (double)(clock_mono() - began));
	return 0;
}
