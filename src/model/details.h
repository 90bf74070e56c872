/* SPDX-License-Identifier: MIT */
/*
 * reasoning_details: blocks of thought with signatures, which come in pieces and must go back whole, in their order, with the next request. Pieces of one
 * text block are joined; everything else is kept as it came. Pure.
 */
#ifndef MODEL_DETAILS_H
#define MODEL_DETAILS_H

#include "base/arena.h"
#include "base/buf.h"
#include "wire/json.h"

#define DETAILS_BLOCKS_MAX 64
#define DETAILS_BYTES_MAX (256 * 1024) /* then all are dropped: half of them would be refused */

struct detail {
	bool is_text;               /* type "reasoning.text": joined */
	struct buf text, signature; /* of a text block */
	struct buf raw;             /* the block as it came; of a text block the last piece, for its other members */
	int64_t index;
};

struct details {
	struct arena *arena;
	struct detail *block;
	size_t n, bytes;
	bool dropped;
};

void details_init(struct details *d, struct arena *a);
void details_release(struct details *d);
/* Takes an event's array; appends the text in it to thoughts, unless thoughts is NULL. */
void details_add(struct details *d, const struct json_at *array, struct buf *thoughts);
/* The JSON array to send back, in the arena; empty when there is none. */
struct slice details_json(struct details *d);

#endif
