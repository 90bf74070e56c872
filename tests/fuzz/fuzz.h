/* SPDX-License-Identifier: MIT */
/* What every driver here is: a function that libFuzzer, or replay_main.c, calls with one input. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Once, before the first: see begin.c. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Reads every byte, so that a slice that points outside is seen. */
static inline void touch(struct slice s)
{
	volatile char sum = 0;

	for (size_t i = 0; i < s.n; i++)
		sum = (char)(sum ^ s.p[i]);
}

/* s lies in whole, bounds included; an absent one (NULL) does too. */
static inline bool inside(struct slice s, struct slice whole)
{
	return !s.p || (s.p >= whole.p && s.p + s.n <= whole.p + whole.n);
}

#endif
