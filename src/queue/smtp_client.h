/* smtp_client - the sending side of SMTP and LMTP as a state machine.
 *
 * No sockets, no clock, no files: the driver connects, writes what is put into
 * `out`, feeds what the peer says and streams the message when BODY asks for
 * it (through smtp_encode). One session may carry several jobs one after the
 * other. Every recipient ends with a result; whatever the peer does, the worst
 * is "try again later".
 *
 * Parameters go out when the peer offers their extension. Where it does not:
 *	SIZE, DSN, AUTH=   left out (`dsn` in the result says so)
 *	SMTPUTF8           left out if no address and no header needs it, else
 *	                   5.6.7 / 5.6.9 without asking the peer
 *	BODY=8BITMIME      left out if all bytes are ASCII, else 5.6.3: we do
 *	                   not convert, that would break signatures. A message
 *	                   that came with 8-bit bytes undeclared goes out so.
 *	SIZE=              a message over the offered limit is 5.3.4
 * A refused greeting or EHLO and anything that is no SMTP reply is temporary.
 *
 * Source: RFC 5321, 1870, 2033, 2034, 2920, 3461, 6152, 6531.
 */
#ifndef QUEUE_SMTP_CLIENT_H
#define QUEUE_SMTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "mail/envelope.h"

enum {
	SMTP_REPLY_LINE_MAX = 2048, /* the rest of a line is not kept */
	SMTP_REPLY_LINES_MAX = 200, /* in one reply; more is no SMTP */
	SMTP_REPLY_TEXT_MAX = 300,
	SMTP_CLIENT_GROUP = 50, /* recipients on their way unanswered */
	/* A maximum for `out`: a group of commands, and a piece of a body. */
	SMTP_CLIENT_OUT_MAX = 256 * 1024,
};

enum smtp_result_state {
	SMTP_RESULT_PENDING,
	SMTP_RESULT_ACCEPTED, /* RCPT was; the message is not yet */
	SMTP_RESULT_DELIVERED,
	SMTP_RESULT_TEMPORARY,
	SMTP_RESULT_PERMANENT,
};

struct smtp_result {
	enum smtp_result_state state;
	unsigned code;   /* the peer's, or what it would have said */
	char status[12]; /* "5.1.1" */
	bool dsn;        /* the peer took over our DSN duties */
	bool remote;     /* the text is the peer's, not ours */
	char text[SMTP_REPLY_TEXT_MAX]; /* printable, with code and status */
};

struct smtp_delivery {
	const struct recipient *recipient;
	struct smtp_result result;
	bool asked; /* private: its RCPT was sent */
};

struct smtp_job {
	const struct envelope *env; /* its recipients are not looked at */
	struct smtp_delivery *to;
	size_t count;
	uint64_t size;    /* as it goes over the wire, 0: unknown */
	bool eight_bit;   /* some byte is not ASCII */
	bool utf8_header; /* some header byte is not ASCII */
};

enum smtp_client_event {
	SMTP_CLIENT_WAIT,  /* write `out`, feed what comes */
	SMTP_CLIENT_READY, /* greeted: give it a job */
	SMTP_CLIENT_BODY,  /* send the encoded message, then _sent */
	SMTP_CLIENT_DONE,  /* all results are there; READY follows, or CLOSE */
	SMTP_CLIENT_CLOSE, /* write `out` if possible, then close */
};

struct smtp_client_settings {
	struct slice host; /* our name; must outlive the client */
	bool lmtp;
	bool forward; /* pass on the client's data by XFORWARD when offered */
};

struct smtp_client;

struct smtp_client *smtp_client_new(const struct smtp_client_settings *set,
    struct buf *out) ATTR_RET_NONNULL ATTR_NODISCARD;
void smtp_client_free(struct smtp_client *c); /* NULL is allowed */

/* Eat from the front of *in up to the next event. */
enum smtp_client_event smtp_client_next(
    struct smtp_client *c, struct slice *in);
/* A job for a READY client; it must live until DONE. */
void smtp_client_send(struct smtp_client *c, struct smtp_job *job);
/* After BODY: the message and its final dot are in `out`. */
void smtp_client_sent(struct smtp_client *c);
/* The connection failed, was closed, or a deadline passed: recipients without
 * a result get "4.4.x text". The next events are DONE (if there is a job) and
 * CLOSE. */
void smtp_client_lost(
    struct smtp_client *c, const char *status, const char *text);
/* Say QUIT; CLOSE follows the peer's answer. */
void smtp_client_quit(struct smtp_client *c);
/* How long the driver should wait for the present answer, in seconds
 * (RFC 5321 section 4.5.3.2). */
unsigned smtp_client_patience(const struct smtp_client *c);

/* A result of our own making. */
void smtp_result_set(struct smtp_result *r, enum smtp_result_state state,
    const char *status, const char *text);

#endif
