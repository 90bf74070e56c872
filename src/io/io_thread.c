/* SPDX-License-Identifier: MIT */
/*
 * The same header with a thread a task. A baton, one mutex, is held by whoever runs and laid down in every wait: so nothing else of this loop runs
 * between two waits, as with coroutines. What hides a blocking call, or shares memory with a helper thread, shows here under ThreadSanitizer.
 * The thread of io_run runs the callbacks: timers, watches, posts.
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "io/loop_thread.h"

void bell_ring(int fd)
{
	uint64_t one = 1;

	CHECK(write(fd, &one, sizeof(one)) == sizeof(one) || errno == EAGAIN);
}

void bell_hush(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		CHECK(errno == EAGAIN || errno == EINTR);
}

void baton_take(struct io *io)
{
	CHECK(pthread_mutex_lock(&io->baton) == 0);
}

void baton_lay(struct io *io)
{
	CHECK(pthread_mutex_unlock(&io->baton) == 0);
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
	baton_take(io);
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
	baton_lay(io);
	helpers_free(io->helpers);
	baton_take(io);
	posts_run(io);
	CHECK(io->n_tasks == 0);
	baton_lay(io);
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
	bell_ring(io->wake_fd);
}

int64_t io_now(struct io *io)
{
	return env_mono_us(io->env);
}

const struct env *io_env(struct io *io)
{
	return io->env;
}

void io_trim(struct io *io UNUSED)
{
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

	baton_lay(io);
	poll(p, n + 1, ms);
	bell_hush(io->wake_fd);
	baton_take(io);
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

void io_post(struct io *io, void (*fn)(void *arg), void *arg)
{
	struct post *p = xalloc(sizeof(*p));

	*p = (struct post){.fn = fn, .arg = arg};
	pthread_mutex_lock(&io->post_lock);
	*io->posts_last = p;
	io->posts_last = &p->next;
	bell_ring(io->wake_fd);
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
		bell_ring(io->wake_fd);
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
	bell_ring(io->wake_fd);
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
	bell_ring(io->wake_fd);
}

void io_forget(struct io *io, int fd)
{
	for (size_t i = 0; i < io->n_watches; i++)
		if (io->watches[i]->fd == fd) {
			io_watch_off(io, io->watches[i]);
			return;
		}
}
