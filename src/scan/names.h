/* names - file name and file type rules, asked about every reading.
 *
 * Allow, then deny patterns of the options, then the rule files from the top;
 * the first that matches decides about one reading of a name, and the worst
 * decision about any reading is the entity's. Members of archives (see
 * Archives Are) have rule sets of their own. All rule files and patterns that
 * any ruleset can give are compiled by names_new; a file that cannot be read
 * makes messages it applies to incomplete, never permitted.
 */
#ifndef SCAN_NAMES_H
#define SCAN_NAMES_H

#include "config/conf.h"
#include "mail/message.h"
#include "scan/unpacking.h"

enum {
	NAMES_FILE_MAX = 4 * 1024 * 1024, /* bytes of one rule file */
	NAMES_FINDINGS_MAX = 500,         /* of one message; then as a whole */
	NAMES_RENAMED_MAX = 255,          /* bytes of a new name; cut */
};

struct names;

/* Never fails; what cannot be compiled or read is logged. */
struct names *names_new(const struct conf *c) ATTR_NODISCARD ATTR_RET_NONNULL;
void names_free(struct names *n); /* NULL is allowed */
/* Problems of the rule files, with file and line: for a check. */
const struct problems *names_problems(const struct names *n);

/* marks: by entity index, see unpacking.h. deadline: monotonic ns. */
void names_check(const struct names *n, struct message *m,
    const struct unpacking *x, uint64_t deadline);

/* Some recipient wants the file types looked at. */
bool names_wants_types(const struct message *m);

#endif
