/* num - numbers from text through one checked door: all of it or nothing. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* The whole of s is an unsigned decimal (octal, hexadecimal) number <= max. */
bool num_parse_u64(struct slice s, uint64_t max, uint64_t *out);
bool num_parse_octal(struct slice s, uint64_t max, uint64_t *out);
bool num_parse_hex(struct slice s, uint64_t max, uint64_t *out);
/* The whole of s is [+-]digits within min..max. */
bool num_parse_i64(struct slice s, int64_t min, int64_t max, int64_t *out);
/* The whole of s is [+-]digits[.digits]; no exponent, no inf, no nan. */
bool num_parse_double(struct slice s, double *out);

#endif
