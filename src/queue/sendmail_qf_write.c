#include "base/map.h"
#include "base/text.h"
#include "queue/sendmail_qf_private.h"

bool
qf_next(struct slice *rest, struct slice *raw)
{
	size_t at = 0;

	if (rest->n == 0)
		return false;
	do {
		const char *lf = memchr(rest->p + at, '\n', rest->n - at);

		at = lf == NULL ? rest->n : (size_t)(lf - rest->p) + 1;
	} while (at < rest->n && text_is_wsp(rest->p[at]));
	*raw = slice_sub(*rest, 0, at);
	*rest = slice_from(*rest, at);
	return true;
}

static bool
is_meta(char c)
{
	return ((unsigned char)c & 0xe0U) == 0x80 ||
	       (unsigned char)c == QF_META_QUOTE;
}

static void
add_quoted(struct buf *out, struct slice s)
{
	size_t i, from = 0;

	for (i = 0; i < s.n; i++)
		if (is_meta(s.p[i])) {
			(void)buf_add(out, slice_sub(s, from, i));
			(void)buf_addc(out, (char)QF_META_QUOTE);
			from = i;
		}
	(void)buf_add(out, slice_from(s, from));
}

/* ---- the header as pieces ----------------------------------------------- */

/* A field that keeps its record, or new text. */
struct piece {
	bool keep;
	size_t field;
	size_t at, end; /* in text */
};

struct weaver {
	const struct sendmail_qf *qf;
	struct arena *a;
	struct buf text;
	size_t open; /* where text that is no piece yet begins */
	VEC_OF(struct piece) pieces;
};

static struct slice
field_slice(const struct sendmail_qf *qf, size_t field)
{
	return slice_sub(
	    qf->header, qf->fields.at[field].at, qf->fields.at[field].end);
}

/* New text that goes on with the field before it makes that one new too. */
static void
flush_text(struct weaver *w)
{
	struct piece *last;
	size_t n = w->text.n - w->open;

	if (n == 0)
		return;
	last = w->pieces.n > 0 ? &w->pieces.at[w->pieces.n - 1] : NULL;
	if (last != NULL && last->keep && text_is_wsp(w->text.p[w->open])) {
		struct slice old = field_slice(w->qf, last->field);
		struct slice tail =
		    arena_dup(w->a, slice_of(w->text.p + w->open, n));

		w->text.n = w->open;
		(void)buf_add(&w->text, old);
		(void)buf_add(&w->text, tail);
		*last = (struct piece){.at = w->open, .end = w->text.n};
	} else {
		last = vec_push(w->a, &w->pieces);
		last->at = w->open;
		last->end = w->text.n;
	}
	w->open = w->text.n;
}

static bool
is_pending(const struct weaver *w, char next)
{
	return w->text.n > w->open &&
	       (w->text.p[w->text.n - 1] != '\n' || text_is_wsp(next));
}

/* One field and the edits that begin in it or reach into it. */
static void
weave_field(struct weaver *w, size_t field, const struct edit **e,
    const struct edit *end, size_t *pos)
{
	const struct qf_field *f = &w->qf->fields.at[field];
	struct slice header = w->qf->header;
	struct piece *p;

	while (
	    *e < end && (*e)->at == f->at && (*e)->drop == 0 && *pos <= f->at) {
		(void)buf_add(&w->text, (*e)->insert);
		(*e)++;
	}
	if (*pos <= f->at && !(*e < end && (*e)->at < f->end) &&
	    !is_pending(w, header.p[f->at])) {
		flush_text(w);
		p = vec_push(w->a, &w->pieces);
		p->keep = true;
		p->field = field;
		*pos = f->end;
		return;
	}
	if (*pos < f->at)
		*pos = f->at;
	for (; *e < end && (*e)->at < f->end; (*e)++) {
		(void)buf_add(&w->text, slice_sub(header, *pos, (*e)->at));
		(void)buf_add(&w->text, (*e)->insert);
		*pos = (*e)->at + (*e)->drop;
	}
	if (*pos < f->end) {
		(void)buf_add(&w->text, slice_sub(header, *pos, f->end));
		*pos = f->end;
	}
}

static bool
has_empty_line(struct slice text)
{
	struct slice line;

	while (slice_line(&text, &line))
		if (line.n == 0)
			return true;
	return false;
}

/* false: the header would not end where it should. */
static bool
weave(struct weaver *w, const struct edits *edits)
{
	const struct edit *e = NULL, *end = NULL, *i;
	size_t pos = 0, size = w->qf->header.n, field;
	const struct piece *p;

	if (edits != NULL && edits->list.n > 0) {
		e = edits->list.at;
		end = e + edits->list.n;
		for (i = e; i < end && i->at <= size; i++)
			if (i->drop > size - i->at)
				return false;
		end = i;
	}
	for (field = 0; field < w->qf->fields.n; field++)
		weave_field(w, field, &e, end, &pos);
	for (; e < end; e++)
		(void)buf_add(&w->text, e->insert);
	if (w->text.n > w->open && w->text.p[w->text.n - 1] != '\n')
		return false;
	flush_text(w);
	vec_each (p, &w->pieces)
		if (!p->keep && has_empty_line(slice_sub(
				    buf_slice(&w->text), p->at, p->end)))
			return false;
	return !w->text.full;
}

static void
weaver_init(struct weaver *w, const struct sendmail_qf *qf)
{
	*w = (struct weaver){.qf = qf, .a = arena_new(0)};
	buf_init(&w->text, 4 * (size_t)SENDMAIL_QF_MAX);
}

static void
weaver_fini(struct weaver *w)
{
	buf_fini(&w->text);
	arena_free(w->a);
}

bool
sendmail_qf_header(
    struct buf *out, const struct sendmail_qf *qf, const struct edits *edits)
{
	struct weaver w;
	const struct piece *p;
	bool ok;

	weaver_init(&w, qf);
	ok = weave(&w, edits);
	if (ok)
		vec_each (p, &w.pieces)
			(void)buf_add(out,
			    p->keep
				? field_slice(qf, p->field)
				: slice_sub(buf_slice(&w.text), p->at, p->end));
	weaver_fini(&w);
	return ok;
}

/* ---- recipients --------------------------------------------------------- */

static int
check_address(struct slice s, struct fail *why)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return fail_set(why, FAIL_BAD,
			    "an address holds a control character");
	return 0;
}

static int
add_recipient(struct buf *out, const struct recipient *r, struct fail *why)
{
	int rc = check_address(r->address, why);

	if (rc == 0)
		rc = check_address(r->orcpt, why);
	if (rc < 0)
		return rc;
	if (r->orcpt.n > 0) {
		(void)buf_addc(out, 'Q');
		(void)buf_add(out, r->orcpt);
		(void)buf_addc(out, '\n');
	}
	(void)buf_adds(out, "rRFC822; ");
	add_quoted(out, r->address);
	(void)buf_adds(out, "\nRP");
	if (r->notify != 0)
		(void)buf_addc(out, 'N');
	if (r->notify & NOTIFY_SUCCESS)
		(void)buf_addc(out, 'S');
	if (r->notify == 0 || (r->notify & NOTIFY_FAILURE))
		(void)buf_addc(out, 'F');
	if (r->notify == 0 || (r->notify & NOTIFY_DELAY))
		(void)buf_addc(out, 'D');
	(void)buf_adds(out, ":<");
	add_quoted(out, r->address);
	(void)buf_adds(out, ">\n");
	return 0;
}

/* ---- the whole ---------------------------------------------------------- */

struct writer {
	struct buf *out;
	const struct sendmail_qf *qf;
	const struct qf_change *change;
	struct arena *a;
	struct map wanted; /* address -> &missing or &written */
	char missing, written;
	VEC_OF(struct slice) held; /* records in front of the next R */
	bool controlled;           /* a C record is in force */
};

/* New text becomes fields, each in a record of its own. */
static void
write_fields(struct buf *out, struct slice text)
{
	struct slice field;

	while (qf_next(&text, &field)) {
		(void)buf_adds(out, "H??");
		add_quoted(out, field);
		if (field.p[field.n - 1] != '\n')
			(void)buf_addc(out, '\n');
	}
}

/* Pieces up to the one that keeps `record`; all of them with SIZE_MAX. */
static void
write_pieces(
    struct writer *w, const struct weaver *v, size_t *next, size_t record)
{
	while (*next < v->pieces.n) {
		const struct piece *p = &v->pieces.at[*next];
		size_t own =
		    p->keep ? w->qf->fields.at[p->field].record : SIZE_MAX;

		if (p->keep && record != SIZE_MAX && own > record)
			return;
		/* New text goes with the kept field that follows it. */
		if (!p->keep && record != SIZE_MAX &&
		    (*next + 1 == v->pieces.n ||
			w->qf->fields.at[p[1].field].record > record))
			return;
		if (p->keep)
			(void)buf_add(w->out, w->qf->records.at[own].raw);
		else
			write_fields(w->out,
			    slice_sub(buf_slice(&v->text), p->at, p->end));
		(*next)++;
	}
}

static void
write_held(struct writer *w)
{
	const struct slice *raw;

	vec_each (raw, &w->held)
		(void)buf_add(w->out, *raw);
	w->held.n = 0;
}

static int
write_added(struct writer *w, struct fail *why)
{
	const struct qf_change *change = w->change;
	size_t i;
	int rc = 0;

	if (change->recipients == NULL)
		return 0;
	for (i = 0; i < change->recipient_count && rc == 0; i++) {
		const struct recipient *r = &change->recipients[i];

		if (map_get(&w->wanted, r->address) != &w->missing)
			continue;
		if (w->controlled) {
			(void)buf_adds(w->out, "C:\n");
			w->controlled = false;
		}
		rc = add_recipient(w->out, r, why);
		map_set(&w->wanted, r->address, &w->written);
	}
	return rc;
}

static int
write_recipient(
    struct writer *w, const struct qf_record *record, struct fail *why)
{
	struct slice address =
	    w->qf->env.recipients.at[record->recipient].address;

	if (w->change->recipients == NULL || map_has(&w->wanted, address)) {
		write_held(w);
		(void)buf_add(w->out, record->raw);
		if (w->change->recipients != NULL)
			map_set(&w->wanted, address, &w->written);
	}
	w->held.n = 0;
	if (record->recipient + 1 == w->qf->env.recipients.n)
		return write_added(w, why);
	return 0;
}

static int
write_record(struct writer *w, const struct qf_record *record, struct fail *why)
{
	switch (record->type) {
	case 'd': /* the body lies beside the new qf */
		return 0;
	case 'I': /* number of the body file */
		if (w->change->new_body)
			return 0;
		break;
	case 'Q':
	case 'r':
		*vec_push(w->a, &w->held) = record->raw;
		return 0;
	case 'R':
		return write_recipient(w, record, why);
	case 'C':
		w->controlled = record->raw.n > 2;
		break;
	default:
		break;
	}
	(void)buf_add(w->out, record->raw);
	return 0;
}

static int
write_all(struct writer *w, const struct weaver *v, struct fail *why)
{
	size_t i, next = 0, field = 0;
	int rc = 0;

	for (i = 0; i < w->qf->records.n && rc == 0; i++) {
		const struct qf_record *record = &w->qf->records.at[i];

		if (field < w->qf->fields.n &&
		    w->qf->fields.at[field].record == i) {
			write_pieces(w, v, &next, i);
			field++;
		} else {
			rc = write_record(w, record, why);
		}
	}
	write_pieces(w, v, &next, SIZE_MAX);
	write_held(w);
	(void)buf_adds(w->out, ".\n");
	if (rc == 0 && w->out->full)
		rc = fail_set(why, FAIL_FULL, "the queue file is too large");
	return rc;
}

static int
write_woven(struct weaver *v, struct buf *out, const struct qf_change *change,
    struct fail *why)
{
	struct writer w = {
	    .out = out, .qf = v->qf, .change = change, .a = v->a};
	size_t i;

	map_init(&w.wanted, v->a);
	for (i = 0; change->recipients != NULL && i < change->recipient_count;
	     i++)
		map_set(&w.wanted, change->recipients[i].address, &w.missing);
	return write_all(&w, v, why);
}

int
sendmail_qf_write(struct buf *out, const struct sendmail_qf *qf,
    const struct qf_change *change, struct fail *why)
{
	struct weaver v;
	int rc;

	weaver_init(&v, qf);
	if (weave(&v, change->edits))
		rc = write_woven(&v, out, change, why);
	else
		rc = fail_set(why, FAIL_BAD, "the header ends early");
	weaver_fini(&v);
	return rc;
}

int
sendmail_qf_write_header(struct buf *out, const struct sendmail_qf *qf,
    const struct qf_change *change, struct slice header, struct fail *why)
{
	struct weaver v;
	struct piece *p;
	int rc;

	weaver_init(&v, qf);
	(void)buf_add(&v.text, header);
	if (header.n > 0) {
		p = vec_push(v.a, &v.pieces);
		p->end = v.text.n;
	}
	rc = write_woven(&v, out, change, why);
	weaver_fini(&v);
	return rc;
}

int
sendmail_qf_new(struct buf *out, const struct envelope *env,
    struct slice header, int64_t now, bool eight_bit, struct fail *why)
{
	size_t i;
	int rc = check_address(env->sender, why);

	(void)buf_addf(out, "V%d\nT%lld\nK0\nN0\nP%zu\n", SENDMAIL_QF_VERSION,
	    (long long)now, 30000 * (env->recipients.n + 1));
	if (eight_bit)
		(void)buf_adds(out, "B8BITMIME\n");
	(void)buf_addf(
	    out, "F%s%s\n", eight_bit ? "8" : "", env->smtputf8 ? "e" : "");
	(void)buf_adds(out, "$_localhost [127.0.0.1]\n$rESMTP\n$slocalhost\n"
			    "${daemon_flags}\nS<");
	add_quoted(out, env->sender);
	(void)buf_adds(out, ">\n");
	for (i = 0; i < env->recipients.n && rc == 0; i++)
		rc = add_recipient(out, &env->recipients.at[i], why);
	write_fields(out, header);
	(void)buf_adds(out, ".\n");
	if (rc == 0 && out->full)
		rc = fail_set(why, FAIL_FULL, "the queue file is too large");
	return rc;
}
