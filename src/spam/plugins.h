/* plugins - SpamAssassin's plugins as names: what they answer to can() and
 * has(), and the functions they bring for `eval:`. */
#ifndef SPAM_PLUGINS_H
#define SPAM_PLUGINS_H

#include <stdbool.h>

#include "base/slice.h"
#include "spam/rules.h"

struct plugin_eval {
	const char *name;
	const char *plugin;  /* without Mail::SpamAssassin::Plugin:: */
	enum rule_type type; /* RULE_EMPTY: any */
};

/* The short name of a plugin we have built in ("DKIM"), NULL: none of ours.
 * Old names of renamed plugins are understood. */
const char *plugin_known(struct slice package);
/* A function by its name, NULL: nobody brings it. */
const struct plugin_eval *plugin_eval_find(struct slice name);
/* package::function is there. */
bool plugin_has(struct slice package, struct slice function);

#endif
