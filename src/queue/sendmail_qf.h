/* sendmail_qf - the bytes of a sendmail queue file (qf): read, and written
 * anew.
 *
 * A qf is lines; the first byte says what a line is, a line that begins with a
 * blank goes on with the one before, the last one is ".". What is not
 * understood is kept byte for byte and written where it stood. Header fields
 * are kept in sendmail's inner form (a byte 0x80-0x9f or 0xff of the message
 * has 0xff in front, an unquoted one is a macro) and shown in the form of the
 * message; a field that nobody changes is written with the bytes it had, its
 * conditions (H?flags?) included.
 *
 * Pure: bytes in, bytes out. Any bytes may be parsed; everything is linear.
 * Source: sendmail 8.17, queue.c (queueup, readqf), and files it wrote.
 */
#ifndef QUEUE_SENDMAIL_QF_H
#define QUEUE_SENDMAIL_QF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "mail/edits.h"
#include "mail/envelope.h"

enum {
	SENDMAIL_QF_MAX = 16 * 1024 * 1024, /* bytes of a qf */
	SENDMAIL_QF_VERSION = 8,            /* newest one we know */
};

struct qf_record {
	struct slice raw; /* with its line ends */
	char type;
	size_t recipient; /* R: index in env.recipients */
};

/* A header field: text [at, end) of header. */
struct qf_field {
	size_t at, end;
	size_t record;
};

struct sendmail_qf {
	VEC_OF(struct qf_record) records; /* all but the last, "." */
	VEC_OF(struct qf_field) fields;
	struct slice header;   /* as in a message; no empty line */
	struct envelope env;   /* without an id */
	struct slice body_dir; /* of a d record, or empty */
};

enum qf_verdict {
	QF_WHOLE,
	QF_UNFINISHED, /* no end yet: somebody may be writing */
	QF_BAD,        /* *why says what is wrong */
};

/* Slices view bytes or live in a. */
enum qf_verdict sendmail_qf_parse(struct sendmail_qf *qf, struct slice bytes,
    struct arena *a, const char **why);

struct qf_change {
	const struct edits *edits; /* over the message; NULL: none */
	/* NULL: the envelope's own */
	const struct recipient *recipients;
	size_t recipient_count;
	bool new_body; /* in a file of its own */
};

/* The header's new text, in a message's form; edits behind it are not looked
 * at, an insertion at its very end is. false: they end the header early (an
 * empty line), or reach over its end. */
bool sendmail_qf_header(
    struct buf *out, const struct sendmail_qf *qf, const struct edits *edits);
/* The changed qf. sendmail_qf_header has been asked. FAIL_BAD: an address
 * cannot be written; FAIL_FULL: out is full. */
int sendmail_qf_write(struct buf *out, const struct sendmail_qf *qf,
    const struct qf_change *change, struct fail *why) ATTR_NODISCARD;
/* The same with a header of its own, in a message's form. */
int sendmail_qf_write_header(struct buf *out, const struct sendmail_qf *qf,
    const struct qf_change *change, struct slice header, struct fail *why)
    ATTR_NODISCARD;
/* A qf for a message of our own. */
int sendmail_qf_new(struct buf *out, const struct envelope *env,
    struct slice header, int64_t now, bool eight_bit, struct fail *why)
    ATTR_NODISCARD;

/* The header and the body of a message: cut at the first empty line, which
 * belongs to neither. */
void sendmail_qf_split(
    struct slice message, struct slice *header, struct slice *body);

#endif
