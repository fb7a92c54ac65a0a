#include <stdint.h>

#include "base/fail.h"
#include "scan/virus_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct virus_lines_row *row = NULL;
	struct arena *a = arena_new(0);

	while ((row = virus_lines_next(row)) != NULL) {
		struct slice rest = slice_of((const char *)data, size), line;
		struct virus_lines state = {VIRUS_LINE_NO_OBJECT};

		while (slice_line(&rest, &line)) {
			struct virus_line out = {
			    VIRUS_LINE_OTHER, VIRUS_LINE_NO_OBJECT, {NULL, 0}};

			row->parse(&state, line, &out);
			ensure(out.object >= VIRUS_LINE_NO_OBJECT);
			ensure(
			    out.kind != VIRUS_LINE_INFECTED || out.name.n > 0);
			ensure(virus_lines_shown(line, a).n <= VIRUS_LINE_MAX);
		}
	}
	arena_free(a);
	return 0;
}
