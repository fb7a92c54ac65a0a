#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "spam/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = slice_of((const char *)data, size), text, flags;
	struct regex_error why;
	struct regex re;

	if (size > 2000)
		return 0;
	if (!regex_split(all, &text, &flags, &why)) {
		ensure(why.at <= size);
		return 0;
	}
	if (regex_compile(&re, text, flags, &why)) {
		ensure(re.code8 != NULL || re.code32 != NULL);
		regex_fini(&re);
	} else {
		ensure(why.at <= size && why.text[0] != '\0');
	}
	return 0;
}
