#include "queue/smtp_client.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/num.h"
#include "base/text.h"
#include "queue/smtp_address.h"

enum phase {
	PHASE_GREETING,
	PHASE_EHLO,
	PHASE_HELO,
	PHASE_READY,
	PHASE_XFORWARD,
	PHASE_ENVELOPE,
	PHASE_DATA,
	PHASE_BODY,  /* 354 came, the driver is sending */
	PHASE_FINAL, /* after the dot */
	PHASE_RSET,
	PHASE_QUIT,
	PHASE_DEAD,
};

/* One reply, its lines joined. */
struct reply {
	unsigned code;
	unsigned lines;
	struct buf text; /* of all lines, printable, one space between */
	char status[12]; /* "" if the first line has none */
};

struct offers {
	bool pipelining, size, eight_bit, utf8, dsn, auth;
	uint64_t size_max; /* 0: none */
	bool x_name, x_addr, x_port, x_proto, x_helo, x_ident, x_source;
	bool xforward;
};

struct smtp_client {
	struct arena *arena;
	struct smtp_client_settings set;
	struct buf *out;
	enum phase phase;
	struct buf line;
	struct reply reply;
	struct offers offers;
	struct smtp_job *job;
	bool done;        /* DONE is due */
	bool told_ready;  /* READY was given for this rest */
	bool told_body;   /* BODY was given */
	size_t next_send; /* 0: MAIL, i + 1: recipient i */
	size_t next_reply;
	size_t next_final; /* recipient whose LMTP answer is next */
};

/* ---- results ---- */

static void
put_result(struct smtp_result *r, enum smtp_result_state state, unsigned code,
    const char *status, struct slice text)
{
	int n;

	r->state = state;
	r->code = code;
	(void)snprintf(r->status, sizeof(r->status), "%s", status);
	n = snprintf(r->text, sizeof(r->text), "%u ", code);
	if (!slice_starts(text, status))
		n += snprintf(
		    r->text + n, sizeof(r->text) - (size_t)n, "%s ", status);
	(void)text_printable(
	    r->text + n, sizeof(r->text) - (size_t)n, text.p, text.n);
}

void
smtp_result_set(struct smtp_result *r, enum smtp_result_state state,
    const char *status, const char *text)
{
	unsigned code = state == SMTP_RESULT_PERMANENT   ? 550
			: state == SMTP_RESULT_DELIVERED ? 250
							 : 450;

	put_result(r, state, code, status, slice_str(text));
	r->remote = false;
}

static bool
is_open(const struct smtp_delivery *d)
{
	return d->result.state == SMTP_RESULT_PENDING ||
	       d->result.state == SMTP_RESULT_ACCEPTED;
}

static enum smtp_result_state
state_of(unsigned code)
{
	switch (code / 100) {
	case 2:
		return SMTP_RESULT_DELIVERED;
	case 5:
		return SMTP_RESULT_PERMANENT;
	default:
		return SMTP_RESULT_TEMPORARY;
	}
}

/* The peer's reply as the result of one recipient. */
static void
take_result(struct smtp_client *c, struct smtp_delivery *d,
    enum smtp_result_state state)
{
	const char *status = c->reply.status;

	if (status[0] == '\0')
		status = state == SMTP_RESULT_PERMANENT   ? "5.0.0"
			 : state == SMTP_RESULT_TEMPORARY ? "4.0.0"
							  : "2.0.0";
	put_result(&d->result, state, c->reply.code, status,
	    buf_slice(&c->reply.text));
	d->result.remote = true;
	d->result.dsn = c->offers.dsn;
}

static void
take_results(struct smtp_client *c, enum smtp_result_state state)
{
	for (size_t i = 0; c->job != NULL && i < c->job->count; i++)
		if (is_open(&c->job->to[i]))
			take_result(c, &c->job->to[i], state);
}

static void
die(struct smtp_client *c)
{
	c->phase = PHASE_DEAD;
	c->done = c->job != NULL;
}

void
smtp_client_lost(struct smtp_client *c, const char *status, const char *text)
{
	if (c->phase == PHASE_DEAD)
		return;
	for (size_t i = 0; c->job != NULL && i < c->job->count; i++)
		if (is_open(&c->job->to[i]))
			smtp_result_set(&c->job->to[i].result,
			    SMTP_RESULT_TEMPORARY, status, text);
	die(c);
}

/* The peer said something that has no place here. */
static void
bad_reply(struct smtp_client *c)
{
	take_results(c, SMTP_RESULT_TEMPORARY);
	die(c);
}

/* ---- commands ---- */

static void
say(struct smtp_client *c, const char *line)
{
	(void)buf_adds(c->out, line);
	(void)buf_adds(c->out, "\r\n");
}

static void
say_hello(struct smtp_client *c, const char *verb)
{
	(void)buf_addf(c->out, "%s %.*s\r\n", verb, SLICE_FMT(c->set.host));
}

/* What stands in a command must not be able to end it: envelopes that did not
 * come by SMTP have been checked by nobody. */
static bool
is_word(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

static void
say_param(struct smtp_client *c, const char *name, struct slice value)
{
	if (value.n > 0 && is_word(value))
		(void)buf_addf(c->out, " %s=%.*s", name, SLICE_FMT(value));
}

static bool
is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static void
say_mail(struct smtp_client *c)
{
	const struct envelope *e = c->job->env;

	(void)buf_addf(c->out, "MAIL FROM:<%.*s>", SLICE_FMT(e->sender));
	if (c->offers.size && c->job->size > 0)
		(void)buf_addf(
		    c->out, " SIZE=%llu", (unsigned long long)c->job->size);
	if (c->offers.eight_bit &&
	    (slice_is(e->body, "7BIT") || slice_is(e->body, "8BITMIME")))
		say_param(c, "BODY", e->body);
	if (c->offers.utf8 && e->smtputf8)
		(void)buf_adds(c->out, " SMTPUTF8");
	if (c->offers.dsn) {
		say_param(c, "RET", e->ret);
		say_param(c, "ENVID", e->envid);
	}
	if (c->offers.auth)
		say_param(c, "AUTH", e->auth);
	say(c, "");
}

static void
say_rcpt(struct smtp_client *c, const struct recipient *r)
{
	static const struct {
		unsigned bit;
		const char *word;
	} words[] = {{NOTIFY_NEVER, "NEVER"}, {NOTIFY_SUCCESS, "SUCCESS"},
	    {NOTIFY_FAILURE, "FAILURE"}, {NOTIFY_DELAY, "DELAY"}};
	const char *sep = " NOTIFY=";

	(void)buf_addf(c->out, "RCPT TO:<%.*s>", SLICE_FMT(r->address));
	for (size_t i = 0; c->offers.dsn && i < COUNT_OF(words); i++)
		if (r->notify & words[i].bit) {
			(void)buf_addf(c->out, "%s%s", sep, words[i].word);
			sep = ",";
		}
	if (c->offers.dsn && (is_ascii(r->orcpt) || c->offers.utf8))
		say_param(c, "ORCPT", r->orcpt);
	say(c, "");
}

static void
say_attribute(
    struct smtp_client *c, bool offered, const char *name, struct slice value)
{
	if (!offered)
		return;
	(void)buf_addf(c->out, " %s=", name);
	if (value.n == 0)
		(void)buf_adds(c->out, "[UNAVAILABLE]");
	else
		(void)smtp_xtext_encode(c->out, slice_sub(value, 0, 255));
}

static void
say_xforward(struct smtp_client *c)
{
	const struct envelope *e = c->job->env;
	struct arena *a = arena_new(0);
	struct slice ip = e->client_ip;

	if (slice_chr(ip, ':') >= 0)
		ip = arena_printf(a, "IPV6:%.*s", SLICE_FMT(ip));
	(void)buf_adds(c->out, "XFORWARD");
	say_attribute(c, c->offers.x_name, "NAME", e->client_name);
	say_attribute(c, c->offers.x_addr, "ADDR", ip);
	say_attribute(c, c->offers.x_helo, "HELO", e->helo);
	say_attribute(c, c->offers.x_proto, "PROTO", e->protocol);
	say_attribute(c, c->offers.x_ident, "IDENT", e->ident);
	say(c, "");
	arena_free(a);
}

/* ---- a job ---- */

/* What need not be asked: recipients that cannot be served by this peer. */
static void
judge_by_offers(struct smtp_client *c)
{
	const struct smtp_job *j = c->job;
	bool utf8 = j->env->smtputf8 && !c->offers.utf8, any;
	bool bad_sender =
	    j->env->sender.n > 0 && !smtp_address_check(j->env->sender, &any);

	for (size_t i = 0; i < j->count; i++) {
		const struct recipient *to = j->to[i].recipient;
		const char *status = NULL, *text = NULL;

		if (bad_sender) {
			status = "5.1.7";
			text = "the sender address cannot be one";
		} else if (!smtp_address_check(to->address, &any)) {
			status = "5.1.3";
			text = "the recipient address cannot be one";
		} else if (utf8 && (!is_ascii(to->address) ||
				       !is_ascii(j->env->sender))) {
			status = "5.6.7";
			text = "next hop does not take UTF-8 addresses";
		} else if (utf8 && j->utf8_header) {
			status = "5.6.9";
			text = "next hop does not take UTF-8 headers";
		} else if (!c->offers.eight_bit && j->eight_bit &&
			   slice_is(j->env->body, "8BITMIME")) {
			status = "5.6.3";
			text = "next hop does not take 8-bit content";
		} else if (c->offers.size_max > 0 &&
			   j->size > c->offers.size_max) {
			status = "5.3.4";
			text = "message is too big for the next hop";
		}
		if (status != NULL)
			smtp_result_set(&j->to[i].result, SMTP_RESULT_PERMANENT,
			    status, text);
	}
}

static size_t
count_state(const struct smtp_client *c, enum smtp_result_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < c->job->count; i++)
		n += c->job->to[i].result.state == state;
	return n;
}

static void
end_job(struct smtp_client *c)
{
	c->phase = PHASE_READY;
	c->told_ready = false;
	c->done = true;
}

/* Send of MAIL and RCPT what may be on its way now. */
static void
pump_envelope(struct smtp_client *c)
{
	struct smtp_job *j = c->job;
	size_t window = c->offers.pipelining ? SMTP_CLIENT_GROUP : 1;

	while (
	    c->next_send <= j->count && c->next_send - c->next_reply < window) {
		size_t i = c->next_send++;

		if (i == 0) {
			say_mail(c);
		} else if (j->to[i - 1].result.state == SMTP_RESULT_PENDING) {
			j->to[i - 1].asked = true;
			say_rcpt(c, j->to[i - 1].recipient);
		} else if (c->next_reply == i) {
			c->next_reply++;
		}
	}
	/* Recipients never asked about have no reply to wait for. */
	while (c->next_reply > 0 && c->next_reply < c->next_send &&
	       !j->to[c->next_reply - 1].asked)
		c->next_reply++;
	if (c->next_reply <= j->count)
		return;
	if (count_state(c, SMTP_RESULT_ACCEPTED) > 0) {
		say(c, "DATA");
		c->phase = PHASE_DATA;
	} else {
		say(c, "RSET");
		c->phase = PHASE_RSET;
	}
}

static void
begin_envelope(struct smtp_client *c)
{
	c->phase = PHASE_ENVELOPE;
	c->next_send = c->next_reply = c->next_final = 0;
	c->told_body = false;
	pump_envelope(c);
}

void
smtp_client_send(struct smtp_client *c, struct smtp_job *job)
{
	ensure(c->phase == PHASE_READY && c->job == NULL);
	c->job = job;
	for (size_t i = 0; i < job->count; i++) {
		job->to[i].result = (struct smtp_result){.code = 0};
		job->to[i].asked = false;
	}
	judge_by_offers(c);
	if (count_state(c, SMTP_RESULT_PENDING) == 0) {
		end_job(c);
	} else if (c->set.forward && c->offers.xforward) {
		say_xforward(c);
		c->phase = PHASE_XFORWARD;
	} else {
		begin_envelope(c);
	}
}

void
smtp_client_sent(struct smtp_client *c)
{
	if (c->phase != PHASE_BODY)
		return; /* the peer was faster, or is gone */
	c->phase = PHASE_FINAL;
}

void
smtp_client_quit(struct smtp_client *c)
{
	if (c->phase == PHASE_DEAD || c->phase == PHASE_QUIT)
		return;
	ensure(c->job == NULL);
	say(c, "QUIT");
	c->phase = PHASE_QUIT;
}

/* ---- replies ---- */

static void
take_offer(struct smtp_client *c, struct slice line)
{
	struct offers *o = &c->offers;
	struct slice word;
	uint64_t size;

	if (!slice_word(&line, &word))
		return;
	o->pipelining |= slice_is_ci(word, "PIPELINING");
	o->eight_bit |= slice_is_ci(word, "8BITMIME");
	o->utf8 |= slice_is_ci(word, "SMTPUTF8");
	o->dsn |= slice_is_ci(word, "DSN");
	o->auth |= slice_is_ci(word, "AUTH") || slice_starts_ci(word, "AUTH=");
	if (slice_is_ci(word, "SIZE")) {
		o->size = true;
		if (slice_word(&line, &word) &&
		    num_parse_u64(word, UINT64_MAX, &size))
			o->size_max = size;
	} else if (slice_is_ci(word, "XFORWARD")) {
		while (slice_word(&line, &word)) {
			o->x_name |= slice_is_ci(word, "NAME");
			o->x_addr |= slice_is_ci(word, "ADDR");
			o->x_proto |= slice_is_ci(word, "PROTO");
			o->x_helo |= slice_is_ci(word, "HELO");
			o->x_ident |= slice_is_ci(word, "IDENT");
		}
		o->xforward = o->x_name || o->x_addr || o->x_proto ||
			      o->x_helo || o->x_ident;
	}
}

/* "5.1.1" at the start of a reply's text, of the same class as its code. */
static void
take_status(struct reply *r, struct slice text)
{
	struct slice word = SLICE_NONE, field;
	unsigned fields = 0;

	r->status[0] = '\0';
	if (!slice_word(&text, &word) || word.n >= sizeof(r->status) ||
	    word.p[0] != (char)('0' + r->code / 100))
		return;
	field = word;
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '.')
			fields++;
		else if (!text_is_digit(word.p[i]))
			return;
		if (word.p[i] == '.' &&
		    (i + 1 == word.n || !text_is_digit(word.p[i + 1])))
			return;
	}
	if (fields != 2)
		return;
	memcpy(r->status, field.p, field.n);
	r->status[field.n] = '\0';
}

static void
got_greeting(struct smtp_client *c)
{
	if (c->reply.code / 100 != 2) {
		bad_reply(c);
		return;
	}
	say_hello(c, c->set.lmtp ? "LHLO" : "EHLO");
	c->phase = PHASE_EHLO;
}

static void
got_hello(struct smtp_client *c)
{
	if (c->reply.code / 100 == 2) {
		c->phase = PHASE_READY;
		c->told_ready = false;
	} else if (c->phase == PHASE_EHLO && c->reply.code / 100 == 5 &&
		   !c->set.lmtp) {
		c->offers = (struct offers){.size_max = 0};
		say_hello(c, "HELO");
		c->phase = PHASE_HELO;
	} else {
		bad_reply(c);
	}
}

static void
got_envelope(struct smtp_client *c)
{
	size_t i = c->next_reply++;
	struct smtp_delivery *d;
	unsigned code = c->reply.code;

	if (code / 100 == 3 || code / 100 == 1) {
		bad_reply(c);
		return;
	}
	if (i == 0) {
		/* Recipients on their way are answered all the same. */
		if (code / 100 != 2)
			take_results(c, state_of(code));
		pump_envelope(c);
		return;
	}
	d = &c->job->to[i - 1];
	if (d->result.state == SMTP_RESULT_PENDING) {
		if (code / 100 == 2)
			d->result.state = SMTP_RESULT_ACCEPTED;
		else /* 552: too many recipients, RFC 5321 4.5.3.1.10 */
			take_result(c, d,
			    code == 552 ? SMTP_RESULT_TEMPORARY
					: state_of(code));
	}
	pump_envelope(c);
}

static void
got_data(struct smtp_client *c)
{
	if (c->reply.code == 354) {
		c->phase = PHASE_BODY;
		return;
	}
	if (c->reply.code / 100 != 4 && c->reply.code / 100 != 5) {
		bad_reply(c);
		return;
	}
	take_results(c, state_of(c->reply.code));
	say(c, "RSET");
	c->phase = PHASE_RSET;
}

static void
got_final(struct smtp_client *c)
{
	struct smtp_job *j = c->job;
	unsigned class = c->reply.code / 100;

	if (class == 1 || class == 3) {
		bad_reply(c);
		return;
	}
	if (!c->set.lmtp) {
		take_results(c, state_of(c->reply.code));
		end_job(c);
		return;
	}
	while (j->to[c->next_final].result.state != SMTP_RESULT_ACCEPTED)
		c->next_final++;
	take_result(c, &j->to[c->next_final], state_of(c->reply.code));
	if (count_state(c, SMTP_RESULT_ACCEPTED) == 0)
		end_job(c);
}

static void
got_reply(struct smtp_client *c)
{
	if (c->reply.code == 421 && c->phase != PHASE_QUIT) {
		bad_reply(c);
		return;
	}
	switch (c->phase) {
	case PHASE_GREETING:
		got_greeting(c);
		break;
	case PHASE_EHLO:
	case PHASE_HELO:
		got_hello(c);
		break;
	case PHASE_XFORWARD:
		begin_envelope(c); /* a refusal costs the data, not the mail */
		break;
	case PHASE_ENVELOPE:
		got_envelope(c);
		break;
	case PHASE_DATA:
		got_data(c);
		break;
	case PHASE_FINAL:
		got_final(c);
		break;
	case PHASE_RSET:
		if (c->reply.code / 100 == 2) {
			end_job(c);
		} else {
			bad_reply(c);
		}
		break;
	case PHASE_BODY:
		/* An answer before the end of the question. */
		take_results(c, state_of(c->reply.code) == SMTP_RESULT_PERMANENT
				    ? SMTP_RESULT_PERMANENT
				    : SMTP_RESULT_TEMPORARY);
		die(c);
		break;
	case PHASE_READY: /* nothing was asked */
		bad_reply(c);
		break;
	case PHASE_QUIT:
		die(c);
		break;
	case PHASE_DEAD:
		break;
	}
}

/* One line of a reply, without its line end. */
static void
got_line(struct smtp_client *c, struct slice line)
{
	struct reply *r = &c->reply;
	struct slice text;
	uint64_t code = 0;

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (r->lines == 0)
		buf_reset(&r->text);
	if (line.n < 3 || !num_parse_u64(slice_sub(line, 0, 3), 599, &code) ||
	    code < 200 ||
	    (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-') ||
	    (r->lines > 0 && code != r->code) ||
	    ++r->lines > SMTP_REPLY_LINES_MAX) {
		smtp_client_lost(
		    c, "4.5.0", "next hop sent something that is no SMTP");
		return;
	}
	r->code = (unsigned)code;
	text = slice_from(line, 4);
	if (c->phase == PHASE_EHLO && r->lines > 1)
		take_offer(c, text);
	if (r->lines == 1)
		take_status(r, text);
	else
		(void)buf_addc(&r->text, ' ');
	(void)buf_add(&r->text, slice_sub(text, 0, r->text.max - r->text.n));
	if (line.n > 3 && line.p[3] == '-')
		return;
	r->lines = 0;
	got_reply(c);
}

enum smtp_client_event
smtp_client_next(struct smtp_client *c, struct slice *in)
{
	for (;;) {
		ptrdiff_t lf;
		size_t n;

		if (c->done) {
			c->done = false;
			c->job = NULL;
			return SMTP_CLIENT_DONE;
		}
		if (c->phase == PHASE_DEAD)
			return SMTP_CLIENT_CLOSE;
		if (c->phase == PHASE_READY && !c->told_ready) {
			c->told_ready = true;
			return SMTP_CLIENT_READY;
		}
		if (c->phase == PHASE_BODY && !c->told_body) {
			c->told_body = true;
			return SMTP_CLIENT_BODY;
		}
		if (in->n == 0)
			return SMTP_CLIENT_WAIT;
		lf = slice_chr(*in, '\n');
		n = lf < 0 ? in->n : (size_t)lf;
		(void)buf_add(
		    &c->line, slice_sub(*in, 0,
				  n < SMTP_REPLY_LINE_MAX - c->line.n
				      ? n
				      : SMTP_REPLY_LINE_MAX - c->line.n));
		*in = slice_from(*in, n + (lf >= 0));
		if (lf >= 0) {
			got_line(c, buf_slice(&c->line));
			buf_reset(&c->line);
		}
	}
}

/* ---- life ---- */

struct smtp_client *
smtp_client_new(const struct smtp_client_settings *set, struct buf *out)
{
	struct arena *a = arena_new(0);
	struct smtp_client *c = arena_make(a, struct smtp_client);

	c->arena = a;
	c->set = *set;
	c->out = out;
	buf_init(&c->line, SMTP_REPLY_LINE_MAX);
	buf_init(&c->reply.text, SMTP_REPLY_TEXT_MAX);
	return c;
}

void
smtp_client_free(struct smtp_client *c)
{
	if (c == NULL)
		return;
	buf_fini(&c->line);
	buf_fini(&c->reply.text);
	arena_free(c->arena);
}

unsigned
smtp_client_patience(const struct smtp_client *c)
{
	if (c->phase == PHASE_DATA)
		return 120;
	if (c->phase == PHASE_BODY)
		return 180;
	if (c->phase == PHASE_FINAL)
		return 600;
	return c->phase == PHASE_QUIT ? 10 : 300;
}
