#define PCRE2_CODE_UNIT_WIDTH 8
#include "config/pattern.h"

#include <arpa/inet.h>
#include <pcre2.h>

#include "base/buf.h"
#include "base/num.h"
#include "base/text.h"
#include "config/ruleset.h"

enum { MATCH_LIMIT = 100000, ADDRESS_MAX = 1024, GLOB_MAX = 4096 };

bool
pattern_parse_ip(struct slice text, unsigned char out[16])
{
	char buf[64];

	if (text.n == 0 || text.n >= sizeof(buf))
		return false;
	(void)memcpy(buf, text.p, text.n);
	buf[text.n] = '\0';
	if (inet_pton(AF_INET6, buf, out) == 1)
		return true;
	(void)memset(out, 0, 10);
	out[10] = out[11] = 0xff;
	return inet_pton(AF_INET, buf, out + 12) == 1;
}

static bool
is_ip_text(struct slice s)
{
	bool digit = false, colon = false, letter = false;
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (text_is_digit(s.p[i]))
			digit = true;
		else if (s.p[i] == ':')
			colon = true;
		else if (text_hex(s.p[i]) >= 0)
			letter = true;
		else if (s.p[i] != '.')
			return false;
	}
	/* bad.de holds hexadecimal letters only and is a domain all the same.
	 */
	return colon || (digit && !letter);
}

/* Low and high end of a partly written IPv4 address: 10.1 -> 10.1.0.0,
 * 10.1.255.255. */
static bool
ip_ends(struct slice s, unsigned char low[16], unsigned char high[16])
{
	struct slice rest = s, field;
	uint64_t v;
	int i;

	if (slice_chr(s, ':') >= 0) {
		if (!pattern_parse_ip(s, low))
			return false;
		(void)memcpy(high, low, 16);
		return true;
	}
	(void)memset(low, 0, 16);
	low[10] = low[11] = 0xff;
	(void)memcpy(high, low, 16);
	(void)memset(high + 12, 0xff, 4);
	for (i = 0; slice_field(&rest, '.', &field); i++) {
		if (field.n == 0 && rest.p == NULL && i > 0)
			break;
		if (i == 4 || !num_parse_u64(field, 255, &v))
			return false;
		low[12 + i] = high[12 + i] = (unsigned char)v;
	}
	return i > 0;
}

static bool
parse_network(struct pattern *p, struct slice word, size_t slash)
{
	struct slice base = slice_sub(word, 0, slash);
	struct slice mask = slice_from(word, slash + 1);
	unsigned char bits[16], rest[16];
	uint64_t n;
	unsigned i;

	if (!ip_ends(base, p->low, rest))
		return false;
	(void)memset(bits, 0, sizeof(bits));
	if (num_parse_u64(mask, 128, &n)) {
		if (slice_chr(base, ':') < 0) {
			if (n > 32)
				return false;
			n += 96;
		}
		for (i = 0; i < n; i++)
			bits[i / 8] =
			    (unsigned char)(bits[i / 8] | 0x80 >> (i % 8));
	} else if (pattern_parse_ip(mask, bits)) {
		if (slice_chr(mask, ':') < 0)
			(void)memset(bits, 0xff, 12);
	} else {
		return false;
	}
	for (i = 0; i < 16; i++) {
		p->low[i] = p->low[i] & bits[i];
		p->high[i] = (unsigned char)(p->low[i] | (~bits[i] & 0xff));
	}
	return true;
}

static bool
parse_range(struct pattern *p, struct arena *a, struct slice word, size_t dash)
{
	struct slice from = slice_sub(word, 0, dash);
	struct slice to = slice_from(word, dash + 1);
	unsigned char other[16];

	if (slice_chr(to, '.') < 0 && slice_chr(to, ':') < 0) {
		/* 10.1.2-9: the last number only */
		ptrdiff_t dot = slice_rchr(from, '.');

		if (dot < 0)
			return false;
		to = arena_printf(
		    a, "%.*s.%.*s", (int)dot, from.p, SLICE_FMT(to));
	}
	return ip_ends(from, p->low, other) && ip_ends(to, other, p->high) &&
	       memcmp(p->low, p->high, 16) <= 0;
}

static bool
compile(struct pattern *p, struct slice text)
{
	int err;
	PCRE2_SIZE at;

	/* Texts are several reports, a line each. */
	p->regex = pcre2_compile((PCRE2_SPTR)text.p, text.n,
	    PCRE2_CASELESS | (p->kind == PATTERN_TEXT ? PCRE2_MULTILINE : 0),
	    &err, &at, NULL);
	return p->regex != NULL;
}

static struct slice
lower(struct arena *a, struct slice s)
{
	char *out = arena_str(a, s);
	size_t i;

	for (i = 0; i < s.n; i++)
		out[i] = text_lower(out[i]);
	return slice_of(out, s.n);
}

static void
parse_regex(struct pattern *p, struct slice inner, enum pattern_side side,
    const char **why)
{
	/* As in the original, whose letters are the small ones, those of \d
	 * and \s among them; and /^$/ is the null sender. */
	bool letters = slice_is(inner, "^$");
	size_t i;

	for (i = 0; i < inner.n; i++)
		letters |= inner.p[i] >= 'a' && inner.p[i] <= 'z';
	p->kind = side == PATTERN_VIRUS              ? PATTERN_TEXT
		  : side == PATTERN_FROM && !letters ? PATTERN_IP_REGEX
						     : PATTERN_REGEX;
	if (!compile(p, inner)) {
		p->kind = PATTERN_NEVER;
		*why = "the expression cannot be compiled; it never matches";
	}
}

static void
parse_host(
    struct pattern *p, struct arena *a, struct slice word, const char **why)
{
	struct slice rest = slice_from(word, (size_t)slice_chr(word, ':') + 1);

	p->kind = PATTERN_HOST;
	p->host_unchecked = slice_starts_ci(word, "host-nocheck:");
	if (rest.n == 0) {
		p->host_none = true;
	} else if (slice_is_ci(rest, "_spoofed_")) {
		p->host_spoofed = true;
	} else if (rest.n > 1 && rest.p[0] == '/' && slice_ends(rest, "/")) {
		if (!compile(p, slice_sub(rest, 1, rest.n - 1))) {
			p->kind = PATTERN_NEVER;
			*why = "the expression cannot be compiled; it never "
			       "matches";
		}
	} else {
		p->glob = lower(a, rest);
	}
}

/* A glob with signs of expressions in it is one, as in the original, which
 * makes every glob an expression and quotes only these four. */
static void
parse_mixed(
    struct pattern *p, struct arena *a, struct slice glob, const char **why)
{
	struct buf text;
	size_t i;

	buf_init(&text, 4 * GLOB_MAX + 8);
	(void)buf_addc(&text, '^');
	for (i = 0; i < glob.n; i++) {
		if (glob.p[i] == '*')
			(void)buf_addc(&text, '.');
		else if (strchr("@.+", glob.p[i]) != NULL)
			(void)buf_addc(&text, '\\');
		(void)buf_addc(&text, glob.p[i]);
	}
	(void)buf_adds(&text, "\\.?$");
	p->kind = PATTERN_REGEX;
	if (text.full || !compile(p, arena_dup(a, buf_slice(&text)))) {
		p->kind = PATTERN_NEVER;
		*why = "the expression cannot be compiled; it never matches";
	}
	buf_fini(&text);
}

static void
parse_address(
    struct pattern *p, struct arena *a, struct slice word, const char **why)
{
	ptrdiff_t at = slice_chr(word, '@');
	struct slice glob = word;
	size_t i;

	if (at < 0)
		glob = arena_printf(a, "*@%.*s", SLICE_FMT(word));
	else if (at == 0)
		glob = arena_printf(a, "*%.*s", SLICE_FMT(word));
	else if ((size_t)at + 1 == word.n)
		glob = arena_printf(a, "%.*s*", SLICE_FMT(word));
	for (i = 0; i < word.n; i++)
		if (word.p[i] != '\0' &&
		    strchr("?()[]|^$\\{}", word.p[i]) != NULL) {
			parse_mixed(p, a, lower(a, glob), why);
			return;
		}
	p->kind = PATTERN_ADDRESS;
	p->glob = lower(a, glob);
}

void
pattern_parse(struct pattern *p, struct arena *a, struct slice word,
    enum pattern_side side, const char **why)
{
	ptrdiff_t at;

	*p = (struct pattern){0};
	*why = NULL;
	if (slice_is_ci(word, "default") || slice_is(word, "*@*") ||
	    slice_is(word, "*")) {
		p->kind = PATTERN_DEFAULT;
		return;
	}
	if (word.n > 2 && word.p[0] == '/' && slice_ends(word, "/")) {
		parse_regex(p, slice_sub(word, 1, word.n - 1), side, why);
		return;
	}
	if (side == PATTERN_VIRUS) {
		/* Anywhere in the reports. */
		p->kind = PATTERN_TEXT;
		p->glob =
		    lower(a, slice_chr(word, '*') < 0
				 ? word
				 : arena_printf(a, "*%.*s*", SLICE_FMT(word)));
		return;
	}
	if (side == PATTERN_FROM &&
	    (slice_starts_ci(word, "host:") ||
		slice_starts_ci(word, "host-nocheck:"))) {
		parse_host(p, a, word, why);
		return;
	}
	if (side == PATTERN_FROM) {
		p->kind = PATTERN_IP;
		at = slice_chr(word, '/');
		if (at > 0 && parse_network(p, word, (size_t)at))
			return;
		at = slice_chr(word, '-');
		if (at > 0 && parse_range(p, a, word, (size_t)at))
			return;
		if (is_ip_text(word)) {
			if (pattern_parse_ip(word, p->low)) {
				(void)memcpy(p->high, p->low, 16);
				return;
			}
			p->kind = PATTERN_IP_TEXT;
			p->glob = lower(a, word);
			return;
		}
	}
	parse_address(p, a, word, why);
}

void
pattern_fini(struct pattern *p)
{
	struct pattern *one;

	if (p->regex != NULL)
		pcre2_code_free(p->regex);
	vec_each (one, &p->list)
		if (one->regex != NULL)
			pcre2_code_free(one->regex);
}

/* `*` stands for any bytes; everything else for itself, letters without case.
 * Going back only to the last star keeps this within pattern x text steps. */
static bool
glob_match(struct slice glob, struct slice text)
{
	size_t g = 0, t = 0, star = SIZE_MAX, mark = 0;

	while (t < text.n) {
		if (g < glob.n && glob.p[g] == '*') {
			star = g++;
			mark = t;
		} else if (g < glob.n && glob.p[g] == text_lower(text.p[t])) {
			g++;
			t++;
		} else if (star != SIZE_MAX) {
			g = star + 1;
			t = ++mark;
		} else {
			return false;
		}
	}
	while (g < glob.n && glob.p[g] == '*')
		g++;
	return g == glob.n;
}

static bool
regex_match(const void *code, struct slice text)
{
	pcre2_match_context *ctx = pcre2_match_context_create(NULL);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	bool hit = false;

	if (ctx != NULL && data != NULL) {
		(void)pcre2_set_match_limit(ctx, MATCH_LIMIT);
		(void)pcre2_set_heap_limit(ctx, 16 * 1024);
		hit = pcre2_match(code, (PCRE2_SPTR)(text.n > 0 ? text.p : ""),
			  text.n, 0, 0, data, ctx) >= 0;
	}
	pcre2_match_data_free(data);
	pcre2_match_context_free(ctx);
	return hit;
}

bool
pattern_match_address(const struct pattern *p, struct slice address)
{
	const struct pattern *one;

	if (address.n > ADDRESS_MAX)
		address.n = ADDRESS_MAX;
	if (address.n > 1 && address.p[address.n - 1] == '.')
		address.n--;
	switch (p->kind) {
	case PATTERN_DEFAULT:
		return true;
	case PATTERN_ADDRESS:
		return glob_match(p->glob, address);
	case PATTERN_REGEX:
		return regex_match(p->regex, address);
	case PATTERN_LIST:
		vec_each (one, &p->list)
			if (one->kind != PATTERN_LIST &&
			    pattern_match_address(one, address))
				return true;
		return false;
	case PATTERN_IP:
	case PATTERN_IP_TEXT:
	case PATTERN_IP_REGEX:
	case PATTERN_HOST:
	case PATTERN_TEXT:
	case PATTERN_NEVER:
		break;
	}
	return false;
}

bool
pattern_match_text(const struct pattern *p, struct slice text)
{
	const struct pattern *one;

	if (p->kind == PATTERN_DEFAULT)
		return true;
	if (p->kind == PATTERN_LIST) {
		vec_each (one, &p->list)
			if (one->kind == PATTERN_TEXT &&
			    pattern_match_text(one, text))
				return true;
		return false;
	}
	if (p->kind != PATTERN_TEXT)
		return false;
	if (p->regex != NULL)
		return regex_match(p->regex, text);
	if (slice_chr(p->glob, '*') < 0)
		return slice_find_ci(text, p->glob) >= 0;
	return glob_match(p->glob, text);
}

/* The client's name, or one of its parents, as the pattern says. */
static bool
host_match(const struct pattern *p, const struct subject *s)
{
	struct slice host = s->client_host;

	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (p->host_none)
		return host.n == 0;
	if (p->host_spoofed)
		return host.n > 0 && !s->client_host_verified;
	if (host.n == 0 || (!p->host_unchecked && !s->client_host_verified))
		return false;
	if (p->regex != NULL)
		return regex_match(p->regex, host);
	for (;;) {
		ptrdiff_t dot;

		if (glob_match(p->glob, host))
			return true;
		dot = slice_chr(host, '.');
		if (dot < 0)
			return false;
		host = slice_from(host, (size_t)dot + 1);
	}
}

static bool
ip_match(const struct pattern *p, struct slice client)
{
	unsigned char ip[16];

	switch (p->kind) {
	case PATTERN_IP:
		return pattern_parse_ip(client, ip) &&
		       memcmp(ip, p->low, 16) >= 0 &&
		       memcmp(ip, p->high, 16) <= 0;
	case PATTERN_IP_TEXT:
		/* "10.1" is a beginning of 10.1.2.3 and not of 10.11.2.3. */
		return client.n >= p->glob.n &&
		       slice_eq_ci(slice_sub(client, 0, p->glob.n), p->glob) &&
		       (client.n == p->glob.n ||
			   strchr(".:", client.p[p->glob.n]) != NULL ||
			   strchr(".:", p->glob.p[p->glob.n - 1]) != NULL);
	case PATTERN_IP_REGEX:
		return regex_match(p->regex, client);
	case PATTERN_DEFAULT:
	case PATTERN_ADDRESS:
	case PATTERN_REGEX:
	case PATTERN_HOST:
	case PATTERN_TEXT:
	case PATTERN_LIST:
	case PATTERN_NEVER:
		break;
	}
	return false;
}

bool
pattern_match_from(const struct pattern *p, const struct subject *s)
{
	const struct pattern *one;

	switch (p->kind) {
	case PATTERN_IP:
	case PATTERN_IP_TEXT:
	case PATTERN_IP_REGEX:
		return s->client_ip.n > 0 && ip_match(p, s->client_ip);
	case PATTERN_HOST:
		return host_match(p, s);
	case PATTERN_LIST:
		vec_each (one, &p->list)
			if (one->kind != PATTERN_LIST &&
			    pattern_match_from(one, s))
				return true;
		return false;
	case PATTERN_DEFAULT:
	case PATTERN_ADDRESS:
	case PATTERN_REGEX:
	case PATTERN_TEXT:
	case PATTERN_NEVER:
		break;
	}
	return pattern_match_address(p, s->sender);
}
