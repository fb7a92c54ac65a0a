#include "base/num.h"

#include "base/text.h"

static bool
parse_base(struct slice s, unsigned base, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	if (s.n == 0)
		return false;
	for (i = 0; i < s.n; i++) {
		int d = text_hex(s.p[i]);

		if (d < 0 || (unsigned)d >= base ||
		    __builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)d, &v))
			return false;
	}
	if (v > max)
		return false;
	*out = v;
	return true;
}

bool
num_parse_u64(struct slice s, uint64_t max, uint64_t *out)
{
	return parse_base(s, 10, max, out);
}

bool
num_parse_octal(struct slice s, uint64_t max, uint64_t *out)
{
	return parse_base(s, 8, max, out);
}

bool
num_parse_hex(struct slice s, uint64_t max, uint64_t *out)
{
	return parse_base(s, 16, max, out);
}

bool
num_parse_i64(struct slice s, int64_t min, int64_t max, int64_t *out)
{
	bool minus = s.n > 0 && s.p[0] == '-';
	uint64_t v;
	int64_t value;

	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		s = slice_from(s, 1);
	if (!num_parse_u64(s, (uint64_t)INT64_MAX, &v))
		return false;
	value = minus ? -(int64_t)v : (int64_t)v;
	if (value < min || value > max)
		return false;
	*out = value;
	return true;
}

bool
num_parse_double(struct slice s, double *out)
{
	bool minus = s.n > 0 && s.p[0] == '-', digits = false;
	double v = 0, unit = 1;
	size_t i = 0;

	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		i = 1;
	for (; i < s.n && text_is_digit(s.p[i]); i++, digits = true)
		v = v * 10 + (s.p[i] - '0');
	if (i < s.n && s.p[i] == '.')
		for (i++; i < s.n && text_is_digit(s.p[i]);
		     i++, digits = true) {
			unit /= 10;
			v += unit * (s.p[i] - '0');
		}
	if (!digits || i != s.n)
		return false;
	*out = minus ? -v : v;
	return true;
}
