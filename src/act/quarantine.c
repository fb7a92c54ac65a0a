#define _GNU_SOURCE
#include "act/quarantine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/map.h"
#include "base/num.h"
#include "sys/io.h"

enum {
	DIRTY_MAX = 64,    /* directories waiting for quarantine_sync */
	SUFFIX_MAX = 1000, /* messages of one id on one day */
	COPY_BYTES = 1 << 16,
	ENTRIES_MAX = 2 * OUTCOME_KEEP_MAX /* looked at in one directory */
};

struct dirty {
	int fd;
	dev_t dev;
	ino_t ino;
};

struct quarantine {
	struct arena *arena;
	struct quarantine_config cfg;
	int root;
	unsigned long counter; /* of temporary names */
	bool owner_refused;    /* said once */
	size_t dirty_n;
	struct dirty dirty[DIRTY_MAX];
	char copy[COPY_BYTES];
	char other[COPY_BYTES];
};

static int
configure_user(
    struct quarantine_config *cfg, const char *user, struct fail *why)
{
	struct passwd pw, *found = NULL;
	char room[4096];

	if (*user == '\0')
		return 0;
	if (getpwnam_r(user, &pw, room, sizeof(room), &found) != 0 ||
	    found == NULL)
		return fail_set(why, FAIL_CONFIG,
		    "Quarantine User: there is no user \"%s\"", user);
	cfg->user = pw.pw_uid;
	return 0;
}

static int
configure_group(
    struct quarantine_config *cfg, const char *group, struct fail *why)
{
	struct group gr, *found = NULL;
	char room[8192];

	if (*group == '\0')
		return 0;
	if (getgrnam_r(group, &gr, room, sizeof(room), &found) != 0 ||
	    found == NULL)
		return fail_set(why, FAIL_CONFIG,
		    "Quarantine Group: there is no group \"%s\"", group);
	cfg->group = gr.gr_gid;
	return 0;
}

int
quarantine_configure(struct quarantine_config *cfg, const struct conf *c,
    struct arena *a, struct fail *why)
{
	struct slice perms;
	uint64_t mode = 0660;
	int rc;

	*cfg =
	    (struct quarantine_config){.user = (uid_t)-1, .group = (gid_t)-1};
	cfg->root =
	    arena_str(a, slice_trim(conf_text(c, OPT_QUARANTINE_DIR, NULL, a)));
	perms = slice_trim(conf_text(c, OPT_QUARANTINE_PERMISSIONS, NULL, a));
	if (perms.n > 0 && !num_parse_octal(perms, 0777, &mode))
		return fail_set(why, FAIL_CONFIG,
		    "Quarantine Permissions: \"%.*s\" is no octal mode",
		    SLICE_FMT(perms));
	cfg->file_mode = (mode_t)mode;
	cfg->dir_mode = (mode_t)(mode | ((mode & 0444) >> 2));
	rc = configure_user(cfg,
	    arena_str(
		a, slice_trim(conf_text(c, OPT_QUARANTINE_USER, NULL, a))),
	    why);
	if (rc == 0)
		rc = configure_group(cfg,
		    arena_str(a, slice_trim(conf_text(
				     c, OPT_QUARANTINE_GROUP, NULL, a))),
		    why);
	return rc;
}

/* Owner and mode of a new file or directory. A process that may not give
 * files away keeps them: said once, mail is not held up for it. */
static int
own(struct quarantine *q, int fd, mode_t mode, struct fail *why)
{
	if ((q->cfg.user != (uid_t)-1 || q->cfg.group != (gid_t)-1) &&
	    fchown(fd, q->cfg.user, q->cfg.group) != 0) {
		if (errno != EPERM)
			return fail_errno(why, "quarantine: owner");
		if (!q->owner_refused)
			log_warn("quarantine: files cannot be given to "
				 "Quarantine User/Group: not permitted");
		q->owner_refused = true;
	}
	if (fchmod(fd, mode) != 0)
		return fail_errno(why, "quarantine: mode");
	return 0;
}

int
quarantine_open(struct quarantine **out, const struct quarantine_config *cfg,
    struct fail *why)
{
	struct arena *a;
	struct quarantine *q;
	int fd, rc = 0;
	bool made;

	*out = NULL;
	if (cfg->root[0] != '/')
		return fail_set(why, FAIL_CONFIG,
		    "Quarantine Dir \"%s\" is not an absolute path", cfg->root);
	fd = io_make_dir(AT_FDCWD, cfg->root, 0700, &made, why);
	if (fd < 0)
		return fail_add(why, "Quarantine Dir");
	a = arena_new(0);
	q = arena_make(a, struct quarantine);
	q->arena = a;
	q->cfg = *cfg;
	q->cfg.root = arena_str(a, slice_str(cfg->root));
	q->root = fd;
	if (made)
		rc = own(q, fd, cfg->dir_mode, why);
	if (rc != 0) {
		quarantine_close(q);
		return rc;
	}
	*out = q;
	return 0;
}

void
quarantine_close(struct quarantine *q)
{
	size_t i;

	if (q == NULL)
		return;
	for (i = 0; i < q->dirty_n; i++)
		(void)close(q->dirty[i].fd);
	(void)close(q->root);
	arena_free(q->arena);
}

int
quarantine_sync(struct quarantine *q, struct fail *why)
{
	int rc = 0;

	/* A directory that could not be synced stays on the list. */
	while (q->dirty_n > 0 && rc == 0) {
		rc =
		    io_sync(q->dirty[q->dirty_n - 1].fd, "the quarantine", why);
		if (rc == 0)
			(void)close(q->dirty[--q->dirty_n].fd);
	}
	return rc;
}

/* Remember that directory `fd` (not kept) has to be synced. */
static int
mark_dirty(struct quarantine *q, int fd, struct fail *why)
{
	struct stat st;
	size_t i;
	int copy, rc;

	if (fstat(fd, &st) != 0)
		return fail_errno(why, "quarantine: directory");
	for (i = 0; i < q->dirty_n; i++)
		if (q->dirty[i].dev == st.st_dev &&
		    q->dirty[i].ino == st.st_ino)
			return 0;
	if (q->dirty_n == DIRTY_MAX) {
		rc = quarantine_sync(q, why);
		if (rc != 0)
			return rc;
	}
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return fail_errno(why, "quarantine: directory");
	q->dirty[q->dirty_n++] = (struct dirty){copy, st.st_dev, st.st_ino};
	return 0;
}

/* Make (if missing) and open directory `name` in `at`. */
static int
enter(struct quarantine *q, int at, const char *name, bool *made,
    struct fail *why)
{
	int fd, rc;

	fd = io_make_dir(at, name, 0700, made, why);
	if (fd < 0)
		return fail_add(why, "quarantine");
	if (!*made)
		return fd;
	rc = own(q, fd, q->cfg.dir_mode, why);
	if (rc != 0) {
		(void)close(fd);
		return rc;
	}
	return fd;
}

/* Open the directory above the last component of dir; *last gets that one.
 * Every directory passed is synced later: the next process may have made it
 * and not come to its sync. */
static int
enter_parents(struct quarantine *q, struct slice dir, struct slice *last,
    struct fail *why)
{
	struct slice part;
	char name[OUTCOME_NAME_MAX + 1];
	ptrdiff_t slash;
	bool made;
	int at, fd, rc;

	at = fcntl(q->root, F_DUPFD_CLOEXEC, 0);
	if (at < 0)
		return fail_errno(why, "quarantine: root");
	while ((slash = slice_chr(dir, '/')) != SLICE_NOT_FOUND) {
		part = slice_sub(dir, 0, (size_t)slash);
		dir = slice_from(dir, (size_t)slash + 1);
		ensure(outcome_name_ok(part));
		memcpy(name, part.p, part.n);
		name[part.n] = '\0';
		fd = enter(q, at, name, &made, why);
		rc = fd < 0 ? fd : mark_dirty(q, at, why);
		(void)close(at);
		at = fd;
		if (rc != 0) {
			if (fd >= 0)
				(void)close(fd);
			return rc;
		}
	}
	ensure(outcome_name_ok(dir));
	*last = dir;
	return at;
}

/* The content of an item, chunk by chunk. */
struct source {
	const struct keep_item *item;
	const struct claim_content *message;
	uint64_t at;
};

static uint64_t
source_size(const struct source *s)
{
	return s->item->whole ? s->message->size : s->item->bytes.n;
}

/* The next chunk into *chunk (views `room` or the item); empty at the end. */
static int
source_next(struct source *s, char *room, struct slice *chunk, struct fail *why)
{
	uint64_t left = source_size(s) - s->at;
	ssize_t n;

	*chunk = SLICE_NONE;
	if (left == 0)
		return 0;
	if (left > COPY_BYTES)
		left = COPY_BYTES;
	if (!s->item->whole) {
		*chunk = slice_sub(
		    s->item->bytes, (size_t)s->at, (size_t)(s->at + left));
		s->at += left;
		return 0;
	}
	n = io_read_at(s->message->fd, room, (size_t)left,
	    s->message->offset + s->at, why);
	if (n < 0)
		return fail_add(why, "quarantine");
	if (n == 0)
		return fail_set(
		    why, FAIL_IO, "quarantine: the message became shorter");
	*chunk = slice_of(room, (size_t)n);
	s->at += (uint64_t)n;
	return 0;
}

static int
fill(struct quarantine *q, int fd, struct source *src, struct fail *why)
{
	struct slice chunk;
	int rc;

	do {
		rc = source_next(src, q->copy, &chunk, why);
		if (rc == 0)
			rc = io_write(fd, chunk, why);
	} while (rc == 0 && chunk.n > 0);
	if (rc == 0)
		rc = own(q, fd, q->cfg.file_mode, why);
	return rc == 0 ? io_sync(fd, "a quarantined file", why) : rc;
}

static int
store(struct quarantine *q, int dir, struct source *src, struct fail *why)
{
	char temp[64], name[OUTCOME_NAME_MAX + 1];
	int fd, rc;

	(void)snprintf(name, sizeof(name), "%.*s", SLICE_FMT(src->item->name));
	(void)snprintf(
	    temp, sizeof(temp), ".tmp.%ld.%lu", (long)getpid(), ++q->counter);
	fd = io_create(dir, temp, 0600, why);
	if (fd < 0)
		return fail_add(why, "quarantine");
	rc = fill(q, fd, src, why);
	if (close(fd) != 0 && rc == 0)
		rc = fail_errno(why, "quarantine: close %s", name);
	if (rc == 0)
		rc = io_move(dir, temp, dir, name, why);
	if (rc == 0)
		return 0;
	(void)io_drop(dir, temp, NULL);
	return fail_add(why, "quarantine");
}

static bool
reads(int fd, struct slice want, char *room)
{
	size_t got = 0;
	ssize_t n;

	while (got < want.n) {
		n = read(fd, room + got, want.n - got);
		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return memcmp(room, want.p, want.n) == 0;
}

/* 1: file `name` holds exactly the bytes of src; 0: not; or a code. */
static int
same(struct quarantine *q, int dir, struct source *src, const char *name,
    struct fail *why)
{
	struct slice chunk;
	struct stat st;
	bool equal;
	int fd, rc = 0;

	fd = io_open(dir, name, NULL);
	if (fd < 0)
		return 0; /* whatever it is, it is not ours */
	equal = fstat(fd, &st) == 0 && (uint64_t)st.st_size == source_size(src);
	while (equal && rc == 0) {
		rc = source_next(src, q->copy, &chunk, why);
		if (rc != 0 || chunk.n == 0)
			break;
		equal = reads(fd, chunk, q->other);
	}
	(void)close(fd);
	return rc != 0 ? rc : equal;
}

/* The items of one call that go to one directory. */
struct kept {
	const struct claim_content *message;
	struct map names; /* name -> item */
	struct map there; /* names that are in place */
};

/* 1: entry `name` is one of ours (or was left by a process that died and is
 * gone now), 0: it is somebody else's; or a code. */
static int
entry_ours(struct quarantine *q, int dir, struct kept *g, const char *name,
    struct fail *why)
{
	struct source src = {.message = g->message};
	int rc;

	if (strncmp(name, ".tmp.", 5) == 0)
		return io_drop(dir, name, why) == 0 ? 1 : why->code;
	src.item = map_get(&g->names, slice_str(name));
	if (src.item == NULL)
		return 0;
	rc = same(q, dir, &src, name, why);
	if (rc == 1)
		(void)map_add(&g->there, slice_str(name), NULL);
	return rc;
}

/* 1: the directory holds nothing but what an earlier try of the same message
 * put there; 0: it belongs to another message; or a code. */
static int
dir_ours(struct quarantine *q, int dir, struct kept *g, struct fail *why)
{
	const struct dirent *e;
	DIR *d;
	unsigned seen;
	int rc = 1;

	d = io_list(dir, why);
	if (d == NULL)
		return fail_add(why, "quarantine");
	for (seen = 0; rc == 1 && (e = readdir(d)) != NULL; seen++) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		rc = seen < ENTRIES_MAX ? entry_ours(q, dir, g, e->d_name, why)
					: 0;
	}
	(void)closedir(d);
	return rc;
}

/* Open the directory of a group: the first of NAME, NAME+2, NAME+3 ... that
 * is new or was begun for this message. */
static int
enter_own(struct quarantine *q, int parent, struct slice last, struct kept *g,
    struct fail *why)
{
	char name[OUTCOME_NAME_MAX + 16];
	unsigned suffix;
	bool made;
	int fd, rc;

	for (suffix = 1; suffix <= SUFFIX_MAX; suffix++) {
		(void)snprintf(name, sizeof(name), "%.*s", SLICE_FMT(last));
		if (suffix > 1)
			(void)snprintf(name, sizeof(name), "%.*s+%u",
			    SLICE_FMT(last), suffix);
		fd = enter(q, parent, name, &made, why);
		if (fd < 0)
			return fd;
		rc = made ? 1 : dir_ours(q, fd, g, why);
		if (rc == 1)
			return fd;
		(void)close(fd);
		if (rc < 0)
			return rc;
		map_init(&g->there, g->there.arena);
	}
	return fail_set(why, FAIL_FULL,
	    "quarantine: more than %d messages of one id", SUFFIX_MAX);
}

static int
add_group(
    struct quarantine *q, struct slice dir, struct kept *g, struct fail *why)
{
	const struct map_entry *e;
	struct source src = {.message = g->message};
	struct slice last = SLICE_NONE;
	int parent, fd, rc;

	parent = enter_parents(q, dir, &last, why);
	if (parent < 0)
		return parent;
	fd = enter_own(q, parent, last, g, why);
	rc = fd < 0 ? fd : mark_dirty(q, parent, why);
	(void)close(parent);
	if (fd < 0)
		return rc;
	map_each (e, &g->names) {
		if (rc != 0)
			break;
		if (map_has(&g->there, e->key))
			continue;
		src.item = e->value;
		src.at = 0;
		rc = store(q, fd, &src, why);
	}
	if (rc == 0)
		rc = mark_dirty(q, fd, why);
	(void)close(fd);
	return rc;
}

int
quarantine_add(struct quarantine *q, const struct keep_item *items, size_t n,
    const struct claim_content *message, struct fail *why)
{
	struct arena *a = arena_new(0);
	struct map dirs;
	const struct map_entry *e;
	struct keep_item *item;
	struct kept *g;
	size_t i;
	bool added;
	int rc = 0;

	map_init(&dirs, a);
	for (i = 0; i < n; i++) {
		struct map_entry *at = map_add(&dirs, items[i].dir, &added);

		if (added) {
			g = arena_make(a, struct kept);
			g->message = message;
			map_init(&g->names, a);
			map_init(&g->there, a);
			at->value = g;
		}
		g = at->value;
		ensure(outcome_name_ok(items[i].name));
		item = arena_make(a, struct keep_item);
		*item = items[i];
		map_set(&g->names, items[i].name, item);
	}
	map_each (e, &dirs)
		if (rc == 0)
			rc = add_group(q, e->key, e->value, why);
	arena_free(a);
	return rc;
}
