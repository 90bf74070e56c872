/* SPDX-License-Identifier: MIT */
/*
 * Memory that dies together. There are two lifetimes: the process's and one coroutine's; each has an arena with a cap. A child is charged to its
 * parent as well, and must be freed before it. There is no mark and rewind: slices may live across any wait. Growing text belongs in a buf.
 *
 * Nothing here fails for want of memory (out_of_memory ends the process). What can fail is the cap, and only arena_try says so: use it, or
 * arena_try_dup, for every size that comes from outside. Fixed small sizes use arena_alloc, which may go a little (64 KiB) over the arena's own cap
 * and does not ask the parent's; further than that is a programmer's fault (CHECK).
 * Built with a sanitizer (-DARENA_MALLOC or __SANITIZE_ADDRESS__) each allocation is one malloc, so that overruns are seen.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

struct arena;

/* A new arena of at most cap bytes; parent may be NULL. The first block is small (1 KiB), the further ones grow with what was taken, to 64 KiB. */
struct arena *arena_new(size_t cap, struct arena *parent) MUSTCHECK;
/* Runs what was deferred, last first, then gives all memory back. NULL is fine. */
void arena_free(struct arena *a);

/* Zeroed, aligned for any type. For sizes that we chose ourselves. Never NULL. */
void *arena_alloc(struct arena *a, size_t n) MUSTCHECK;
#define arena_new_of(a, type) ((type *)arena_alloc((a), sizeof(type)))
/* Zeroed; NULL when the cap would be passed. For sizes from outside. */
void *arena_try(struct arena *a, size_t n) MUSTCHECK;
/* Copies, with a NUL after the last byte that n does not count. arena_try_dup gives {NULL,0} when over the cap (an empty slice gives a non-NULL p). */
struct slice arena_dup(struct arena *a, struct slice s);
struct slice arena_try_dup(struct arena *a, struct slice s) MUSTCHECK;
const char *arena_cstr(struct arena *a, struct slice s);
/* A copy as arena_dup's, its ASCII letters in lower case. */
struct slice arena_lower(struct arena *a, struct slice s);
struct slice arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
/* fn(ptr) runs at arena_free, in reverse order: for what is not memory (a PGresult, a json-c tree). */
void arena_defer(struct arena *a, void (*fn)(void *), void *ptr);
/* Counts n bytes that live elsewhere but die with the arena (a tree of json-c's): false, and nothing is counted, when a cap would be passed. */
bool arena_charge(struct arena *a, size_t n) MUSTCHECK;
/* Bytes handed out and charged so far, children included. */
size_t arena_used(const struct arena *a);

#endif
