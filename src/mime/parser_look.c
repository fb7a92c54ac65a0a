/* Guesses about text: each looks at the beginning or once at all of it. */
#include "base/text.h"
#include "mime/parser_private.h"

enum {
	LOOK_BYTES = 8192,
	LOOK_LINES = 100,
	LOOK_DECODED = 1024,
	GUESSES = 8,
	GUESS_MAX = 200,
	REMARK_MAX = 256,
	LINE_BASE64 = 24, /* letters of a line that is taken for base64 */
};

static bool
is_base64_char(char c)
{
	return text_is_alnum(c) || c == '+' || c == '/';
}

bool
look_is_blank(struct slice text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if (!text_is_space(text.p[i]))
			return false;
	return true;
}

struct slice
look_trim_end(struct slice text)
{
	while (text.n > 0 && text_is_space(text.p[text.n - 1]))
		text.n--;
	return text;
}

/* The name of a field at the start of the line, or nothing. */
static struct slice
field_name(struct slice line)
{
	size_t i;

	for (i = 0; i < line.n && (line.p[i] > ' ' || line.p[i] == '\0') &&
		    line.p[i] < 127;
	     i++)
		if (line.p[i] == ':')
			return slice_sub(line, 0, i);
	return SLICE_NONE;
}

static bool
is_mime_field(struct slice name)
{
	return slice_is_ci(name, "content-type") ||
	       slice_is_ci(name, "content-transfer-encoding") ||
	       slice_is_ci(name, "content-disposition") ||
	       slice_is_ci(name, "mime-version");
}

static bool
is_mail_field(struct slice name)
{
	static const char *const names[] = {"received", "return-path", "from",
	    "to", "subject", "date", "message-id", "reply-to", "cc"};
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++)
		if (slice_is_ci(name, names[i]))
			return true;
	return false;
}

/* A line that ends with any of LF, CR, CRLF and CR CR LF. */
static bool
any_line(struct slice *rest, struct slice *line)
{
	size_t n = 0, next;

	if (rest->n == 0)
		return false;
	while (n < rest->n && rest->p[n] != '\n' && rest->p[n] != '\r')
		n++;
	*line = slice_of(rest->p, n);
	for (next = n; next < rest->n && next < n + 2; next++)
		if (rest->p[next] != '\r')
			break;
	if (next < rest->n && rest->p[next] == '\n')
		next++;
	else if (next > n)
		next = n + 1;
	*rest = slice_from(*rest, next);
	return true;
}

bool
look_is_message(struct slice text)
{
	struct slice rest = slice_sub(text, 0, LOOK_BYTES), line, name;
	size_t lines = 0, fields = 0, mail = 0;

	if (slice_starts(rest, "\xef\xbb\xbf"))
		rest = slice_from(rest, 3);
	while (lines++ < LOOK_LINES && any_line(&rest, &line)) {
		if (fields == 0 && lines <= 3 &&
		    (line.n == 0 || text_is_wsp(line.p[0])))
			continue;
		if (line.n == 0)
			break;
		if (fields == 0 && (slice_starts(line, "From ") ||
				       slice_starts(line, ">From ")))
			continue;
		if (text_is_wsp(line.p[0]) && fields > 0)
			continue;
		name = field_name(line);
		if (name.n == 0)
			break;
		if (is_mime_field(name))
			return true;
		fields++;
		mail += is_mail_field(name);
	}
	return mail >= 3;
}

static bool
is_content_field(struct slice line)
{
	return slice_starts_ci(line, "content-") && field_name(line).n > 0;
}

bool
look_boundary(struct slice text, bool sure, struct slice *boundary)
{
	struct slice guesses[GUESSES], line, s, last = SLICE_NONE;
	struct slice rest = sure ? slice_sub(text, 0, LOOK_BYTES) : text;
	size_t n = 0, i;

	while (slice_line(&rest, &line)) {
		if (last.p != NULL && is_content_field(line)) {
			*boundary = last;
			return true;
		}
		last = SLICE_NONE;
		if (line.n < 2 || line.n > GUESS_MAX || line.p[0] != '-' ||
		    line.p[1] != '-')
			continue;
		s = look_trim_end(slice_from(line, 2));
		last = s.p != NULL ? s : SLICE("");
		if (sure || s.n == 0)
			continue;
		for (i = 0; i < n && slice_ends(s, "--"); i++)
			if (slice_eq(slice_sub(s, 0, s.n - 2), guesses[i])) {
				*boundary = guesses[i];
				return true;
			}
		if (n < GUESSES)
			guesses[n++] = s;
	}
	return false;
}

static bool
is_remark(struct slice text)
{
	return text.n <= REMARK_MAX &&
	       (slice_find_ci(text, SLICE("mime")) >= 0 ||
		   slice_find_ci(text, SLICE("multi")) >= 0 ||
		   slice_find_ci(text, SLICE("signed")) >= 0 ||
		   slice_find_ci(text, SLICE("openpgp")) >= 0);
}

/* Nothing but delimiter lines, of a multipart around or of none. */
static bool
is_delimiters(struct slice text)
{
	struct slice line;

	while (slice_line(&text, &line))
		if (!slice_starts(line, "--") && !look_is_blank(line))
			return false;
	return true;
}

bool
look_is_remark(struct slice text, bool front)
{
	return (front && text.n <= REMARK_MAX) || is_delimiters(text);
}

bool
look_is_base64(struct slice text)
{
	struct slice line;
	size_t i;

	while (slice_line(&text, &line)) {
		line = slice_trim(line);
		if (line.n == 0)
			continue;
		for (i = 0; i < line.n; i++)
			if (!is_base64_char(line.p[i]))
				break;
		return i >= LINE_BASE64 && (i == line.n || line.p[i] == '=');
	}
	return false;
}

bool
look_is_content(struct slice text)
{
	struct slice boundary;

	if (is_remark(slice_trim(text)))
		return codec_sniff(text) != CODEC_IDENTITY;
	return look_is_message(text) || look_boundary(text, true, &boundary) ||
	       codec_sniff(text) != CODEC_IDENTITY ||
	       slice_find_ci(slice_sub(text, 0, LOOK_BYTES), SLICE("<html")) >=
		   0 ||
	       slice_find_ci(
		   slice_sub(text, 0, LOOK_BYTES), SLICE("<script")) >= 0;
}

bool
look_base64_goes_on(struct slice text)
{
	ptrdiff_t pad = slice_chr(text, '=');
	size_t i, n;

	if (pad < 0)
		return false;
	text = slice_from(text, (size_t)pad);
	for (i = 0; i < text.n; i++)
		if (!text_is_space(text.p[i]) && text.p[i] != '=')
			break;
	for (n = 0; i + n < text.n && is_base64_char(text.p[i + n]); n++)
		;
	if (n < 4)
		return false;
	i += n;
	while (i < text.n && text.p[i] == '=')
		i++;
	return i == text.n || text.p[i] == '\n' || text.p[i] == '\r';
}

struct slice
look_decoded(struct arena *a, enum codec_encoding e, struct slice text)
{
	struct codec_result r;

	if (e == CODEC_IDENTITY || e == CODEC_UNKNOWN)
		return text;
	codec_decode(&r, a, e, slice_sub(text, 0, LOOK_DECODED), LOOK_DECODED);
	return r.bytes;
}
