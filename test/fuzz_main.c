/* fuzz_main - run a fuzz target over files and directories with any compiler.
 * Every input is also given in a buffer of its exact size, so that reading
 * past it is seen by the address sanitizer. */
#define _GNU_SOURCE
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t ran;

static int
run_file(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	FILE *f;
	uint8_t *p;
	size_t n;

	(void)at;
	if (kind != FTW_F || (f = fopen(path, "rb")) == NULL)
		return 0;
	p = malloc((size_t)st->st_size > 0 ? (size_t)st->st_size : 1);
	if (p == NULL)
		abort();
	n = fread(p, 1, (size_t)st->st_size, f);
	(void)fclose(f);
	(void)LLVMFuzzerTestOneInput(p, n);
	free(p);
	ran++;
	return 0;
}

int
main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		(void)nftw(argv[i], run_file, 16, FTW_PHYS);
	(void)printf("%zu inputs\n", ran);
	return ran > 0 ? 0 : 1;
}
