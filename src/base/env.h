/* SPDX-License-Identifier: MIT */
/*
 * What makes two runs differ: the clocks and chance. Everything that needs a time or a random byte asks a struct env, so that a test can set them.
 * Also ids, which are made of both.
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include "base/slice.h"

struct env {
	int64_t (*wall_us)(const struct env *);  /* microseconds since 1970, UTC */
	int64_t (*mono_us)(const struct env *);  /* microseconds of a clock that never steps */
	void (*random)(const struct env *, void *p, size_t n); /* getrandom's bytes; never fails */
};

/* The machine's own. */
const struct env *env_real(void);

static inline int64_t env_wall_us(const struct env *v)
{
	return v->wall_us(v);
}
static inline int64_t env_mono_us(const struct env *v)
{
	return v->mono_us(v);
}
static inline void env_random(const struct env *v, void *p, size_t n)
{
	v->random(v, p, n);
}

/* An id of ours: a prefix of at most 8 bytes and 130 random bits in lower-case base32 (26 letters and digits, no i, l, o, u). NUL-terminated. */
struct id {
	char s[40];
};
struct id id_new(const struct env *v, const char *prefix);
static inline struct slice id_slice(const struct id *i)
{
	return slice_cstr(i->s);
}
/* prefix and 26 characters of our alphabet: an id that id_new could have made. */
bool id_valid(struct slice s, const char *prefix);

/* "2026-04-25T02:01:30.074236Z" into out (28 bytes with the NUL). Clamped to the years 0 to 9999. */
void time_iso(int64_t wall_us, char out[28]);

#endif
