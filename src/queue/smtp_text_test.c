#include "queue/smtp_text.h"
#include "test/unit.h"

/* Decode in pieces of `step` bytes; what it ended with. */
static enum smtp_text_step
decode(struct slice in, size_t step, struct buf *out, struct slice *after)
{
	enum smtp_text_state state = SMTP_TEXT_LINE_START;
	enum smtp_text_step got = SMTP_TEXT_MORE;

	for (size_t at = 0; at < in.n; at += step) {
		struct slice part = slice_sub(in, at, at + step), piece;

		for (;;) {
			got = smtp_text_decode(&state, &part, &piece);
			if (got != SMTP_TEXT_PIECE)
				break;
			check(buf_add(out, piece));
		}
		if (got != SMTP_TEXT_MORE) {
			*after = slice_from(
			    in, (at + step < in.n ? at + step : in.n) - part.n);
			return got;
		}
	}
	*after = SLICE_NONE;
	return got;
}

static const struct {
	const char *wire;
	enum smtp_text_step end;
	const char *text, *after;
} decodings[] = {
    {".\r\n", SMTP_TEXT_END, "", ""},
    {"a\r\n.\r\nQUIT\r\n", SMTP_TEXT_END, "a\r\n", "QUIT\r\n"},
    {"..a\r\n.\r\n", SMTP_TEXT_END, ".a\r\n", ""},
    {"..\r\n.\r\n", SMTP_TEXT_END, ".\r\n", ""},
    {".a\r\n.\r\n", SMTP_TEXT_END, "a\r\n", ""},
    {"a.\r\nb..\r\n\r\n.\r\n", SMTP_TEXT_END, "a.\r\nb..\r\n\r\n", ""},
    {"a\r\n", SMTP_TEXT_MORE, "a\r\n", ""},
    {"a\r\n.", SMTP_TEXT_MORE, "a\r\n", ""},
    {"a\r\n.\r", SMTP_TEXT_MORE, "a\r\n", ""},
    /* every end of data that somebody has taken for one */
    {"a\n.\n", SMTP_TEXT_BAD, "a", "\n.\n"},
    {"a\n.\r\nMAIL", SMTP_TEXT_BAD, "a", NULL},
    {"a\r\n.\nMAIL", SMTP_TEXT_BAD, "a\r\n", "\nMAIL"},
    {"a\r\n.\rMAIL", SMTP_TEXT_BAD, "a\r\n", "MAIL"},
    {"a\r.\r\nMAIL", SMTP_TEXT_BAD, "a", NULL},
    {"a\r.\rMAIL", SMTP_TEXT_BAD, "a", NULL},
    {"a\r\r\n.\r\n", SMTP_TEXT_BAD, "a", NULL},
    {"a\r\n.\r\r\nMAIL", SMTP_TEXT_BAD, "a\r\n", NULL},
    {"a\n\r\n.\r\n", SMTP_TEXT_BAD, "a", NULL},
    {"\n.\r\n", SMTP_TEXT_BAD, "", NULL},
    {"\r.\r\n", SMTP_TEXT_BAD, "", NULL},
    {".\n", SMTP_TEXT_BAD, "", NULL},
};

UNIT(only_crlf_dot_crlf_ends_the_data)
{
	for (size_t i = 0; i < COUNT_OF(decodings); i++) {
		struct slice wire = slice_str(decodings[i].wire), after;

		for (size_t step = 1; step <= wire.n; step++) {
			struct buf out;

			buf_init(&out, 1000);
			check_int(
			    decode(wire, step, &out, &after), decodings[i].end);
			check_slice(buf_slice(&out), decodings[i].text);
			if (decodings[i].after != NULL)
				check_slice(after, decodings[i].after);
			buf_fini(&out);
		}
	}
}

UNIT(every_other_byte_goes_through)
{
	char all[600];
	size_t n = 0;
	struct buf out;
	struct slice after;

	for (int i = 0; i < 256; i++)
		if (i != '\r' && i != '\n')
			all[n++] = (char)i;
	memcpy(all + n, "\r\n.\r\n", 5);
	for (size_t step = 1; step < 300; step += 7) {
		buf_init(&out, 1000);
		check_int(decode(slice_of(all, n + 5), step, &out, &after),
		    SMTP_TEXT_END);
		check_bytes(buf_slice(&out), slice_of(all, n + 2));
		buf_fini(&out);
	}
}

static const struct {
	const char *stored, *wire;
	bool repaired;
} encodings[] = {
    /* "@" stands for NUL in what is stored */
    {"a\r\n@.\r\nb\n", "a\r\n .\r\nb\r\n.\r\n", true},
    {"a\r\n.@\r\n@", "a\r\n.. \r\n \r\n.\r\n", true},
    {"a\r@\n.\r\n", "a  \r\n..\r\n.\r\n", true},
    {"", ".\r\n", false},
    {"a\r\n", "a\r\n.\r\n", false},
    {"a\n", "a\r\n.\r\n", false},
    {"a", "a\r\n.\r\n", false},
    {".\n", "..\r\n.\r\n", false},
    {"..a\r\n.", "...a\r\n..\r\n.\r\n", false},
    {"a\n.\nMAIL FROM:<>\n", "a\r\n..\r\nMAIL FROM:<>\r\n.\r\n", false},
    {"a\r.\r\nb", "a .\r\nb\r\n.\r\n", true},
    {"a\r\r\n.\r\n", "a \r\n..\r\n.\r\n", true},
    {"a\n\r.\r\n", "a\r\n .\r\n.\r\n", true},
    {"a\r", "a \r\n.\r\n", true},
    {"\n\n", "\r\n\r\n.\r\n", false},
};

UNIT(no_stored_bytes_end_the_data)
{
	for (size_t i = 0; i < COUNT_OF(encodings); i++) {
		struct slice stored = slice_str(encodings[i].stored);
		char bytes[100];

		for (size_t k = 0; k < stored.n; k++)
			bytes[k] = stored.p[k] == '@' ? '\0' : stored.p[k];
		stored.p = bytes;
		for (size_t step = 1; step <= stored.n + 1; step++) {
			struct smtp_encoder e = {.cr = false};
			struct buf out;

			buf_init(&out, 1000);
			for (size_t at = 0; at < stored.n; at += step)
				check(smtp_encode(&e,
				    slice_sub(stored, at, at + step), &out));
			check(smtp_encode_end(&e, &out));
			check_slice(buf_slice(&out), encodings[i].wire);
			check_int(e.repaired, encodings[i].repaired);
			buf_fini(&out);
		}
	}
}

UNIT_MAIN(unit(only_crlf_dot_crlf_ends_the_data),
    unit(every_other_byte_goes_through), unit(no_stored_bytes_end_the_data))
