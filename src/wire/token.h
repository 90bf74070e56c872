/* SPDX-License-Identifier: MIT */
/* What HTTP's header values are made of (RFC 9110, 5.6): tokens, single characters, blanks, each taken off the beginning of *s. Pure. */
#ifndef WIRE_TOKEN_H
#define WIRE_TOKEN_H

#include "base/ascii.h"
#include "base/slice.h"

/* 5.6.2: a byte of a token. */
static inline bool token_byte(char c)
{
	return ascii_is_digit(c) || ascii_is_letter(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* Bytes of a token, or of more where more says so; empty: there are none. */
static inline struct slice token_take(struct slice *s, const char *more)
{
	struct slice all = *s;
	size_t n = 0;

	while (n < all.n && (token_byte(all.p[n]) || (all.p[n] && strchr(more, all.p[n]))))
		n++;
	*s = slice_from(all, n);
	return slice_upto(all, n);
}

static inline bool token_take_char(struct slice *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = slice_from(*s, 1);
	return true;
}

static inline void token_skip_blanks(struct slice *s)
{
	while (token_take_char(s, ' ') || token_take_char(s, '\t'))
		;
}

#endif
