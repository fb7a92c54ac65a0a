#include "mail/message.h"
#include "test/unit.h"

struct bed {
	struct arena *arena;
	struct conf *conf;
	struct message m;
};

static void
bed_init(struct bed *t, const char *client_name)
{
	struct envelope env = {.id = SLICE("id1"),
	    .sender = SLICE("from@example.com"),
	    .client_ip = SLICE("192.0.2.7"),
	    .client_name = slice_str(client_name)};

	t->arena = arena_new(0);
	t->conf = conf_defaults();
	vec_push(t->arena, &env.recipients)->address = SLICE("one@example.org");
	vec_push(t->arena, &env.recipients)->address = SLICE("two@example.net");
	message_init(
	    &t->m, t->arena, t->conf, &env, SLICE("Subject: x\n\nbody\n"));
}

static void
bed_fini(struct bed *t)
{
	conf_free(t->conf);
	arena_free(t->arena);
}

UNIT(rules_see_the_envelope)
{
	struct bed t;

	bed_init(&t, "mail.example.com");
	check_slice(t.m.subject.sender, "from@example.com");
	check_int(t.m.subject.recipient_count, 2);
	check_slice(t.m.subject.recipients[1], "two@example.net");
	check_slice(t.m.subject.client_ip, "192.0.2.7");
	check_slice(t.m.subject.client_host, "mail.example.com");
	check(t.m.subject.client_host_verified);
	bed_fini(&t);
	bed_init(&t, "unknown");
	check_int(t.m.subject.client_host.n, 0);
	check(!t.m.subject.client_host_verified);
	bed_fini(&t);
	bed_init(&t, "[192.0.2.7]");
	check_int(t.m.subject.client_host.n, 0);
	bed_fini(&t);
}

UNIT(options_are_asked_for_this_message)
{
	struct bed t;

	bed_init(&t, "");
	check(message_yes(&t.m, OPT_VIRUS_SCANNING));
	conf_set(t.conf, OPT_VIRUS_SCANNING, SLICE("no"));
	check(!message_yes(&t.m, OPT_VIRUS_SCANNING));
	conf_set(t.conf, OPT_MAXIMUM_MESSAGE_SIZE, SLICE("3k"));
	check_int(message_number(&t.m, OPT_MAXIMUM_MESSAGE_SIZE), 3000);
	check_slice(message_text(&t.m, OPT_MTA), "sendmail");
	bed_fini(&t);
}

UNIT(the_message_is_entity_zero_and_members_hang_below)
{
	struct bed t;
	struct entity *e;

	bed_init(&t, "");
	check_int(t.m.entities.n, 1);
	check_int(t.m.entities.at[0].kind, ENTITY_MESSAGE);
	check_int(t.m.entities.at[0].parent, -1);
	check_int(t.m.entities.at[0].size, t.m.raw.n);
	check(!t.m.entities.at[0].leaf);
	e = message_add_member(&t.m, 0, SLICE("dir/a.zip"));
	check_int(e->index, 1);
	check_int(e->depth, 1);
	check(e->leaf);
	check_slice(e->path, "0/dir/a.zip");
	check_slice(e->safe_name, "a.zip");
	e = message_add_member(&t.m, 1, SLICE("../b.exe"));
	check_int(e->parent, 1);
	check_int(e->depth, 2);
	check_slice(e->path, "0/dir/a.zip/../b.exe");
	check_slice(e->names.at[0], "../b.exe");
	bed_fini(&t);
}

static const struct entity *
at(const struct message *m, const char *path)
{
	const struct entity *e;

	vec_each (e, &m->entities)
		if (slice_is(e->path, path))
			return e;
	check_str(path, "a path of the message");
	return m->entities.at;
}

UNIT(parts_and_their_contents_become_entities)
{
	struct envelope env = {.id = SLICE("id1")};
	struct arena *a = arena_new(0);
	struct conf *c = conf_defaults();
	struct message m;
	const struct entity *e;

	message_init(&m, a, c, &env,
	    SLICE("Content-Type: multipart/mixed; boundary=x\n\n"
		  "--x\nContent-Type: text/plain\n\nhello\n"
		  "--x\nContent-Type: message/rfc822\n\n"
		  "Subject: in\n\ninside\n"
		  "--x\nContent-Type: application/zip; name=a.zip\n"
		  "Content-Disposition: attachment; filename=\"b.exe\"\n"
		  "Content-Transfer-Encoding: base64\n\nUEs=\n--x--\n"));
	message_parse(&m);
	check(m.mime != NULL);
	e = at(&m, "1");
	check_int(e->parent, 0);
	check(!e->leaf);
	check_int(e->bytes.n, 0);
	e = at(&m, "1.1");
	check_int(e->parent, at(&m, "1")->index);
	check(e->leaf && !e->attachment);
	check_slice(e->type, "text/plain");
	check_slice(e->bytes, "hello");
	/* No copy of what is not encoded. */
	check(e->bytes.p > m.raw.p && e->bytes.p < m.raw.p + m.raw.n);
	check_slice(e->safe_name, "msg-1-1.txt");
	check(!at(&m, "1.2")->leaf);
	e = at(&m, "1.3");
	check(e->attachment);
	check_slice(e->bytes, "PK");
	check_int(e->size, 2);
	check_int(e->names.n, 2);
	check_slice(e->safe_name,
	    slice_is(e->names.at[0], "b.exe") ? "b.exe" : "a.zip");
	conf_free(c);
	arena_free(a);
}

/* Two encodings: the second content is one more entity of the same part. */
UNIT(other_contents_stand_beside_the_first)
{
	struct envelope env = {.id = SLICE("id1")};
	struct arena *a = arena_new(0);
	struct conf *c = conf_defaults();
	const struct entity *first, *other;
	struct message m;

	message_init(&m, a, c, &env,
	    SLICE("Content-Type: application/x; name=a.bin\n"
		  "Content-Transfer-Encoding: base64\n"
		  "Content-Transfer-Encoding: 7bit\n\naGVsbG8=\n"));
	message_parse(&m);
	check(m.entities.n >= 3);
	first = at(&m, "1");
	other = &m.entities.at[first->index + 1];
	check(slice_starts(other->path, "1~"));
	check(other->mime == first->mime);
	check_int(other->parent, first->parent);
	check(!slice_eq(other->bytes, first->bytes));
	check_slice(other->names.at[0], "a.bin");
	conf_free(c);
	arena_free(a);
}

UNIT_MAIN(unit(rules_see_the_envelope),
    unit(options_are_asked_for_this_message),
    unit(the_message_is_entity_zero_and_members_hang_below),
    unit(parts_and_their_contents_become_entities),
    unit(other_contents_stand_beside_the_first))
