/* record - what happened to every message, kept to be asked about.
 *
 * The history is an SQLite file in WAL mode with one writer, the recorder
 * process; rows are keyed by (id, claim), so recording twice changes nothing.
 * The view `maillog` has MailWatch's columns. Nothing here is on the path of
 * mail: a failure is logged and mail goes on.
 */
#ifndef ACT_RECORD_H
#define ACT_RECORD_H

#include "base/fail.h"
#include "base/slice.h"

struct record;

/* The recorder: creates file and schema when missing. */
int record_open(struct record **r, const char *path, struct fail *why)
    ATTR_NODISCARD;
/* Readers (`reeve explain`): never writes. */
int record_open_reader(struct record **r, const char *path, struct fail *why)
    ATTR_NODISCARD;
void record_close(struct record *r);

/* Group many record_add calls into one transaction. */
int record_begin(struct record *r, struct fail *why) ATTR_NODISCARD;
int record_commit(struct record *r, struct fail *why) ATTR_NODISCARD;
/* claim: the unique name of the claim; json: from story_json. */
int record_add(struct record *r, struct slice claim, struct slice json,
    struct fail *why) ATTR_NODISCARD;

/* Call fn with the JSON of every record of a message id (or Message-ID when
 * id holds "<"), newest first, at most `max`. Returns how many. */
typedef void record_fn(struct slice json, void *ctx);
int record_find(struct record *r, struct slice id, unsigned max, record_fn *fn,
    void *ctx, struct fail *why) ATTR_NODISCARD;
/* The newest `max` records. */
int record_recent(struct record *r, unsigned max, record_fn *fn, void *ctx,
    struct fail *why) ATTR_NODISCARD;

#endif
