#include "queue/smtp_text.h"

/* Offset of the first CR or LF in s, s.n if there is none. */
static size_t
find_line_end(struct slice s)
{
	const char *lf, *cr;
	size_t n = s.n;

	if (n == 0)
		return 0;
	lf = memchr(s.p, '\n', n);
	if (lf != NULL)
		n = (size_t)(lf - s.p);
	cr = n > 0 ? memchr(s.p, '\r', n) : NULL;
	return cr != NULL ? (size_t)(cr - s.p) : n;
}

/* The longest run of whole clean lines and line beginnings at `at`, up to the
 * next dot that starts a line, stray byte, CR at the end, or the end. */
static size_t
clean_run(struct slice in, size_t at, enum smtp_text_state *state)
{
	while (at < in.n) {
		size_t end;

		if (*state == SMTP_TEXT_LINE_START && in.p[at] == '.')
			break;
		end = at + find_line_end(slice_from(in, at));
		if (end > at)
			*state = SMTP_TEXT_IN_LINE;
		at = end;
		if (in.n - at < 2 || in.p[at] != '\r' || in.p[at + 1] != '\n')
			break;
		at += 2;
		*state = SMTP_TEXT_LINE_START;
	}
	return at;
}

/* One byte in a state that holds something back. */
static enum smtp_text_step
after_held(enum smtp_text_state *state, struct slice *in, struct slice *piece)
{
	char c = in->p[0];

	switch (*state) {
	case SMTP_TEXT_CR:
		if (c != '\n')
			return SMTP_TEXT_BAD;
		*in = slice_from(*in, 1);
		*state = SMTP_TEXT_LINE_START;
		*piece = SLICE("\r\n");
		return SMTP_TEXT_PIECE;
	case SMTP_TEXT_DOT_CR:
		if (c != '\n')
			return SMTP_TEXT_BAD;
		*in = slice_from(*in, 1);
		*state = SMTP_TEXT_LINE_START;
		return SMTP_TEXT_END;
	case SMTP_TEXT_DOT:
		if (c == '\n')
			return SMTP_TEXT_BAD;
		if (c == '\r') {
			*in = slice_from(*in, 1);
			*state = SMTP_TEXT_DOT_CR;
		} else {
			*state = SMTP_TEXT_IN_LINE; /* the dot was stuffed */
		}
		return SMTP_TEXT_MORE;
	case SMTP_TEXT_LINE_START:
	case SMTP_TEXT_IN_LINE:
		break;
	}
	return SMTP_TEXT_MORE;
}

enum smtp_text_step
smtp_text_decode(
    enum smtp_text_state *state, struct slice *in, struct slice *piece)
{
	while (in->n > 0) {
		size_t n;

		if (*state >= SMTP_TEXT_CR) {
			enum smtp_text_step step = after_held(state, in, piece);

			if (step != SMTP_TEXT_MORE)
				return step;
			continue;
		}
		n = clean_run(*in, 0, state);
		if (n > 0) {
			*piece = slice_sub(*in, 0, n);
			*in = slice_from(*in, n);
			return SMTP_TEXT_PIECE;
		}
		if (in->p[0] == '\n')
			return SMTP_TEXT_BAD;
		*state = in->p[0] == '\r' ? SMTP_TEXT_CR : SMTP_TEXT_DOT;
		*in = slice_from(*in, 1);
	}
	return SMTP_TEXT_MORE;
}

/* ---- out ---- */

static void
put_line_end(struct smtp_encoder *e, struct buf *out)
{
	(void)buf_add(out, SLICE("\r\n"));
	e->in_line = false;
}

static void
put_text(struct smtp_encoder *e, struct slice text, struct buf *out)
{
	if (text.n == 0)
		return;
	if (!e->in_line && text.p[0] == '.')
		(void)buf_addc(out, '.');
	e->in_line = true;
	while (text.n > 0) {
		ptrdiff_t nul = slice_chr(text, '\0');
		struct slice clean =
		    nul < 0 ? text : slice_sub(text, 0, (size_t)nul);

		(void)buf_add(out, clean);
		text = slice_from(text, clean.n);
		if (text.n == 0)
			break;
		(void)buf_addc(out, ' ');
		text = slice_from(text, 1);
		e->repaired = true;
	}
}

/* The CR that was held back turned out to stand alone. */
static void
put_stray(struct smtp_encoder *e, struct buf *out)
{
	put_text(e, SLICE(" "), out);
	e->repaired = true;
}

bool
smtp_encode(struct smtp_encoder *e, struct slice in, struct buf *out)
{
	while (in.n > 0) {
		size_t n;

		if (e->cr && in.p[0] != '\n')
			put_stray(e, out);
		e->cr = false;
		n = find_line_end(in);
		put_text(e, slice_sub(in, 0, n), out);
		in = slice_from(in, n);
		if (in.n == 0)
			break;
		if (in.p[0] == '\n')
			put_line_end(e, out);
		else
			e->cr = true;
		in = slice_from(in, 1);
	}
	return !out->full;
}

bool
smtp_encode_end(struct smtp_encoder *e, struct buf *out)
{
	if (e->cr)
		put_stray(e, out);
	e->cr = false;
	if (e->in_line)
		put_line_end(e, out);
	(void)buf_add(out, SLICE(".\r\n"));
	return !out->full;
}
