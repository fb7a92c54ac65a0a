/* A pattern, a NUL, then the text it is held against. */
#include <stdint.h>

#include "base/fail.h"
#include "config/pattern.h"
#include "config/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum pattern_side sides[] = {
	    PATTERN_FROM, PATTERN_TO, PATTERN_VIRUS};
	struct slice word = slice_of((const char *)data, size), text;
	ptrdiff_t cut = slice_chr(word, '\0');
	struct arena *a = arena_new(0);
	struct subject s = {0};
	size_t i;

	text = cut < 0 ? word : slice_from(word, (size_t)cut + 1);
	if (cut >= 0)
		word.n = (size_t)cut;
	s.sender = s.client_ip = s.client_host = text;
	s.client_host_verified = true;
	for (i = 0; i < COUNT_OF(sides); i++) {
		const char *why = NULL;
		struct pattern p;

		pattern_parse(&p, a, word, sides[i], &why);
		ensure((why != NULL) == (p.kind == PATTERN_NEVER));
		(void)pattern_match_from(&p, &s);
		(void)pattern_match_address(&p, text);
		(void)pattern_match_text(&p, text);
		pattern_fini(&p);
	}
	arena_free(a);
	return 0;
}
