/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <stdarg.h>

#define SMALLEST 64 /* bytes of a first allocation */

void buf_init(struct buf *b, size_t max)
{
	*b = BUF_INIT(max);
}

void buf_release(struct buf *b)
{
	free(b->p);
	*b = BUF_INIT(b->max);
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->over = false;
	if (b->p)
		b->p[0] = '\0';
}

static void grow(struct buf *b, size_t need)
{
	size_t cap = b->cap < SMALLEST / 2 ? SMALLEST : b->cap;

	/* Doubling, but no further than the maximum asks for; n never passes max, so this cannot overflow. */
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (cap - 1 > b->max)
		cap = b->max + 1;
	b->p = xrealloc(b->p, cap);
	b->cap = cap;
}

char *buf_room(struct buf *b, size_t n)
{
	if (b->over || n > b->max - b->n || b->n + n == SIZE_MAX) {
		b->over = true;
		return NULL;
	}
	if (b->n + n + 1 > b->cap)
		grow(b, b->n + n + 1);
	b->p[b->n] = '\0';
	return b->p + b->n;
}

void buf_added(struct buf *b, size_t n)
{
	CHECK(b->n + n < b->cap);
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_addmem(struct buf *b, const void *p, size_t n)
{
	char *to = buf_room(b, n);

	if (!to)
		return;
	if (n)
		memcpy(to, p, n);
	b->n += n;
	to[n] = '\0';
}

void buf_add(struct buf *b, struct slice s)
{
	buf_addmem(b, s.p, s.n);
}

void buf_adds(struct buf *b, const char *s)
{
	buf_addmem(b, s, strlen(s));
}

void buf_addch(struct buf *b, char c)
{
	buf_addmem(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	size_t room;
	int n;

	if (!buf_room(b, 0))
		return;
	va_start(ap, fmt);
	va_copy(again, ap);
	room = b->cap - b->n;
	n = vsnprintf(b->p + b->n, room, fmt, ap);
	va_end(ap);
	CHECK(n >= 0);
	/* Memory never goes past the maximum, so what fitted is allowed. */
	if ((size_t)n < room) {
		b->n += (size_t)n;
	} else if (buf_room(b, (size_t)n)) {
		vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	} else {
		b->p[b->n] = '\0';
	}
	va_end(again);
}

void buf_addi(struct buf *b, int64_t v)
{
	char text[20], *at = text + sizeof(text);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do {
		*--at = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (v < 0)
		*--at = '-';
	buf_addmem(b, at, (size_t)(text + sizeof(text) - at));
}

void buf_drop(struct buf *b, size_t n)
{
	CHECK(n <= b->n);
	if (n == 0)
		return;
	b->n -= n;
	memmove(b->p, b->p + n, b->n + 1);
}

void buf_cut(struct buf *b, size_t n)
{
	if (n >= b->n)
		return;
	b->n = n;
	b->p[n] = '\0';
}
