#define _GNU_SOURCE
#include "test/unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

void
unit_check(int ok, const char *what, const char *file, int line)
{
	if (!ok) {
		print_error("%s:%d: not true: %s\n", file, line, what);
		_fail(file, line);
	}
}

void
unit_check_int(
    long long got, long long want, const char *what, const char *file, int line)
{
	if (got != want) {
		print_error("%s:%d: %s is %lld, want %lld\n", file, line, what,
		    got, want);
		_fail(file, line);
	}
}

void
unit_check_slice(struct slice got, struct slice want, const char *what,
    const char *file, int line)
{
	static char a[4096], b[4096];

	if (slice_eq(got, want))
		return;
	(void)text_printable(a, sizeof(a), got.n > 0 ? got.p : "", got.n);
	(void)text_printable(b, sizeof(b), want.n > 0 ? want.p : "", want.n);
	print_error("%s:%d: %s is\n  \"%s\" (%zu bytes), want\n  \"%s\" "
		    "(%zu bytes)\n",
	    file, line, what, a, got.n, b, want.n);
	_fail(file, line);
}

int
unit_ends(void (*fn)(void *), void *arg)
{
	int status = 0;
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(99);
		fn(arg);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1000;
	return WIFSIGNALED(status) ? WTERMSIG(status)
				   : -1 - WEXITSTATUS(status);
}

static char tmpdir[64];

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static pid_t tmpdir_owner;

static void
remove_tmpdir(void)
{
	if (getpid() == tmpdir_owner)
		(void)nftw(tmpdir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
unit_tmpdir(void)
{
	if (tmpdir[0] != '\0')
		return tmpdir;
	(void)snprintf(tmpdir, sizeof(tmpdir), "/tmp/reeve-test.XXXXXX");
	if (mkdtemp(tmpdir) == NULL)
		abort();
	tmpdir_owner = getpid();
	(void)atexit(remove_tmpdir);
	return tmpdir;
}

/* Everything handed out is kept reachable until the end. */
static void
keep(void *p)
{
	static void *kept[65536];
	static size_t n;

	if (n < sizeof(kept) / sizeof(kept[0]))
		kept[n++] = p;
}

struct slice
unit_read(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	char *p;
	size_t n;

	if (f == NULL || fstat(fileno(f), &st) != 0) {
		print_error("cannot read %s\n", path);
		fail();
	}
	p = malloc((size_t)st.st_size + 1);
	if (p == NULL)
		abort();
	keep(p);
	n = fread(p, 1, (size_t)st.st_size, f);
	p[n] = '\0';
	(void)fclose(f);
	return slice_of(p, n);
}

void
unit_write(const char *path, struct slice bytes)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(bytes.p, 1, bytes.n, f) != bytes.n ||
	    fclose(f) != 0) {
		print_error("cannot write %s\n", path);
		fail();
	}
}

static const char *
join(const char *dir, const char *relative)
{
	char *p = NULL;

	if (asprintf(&p, "%s/%s", dir, relative) < 0)
		abort();
	keep(p);
	return p;
}

const char *
unit_source(const char *relative)
{
	const char *root = getenv("REEVE_SOURCE_ROOT");

	return join(root != NULL ? root : ".", relative);
}

const char *
unit_corpora(const char *relative)
{
	const char *root = getenv("REEVE_CORPORA");
	const char *path;

	path = root != NULL ? join(root, relative)
			    : join(unit_source("../shared/corpora"), relative);
	if (access(path, R_OK) != 0)
		path = join(unit_source(".cache/corpora"), relative);
	if (access(path, R_OK) != 0)
		unit_skip("no corpora");
	return path;
}

jmp_buf unit_skipped;

void
unit_skip(const char *why)
{
	print_message("# skipped: %s\n", why);
	longjmp(unit_skipped, 1);
}
