/* Any template with any value: the header lines stay header lines. */
#include "act/template.h"
#include "base/fail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_header(struct slice text)
{
	struct slice line;
	unsigned evil = 0;

	while (slice_line(&text, &line) && line.n > 0) {
		ensure(line.n <= 998 || slice_find(line, SLICE("X-A")) < 0);
		ensure(slice_chr(line, '\r') == SLICE_NOT_FOUND);
		evil += slice_starts(line, "Evil-Field:");
	}
	ensure(evil == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of((const char *)data, size), text, value;
	struct template_value values[2] = {{.name = "a"}, {.name = "report"}};
	struct buf out;
	ptrdiff_t cut;

	cut = slice_chr(in, '\0');
	text = cut < 0 ? in : slice_sub(in, 0, (size_t)cut);
	value = cut < 0 ? SLICE_NONE : slice_from(in, (size_t)cut + 1);
	values[0].value = values[1].value = value;
	buf_init(&out, 1 << 24);
	template_expand(&out, text, TEMPLATE_TEXT, values, 2);
	buf_reset(&out);
	template_expand(&out, text, TEMPLATE_HTML, values, 2);
	buf_reset(&out);
	template_expand(
	    &out, SLICE("X-A: $a\nX-B: $report\n\n"), TEMPLATE_MAIL, values, 2);
	check_header(buf_slice(&out));
	buf_reset(&out);
	template_expand(&out, text, TEMPLATE_MAIL, values, 2);
	buf_fini(&out);
	return 0;
}
