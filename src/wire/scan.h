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

/* The first byte of p..end that is a quote, a backslash, a control byte or not ASCII; end if there is none. */
static inline const char *scan_plain(const char *p, const char *end)
{
	uint64_t word;

	for (; end - p >= (ptrdiff_t)sizeof(word); p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		if ((word | scan_below(word, 0x20) | scan_below(word ^ SCAN_EACH * '"', 1) | scan_below(word ^ SCAN_EACH * '\\', 1)) & SCAN_TOPS)
			break;
	}
	while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return p;
}

#endif
