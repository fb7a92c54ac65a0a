/* texts_builtin - report texts for when no file gives any: short and English.
 *
 * The table also says which options name report files at all.
 */
#ifndef ACT_TEXTS_BUILTIN_H
#define ACT_TEXTS_BUILTIN_H

#include <stddef.h>

#include "config/option.h"

struct builtin_text {
	enum option opt;
	const char *text;
};
extern const struct builtin_text builtin_texts[];
extern const size_t builtin_text_count;

struct builtin_word {
	const char *key; /* of languages.conf */
	const char *text;
};
extern const struct builtin_word builtin_words[];
extern const size_t builtin_word_count;

#endif
