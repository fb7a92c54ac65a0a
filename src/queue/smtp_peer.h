/* smtp_peer - what XFORWARD and XCLIENT say about the client before our peer.
 *
 * Attributes are NAME=xtext; "[UNAVAILABLE]" and "[TEMPUNAVAIL]" are empty.
 * Values are kept in place, so a session's memory does not grow with them.
 */
#ifndef QUEUE_SMTP_PEER_H
#define QUEUE_SMTP_PEER_H

#include <stdbool.h>

#include "base/slice.h"

enum { SMTP_PEER_VALUE_MAX = 255 };

struct smtp_peer_value {
	size_t n;
	char p[SMTP_PEER_VALUE_MAX];
};

struct smtp_peer {
	struct smtp_peer_value ip, name, helo, protocol, ident, login;
};

static inline struct slice
smtp_peer_get(const struct smtp_peer_value *v)
{
	return slice_of(v->p, v->n);
}

/* false when it is too long or has control bytes (then it is emptied). */
bool smtp_peer_set(struct smtp_peer_value *v, struct slice text);
/* Take the attributes of one command into *p; false, and *p as it was, if
 * there are none or one of them is not understood. */
bool smtp_peer_take(struct smtp_peer *p, struct slice args);

#endif
