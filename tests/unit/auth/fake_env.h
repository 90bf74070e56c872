/* SPDX-License-Identifier: MIT */
/* A clock that stands where it was put, and random bytes that count up: two runs are the same run. */
#ifndef TEST_FAKE_ENV_H
#define TEST_FAKE_ENV_H

#include "base/env.h"

#define T0 INT64_C(1700000000) /* seconds */

struct fake_env {
	struct env env; /* the first, so that its address is this one's */
	int64_t wall_s;
	unsigned char next;
};

static inline struct fake_env *fake_of(const struct env *v)
{
	return (struct fake_env *)(uintptr_t)v;
}

/* The last microsecond of the second: rounding would show. */
static inline int64_t fake_wall(const struct env *v)
{
	return fake_of(v)->wall_s * 1000000 + 999999;
}

static inline void fake_random(const struct env *v, void *p, size_t n)
{
	struct fake_env *f = fake_of(v);

	for (size_t i = 0; i < n; i++)
		((unsigned char *)p)[i] = f->next++;
}

#define FAKE_ENV ((struct fake_env){{fake_wall, fake_wall, fake_random}, T0, 0})

#endif
