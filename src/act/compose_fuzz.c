/* Any message, any findings, a few settings: what is to be done fits the
 * message, changes only what it means to, and reads as it should afterwards.
 * The first bytes of the input say what was "found" where. */
#include "act/deeds.h"
#include "base/fail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FINDINGS = 4, SETTINGS = 4, HEAD = 1 + 2 * FINDINGS };

static struct conf *confs[SETTINGS];
static struct templates *templates;

static void
set(struct conf *c, enum option opt, const char *value)
{
	conf_set(c, opt, slice_str(value));
}

static void
setup(void)
{
	size_t i;

	templates = templates_builtin();
	for (i = 0; i < SETTINGS; i++) {
		confs[i] = conf_defaults();
		set(confs[i], OPT_ID_HEADER, "X-Fuzz-ID:");
		set(confs[i], OPT_SILENT_VIRUSES, "");
	}
	set(confs[0], OPT_SIGN_CLEAN_MESSAGES, "no");
	set(confs[1], OPT_EXTERNAL_MESSAGE_WARNING, "yes");
	set(confs[1], OPT_MULTIPLE_HEADERS, "replace");
	set(confs[1], OPT_REMOVE_THESE_HEADERS, "/^X-[A-M]/ Received");
	set(confs[2], OPT_PLACE_NEW_HEADERS_AT_TOP_OF_MESSAGE, "yes");
	set(confs[2], OPT_SCANNED_MODIFY_SUBJECT, "yes");
	set(confs[2], OPT_SCANNED_SUBJECT_TEXT,
	    "gepr\xc3\xbc"
	    "ft");
	set(confs[3], OPT_PLACE_NEW_HEADERS_AT_TOP_OF_MESSAGE, "yes");
	set(confs[3], OPT_MULTIPLE_HEADERS, "add");
	set(confs[3], OPT_WARNING_IS_ATTACHMENT, "no");
	set(confs[3], OPT_NOTIFY_SENDERS_OF_VIRUSES, "yes");
	set(confs[3], OPT_QUARANTINE_WHOLE_MESSAGE, "yes");
}

static void
find(struct message *m, const uint8_t *at)
{
	struct finding *f;

	if (at[0] % 8 > WISH_FORWARD)
		return;
	f = verdict_add(&m->verdict, m->arena,
	    (enum finding_code)(at[0] / 8 % FINDING_CODE_COUNT),
	    (int)(at[1] % (m->entities.n + 1)) - 1);
	f->wish = (enum finding_wish)(at[0] % 8);
	f->rule = SLICE("clamd");
	f->detail = SLICE("Clamd: was found");
	f->argument = SLICE("new@example.com");
}

static struct slice
written(const struct edits *e, struct slice raw, struct arena *a)
{
	struct edits_cursor cursor = {0};
	struct slice piece, all;
	struct buf out;

	buf_init(&out, 1 << 28);
	while (edits_piece(e, raw, &cursor, &piece))
		ensure(buf_add(&out, piece));
	ensure(out.n == edits_size(e, raw.n));
	all = arena_dup(a, buf_slice(&out));
	buf_fini(&out);
	return all;
}

/* Our field is one of the message's, and no part is more than there was. */
static void
check_output(
    const struct message *m, const struct plan *p, const struct outcome *o)
{
	struct slice out = written(&o->edits, m->raw, m->arena);
	const struct mime_tree *t =
	    mime_parse(m->arena, out, &mime_default_limits);
	struct slice id = header_get(m->arena, &t->root->fields, "X-Fuzz-ID");

	if (p->untouched || o->verb != OUTCOME_DELIVER)
		return;
	if ((m->mime->defects &
		(MIME_BIT(HEADER_END) | MIME_BIT(BARE_CR_STRUCTURE) |
		    MIME_BIT(NUL_HEADER) | MIME_BIT(HEADER_TOO_BIG) |
		    MIME_BIT(TOO_MANY_FIELDS) | MIME_BIT(BARE_CR) |
		    MIME_BIT(BOM))) == 0)
		ensure(slice_ends(id, "fuzz-1"));
	if (!p->clean_body && !p->sign && !p->warn_external && !p->renamed)
		ensure(edits_spare(&o->edits, m->mime->root->head.n + 1));
}

static void
run(struct arena *a, struct conf *conf, const uint8_t *control,
    struct slice raw)
{
	struct act_context ctx = {templates, SLICE("host"), 1767225600};
	struct envelope env = {.id = SLICE("fuzz-1"),
	    .sender = SLICE("a@b.example"),
	    .client_ip = SLICE("192.0.2.1")};
	struct message m;
	struct outcome out;
	struct plan *p;
	struct buf text;
	const char *why = "";
	size_t i;

	vec_push(a, &env.recipients)->address = SLICE("c@d.example");
	message_init(&m, a, conf, &env, raw);
	message_parse(&m);
	for (i = 0; i < FINDINGS; i++)
		find(&m, control + 2 * i);
	p = plan_new(&m);
	deeds_make(&out, &m, p, &ctx, NULL);
	if (!outcome_fits(&out, raw.n, &why))
		panic("%s", why);
	check_output(&m, p, &out);
	buf_init(&text, 1 << 26);
	ensure(explain_text(&text, out.record));
	buf_fini(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a;

	if (templates == NULL)
		setup();
	if (size < HEAD)
		return 0;
	a = arena_new(0);
	run(a, confs[data[0] % SETTINGS], data + 1,
	    slice_of((const char *)data + HEAD, size - HEAD));
	arena_free(a);
	return 0;
}
