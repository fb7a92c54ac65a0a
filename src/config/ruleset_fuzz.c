/* Rules, a NUL, then sender, recipient and client a line each. */
#include <stdint.h>

#include "base/fail.h"
#include "config/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A pattern file that names itself. */
static struct slice
read_file(struct slice path, void *ctx)
{
	(void)ctx;
	return slice_ends(path, "self") ? SLICE("/self\nexample.org\n10.\n/x/")
					: SLICE_NONE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ruleset_host host = {.read = read_file};
	struct slice text = slice_of((const char *)data, size), rest, to[2];
	ptrdiff_t cut = slice_chr(text, '\0');
	struct arena *a = arena_new(0);
	struct problems problems = {.arena = a};
	struct subject s = {.recipients = to, .client_host_verified = true};
	const struct rule *out[8], *const *all;
	struct ruleset *r;
	size_t n;

	rest = cut < 0 ? SLICE("a@b\nc@d\n192.0.2.1")
		       : slice_from(text, (size_t)cut + 1);
	if (cut >= 0)
		text.n = (size_t)cut;
	(void)slice_line(&rest, &s.sender);
	while (
	    s.recipient_count < 2 && slice_line(&rest, &to[s.recipient_count]))
		s.recipient_count++;
	(void)slice_line(&rest, &s.client_ip);
	(void)slice_line(&rest, &s.client_host);
	s.virus_reports = rest;
	r = ruleset_parse(a, text, SLICE("fuzz"), &host, &problems);
	ensure(ruleset_match(r, &s, false, out, 8) <= 8);
	ensure(ruleset_match(r, &s, true, out, 1) <= 1);
	n = ruleset_match(r, NULL, false, out, 8);
	ensure(n <= 1);
	ensure(n <= ruleset_rules(r, &all));
	ruleset_fini(r);
	arena_free(a);
	return 0;
}
