#include "config/option.h"

#include <stdint.h>

#include "base/num.h"
#include "base/text.h"

#define YESNO OPTION_YESNO
#define FILE OPTION_FILE
#define COMMAND OPTION_COMMAND
#define DIR OPTION_DIR
#define NUMBER OPTION_NUMBER
#define OTHER OPTION_OTHER
#define SIMPLE OPTION_SIMPLE
#define FIRST OPTION_FIRST
#define ALL OPTION_ALL
#define OPTION(constant, name, key, kind, rules, dflt, words, section, text) \
	{#constant, name, key, kind, rules, dflt, words, section, text},
const struct option_row options[OPTION_COUNT] = {
#include "config/options.tbl"
};
#undef OPTION

static const enum option carried_out[] = {
#define CARRIED(constant) OPT_##constant,
#include "config/carried.tbl"
#undef CARRIED
};

enum { NAME_MAX_BYTES = 96, NEAR_MAX = 4 };

/* Letters and digits in lower case: how names are compared. Returns the
 * length; longer names are cut, which cannot make two options equal. */
static size_t
squash(char out[NAME_MAX_BYTES], struct slice name)
{
	size_t i, n = 0;

	for (i = 0; i < name.n && n < NAME_MAX_BYTES; i++)
		if (text_is_alnum(name.p[i]))
			out[n++] = text_lower(name.p[i]);
	return n;
}

static bool
same_name(struct slice squashed, const char *name)
{
	char other[NAME_MAX_BYTES];
	size_t n = squash(other, slice_str(name));

	return slice_eq(squashed, slice_of(other, n));
}

/* Names of older files whose keyword is another's. */
static const struct {
	const char *name;
	enum option opt;
} old_names[] = {
    {"Sender Bad Content Report", OPT_SENDER_CONTENT_REPORT},
};

enum option
option_find(struct slice name)
{
	char buf[NAME_MAX_BYTES];
	struct slice squashed = {buf, squash(buf, name)};
	unsigned i;

	for (i = 0; i < COUNT_OF(old_names); i++)
		if (same_name(squashed, old_names[i].name))
			return old_names[i].opt;

	for (i = 0; i < OPTION_COUNT; i++)
		if (same_name(squashed, options[i].name) ||
		    same_name(squashed, options[i].key))
			return (enum option)i;
	return OPTION_COUNT;
}

/* Edit distance of two short names, row by row. */
static size_t
distance(struct slice a, struct slice b)
{
	size_t row[NAME_MAX_BYTES + 1], i, j;

	for (j = 0; j <= b.n; j++)
		row[j] = j;
	for (i = 1; i <= a.n; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (j = 1; j <= b.n; j++) {
			size_t best = corner + (a.p[i - 1] != b.p[j - 1]);

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b.n];
}

enum option
option_nearest(struct slice name)
{
	char buf[NAME_MAX_BYTES], other[NAME_MAX_BYTES];
	struct slice squashed = {buf, squash(buf, name)};
	size_t best = NEAR_MAX + squashed.n / 8;
	enum option found = OPTION_COUNT;
	unsigned i;

	for (i = 0; i < OPTION_COUNT; i++) {
		size_t n = squash(other, slice_str(options[i].name));
		size_t d = distance(squashed, slice_of(other, n));

		if (d < best) {
			best = d;
			found = (enum option)i;
		}
	}
	return found;
}

bool
option_carried_out(enum option opt)
{
	size_t i;

	for (i = 0; i < COUNT_OF(carried_out); i++)
		if (carried_out[i] == opt)
			return true;
	return false;
}

bool
option_word(enum option opt, struct slice written, struct slice *inside)
{
	struct slice rest = slice_str(options[opt].words), pair;

	written = slice_trim(written);
	if (slice_ends(written, ",")) /* "yes, virus" */
		written = slice_sub(written, 0, written.n - 1);
	*inside = written;
	if (rest.n == 0)
		return true;
	while (slice_word(&rest, &pair)) {
		ptrdiff_t at = slice_chr(pair, '=');

		if (slice_eq_ci(slice_sub(pair, 0, (size_t)at), written) ||
		    slice_eq(slice_from(pair, (size_t)at + 1), written)) {
			*inside = slice_from(pair, (size_t)at + 1);
			return true;
		}
	}
	return false;
}

bool
option_parse_number(struct slice text, int64_t *out)
{
	char digits[32];
	size_t i, n = 0;
	int64_t unit = 1;
	double value;

	text = slice_trim(text);
	if (text.n > 0) {
		char last = text_lower(text.p[text.n - 1]);

		unit = last == 'k'   ? 1000
		       : last == 'm' ? 1000000
		       : last == 'g' ? 1000000000
				     : 1;
		if (unit > 1)
			text.n--;
	}
	for (i = 0; i < text.n; i++) {
		if (text.p[i] == '_')
			continue;
		if (n == sizeof(digits))
			return false;
		digits[n++] = text.p[i];
	}
	if (num_parse_i64(
		slice_of(digits, n), INT64_MIN / unit, INT64_MAX / unit, out)) {
		*out *= unit;
		return true;
	}
	if (!num_parse_double(slice_of(digits, n), &value) || value > 1e9 ||
	    value < -1e9)
		return false;
	*out = (int64_t)(value * (double)unit);
	return true;
}
