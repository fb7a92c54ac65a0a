#include "act/template.h"

#include "act/fold.h"
#include "base/text.h"

enum { VALUE_MAX = 1 << 20 };

/* Where an expansion stands. */
struct expansion {
	struct buf *out;
	struct slice rest;
	const struct template_value *values;
	size_t count;
	enum template_place place;
};

static void
put_html(struct buf *out, struct slice v)
{
	size_t i;

	for (i = 0; i < v.n; i++) {
		switch (v.p[i]) {
		case '&':
			(void)buf_adds(out, "&amp;");
			break;
		case '<':
			(void)buf_adds(out, "&lt;");
			break;
		case '>':
			(void)buf_adds(out, "&gt;");
			break;
		case '"':
			(void)buf_adds(out, "&quot;");
			break;
		case '\'':
			(void)buf_adds(out, "&#39;");
			break;
		case '\n':
			(void)buf_adds(out, "<br>\n");
			break;
		default:
			(void)buf_addc(out, v.p[i]);
			break;
		}
	}
}

static void
put_value(struct expansion *x, struct slice name, bool one_line)
{
	struct buf clean;
	size_t i;

	for (i = 0; i < x->count; i++)
		if (slice_is(name, x->values[i].name))
			break;
	if (i == x->count)
		return;
	buf_init(&clean, VALUE_MAX);
	fold_clean(
	    &clean, slice_sub(x->values[i].value, 0, VALUE_MAX / 3), !one_line);
	/* The line end of the place stands in the template already. */
	while (clean.n > 0 && clean.p[clean.n - 1] == '\n')
		clean.n--;
	if (x->place == TEMPLATE_HTML)
		put_html(x->out, buf_slice(&clean));
	else
		(void)buf_add(x->out, buf_slice(&clean));
	buf_fini(&clean);
}

/* `$name` or `${name}` at the front of s: its length, 0 if it is none. */
static size_t
variable(struct slice s, struct slice *name)
{
	size_t i, from = s.n > 1 && s.p[1] == '{' ? 2 : 1;

	for (i = from; i < s.n; i++)
		if (!text_is_alnum(s.p[i]) && s.p[i] != '_')
			break;
	if (i == from || text_is_digit(s.p[from]))
		return 0;
	*name = slice_sub(s, from, i);
	if (from == 1)
		return i;
	return i < s.n && s.p[i] == '}' ? i + 1 : 0;
}

static char
escape(char c)
{
	return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? ' ' : c;
}

static void
expand(struct expansion *x, struct slice s, bool one_line)
{
	struct slice name;
	size_t i, n;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] != '\n') {
			char c = escape(s.p[++i]);

			(void)buf_addc(x->out, c == '\n' && one_line ? ' ' : c);
			continue;
		}
		n = s.p[i] == '$' ? variable(slice_from(s, i), &name) : 0;
		if (n > 0) {
			put_value(x, name, one_line);
			i += n - 1;
		} else if (s.p[i] != '\r') {
			(void)buf_addc(x->out, s.p[i]);
		}
	}
}

/* Fields whose values are addresses: what is in <> must stay as it is. */
static bool
address_field(struct slice name)
{
	static const char *const all[] = {
	    "From", "To", "Cc", "Bcc", "Reply-To", "Sender", "Errors-To"};
	size_t i;

	for (i = 0; i < COUNT_OF(all); i++)
		if (slice_is_ci(name, all[i]))
			return true;
	return false;
}

/* One field of a mail template, with its continuation lines. */
static void
put_field(struct expansion *x, struct slice field)
{
	struct buf *out = x->out, line;
	ptrdiff_t colon;
	struct slice name;

	buf_init(&line, VALUE_MAX);
	x->out = &line;
	expand(x, field, true);
	x->out = out;
	colon = slice_chr(buf_slice(&line), ':');
	if (colon > 0) {
		name =
		    slice_trim(slice_sub(buf_slice(&line), 0, (size_t)colon));
		if (address_field(name))
			fold_addresses(out, name,
			    slice_from(buf_slice(&line), (size_t)colon + 1),
			    "\n");
		else
			fold_field(out, name,
			    slice_from(buf_slice(&line), (size_t)colon + 1),
			    "\n");
	}
	buf_fini(&line);
}

/* The header lines; what is left in rest is the text. A template that does
 * not begin with a field has no header lines at all. */
static void
expand_header(struct expansion *x)
{
	struct slice line, field = SLICE_NONE, before;

	for (;;) {
		before = x->rest;
		if (!slice_line(&x->rest, &line) || line.n == 0)
			break;
		if (text_is_wsp(line.p[0]) && field.n > 0) {
			field.n = (size_t)(line.p + line.n - field.p);
			continue;
		}
		if (field.n > 0)
			put_field(x, field);
		field = line;
		if (slice_chr(line, ':') == SLICE_NOT_FOUND) {
			field = SLICE_NONE;
			x->rest = before;
			break;
		}
	}
	if (field.n > 0)
		put_field(x, field);
	(void)buf_addc(x->out, '\n');
}

void
template_expand(struct buf *out, struct slice text, enum template_place place,
    const struct template_value *values, size_t count)
{
	struct expansion x = {out, text, values, count, place};

	if (place == TEMPLATE_MAIL)
		expand_header(&x);
	expand(&x, x.rest, false);
}
