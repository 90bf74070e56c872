/* SPDX-License-Identifier: MIT */
/*
 * For tests whose code waits: run_task(fn) makes an io, runs fn on a task and takes all down again. cmocka's own asserts jump off the stack, which
 * a coroutine or another thread must not; EXPECT ends the process instead. Header only; include cmocka yourself.
 */
#ifndef TESTS_UNIT_TASK_H
#define TESTS_UNIT_TASK_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "io/io.h"

#define EXPECT(x) ((x) ? (void)0 : expect_failed(#x, __FILE__, __LINE__))
#define EXPECT_EQ(a, b) expect_eq((int64_t)(a), (int64_t)(b), #a " == " #b, __FILE__, __LINE__)
#define EXPECT_RC(want, call) expect_rc((want), (call), NULL, #call, __FILE__, __LINE__)
/* With e's text when it is another. */
#define EXPECT_RC_E(want, call, e) expect_rc((want), (call), (e), #call, __FILE__, __LINE__)
#define EXPECT_STR(want, slice_) expect_str((want), (slice_), #slice_, __FILE__, __LINE__)

static inline void expect_failed(const char *what, const char *file, int line)
{
	fflush(stdout);
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}

static inline void expect_eq(int64_t a, int64_t b, const char *what, const char *file, int line)
{
	if (a == b)
		return;
	fprintf(stderr, "%" PRId64 " is not %" PRId64 "\n", a, b);
	expect_failed(what, file, line);
}

static inline void expect_rc(enum rc want, enum rc got, const struct err *e, const char *what, const char *file, int line)
{
	if (want == got)
		return;
	fprintf(stderr, "got %s, not %s: %s %s\n", rc_name(got), rc_name(want), e ? e->msg : "", e ? e->sqlstate : "");
	expect_failed(what, file, line);
}

static inline void expect_str(const char *want, struct slice got, const char *what, const char *file, int line)
{
	if (slice_is(got, want))
		return;
	fprintf(stderr, "got '%.*s', not '%s'\n", SLICE_ARG(got), want);
	expect_failed(what, file, line);
}

struct run_task {
	struct io *io;
	void (*fn)(struct io *io);
};

static inline void run_task__main(void *arg)
{
	struct run_task *r = arg;

	r->fn(r->io);
	io_quit(r->io);
}

static inline void run_task_opts(const struct io_opts *o, void (*fn)(struct io *io))
{
	struct err e = ERR_INIT;
	struct run_task r = {.io = io_new(o, &e), .fn = fn};

	EXPECT(r.io);
	io_spawn(r.io, "test", run_task__main, &r);
	io_run(r.io);
	EXPECT_EQ(io_tasks(r.io), 0);
	io_free(r.io);
}

static inline void run_task(void (*fn)(struct io *io))
{
	run_task_opts(&(struct io_opts){0}, fn);
}

#endif
