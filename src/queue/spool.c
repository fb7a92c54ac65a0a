#define _GNU_SOURCE /* sync_file_range */
#include "queue/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "queue/spool_file.h"
#include "sys/io.h"

enum {
	BUFFER = 64 * 1024,
	RESERVE = 4 * 1024 * 1024, /* bytes a file system keeps free */
	RESERVE_INODES = 100,
	BLOCK = 4096, /* of every file system in use, or more */
};

struct spool {
	struct arena *arena;
	int root, tmp, room[2];
	unsigned counter;
	/* When root works in somebody's spool, its files are that one's. */
	bool give;
	uid_t uid;
	gid_t gid;
};

static const char *const room_names[] = {
    [SPOOL_INCOMING] = "incoming", [SPOOL_OUTGOING] = "outgoing"};

/* ---- the directories ---- */

static int
open_room(struct spool *s, const char *name, struct fail *why)
{
	bool made;
	int fd = io_make_dir(s->root, name, 0700, &made, why);

	if (fd < 0 || !made || !s->give || fchown(fd, s->uid, s->gid) == 0)
		return fd;
	(void)fail_errno(why, "cannot give away %s", name);
	(void)close(fd);
	return FAIL_DENIED;
}

int
spool_open(struct spool **out, const char *root, struct fail *why)
{
	struct arena *a = arena_new(0);
	struct spool *s = arena_make(a, struct spool);
	struct stat st;
	int rc;

	s->arena = a;
	s->tmp = s->room[0] = s->room[1] = -1;
	s->root = io_open_dir(AT_FDCWD, root, why);
	if (s->root < 0) {
		rc = s->root;
		arena_free(a);
		return rc;
	}
	if (fstat(s->root, &st) == 0 && geteuid() == 0 && st.st_uid != 0) {
		s->give = true;
		s->uid = st.st_uid;
		s->gid = st.st_gid;
	}
	rc = s->tmp = open_room(s, "tmp", why);
	for (size_t i = 0; i < COUNT_OF(room_names) && rc >= 0; i++)
		rc = s->room[i] = open_room(s, room_names[i], why);
	if (rc < 0) {
		(void)fail_add(why, "%s", root);
		spool_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

void
spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < COUNT_OF(room_names); i++)
		if (s->room[i] >= 0)
			(void)close(s->room[i]);
	if (s->tmp >= 0)
		(void)close(s->tmp);
	(void)close(s->root);
	arena_free(s->arena);
}

void
spool_clean(struct spool *s, int64_t age_sec)
{
	int64_t limit = (int64_t)time(NULL) - age_sec;
	DIR *d = io_list(s->tmp, NULL);
	const struct dirent *e;
	struct stat st;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (spool_file_is_id(e->d_name) &&
		    fstatat(s->tmp, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && !(st.st_mode & S_IXUSR) &&
		    st.st_mtim.tv_sec < limit)
			(void)io_drop(s->tmp, e->d_name, NULL);
	if (d != NULL)
		(void)closedir(d);
}

bool
spool_has_room(struct spool *s, uint64_t size)
{
	struct statvfs v;

	if (fstatvfs(s->tmp, &v) < 0)
		return true; /* the write will tell */
	/* Some file systems count no inodes. */
	return v.f_bavail >= (size + RESERVE) / v.f_frsize &&
	       (v.f_files == 0 || v.f_favail >= RESERVE_INODES);
}

/* ---- in ---- */

struct spool_add {
	struct arena *arena;
	struct spool *spool;
	enum spool_room room;
	int fd;
	char id[SPOOL_ID_MAX + 1];
	struct buf buffer;
};

int
spool_add_write(struct spool_add *add, struct slice bytes, struct fail *why)
{
	int rc;

	if (add->buffer.n + bytes.n <= BUFFER) {
		(void)buf_add(&add->buffer, bytes);
		return 0;
	}
	rc = io_write(add->fd, buf_slice(&add->buffer), why);
	buf_reset(&add->buffer);
	return rc < 0 ? rc : io_write(add->fd, bytes, why);
}

static int
write_head(struct spool_add *add, const struct envelope *env, struct fail *why)
{
	struct envelope mine = *env;
	struct buf head;
	int rc;

	mine.id = slice_str(add->id);
	buf_init(&head, 2 * (size_t)SPOOL_ENVELOPE_MAX);
	rc = spool_file_head(&head, &mine, why);
	if (rc == 0)
		rc = spool_add_write(add, buf_slice(&head), why);
	buf_fini(&head);
	return rc;
}

int
spool_add_begin(struct spool_add **out, struct spool *s, enum spool_room room,
    const struct envelope *env, const char *id, struct fail *why)
{
	struct arena *a = arena_new(0);
	struct spool_add *add = arena_make(a, struct spool_add);
	int rc;

	add->arena = a;
	add->spool = s;
	add->room = room;
	buf_init(&add->buffer, BUFFER);
	if (id != NULL) {
		ensure(spool_file_is_id(id));
		(void)snprintf(add->id, sizeof(add->id), "%s", id);
		(void)io_drop(s->tmp, id, NULL);
	} else {
		spool_file_new_id(add->id, s->counter++);
	}
	rc = add->fd = io_create(s->tmp, add->id, 0600, why);
	if (rc >= 0 && s->give && fchown(add->fd, s->uid, s->gid) < 0)
		rc = fail_errno(why, "cannot give away a file of the spool");
	if (rc >= 0)
		rc = write_head(add, env, why);
	if (rc < 0) {
		spool_add_cancel(add);
		return rc;
	}
	*out = add;
	return 0;
}

const char *
spool_add_id(const struct spool_add *add)
{
	return add->id;
}

static void
close_add(struct spool_add *add)
{
	if (add->fd >= 0)
		(void)close(add->fd);
	buf_fini(&add->buffer);
	arena_free(add->arena);
}

void
spool_add_cancel(struct spool_add *add)
{
	if (add == NULL)
		return;
	if (add->fd >= 0)
		(void)io_drop(add->spool->tmp, add->id, NULL);
	close_add(add);
}

static int
sync_add(struct spool_add *add, struct fail *why)
{
	int rc = io_write(add->fd, buf_slice(&add->buffer), why);

	buf_reset(&add->buffer);
	return rc < 0 ? rc : io_sync(add->fd, add->id, why);
}

static int
rename_in(
    struct spool *s, enum spool_room room, const char *id, struct fail *why)
{
	return io_move(s->tmp, id, s->room[room], id, why);
}

size_t
spool_add_commit(struct spool_add **add, size_t n, struct fail *why)
{
	size_t done = 0;
	bool *ready;
	struct arena *a;

	if (n == 0)
		return 0;
	a = arena_new(0);
	ready = arena_array(a, n, sizeof(*ready));
	/* Let the disk begin with all of them before waiting for the first. */
	for (size_t i = 0; i < n; i++)
		ready[i] =
		    io_write(add[i]->fd, buf_slice(&add[i]->buffer), why) == 0;
	for (size_t i = 0; i < n; i++) {
		buf_reset(&add[i]->buffer);
		if (ready[i] && n > 1)
			(void)sync_file_range(
			    add[i]->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	}
	for (size_t i = 0; i < n; i++)
		ready[i] = ready[i] && sync_add(add[i], why) == 0 &&
			   rename_in(add[i]->spool, add[i]->room, add[i]->id,
			       why) == 0;
	if (io_sync(add[0]->spool->room[add[0]->room], room_names[add[0]->room],
		why) < 0) {
		/* Some may be visible all the same and will be delivered;
		 * their senders will try again: twice rather than never. */
		memset(ready, 0, n * sizeof(*ready));
	}
	for (size_t i = 0; i < n; i++)
		if (ready[i]) {
			close_add(add[i]);
			add[i] = NULL;
			done++;
		}
	arena_free(a);
	return done;
}

int
spool_add_prepare(struct spool_add *add, struct fail *why)
{
	int rc = 0;

	/* From here on spool_clean leaves it alone. */
	if (fchmod(add->fd, 0700) < 0)
		rc = fail_errno(why, "cannot mark the spool file %s", add->id);
	if (rc == 0)
		rc = sync_add(add, why);
	if (rc == 0)
		rc = io_sync(add->spool->tmp, "tmp in the spool", why);
	if (rc == 0)
		close_add(add);
	return rc;
}

int
spool_publish(
    struct spool *s, enum spool_room room, const char *id, struct fail *why)
{
	struct fail story = {.code = 0};
	int rc = rename_in(s, room, id, &story);

	/* None there: it was visible before, perhaps not yet durably. */
	if (rc < 0 && rc != FAIL_GONE) {
		if (why != NULL)
			*why = story;
		return rc;
	}
	return io_sync(s->room[room], room_names[room], why);
}

/* ---- out ---- */

int
spool_listen(struct spool *s, enum spool_room room, struct fail *why)
{
	char path[64];
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", s->room[room]);
	if (fd < 0)
		return fail_errno(why, "cannot watch the spool");
	if (inotify_add_watch(fd, path, IN_CREATE | IN_MOVED_TO) < 0) {
		(void)fail_errno(why, "cannot watch the spool");
		(void)close(fd);
		return why != NULL ? why->code : FAIL_IO;
	}
	return fd;
}

bool
spool_heard(int fd, spool_heard_fn *fn, void *ctx)
{
	union {
		struct inotify_event event;
		char bytes[8 * 1024];
	} room;
	bool whole = true;
	ssize_t n;

	while ((n = read(fd, room.bytes, sizeof(room.bytes))) > 0) {
		size_t at = 0;

		while (at + sizeof(struct inotify_event) <= (size_t)n) {
			struct inotify_event e;

			memcpy(&e, room.bytes + at, sizeof(e));
			at += sizeof(e);
			if (e.mask & IN_Q_OVERFLOW)
				whole = false;
			/* The name is padded with NULs up to len. */
			if (e.len > 0 && at + e.len <= (size_t)n &&
			    spool_file_is_id(room.bytes + at))
				fn(room.bytes + at, ctx);
			at += e.len;
		}
	}
	return whole;
}

int
spool_due(struct spool *s, enum spool_room room, int64_t now, size_t max,
    struct spool_list *list, int64_t *next, struct arena *a, struct fail *why)
{
	DIR *d = io_list(s->room[room], why);
	const struct dirent *e;

	*next = INT64_MAX;
	if (d == NULL)
		return why != NULL ? why->code : FAIL_IO;
	while (list->entries.n < max && (e = readdir(d)) != NULL) {
		struct spool_entry *entry;
		struct stat st;

		if (!spool_file_is_id(e->d_name) ||
		    fstatat(s->room[room], e->d_name, &st,
			AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		/* A time further off was written under another clock. */
		if (st.st_mtim.tv_sec > now &&
		    st.st_mtim.tv_sec <= now + SPOOL_FUTURE_MAX) {
			if (st.st_mtim.tv_sec < *next)
				*next = st.st_mtim.tv_sec;
			continue;
		}
		entry = vec_push(a, &list->entries);
		memcpy(entry->id, e->d_name, strlen(e->d_name) + 1);
		entry->due = st.st_mtim.tv_sec;
	}
	(void)closedir(d);
	return 0;
}

/* What the open file says; false if it is none of ours. */
static bool
read_mail(struct spool_mail *m, uint64_t file_size)
{
	struct spool_file f = {.attempts = 0};

	if (!spool_file_read(&f, m->fd, file_size, m->arena))
		return false;
	m->env = f.env;
	m->states = f.states;
	m->attempts = f.attempts;
	m->flags = f.flags;
	m->states_at = f.states_at;
	m->saved = (unsigned char *)arena_str(
	    m->arena, slice_of((const char *)f.states, f.env.recipients.n));
	m->offset = f.offset;
	m->size = f.size;
	return true;
}

int
spool_mail_open(
    struct spool_mail **out, struct spool *s, const char *id, struct fail *why)
{
	struct arena *a = arena_new(0);
	struct spool_mail *m = arena_make(a, struct spool_mail);
	struct stat st;
	int rc, dir = s->room[SPOOL_OUTGOING];

	m->arena = a;
	m->spool = s;
	(void)snprintf(m->id, sizeof(m->id), "%s", id);
	rc = m->fd = io_open_rw(dir, id, why);
	if (rc >= 0 && flock(m->fd, LOCK_EX | LOCK_NB) < 0)
		rc = fail_errno(why, "the spool file %s is in use", id);
	else if (rc >= 0 && !io_is_same(dir, id, m->fd))
		rc = fail_set(why, FAIL_GONE, "the spool file %s is gone", id);
	else if (rc >= 0 &&
		 (fstat(m->fd, &st) < 0 || !read_mail(m, (uint64_t)st.st_size)))
		rc = fail_set(
		    why, FAIL_BAD, "%s is no spool file of this version", id);
	else if (rc >= 0)
		m->due = st.st_mtim.tv_sec;
	if (rc < 0) {
		spool_mail_close(m);
		return rc;
	}
	*out = m;
	return 0;
}

int
spool_mail_save(struct spool_mail *m, int64_t due, struct fail *why)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = 0}};
	size_t n = m->env.recipients.n;
	struct buf b;
	int rc;

	if (due != 0)
		m->due = due;
	m->flags += (unsigned)1 << SPOOL_PASS_SHIFT;
	buf_init(&b, n + 8);
	for (size_t i = 0; i < n; i++)
		(void)buf_addc(&b, (char)spool_file_stage(
				       m->saved[i], m->states[i], m->flags));
	rc = io_write_at(m->fd, buf_slice(&b), m->states_at, why);
	/* In one block they reach the disk together, else one after another. */
	if (rc == 0 && m->states_at + n > BLOCK)
		rc = io_sync(m->fd, m->id, why);
	buf_reset(&b);
	pack_u32(&b, m->attempts);
	pack_u32(&b, m->flags);
	if (rc == 0)
		rc = io_write_at(
		    m->fd, buf_slice(&b), SPOOL_FILE_MUTABLE_AT, why);
	if (rc == 0)
		memcpy(m->saved, m->states, n);
	buf_fini(&b);
	times[1].tv_sec = (time_t)m->due;
	if (rc == 0 && futimens(m->fd, times) < 0)
		rc = fail_errno(why, "cannot set the time of %s", m->id);
	return rc < 0 ? rc : io_sync(m->fd, m->id, why);
}

int
spool_mail_remove(struct spool_mail *m, struct fail *why)
{
	return spool_mail_remove_all(&m, 1, why);
}

int
spool_mail_remove_all(struct spool_mail *const *m, size_t n, struct fail *why)
{
	int dir = n > 0 ? m[0]->spool->room[SPOOL_OUTGOING] : -1;
	struct fail story;
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		if (io_drop(dir, m[i]->id, &story) < 0)
			rc = fail_set(why, story.code, "%s", story.text);
	if (n > 0 && io_sync(dir, "outgoing", &story) < 0)
		rc = fail_set(why, story.code, "%s", story.text);
	return rc;
}

void
spool_postpone(struct spool *s, const char *id, int64_t due)
{
	struct timespec times[2] = {
	    {.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)due}};

	(void)utimensat(
	    s->room[SPOOL_OUTGOING], id, times, AT_SYMLINK_NOFOLLOW);
}

void
spool_mail_close(struct spool_mail *m)
{
	if (m == NULL)
		return;
	if (m->fd >= 0)
		(void)close(m->fd);
	arena_free(m->arena);
}
