#include "daemon/protocol.h"
#include "test/unit.h"

UNIT(roles_have_words)
{
	check_str(role_word(ROLE_SUPERVISOR), "supervisor");
	check_str(role_word(ROLE_COURIER), "courier");
}

UNIT(table_is_within_the_wire)
{
	size_t i, k;

	for (i = 0; i < protocol.n; i++) {
		const struct wire_row *r = &protocol.rows[i];

		check(r->type < TELL_COUNT);
		check(r->from < ROLE_COUNT || r->from == WIRE_ANY);
		check(r->to < ROLE_COUNT || r->to == WIRE_ANY);
		check(r->max_bytes <= WIRE_BYTES_MAX);
		check(r->max_fds <= WIRE_FDS_MAX);
		for (k = 0; k < i; k++) {
			const struct wire_row *q = &protocol.rows[k];

			check(q->type != r->type || q->from != r->from ||
			      q->to != r->to);
		}
	}
	check((int)TELL_COUNT <= (int)WIRE_TYPES_MAX);
	check((int)ROLE_COUNT <= (int)WIRE_ROLES_MAX);
}

/* Who holds a message may not reach who holds the network, and no worker may
 * speak to anybody but its keeper, its engine and the supervisor. */
UNIT(workers_have_few_ears)
{
	size_t i;

	for (i = 0; i < protocol.n; i++) {
		const struct wire_row *r = &protocol.rows[i];

		if (r->from == ROLE_WORKER)
			check(r->to == ROLE_KEEPER || r->to == ROLE_ENGINE ||
			      r->to == ROLE_SUPERVISOR);
		if (r->to == ROLE_WORKER)
			check(r->from == ROLE_KEEPER || r->from == ROLE_ENGINE);
	}
}

UNIT(job_comes_back)
{
	struct job in = {.serial = UINT64_C(0x1122334455667788),
	    .attempt = 3,
	    .offset = UINT64_C(1) << 40,
	    .size = 17,
	    .story = true,
	    .label = SLICE_LIT("a file"),
	    .envelope = SLICE_LIT("\0\1\2")};
	struct job out;
	struct buf b;
	size_t n;

	buf_init(&b, 1024);
	job_pack(&b, &in);
	check(job_unpack(buf_slice(&b), &out));
	check(out.serial == in.serial);
	check_int(out.attempt, 3);
	check(out.offset == in.offset);
	check_int(out.size, 17);
	check(out.story);
	check_slice(out.label, "a file");
	check_bytes(out.envelope, in.envelope);
	/* Neither shorter nor longer. */
	for (n = 0; n < b.n; n++)
		check(!job_unpack(slice_of(b.p, n), &out));
	(void)buf_addc(&b, 'x');
	check(!job_unpack(buf_slice(&b), &out));
	buf_fini(&b);
}

UNIT(counts_come_back)
{
	struct counts in = {
	    .waiting = 1, .delivered = UINT64_MAX, .trouble = 1};
	struct counts out;
	struct buf b;

	buf_init(&b, 1024);
	counts_pack(&b, &in);
	check_int(b.n, sizeof(struct counts));
	check(counts_unpack(buf_slice(&b), &out));
	check_int(out.waiting, 1);
	check(out.delivered == UINT64_MAX);
	check_int(out.trouble, 1);
	check_int(out.held, 0);
	check(!counts_unpack(slice_of(b.p, b.n - 1), &out));
	buf_fini(&b);
}

UNIT(record_comes_back)
{
	struct told_record in = {.id = SLICE_LIT("1A"),
	    .claim = SLICE_LIT("1A-7-8-9"),
	    .json = SLICE_LIT("{}"),
	    .lines = SLICE_LIT("one\ntwo\n")};
	struct told_record out;
	struct buf b;

	buf_init(&b, 1024);
	told_record_pack(&b, &in);
	check(told_record_unpack(buf_slice(&b), &out));
	check_slice(out.id, "1A");
	check_slice(out.claim, "1A-7-8-9");
	check_slice(out.json, "{}");
	check_slice(out.lines, "one\ntwo\n");
	check(!told_record_unpack(slice_of(b.p, b.n - 1), &out));
	buf_fini(&b);
}

UNIT(story_comes_back)
{
	struct story in = {.status = 2, .json = SLICE_LIT("{\"a\":1}")}, out;
	struct buf b;

	buf_init(&b, 1024);
	story_pack(&b, &in);
	check(story_unpack(buf_slice(&b), &out));
	check_int(out.status, 2);
	check_slice(out.json, "{\"a\":1}");
	check(!story_unpack(SLICE(""), &out));
	buf_fini(&b);
}

UNIT_MAIN(unit(roles_have_words), unit(table_is_within_the_wire),
    unit(workers_have_few_ears), unit(job_comes_back), unit(counts_come_back),
    unit(record_comes_back), unit(story_comes_back))
