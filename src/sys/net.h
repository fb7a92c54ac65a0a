/* net - addresses as text, listening, connecting; stream sockets only.
 *
 * An address is written "192.0.2.1:25", "[2001:db8::1]:25", "*:25" (every
 * IPv6 and IPv4 address), "host.example:25", "unix:/path" or "/path". Every
 * socket made here is non-blocking and closed on exec. Names are looked up by
 * net_resolve only, which may block for as long as the system's resolver does.
 * An IPv4 address that came in through an IPv6 socket is shown as IPv4.
 */
#ifndef SYS_NET_H
#define SYS_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/fail.h"
#include "base/slice.h"

enum { NET_TEXT_MAX = 128 }; /* room for any address as text, with NUL */

struct net_address {
	struct sockaddr_storage sa;
	socklen_t size; /* 0: no address */
};

/* The text is a literal address or a path. FAIL_BAD if it is not;
 * default_port 0: a port must be there. */
int net_parse(struct net_address *a, struct slice text, unsigned default_port,
    struct fail *why) ATTR_NODISCARD;
/* As net_parse, but the host may be a name; the first address it has. */
int net_resolve(struct net_address *a, struct slice text, unsigned default_port,
    struct fail *why) ATTR_NODISCARD;

bool net_is_unix(const struct net_address *a);
/* "192.0.2.1:25", "[2001:db8::1]:25", "unix:/path"; returns dst. */
const char *net_text(const struct net_address *a, char *dst, size_t cap)
    ATTR_RET_NONNULL;
/* The IP address alone; "" for a unix socket. Returns dst. */
const char *net_ip_text(const struct net_address *a, char *dst, size_t cap)
    ATTR_RET_NONNULL;

/* A listening socket, or a FAIL code. A unix socket gets `mode`; a left-over
 * one that nobody answers on is replaced, any other file is not. */
int net_listen(const struct net_address *a, unsigned mode, struct fail *why)
    ATTR_NODISCARD;
/* The next connection, FAIL_AGAIN when none waits (or the peer gave up), or
 * FAIL_FULL without descriptors or memory. */
int net_accept(int fd, struct net_address *peer, struct fail *why)
    ATTR_NODISCARD;
/* The address a socket is bound to (the port, after listening on port 0). */
int net_local(int fd, struct net_address *a, struct fail *why) ATTR_NODISCARD;

/* A socket whose connect has begun: wait until it is writable, then ask
 * net_connected. */
int net_connect(const struct net_address *a, struct fail *why) ATTR_NODISCARD;
/* 0, or what became of the connect. */
int net_connected(int fd, struct fail *why) ATTR_NODISCARD;
/* Both in one, waiting at most wait_ns (FAIL_TIMEOUT). */
int net_connect_within(const struct net_address *a, uint64_t wait_ns,
    struct fail *why) ATTR_NODISCARD;

/* This machine's name, for greetings; "localhost" when it has none. */
struct slice net_host_name(struct arena *a);

/* "192.0.2.0/24", "2001:db8::/32", or one address without a length. */
struct net_range {
	unsigned char bytes[16]; /* IPv4 in its v4-mapped form */
	unsigned bits;           /* of the 128 */
};
int net_range_parse(struct net_range *r, struct slice text, struct fail *why)
    ATTR_NODISCARD;
/* A unix socket's peer is in no range. */
bool net_range_has(const struct net_range *r, const struct net_address *a);

#endif
