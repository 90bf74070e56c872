/* SPDX-License-Identifier: MIT */
/*
 * The same header with a thread a task. A baton, one mutex, is held by whoever runs and laid down in every wait: so nothing else of this loop runs
 * between two waits, as with coroutines. What hides a blocking call, or shares memory with a helper thread, shows here under ThreadSanitizer.
 * The thread of io_run runs the callbacks: timers, watches, posts.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "io/heap.h"
#include "io/helpers.h"
#include "io/inner.h"

#define STACK (256 * 1024)
#define WAIT_MAX 16     /* descriptors of one io_wait */
#define YIELD_US 50     /* a mutex is not fair: whoever yields must stay away long enough for another to take it */

struct task {
	struct io *io;
	void (*fn)(void *arg);
	void *arg;
	pthread_t thread;
	pthread_cond_t woken_cond;
	int wake_fd;            /* made at the first wait for descriptors; -1 */
	bool detached, parked, polling, woken, done;
	enum rc why;
	struct task *joiner;
	void (*hook)(void *ctx);
	void *hook_ctx;
};

struct post {
	void (*fn)(void *arg);
	void *arg;
	struct post *next;
};

struct io {
	const struct env *env;
	pthread_mutex_t baton;
	pthread_t thread;
	int wake_fd; /* of the callbacks' thread */
	bool quit;
	unsigned foreign;
	size_t n_tasks;
	struct heap timers;
	struct io_watch **watches;
	size_t n_watches, cap_watches;
	unsigned watches_age; /* counts changes */
	struct helpers *helpers;
	pthread_mutex_t post_lock;
	struct post *posts, **posts_last;
};

static _Thread_local struct task *current;

static void ring(int fd)
{
	uint64_t one = 1;

	CHECK(write(fd, &one, sizeof(one)) == sizeof(one) || errno == EAGAIN);
}

static void unring(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		CHECK(errno == EAGAIN || errno == EINTR);
}

static void take_baton(struct io *io)
{
	CHECK(pthread_mutex_lock(&io->baton) == 0);
}

static void lay_baton(struct io *io)
{
	CHECK(pthread_mutex_unlock(&io->baton) == 0);
}

static struct timespec span(int64_t us)
{
	return (struct timespec){.tv_sec = us / IO_SECOND, .tv_nsec = us % IO_SECOND * 1000};
}

/* Life cycle. The thread that makes the io holds the baton until io_run, and after it. */

struct io *io_new(const struct io_opts *o, struct err *e)
{
	struct io *io = xalloc(sizeof(*io));

	io->env = o->env ? o->env : env_real();
	io->thread = pthread_self();
	io->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (io->wake_fd < 0) {
		err_set(e, RC_INTERNAL, "eventfd: %s", strerror(errno));
		free(io);
		return NULL;
	}
	pthread_mutex_init(&io->baton, NULL);
	pthread_mutex_init(&io->post_lock, NULL);
	io->posts_last = &io->posts;
	io->helpers = helpers_new(o->helpers ? o->helpers : 4);
	take_baton(io);
	return io;
}

static void posts_run(struct io *io)
{
	struct post *p, *next;

	pthread_mutex_lock(&io->post_lock);
	p = io->posts;
	io->posts = NULL;
	io->posts_last = &io->posts;
	pthread_mutex_unlock(&io->post_lock);
	for (; p; p = next) {
		next = p->next;
		p->fn(p->arg);
		free(p);
	}
}

void io_free(struct io *io)
{
	if (!io)
		return;
	lay_baton(io);
	helpers_free(io->helpers);
	take_baton(io);
	posts_run(io);
	CHECK(io->n_tasks == 0);
	lay_baton(io);
	pthread_mutex_destroy(&io->baton);
	pthread_mutex_destroy(&io->post_lock);
	close(io->wake_fd);
	heap_release(&io->timers);
	free(io->watches);
	free(io);
}

void io_quit(struct io *io)
{
	io->quit = true;
	ring(io->wake_fd);
}

int64_t io_now(struct io *io)
{
	return env_mono_us(io->env);
}

const struct env *io_env(struct io *io)
{
	return io->env;
}

size_t io_tasks(struct io *io)
{
	return io->n_tasks;
}

/* The callbacks' thread */

static struct pollfd *poll_set(struct io *io)
{
	struct pollfd *p = xalloc((io->n_watches + 1) * sizeof(*p));

	p[0] = (struct pollfd){.fd = io->wake_fd, .events = POLLIN};
	for (size_t i = 0; i < io->n_watches; i++)
		p[i + 1] = (struct pollfd){.fd = io->watches[i]->fd, .events = io->watches[i]->events};
	return p;
}

static void turn(struct io *io)
{
	struct pollfd *p = poll_set(io);
	size_t n = io->n_watches;
	unsigned age = io->watches_age;
	int ms = heap_wait_ms(&io->timers, io_now(io));

	lay_baton(io);
	poll(p, n + 1, ms);
	unring(io->wake_fd);
	take_baton(io);
	posts_run(io);
	/* After any change the array is another: level-triggered as poll is, the rest is seen again in the next turn. */
	for (size_t i = 0; i < n && age == io->watches_age; i++)
		if (p[i + 1].revents)
			io->watches[i]->fn(io->watches[i]->ctx, p[i + 1].revents);
	heap_run(&io->timers, io_now(io));
	free(p);
}

void io_run(struct io *io)
{
	CHECK(pthread_equal(io->thread, pthread_self()));
	while (!io->quit || io->n_tasks > 0)
		turn(io);
}

/* Parking */

static void wake(struct task *t, enum rc why)
{
	if (!t->parked || t->woken)
		return;
	t->woken = true;
	t->why = why;
	if (t->polling)
		ring(t->wake_fd);
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
	lay_baton(t->io);
	ppoll(p, n + 1, left, NULL);
	take_baton(t->io);
	t->polling = false;
	unring(t->wake_fd);
	for (size_t i = 0; i < n; i++)
		fds[i].revents = p[i].revents;
	if (!t->woken)
		t->why = any_revents(fds, n) ? RC_OK : RC_TIMEOUT;
	/* A signal, or a clock that is not the machine's: go on waiting. */
	if (t->why == RC_TIMEOUT && !t->woken && io_now(t->io) >= deadline)
		t->woken = true;
	else if (t->why == RC_OK)
		t->woken = true;
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

void io_forget(struct io *io UNUSED, int fd UNUSED)
{
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
	take_baton(io);
	t->fn(t->arg);
	CHECK(!t->hook);
	t->done = true;
	io->n_tasks--;
	if (t->joiner)
		wake(t->joiner, RC_OK);
	if (io->n_tasks == 0)
		ring(io->wake_fd);
	/* Last: with no task left io_run returns, and io_free may follow. */
	if (detached)
		task_free(t);
	lay_baton(io);
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
	take_baton(io);
	o->done = true;
	wake(o->task, RC_OK);
	lay_baton(io);
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

void io_post(struct io *io, void (*fn)(void *arg), void *arg)
{
	struct post *p = xalloc(sizeof(*p));

	*p = (struct post){.fn = fn, .arg = arg};
	pthread_mutex_lock(&io->post_lock);
	*io->posts_last = p;
	io->posts_last = &p->next;
	ring(io->wake_fd);
	pthread_mutex_unlock(&io->post_lock);
}

/* Timers and watches */

void io_timer_set(struct io *io, struct io_timer *t, int64_t at, void (*fn)(void *ctx), void *ctx)
{
	t->fn = fn;
	t->ctx = ctx;
	t->at = at;
	heap_set(&io->timers, t);
	if (heap_first(&io->timers) == t)
		ring(io->wake_fd);
}

void io_timer_off(struct io *io, struct io_timer *t)
{
	heap_off(&io->timers, t);
}

void io_watch_set(struct io *io, struct io_watch *w, int fd, short events, void (*fn)(void *ctx, short revents), void *ctx)
{
	io_watch_off(io, w);
	if (!events)
		return;
	*w = (struct io_watch){.fn = fn, .ctx = ctx, .fd = fd, .events = events};
	if (io->n_watches == io->cap_watches) {
		io->cap_watches = io->cap_watches ? io->cap_watches * 2 : 16;
		io->watches = xrealloc(io->watches, io->cap_watches * sizeof(*io->watches));
	}
	io->watches[io->n_watches++] = w;
	io->watches_age++;
	ring(io->wake_fd);
}

void io_watch_off(struct io *io, struct io_watch *w)
{
	if (!w->events)
		return;
	w->events = 0;
	for (size_t i = 0; i < io->n_watches; i++)
		if (io->watches[i] == w)
			io->watches[i] = io->watches[--io->n_watches];
	io->watches_age++;
	ring(io->wake_fd);
}
