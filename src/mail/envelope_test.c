#include "mail/envelope.h"
#include "test/unit.h"

UNIT(packs_every_field)
{
	struct arena *a = arena_new(0);
	struct envelope e = {.id = SLICE("X1"),
			    .sender = SLICE("a@b"),
			    .client_ip = SLICE("192.0.2.1"),
			    .body = SLICE("8BITMIME"),
			    .smtputf8 = true,
			    .received_at = -5},
			back, copy;
	struct buf b;
	struct unpack u;

	buf_init(&b, 10000);
	*vec_push(a, &e.recipients) = (struct recipient){
	    SLICE("c@d"), SLICE("rfc822;c@d"), NOTIFY_FAILURE | NOTIFY_DELAY};
	*vec_push(a, &e.recipients) =
	    (struct recipient){SLICE("E@f"), SLICE_NONE, 0};
	envelope_pack(&b, &e);
	u = unpack_of(buf_slice(&b));
	envelope_unpack(&u, &back, a);
	check(unpack_done(&u));
	envelope_copy(&copy, &back, a);
	check_slice(copy.id, "X1");
	check_slice(copy.sender, "a@b");
	check_slice(copy.body, "8BITMIME");
	check(copy.smtputf8);
	check_int(copy.received_at, -5);
	check_int(copy.recipients.n, 2);
	check_int(copy.recipients.at[0].notify, 12);
	check_slice(copy.recipients.at[1].address, "E@f");
	u = unpack_of(slice_of(b.p, b.n - 1));
	envelope_unpack(&u, &back, a);
	check(!unpack_done(&u));
	buf_fini(&b);
	arena_free(a);
}

UNIT_MAIN(unit(packs_every_field))
