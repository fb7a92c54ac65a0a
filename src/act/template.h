/* template - report texts with $variables, as MailScanner's files are.
 *
 * A template is read when the configuration is loaded and expanded later in a
 * process without files. Text is never evaluated: `$name` or `${name}` is
 * replaced by the value of the variable, `\n`, `\t`, `\\`, `\"`, `\$` and `\@`
 * are escapes, `%name%` is replaced by a variable of the configuration, any
 * other byte stands for itself. An unknown `$name` gives nothing, as in the
 * original. Expansion is one pass: what was inserted is not looked at again.
 *
 * Inserted values are made harmless by the place they go to: in the header
 * lines of a mail template no value can end a line, and bytes outside ASCII
 * become RFC 2047 words; in HTML they are escaped.
 */
#ifndef ACT_TEMPLATE_H
#define ACT_TEMPLATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/slice.h"
#include "config/conf.h"

struct templates;

/* Every report file that the configuration can name (all values of rulesets),
 * and languages strings. A missing file is a failure that names it. */
struct templates *templates_load(const struct conf *c, struct fail *why)
    ATTR_NODISCARD;
/* No files: the short built-in texts only (tests, `reeve scan`). */
struct templates *templates_builtin(void) ATTR_RET_NONNULL;
void templates_free(struct templates *t);

/* The text of the report that `opt` names for a subject; a short built-in
 * text when the option is empty or the file was not loaded. */
struct slice templates_get(const struct templates *t, const struct conf *c,
    enum option opt, const struct subject *s);
/* A sentence of languages.conf; the key itself when it is not there. */
struct slice templates_word(const struct templates *t, const struct conf *c,
    const struct subject *s, const char *key);

struct template_value {
	const char *name; /* without "$" */
	struct slice value;
};

enum template_place {
	TEMPLATE_TEXT, /* plain text body: values as they are, printable */
	TEMPLATE_HTML, /* values are escaped, LF becomes <br> */
	TEMPLATE_MAIL, /* header lines, blank line, text */
};

/* Expand text into out. */
void template_expand(struct buf *out, struct slice text,
    enum template_place place, const struct template_value *values,
    size_t count);

#endif
