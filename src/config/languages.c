#include "config/languages.h"

#include "base/text.h"

enum { KEY_MAX = 64, LANGUAGES_MAX = 10000 };

static size_t
lower(char out[KEY_MAX], struct slice key)
{
	size_t i, n = 0;

	for (i = 0; i < key.n && n < KEY_MAX; i++)
		if (!text_is_space(key.p[i]))
			out[n++] = text_lower(key.p[i]);
	return n;
}

void
languages_parse(struct languages *l, struct arena *a, const struct conf *c,
    struct slice text, struct slice file, struct problems *problems)
{
	struct slice line;
	unsigned number = 0;

	map_init(&l->texts, a);
	while (slice_line(&text, &line) && l->texts.n < LANGUAGES_MAX) {
		char key[KEY_MAX];
		ptrdiff_t eq;
		struct slice *value;

		number++;
		line = slice_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		eq = slice_chr(line, '=');
		if (eq <= 0) {
			if (problems != NULL)
				problem_add(problems, PROBLEM_WARNING, file,
				    number, "want \"key = text\"");
			continue;
		}
		value = arena_make(a, struct slice);
		*value = arena_dup(
		    a, conf_expand_in(
			   c, a, slice_trim(slice_from(line, (size_t)eq + 1))));
		map_set(&l->texts,
		    slice_of(key, lower(key, slice_sub(line, 0, (size_t)eq))),
		    value);
	}
}

struct slice
languages_get(const struct languages *l, const char *key)
{
	char buf[KEY_MAX];
	const struct slice *v =
	    map_get(&l->texts, slice_of(buf, lower(buf, slice_str(key))));

	return v != NULL ? *v : slice_str(key);
}
