/* SPDX-License-Identifier: MIT */
#include "io/loop_coro.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#if defined(__SANITIZE_ADDRESS__)
#define STACK_DEFAULT (256 * 1024)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STACK_DEFAULT (256 * 1024)
#endif
#endif
#ifndef STACK_DEFAULT
#define STACK_DEFAULT (64 * 1024)
#endif

#define ROUNDS 8 /* of ready tasks between two looks at the descriptors: tasks that wake each other cost no system call, and cannot starve the rest */

/* Life cycle */

struct io *io_new(const struct io_opts *o, struct err *e)
{
	struct io *io = xalloc(sizeof(*io));

	io->env = o->env ? o->env : env_real();
	io->now = env_mono_us(io->env);
	io->stall_us = o->stall_us ? o->stall_us : 20 * IO_MS;
	io->thread = pthread_self();
	io->ready_last = &io->ready;
	io->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (io->epoll < 0) {
		err_set(e, RC_INTERNAL, "epoll_create1: %s", strerror(errno));
		free(io);
		return NULL;
	}
	io->coros = coro_pool_new(o->stack ? o->stack : STACK_DEFAULT);
	io->helpers = helpers_new(o->helpers ? o->helpers : 4);
	posts_open(io);
	return io;
}

void io_free(struct io *io)
{
	if (!io)
		return;
	/* Helpers first: their last deed may be a post. */
	helpers_free(io->helpers);
	posts_run(io);
	posts_close(io);
	CHECK(io->n_tasks == 0);
	close(io->epoll);
	coro_pool_free(io->coros);
	heap_release(&io->timers);
	free(io->fds);
	free(io);
}

void io_quit(struct io *io)
{
	io->quit = true;
}

int64_t io_now(struct io *io)
{
	return io->now;
}

const struct env *io_env(struct io *io)
{
	return io->env;
}

size_t io_tasks(struct io *io)
{
	return io->n_tasks;
}

void io_trim(struct io *io)
{
	if (io->running)
		coro_trim(io->running->coro);
}

/* The watchdog: the coarse clock costs a few nanoseconds and steps every 4 ms, fine enough for a limit of 20. */

int64_t stall_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (int64_t)t.tv_sec * IO_SECOND + t.tv_nsec / 1000;
}

void stall_check(struct io *io, int64_t since, const char *name)
{
	int64_t now = stall_clock();

	if (now - since <= io->stall_us || now - io->stall_told_us < IO_SECOND)
		return;
	io->stall_told_us = now;
	log_line(LOG_WARN, NULL, "the loop was held task=%s ms=%lld", name, (long long)((now - since) / IO_MS));
}

/* The turning */

static void push_ready(struct io *io, struct task *t)
{
	t->state = TASK_READY;
	t->next = NULL;
	*io->ready_last = t;
	io->ready_last = &t->next;
}

static void ended(struct io *io, struct task *t)
{
	coro_free(io->coros, t->coro);
	t->coro = NULL;
	io->n_tasks--;
	if (t->detached)
		free(t);
	else if (t->joiner)
		task_wake(t->joiner, RC_OK);
}

static void task_main(void *arg)
{
	struct task *t = arg;

	t->fn(t->arg);
	CHECK(!t->hook); /* its context is likely dead: whoever put it on takes it off */
	t->state = TASK_DONE;
	coro_end(t->coro);
}

/* One round: what became ready before it began. */
static void run_ready(struct io *io)
{
	struct task *t = io->ready, *next;
	int64_t since = stall_clock();

	io->ready = NULL;
	io->ready_last = &io->ready;
	for (; t; t = next) {
		next = t->next;
		if (!t->coro)
			t->coro = coro_new(io->coros, task_main, t);
		t->state = TASK_RUNNING;
		io->running = t;
		coro_enter(t->coro);
		io->running = NULL;
		stall_check(io, since, t->name);
		since = stall_clock();
		if (t->state == TASK_DONE)
			ended(io, t);
	}
}

void io_run(struct io *io)
{
	CHECK(pthread_equal(io->thread, pthread_self()));
	io->now = env_mono_us(io->env);
	for (;;) {
		int64_t since;

		for (int i = 0; i < ROUNDS && io->ready; i++)
			run_ready(io);
		if (io->quit && io->n_tasks == 0)
			return;
		fds_poll(io, io->ready ? 0 : heap_wait_ms(&io->timers, io->now));
		since = stall_clock();
		heap_run(&io->timers, io->now);
		stall_check(io, since, "timer");
	}
}

/* Parking */

static void deadline_passed(void *ctx)
{
	task_wake(ctx, RC_TIMEOUT);
}

void task_wake(struct task *t, enum rc why)
{
	if (t->state != TASK_PARKED)
		return;
	t->why = why;
	push_ready(t->io, t);
}

void task_stopped(struct task *t)
{
	task_wake(t, RC_STOPPED);
}

static void leave(struct task *t)
{
	int saved = errno;

	coro_leave(t->coro);
	errno = saved;
}

enum rc task_park(struct io *io, int64_t deadline, struct stop *s)
{
	struct task *t = io->running;

	CHECK(t && io->foreign == 0);
	/* The hook may find that the peer is gone and set the very stop that this wait carries. */
	if (t->hook)
		t->hook(t->hook_ctx);
	if (stop_why(s) != STOP_NO)
		return RC_STOPPED;
	if (s) {
		CHECK(!s->waiter);
		s->waiter = t;
	}
	if (deadline != IO_FOREVER)
		io_timer_set(io, &t->deadline, deadline, deadline_passed, t);
	t->state = TASK_PARKED;
	leave(t);
	io_timer_off(io, &t->deadline);
	if (s)
		s->waiter = NULL;
	return t->why;
}

void io_before_park(struct io *io, void (*fn)(void *ctx), void *ctx)
{
	CHECK(io->running);
	io->running->hook = fn;
	io->running->hook_ctx = ctx;
}

void io_foreign_begin(struct io *io)
{
	io->foreign++;
}

void io_foreign_end(struct io *io)
{
	io->foreign--;
}

/* Tasks, sleeping, events, timers */

static struct task *task_new(struct io *io, const char *name, void (*fn)(void *arg), void *arg)
{
	struct task *t = xalloc(sizeof(*t));

	t->io = io;
	t->name = name;
	t->fn = fn;
	t->arg = arg;
	io->n_tasks++;
	push_ready(io, t);
	return t;
}

struct task *io_go(struct io *io, const char *name, void (*fn)(void *arg), void *arg)
{
	return task_new(io, name, fn, arg);
}

void io_spawn(struct io *io, const char *name, void (*fn)(void *arg), void *arg)
{
	task_new(io, name, fn, arg)->detached = true;
}

void io_join(struct task *t)
{
	CHECK(!t->detached && !t->joiner);
	while (t->state != TASK_DONE) {
		t->joiner = t->io->running;
		task_park(t->io, IO_FOREVER, NULL);
	}
	free(t);
}

enum rc io_sleep(struct io *io, int64_t us, struct stop *s)
{
	struct task *t = io->running;
	enum rc rc;

	if (us > 0) {
		rc = task_park(io, io_in(io, us), s);
		return rc == RC_TIMEOUT ? RC_OK : rc;
	}
	CHECK(t && io->foreign == 0);
	if (t->hook)
		t->hook(t->hook_ctx);
	if (stop_why(s) != STOP_NO)
		return RC_STOPPED;
	push_ready(io, t);
	leave(t);
	return RC_OK;
}

enum rc io_event_wait(struct io *io, struct io_event *ev, int64_t deadline, struct stop *s)
{
	enum rc rc;

	if (stop_why(s) != STOP_NO)
		return RC_STOPPED;
	if (!ev->set) {
		CHECK(!ev->waiter);
		ev->waiter = io->running;
		rc = task_park(io, deadline, s);
		ev->waiter = NULL;
		/* Set in the same turn as the deadline passed: it counts. */
		if (!ev->set || rc == RC_STOPPED)
			return rc;
	}
	ev->set = false;
	return RC_OK;
}

void io_event_set(struct io *io UNUSED, struct io_event *ev)
{
	ev->set = true;
	if (ev->waiter)
		task_wake(ev->waiter, RC_OK);
}

void io_timer_set(struct io *io, struct io_timer *t, int64_t at, void (*fn)(void *ctx), void *ctx)
{
	t->fn = fn;
	t->ctx = ctx;
	t->at = at;
	heap_set(&io->timers, t);
}

void io_timer_off(struct io *io, struct io_timer *t)
{
	heap_off(&io->timers, t);
}
