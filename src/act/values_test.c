#include "act/values.h"
#include "test/bed.h"

static struct slice
value_of(const struct values *v, const char *name)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (strcmp(v->at[i].name, name) == 0)
			return v->at[i].value;
	return SLICE("(none)");
}

UNIT(everything_a_template_may_ask_for)
{
	static const struct {
		const char *name, *value;
	} rows[] = {{"from", "sender@example.com"},
	    {"to", "to@example.org, two@example.org"},
	    {"subject", "K\xc3\xb6ln"}, {"id", "1abc-0002"},
	    {"date", "Thu, 01 Jan 2026 00:00:00 +0000"},
	    {"datenumber", "20260101"}, {"hostname", "gate"},
	    {"localpostmaster", "postmaster"},
	    {"postmastername", "Mail gateway"},
	    {"quarantinedir", "/var/spool/MailScanner/quarantine"},
	    {"viruswarningname", "VirusWarning.txt"}, {"messagesize", "38"},
	    {"report", "r2"}};
	struct values v;
	struct bed b;
	size_t i;

	bed_open(&b, SLICE("Subject: =?utf-8?q?K=C3=B6ln?=\n\nbody\n\n"));
	vec_push(b.arena, &b.m.env.recipients)->address =
	    SLICE("two@example.org");
	values_init(&v, &b.m, &b.ctx);
	values_set(&v, "report", SLICE("r1"));
	values_set(&v, "report", SLICE("r2"));
	for (i = 0; i < COUNT_OF(rows); i++)
		check_slice(value_of(&v, rows[i].name), rows[i].value);
	bed_close(&b);
}

UNIT(values_in_html_are_text)
{
	struct values v;
	struct bed b;
	struct slice s;

	bed_open(&b, SLICE("A: b\n\nc\n"));
	values_init(&v, &b.m, &b.ctx);
	values_set(&v, "filename", SLICE("<img src=x>$id\"'&"));
	s = values_expand(
	    &v, &b.m, &b.ctx, OPT_INLINE_HTML_WARNING, TEMPLATE_HTML);
	check(
	    slice_find(s, SLICE("(&lt;img src=x&gt;$id&quot;&#39;&amp;)")) > 0);
	bed_close(&b);
}

UNIT_MAIN(
    unit(everything_a_template_may_ask_for), unit(values_in_html_are_text))
