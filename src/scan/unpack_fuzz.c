#include <stdint.h>

#include "base/fail.h"
#include "scan/unpack.h"
#include "sys/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BYTES = 2000000, MEMBERS = 300 };

static struct conf *
settings(void)
{
	static struct conf *c;

	if (c == NULL) {
		c = conf_defaults();
		conf_set(c, OPT_ARCHIVE_MAXIMUM_SIZE, SLICE("2000000"));
		conf_set(c, OPT_ARCHIVE_MAXIMUM_MEMBERS, SLICE("300"));
		conf_set(c, OPT_MAXIMUM_ARCHIVE_DEPTH, SLICE("4"));
		conf_set(c, OPT_MESSAGE_MEMORY_LIMIT, SLICE("64m"));
	}
	return c;
}

static bool
blocks(const struct message *m)
{
	const struct finding *f;

	vec_each (f, &m->verdict.findings)
		if (f->wish == WISH_BLOCK)
			return true;
	return false;
}

/* The first byte chooses how the rest calls itself. Limits hold, and what was
 * stopped by one of them is blocked or incomplete. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {
	    "application/octet-stream", "text/plain", ""};
	static struct unpacker *u;
	struct arena *a = arena_new(256 * 1024 * 1024);
	struct envelope env = {0};
	struct message m;
	struct unpacking x;
	struct entity *e;
	size_t i;

	if (u == NULL)
		u = unpacker_new();
	message_init(
	    &m, a, settings(), &env, slice_of((const char *)data, size));
	e = vec_push(a, &m.entities);
	e->kind = ENTITY_PART;
	e->index = 1;
	e->leaf = true;
	e->path = SLICE("1");
	e->type = slice_str(types[size > 0 ? data[0] % 3 : 0]);
	e->bytes = slice_from(m.raw, 1);
	*vec_push(a, &e->names) = SLICE("file.tgz");
	unpack_message(u, &x, &m, clock_mono() + 30 * CLOCK_SEC);
	ensure(m.entities.n <= 2 + MEMBERS);
	ensure(x.marks.n == m.entities.n);
	ensure(x.bytes <= BYTES && x.members <= MEMBERS);
	ensure(!x.stop_all || x.late || blocks(&m));
	for (i = 2; i < m.entities.n; i++) {
		e = &m.entities.at[i];
		ensure(e->parent > 0 && (size_t)e->parent < i);
		ensure(e->bytes.n == 0 || e->bytes.n <= BYTES);
	}
	arena_free(a);
	return 0;
}
