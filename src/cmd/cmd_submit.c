/* cmd_submit - put a message into the spool, as a sendmail program does. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/conf_path.h"
#include "config/conf.h"
#include "mime/address.h"
#include "mime/header.h"
#include "queue/smtp_address.h"
#include "queue/spool.h"
#include "sys/clock.h"
#include "sys/net.h"

enum {
	HEADER_MAX = 1024 * 1024, /* bytes looked at for fields */
	FIELDS_MAX = 10000,
	RECIPIENTS_MAX = 10000,
	CHUNK = 64 * 1024,
};

static const char help[] =
    "usage: reeve submit [-c FILE] [-f FROM] [-i] [-t] [-B BODY] TO... < MSG\n"
    "\n"
    "Put the message on standard input into the incoming spool; the id is\n"
    "printed once it is safe on disk. Line ends are kept as they come, and a\n"
    "line with a single dot is a line. Date, Message-ID and From are added when\n"
    "they are missing. Ends with 0, 64 (wrong usage), 65 (an address or the\n"
    "header cannot be used), 75 (the spool cannot be written now), 78 (the\n"
    "configuration has no own spool).\n"
    "\n"
    "  -c, --config FILE  configuration (MailScanner.conf)\n"
    "  -f, --from FROM    sender; \"\" or \"<>\" is the null sender\n"
    "  -t                 recipients from To, Cc and Bcc too; Bcc goes\n"
    "  -i, -oi            a line with a dot does not end the message (never)\n"
    "  -F NAME            name of the sender for a From that is added\n"
    "  -B BODY            7BIT or 8BITMIME\n"
    "  -odi, -oem         taken, for cron: that is what happens anyway\n";

struct submit {
	struct arena *arena;
	struct envelope env;
	const char *conf;
	const char *name; /* -F */
	bool sender_given;
	bool from_header; /* -t */
	struct slice host;
	struct spool *spool;
	struct spool_add *add;
};

static int
fail_with(int status, const char *what, const char *text)
{
	(void)fprintf(stderr, "reeve: %s: %s\n", what, text);
	return status;
}

/* ---- addresses ---------------------------------------------------------- */

/* "<a@b>" or "a@b"; a local part alone is of this host. */
static int
take_address(struct submit *s, struct slice text, struct slice *out)
{
	struct slice local, domain, plain = slice_trim(text);
	bool utf8;

	if (plain.n >= 2 && plain.p[0] == '<' && plain.p[plain.n - 1] == '>')
		plain = slice_sub(plain, 1, plain.n - 1);
	if (!smtp_address_check(plain, &utf8)) {
		(void)fprintf(stderr, "reeve: \"");
		for (size_t i = 0; i < text.n && i < 100; i++)
			(void)fputc(text.p[i] >= ' ' ? text.p[i] : '?', stderr);
		(void)fprintf(stderr, "\" is no address\n");
		return EX_DATAERR;
	}
	smtp_address_split(plain, &local, &domain);
	*out = domain.n > 0 ? arena_dup(s->arena, plain)
			    : arena_printf(s->arena, "%.*s@%.*s",
				  SLICE_FMT(plain), SLICE_FMT(s->host));
	s->env.smtputf8 |= utf8;
	return 0;
}

static int
add_recipient(struct submit *s, struct slice text)
{
	struct recipient *r;

	if (s->env.recipients.n >= RECIPIENTS_MAX)
		return fail_with(EX_DATAERR, "submit", "too many recipients");
	r = vec_push(s->arena, &s->env.recipients);
	return take_address(s, text, &r->address);
}

static int
take_sender(struct submit *s, const char *text)
{
	struct slice from = slice_trim(slice_str(text));

	s->sender_given = true;
	s->env.sender = SLICE_NONE;
	if (from.n == 0 || slice_is(from, "<>"))
		return 0;
	return take_address(s, from, &s->env.sender);
}

static int
default_sender(struct submit *s)
{
	const struct passwd *pw = getpwuid(getuid());

	return take_sender(s, pw != NULL ? pw->pw_name : "nobody");
}

/* ---- arguments ---------------------------------------------------------- */

static int
take_body(struct submit *s, const char *word)
{
	struct slice body = slice_str(word);

	if (slice_is_ci(body, "7BIT"))
		s->env.body = SLICE("7BIT");
	else if (slice_is_ci(body, "8BITMIME"))
		s->env.body = SLICE("8BITMIME");
	else
		return fail_with(EX_USAGE, "-B", "7BIT or 8BITMIME");
	return 0;
}

static int
take_other(const char *word)
{
	struct slice o = slice_str(word);

	if (slice_is(o, "i") || slice_is(o, "di") || slice_is(o, "em"))
		return 0;
	return fail_with(EX_USAGE, "there is no such option", word);
}

static int
take_argument(struct submit *s, int c, const char *value)
{
	switch (c) {
	case 'c':
		s->conf = value;
		return 0;
	case 'f':
		return take_sender(s, value);
	case 't':
		s->from_header = true;
		return 0;
	case 'i':
		return 0;
	case 'F':
		s->name = value;
		return 0;
	case 'B':
		return take_body(s, value);
	case 'o':
		return take_other(value);
	case ARGS_WORD:
		if (slice_is(slice_str(value), "-"))
			return 0; /* standard input it is */
		return add_recipient(s, slice_str(value));
	case 'h':
		(void)fputs(help, stdout);
		return -1;
	default:
		(void)fputs(help, stderr);
		return EX_USAGE;
	}
}

/* 0, an exit status, or -1: all is done. */
static int
read_arguments(struct submit *s, int argc, char **argv)
{
	static const struct args_row rows[] = {{'c', 'c', "config", true},
	    {'f', 'f', "from", true}, {'t', 't', "read-recipients", false},
	    {'i', 'i', "ignore-dots", false}, {'F', 'F', "name", true},
	    {'B', 'B', "body", true}, {'o', 'o', "option", true},
	    {'h', 'h', "help", false}, {0, 0, NULL, false}};
	struct args args = args_of(argc, argv, rows);
	int c, status = 0;

	while (status == 0 && (c = args_next(&args)) != ARGS_END)
		status = take_argument(s, c, args.value);
	if (status != 0)
		return status;
	if (s->env.recipients.n == 0 && !s->from_header) {
		(void)fputs(help, stderr);
		return EX_USAGE;
	}
	return s->sender_given ? 0 : default_sender(s);
}

/* ---- the header --------------------------------------------------------- */

static int
read_recipients(struct submit *s, const struct header_block *h)
{
	static const char *const names[] = {"To", "Cc", "Bcc"};
	int status = 0;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct header_field *f;
		size_t from = 0;

		while ((f = header_find(h, names[i], &from)) != NULL) {
			struct address_list list = {.n = 0};
			const struct address *a;

			address_parse(
			    &list, s->arena, f->value, RECIPIENTS_MAX);
			vec_each (a, &list)
				if (status == 0 && a->mailbox.n > 0)
					status = add_recipient(s, a->mailbox);
		}
	}
	return status;
}

static void
add_date(struct buf *b, int64_t when)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)when;
	struct tm tm = {.tm_mday = 1};

	(void)gmtime_r(&t, &tm);
	(void)buf_addf(b, "%.3s, %d %.3s %d %02d:%02d:%02d +0000",
	    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static bool
lacks(const struct header_block *h, const char *name)
{
	size_t from = 0;

	return header_find(h, name, &from) == NULL;
}

/* A name that may be anything becomes a quoted string. */
static void
add_from(struct buf *b, const struct submit *s, const char *eol)
{
	(void)buf_adds(b, "From: ");
	if (s->name != NULL) {
		(void)buf_addc(b, '"');
		for (const char *p = s->name; *p != '\0'; p++)
			if (*p >= ' ' && *p != '"' && *p != '\\')
				(void)buf_addc(b, *p);
		(void)buf_adds(b, "\" ");
	}
	(void)buf_addf(b, "<%.*s>%s", SLICE_FMT(s->env.sender), eol);
}

static bool
has_fields(const struct header_block *h)
{
	return h->n > 0 && h->at[0].name.n > 0;
}

/* The fields in front: our trace, and what a submission has to have. */
static void
add_fields(struct buf *b, const struct submit *s, const struct header_block *h)
{
	const char *eol = h->crlf ? "\r\n" : "\n";
	const char *id = spool_add_id(s->add);

	(void)buf_addf(b,
	    "Received: by %.*s (Reeve, from userid %u) id %s;%s\t",
	    SLICE_FMT(s->host), (unsigned)getuid(), id, eol);
	add_date(b, s->env.received_at);
	(void)buf_adds(b, eol);
	if (lacks(h, "From") && s->env.sender.n > 0)
		add_from(b, s, eol);
	if (lacks(h, "Date")) {
		(void)buf_adds(b, "Date: ");
		add_date(b, s->env.received_at);
		(void)buf_adds(b, eol);
	}
	if (lacks(h, "Message-ID"))
		(void)buf_addf(
		    b, "Message-ID: <%s@%.*s>%s", id, SLICE_FMT(s->host), eol);
	/* Text without a header at all. */
	if (!has_fields(h))
		(void)buf_adds(b, eol);
}

static int
store_header(struct submit *s, const struct header_block *h, struct fail *why)
{
	struct buf b;
	int rc;

	buf_init(&b, HEADER_MAX + 4096);
	add_fields(&b, s, h);
	if (s->from_header && has_fields(h)) {
		for (size_t i = 0; i < h->n; i++)
			if (!slice_is_ci(h->at[i].name, "Bcc"))
				(void)buf_add(&b, h->at[i].raw);
		(void)buf_add(&b, slice_from(h->raw, h->fields_end));
	} else {
		(void)buf_add(&b, h->raw);
	}
	rc = spool_add_write(s->add, buf_slice(&b), why);
	buf_fini(&b);
	return rc;
}

/* ---- the message -------------------------------------------------------- */

/* Fill b from standard input up to its maximum; false: cannot be read. */
static bool
read_some(struct buf *b)
{
	while (b->n < b->max) {
		size_t want = b->max - b->n < CHUNK ? b->max - b->n : CHUNK;
		ssize_t n = read(STDIN_FILENO, buf_room(b, want), want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		b->n += (size_t)n;
	}
	return true;
}

/* What follows the part that was read for the header. */
static int
store_rest(struct submit *s, struct buf *b, struct fail *why)
{
	for (;;) {
		int rc;

		buf_reset(b);
		if (!read_some(b))
			return fail_errno(why, "cannot read the message");
		if (b->n == 0)
			return 0;
		rc = spool_add_write(s->add, buf_slice(b), why);
		if (rc < 0)
			return rc;
	}
}

static int
store_message(struct submit *s, const struct header_block *h, struct buf *b)
{
	struct fail why;
	int rc = spool_add_begin(
	    &s->add, s->spool, SPOOL_INCOMING, &s->env, NULL, &why);

	if (rc == 0)
		rc = store_header(s, h, &why);
	if (rc == 0)
		rc = spool_add_write(
		    s->add, slice_from(buf_slice(b), h->raw.n), &why);
	if (rc == 0)
		rc = store_rest(s, b, &why);
	if (rc == 0) {
		struct slice id =
		    arena_dup(s->arena, slice_str(spool_add_id(s->add)));

		if (spool_add_commit(&s->add, 1, &why) == 1) {
			(void)printf("%.*s\n", SLICE_FMT(id));
			return CMD_OK;
		}
	}
	spool_add_cancel(s->add);
	return fail_with(EX_TEMPFAIL, "submit", why.text);
}

static int
submit(struct submit *s)
{
	struct header_block h;
	struct buf b;
	int status = 0;

	buf_init(&b, HEADER_MAX);
	if (!read_some(&b)) {
		buf_fini(&b);
		return fail_with(EX_IOERR, "submit", "cannot read the message");
	}
	header_parse(
	    &h, s->arena, buf_slice(&b), HEADER_EOL_LF, HEADER_MAX, FIELDS_MAX);
	if (s->from_header && (h.flags & (HEADER_TOO_BIG | HEADER_TOO_MANY)))
		status = fail_with(EX_DATAERR, "-t", "the header is too big");
	else if (s->from_header)
		status = read_recipients(s, &h);
	if (status == 0 && s->env.recipients.n == 0)
		status = fail_with(EX_DATAERR, "-t", "no recipients");
	if (status == 0)
		status = store_message(s, &h, &b);
	buf_fini(&b);
	return status;
}

static int
open_spool(struct submit *s, struct conf **conf)
{
	const char *path = conf_path(s->conf);
	struct fail why;

	*conf = path != NULL ? conf_load(path, &why) : conf_defaults();
	if (*conf == NULL)
		return fail_with(EX_CONFIG, "submit", why.text);
	if (!slice_is_ci(conf_text(*conf, OPT_MTA, NULL, s->arena), "spool"))
		return fail_with(EX_CONFIG, "submit",
		    "the configuration has no \"MTA = spool\": nobody would "
		    "take the message out of the spool");
	if (spool_open(&s->spool,
		arena_str(s->arena, conf_text(*conf, OPT_REEVE_SPOOL_DIRECTORY,
					NULL, s->arena)),
		&why) < 0)
		return fail_with(EX_TEMPFAIL, "submit", why.text);
	return 0;
}

int
cmd_submit(int argc, char **argv)
{
	struct submit s = {.arena = arena_new(0)};
	struct conf *conf = NULL;
	int status;

	s.host = net_host_name(s.arena);
	s.env.protocol = SLICE("local");
	s.env.received_at = clock_wall();
	status = read_arguments(&s, argc, argv);
	if (status == 0)
		status = open_spool(&s, &conf);
	if (status == 0)
		status = submit(&s);
	spool_close(s.spool);
	conf_free(conf);
	arena_free(s.arena);
	return status < 0 ? CMD_OK : status;
}
