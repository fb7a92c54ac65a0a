/* rules_define - statements that make rules or change them. */
#include "base/num.h"
#include "base/text.h"
#include "spam/plugins.h"
#include "spam/rules_private.h"

struct slice
rules_word(struct slice *s)
{
	size_t n = 0;
	struct slice word;

	while (n < s->n && !text_is_space(s->p[n]))
		n++;
	word = slice_sub(*s, 0, n);
	*s = slice_trim(slice_from(*s, n));
	return word;
}

void
rules_wrong(struct rules_build *b, const struct statement *s, const char *at,
    const char *text)
{
	(void)statement_complain(s, &b->r->complaints, PROBLEM_ERROR, at, text);
}

bool
rules_name_ok(struct slice name)
{
	if (name.n == 0 || text_is_digit(name.p[0]))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!text_is_alnum(name.p[i]) && name.p[i] != '_')
			return false;
	return true;
}

struct spam_rule *
rules_named(struct rules_build *b, struct slice name)
{
	struct map_entry *e = map_add(&b->by_name, name, NULL);
	struct spam_rule *r = e->value;

	if (r == NULL) {
		r = arena_make(b->arena, struct spam_rule);
		r->name = e->key;
		e->value = r;
	}
	return r;
}

/* The rule that a statement defines; NULL after a complaint. What it was
 * before is forgotten, what was said about it is kept. */
static struct spam_rule *
define(struct rules_build *b, const struct statement *s, struct slice name,
    enum rule_type type)
{
	struct spam_rule *r;

	if (!rules_name_ok(name)) {
		rules_wrong(b, s, name.p,
		    "a rule's name has letters, digits and _ only");
		return NULL;
	}
	if (name.n > RULES_NAME_MAX) {
		rules_wrong(b, s, name.p, "this name is too long");
		return NULL;
	}
	if (b->by_name.n >= RULES_MAX) {
		rules_wrong(b, s, name.p, "too many rules");
		return NULL;
	}
	r = rules_named(b, name);
	for (size_t i = 0; i < r->matches.n; i++)
		regex_fini(&r->matches.at[i].re);
	r->matches.n = 0;
	r->args.n = 0;
	r->function = r->text = SLICE_NONE;
	r->meta = (struct meta){0};
	r->type = type;
	r->defined = true;
	r->file = s->file;
	r->line = s->number;
	return r;
}

/* (?<NAME> or (?P<NAME> or (?'NAME' with a capital letter. */
static bool
has_captures(struct slice text)
{
	for (size_t i = 0; i + 4 < text.n; i++) {
		const char *p = text.p + i;

		if (p[0] == '(' && p[1] == '?') {
			p += p[2] == 'P' ? 3 : 2;
			if ((*p == '<' || *p == '\'') &&
			    p + 1 < text.p + text.n && p[1] >= 'A' &&
			    p[1] <= 'Z')
				return true;
		}
	}
	return false;
}

static bool
has_template(struct slice text)
{
	for (size_t i = 0; i + 3 < text.n; i++)
		if (text.p[i] == '%' && text.p[i + 1] == '{' &&
		    text.p[i + 2] >= 'A' && text.p[i + 2] <= 'Z' &&
		    (i == 0 || text.p[i - 1] != '\\'))
			return true;
	return false;
}

/* m->written to an expression; false after a complaint. */
static bool
compile(struct rules_build *b, const struct statement *s, struct rule_match *m)
{
	struct regex_error why;

	if (!regex_split(m->written, &m->text, &m->flags, &why)) {
		rules_wrong(b, s, m->written.p + why.at, why.text);
		return false;
	}
	if (m->text.n == 0) /* keeps a place for complaints */
		m->text.p = m->written.p + 1;
	m->templated = has_template(m->text);
	if (regex_compile(&m->re, m->text, m->flags, &why))
		return true;
	rules_wrong(b, s, m->text.p + why.at, why.text);
	return false;
}

/* text of an eval: name(args). */
static bool
arguments(struct rules_build *b, struct spam_rule *r)
{
	ptrdiff_t open = slice_chr(r->text, '(');
	struct slice rest, arg;

	if (open <= 0 || r->text.p[r->text.n - 1] != ')')
		return false;
	r->function = slice_sub(r->text, 0, (size_t)open);
	rest = slice_sub(r->text, (size_t)open + 1, r->text.n - 1);
	while ((rest = slice_trim(rest)).n > 0) {
		size_t n = 0;
		char quote = rest.p[0];

		if (quote == '\'' || quote == '"') {
			ptrdiff_t end = slice_chr(slice_from(rest, 1), quote);

			if (end < 0)
				return false;
			arg = slice_sub(rest, 1, (size_t)end + 1);
			n = (size_t)end + 2;
		} else {
			while (n < rest.n && (text_is_alnum(rest.p[n]) ||
						 strchr(".:-", rest.p[n])))
				n++;
			arg = slice_sub(rest, 0, n);
			if (n == 0)
				return false;
		}
		if (r->args.n >= RULES_ARGS_MAX)
			return false;
		*vec_push(b->arena, &r->args) = arg;
		rest = slice_trim(slice_from(rest, n));
		if (rest.n > 0 && rest.p[0] != ',')
			return false;
		rest = slice_from(rest, 1);
	}
	return true;
}

static bool
is_call(struct slice text)
{
	size_t n = 0;

	while (n < text.n && (text_is_alnum(text.p[n]) || text.p[n] == '_'))
		n++;
	return n > 0 && n < text.n && text.p[n] == '(' &&
	       text.p[text.n - 1] == ')';
}

static void
define_eval(struct rules_build *b, const struct statement *s, struct slice name,
    struct slice call, enum rule_type type)
{
	const struct plugin_eval *known;
	struct spam_rule *r;

	if (!is_call(call)) {
		rules_wrong(b, s, call.p, "a call is written name(arguments)");
		return;
	}
	if (type == RULE_HEADER_EVAL && (slice_starts(call, "check_rbl") ||
					    slice_starts(call, "check_dns")))
		type = RULE_RBL_EVAL;
	r = define(b, s, name, type);
	if (r == NULL)
		return;
	r->text = call;
	r->callable = arguments(b, r);
	if (!r->callable)
		rules_wrong(b, s, call.p, "these arguments are not understood");
	known = plugin_eval_find(r->function);
	if (known != NULL && known->type != RULE_EMPTY && known->type != type &&
	    !(known->type == RULE_BODY_EVAL && type == RULE_RAWBODY_EVAL)) {
		r->callable = false;
		rules_wrong(
		    b, s, call.p, "this function is for another kind of rule");
	}
}

/* body, rawbody, full, uri */
static void
define_text(struct rules_build *b, const struct statement *s,
    enum rule_type type, enum rule_type eval)
{
	struct slice rest = s->value, name = rules_word(&rest);
	struct rule_match m = {0};
	struct spam_rule *r;

	if (rest.n == 0) {
		rules_wrong(b, s, rest.p, "an expression is missing");
		return;
	}
	if (eval != RULE_EMPTY && slice_starts(rest, "eval:")) {
		define_eval(b, s, name, slice_from(rest, 5), eval);
		return;
	}
	m.written = rest;
	if (!compile(b, s, &m))
		return;
	r = define(b, s, name, type);
	if (r == NULL) {
		regex_fini(&m.re);
		return;
	}
	*vec_push(b->arena, &r->matches) = m;
	r->captures = has_captures(m.text);
	if (r->captures)
		r->priority = -10000;
}

/* Name, modifiers, =~ or !~, expression, [if-unset: X] of header rules. */
static bool
header_parts(struct rules_build *b, const struct statement *s,
    struct slice text, struct rule_match *m)
{
	size_t n = 0;
	ptrdiff_t colon, unset;

	while (n < text.n && !text_is_space(text.p[n]) && text.p[n] != '=' &&
	       text.p[n] != '!')
		n++;
	m->on = slice_sub(text, 0, n);
	text = slice_trim(slice_from(text, n));
	m->negated = slice_starts(text, "!~");
	if (m->on.n == 0 || (!m->negated && !slice_starts(text, "=~"))) {
		rules_wrong(b, s, text.p, "=~ or !~ is missing here");
		return false;
	}
	colon = slice_chr(m->on, ':');
	if (colon >= 0) {
		m->modifiers = slice_from(m->on, (size_t)colon + 1);
		m->on = slice_sub(m->on, 0, (size_t)colon);
	}
	text = slice_trim(slice_from(text, 2));
	unset = slice_find(text, SLICE("[if-unset:"));
	if (unset > 0 && text.p[text.n - 1] == ']' &&
	    text_is_space(text.p[unset - 1])) {
		m->has_unset = true;
		m->unset =
		    slice_trim(slice_sub(text, (size_t)unset + 10, text.n - 1));
		text = slice_trim(slice_sub(text, 0, (size_t)unset));
	}
	m->written = text;
	return true;
}

static bool
modifiers_ok(
    struct rules_build *b, const struct statement *s, struct slice modifiers)
{
	static const char *const words[] = {"raw", "addr", "name", "host",
	    "domain", "ip", "revip", "first", "last"};
	struct slice rest = modifiers, word;

	while (rest.n > 0 && slice_field(&rest, ':', &word)) {
		bool ok = false;

		for (size_t i = 0; i < COUNT_OF(words); i++)
			ok |= slice_is(word, words[i]);
		if (!ok) {
			rules_wrong(
			    b, s, word.p, "unknown modifier of a header");
			return false;
		}
	}
	return true;
}

static bool
header_name_ok(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!text_is_alnum(name.p[i]) &&
		    strchr("_.-", name.p[i]) == NULL)
			return false;
	return name.n > 0;
}

static bool
header_match(struct rules_build *b, const struct statement *s,
    struct slice text, struct rule_match *m)
{
	if (slice_starts(text, "exists:")) {
		m->exists = true;
		m->on = slice_from(text, 7);
		if (slice_ends(m->on, ":"))
			m->on.n--;
	} else if (!header_parts(b, s, text, m) ||
		   !modifiers_ok(b, s, m->modifiers)) {
		return false;
	}
	if (!header_name_ok(m->on)) {
		rules_wrong(b, s, text.p, "this is no name of a header");
		return false;
	}
	return m->exists || compile(b, s, m);
}

static void
define_header(struct rules_build *b, const struct statement *s)
{
	struct slice rest = s->value, name = rules_word(&rest);
	struct rule_match m = {0};
	struct spam_rule *r;

	if (rest.n == 0) {
		rules_wrong(b, s, rest.p, "a header is missing");
		return;
	}
	if (slice_starts(rest, "eval:") || slice_starts(rest, "rbleval:")) {
		define_eval(b, s, name,
		    slice_from(rest, rest.p[0] == 'r' ? 8 : 5),
		    RULE_HEADER_EVAL);
		return;
	}
	if (!header_match(b, s, rest, &m))
		return;
	r = define(b, s, name, RULE_HEADER);
	if (r == NULL) {
		regex_fini(&m.re);
		return;
	}
	*vec_push(b->arena, &r->matches) = m;
	r->captures = has_captures(m.text);
	if (r->captures)
		r->priority = -10000;
}

static void
define_mimeheader(struct rules_build *b, const struct statement *s)
{
	struct slice rest = s->value, name = rules_word(&rest);
	struct rule_match m = {0};
	struct spam_rule *r;

	if (!header_parts(b, s, rest, &m))
		return;
	if (m.modifiers.n > 0 && !slice_is(m.modifiers, "raw")) {
		rules_wrong(b, s, m.modifiers.p, "only :raw is known here");
		return;
	}
	if (!compile(b, s, &m))
		return;
	r = define(b, s, name, RULE_MIMEHEADER);
	if (r == NULL) {
		regex_fini(&m.re);
		return;
	}
	*vec_push(b->arena, &r->matches) = m;
}

/* The end of /.../flags or m,...,flags at the front of s; 0: none. */
static size_t
expression_len(struct slice s)
{
	size_t open = slice_starts(s, "m") ? 1 : 0, n;
	char end;

	if (s.n < open + 2 || (open == 0 && s.p[0] != '/') ||
	    text_is_alnum(s.p[open]))
		return 0;
	end = s.p[open];
	end = end == '{' ? '}' : end == '(' ? ')' : end == '[' ? ']' : end;
	for (n = open + 1; n < s.n; n++) {
		size_t stop = n + 1;

		if (s.p[n] == '\\') {
			n++;
			continue;
		}
		if (s.p[n] != end)
			continue;
		while (stop < s.n && strchr("imsx", s.p[stop]) != NULL)
			stop++;
		if (stop == s.n || text_is_space(s.p[stop]))
			return stop;
	}
	return 0;
}

static bool
is_uri_key(struct slice key)
{
	static const char *const keys[] = {
	    "raw", "type", "cleaned", "text", "domain", "host"};

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (slice_is(key, keys[i]))
			return true;
	return false;
}

/* key op /re/ from the front of *rest. */
static bool
criterion(struct rules_build *b, const struct statement *s, struct slice *rest,
    struct rule_match *m)
{
	size_t n = 0;

	while (n < rest->n && text_is_alpha(rest->p[n]))
		n++;
	m->on = slice_sub(*rest, 0, n);
	if (!is_uri_key(m->on)) {
		rules_wrong(b, s, rest->p,
		    "one of raw type cleaned text domain host is missing");
		return false;
	}
	*rest = slice_trim(slice_from(*rest, n));
	m->negated = slice_starts(*rest, "!~");
	if (!m->negated && !slice_starts(*rest, "=~")) {
		rules_wrong(b, s, rest->p, "=~ or !~ is missing here");
		return false;
	}
	*rest = slice_trim(slice_from(*rest, 2));
	n = expression_len(*rest);
	m->written = slice_sub(*rest, 0, n);
	if (n == 0) {
		rules_wrong(b, s, rest->p, "an expression is missing here");
		return false;
	}
	*rest = slice_trim(slice_from(*rest, n));
	return compile(b, s, m);
}

static void
define_uri_detail(struct rules_build *b, const struct statement *s)
{
	struct slice rest = s->value, name = rules_word(&rest);
	VEC_OF(struct rule_match) all = {0};
	struct spam_rule *r = NULL;
	bool ok = true;

	while (rest.n > 0 && ok) {
		struct rule_match m = {0}, *old;

		ok = criterion(b, s, &rest, &m);
		if (!ok)
			break;
		vec_each (old, &all) /* the last of a key counts */
			if (slice_eq(old->on, m.on))
				break;
		if (old < all.at + all.n)
			regex_fini(&old->re);
		else
			old = vec_push(b->arena, &all);
		*old = m;
	}
	if (ok && all.n == 0)
		rules_wrong(b, s, s->value.p, "a criterion is missing");
	if (ok && all.n > 0)
		r = define(b, s, name, RULE_URI_DETAIL);
	for (size_t i = 0; i < all.n; i++) {
		if (r != NULL)
			*vec_push(b->arena, &r->matches) = all.at[i];
		else
			regex_fini(&all.at[i].re);
	}
}

static void
define_meta(struct rules_build *b, const struct statement *s)
{
	struct slice rest = s->value, name = rules_word(&rest);
	struct meta_error why;
	struct meta m;
	struct spam_rule *r;

	if (!meta_parse(&m, b->arena, rest, &why)) {
		rules_wrong(b, s, why.at, why.text);
		return;
	}
	r = define(b, s, name, RULE_META);
	if (r == NULL)
		return;
	r->meta = m;
	r->text = rest;
}

/* ---- what is said about rules --------------------------------------------*/

/* -?digits[.digits], in parentheses when it is relative. */
static bool
one_score(struct slice word, double *value, bool *relative)
{
	size_t n = 0, dots = 0;

	if (word.n > 2 && word.p[0] == '(' && word.p[word.n - 1] == ')') {
		*relative = true;
		word = slice_sub(word, 1, word.n - 1);
	}
	if (word.n > 0 && word.p[0] == '-')
		n++;
	if (n >= word.n || !text_is_digit(word.p[n]) ||
	    !text_is_digit(word.p[word.n - 1]))
		return false;
	for (; n < word.n; n++) {
		dots += word.p[n] == '.';
		if (!text_is_digit(word.p[n]) && word.p[n] != '.')
			return false;
	}
	return dots <= 1 && num_parse_double(word, value);
}

static void
score(struct rules_build *b, const struct statement *s)
{
	struct slice rest = s->value, name = rules_word(&rest), word;
	double values[4] = {0};
	bool relative = false;
	size_t n = 0;
	struct spam_rule *r;

	while (rest.n > 0) {
		word = rules_word(&rest);
		if (n >= 4 || !one_score(word, &values[n], &relative)) {
			rules_wrong(b, s, word.p,
			    n >= 4 ? "one or four scores, not more"
				   : "a score is written -1.5, relative (0.5)");
			return;
		}
		n++;
	}
	if (n != 1 && n != 4) {
		rules_wrong(b, s, s->line.p + s->line.n, "one or four scores");
		return;
	}
	r = rules_named(b, name);
	if (relative && !r->scored) {
		rules_wrong(
		    b, s, name.p, "a relative score needs a score before it");
		return;
	}
	for (size_t i = 0; i < 4; i++) {
		double v = values[n == 1 ? 0 : i];

		r->score[i] = relative ? r->score[i] + v : v;
	}
	r->scored = true;
}

static void
priority(struct rules_build *b, const struct statement *s)
{
	struct slice rest = s->value, name = rules_word(&rest);
	int64_t value;

	if (!rules_name_ok(name) || rest.n == 0 || rest.p[0] == '+' ||
	    !num_parse_i64(rest, -1000000, 1000000, &value)) {
		rules_wrong(b, s, rest.n > 0 ? rest.p : name.p,
		    "a rule and a whole number");
		return;
	}
	rules_named(b, name)->priority = (int)value;
}

static void
reuse(struct rules_build *b, const struct statement *s)
{
	struct slice rest = s->value, name = rules_word(&rest);
	struct spam_rule *r = map_get(&b->by_name, name);

	if (r == NULL || !r->defined)
		(void)define(b, s, name, RULE_EMPTY);
}

static void
shortcircuit(struct rules_build *b, const struct statement *s)
{
	struct slice rest = s->value, name = rules_word(&rest);
	struct spam_rule *r = rules_named(b, name);

	if (slice_is(rest, "off")) {
		r->shortcircuit = NULL;
	} else if (slice_is(rest, "on")) {
		r->shortcircuit = "on";
	} else if (slice_is(rest, "ham") || slice_is(rest, "spam")) {
		bool ham = rest.p[0] == 'h';

		r->shortcircuit = ham ? "ham" : "spam";
		if (r->priority == 0)
			r->priority = -200;
		r->tflags = arena_printf(b->arena, "%.*s%s%snoautolearn",
		    SLICE_FMT(r->tflags), r->tflags.n > 0 ? " " : "",
		    ham ? "nice " : "");
	} else {
		rules_wrong(b, s, rest.p, "one of ham spam on off");
	}
}

/* Lookups: what they ask is kept for the resolver. */
static void
lookup(struct rules_build *b, const struct statement *s, enum setting set)
{
	struct slice rest = s->value, name = rules_word(&rest);
	struct spam_rule *r;

	if (rest.n == 0) {
		rules_wrong(
		    b, s, s->line.p + s->line.n, "what to ask is missing");
		return;
	}
	if (set == SET_ASKDNS)
		r = define(b, s, name, RULE_EMPTY);
	else if (slice_starts(s->key, "uri_block_")) {
		r = define(b, s, name, RULE_BODY_EVAL);
		if (r != NULL) {
			r->text = SLICE("check_uri_local_bl()");
			r->function = SLICE("check_uri_local_bl");
			r->callable = true;
			r->priority = -100;
		}
	} else {
		r = rules_named(b, name);
	}
	if (r != NULL)
		r->lookup = arena_printf(b->arena, "%.*s%s%.*s %.*s",
		    SLICE_FMT(r->lookup), r->lookup.n > 0 ? "\n" : "",
		    SLICE_FMT(s->key), SLICE_FMT(rest));
}

static void
about(struct rules_build *b, const struct statement *s, enum setting set)
{
	struct slice rest = s->value, name = rules_word(&rest);
	struct spam_rule *r;

	if (rest.n == 0) {
		rules_wrong(b, s, s->line.p + s->line.n, "a value is missing");
		return;
	}
	r = rules_named(b, name);
	if (set == SET_TFLAGS)
		r->tflags = rest;
	else if (set == SET_DESCRIBE)
		r->describe = rest;
	else
		r->subjprefix = rest;
}

static void
replace_rules(struct rules_build *b, const struct statement *s)
{
	struct slice rest = s->value, word;

	if (rest.n == 0)
		rules_wrong(b, s, rest.p, "names of rules are missing");
	while (slice_word(&rest, &word))
		rules_named(b, word)->reused = true;
}

static void
load_plugin(struct rules_build *b, const struct statement *s, bool try)
{
	struct slice rest = s->value, package = rules_word(&rest);
	const char *known = plugin_known(package);
	struct complaint *c;

	if (package.n == 0) {
		rules_wrong(b, s, s->line.p, "the name of a plugin is missing");
		return;
	}
	if (known == NULL) {
		if (!try) {
			c = statement_complain(s, &b->r->complaints,
			    PROBLEM_WARNING, package.p,
			    "this plugin is not built in");
			c->hint = arena_dup(b->arena,
			    SLICE("plugins in Perl are not run; rules that "
				  "need it never hit"));
		}
		return;
	}
	if (!map_has(&b->plugins, slice_str(known))) {
		map_set(&b->plugins, slice_str(known), b);
		*vec_push(b->arena, &b->r->plugins) = slice_str(known);
	}
}

void
rules_define(struct rules_build *b, const struct statement *s, enum setting set)
{
	if (set == SET_HEADER)
		define_header(b, s);
	else if (set == SET_BODY)
		define_text(b, s, RULE_BODY, RULE_BODY_EVAL);
	else if (set == SET_RAWBODY)
		define_text(b, s, RULE_RAWBODY, RULE_RAWBODY_EVAL);
	else if (set == SET_FULL)
		define_text(b, s, RULE_FULL, RULE_FULL_EVAL);
	else if (set == SET_URI)
		define_text(b, s, RULE_URI, RULE_EMPTY);
	else if (set == SET_META)
		define_meta(b, s);
	else if (set == SET_MIMEHEADER)
		define_mimeheader(b, s);
	else if (set == SET_URI_DETAIL)
		define_uri_detail(b, s);
	else if (set == SET_SCORE)
		score(b, s);
	else if (set == SET_PRIORITY)
		priority(b, s);
	else if (set == SET_REUSE)
		reuse(b, s);
	else if (set == SET_SHORTCIRCUIT)
		shortcircuit(b, s);
	else if (set == SET_REPLACE_RULES)
		replace_rules(b, s);
	else if (set == SET_LOADPLUGIN || set == SET_TRYPLUGIN)
		load_plugin(b, s, set == SET_TRYPLUGIN);
	else if (set == SET_ENABLE_COMPAT)
		map_set(&b->compat, s->value, b);
	else if (set == SET_TFLAGS || set == SET_DESCRIBE ||
		 set == SET_SUBJPREFIX)
		about(b, s, set);
	else if (set != SET_TEST) /* regression texts are for authors */
		lookup(b, s, set);
}
