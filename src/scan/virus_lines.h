/* virus_lines - what command-line scanners print, one row per scanner.
 *
 * A row knows how its scanner is called, how to read one line of its output,
 * and which exit statuses can mean "looked at everything". Objects lie in the
 * directory VIRUS_LINES_DIR as "NUMBER-NAME"; a line is about the object
 * whose directory and number come first in it, however the scanner writes the
 * rest of the path. A line that reports a virus without such a path is about
 * the whole message. Lines a scanner makes out of names in the mail can add a
 * virus or an error, never take one away. Source: the scanners' own output as
 * MailScanner understands it.
 */
#ifndef SCAN_VIRUS_LINES_H
#define SCAN_VIRUS_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

#define VIRUS_LINES_DIR "scan.d"

enum { VIRUS_LINE_MAX = 4096, VIRUS_LINES_OPTIONS_MAX = 20 };

enum virus_line_kind {
	VIRUS_LINE_OTHER,    /* says nothing about an object */
	VIRUS_LINE_CLEAN,    /* the object was looked at */
	VIRUS_LINE_INFECTED, /* name */
	VIRUS_LINE_ERROR,    /* name is the reason */
};

enum { VIRUS_LINE_NO_OBJECT = -1 };

struct virus_line {
	enum virus_line_kind kind;
	int object; /* number, or VIRUS_LINE_NO_OBJECT */
	struct slice name;
};

/* Between the lines of one run; zeroed before the first, object set to
 * VIRUS_LINE_NO_OBJECT. */
struct virus_lines {
	int object; /* a line before said which object is meant */
};

struct virus_lines_row {
	const char *keyword;
	const char *title; /* as reports and logs begin */
	const char *options[VIRUS_LINES_OPTIONS_MAX];
	void (*parse)(struct virus_lines *state, struct slice line,
	    struct virus_line *out);
	bool each; /* every object must have a line of its own */
	/* Exit statuses (0 aside) of a run that looked at everything and found
	 * something / was denied something that allowed texts may excuse. */
	int found[6];
	int denied;
	bool words; /* report "FILE was infected by NAME" instead of the line */
};

/* NULL for a keyword without a command. */
const struct virus_lines_row *virus_lines_row(struct slice keyword);
/* The next row; start with NULL. */
const struct virus_lines_row *virus_lines_next(
    const struct virus_lines_row *row);

/* The number of the object a line is about, or VIRUS_LINE_NO_OBJECT. */
int virus_lines_object(struct slice line);
/* The line with our directory and number taken out of it: what a person
 * should read. Lives in a. */
struct slice virus_lines_shown(struct slice line, struct arena *a);
/* Quoted texts with commas between ("a", "b"): one of them is in the text. */
bool virus_lines_allowed(struct slice text, struct slice allowed);

#endif
