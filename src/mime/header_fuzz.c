/* First byte: line ends and limits; the rest: a header block. */
#include <stdint.h>

#include "base/fail.h"
#include "mime/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_block(const struct header_block *b, struct slice text)
{
	const char *end = text.p;
	size_t i;

	ensure(b->raw.n <= text.n);
	ensure(b->fields_end <= b->raw.n);
	ensure(b->other_end < b->raw.n || b->other_end == 0);
	for (i = 0; i < b->n; i++) {
		const struct header_field *f = &b->at[i];

		ensure(f->raw.p >= end);
		end = f->raw.p + f->raw.n;
		ensure(
		    f->value.p == NULL ||
		    (f->value.p >= f->raw.p && f->value.p + f->value.n <= end));
		ensure(f->name.n == 0 || f->name.p == f->raw.p);
	}
	ensure(end <= text.p + b->raw.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(1 << 28);
	struct slice text = slice_of((const char *)data, size), v;
	struct header_block b;
	unsigned how = size > 0 ? data[0] : 0;
	size_t i, from = 0;

	text = size > 0 ? slice_of(text.p + 1, size - 1) : SLICE("");
	header_parse(&b, a, text,
	    (how & 1) != 0 ? HEADER_EOL_ANY : HEADER_EOL_LF,
	    (how & 2) != 0 ? 20 : 1 << 20, (how & 4) != 0 ? 2 : 1000);
	check_block(&b, text);
	for (i = 0; i < b.n; i++) {
		v = header_unfold(a, b.at[i].value);
		ensure(v.n <= b.at[i].value.n);
		ensure(slice_chr(v, '\n') < 0 && slice_chr(v, '\r') < 0);
	}
	(void)header_get(a, &b, "subject");
	while (header_find(&b, "to", &from) != NULL)
		;
	arena_free(a);
	return 0;
}
