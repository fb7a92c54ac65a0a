/* structure - sizes, counts and what the shape of the message gives away.
 *
 * Message and attachment sizes, number of attachments, fragments, bodies kept
 * elsewhere, encryption that is wanted or not, and what the MIME parser could
 * not see whole or sees in more than one way.
 */
#ifndef SCAN_STRUCTURE_H
#define SCAN_STRUCTURE_H

#include "mail/message.h"

/* all: everything; else only what is never left out (fragments, external
 * bodies, limits, readings): Dangerous Content Scanning is off. */
void structure_check(struct message *m, bool all);

#endif
