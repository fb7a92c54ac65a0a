/* inscribe - texts above and below what a person reads in a message.
 *
 * Warnings go above, signatures below. They go into the leaves that mail
 * software shows first: the text of a plain message, the first part of a
 * multipart, every form of an alternative; never into anything signed,
 * encrypted, attached, or forwarded. What is there stays byte for byte, but
 * for base64, which is written anew when something goes below it. The texts
 * take the charset, the encoding and the line ends of the leaf, and none of
 * their lines can be a boundary.
 */
#ifndef ACT_INSCRIBE_H
#define ACT_INSCRIBE_H

#include <stdbool.h>

#include "mail/edits.h"
#include "mail/message.h"

enum {
	INSCRIBE_LEAVES_MAX = 16,        /* changed in one message */
	INSCRIBE_TEXT_MAX = 1 << 20,     /* of one text */
	INSCRIBE_REWRITE_MAX = 16 << 20, /* decoded bytes of a base64 leaf */
	INSCRIBE_LINE_MAX = 900,         /* longer lines are broken */
	INSCRIBE_TAG_SEARCH = 1 << 16,   /* of an HTML leaf, at either end */
};

/* Leaves to write into, in order; at most INSCRIBE_LEAVES_MAX. */
size_t inscribe_leaves(
    const struct mime_tree *tree, const struct mime_part **out);
/* text (UTF-8, LF) as it stands in `p`: charset and boundaries minded. */
struct slice inscribe_text(
    struct arena *a, const struct mime_part *p, struct slice text, bool html);
/* Both may be empty. Text for an HTML leaf is HTML. The word _SIGNATURE_ in
 * the leaf is where `below` goes, if it is there. */
void inscribe_leaf(struct edits *out, struct arena *a, const struct message *m,
    const struct mime_part *p, struct slice above, struct slice below);

#endif
