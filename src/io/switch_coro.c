/* SPDX-License-Identifier: MIT */
#include "io/switch_coro.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define HAVE_VALGRIND 1
#endif
#endif
#ifndef HAVE_VALGRIND
#define VALGRIND_STACK_REGISTER(low, high) 0
#define VALGRIND_STACK_DEREGISTER(id) ((void)(id))
#endif

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif

#define IDLE_MAX 256 /* stacks kept for reuse, of 8 to 12 KB of touched pages each */

/* Lies at the upper end of its own mapping: guard page, stack, coro. */
struct coro {
	ucontext_t here, loop;
	void (*fn)(void *arg);
	void *arg;
	char *map;
	size_t map_size;
	unsigned valgrind_id;
	/* AddressSanitizer's view of both stacks. */
	void *fake, *loop_fake;
	const void *loop_low;
	size_t loop_size;
	struct coro *next;
};

struct coro_pool {
	size_t stack, page;
	struct coro *idle;
	size_t n_idle;
};

#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define switch_begin(fake, low, size) __sanitizer_start_switch_fiber(fake, low, size)
#define switch_done(fake, low, size) __sanitizer_finish_switch_fiber(fake, low, size)
#define stack_fresh(low, size) __asan_unpoison_memory_region(low, size)
#else
#define switch_begin(fake, low, size) ((void)0)
#define switch_done(fake, low, size) ((void)0)
#define stack_fresh(low, size) ((void)0)
#endif

struct coro_pool *coro_pool_new(size_t stack)
{
	struct coro_pool *p = xalloc(sizeof(*p));

	p->page = (size_t)sysconf(_SC_PAGESIZE);
	p->stack = (stack + p->page - 1) / p->page * p->page;
	return p;
}

static void unmap(struct coro *c)
{
	VALGRIND_STACK_DEREGISTER(c->valgrind_id);
	munmap(c->map, c->map_size);
}

void coro_pool_free(struct coro_pool *p)
{
	struct coro *next;

	if (!p)
		return;
	for (struct coro *c = p->idle; c; c = next) {
		next = c->next;
		unmap(c);
	}
	free(p);
}

static struct coro *map_new(const struct coro_pool *p)
{
	size_t size = p->page + p->stack;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	struct coro *c;

	if (map == MAP_FAILED || mprotect(map, p->page, PROT_NONE) != 0)
		out_of_memory();
	c = (struct coro *)(void *)(map + size - (sizeof(*c) + 63) / 64 * 64);
	c->map = map;
	c->map_size = size;
	c->valgrind_id = VALGRIND_STACK_REGISTER(map + p->page, c);
	return c;
}

/* makecontext passes ints only. */
static void begin(unsigned high, unsigned low)
{
	struct coro *c = (struct coro *)(uintptr_t)((uint64_t)high << 32 | low);

	switch_done(NULL, &c->loop_low, &c->loop_size);
	c->fn(c->arg);
	coro_end(c);
}

/* By itself, for the compiler's sake: getcontext may return twice, and then locals count as clobbered. */
__attribute__((noinline)) static void context_fresh(ucontext_t *u)
{
	getcontext(u);
}

struct coro *coro_new(struct coro_pool *p, void (*fn)(void *arg), void *arg)
{
	struct coro *c = p->idle;
	uint64_t self;

	if (c) {
		p->idle = c->next;
		p->n_idle--;
	} else {
		c = map_new(p);
	}
	c->fn = fn;
	c->arg = arg;
	c->fake = NULL;
	context_fresh(&c->here);
	c->here.uc_link = NULL;
	c->here.uc_stack.ss_sp = c->map + p->page;
	c->here.uc_stack.ss_size = (size_t)((char *)c - (c->map + p->page));
	stack_fresh(c->here.uc_stack.ss_sp, c->here.uc_stack.ss_size);
	self = (uint64_t)(uintptr_t)c;
	makecontext(&c->here, (void (*)(void))begin, 2, (unsigned)(self >> 32), (unsigned)self);
	return c;
}

void coro_free(struct coro_pool *p, struct coro *c)
{
	if (p->n_idle == IDLE_MAX) {
		unmap(c);
		return;
	}
	c->next = p->idle;
	p->idle = c;
	p->n_idle++;
}

void coro_enter(struct coro *c)
{
	switch_begin(&c->loop_fake, c->here.uc_stack.ss_sp, c->here.uc_stack.ss_size);
	swapcontext(&c->loop, &c->here);
	switch_done(c->loop_fake, NULL, NULL);
}

void coro_leave(struct coro *c)
{
	switch_begin(&c->fake, c->loop_low, c->loop_size);
	swapcontext(&c->here, &c->loop);
	switch_done(c->fake, &c->loop_low, &c->loop_size);
}

#define TRIM_ROOM 1024 /* beneath this frame: the call of madvise itself, and a red zone */

/* In a frame of its own, or "here" could be higher up in the caller's. */
__attribute__((noinline)) void coro_trim(struct coro *c)
{
#ifndef HAVE_ASAN /* its shadow knows this memory */
	char *low = c->here.uc_stack.ss_sp, *here = __builtin_frame_address(0);
	size_t page = (size_t)sysconf(_SC_PAGESIZE), unused = (size_t)(here - low);

	unused = unused > TRIM_ROOM ? (unused - TRIM_ROOM) / page * page : 0;
	if (unused)
		(void)madvise(low, unused, MADV_DONTNEED);
#else
	(void)c;
#endif
}

void coro_end(struct coro *c)
{
	/* A NULL for the fake stack: this one is never entered again. */
	switch_begin(NULL, c->loop_low, c->loop_size);
	setcontext(&c->loop);
	abort();
}
