/* SPDX-License-Identifier: MIT */
/*
 * How a protocol shows a turn: ChatKit's events, the simple protocol's deltas, the one object of /sync. A NULL member does not show. Called only on the
 * turn's own coroutine. RC_GONE is an ordinary answer: the turn goes on or stops as the configuration says, and the view is not called again. err may be NULL.
 */
#ifndef TURN_VIEW_H
#define TURN_VIEW_H

#include "agent/agent.h"
#include "chatkit/event.h"
#include "store/store.h"

struct turn_view {
	WAITS enum rc (*item)(struct turn_view *, const struct ck_event *, struct err *);
	WAITS enum rc (*agent)(struct turn_view *, const struct agent_event *, struct err *);
	/* Once, last. e is NULL for a turn that ended well. */
	WAITS enum rc (*end)(struct turn_view *, enum turn_state, const struct err *e);
};

#endif
