#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/io.h"
#include "test/unit.h"

static int
fresh_dir(const char *name)
{
	static int root = -1;
	struct fail why;
	bool made;
	int fd;

	if (root < 0)
		root = io_open_dir(AT_FDCWD, unit_tmpdir(), &why);
	check(root >= 0);
	fd = io_make_dir(root, name, 0700, &made, &why);
	check(fd >= 0 && made);
	return fd;
}

static int
file_with(int dir, const char *name, const char *text)
{
	struct fail why;
	int fd = io_create(dir, name, 0600, &why);

	check(fd >= 0);
	check_int(io_write(fd, slice_str(text), &why), 0);
	return fd;
}

static struct slice
text_of(int dir, const char *name)
{
	static char room[64];
	struct fail why;
	int fd = io_open(dir, name, &why);
	ssize_t n = fd < 0 ? -1 : io_read_at(fd, room, sizeof(room), 0, &why);

	if (fd >= 0)
		(void)close(fd);
	return slice_of(room, n < 0 ? 0 : (size_t)n);
}

UNIT(never_replaces_on_move)
{
	struct fail why;
	int d = fresh_dir("move");

	(void)close(file_with(d, "a", "one"));
	(void)close(file_with(d, "b", "two"));
	check_int(io_move(d, "a", d, "b", &why), FAIL_EXISTS);
	check_slice(text_of(d, "a"), "one");
	check_slice(text_of(d, "b"), "two");
	check_int(io_move(d, "a", d, "c", &why), 0);
	check_slice(text_of(d, "c"), "one");
	check_int(io_move(d, "a", d, "e", &why), FAIL_GONE);
	check_int(io_replace(d, "b", d, "c", &why), 0);
	check_slice(text_of(d, "c"), "two");
	check_int(io_create(d, "c", 0600, &why), FAIL_EXISTS);
}

UNIT(drops_only_the_file_it_has)
{
	struct fail why;
	int d = fresh_dir("drop");
	int fd = file_with(d, "n", "mine");

	check_int(io_replace(d, "n", d, "elsewhere", &why), 0);
	(void)close(file_with(d, "n", "somebody else's"));
	check_int(io_drop_same(d, "n", fd, &why), FAIL_GONE);
	check_slice(text_of(d, "n"), "somebody else's");
	check_int(io_drop_same(d, "elsewhere", fd, &why), 0);
	check(!io_is_same(d, "elsewhere", fd));
	check_int(io_drop(d, "never there", &why), 0);
}

UNIT(opens_regular_files_only)
{
	struct fail why;
	int d = fresh_dir("open");

	check_int(symlinkat("/etc/passwd", d, "link"), 0);
	check_int(mkfifoat(d, "fifo", 0600), 0);
	check(io_open(d, "link", &why) < 0);
	check_int(io_open(d, "fifo", &why), FAIL_BAD);
	check_int(io_open(d, "nothing", &why), FAIL_GONE);
	check_int(symlinkat("/tmp", d, "dirlink"), 0);
	check(io_open_dir(d, "dirlink", &why) < 0);
}

UNIT(copies_ranges_of_any_size)
{
	enum { SIZE = 300 * 1000, FROM = 1000 };
	static char in[SIZE], out[SIZE];
	struct fail why;
	int d = fresh_dir("copy"), from, to;

	for (size_t i = 0; i < SIZE; i++)
		in[i] = (char)(i * 7919 >> 3);
	from = io_create(d, "from", 0600, &why);
	check_int(io_write(from, slice_of(in, SIZE), &why), 0);
	to = file_with(d, "to", "head:");
	check_int(io_copy(from, FROM, SIZE - FROM, to, &why), 0);
	check_int(io_read_at(to, out, SIZE, 5, &why), SIZE - FROM);
	check(memcmp(out, in + FROM, SIZE - FROM) == 0);
	check_int(io_copy(from, FROM, SIZE, to, &why), FAIL_BAD);
	check_int(io_sync(to, "to", &why), 0);
	check_int(io_sync(d, "dir", &why), 0);
}

UNIT(locks_against_both_kinds)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct fail why;
	int d = fresh_dir("lock");
	int a = file_with(d, "f", ""), b = io_open_rw(d, "f", &why);

	check_int(io_lock(a, &why), 0);
	check_int(io_lock(b, &why), FAIL_AGAIN);
	(void)close(a);
	check_int(fcntl(b, F_OFD_SETLK, &whole), 0);
	a = io_open_rw(d, "f", &why);
	check_int(io_lock(a, &why), FAIL_AGAIN);
	(void)close(b);
	check_int(io_lock(a, &why), 0);
}

UNIT_MAIN(unit(never_replaces_on_move), unit(drops_only_the_file_it_has),
    unit(opens_regular_files_only), unit(copies_ranges_of_any_size),
    unit(locks_against_both_kinds))
