/* SPDX-License-Identifier: MIT */
/*
 * Other threads: what they post to the loop, and what the loop hands to helpers.
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "io/loop_coro.h"

static void posts_ready(void *ctx, short revents UNUSED)
{
	struct io *io = ctx;
	uint64_t count;

	if (read(io->post_fd, &count, sizeof(count)) < 0 && errno != EAGAIN && errno != EINTR)
		CHECK(!"eventfd read");
	posts_run(io);
}

void posts_open(struct io *io)
{
	pthread_mutex_init(&io->post_lock, NULL);
	io->posts_last = &io->posts;
	io->post_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	CHECK(io->post_fd >= 0);
	io_watch_set(io, &io->post_watch, io->post_fd, POLLIN, posts_ready, io);
}

void posts_run(struct io *io)
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

void posts_close(struct io *io)
{
	io_watch_off(io, &io->post_watch);
	close(io->post_fd);
	pthread_mutex_destroy(&io->post_lock);
}

void io_post(struct io *io, void (*fn)(void *arg), void *arg)
{
	struct post *p = xalloc(sizeof(*p));
	uint64_t one = 1;
	bool first;

	*p = (struct post){.fn = fn, .arg = arg};
	pthread_mutex_lock(&io->post_lock);
	first = !io->posts;
	*io->posts_last = p;
	io->posts_last = &p->next;
	/* Under the lock: whoever saw the list must not close the eventfd before this write. */
	if (first)
		CHECK(write(io->post_fd, &one, sizeof(one)) == sizeof(one));
	pthread_mutex_unlock(&io->post_lock);
}

struct offload {
	struct io *io;
	struct task *task;
	void (*fn)(void *arg);
	void *arg;
	bool done;
};

static void offload_done(void *arg)
{
	struct offload *o = arg;

	o->done = true;
	task_wake(o->task, RC_OK);
}

static void offload_run(void *arg)
{
	struct offload *o = arg;

	o->fn(o->arg);
	io_post(o->io, offload_done, o);
}

void io_offload(struct io *io, void (*fn)(void *arg), void *arg)
{
	struct offload o = {.io = io, .task = io->running, .fn = fn, .arg = arg};

	CHECK(io->running);
	helpers_run(io->helpers, offload_run, &o);
	while (!o.done)
		task_park(io, IO_FOREVER, NULL);
}

void io_offload_detached(struct io *io, void (*fn)(void *arg), void *arg)
{
	helpers_run(io->helpers, fn, arg);
}
