/* An address field: never more than was there. */
#include <stdint.h>

#include "base/fail.h"
#include "mime/address.h"
#include "mime/charset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 50 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(1 << 28);
	struct slice in = slice_of((const char *)data, size);
	struct address_list l;
	size_t i, total = 0;

	address_parse(&l, a, in, MOST);
	ensure(l.n <= MOST);
	for (i = 0; i < l.n; i++) {
		total += l.at[i].mailbox.n;
		ensure(charset_is_utf8(l.at[i].display));
		ensure(l.at[i].domain.n <= l.at[i].mailbox.n);
		ensure(slice_chr(l.at[i].domain, '@') < 0);
	}
	ensure(total <= in.n);
	arena_free(a);
	return 0;
}
