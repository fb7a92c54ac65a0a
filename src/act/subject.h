/* subject - tags in the Subject line of a message, aware of RFC 2047.
 *
 * The bytes of the subject that came stay as they are: tags are put in front
 * of or behind them. A tag that is there already is not put twice, also when
 * the subject is made of encoded words. Subject lines beyond the first are
 * dropped once a tag is set.
 */
#ifndef ACT_SUBJECT_H
#define ACT_SUBJECT_H

#include "act/heads.h"

struct subject_line {
	struct arena *arena;
	struct heads *heads;
	struct head *field; /* NULL: there is no Subject */
	struct slice shown; /* decoded, with the tags so far */
	struct slice before, after;
};

void subject_init(struct subject_line *s, struct arena *a, struct heads *h);
/* tag: UTF-8. */
void subject_tag(struct subject_line *s, struct slice tag, bool end);
void subject_finish(struct subject_line *s);
/* The decoded subject of a header block, one line, UTF-8. */
struct slice subject_text(struct arena *a, struct heads *h);

#endif
