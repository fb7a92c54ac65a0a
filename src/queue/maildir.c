#define _GNU_SOURCE /* sync_file_range */
#include "queue/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/text.h"
#include "queue/smtp_address.h"
#include "sys/io.h"

enum { COPY_CHUNK = 64 * 1024, DIR_MODE = 0700, FILE_MODE = 0600 };

/* ---- names ---- */

/* FNV-1a, 64 bits: only to keep two very long names apart. */
static uint64_t
digest(struct slice s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < s.n; i++) {
		h ^= (unsigned char)s.p[i];
		h *= UINT64_C(0x100000001b3);
	}
	return h;
}

static bool
is_safe(struct slice s, size_t i)
{
	char c = s.p[i];

	if (c == '.')
		return i > 0 && i + 1 < s.n && s.p[i - 1] != '.';
	return text_is_alnum(c) || (c != '\0' && strchr("_-+=@", c) != NULL);
}

/* One path component for s. */
static void
add_component(struct buf *out, struct slice s, bool lower)
{
	struct buf name;

	buf_init(&name, 3 * SMTP_ADDRESS_MAX + 1);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (is_safe(s, i))
			(void)buf_addc(&name, lower ? text_lower(c) : c);
		else
			(void)buf_addf(
			    &name, "%%%02X", (unsigned)(unsigned char)c);
	}
	if (name.n == 0)
		(void)buf_addc(&name, '_');
	if (name.n > MAILDIR_NAME_MAX || name.full) {
		(void)buf_add(
		    out, slice_sub(buf_slice(&name), 0, MAILDIR_NAME_MAX - 17));
		(void)buf_addf(out, "%%%016llX", (unsigned long long)digest(s));
	} else {
		(void)buf_add(out, buf_slice(&name));
	}
	buf_fini(&name);
}

int
maildir_path(struct buf *out, struct slice pattern, struct slice address,
    struct fail *why)
{
	struct slice local, domain;

	smtp_address_split(address, &local, &domain);
	if (!slice_starts(pattern, "/"))
		return fail_set(why, FAIL_CONFIG,
		    "mailbox \"%.*s\" is not an absolute path",
		    SLICE_FMT(pattern));
	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];

		if (c != '%') {
			(void)buf_addc(out, c);
			continue;
		}
		c = i + 1 < pattern.n ? pattern.p[++i] : '\0';
		if (c == 'u')
			add_component(out, local, false);
		else if (c == 'd')
			add_component(out, domain, true);
		else if (c == 'a')
			add_component(out, address, false);
		else if (c == '%')
			(void)buf_addc(out, '%');
		else
			return fail_set(why, FAIL_CONFIG,
			    "mailbox \"%.*s\": only %%u, %%d, %%a and %%%% "
			    "stand for something",
			    SLICE_FMT(pattern));
	}
	if (out->full || out->n > MAILDIR_PATH_MAX)
		return fail_set(
		    why, FAIL_CONFIG, "the mailbox path is too long");
	return 0;
}

/* ---- directories ---- */

/* Open `name` below at, made when it is not there. */
static int
open_dir(int at, const char *name, struct fail *why)
{
	bool made = false;
	int fd = io_make_dir(at, name, DIR_MODE, &made, why);
	int rc = 0;

	if (fd >= 0 && made)
		rc = io_sync(at, "the parent directory", why);
	if (rc == 0)
		return fd;
	(void)close(fd);
	return rc;
}

/* A directory of the path to a mailbox, which an administrator may have made
 * a link. */
static int
open_step(int at, const char *name, struct fail *why)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	return errno == ENOENT ? open_dir(at, name, why)
			       : fail_errno(why, "cannot open %s", name);
}

/* Open an absolute path; walk there and make what is missing. */
static int
open_path(const char *path, struct fail *why)
{
	int at = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct slice rest = slice_str(path + 1), part;
	char name[NAME_MAX + 1];

	if (at >= 0)
		return at;
	if (errno != ENOENT)
		return fail_errno(why, "cannot open mailbox %s", path);
	at = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return fail_errno(why, "cannot open /");
	while (slice_field(&rest, '/', &part)) {
		int next;

		if (part.n == 0 || slice_is(part, "."))
			continue;
		if (part.n > NAME_MAX) {
			(void)close(at);
			return fail_set(
			    why, FAIL_CONFIG, "a name in %s is too long", path);
		}
		memcpy(name, part.p, part.n);
		name[part.n] = '\0';
		next = open_step(at, name, why);
		(void)close(at);
		if (next < 0) {
			(void)fail_add(why, "mailbox %s", path);
			return next;
		}
		at = next;
	}
	return at;
}

/* One mailbox, open for as long as a group needs it. */
struct box {
	int dir, tmp, new;
	int rc; /* why it could not be opened */
	struct fail why;
	bool sync_tmp, sync_new;
};

static void
box_close(struct box *b)
{
	if (b->new >= 0)
		(void)close(b->new);
	if (b->tmp >= 0)
		(void)close(b->tmp);
	if (b->dir >= 0)
		(void)close(b->dir);
	b->dir = b->tmp = b->new = -1;
}

static int
box_open(struct box *b, const char *dir, struct fail *why)
{
	int cur = -1, rc;

	*b = (struct box){.dir = -1, .tmp = -1, .new = -1};
	rc = b->dir = open_path(dir, why);
	if (rc >= 0)
		rc = b->tmp = open_dir(b->dir, "tmp", why);
	if (rc >= 0)
		rc = b->new = open_dir(b->dir, "new", why);
	if (rc >= 0)
		rc = cur = open_dir(b->dir, "cur", why);
	if (cur >= 0)
		(void)close(cur);
	if (rc < 0)
		box_close(b);
	return rc < 0 ? rc : 0;
}

/* ---- bytes ---- */

/* Append s without the CR of its CRLFs; *cr: one is held back. */
static void
add_lf_lines(struct buf *out, struct slice s, bool *cr)
{
	while (s.n > 0) {
		const char *at;
		size_t n;

		if (*cr && s.p[0] != '\n')
			(void)buf_addc(out, '\r');
		*cr = false;
		at = memchr(s.p, '\r', s.n);
		n = at == NULL ? s.n : (size_t)(at - s.p);
		(void)buf_add(out, slice_sub(s, 0, n));
		*cr = at != NULL;
		s = slice_from(s, n + *cr);
	}
}

static int
copy_message(int to, const struct maildir_message *m, struct fail *why)
{
	struct buf in, out;
	uint64_t at = 0;
	bool cr = false;
	int rc = 0;

	buf_init(&in, COPY_CHUNK);
	buf_init(&out, m->prefix.n + COPY_CHUNK + 2);
	(void)buf_add(&out, m->prefix);
	do {
		uint64_t left = m->size - at;
		size_t want = left < COPY_CHUNK ? (size_t)left : COPY_CHUNK;
		ssize_t n;

		buf_reset(&in);
		n = io_read_at(
		    m->fd, buf_room(&in, want), want, m->offset + at, why);
		if (n < 0 || (size_t)n < want) {
			rc = n < 0 ? (int)n
				   : fail_set(
					 why, FAIL_BAD, "message is cut short");
			break;
		}
		at += (uint64_t)n;
		add_lf_lines(&out, slice_of(in.p, (size_t)n), &cr);
		if (at == m->size && cr)
			(void)buf_addc(&out, '\r');
		rc = io_write(to, buf_slice(&out), why);
		buf_reset(&out);
	} while (rc == 0 && at < m->size);
	buf_fini(&in);
	buf_fini(&out);
	return rc;
}

/* ---- delivery ---- */

static bool
key_name(char *name, size_t cap, struct slice key)
{
	for (size_t i = 0; i < key.n; i++)
		if (!text_is_alnum(key.p[i]) && key.p[i] != '-' &&
		    key.p[i] != '_' && (i == 0 || key.p[i] != '.'))
			return false;
	return key.n > 0 && key.n <= MAILDIR_NAME_MAX &&
	       snprintf(name, cap, "%.*s", SLICE_FMT(key)) < (int)cap;
}

/* An earlier attempt got as far as the link. */
static bool
was_delivered(const struct box *b, const char *name)
{
	struct stat st;

	return fstatat(b->tmp, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) && st.st_nlink >= 2;
}

/* One job of a group while it is under way. */
struct work {
	struct maildir_job *job;
	struct box *box;
	int fd;         /* of the tmp file; -1: closed, or not needed */
	bool was_there; /* linked by an earlier attempt */
	char name[MAILDIR_NAME_MAX + 1];
};

static void
write_tmp(struct work *w)
{
	struct maildir_job *j = w->job;

	/* What is left of an attempt that did not get to the link. */
	j->result = io_drop(w->box->tmp, w->name, &j->why);
	if (j->result == 0)
		w->fd = io_create(w->box->tmp, w->name, FILE_MODE, &j->why);
	if (j->result == 0 && w->fd < 0)
		j->result = w->fd;
	if (j->result == 0)
		j->result = copy_message(w->fd, &j->message, &j->why);
	/* Let the disk begin while the others are written. */
	if (j->result == 0)
		(void)sync_file_range(w->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

/* The name in tmp/ must be as durable as the link that will follow. */
static void
sync_tmp(struct work *w)
{
	struct maildir_job *j = w->job;

	if (j->result == 0 && w->fd >= 0)
		j->result = io_sync(w->fd, "the mailbox file", &j->why);
	w->box->sync_tmp |= j->result == 0;
}

static void
link_new(struct work *w)
{
	struct maildir_job *j = w->job;

	if (j->result == 0 && w->box->rc < 0) {
		j->result = w->box->rc;
		j->why = w->box->why;
	}
	if (j->result == 0 && !w->was_there)
		j->result = io_link(
		    w->box->tmp, w->name, w->box->new, w->name, &j->why);
	/* Linked earlier, and somebody has swept tmp/ since. */
	if (j->result == FAIL_EXISTS)
		j->result = 0;
	w->box->sync_new |= j->result == 0;
}

static void
end_work(struct work *w)
{
	struct maildir_job *j = w->job;

	if (w->fd >= 0)
		(void)close(w->fd);
	if (w->box == NULL)
		return;
	if (j->result == 0 && w->box->rc < 0) {
		/* Perhaps linked: its trace must stay. */
		j->result = w->box->rc;
		j->why = w->box->why;
	} else if (j->result < 0 && w->fd >= 0 && w->box->tmp >= 0 &&
		   !was_delivered(w->box, w->name)) {
		(void)io_drop(w->box->tmp, w->name, NULL);
	}
}

static void
begin_work(
    struct work *w, struct maildir_job *j, struct arena *a, struct map *boxes)
{
	struct map_entry *e;
	bool added;

	*w = (struct work){.job = j, .fd = -1};
	j->result = 0;
	ensure(key_name(w->name, sizeof(w->name), j->message.key));
	e = map_add(boxes, slice_str(j->dir), &added);
	if (added) {
		struct box *b = arena_make(a, struct box);
		struct fail why = {.code = 0};
		int rc = box_open(b, j->dir, &why);

		b->rc = rc;
		b->why = why;
		e->value = b;
	}
	w->box = e->value;
	j->result = w->box->rc;
	j->why = w->box->why;
	if (j->result < 0)
		return;
	w->was_there = was_delivered(w->box, w->name);
	if (!w->was_there)
		write_tmp(w);
}

static void
sync_boxes(struct map *boxes, bool new)
{
	struct map_entry *e;

	map_each (e, boxes) {
		struct box *b = e->value;

		if (b->rc == 0 && (new ? b->sync_new : b->sync_tmp))
			b->rc = new ? io_sync(b->new, "new", &b->why)
				    : io_sync(b->tmp, "tmp", &b->why);
	}
}

void
maildir_deliver_all(struct maildir_job *jobs, size_t n)
{
	struct arena *a = arena_new(0);
	struct work *works = arena_array(a, n, sizeof(*works));
	struct map_entry *e;
	struct map boxes;

	ensure(n <= MAILDIR_GROUP_MAX);
	map_init(&boxes, a);
	for (size_t i = 0; i < n; i++)
		begin_work(&works[i], &jobs[i], a, &boxes);
	for (size_t i = 0; i < n; i++)
		sync_tmp(&works[i]);
	sync_boxes(&boxes, false);
	for (size_t i = 0; i < n; i++)
		link_new(&works[i]);
	sync_boxes(&boxes, true);
	for (size_t i = 0; i < n; i++)
		end_work(&works[i]);
	map_each (e, &boxes)
		box_close(e->value);
	arena_free(a);
}

int
maildir_deliver(
    const char *dir, const struct maildir_message *m, struct fail *why)
{
	struct maildir_job j = {.dir = dir, .message = *m};

	maildir_deliver_all(&j, 1);
	if (j.result < 0 && why != NULL)
		*why = j.why;
	return j.result;
}

void
maildir_forget(const char *dir, struct slice key)
{
	char name[MAILDIR_NAME_MAX + 1];
	char path[MAILDIR_PATH_MAX + 8];
	int fd;

	ensure(key_name(name, sizeof(name), key));
	if (snprintf(path, sizeof(path), "%s/tmp", dir) >= (int)sizeof(path))
		return;
	fd = io_open_dir(AT_FDCWD, path, NULL);
	if (fd < 0)
		return;
	(void)io_drop(fd, name, NULL);
	(void)close(fd);
}
