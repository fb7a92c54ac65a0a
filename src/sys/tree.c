#define _GNU_SOURCE
#include "sys/tree.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/io.h"

struct tree {
	int top;
	unsigned long moved; /* of names given in top */
};

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A name in top that nothing has. */
static void
move_up(struct tree *t, int dir, const char *name)
{
	char to[64];
	struct fail why;
	int rc;

	do {
		(void)snprintf(to, sizeof(to), ".up.%lu", t->moved++);
		rc = io_move(dir, name, t->top, to, &why);
	} while (rc == FAIL_EXISTS);
}

/* Drop what is no directory or an empty one; what is left in dir, if it is
 * not top, goes there. true: something is left. */
static bool
empty(struct tree *t, int dir)
{
	struct fail why;
	struct dirent *e;
	DIR *d = io_list(dir, &why);
	bool left = false;

	if (d == NULL)
		return true;
	while ((e = readdir(d)) != NULL) {
		if (is_dots(e->d_name) || io_drop(dir, e->d_name, &why) == 0 ||
		    io_drop_dir(dir, e->d_name, &why) == 0)
			continue;
		left = true;
		if (dir != t->top)
			move_up(t, dir, e->d_name);
	}
	(void)closedir(d);
	return left;
}

/* Every directory in top is emptied once. */
static void
empty_below(struct tree *t)
{
	struct fail why;
	struct dirent *e;
	DIR *d = io_list(t->top, &why);
	int sub;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (is_dots(e->d_name))
			continue;
		sub = io_open_dir(t->top, e->d_name, &why);
		if (sub < 0)
			continue;
		(void)empty(t, sub);
		(void)close(sub);
	}
	(void)closedir(d);
}

int
tree_drop(int at, const char *name, struct fail *why)
{
	struct tree t = {.top = io_open_dir(at, name, why)};
	unsigned round;

	if (t.top == FAIL_GONE)
		return 0;
	if (t.top < 0)
		return t.top;
	for (round = 0; round < TREE_ROUNDS && empty(&t, t.top); round++)
		empty_below(&t);
	(void)close(t.top);
	return io_drop_dir(at, name, why);
}
