/* report - findings in words for people: one line each, as MailScanner's.
 *
 * The sentences are what templates insert for $report and what MailWatch's
 * `report` column holds. Values are kept as they are (UTF-8, any byte); the
 * place they go to makes them harmless.
 */
#ifndef ACT_REPORT_H
#define ACT_REPORT_H

#include "mail/message.h"

/* In m->arena, without line end, line breaks inside become spaces. */
struct slice report_line(const struct message *m, const struct finding *f);
/* s with line ends and NUL as spaces: for lines that printf makes. */
struct slice report_clean(const struct message *m, struct slice s);
/* How a person knows entity `index`: its name, "the entire message" ... */
struct slice report_name(const struct message *m, int entity);

#endif
