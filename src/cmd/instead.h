/* instead - what happens in place of an option that is not carried out. */
#ifndef CMD_INSTEAD_H
#define CMD_INSTEAD_H

#include <stdbool.h>

#include "base/attr.h"
#include "config/option.h"

/* A sentence without its stop, in the present tense. */
const char *instead_of(enum option opt) ATTR_RET_NONNULL;

/* What happens instead is what this value asks for: "no" to something that is
 * not done. */
bool instead_is_enough(enum option opt, struct slice inside);

#endif
