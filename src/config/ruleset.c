#include "config/ruleset.h"

#include "base/text.h"
#include "config/pattern.h"

enum direction {
	DIR_NONE,
	DIR_FROM,
	DIR_TO,
	DIR_FROM_OR_TO,
	DIR_FROM_AND_TO,
	DIR_VIRUS
};

struct condition {
	enum direction dir;
	struct pattern from, to, virus; /* those the direction asks for */
};

struct compiled {
	struct rule rule;
	struct condition first, second;
	bool both; /* `and`: the second condition counts too */
};

struct ruleset {
	VEC_OF(struct compiled) rules;
	VEC_OF(const struct rule *) all;
	const struct rule *dflt;
};

/* What a parse carries around. */
struct reading {
	struct arena *arena;
	struct ruleset *set;
	struct slice file;
	const struct ruleset_host *host;
	struct problems *problems;
	size_t patterns;
};

static bool
has(struct slice word, const char *part)
{
	return slice_find_ci(word, slice_str(part)) >= 0;
}

/* The original looks at the letters only: "From:", "FROM", "FromTo:" ... */
static enum direction
direction_of(struct slice word)
{
	bool from = has(word, "from"), to = has(word, "to");

	if (has(word, "virus"))
		return DIR_VIRUS;
	if (from && to)
		return has(word, "and") ? DIR_FROM_AND_TO : DIR_FROM_OR_TO;
	return from ? DIR_FROM : to ? DIR_TO : DIR_NONE;
}

static void read_list(struct reading *r, struct pattern *p, struct slice path,
    enum pattern_side side);

static void
read_pattern(struct reading *r, struct pattern *p, struct slice word,
    enum pattern_side side, unsigned line)
{
	const char *why = NULL;

	if (word.n > 1 && word.p[0] == '/' && !slice_ends(word, "/")) {
		read_list(r, p, word, side);
		return;
	}
	pattern_parse(p, r->arena, word, side, &why);
	if (why != NULL)
		problem_add(r->problems, PROBLEM_WARNING, r->file, line,
		    "pattern \"%.*s\": %s", SLICE_FMT(word), why);
}

struct source {
	struct slice text, file;
	unsigned line;
};

/* A file of patterns, with the files it names, at most four deep. */
static void
read_list(struct reading *r, struct pattern *p, struct slice path,
    enum pattern_side side)
{
	struct source open[RULESET_NESTING_MAX];
	struct slice line, word, keep = r->file;
	size_t depth = 1;

	*p = (struct pattern){.kind = PATTERN_LIST};
	open[0] = (struct source){r->host->read(path, r->host->ctx), path, 0};
	if (open[0].text.p == NULL)
		problem_add(r->problems, PROBLEM_WARNING, r->file, 0,
		    "cannot read the pattern file %.*s", SLICE_FMT(path));
	while (depth > 0) {
		struct source *top = &open[depth - 1];
		const char *why = NULL;

		if (!slice_line(&top->text, &line)) {
			depth--;
			continue;
		}
		top->line++;
		if (slice_chr(line, '#') >= 0)
			line.n = (size_t)slice_chr(line, '#');
		if (!slice_word(&line, &word))
			continue;
		if (word.n > 1 && word.p[0] == '/' && !slice_ends(word, "/")) {
			struct slice text = SLICE_NONE;

			if (depth < RULESET_NESTING_MAX)
				text = r->host->read(word, r->host->ctx);
			if (text.p == NULL) {
				problem_add(r->problems, PROBLEM_WARNING,
				    top->file, top->line,
				    "cannot read the pattern file %.*s (at "
				    "most %d deep)",
				    SLICE_FMT(word), RULESET_NESTING_MAX);
				continue;
			}
			open[depth++] = (struct source){text, word, 0};
			continue;
		}
		if (r->patterns++ >= RULESET_PATTERNS_MAX)
			break;
		pattern_parse(
		    vec_push(r->arena, &p->list), r->arena, word, side, &why);
		if (why != NULL)
			problem_add(r->problems, PROBLEM_WARNING, top->file,
			    top->line, "pattern \"%.*s\": %s", SLICE_FMT(word),
			    why);
	}
	r->file = keep;
}

static void
read_condition(
    struct reading *r, struct condition *c, struct slice word, unsigned line)
{
	if (c->dir == DIR_VIRUS)
		read_pattern(r, &c->virus, word, PATTERN_VIRUS, line);
	if (c->dir == DIR_FROM || c->dir == DIR_FROM_OR_TO ||
	    c->dir == DIR_FROM_AND_TO)
		read_pattern(r, &c->from, word, PATTERN_FROM, line);
	if (c->dir == DIR_TO || c->dir == DIR_FROM_OR_TO ||
	    c->dir == DIR_FROM_AND_TO)
		read_pattern(r, &c->to, word, PATTERN_TO, line);
}

static bool
is_default_condition(const struct condition *c)
{
	return (c->dir == DIR_VIRUS   ? c->virus.kind
		   : c->dir == DIR_TO ? c->to.kind
				      : c->from.kind) == PATTERN_DEFAULT;
}

/* Never asked before the others: both conditions hold for everybody. */
static bool
is_default(const struct compiled *c)
{
	return is_default_condition(&c->first) &&
	       (!c->both || is_default_condition(&c->second));
}

static void
read_rule(struct reading *r, struct slice line, unsigned number)
{
	struct slice rest = line, word = SLICE_NONE, pattern = SLICE_NONE;
	struct slice behind, and_word, dir2, pattern2;
	struct compiled *c;
	enum direction dir;

	(void)slice_word(&rest, &word);
	dir = direction_of(word);
	if (dir == DIR_NONE || !slice_word(&rest, &pattern)) {
		problem_add(r->problems, PROBLEM_WARNING, r->file, number,
		    "no rule: want \"From: pattern value\" (or To:, "
		    "FromOrTo:, FromAndTo:, Virus:)");
		return;
	}
	c = vec_push(r->arena, &r->set->rules);
	c->first.dir = dir;
	read_condition(r, &c->first, pattern, number);
	behind = rest;
	if (slice_word(&behind, &and_word) && slice_is_ci(and_word, "and") &&
	    slice_word(&behind, &dir2) && direction_of(dir2) != DIR_NONE &&
	    slice_word(&behind, &pattern2)) {
		c->both = true;
		c->second.dir = direction_of(dir2);
		read_condition(r, &c->second, pattern2, number);
		rest = behind;
	}
	rest = slice_trim(rest);
	c->rule.value = r->host->value != NULL
			    ? r->host->value(rest, r->host->ctx)
			    : arena_dup(r->arena, rest);
	c->rule.file = r->file;
	c->rule.line = number;
	c->rule.text = arena_dup(r->arena, slice_trim(line));
	if (c->rule.value.n == 0)
		problem_add(r->problems, PROBLEM_NOTE, r->file, number,
		    "the rule has no value");
}

struct ruleset *
ruleset_parse(struct arena *a, struct slice text, struct slice file,
    const struct ruleset_host *host, struct problems *problems)
{
	struct ruleset *set = arena_make(a, struct ruleset);
	struct reading r = {a, set, arena_dup(a, file), host, problems, 0};
	struct slice line;
	unsigned number = 0;
	struct compiled *c;

	while (slice_line(&text, &line)) {
		number++;
		if (slice_chr(line, '#') >= 0)
			line.n = (size_t)slice_chr(line, '#');
		line = slice_trim(line);
		if (line.n > 0)
			read_rule(&r, line, number);
	}
	vec_each (c, &set->rules) {
		/* Only the last default counts, whatever its direction. */
		if (is_default(c))
			set->dflt = &c->rule;
		*vec_push(a, &set->all) = &c->rule;
	}
	return set;
}

void
ruleset_fini(struct ruleset *r)
{
	struct compiled *c;

	vec_each (c, &r->rules) {
		pattern_fini(&c->first.from);
		pattern_fini(&c->first.to);
		pattern_fini(&c->first.virus);
		pattern_fini(&c->second.from);
		pattern_fini(&c->second.to);
		pattern_fini(&c->second.virus);
	}
}

size_t
ruleset_rules(const struct ruleset *r, const struct rule *const **out)
{
	*out = r->all.at;
	return r->all.n;
}

/* How many recipients match: any for To, all for the To of FromAndTo. */
static bool
match_to(const struct pattern *p, const struct subject *s, bool all)
{
	size_t i;

	for (i = 0; i < s->recipient_count; i++)
		if (pattern_match_address(p, s->recipients[i]) != all)
			return !all;
	return all && s->recipient_count > 0;
}

static bool
condition_match(const struct condition *c, const struct subject *s)
{
	switch (c->dir) {
	case DIR_FROM:
		return pattern_match_from(&c->from, s);
	case DIR_TO:
		return match_to(&c->to, s, false);
	case DIR_FROM_OR_TO:
		return pattern_match_from(&c->from, s) ||
		       match_to(&c->to, s, false);
	case DIR_FROM_AND_TO:
		return pattern_match_from(&c->from, s) &&
		       match_to(&c->to, s, true);
	case DIR_VIRUS:
		return s->virus_reports.n > 0 &&
		       pattern_match_text(&c->virus, s->virus_reports);
	case DIR_NONE:
		break;
	}
	return false;
}

/* With several recipients and the option set, rules see *@domain or *@*. */
static struct slice
common_domain(const struct subject *s)
{
	struct slice first = SLICE_NONE;
	size_t i;

	for (i = 0; i < s->recipient_count; i++) {
		struct slice r = s->recipients[i];
		ptrdiff_t at = slice_rchr(r, '@');
		struct slice domain =
		    at < 0 ? SLICE_NONE : slice_from(r, (size_t)at + 1);

		if (i == 0)
			first = domain;
		else if (!slice_eq_ci(first, domain))
			return SLICE_NONE;
	}
	return first;
}

size_t
ruleset_match(const struct ruleset *r, const struct subject *s,
    bool domain_only, const struct rule **out, size_t max)
{
	char pseudo[512] = "*@*";
	struct slice one = slice_str(pseudo);
	struct subject changed;
	const struct compiled *c;
	size_t n = 0;

	if (s != NULL && domain_only && s->recipient_count > 1) {
		struct slice domain = common_domain(s);

		if (domain.n > 0 && domain.n < sizeof(pseudo) - 2) {
			(void)memcpy(pseudo + 2, domain.p, domain.n);
			one.n = domain.n + 2;
		}
		changed = *s;
		changed.recipients = &one;
		changed.recipient_count = 1;
		s = &changed;
	}
	if (s != NULL)
		vec_each (c, &r->rules) {
			if (n == max)
				break;
			if (is_default(c))
				continue;
			if (condition_match(&c->first, s) &&
			    (!c->both || condition_match(&c->second, s)))
				out[n++] = &c->rule;
		}
	if (n == 0 && max > 0 && r->dflt != NULL)
		out[n++] = r->dflt;
	return n;
}
