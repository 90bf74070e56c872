/* SPDX-License-Identifier: MIT */
/*
 * All waiting. One epoll loop a process, one stackful coroutine (a task) a request; a task that waits parks and the loop runs others. What reads
 * straight down in the folders above is made possible here. The same header is implemented twice: io_coro.c (the product) and io_thread.c (every task
 * a thread, every wait a ppoll; built in CI under TSan so that neither hidden blocking nor hidden sharing creeps in).
 *
 * Rules: only functions marked WAITS park. Never wait inside a callback of libcurl, libpq or OpenSSL (CHECKed), nor holding a mutex. Nothing above may
 * block: use io_offload. Between two waits nothing else of this loop runs: under the thread seam too, where a baton is handed on at each wait, so that
 * what tasks share needs no locks. Stacks are 64 KiB with a guard page: no big frames. A wait leaves errno as it was.
 * Times are microseconds of the monotonic clock, as io_now gives them; deadlines are points in time; IO_FOREVER is none.
 */
#ifndef IO_IO_H
#define IO_IO_H

#include <poll.h>

#include "base/env.h"
#include "base/err.h"
#include "io/stop.h"

struct io;
struct task;

#define IO_FOREVER INT64_MAX
#define IO_MS 1000
#define IO_SECOND 1000000

struct io_opts {
	const struct env *env;  /* NULL: the machine's */
	size_t stack;           /* bytes a task; 0: 64 KiB (256 KiB under a sanitizer) */
	unsigned helpers;       /* offload threads; 0: 4 */
	int64_t stall_us;       /* a resume longer than this is logged, at most once a second; 0: 20 ms */
};

/* Life cycle. io_run returns when io_quit was called and the last task has ended; must be called on the thread that made the io. */
struct io *io_new(const struct io_opts *o, struct err *e) MUSTCHECK;
void io_free(struct io *io); /* after io_run; NULL is fine */
void io_run(struct io *io);
void io_quit(struct io *io); /* any task or loop callback */

/* The loop's idea of now: read once a loop turn, so free to ask. */
int64_t io_now(struct io *io);
static inline int64_t io_in(struct io *io, int64_t us)
{
	return io_now(io) + us;
}
const struct env *io_env(struct io *io);

/* Tasks. fn(arg) begins at the next loop turn. io_go's must be joined exactly once; io_spawn's by nobody. name is a static string. */
struct task *io_go(struct io *io, const char *name, void (*fn)(void *arg), void *arg) MUSTCHECK;
WAITS void io_join(struct task *t);
void io_spawn(struct io *io, const char *name, void (*fn)(void *arg), void *arg);
size_t io_tasks(struct io *io); /* alive now */

/*
 * Waits for one of n descriptors (revents filled, RC_OK), the deadline (RC_TIMEOUT) or the stop (RC_STOPPED; s may be NULL). One waiter a descriptor.
 * Descriptors stay armed in epoll afterwards: io_forget(fd) before each close of one that was waited on or watched; it takes a watch of it off.
 */
WAITS enum rc io_wait(struct io *io, struct pollfd *fds, size_t n, int64_t deadline, struct stop *s);
/* RC_OK when the time is over, RC_STOPPED before it. us <= 0 yields once. */
WAITS enum rc io_sleep(struct io *io, int64_t us, struct stop *s);
void io_forget(struct io *io, int fd);

/*
 * For a task that will live long in shallow waits: what is deeper in its stack than here was used once and is given back to the machine. Costs a system
 * call, and a page fault when it goes that deep again.
 */
void io_trim(struct io *io);

/* An event that one task waits for and anything on the loop sets. A set before the wait is not lost; the wait takes it away. */
struct io_event {
	struct task *waiter;
	bool set;
};
WAITS enum rc io_event_wait(struct io *io, struct io_event *ev, int64_t deadline, struct stop *s);
void io_event_set(struct io *io, struct io_event *ev);

/*
 * Runs before the current task parks, each time, until taken off: how what a task wrote leaves without anybody flushing. fn must not wait.
 * One hook a task (a reply's); NULL takes it off, which must be done before the task ends (CHECKed). It may set the stop of the wait that it precedes.
 */
void io_before_park(struct io *io, void (*fn)(void *ctx), void *ctx);

/* fn(arg) on a helper thread; the task parks until it has returned. fn may block, must not touch the loop (io_post apart). Not stoppable. */
WAITS void io_offload(struct io *io, void (*fn)(void *arg), void *arg);
/* The same with nobody waiting: fire and forget (FCGX_Finish_r). */
void io_offload_detached(struct io *io, void (*fn)(void *arg), void *arg);
/* From any thread, until io_free: fn(arg) on the loop, soon, in order for each thread. fn must not wait (it may io_spawn). */
void io_post(struct io *io, void (*fn)(void *arg), void *arg);

/* A callback on the loop at a time. Setting again moves it. fn must not wait. Zeroed memory is a timer that is off. */
struct io_timer {
	void (*fn)(void *ctx);
	void *ctx;
	int64_t at;
	size_t place; /* in the loop's heap, 0: off */
};
void io_timer_set(struct io *io, struct io_timer *t, int64_t at, void (*fn)(void *ctx), void *ctx);
void io_timer_off(struct io *io, struct io_timer *t);

/* A callback on the loop when fd is ready (poll's bits, POLLRDHUP too; level-triggered). events 0 takes it off. fn must not wait. */
struct io_watch {
	void (*fn)(void *ctx, short revents);
	void *ctx;
	int fd;
	short events;
};
void io_watch_set(struct io *io, struct io_watch *w, int fd, short events, void (*fn)(void *ctx, short revents), void *ctx);
void io_watch_off(struct io *io, struct io_watch *w);

#endif
