/* examine - everything that is thought about one message, and nothing done.
 *
 * parse -> unpack, names, content -> viruses -> plan -> edits, with the time
 * of each stage. The worker of the daemon and `reeve scan` use the same
 * function. All of it lives in the arena of the message.
 */
#ifndef DAEMON_EXAMINE_H
#define DAEMON_EXAMINE_H

#include "act/compose.h"
#include "act/explain.h"
#include "act/outcome.h"
#include "act/plan.h"
#include "act/template.h"
#include "mail/message.h"
#include "scan/scan.h"
#include "scan/virus.h"

/* Ask somebody for viruses and add what he says to m (virus_apply,
 * virus_apply_failure). deadline: monotonic nanoseconds. */
typedef void examine_virus_fn(struct message *m, uint64_t deadline, void *ctx);
/* Called when a stage begins, with MailScanner's words for it. */
typedef void examine_stage_fn(const char *words, void *ctx);

struct examiner {
	const struct conf *conf;
	struct scanner *scanner;
	struct act_context act;
	uint64_t time_ns;       /* for the checks of one message */
	uint64_t virus_time_ns; /* in addition, for virus scanners */
	examine_virus_fn *virus;
	examine_stage_fn *stage; /* may be NULL */
	void *ctx;
};

struct examination {
	struct message msg;
	struct plan *plan;
	struct edits edits;
	struct stages stages;
};

/* raw and env outlive the examination. */
void examine_message(struct examination *x, struct arena *a,
    struct examiner *by, const struct envelope *env, struct slice raw);
/* What the keeper is to do. */
void examine_outcome(
    struct examination *x, struct examiner *by, struct outcome *out);

#endif
