#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/template.h"
#include "act/texts_builtin.h"
#include "base/map.h"
#include "config/languages.h"
#include "mime/charset.h"

enum {
	FILE_BYTES_MAX = 1 << 20, /* of one report or languages file */
	VARIABLE_MAX = 64,        /* of a %name% */
};

struct templates {
	struct arena *arena;
	struct map texts;     /* value of an option -> struct slice */
	struct map languages; /* the same -> struct languages */
};

/* A file as UTF-8; one that is none is in the charset of the warnings. A
 * device (/dev/null) is an empty text. */
static int
read_text(struct arena *a, const struct conf *c, const char *path,
    struct slice *text, struct fail *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	size_t got = 0;
	ssize_t n = 0;
	char *p;

	if (fd < 0)
		return fail_errno(why, "report %s", path);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		st.st_size = 0;
	if (st.st_size > FILE_BYTES_MAX)
		st.st_size = FILE_BYTES_MAX;
	p = arena_alloc(a, (size_t)st.st_size + 1);
	while (got < (size_t)st.st_size &&
	       (n = read(fd, p + got, (size_t)st.st_size - got)) > 0)
		got += (size_t)n;
	if (n < 0) {
		(void)fail_errno(why, "report %s", path);
		(void)close(fd);
		return why != NULL ? why->code : FAIL_IO;
	}
	(void)close(fd);
	*text = slice_of(p, got);
	if (!charset_is_utf8(*text))
		*text = charset_to_utf8(a,
		    conf_text(c, OPT_ATTACHMENT_ENCODING_CHARSET, NULL, a),
		    *text, NULL);
	return 0;
}

/* %variables% replaced, once: what is no variable stays. The sign `$` is left
 * to the expansion. */
static struct slice
with_variables(struct arena *a, const struct conf *c, struct slice text)
{
	struct slice all;
	struct buf out;
	size_t i;

	if (slice_chr(text, '%') == SLICE_NOT_FOUND)
		return text;
	buf_init(&out, 4 * FILE_BYTES_MAX);
	for (i = 0; i < text.n; i++) {
		struct slice rest = slice_sub(text, i, i + VARIABLE_MAX), name;
		ptrdiff_t end = slice_chr(slice_from(rest, 1), '%');

		name = slice_sub(rest, 0, (size_t)end + 2);
		if (text.p[i] != '%' || end <= 0 ||
		    slice_chr(name, '$') != SLICE_NOT_FOUND ||
		    slice_eq(conf_expand_in(c, a, name), name)) {
			(void)buf_addc(&out, text.p[i]);
			continue;
		}
		(void)buf_add(&out, conf_expand_in(c, a, name));
		i += name.n - 1;
	}
	all = arena_dup(a, buf_slice(&out));
	buf_fini(&out);
	return all;
}

/* Where the value of a file option lies: rules of rulesets are as written. */
static const char *
path_of(struct arena *a, const struct conf *c, struct slice value)
{
	struct slice path = conf_expand_in(c, a, slice_trim(value));

	if (path.n > 0 && path.p[0] != '/')
		path = conf_expand_in(
		    c, a, arena_printf(a, "%%etc-dir%%/%.*s", SLICE_FMT(path)));
	return arena_str(a, path);
}

/* Everything one file option can name is read with `add`. */
typedef int add_fn(struct templates *t, const struct conf *c,
    struct slice value, struct fail *why);

static int
load_option(struct templates *t, const struct conf *c, enum option opt,
    add_fn *add, struct fail *why)
{
	const struct ruleset *rules = conf_ruleset(c, opt);
	const struct rule *const *list;
	struct slice value;
	size_t i, n;
	int rc = 0;

	if (rules == NULL) {
		value = conf_text(c, opt, NULL, t->arena);
		rc = slice_trim(value).n > 0 ? add(t, c, value, why) : 0;
		/* A site that never named it gets the text we have. */
		if (rc == FAIL_GONE && conf_explain(c, opt, NULL).line == 0)
			rc = 0;
		return rc != 0 ? fail_add(why, "%s", options[opt].name) : 0;
	}
	n = ruleset_rules(rules, &list);
	for (i = 0; i < n && rc == 0; i++)
		if (list[i] != NULL && slice_trim(list[i]->value).n > 0)
			rc = add(t, c, list[i]->value, why);
	return rc != 0 ? fail_add(why, "%s", options[opt].name) : 0;
}

static int
add_text(struct templates *t, const struct conf *c, struct slice value,
    struct fail *why)
{
	struct slice text, *kept;
	int rc;

	if (map_has(&t->texts, value))
		return 0;
	rc = read_text(t->arena, c, path_of(t->arena, c, value), &text, why);
	if (rc != 0)
		return rc;
	kept = arena_make(t->arena, struct slice);
	*kept = with_variables(t->arena, c, text);
	map_set(&t->texts, value, kept);
	return 0;
}

static int
add_language(struct templates *t, const struct conf *c, struct slice value,
    struct fail *why)
{
	const char *path = path_of(t->arena, c, value);
	struct languages *l;
	struct slice text;
	int rc;

	if (map_has(&t->languages, value))
		return 0;
	rc = read_text(t->arena, c, path, &text, why);
	if (rc != 0)
		return rc;
	l = arena_make(t->arena, struct languages);
	languages_parse(l, t->arena, c, text, slice_str(path), NULL);
	map_set(&t->languages, value, l);
	return 0;
}

struct templates *
templates_builtin(void)
{
	struct arena *a = arena_new(0);
	struct templates *t = arena_make(a, struct templates);

	t->arena = a;
	map_init(&t->texts, a);
	map_init(&t->languages, a);
	return t;
}

struct templates *
templates_load(const struct conf *c, struct fail *why)
{
	struct templates *t = templates_builtin();
	size_t i;
	int rc;

	rc = load_option(t, c, OPT_LANGUAGE_STRINGS, add_language, why);
	for (i = 0; i < builtin_text_count && rc == 0; i++)
		rc = load_option(t, c, builtin_texts[i].opt, add_text, why);
	if (rc == 0)
		return t;
	templates_free(t);
	return NULL;
}

void
templates_free(struct templates *t)
{
	if (t != NULL)
		arena_free(t->arena);
}

struct slice
templates_get(const struct templates *t, const struct conf *c, enum option opt,
    const struct subject *s)
{
	struct slice value = conf_text(c, opt, s, NULL), *text;
	size_t i;

	text = value.n > 0 ? map_get(&t->texts, value) : NULL;
	if (text != NULL)
		return *text;
	for (i = 0; i < builtin_text_count; i++)
		if (builtin_texts[i].opt == opt)
			return slice_str(builtin_texts[i].text);
	return SLICE("");
}

struct slice
templates_word(const struct templates *t, const struct conf *c,
    const struct subject *s, const char *key)
{
	struct slice file = conf_text(c, OPT_LANGUAGE_STRINGS, s, NULL), word;
	const struct languages *l =
	    file.n > 0 ? map_get(&t->languages, file) : NULL;
	size_t i;

	if (l != NULL) {
		word = languages_get(l, key);
		if (word.p != key)
			return word;
	}
	for (i = 0; i < builtin_word_count; i++)
		if (strcmp(builtin_words[i].key, key) == 0)
			return slice_str(builtin_words[i].text);
	return slice_str(key);
}
