/* courier - the way out: mail of the outgoing spool to where its routes lead.
 *
 * Each recipient's domain chooses a route: SMTP or LMTP hop, Maildir, or a
 * sendmail program started without a shell. Every destination is a lane with
 * forked children of its own, so that a dead or slow one holds up nobody else;
 * Maildir deliveries share their disk syncs. What cannot be delivered now waits
 * with growing delays; what never can becomes a bounce (RFC 3464) that is in
 * the spool before the recipient is marked done. A message leaves the spool
 * when every recipient is done. Killing this process at any moment loses
 * nothing; a Maildir copy is not doubled by that either, an SMTP hop may see a
 * message again that it accepted in the last instant (RFC 1047).
 *
 * Routes: "example.org=lmtp:unix:/run/lmtp; .example.net=smtp:192.0.2.1:25;
 * *=maildir:/var/mail/%d/%u", first match wins; a route without "=" is for
 * all, ".example.net" for every domain below it. %u local part, %d domain, %a
 * both, each as one safe file name. "pipe:/usr/sbin/sendmail -i -f %s": words,
 * no shell; %s is the sender ("<>" for none; "-f SENDER" is added when no word
 * has it); "--" and the recipients follow. Mail for which no route is found
 * waits and expires.
 *
 * SECURITY: outgoing spool, Maildirs, connections to the hops; exec only when
 * a pipe route is set (courier_needs_exec).
 */
#ifndef DAEMON_COURIER_H
#define DAEMON_COURIER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/slice.h"

struct conf;
struct courier;

enum courier_kind { COURIER_SMTP, COURIER_LMTP, COURIER_MAILDIR, COURIER_PIPE };

struct courier_route {
	struct slice domain; /* "example.org", ".example.org", "*" */
	enum courier_kind kind;
	struct slice to; /* host:port, path pattern, or program */
};

struct courier_settings {
	const char *spool; /* its root directory */
	struct slice host; /* our name in EHLO and in bounces */
	VEC_OF(struct courier_route) routes;
	unsigned deliveries_max;    /* at once */
	VEC_OF(uint64_t) retry_sec; /* pauses; the last one repeats */
	uint64_t expire_sec;        /* age at which a recipient is given up */
	uint64_t delay_sec;         /* age at which a DELAY notice is due */
	uint64_t connect_ns, reply_ns;
};

void courier_settings_init(struct courier_settings *s);
int courier_settings_load(struct courier_settings *s, const struct conf *c,
    struct arena *a, struct fail *why) ATTR_NODISCARD;
/* Parse "Delivery Route" into s->routes. */
int courier_routes_parse(struct courier_settings *s, struct slice text,
    struct arena *a, struct fail *why) ATTR_NODISCARD;
bool courier_needs_exec(const struct courier_settings *s);

int courier_open(struct courier **c, const struct courier_settings *s,
    struct fail *why) ATTR_NODISCARD;
/* Deliver until SIGTERM; running deliveries may end within
 * COURIER_DRAIN_SEC. SIGUSR1: look into the spool now. */
int courier_run(struct courier *c, struct fail *why) ATTR_NODISCARD;
void courier_close(struct courier *c);

enum {
	COURIER_DRAIN_SEC = 20,
	COURIER_ROUTES_MAX = 1000,
	COURIER_LANES_MAX = 256, /* different destinations */
	COURIER_RETRY_MAX = 32,  /* pauses in Delivery Retry Times */
	COURIER_HOPS_MAX = 50,   /* Received fields: more is a loop */
};

#endif
