#include "act/report.h"

#include "base/buf.h"

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

struct slice
report_line(const struct message *m, const struct finding *f)
{
	struct slice name = f->name.n > 0 ? f->name : report_name(m, f->entity);
	struct slice detail =
	    f->detail.n > 0 ? f->detail : slice_str(default_text(f->code));
	struct slice line;
	struct buf out;
	size_t i;

	buf_init(&out, LINE_MAX_BYTES);
	name = slice_sub(name, 0, LINE_MAX_BYTES / 4);
	detail = slice_sub(detail, 0, LINE_MAX_BYTES / 2);
	if (f->code == FINDING_VIRUS) {
		if (f->rule.n > 0 && names_scanner(m))
			(void)buf_addf(&out,
			    "%.*s: ", SLICE_FMT(slice_sub(f->rule, 0, 200)));
		(void)buf_addf(&out, "%.*s was infected: %.*s", SLICE_FMT(name),
		    SLICE_FMT(detail));
	} else {
		(void)buf_addf(
		    &out, "%.*s (%.*s)", SLICE_FMT(detail), SLICE_FMT(name));
	}
	for (i = 0; i < out.n; i++)
		if (out.p[i] == '\n' || out.p[i] == '\r' || out.p[i] == '\0')
			out.p[i] = ' ';
	line = arena_dup(m->arena, buf_slice(&out));
	buf_fini(&out);
	return line;
}
