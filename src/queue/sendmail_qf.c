#include "queue/sendmail_qf.h"

#include "base/num.h"
#include "base/text.h"
#include "queue/sendmail_qf_private.h"

/* ---- lines -------------------------------------------------------------- */

/* Without its type and its last line end. */
static struct slice
text_of(struct slice raw)
{
	struct slice s = slice_from(raw, 1);

	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	return s;
}

static struct slice
dequote(struct slice s, struct arena *a)
{
	char *out;
	size_t n = 0, i;

	if (s.n == 0 || memchr(s.p, QF_META_QUOTE, s.n) == NULL)
		return s;
	out = arena_alloc(a, s.n + 1);
	for (i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] == QF_META_QUOTE && i + 1 < s.n)
			i++;
		out[n++] = s.p[i];
	}
	return slice_of(out, n);
}

/* ---- envelope ----------------------------------------------------------- */

static struct slice
strip_brackets(struct slice s)
{
	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		return slice_sub(s, 1, s.n - 1);
	return s;
}

/* "RPFD:<bob@example.com>": flags in front of the first colon. */
static void
take_recipient(struct sendmail_qf *qf, struct slice text, struct slice orcpt,
    struct arena *a)
{
	struct recipient *r = vec_push(a, &qf->env.recipients);
	size_t n = 0;
	bool given = false, any = false;
	unsigned notify = 0;

	while (n < text.n && text_is_alpha(text.p[n]))
		n++;
	if (n < text.n && text.p[n] == ':') {
		size_t i;

		for (i = 0; i < n; i++)
			switch (text.p[i]) {
			case 'N':
				given = true;
				break;
			case 'S':
				notify |= NOTIFY_SUCCESS;
				any = true;
				break;
			case 'F':
				notify |= NOTIFY_FAILURE;
				any = true;
				break;
			case 'D':
				notify |= NOTIFY_DELAY;
				any = true;
				break;
			default:
				break;
			}
		text = slice_from(text, n + 1);
	}
	if (given)
		r->notify = any ? notify : NOTIFY_NEVER;
	r->address = strip_brackets(dequote(text, a));
	r->orcpt = orcpt;
}

/* "user@name [192.0.2.1] (may be forged)" */
static void
take_client(struct envelope *env, struct slice s)
{
	ptrdiff_t open = slice_rchr(s, '['), close, at;

	if (open != SLICE_NOT_FOUND) {
		struct slice ip = slice_from(s, (size_t)open + 1);

		close = slice_chr(ip, ']');
		if (close != SLICE_NOT_FOUND)
			ip.n = (size_t)close;
		if (slice_starts_ci(ip, "IPv6:"))
			ip = slice_from(ip, 5);
		env->client_ip = ip;
		s.n = (size_t)open;
	}
	s = slice_trim(s);
	at = slice_rchr(s, '@');
	if (at != SLICE_NOT_FOUND)
		s = slice_from(s, (size_t)at + 1);
	env->client_name = s;
}

static void
take_macro(struct envelope *env, struct slice s)
{
	static const char auth[] = "{auth_authen}";

	if (slice_starts(s, "_"))
		take_client(env, slice_from(s, 1));
	else if (slice_starts(s, "r"))
		env->protocol = slice_from(s, 1);
	else if (slice_starts(s, "s"))
		env->helo = slice_from(s, 1);
	else if (slice_starts(s, auth))
		env->auth_user = slice_from(s, sizeof(auth) - 1);
}

static void
take_flags(struct envelope *env, struct slice s)
{
	if (slice_chr(s, 'd') != SLICE_NOT_FOUND)
		env->ret = slice_chr(s, 'n') != SLICE_NOT_FOUND ? SLICE("HDRS")
								: SLICE("FULL");
	env->smtputf8 = slice_chr(s, 'e') != SLICE_NOT_FOUND;
}

/* ---- header fields ------------------------------------------------------ */

/* "H?flags?Name: value": what stands behind the conditions. */
static struct slice
field_text(struct slice text)
{
	struct slice rest;
	ptrdiff_t end;

	if (text.n == 0 || text.p[0] != '?')
		return text;
	rest = slice_from(text, 1);
	end = slice_chr(rest, '?');
	return end == SLICE_NOT_FOUND ? text
				      : slice_from(rest, (size_t)end + 1);
}

/* Nothing that would end a header: neither sendmail shows it to anybody. */
static bool
is_blank(struct slice s)
{
	return slice_trim(s).n == 0;
}

static void
take_header(struct sendmail_qf *qf, struct buf *header, size_t record,
    struct slice text, struct arena *a)
{
	struct qf_field *f;
	struct slice shown = dequote(field_text(text), a);

	if (is_blank(shown))
		return;
	/* A first line that is empty would end the header. */
	while (shown.n > 0 && (shown.p[0] == '\n' || shown.p[0] == '\r'))
		shown = slice_from(shown, 1);
	f = vec_push(a, &qf->fields);
	f->at = header->n;
	f->record = record;
	(void)buf_add(header, shown);
	(void)buf_addc(header, '\n');
	f->end = header->n;
}

/* ---- the whole ---------------------------------------------------------- */

struct reader {
	struct sendmail_qf *qf;
	struct arena *a;
	struct buf header;
	struct slice orcpt;
	uint64_t version;
	bool has_sender;
};

static const char *
take_record(struct reader *r, size_t index, char type, struct slice text)
{
	struct envelope *env = &r->qf->env;
	uint64_t n;

	switch (type) {
	case 'V':
		if (!num_parse_u64(text, SENDMAIL_QF_VERSION, &r->version))
			return "a version of sendmail's queue files that is "
			       "not known here";
		break;
	case 'T':
		if (num_parse_u64(text, INT64_MAX, &n))
			env->received_at = (int64_t)n;
		break;
	case 'S':
		env->sender = strip_brackets(dequote(text, r->a));
		r->has_sender = true;
		break;
	case 'Q':
		r->orcpt = text;
		break;
	case 'R':
		r->qf->records.at[index].recipient = env->recipients.n;
		take_recipient(r->qf, text, r->orcpt, r->a);
		r->orcpt = SLICE_NONE;
		break;
	case 'Z':
		env->envid = text;
		break;
	case 'A':
		env->auth = text;
		break;
	case 'B':
		env->body = text;
		break;
	case 'F':
		take_flags(env, text);
		break;
	case '$':
		take_macro(env, dequote(text, r->a));
		break;
	case 'd':
		r->qf->body_dir = text;
		break;
	case '.': /* goes on in another line */
		return "something follows its end";
	case 'H':
		take_header(r->qf, &r->header, index, text, r->a);
		break;
	default: /* kept as it is */
		break;
	}
	return NULL;
}

static enum qf_verdict
read_records(struct reader *r, struct slice bytes, const char **why)
{
	struct slice rest = bytes, raw;

	while (qf_next(&rest, &raw)) {
		struct qf_record *record;

		if (slice_is(raw, ".\n") || slice_is(raw, ".")) {
			if (rest.n > 0) {
				*why = "something follows its end";
				return QF_BAD;
			}
			return QF_WHOLE;
		}
		if (raw.p[raw.n - 1] != '\n')
			return QF_UNFINISHED;
		record = vec_push(r->a, &r->qf->records);
		record->raw = raw;
		record->type = raw.p[0];
		*why = take_record(
		    r, r->qf->records.n - 1, raw.p[0], text_of(raw));
		if (*why != NULL)
			return QF_BAD;
	}
	return QF_UNFINISHED;
}

enum qf_verdict
sendmail_qf_parse(struct sendmail_qf *qf, struct slice bytes, struct arena *a,
    const char **why)
{
	struct reader r = {.qf = qf, .a = a};
	enum qf_verdict verdict;

	*qf = (struct sendmail_qf){.header = SLICE_NONE};
	*why = NULL;
	if (bytes.n > SENDMAIL_QF_MAX) {
		*why = "too large";
		return QF_BAD;
	}
	buf_init(&r.header, 2 * (size_t)SENDMAIL_QF_MAX);
	verdict = read_records(&r, bytes, why);
	qf->header = arena_dup(a, buf_slice(&r.header));
	buf_fini(&r.header);
	if (verdict == QF_WHOLE && !r.has_sender) {
		*why = "it names no sender";
		return QF_BAD;
	}
	if (verdict == QF_WHOLE && qf->env.recipients.n == 0) {
		*why = "it names no recipient";
		return QF_BAD;
	}
	return verdict;
}

void
sendmail_qf_split(
    struct slice message, struct slice *header, struct slice *body)
{
	struct slice rest = message, line;

	while (rest.n > 0) {
		size_t at = message.n - rest.n;

		if (!slice_line(&rest, &line))
			break;
		if (line.n == 0) {
			*header = slice_sub(message, 0, at);
			*body = rest.n > 0 ? rest : SLICE_NONE;
			return;
		}
	}
	*header = message;
	*body = SLICE_NONE;
}
