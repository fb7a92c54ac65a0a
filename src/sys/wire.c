#define _GNU_SOURCE
#include "sys/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* Room for a few of the largest messages; the kernel's default holds
	 * only two or three. */
	SOCKET_BYTES = 512 * 1024,
	SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
};

int
wire_pair(int fds[2], struct fail *why)
{
	static const int size = SOCKET_BYTES;
	int i;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, fds) != 0)
		return fail_errno(why, "socketpair");
	for (i = 0; i < 2; i++)
		/* Best effort: a smaller buffer only waits more often. */
		(void)setsockopt(
		    fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return 0;
}

void
wire_init(struct wire *w, int fd, const struct wire_table *table, unsigned self,
    unsigned peer)
{
	*w =
	    (struct wire){.fd = fd, .table = table, .self = self, .peer = peer};
}

void
wire_close(struct wire *w)
{
	if (w->fd >= 0)
		(void)close(w->fd);
	w->fd = -1;
}

bool
wire_is_open(const struct wire *w)
{
	return w->fd >= 0;
}

static const struct wire_row *
find_row(const struct wire_table *t, unsigned type, unsigned from, unsigned to)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		const struct wire_row *r = &t->rows[i];

		if (r->type == type &&
		    (r->from == from || r->from == WIRE_ANY) &&
		    (r->to == to || r->to == WIRE_ANY))
			return r;
	}
	return NULL;
}

int
wire_send(struct wire *w, unsigned type, struct slice bytes, const int *fds,
    size_t fd_count, struct fail *why)
{
	const struct wire_row *row = find_row(w->table, type, w->self, w->peer);
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
	} control = {.room = {0}};
	uint8_t head = (uint8_t)type;
	/* iovec has no const; sendmsg only reads. */
	union {
		const char *in;
		void *out;
	} body = {.in = bytes.p};
	struct iovec iov[2] = {{&head, 1}, {body.out, bytes.n}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = bytes.n > 0 ? 2 : 1};
	ssize_t n;

	ensure(row != NULL && bytes.n <= row->max_bytes &&
	       bytes.n <= WIRE_BYTES_MAX && fd_count <= row->max_fds);
	if (w->fd < 0)
		return fail_set(why, FAIL_GONE, "wire is closed");
	if (fd_count > 0) {
		struct cmsghdr *c;

		msg.msg_control = control.room;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		(void)memcpy(CMSG_DATA(c), fds, sizeof(int) * fd_count);
	}
	do
		n = sendmsg(w->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
		return fail_set(why, FAIL_GONE, "the peer has closed its wire");
	/* ETOOMANYREFS and ENOBUFS pass when the peer has read. */
	if (errno == ENOBUFS || errno == ETOOMANYREFS)
		errno = EAGAIN;
	return fail_errno(why, "wire send");
}

/* All descriptors of a message; more than there may be are closed at once. */
static void
take_fds(struct msghdr *msg, struct wire_message *m, bool *excess)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		size_t i, n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			int fd;

			(void)memcpy(
			    &fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (m->fd_count < WIRE_FDS_MAX) {
				m->fds[m->fd_count++] = fd;
			} else {
				(void)close(fd);
				*excess = true;
			}
		}
	}
}

static int
check_message(
    struct wire *w, struct wire_message *m, bool damaged, struct fail *why)
{
	const struct wire_row *row =
	    find_row(w->table, m->type, w->peer, w->self);
	uint64_t bit = m->type < WIRE_TYPES_MAX ? UINT64_C(1) << m->type : 0;

	if (damaged || row == NULL || m->bytes.n > row->max_bytes ||
	    m->fd_count > row->max_fds ||
	    (row->count == WIRE_ONCE && (w->received & bit) != 0)) {
		wire_message_drop(m);
		return fail_set(why, FAIL_PEER,
		    "illegal message: type %u, %zu bytes, %zu descriptors",
		    m->type, m->bytes.n, m->fd_count);
	}
	w->received |= bit;
	return 0;
}

int
wire_receive(
    struct wire *w, char *room, struct wire_message *m, struct fail *why)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int) * (WIRE_FDS_MAX + 1))];
	} control;
	uint8_t head = 0;
	struct iovec iov[2] = {{&head, 1}, {room, WIRE_BYTES_MAX}};
	struct msghdr msg = {.msg_iov = iov,
	    .msg_iovlen = 2,
	    .msg_control = control.room,
	    .msg_controllen = sizeof(control.room)};
	bool damaged = false;
	ssize_t n;

	*m = (struct wire_message){0};
	if (w->fd < 0)
		return fail_set(why, FAIL_GONE, "wire is closed");
	do
		n = recvmsg(w->fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == ECONNRESET)
		n = 0;
	if (n < 0)
		return fail_errno(why, "wire receive");
	take_fds(&msg, m, &damaged);
	if (n == 0) {
		wire_message_drop(m);
		return fail_set(why, FAIL_GONE, "the peer has closed its wire");
	}
	if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		damaged = true;
	m->type = head;
	m->bytes = slice_of(room, (size_t)n - 1);
	return check_message(w, m, damaged, why);
}

void
wire_message_drop(struct wire_message *m)
{
	size_t i;

	for (i = 0; i < m->fd_count; i++)
		if (m->fds[i] >= 0) {
			(void)close(m->fds[i]);
			m->fds[i] = -1;
		}
}

int
wire_wait(const struct wire *w, uint64_t wait_ns, struct fail *why)
{
	struct pollfd p = {.fd = w->fd, .events = POLLIN};
	uint64_t ms = wait_ns / 1000000;
	int n;

	if (w->fd < 0)
		return fail_set(why, FAIL_GONE, "wire is closed");
	n = poll(&p, 1,
	    wait_ns == UINT64_MAX ? -1 : (int)(ms > 1000000 ? 1000000 : ms));
	if (n < 0 && errno != EINTR)
		return fail_errno(why, "poll");
	if (n <= 0)
		return fail_set(why, FAIL_TIMEOUT, "nothing came in time");
	return 0;
}

static int
write_all(int fd, struct slice bytes, struct fail *why)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(why, "write to memory file");
		bytes = slice_from(bytes, (size_t)n);
	}
	return 0;
}

int
wire_memfile(const char *name, struct slice bytes, struct fail *why)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int code;

	if (fd < 0)
		return fail_errno(why, "memfd_create");
	code = write_all(fd, bytes, why);
	if (code == 0 && fcntl(fd, F_ADD_SEALS, SEALS) != 0)
		code = fail_errno(why, "seal memory file");
	if (code != 0) {
		(void)close(fd);
		return code;
	}
	return fd;
}

int
wire_map(int fd, size_t max, struct slice *bytes, struct fail *why)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);
	void *p;

	*bytes = SLICE_NONE;
	if (seals < 0 || (seals & SEALS) != SEALS)
		return fail_set(why, FAIL_PEER, "not a sealed memory file");
	if (fstat(fd, &st) != 0)
		return fail_errno(why, "fstat memory file");
	if (st.st_size < 0 || (uint64_t)st.st_size > max)
		return fail_set(why, FAIL_PEER,
		    "memory file of %lld bytes, %zu are allowed",
		    (long long)st.st_size, max);
	if (st.st_size == 0) {
		*bytes = SLICE("");
		return 0;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return fail_errno(why, "mmap memory file");
	*bytes = slice_of(p, (size_t)st.st_size);
	return 0;
}

void
wire_unmap(struct slice *bytes)
{
	union {
		const char *in;
		void *out;
	} view = {.in = bytes->p};

	if (bytes->n > 0)
		(void)munmap(view.out, bytes->n);
	*bytes = SLICE_NONE;
}
