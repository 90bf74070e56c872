/* SPDX-License-Identifier: MIT */
/* For guard's own files: reading JSON text that has been, or is being, checked. Pure. */
#ifndef WIRE_GUARD_TEXT_H
#define WIRE_GUARD_TEXT_H

#include "base/buf.h"

/* The four hex digits at p, or -1. */
int guard_hex4(const char *p, const char *end);
/* Is this integer (no fraction, no exponent) beyond int64? */
static inline bool guard_too_big(struct slice number)
{
	int64_t v;

	return number.n >= 19 && !slice_i64(number, INT64_MIN, INT64_MAX, &v);
}
/* The code point that string content at *p (before end) stands for, an escape decoded; *p moves on. What is bad gives U+FFFD and sets *bad. */
uint32_t guard_next(const char **p, const char *end, bool *bad);
/*
 * in, checked JSON text, with each escaped surrogate pair written as the UTF-8 it stands for: json-c 0.16 reads the pairs of U+1D800 to U+1DFFF, and of their
 * like in every plane above, as U+FFFD. false, and nothing is appended: there is none.
 */
bool guard_pairs(struct slice in, struct buf *out);
/* Does the raw key stand for the same text as the path's segment at p (up to "." or the end)? */
bool guard_key_is(struct slice raw, const char *p);

#endif
