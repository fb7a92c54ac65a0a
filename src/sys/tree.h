/* tree - take away a directory and all that is below it.
 *
 * For work directories that programs of others wrote into: any names, any
 * nesting, any links. Nothing is followed, nothing recurses: in each round the
 * directories in the top one are emptied, and those inside them moved up, so
 * TREE_ROUNDS bounds the work. Only below a directory that is ours alone.
 */
#ifndef SYS_TREE_H
#define SYS_TREE_H

#include "base/fail.h"

enum { TREE_ROUNDS = 1000 };

/* `name` in `at`; a missing one is success. */
int tree_drop(int at, const char *name, struct fail *why);

#endif
