/* values - the variables that report templates know, for one message. */
#ifndef ACT_VALUES_H
#define ACT_VALUES_H

#include "act/compose.h"
#include "act/template.h"

enum { VALUES_MAX = 24 };

struct values {
	size_t n;
	struct template_value at[VALUES_MAX];
};

/* Everything known of the message: $from $to $subject $id $date $datenumber
 * $hostname $linkhostname $localpostmaster $postmastername $quarantinedir
 * $viruswarningname $messagesize $maxmessagesize. */
void values_init(
    struct values *v, const struct message *m, const struct act_context *ctx);
/* Replace or add one ($report, $filename ...). */
void values_set(struct values *v, const char *name, struct slice value);
/* The report `opt` with these values, in a. */
struct slice values_expand(const struct values *v, const struct message *m,
    const struct act_context *ctx, enum option opt, enum template_place place);

#endif
