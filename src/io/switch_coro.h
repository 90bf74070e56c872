/* SPDX-License-Identifier: MIT */
/*
 * Stacks and the switch between them. A coro is a stack with a guard page and the point where it stands. The loop enters it, it leaves back to the loop;
 * coroutines never switch to each other and never change thread. Knows nothing of tasks or waiting.
 */
#ifndef IO_SWITCH_CORO_H
#define IO_SWITCH_CORO_H

#include "base/attr.h"

struct coro;
struct coro_pool;

struct coro_pool *coro_pool_new(size_t stack) MUSTCHECK; /* bytes; rounded up to pages */
void coro_pool_free(struct coro_pool *p);                /* all of its coros were given back */

/* A stack, from the pool when one lies there, that will begin with fn(arg). fn must end with coro_end. */
struct coro *coro_new(struct coro_pool *p, void (*fn)(void *arg), void *arg) MUSTCHECK;
void coro_free(struct coro_pool *p, struct coro *c); /* after coro_end, from the loop */
void coro_enter(struct coro *c);                     /* from the loop; returns at its next coro_leave or coro_end */
void coro_leave(struct coro *c);                     /* from inside; returns at the next coro_enter */
/* From inside: gives back the pages beneath the caller's frame. */
void coro_trim(struct coro *c);
NORETURN void coro_end(struct coro *c);              /* from inside, for good */

#endif
