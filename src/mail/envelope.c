#include "mail/envelope.h"

/* The plain text fields, in packing order. */
static struct slice *
field(struct envelope *e, unsigned i)
{
	struct slice *const all[] = {&e->id, &e->sender, &e->client_ip,
	    &e->client_name, &e->helo, &e->protocol, &e->auth_user, &e->ident,
	    &e->envid, &e->ret, &e->auth, &e->body};

	return i < COUNT_OF(all) ? all[i] : NULL;
}

void
envelope_copy(struct envelope *to, const struct envelope *from, struct arena *a)
{
	struct slice *s;
	unsigned i;
	size_t r;

	*to = *from;
	for (i = 0; (s = field(to, i)) != NULL; i++)
		*s = arena_dup(a, *s);
	to->recipients.at = NULL;
	to->recipients.n = to->recipients.cap = 0;
	for (r = 0; r < from->recipients.n; r++) {
		struct recipient *one = vec_push(a, &to->recipients);

		*one = from->recipients.at[r];
		one->address = arena_dup(a, one->address);
		one->orcpt = arena_dup(a, one->orcpt);
	}
}

void
envelope_pack(struct buf *b, const struct envelope *e)
{
	struct envelope copy = *e;
	struct slice *s;
	unsigned i;
	size_t r;

	for (i = 0; (s = field(&copy, i)) != NULL; i++)
		pack_slice(b, *s);
	pack_u8(b, e->smtputf8);
	pack_u64(b, (uint64_t)e->received_at);
	pack_u32(b, (uint32_t)e->recipients.n);
	for (r = 0; r < e->recipients.n; r++) {
		pack_slice(b, e->recipients.at[r].address);
		pack_slice(b, e->recipients.at[r].orcpt);
		pack_u8(b, (uint8_t)e->recipients.at[r].notify);
	}
}

void
envelope_unpack(struct unpack *u, struct envelope *e, struct arena *a)
{
	struct slice *s;
	unsigned i;
	uint32_t r, n;

	*e = (struct envelope){0};
	for (i = 0; (s = field(e, i)) != NULL; i++)
		*s = unpack_slice(u);
	e->smtputf8 = unpack_u8(u) != 0;
	e->received_at = (int64_t)unpack_u64(u);
	n = unpack_count(u, 9);
	for (r = 0; r < n; r++) {
		struct recipient *one = vec_push(a, &e->recipients);

		one->address = unpack_slice(u);
		one->orcpt = unpack_slice(u);
		one->notify = unpack_u8(u);
	}
}
