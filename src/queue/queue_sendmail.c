/* sendmail's queue directories: qfID says who and the header, dfID is the body.
 *
 * sendmail locks the qf, with flock or fcntl as it was built, writes it under
 * its final name and may put another file in its place before it answers its
 * client: so both locks, then the comparison, then the look for the end. The
 * qf is first out and last in; a body file is never written to, sendmail may
 * share it between several qf.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "queue/queue_driver.h"
#include "queue/sendmail_qf.h"
#include "sys/clock.h"
#include "sys/io.h"

enum {
	MEMORY_MAX = 1024 * 1024, /* larger messages are shown from a file */
	UNFINISHED_AGE_S = 600,   /* nobody is writing it any more */
	OWN_MODE = 0600,
};

/* What a claim remembers of its files. */
struct own {
	struct sendmail_qf qf;
	int body; /* until it is secured, then -1 */
	uid_t uid;
	gid_t gid;
	mode_t mode;
	uint64_t body_at; /* in the content */
};

struct home {
	uid_t uid; /* of files of our own */
	gid_t gid;
};

/* ---- places ------------------------------------------------------------- */

/* "qf" or "df" below a queue directory, or the directory itself. */
static int
open_part(const char *path, const char *name, struct fail *why)
{
	int dir = io_open_dir(AT_FDCWD, path, why), part;
	struct stat st;

	if (dir < 0)
		return dir;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISDIR(st.st_mode))
		return dir;
	part = io_open_dir(dir, name, why);
	(void)close(dir);
	return part < 0 ? fail_add(why, "%s", path) : part;
}

static int
open_parts(const char *path, int *envelopes, int *bodies, struct fail *why)
{
	*envelopes = open_part(path, "qf", why);
	if (*envelopes < 0)
		return *envelopes;
	*bodies = open_part(path, "df", why);
	return *bodies < 0 ? *bodies : 0;
}

static int
probe(struct queue *q, struct fail *why)
{
	struct home *home = arena_make(q->arena, struct home);
	struct stat st;
	size_t i;
	int rc = 0;

	for (i = 0; i < q->in_count && rc == 0; i++)
		rc = open_parts(
		    q->ins[i].path, &q->ins[i].dir, &q->ins[i].bodies, why);
	if (rc == 0)
		rc = open_parts(q->cfg.out, &q->out, &q->out_bodies, why);
	if (rc < 0)
		return rc;
	if (fstat(q->out, &st) < 0)
		return fail_errno(why, "cannot look at %s", q->cfg.out);
	home->uid = st.st_uid;
	home->gid = st.st_gid;
	q->own = home;
	return 0;
}

static bool
scan(const char *name)
{
	size_t i;

	if (name[0] != 'q' || name[1] != 'f')
		return false;
	for (i = 2; name[i] != '\0'; i++)
		if (!text_is_alnum(name[i]))
			return false;
	return i > 2 && i < QUEUE_ID_MAX;
}

static void
body_name(const char *id, char *name)
{
	(void)snprintf(name, QUEUE_ID_MAX + 8, "df%s", id);
}

static void
envelope_name(const char *id, char *name)
{
	(void)snprintf(name, QUEUE_ID_MAX + 8, "qf%s", id);
}

/* ---- claim -------------------------------------------------------------- */

static int
read_envelope(struct claim *c, struct own *own, struct fail *why)
{
	const char *wrong = NULL;
	enum qf_verdict verdict;
	struct stat st;
	char *bytes;
	ssize_t n;

	if (fstat(c->fd, &st) < 0)
		return fail_errno(why, "cannot look at %s", c->name);
	if (st.st_size > SENDMAIL_QF_MAX)
		return fail_set(why, FAIL_BAD, "it is larger than %d bytes",
		    SENDMAIL_QF_MAX);
	bytes = arena_alloc(c->arena, (size_t)st.st_size + 1);
	n = io_read_at(c->fd, bytes, (size_t)st.st_size, 0, why);
	if (n < 0)
		return (int)n;
	verdict = sendmail_qf_parse(
	    &own->qf, slice_of(bytes, (size_t)n), c->arena, &wrong);
	if (verdict == QF_UNFINISHED &&
	    st.st_mtim.tv_sec > clock_wall() - UNFINISHED_AGE_S)
		return fail_set(why, FAIL_AGAIN, "it is being written");
	if (verdict != QF_WHOLE)
		return fail_set(why, FAIL_BAD, "%s",
		    wrong != NULL ? wrong : "it has no end");
	own->uid = st.st_uid;
	own->gid = st.st_gid;
	own->mode = st.st_mode & 0777;
	c->env = own->qf.env;
	c->env.id = slice_from(slice_str(c->name), 2);
	return 0;
}

/* The directory a qf's body lies in: beside it, or where a d record says, if
 * that is one of ours. */
static int
body_dir(const struct claim *c, const struct own *own, struct fail *why)
{
	struct slice dir = own->qf.body_dir;
	const struct queue *q = c->queue;
	size_t i;

	while (dir.n > 1 && dir.p[dir.n - 1] == '/')
		dir.n--;
	if (slice_ends(dir, "/df"))
		dir.n -= 3;
	if (dir.n == 0)
		return c->in == SIZE_MAX
			   ? fail_set(why, FAIL_CONFIG,
				 "its queue directory is not configured")
			   : q->ins[c->in].bodies;
	for (i = 0; i < q->in_count; i++)
		if (slice_is(dir, q->ins[i].path))
			return q->ins[i].bodies;
	return fail_set(why, FAIL_BAD,
	    "its body lies in %.*s, which is no incoming queue directory here",
	    SLICE_FMT(dir));
}

static int
open_body(struct claim *c, struct own *own, struct fail *why)
{
	char name[QUEUE_NAME_MAX + 8];
	int dir;

	if (c->body[0] != '\0') {
		own->body = io_open(c->queue->claims, c->body, why);
		return own->body;
	}
	dir = body_dir(c, own, why);
	if (dir < 0)
		return dir;
	body_name(c->name + 2, name);
	own->body = io_open(dir, name, why);
	return own->body;
}

/* A file with a name for a moment, that can be written through *fd; the
 * result reads it. */
static int
scratch(struct claim *c, int *fd, struct fail *why)
{
	struct queue *q = c->queue;
	char uniq[QUEUE_UNIQ_MAX], name[QUEUE_HELD_MAX];
	int reader;

	queue_uniq(q, uniq);
	(void)snprintf(name, sizeof(name), "x.%s", uniq);
	*fd = io_create(q->claims, name, OWN_MODE, why);
	if (*fd < 0)
		return *fd;
	reader = io_open(q->claims, name, why);
	(void)io_drop(q->claims, name, NULL);
	if (reader < 0)
		(void)close(*fd);
	return reader;
}

static int
write_content(
    int fd, const struct own *own, uint64_t body_size, struct fail *why)
{
	struct queue_writer w;

	queue_writer_init(&w, fd);
	queue_writer_add(&w, own->qf.header);
	queue_writer_add(&w, SLICE("\n"));
	queue_writer_copy(&w, own->body, 0, body_size);
	return queue_writer_fini(&w, why);
}

/* Header, empty line and body in one file that nobody can change. */
static int
make_content(struct claim *c, struct own *own, struct fail *why)
{
	struct stat st;
	uint64_t size;
	int fd, reader = -1, rc;

	if (fstat(own->body, &st) < 0)
		return fail_errno(
		    why, "cannot look at the body of %s", c->name);
	own->body_at = own->qf.header.n + 1;
	size = own->body_at + (uint64_t)st.st_size;
	if (size <= MEMORY_MAX) {
		fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		if (fd < 0)
			return fail_errno(why, "cannot make a memory file");
	} else {
		reader = scratch(c, &fd, why);
		if (reader < 0)
			return reader;
	}
	rc = write_content(fd, own, (uint64_t)st.st_size, why);
	if (rc == 0 && reader < 0 &&
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		rc = fail_errno(why, "cannot seal a memory file");
	if (reader >= 0 || rc < 0)
		(void)close(fd);
	if (rc < 0 && reader >= 0)
		(void)close(reader);
	if (rc == 0)
		c->content = (struct claim_content){
		    .fd = reader >= 0 ? reader : fd, .size = size};
	return rc;
}

static int
claim(struct claim *c, struct fail *why)
{
	struct own *own = arena_make(c->arena, struct own);
	struct stat st;
	int rc;

	own->body = -1;
	c->own = own;
	rc = read_envelope(c, own, why);
	if (rc == 0)
		rc = open_body(c, own, why);
	if (rc == FAIL_GONE) {
		/* In its directory the body comes first: wait a little. */
		bool young =
		    fstat(c->fd, &st) == 0 &&
		    st.st_ctim.tv_sec > clock_wall() - UNFINISHED_AGE_S;

		rc = young && c->held[0] == '\0' ? FAIL_AGAIN : FAIL_BAD;
		return fail_set(
		    why, rc, "its body file df%s is missing", c->name + 2);
	}
	if (rc >= 0)
		rc = make_content(c, own, why);
	return rc;
}

static void
close_body(struct own *own)
{
	if (own->body >= 0)
		(void)close(own->body);
	own->body = -1;
}

static int
secure(struct claim *c, struct fail *why)
{
	struct own *own = c->own;
	char name[QUEUE_NAME_MAX + 8], held[QUEUE_HELD_MAX];
	int dir, rc;

	if (c->body[0] != '\0') {
		close_body(own);
		return 0;
	}
	dir = body_dir(c, own, why);
	if (dir < 0)
		return dir;
	body_name(c->name + 2, name);
	(void)snprintf(held, sizeof(held), "b.%s", c->uniq);
	rc = io_move(dir, name, c->queue->claims, held, why);
	if (rc < 0)
		return rc;
	memcpy(c->body, held, sizeof(held));
	if (!io_is_same(c->queue->claims, held, own->body))
		rc = fail_set(
		    why, FAIL_GONE, "its body file was replaced meanwhile");
	close_body(own);
	return rc;
}

static int
release(struct claim *c, struct fail *why)
{
	struct own *own = c->own;
	char name[QUEUE_NAME_MAX + 8];
	int dir, rc;

	close_body(own);
	if (c->body[0] == '\0')
		return 0;
	dir = body_dir(c, own, why);
	if (dir < 0)
		return dir;
	body_name(c->name + 2, name);
	rc = io_move(c->queue->claims, c->body, dir, name, why);
	if (rc < 0)
		return rc;
	c->body[0] = '\0';
	return queue_sync(c->queue, dir, c->queue->ins[c->in].path, why);
}

static void
forget(struct claim *c)
{
	if (c->own != NULL)
		close_body(c->own);
}

/* ---- output ------------------------------------------------------------- */

/* As sendmail makes them: when, which of this second, who. */
static void
new_id(struct queue *q, const struct claim *c, char *id)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwx";
	time_t now = (time_t)clock_wall();
	unsigned count = q->counter++;
	struct tm tm;

	if (c != NULL) {
		(void)snprintf(id, QUEUE_ID_MAX, "%s", c->name + 2);
		return;
	}
	(void)gmtime_r(&now, &tm);
	(void)snprintf(id, QUEUE_ID_MAX, "%c%c%c%c%c%c%c%c%06u",
	    digits[tm.tm_year % 60], digits[tm.tm_mon], digits[tm.tm_mday],
	    digits[tm.tm_hour], digits[tm.tm_min], digits[tm.tm_sec % 60],
	    digits[count / 60 % 60], digits[count % 60], (unsigned)getpid());
}

/* sendmail believes a qf only of an owner it trusts. */
static int
give_owner(int fd, uid_t uid, gid_t gid, mode_t mode, struct fail *why)
{
	if (geteuid() == 0 && fchown(fd, uid, gid) < 0)
		return fail_errno(why, "cannot change the owner");
	if (fchmod(fd, mode & 0744) < 0)
		return fail_errno(why, "cannot change the mode");
	return 0;
}

static int
create(
    struct queue *q, const char *name, const struct own *own, struct fail *why)
{
	const struct home *home = q->own;
	int fd = io_create(q->claims, name, OWN_MODE, why), rc;

	if (fd < 0)
		return fd;
	rc = own != NULL ? give_owner(fd, own->uid, own->gid, own->mode, why)
			 : give_owner(fd, home->uid, home->gid, OWN_MODE, why);
	if (rc == 0)
		return fd;
	(void)close(fd);
	return rc;
}

static int
write_whole(int *fd, struct queue *q, const char *name, const struct own *own,
    struct slice bytes, struct fail *why)
{
	*fd = create(q, name, own, why);
	return *fd < 0 ? *fd : io_write(*fd, bytes, why);
}

static bool
has_eight_bits(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return true;
	return false;
}

static int
prepare_notice(struct queue *q, struct queue_pending *p,
    const struct queue_new *m, struct fail *why)
{
	struct slice header, body;
	struct buf out;
	int rc;

	sendmail_qf_split(m->bytes, &header, &body);
	buf_init(&out, SENDMAIL_QF_MAX);
	rc = sendmail_qf_new(
	    &out, m->env, header, clock_wall(), has_eight_bits(body), why);
	if (rc == 0)
		rc = write_whole(&p->body_fd, q, p->body, NULL, body, why);
	if (rc == 0)
		rc =
		    write_whole(&p->fd, q, p->name, NULL, buf_slice(&out), why);
	buf_fini(&out);
	return rc;
}

/* The body file of the claim under one more name; a copy where that is not
 * permitted. */
static int
share_body(struct queue *q, struct queue_pending *p, const struct claim *c,
    struct fail *why)
{
	const struct own *own = c->own;
	struct queue_writer w;
	int rc = io_link(q->claims, c->body, q->claims, p->body, why);

	if (rc != FAIL_DENIED && rc != FAIL_IO)
		return rc;
	p->body_fd = create(q, p->body, own, why);
	if (p->body_fd < 0)
		return p->body_fd;
	queue_writer_init(&w, p->body_fd);
	queue_writer_copy(
	    &w, c->content.fd, own->body_at, c->content.size - own->body_at);
	return queue_writer_fini(&w, why);
}

static int
write_body(struct queue *q, struct queue_pending *p, const struct claim *c,
    const struct edits *edits, struct fail *why)
{
	const struct own *own = c->own;
	struct queue_writer w;

	p->body_fd = create(q, p->body, own, why);
	if (p->body_fd < 0)
		return p->body_fd;
	queue_writer_init(&w, p->body_fd);
	queue_writer_edited(&w, c, edits, own->body_at, c->content.size);
	return queue_writer_fini(&w, why);
}

/* Edits that move the end of the header: the whole message is made and cut
 * anew. */
static int
prepare_recut(struct queue *q, struct queue_pending *p,
    const struct queue_new *m, const struct qf_change *change, struct buf *out,
    struct fail *why)
{
	const struct claim *c = m->claim;
	const struct own *own = c->own;
	struct arena *a = arena_new(0);
	char *raw = arena_alloc(a, (size_t)c->content.size + 1);
	struct edits_cursor cursor = {0};
	struct slice piece, header, body;
	struct buf all;
	ssize_t n = io_read_at(c->content.fd, raw, (size_t)c->content.size,
	    c->content.offset, why);
	int rc = n < 0 ? (int)n : 0;

	buf_init(&all, edits_size(m->edits, (size_t)c->content.size) + 1);
	while (rc == 0 &&
	       edits_piece(m->edits, slice_of(raw, (size_t)n), &cursor, &piece))
		(void)buf_add(&all, piece);
	sendmail_qf_split(buf_slice(&all), &header, &body);
	if (rc == 0)
		rc = sendmail_qf_write_header(
		    out, &own->qf, change, header, why);
	if (rc == 0)
		rc = write_whole(&p->body_fd, q, p->body, own, body, why);
	buf_fini(&all);
	arena_free(a);
	return rc;
}

static int
prepare_claim(struct queue *q, struct queue_pending *p,
    const struct queue_new *m, struct buf *out, struct fail *why)
{
	static const struct edits none;
	const struct claim *c = m->claim;
	const struct own *own = c->own;
	const struct edits *edits = m->edits != NULL ? m->edits : &none;
	struct qf_change change = {.edits = edits,
	    .recipients = m->recipients,
	    .recipient_count = m->recipient_count};
	struct buf header;
	bool fits;
	int rc;

	/* An insertion at the very end of the body spares nothing. */
	change.new_body = !edits_spare(edits, (size_t)own->body_at);
	buf_init(&header, 4 * (size_t)SENDMAIL_QF_MAX);
	fits =
	    edits->list.n == 0 || sendmail_qf_header(&header, &own->qf, edits);
	buf_fini(&header);
	if (!fits) {
		change.new_body = true;
		return prepare_recut(q, p, m, &change, out, why);
	}
	rc = change.new_body ? write_body(q, p, c, edits, why)
			     : share_body(q, p, c, why);
	return rc < 0 ? rc : sendmail_qf_write(out, &own->qf, &change, why);
}

static int
prepare(struct queue *q, struct queue_pending *p, const struct queue_new *m,
    struct fail *why)
{
	struct buf out;
	int rc;

	if (m->claim == NULL)
		return prepare_notice(q, p, m, why);
	buf_init(&out, 2 * (size_t)SENDMAIL_QF_MAX);
	rc = prepare_claim(q, p, m, &out, why);
	if (rc == 0)
		rc = write_whole(
		    &p->fd, q, p->name, m->claim->own, buf_slice(&out), why);
	buf_fini(&out);
	return rc;
}

const struct queue_driver queue_driver_sendmail = {
    .name = "sendmail",
    .probe = probe,
    .scan = scan,
    .claim = claim,
    .secure = secure,
    .release = release,
    .forget = forget,
    .id = new_id,
    .out_name = envelope_name,
    .out_body = body_name,
    .prepare = prepare,
};
