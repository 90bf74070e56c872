/* SPDX-License-Identifier: MIT */
/*
 * One leased turn: a user message answered. begin makes it durable before the first byte, run lets the agent work and turns its events into items, rows
 * and view calls, end closes the lease. Only the turn's own coroutine touches its view and its store.
 *
 *     if (turn_begin(ts, &req, arena, &t, &begun, e) != RC_OK) ...      one round trip
 *     ... show what begun says ...
 *     rc = turn_run(t, &view, e);                                        ends the turn whatever happens
 *     turn_release(t);
 *
 * What can go wrong afterwards is in the view's end, not in HTTP: the 200 is out.
 */
#ifndef TURN_TURN_H
#define TURN_TURN_H

#include "turn/keeper.h"
#include "turn/view.h"

struct turns; /* one a process: what all turns share */
struct turn;

struct turns_opts {
	struct io *io;
	struct store *store;
	const struct agent_opts *agent;
	bool finish_on_disconnect; /* a turn outlives its page; else it is cancelled when the client leaves */
};

#define TURN_WAIT_US 5000000  /* how long a new message waits for a turn that is ending */
#define TURN_HISTORY_MAX 2000 /* entries asked of the store */
#define TURN_TEXT_MAX (1024 * 1024) /* bytes of one answer */

struct turns *turns_new(struct arena *a, const struct turns_opts *o);
void turns_start(struct turns *ts); /* the keeper and the sweep */
struct keeper *turns_keeper(struct turns *ts);
/* No new turns from here on; waits until the running ones ended, stops them (STOP_SHUTDOWN) when grace_us is over. */
WAITS void turns_drain(struct turns *ts, int64_t grace_us);

/* What the person (or, in a seeded thread, both) said: an item and what the model remembers of it. */
struct turn_said {
	struct slice item_id, kind, body; /* JSON */
	enum role role;
	struct slice text;
};

struct turn_req {
	struct caller caller;        /* thread_id: where; turn_id is made here */
	enum begin_create create;
	struct slice title;          /* when the thread has none */
	struct slice req_hash, frame;
	struct slice cut_after;      /* retry: everything after this item goes */
	const struct turn_said *said;
	size_t n_said;
	struct model *model;
	const struct toolset *tools;
};

/*
 * RC_OK and *out: leased, everything said is durable. RC_OK and *out NULL: the same request came before; begun names its turn (turn/follow.h).
 * RC_CONFLICT: another turn runs (waited TURN_WAIT_US) or the thread is locked, with the user's text. RC_NOT_FOUND, RC_DB, RC_BUSY (draining), RC_STOPPED.
 * req's slices must live as long as arena, which must outlive the turn. stop ends the waiting.
 */
WAITS enum rc turn_begin(struct turns *ts, const struct turn_req *req, struct arena *a, struct stop *stop, struct turn **out, struct begun *begun,
			 struct err *e);
/* To be set when the turn's client leaves or Stop is asked. */
struct stop *turn_stop(struct turn *t);
const struct turn_key *turn_key(const struct turn *t);
/* RC_OK: done. Else the failure as it was given to view->end. */
WAITS enum rc turn_run(struct turn *t, struct turn_view *view, struct err *e);
/* After turn_run: the last assistant message (empty slices when there was none). */
void turn_answer(const struct turn *t, struct slice *item_id, struct slice *text);
void turn_release(struct turn *t);

/* How an error is shown in a stream: code, text and whether trying again may help. */
struct ck_event turn_error_event(const struct err *e);

#endif
