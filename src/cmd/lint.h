/* lint - what is wrong around a configuration that loads.
 *
 * Looks at the files, directories and programs that options name (in every
 * rule of every ruleset), at who may write them, at rule files, scanners and
 * report texts; what it finds joins conf_problems.
 */
#ifndef CMD_LINT_H
#define CMD_LINT_H

#include "config/conf.h"

struct lint_scanner {
	struct slice keyword, state; /* "ok" or why not */
};

struct lint {
	struct conf *conf;
	VEC_OF(struct lint_scanner) scanners;
	VEC_OF(enum option) uncarried; /* set, but not carried out */
	size_t quiet; /* at their defaults and not carried out */
};

/* Everything; memory is the configuration's. */
void lint_run(struct lint *l, struct conf *c);

#endif
