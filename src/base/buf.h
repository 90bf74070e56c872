/* SPDX-License-Identifier: MIT */
/*
 * A growing byte string with a maximum it is born with. p is never NULL after the first add and always has a NUL after n bytes; it may hold NULs.
 *
 * Going over the maximum is sticky: the add that would is dropped whole, over becomes true, and all later adds are dropped too. So writers add
 * straight on and look once, at the end, with buf_ok(). buf_clear() takes the stickiness away.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"

struct buf {
	char *p;
	size_t n;   /* bytes held */
	size_t cap; /* bytes allocated, NUL included */
	size_t max; /* n never passes this */
	bool over;
};

#define BUF_INIT(maximum) ((struct buf){.max = (maximum)})

void buf_init(struct buf *b, size_t max); /* allocates nothing */
void buf_release(struct buf *b);          /* back to BUF_INIT(max) */
void buf_clear(struct buf *b);            /* empty, keeps its memory, not over any more */

void buf_add(struct buf *b, struct slice s);
void buf_addmem(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addch(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
/* Decimal, without printf: for hot paths. */
void buf_addi(struct buf *b, int64_t v);
/* Room for n more bytes at the returned place, to be counted with buf_added(); NULL (and over) past the maximum. */
char *buf_room(struct buf *b, size_t n) MUSTCHECK;
void buf_added(struct buf *b, size_t n);
/* Drops the first n bytes (moves the rest down). */
void buf_drop(struct buf *b, size_t n);
/* Cuts to n bytes. */
void buf_cut(struct buf *b, size_t n);

static inline bool buf_ok(const struct buf *b)
{
	return !b->over;
}

/* A view, good until the next change. */
static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){b->p ? b->p : "", b->n};
}

#endif
