/* title - the words a process shows in ps.
 *
 * title_init once, early, in the process whose children will have titles: it
 * moves the environment and uses the place of the arguments. Where that place
 * cannot be found titles only change the short name of the process.
 */
#ifndef SYS_TITLE_H
#define SYS_TITLE_H

#include "base/attr.h"

void title_init(void);
/* "MailScanner: waiting for messages" */
void title_set(const char *fmt, ...) ATTR_PRINTF(1, 2);

#endif
