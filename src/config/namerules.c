#define PCRE2_CODE_UNIT_WIDTH 8
#include "config/namerules.h"

#include <pcre2.h>

#include "base/text.h"

enum { MATCH_LIMIT = 200000, FIELDS_MAX = 5 };

static void *
compile(struct slice text, struct slice file, unsigned line,
    struct problems *problems)
{
	PCRE2_UCHAR words[128];
	PCRE2_SIZE at;
	int err;
	void *code = pcre2_compile((PCRE2_SPTR)text.p, text.n,
	    PCRE2_CASELESS | PCRE2_DOTALL, &err, &at, NULL);

	if (code == NULL) {
		(void)pcre2_get_error_message(err, words, sizeof(words));
		problem_add(problems, PROBLEM_ERROR, file, line,
		    "the expression \"%.*s\" fails at offset %zu: %s",
		    SLICE_FMT(text), (size_t)at, (const char *)words);
		return NULL;
	}
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	return code;
}

static struct slice
dash_is_none(struct slice s)
{
	s = slice_trim(s);
	return slice_is(s, "-") ? SLICE("") : s;
}

static bool
parse_action(struct namerule *r, struct slice word)
{
	word = slice_trim(word);
	while (word.n > 0 && word.p[0] == ',')
		word = slice_trim(slice_from(word, 1));
	while (slice_ends(word, ","))
		word = slice_trim(slice_sub(word, 0, word.n - 1));
	if (slice_is_ci(word, "allow")) {
		r->action = NAMERULE_ALLOW;
	} else if (slice_starts_ci(word, "deny") && slice_chr(word, '@') < 0) {
		/* deny+delete, denyanddelete ... */
		r->action = slice_find_ci(word, SLICE("del")) >= 0
				? NAMERULE_DENY_DELETE
				: NAMERULE_DENY;
	} else if (slice_is_ci(word, "rename") ||
		   slice_starts_ci(word, "rename ")) {
		struct slice rest = slice_trim(slice_from(word, 6));

		r->action = NAMERULE_RENAME;
		if (slice_starts_ci(rest, "to "))
			rest = slice_trim(slice_from(rest, 3));
		r->argument = rest;
	} else if (slice_chr(word, '@') > 0) {
		r->action = NAMERULE_FORWARD;
		r->argument = word;
	} else {
		return false;
	}
	return true;
}

/* Fields between runs of TABs; a line without any may use blanks for the
 * first two. */
static size_t
split(struct slice line, struct slice field[FIELDS_MAX])
{
	struct slice rest = line, one;
	size_t n = 0;

	if (slice_chr(line, '\t') < 0) {
		while (n < 2 && slice_word(&rest, &one))
			field[n++] = one;
		return n;
	}
	while (n < FIELDS_MAX && slice_field(&rest, '\t', &one))
		if (slice_trim(one).n > 0)
			field[n++] = slice_trim(one);
	return n;
}

/* Expressions may stand between slashes; "*.exe" is meant as ".*.exe". */
static struct slice
bare_expression(struct arena *a, struct slice s)
{
	if (s.n > 2 && s.p[0] == '/' && slice_ends(s, "/"))
		s = slice_sub(s, 1, s.n - 1);
	if (s.n > 0 && s.p[0] == '*')
		s = arena_printf(a, ".%.*s", SLICE_FMT(s));
	return s;
}

static void
parse_line(struct namerules *out, struct arena *a, struct slice line,
    struct slice file, unsigned number, struct problems *problems)
{
	struct slice field[FIELDS_MAX] = {{0}};
	struct namerule r = {.file = file, .line = number};
	size_t n = split(line, field);

	if (n < 2 || !parse_action(&r, field[0])) {
		problem_add(problems, PROBLEM_ERROR, file, number,
		    "no rule: want action, expression, log text, user text "
		    "between TABs");
		problem_hint(problems, "actions: allow, deny, deny+delete, "
				       "rename, rename to NAME, addresses");
		return;
	}
	r.text = bare_expression(a, field[1]);
	/* Five fields: one more expression, on the MIME type, or "-". */
	r.has_mime = n == FIELDS_MAX && !slice_is(field[2], "-");
	if (r.has_mime)
		r.mime = compile(
		    bare_expression(a, field[2]), file, number, problems);
	r.regex = slice_is(field[1], "-") && r.has_mime
		      ? NULL
		      : compile(r.text, file, number, problems);
	r.log_text = dash_is_none(field[n == FIELDS_MAX ? 3 : 2]);
	r.user_text = dash_is_none(field[n == FIELDS_MAX ? 4 : 3]);
	*vec_push(a, &out->rules) = r;
}

void
namerules_parse(struct namerules *out, struct arena *a, struct slice text,
    struct slice file, struct problems *problems)
{
	struct slice line;
	unsigned number = 0;

	text = arena_dup(a, text);
	file = arena_dup(a, file);
	while (slice_line(&text, &line)) {
		struct slice bare = slice_trim(line);

		number++;
		if (bare.n == 0 || bare.p[0] == '#')
			continue;
		if (out->rules.n >= NAMERULES_MAX) {
			problem_add(problems, PROBLEM_ERROR, file, number,
			    "more than %d rules; the rest is not used",
			    NAMERULES_MAX);
			return;
		}
		parse_line(out, a, line, file, number, problems);
	}
}

void
namerules_words(struct namerules *out, struct arena *a, struct slice words,
    enum namerule_action action, struct slice file, unsigned line,
    struct problems *problems)
{
	struct slice word;

	while (slice_word(&words, &word) && out->rules.n < NAMERULES_MAX) {
		struct namerule *r = vec_push(a, &out->rules);

		r->action = action;
		r->file = file;
		r->line = line;
		r->text = arena_dup(a, word);
		r->regex = compile(word, file, line, problems);
	}
}

void
namerules_fini(struct namerules *n)
{
	struct namerule *r;

	vec_each (r, &n->rules) {
		pcre2_code_free(r->regex);
		pcre2_code_free(r->mime);
	}
	*n = (struct namerules){0};
}

static bool
match(const void *code, struct slice s, bool denies, pcre2_match_data *data,
    pcre2_match_context *ctx)
{
	int rc;

	if (code == NULL || data == NULL)
		return false;
	if (s.n > NAMERULES_SUBJECT_MAX)
		s.n = NAMERULES_SUBJECT_MAX;
	rc = pcre2_match(
	    code, (PCRE2_SPTR)(s.n > 0 ? s.p : ""), s.n, 0, 0, data, ctx);
	if (rc >= 0)
		return true;
	/* What cannot be decided is no reason to let a name pass. */
	return rc != PCRE2_ERROR_NOMATCH && denies;
}

const struct namerule *
namerules_match(const struct namerules *n, struct slice name, struct slice mime)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	pcre2_match_context *ctx = pcre2_match_context_create(NULL);
	const struct namerule *r, *found = NULL;

	if (ctx != NULL)
		(void)pcre2_set_match_limit(ctx, MATCH_LIMIT);
	vec_each (r, &n->rules) {
		bool denies = r->action != NAMERULE_ALLOW;

		if (match(r->regex, name, denies, data, ctx) ||
		    (r->has_mime && mime.n > 0 &&
			match(r->mime, mime, denies, data, ctx))) {
			found = r;
			break;
		}
	}
	pcre2_match_context_free(ctx);
	pcre2_match_data_free(data);
	return found;
}
