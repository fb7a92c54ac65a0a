/* Before anything is forked: the directories that have to be there, and the
 * locks that keep a second Reeve out. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/quarantine.h"
#include "base/log.h"
#include "daemon/supervisor_private.h"
#include "sys/io.h"

enum { PATH_ROOM = 4096 };

/* ---- directories -------------------------------------------------------- */

struct place {
	const char *path; /* NULL: none */
	bool parent;      /* the directory of this file is meant */
	mode_t mode;
	gid_t group; /* (gid_t)-1: that of the user */
};

static bool
make_one(const char *path, mode_t mode)
{
	if (mkdir(path, mode) != 0)
		return false;
	/* The umask may have taken bits away. */
	(void)chmod(path, mode);
	return true;
}

/* What is there stays as it is: its owner and mode are the administrator's.
 * What cannot be made is told by the process that needs it. */
static void
make_place(const struct settings *s, const struct place *p)
{
	char path[PATH_ROOM];
	char *slash;
	size_t n;

	if (p->path == NULL || p->path[0] != '/' ||
	    strlen(p->path) >= sizeof(path))
		return;
	(void)snprintf(path, sizeof(path), "%s", p->path);
	if (p->parent)
		*strrchr(path, '/') = '\0';
	n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
	if (n == 0 || access(path, F_OK) == 0)
		return;
	for (slash = strchr(path + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)make_one(path, 0755);
		*slash = '/';
	}
	if (make_one(path, p->mode) && s->drop && geteuid() == 0 &&
	    chown(path, s->uid, p->group != (gid_t)-1 ? p->group : s->gid) != 0)
		log_warn("%s cannot be given to %s: %s", path, s->user,
		    strerror(errno));
}

void
supervisor_make_places(const struct settings *s)
{
	struct arena *a = arena_new(0);
	struct quarantine_config keep = {
	    .root = NULL, .group = (gid_t)-1, .dir_mode = 0770};
	struct fail why;

	/* A wrong value is told by the keepers. */
	if (quarantine_configure(&keep, s->conf, a, &why) != 0)
		keep.root = NULL;
	const struct place places[] = {
	    {s->pid_file, true, 0755, (gid_t)-1},
	    {s->control, true, 0755, (gid_t)-1},
	    {s->history, true, 0750, (gid_t)-1},
	    {s->json_log, true, 0750, (gid_t)-1},
	    {s->log_file, true, 0750, (gid_t)-1},
	    {s->spool, false, 0700, (gid_t)-1},
	    /* The rooms, too: the receiver opens them before it drops its
	     * user, and the keepers after that. */
	    {s->spool != NULL ? s->in[0] : NULL, false, 0700, (gid_t)-1},
	    {s->spool != NULL ? s->out : NULL, false, 0700, (gid_t)-1},
	    {s->spool != NULL
		    ? arena_str(a, arena_printf(a, "%s/tmp", s->spool))
		    : NULL,
		false, 0700, (gid_t)-1},
	    {s->claims, false, 0700, (gid_t)-1},
	    {s->work_dir, false, 0700, (gid_t)-1},
	    {keep.root, false, keep.dir_mode, keep.group},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(places); i++)
		make_place(s, &places[i]);
	arena_free(a);
}

/* ---- locks -------------------------------------------------------------- */

static int
lock_fd(int fd, const char *path, struct fail *why)
{
	int code;

	if (fd < 0)
		return fail_errno(why, "open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	code = errno == EWOULDBLOCK
		   ? fail_set(why, FAIL_EXISTS,
			 "another Reeve runs: %s is locked", path)
		   : fail_errno(why, "lock %s", path);
	(void)close(fd);
	return code;
}

static int
write_pid(int fd, const char *path, struct fail *why)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
		return fail_errno(why, "write %s", path);
	return 0;
}

/* One Reeve per pid file and one per queue: the claim directory belongs to
 * one queue, whatever other configuration names it. */
int
supervisor_take_places(
    struct supervisor *top, const struct settings *s, struct fail *why)
{
	int code;

	code = lock_fd(
	    open(s->pid_file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644),
	    s->pid_file, why);
	if (code < 0)
		return code;
	top->pid_fd = code;
	/* Once more, for the reason why it could not be made. */
	code = io_make_dir(AT_FDCWD, s->claims, 0700, NULL, why);
	if (code >= 0)
		code = lock_fd(code, s->claims, why);
	if (code < 0)
		return code;
	top->claims_fd = code;
	/* umask is for mail; anybody may know the number. */
	(void)fchmod(top->pid_fd, 0644);
	return write_pid(top->pid_fd, s->pid_file, why);
}
