/* meta - arithmetic over rule names, as SpamAssassin's `meta` and `if` have it.
 *
 * Tokens, operators and their precedence are those of Perl: ! and unary signs,
 * * /, + -, < > <= >=, == !=, ^, &&, ||, ?:. && and || give the value of an
 * operand, not 0 or 1; ^ is on whole numbers; comparisons of one rank in a row
 * are a chain (a < b < c). Bytes that begin no token are skipped, as there.
 * Parsing and running need no recursion. A division by zero makes a value
 * that is no number and spoils what it reaches; META_RUN answers 0 then.
 */
#ifndef SPAM_META_H
#define SPAM_META_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

enum {
	META_DEPTH_MAX = 256,    /* operands waiting at one time */
	META_PENDING_MAX = 1024, /* operators and parentheses waiting */
	META_OPS_MAX = 65536,
	META_NAME_MAX = 128, /* bytes of a rule's name */
};

enum meta_code {
	META_NUMBER,
	META_NAME, /* names[index] */
	META_SUM,  /* sum of names[index] .. of count names */
	META_NOT,
	META_NEGATE,
	META_MULTIPLY,
	META_DIVIDE,
	META_ADD,
	META_SUBTRACT,
	META_LESS,
	META_GREATER,
	META_LESS_EQUAL,
	META_GREATER_EQUAL,
	META_EQUAL,
	META_NOT_EQUAL,
	META_XOR,
	META_AND,
	META_OR,
	META_CHOOSE,
};

struct meta_op {
	uint8_t code; /* enum meta_code */
	bool chained; /* a comparison whose left side is one, too */
	bool keep;    /* a comparison that is the left side of another */
	uint32_t index, count;
	double number;
};

struct meta_name {
	struct slice name;
	bool glob;     /* rules_matching(NAME); NAME has * and ? */
	uint32_t rule; /* for the owner: where its value is */
	const char *at;
};

struct meta {
	VEC_OF(struct meta_op) ops;
	VEC_OF(struct meta_name) names; /* in the order they stand */
};

struct meta_error {
	const char *at; /* in the text */
	bool token;     /* a word that is none, not a wrong order of words */
	char text[128];
};

/* A rule's expression. false and *why when SpamAssassin would not take it,
 * which includes a division by zero while no rule has hit. */
bool meta_parse(struct meta *m, struct arena *a, struct slice text,
    struct meta_error *why) ATTR_NODISCARD;
/* The answer to plugin(X), can(X::y) or has(X::y) of a condition. */
typedef bool meta_ask_fn(void *ctx, struct slice function, struct slice name);

/* What a condition may ask. */
struct meta_world {
	meta_ask_fn *ask;
	void *ctx;
	double version, perl_version;
	bool local_tests_only;
};
bool meta_condition(struct slice text, struct arena *a,
    const struct meta_world *w, bool *yes, struct meta_error *why)
    ATTR_NODISCARD;

/* values[names[i].rule] is the value of name i; NULL: all are 0. */
double meta_run(const struct meta *m, const double *values);

#endif
