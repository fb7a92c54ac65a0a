/* naming - every reading of an entity's names, and the name it is kept under.
 *
 * Names come from the mail: any bytes. `names` gets each name and each form
 * receivers make of it (mime/name.h), the first one as it is shown. The safe
 * name is what MailScanner would store it as, without the type character in
 * front: the last component, letters, digits and "%()+,-.=_{}" and UTF-8, at
 * most NAMING_SAFE_MAX characters. It is never empty, "." or "..", and two
 * entities may have the same one: whoever stores files makes them differ.
 */
#ifndef MAIL_NAMING_H
#define MAIL_NAMING_H

#include "mail/message.h"

enum {
	NAMING_NAMES_MAX = 64, /* readings of the names of one entity */
	NAMING_SAFE_MAX = 50,  /* characters; longer ones are cut to */
	NAMING_ROOT_MAX = 14,  /* these many before the dot and */
	NAMING_EXT_MAX = 3,    /* these many behind it */
	NAMING_PATH_MAX = 128, /* bytes of a member's name in a path */
};

/* Fill e->names from the names, and e->safe_name from the first of them (or
 * from type and path when there is none). false when there are more readings
 * than NAMING_NAMES_MAX. */
bool naming_set(
    struct arena *a, struct entity *e, const struct slice *names, size_t count);
/* Empty when nothing of the name can be kept. */
struct slice naming_safe(struct arena *a, struct slice name);

#endif
