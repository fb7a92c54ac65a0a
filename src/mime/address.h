/* address - the addresses of a From, To or Reply-To field.
 *
 * Bounded and without recursion: groups are flattened, comments may nest to
 * ADDRESS_COMMENT_DEPTH. Display names are decoded (RFC 2047). Anything that
 * holds no "@" is kept with an empty domain when it could be a local name.
 */
#ifndef MIME_ADDRESS_H
#define MIME_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

enum { ADDRESS_COMMENT_DEPTH = 32 };

struct address {
	struct slice display; /* UTF-8, may be empty; a comment if no phrase */
	struct slice mailbox; /* "local@domain" as written, routes cut off */
	struct slice domain;  /* lower case, may be empty */
};

struct address_list {
	struct address *at;
	size_t n, cap;
	bool cut; /* more than `most` addresses */
	bool odd; /* route, NUL, encoded word as address, unbalanced quoting,
		     two addresses in one, ':' without a group */
};

/* text: one field's value, folded or not. */
void address_parse(
    struct address_list *l, struct arena *a, struct slice text, size_t most);

#endif
