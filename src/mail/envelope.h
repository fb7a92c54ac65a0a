/* envelope - who sent what to whom, when, from where (RFC 5321, 3461, 6531).
 *
 * Addresses are kept byte for byte as they came, without angle brackets; the
 * null sender is empty. Every field may be empty when the source does not say.
 * All slices live in the message's arena or in the packed bytes they were
 * read from.
 */
#ifndef MAIL_ENVELOPE_H
#define MAIL_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/pack.h"
#include "base/slice.h"

/* NOTIFY= of RFC 3461; 0: not given. */
enum {
	NOTIFY_NEVER = 1,
	NOTIFY_SUCCESS = 2,
	NOTIFY_FAILURE = 4,
	NOTIFY_DELAY = 8
};

struct recipient {
	struct slice address;
	struct slice orcpt; /* ORCPT= as on the wire (xtext), or empty */
	unsigned notify;
};

struct envelope {
	struct slice id;     /* the queue id the logs name */
	struct slice sender; /* empty: <> */
	VEC_OF(struct recipient) recipients;
	struct slice client_ip;   /* "192.0.2.1" or "2001:db8::1" */
	struct slice client_name; /* as the MTA says; not verified by us */
	struct slice helo;
	struct slice protocol; /* "ESMTP", "SMTP", "LMTP", "local" ... */
	struct slice auth_user;
	struct slice ident; /* queue id of the hop before us (XFORWARD IDENT) */
	struct slice envid; /* ENVID= as on the wire (xtext) */
	struct slice ret;   /* "FULL", "HDRS" or empty */
	struct slice auth;  /* AUTH= as on the wire (xtext) */
	struct slice body;  /* "7BIT", "8BITMIME", "BINARYMIME" or empty */
	bool smtputf8;
	int64_t received_at; /* Unix time, seconds */
};

/* Deep copy into a. */
void envelope_copy(
    struct envelope *to, const struct envelope *from, struct arena *a);

void envelope_pack(struct buf *b, const struct envelope *e);
/* The slices view the packed bytes. A malformed packet sets u->bad. */
void envelope_unpack(struct unpack *u, struct envelope *e, struct arena *a);

#endif
