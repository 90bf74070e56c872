/* SPDX-License-Identifier: MIT */
/*
 * Tool calls put together from deltas, whatever the vendor: with an index or without, index 0 for all, the same index with another id, names repeated,
 * arguments whole, in pieces, as an object, empty, or two objects run together. Pure; memory from one arena, argument texts in bufs of their own.
 */
#ifndef MODEL_ASSEMBLE_H
#define MODEL_ASSEMBLE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define ASSEMBLE_CALLS_MAX 128
#define ASSEMBLE_ARGS_MAX (256 * 1024) /* bytes of one call's arguments; what is more is dropped, so that they do not parse */

struct assemble_delta {
	int64_t index;     /* -1: none was sent */
	struct slice id, name;
	struct slice args; /* a piece of text, or an object's whole text */
	struct slice extra; /* JSON of the provider's own, to be sent back; or empty */
};

struct assembled {
	struct slice id, name; /* after assemble_finish: id is never empty, and unique here */
	struct buf args;       /* after assemble_finish: "{}" when nothing came */
	struct slice extra;
	int64_t index;
	size_t nth;            /* which of the answer's calls, from 0; stays when one before it is taken out */
	bool grew;             /* its arguments, since that was cleared */
	bool gone;             /* not to be run: half of it is missing */
};

struct assemble {
	struct arena *arena;
	struct assembled *call;
	size_t n, cap;
	size_t current;  /* the call of the last delta */
	uint64_t seed;   /* makes ids where the vendor sends none */
	size_t split;    /* objects that were run together with another call's arguments, and dropped */
};

void assemble_init(struct assemble *a, struct arena *arena, uint64_t seed);
void assemble_release(struct assemble *a);
/* RC_PROTO: too many calls. RC_TOO_LARGE: the arena's cap. */
enum rc assemble_add(struct assemble *a, const struct assemble_delta *d, struct err *e) MUSTCHECK;
/* The first call with a name that `grew`, which whoever tells of it clears; NULL: none. */
struct assembled *assemble_grown(struct assemble *a);
/* No more deltas. cut: the answer was cut (length, filter), so a call whose arguments are not a whole object is taken out. */
void assemble_finish(struct assemble *a, bool cut);

#endif
