/* wire - typed messages and descriptors between our own processes.
 *
 * A wire is one end of a SOCK_SEQPACKET pair. What may be said on it is a
 * table of rows {type, from, to, once|many, max bytes, max fds}; the receiver
 * checks every message against the table before anybody sees it. An illegal
 * message is FAIL_PEER: the caller closes that wire and goes on; nobody dies
 * of a peer's garbage. The sender's own breach of the table is our bug
 * (panic). Payloads above WIRE_BYTES_MAX travel as sealed memory files.
 *
 * Wires never block: FAIL_AGAIN when the peer does not keep up or nothing is
 * there; FAIL_GONE when the peer has closed. Descriptors are received
 * close-on-exec and belong to the receiver.
 */
#ifndef SYS_WIRE_H
#define SYS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/fail.h"
#include "base/slice.h"

enum {
	WIRE_BYTES_MAX = 60 * 1024, /* payload of one message */
	WIRE_FDS_MAX = 4,           /* descriptors with one message */
	WIRE_TYPES_MAX = 64,
	WIRE_ROLES_MAX = 32,
};

enum wire_count { WIRE_MANY, WIRE_ONCE };

struct wire_row {
	unsigned type; /* < WIRE_TYPES_MAX */
	unsigned from; /* roles; < WIRE_ROLES_MAX, or WIRE_ANY */
	unsigned to;
	enum wire_count count; /* per wire */
	unsigned max_bytes;
	unsigned max_fds;
};
enum { WIRE_ANY = WIRE_ROLES_MAX };

struct wire_table {
	const struct wire_row *rows;
	size_t n;
};

struct wire {
	int fd; /* -1: closed */
	const struct wire_table *table;
	unsigned self, peer; /* roles */
	uint64_t received;   /* bit per type: for WIRE_ONCE */
};

struct wire_message {
	unsigned type;
	struct slice bytes; /* in the caller's buffer */
	int fds[WIRE_FDS_MAX];
	size_t fd_count;
};

/* Two connected ends, close-on-exec, not blocking. */
int wire_pair(int fds[2], struct fail *why) ATTR_NODISCARD;
/* The wire takes fd over. */
void wire_init(struct wire *w, int fd, const struct wire_table *table,
    unsigned self, unsigned peer);
/* Idempotent. */
void wire_close(struct wire *w);
bool wire_is_open(const struct wire *w) ATTR_PURE;

/* The caller keeps his descriptors. */
int wire_send(struct wire *w, unsigned type, struct slice bytes, const int *fds,
    size_t fd_count, struct fail *why) ATTR_NODISCARD;
/* One message into room (>= WIRE_BYTES_MAX bytes). 0 and *m, else a code;
 * with any code no descriptor is left open. */
int wire_receive(struct wire *w, char *room, struct wire_message *m,
    struct fail *why) ATTR_NODISCARD;
/* Close the descriptors that came with a message and were not taken. */
void wire_message_drop(struct wire_message *m);
/* Wait until something can be received or the peer is gone, or `wait_ns`. */
int wire_wait(const struct wire *w, uint64_t wait_ns, struct fail *why)
    ATTR_NODISCARD;

/* A memory file that holds bytes and can never change again; returns its
 * descriptor. */
int wire_memfile(const char *name, struct slice bytes, struct fail *why)
    ATTR_NODISCARD;
/* A view of a memory file somebody sent: FAIL_PEER unless it is sealed
 * against every change and has at most `max` bytes. Undo with wire_unmap. */
int wire_map(int fd, size_t max, struct slice *bytes, struct fail *why)
    ATTR_NODISCARD;
void wire_unmap(struct slice *bytes);

#endif
