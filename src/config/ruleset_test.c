#include "config/ruleset.h"
#include "test/unit.h"

static struct slice
no_file(struct slice path, void *ctx)
{
	(void)ctx;
	if (slice_is(path, "/list"))
		return SLICE("# a comment\n*@listed.example\n192.0.2.7\n");
	return SLICE_NONE;
}

/* The value the first matching rule gives to one mail. */
static const struct ruleset_host host = {.read = no_file};

static struct slice
ask(const char *text, const char *from, const char *to, const char *ip)
{
	struct arena *a = arena_new(0);
	struct problems problems = {.arena = a};
	struct slice rcpts[2];
	struct subject s = {.sender = slice_str(from),
	    .recipients = rcpts,
	    .client_ip = slice_str(ip),
	    .client_host = SLICE("mx.example.org"),
	    .client_host_verified = true,
	    .virus_reports = SLICE("Yara: ok\nClamd: a.zip was infected: "
				   "Win.Test.EICAR-Test")};
	struct slice rest = slice_str(to), word, value = SLICE("-");
	const struct rule *rule;
	struct ruleset *r;
	static char kept[64];

	while (s.recipient_count < 2 && slice_word(&rest, &word))
		rcpts[s.recipient_count++] = word;
	r = ruleset_parse(a, slice_str(text), SLICE("test"), &host, &problems);
	if (ruleset_match(r, &s, false, &rule, 1) == 1)
		value = rule->value;
	(void)memcpy(kept, value.p, value.n);
	value.p = kept;
	ruleset_fini(r);
	arena_free(a);
	return value;
}

UNIT(rules_decide)
{
	static const struct {
		const char *rules, *from, *to, *ip, *want;
	} cases[] = {
	    {"From: a@b.c yes\nFromOrTo: default no", "A@B.C", "x@y", "",
		"yes"},
	    {"From: a@b.c yes\nFromOrTo: default no", "d@b.c", "x@y", "", "no"},
	    {"From: b.c yes", "d@b.c", "x@y", "", "yes"},
	    {"From: *@*.c yes", "d@b.c", "x@y", "", "yes"},
	    {"From: *@*.c yes", "d@c", "x@y", "", "-"},
	    {"From: bob@ yes", "bob@any.where", "x@y", "", "yes"},
	    {"To: y yes", "a@b", "q@z x@y", "", "yes"},
	    {"FromAndTo: b yes", "a@b", "x@b z@b", "", "yes"},
	    {"FromAndTo: b yes", "a@b", "x@b z@y", "", "-"},
	    {"From: b and To: y yes", "a@b", "x@y", "", "yes"},
	    {"From: b and To: z yes", "a@b", "x@y", "", "-"},
	    {"From: /^bounce-.*@/ yes", "bounce-7@x", "x@y", "", "yes"},
	    {"From: 192.0.2. yes", "a@b", "x@y", "192.0.2.9", "yes"},
	    {"From: 192.0.2 yes", "a@b", "x@y", "192.0.25.9", "-"},
	    {"From: 10.0.0.0/8 yes", "a@b", "x@y", "10.200.1.1", "yes"},
	    {"From: 10.0.0.0/255.0.0.0 yes", "a@b", "x@y", "11.0.0.1", "-"},
	    {"From: 10.1.2-9 yes", "a@b", "x@y", "10.1.7.200", "yes"},
	    {"From: 10.1.2.5-10.1.2.9 yes", "a@b", "x@y", "10.1.2.10", "-"},
	    {"From: 2001:db8::/32 yes", "a@b", "x@y", "2001:db8:1::5", "yes"},
	    {"From: 2001:db8::/32 yes", "a@b", "x@y", "2001:db9::", "-"},
	    {"From: bad.de yes", "a@bad.de", "x@y", "192.0.2.1", "yes"},
	    {"From: /list yes", "a@listed.example", "x@y", "", "yes"},
	    {"From: /list yes", "a@b", "x@y", "192.0.2.7", "yes"},
	    {"From: a yes # why\n", "x@a", "x@y", "", "yes"},
	    /* expressions: letters mean addresses, none the client */
	    {"From: /^\\d+@/ yes", "12@b", "x@y", "192.0.2.1", "yes"},
	    {"From: /^10\\.1/ yes", "a@b", "x@y", "10.1.2.3", "yes"},
	    {"From: /^10\\.1/ yes", "10.1@b", "x@y", "192.0.2.1", "-"},
	    {"From: /^$/ yes", "", "x@y", "192.0.2.1", "yes"},
	    {"From: /^$/ yes", "a@b", "x@y", "192.0.2.1", "-"},
	    {"From: (ann|bob)@b yes", "bob@b", "x@y", "", "yes"},
	    {"From: (ann|bob)@b yes", "rob@b", "x@y", "", "-"},
	    {"From: a+b@c yes", "a+b@c", "x@y", "", "yes"},
	    {"From: *@*.c. yes", "a@b.c", "x@y", "", "-"},
	    {"From: c yes", "a@c.", "x@y", "", "yes"},
	    {"From: 2001:db8::/ffff:ffff:: yes", "a@b", "x@y", "2001:db8:7::1",
		"yes"},
	    {"From: 2001:db8::/ffff:ffff:: yes", "a@b", "x@y", "2001:db9::1",
		"-"},
	    {"From: 192.0.2.0/24 yes", "a@b", "x@y", "::ffff:192.0.2.7", "yes"},
	    {"From: 152.78/16 yes", "a@b", "x@y", "152.78.9.9", "yes"},
	    {"From: host:example.org yes", "a@b", "x@y", "", "yes"},
	    {"From: host:mx.example.org yes", "a@b", "x@y", "", "yes"},
	    {"From: host:ample.org yes", "a@b", "x@y", "", "-"},
	    {"From: host:/^mx/ yes", "a@b", "x@y", "", "yes"},
	    {"From: host: yes", "a@b", "x@y", "", "-"},
	    {"Virus: eicar yes", "a@b", "x@y", "", "yes"},
	    {"Virus: Eicar*Test yes", "a@b", "x@y", "", "yes"},
	    {"Virus: /^clamd:.*eicar/ yes", "a@b", "x@y", "", "yes"},
	    {"Virus: bagle yes", "a@b", "x@y", "", "-"},
	    {"From: a and Virus: eicar yes", "x@a", "x@y", "", "yes"},
	    {"FromTo: y yes", "a@b", "x@y", "", "yes"},
	    {"from: b YES", "a@b", "x@y", "", "YES"},
	    {"To: * no\nFrom: b yes", "a@b", "x@y", "", "yes"},
	    {"From: default and To: default no\nFrom: b yes", "a@b", "x@y", "",
		"yes"},
	    {"From: default and To: default no\nFrom: c yes", "a@b", "x@y", "",
		"no"},
	    {"From: b and To: default yes\nFrom: default no", "a@b", "x@y", "",
		"yes"},
	    {"From: b 1 2  3", "a@b", "x@y", "", "1 2  3"},
	    {"To: default no\nFrom: default yes\n", "x@a", "x@y", "", "yes"},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++)
		check_slice(ask(cases[i].rules, cases[i].from, cases[i].to,
				cases[i].ip),
		    cases[i].want);
}

UNIT(bad_lines_are_problems_with_a_line)
{
	struct arena *a = arena_new(0);
	struct problems problems = {.arena = a};
	struct ruleset *r = ruleset_parse(a,
	    SLICE("nonsense x y\nFrom: /(/ yes\nFrom: default no\n"),
	    SLICE("f.rules"), &host, &problems);

	check_int(problems.list.n, 2);
	check_int(problems.list.at[0].line, 1);
	check_int(problems.list.at[1].line, 2);
	ruleset_fini(r);
	arena_free(a);
}

/* An address may not make an expression cost what it wants. */
UNIT(evil_addresses_end_soon)
{
	char evil[1000];

	(void)memset(evil, 'a', sizeof(evil) - 1);
	evil[sizeof(evil) - 1] = '\0';
	check_slice(ask("From: /^(a+)+$/ yes", evil, "x@y", ""), "yes");
	evil[sizeof(evil) - 2] = '!';
	check_slice(ask("From: /^(a+)+$/ yes", evil, "x@y", ""), "-");
	check_slice(
	    ask("From: a*a*a*a*a*a*a*a*a*b@* yes", evil, "x@y", ""), "-");
}

UNIT(several_recipients_may_be_one)
{
	struct arena *a = arena_new(0);
	struct problems problems = {.arena = a};
	struct slice to[] = {SLICE_LIT("a@b.c"), SLICE_LIT("d@B.C")};
	struct subject s = {.recipients = to, .recipient_count = 2};
	struct ruleset *r = ruleset_parse(a,
	    SLICE("To: a@b.c one\nTo: b.c domain\nTo: default none\n"),
	    SLICE("f"), &host, &problems);
	const struct rule *out[4];

	check_int(ruleset_match(r, &s, false, out, 4), 2);
	check_int(ruleset_match(r, &s, true, out, 4), 1);
	check_slice(out[0]->value, "domain");
	to[1] = SLICE("d@e.f");
	check_int(ruleset_match(r, &s, true, out, 4), 1);
	check_slice(out[0]->value, "none");
	check_int(ruleset_match(r, NULL, true, out, 4), 1);
	check_slice(out[0]->value, "none");
	ruleset_fini(r);
	arena_free(a);
}

UNIT_MAIN(unit(evil_addresses_end_soon), unit(several_recipients_may_be_one),
    unit(rules_decide), unit(bad_lines_are_problems_with_a_line))
