/* receiver - the way in: SMTP and LMTP sessions that end in our own spool.
 *
 * One process serves every listener. It owns the incoming side of the spool
 * and nothing else; it never looks inside a message beyond its line ends. A
 * message is answered with 250 only when it is durable; messages that end
 * while one is being made durable share the next round of syncs. Whatever a
 * peer sends ends that peer's session at the worst. A full disk is a 452.
 *
 * SECURITY: needs the listening sockets and the incoming directory of the
 * spool. No exec, no lookups, no outgoing connection.
 */
#ifndef DAEMON_RECEIVER_H
#define DAEMON_RECEIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/slice.h"
#include "sys/net.h"

struct conf;
struct receiver;

struct receiver_listener {
	struct net_address at;
	bool lmtp;
};

struct receiver_settings {
	const char *spool; /* its root directory */
	struct slice host; /* our name in banner and Received */
	VEC_OF(struct receiver_listener) listeners;
	VEC_OF(struct net_range) allowed; /* who may hand over mail at all */
	VEC_OF(struct net_range) trusted; /* whose XFORWARD/XCLIENT counts */
	uint64_t message_max;             /* bytes; 0: no limit */
	unsigned recipients_max;          /* per message */
	unsigned sessions_max;            /* at once */
	uint64_t idle_ns;                 /* longest wait for the peer */
	bool transparent;                 /* add no Received header */
};

/* Defaults in, then what the configuration says: SMTP Listen, SMTP Allowed
 * Clients, SMTP Allowed Peers (whom we trust) ... Slices live in `a`.
 * FAIL_CONFIG with the option's name when a value cannot be used. */
void receiver_settings_init(struct receiver_settings *s);
int receiver_settings_load(struct receiver_settings *s, const struct conf *c,
    struct arena *a, struct fail *why) ATTR_NODISCARD;

/* Bind the listeners and open the spool: before privileges are dropped. */
int receiver_open(struct receiver **r, const struct receiver_settings *s,
    struct fail *why) ATTR_NODISCARD;
/* The address listener i got (its port, when 0 was asked for). */
int receiver_address(const struct receiver *r, size_t i, struct net_address *at,
    struct fail *why) ATTR_NODISCARD;
/* Serve until SIGTERM (then no new connections, running transactions may end
 * within RECEIVER_DRAIN_SEC). 0 after a clean stop. */
int receiver_run(struct receiver *r, struct fail *why) ATTR_NODISCARD;
void receiver_close(struct receiver *r);

enum { RECEIVER_DRAIN_SEC = 20 };

#endif
