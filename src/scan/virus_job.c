#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "scan/virus.h"
#include "sys/io.h"

enum {
	SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
	TRAILER = 8, /* the offset of the table */
	/* Packed bytes of an object with an empty name. */
	OBJECT_LEAST = 4 + 4 + 8 + 8,
	TABLE_MAX =
	    VIRUS_OBJECTS_MAX * (OBJECT_LEAST + VIRUS_OBJECT_NAME_MAX) + 1024,
	ID_MAX = 200,
};

static bool
name_byte_is_safe(char c)
{
	return text_is_alnum(c) || c == '.' || c == '_' || c == '-';
}

static bool
name_is_safe(struct slice s)
{
	size_t i;

	if (s.n == 0 || s.n > VIRUS_OBJECT_NAME_MAX || s.p[0] == '.' ||
	    s.p[0] == '-')
		return false;
	for (i = 0; i < s.n; i++)
		if (!name_byte_is_safe(s.p[i]))
			return false;
	return true;
}

static int
write_job(int fd, const struct virus_job *job, const struct slice *pieces,
    size_t n, struct fail *why)
{
	uint64_t size = 0;
	struct buf table;
	size_t i;
	int code = 0;

	for (i = 0; i < n; i++) {
		if ((code = io_write(fd, pieces[i], why)) != 0)
			return code;
		size += pieces[i].n;
	}
	buf_init(&table, TABLE_MAX + TRAILER);
	virus_job_pack(&table, job);
	pack_u64(&table, size);
	ensure(!table.full);
	code = io_write(fd, buf_slice(&table), why);
	buf_fini(&table);
	if (code == 0 && fcntl(fd, F_ADD_SEALS, SEALS) != 0)
		code = fail_errno(why, "seal a memory file");
	return code;
}

int
virus_job_seal(const struct virus_job *job, const struct slice *pieces,
    size_t n, struct fail *why)
{
	int fd = memfd_create("scan", MFD_CLOEXEC | MFD_ALLOW_SEALING), code;

	if (fd < 0)
		return fail_errno(why, "memory file");
	code = write_job(fd, job, pieces, n, why);
	if (code == 0)
		return fd;
	(void)close(fd);
	return code;
}

void
virus_job_pack(struct buf *b, const struct virus_job *job)
{
	const struct virus_object *o;

	pack_slice(b, slice_sub(job->id, 0, ID_MAX));
	pack_u32(b, (uint32_t)job->objects.n);
	vec_each (o, &job->objects) {
		pack_u32(b, (uint32_t)o->entity);
		pack_slice(b, o->name);
		pack_u64(b, o->offset);
		pack_u64(b, o->size);
	}
}

void
virus_job_unpack(
    struct unpack *u, struct virus_job *job, uint64_t size, struct arena *a)
{
	uint32_t n, i;

	job->id = unpack_slice(u);
	n = unpack_count(u, OBJECT_LEAST);
	if (n > VIRUS_OBJECTS_MAX || job->id.n > ID_MAX)
		u->bad = true;
	for (i = 0; i < n && !u->bad; i++) {
		struct virus_object *o = vec_push(a, &job->objects);
		uint32_t entity = unpack_u32(u);

		o->name = unpack_slice(u);
		o->offset = unpack_u64(u);
		o->size = unpack_u64(u);
		if (entity > INT_MAX || !name_is_safe(o->name) ||
		    o->offset > size || o->size > size - o->offset)
			u->bad = true;
		o->entity = (int)(entity & INT_MAX);
	}
	if (u->bad)
		job->objects.n = 0;
}

static int
read_table(
    struct virus_job *job, struct slice file, struct arena *a, struct fail *why)
{
	struct unpack end = unpack_of(
	    slice_from(file, file.n > TRAILER ? file.n - TRAILER : 0));
	uint64_t at = unpack_u64(&end);
	struct unpack table;

	if (!unpack_done(&end) || at > file.n - TRAILER)
		return fail_set(why, FAIL_PEER, "job without a table");
	table = unpack_of(slice_sub(file, (size_t)at, file.n - TRAILER));
	virus_job_unpack(&table, job, at, a);
	if (!unpack_done(&table))
		return fail_set(why, FAIL_PEER, "job with a broken table");
	return 0;
}

int
virus_job_open(struct virus_job *job, int fd, struct arena *a, struct fail *why)
{
	int seals = fcntl(fd, F_GET_SEALS), code;
	struct stat st;
	void *p;

	*job = (struct virus_job){.fd = fd};
	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) != 0 ||
	    st.st_size < TRAILER ||
	    st.st_size > (off_t)VIRUS_JOB_MAX + TABLE_MAX + TRAILER)
		return fail_set(why, FAIL_PEER, "job is no sealed file");
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return fail_errno(why, "map a job");
	job->bytes = slice_of(p, (size_t)st.st_size);
	code = read_table(job, job->bytes, a, why);
	if (code != 0)
		virus_job_close(job);
	return code;
}

void
virus_job_close(struct virus_job *job)
{
	void *p;

	if (job->bytes.p != NULL) {
		memcpy(&p, &job->bytes.p, sizeof(p));
		(void)munmap(p, job->bytes.n);
	}
	*job = (struct virus_job){.fd = -1};
}
