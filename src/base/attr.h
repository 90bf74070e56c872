/* SPDX-License-Identifier: MIT */
/*
 * Words for the compiler and for the reader. Rung 0: includes nothing of ours.
 */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUSTCHECK __attribute__((warn_unused_result))
#define PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))
/* Not inlined: its locals would lie in a frame that lives as long as a stream. */
#define ASIDE __attribute__((noinline))

/* This function may park its coroutine: anything shared may have changed when it returns, and no library's callback may call it. */
#define WAITS

#define countof(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

/*
 * A programmer's promise, checked in production too: prints where and ends the process (a turn survives that).
 * Never for input that comes from outside.
 */
#define CHECK(x) ((x) ? (void)0 : check_failed(#x, __FILE__, __LINE__))
NORETURN void check_failed(const char *what, const char *file, int line);

/* Out of memory is the end of the process: one line to stderr, exit status 71. Recovery is the lease's work. */
NORETURN void out_of_memory(void);
/* Zeroed memory; never NULL. free() gives it back. */
void *xalloc(size_t n) MUSTCHECK;
void *xrealloc(void *p, size_t n) MUSTCHECK;

#endif
