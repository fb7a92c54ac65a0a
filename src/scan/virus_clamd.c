#include "scan/virus_clamd.h"

#include "base/text.h"

struct slice
clamd_command(enum clamd_ask ask)
{
	return ask == CLAMD_ASK_FILDES ? slice_of("zFILDES", 8)
				       : slice_of("zINSTREAM", 10);
}

void
clamd_chunk_head(uint32_t size, unsigned char head[CLAMD_CHUNK_HEAD])
{
	head[0] = (unsigned char)(size >> 24);
	head[1] = (unsigned char)(size >> 16 & 0xff);
	head[2] = (unsigned char)(size >> 8 & 0xff);
	head[3] = (unsigned char)(size & 0xff);
}

/* Cut "digits" and then `after` off the front; the number must be id unless
 * id is UINT32_MAX. */
static bool
take_number(struct slice *s, uint32_t id, const char *after)
{
	uint64_t value = 0;
	size_t n = 0;

	while (n < s->n && n < 10 && text_is_digit(s->p[n]))
		value = value * 10 + (uint64_t)(s->p[n++] - '0');
	if (n == 0 || (n > 1 && s->p[0] == '0') ||
	    (id != UINT32_MAX && value != id))
		return false;
	*s = slice_from(*s, n);
	if (!slice_starts(*s, after))
		return false;
	*s = slice_from(*s, strlen(after));
	return true;
}

static bool
take_subject(struct slice *s, enum clamd_ask ask)
{
	if (ask == CLAMD_ASK_STREAM) {
		if (!slice_starts(*s, "stream: "))
			return false;
		*s = slice_from(*s, 8);
		return true;
	}
	if (!slice_starts(*s, "fd["))
		return false;
	*s = slice_from(*s, 3);
	return take_number(s, UINT32_MAX, "]: ");
}

/* "NAME(44d8...:68)", as clamd says it with ExtendedDetectionInfo. */
static struct slice
without_digest(struct slice name)
{
	ptrdiff_t at = slice_rchr(name, '(');
	struct slice inner;
	size_t i;

	if (at <= 0 || name.p[name.n - 1] != ')')
		return name;
	inner = slice_sub(name, (size_t)at + 1, name.n - 1);
	if (slice_chr(inner, ':') < 0)
		return name;
	for (i = 0; i < inner.n; i++)
		if (text_hex(inner.p[i]) < 0 && inner.p[i] != ':')
			return name;
	return slice_sub(name, 0, (size_t)at);
}

/* A line that names what is wrong and ends in ERROR: with the subject in front
 * or, for a stream that is too long, without. */
static bool
parse_refusal(struct slice line, struct clamd_reply *reply)
{
	if (!slice_ends(line, " ERROR"))
		return false;
	reply->answer = CLAMD_REFUSED;
	reply->text = slice_sub(line, 0, line.n - 6);
	return true;
}

static void
parse_line(struct slice line, unsigned id, enum clamd_ask ask, bool exact,
    struct clamd_reply *reply)
{
	struct slice rest = line;

	*reply = (struct clamd_reply){CLAMD_GARBAGE, line};
	if (!take_number(&rest, id, ": "))
		return;
	if (!take_subject(&rest, ask)) {
		(void)parse_refusal(rest, reply);
		return;
	}
	if (slice_is(rest, "OK") && exact) {
		*reply = (struct clamd_reply){CLAMD_CLEAN, SLICE_NONE};
		return;
	}
	if (rest.n > 6 && slice_ends(rest, " FOUND")) {
		reply->answer = CLAMD_INFECTED;
		reply->text = without_digest(slice_sub(rest, 0, rest.n - 6));
		/* Its way to say that it gave up: no virus, and not clean. */
		if (slice_starts(reply->text, "Heuristics.Limits.Exceeded"))
			reply->answer = CLAMD_REFUSED;
		return;
	}
	(void)parse_refusal(rest, reply);
}

bool
clamd_reply_parse(struct slice received, bool ended, unsigned id,
    enum clamd_ask ask, struct clamd_reply *reply)
{
	ptrdiff_t nul = slice_chr(received, '\0');
	struct slice line =
	    nul < 0 ? received : slice_sub(received, 0, (size_t)nul);

	if (nul < 0 && !ended && received.n < CLAMD_REPLY_MAX)
		return false;
	if (line.n >= CLAMD_REPLY_MAX) {
		*reply = (struct clamd_reply){
		    CLAMD_GARBAGE, SLICE("reply without an end")};
		return true;
	}
	parse_line(
	    line, id, ask, nul >= 0 && (size_t)nul + 1 == received.n, reply);
	return true;
}
