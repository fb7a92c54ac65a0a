#include "base/json.h"
#include "base/jsontree.h"
#include "test/unit.h"

UNIT(values)
{
	struct arena *a = arena_new(0);
	const struct jsontree *v, *item;
	int n = 0;

	v = jsontree_parse(a,
	    SLICE(" {\"a\": \"x\\u00fc\\n\\ud83d\\ude00\", \"n\":-1.5e3,"
		  "\"t\":true,\"l\":[1,[],{},null], \"o\":{\"a\":\"in\"}} "));
	check(v != NULL);
	check_slice(jsontree_text(v, "a"), "x\xc3\xbc\n\xf0\x9f\x98\x80");
	check_slice(jsontree_text(v, "n"), "-1.5e3");
	check(jsontree_true(v, "t"));
	check(!jsontree_true(v, "n"));
	check_slice(jsontree_text(v, "missing"), "");
	jsontree_each(item, jsontree_get(v, "l")) n++;
	check_int(n, 4);
	check_slice(jsontree_text(jsontree_get(v, "o"), "a"), "in");
	jsontree_each(item, jsontree_get(v, "t")) n++;
	check_int(n, 4);
	arena_free(a);
}

UNIT(refused)
{
	static const char *const bad[] = {"", "{", "[1,]", "[1 2]", "{\"a\"}",
	    "{\"a\":}", "{a:1}", "\"x", "\"\\x\"", "\"\\u12\"", "\"a\nb\"",
	    "tru", "1.", "-", "1e", "{} x", "[}", "{]", "\"\\"};
	struct arena *a = arena_new(0);
	char deep[200];
	size_t i;

	for (i = 0; i < COUNT_OF(bad); i++)
		check(jsontree_parse(a, slice_str(bad[i])) == NULL);
	for (i = 0; i < sizeof(deep); i++)
		deep[i] = i < sizeof(deep) / 2 ? '[' : ']';
	check(jsontree_parse(a, slice_of(deep, sizeof(deep))) == NULL);
	check(
	    jsontree_parse(a, slice_of(deep + 40, sizeof(deep) - 80)) != NULL);
	arena_free(a);
}

/* What the writer writes comes back. */
UNIT(writer)
{
	struct arena *a = arena_new(0);
	struct buf out;
	struct json j;
	char all[127];
	size_t i;

	for (i = 0; i < sizeof(all); i++)
		all[i] = (char)(i + 1);
	buf_init(&out, 1 << 16);
	json_init(&j, &out);
	json_begin(&j, NULL, '{');
	json_str(&j, "all", slice_of(all, sizeof(all)));
	json_end(&j);
	check_bytes(jsontree_text(jsontree_parse(a, buf_slice(&out)), "all"),
	    slice_of(all, sizeof(all)));
	buf_fini(&out);
	arena_free(a);
}

UNIT_MAIN(unit(values), unit(refused), unit(writer))
