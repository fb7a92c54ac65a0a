/* What has to be true before a queue may be touched. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "queue/queue_driver.h"
#include "sys/io.h"

/* File systems of other machines: their locks and renames are not ours. */
enum { FS_NFS = 0x6969, FS_SMB = 0x517B };
static const uint32_t fs_cifs = 0xFF534D42U, fs_smb2 = 0xFE534D42U;

static int
check_place(int dir, int claims, const char *path, struct fail *why)
{
	struct stat a, b;
	struct statfs fs;

	if (fstat(dir, &a) < 0 || fstat(claims, &b) < 0 ||
	    fstatfs(dir, &fs) < 0)
		return fail_errno(why, "cannot look at %s", path);
	if (a.st_dev != b.st_dev)
		return fail_set(why, FAIL_CONFIG,
		    "%s is not on the file system of the claim directory: "
		    "mail could not be moved in one step",
		    path);
	if (fs.f_type == FS_NFS || fs.f_type == FS_SMB ||
	    (uint32_t)fs.f_type == fs_cifs || (uint32_t)fs.f_type == fs_smb2)
		return fail_set(why, FAIL_CONFIG,
		    "%s is on a network file system: its locks cannot be "
		    "trusted",
		    path);
	if (faccessat(dir, ".", W_OK | X_OK, AT_EACCESS) != 0)
		return fail_errno(why, "cannot move files out of %s", path);
	return 0;
}

static int
check_owner(struct queue *q, struct fail *why)
{
	struct stat st;

	if (fstat(q->claims, &st) < 0)
		return fail_errno(why, "cannot look at %s", q->cfg.claims);
	if (st.st_uid != geteuid())
		return fail_set(why, FAIL_DENIED,
		    "%s belongs to user %u and not to user %u, who runs this: "
		    "give it to him (chown)",
		    q->cfg.claims, (unsigned)st.st_uid, (unsigned)geteuid());
	if ((st.st_mode & 077) != 0)
		return fail_set(why, FAIL_DENIED,
		    "others may enter %s (mode %03o): it has to be 0700",
		    q->cfg.claims, (unsigned)st.st_mode & 0777);
	return 0;
}

/* Both kinds of lock keep a second one out. */
static int
try_locks(struct queue *q, int fd, const char *name, struct fail *why)
{
	int other, rc = io_lock(fd, why);

	if (rc < 0)
		return fail_add(why, "%s: locks do not work", q->cfg.claims);
	other = io_open_rw(q->claims, name, why);
	if (other < 0)
		return other;
	rc = io_lock(other, NULL);
	(void)close(other);
	return rc == FAIL_AGAIN
		   ? 0
		   : fail_set(why, FAIL_CONFIG, "%s: locks keep nobody out",
			 q->cfg.claims);
}

/* A rename that replaces nothing, a second name, a sync of the directory. */
static int
try_names(struct queue *q, const char *name, const char *other, int fd,
    struct fail *why)
{
	int rc = io_link(q->claims, name, q->claims, other, why);

	if (rc < 0)
		return rc;
	if (io_move(q->claims, name, q->claims, other, NULL) == 0)
		return fail_set(why, FAIL_CONFIG,
		    "%s: a rename replaces files that are there",
		    q->cfg.claims);
	rc = io_drop(q->claims, other, why);
	if (rc == 0)
		rc = io_move(q->claims, name, q->claims, other, why);
	if (rc == 0 && !io_is_same(q->claims, other, fd))
		rc = fail_set(why, FAIL_CONFIG, "%s: a rename makes a new file",
		    q->cfg.claims);
	if (rc == 0)
		rc = queue_sync(q, q->claims, q->cfg.claims, why);
	return rc;
}

static int
try_scratch(struct queue *q, struct fail *why)
{
	char uniq[QUEUE_UNIQ_MAX], name[QUEUE_HELD_MAX], other[QUEUE_HELD_MAX];
	int fd, rc;

	queue_uniq(q, uniq);
	(void)snprintf(name, sizeof(name), "x.%s", uniq);
	(void)snprintf(other, sizeof(other), "y.%s", uniq);
	fd = io_create(q->claims, name, 0600, why);
	if (fd < 0)
		return fail_add(why, "%s", q->cfg.claims);
	rc = try_locks(q, fd, name, why);
	if (rc == 0)
		rc = try_names(q, name, other, fd, why);
	(void)io_drop(q->claims, name, NULL);
	(void)io_drop(q->claims, other, NULL);
	(void)close(fd);
	return rc;
}

int
queue_probe(struct queue *q, struct fail *why)
{
	int rc = check_owner(q, why);
	size_t i;

	for (i = 0; i < q->in_count && rc == 0; i++) {
		const struct queue_in *in = &q->ins[i];

		rc = check_place(in->dir, q->claims, in->path, why);
		if (rc == 0 && in->bodies != in->dir)
			rc = check_place(in->bodies, q->claims, in->path, why);
	}
	if (rc == 0)
		rc = check_place(q->out, q->claims, q->cfg.out, why);
	if (rc == 0 && q->out_bodies >= 0 && q->out_bodies != q->out)
		rc = check_place(q->out_bodies, q->claims, q->cfg.out, why);
	return rc == 0 ? try_scratch(q, why) : rc;
}
