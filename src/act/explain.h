/* explain - the story of a message, for people and for programs.
 *
 * explain_json writes one object with the keys of `reeve scan --json`; the
 * record of a message is the same object with more keys (act/record.h).
 * explain_text prints such an object, so a live message and one from history
 * read the same.
 */
#ifndef ACT_EXPLAIN_H
#define ACT_EXPLAIN_H

#include "act/compose.h"
#include "act/plan.h"
#include "base/buf.h"
#include "base/json.h"

/* Times per stage, in the order they ran. */
enum { STAGES_MAX = 16 };
struct stages {
	size_t n;
	struct stage {
		const char *name; /* "parse", "unpack", "virus" ... */
		uint64_t ns;
	} at[STAGES_MAX];
};
void stages_add(struct stages *s, const char *name, uint64_t ns);

/* One JSON object, no newline. file: what "file" says. edits: of the message
 * as it would go out. stages may be NULL. */
void explain_json(struct buf *out, struct slice file, const struct message *m,
    const struct plan *p, const struct edits *edits,
    const struct stages *stages);
/* The keys of that object inside an object that is already open. */
void explain_fields(struct json *j, const struct message *m,
    const struct plan *p, const struct edits *edits,
    const struct stages *stages);
/* The story in lines of text from an object of explain_json or a record.
 * false when `object` is not one. */
bool explain_text(struct buf *out, struct slice object);
/* Exit status of `reeve scan` for one message: 0 nothing found, 1 found,
 * 2 some check could not run. */
int explain_status(const struct message *m, const struct plan *p);

#endif
