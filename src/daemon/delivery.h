/* delivery - one open session to a next hop, and the message sent over it.
 *
 * Synchronous: for a process that carries mail and does nothing else. Every
 * wait has a deadline; whatever the hop does, each recipient gets a result.
 */
#ifndef DAEMON_DELIVERY_H
#define DAEMON_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/slice.h"
#include "queue/smtp_client.h"
#include "sys/net.h"

/* A message in an open file. */
struct delivery_content {
	int fd;
	uint64_t offset, size;
};

/* What a hop may want to know about it before it is sent. */
struct delivery_facts {
	uint64_t wire_size; /* with CRLF line ends */
	bool eight_bit, utf8_header;
};
int delivery_examine(const struct delivery_content *m,
    struct delivery_facts *facts, struct fail *why) ATTR_NODISCARD;

struct delivery;

struct delivery_settings {
	struct slice host; /* our name in EHLO; outlives the session */
	bool lmtp;
	bool forward;        /* XFORWARD when offered */
	uint64_t connect_ns; /* longest wait for the connection */
	uint64_t reply_ns;   /* at most this for any reply; 0: RFC 5321's */
};

/* Connect and be greeted; NULL and *why when the hop cannot be used now. */
struct delivery *delivery_open(const struct delivery_settings *set,
    const struct net_address *hop, struct fail *why) ATTR_NODISCARD;
/* Send one job; its results are set when this returns. */
void delivery_send(
    struct delivery *d, struct smtp_job *job, const struct delivery_content *m);
/* Another job may be sent. */
bool delivery_is_ready(const struct delivery *d);
/* QUIT, politely but not for long. NULL is allowed. */
void delivery_close(struct delivery *d);

#endif
