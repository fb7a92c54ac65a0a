/* fail - the three classes of going wrong: input, world, ourselves.
 *
 * Input is never an error: parsers return a result with defects.
 * The world (files, peers, configuration) gives a negative FAIL_* code; the
 * last argument `struct fail *why` receives the story for a person.
 * We are wrong: `ensure` and `panic`, in production too. A panic ends the
 * process with abort() after one log line; recovery looks at the disk.
 */
#ifndef BASE_FAIL_H
#define BASE_FAIL_H

#include <stdbool.h>

#include "base/attr.h"

/* Negative, so that a function may return a count or a fail code. */
enum fail_code {
	FAIL_NONE = 0,
	FAIL_AGAIN = -1,   /* busy or not ready now; nothing was touched */
	FAIL_GONE = -2,    /* the thing is not there (any more) */
	FAIL_BAD = -3,     /* it is there and cannot be understood */
	FAIL_IO = -4,      /* a system call failed; os_errno says how */
	FAIL_FULL = -5,    /* no space, quota, inodes or a named limit */
	FAIL_DENIED = -6,  /* permission, owner or mode is wrong */
	FAIL_CONFIG = -7,  /* the configuration asks for what cannot be */
	FAIL_TIMEOUT = -8, /* a deadline passed */
	FAIL_PEER = -9,    /* the other side broke the protocol or refused */
	FAIL_EXISTS = -10, /* a no-replace operation met an existing name */
};

enum { FAIL_TEXT_MAX = 512 };

/* The story of a failure. `text` is printable, one line, NUL-terminated. */
struct fail {
	int code;     /* enum fail_code */
	int os_errno; /* 0 unless a system call was at fault */
	char text[FAIL_TEXT_MAX];
};

/* Fill *why (NULL is allowed) and return `code`. */
int fail_set(struct fail *why, int code, const char *fmt, ...)
    ATTR_PRINTF(3, 4) ATTR_COLD;

/* The same for the current errno: the code is chosen from errno (ENOENT ->
 * FAIL_GONE, ENOSPC/EDQUOT -> FAIL_FULL, EACCES/EPERM/EROFS -> FAIL_DENIED,
 * EEXIST -> FAIL_EXISTS, EAGAIN -> FAIL_AGAIN, else FAIL_IO) and ": strerror"
 * is appended to the text. Returns that code. */
int fail_errno(struct fail *why, const char *fmt, ...)
    ATTR_PRINTF(2, 3) ATTR_COLD;

/* Put "prefix: " in front of the text already there; returns why->code. */
int fail_add(struct fail *why, const char *fmt, ...)
    ATTR_PRINTF(2, 3) ATTR_COLD;

/* Short stable word for a code: "again", "gone", ... */
const char *fail_word(int code);

/* A bug of ours: log and abort. */
void panic_at(const char *file, int line, const char *fmt, ...)
    ATTR_PRINTF(3, 4) ATTR_NORETURN ATTR_COLD;
#define panic(...) panic_at(__FILE__, __LINE__, __VA_ARGS__)
#define ensure(cond) \
	((cond) ? (void)0 : panic_at(__FILE__, __LINE__, "ensure: %s", #cond))

/* The world does not let this process go on: log and exit(code). For cmd/ and
 * daemon/ only. */
void fatal(int exit_code, const char *fmt, ...)
    ATTR_PRINTF(2, 3) ATTR_NORETURN ATTR_COLD;

#endif
