/* sendmail_qf_private - what reading and writing of a qf share. */
#ifndef QUEUE_SENDMAIL_QF_PRIVATE_H
#define QUEUE_SENDMAIL_QF_PRIVATE_H

#include "queue/sendmail_qf.h"

enum { QF_META_QUOTE = 0xff };

/* The next record: a line and those that go on with it, with their ends. */
bool qf_next(struct slice *rest, struct slice *raw);

#endif
