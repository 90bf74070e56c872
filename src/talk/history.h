/* SPDX-License-Identifier: MIT */
/*
 * What the model is shown of the past. Three passes before every request: repair (what a provider would refuse is mended, or the thread is bricked for
 * ever), cut (the oldest whole turns go when the budget is passed; a call is never parted from its result), and nothing else. Pure.
 */
#ifndef TALK_HISTORY_H
#define TALK_HISTORY_H

#include "talk/message.h"

struct history {
	struct message *m;
	size_t n, cap;
	struct arena *arena;
};

void history_init(struct history *h, struct arena *a);
/* The message's parts are not copied. */
void history_add(struct history *h, struct message m);
/*
 * Every call has exactly one result, in the tool messages directly after it (one that came behind what the user said meanwhile is moved up, a missing one
 * becomes an error result "interrupted"); no result without a call; no call id twice (renamed); no empty assistant message; the first message that is not
 * the system's is the user's.
 */
void history_repair(struct history *h);
/* Rounds since the last user message: assistant messages with calls. */
size_t history_rounds(const struct history *h);
/*
 * Drops whole turns (a user message and all up to the next) from the front until the rest weighs at most max_bytes, roughly 4 bytes a token; system
 * messages and the last turn always stay.
 */
void history_cut(struct history *h, size_t max_bytes);

#endif
