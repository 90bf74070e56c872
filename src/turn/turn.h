/* SPDX-License-Identifier: MIT */
/*
 * One leased turn: a user message answered, or what the page sent for a run that parked, or a widget's action. begin makes it durable before the first byte,
 * run does the action, lets the agent work and turns its events into items, rows and view calls, end closes the lease. Only the turn's own coroutine touches
 * its view and its store.
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

#include "agent/tools.h"
#include "chatkit/meta.h"
#include "turn/keeper.h"
#include "turn/view.h"

struct turns; /* one a process: what all turns share */
struct turn;

struct turns_opts {
	struct io *io;
	struct store *store;
	const struct agent_opts *agent;
	bool finish_on_disconnect; /* a turn outlives its page; else it is cancelled when the client leaves */
	bool show_reasoning;       /* thoughts become items */
	struct model *title_model; /* names a conversation; NULL: its first words do */
	/* Files, for models and of models. NULL: there are none. load as in agent_run; save: an image becomes a file, the thread's when its item is stored. */
	WAITS enum rc (*load)(void *ctx, const struct caller *who, struct part *file, struct arena *a, struct err *e);
	WAITS enum rc (*save)(void *ctx, struct slice owner, struct slice mime, struct slice base64, struct arena *a, struct slice *id, struct err *e);
	void *files;
	/* A widget (JSON of one, or {"template","data"?}) checked and compact, into out. */
	WAITS enum rc (*widget)(void *ctx, struct slice ref, struct buf *out, struct err *e);
	void *widgets;
	/* A sentence of ours as the locale's people say it: english itself, or in a. NULL: as it is. */
	struct slice (*say)(void *ctx, struct slice locale, struct slice english, struct arena *a);
	void *texts;
};

#define TURN_WAIT_US 5000000  /* how long a new message waits for a turn that is ending */
#define TURN_HISTORY_MAX 2000 /* entries asked of the store */
#define TURN_TEXT_MAX (1024 * 1024) /* bytes of one answer */

struct turns *turns_new(struct arena *a, const struct turns_opts *o);
void turns_start(struct turns *ts); /* the keeper and the sweep */
struct keeper *turns_keeper(struct turns *ts);
/* No new turns from here on; waits until the running ones ended, stops them (STOP_SHUTDOWN) when grace_us is over. */
WAITS void turns_drain(struct turns *ts, int64_t grace_us);

/* What a turn begins with, an item and what the model remembers of it: what the person said, or chose, or did. */
enum turn_show { TURN_SHOW_DONE, TURN_SHOW_REPLACED, TURN_SHOW_NOT };
struct turn_said {
	/* body: JSON. An id that stands is put again. kind empty: no item is put; item_id (or empty) is the one that the entry tells of */
	struct slice item_id, kind, body;
	enum turn_show show;
	enum role role;                   /* the entry: message, else text; neither: none */
	struct slice text;
	const struct message *message;
	struct slice entry_id;            /* empty: the item's */
};

/* What a widget's action does before, or instead of, the agent: a call of a tool, one more when that did well, and what is shown of them. */
struct turn_act {
	/* Without a tool: none. Arguments are a JSON object, not the model's but not trusted either. */
	struct tools_call call, look;
	struct slice item_id, widget_body; /* the sender, as it is stored now; empty: none */
	/*
	 * The tools' results, NULL without one. What else is to be shown goes to *shown, in a (which was filled from result's _meta before); *note is what the
	 * model remembers; *resume: the agent answers.
	 */
	enum rc (*after)(void *ctx, const struct tool_result *result, const struct tool_result *look, struct arena *a, struct ck_shown *shown,
			 struct slice *note, bool *resume, struct err *e);
	void *ctx;
};

struct turn_req {
	struct caller caller;        /* thread_id: where; turn_id is made here */
	enum begin_create create;
	struct slice title;          /* when the thread has none */
	struct slice req_hash, frame;
	struct slice cut_after;      /* retry: everything after this item goes */
	struct slice if_item, if_body, if_no_entry, drop_waiting; /* as in struct begin and its batch */
	const struct slice *files;   /* that it uses from now on */
	size_t n_files;
	const struct turn_act *act;  /* NULL: the agent answers at once */
	struct slice stands;         /* the item that was answered, or acted on, as it is stored now: shown to who only watches. May be empty */
	const struct turn_said *said;
	size_t n_said;
	struct model *model;
	const struct toolset *tools;
	const struct tool *must_call; /* one of tools, which the person chose; NULL: none */
};

/*
 * RC_OK and *out: leased, everything said is durable. RC_OK and *out NULL: the same request came before; begun names its turn (turn/follow.h).
 * RC_CONFLICT: another turn runs (waited TURN_WAIT_US) or the thread is locked, with the user's text; or a condition does not hold (begun->how tells:
 * BEGIN_CHANGED). RC_NOT_FOUND, RC_DB, RC_BUSY (draining), RC_STOPPED.
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
