#include "queue/smtp_address.h"
#include "test/unit.h"

UNIT(paths)
{
	static const struct {
		const char *text;
		const char *address; /* NULL: no path */
		const char *rest;
	} rows[] = {
	    {"<a@b.example>", "a@b.example", ""},
	    {"<>", "", ""},
	    {"<> SIZE=3", "", " SIZE=3"},
	    {"<a@b> BODY=7BIT", "a@b", " BODY=7BIT"},
	    {"a@b.example SIZE=1", "a@b.example", " SIZE=1"},
	    {"<postmaster>", "postmaster", ""},
	    {"<@one.example,@two.example:a@b.example>", "a@b.example", ""},
	    {"<@one.example:a@b.example>", "a@b.example", ""},
	    {"<\"a b\"@c.example>", "\"a b\"@c.example", ""},
	    {"<\"a\\\"b>\"@c.example>", "\"a\\\"b>\"@c.example", ""},
	    {"<a@[192.0.2.1]>", "a@[192.0.2.1]", ""},
	    {"<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]", ""},
	    {"<a..b.@c.example>", "a..b.@c.example", ""},
	    {"<a=b/c%d@e.example>", "a=b/c%d@e.example", ""},
	    {"<m\xc3\xbcller@b\xc3\xbc.example>",
		"m\xc3\xbcller@b\xc3\xbc.example", ""},
	    {"", NULL, NULL},
	    {"<", NULL, NULL},
	    {"<a@b", NULL, NULL},
	    {"<a b@c>", NULL, NULL},
	    {"<a@b>x", NULL, NULL},
	    {"<a@b>>", NULL, NULL},
	    {"<<a@b>>", NULL, NULL},
	    {"<a@>", NULL, NULL},
	    {"<@b>", NULL, NULL},
	    {"<a@b@c>", NULL, NULL},
	    {"<a\x01@b>", NULL, NULL},
	    {"<\"a\x01\"@b>", NULL, NULL},
	    {"<\"a@b>", NULL, NULL},
	    {"<a@[]>", NULL, NULL},
	    {"<a\xff@b>", NULL, NULL},
	    {"<a\xc2\x85@b>", NULL, NULL},
	    {"<@one.example,a@b.example>", NULL, NULL},
	    {" ", NULL, NULL},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct smtp_path p;
		bool ok = smtp_path_parse(slice_str(rows[i].text), &p);

		check_int(ok, rows[i].address != NULL);
		if (ok) {
			check_slice(p.address, rows[i].address);
			check_slice(p.rest, rows[i].rest);
		}
	}
}

UNIT(an_overlong_address_is_refused)
{
	char text[SMTP_ADDRESS_MAX + 3];
	struct smtp_path p;

	memset(text, 'a', sizeof(text));
	text[0] = '<';
	text[sizeof(text) - 2] = '>';
	check(smtp_path_parse(slice_of(text, sizeof(text) - 1), &p));
	check_int(p.address.n, SMTP_ADDRESS_MAX);
	text[sizeof(text) - 2] = 'a';
	text[sizeof(text) - 1] = '>';
	check(!smtp_path_parse(slice_of(text, sizeof(text)), &p));
}

UNIT(utf8_is_seen)
{
	struct smtp_path p;
	bool utf8 = true;

	check(smtp_path_parse(SLICE("<a@b\xc3\xbc>"), &p));
	check(p.utf8);
	check(smtp_path_parse(SLICE("<a@b>"), &p));
	check(!p.utf8);
	check(smtp_address_check(SLICE("a@b"), &utf8));
	check(!utf8);
	check(!smtp_address_check(SLICE("a@b c"), NULL));
	check(!smtp_address_check(SLICE("-f a@b"), NULL));
	check(!smtp_address_check(SLICE(""), NULL));
}

UNIT(an_address_splits_at_its_last_at)
{
	struct slice local, domain;

	smtp_address_split(SLICE("a@b.example"), &local, &domain);
	check_slice(local, "a");
	check_slice(domain, "b.example");
	smtp_address_split(SLICE("\"x@y\"@b.example"), &local, &domain);
	check_slice(local, "\"x@y\"");
	check_slice(domain, "b.example");
	smtp_address_split(SLICE("\"x@y\""), &local, &domain);
	check_slice(local, "\"x@y\"");
	check_int(domain.n, 0);
	smtp_address_split(SLICE(""), &local, &domain);
	check_int(local.n, 0);
}

UNIT(parameters)
{
	struct slice rest =
	    SLICE(" SIZE=10  SMTPUTF8 BODY= =x A_B ORCPT=a;b=c");
	static const struct {
		const char *key, *value;
		bool ok;
	} rows[] = {
	    {"SIZE", "10", true},
	    {"SMTPUTF8", "", true},
	    {"BODY", "", false},
	    {"", "x", false},
	    {"A_B", "", false},
	    {"ORCPT", "a;b=c", true},
	};
	struct slice key, value;
	bool ok;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		check(smtp_param_next(&rest, &key, &value, &ok));
		check_slice(key, rows[i].key);
		check_slice(value, rows[i].value);
		check_int(ok, rows[i].ok);
	}
	check(!smtp_param_next(&rest, &key, &value, &ok));
}

UNIT(xtext_goes_both_ways)
{
	struct buf b;
	char all[256];
	struct slice raw = slice_of(all, sizeof(all));
	struct buf back;

	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	buf_init(&b, 4096);
	buf_init(&back, 4096);
	check(smtp_xtext_encode(&b, raw));
	check(smtp_xtext_check(buf_slice(&b)));
	check(smtp_xtext_decode(&back, buf_slice(&b)));
	check_bytes(buf_slice(&back), raw);
	buf_reset(&b);
	check(smtp_xtext_encode(&b, SLICE("a+b=c d")));
	check_slice(buf_slice(&b), "a+2Bb+3Dc+20d");
	check(!smtp_xtext_check(SLICE("+2b")));
	check(!smtp_xtext_check(SLICE("a+2")));
	check(!smtp_xtext_check(SLICE("a=b")));
	check(!smtp_xtext_check(SLICE("a b")));
	buf_fini(&b);
	buf_fini(&back);
}

UNIT(orcpt)
{
	check(smtp_orcpt_check(SLICE("rfc822;a+2Bb@c.example"), false));
	check(!smtp_orcpt_check(SLICE("rfc822;"), false));
	check(!smtp_orcpt_check(SLICE(";a@b"), false));
	check(!smtp_orcpt_check(SLICE("rfc822"), false));
	check(!smtp_orcpt_check(SLICE("rfc822;a\xc3\xbc@b"), true));
	check(!smtp_orcpt_check(SLICE("utf-8;a\xc3\xbc@b"), false));
	check(smtp_orcpt_check(SLICE("utf-8;a\xc3\xbc@b"), true));
	check(smtp_orcpt_check(SLICE("utf-8;a\\x{FC}@b"), true));
}

UNIT_MAIN(unit(paths), unit(an_overlong_address_is_refused), unit(utf8_is_seen),
    unit(an_address_splits_at_its_last_at), unit(parameters),
    unit(xtext_goes_both_ways), unit(orcpt))
