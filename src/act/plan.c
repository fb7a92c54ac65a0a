#include "act/plan.h"

#include "act/heads.h"
#include "act/notice.h"
#include "act/report.h"
#include "base/fail.h"
#include "base/map.h"

#define WORD(constant, word) word,
static const char *const action_words[] = {PLAN_ACTIONS(WORD)};
static const char *const deed_words[] = {PLAN_DEEDS(WORD)};
#undef WORD

const char *
plan_action_word(enum plan_action action)
{
	ensure((unsigned)action < COUNT_OF(action_words));
	return action_words[action];
}

const char *
deed_word(enum deed_kind kind)
{
	ensure((unsigned)kind < COUNT_OF(deed_words));
	return deed_words[kind];
}

/* Blocked things told apart; report lines of one of them. */
enum { BLOCKS_MAX = 1000, BLOCK_REPORT_MAX = 1 << 14, NAMES_MAX = 8192 };

/* A report line of a block. */
struct note {
	size_t block;
	struct slice line;
};

/* A plan being made: every setting that is asked leaves a line. */
struct planner {
	struct message *m;
	struct plan *p;
	VEC_OF(struct note) notes;
};

static int
ask(struct planner *pl, enum option opt, struct slice *value)
{
	struct plan_line *line;
	size_t i;

	for (i = 0; i < pl->p->lines.n; i++)
		if (pl->p->lines.at[i].opt == opt)
			break;
	if (i == pl->p->lines.n) {
		line = vec_push(pl->m->arena, &pl->p->lines);
		line->opt = opt;
		line->name = options[opt].name;
		line->value =
		    conf_text(pl->m->conf, opt, &pl->m->subject, pl->m->arena);
		line->origin = conf_explain(pl->m->conf, opt, &pl->m->subject);
	}
	*value = pl->p->lines.at[i].value;
	return (int)i;
}

/* Some value of the setting is "yes". */
static bool
ask_any(struct planner *pl, enum option opt, int *line)
{
	struct slice value;
	int at = ask(pl, opt, &value);

	if (line != NULL)
		*line = at;
	return slice_chr(value, '1') != SLICE_NOT_FOUND;
}

static struct deed *
add_deed(struct planner *pl, enum deed_kind kind, int entity)
{
	struct deed *d = vec_push(pl->m->arena, &pl->p->deeds);

	d->kind = kind;
	d->entity = entity;
	d->finding = d->line = -1;
	return d;
}

unsigned
plan_kind_of(enum finding_code code)
{
	switch ((int)code) {
	case FINDING_VIRUS:
		return PLAN_KIND_VIRUS;
	case FINDING_FILENAME:
	case FINDING_FILETYPE:
		return PLAN_KIND_NAME;
	case FINDING_SIZE:
		return PLAN_KIND_SIZE;
	default:
		return PLAN_KIND_OTHER;
	}
}

/* The first entity of the same part: one part may have several contents. */
static int
first_of(const struct message *m, int entity)
{
	const struct entity *e = &m->entities.at[entity];

	while (
	    e->index > 1 && e[-1].kind == ENTITY_PART && e[-1].mime == e->mime)
		e--;
	return e->index;
}

/* The part that has to be repaired when `entity` is blocked: the nearest one
 * around it whose bytes are bytes of the message. A part of another reading
 * shares its bytes with parts that most software sees: then only the whole
 * message can be made safe. */
static int
part_of(const struct message *m, int entity)
{
	const struct entity *e;

	for (; entity > 0 && (size_t)entity < m->entities.n;
	     entity = e->parent) {
		e = &m->entities.at[entity];
		if (e->kind != ENTITY_PART || e->mime == NULL)
			continue;
		if (e->mime->reading > 0 || e->mime->parent == NULL)
			return ENTITY_WHOLE;
		if (!e->mime->foreign)
			return first_of(m, entity);
	}
	return ENTITY_WHOLE;
}

/* A new name can be given to a part whose header is in the message. */
static bool
can_rename(const struct message *m, int entity)
{
	const struct mime_part *p =
	    entity > 0 ? m->entities.at[entity].mime : NULL;

	return p != NULL && m->entities.at[entity].kind == ENTITY_PART &&
	       p->reading == 0 && !p->foreign && !p->multipart && p->head.n > 0;
}

static struct plan_block *
block_at(struct planner *pl, int entity, int part)
{
	struct plan_block *b;

	/* So much is wrong that nothing of it is worth keeping. */
	if (pl->p->blocks.n >= BLOCKS_MAX)
		entity = part = ENTITY_WHOLE;
	vec_each (b, &pl->p->blocks)
		if (b->entity == entity && b->part == part)
			return b;
	b = vec_push(pl->m->arena, &pl->p->blocks);
	b->entity = entity;
	b->part = part;
	return b;
}

static void
add_block(struct planner *pl, int entity, unsigned kind, struct slice report,
    bool deleted)
{
	struct plan_block *b = block_at(pl, entity, part_of(pl->m, entity));
	struct note *note = vec_push(pl->m->arena, &pl->notes);

	b->kinds |= kind;
	b->deleted = b->deleted || deleted;
	note->block = (size_t)(b - pl->p->blocks.at);
	note->line = report;
	pl->p->kinds |= kind;
	pl->p->infected = true;
}

/* The lines of each block as one text; what goes beyond the limit of a block
 * is left out. */
static void
join_reports(struct planner *pl)
{
	struct joined {
		char *p;
		size_t n, need;
	} *all = arena_array(pl->m->arena, pl->p->blocks.n + 1, sizeof(*all)),
	  *j;
	const struct note *note;
	size_t i;

	vec_each (note, &pl->notes)
		all[note->block].need += note->line.n + 1;
	for (i = 0; i < pl->p->blocks.n; i++) {
		if (all[i].need > BLOCK_REPORT_MAX)
			all[i].need = BLOCK_REPORT_MAX;
		all[i].p = arena_alloc(pl->m->arena, all[i].need + 1);
	}
	vec_each (note, &pl->notes) {
		j = &all[note->block];
		if (j->n + note->line.n + 1 > j->need)
			continue;
		memcpy(j->p + j->n, note->line.p, note->line.n);
		j->p[j->n + note->line.n] = '\n';
		j->n += note->line.n + 1;
	}
	for (i = 0; i < pl->p->blocks.n; i++)
		pl->p->blocks.at[i].report = slice_of(all[i].p, all[i].n);
}

static void
plan_findings(struct planner *pl)
{
	const struct finding *f;
	struct deed *d;
	int i, entity;

	for (i = 0; (size_t)i < pl->m->verdict.findings.n; i++) {
		f = &pl->m->verdict.findings.at[i];
		entity = f->entity > 0 && (size_t)f->entity < pl->m->entities.n
			     ? f->entity
			     : ENTITY_WHOLE;
		switch (f->wish) {
		case WISH_RENAME:
			if (can_rename(pl->m, entity)) {
				d = add_deed(
				    pl, DEED_RENAME, first_of(pl->m, entity));
				d->finding = i;
				d->argument = f->argument;
				pl->p->renamed = true;
				break;
			}
			ATTR_FALLTHROUGH;
		case WISH_BLOCK:
		case WISH_BLOCK_DELETE:
			add_block(pl, entity, plan_kind_of(f->code),
			    report_line(pl->m, f),
			    f->wish == WISH_BLOCK_DELETE);
			break;
		case WISH_FORWARD:
			d = add_deed(pl, DEED_FORWARD, entity);
			d->finding = i;
			d->argument = f->argument;
			break;
		case WISH_NOTE:
			break;
		}
	}
}

/* Words of a Silent Viruses list that stand for a class of findings. */
static const struct {
	enum finding_code code;
	const char *word;
} silent_classes[] = {
    {FINDING_VIRUS, "All-Viruses"},
    {FINDING_ENCRYPTED, "All-Viruses"},
    {FINDING_HTML_IFRAME, "HTML-IFrame"},
    {FINDING_HTML_FORM, "HTML-Form"},
    {FINDING_HTML_SCRIPT, "HTML-Script"},
    {FINDING_HTML_OBJECT, "HTML-Codebase"},
    {FINDING_HTML_WEBBUG, "HTML-WebBug"},
    {FINDING_ENCRYPTED, "Zip-Password"},
};

static bool
word_names(struct slice word, const struct finding *f, struct slice report)
{
	bool known = false;
	size_t i;

	for (i = 0; i < COUNT_OF(silent_classes); i++) {
		if (!slice_is_ci(word, silent_classes[i].word))
			continue;
		if (f->code == silent_classes[i].code)
			return true;
		known = true;
	}
	return !known && slice_find_ci(report, word) != SLICE_NOT_FOUND;
}

/* "All-Viruses" makes no sense in the list of those one wants to hear of. */
static bool
list_names(
    struct slice list, const struct finding *f, struct slice report, bool noisy)
{
	struct slice word;

	while (slice_word(&list, &word))
		if (!(noisy && slice_is_ci(word, "All-Viruses")) &&
		    word_names(word, f, report))
			return true;
	return false;
}

static void
plan_silent(struct planner *pl)
{
	const struct finding *f;
	struct slice silent, noisy, report;

	if (!pl->p->infected)
		return;
	(void)ask(pl, OPT_SILENT_VIRUSES, &silent);
	(void)ask(pl, OPT_NON_FORGING_VIRUSES, &noisy);
	vec_each (f, &pl->m->verdict.findings) {
		if (f->wish != WISH_BLOCK && f->wish != WISH_BLOCK_DELETE)
			continue;
		report = report_line(pl->m, f);
		pl->p->silent |= list_names(silent, f, report, false);
		pl->p->noisy |= list_names(noisy, f, report, true);
	}
	/* Somebody wants to hear of it: then it is not silent. */
	if (pl->p->noisy)
		pl->p->silent = false;
}

static bool
is_virus_check(struct slice check)
{
	return slice_starts(check, "virus");
}

/* The message itself may be the reason, not only the scanner: time ran out,
 * or there was too much of it. */
static bool
is_to_blame(const struct incomplete *i)
{
	return !is_virus_check(i->check) ||
	       slice_starts(i->reason, "timeout") ||
	       slice_starts(i->reason, "more than");
}

/* What is to happen to a message that could not be examined: "deliver",
 * "quarantine" or "hold". A site that never heard of our own setting may have
 * said it with MailScanner's. */
static struct slice
unscannable_wish(struct planner *pl, int *line)
{
	struct slice wish;
	int old;

	*line = ask(pl, OPT_UNSCANNABLE_MESSAGES, &wish);
	if (pl->p->lines.at[*line].origin.line == 0 &&
	    ask_any(pl, OPT_STILL_DELIVER_UNSCANNABLE_MESSAGES, &old)) {
		*line = old;
		return SLICE("deliver");
	}
	return wish;
}

/* A check could not run: what was not looked at is never called clean. */
static void
plan_incomplete(struct planner *pl)
{
	const struct incomplete *i;
	struct slice wish;
	struct deed *d;
	int line;

	if (pl->m->verdict.incomplete.n == 0)
		return;
	i = pl->m->verdict.incomplete.at;
	pl->p->reason = arena_printf(pl->m->arena, "%.*s did not run: %.*s",
	    SLICE_FMT(i->check), SLICE_FMT(i->reason));
	vec_each (i, &pl->m->verdict.incomplete)
		pl->p->blame |= is_to_blame(i);
	pl->p->unscanned = true;
	wish = unscannable_wish(pl, &line);
	if (slice_is(wish, "deliver")) {
		d = add_deed(pl, DEED_MARK, ENTITY_WHOLE);
		d->argument = pl->p->reason;
	} else if (slice_is(wish, "quarantine")) {
		add_block(
		    pl, ENTITY_WHOLE, PLAN_KIND_ERROR, pl->p->reason, false);
		d = add_deed(pl, DEED_STORE_WHOLE, ENTITY_WHOLE);
		pl->p->store_whole = true;
	} else {
		pl->p->action = PLAN_RETRY;
		d = add_deed(pl, DEED_RETRY, ENTITY_WHOLE);
		d->argument = pl->p->reason;
	}
	d->line = line;
}

/* The blocked things go to the quarantine, by the settings alone. */
static bool
wants_store(struct planner *pl, int *line)
{
	if (!ask_any(pl, OPT_QUARANTINE_INFECTIONS, line))
		return false;
	return !pl->p->silent ||
	       ask_any(pl, OPT_QUARANTINE_SILENT_VIRUSES, line);
}

static bool
store_block(struct planner *pl, struct plan_block *b, int line)
{
	struct deed *d;

	if (b->deleted)
		return false;
	b->stored = true;
	pl->p->stored = true;
	if (b->entity > 0 && pl->m->entities.at[b->entity].bytes.n > 0) {
		d = add_deed(pl, DEED_STORE, b->entity);
		d->line = line;
	}
	/* What is no file of its own can only be kept with the rest. */
	return b->part == ENTITY_WHOLE ||
	       pl->m->entities.at[b->entity].bytes.n == 0;
}

/* What of the blocked things is kept. */
static void
plan_store(struct planner *pl)
{
	struct plan_block *b;
	struct deed *d;
	bool whole = false;
	int line, whole_line;

	/* The wish to keep what could not be examined does not ask. */
	pl->p->stored = pl->p->store_whole;
	if (!pl->p->infected || !wants_store(pl, &line))
		return;
	vec_each (b, &pl->p->blocks)
		whole |= store_block(pl, b, line);
	if (ask_any(pl, OPT_QUARANTINE_WHOLE_MESSAGE, &whole_line) &&
	    pl->p->stored)
		whole = true;
	else
		whole_line = line;
	if (whole && !pl->p->store_whole) {
		d = add_deed(pl, DEED_STORE_WHOLE, ENTITY_WHOLE);
		d->line = whole_line;
		pl->p->store_whole = true;
	}
}

/* An infected message: cleaned and delivered, or not delivered. */
static void
plan_delivery(struct planner *pl)
{
	struct plan *p = pl->p;
	struct plan_block *b;
	bool deliver;

	if (!p->infected) {
		p->action = p->renamed ? PLAN_DELIVER_MODIFIED : PLAN_DELIVER;
		return;
	}
	deliver = p->silent
		      ? ask_any(pl, OPT_STILL_DELIVER_SILENT_VIRUSES, NULL)
		      : ask_any(pl, OPT_DELIVER_CLEANED_MESSAGES, NULL);
	if (!deliver) {
		p->action = p->stored ? PLAN_QUARANTINE : PLAN_DELETE;
		return;
	}
	if (p->silent &&
	    ask_any(pl, OPT_STILL_DELIVER_SILENT_VIRUSES_UNMODIFIED, NULL)) {
		p->action = PLAN_DELIVER;
		return;
	}
	p->action = PLAN_DELIVER_MODIFIED;
	p->clean_body = true;
	vec_each (b, &p->blocks)
		(void)add_deed(pl, DEED_REPLACE, b->part);
}

/* One subject tag: `modify` says where, `text` what. */
static bool
plan_tag(struct planner *pl, enum option modify, enum option text)
{
	struct slice where, what;
	struct deed *d;
	int line = ask(pl, modify, &where);
	bool end = slice_find(where, SLICE("end")) != SLICE_NOT_FOUND;
	bool start = slice_find(where, SLICE("start")) != SLICE_NOT_FOUND;
	bool yes = slice_chr(where, '1') != SLICE_NOT_FOUND;

	if (!end && !start && !yes)
		return false;
	(void)ask(pl, text, &what);
	if (slice_trim(what).n == 0)
		return false;
	/* A plain "yes" is the end for Scanned, the start for all others. */
	if (!start && !end)
		end = modify == OPT_SCANNED_MODIFY_SUBJECT;
	d = add_deed(pl, end ? DEED_TAG_END : DEED_TAG_START, ENTITY_WHOLE);
	d->argument = slice_trim(what);
	d->line = line;
	return true;
}

/* The one tag for what was found: each of the first three only when nothing
 * worse was, as MailScanner has it. */
static bool
plan_infected_tag(struct planner *pl)
{
	unsigned kinds = pl->p->kinds;
	bool virus = (kinds & PLAN_KIND_VIRUS) != 0;
	bool name = (kinds & PLAN_KIND_NAME) != 0;
	bool other = (kinds & (PLAN_KIND_OTHER | PLAN_KIND_ERROR)) != 0;

	if (!pl->p->infected)
		return false;
	if (name && !virus && !other)
		return plan_tag(
		    pl, OPT_FILENAME_MODIFY_SUBJECT, OPT_FILENAME_SUBJECT_TEXT);
	if ((kinds & PLAN_KIND_SIZE) && !virus && !name)
		return plan_tag(
		    pl, OPT_SIZE_MODIFY_SUBJECT, OPT_SIZE_SUBJECT_TEXT);
	if (other && !virus && !name)
		return plan_tag(
		    pl, OPT_CONTENT_MODIFY_SUBJECT, OPT_CONTENT_SUBJECT_TEXT);
	return plan_tag(pl, OPT_VIRUS_MODIFY_SUBJECT, OPT_VIRUS_SUBJECT_TEXT);
}

static void
plan_tags(struct planner *pl)
{
	if (!plan_infected_tag(pl) && !pl->p->unscanned)
		(void)plan_tag(
		    pl, OPT_SCANNED_MODIFY_SUBJECT, OPT_SCANNED_SUBJECT_TEXT);
}

/* Another one of us has seen it: our status header is there. */
static bool
was_processed(const struct message *m)
{
	struct slice name = slice_trim(message_text(m, OPT_MAIL_HEADER));
	struct heads h;

	if (slice_ends(name, ":"))
		name.n--;
	heads_init(&h, m->arena, m->raw,
	    m->mime != NULL ? m->mime->root->head : SLICE_NONE);
	return name.n > 0 && heads_find(&h, arena_str(m->arena, name)) != NULL;
}

/* Texts put into a message that goes out: a warning that it came from outside,
 * a signature when it is clean. */
static void
plan_texts(struct planner *pl)
{
	int line;

	if (ask_any(pl, OPT_EXTERNAL_MESSAGE_WARNING, &line)) {
		pl->p->warn_external = true;
		add_deed(pl, DEED_WARN_EXTERNAL, ENTITY_WHOLE)->line = line;
	}
	if (pl->p->status != PLAN_STATUS_CLEAN ||
	    !ask_any(pl, OPT_SIGN_CLEAN_MESSAGES, &line))
		return;
	if (was_processed(pl->m) &&
	    !ask_any(pl, OPT_SIGN_MESSAGES_ALREADY_PROCESSED, &line))
		return;
	pl->p->sign = true;
	add_deed(pl, DEED_SIGN, ENTITY_WHOLE)->line = line;
}

static void
plan_sender_notice(struct planner *pl)
{
	static const struct {
		unsigned kinds;
		enum option opt;
	} flags[] = {
	    {PLAN_KIND_VIRUS, OPT_NOTIFY_SENDERS_OF_VIRUSES},
	    {PLAN_KIND_NAME,
		OPT_NOTIFY_SENDERS_OF_BLOCKED_FILENAMES_OR_FILETYPES},
	    {PLAN_KIND_SIZE, OPT_NOTIFY_SENDERS_OF_BLOCKED_SIZE_ATTACHMENTS},
	    {PLAN_KIND_OTHER | PLAN_KIND_ERROR,
		OPT_NOTIFY_SENDERS_OF_OTHER_BLOCKED_CONTENT},
	};
	int line;
	size_t i;

	if (pl->p->silent || !ask_any(pl, OPT_NOTIFY_SENDERS, NULL) ||
	    notice_sender_barred(pl->m) != NULL)
		return;
	/* Senders of viruses are forged: then nothing else counts. */
	if ((pl->p->kinds & PLAN_KIND_VIRUS) &&
	    !ask_any(pl, OPT_NOTIFY_SENDERS_OF_VIRUSES, NULL))
		return;
	for (i = 0; i < COUNT_OF(flags); i++)
		if ((pl->p->kinds & flags[i].kinds) != 0 &&
		    ask_any(pl, flags[i].opt, &line)) {
			pl->p->warn_sender = true;
			add_deed(pl, DEED_NOTIFY_SENDER, ENTITY_WHOLE)->line =
			    line;
			return;
		}
}

static void
plan_notices(struct planner *pl)
{
	int line;

	if (!pl->p->infected)
		return;
	plan_sender_notice(pl);
	if (ask_any(pl, OPT_SEND_NOTICES, &line)) {
		pl->p->warn_admin = true;
		add_deed(pl, DEED_NOTIFY_ADMIN, ENTITY_WHOLE)->line = line;
	}
}

static void
plan_status(struct planner *pl)
{
	if (pl->p->infected)
		pl->p->status = PLAN_STATUS_INFECTED;
	else if (!pl->p->unscanned && ask_any(pl, OPT_VIRUS_SCANNING, NULL))
		pl->p->status = PLAN_STATUS_CLEAN;
	else if (pl->p->unscanned ||
		 ask_any(pl, OPT_MARK_UNSCANNED_MESSAGES, NULL))
		pl->p->status = PLAN_STATUS_UNSCANNED;
}

/* Not to be looked at, or refused unseen, by the administrator's wish. */
static bool
plan_early(struct planner *pl)
{
	struct slice scan;
	int line;

	if (ask_any(pl, OPT_REJECT_MESSAGE, &line)) {
		pl->p->action = PLAN_REJECT;
		pl->p->reason = SLICE("refused by the configuration");
		if (notice_sender_barred(pl->m) == NULL) {
			pl->p->warn_sender = true;
			add_deed(pl, DEED_NOTIFY_SENDER, ENTITY_WHOLE)->line =
			    line;
		}
		return true;
	}
	line = ask(pl, OPT_SCAN_MESSAGES, &scan);
	if (slice_chr(scan, '1') == SLICE_NOT_FOUND &&
	    slice_chr(scan, '2') == SLICE_NOT_FOUND) {
		pl->p->action = PLAN_DELIVER;
		pl->p->unscanned = pl->p->untouched = true;
		add_deed(pl, DEED_PASS, ENTITY_WHOLE)->line = line;
		return true;
	}
	return false;
}

struct plan *
plan_new(struct message *m)
{
	struct planner pl = {.m = m, .p = arena_make(m->arena, struct plan)};
	struct plan *p = pl.p;

	if (plan_early(&pl))
		return p;
	plan_findings(&pl);
	plan_silent(&pl);
	plan_incomplete(&pl);
	join_reports(&pl);
	if (p->action == PLAN_RETRY)
		return p;
	plan_store(&pl);
	plan_delivery(&pl);
	plan_status(&pl);
	if (p->action == PLAN_DELIVER || p->action == PLAN_DELIVER_MODIFIED) {
		plan_tags(&pl);
		plan_texts(&pl);
	}
	plan_notices(&pl);
	if (p->renamed && ask_any(&pl, OPT_QUARANTINE_MODIFIED_BODY, NULL) &&
	    !p->store_whole) {
		(void)add_deed(&pl, DEED_STORE_WHOLE, ENTITY_WHOLE);
		p->stored = p->store_whole = true;
	}
	return p;
}

struct slice
plan_report(const struct plan *p, struct arena *a)
{
	const struct plan_block *b;
	struct buf out;
	struct slice all;

	buf_init(&out, PLAN_REPORT_MAX);
	vec_each (b, &p->blocks)
		(void)buf_add(&out, b->report);
	all = arena_dup(a, buf_slice(&out));
	buf_fini(&out);
	return all;
}

struct slice
plan_names(const struct plan *p, const struct message *m)
{
	const struct plan_block *b;
	struct slice all, name;
	struct map seen;
	struct buf out;
	bool added;

	map_init(&seen, m->arena);
	buf_init(&out, NAMES_MAX);
	vec_each (b, &p->blocks) {
		name = report_name(m, b->entity);
		(void)map_add(&seen, name, &added);
		if (added)
			(void)buf_addf(&out, "%s%.*s", out.n > 0 ? ", " : "",
			    SLICE_FMT(name));
	}
	all = arena_dup(m->arena, buf_slice(&out));
	buf_fini(&out);
	return all;
}
