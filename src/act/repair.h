/* repair - what changes inside the body: warnings for parts, new names.
 *
 * A blocked part is replaced by a text part of the same place in the tree; a
 * finding about the whole message replaces the whole body. Parts are replaced
 * by byte range and never re-encoded; inside a replaced part nothing else is
 * touched. A warning on top of the text goes into text leaves that most
 * software shows, never into signed or encrypted parts.
 */
#ifndef ACT_REPAIR_H
#define ACT_REPAIR_H

#include "act/compose.h"
#include "act/heads.h"
#include "base/map.h"

struct repair {
	struct message *m;
	const struct plan *p;
	const struct act_context *ctx;
	struct heads *top; /* of the message; changed by whole repairs */
	struct slice warning_name;
	struct map replaced; /* parts that give way to a warning */
	struct map touched;  /* parts whose header is changed or gone */
	struct edits body;   /* behind the header of the message */
};

void repair_init(struct repair *r, struct message *m, const struct plan *p,
    const struct act_context *ctx, struct heads *top);
/* Work out everything; changes of the message's own header go to top. true
 * when the body changes. */
bool repair_plan(struct repair *r);
/* The edits of the body. */
void repair_edits(const struct repair *r, struct edits *out);

#endif
