#include "act/outcome.h"
#include "test/unit.h"

static void
fill(struct outcome *o, struct arena *a)
{
	struct keep_item *k;
	struct notice *n;
	struct recipient *r;

	*o = (struct outcome){.verb = OUTCOME_RETRY, .blame = true};
	o->reason = SLICE("virus:clamd timed out");
	edits_add(&o->edits, a, 3, 2, SLICE("xyz"));
	o->new_recipients = true;
	r = vec_push(a, &o->recipients);
	r->address = SLICE("a@example.com");
	r->orcpt = SLICE("rfc822;a@example.com");
	r->notify = NOTIFY_FAILURE;
	k = vec_push(a, &o->keep);
	k->dir = SLICE("20260101/ID1");
	k->name = SLICE("message");
	k->whole = true;
	k = vec_push(a, &o->keep);
	k->dir = SLICE("20260101/ID1");
	k->name = SLICE("eicar.com");
	k->bytes = SLICE("EICAR");
	n = vec_push(a, &o->notices);
	n->key = SLICE("admin");
	(vec_push(a, &n->env.recipients))->address = SLICE("postmaster");
	n->bytes = SLICE("Subject: x\n\nHi\n");
	*vec_push(a, &o->log) = SLICE("Virus Scanning: Found 1 viruses");
	o->record = SLICE("{}");
}

UNIT(round_trip)
{
	struct arena *a = arena_new(0);
	struct outcome o, back;
	struct unpack u;
	struct buf b;
	const char *why;

	fill(&o, a);
	buf_init(&b, 1 << 20);
	outcome_pack(&b, &o);
	u = unpack_of(buf_slice(&b));
	outcome_unpack(&u, &back, a);
	check(unpack_done(&u));
	check(outcome_fits(&back, 5, &why));
	check(!outcome_fits(&back, 4, &why));
	check_str(why, "edits do not fit the message");
	check_int(back.verb, OUTCOME_RETRY);
	check(back.blame && back.new_recipients);
	check_slice(back.recipients.at[0].orcpt, "rfc822;a@example.com");
	check_slice(back.keep.at[1].bytes, "EICAR");
	check(back.keep.at[0].whole && !back.keep.at[1].whole);
	check_slice(
	    back.notices.at[0].env.recipients.at[0].address, "postmaster");
	check_slice(back.log.at[0], "Virus Scanning: Found 1 viruses");
	check_slice(back.record, "{}");
	buf_fini(&b);
	arena_free(a);
}

/* Every cut and every changed byte is refused or gives something that fits or
 * is named: nothing crashes. */
UNIT(damaged)
{
	struct arena *a = arena_new(0);
	struct outcome o, back;
	struct unpack u;
	struct buf b;
	const char *why;
	size_t i;

	fill(&o, a);
	buf_init(&b, 1 << 20);
	outcome_pack(&b, &o);
	for (i = 0; i < b.n; i++) {
		u = unpack_of(slice_of(b.p, i));
		outcome_unpack(&u, &back, a);
		check(!unpack_done(&u));
	}
	for (i = 0; i < b.n; i++) {
		b.p[i] ^= (char)0xff;
		u = unpack_of(buf_slice(&b));
		outcome_unpack(&u, &back, a);
		if (unpack_done(&u))
			(void)outcome_fits(&back, 5, &why);
		b.p[i] ^= (char)0xff;
	}
	buf_fini(&b);
	arena_free(a);
}

UNIT(names)
{
	static const struct {
		const char *dir, *name;
		bool ok;
	} cases[] = {
	    {"20260101/ID", "message", true},
	    {"20260101/spam/1abc-0000-XY", "a+b_c-1.txt", true},
	    {"20260101", "message", true},
	    {"", "message", false},
	    {"/20260101/ID", "message", false},
	    {"20260101//ID", "message", false},
	    {"20260101/ID/", "message", false},
	    {"20260101/../ID", "message", false},
	    {"..", "message", false},
	    {"a/b/c/d/e", "message", false},
	    {"20260101/ID", ".hidden", false},
	    {"20260101/ID", "", false},
	    {"20260101/ID", "a/b", false},
	    {"20260101/ID", "a b", false},
	    {"20260101/ID", "a\nb", false},
	    {"20260101/I\xc3\xa4", "m", false},
	};
	struct arena *a = arena_new(0);
	const char *why;
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		struct outcome o = {0};
		struct keep_item *k = vec_push(a, &o.keep);

		k->dir = slice_str(cases[i].dir);
		k->name = slice_str(cases[i].name);
		check_int(outcome_fits(&o, 0, &why), cases[i].ok);
	}
	arena_free(a);
}

UNIT(refused)
{
	struct arena *a = arena_new(0);
	struct outcome o;
	struct notice first;
	const char *why;

	fill(&o, a);
	o.recipients.at[0].address = SLICE("a@b\nRCPT TO:<c@d>");
	check(!outcome_fits(&o, 5, &why));
	check_str(why, "bad recipients");
	fill(&o, a);
	o.notices.at[0].env.sender = SLICE("x\r\ny");
	check(!outcome_fits(&o, 5, &why));
	check_str(why, "notice with a bad envelope");
	fill(&o, a);
	o.notices.at[0].copy = true;
	check(!outcome_fits(&o, 5, &why));
	fill(&o, a);
	first = o.notices.at[0];
	*vec_push(a, &o.notices) = first;
	check(!outcome_fits(&o, 5, &why));
	check_str(why, "two notices of one key");
	fill(&o, a);
	o.verb = OUTCOME_DELIVER;
	o.recipients.n = 0;
	check(!outcome_fits(&o, 5, &why));
	check_str(why, "delivery to nobody");
	arena_free(a);
}

UNIT_MAIN(unit(round_trip), unit(damaged), unit(names), unit(refused))
