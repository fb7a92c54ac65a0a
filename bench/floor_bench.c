/* floor_bench - what this disk can do: write, fsync, rename, fsync of the
 * directory, for the same files a run is measured with, in N processes.
 *
 *	floor_bench DIRECTORY PROCESSES FILE ...
 * Prints the files handled per second. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* One file: read it, write it under a temporary name, make it durable. */
static int
hand_over(int dir, const char *path, int number)
{
	static char bytes[1 << 20];
	char tmp[64], name[64];
	int in = open(path, O_RDONLY | O_CLOEXEC), out;
	ssize_t n;
	int bad = 0;

	(void)snprintf(tmp, sizeof(tmp), "tmp.%d.%d", (int)getpid(), number);
	(void)snprintf(name, sizeof(name), "f.%d.%d", (int)getpid(), number);
	out = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (in < 0 || out < 0)
		return -1;
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		bad |= write(out, bytes, (size_t)n) != n;
	bad |= n < 0 || fsync(out) != 0;
	bad |= close(out) != 0;
	bad |= renameat(dir, tmp, dir, name) != 0 || fsync(dir) != 0;
	(void)close(in);
	return bad ? -1 : 0;
}

int
main(int argc, char **argv)
{
	int processes = argc > 3 ? (int)(argv[2][0] - '0') : 0;
	int dir, p, i, status, bad = 0;
	double began;

	if (processes < 1 || processes > 9) {
		(void)fprintf(
		    stderr, "usage: floor_bench DIRECTORY 1-9 FILE ...\n");
		return 64;
	}
	dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		perror(argv[1]);
		return 2;
	}
	began = now();
	for (p = 0; p < processes; p++)
		if (fork() == 0) {
			for (i = 3 + p; i < argc; i += processes)
				if (hand_over(dir, argv[i], i) != 0)
					_exit(1);
			_exit(0);
		}
	while (wait(&status) > 0)
		bad |= status;
	(void)printf("%.1f\n", (double)(argc - 3) / (now() - began));
	return bad != 0;
}
