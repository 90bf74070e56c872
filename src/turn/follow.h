/* SPDX-License-Identifier: MIT */
/*
 * Watching a turn that another request runs (or ran): a send that was sent again attaches here. It looks at the rows four times a second and tells the view what
 * is new, until the turn has ended. The view sees item events only.
 */
#ifndef TURN_FOLLOW_H
#define TURN_FOLLOW_H

#include "turn/turn.h"

#define FOLLOW_PERIOD_US 250000

struct follow {
	struct turn_key key;
	bool created;          /* tell thread.created first: the request made the thread */
	bool show_said;        /* tell the user's items too */
	struct slice stands;   /* an item that the turn changed, and that was there before it: told as replaced. Empty: none */
	bool no_cancel;        /* stream_options: the page shows no Stop */
	struct stop *stop;     /* set when the client leaves */
	/* out: the last assistant message */
	struct slice answer_id, answer_text;
};

/* RC_OK when the turn ended well; RC_NOT_FOUND, RC_STOPPED, or the failure that the view's end was told. */
WAITS enum rc turn_follow(struct io *io, struct store *s, struct follow *f, struct turn_view *view, struct arena *a, struct err *e);

/* thread.created, thread.updated: a thread without its items. */
void turn_thread_json(struct buf *out, const struct store_thread *t);

#endif
