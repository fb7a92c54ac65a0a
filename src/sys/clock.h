/* clock - what time it is, by a clock that never jumps and by the wall.
 *
 * Deadlines and intervals are monotonic nanoseconds; the wall clock is for
 * records and for people only.
 */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_MS UINT64_C(1000000)
#define CLOCK_SEC UINT64_C(1000000000)

/* Monotonic nanoseconds since some point in the past. */
uint64_t clock_mono(void);
/* Unix time in seconds and in milliseconds. */
int64_t clock_wall(void);
int64_t clock_wall_ms(void);
/* Milliseconds between two monotonic times, rounded down; 0 when to < from. */
uint64_t clock_ms_between(uint64_t from, uint64_t to);

/* Do nothing for so long (a signal may end it earlier). */
void clock_sleep_ms(uint64_t ms);

enum { CLOCK_STAMP_MAX = 40 };
/* Local time as syslog files have it: "Nov 24 02:31:06". Returns the length,
 * 0 when it does not fit. */
size_t clock_stamp(char *dst, size_t cap, int64_t when);
/* UTC as "2026-11-24T02:31:06Z". */
size_t clock_iso(char *dst, size_t cap, int64_t when);

#endif
