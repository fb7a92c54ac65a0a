#include "act/template.h"
#include "test/unit.h"

static struct buf out;

static const struct template_value values[] = {
    {"from", SLICE_LIT("a@b.c\r\nBcc: evil@example.com")},
    {"report", SLICE_LIT("one <b>\ntwo & three\n")},
    {"id", SLICE_LIT("$from")},
    {"filename", SLICE_LIT("K\xc3\xb6ln \x1b[2J\xff.exe")},
};

static struct slice
expanded(const char *text, enum template_place place)
{
	buf_reset(&out);
	template_expand(&out, slice_str(text), place, values, COUNT_OF(values));
	return buf_slice(&out);
}

UNIT(text)
{
	buf_init(&out, 1 << 20);
	check_slice(expanded("Message $id:\n$report\nend\n", TEMPLATE_TEXT),
	    "Message $from:\none <b>\ntwo & three\nend\n");
	check_slice(expanded("${id}x $unknown. $ 5$ $1", TEMPLATE_TEXT),
	    "$fromx . $ 5$ $1");
	check_slice(expanded("a\\tb\\nc \\$id \\\\ \\@ \\\"", TEMPLATE_TEXT),
	    "a\tb\nc $id \\ @ \"");
	check_slice(expanded("$filename", TEMPLATE_TEXT),
	    "K\xc3\xb6ln  [2J\xef\xbf\xbd.exe");
	/* Nothing is ever run. */
	check_slice(
	    expanded("`id` @{[ system('id') ]} ${\\ id}", TEMPLATE_TEXT),
	    "`id` @{[ system('id') ]} ${ id}");
	buf_fini(&out);
}

UNIT(html)
{
	buf_init(&out, 1 << 20);
	check_slice(expanded("<p>$report</p>", TEMPLATE_HTML),
	    "<p>one &lt;b&gt;<br>\ntwo &amp; three</p>");
	buf_fini(&out);
}

UNIT(mail)
{
	buf_init(&out, 1 << 20);
	check_slice(expanded("From: \"Gate\" <post@x>\nTo: $from\n"
			     "Subject: found\n in $filename\n\nHello $from\n",
			TEMPLATE_MAIL),
	    "From: \"Gate\" <post@x>\n"
	    "To: a@b.c  Bcc: evil@example.com\n"
	    "Subject: found in "
	    "=?UTF-8?B?S8O2bG4gIFsySu+/vS5leGU=?=\n"
	    "\nHello a@b.c\nBcc: evil@example.com\n");
	check_slice(
	    expanded("No header here\n", TEMPLATE_MAIL), "\nNo header here\n");
	buf_fini(&out);
}

UNIT_MAIN(unit(text), unit(html), unit(mail))
