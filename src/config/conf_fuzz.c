/* Any text as MailScanner.conf: every option has an answer afterwards. */
#include "base/fail.h"
#include "config/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of((const char *)data, size);
	struct slice to = SLICE("bob@example.net");
	struct subject s = {.sender = SLICE("ann@example.org"),
	    .recipients = &to,
	    .recipient_count = 1,
	    .client_ip = SLICE("192.0.2.1")};
	struct conf *c;
	unsigned i;

	/* Files of this machine are no input. */
	if (slice_find_ci(text, SLICE("include")) >= 0 ||
	    slice_chr(text, '/') >= 0)
		return 0;
	c = conf_of_text("/nonexistent", text);
	for (i = 0; i < OPTION_COUNT; i++) {
		struct slice v =
		    conf_text(c, (enum option)i, &s, conf_arena(c));

		ensure(v.n <= CONF_VALUE_MAX);
		(void)conf_number(c, (enum option)i, &s);
		(void)conf_yes(c, (enum option)i, NULL);
	}
	conf_free(c);
	return 0;
}
