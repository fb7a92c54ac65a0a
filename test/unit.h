/* unit - the test vocabulary: named cases, checks with readable diffs.
 *
 * No test file includes cmocka itself. A file is a list of cases and a main:
 *	UNIT(adds) { check_int(1 + 1, 2); }
 *	UNIT_MAIN(unit(adds))
 * A check that fails ends its case. Paths: unit_source("corpus/x") is a file
 * of the source tree; unit_corpora("bench") a file of the outside corpora, or
 * the case is skipped with "no corpora".
 */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

/* cmocka.h wants these first. */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "base/attr.h"
#include "base/slice.h"

/* A case that is skipped returns here and counts as passed; the line "#
 * skipped" above it says why (cmocka's own skip is a failure to meson). */
extern jmp_buf unit_skipped;

#define UNIT(name)                                      \
	static void name##_case(void);                  \
	static void name(void **unit_state ATTR_UNUSED) \
	{                                               \
		if (setjmp(unit_skipped) == 0)          \
			name##_case();                  \
	}                                               \
	static void name##_case(void)
#define unit(name) cmocka_unit_test(name)
#define UNIT_MAIN(...)                                            \
	int main(void)                                            \
	{                                                         \
		const struct CMUnitTest cases[] = {__VA_ARGS__};  \
		return cmocka_run_group_tests(cases, NULL, NULL); \
	}

#define check(cond) unit_check((cond), #cond, __FILE__, __LINE__)
#define check_int(got, want) \
	unit_check_int(      \
	    (long long)(got), (long long)(want), #got, __FILE__, __LINE__)
#define check_str(got, want) \
	unit_check_slice(    \
	    slice_str(got), slice_str(want), #got, __FILE__, __LINE__)
/* got: a struct slice, want: a C string */
#define check_slice(got, want) \
	unit_check_slice((got), slice_str(want), #got, __FILE__, __LINE__)
#define check_bytes(got, want) \
	unit_check_slice((got), (want), #got, __FILE__, __LINE__)

void unit_check(int ok, const char *what, const char *file, int line);
void unit_check_int(long long got, long long want, const char *what,
    const char *file, int line);
void unit_check_slice(struct slice got, struct slice want, const char *what,
    const char *file, int line);

/* Run fn(arg) in a child; the signal that ended it, or -1 - exit status. */
int unit_ends(void (*fn)(void *), void *arg);

/* A fresh directory, removed when the program ends. */
const char *unit_tmpdir(void) ATTR_RET_NONNULL;
/* The whole file, NUL-terminated, kept until the program ends; a missing
 * file fails the case. */
struct slice unit_read(const char *path);
void unit_write(const char *path, struct slice bytes);
/* Absolute path of a file in the source tree; kept until the program ends. */
const char *unit_source(const char *relative) ATTR_RET_NONNULL;
/* Absolute path inside the outside corpora; skips the case when missing. */
const char *unit_corpora(const char *relative) ATTR_RET_NONNULL;
/* End the case as skipped and say why. */
void unit_skip(const char *why) ATTR_NORETURN;

#endif
