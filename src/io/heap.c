/* SPDX-License-Identifier: MIT */
#include "io/heap.h"

void heap_release(struct heap *h)
{
	free(h->at);
	*h = (struct heap){0};
}

static void put(struct heap *h, size_t place, struct io_timer *t)
{
	h->at[place] = t;
	t->place = place;
}

/* Finds t's place from the hole at place: up while it is earlier than its parent, else down while a child is earlier. */
static void settle(struct heap *h, size_t place, struct io_timer *t)
{
	while (place > 1 && t->at < h->at[place / 2]->at) {
		put(h, place, h->at[place / 2]);
		place /= 2;
	}
	for (size_t child; (child = place * 2) <= h->n; place = child) {
		if (child < h->n && h->at[child + 1]->at < h->at[child]->at)
			child++;
		if (h->at[child]->at >= t->at)
			break;
		put(h, place, h->at[child]);
	}
	put(h, place, t);
}

void heap_set(struct heap *h, struct io_timer *t)
{
	if (t->place == 0) {
		if (h->n + 2 > h->cap) {
			h->cap = h->cap ? h->cap * 2 : 64;
			h->at = xrealloc(h->at, h->cap * sizeof(struct io_timer *));
		}
		t->place = ++h->n;
	}
	CHECK(t->place <= h->n);
	settle(h, t->place, t);
}

void heap_off(struct heap *h, struct io_timer *t)
{
	size_t place = t->place;
	struct io_timer *last;

	if (place == 0)
		return;
	CHECK(place <= h->n && h->at[place] == t);
	t->place = 0;
	last = h->at[h->n--];
	if (last != t)
		settle(h, place, last);
}

int heap_wait_ms(const struct heap *h, int64_t now)
{
	int64_t us, day_us = (int64_t)24 * 3600 * IO_SECOND;

	if (h->n == 0)
		return -1;
	us = h->at[1]->at <= now ? 0 : h->at[1]->at - now;
	return (int)(((us < day_us ? us : day_us) + IO_MS - 1) / IO_MS);
}

void heap_run(struct heap *h, int64_t now)
{
	/* Bounded by what is there: a timer that sets itself for now again cannot hold the loop. */
	for (size_t n = h->n; n > 0; n--) {
		struct io_timer *t = heap_first(h);

		if (!t || t->at > now)
			return;
		heap_off(h, t);
		t->fn(t->ctx);
	}
}
