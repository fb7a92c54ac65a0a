#include "act/report.h"

enum { LINE_MAX_BYTES = 4096 };

struct slice
report_name(const struct message *m, int entity)
{
	const struct entity *e;

	if (entity <= 0 || (size_t)entity >= m->entities.n)
		return SLICE("the entire message");
	e = &m->entities.at[entity];
	if (e->names.n > 0 && e->names.at[0].n > 0)
		return e->names.at[0];
	return e->safe_name.n > 0 ? e->safe_name : e->path;
}

/* What to say when a check gave no words of its own. */
static const char *
default_text(enum finding_code code)
{
	switch ((int)code) {
	case FINDING_FILENAME:
		return "This name is not allowed";
	case FINDING_FILETYPE:
		return "This type of file is not allowed";
	case FINDING_SIZE:
		return "Too large or too small";
	case FINDING_COUNT:
		return "Too many attachments";
	case FINDING_ENCRYPTED:
		return "Password-protected content cannot be examined";
	case FINDING_PARTIAL:
		return "A part of a message in pieces cannot be examined";
	case FINDING_EXTERNAL_BODY:
		return "Content kept elsewhere cannot be examined";
	case FINDING_TOO_DEEP:
		return "Archives are nested too deep";
	case FINDING_TOO_BIG:
		return "Unpacks to too much";
	case FINDING_TOO_MANY:
		return "Holds too many files";
	case FINDING_UNREADABLE:
		return "Damaged: cannot be examined";
	case FINDING_UNSUPPORTED:
		return "Of a kind that cannot be examined";
	case FINDING_MALFORMED:
		return "Malformed: cannot be examined reliably";
	case FINDING_AMBIGUOUS:
		return "Can be read in more than one way";
	case FINDING_TRAVERSAL:
		return "Names files outside its own folder";
	default:
		return finding_word(code);
	}
}

static bool
names_scanner(const struct message *m)
{
	return conf_yes(
	    m->conf, OPT_INCLUDE_SCANNER_NAME_IN_REPORTS, &m->subject);
}

/* A scanner's line begins with its name: "Clamd: eicar.com was infected". */
static struct slice
without_scanner(struct slice line, struct slice scanner)
{
	ptrdiff_t colon = slice_chr(line, ':');

	if (colon <= 0 ||
	    !slice_eq_ci(slice_sub(line, 0, (size_t)colon), scanner))
		return line;
	return slice_trim(slice_from(line, (size_t)colon + 1));
}

struct slice
report_clean(const struct message *m, struct slice s)
{
	char *p = arena_str(m->arena, s);
	size_t i;

	for (i = 0; i < s.n; i++)
		if (p[i] == '\n' || p[i] == '\r' || p[i] == '\0')
			p[i] = ' ';
	return slice_of(p, s.n);
}

struct slice
report_line(const struct message *m, const struct finding *f)
{
	struct slice name = f->name.n > 0 ? f->name : report_name(m, f->entity);
	struct slice detail =
	    f->detail.n > 0 ? f->detail : slice_str(default_text(f->code));
	bool named = names_scanner(m);

	name = report_clean(m, slice_sub(name, 0, LINE_MAX_BYTES / 4));
	detail = report_clean(m, slice_sub(detail, 0, LINE_MAX_BYTES / 2));
	if (f->code == FINDING_VIRUS)
		return named ? detail : without_scanner(detail, f->rule);
	return arena_printf(m->arena, "%s%.*s (%.*s)",
	    named ? "MailScanner: " : "", SLICE_FMT(detail), SLICE_FMT(name));
}
