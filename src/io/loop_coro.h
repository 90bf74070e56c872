/* SPDX-License-Identifier: MIT */
/*
 * The loop and its tasks, shared by the files *_coro.c: io_coro.c turns and runs tasks, wait_coro.c knows descriptors, post_coro.c other threads.
 */
#ifndef IO_LOOP_CORO_H
#define IO_LOOP_CORO_H

#include <pthread.h>

#include "io/heap.h"
#include "io/helpers.h"
#include "io/inner.h"
#include "io/switch_coro.h"

enum task_state { TASK_READY, TASK_RUNNING, TASK_PARKED, TASK_DONE };

struct task {
	struct io *io;
	const char *name;
	void (*fn)(void *arg);
	void *arg;
	struct coro *coro; /* from its first run to its end */
	struct task *next; /* in the ready queue */
	enum task_state state;
	bool detached;
	enum rc why;          /* what ended the last park */
	struct task *joiner;
	void (*hook)(void *ctx);
	void *hook_ctx;
	struct io_timer deadline;
};

/* What waits for a descriptor, at most one waiter and one watch; the table is indexed by descriptor. */
struct fd_slot {
	struct task *waiter;
	struct pollfd *pfd; /* the waiter's */
	struct io_watch *watch;
	uint32_t armed;     /* what epoll was asked for; kept armed after a wait, so that a steady stream needs no epoll_ctl */
	uint32_t age;       /* counts takings-out: an event of an earlier owner of this number is not this one's */
	bool known;         /* epoll has it */
};

struct post {
	void (*fn)(void *arg);
	void *arg;
	struct post *next;
};

struct io {
	const struct env *env;
	int64_t now, stall_us, stall_told_us;
	bool quit;
	unsigned foreign; /* inside a library's call */
	pthread_t thread;

	struct task *running, *ready, **ready_last;
	size_t n_tasks;
	struct coro_pool *coros;
	struct heap timers;

	int epoll;
	struct fd_slot *fds;
	size_t n_fds;

	struct helpers *helpers;
	pthread_mutex_t post_lock;
	struct post *posts, **posts_last;
	int post_fd;
	struct io_watch post_watch;
};

/* io_coro.c. Parks the running task until task_wake, the deadline or the stop; returns which. */
WAITS enum rc task_park(struct io *io, int64_t deadline, struct stop *s);
/* The first reason stays; one that does not wait is left alone. */
void task_wake(struct task *t, enum rc why);
/* Logs one that held the loop for too long; call with the time before it. */
void stall_check(struct io *io, int64_t since, const char *name);
int64_t stall_clock(void);

/* wait_coro.c. Waits for at most ms milliseconds (-1: no end) and tells those who wait for what happened. */
void fds_poll(struct io *io, int ms);

/* post_coro.c */
void posts_open(struct io *io);
void posts_run(struct io *io);
void posts_close(struct io *io);

#endif
