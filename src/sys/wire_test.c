#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/wire.h"
#include "test/unit.h"

enum { ROLE_LEFT, ROLE_RIGHT };
enum { SAY = 1, ASK_ONCE = 2, GIVE_FD = 3, ONLY_RIGHT = 4 };

static const struct wire_row rows[] = {
    {SAY, WIRE_ANY, WIRE_ANY, WIRE_MANY, WIRE_BYTES_MAX, 0},
    {ASK_ONCE, ROLE_LEFT, ROLE_RIGHT, WIRE_ONCE, 8, 0},
    {GIVE_FD, ROLE_LEFT, ROLE_RIGHT, WIRE_MANY, 16, 2},
    {ONLY_RIGHT, ROLE_RIGHT, ROLE_LEFT, WIRE_MANY, 4, 0},
};
static const struct wire_table table = {rows, COUNT_OF(rows)};

static char room[WIRE_BYTES_MAX];

static void
make_pair(struct wire *left, struct wire *right)
{
	int fds[2];
	struct fail why;

	check_int(wire_pair(fds, &why), 0);
	wire_init(left, fds[0], &table, ROLE_LEFT, ROLE_RIGHT);
	wire_init(right, fds[1], &table, ROLE_RIGHT, ROLE_LEFT);
}

static void
close_pair(struct wire *left, struct wire *right)
{
	wire_close(left);
	wire_close(right);
}

UNIT(carries_bytes_and_order)
{
	struct wire left, right;
	struct wire_message m;
	static char big[WIRE_BYTES_MAX];
	struct fail why;

	make_pair(&left, &right);
	check_int(wire_receive(&right, room, &m, &why), FAIL_AGAIN);
	(void)memset(big, 'x', sizeof(big));
	check_int(wire_send(&left, SAY, SLICE("one"), NULL, 0, &why), 0);
	check_int(wire_send(&left, SAY, SLICE(""), NULL, 0, &why), 0);
	check_int(
	    wire_send(&left, SAY, slice_of(big, sizeof(big)), NULL, 0, &why),
	    0);
	check_int(wire_receive(&right, room, &m, &why), 0);
	check_int(m.type, SAY);
	check_slice(m.bytes, "one");
	check_int(wire_receive(&right, room, &m, &why), 0);
	check_int(m.bytes.n, 0);
	check_int(wire_receive(&right, room, &m, &why), 0);
	check_int(m.bytes.n, sizeof(big));
	wire_close(&left);
	check_int(wire_receive(&right, room, &m, &why), FAIL_GONE);
	check_int(wire_send(&right, SAY, SLICE("x"), NULL, 0, &why), FAIL_GONE);
	close_pair(&left, &right);
}

UNIT(full_wire_says_again)
{
	struct wire left, right;
	static char big[WIRE_BYTES_MAX];
	struct fail why;
	int code = 0, n;

	make_pair(&left, &right);
	for (n = 0; n < 1000 && code == 0; n++)
		code = wire_send(
		    &left, SAY, slice_of(big, sizeof(big)), NULL, 0, &why);
	check_int(code, FAIL_AGAIN);
	close_pair(&left, &right);
}

UNIT(passes_descriptors)
{
	struct wire left, right;
	struct wire_message m;
	struct fail why;
	int fds[2];
	char c = 0;

	make_pair(&left, &right);
	check_int(pipe(fds), 0);
	check_int(wire_send(&left, GIVE_FD, SLICE("p"), &fds[1], 1, &why), 0);
	check_int(wire_receive(&right, room, &m, &why), 0);
	check_int(m.fd_count, 1);
	check((fcntl(m.fds[0], F_GETFD) & FD_CLOEXEC) != 0);
	check_int(write(m.fds[0], "z", 1), 1);
	check_int(read(fds[0], &c, 1), 1);
	check_int(c, 'z');
	wire_message_drop(&m);
	(void)close(fds[0]);
	(void)close(fds[1]);
	close_pair(&left, &right);
}

/* What a hostile peer may write into the socket, past wire_send. */
static void
raw_send(int fd, unsigned char type, size_t n, size_t fd_count)
{
	static char bytes[WIRE_BYTES_MAX + 64];
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int) * 64)];
	} control = {.room = {0}};
	struct iovec iov = {bytes, n + 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	size_t i;

	bytes[0] = (char)type;
	if (fd_count > 0) {
		struct cmsghdr *c;

		msg.msg_control = control.room;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		c = &control.align;
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		for (i = 0; i < fd_count; i++)
			(void)memcpy(CMSG_DATA(c) + i * sizeof(int),
			    &(int){STDERR_FILENO}, sizeof(int));
	}
	check_int(sendmsg(fd, &msg, 0), (long long)n + 1);
}

static int
open_fds(void)
{
	int n = 0, fd;

	for (fd = 0; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			n++;
	return n;
}

UNIT(illegal_messages_are_peer_failures)
{
	static const struct {
		const char *name;
		unsigned char type;
		size_t bytes, fds;
	} cases[] = {
	    {"unknown type", 0, 0, 0},
	    {"type past the table", 200, 0, 0},
	    {"wrong direction", ONLY_RIGHT, 0, 0},
	    {"too long for the row", ASK_ONCE, 9, 0},
	    {"longer than any message", SAY, WIRE_BYTES_MAX + 10, 0},
	    {"descriptors not allowed", SAY, 1, 1},
	    {"more descriptors than the row", GIVE_FD, 1, 3},
	    {"more descriptors than any", GIVE_FD, 1, 30},
	};
	size_t i;
	int before = open_fds();

	for (i = 0; i < COUNT_OF(cases); i++) {
		struct wire left, right;
		struct wire_message m;
		struct fail why;

		make_pair(&left, &right);
		raw_send(left.fd, cases[i].type, cases[i].bytes, cases[i].fds);
		check_int(wire_receive(&right, room, &m, &why), FAIL_PEER);
		close_pair(&left, &right);
	}
	check_int(open_fds(), before);
}

UNIT(once_is_once)
{
	struct wire left, right;
	struct wire_message m;
	struct fail why;

	make_pair(&left, &right);
	raw_send(left.fd, ASK_ONCE, 3, 0);
	raw_send(left.fd, ASK_ONCE, 3, 0);
	check_int(wire_receive(&right, room, &m, &why), 0);
	check_int(wire_receive(&right, room, &m, &why), FAIL_PEER);
	close_pair(&left, &right);
}

static void
send_unlisted(void *arg)
{
	struct fail why;

	check_int(wire_send(arg, ONLY_RIGHT, SLICE(""), NULL, 0, &why), 0);
}

UNIT(own_breach_is_a_panic)
{
	struct wire left, right;

	make_pair(&left, &right);
	check_int(unit_ends(send_unlisted, &left), 6);
	close_pair(&left, &right);
}

UNIT(memory_files_are_sealed)
{
	struct slice view;
	struct fail why;
	int fd = wire_memfile("t", SLICE("hello"), &why);
	int loose;

	check(fd >= 0);
	check_int(write(fd, "x", 1), -1);
	check_int(ftruncate(fd, 0), -1);
	check_int(wire_map(fd, 5, &view, &why), 0);
	check_slice(view, "hello");
	wire_unmap(&view);
	check_int(wire_map(fd, 4, &view, &why), FAIL_PEER);
	(void)close(fd);

	loose = memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	check_int(write(loose, "x", 1), 1);
	check_int(wire_map(loose, 5, &view, &why), FAIL_PEER);
	(void)close(loose);
	loose = open("/dev/null", O_RDONLY);
	check_int(wire_map(loose, 5, &view, &why), FAIL_PEER);
	(void)close(loose);

	fd = wire_memfile("empty", SLICE(""), &why);
	check_int(wire_map(fd, 5, &view, &why), 0);
	check_int(view.n, 0);
	wire_unmap(&view);
	(void)close(fd);
}

UNIT_MAIN(unit(carries_bytes_and_order), unit(full_wire_says_again),
    unit(passes_descriptors), unit(illegal_messages_are_peer_failures),
    unit(once_is_once), unit(own_breach_is_a_panic),
    unit(memory_files_are_sealed))
