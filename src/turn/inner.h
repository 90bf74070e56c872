/* SPDX-License-Identifier: MIT */
/* What a turn is, for the two files that it takes: its begin (begin.c) and its run (turn.c). */
#ifndef TURN_INNER_H
#define TURN_INNER_H

#include "turn/map.h"
#include "turn/title.h"
#include "turn/turn.h"

struct turns {
	struct turns_opts o;
	struct arena *arena;
	struct keeper *keeper;
	struct sweep *sweep;
	bool draining;
};

struct turn {
	struct turns *turns;
	const struct turn_req *req;
	struct arena *arena;
	struct turn_key key;
	struct caller caller;
	struct stop stop;
	struct kept_turn kept;
	struct history history;
	struct store_thread thread; /* as it was at the begin */
	bool untitled;              /* it had no title before; what was said first is its title for now */
	struct title *title;        /* the model is thinking of a better one */
	struct slice better;        /* what it found, and the page was shown */
	struct map map;
};

#endif
