#include "queue/smtp_address.h"

#include "base/text.h"

/* ---- addresses ---- */

/* Bytes an unquoted local part may have: dot-string of RFC 5321, and a few
 * that mail in use has besides (two dots in a row, a dot at an end). */
static bool
is_local_byte(char c)
{
	return text_is_alnum(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

static bool
is_domain_byte(char c)
{
	return text_is_alnum(c) || c == '-' || c == '.' || c == '_';
}

/* One UTF-8 sequence beyond ASCII at p that is no control character; its
 * length, or 0. */
static size_t
utf8_at(struct slice s, size_t at)
{
	uint32_t cp = 0;
	size_t n;

	if ((unsigned char)s.p[at] < 0x80)
		return 0;
	n = text_utf8(s.p + at, s.n - at, &cp);
	return cp >= 0xa0 ? n : 0;
}

/* Length of a run of `ok` bytes and UTF-8 from `at` on. */
static size_t
run(struct slice s, size_t at, bool (*ok)(char), bool *utf8)
{
	size_t i = at;

	while (i < s.n) {
		size_t n = ok(s.p[i]) ? 1 : utf8_at(s, i);

		if (n == 0)
			break;
		*utf8 |= n > 1;
		i += n;
	}
	return i - at;
}

/* Length of a quoted string at s.p[at] == '"', or 0. */
static size_t
quoted(struct slice s, size_t at, bool *utf8)
{
	size_t i = at + 1;

	while (i < s.n) {
		unsigned char c = (unsigned char)s.p[i];
		size_t n = 1;

		if (c == '"')
			return i + 1 - at;
		if (c == '\\') {
			if (++i >= s.n)
				return 0;
			c = (unsigned char)s.p[i];
		}
		if (c >= 0x80) {
			n = utf8_at(s, i);
			*utf8 = true;
		} else if (c < ' ' || c == 0x7f) {
			n = 0;
		}
		if (n == 0)
			return 0;
		i += n;
	}
	return 0;
}

/* "[192.0.2.1]", "[IPv6:...]" at s.p[at] == '[', or 0. */
static size_t
literal(struct slice s, size_t at)
{
	for (size_t i = at + 1; i < s.n; i++) {
		char c = s.p[i];

		if (c == ']')
			return i > at + 1 ? i + 1 - at : 0;
		if (!text_is_alnum(c) && c != '.' && c != ':' && c != '-')
			return 0;
	}
	return 0;
}

static size_t
domain_at(struct slice s, size_t at, bool *utf8)
{
	if (at < s.n && s.p[at] == '[')
		return literal(s, at);
	return run(s, at, is_domain_byte, utf8);
}

/* Length of the address at the start of s, 0 if there is none. */
static size_t
address_at(struct slice s, bool *utf8)
{
	size_t i, n;

	if (s.n == 0)
		return 0;
	i = s.p[0] == '"' ? quoted(s, 0, utf8) : run(s, 0, is_local_byte, utf8);
	if (i == 0 || i == s.n || s.p[i] != '@')
		return i;
	n = domain_at(s, i + 1, utf8);
	return n == 0 ? 0 : i + 1 + n;
}

bool
smtp_address_check(struct slice s, bool *utf8)
{
	bool seen = false;

	if (utf8 == NULL)
		utf8 = &seen;
	*utf8 = false;
	return s.n > 0 && s.n <= SMTP_ADDRESS_MAX && address_at(s, utf8) == s.n;
}

/* Length of "@one,@two:" at the start of s, 0 if there is none. */
static size_t
source_route(struct slice s)
{
	bool utf8 = false;
	size_t i = 0;

	while (i < s.n && s.p[i] == '@') {
		size_t n = domain_at(s, i + 1, &utf8);

		i += 1 + n;
		if (n == 0 || i >= s.n)
			return 0;
		if (s.p[i] == ':')
			return i + 1;
		if (s.p[i] != ',')
			return 0;
		i++;
	}
	return 0;
}

bool
smtp_path_parse(struct slice text, struct smtp_path *path)
{
	bool angle = slice_starts(text, "<");
	size_t n;

	*path = (struct smtp_path){.utf8 = false};
	if (angle) {
		text = slice_from(text, 1);
		text = slice_from(text, source_route(text));
	}
	n = address_at(text, &path->utf8);
	path->address = slice_sub(text, 0, n);
	path->rest = slice_from(text, n);
	if (n > SMTP_ADDRESS_MAX)
		return false;
	if (angle) {
		if (!slice_starts(path->rest, ">"))
			return false;
		path->rest = slice_from(path->rest, 1);
	} else if (n == 0) {
		return false;
	}
	return path->rest.n == 0 || path->rest.p[0] == ' ';
}

void
smtp_address_split(
    struct slice address, struct slice *local, struct slice *domain)
{
	bool utf8 = false;
	size_t quote = 0;
	ptrdiff_t at;

	if (slice_starts(address, "\""))
		quote = quoted(address, 0, &utf8);
	at = slice_rchr(slice_from(address, quote), '@');
	*local = address;
	*domain = SLICE_NONE;
	if (at < 0)
		return;
	*local = slice_sub(address, 0, quote + (size_t)at);
	*domain = slice_from(address, quote + (size_t)at + 1);
}

/* ---- parameters ---- */

bool
smtp_param_next(
    struct slice *rest, struct slice *key, struct slice *value, bool *ok)
{
	ptrdiff_t end, eq;
	size_t start = 0;

	while (start < rest->n && rest->p[start] == ' ')
		start++;
	*rest = slice_from(*rest, start);
	if (rest->n == 0)
		return false;
	end = slice_chr(*rest, ' ');
	*key = slice_sub(*rest, 0, end < 0 ? rest->n : (size_t)end);
	*rest = slice_from(*rest, key->n);
	*value = SLICE_NONE;
	eq = slice_chr(*key, '=');
	*ok = true;
	if (eq >= 0) {
		*value = slice_from(*key, (size_t)eq + 1);
		*key = slice_sub(*key, 0, (size_t)eq);
		*ok = value->n > 0;
	}
	for (size_t i = 0; i < key->n; i++)
		*ok &= text_is_alnum(key->p[i]) || (i > 0 && key->p[i] == '-');
	for (size_t i = 0; i < value->n; i++)
		*ok &= (unsigned char)value->p[i] > ' ' && value->p[i] != 0x7f;
	*ok &= key->n > 0;
	return true;
}

/* ---- xtext ---- */

static bool
is_xchar(char c)
{
	return c > ' ' && c <= '~' && c != '+' && c != '=';
}

static int
hex_upper(char c)
{
	return text_is_digit(c) || (c >= 'A' && c <= 'F') ? text_hex(c) : -1;
}

bool
smtp_xtext_decode(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '+') {
			int hi, lo;

			if (s.n - i < 3)
				return false;
			hi = hex_upper(s.p[i + 1]);
			lo = hex_upper(s.p[i + 2]);
			if (hi < 0 || lo < 0)
				return false;
			c = (char)(hi * 16 + lo);
			i += 2;
		} else if (!is_xchar(c)) {
			return false;
		}
		if (out != NULL && !buf_addc(out, c))
			return false;
	}
	return true;
}

bool
smtp_xtext_check(struct slice s)
{
	return smtp_xtext_decode(NULL, s);
}

bool
smtp_xtext_encode(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (is_xchar(s.p[i]))
			(void)buf_addc(out, s.p[i]);
		else
			(void)buf_addf(
			    out, "+%02X", (unsigned)(unsigned char)s.p[i]);
	}
	return !out->full;
}

bool
smtp_orcpt_check(struct slice s, bool utf8)
{
	ptrdiff_t semi = slice_chr(s, ';');
	struct slice text;
	bool wide = false;

	if (semi <= 0 || s.n > SMTP_ORCPT_MAX)
		return false;
	for (ptrdiff_t i = 0; i < semi; i++)
		if (!text_is_alnum(s.p[i]) && s.p[i] != '-')
			return false;
	text = slice_from(s, (size_t)semi + 1);
	if (text.n == 0)
		return false;
	if (smtp_xtext_check(text))
		return true;
	if (!utf8 || !slice_is_ci(slice_sub(s, 0, (size_t)semi), "utf-8"))
		return false;
	/* utf-8-addr-xtext has \x{HEX}, which is made of ordinary bytes;
	 * unitext has UTF-8 as well. */
	return run(text, 0, is_xchar, &wide) == text.n;
}
