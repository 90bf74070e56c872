/* SPDX-License-Identifier: MIT */
#include "base/base64.h"

#define NONE 64 /* no digit */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void make_table(unsigned char digit[256])
{
	memset(digit, NONE, 256);
	for (unsigned char i = 0; i < 64; i++)
		digit[(unsigned char)alphabet[i]] = i;
}

/* The last group, of n digits and 4 - n paddings. 0: it is none. */
static size_t last_group(const unsigned char digit[256], const char *in, size_t n, char *to)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char d = digit[(unsigned char)in[i]];

		if (d == NONE)
			return 0;
		bits |= (uint32_t)d << (18 - 6 * i);
	}
	/* Unused bits that are not zero would give the same bytes two spellings. */
	if (bits & (n == 2 ? 0xffffu : n == 3 ? 0xffu : 0))
		return 0;
	to[0] = (char)(bits >> 16);
	if (n > 2)
		to[1] = (char)(bits >> 8 & 0xff);
	if (n > 3)
		to[2] = (char)(bits & 0xff);
	return n - 1;
}

bool base64_decode(char *to, struct slice in, size_t *n)
{
	unsigned char digit[256];
	size_t padding = 0, last;
	char *at = to;

	*n = 0;
	if (in.n == 0)
		return true;
	if (in.n % 4)
		return false;
	make_table(digit);
	while (padding < 2 && in.p[in.n - 1 - padding] == '=')
		padding++;
	for (size_t i = 0; i + 4 < in.n; i += 4) {
		const unsigned char *p = (const unsigned char *)in.p + i;
		uint32_t a = digit[p[0]], b = digit[p[1]], c = digit[p[2]], d = digit[p[3]];

		if ((a | b | c | d) & NONE)
			return false;
		a = a << 18 | b << 12 | c << 6 | d;
		*at++ = (char)(a >> 16);
		*at++ = (char)(a >> 8 & 0xff);
		*at++ = (char)(a & 0xff);
	}
	last = last_group(digit, in.p + in.n - 4, 4 - padding, at);
	*n = (size_t)(at - to) + last;
	return last > 0;
}

size_t base64_encode(char *to, struct slice in)
{
	const unsigned char *p = (const unsigned char *)in.p;
	char *at = to;

	for (size_t i = 0; i < in.n; i += 3) {
		size_t left = in.n - i;
		uint32_t bits = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);

		*at++ = alphabet[bits >> 18];
		*at++ = alphabet[bits >> 12 & 63];
		*at++ = left > 1 ? alphabet[bits >> 6 & 63] : '=';
		*at++ = left > 2 ? alphabet[bits & 63] : '=';
	}
	return (size_t)(at - to);
}
