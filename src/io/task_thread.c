/* SPDX-License-Identifier: MIT */
/*
 * Tasks as threads: parking is laying the baton down in a ppoll or on a condition.
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "io/loop_thread.h"

#define STACK (256 * 1024)
#define WAIT_MAX 16 /* descriptors of one io_wait */
#define YIELD_US 50 /* a mutex is not fair: whoever yields must stay away long enough for another to take it */

static _Thread_local struct task *current;

static struct timespec span(int64_t us)
{
	return (struct timespec){.tv_sec = us / IO_SECOND, .tv_nsec = us % IO_SECOND * 1000};
}

/* Parking */

static void wake(struct task *t, enum rc why)
{
	if (!t->parked || t->woken)
		return;
	t->woken = true;
	t->why = why;
	if (t->polling)
		bell_ring(t->wake_fd);
	else
		pthread_cond_signal(&t->woken_cond);
}

void task_stopped(struct task *t)
{
	wake(t, RC_STOPPED);
}

static bool any_revents(const struct pollfd *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].revents)
			return true;
	return false;
}

static void park_polling(struct task *t, struct pollfd *fds, size_t n, int64_t deadline)
{
	struct pollfd p[WAIT_MAX + 1];
	struct timespec ts, *left = NULL;
	int64_t us = deadline - io_now(t->io);

	CHECK(n <= WAIT_MAX);
	if (t->wake_fd < 0)
		t->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	CHECK(t->wake_fd >= 0);
	memcpy(p, fds, n * sizeof(*p));
	p[n] = (struct pollfd){.fd = t->wake_fd, .events = POLLIN};
	if (deadline != IO_FOREVER) {
		ts = span(us > 0 ? us : 0);
		left = &ts;
	}
	t->polling = true;
	baton_lay(t->io);
	ppoll(p, n + 1, left, NULL);
	baton_take(t->io);
	t->polling = false;
	bell_hush(t->wake_fd);
	for (size_t i = 0; i < n; i++)
		fds[i].revents = p[i].revents;
	if (t->woken)
		return;
	/* Else it was a signal, or a clock that is not the machine's: park goes on waiting. */
	if (any_revents(fds, n)) {
		t->woken = true;
		t->why = RC_OK;
	} else if (io_now(t->io) >= deadline) {
		t->woken = true;
		t->why = RC_TIMEOUT;
	}
}

static void park_quietly(struct task *t, int64_t deadline)
{
	struct timespec at, left;
	int64_t us = deadline - io_now(t->io);

	if (deadline == IO_FOREVER) {
		pthread_cond_wait(&t->woken_cond, &t->io->baton);
		return;
	}
	if (us <= 0) {
		t->woken = true;
		t->why = RC_TIMEOUT;
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &at);
	left = span(us);
	at.tv_sec += left.tv_sec + (at.tv_nsec + left.tv_nsec) / 1000000000;
	at.tv_nsec = (at.tv_nsec + left.tv_nsec) % 1000000000;
	pthread_cond_timedwait(&t->woken_cond, &t->io->baton, &at);
}

static enum rc park(struct io *io, struct pollfd *fds, size_t n, int64_t deadline, struct stop *s)
{
	struct task *t = current;
	int saved = errno;

	CHECK(t && io->foreign == 0);
	if (t->hook)
		t->hook(t->hook_ctx);
	if (stop_why(s) != STOP_NO)
		return RC_STOPPED;
	if (s) {
		CHECK(!s->waiter);
		s->waiter = t;
	}
	t->parked = true;
	t->woken = false;
	while (!t->woken) {
		if (n > 0)
			park_polling(t, fds, n, deadline);
		else
			park_quietly(t, deadline);
	}
	t->parked = false;
	if (s)
		s->waiter = NULL;
	errno = saved;
	return t->why;
}

enum rc io_wait(struct io *io, struct pollfd *fds, size_t n, int64_t deadline, struct stop *s)
{
	for (size_t i = 0; i < n; i++)
		fds[i].revents = 0;
	return park(io, fds, n, deadline, s);
}

enum rc io_sleep(struct io *io, int64_t us, struct stop *s)
{
	enum rc rc = park(io, NULL, 0, io_in(io, us > 0 ? us : YIELD_US), s);

	return rc == RC_TIMEOUT ? RC_OK : rc;
}

enum rc io_event_wait(struct io *io, struct io_event *ev, int64_t deadline, struct stop *s)
{
	enum rc rc;

	if (stop_why(s) != STOP_NO)
		return RC_STOPPED;
	if (!ev->set) {
		CHECK(!ev->waiter);
		ev->waiter = current;
		rc = park(io, NULL, 0, deadline, s);
		ev->waiter = NULL;
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
		wake(ev->waiter, RC_OK);
}

void io_before_park(struct io *io UNUSED, void (*fn)(void *ctx), void *ctx)
{
	CHECK(current);
	current->hook = fn;
	current->hook_ctx = ctx;
}

void io_foreign_begin(struct io *io)
{
	io->foreign++;
}

void io_foreign_end(struct io *io)
{
	io->foreign--;
}

/* Tasks */

static void task_free(struct task *t)
{
	pthread_cond_destroy(&t->woken_cond);
	if (t->wake_fd >= 0)
		close(t->wake_fd);
	free(t);
}

static void *task_main(void *arg)
{
	struct task *t = arg;
	struct io *io = t->io;
	bool detached = t->detached;

	current = t;
	baton_take(io);
	t->fn(t->arg);
	CHECK(!t->hook);
	t->done = true;
	io->n_tasks--;
	if (t->joiner)
		wake(t->joiner, RC_OK);
	if (io->n_tasks == 0)
		bell_ring(io->wake_fd);
	/* Last: with no task left io_run returns, and io_free may follow. */
	if (detached)
		task_free(t);
	baton_lay(io);
	return NULL;
}

static struct task *task_new(struct io *io, void (*fn)(void *arg), void *arg, bool detached)
{
	struct task *t = xalloc(sizeof(*t));
	struct signals_kept kept;
	pthread_condattr_t monotonic;
	pthread_attr_t attr;

	*t = (struct task){.io = io, .fn = fn, .arg = arg, .wake_fd = -1, .detached = detached};
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&t->woken_cond, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	if (detached)
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	io->n_tasks++;
	/* The machine's signals are the first thread's. */
	signals_block(&kept);
	if (pthread_create(&t->thread, &attr, task_main, t) != 0)
		out_of_memory();
	signals_back(&kept);
	pthread_attr_destroy(&attr);
	return t;
}

struct task *io_go(struct io *io, const char *name UNUSED, void (*fn)(void *arg), void *arg)
{
	return task_new(io, fn, arg, false);
}

void io_spawn(struct io *io, const char *name UNUSED, void (*fn)(void *arg), void *arg)
{
	task_new(io, fn, arg, true);
}

void io_join(struct task *t)
{
	CHECK(!t->detached && !t->joiner);
	while (!t->done) {
		t->joiner = current;
		park(t->io, NULL, 0, IO_FOREVER, NULL);
	}
	/* It needs nothing of ours any more but to end. */
	pthread_join(t->thread, NULL);
	task_free(t);
}

/* Other threads */

struct offload {
	struct task *task;
	void (*fn)(void *arg);
	void *arg;
	bool done;
};

static void offload_run(void *arg)
{
	struct offload *o = arg;
	struct io *io = o->task->io;

	o->fn(o->arg);
	baton_take(io);
	o->done = true;
	wake(o->task, RC_OK);
	baton_lay(io);
}

void io_offload(struct io *io, void (*fn)(void *arg), void *arg)
{
	struct offload o = {.task = current, .fn = fn, .arg = arg};

	CHECK(current);
	helpers_run(io->helpers, offload_run, &o);
	while (!o.done)
		park(io, NULL, 0, IO_FOREVER, NULL);
}

void io_offload_detached(struct io *io, void (*fn)(void *arg), void *arg)
{
	helpers_run(io->helpers, fn, arg);
}
