/* bounce - delivery status notifications as text (RFC 3461, 3464, 6522).
 *
 * Decides nothing but what RFC 3461 decides: who wants to be told of what.
 * The text has LF line ends and is pure ASCII outside the returned header;
 * nothing of a remote reply or an address can start a line of its own.
 */
#ifndef QUEUE_BOUNCE_H
#define QUEUE_BOUNCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "mail/envelope.h"
#include "queue/smtp_client.h"

enum bounce_kind {
	BOUNCE_FAILED,
	BOUNCE_DELAYED,   /* still trying */
	BOUNCE_RELAYED,   /* handed to a hop that sends no notifications */
	BOUNCE_DELIVERED, /* in the mailbox */
};

enum {
	BOUNCE_TEXT_MAX = 4 * 1024 * 1024, /* a buf for one notification */
	BOUNCE_RETURN_MAX = 1024 * 1024,   /* more of a message is not returned:
					      headers only */
	BOUNCE_HEADER_MAX = 128 * 1024,    /* of the returned header */
};

struct bounce_row {
	const struct recipient *recipient;
	const struct smtp_result *result;
	struct slice hop; /* "192.0.2.1:25"; empty: this host decided */
};

struct bounce {
	enum bounce_kind kind;
	const struct envelope *env;
	struct slice host; /* our name */
	int64_t now;       /* Unix time */
	int64_t expires;   /* for DELAYED */
	const struct bounce_row *rows;
	size_t count;
	/* The message, or as much of its beginning as was read. */
	struct slice original;
	bool whole; /* original is all of it */
};

/* The sender wants to hear this about this recipient: never for the null
 * sender, never against NOTIFY=NEVER, failures unless told otherwise, delays
 * too, successes only when asked for. */
bool bounce_is_wanted(enum bounce_kind kind, const struct envelope *env,
    const struct recipient *r);
/* The complete message, and the envelope it goes out with (null sender, to
 * env->sender; its slices live as long as b's). false when out is full. */
bool bounce_compose(const struct bounce *b, struct buf *out,
    struct envelope *env, struct arena *a);

#endif
