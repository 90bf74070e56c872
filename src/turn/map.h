/* SPDX-License-Identifier: MIT */
/*
 * Agent events in; items, rows and view calls out: the middle of a turn. Each contiguous run of text is one assistant message; all tool calls of a run are
 * one workflow item with a custom task a call. What the browser is told is done was stored before.
 */
#ifndef TURN_MAP_H
#define TURN_MAP_H

#include "chatkit/item.h"
#include "turn/turn.h"

#define MAP_TASKS_MAX 128
#define MAP_TASK_TEXT 600 /* bytes of a result shown in a task */

struct map {
	/* given */
	struct io *io;
	struct store *store;
	struct arena *arena;
	struct turn_key key;
	struct kept_turn *kept;
	struct turn_view *view;   /* NULL once it is gone */
	struct stop *stop;
	const struct toolset *tools;
	struct buf json;          /* scratch for one event's or item's JSON */
	bool finish_on_disconnect;

	/* the message that is being said */
	struct slice message_id;  /* of the open or the last message */
	struct id message_name;   /* its text: not worth a block of the arena */
	int64_t message_us;
	bool message_open;
	struct buf text;          /* its text; kept after it was closed, for turn_answer */
	bool answered;

	/* the workflow */
	struct slice flow_id;
	struct id flow_name;
	int64_t flow_us;
	struct ck_task *tasks;
	size_t n_tasks;
	enum { FLOW_NONE, FLOW_OPEN, FLOW_CLOSED } flow; /* closed: item.done was sent; later changes are replacements */

	/* said in the last round, stored with the end */
	const struct message *last_said;
	int n_entries;
	struct model_usage usage;
};

void map_init(struct map *m);
void map_release(struct map *m);
/* agent_out's function; ctx is the map. */
WAITS enum rc map_event(void *ctx, const struct agent_event *ev, struct err *e);
/*
 * Closes the run: what is open becomes final or partial, store_end, then the view is told. fail NULL: it went well. Returns what store_end said.
 */
WAITS enum rc map_end(struct map *m, enum turn_state state, const struct err *fail, struct err *e);

#endif
