#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "queue/smtp_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was accepted once is accepted again, alone and in a path. */
static void
check_path(struct slice text)
{
	struct smtp_path p, again;
	struct slice local, domain;
	struct buf b;
	bool utf8 = false;

	if (!smtp_path_parse(text, &p) || p.address.n == 0)
		return;
	ensure(smtp_address_check(p.address, &utf8));
	ensure(utf8 == p.utf8);
	smtp_address_split(p.address, &local, &domain);
	ensure(local.n + domain.n <= p.address.n);
	buf_init(&b, SMTP_ADDRESS_MAX + 2);
	(void)buf_addc(&b, '<');
	(void)buf_add(&b, p.address);
	(void)buf_addc(&b, '>');
	ensure(smtp_path_parse(buf_slice(&b), &again));
	ensure(slice_eq(again.address, p.address) && again.rest.n == 0);
	ensure(slice_chr(p.address, '\r') < 0);
	ensure(slice_chr(p.address, '\n') < 0);
	buf_fini(&b);
}

static void
check_xtext(struct slice text)
{
	struct buf b, back;

	buf_init(&b, text.n * 3 + 1);
	buf_init(&back, text.n + 1);
	ensure(smtp_xtext_encode(&b, text));
	ensure(smtp_xtext_decode(&back, buf_slice(&b)));
	ensure(slice_eq(buf_slice(&back), text));
	(void)smtp_xtext_check(text);
	buf_fini(&b);
	buf_fini(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of((const char *)data, size), rest = text;
	struct slice key, value;
	bool ok;

	check_path(text);
	check_xtext(text);
	(void)smtp_orcpt_check(text, size % 2 == 0);
	while (smtp_param_next(&rest, &key, &value, &ok))
		ensure(key.n + value.n <= size);
	return 0;
}
