/* compose - the changed message, as byte-range edits over the one that came.
 *
 * Only what has to change is touched: header fields of our own, the subject
 * line when it gets a tag, the leaves that a warning replaces. Line ends
 * follow the message (CRLF when its header uses it). Nothing of raw is copied.
 * What compose adds is legal by RFC 5322, 2045-2047 and 2231: lines of at most
 * 998 bytes, headers folded at 76, no bare CR, ASCII headers.
 */
#ifndef ACT_COMPOSE_H
#define ACT_COMPOSE_H

#include "act/plan.h"
#include "act/template.h"
#include "mail/edits.h"

/* What deeds need to know of the world. */
struct act_context {
	const struct templates *templates;
	struct slice hostname; /* of this machine, for records */
	int64_t now;           /* Unix time */
};

/* The edits that carry out p on m. */
void compose_edits(struct edits *out, struct message *m, const struct plan *p,
    const struct act_context *ctx);
/* The header block after the edits (also when nothing changes), in arena. */
struct slice compose_header(const struct message *m, const struct edits *e);
/* A name of the alphabet that outcome_name_ok permits, at most `most` bytes.
 * Different names may become the same. */
struct slice compose_safe_name(struct arena *a, struct slice name, size_t most);
/* Directory of m in the quarantine, "YYYYMMDD/ID", names made safe. The day is
 * the local one, as MailScanner's. */
struct slice compose_quarantine_place(
    struct arena *a, struct slice id, int64_t now);
struct slice compose_quarantine_dir(
    const struct message *m, const struct act_context *ctx);
/* The same for people: below the directory of the configuration. */
struct slice compose_quarantine_path(struct arena *a, const struct conf *c,
    const struct subject *s, struct slice place);

#endif
