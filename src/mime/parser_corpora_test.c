/* Real mail: every tree is sound, and ordinary mail is not ambiguous. */
#define _GNU_SOURCE
#include <ftw.h>
#include <stdio.h>

#include "mime/parser_check.h"
#include "test/unit.h"

static size_t files, ambiguous, cut;

static int
look_at(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	const struct mime_limits *l = &mime_default_limits;
	struct arena *a;
	struct mime_tree *t;
	char *text;
	FILE *f;

	(void)at;
	if (kind != FTW_F)
		return 0;
	a = arena_new(0);
	text = arena_alloc(a, (size_t)st->st_size + 1);
	f = fopen(path, "rb");
	if (f == NULL ||
	    fread(text, 1, (size_t)st->st_size, f) != (size_t)st->st_size)
		return -1;
	(void)fclose(f);
	t = mime_parse(a, slice_of(text, (size_t)st->st_size), l);
	parser_check_tree(t, l);
	parser_check_contents(a, t, l);
	files++;
	ambiguous += (t->defects & mime_ambiguous()) != 0;
	cut += t->cut;
	arena_free(a);
	return 0;
}

static void
look_below(const char *folder)
{
	const char *path = unit_corpora(folder);

	files = ambiguous = cut = 0;
	check_int(nftw(path, look_at, 16, FTW_PHYS), 0);
	check(files > 100);
}

UNIT(ordinary_mail_is_not_ambiguous)
{
	look_below("sa-public/sa-public/ham");
	/* at most 2 in 1,000 */
	check(ambiguous * 500 <= files);
	check_int(cut, 0);
}

UNIT(spam_is_hardly_ever_ambiguous)
{
	look_below("sa-public/sa-public/spam");
	check(ambiguous * 100 <= files);
	check_int(cut, 0);
	look_below("phishing-sample");
	check(ambiguous * 50 <= files);
	check_int(cut, 0);
}

UNIT(trees_of_bounces_are_sound)
{
	look_below("bounces");
}

UNIT(trees_of_malformed_mail_are_sound)
{
	look_below("malformed");
}

UNIT_MAIN(unit(ordinary_mail_is_not_ambiguous),
    unit(spam_is_hardly_ever_ambiguous), unit(trees_of_bounces_are_sound),
    unit(trees_of_malformed_mail_are_sound))
