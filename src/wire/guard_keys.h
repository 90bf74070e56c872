/* SPDX-License-Identifier: MIT */
/*
 * For guard.c: has this object had this key before? Keys are compared as what they stand for, by a 64-bit hash. The table is shared by the objects that
 * are open and lies on the stack; an object that does not fit is looked through again when it closes, and its hashes are sorted in a block of their
 * own. (Two keys of the same hash are refused as duplicates: who builds such a pair harms nobody but his own request.)
 */
#ifndef WIRE_GUARD_KEYS_H
#define WIRE_GUARD_KEYS_H

#include "base/slice.h"

#define GUARD_KEYS_MAX 256

struct guard_keys {
	uint64_t hash[GUARD_KEYS_MAX];
	unsigned n;    /* of all open objects */
	unsigned from; /* the innermost one's begin here */
	unsigned count; /* the innermost one's keys so far, in the table or not */
	bool over;     /* the innermost one did not fit: it has none here */
};

/* What an outer object's state is while an inner one is open. */
struct guard_scope {
	unsigned from, count;
	bool over;
};

void guard_keys_init(struct guard_keys *k);
void guard_keys_open(struct guard_keys *k, struct guard_scope *outer);
/* raw: a checked key without its quotes. false: a duplicate. */
bool guard_keys_add(struct guard_keys *k, struct slice raw) MUSTCHECK;
/* object: the whole text of the object that ends. false: it had a duplicate, *twice. */
bool guard_keys_close(struct guard_keys *k, const struct guard_scope *outer, struct slice object, struct slice *twice) MUSTCHECK;

#endif
