/* SPDX-License-Identifier: MIT */
#include "turn/turn.h"

#include "base/log.h"
#include "turn/inner.h"
#include "turn/sweep.h"

struct turns *turns_new(struct arena *a, const struct turns_opts *o)
{
	struct turns *ts = arena_new_of(a, struct turns);

	ts->o = *o;
	ts->arena = a;
	ts->keeper = keeper_new(a, o->io, o->store);
	return ts;
}

void turns_start(struct turns *ts)
{
	keeper_start(ts->keeper);
	ts->sweep = sweep_start(ts->arena, ts->o.io, ts->o.store);
}

struct keeper *turns_keeper(struct turns *ts)
{
	return ts->keeper;
}

#define ROWS_MAX (64 * 1024 * 1024) /* of one statement: a thread and one of its items */
#define DRAIN_LOOK_US 50000

void turns_drain(struct turns *ts, int64_t grace_us)
{
	int64_t end = io_in(ts->o.io, grace_us);

	ts->draining = true;
	while (keeper_count(ts->keeper) > 0) {
		if (io_now(ts->o.io) >= end)
			keeper_stop_all(ts->keeper, STOP_SHUTDOWN);
		(void)io_sleep(ts->o.io, DRAIN_LOOK_US, NULL);
	}
	keeper_finish(ts->keeper);
	sweep_stop(ts->sweep);
}

/* ---- run ---- */

static enum turn_state state_of(const struct turn *t, enum rc rc)
{
	if (rc == RC_OK)
		return TURN_DONE;
	switch (stop_why(&t->stop)) {
	case STOP_CLIENT_LEFT:
	case STOP_CANCEL:
	case STOP_DELETED:
		return TURN_CANCELLED;
	case STOP_SHUTDOWN:
	case STOP_LOST:
		return TURN_INTERRUPTED;
	case STOP_NO:
	case STOP_FAILED:
		break;
	}
	return TURN_FAILED;
}

static void stopped_text(const struct turn *t, struct err *e)
{
	if (stop_why(&t->stop) != STOP_NO) /* kept with the turn: who watches it later learns why */
		snprintf(e->code, sizeof(e->code), "%s", stop_name(stop_why(&t->stop)));
	if (stop_why(&t->stop) == STOP_SHUTDOWN)
		(void)err_user(e, "The server is restarting. Please try again in a moment.");
	else if (stop_why(&t->stop) == STOP_LOST)
		(void)err_user(e, "This conversation was continued elsewhere.");
	else if (stop_why(&t->stop) == STOP_CANCEL)
		(void)err_user(e, "The answer was stopped.");
}

ASIDE static void log_turn(const struct turn *t, enum turn_state state, int64_t began, const struct err *e)
{
	static const char *const names[TURN__MAX] = {"running", "done", "failed", "cancelled", "interrupted"};
	struct log_ctx ctx = {.owner = t->key.owner, .thread = t->key.thread_id, .turn = t->key.turn_id};

	log_line(LOG_INFO, &ctx, "turn state=%s ms=%lld tokens_in=%lld tokens_out=%lld stop=%s", names[state],
		 (long long)(io_now(t->turns->o.io) - began) / 1000, (long long)t->map.usage.in, (long long)t->map.usage.out,
		 stop_name(stop_why(&t->stop)));
	if (state == TURN_FAILED)
		log_err(&ctx, "turn", e);
}

/* What an action's turn does first: the history has a note of it, for an agent that answers. */
WAITS static enum rc act(struct turn *t, bool *answer, struct err *e)
{
	enum rc rc = map_act(&t->map, t->req->act, &t->caller, answer, e);

	for (size_t i = 0; rc == RC_OK && *answer && i < t->map.n_due_entries; i++) {
		struct message m;

		rc = message_read(t->arena, t->map.due_entries[i].body, &m, e);
		if (rc == RC_OK)
			history_add(&t->history, m);
	}
	return rc;
}

/* ---- the title ---- */

#define TITLE_WAIT_US (3 * (int64_t)IO_SECOND) /* that an answer's stream stays open for it */

static void title_begin(struct turn *t)
{
	struct turns *ts = t->turns;

	if (t->untitled && ts->o.title_model && t->req->n_said)
		t->title = title_start(ts->o.io, ts->o.title_model, t->req->said[0].text, t->arena, &t->stop);
}

/* It came, or comes within wait_us: shown now, unless a tool gave one meanwhile. */
WAITS static void title_look(struct turn *t, int64_t wait_us)
{
	struct slice title;

	if (!t->title || (wait_us == 0 && !title_ready(t->title)))
		return;
	title = title_take(t->title, wait_us);
	if (title.n && slice_eq(t->map.thread.title, t->thread.title)) {
		t->map.thread.title = t->better = arena_dup(t->arena, title);
		map_thread_updated(&t->map);
	}
	title_release(t->title);
	t->title = NULL;
}

/* Whoever renamed the conversation meanwhile has the last word, and this page hears of it. */
ASIDE WAITS static void title_store(struct turn *t)
{
	struct arena *a = arena_new(ROWS_MAX, NULL);
	struct err e = ERR_INIT;
	struct store_thread th;
	enum rc rc = store_thread_retitle(t->turns->o.store, a, t->key.owner, t->key.thread_id, t->thread.title, t->better, &th, &e);

	if (rc == RC_OK && !slice_eq(th.title, t->better)) {
		t->map.thread.title = arena_dup(t->arena, th.title);
		map_thread_updated(&t->map);
	} else if (rc != RC_OK && rc != RC_NOT_FOUND) {
		log_err(NULL, "a title is not kept", &e);
	}
	arena_free(a);
}

/* It may come after the answer: the page is not told that the stream is over before, but not for long. */
WAITS static void title_end(struct turn *t, bool well)
{
	title_look(t, well ? TITLE_WAIT_US : 0);
	title_release(t->title);
	t->title = NULL;
	if (t->better.n && slice_eq(t->map.thread.title, t->better))
		title_store(t);
}

/* ---- the run ---- */

WAITS static enum rc turn_event(void *ctx, const struct agent_event *ev, struct err *e)
{
	struct turn *t = ctx;
	enum rc rc = map_event(&t->map, ev, e);

	if (rc == RC_OK)
		title_look(t, 0);
	return rc;
}

ASIDE WAITS static enum rc work(struct turn *t, struct err *e)
{
	struct turns *ts = t->turns;
	bool answer = true;
	struct agent_run run = {
		.io = ts->o.io,
		.opts = ts->o.agent,
		.model = t->req->model,
		.tools = t->req->tools,
		.must_call = t->req->must_call,
		.history = &t->history,
		.caller = &t->caller,
		.out = {turn_event, t},
		.stop = &t->stop,
		.arena = t->arena,
		.load = ts->o.load,
		.load_ctx = ts->o.files,
	};

	if (t->req->act && act(t, &answer, e) != RC_OK)
		return e->rc;
	return answer ? agent_run(&run, e) : RC_OK;
}

/* What is long here stands aside: a turn's frame stays for as long as its answer. */
ASIDE static void begin_map(struct turn *t, struct turn_view *view)
{
	t->map = (struct map){.opts = &t->turns->o, .arena = t->arena, .key = t->key, .thread = t->thread, .kept = &t->kept, .view = view, .stop = &t->stop,
			      .tools = t->req->tools, .locale = t->caller.locale};
	map_init(&t->map);
}

/* Nobody took the conversation over: it is not there any more. */
ASIDE WAITS static bool is_deleted(struct turn *t)
{
	struct arena *a = arena_new(ROWS_MAX, NULL);
	struct page_req newest = {.limit = 1, .desc = true};
	struct err e = ERR_INIT;
	struct item_page page;
	bool gone = stop_why(&t->stop) == STOP_DELETED ||
		    store_items(t->turns->o.store, a, t->key.owner, t->key.thread_id, &newest, &page, &e) == RC_NOT_FOUND;

	arena_free(a);
	return gone;
}

/* rc: how the work ended. Returns how the turn did. */
ASIDE WAITS static enum rc end_map(struct turn *t, enum rc rc, enum turn_state *state, struct err *e)
{
	struct err lost = ERR_INIT;
	enum rc ended;

	*state = state_of(t, rc);
	if (rc != RC_OK)
		stopped_text(t, e);
	ended = map_end(&t->map, *state, rc == RC_OK ? NULL : e, &lost);
	if (ended == RC_OK)
		return rc;
	*e = lost;
	*state = TURN_FAILED;
	if (ended == RC_LOST && is_deleted(t)) {
		*state = TURN_CANCELLED;
		return err_tell(e, RC_NOT_FOUND, "This conversation was deleted.");
	}
	return lost.rc;
}

enum rc turn_run(struct turn *t, struct turn_view *view, struct err *e)
{
	int64_t began = io_now(t->turns->o.io);
	enum turn_state state;
	enum rc rc;

	*e = ERR_INIT;
	begin_map(t, view);
	title_begin(t);
	rc = work(t, e);
	if (rc == RC_OK)
		title_look(t, 0);
	rc = end_map(t, rc, &state, e);
	keeper_drop(t->turns->keeper, &t->kept);
	title_end(t, rc == RC_OK);
	if (t->map.view && t->map.view->end)
		(void)t->map.view->end(t->map.view, state, rc == RC_OK ? NULL : e);
	log_turn(t, state, began, e);
	return rc;
}

struct stop *turn_stop(struct turn *t)
{
	return &t->stop;
}

const struct turn_key *turn_key(const struct turn *t)
{
	return &t->key;
}

void turn_answer(const struct turn *t, struct slice *item_id, struct slice *text)
{
	*item_id = t->map.answered ? t->map.message_id : SLICE_NONE;
	*text = t->map.answered ? buf_slice(&t->map.text) : SLICE_NONE;
}

void turn_release(struct turn *t)
{
	if (!t)
		return;
	title_release(t->title);
	keeper_drop(t->turns->keeper, &t->kept);
	stop_release(&t->stop);
	map_release(&t->map);
}

struct ck_event turn_error_event(const struct err *e)
{
	/* Codes that front ends translate are few: the text is what counts. */
	return (struct ck_event){.kind = CK_ERROR, .code = "custom", .text = slice_cstr(err_sentence(e)), .flag = rc_retryable(e->rc) || e->rc == RC_STOPPED};
}
