/* languages - languages.conf: the short texts of reports, by key.
 *
 * `Key = text`, keys without case; %variables% of the configuration are
 * expanded. A key that is missing gives the key itself, as ever.
 */
#ifndef CONFIG_LANGUAGES_H
#define CONFIG_LANGUAGES_H

#include "base/map.h"
#include "config/conf.h"

struct languages {
	struct map texts; /* lower-case key -> struct slice */
};

/* c: for variables. Everything lives in a; problems may be NULL. */
void languages_parse(struct languages *l, struct arena *a, const struct conf *c,
    struct slice text, struct slice file, struct problems *problems);
struct slice languages_get(const struct languages *l, const char *key);

#endif
