/* smtp_text - a message between 354 and the final dot: dots and line ends.
 *
 * In: only CRLF ends a line and only CRLF.CRLF ends the message. A bare LF, a
 * bare CR, whatever stands around it, is BAD: two programs may see an end of
 * data in it at different places, which is all that SMTP smuggling needs.
 * Everything else goes through byte for byte, NUL and 8-bit included.
 *
 * Out: every line end becomes CRLF (stored messages may have LF), a bare CR
 * or a NUL (which a peer may drop before it looks for the end) becomes a space,
 * dots are stuffed after that, and a last line without end gets one. So no
 * stored byte sequence can end the data early for any peer.
 *
 * Both are chunk-blind and hold no bytes beyond one CR.
 */
#ifndef QUEUE_SMTP_TEXT_H
#define QUEUE_SMTP_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

enum smtp_text_state {
	SMTP_TEXT_LINE_START, /* 0: where a decoder begins */
	SMTP_TEXT_IN_LINE,
	SMTP_TEXT_CR,
	SMTP_TEXT_DOT,
	SMTP_TEXT_DOT_CR,
};

enum smtp_text_step {
	SMTP_TEXT_MORE,  /* all eaten */
	SMTP_TEXT_PIECE, /* *piece belongs to the message; go on */
	SMTP_TEXT_END,   /* final dot eaten; *in is what follows */
	SMTP_TEXT_BAD,   /* a bare LF or CR */
};

/* Eat the front of *in. A piece views *in or constant memory. */
enum smtp_text_step smtp_text_decode(
    enum smtp_text_state *state, struct slice *in, struct slice *piece);

struct smtp_encoder {
	bool in_line;  /* the last byte written was no line end */
	bool cr;       /* a CR waits for what follows it */
	bool repaired; /* some byte was replaced */
};

/* Append `in` as it goes over the wire: at most 2 * in.n + 2 bytes. false when
 * `out` is full (then the transfer is lost). */
bool smtp_encode(struct smtp_encoder *e, struct slice in, struct buf *out);
/* The last line's end, if it has none, and the final dot. */
bool smtp_encode_end(struct smtp_encoder *e, struct buf *out);

#endif
