#include "act/fold.h"
#include "test/unit.h"

static struct buf out;

static struct slice
field(const char *name, const char *value)
{
	buf_reset(&out);
	fold_field(&out, slice_str(name), slice_str(value), "\n");
	return buf_slice(&out);
}

UNIT(fields)
{
	buf_init(&out, 1 << 20);
	check_slice(
	    field("X-A:", "Found to be clean"), "X-A: Found to be clean\n");
	check_slice(field("X-A", ""), "X-A: \n");
	check_slice(field("X-A", "a\r\nBcc: evil@example.com"),
	    "X-A: a Bcc: evil@example.com\n");
	check_slice(field("X-A", "Gr\xc3\xbc\xc3\x9f"
				 "e aus K\xc3\xb6ln heute"),
	    "X-A: =?UTF-8?B?R3LDvMOfZQ==?= aus =?UTF-8?B?S8O2bG4=?= heute\n");
	check_slice(field("X-A", "=?UTF-8?Q?x?="),
	    "X-A: =?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=\n");
	check_slice(field("X-A", "broken \xff byte"),
	    "X-A: broken =?UTF-8?B?77+9?= "
	    "byte\n");
	buf_fini(&out);
}

/* Whatever the value, every line is short and only the first begins a field.
 */
UNIT(lines)
{
	char value[5000];
	struct slice rest, line;
	size_t i;
	unsigned n;

	buf_init(&out, 1 << 20);
	for (i = 0; i + 1 < sizeof(value); i++)
		value[i] = i % 7 == 0 && i < 2000 ? ' ' : 'x';
	value[i] = '\0';
	rest = field("X-Long", value);
	for (n = 0; slice_line(&rest, &line); n++) {
		check(line.n <= 998);
		check(n == 0 || line.p[0] == ' ');
	}
	check(n > 20);
	buf_fini(&out);
}

static struct slice
addresses(const char *value)
{
	buf_reset(&out);
	fold_addresses(&out, SLICE("To"), slice_str(value), "\n");
	return buf_slice(&out);
}

UNIT(address_lists)
{
	buf_init(&out, 1 << 20);
	check_slice(addresses("a@b.c"), "To: a@b.c\n");
	check_slice(addresses("\"Mail, Scanner\" <postmaster@x>, b@c"),
	    "To: \"Mail, Scanner\" <postmaster@x>, b@c\n");
	check_slice(addresses("\"K\xc3\xb6ln\" <k@x>"),
	    "To: =?UTF-8?B?S8O2bG4=?= <k@x>\n");
	buf_fini(&out);
}

static struct slice
param(const char *value)
{
	buf_reset(&out);
	fold_param(&out, "filename", slice_str(value), NULL);
	return buf_slice(&out);
}

UNIT(params)
{
	buf_init(&out, 1 << 20);
	check_slice(param("a b.txt"), "; filename=\"a b.txt\"");
	check_slice(param("a\"\\.txt"), "; filename=\"a\\\"\\\\.txt\"");
	check_slice(param("\xc3\xbc.exe"), "; filename*=UTF-8''%C3%BC.exe");
	check_slice(
	    param("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaa"),
	    "; filename*0*=UTF-8''aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaa; filename*1*=aaaaaaaaaaaaa");
	buf_fini(&out);
}

static struct slice
tag(const char *text, bool space)
{
	buf_reset(&out);
	fold_text(&out, slice_str(text), space);
	return buf_slice(&out);
}

UNIT(tags)
{
	buf_init(&out, 1 << 20);
	check_slice(tag("{Virus?}", true), "{Virus?} ");
	check_slice(tag("{Virus?}", false), "{Virus?}");
	check_slice(tag("\xc3\xbc", true), "=?UTF-8?B?w7wg?= ");
	check_slice(tag("\xc3\xbc", false), "=?UTF-8?B?w7w=?=");
	buf_fini(&out);
}

UNIT(bodies)
{
	char longer[2100];

	buf_init(&out, 1 << 20);
	check_int(fold_encoding_of(SLICE("a\nb\n")), FOLD_7BIT);
	check_int(fold_encoding_of(SLICE("\xc3\xbc\n")), FOLD_QUOTED_PRINTABLE);
	memset(longer, 'y', sizeof(longer));
	check_int(fold_encoding_of(slice_of(longer, sizeof(longer))),
	    FOLD_QUOTED_PRINTABLE);
	fold_body(&out, SLICE("a=\xc3\xbc \nb"), FOLD_QUOTED_PRINTABLE, "\r\n");
	check_slice(buf_slice(&out), "a=3D=C3=BC=20\r\nb\r\n");
	buf_reset(&out);
	fold_body(&out, SLICE("a\r\nb"), FOLD_7BIT, "\n");
	check_slice(buf_slice(&out), "a\nb\n");
	buf_fini(&out);
}

UNIT_MAIN(unit(fields), unit(lines), unit(address_lists), unit(params),
    unit(tags), unit(bodies))
