/* notice - mail of our own about a message: to its sender, to the postmaster.
 *
 * Notices are complete RFC 5322 messages with LF line ends, sent with the null
 * sender, marked "Auto-Submitted: auto-generated" and with a header of our own
 * so that neither we nor others answer them: never a loop. A sender is not
 * told when he has no address, when the mail was itself automatic, by the
 * Precedence words of the configuration, or when the virus forges senders
 * (silent).
 */
#ifndef ACT_NOTICE_H
#define ACT_NOTICE_H

#include "act/compose.h"
#include "act/outcome.h"

/* Why a notice is not sent; NULL: it may be. Asked by plan_new too. */
const char *notice_sender_barred(const struct message *m);

/* Add the notices that the plan asks for. */
void notice_add(struct outcome *o, struct message *m, const struct plan *p,
    const struct act_context *ctx);
/* One notice to the administrators from an envelope alone (poison mail). */
void notice_add_poison(struct outcome *o, struct arena *a,
    const struct conf *conf, const struct envelope *env,
    const struct act_context *ctx, struct slice report);

#endif
