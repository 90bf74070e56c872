/* SPDX-License-Identifier: MIT */
/*
 * The timers of one loop, the earliest first: a binary heap of pointers to timers that others own. A timer knows its place, so moving and taking out
 * need no search.
 */
#ifndef IO_HEAP_H
#define IO_HEAP_H

#include "io/io.h"

struct heap {
	struct io_timer **at; /* at[0] is unused: place 0 means off */
	size_t n, cap;
};

void heap_release(struct heap *h);
/* Puts t in, or moves it, to where t->at belongs. */
void heap_set(struct heap *h, struct io_timer *t);
void heap_off(struct heap *h, struct io_timer *t);
/* The earliest, or NULL. */
static inline struct io_timer *heap_first(const struct heap *h)
{
	return h->n ? h->at[1] : NULL;
}
/* Milliseconds for poll until the earliest is due, rounded up (a poll that ends early would spin); -1: no timer. */
int heap_wait_ms(const struct heap *h, int64_t now);
/* Takes out and calls what is due at now; what they set for now or earlier waits for the next time. */
void heap_run(struct heap *h, int64_t now);

#endif
