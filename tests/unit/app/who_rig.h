/* SPDX-License-Identifier: MIT */
/* A request of the test's own, a clock that stands still, and a configuration written down. */
#ifndef TEST_WHO_RIG_H
#define TEST_WHO_RIG_H

#include "app/cors.h"
#include "app/identity.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/auth/fake_env.h"

struct who_rig {
	struct fake_env fake;
	struct io *io;
	struct arena *arena;
	struct conf conf;
	struct request_header headers[8];
	struct request r;
};

static inline int who_setup(void **state)
{
	struct who_rig *w = xalloc(sizeof(*w));
	struct err e;

	w->fake = FAKE_ENV;
	w->io = io_new(&(struct io_opts){.env = &w->fake.env}, &e);
	assert_non_null(w->io);
	w->arena = arena_new(1024 * 1024, NULL);
	w->conf = (struct conf){.anonymous = true, .cookie_days = 90, .secret = S("a secret of at least thirty-two bytes"), .jwt_secret = S("a shared secret of thirty-two bytes or more")};
	*state = w;
	return 0;
}

static inline int who_teardown(void **state)
{
	struct who_rig *w = *state;

	arena_free(w->arena);
	io_free(w->io);
	free(w);
	return 0;
}

/* A request to scheme://host by method, without headers. */
static inline struct request *ask(struct who_rig *w, const char *method, const char *scheme, const char *host)
{
	w->r = (struct request){.method = slice_cstr(method), .path = S("/api/chat"), .scheme = slice_cstr(scheme), .host = slice_cstr(host), .headers = w->headers,
				.content_length = -1, .arena = w->arena, .io = w->io};
	return &w->r;
}

/* One more header, by its CGI name; NULL: none. */
static inline void with(struct who_rig *w, const char *name, const char *value)
{
	if (value)
		w->headers[w->r.n_headers++] = (struct request_header){slice_cstr(name), slice_cstr(value)};
}

#endif
