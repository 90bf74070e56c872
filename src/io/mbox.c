/* SPDX-License-Identifier: MIT */
#include "io/mbox.h"

/* A ring of places + reserved letters. The reserve is safe because every place beyond `places` can only be taken by a last letter. */
struct mbox {
	struct io *io;
	struct io_event ready;
	char *ring;
	size_t size, total;
	size_t first, n;               /* letters held: n from first on */
	size_t places, held_plain;     /* how many of those may be lost */
	size_t reserved, last_used;
	bool *is_last;
};

struct mbox *mbox_new(struct arena *a, struct io *io, size_t size, size_t places, size_t reserved)
{
	struct mbox *m = arena_new_of(a, struct mbox);

	m->io = io;
	m->size = size;
	m->places = places;
	m->reserved = reserved;
	m->total = places + reserved;
	m->ring = arena_alloc(a, size * m->total);
	m->is_last = arena_alloc(a, m->total * sizeof(bool));
	return m;
}

static void append(struct mbox *m, const void *letter, bool last)
{
	size_t at = (m->first + m->n) % m->total;

	memcpy(m->ring + at * m->size, letter, m->size);
	m->is_last[at] = last;
	m->n++;
	io_event_set(m->io, &m->ready);
}

bool mbox_put(struct mbox *m, const void *letter)
{
	if (m->held_plain == m->places)
		return false;
	m->held_plain++;
	append(m, letter, false);
	return true;
}

void mbox_put_last(struct mbox *m, const void *letter)
{
	CHECK(m->last_used < m->reserved);
	m->last_used++;
	append(m, letter, true);
}

enum rc mbox_take(struct mbox *m, void *letter, int64_t deadline, struct stop *s)
{
	/* An event that was set for a letter already taken ends a wait with an empty box: hence a loop. */
	while (m->n == 0) {
		enum rc rc = io_event_wait(m->io, &m->ready, deadline, s);

		if (rc != RC_OK)
			return rc;
	}
	memcpy(letter, m->ring + m->first * m->size, m->size);
	if (!m->is_last[m->first])
		m->held_plain--;
	m->first = (m->first + 1) % m->total;
	m->n--;
	return RC_OK;
}
