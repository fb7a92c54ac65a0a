#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/io.h"
#include "sys/tree.h"
#include "test/unit.h"

static int
made(int at, const char *name)
{
	struct fail why;
	int fd = io_make_dir(at, name, 0700, NULL, &why);

	check(fd >= 0);
	return fd;
}

static void
touched(int at, const char *name)
{
	struct fail why;
	int fd = io_create(at, name, 0600, &why);

	check(fd >= 0);
	(void)close(fd);
}

UNIT(deep_and_wide_and_hidden)
{
	int base = open(unit_tmpdir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int top = made(base, "work"), at = dup(top), sub, i;
	struct fail why;
	struct stat st;
	char name[32];

	for (i = 0; i < 300; i++) {
		sub = made(at, i % 2 ? ".hidden" : "deep");
		touched(sub, "file");
		(void)close(at);
		at = sub;
	}
	(void)close(at);
	for (i = 0; i < 50; i++) {
		(void)snprintf(name, sizeof(name), ".up.%d", i);
		at = made(top, name);
		sub = made(at, "same");
		touched(sub, "x");
		(void)close(sub);
		(void)close(at);
	}
	/* What a link names stays. */
	touched(base, "outside");
	check_int(symlinkat("../outside", top, "link"), 0);
	check_int(symlinkat("..", top, "up"), 0);
	(void)close(top);
	check_int(tree_drop(base, "work", &why), 0);
	check(fstatat(base, "work", &st, 0) != 0);
	check_int(fstatat(base, "outside", &st, 0), 0);
	check_int(tree_drop(base, "work", &why), 0);
	(void)close(base);
}

UNIT_MAIN(unit(deep_and_wide_and_hidden))
