#include "scan/virus_lines.h"

#include "base/buf.h"
#include "base/text.h"

static const char mark[] = VIRUS_LINES_DIR "/";

/* Where "scan.d/NUMBER-" begins; *after is set behind it. */
static ptrdiff_t
find_object(struct slice line, int *number, size_t *after)
{
	size_t from = 0;
	ptrdiff_t at;

	while (
	    (at = slice_find(slice_from(line, from), slice_str(mark))) >= 0) {
		size_t begin = from + (size_t)at, i = begin + sizeof(mark) - 1;
		size_t digits = i;
		int value = 0;

		while (i < line.n && i < digits + 8 && text_is_digit(line.p[i]))
			value = value * 10 + (line.p[i++] - '0');
		if (i > digits && i < line.n && line.p[i] == '-') {
			*number = value;
			*after = i + 1;
			return (ptrdiff_t)begin;
		}
		from = begin + sizeof(mark) - 1;
	}
	return SLICE_NOT_FOUND;
}

int
virus_lines_object(struct slice line)
{
	int number = VIRUS_LINE_NO_OBJECT;
	size_t after;

	(void)find_object(line, &number, &after);
	return number;
}

static bool
is_path_end(char c)
{
	return text_is_space(c) || c == '"' || c == '\'' || c == ',' ||
	       c == '(' || c == '[' || c == '<';
}

struct slice
virus_lines_shown(struct slice line, struct arena *a)
{
	struct buf out;
	struct slice shown;
	int number;
	size_t after;
	ptrdiff_t at;

	line = slice_sub(line, 0, VIRUS_LINE_MAX);
	buf_init(&out, VIRUS_LINE_MAX);
	while ((at = find_object(line, &number, &after)) >= 0) {
		size_t begin = (size_t)at;

		/* The path in front of it: "./", "/var/...". */
		while (begin > 0 && !is_path_end(line.p[begin - 1]) &&
		       line.p[begin - 1] != ':')
			begin--;
		(void)buf_add(&out, slice_sub(line, 0, begin));
		line = slice_from(line, after);
	}
	(void)buf_add(&out, line);
	shown = arena_dup(a, buf_slice(&out));
	buf_fini(&out);
	return shown;
}

bool
virus_lines_allowed(struct slice text, struct slice allowed)
{
	struct slice one;

	while (slice_field(&allowed, ',', &one)) {
		one = slice_trim(one);
		if (one.n >= 2 && one.p[0] == '"' && one.p[one.n - 1] == '"')
			one = slice_sub(one, 1, one.n - 1);
		if (one.n > 0 && slice_find_ci(text, one) >= 0)
			return true;
	}
	return false;
}

/* Set *out; an object on the line itself wins over the remembered one. */
static void
say(struct virus_line *out, enum virus_line_kind kind, struct slice line,
    struct slice name)
{
	out->kind = kind;
	out->object = virus_lines_object(line);
	out->name = slice_trim(name);
	if (kind == VIRUS_LINE_INFECTED && out->name.n == 0)
		out->name = SLICE("unnamed");
}

/* Everything behind the last / first `what`; empty when it is not there. */
static struct slice
behind_last(struct slice s, const char *what)
{
	struct slice found = SLICE_NONE;
	ptrdiff_t at;

	while ((at = slice_find_ci(s, slice_str(what))) >= 0) {
		s = slice_from(s, (size_t)at + strlen(what));
		found = s;
	}
	return found;
}

static struct slice
behind_first(struct slice s, const char *what)
{
	ptrdiff_t at = slice_find_ci(s, slice_str(what));

	return at < 0 ? SLICE_NONE : slice_from(s, (size_t)at + strlen(what));
}

static struct slice
before(struct slice s, const char *what)
{
	ptrdiff_t at = slice_find_ci(s, slice_str(what));

	return at < 0 ? s : slice_sub(s, 0, (size_t)at);
}

static struct slice
last_word(struct slice s)
{
	size_t n;

	s = slice_trim(s);
	for (n = s.n; n > 0 && !text_is_space(s.p[n - 1]); n--)
		;
	return slice_from(s, n);
}

/* KEY::VIRUS::PATH; a KEY that is not known is an infection, too. */
static void
parse_generic(
    struct virus_lines *state, struct slice line, struct virus_line *out)
{
	struct slice key = before(line, "::"), rest = behind_first(line, "::");
	struct slice name = before(rest, "::");

	(void)state;
	if (slice_find(rest, SLICE("::")) < 0)
		return;
	key = slice_trim(key);
	if (slice_is_ci(key, "clean"))
		say(out, VIRUS_LINE_CLEAN, line, name);
	else if (slice_is_ci(key, "info"))
		say(out, VIRUS_LINE_OTHER, line, name);
	else if (slice_is_ci(key, "error"))
		say(out, VIRUS_LINE_ERROR, line, name);
	else
		say(out, VIRUS_LINE_INFECTED, line, name);
}

/* PATH: NAME FOUND | PATH: OK | PATH: REASON ERROR | ERROR: REASON */
static void
parse_clamav(
    struct virus_lines *state, struct slice line, struct virus_line *out)
{
	struct slice said = behind_last(line, ": ");

	(void)state;
	line = slice_trim(line);
	if (slice_starts(line, "ERROR:"))
		say(out, VIRUS_LINE_ERROR, line, slice_from(line, 6));
	else if (said.n == 0)
		return;
	else if (slice_ends(line, " FOUND"))
		say(out, VIRUS_LINE_INFECTED, line,
		    slice_sub(said, 0, said.n > 6 ? said.n - 6 : 0));
	else if (slice_ends(line, " ERROR"))
		say(out, VIRUS_LINE_ERROR, line,
		    slice_sub(said, 0, said.n > 6 ? said.n - 6 : 0));
	else if (slice_is(said, "OK") || slice_is(said, "Empty file"))
		say(out, VIRUS_LINE_CLEAN, line, SLICE_NONE);
	if (out->kind == VIRUS_LINE_INFECTED &&
	    slice_starts(out->name, "Heuristics.Limits.Exceeded"))
		out->kind = VIRUS_LINE_ERROR;
}

/* >>> Virus 'NAME' found in file PATH | Could not check PATH (why) |
 * Password protected file PATH */
static void
parse_sophos(
    struct virus_lines *state, struct slice line, struct virus_line *out)
{
	struct slice name;
	ptrdiff_t why;

	(void)state;
	if (slice_find_ci(line, SLICE("virus")) >= 0 &&
	    slice_find_ci(line, SLICE("found in file")) >= 0) {
		name = behind_first(line, "'");
		say(out, VIRUS_LINE_INFECTED, line, before(name, "'"));
		return;
	}
	if (slice_find_ci(line, SLICE("could not ")) >= 0) {
		why = slice_rchr(line, '(');
		name =
		    slice_trim(slice_from(line, why < 0 ? 0 : (size_t)why + 1));
		if (why >= 0 && slice_ends(name, ")"))
			name = slice_sub(name, 0, name.n - 1);
		say(out, VIRUS_LINE_ERROR, line, name);
	} else if (slice_find_ci(line, SLICE("password protected file")) >= 0)
		say(out, VIRUS_LINE_ERROR, line,
		    SLICE("Password protected file"));
}

/* PATH: Infected: NAME [engine] | PATH <tab> infection: NAME */
static void
parse_fsecure(
    struct virus_lines *state, struct slice line, struct virus_line *out)
{
	static const char *const words[] = {
	    ": Infected: ", "\tinfection: ", ": Suspected: ", ": Riskware: "};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(words); i++) {
		struct slice name = behind_last(line, words[i]);

		if (name.n == 0)
			continue;
		say(out, VIRUS_LINE_INFECTED, line, before(name, " ["));
		return;
	}
	if (slice_find_ci(line, SLICE(": error")) >= 0 ||
	    slice_find_ci(line, SLICE("[error")) >= 0)
		say(out, VIRUS_LINE_ERROR, line, line);
}

/* PATH: result=infected infection=NAME */
static void
parse_fsecure12(
    struct virus_lines *state, struct slice line, struct virus_line *out)
{
	struct slice result = behind_last(line, ": result="), word = result;

	(void)state;
	if (!slice_word(&result, &word))
		return;
	if (slice_is_ci(word, "clean") || slice_is_ci(word, "ok"))
		say(out, VIRUS_LINE_CLEAN, line, SLICE_NONE);
	else if (slice_is_ci(word, "infected") ||
		 slice_is_ci(word, "suspected") ||
		 slice_is_ci(word, "riskware"))
		say(out, VIRUS_LINE_INFECTED, line,
		    behind_last(result, "infection="));
	else
		say(out, VIRUS_LINE_ERROR, line, word);
}

/* PATH <tab> infected: NAME | PATH <tab> suspected: NAME | PATH <tab> ok */
static void
parse_bitdefender(
    struct virus_lines *state, struct slice line, struct virus_line *out)
{
	struct slice said = behind_last(line, "\t"), word = said;

	(void)state;
	if (said.n == 0)
		return;
	if (slice_starts_ci(said, "infected: ") ||
	    slice_starts_ci(said, "suspected: "))
		say(out, VIRUS_LINE_INFECTED, line, behind_first(said, ": "));
	else if (slice_word(&word, &said) && slice_is_ci(said, "ok"))
		say(out, VIRUS_LINE_CLEAN, line, SLICE_NONE);
	else if (slice_find_ci(line, SLICE("\tI/O error")) >= 0)
		say(out, VIRUS_LINE_ERROR, line, SLICE("I/O error"));
}

/* PATH  Virus found NAME | Virus identified NAME | Trojan horse NAME */
static void
parse_avg(struct virus_lines *state, struct slice line, struct virus_line *out)
{
	static const char *const words[] = {"virus found", "virus identified",
	    "trojan horse", "adware generic", "potentially harmful program"};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(words); i++) {
		if (slice_find_ci(line, slice_str(words[i])) < 0)
			continue;
		say(out, VIRUS_LINE_INFECTED, line, last_word(line));
		return;
	}
}

/* PATH <blank> THREAT | PATH <blank> [OK] | ... is password protected ... */
static void
parse_avast(
    struct virus_lines *state, struct slice line, struct virus_line *out)
{
	struct slice word = last_word(line);

	(void)state;
	if (virus_lines_object(line) < 0)
		return;
	if (slice_is(word, "[OK]")) {
		say(out, VIRUS_LINE_CLEAN, line, SLICE_NONE);
		return;
	}
	if (slice_find_ci(line, SLICE("protected")) >= 0) {
		say(out, VIRUS_LINE_OTHER, line, SLICE_NONE);
		return;
	}
	if (slice_find_ci(line, SLICE("[ERROR]")) >= 0 ||
	    slice_starts_ci(line, "error"))
		say(out, VIRUS_LINE_ERROR, line, line);
	else if (word.n < slice_trim(line).n)
		say(out, VIRUS_LINE_INFECTED, line, word);
}

/* name="PATH", threat="NAME", action="...", info="..." */
static void
parse_esets(
    struct virus_lines *state, struct slice line, struct virus_line *out)
{
	struct slice rest = line, name;

	(void)state;
	/* The name of a member may contain the words: any threat counts. */
	while ((rest = behind_first(rest, "threat=\"")).n > 0) {
		name = before(rest, "\"");
		if (name.n == 0 || slice_is_ci(name, "is ok"))
			continue;
		say(out, VIRUS_LINE_INFECTED, line, name);
		return;
	}
}

/* Fields of CSV; a quoted one may hold commas. */
static bool
csv_field(struct slice *rest, struct slice *field)
{
	ptrdiff_t end;

	if (rest->n == 0 || rest->p[0] != '"')
		return slice_field(rest, ',', field);
	*rest = slice_from(*rest, 1);
	end = slice_chr(*rest, '"');
	*field = end < 0 ? *rest : slice_sub(*rest, 0, (size_t)end);
	*rest = end < 0 ? SLICE_NONE : slice_from(*rest, (size_t)end + 1);
	if (rest->n > 0 && rest->p[0] == ',')
		*rest = slice_from(*rest, 1);
	return true;
}

/* ...,...,URI,THREAT,... where the URI names an object */
static void
parse_esetsefs(
    struct virus_lines *state, struct slice line, struct virus_line *out)
{
	struct slice rest = line, field, name = SLICE_NONE;
	int column;

	(void)state;
	for (column = 1; column <= 4 && csv_field(&rest, &field); column++) {
		if (column == 3 && virus_lines_object(field) < 0)
			return;
		if (column == 4)
			name = slice_trim(field);
	}
	if (name.n > 0)
		say(out, VIRUS_LINE_INFECTED, line, name);
}

/* PATH infected with NAME */
static void
parse_drweb(
    struct virus_lines *state, struct slice line, struct virus_line *out)
{
	struct slice name = behind_last(line, " infected with ");

	(void)state;
	if (name.n > 0)
		say(out, VIRUS_LINE_INFECTED, line, name);
	else if (slice_find_ci(line, SLICE(" - Ok")) >= 0)
		say(out, VIRUS_LINE_CLEAN, line, SLICE_NONE);
	else if (slice_find_ci(line, SLICE(" read error")) >= 0)
		say(out, VIRUS_LINE_ERROR, line, SLICE("read error"));
}

/* "Current object: PATH", then lines with " infected: NAME" about it */
static void
parse_kaspersky(
    struct virus_lines *state, struct slice line, struct virus_line *out)
{
	struct slice path = behind_first(line, "Current object:");
	struct slice name = behind_last(line, " infected: ");

	if (path.n > 0) {
		state->object = virus_lines_object(path);
		return;
	}
	if (name.n == 0)
		name = behind_last(line, " suspicion: ");
	if (name.n == 0)
		return;
	say(out, VIRUS_LINE_INFECTED, line, name);
	if (out->object < 0)
		out->object = state->object;
}

static const struct virus_lines_row rows[] = {
    {"generic", "Generic", {NULL}, parse_generic, false, {1, 2, 3, 4}, 0, true},
    {"clamav", "ClamAV", {"--recursive", "--no-summary", "--stdout", NULL},
	parse_clamav, true, {1}, 0, true},
    {"sophos", "Sophos",
	{"-sc", "-f", "-all", "-rec", "-ss", "-archive", "-cab", "-loopback",
	    "--no-follow-symlinks", "--no-reset-atime", "-TNEF", NULL},
	parse_sophos, false, {3}, 2, false},
    {"f-secure", "F-Secure", {"--dumb", "--archive", NULL}, parse_fsecure,
	false, {3, 4, 6, 8}, 0, false},
    {"f-secure-12", "F-Secure",
	{"--scan-archives=yes", "--detect-encrypted-archives=no", NULL},
	parse_fsecure12, false, {1, 2, 3, 4}, 0, false},
    {"bitdefender", "Bitdefender", {"--arc", "--mail", "--all", NULL},
	parse_bitdefender, false, {1, 2}, 0, false},
    {"avg", "Avg", {"--arc", NULL}, parse_avg, false, {3, 4, 5, 6}, 0, false},
    {"avast", "Avast", {"-b", "-f", "-a", NULL}, parse_avast, true, {1}, 0,
	false},
    {"esets", "Esets", {NULL}, parse_esets, false, {1, 50}, 0, false},
    {"esetsefs", "esetsefs",
	{"scan", "--readonly", "-s", "--profile=@Smart scan", NULL},
	parse_esetsefs, false, {1, 50}, 0, false},
    {"drweb", "DrWeb", {NULL}, parse_drweb, false, {1, 2, 4}, 0, false},
    {"kaspersky", "Kaspersky", {"-i0", NULL}, parse_kaspersky, false,
	{2, 3, 4, 5, 21}, 0, false},
};

const struct virus_lines_row *
virus_lines_row(struct slice keyword)
{
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++)
		if (slice_is_ci(keyword, rows[i].keyword))
			return &rows[i];
	return NULL;
}

const struct virus_lines_row *
virus_lines_next(const struct virus_lines_row *row)
{
	row = row == NULL ? rows : row + 1;
	return row < rows + COUNT_OF(rows) ? row : NULL;
}
