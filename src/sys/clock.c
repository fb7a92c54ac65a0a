#include "sys/clock.h"

#include <stdio.h>
#include <time.h>

#include "base/attr.h"
#include "base/fail.h"

static uint64_t
read_clock(clockid_t id)
{
	struct timespec t;

	ensure(clock_gettime(id, &t) == 0);
	if (t.tv_sec < 0)
		return 0;
	return (uint64_t)t.tv_sec * CLOCK_SEC + (uint64_t)t.tv_nsec;
}

uint64_t
clock_mono(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t
clock_wall(void)
{
	return (int64_t)(read_clock(CLOCK_REALTIME) / CLOCK_SEC);
}

int64_t
clock_wall_ms(void)
{
	return (int64_t)(read_clock(CLOCK_REALTIME) / CLOCK_MS);
}

uint64_t
clock_ms_between(uint64_t from, uint64_t to)
{
	return to > from ? (to - from) / CLOCK_MS : 0;
}

void
clock_sleep_ms(uint64_t ms)
{
	struct timespec t = {.tv_sec = (time_t)(ms / 1000),
	    .tv_nsec = (long)(ms % 1000) * 1000000L};

	(void)nanosleep(&t, NULL);
}

size_t
clock_stamp(char *dst, size_t cap, int64_t when)
{
	/* Not strftime: names of months must not depend on a locale. */
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t t = (time_t)when;
	struct tm tm;
	int n;

	if (localtime_r(&t, &tm) == NULL)
		return 0;
	n = snprintf(dst, cap, "%s %2d %02d:%02d:%02d",
	    months[(unsigned)tm.tm_mon % COUNT_OF(months)], tm.tm_mday,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
	return n > 0 && (size_t)n < cap ? (size_t)n : 0;
}

size_t
clock_iso(char *dst, size_t cap, int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;
	int n;

	if (gmtime_r(&t, &tm) == NULL)
		return 0;
	n = snprintf(dst, cap, "%04d-%02d-%02dT%02d:%02d:%02dZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec);
	return n > 0 && (size_t)n < cap ? (size_t)n : 0;
}
