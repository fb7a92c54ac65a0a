/* inspect - examine messages aside from any queue: `reeve scan`.
 *
 * The same jailed worker and the same engine as in the daemon, with this
 * process in the place of supervisor and keeper. One pair serves many
 * messages; when it dies or is too slow it is replaced, and the message it
 * had is told as what it is: not examined.
 */
#ifndef DAEMON_INSPECT_H
#define DAEMON_INSPECT_H

#include "daemon/settings.h"
#include "mail/envelope.h"

struct inspector;

/* s (settings_load_budget) and its conf outlive the inspector. */
struct inspector *inspector_new(const struct settings *s) ATTR_RET_NONNULL;
void inspector_free(struct inspector *i);

/* Examine the `size` bytes of fd. 0 and the JSON object of explain_json in
 * *json (valid until the next call) and its exit status in *status; or a FAIL
 * code when the worker did not come to an end, *why in words. */
int inspector_examine(struct inspector *i, int fd, uint64_t size,
    const struct envelope *env, struct slice label, struct slice *json,
    int *status, struct fail *why) ATTR_NODISCARD;

#endif
