#include "base/json.h"

#include "base/fail.h"
#include "base/text.h"

void
json_init(struct json *j, struct buf *out)
{
	*j = (struct json){.out = out};
}

static void
put_string(struct buf *out, struct slice s)
{
	size_t i = 0;

	(void)buf_addc(out, '"');
	while (i < s.n) {
		char c = s.p[i];
		size_t len = text_utf8(s.p + i, s.n - i, NULL);

		if (len == 0) {
			(void)buf_adds(out, "\xef\xbf\xbd");
			i++;
			continue;
		}
		if (c == '"' || c == '\\')
			(void)buf_addf(out, "\\%c", c);
		else if (c == '\n')
			(void)buf_adds(out, "\\n");
		else if (c == '\t')
			(void)buf_adds(out, "\\t");
		else if ((unsigned char)c < 0x20 || c == 0x7f)
			(void)buf_addf(out, "\\u%04x", (unsigned char)c);
		else
			(void)buf_add(out, slice_of(s.p + i, len));
		i += len;
	}
	(void)buf_addc(out, '"');
}

static void
lead(struct json *j, const char *key)
{
	if (j->comma[j->depth])
		(void)buf_addc(j->out, ',');
	j->comma[j->depth] = true;
	if (key != NULL) {
		put_string(j->out, slice_str(key));
		(void)buf_addc(j->out, ':');
	}
}

void
json_begin(struct json *j, const char *key, char kind)
{
	lead(j, key);
	(void)buf_addc(j->out, kind);
	ensure(j->depth + 1 < JSON_DEPTH_MAX);
	j->depth++;
	j->close[j->depth] = kind == '{' ? '}' : ']';
	j->comma[j->depth] = false;
}

void
json_end(struct json *j)
{
	ensure(j->depth > 0);
	(void)buf_addc(j->out, j->close[j->depth]);
	j->depth--;
}

void
json_str(struct json *j, const char *key, struct slice value)
{
	lead(j, key);
	put_string(j->out, value);
}

void
json_int(struct json *j, const char *key, int64_t value)
{
	lead(j, key);
	(void)buf_addf(j->out, "%lld", (long long)value);
}

void
json_bool(struct json *j, const char *key, bool value)
{
	lead(j, key);
	(void)buf_adds(j->out, value ? "true" : "false");
}

void
json_num(struct json *j, const char *key, double value, int decimals)
{
	lead(j, key);
	(void)buf_addf(j->out, "%.*f", decimals, value);
}

void
json_null(struct json *j, const char *key)
{
	lead(j, key);
	(void)buf_adds(j->out, "null");
}
