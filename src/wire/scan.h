/* SPDX-License-Identifier: MIT */
/* The one loop that guard and jsonw share: over the bytes of a string that mean only themselves. Pure. */
#ifndef WIRE_SCAN_H
#define WIRE_SCAN_H

#include "base/slice.h"

#define SCAN_EACH UINT64_C(0x0101010101010101)
#define SCAN_TOPS UINT64_C(0x8080808080808080)

/* Top bits set where a byte of word is below low (low <= 0x80); a byte above one that is may be marked wrongly, so look again. */
static inline uint64_t scan_below(uint64_t word, unsigned char low)
{
	return (word - SCAN_EACH * low) & ~word;
}

/* A byte that a string means by itself: 1, else 0. */
extern const unsigned char scan_plain_byte[256];

/* Which byte of a loaded word the lowest mark is in; the caller knows that there is one. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SCAN_FIRST(marks) ((unsigned)__builtin_ctzll(marks) / 8)
#else
#define SCAN_FIRST(marks) 0u /* the byte loop will find it */
#endif

/* The first byte of p..end that is a quote, a backslash, a control byte or not ASCII; end if there is none. */
static inline const char *scan_plain(const char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t word, marks;

		memcpy(&word, p, 8);
		marks = (word | scan_below(word, 0x20) | scan_below(word ^ SCAN_EACH * '"', 1) | scan_below(word ^ SCAN_EACH * '\\', 1)) & SCAN_TOPS;
		if (marks) {
			p += SCAN_FIRST(marks);
			break;
		}
	}
	while (p < end && scan_plain_byte[(unsigned char)*p])
		p++;
	return p;
}

#endif
