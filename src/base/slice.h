/* SPDX-License-Identifier: MIT */
/*
 * A view of bytes that somebody else owns. The smallest value of the house: passed by value, never freed, never NUL-terminated by promise.
 * A slice lives no longer than what it looks into; whoever returns one says how long that is.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include "base/attr.h"
#include "base/banned.h"

struct slice {
	const char *p; /* may be NULL when n is 0 */
	size_t n;      /* bytes */
};

/* A literal: S("thr_"). */
#define S(lit) ((struct slice){"" lit, sizeof(lit) - 1})
/* For static tables, where a compound literal is not a constant. */
#define S_INIT(lit) {"" lit, sizeof(lit) - 1}
#define SLICE_NONE ((struct slice){NULL, 0})
/* For printf: printf("%.*s", SLICE_ARG(s)). */
#define SLICE_ARG(s) ((int)(s).n), ((s).p ? (s).p : "")

/* A NUL-terminated string, NULL gives the empty slice. */
static inline struct slice slice_cstr(const char *s)
{
	return (struct slice){s, s ? strlen(s) : 0};
}

static inline struct slice slice_mem(const void *p, size_t n)
{
	return (struct slice){p, n};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool slice_is(struct slice a, const char *s)
{
	return slice_eq(a, slice_cstr(s));
}

static inline bool slice_starts(struct slice a, struct slice prefix)
{
	return a.n >= prefix.n && (prefix.n == 0 || memcmp(a.p, prefix.p, prefix.n) == 0);
}

static inline bool slice_ends(struct slice a, struct slice suffix)
{
	return a.n >= suffix.n && (suffix.n == 0 || memcmp(a.p + a.n - suffix.n, suffix.p, suffix.n) == 0);
}

/* Without the first (at most) n bytes. */
static inline struct slice slice_from(struct slice a, size_t n)
{
	if (n > a.n)
		n = a.n;
	return (struct slice){a.p ? a.p + n : NULL, a.n - n};
}

/* The first (at most) n bytes. */
static inline struct slice slice_upto(struct slice a, size_t n)
{
	return (struct slice){a.p, n < a.n ? n : a.n};
}

/* ASCII only: no locale is ever asked. */
bool slice_eq_nocase(struct slice a, struct slice b);
/* Without blanks, tabs, CR and LF at both ends. */
struct slice slice_trim(struct slice a);
/* Cuts at the first c: *head is what stands before it, the return value what stands after. Without a c, *head is all and the rest is empty. */
struct slice slice_cut(struct slice a, char c, struct slice *head);
/* Where needle begins in hay, or -1. */
ptrdiff_t slice_find(struct slice hay, struct slice needle);
/* The whole slice is a decimal integer between min and max: true, and *out is it. No blanks, no plus sign, no leading zeros but "0". */
bool slice_i64(struct slice a, int64_t min, int64_t max, int64_t *out) MUSTCHECK;
/* The whole of s matches the pattern, in which * stands for any bytes, none too. Nothing else is special. */
bool slice_glob(struct slice pattern, struct slice s);
/* -1, 0, 1 as strcmp, by bytes. */
int slice_cmp(struct slice a, struct slice b);

#endif
