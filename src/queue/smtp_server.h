/* smtp_server - one SMTP or LMTP session as a state machine: bytes to replies.
 *
 * No sockets, no clock, no files: the driver feeds what came, appends what the
 * machine puts into `out`, and does what the events ask. The session is the
 * same however the bytes are cut. After BEGIN and END the machine waits for
 * the driver's word and eats nothing.
 *
 * Offered: PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES SMTPUTF8 DSN, and to
 * trusted peers XFORWARD and XCLIENT (whose data then is the envelope's). Not
 * offered: STARTTLS, AUTH, CHUNKING. Lines end in CRLF only: a bare CR or LF
 * in a command or a message is answered with 521 and the session is over, the
 * message not taken. Limits: docs/limits.md.
 *
 * Source: RFC 5321, 1870, 2033, 2034, 2920, 3461, 4954 (AUTH=), 6152, 6531.
 */
#ifndef QUEUE_SMTP_SERVER_H
#define QUEUE_SMTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "mail/envelope.h"

enum {
	SMTP_COMMAND_MAX = 4096,     /* a longer line is a 500 */
	SMTP_SERVER_OUT_MAX = 16384, /* replies not yet taken; then FLUSH */
	SMTP_SERVER_ERRORS_MAX = 20, /* then 421 and the end */
	SMTP_SERVER_IDLE_MAX = 100,  /* NOOP, RSET ... between messages; each
					one more is an error */
	SMTP_SERVER_REFUSED_MAX =
	    1000, /* recipients past the limit; then 421 */
};

enum smtp_server_event {
	SMTP_SERVER_MORE,    /* everything is eaten: feed what comes next */
	SMTP_SERVER_FLUSH,   /* write `out` before feeding more */
	SMTP_SERVER_BEGIN,   /* DATA: answer with _go or _refuse */
	SMTP_SERVER_CONTENT, /* bytes of the message: store them */
	SMTP_SERVER_END,     /* the message is complete: answer with _answer */
	SMTP_SERVER_CANCEL,  /* drop what was stored since BEGIN */
	SMTP_SERVER_CLOSE,   /* write `out`, then close */
};

struct smtp_server_settings {
	struct slice host; /* in banner and EHLO; these slices must outlive */
	struct slice client_ip;
	struct slice client_name;
	bool lmtp;
	bool trusted;            /* XFORWARD, XCLIENT, AUTH= are taken */
	uint64_t message_max;    /* 0: no limit */
	unsigned recipients_max; /* per message */
};

struct smtp_server;

/* A reply: code, enhanced status, text (ASCII, one line, no line end). */
struct smtp_answer {
	unsigned code;
	const char *status; /* "2.0.0" */
	const char *text;
};

/* Replies go into `out`, whose maximum is at least 2 * SMTP_SERVER_OUT_MAX and
 * 128 bytes for each recipient (LMTP). The greeting is in it at once. */
struct smtp_server *smtp_server_new(const struct smtp_server_settings *set,
    struct buf *out) ATTR_RET_NONNULL ATTR_NODISCARD;
void smtp_server_free(struct smtp_server *s); /* NULL is allowed */

/* Eat from the front of *in up to the next event; *content is set by CONTENT
 * and views *in or constant memory. */
enum smtp_server_event smtp_server_next(
    struct smtp_server *s, struct slice *in, struct slice *content);
/* From BEGIN until the answer. id and received_at are the driver's to set. */
struct envelope *smtp_server_envelope(struct smtp_server *s) ATTR_RET_NONNULL;

/* After BEGIN: 354, or another reply (the transaction is over then). */
void smtp_server_go(struct smtp_server *s);
void smtp_server_refuse(struct smtp_server *s, struct smtp_answer why);
/* Between BEGIN and END: swallow the rest and answer with `why` at its end. The
 * driver has dropped what it stored; no CANCEL follows. The texts must be
 * constants. */
void smtp_server_spoil(struct smtp_server *s, struct smtp_answer why);
/* After END: the reply, in LMTP once for each recipient. */
void smtp_server_answer(struct smtp_server *s, struct smtp_answer a);

/* End the session with 421 (timeout, shutdown). The next event is CANCEL if a
 * message was under way, then CLOSE. */
void smtp_server_end(struct smtp_server *s, struct smtp_answer why);
/* No message is under way and no transaction has begun. */
bool smtp_server_idle(const struct smtp_server *s);
/* Bytes of the message so far. */
uint64_t smtp_server_size(const struct smtp_server *s);
/* The SIZE= of MAIL, 0 if there was none. */
uint64_t smtp_server_declared(const struct smtp_server *s);

#endif
