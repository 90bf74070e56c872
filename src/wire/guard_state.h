/* SPDX-License-Identifier: MIT */
/* For guard's own files: the walk (guard.c), what it picks (guard_pick.c) and what its faults say (guard_fault.c). */
#ifndef WIRE_GUARD_STATE_H
#define WIRE_GUARD_STATE_H

#include "wire/guard.h"
#include "wire/guard_keys.h"

struct guard_level { /* one open container */
	struct slice key;  /* in an object: the member that is being read, raw */
	uint32_t index;    /* in an array: the place that is being read */
	bool is_array;
	uint16_t live;     /* the picks whose path leads into this container, one bit each */
	uint8_t at[GUARD_PICKS_MAX]; /* where in their path the next segment begins */
};

struct guard {
	const char *p, *end, *start;
	const struct guard_limits *limits;
	struct guard_pick *picks;
	struct guard_keys *keys; /* NULL: duplicates pass */
	struct guard_seen seen;
	unsigned depth;
	const char *fault; /* what stops the walk, at p */
	bool escaped;      /* the key that is being read has escapes */
	bool policy;       /* it is JSON, but not what we take */
	struct slice twice; /* the duplicate key, if that is the fault */
	struct guard_level level[GUARD_DEPTH_MAX + 1];
};

/*
 * The value at p has this name in lv. Says which picks it is (the result) and prepares the level it may open for those that lead through it. A name
 * that comes again makes what was found under the first one void.
 */
uint16_t guard_match(struct guard *g, const struct guard_level *lv, struct slice name);
/* The same for the array element that lv->index says. */
uint16_t guard_match_index(struct guard *g, const struct guard_level *lv);
/* Fills e with what stopped the walk; RC_BAD. */
enum rc guard_explain(const struct guard *g, struct err *e);

#endif
