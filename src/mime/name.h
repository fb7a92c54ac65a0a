/* name - every form of a file name that a checker should look at.
 *
 * Receivers cut names at NUL, drop invisible characters, take the last path
 * component, lose trailing dots and blanks, end at ':' (streams), fold wide
 * letters to ASCII, undo %XX, or join what a folded line parted. A rule has
 * to see each of these. Input is UTF-8 (bad bytes are kept as they are).
 */
#ifndef MIME_NAME_H
#define MIME_NAME_H

#include "mime/texts.h"

/* Longest name looked at; longer ones are cut in the middle, so that the
 * beginning and the extension stay. */
enum { NAME_MAX_BYTES = 1024 };

/* Add to out: the name itself, then all forms that differ. */
void name_readings(
    struct arena *a, struct slice name, struct texts *out, size_t most);
/* Without bidi controls and default-ignorable characters; a view when there
 * are none. */
struct slice name_visible(struct arena *a, struct slice name);

#endif
