/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include "base/ascii.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdatomic.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_MALLOC
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(ARENA_MALLOC)
#define ARENA_MALLOC
#endif

#ifdef ARENA_MALLOC
#define FIRST_BLOCK 0
#define LAST_BLOCK 0
#else
#define FIRST_BLOCK 1024
#define LAST_BLOCK 65536
#endif
static const size_t last_block = LAST_BLOCK;
#define SLACK 65536 /* how far arena_alloc may pass the cap */
#define ALIGN _Alignof(max_align_t)

struct block {
	struct block *next;
	_Alignas(max_align_t) char bytes[];
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *ptr;
};

struct arena {
	struct arena *parent;
	struct block *blocks; /* the newest first; only the fill block has room */
	struct deferred *deferred;
	char *at, *end; /* what is left of the fill block */
	size_t cap;
	size_t next_block, filled;
	/* Atomic, because the children of one parent may live on different threads. */
	atomic_size_t used;
	atomic_size_t n_children;
};

struct arena *arena_new(size_t cap, struct arena *parent)
{
	struct arena *a = xalloc(sizeof(*a));

	a->cap = cap;
	a->parent = parent;
	a->next_block = FIRST_BLOCK;
	if (parent)
		atomic_fetch_add_explicit(&parent->n_children, 1, memory_order_relaxed);
	return a;
}

/* What took much for once gives it back to the machine: the heap by itself would keep it for good. */
#define GIVE_BACK ((size_t)4 * 1024 * 1024)

void arena_free(struct arena *a)
{
	size_t used;

	if (!a)
		return;
	CHECK(atomic_load_explicit(&a->n_children, memory_order_relaxed) == 0);
	while (a->deferred) {
		struct deferred *d = a->deferred;

		a->deferred = d->next;
		d->fn(d->ptr);
	}
	while (a->blocks) {
		struct block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	used = atomic_load_explicit(&a->used, memory_order_relaxed);
	for (struct arena *up = a->parent; up; up = up->parent)
		atomic_fetch_sub_explicit(&up->used, used, memory_order_relaxed);
	if (a->parent)
		atomic_fetch_sub_explicit(&a->parent->n_children, 1, memory_order_relaxed);
	free(a);
	if (used > GIVE_BACK)
		malloc_trim(GIVE_BACK);
}

static bool has_room(const struct arena *a, size_t n, size_t slack)
{
	size_t used = atomic_load_explicit(&a->used, memory_order_relaxed);
	size_t limit;

	if (__builtin_add_overflow(a->cap, slack, &limit))
		limit = SIZE_MAX;
	return used <= limit && n <= limit - used;
}

static void charge(struct arena *a, size_t n)
{
	for (; a; a = a->parent)
		atomic_fetch_add_explicit(&a->used, n, memory_order_relaxed);
}

bool arena_charge(struct arena *a, size_t n)
{
	for (const struct arena *up = a; up; up = up->parent)
		if (!has_room(up, n, 0))
			return false;
	charge(a, n);
	return true;
}

static struct block *block_add(struct arena *a, size_t n)
{
	struct block *b = xalloc(sizeof(*b) + n);

	b->next = a->blocks;
	a->blocks = b;
	return b;
}

/* Already charged. Blocks come zeroed and bytes are handed out once, so nothing is cleared here. */
static void *take(struct arena *a, size_t n)
{
	char *p;

	if (n > (size_t)(a->end - a->at)) {
		/* What would waste much of a block gets one of its own; the fill block stays in use. */
		if (n > a->next_block / 4)
			return block_add(a, n)->bytes;
		a->at = block_add(a, a->next_block)->bytes;
		a->end = a->at + a->next_block;
		/* In step with what there is: a long-lived arena of few bytes stays one of few and small blocks. */
		a->filled += a->next_block;
		a->next_block = FIRST_BLOCK + a->filled / 4;
		if (a->next_block > last_block)
			a->next_block = last_block;
	}
	p = a->at;
	a->at += n;
	return p;
}

static bool round_up(size_t n, size_t *out)
{
	if (__builtin_add_overflow(n ? n : 1, ALIGN - 1, out))
		return false;
	*out &= ~(ALIGN - 1);
	return true;
}

/* With a block an allocation, sizes are not rounded, so that the byte after the last is foreign ground. */
static size_t exact(size_t rounded, size_t n)
{
	return LAST_BLOCK || n == 0 ? rounded : n;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t size;

	CHECK(round_up(n, &size) && has_room(a, size, SLACK));
	charge(a, size);
	return take(a, exact(size, n));
}

void *arena_try(struct arena *a, size_t n)
{
	size_t size;

	if (!round_up(n, &size) || !arena_charge(a, size))
		return NULL;
	return take(a, exact(size, n));
}

static struct slice fill(char *p, struct slice s)
{
	if (s.n)
		memcpy(p, s.p, s.n);
	return slice_mem(p, s.n);
}

struct slice arena_dup(struct arena *a, struct slice s)
{
	CHECK(s.n < SIZE_MAX);
	return fill(arena_alloc(a, s.n + 1), s);
}

struct slice arena_try_dup(struct arena *a, struct slice s)
{
	char *p = s.n < SIZE_MAX ? arena_try(a, s.n + 1) : NULL;

	return p ? fill(p, s) : SLICE_NONE;
}

const char *arena_cstr(struct arena *a, struct slice s)
{
	return arena_dup(a, s).p;
}

struct slice arena_lower(struct arena *a, struct slice s)
{
	char *p = arena_alloc(a, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	return slice_mem(p, s.n);
}

struct slice arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	CHECK(n >= 0);
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return slice_mem(p, (size_t)n);
}

void arena_defer(struct arena *a, void (*fn)(void *), void *ptr)
{
	struct deferred *d = arena_new_of(a, struct deferred);

	*d = (struct deferred){a->deferred, fn, ptr};
	a->deferred = d;
}

size_t arena_used(const struct arena *a)
{
	return atomic_load_explicit(&a->used, memory_order_relaxed);
}
