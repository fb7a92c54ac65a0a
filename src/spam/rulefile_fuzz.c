#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "spam/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The whole language: lines, definitions, settings, sealing. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rules *r;
	struct buf b;

	if (size > 20000)
		return 0;
	r = rules_of_text(SLICE("f.cf"), slice_of((const char *)data, size));
	buf_init(&b, 1000000);
	for (size_t i = 0; i < r->complaints.list.n; i++)
		complaint_print(&r->complaints.list.at[i], &b);
	for (size_t i = 0; i < r->n_order; i++)
		ensure(r->order[i]->defined);
	buf_fini(&b);
	rules_free(r);
	return 0;
}
