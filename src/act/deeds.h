/* deeds - from a plan to the outcome that the keeper carries out.
 *
 * deeds_make is all a worker calls once a message is examined: edits, files
 * for the quarantine, notices, log lines and the record. deeds_poison is for
 * the keeper and looks at nothing but the envelope: a message that could not
 * be examined after Maximum Processing Attempts is kept whole.
 */
#ifndef ACT_DEEDS_H
#define ACT_DEEDS_H

#include "act/compose.h"
#include "act/explain.h"
#include "act/outcome.h"
#include "act/plan.h"

/* Everything in m->arena. stages may be NULL. */
void deeds_make(struct outcome *o, struct message *m, const struct plan *p,
    const struct act_context *ctx, const struct stages *stages);

/* `attempts`: how many were begun. `size`: of the message. */
void deeds_poison(struct outcome *o, struct arena *a, const struct conf *conf,
    const struct envelope *env, const struct act_context *ctx,
    unsigned attempts, uint64_t size);

#endif
