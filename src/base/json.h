/* json - a writer for JSON text into a buf.
 *
 * Commas are placed by the writer. Strings are written as valid UTF-8: bytes
 * that are not UTF-8 become U+FFFD, control characters are escaped. Nesting
 * is at most JSON_DEPTH_MAX deep (deeper is a bug of ours: panic).
 *	json_init(&j, &buf); json_begin(&j, NULL, '{');
 *	json_str(&j, "file", name); json_end(&j);
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum { JSON_DEPTH_MAX = 16 };

struct json {
	struct buf *out;
	char close[JSON_DEPTH_MAX];
	bool comma[JSON_DEPTH_MAX];
	unsigned depth;
};

void json_init(struct json *j, struct buf *out);
/* Open an object ('{') or an array ('['). key NULL inside an array. */
void json_begin(struct json *j, const char *key, char kind);
void json_end(struct json *j);
void json_str(struct json *j, const char *key, struct slice value);
void json_int(struct json *j, const char *key, int64_t value);
void json_bool(struct json *j, const char *key, bool value);
/* decimals digits after the point */
void json_num(struct json *j, const char *key, double value, int decimals);
void json_null(struct json *j, const char *key);

#endif
