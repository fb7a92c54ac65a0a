#include "config/wrappers.h"

#include "base/text.h"

static struct slice
kept(struct conf *c, struct slice s)
{
	return slice_of(arena_str(conf_arena(c), s), s.n);
}

void
wrappers_parse(
    struct wrappers *w, struct conf *c, struct slice text, struct slice file)
{
	struct slice line, keyword, program, dir;
	unsigned number = 0;

	while (slice_line(&text, &line) && w->list.n < WRAPPERS_MAX) {
		struct wrapper *one;
		char *p;
		size_t i;

		number++;
		if (slice_chr(line, '#') >= 0)
			line.n = (size_t)slice_chr(line, '#');
		if (!slice_word(&line, &keyword))
			continue;
		if (!slice_word(&line, &program)) {
			problem_add(conf_problems_rw(c), PROBLEM_WARNING, file,
			    number, "want keyword, wrapper, directory");
			continue;
		}
		if (!slice_word(&line, &dir))
			dir = SLICE("/");
		one = vec_push(conf_arena(c), &w->list);
		p = arena_str(conf_arena(c), keyword);
		for (i = 0; i < keyword.n; i++)
			p[i] = text_lower(p[i]);
		one->keyword = slice_of(p, keyword.n);
		one->program = kept(c, conf_expand(c, program));
		one->install_dir = kept(c, conf_expand(c, dir));
		one->line = number;
	}
}

const struct wrapper *
wrappers_find(const struct wrappers *w, struct slice keyword)
{
	const struct wrapper *one;

	vec_each (one, &w->list)
		if (slice_eq_ci(one->keyword, keyword))
			return one;
	return NULL;
}
