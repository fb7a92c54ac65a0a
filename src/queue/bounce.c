#include "queue/bounce.h"

#include <stdio.h>
#include <time.h>

#include "base/arena.h"
#include "base/text.h"
#include "queue/smtp_address.h"

static const struct {
	const char *subject, *action, *story;
} kinds[] = {
    [BOUNCE_FAILED] = {"Mail could not be delivered", "failed",
	"Your message could not be delivered to the recipients below.\n"
	"It will not be tried again.\n"},
    [BOUNCE_DELAYED] = {"Mail is delayed", "delayed",
	"Your message has not yet been delivered to the recipients below.\n"
	"You need not send it again: delivery is still being tried.\n"},
    [BOUNCE_RELAYED] = {"Mail was relayed", "relayed",
	"Your message was handed to a mail system that does not report what\n"
	"becomes of it. This is the only report you will get from here.\n"},
    [BOUNCE_DELIVERED] = {"Mail was delivered", "delivered",
	"Your message was delivered to the recipients below.\n"},
};

bool
bounce_is_wanted(enum bounce_kind kind, const struct envelope *env,
    const struct recipient *r)
{
	if (env->sender.n == 0 || (r->notify & NOTIFY_NEVER))
		return false;
	switch (kind) {
	case BOUNCE_FAILED:
		return r->notify == 0 || (r->notify & NOTIFY_FAILURE);
	case BOUNCE_DELAYED:
		return r->notify == 0 || (r->notify & NOTIFY_DELAY);
	case BOUNCE_RELAYED:
	case BOUNCE_DELIVERED:
		return (r->notify & NOTIFY_SUCCESS) != 0;
	}
	return false;
}

/* s on one line, ASCII only. */
static void
add_safe(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= ' ' && c < 0x7f)
			(void)buf_addc(out, (char)c);
		else
			(void)buf_addf(out, "\\x%02X", (unsigned)c);
	}
}

static void
add_field(struct buf *out, const char *name, struct slice value)
{
	(void)buf_adds(out, name);
	add_safe(out, value);
	(void)buf_addc(out, '\n');
}

/* "rfc822; a@b", or RFC 6533's "utf-8; ..." with \x{HEX}. */
static void
add_address(struct buf *out, const char *name, struct slice address)
{
	bool ascii = true;

	for (size_t i = 0; i < address.n; i++)
		ascii &= (unsigned char)address.p[i] < 0x80;
	(void)buf_adds(out, name);
	(void)buf_adds(out, ascii ? "rfc822; " : "utf-8; ");
	for (size_t i = 0; i < address.n;) {
		uint32_t cp = 0;
		size_t n = text_utf8(address.p + i, address.n - i, &cp);

		if (n > 1)
			(void)buf_addf(out, "\\x{%X}", (unsigned)cp);
		else
			add_safe(out, slice_sub(address, i, i + 1));
		i += n > 0 ? n : 1;
	}
	(void)buf_addc(out, '\n');
}

static void
add_date(struct buf *out, const char *name, int64_t when)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)when;
	struct tm tm = {.tm_mday = 1};

	(void)gmtime_r(&t, &tm);
	(void)buf_addf(out, "%s%.3s, %d %.3s %d %02d:%02d:%02d +0000\n", name,
	    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static struct slice
header_of(struct slice message)
{
	struct slice rest = message, line;

	while (slice_line(&rest, &line))
		if (line.n == 0)
			return slice_sub(message, 0, message.n - rest.n);
	return message;
}

/* A boundary that does not occur in what is returned. It depends on every byte
 * of that, so a message cannot be made to have many of them in it. */
static struct slice
choose_boundary(const struct bounce *b, struct arena *a)
{
	for (unsigned turn = 0;; turn++) {
		uint64_t h = UINT64_C(0xcbf29ce484222325) ^ turn;
		struct slice mark;

		for (size_t i = 0; i < b->original.n; i++) {
			h ^= (unsigned char)b->original.p[i];
			h *= UINT64_C(0x100000001b3);
		}
		mark = arena_printf(a, "=_%016llx.%lld", (unsigned long long)h,
		    (long long)b->now);
		if (slice_find(b->original, mark) < 0)
			return mark;
	}
}

static void
add_head(const struct bounce *b, struct buf *out, struct slice mark)
{
	add_date(out, "Date: ", b->now);
	(void)buf_addf(out, "From: Mail Delivery System <postmaster@%.*s>\n",
	    SLICE_FMT(b->host));
	(void)buf_adds(out, "To: <");
	/* UTF-8 senders are shown as they are: the message is SMTPUTF8 then. */
	(void)buf_add(out, b->env->sender);
	(void)buf_addf(out, ">\nSubject: %s\nMessage-ID: <%lld.%.*s.%s@%.*s>\n",
	    kinds[b->kind].subject, (long long)b->now, SLICE_FMT(b->env->id),
	    kinds[b->kind].action, SLICE_FMT(b->host));
	(void)buf_addf(out,
	    "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\n"
	    "\tboundary=\"%.*s\"\n\n",
	    SLICE_FMT(mark));
}

static void
add_story(const struct bounce *b, struct buf *out, struct slice mark)
{
	(void)buf_addf(out,
	    "--%.*s\nContent-Type: text/plain; charset=us-ascii\n\n"
	    "This is the mail system at host %.*s.\n\n%s\n",
	    SLICE_FMT(mark), SLICE_FMT(b->host), kinds[b->kind].story);
	for (size_t i = 0; i < b->count; i++) {
		(void)buf_addc(out, '<');
		add_safe(out, b->rows[i].recipient->address);
		(void)buf_adds(out, ">: ");
		if (b->rows[i].hop.n > 0) {
			add_safe(out, b->rows[i].hop);
			(void)buf_adds(out, " said: ");
		}
		add_field(out, "", slice_str(b->rows[i].result->text));
	}
	(void)buf_addc(out, '\n');
}

static void
add_status(const struct bounce *b, struct buf *out, struct slice mark)
{
	struct buf id;

	(void)buf_addf(out,
	    "--%.*s\nContent-Type: message/delivery-status\n\n"
	    "Reporting-MTA: dns; %.*s\n",
	    SLICE_FMT(mark), SLICE_FMT(b->host));
	buf_init(&id, 1024);
	if (b->env->envid.n > 0 && smtp_xtext_decode(&id, b->env->envid))
		add_field(out, "Original-Envelope-Id: ", buf_slice(&id));
	add_date(out, "Arrival-Date: ", b->env->received_at);
	for (size_t i = 0; i < b->count; i++) {
		const struct bounce_row *r = &b->rows[i];
		const char *status = r->result->status;

		(void)buf_addc(out, '\n');
		buf_reset(&id);
		if (r->recipient->orcpt.n > 0 &&
		    smtp_xtext_decode(&id, r->recipient->orcpt)) {
			add_field(out, "Original-Recipient: ", buf_slice(&id));
		}
		add_address(out, "Final-Recipient: ", r->recipient->address);
		(void)buf_addf(out, "Action: %s\nStatus: %s\n",
		    kinds[b->kind].action, status);
		if (r->hop.n > 0)
			add_field(out, "Remote-MTA: dns; ", r->hop);
		add_field(out,
		    r->result->remote ? "Diagnostic-Code: smtp; "
				      : "Diagnostic-Code: X-Reeve; ",
		    slice_str(r->result->text));
		if (b->kind == BOUNCE_DELAYED)
			add_date(out, "Will-Retry-Until: ", b->expires);
	}
	(void)buf_addc(out, '\n');
	buf_fini(&id);
}

static void
add_original(const struct bounce *b, struct buf *out, struct slice mark)
{
	bool full = b->kind == BOUNCE_FAILED && b->whole &&
		    slice_is_ci(b->env->ret, "FULL") &&
		    b->original.n <= BOUNCE_RETURN_MAX;
	struct slice rest = full ? b->original : header_of(b->original);
	struct slice line;

	if (!full)
		rest = slice_sub(rest, 0, BOUNCE_HEADER_MAX);
	(void)buf_addf(out,
	    "--%.*s\nContent-Type: %s\nContent-Transfer-Encoding: 8bit\n\n",
	    SLICE_FMT(mark), full ? "message/rfc822" : "text/rfc822-headers");
	while (slice_line(&rest, &line)) {
		(void)buf_add(out, line);
		(void)buf_addc(out, '\n');
	}
	(void)buf_addf(out, "\n--%.*s--\n", SLICE_FMT(mark));
}

bool
bounce_compose(const struct bounce *b, struct buf *out, struct envelope *env,
    struct arena *a)
{
	struct slice mark = choose_boundary(b, a);
	struct recipient *to;

	add_head(b, out, mark);
	add_story(b, out, mark);
	add_status(b, out, mark);
	add_original(b, out, mark);
	*env = (struct envelope){
	    .received_at = b->now,
	    .protocol = SLICE("local"),
	    .smtputf8 = b->env->smtputf8,
	};
	to = vec_push(a, &env->recipients);
	to->address = b->env->sender;
	to->notify = NOTIFY_NEVER; /* a bounce of a bounce is none */
	return !out->full;
}
