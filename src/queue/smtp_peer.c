#include "queue/smtp_peer.h"

#include "base/text.h"
#include "queue/smtp_address.h"

enum { IP_TEXT_MAX = 45 };

bool
smtp_peer_set(struct smtp_peer_value *v, struct slice text)
{
	bool ok = text.n <= sizeof(v->p);

	v->n = 0;
	for (size_t i = 0; ok && i < text.n; i++)
		ok = (unsigned char)text.p[i] >= ' ' && text.p[i] != 0x7f;
	if (!ok)
		return false;
	if (text.n > 0)
		memcpy(v->p, text.p, text.n);
	v->n = text.n;
	return true;
}

static bool
take_xtext(struct smtp_peer_value *v, struct slice text)
{
	struct buf b;
	bool ok;

	v->n = 0;
	if (slice_is_ci(text, "[UNAVAILABLE]") ||
	    slice_is_ci(text, "[TEMPUNAVAIL]"))
		return true;
	buf_init(&b, SMTP_PEER_VALUE_MAX);
	ok = smtp_xtext_decode(&b, text) && smtp_peer_set(v, buf_slice(&b));
	buf_fini(&b);
	return ok;
}

static bool
take_ip(struct smtp_peer_value *v, struct slice text)
{
	struct slice ip;

	if (!take_xtext(v, text))
		return false;
	ip = smtp_peer_get(v);
	if (slice_starts_ci(ip, "IPV6:")) {
		v->n -= 5;
		memmove(v->p, v->p + 5, v->n);
		ip = smtp_peer_get(v);
	}
	for (size_t i = 0; i < ip.n; i++)
		if (text_hex(ip.p[i]) < 0 && ip.p[i] != '.' && ip.p[i] != ':')
			return false;
	return ip.n <= IP_TEXT_MAX;
}

static bool
take_one(struct smtp_peer *p, struct slice key, struct slice text)
{
	struct smtp_peer_value ignored;

	if (slice_is_ci(key, "ADDR"))
		return take_ip(&p->ip, text);
	if (slice_is_ci(key, "NAME"))
		return take_xtext(&p->name, text);
	if (slice_is_ci(key, "HELO"))
		return take_xtext(&p->helo, text);
	if (slice_is_ci(key, "PROTO"))
		return take_xtext(&p->protocol, text);
	if (slice_is_ci(key, "IDENT"))
		return take_xtext(&p->ident, text);
	if (slice_is_ci(key, "LOGIN"))
		return take_xtext(&p->login, text);
	/* These are understood and tell us nothing we keep. */
	return (slice_is_ci(key, "PORT") || slice_is_ci(key, "SOURCE") ||
		   slice_is_ci(key, "DESTADDR") ||
		   slice_is_ci(key, "DESTPORT")) &&
	       take_xtext(&ignored, text);
}

bool
smtp_peer_take(struct smtp_peer *p, struct slice args)
{
	struct smtp_peer new = *p;
	struct slice key, value;
	bool ok, any = false;

	while (smtp_param_next(&args, &key, &value, &ok)) {
		if (!ok || value.n == 0 || !take_one(&new, key, value))
			return false;
		any = true;
	}
	if (any)
		*p = new;
	return any;
}
