#include "base/json.h"
#include "test/unit.h"

UNIT(writes_nested_values_with_commas)
{
	struct buf b;
	struct json j;

	buf_init(&b, 1000);
	json_init(&j, &b);
	json_begin(&j, NULL, '{');
	json_str(&j, "a", SLICE("x\"\\\n\x01\xff\xc3\xa9"));
	json_begin(&j, "list", '[');
	json_int(&j, NULL, -5);
	json_bool(&j, NULL, true);
	json_null(&j, NULL);
	json_begin(&j, NULL, '{');
	json_end(&j);
	json_end(&j);
	json_num(&j, "n", 1.5, 2);
	json_end(&j);
	check_slice(buf_slice(&b),
	    "{\"a\":\"x\\\"\\\\\\n\\u0001\xef\xbf\xbd\xc3\xa9\","
	    "\"list\":[-5,true,null,{}],\"n\":1.50}");
	buf_fini(&b);
}

UNIT_MAIN(unit(writes_nested_values_with_commas))
