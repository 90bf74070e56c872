/* SPDX-License-Identifier: MIT */
/*
 * One task a process that keeps all of its turns alive: once a second, one statement renews every lease, appends what grew to the chunks and brings back who
 * is to be cancelled. It holds ids across its wait, never pointers: a turn may end meanwhile.
 */
#ifndef TURN_KEEPER_H
#define TURN_KEEPER_H

#include "store/store.h"

struct keeper;

#define KEEPER_PERIOD_US 1000000
#define KEEPER_TELL_US 20000 /* what was delivered waits this long for others: until it is told, the same words again count as a retry */

/* What the keeper knows of a turn; a member of the turn's own struct. Only text, item_id, kind, created_us are written from outside, between waits. */
struct kept_turn {
	struct turn_key key;
	struct stop *stop;       /* set with STOP_CANCEL, STOP_DELETED or STOP_LOST */
	struct slice item_id, kind;
	int64_t created_us;
	const struct buf *text;  /* what grows; NULL: nothing now */
	size_t kept;             /* bytes that are in chunks, and what stands before them */
	int64_t n;               /* the next chunk's number */
	struct kept_turn *next, **prev;
};

struct keeper *keeper_new(struct arena *a, struct io *io, struct store *s);
void keeper_start(struct keeper *k); /* spawns its task */
void keeper_add(struct keeper *k, struct kept_turn *t);
void keeper_drop(struct keeper *k, struct kept_turn *t);
/* Another item grows from here on: what stands in text from this byte. text NULL: none. */
void keeper_item(struct kept_turn *t, struct slice item_id, struct slice kind, int64_t created_us, const struct buf *text, size_t from);
/* The answer reached its client whole: told to the store soon. The key is copied. */
void keeper_delivered(struct keeper *k, const struct turn_key *key);
/* It was noted and is not told yet: a request that looks like its retry is none, look again. */
bool keeper_telling(const struct keeper *k, struct slice turn_id);
/* Sets the stop of every turn. Returns how many there are. */
size_t keeper_stop_all(struct keeper *k, enum stop_why why);
size_t keeper_count(const struct keeper *k);
/* Stops the turn of this thread if it is one of ours: the short way of a cancel, and of the news that the thread was deleted. */
void keeper_stop(struct keeper *k, struct slice owner, struct slice thread_id, enum stop_why why);
/* The task ends after one last statement for what was delivered. */
WAITS void keeper_finish(struct keeper *k);

#endif
