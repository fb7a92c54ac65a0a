#define _GNU_SOURCE /* renameat2 */
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

#include "base/log.h"
#include "base/text.h"

enum {
	HEAD_SIZE = 24,
	MUTABLE_AT = 16, /* attempts and flags */
	BUFFER = 64 * 1024,
	RESERVE = 4 * 1024 * 1024, /* bytes a file system keeps free */
	RESERVE_INODES = 100,
};

static const char magic[] = "REEVE-1\n";

struct spool {
	struct arena *arena;
	int root, tmp, room[2];
	unsigned counter;
};

static const char *const room_names[] = {
    [SPOOL_INCOMING] = "incoming", [SPOOL_OUTGOING] = "outgoing"};

/* ---- the directories ---- */

static int
open_room(struct spool *s, const char *name, struct fail *why)
{
	int fd;

	if (mkdirat(s->root, name, 0700) < 0 && errno != EEXIST)
		return fail_errno(why, "cannot make %s in the spool", name);
	fd = openat(
	    s->root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? fail_errno(why, "cannot open %s in the spool", name)
		      : fd;
}

int
spool_open(struct spool **out, const char *root, struct fail *why)
{
	struct arena *a = arena_new(0);
	struct spool *s = arena_make(a, struct spool);
	int rc;

	s->arena = a;
	s->tmp = s->room[0] = s->room[1] = -1;
	s->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->root < 0) {
		rc = fail_errno(why, "cannot open the spool %s", root);
		arena_free(a);
		return rc;
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

static bool
is_id(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!text_is_alnum(name[i]) && (i == 0 || name[i] != '-'))
			return false;
	return n > 0 && n <= SPOOL_ID_MAX;
}

/* A directory stream of its own position. */
static DIR *
list_dir(int dir, struct fail *why)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (d == NULL) {
		(void)fail_errno(why, "cannot list the spool");
		if (fd >= 0)
			(void)close(fd);
	}
	return d;
}

void
spool_clean(struct spool *s, int64_t age_sec)
{
	int64_t limit = (int64_t)time(NULL) - age_sec;
	DIR *d = list_dir(s->tmp, NULL);
	const struct dirent *e;
	struct stat st;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (is_id(e->d_name) &&
		    fstatat(s->tmp, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && !(st.st_mode & S_IXUSR) &&
		    st.st_mtim.tv_sec < limit)
			(void)unlinkat(s->tmp, e->d_name, 0);
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

/* Time, process and counter: within one boot no two are the same, and a clock
 * that was set back is met by O_EXCL and the no-replace rename. */
static void
new_id(struct spool *s, char *id, size_t cap)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)snprintf(id, cap, "%08llX%05lX%06X%04X",
	    (unsigned long long)now.tv_sec & 0xffffffffU,
	    (unsigned long)now.tv_nsec / 1000, (unsigned)getpid() & 0xffffffU,
	    s->counter++ & 0xffffU);
}

static int
flush_add(struct spool_add *add, struct slice s, struct fail *why)
{
	while (s.n > 0) {
		ssize_t n = write(add->fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail_errno(why, "cannot write to the spool");
		s = slice_from(s, (size_t)n);
	}
	return 0;
}

int
spool_add_write(struct spool_add *add, struct slice bytes, struct fail *why)
{
	int rc;

	if (add->buffer.n + bytes.n <= BUFFER) {
		(void)buf_add(&add->buffer, bytes);
		return 0;
	}
	rc = flush_add(add, buf_slice(&add->buffer), why);
	buf_reset(&add->buffer);
	return rc < 0 ? rc : flush_add(add, bytes, why);
}

static int
write_head(struct spool_add *add, const struct envelope *env, struct fail *why)
{
	struct envelope mine = *env;
	struct buf packed, head;
	int rc;

	mine.id = slice_str(add->id);
	buf_init(&packed, SPOOL_ENVELOPE_MAX);
	envelope_pack(&packed, &mine);
	buf_init(&head, HEAD_SIZE + packed.n + env->recipients.n);
	(void)buf_add(&head, slice_of(magic, sizeof(magic) - 1));
	pack_u32(&head, (uint32_t)packed.n);
	pack_u32(&head, (uint32_t)env->recipients.n);
	pack_u32(&head, 0);
	pack_u32(&head, 0);
	(void)buf_add(&head, buf_slice(&packed));
	for (size_t i = 0; i < env->recipients.n; i++)
		(void)buf_addc(&head, (char)SPOOL_WAITING);
	if (packed.full || head.full)
		rc = fail_set(why, FAIL_FULL,
		    "the envelope is larger than %d bytes", SPOOL_ENVELOPE_MAX);
	else
		rc = spool_add_write(add, buf_slice(&head), why);
	buf_fini(&packed);
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
		ensure(is_id(id));
		(void)snprintf(add->id, sizeof(add->id), "%s", id);
		(void)unlinkat(s->tmp, id, 0);
	} else {
		new_id(s, add->id, sizeof(add->id));
	}
	add->fd = openat(s->tmp, add->id,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (add->fd < 0)
		rc = fail_errno(why, "cannot make a file in the spool");
	else
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
		(void)unlinkat(add->spool->tmp, add->id, 0);
	close_add(add);
}

static int
sync_add(struct spool_add *add, struct fail *why)
{
	int rc = flush_add(add, buf_slice(&add->buffer), why);

	buf_reset(&add->buffer);
	if (rc == 0 && fsync(add->fd) < 0)
		rc = fail_errno(why, "cannot sync the spool file %s", add->id);
	return rc;
}

static int
rename_in(
    struct spool *s, enum spool_room room, const char *id, struct fail *why)
{
	if (renameat2(s->tmp, id, s->room[room], id, RENAME_NOREPLACE) == 0)
		return 0;
	return fail_errno(why, "cannot put %s into %s", id, room_names[room]);
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
		    flush_add(add[i], buf_slice(&add[i]->buffer), why) == 0;
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
	if (fsync(add[0]->spool->room[add[0]->room]) < 0) {
		/* Some may be visible all the same and will be delivered;
		 * their senders will try again: twice rather than never. */
		(void)fail_errno(why, "cannot sync a spool directory");
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
	if (rc == 0 && fsync(add->spool->tmp) < 0)
		rc = fail_errno(why, "cannot sync tmp in the spool");
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
	if (fsync(s->room[room]) < 0)
		return fail_errno(why, "cannot sync %s", room_names[room]);
	return 0;
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
			    is_id(room.bytes + at))
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
	DIR *d = list_dir(s->room[room], why);
	const struct dirent *e;

	*next = INT64_MAX;
	if (d == NULL)
		return why != NULL ? why->code : FAIL_IO;
	while (list->entries.n < max && (e = readdir(d)) != NULL) {
		struct spool_entry *entry;
		struct stat st;

		if (!is_id(e->d_name) ||
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

static bool
read_at(int fd, char *p, size_t n, uint64_t at)
{
	while (n > 0) {
		ssize_t got = pread(fd, p, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
		at += (uint64_t)got;
	}
	return true;
}

/* What the open file says; false if it is none of ours. */
static bool
read_mail(struct spool_mail *m, uint64_t file_size)
{
	char head[HEAD_SIZE], *bytes;
	struct unpack u = unpack_of(slice_of(head + 8, HEAD_SIZE - 8));
	uint32_t size, count;

	if (!read_at(m->fd, head, HEAD_SIZE, 0) ||
	    memcmp(head, magic, sizeof(magic) - 1) != 0)
		return false;
	size = unpack_u32(&u);
	count = unpack_u32(&u);
	m->attempts = unpack_u32(&u);
	m->flags = unpack_u32(&u);
	if (size > SPOOL_ENVELOPE_MAX || count > size)
		return false;
	m->states_at = HEAD_SIZE + (uint64_t)size;
	m->offset = m->states_at + count;
	if (m->offset > file_size)
		return false;
	m->size = file_size - m->offset;
	bytes = arena_alloc(m->arena, size + count + 1);
	if (!read_at(m->fd, bytes, size + count, HEAD_SIZE))
		return false;
	u = unpack_of(slice_of(bytes, size));
	envelope_unpack(&u, &m->env, m->arena);
	m->states = (unsigned char *)bytes + size;
	for (uint32_t i = 0; i < count; i++)
		if (m->states[i] > SPOOL_FAILED)
			return false;
	return unpack_done(&u) && m->env.recipients.n == count;
}

int
spool_mail_open(
    struct spool_mail **out, struct spool *s, const char *id, struct fail *why)
{
	struct arena *a = arena_new(0);
	struct spool_mail *m = arena_make(a, struct spool_mail);
	struct stat st, named;
	int rc = 0, dir = s->room[SPOOL_OUTGOING];

	m->arena = a;
	m->spool = s;
	(void)snprintf(m->id, sizeof(m->id), "%s", id);
	m->fd = openat(dir, id, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (m->fd < 0)
		rc = fail_errno(why, "cannot open the spool file %s", id);
	else if (flock(m->fd, LOCK_EX | LOCK_NB) < 0)
		rc = fail_errno(why, "the spool file %s is in use", id);
	else if (fstat(m->fd, &st) < 0 ||
		 fstatat(dir, id, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
		 st.st_ino != named.st_ino || st.st_dev != named.st_dev)
		rc = fail_set(why, FAIL_GONE, "the spool file %s is gone", id);
	else if (!S_ISREG(st.st_mode) || !read_mail(m, (uint64_t)st.st_size))
		rc = fail_set(
		    why, FAIL_BAD, "%s is no spool file of this version", id);
	else
		m->due = st.st_mtim.tv_sec;
	if (rc < 0) {
		spool_mail_close(m);
		return rc;
	}
	*out = m;
	return 0;
}

static bool
write_at(int fd, struct slice s, uint64_t at)
{
	while (s.n > 0) {
		ssize_t n = pwrite(fd, s.p, s.n, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = slice_from(s, (size_t)n);
		at += (uint64_t)n;
	}
	return true;
}

int
spool_mail_save(struct spool_mail *m, int64_t due, struct fail *why)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = 0}};
	struct buf b;
	bool ok;

	if (due != 0)
		m->due = due;
	buf_init(&b, 8);
	pack_u32(&b, m->attempts);
	pack_u32(&b, m->flags);
	ok = write_at(m->fd,
		 slice_of((const char *)m->states, m->env.recipients.n),
		 m->states_at) &&
	     write_at(m->fd, buf_slice(&b), MUTABLE_AT);
	buf_fini(&b);
	times[1].tv_sec = (time_t)m->due;
	if (!ok || futimens(m->fd, times) < 0 || fsync(m->fd) < 0)
		return fail_errno(
		    why, "cannot update the spool file %s", m->id);
	return 0;
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
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		if (unlinkat(dir, m[i]->id, 0) < 0)
			rc = fail_errno(
			    why, "cannot remove the spool file %s", m[i]->id);
	if (n > 0 && fsync(dir) < 0)
		rc = fail_errno(why, "cannot sync a spool directory");
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
