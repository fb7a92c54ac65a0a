/* mime_bench - parse all messages of a folder and decode their leaves.
 *
 *	mime_bench REPEATS DIRECTORY
 * For counting instructions: the difference between two numbers of repeats
 * is parsing alone. Prints parts and decoded bytes of one round. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/num.h"
#include "mime/parser.h"

static struct arena *kept;
static VEC_OF(struct slice) mails;

static int
add_mail(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	void *p;
	int fd;

	(void)at;
	if (kind != FTW_F || st->st_size == 0 ||
	    !slice_ends(slice_str(path), ".eml"))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	p = mmap(NULL, (size_t)st->st_size, PROT_READ,
	    MAP_PRIVATE | MAP_POPULATE, fd, 0);
	(void)close(fd);
	if (p == MAP_FAILED)
		return -1;
	*vec_push(kept, &mails) = slice_of(p, (size_t)st->st_size);
	return 0;
}

struct sum {
	size_t parts, bytes;
};

static void
add_content(struct arena *a, const struct mime_part *p, struct sum *sum)
{
	struct mime_decoding *d;
	size_t i, count;

	if (p->multipart || p->message)
		return;
	d = mime_decode(a, p, &mime_default_limits, &count);
	for (i = 0; i < count; i++)
		sum->bytes += d[i].bytes.n;
}

static struct sum
once(struct arena *a)
{
	struct mime_part **p;
	struct mime_tree *t;
	struct slice *raw;
	struct sum sum = {0, 0};

	vec_each (raw, &mails) {
		arena_reset(a);
		t = mime_parse(a, *raw, &mime_default_limits);
		sum.parts += t->parts.n;
		vec_each (p, &t->parts)
			add_content(a, *p, &sum);
	}
	return sum;
}

int
main(int argc, char **argv)
{
	struct arena *a = arena_new(0);
	struct sum sum = {0, 0};
	uint64_t repeats = 0;

	kept = arena_new(0);
	if (argc != 3 ||
	    !num_parse_u64(slice_str(argv[1]), 1000000, &repeats)) {
		(void)fprintf(stderr, "usage: mime_bench REPEATS DIRECTORY\n");
		return 64;
	}
	if (nftw(argv[2], add_mail, 16, FTW_PHYS) != 0) {
		perror(argv[2]);
		return 2;
	}
	while (repeats-- > 0)
		sum = once(a);
	(void)printf("%zu messages, %zu parts, %zu bytes decoded\n", mails.n,
	    sum.parts, sum.bytes);
	arena_free(a);
	arena_free(kept);
	return 0;
}
