#define _GNU_SOURCE /* accept4 */
#include "sys/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/num.h"
#include "sys/loop.h"

enum { BACKLOG = 512, HOST_MAX = 255 };

/* ---- text to address ---- */

static int
parse_path(struct net_address *a, struct slice path, struct fail *why)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&a->sa;

	if (path.n == 0 || path.p[0] != '/' || path.n >= sizeof(un->sun_path) ||
	    memchr(path.p, '\0', path.n) != NULL)
		return fail_set(why, FAIL_BAD,
		    "\"%.*s\": a socket path is absolute and shorter than "
		    "%zu bytes",
		    SLICE_FMT(path), sizeof(un->sun_path));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path.p, path.n);
	un->sun_path[path.n] = '\0';
	a->size = (socklen_t)sizeof(*un);
	return 0;
}

/* "host:port", "[host]:port", "host" into its two halves. */
static int
split_port(
    struct slice text, struct slice *host, unsigned *port, struct fail *why)
{
	struct slice digits = SLICE_NONE;
	uint64_t number = *port;
	ptrdiff_t colon = slice_rchr(text, ':');

	*host = text;
	if (slice_starts(text, "[")) {
		ptrdiff_t end = slice_chr(text, ']');

		if (end < 0)
			return fail_set(why, FAIL_BAD, "\"%.*s\": no ] after [",
			    SLICE_FMT(text));
		*host = slice_sub(text, 1, (size_t)end);
		digits = slice_from(text, (size_t)end + 1);
		if (digits.n > 0 && digits.p[0] != ':')
			return fail_set(why, FAIL_BAD,
			    "\"%.*s\": only :port may follow ]",
			    SLICE_FMT(text));
		digits = slice_from(digits, 1);
	} else if (colon >= 0 && slice_chr(text, ':') == colon) {
		*host = slice_sub(text, 0, (size_t)colon);
		digits = slice_from(text, (size_t)colon + 1);
	}
	if ((digits.n > 0 && !num_parse_u64(digits, 65535, &number)) ||
	    (digits.n == 0 && number == 0))
		return fail_set(
		    why, FAIL_BAD, "\"%.*s\": no port number", SLICE_FMT(text));
	*port = (unsigned)number;
	return 0;
}

static bool
set_ip(struct net_address *a, const char *host, unsigned port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&a->sa;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a->sa;

	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		a->size = (socklen_t)sizeof(*in);
		return true;
	}
	memset(&a->sa, 0, sizeof(a->sa));
	if (strcmp(host, "*") == 0)
		host = "::";
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		a->size = (socklen_t)sizeof(*in6);
		return true;
	}
	return false;
}

static int
parse(struct net_address *a, struct slice text, unsigned port, bool names,
    struct fail *why)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	struct slice host = SLICE_NONE;
	char name[HOST_MAX + 1];
	int rc;

	memset(a, 0, sizeof(*a));
	if (slice_starts(text, "unix:"))
		return parse_path(a, slice_from(text, 5), why);
	if (slice_starts(text, "/"))
		return parse_path(a, text, why);
	rc = split_port(text, &host, &port, why);
	if (rc < 0)
		return rc;
	if (host.n == 0 || host.n > HOST_MAX ||
	    memchr(host.p, '\0', host.n) != NULL)
		return fail_set(
		    why, FAIL_BAD, "\"%.*s\": no host", SLICE_FMT(text));
	memcpy(name, host.p, host.n);
	name[host.n] = '\0';
	if (set_ip(a, name, port))
		return 0;
	if (!names)
		return fail_set(why, FAIL_BAD,
		    "\"%.*s\" is not an address like 192.0.2.1:25, "
		    "[2001:db8::1]:25 or /path",
		    SLICE_FMT(text));
	rc = getaddrinfo(name, NULL, &hints, &list);
	if (rc != 0)
		return fail_set(why,
		    rc == EAI_AGAIN    ? FAIL_AGAIN
		    : rc == EAI_NONAME ? FAIL_GONE
				       : FAIL_IO,
		    "cannot look up %s: %s", name, gai_strerror(rc));
	memcpy(&a->sa, list->ai_addr, list->ai_addrlen);
	a->size = list->ai_addrlen;
	freeaddrinfo(list);
	if (a->sa.ss_family == AF_INET)
		((struct sockaddr_in *)&a->sa)->sin_port =
		    htons((uint16_t)port);
	else
		((struct sockaddr_in6 *)&a->sa)->sin6_port =
		    htons((uint16_t)port);
	return 0;
}

int
net_parse(struct net_address *a, struct slice text, unsigned default_port,
    struct fail *why)
{
	return parse(a, text, default_port, false, why);
}

int
net_resolve(struct net_address *a, struct slice text, unsigned default_port,
    struct fail *why)
{
	return parse(a, text, default_port, true, why);
}

/* ---- address to text ---- */

bool
net_is_unix(const struct net_address *a)
{
	return a->size > 0 && a->sa.ss_family == AF_UNIX;
}

/* The 16 bytes of an address (IPv4 as ::ffff:a.b.c.d) and its port. */
static bool
ip_bytes(const struct net_address *a, unsigned char out[16], unsigned *port)
{
	if (a->size == 0)
		return false;
	if (a->sa.ss_family == AF_INET) {
		const struct sockaddr_in *in =
		    (const struct sockaddr_in *)&a->sa;

		memset(out, 0, 10);
		out[10] = out[11] = 0xff;
		memcpy(out + 12, &in->sin_addr, 4);
		*port = ntohs(in->sin_port);
		return true;
	}
	if (a->sa.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 =
		    (const struct sockaddr_in6 *)&a->sa;

		memcpy(out, &in6->sin6_addr, 16);
		*port = ntohs(in6->sin6_port);
		return true;
	}
	return false;
}

static bool
is_v4(const unsigned char bytes[16])
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(bytes, mapped, sizeof(mapped)) == 0;
}

const char *
net_ip_text(const struct net_address *a, char *dst, size_t cap)
{
	unsigned char bytes[16];
	unsigned port;

	dst[0] = '\0';
	if (!ip_bytes(a, bytes, &port))
		return dst;
	if (is_v4(bytes))
		(void)inet_ntop(AF_INET, bytes + 12, dst, (socklen_t)cap);
	else
		(void)inet_ntop(AF_INET6, bytes, dst, (socklen_t)cap);
	return dst;
}

const char *
net_text(const struct net_address *a, char *dst, size_t cap)
{
	unsigned char bytes[16];
	unsigned port = 0;
	char ip[INET6_ADDRSTRLEN];

	if (net_is_unix(a)) {
		const struct sockaddr_un *un =
		    (const struct sockaddr_un *)&a->sa;
		/* an unnamed peer has no path */
		bool named =
		    a->size > (socklen_t)offsetof(struct sockaddr_un, sun_path);

		(void)snprintf(dst, cap, "unix:%s", named ? un->sun_path : "");
	} else if (ip_bytes(a, bytes, &port)) {
		bool v4 = is_v4(bytes);

		(void)net_ip_text(a, ip, sizeof(ip));
		(void)snprintf(dst, cap, v4 ? "%s:%u" : "[%s]:%u", ip, port);
	} else {
		(void)snprintf(dst, cap, "nowhere");
	}
	return dst;
}

/* ---- sockets ---- */

static int
new_socket(const struct net_address *a, struct fail *why)
{
	int fd = socket(
	    a->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? fail_errno(why, "cannot make a socket") : fd;
}

static void
no_delay(int fd, const struct net_address *a)
{
	int on = 1;

	if (a->sa.ss_family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* Take away a socket file that nobody listens on. */
static void
drop_stale(const struct net_address *a)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&a->sa;
	struct stat st;
	int fd;

	if (lstat(un->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	fd = net_connect(a, NULL);
	if (fd >= 0) {
		(void)close(fd);
		return;
	}
	if (errno == ECONNREFUSED)
		(void)unlink(un->sun_path);
}

int
net_listen(const struct net_address *a, unsigned mode, struct fail *why)
{
	char text[NET_TEXT_MAX];
	int on = 1, off = 0, rc, fd = new_socket(a, why);

	if (fd < 0)
		return fd;
	if (net_is_unix(a)) {
		drop_stale(a);
	} else {
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	}
	if (a->sa.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 =
		    (const struct sockaddr_in6 *)&a->sa;

		if (IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
			(void)setsockopt(
			    fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	}
	if (bind(fd, (const struct sockaddr *)&a->sa, a->size) == 0 &&
	    (!net_is_unix(a) ||
		chmod(((const struct sockaddr_un *)&a->sa)->sun_path,
		    (mode_t)mode) == 0) &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	rc = fail_errno(
	    why, "cannot listen on %s", net_text(a, text, sizeof(text)));
	(void)close(fd);
	return rc;
}

int
net_accept(int fd, struct net_address *peer, struct fail *why)
{
	int got;

	memset(peer, 0, sizeof(*peer));
	peer->size = (socklen_t)sizeof(peer->sa);
	got = accept4(fd, (struct sockaddr *)&peer->sa, &peer->size,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (got >= 0) {
		no_delay(got, peer);
		return got;
	}
	switch (errno) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return fail_set(why, FAIL_FULL,
		    "cannot accept a connection: no descriptors or memory");
	default: /* network errors of that one connection included */
		return fail_set(why, FAIL_AGAIN, "no connection waits");
	}
}

int
net_local(int fd, struct net_address *a, struct fail *why)
{
	memset(a, 0, sizeof(*a));
	a->size = (socklen_t)sizeof(a->sa);
	if (getsockname(fd, (struct sockaddr *)&a->sa, &a->size) < 0)
		return fail_errno(why, "cannot tell a socket's address");
	return 0;
}

int
net_connect(const struct net_address *a, struct fail *why)
{
	char text[NET_TEXT_MAX];
	int rc, saved, fd = new_socket(a, why);

	if (fd < 0)
		return fd;
	no_delay(fd, a);
	if (connect(fd, (const struct sockaddr *)&a->sa, a->size) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	rc = fail_errno(
	    why, "cannot connect to %s", net_text(a, text, sizeof(text)));
	saved = errno;
	(void)close(fd);
	errno = saved;
	return rc;
}

int
net_connected(int fd, struct fail *why)
{
	int error = 0;
	socklen_t size = (socklen_t)sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error == 0)
		return 0;
	errno = error;
	return fail_errno(why, "cannot connect");
}

int
net_connect_within(
    const struct net_address *a, uint64_t wait_ns, struct fail *why)
{
	uint64_t end = loop_clock() + wait_ns;
	char text[NET_TEXT_MAX];
	int rc, fd = net_connect(a, why);

	if (fd < 0)
		return fd;
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		uint64_t now = loop_clock();
		uint64_t ms = end > now ? (end - now) / LOOP_MS + 1 : 0;

		rc = poll(&p, 1, ms > 3600000 ? 3600000 : (int)ms);
		if (rc > 0) {
			rc = net_connected(fd, why);
			break;
		}
		if ((rc < 0 && errno != EINTR) || loop_clock() >= end) {
			rc = fail_set(why, FAIL_TIMEOUT,
			    "no answer from %s in time",
			    net_text(a, text, sizeof(text)));
			break;
		}
	}
	if (rc == 0)
		return fd;
	(void)close(fd);
	return rc;
}

/* ---- ranges ---- */

int
net_range_parse(struct net_range *r, struct slice text, struct fail *why)
{
	struct slice host = text;
	struct net_address a;
	char name[INET6_ADDRSTRLEN + 1];
	ptrdiff_t slash = slice_chr(text, '/');
	unsigned width, port = 0;
	uint64_t bits;

	memset(r, 0, sizeof(*r));
	memset(&a, 0, sizeof(a));
	if (slash >= 0)
		host = slice_sub(text, 0, (size_t)slash);
	if (host.n == 0 || host.n >= sizeof(name))
		goto bad;
	memcpy(name, host.p, host.n);
	name[host.n] = '\0';
	if (memchr(name, '*', host.n) != NULL || !set_ip(&a, name, 0) ||
	    !ip_bytes(&a, r->bytes, &port))
		goto bad;
	width = a.sa.ss_family == AF_INET ? 32 : 128;
	bits = width;
	if (slash >= 0 &&
	    !num_parse_u64(slice_from(text, (size_t)slash + 1), width, &bits))
		goto bad;
	r->bits = (unsigned)bits + (128 - width);
	return 0;
bad:
	return fail_set(why, FAIL_BAD,
	    "\"%.*s\" is not an address or a network like 192.0.2.0/24",
	    SLICE_FMT(text));
}

bool
net_range_has(const struct net_range *r, const struct net_address *a)
{
	unsigned char bytes[16];
	unsigned port, whole = r->bits / 8, rest = r->bits % 8;
	unsigned mask = 0xff00U >> rest & 0xff;

	if (!ip_bytes(a, bytes, &port) || memcmp(bytes, r->bytes, whole) != 0)
		return false;
	return rest == 0 || ((bytes[whole] ^ r->bytes[whole]) & mask) == 0;
}

struct slice
net_host_name(struct arena *a)
{
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		return SLICE("localhost");
	return arena_dup(a, slice_str(host));
}
