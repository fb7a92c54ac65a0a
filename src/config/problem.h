/* problem - what is wrong with a configuration, with file and line. */
#ifndef CONFIG_PROBLEM_H
#define CONFIG_PROBLEM_H

#include "base/arena.h"
#include "base/slice.h"

enum problem_level {
	PROBLEM_NOTE,
	PROBLEM_WARNING, /* something does not do what was meant */
	PROBLEM_ERROR,   /* this configuration should not be used */
};

struct problem {
	enum problem_level level;
	struct slice file; /* may be empty */
	unsigned line;     /* 0: none */
	struct slice text;
	struct slice hint; /* what to do; may be empty */
};

enum { PROBLEMS_MAX = 10000 }; /* more are counted, not kept */

struct problems {
	struct arena *arena;
	VEC_OF(struct problem) list;
	size_t dropped;
};

const char *problem_word(enum problem_level level);
void problem_add(struct problems *p, enum problem_level level,
    struct slice file, unsigned line, const char *fmt, ...) ATTR_PRINTF(5, 6);
/* Give the newest problem a hint. */
void problem_hint(struct problems *p, const char *fmt, ...) ATTR_PRINTF(2, 3);

#endif
