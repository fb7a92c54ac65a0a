/* pattern - one pattern of a rule: address, network, host or expression. */
#ifndef CONFIG_PATTERN_H
#define CONFIG_PATTERN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"

struct subject;

enum pattern_kind {
	PATTERN_DEFAULT,  /* default, *@*, * */
	PATTERN_ADDRESS,  /* glob on the address */
	PATTERN_REGEX,    /* expression on the address */
	PATTERN_IP,       /* networks and ranges of addresses */
	PATTERN_IP_TEXT,  /* beginning of the address as text: "192.0.2." */
	PATTERN_IP_REGEX, /* expression on the client's address */
	PATTERN_HOST,     /* name of the client */
	PATTERN_TEXT,     /* on the virus reports */
	PATTERN_LIST,     /* a file of patterns */
	PATTERN_NEVER,    /* could not be compiled */
};

struct pattern {
	enum pattern_kind kind;
	struct slice glob;
	void *regex;                     /* pcre2_code_8 */
	unsigned char low[16], high[16]; /* IPv4 as ::ffff:a.b.c.d */
	bool host_unchecked; /* host-nocheck: the forward lookup is not asked */
	bool host_none;      /* host: alone: no PTR name; _SPOOFED_ */
	bool host_spoofed;
	VEC_OF(struct pattern) list;
};

/* What a pattern is held against. */
enum pattern_side { PATTERN_FROM, PATTERN_TO, PATTERN_VIRUS };

/* Parse one word; *why (printable literal) is set when it became NEVER. */
void pattern_parse(struct pattern *p, struct arena *a, struct slice word,
    enum pattern_side side, const char **why);
void pattern_fini(struct pattern *p);

/* Sender and client for FROM, one recipient for TO, the reports for VIRUS. */
bool pattern_match_from(const struct pattern *p, const struct subject *s);
bool pattern_match_address(const struct pattern *p, struct slice address);
bool pattern_match_text(const struct pattern *p, struct slice text);

/* a.b.c.d or IPv6 text to 16 bytes; false if it is none. */
bool pattern_parse_ip(struct slice text, unsigned char out[16]);

#endif
