/* SPDX-License-Identifier: MIT */
/* RFC 4648 section 4: the ordinary base64, with padding. (crypto.h has the one for URLs, without.) Pure. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/slice.h"

/*
 * Decodes in into to, which has room for in.n / 4 * 3 bytes and may be in's own memory, at its beginning or before it. Strict: whole groups of four, padding
 * only at the end, no other alphabet, no blanks, unused bits zero. false: it is not that; what to holds then is nothing.
 */
bool base64_decode(char *to, struct slice in, size_t *n) MUSTCHECK;

/* How long n bytes are, encoded, and the encoding of in: to has that much room. Returns it. Pieces of a multiple of 3 bytes may follow each other. */
static inline size_t base64_size(size_t n)
{
	return (n + 2) / 3 * 4;
}
size_t base64_encode(char *to, struct slice in);

#endif
