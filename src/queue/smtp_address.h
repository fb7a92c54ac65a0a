/* smtp_address - the paths and parameters of MAIL and RCPT (RFC 5321, 3461,
 * 6531), and xtext.
 *
 * An address is kept byte for byte without its angle brackets; a source route
 * (@a,@b:) is dropped, as RFC 5321 asks. Quoted local parts stay quoted.
 * Every accepted address is free of control bytes, and of white space and
 * brackets outside quotes, so that it can be written into a command again.
 * A local part alone is accepted (postmaster, root). Nothing here allocates
 * but the decoded forms.
 */
#ifndef QUEUE_SMTP_ADDRESS_H
#define QUEUE_SMTP_ADDRESS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* Longest address; RFC 5321 asks for 256, long VERP addresses need more. */
enum { SMTP_ADDRESS_MAX = 512, SMTP_ORCPT_MAX = 1000 };

struct smtp_path {
	struct slice address; /* empty for <> */
	struct slice rest;    /* what follows the path, from its space on */
	bool utf8;            /* has bytes beyond ASCII (all valid UTF-8) */
};

/* The path at the start of text: "<...>" or, as some clients send it, the
 * bare address up to the next space. false if there is none. */
bool smtp_path_parse(struct slice text, struct smtp_path *path);
/* The whole of s is an address that could have come out of a path. */
bool smtp_address_check(struct slice s, bool *utf8);
/* The two halves; the domain is empty when there is no @ outside quotes. */
void smtp_address_split(
    struct slice address, struct slice *local, struct slice *domain);

/* Cut the next "KEY" or "KEY=VALUE" off *rest. false at the end. *ok says
 * whether it was well formed. */
bool smtp_param_next(
    struct slice *rest, struct slice *key, struct slice *value, bool *ok);

/* xtext: "+3D" for "=". */
bool smtp_xtext_check(struct slice s);
/* Decode into out; false when s is not xtext. */
bool smtp_xtext_decode(struct buf *out, struct slice s);
bool smtp_xtext_encode(struct buf *out, struct slice s);
/* ORCPT's value: an address type, ";" and xtext (or, with SMTPUTF8, the
 * utf-8-addr-xtext and utf-8-addr-unitext forms of RFC 6533). */
bool smtp_orcpt_check(struct slice s, bool utf8);

#endif
