/* SPDX-License-Identifier: MIT */
#include "io/helpers.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define HELPER_STACK (512 * 1024) /* getaddrinfo with NSS plugins, libpq with TLS: 20 KB measured */

struct job {
	void (*fn)(void *arg);
	void *arg;
	struct job *next;
};

struct helpers {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct job *first, **last;
	pthread_t *threads;
	unsigned n, max, idle, waiting; /* waiting: jobs nobody has taken */
	bool ending;
};

void signals_block(struct signals_kept *k)
{
	sigset_t all, old;

	_Static_assert(sizeof(sigset_t) <= sizeof(k->set), "room for a sigset_t");
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	memcpy(k->set, &old, sizeof(old));
}

void signals_back(const struct signals_kept *k)
{
	sigset_t old;

	memcpy(&old, k->set, sizeof(old));
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

struct helpers *helpers_new(unsigned max)
{
	struct helpers *h = xalloc(sizeof(*h));

	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->more, NULL);
	h->last = &h->first;
	h->max = max;
	h->threads = xalloc(max * sizeof(pthread_t));
	return h;
}

static void *work(void *arg)
{
	struct helpers *h = arg;

	pthread_mutex_lock(&h->lock);
	for (;;) {
		struct job *j = h->first;

		if (!j && h->ending)
			break;
		if (!j) {
			h->idle++;
			pthread_cond_wait(&h->more, &h->lock);
			h->idle--;
			continue;
		}
		h->first = j->next;
		if (!h->first)
			h->last = &h->first;
		h->waiting--;
		pthread_mutex_unlock(&h->lock);
		j->fn(j->arg);
		free(j);
		pthread_mutex_lock(&h->lock);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

/* Called with the lock. Without any thread at all nothing would ever run: then it is fatal, as want of memory is. */
static void add_thread(struct helpers *h)
{
	struct signals_kept kept;
	pthread_attr_t attr;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, HELPER_STACK);
	signals_block(&kept);
	error = pthread_create(&h->threads[h->n], &attr, work, h);
	signals_back(&kept);
	pthread_attr_destroy(&attr);
	if (error == 0)
		h->n++;
	else
		log_line(LOG_ERROR, NULL, "cannot start a helper thread: %s", strerror(error));
	CHECK(h->n > 0);
}

void helpers_run(struct helpers *h, void (*fn)(void *arg), void *arg)
{
	struct job *j = xalloc(sizeof(*j));

	*j = (struct job){.fn = fn, .arg = arg};
	pthread_mutex_lock(&h->lock);
	CHECK(!h->ending);
	*h->last = j;
	h->last = &j->next;
	h->waiting++;
	if (h->waiting > h->idle && h->n < h->max)
		add_thread(h);
	pthread_cond_signal(&h->more);
	pthread_mutex_unlock(&h->lock);
}

void helpers_free(struct helpers *h)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->ending = true;
	pthread_cond_broadcast(&h->more);
	pthread_mutex_unlock(&h->lock);
	for (unsigned i = 0; i < h->n; i++)
		pthread_join(h->threads[i], NULL);
	pthread_cond_destroy(&h->more);
	pthread_mutex_destroy(&h->lock);
	free(h->threads);
	free(h);
}
