/* regex - Perl's expressions as SpamAssassin writes them, run by PCRE2.
 *
 * An expression works on bytes: no UTF, classes are ASCII, but letters of
 * Latin-1 fold under /i as in Perl with /aa. libpcre2-8 compiles it; one that
 * is too large for it goes to libpcre2-32, for which the subject is widened.
 * What Perl takes and PCRE2 does not (or not in the same sense) is rewritten:
 * flags a d l u p, {,n}, \N{U+..}, \x{100} and above; what SpamAssassin
 * refuses is refused. Errors say where in the text that was given.
 */
#ifndef SPAM_REGEX_H
#define SPAM_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

enum {
	REGEX_TEXT_MAX = 4 * 1024 * 1024, /* bytes of a pattern, expanded */
	REGEX_MATCH_MAX = 1000000,        /* PCRE2's match limit */
	REGEX_DEPTH_MAX = 100000,         /* and its depth limit */
	REGEX_HEAP_KB = 20000,            /* and its heap limit */
};

struct regex {
	void *code8;  /* pcre2_code_8, or NULL */
	void *code32; /* pcre2_code_32, or NULL; one of them is there */
	bool jit;
};

struct regex_error {
	size_t at; /* offset in the text */
	char text[160];
};

/* "/text/flags", m{text}flags, qr,text, : the text and flags. */
bool regex_split(struct slice written, struct slice *text, struct slice *flags,
    struct regex_error *why) ATTR_NODISCARD;
/* SpamAssassin's lint refuses it: empty, "||", "|" at an end. NULL: fine. */
const char *regex_always_matches(struct slice text);
/* The expression for PCRE2, in a: flags in front. `text` may hold %{TAG}. */
bool regex_translate(struct slice text, struct slice flags, struct arena *a,
    struct slice *out, struct regex_error *why) ATTR_NODISCARD;
/* regex_translate and compile; an error is about `text`. */
bool regex_compile(struct regex *re, struct slice text, struct slice flags,
    struct regex_error *why) ATTR_NODISCARD;
/* Machine code for it; false: it stays interpreted. */
bool regex_jit(struct regex *re);
void regex_fini(struct regex *re);

/* Memory of one matcher. */
struct regex_scratch;
struct regex_scratch *regex_scratch_new(void) ATTR_RET_NONNULL;
void regex_scratch_free(struct regex_scratch *s);

enum regex_answer { REGEX_NO, REGEX_YES, REGEX_GAVE_UP };
/* The first match at or after `from`; [*start, *end) is what matched. Gave up:
 * a limit of PCRE2, which is no match. */
enum regex_answer regex_find(const struct regex *re, struct regex_scratch *s,
    struct slice subject, size_t from, size_t *start, size_t *end);

#endif
