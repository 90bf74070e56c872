/* SPDX-License-Identifier: MIT */
/*
 * The thread seam's insides: io_thread.c runs callbacks, task_thread.c tasks and their waits. See io_thread.c for the idea.
 */
#ifndef IO_LOOP_THREAD_H
#define IO_LOOP_THREAD_H

#include <pthread.h>

#include "io/heap.h"
#include "io/helpers.h"
#include "io/inner.h"

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

void baton_take(struct io *io);
void baton_lay(struct io *io);
/* An eventfd's bell. */
void bell_ring(int fd);
void bell_hush(int fd);

#endif
