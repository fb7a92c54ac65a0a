#include "queue/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "queue/smtp_address.h"

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

static int
sync_dir(int fd, const char *what, struct fail *why)
{
	return fsync(fd) < 0 ? fail_errno(why, "cannot sync %s", what) : 0;
}

/* Open `name` below at, made when it is not there. */
static int
open_dir(int at, const char *name, struct fail *why)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT)
		return fd >= 0 ? fd : fail_errno(why, "cannot open %s", name);
	if (mkdirat(at, name, DIR_MODE) < 0 && errno != EEXIST)
		return fail_errno(why, "cannot make %s", name);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return fail_errno(why, "cannot open %s", name);
	if (sync_dir(at, "the parent directory", why) < 0) {
		(void)close(fd);
		return FAIL_IO;
	}
	return fd;
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
		next = open_dir(at, name, why);
		(void)close(at);
		if (next < 0) {
			(void)fail_add(why, "mailbox %s", path);
			return next;
		}
		at = next;
	}
	return at;
}

struct box {
	int dir, tmp, new;
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
}

static int
box_open(struct box *b, const char *dir, struct fail *why)
{
	int cur = -1, rc;

	*b = (struct box){-1, -1, -1};
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

static int
write_all(int fd, struct slice s, struct fail *why)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail_errno(why, "cannot write the message");
		s = slice_from(s, (size_t)n);
	}
	return 0;
}

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
	int rc = write_all(to, m->prefix, why);

	buf_init(&in, COPY_CHUNK);
	buf_init(&out, COPY_CHUNK + 2);
	while (rc == 0 && at < m->size) {
		uint64_t left = m->size - at;
		size_t want = left < COPY_CHUNK ? (size_t)left : COPY_CHUNK;
		ssize_t n;

		buf_reset(&in);
		n = pread(
		    m->fd, buf_room(&in, want), want, (off_t)(m->offset + at));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			rc = n < 0 ? fail_errno(why, "cannot read the message")
				   : fail_set(
					 why, FAIL_BAD, "message is cut short");
			break;
		}
		at += (uint64_t)n;
		add_lf_lines(&out, slice_of(in.p, (size_t)n), &cr);
		if (at == m->size && cr)
			(void)buf_addc(&out, '\r');
		rc = write_all(to, buf_slice(&out), why);
		buf_reset(&out);
	}
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

static int
write_tmp(const struct box *b, const char *name,
    const struct maildir_message *m, struct fail *why)
{
	int fd, rc;

	/* What is left of an attempt that did not get to the link. */
	if (unlinkat(b->tmp, name, 0) < 0 && errno != ENOENT)
		return fail_errno(why, "cannot clear tmp/%s", name);
	fd = openat(b->tmp, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (fd < 0)
		return fail_errno(why, "cannot make tmp/%s", name);
	rc = copy_message(fd, m, why);
	if (rc == 0 && fsync(fd) < 0)
		rc = fail_errno(why, "cannot sync tmp/%s", name);
	if (close(fd) < 0 && rc == 0)
		rc = fail_errno(why, "cannot close tmp/%s", name);
	/* The name must be as durable as the link that will follow. */
	if (rc == 0)
		rc = sync_dir(b->tmp, "tmp", why);
	if (rc < 0)
		(void)unlinkat(b->tmp, name, 0);
	return rc;
}

int
maildir_deliver(
    const char *dir, const struct maildir_message *m, struct fail *why)
{
	char name[MAILDIR_NAME_MAX + 1];
	struct box b;
	int rc;

	ensure(key_name(name, sizeof(name), m->key));
	rc = box_open(&b, dir, why);
	if (rc < 0)
		return rc;
	if (!was_delivered(&b, name)) {
		rc = write_tmp(&b, name, m, why);
		if (rc == 0 && linkat(b.tmp, name, b.new, name, 0) < 0)
			rc = fail_errno(why, "cannot link new/%s", name);
	}
	if (rc == 0)
		rc = sync_dir(b.new, "new", why);
	box_close(&b);
	return rc;
}

void
maildir_forget(const char *dir, struct slice key)
{
	char name[MAILDIR_NAME_MAX + 1];
	struct box b;

	ensure(key_name(name, sizeof(name), key));
	if (box_open(&b, dir, NULL) < 0)
		return;
	(void)unlinkat(b.tmp, name, 0);
	box_close(&b);
}
