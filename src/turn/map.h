/* SPDX-License-Identifier: MIT */
/*
 * Agent events in; items, rows and view calls out: the middle of a turn. Each contiguous run of text is one assistant message, each of thoughts one reasoning
 * workflow (a few words of thought within a text are none); all tool calls of a run are one custom workflow with a task a call; what tools ask to be shown
 * (chatkit/meta.h) becomes items and events.
 *
 * What the browser is told is done was stored before. Thoughts apart: they are stored with the next thing that is, so that they cost the answer no time.
 *
 * map.c sorts the events and writes the rows; map_text.c has the message, map_flow.c the workflows, map_shown.c all else.
 */
#ifndef TURN_MAP_H
#define TURN_MAP_H

#include "turn/turn.h"

#define MAP_TASKS_MAX 128
#define MAP_TASK_TEXT 600 /* bytes of a result shown in a task */
#define MAP_CITES_MAX 64  /* annotations of one message */

struct cites;    /* map_text.c */
struct thoughts; /* map_flow.c */
struct growing;  /* map_shown.c */

struct map {
	/* given */
	const struct turns_opts *opts;
	struct arena *arena;
	struct turn_key key;
	struct store_thread thread; /* as the page knows it */
	struct kept_turn *kept;
	struct turn_view *view;   /* NULL once it is gone */
	struct stop *stop;
	const struct toolset *tools;
	struct slice locale;      /* the person's */
	struct buf json;          /* scratch for one event's or item's JSON */

	/* the message that is being said */
	struct slice message_id;  /* of the open or the last message */
	struct id message_name;   /* its text: not worth a block of the arena */
	int64_t message_us;
	bool message_open;
	struct buf text;          /* of the round: its own stands at `from`, before it what the round said in others. Kept afterwards, for turn_answer */
	size_t from;
	bool round_over;          /* text is an earlier round's */
	bool answered;
	struct cites *cites;      /* what it cites, and what waits to be cited; NULL: nothing yet */

	/* the workflow of tools */
	struct slice flow_id;
	struct id flow_name;
	int64_t flow_us, flow_over_us; /* when it began, and when its last task was over */
	struct ck_task *tasks;
	size_t n_tasks;
	enum { FLOW_NONE, FLOW_OPEN, FLOW_CLOSED } flow; /* closed: item.done was sent; later changes are replacements */
	bool flow_due;            /* it is stored with tasks that were loading */

	struct thoughts *thoughts; /* NULL: nothing was thought yet */
	struct slice shown_widget; /* the item that the last result became; empty: it has none */
	struct growing *growing;   /* widgets that the model is still writing; NULL: none so far */
	struct slice parked_id, parked; /* the client_tool_call that the run parks at; stored and shown at the end */

	/* what the next write brings along */
	struct store_item *due;
	size_t n_due, cap_due;
	struct store_entry *due_entries;
	size_t n_due_entries, cap_due_entries;
	struct slice due_title, due_status;

	const struct message *last_said; /* said in the last round, stored with the end */
	int n_entries;
	struct model_usage usage;
};

void map_init(struct map *m);
void map_release(struct map *m);
/* agent_out's function; ctx is the map. */
WAITS enum rc map_event(void *ctx, const struct agent_event *ev, struct err *e);
/* A widget's action, before the agent: *resume tells whether it answers. Fails only for the lease, the database or a stop: a tool's no is shown. */
WAITS enum rc map_act(struct map *m, const struct turn_act *act, const struct caller *who, bool *resume, struct err *e);
/* The thread has another title now, stored with the next write. */
WAITS void map_title(struct map *m, struct slice title);
/* The thread as it is now, as an event. */
WAITS void map_thread_updated(struct map *m);
/*
 * Closes the run: what is open becomes final or partial, store_end, then the view is told of the items. Returns what store_end said. fail NULL: it went well.
 */
WAITS enum rc map_end(struct map *m, enum turn_state state, const struct err *fail, struct err *e);

#endif
