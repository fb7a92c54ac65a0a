/* scan - look at everything in a message that needs no other process.
 *
 * Unpacks archives (by content, in memory, within limits), finds out file
 * types, and checks names, types, sizes, counts, and what the structure of the
 * message itself gives away. Only adds entities, findings and incompletes.
 */
#ifndef SCAN_SCAN_H
#define SCAN_SCAN_H

#include <stdint.h>

#include "base/fail.h"
#include "mail/message.h"

struct scanner;

/* Opens libmagic's database, compiles the rule files the configuration names
 * and opens charset converters: afterwards scan_message opens no file. NULL
 * and *why when file types cannot be told at all. */
struct scanner *scanner_new(const struct conf *c, struct fail *why)
    ATTR_NODISCARD;
void scanner_free(struct scanner *s);
/* What is wrong with the rule files; messages they would be asked about are
 * incomplete. */
const struct problems *scanner_problems(const struct scanner *s);

/* deadline: monotonic nanoseconds; what is not done by then is incomplete. */
void scan_message(struct scanner *s, struct message *m, uint64_t deadline);

#endif
