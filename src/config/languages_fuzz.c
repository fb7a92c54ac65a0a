/* Any text as languages.conf. */
#include "base/fail.h"
#include "config/languages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of((const char *)data, size);
	struct conf *c = conf_of_text("/nonexistent", SLICE("%a% = b\n"));
	struct languages l;

	languages_parse(
	    &l, conf_arena(c), c, text, SLICE("fuzz"), conf_problems_rw(c));
	ensure(languages_get(&l, "NoticePrefix").p != NULL);
	ensure(slice_is(languages_get(&l, " \t"), " \t") || l.texts.n > 0);
	conf_free(c);
	return 0;
}
