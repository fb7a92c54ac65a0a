/* meta - arithmetic over rule names, as SpamAssassin's `meta` and `if` have it.
 */
#include "spam/meta.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/fail.h"
#include "base/num.h"
#include "base/text.h"

enum token_kind { TOKEN_END, TOKEN_NUMBER, TOKEN_NAME, TOKEN_OPERATOR };

/* What binds tighter has the higher rank. */
enum rank {
	RANK_GROUP, /* ( and ? : only their partners take them away */
	RANK_CHOOSE,
	RANK_OR,
	RANK_AND,
	RANK_XOR,
	RANK_EQUAL,
	RANK_ORDER,
	RANK_ADD,
	RANK_MULTIPLY,
	RANK_UNARY,
};

enum { GROUP_PAREN = META_CHOOSE + 1, GROUP_QUESTION };

struct waiting {
	uint8_t code; /* enum meta_code or GROUP_ */
	uint8_t rank;
	bool chained;
	const char *at;
};

struct parse {
	struct meta *m;
	struct arena *a;
	const struct meta_world *world; /* NULL: a rule's expression */
	struct slice rest;
	const char *end;
	struct slice token;
	bool want_operand;
	bool after_open; /* the last token was ( */
	unsigned depth;
	VEC_OF(struct waiting) wait;
	struct meta_error *why;
};

static bool wrong(struct parse *p, const char *at, const char *fmt, ...)
    ATTR_PRINTF(3, 4);

static bool
wrong(struct parse *p, const char *at, const char *fmt, ...)
{
	va_list ap;

	p->why->at = at;
	p->why->token = false;
	va_start(ap, fmt);
	(void)vsnprintf(p->why->text, sizeof(p->why->text), fmt, ap);
	va_end(ap);
	return false;
}

/* ---- tokens --------------------------------------------------------------*/

static bool
is_word(char c)
{
	return text_is_alnum(c) || c == '_';
}

static bool
is_numeric(char c)
{
	return text_is_digit(c) || c == '+' || c == '-' || c == '.';
}

/* Length of the operator at the front of s, 0 if it is none. */
static size_t
operator_len(struct slice s)
{
	static const char *const two[] = {"||", "&&", ">=", "<=", "==", "!="};

	for (size_t i = 0; i < COUNT_OF(two); i++)
		if (slice_starts(s, two[i]))
			return 2;
	return strchr("()^!><*/?:", s.p[0]) != NULL && s.p[0] != '\0' ? 1 : 0;
}

static enum token_kind
next(struct parse *p)
{
	struct slice *r = &p->rest;
	size_t n;

	for (; r->n > 0; *r = slice_from(*r, 1)) {
		enum token_kind kind = TOKEN_OPERATOR;

		n = 0;
		if (is_numeric(r->p[0])) {
			kind = TOKEN_NUMBER;
			while (n < r->n && is_numeric(r->p[n]))
				n++;
		} else if (is_word(r->p[0])) {
			kind = TOKEN_NAME;
			while (n < r->n && (is_word(r->p[n]) || r->p[n] == ':'))
				n++;
		} else {
			n = operator_len(*r);
		}
		if (n > 0) {
			p->token = slice_sub(*r, 0, n);
			*r = slice_from(*r, n);
			return kind;
		}
	}
	p->token = slice_of(p->end, 0);
	return TOKEN_END;
}

/* ---- output --------------------------------------------------------------*/

/* How many operands an operation leaves more than it takes. */
static int
balance(const struct meta_op *op)
{
	switch (op->code) {
	case META_NUMBER:
	case META_NAME:
	case META_SUM:
		return 1;
	case META_NOT:
	case META_NEGATE:
		return 0;
	case META_CHOOSE:
		return -2;
	default:
		return -1 + (op->keep ? 1 : 0) - (op->chained ? 1 : 0);
	}
}

static bool
emit(struct parse *p, struct meta_op op, const char *at)
{
	if (p->m->ops.n >= META_OPS_MAX)
		return wrong(p, at, "more than %d operations", META_OPS_MAX);
	p->depth = (unsigned)((int)p->depth + balance(&op));
	if (p->depth > META_DEPTH_MAX)
		return wrong(p, at, "more than %d values wait at one time",
		    META_DEPTH_MAX);
	*vec_push(p->a, &p->m->ops) = op;
	return true;
}

static bool
operand(struct parse *p, struct meta_op op)
{
	if (!p->want_operand)
		return wrong(p, p->token.p,
		    "an operator is missing before "
		    "this");
	p->want_operand = false;
	return emit(p, op, p->token.p);
}

static bool
number(struct parse *p, double value)
{
	return operand(
	    p, (struct meta_op){.code = META_NUMBER, .number = value});
}

/* ---- operators -----------------------------------------------------------*/

static bool
is_comparison(uint8_t rank)
{
	return rank == RANK_EQUAL || rank == RANK_ORDER;
}

/* Take away what binds at least as tight as `rank`. *chained: the last of
 * them was a comparison of the same rank, whose right side is kept. */
static bool
reduce(struct parse *p, uint8_t rank, bool *chained)
{
	while (p->wait.n > 0) {
		struct waiting w = p->wait.at[p->wait.n - 1];
		struct meta_op op = {.code = w.code, .chained = w.chained};

		if (w.rank == RANK_GROUP || w.rank < rank ||
		    (w.rank == rank && rank <= RANK_CHOOSE))
			return true;
		op.keep = w.rank == rank && is_comparison(rank);
		p->wait.n--;
		if (!emit(p, op, w.at))
			return false;
		if (op.keep) {
			*chained = true;
			return true;
		}
	}
	return true;
}

static bool
push(struct parse *p, uint8_t code, uint8_t rank, bool chained)
{
	if (p->wait.n >= META_PENDING_MAX)
		return wrong(p, p->token.p, "nested deeper than %d levels",
		    META_PENDING_MAX);
	*vec_push(p->a, &p->wait) = (struct waiting){
	    .code = code, .rank = rank, .chained = chained, .at = p->token.p};
	p->want_operand = true;
	return true;
}

static bool
binary(struct parse *p, uint8_t code, uint8_t rank)
{
	bool chained = false;

	if (p->want_operand)
		return wrong(p, p->token.p,
		    "a value is missing before \"%.*s\"", SLICE_FMT(p->token));
	return reduce(p, rank, &chained) && push(p, code, rank, chained);
}

/* Take away everything above the innermost group. */
static bool
drain(struct parse *p)
{
	bool chained = false;

	if (!reduce(p, RANK_CHOOSE + 1, &chained))
		return false;
	while (p->wait.n > 0 && p->wait.at[p->wait.n - 1].rank == RANK_CHOOSE) {
		struct waiting w = p->wait.at[--p->wait.n];

		if (!emit(p, (struct meta_op){.code = w.code}, w.at))
			return false;
	}
	return true;
}

/* Reduce to the group's opening, which stays on top. */
static bool
reduce_group(struct parse *p, uint8_t group, const char *missing)
{
	if (p->want_operand)
		return wrong(p, p->token.p,
		    "a value is missing before \"%.*s\"", SLICE_FMT(p->token));
	if (!drain(p))
		return false;
	if (p->wait.n == 0 || p->wait.at[p->wait.n - 1].code != group)
		return wrong(p, p->token.p, "%s", missing);
	return true;
}

static bool
close_paren(struct parse *p)
{
	if (p->after_open) { /* () is 0 */
		p->wait.n--;
		return number(p, 0);
	}
	if (!reduce_group(p, GROUP_PAREN, "\")\" without \"(\""))
		return false;
	p->wait.n--;
	return true;
}

static bool
choose(struct parse *p)
{
	if (!reduce_group(p, GROUP_QUESTION, "\":\" without \"?\""))
		return false;
	p->wait.at[p->wait.n - 1].code = META_CHOOSE;
	p->wait.at[p->wait.n - 1].rank = RANK_CHOOSE;
	p->want_operand = true;
	return true;
}

static bool
operator(struct parse *p)
{
	static const struct {
		const char *text;
		uint8_t code, rank;
	} rows[] = {{"*", META_MULTIPLY, RANK_MULTIPLY},
	    {"/", META_DIVIDE, RANK_MULTIPLY}, {"<", META_LESS, RANK_ORDER},
	    {">", META_GREATER, RANK_ORDER},
	    {"<=", META_LESS_EQUAL, RANK_ORDER},
	    {">=", META_GREATER_EQUAL, RANK_ORDER},
	    {"==", META_EQUAL, RANK_EQUAL}, {"!=", META_NOT_EQUAL, RANK_EQUAL},
	    {"^", META_XOR, RANK_XOR}, {"&&", META_AND, RANK_AND},
	    {"||", META_OR, RANK_OR}, {"?", GROUP_QUESTION, RANK_CHOOSE}};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!slice_is(p->token, rows[i].text))
			continue;
		if (!binary(p, rows[i].code, rows[i].rank))
			return false;
		if (rows[i].code == GROUP_QUESTION)
			p->wait.at[p->wait.n - 1].rank = RANK_GROUP;
		return true;
	}
	switch (p->token.p[0]) {
	case '(':
		if (!p->want_operand)
			return wrong(p, p->token.p,
			    "an operator is missing before \"(\"");
		return push(p, GROUP_PAREN, RANK_GROUP, false);
	case ')':
		return close_paren(p);
	case ':':
		return choose(p);
	default: /* ! */
		if (!p->want_operand)
			return wrong(p, p->token.p,
			    "an operator is missing before \"!\"");
		return push(p, META_NOT, RANK_UNARY, false);
	}
}

/* ---- numbers and names ---------------------------------------------------*/

static bool
bad_token(struct parse *p)
{
	(void)wrong(p, p->token.p, "\"%.*s\" is not understood",
	    p->token.n > 60 ? 60 : (int)p->token.n, p->token.p);
	p->why->token = true;
	return false;
}

/* One or two signs in a row: as Perl reads them. */
static bool
signs(struct parse *p, struct slice all)
{
	if (slice_is(all, "++") || slice_is(all, "--") || all.n > 2) {
		p->token = all;
		return bad_token(p);
	}
	for (size_t i = 0; i < all.n; i++) {
		p->token = slice_sub(all, i, i + 1);
		if (!p->want_operand) {
			if (!binary(p,
				all.p[i] == '+' ? META_ADD : META_SUBTRACT,
				RANK_ADD))
				return false;
		} else if (all.p[i] == '-' &&
			   !push(p, META_NEGATE, RANK_UNARY, false)) {
			return false;
		}
	}
	return true;
}

/* digits or digits.digits; a leading 0 makes it octal, as in Perl. */
static bool
literal(struct slice text, double *value)
{
	ptrdiff_t dot = slice_chr(text, '.');
	uint64_t octal;

	if (text.n == 0 || !text_is_digit(text.p[0]) ||
	    !text_is_digit(text.p[text.n - 1]))
		return false;
	if (dot < 0 && text.n > 1 && text.p[0] == '0') {
		if (!num_parse_octal(text, UINT64_MAX, &octal))
			return false;
		*value = (double)octal;
		return true;
	}
	if (dot > 1 && text.p[0] == '0')
		return false;
	return num_parse_double(text, value);
}

static bool
numeric(struct parse *p)
{
	struct slice all = p->token;
	size_t lead = 0;
	double value;

	while (lead < all.n && (all.p[lead] == '+' || all.p[lead] == '-'))
		lead++;
	if (lead == all.n)
		return signs(p, all);
	if (lead > (p->world != NULL ? 1U : 0U) ||
	    !literal(slice_from(all, lead), &value))
		return bad_token(p);
	if (lead > 0 && !signs(p, slice_sub(all, 0, lead)))
		return false;
	p->token = slice_from(all, lead);
	return number(p, value);
}

static bool
is_rule_name(struct slice s)
{
	if (s.n == 0 || s.n > META_NAME_MAX || text_is_digit(s.p[0]))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_word(s.p[i]))
			return false;
	return true;
}

/* rules_matching(GLOB): true and the text behind it. */
static bool
glob_call(struct slice rest, struct slice *glob, struct slice *behind)
{
	size_t at = 0, from;

	if (rest.n == 0 || rest.p[at++] != '(')
		return false;
	while (at < rest.n && text_is_space(rest.p[at]))
		at++;
	from = at;
	while (at < rest.n &&
	       (is_word(rest.p[at]) || rest.p[at] == '*' || rest.p[at] == '?'))
		at++;
	*glob = slice_sub(rest, from, at);
	while (at < rest.n && text_is_space(rest.p[at]))
		at++;
	if (at >= rest.n || rest.p[at] != ')' || glob->n == 0 ||
	    glob->n > META_NAME_MAX || text_is_digit(glob->p[0]))
		return false;
	*behind = slice_from(rest, at + 1);
	return true;
}

static bool
rule_name(struct parse *p)
{
	struct meta_name name = {.name = p->token, .at = p->token.p};
	struct meta_op op = {.code = META_NAME};
	struct slice behind;

	if (slice_is(p->token, "rules_matching") &&
	    glob_call(p->rest, &name.name, &behind)) {
		name.glob = true;
		op.code = META_SUM;
		p->rest = behind;
	} else if (!is_rule_name(p->token)) {
		return bad_token(p);
	}
	op.index = (uint32_t)p->m->names.n;
	op.count = 1;
	if (!operand(p, op))
		return false;
	*vec_push(p->a, &p->m->names) = name;
	return true;
}

/* ---- conditions ----------------------------------------------------------*/

static bool
is_class_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != ':')
			continue;
		if (i == 0 || i + 2 >= s.n || s.p[i + 1] != ':' ||
		    s.p[i + 2] == ':')
			return false;
		i++;
	}
	return s.n > 1;
}

static bool
question(struct parse *p, struct slice function)
{
	struct slice name = SLICE_NONE;
	const char *at = p->token.p;

	if (next(p) != TOKEN_OPERATOR || p->token.p[0] != '(')
		return wrong(p, at, "\"(\" is missing after \"%.*s\"",
		    SLICE_FMT(function));
	if (next(p) == TOKEN_NAME)
		name = p->token;
	if (name.n == 0 || !is_class_name(name))
		return bad_token(p);
	if (!slice_is(function, "plugin") &&
	    slice_find(name, SLICE("::")) == SLICE_NOT_FOUND)
		return wrong(p, name.p, "\"::\" is missing in the name");
	if (next(p) != TOKEN_OPERATOR || p->token.p[0] != ')')
		return wrong(p, p->token.p, "\")\" is missing");
	return number(p, p->world->ask(p->world->ctx, function, name) ? 1 : 0);
}

static bool
condition_name(struct parse *p)
{
	struct slice t = p->token;

	if (slice_is(t, "plugin") || slice_is(t, "can") || slice_is(t, "has"))
		return question(p, t);
	if (slice_is(t, "version"))
		return number(p, p->world->version);
	if (slice_is(t, "perl_version"))
		return number(p, p->world->perl_version);
	if (slice_is(t, "local_tests_only"))
		return number(p, p->world->local_tests_only ? 1 : 0);
	if (!is_class_name(t))
		return bad_token(p);
	return number(p, 1); /* a word is a text that is not empty: true */
}

/* ---- the whole -----------------------------------------------------------*/

static bool
finish(struct parse *p)
{
	const struct waiting *open;

	if (p->want_operand)
		return wrong(p, p->token.p, "a value is missing at the end");
	if (!drain(p))
		return false;
	if (p->wait.n > 0) {
		open = &p->wait.at[p->wait.n - 1];
		return wrong(p, open->at, "%s",
		    open->code == GROUP_PAREN ? "\"(\" without \")\""
					      : "\"?\" without \":\"");
	}
	ensure(p->depth == 1);
	return true;
}

static bool
parse_all(struct parse *p)
{
	enum token_kind kind;
	bool ok, open;

	if (p->rest.p == NULL)
		p->rest = SLICE("");
	p->end = p->rest.p + p->rest.n;
	p->want_operand = true;
	while ((kind = next(p)) != TOKEN_END) {
		open = kind == TOKEN_OPERATOR && p->token.p[0] == '(';
		if (kind == TOKEN_NUMBER)
			ok = numeric(p);
		else if (kind == TOKEN_NAME)
			ok =
			    p->world != NULL ? condition_name(p) : rule_name(p);
		else
			ok = operator(p);
		if (!ok)
			return false;
		p->after_open = open;
	}
	return finish(p);
}

/* ---- running -------------------------------------------------------------*/

static double xor
    (double a, double b) {
	    /* Perl: whole numbers of 64 bits, negative ones wrapped */
	    uint64_t x = a < 0 ? (uint64_t)(int64_t)fmax(a, -9e18)
			       : (uint64_t)fmin(a, 1.8e19);
	    uint64_t y = b < 0 ? (uint64_t)(int64_t)fmax(b, -9e18)
			       : (uint64_t)fmin(b, 1.8e19);

	    return (double)(x ^ y);
    }

    static bool compare(uint8_t code, double a, double b)
{
	bool less = a<b, greater = a> b;

	switch (code) {
	case META_LESS:
		return less;
	case META_GREATER:
		return greater;
	case META_LESS_EQUAL:
		return !greater;
	case META_GREATER_EQUAL:
		return !less;
	case META_EQUAL:
		return !less && !greater;
	default:
		return less || greater;
	}
}

static double
apply(uint8_t code, double a, double b)
{
	if (isnan(a))
		return a;
	switch (code) { /* these look at the right side only if they have to */
	case META_AND:
		return a < 0 || a > 0 ? b : a;
	case META_OR:
		return a < 0 || a > 0 ? a : b;
	default:
		break;
	}
	if (isnan(b))
		return b;
	switch (code) {
	case META_MULTIPLY:
		return a * b;
	case META_DIVIDE:
		return b < 0 || b > 0 ? a / b : (double)NAN;
	case META_ADD:
		return a + b;
	case META_SUBTRACT:
		return a - b;
	case META_XOR:
		return xor(a, b);
	default:
		return compare(code, a, b) ? 1 : 0;
	}
}

static double
value_of(const struct meta *m, uint32_t index, const double *values)
{
	return values != NULL ? values[m->names.at[index].rule] : 0;
}

/* A comparison in a chain: [result so far, left, right] below top. Returns
 * the new top. */
static size_t
chain(const struct meta_op *op, double *stack, size_t top)
{
	double b = stack[top - 1], a = stack[top - 2];
	double r = apply(op->code, a, b);
	size_t at = top - 2;

	if (op->chained) {
		at--;
		if (!(stack[at] < 0 ||
			stack[at] > 0)) /* decided, or no number */
			r = stack[at];
	}
	stack[at++] = r;
	if (op->keep)
		stack[at++] = b;
	return at;
}

static double
run(const struct meta *m, const double *values)
{
	double stack[META_DEPTH_MAX + 1], sum;
	const struct meta_op *op;
	size_t top = 0;

	vec_each (op, &m->ops) {
		switch (op->code) {
		case META_NUMBER:
			stack[top++] = op->number;
			break;
		case META_NAME:
			stack[top++] = value_of(m, op->index, values);
			break;
		case META_SUM:
			sum = 0;
			for (uint32_t i = 0; i < op->count; i++)
				sum += value_of(m, op->index + i, values);
			stack[top++] = sum;
			break;
		case META_NOT:
			if (!isnan(stack[top - 1]))
				stack[top - 1] =
				    stack[top - 1] < 0 || stack[top - 1] > 0
					? 0
					: 1;
			break;
		case META_NEGATE:
			stack[top - 1] = -stack[top - 1];
			break;
		case META_CHOOSE:
			top -= 2;
			if (!isnan(stack[top - 1]))
				stack[top - 1] =
				    stack[top - 1] < 0 || stack[top - 1] > 0
					? stack[top]
					: stack[top + 1];
			break;
		default:
			if (op->keep || op->chained) {
				top = chain(op, stack, top);
				break;
			}
			top--;
			stack[top - 1] =
			    apply(op->code, stack[top - 1], stack[top]);
			break;
		}
	}
	ensure(top == 1);
	return stack[0];
}

double
meta_run(const struct meta *m, const double *values)
{
	double value = run(m, values);

	return isnan(value) ? 0 : value;
}

bool
meta_parse(
    struct meta *m, struct arena *a, struct slice text, struct meta_error *why)
{
	struct parse p = {.m = m, .a = a, .rest = text, .why = why};
	ptrdiff_t at;

	*m = (struct meta){0};
	*why = (struct meta_error){.at = text.p};
	for (size_t i = 0; i < text.n; i++) {
		p.token = slice_sub(text, i, i + 2);
		if (strchr("$@%;{}", text.p[i]) != NULL ||
		    slice_is(p.token, "::") || slice_is(p.token, "->")) {
			if (text.p[i] != ':' && text.p[i] != '-')
				p.token = slice_sub(text, i, i + 1);
			return bad_token(&p);
		}
	}
	for (at = 0; (size_t)at < text.n; at++) { /* Perl's power operator */
		size_t then = (size_t)at + 1;

		while (then < text.n && text_is_space(text.p[then]))
			then++;
		if (text.p[at] == '*' && then < text.n && text.p[then] == '*')
			return wrong(&p, text.p + at, "\"**\" is not allowed");
	}
	if (!parse_all(&p))
		return false;
	if (isnan(run(m, NULL)))
		return wrong(&p, text.p, "divides by zero while no rule hits");
	return true;
}

bool
meta_condition(struct slice text, struct arena *a, const struct meta_world *w,
    bool *yes, struct meta_error *why)
{
	struct meta m = {0};
	struct parse p = {
	    .m = &m, .a = a, .world = w, .rest = text, .why = why};
	double value;

	*why = (struct meta_error){.at = text.p};
	if (!parse_all(&p))
		return false;
	value = run(&m, NULL);
	if (isnan(value))
		return wrong(&p, text.p, "divides by zero");
	*yes = value < 0 || value > 0;
	return true;
}
