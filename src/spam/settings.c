/* settings - the settings of SpamAssassin's language, by name and kind. */
#include "spam/settings.h"

#define SETTING(constant, name, others, plugins, kind, dflt, check) \
	{name, others, plugins, SETTING_##kind, dflt, check},
const struct setting_row settings[SETTING_COUNT] = {
#include "spam/settings.tbl"
};
#undef SETTING

enum { NAME_MAX_LEN = 48 };

/* One name of the table; those that end in "*" have a family. */
static bool
is_name(struct slice name, struct slice key, struct slice *family)
{
	if (name.n == 0 || name.p[name.n - 1] != '*')
		return slice_eq(name, key);
	name.n--;
	if (key.n <= name.n || !slice_eq(slice_sub(key, 0, name.n), name))
		return false;
	*family = slice_from(key, name.n);
	return true;
}

enum setting
setting_find(struct slice key, struct slice *family)
{
	*family = SLICE_NONE;
	for (unsigned i = 0; i < SETTING_COUNT; i++) {
		struct slice rest = slice_str(settings[i].others), word;

		if (key.n > 0 && settings[i].name[0] == key.p[0] &&
		    is_name(slice_str(settings[i].name), key, family))
			return (enum setting)i;
		while (slice_word(&rest, &word))
			if (slice_eq(word, key))
				return (enum setting)i;
	}
	return SETTING_COUNT;
}

static unsigned
distance(struct slice a, struct slice b)
{
	unsigned row[NAME_MAX_LEN + 1], diagonal, above;

	for (unsigned j = 0; j <= b.n; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			above = row[j];
			row[j] =
			    diagonal + (a.p[i - 1] == b.p[j - 1] ? 0U : 1U);
			if (above + 1 < row[j])
				row[j] = above + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			diagonal = above;
		}
	}
	return row[b.n];
}

const char *
setting_nearest(struct slice key)
{
	const char *best = NULL;
	unsigned least = 3, d;

	if (key.n > NAME_MAX_LEN || key.n < 3)
		return NULL;
	for (unsigned i = 0; i < SETTING_COUNT; i++) {
		struct slice name = slice_str(settings[i].name);

		if (name.n > NAME_MAX_LEN || name.n > key.n + 3 ||
		    key.n > name.n + 3)
			continue;
		d = distance(key, name);
		if (d < least) {
			least = d;
			best = settings[i].name;
		}
	}
	return best;
}
