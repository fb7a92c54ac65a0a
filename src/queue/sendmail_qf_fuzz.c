#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "queue/sendmail_qf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct qf_change no_change;

/* Written without a change and read again it says the same. */
static void
check_same(const struct sendmail_qf *qf, struct slice bytes)
{
	struct arena *a = arena_new(0);
	struct sendmail_qf again;
	struct fail story;
	const char *why;
	struct buf out;

	buf_init(&out, 2 * bytes.n + 100);
	ensure(sendmail_qf_write(&out, qf, &no_change, &story) == 0);
	ensure(sendmail_qf_parse(&again, buf_slice(&out), a, &why) == QF_WHOLE);
	ensure(slice_eq(again.header, qf->header));
	ensure(again.env.recipients.n == qf->env.recipients.n);
	ensure(slice_eq(again.env.sender, qf->env.sender));
	/* Only a d record and the last line's end may differ. */
	if (qf->body_dir.n == 0 && bytes.p[bytes.n - 1] == '\n')
		ensure(out.n <= bytes.n);
	buf_fini(&out);
	arena_free(a);
}

/* What the edits make of the header is what can be read afterwards. */
static void
check_edited(const struct sendmail_qf *qf, const uint8_t *data, size_t size)
{
	static const char *const texts[] = {
	    "X: y\n", "X: y\n z\n", "", " more\n", "q", "\x81\xff", "\n"};
	struct arena *a = arena_new(0);
	struct edits e = {.list = {.n = 0}};
	struct recipient r = {.address = SLICE("new@example.org")};
	struct qf_change change = {
	    .edits = &e, .recipients = &r, .recipient_count = 1};
	struct sendmail_qf again;
	struct fail story;
	struct buf header, out;
	const char *why;
	size_t at = 0, i;

	for (i = 0; i + 2 < size && i < 12; i += 3) {
		size_t drop;

		at += data[i] % (qf->header.n / 2 + 2);
		if (at > qf->header.n)
			break;
		drop = data[i + 1] % 9;
		if (drop > qf->header.n - at)
			drop = 0;
		edits_add(&e, a, at, drop,
		    slice_str(texts[data[i + 2] % COUNT_OF(texts)]));
		at += drop;
	}
	buf_init(&header, 1 << 20);
	buf_init(&out, 1 << 22);
	if (sendmail_qf_header(&header, qf, &e)) {
		ensure(sendmail_qf_write(&out, qf, &change, &story) == 0);
		ensure(sendmail_qf_parse(&again, buf_slice(&out), a, &why) ==
		       QF_WHOLE);
		/* One that had it already, perhaps twice, keeps it so. */
		ensure(again.env.recipients.n >= 1);
		for (i = 0; i < again.env.recipients.n; i++)
			ensure(slice_eq(
			    again.env.recipients.at[i].address, r.address));
		ensure(header.n >= again.header.n);
	}
	buf_fini(&header);
	buf_fini(&out);
	arena_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_of((const char *)data, size), head, body;
	struct arena *a = arena_new(0);
	struct sendmail_qf qf;
	const char *why;
	size_t i;

	sendmail_qf_split(bytes, &head, &body);
	ensure(head.n + body.n <= size);
	if (sendmail_qf_parse(&qf, bytes, a, &why) == QF_WHOLE) {
		for (i = 0; i < qf.fields.n; i++)
			ensure(qf.fields.at[i].at < qf.fields.at[i].end);
		check_same(&qf, bytes);
		check_edited(&qf, data, size);
	}
	arena_free(a);
	return 0;
}
