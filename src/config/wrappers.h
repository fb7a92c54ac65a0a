/* wrappers - virus.scanners.conf: how each command-line scanner is called.
 *
 * One scanner a line: keyword, wrapper program, installation directory.
 */
#ifndef CONFIG_WRAPPERS_H
#define CONFIG_WRAPPERS_H

#include "config/conf.h"

struct wrapper {
	struct slice keyword; /* lower case */
	struct slice program; /* NUL-terminated behind its end */
	struct slice install_dir;
	unsigned line;
};

struct wrappers {
	VEC_OF(struct wrapper) list;
};

enum { WRAPPERS_MAX = 200 };

void wrappers_parse(
    struct wrappers *w, struct conf *c, struct slice text, struct slice file);
/* NULL if the keyword is not in the file. */
const struct wrapper *wrappers_find(
    const struct wrappers *w, struct slice keyword);

#endif
