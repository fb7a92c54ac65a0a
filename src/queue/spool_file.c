#include "queue/spool_file.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "queue/spool.h"
#include "sys/io.h"

static const char magic[] = "REEVE-1\n";

bool
spool_file_is_id(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!text_is_alnum(name[i]) && (i == 0 || name[i] != '-'))
			return false;
	return n > 0 && n <= SPOOL_ID_MAX;
}

int
spool_file_head(struct buf *out, const struct envelope *env, struct fail *why)
{
	struct buf packed;

	buf_init(&packed, SPOOL_ENVELOPE_MAX);
	envelope_pack(&packed, env);
	(void)buf_add(out, slice_of(magic, sizeof(magic) - 1));
	pack_u32(out, (uint32_t)packed.n);
	pack_u32(out, (uint32_t)env->recipients.n);
	pack_u32(out, 0);
	pack_u32(out, 0);
	(void)buf_add(out, buf_slice(&packed));
	for (size_t i = 0; i < env->recipients.n; i++)
		(void)buf_addc(out, (char)SPOOL_WAITING);
	out->full = out->full || packed.full;
	buf_fini(&packed);
	return out->full ? fail_set(why, FAIL_FULL,
			       "the envelope is larger than %d bytes",
			       SPOOL_ENVELOPE_MAX)
			 : 0;
}

static bool
read_all(int fd, char *p, size_t n, uint64_t at)
{
	return io_read_at(fd, p, n, at, NULL) == (ssize_t)n;
}

/* In the byte of a recipient: what was, what is to be, and the pass that makes
 * it so. */
enum { STATE_BITS = 2, STATE_MASK = 3, PASS_AT = 4, PASS_MASK = 15 };

unsigned char
spool_file_state(unsigned char byte, unsigned flags)
{
	unsigned was = byte & STATE_MASK;
	unsigned next = byte >> STATE_BITS & STATE_MASK;
	unsigned pass = flags >> SPOOL_PASS_SHIFT & PASS_MASK;

	return (unsigned char)((unsigned)byte >> PASS_AT == pass ? next : was);
}

unsigned char
spool_file_stage(unsigned char was, unsigned char next, unsigned flags)
{
	unsigned pass = flags >> SPOOL_PASS_SHIFT & PASS_MASK;

	return (unsigned char)(was | (unsigned)next << STATE_BITS |
			       pass << PASS_AT);
}

bool
spool_file_read(
    struct spool_file *f, int fd, uint64_t file_size, struct arena *a)
{
	char head[SPOOL_FILE_HEAD], *bytes;
	struct unpack u = unpack_of(slice_of(head + 8, SPOOL_FILE_HEAD - 8));
	uint32_t size, count;

	if (!read_all(fd, head, SPOOL_FILE_HEAD, 0) ||
	    memcmp(head, magic, sizeof(magic) - 1) != 0)
		return false;
	size = unpack_u32(&u);
	count = unpack_u32(&u);
	f->attempts = unpack_u32(&u);
	f->flags = unpack_u32(&u);
	if (size > SPOOL_ENVELOPE_MAX || count > size)
		return false;
	f->states_at = SPOOL_FILE_HEAD + (uint64_t)size;
	f->offset = f->states_at + count;
	if (f->offset > file_size)
		return false;
	f->size = file_size - f->offset;
	bytes = arena_alloc(a, size + count + 1);
	if (!read_all(fd, bytes, size + count, SPOOL_FILE_HEAD))
		return false;
	u = unpack_of(slice_of(bytes, size));
	envelope_unpack(&u, &f->env, a);
	f->states = (unsigned char *)bytes + size;
	for (uint32_t i = 0; i < count; i++) {
		f->states[i] = spool_file_state(f->states[i], f->flags);
		if (f->states[i] > SPOOL_FAILED)
			return false;
	}
	return unpack_done(&u) && f->env.recipients.n == count;
}

void
spool_file_new_id(char *id, unsigned counter)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)snprintf(id, SPOOL_ID_MAX + 1, "%08llX%05lX%06X%04X",
	    (unsigned long long)now.tv_sec & 0xffffffffU,
	    (unsigned long)now.tv_nsec / 1000, (unsigned)getpid() & 0xffffffU,
	    counter & 0xffffU);
}
