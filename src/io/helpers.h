/* SPDX-License-Identifier: MIT */
/*
 * A few threads for what blocks: getaddrinfo, connecting, fsync. Made when first needed, all signals blocked (a signal must never hit a blocking call
 * that does not know EINTR).
 */
#ifndef IO_HELPERS_H
#define IO_HELPERS_H

#include "base/attr.h"

struct helpers;

struct helpers *helpers_new(unsigned max) MUSTCHECK;
/* Waits until all that was given has run. NULL is fine. */
void helpers_free(struct helpers *h);
/* fn(arg) on one of the threads, in order of giving. From any thread. */
void helpers_run(struct helpers *h, void (*fn)(void *arg), void *arg);

/* Blocks all signals in the calling thread until signals_back; threads made between inherit it. */
struct signals_kept {
	unsigned char set[128];
};
void signals_block(struct signals_kept *k);
void signals_back(const struct signals_kept *k);

#endif
