/* story - the one JSON object per message: for the log and for the history.
 *
 * Has the keys of explain_fields and: id, time, date, messageid, subject,
 * from, to[], client, helo, quarantine, hostname, and "maillog" with the
 * columns of MailWatch's table. Bounded by OUTCOME_RECORD_MAX.
 */
#ifndef ACT_STORY_H
#define ACT_STORY_H

#include "act/explain.h"
#include "act/outcome.h"

/* In m->arena. stages may be NULL. */
struct slice story_json(struct message *m, const struct plan *p,
    const struct edits *edits, const struct act_context *ctx,
    const struct stages *stages);
/* For a message that nobody could examine: from its envelope and from what is
 * done with it. */
struct slice story_poison(struct arena *a, const struct envelope *env,
    const struct act_context *ctx, const struct outcome *o, uint64_t size);

#endif
