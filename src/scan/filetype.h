/* filetype - what libmagic says about some bytes, in file(1)'s own words.
 *
 * The database is opened by filetype_new and never again. Descriptions are
 * those of `file -b`, MIME types those of `file -b --mime-type`; rules match
 * them as MailScanner's do. At most FILETYPE_BYTES_MAX bytes are looked at.
 */
#ifndef SCAN_FILETYPE_H
#define SCAN_FILETYPE_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/slice.h"

enum {
	FILETYPE_BYTES_MAX = 64 * 1024, /* from the start; ISO needs 33 k */
	FILETYPE_WORDS_MAX = 1024,      /* of a description; cut */
};

struct filetype;

struct filetype *filetype_new(struct fail *why) ATTR_NODISCARD;
void filetype_free(struct filetype *f); /* NULL is allowed */

struct filetype_answer {
	struct slice words; /* "PE32 executable (GUI) Intel 80386, ..." */
	struct slice mime;  /* "application/x-dosexec" */
};

/* false and empty answers when libmagic fails. */
bool filetype_ask(struct filetype *f, struct arena *a, struct slice bytes,
    struct filetype_answer *out);

/* The text a person reads, a part without a name that is declared text/plain
 * or text/html: clean text that begins like no other format gets file(1)'s
 * words without its whole database being searched. false: ask. */
bool filetype_of_body(
    struct slice bytes, bool html, struct filetype_answer *out);

#endif
