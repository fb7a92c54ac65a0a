#include "queue/smtp_server.h"

#include "base/fail.h"
#include "base/num.h"
#include "base/text.h"
#include "queue/smtp_address.h"
#include "queue/smtp_peer.h"
#include "queue/smtp_text.h"

enum phase {
	PHASE_COMMAND,
	PHASE_BEGIN,  /* BEGIN was given; waits for go or refuse */
	PHASE_DATA,   /* message bytes */
	PHASE_SPOILT, /* message bytes nobody wants */
	PHASE_ANSWER, /* END was given; waits for the answer */
	PHASE_CLOSED,
};

struct smtp_server {
	struct arena *session;
	struct arena *transaction;
	struct smtp_server_settings set;
	struct buf *out;
	enum phase phase;
	bool cancel; /* a CANCEL is due before anything else */

	struct buf line; /* the command so far */
	bool line_cr;    /* its CR was seen */
	bool line_long;  /* it does not fit */

	struct smtp_peer_value helo;
	bool esmtp;
	struct smtp_peer client;  /* the peer, or whom XCLIENT named */
	struct smtp_peer forward; /* XFORWARD, for the next transaction */
	bool forwarded;

	bool mail; /* MAIL was accepted */
	struct envelope env;
	unsigned refused; /* recipients of this transaction */
	enum smtp_text_state text;
	uint64_t size, declared;
	struct smtp_answer spoilt;

	unsigned errors, idle;
};

static void
reply(struct smtp_server *s, struct smtp_answer a)
{
	(void)buf_addf(s->out, "%u %s%s%s\r\n", a.code, a.status,
	    a.status[0] != '\0' ? " " : "", a.text);
}

#define REPLY(s, code, status, text) \
	reply((s), (struct smtp_answer){(code), (status), (text)})

static void
close_with(struct smtp_server *s, struct smtp_answer why)
{
	if (s->phase == PHASE_CLOSED)
		return;
	reply(s, why);
	s->cancel = s->phase == PHASE_DATA || s->phase == PHASE_ANSWER;
	s->phase = PHASE_CLOSED;
}

static void
count_error(struct smtp_server *s)
{
	if (++s->errors > SMTP_SERVER_ERRORS_MAX)
		close_with(
		    s, (struct smtp_answer){421, "4.7.0", "Too many errors"});
}

/* Commands that lead nowhere: some are normal, very many are not. */
static void
count_idle(struct smtp_server *s)
{
	if (s->idle < SMTP_SERVER_IDLE_MAX)
		s->idle++;
	else
		count_error(s);
}

/* A reply that counts against the peer. */
static void
blame(
    struct smtp_server *s, unsigned code, const char *status, const char *text)
{
	REPLY(s, code, status, text);
	if (++s->errors > SMTP_SERVER_ERRORS_MAX)
		close_with(
		    s, (struct smtp_answer){421, "4.7.0", "Too many errors"});
}

static void
reset_transaction(struct smtp_server *s)
{
	arena_reset(s->transaction);
	s->env = (struct envelope){.smtputf8 = false};
	s->mail = false;
	s->refused = 0;
	s->size = s->declared = 0;
	s->text = SMTP_TEXT_LINE_START;
}

static void
greet(struct smtp_server *s)
{
	(void)buf_addf(s->out, "220 %.*s %s Reeve\r\n", SLICE_FMT(s->set.host),
	    s->set.lmtp ? "LMTP" : "ESMTP");
}

/* ---- commands ---- */

struct command {
	const char *verb;
	void (*run)(struct smtp_server *s, struct slice args);
};

static bool
is_helo(struct slice name)
{
	if (name.n == 0 || name.n > SMTP_PEER_VALUE_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] == 0x7f)
			return false; /* char is signed: 8-bit too */
	return true;
}

static bool
take_helo(struct smtp_server *s, struct slice args)
{
	struct slice name = SLICE_NONE;

	if (!slice_word(&args, &name) || !is_helo(name)) {
		blame(s, 501, "5.5.4", "A host name is needed");
		return false;
	}
	(void)smtp_peer_set(&s->helo, name);
	count_idle(s);
	reset_transaction(s);
	s->forwarded = false;
	return s->phase != PHASE_CLOSED;
}

static void
do_helo(struct smtp_server *s, struct slice args)
{
	if (s->set.lmtp) {
		blame(s, 500, "5.5.1", "This is LMTP: say LHLO");
		return;
	}
	if (!take_helo(s, args))
		return;
	s->esmtp = false;
	(void)buf_addf(s->out, "250 %.*s\r\n", SLICE_FMT(s->set.host));
}

static void
offer(struct smtp_server *s)
{
	(void)buf_addf(
	    s->out, "250-%.*s\r\n250-PIPELINING\r\n", SLICE_FMT(s->set.host));
	if (s->set.message_max > 0)
		(void)buf_addf(s->out, "250-SIZE %llu\r\n",
		    (unsigned long long)s->set.message_max);
	else
		(void)buf_adds(s->out, "250-SIZE\r\n");
	if (s->set.trusted)
		(void)buf_adds(s->out,
		    "250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\r\n"
		    "250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN\r\n");
	(void)buf_adds(s->out, "250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n"
			       "250-SMTPUTF8\r\n250 DSN\r\n");
}

static void
do_ehlo(struct smtp_server *s, struct slice args)
{
	if (s->set.lmtp) {
		blame(s, 500, "5.5.1", "This is LMTP: say LHLO");
		return;
	}
	if (!take_helo(s, args))
		return;
	s->esmtp = true;
	offer(s);
}

static void
do_lhlo(struct smtp_server *s, struct slice args)
{
	if (!s->set.lmtp) {
		blame(s, 500, "5.5.1", "This is SMTP: say EHLO");
		return;
	}
	if (!take_helo(s, args))
		return;
	s->esmtp = true;
	offer(s);
}

/* One MAIL parameter; a reply was sent when it returns false. */
static bool
mail_param(struct smtp_server *s, struct slice key, struct slice value)
{
	struct envelope *e = &s->env;
	uint64_t size;

	if (slice_is_ci(key, "SIZE")) {
		if (!num_parse_u64(value, UINT64_MAX, &size))
			goto bad;
		if (s->set.message_max > 0 && size > s->set.message_max) {
			REPLY(s, 552, "5.3.4", "Message is too big");
			return false;
		}
		s->declared = size;
	} else if (slice_is_ci(key, "BODY")) {
		if (!slice_is_ci(value, "7BIT") &&
		    !slice_is_ci(value, "8BITMIME"))
			goto bad;
		e->body = slice_is_ci(value, "7BIT") ? SLICE("7BIT")
						     : SLICE("8BITMIME");
	} else if (slice_is_ci(key, "SMTPUTF8")) {
		if (value.n > 0)
			goto bad;
		e->smtputf8 = true;
	} else if (slice_is_ci(key, "RET")) {
		if (!slice_is_ci(value, "FULL") && !slice_is_ci(value, "HDRS"))
			goto bad;
		e->ret =
		    slice_is_ci(value, "FULL") ? SLICE("FULL") : SLICE("HDRS");
	} else if (slice_is_ci(key, "ENVID")) {
		if (value.n == 0 || value.n > 300 || !smtp_xtext_check(value))
			goto bad;
		e->envid = arena_dup(s->transaction, value);
	} else if (slice_is_ci(key, "AUTH") && s->set.trusted) {
		if (value.n == 0 || value.n > SMTP_ORCPT_MAX ||
		    !smtp_xtext_check(value))
			goto bad;
		e->auth = arena_dup(s->transaction, value);
	} else {
		blame(s, 555, "5.5.4", "Unknown parameter");
		return false;
	}
	return true;
bad:
	blame(s, 501, "5.5.4", "Bad parameter value");
	return false;
}

/* Who the envelope says the mail came from. */
static void
fill_client(struct smtp_server *s)
{
	const struct smtp_peer *p = s->forwarded ? &s->forward : &s->client;
	struct envelope *e = &s->env;
	struct arena *a = s->transaction;

	e->client_ip = arena_dup(a, smtp_peer_get(&p->ip));
	e->client_name = arena_dup(a, smtp_peer_get(&p->name));
	e->helo = arena_dup(a, smtp_peer_get(&p->helo));
	e->protocol = arena_dup(a, smtp_peer_get(&p->protocol));
	e->ident = arena_dup(a, smtp_peer_get(&p->ident));
	e->auth_user = arena_dup(a, smtp_peer_get(&p->login));
	if (s->forwarded)
		return;
	if (e->helo.n == 0)
		e->helo = arena_dup(a, smtp_peer_get(&s->helo));
	if (e->protocol.n == 0)
		e->protocol = s->set.lmtp ? SLICE("LMTP")
			      : s->esmtp  ? SLICE("ESMTP")
					  : SLICE("SMTP");
}

/* "FROM:" or "TO:" off the front, with white space that some put behind. */
static bool
take_keyword(struct slice *args, const char *keyword)
{
	if (!slice_starts_ci(*args, keyword))
		return false;
	*args = slice_from(*args, strlen(keyword));
	while (args->n > 0 && args->p[0] == ' ')
		*args = slice_from(*args, 1);
	return true;
}

static void
do_mail(struct smtp_server *s, struct slice args)
{
	struct smtp_path path;
	struct slice key, value;
	bool ok;

	if (s->helo.n == 0) {
		blame(s, 503, "5.5.1",
		    s->set.lmtp ? "Say LHLO first" : "Say EHLO first");
		return;
	}
	if (s->mail) {
		blame(s, 503, "5.5.1", "A transaction is under way");
		return;
	}
	reset_transaction(s);
	if (!take_keyword(&args, "FROM:") || !smtp_path_parse(args, &path)) {
		blame(s, 501, "5.1.7", "Bad sender address");
		return;
	}
	while (smtp_param_next(&path.rest, &key, &value, &ok)) {
		if (!ok) {
			blame(s, 501, "5.5.4", "Bad parameter");
			return;
		}
		if (!mail_param(s, key, value))
			return;
	}
	if (path.utf8 && !s->env.smtputf8) {
		blame(s, 553, "5.6.7", "This address needs SMTPUTF8");
		return;
	}
	s->env.sender = arena_dup(s->transaction, path.address);
	fill_client(s);
	s->mail = true;
	s->idle = 0;
	REPLY(s, 250, "2.1.0", "Ok");
}

static bool
parse_notify(struct slice value, unsigned *notify)
{
	static const struct {
		const char *word;
		unsigned bit;
	} words[] = {{"NEVER", NOTIFY_NEVER}, {"SUCCESS", NOTIFY_SUCCESS},
	    {"FAILURE", NOTIFY_FAILURE}, {"DELAY", NOTIFY_DELAY}};
	struct slice word;
	unsigned set = 0;

	while (slice_field(&value, ',', &word)) {
		unsigned bit = 0;

		for (size_t i = 0; i < COUNT_OF(words); i++)
			if (slice_is_ci(word, words[i].word))
				bit = words[i].bit;
		if (bit == 0)
			return false;
		set |= bit;
	}
	*notify = set;
	return set != 0 && (set == NOTIFY_NEVER || !(set & NOTIFY_NEVER));
}

static bool
rcpt_params(struct smtp_server *s, struct slice rest, struct recipient *r)
{
	struct slice key, value;
	bool ok;

	while (smtp_param_next(&rest, &key, &value, &ok)) {
		if (ok && slice_is_ci(key, "NOTIFY")) {
			ok = parse_notify(value, &r->notify);
		} else if (ok && slice_is_ci(key, "ORCPT")) {
			ok = smtp_orcpt_check(value, s->env.smtputf8);
			r->orcpt = value;
		} else if (ok) {
			blame(s, 555, "5.5.4", "Unknown parameter");
			return false;
		}
		if (!ok) {
			blame(s, 501, "5.5.4", "Bad parameter");
			return false;
		}
	}
	return true;
}

static void
do_rcpt(struct smtp_server *s, struct slice args)
{
	struct recipient r = {.notify = 0};
	struct smtp_path path;

	if (!s->mail) {
		blame(s, 503, "5.5.1", "Say MAIL first");
		return;
	}
	if (!take_keyword(&args, "TO:") || !smtp_path_parse(args, &path) ||
	    path.address.n == 0) {
		blame(s, 501, "5.1.3", "Bad recipient address");
		return;
	}
	if (!rcpt_params(s, path.rest, &r))
		return;
	if (path.utf8 && !s->env.smtputf8) {
		blame(s, 553, "5.6.7", "This address needs SMTPUTF8");
		return;
	}
	if (s->env.recipients.n >= s->set.recipients_max) {
		REPLY(s, 452, "4.5.3", "Too many recipients");
		if (++s->refused > SMTP_SERVER_REFUSED_MAX)
			close_with(s, (struct smtp_answer){421, "4.5.3",
					  "Far too many recipients"});
		return;
	}
	r.address = arena_dup(s->transaction, path.address);
	r.orcpt = arena_dup(s->transaction, r.orcpt);
	*vec_push(s->transaction, &s->env.recipients) = r;
	REPLY(s, 250, "2.1.5", "Ok");
}

static void
do_data(struct smtp_server *s, struct slice args)
{
	if (args.n > 0)
		blame(s, 501, "5.5.4", "DATA takes no argument");
	else if (!s->mail)
		blame(s, 503, "5.5.1", "Say MAIL first");
	else if (s->env.recipients.n == 0)
		blame(
		    s, s->set.lmtp ? 503 : 554, "5.5.1", "No valid recipients");
	else
		s->phase = PHASE_BEGIN;
}

static void
do_rset(struct smtp_server *s, struct slice args)
{
	(void)args;
	reset_transaction(s);
	s->forwarded = false;
	count_idle(s);
	if (s->phase != PHASE_CLOSED)
		REPLY(s, 250, "2.0.0", "Ok");
}

static void
do_noop(struct smtp_server *s, struct slice args)
{
	(void)args;
	count_idle(s);
	if (s->phase != PHASE_CLOSED)
		REPLY(s, 250, "2.0.0", "Ok");
}

static void
do_vrfy(struct smtp_server *s, struct slice args)
{
	(void)args;
	count_idle(s);
	if (s->phase != PHASE_CLOSED)
		REPLY(s, 252, "2.1.5", "Send mail and see");
}

static void
do_help(struct smtp_server *s, struct slice args)
{
	(void)args;
	count_idle(s);
	if (s->phase != PHASE_CLOSED)
		REPLY(s, 214, "2.0.0", "See RFC 5321");
}

static void
do_quit(struct smtp_server *s, struct slice args)
{
	(void)args;
	close_with(s, (struct smtp_answer){221, "2.0.0", "Bye"});
}

static void
do_not_offered(struct smtp_server *s, struct slice args)
{
	(void)args;
	blame(s, 502, "5.5.1", "Not offered");
}

/* Somebody's browser was made to talk to us: what follows would be its form. */
static void
do_http(struct smtp_server *s, struct slice args)
{
	(void)args;
	close_with(
	    s, (struct smtp_answer){521, "5.7.0", "This is no web server"});
}

/* ---- XFORWARD, XCLIENT ---- */

/* Into *p, unless something is wrong (a reply was sent then). */
static bool
take_peer(struct smtp_server *s, struct slice args, struct smtp_peer *p)
{
	bool ok = false;

	if (!s->set.trusted)
		blame(s, 550, "5.7.0", "Not for you");
	else if (s->mail)
		blame(s, 503, "5.5.1", "A transaction is under way");
	else if (!(ok = smtp_peer_take(p, args)))
		blame(s, 501, "5.5.4", "Bad attribute");
	count_idle(s);
	return ok && s->phase != PHASE_CLOSED;
}

static void
do_xforward(struct smtp_server *s, struct slice args)
{
	if (!s->forwarded)
		s->forward = (struct smtp_peer){.ip = {.n = 0}};
	if (!take_peer(s, args, &s->forward))
		return;
	s->forwarded = true;
	REPLY(s, 250, "2.0.0", "Ok");
}

static void
do_xclient(struct smtp_server *s, struct slice args)
{
	if (!take_peer(s, args, &s->client))
		return;
	reset_transaction(s);
	s->forwarded = false;
	s->helo.n = 0;
	greet(s);
}

static const struct command commands[] = {
    {"HELO", do_helo},
    {"EHLO", do_ehlo},
    {"LHLO", do_lhlo},
    {"MAIL", do_mail},
    {"RCPT", do_rcpt},
    {"DATA", do_data},
    {"RSET", do_rset},
    {"NOOP", do_noop},
    {"VRFY", do_vrfy},
    {"HELP", do_help},
    {"QUIT", do_quit},
    {"XFORWARD", do_xforward},
    {"XCLIENT", do_xclient},
    {"EXPN", do_not_offered},
    {"ETRN", do_not_offered},
    {"AUTH", do_not_offered},
    {"BDAT", do_not_offered},
    {"STARTTLS", do_not_offered},
    {"CONNECT", do_http},
    {"DELETE", do_http},
    {"GET", do_http},
    {"HEAD", do_http},
    {"OPTIONS", do_http},
    {"PATCH", do_http},
    {"POST", do_http},
    {"PUT", do_http},
    {"TRACE", do_http},
};

static void
run_command(struct smtp_server *s)
{
	struct slice line = buf_slice(&s->line), verb = line, args;
	ptrdiff_t space;

	if (s->line_long) {
		blame(s, 500, "5.5.2", "Line too long");
		return;
	}
	while (line.n > 0 && text_is_wsp(line.p[line.n - 1]))
		line.n--;
	space = slice_chr(line, ' ');
	verb = space < 0 ? line : slice_sub(line, 0, (size_t)space);
	args = slice_from(line, verb.n);
	while (args.n > 0 && args.p[0] == ' ')
		args = slice_from(args, 1);
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (slice_is_ci(verb, commands[i].verb)) {
			commands[i].run(s, args);
			return;
		}
	blame(s, 500, "5.5.1", "Unknown command");
}

/* ---- bytes ---- */

/* The session's end on a byte that could be seen as a line end by others. */
static void
stray_byte(struct smtp_server *s)
{
	close_with(s, (struct smtp_answer){
			  521, "5.5.2", "Lines end in CRLF only, closing"});
}

static void
add_to_line(struct smtp_server *s, struct slice bytes)
{
	if (!s->line_long && !buf_add(&s->line, bytes))
		s->line_long = true;
}

/* Eat up to the end of one command line and run it. */
static void
feed_command(struct smtp_server *s, struct slice *in)
{
	const char *lf, *cr;
	size_t n = in->n;

	if (s->line_cr) {
		if (in->p[0] != '\n') {
			stray_byte(s);
			return;
		}
		*in = slice_from(*in, 1);
		run_command(s);
		buf_reset(&s->line);
		s->line.full = false;
		s->line_cr = s->line_long = false;
		return;
	}
	lf = memchr(in->p, '\n', n);
	if (lf != NULL)
		n = (size_t)(lf - in->p);
	cr = n > 0 ? memchr(in->p, '\r', n) : NULL;
	if (cr != NULL) {
		n = (size_t)(cr - in->p);
		s->line_cr = true;
	} else if (lf != NULL) {
		stray_byte(s);
		return;
	}
	add_to_line(s, slice_sub(*in, 0, n));
	*in = slice_from(*in, n + (cr != NULL));
}

static void
answer_all(struct smtp_server *s, struct smtp_answer a)
{
	size_t n = s->set.lmtp ? s->env.recipients.n : 1;

	while (n-- > 0)
		reply(s, a);
	reset_transaction(s);
	s->forwarded = false;
	s->phase = PHASE_COMMAND;
}

static enum smtp_server_event
feed_data(struct smtp_server *s, struct slice *in, struct slice *content)
{
	bool spoilt = s->phase == PHASE_SPOILT;

	switch (smtp_text_decode(&s->text, in, content)) {
	case SMTP_TEXT_PIECE:
		s->size += content->n;
		if (spoilt)
			return SMTP_SERVER_MORE;
		if (s->set.message_max > 0 && s->size > s->set.message_max) {
			smtp_server_spoil(s, (struct smtp_answer){552, "5.3.4",
						 "Message is too big"});
			return SMTP_SERVER_CANCEL;
		}
		return SMTP_SERVER_CONTENT;
	case SMTP_TEXT_END:
		if (!spoilt) {
			s->phase = PHASE_ANSWER;
			return SMTP_SERVER_END;
		}
		answer_all(s, s->spoilt);
		break;
	case SMTP_TEXT_BAD:
		stray_byte(s);
		break;
	case SMTP_TEXT_MORE:
		break;
	}
	return SMTP_SERVER_MORE;
}

enum smtp_server_event
smtp_server_next(struct smtp_server *s, struct slice *in, struct slice *content)
{
	enum smtp_server_event event;

	ensure(s->phase != PHASE_BEGIN && s->phase != PHASE_ANSWER);
	for (;;) {
		if (s->cancel) {
			s->cancel = false;
			return SMTP_SERVER_CANCEL;
		}
		if (s->phase == PHASE_CLOSED)
			return SMTP_SERVER_CLOSE;
		if (in->n == 0)
			return SMTP_SERVER_MORE;
		if (s->phase == PHASE_COMMAND) {
			if (s->out->n >= SMTP_SERVER_OUT_MAX)
				return SMTP_SERVER_FLUSH;
			feed_command(s, in);
			if (s->phase == PHASE_BEGIN)
				return SMTP_SERVER_BEGIN;
			continue;
		}
		event = feed_data(s, in, content);
		if (event != SMTP_SERVER_MORE)
			return event;
	}
}

/* ---- the driver's side ---- */

struct smtp_server *
smtp_server_new(const struct smtp_server_settings *set, struct buf *out)
{
	struct arena *a = arena_new(0);
	struct smtp_server *s = arena_make(a, struct smtp_server);

	s->session = a;
	s->transaction = arena_new(0);
	s->set = *set;
	s->out = out;
	(void)smtp_peer_set(&s->client.ip, set->client_ip);
	(void)smtp_peer_set(&s->client.name, set->client_name);
	buf_init(&s->line, SMTP_COMMAND_MAX);
	greet(s);
	return s;
}

void
smtp_server_free(struct smtp_server *s)
{
	if (s == NULL)
		return;
	buf_fini(&s->line);
	arena_free(s->transaction);
	arena_free(s->session);
}

struct envelope *
smtp_server_envelope(struct smtp_server *s)
{
	return &s->env;
}

void
smtp_server_go(struct smtp_server *s)
{
	ensure(s->phase == PHASE_BEGIN);
	s->phase = PHASE_DATA;
	REPLY(s, 354, "", "End data with <CR><LF>.<CR><LF>");
}

void
smtp_server_refuse(struct smtp_server *s, struct smtp_answer why)
{
	ensure(s->phase == PHASE_BEGIN);
	reply(s, why);
	reset_transaction(s);
	s->forwarded = false;
	s->phase = PHASE_COMMAND;
}

void
smtp_server_spoil(struct smtp_server *s, struct smtp_answer why)
{
	ensure(s->phase == PHASE_DATA);
	s->phase = PHASE_SPOILT;
	s->spoilt = why;
}

void
smtp_server_answer(struct smtp_server *s, struct smtp_answer a)
{
	ensure(s->phase == PHASE_ANSWER);
	if (a.code < 300)
		s->errors = 0;
	answer_all(s, a);
}

void
smtp_server_end(struct smtp_server *s, struct smtp_answer why)
{
	close_with(s, why);
}

bool
smtp_server_idle(const struct smtp_server *s)
{
	return s->phase == PHASE_COMMAND && !s->mail && s->line.n == 0;
}

uint64_t
smtp_server_size(const struct smtp_server *s)
{
	return s->size;
}

uint64_t
smtp_server_declared(const struct smtp_server *s)
{
	return s->declared;
}
