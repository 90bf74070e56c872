/* SPDX-License-Identifier: MIT */
#include "turn/turn.h"

#include "base/log.h"
#include "turn/map.h"
#include "turn/sweep.h"
#include "turn/title.h"

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
	struct map map;
};

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

#define HISTORY_SPARE 65536 /* rows are JSON: somewhat longer than what history_cut weighs */
#define ROWS_MAX (256 * 1024 * 1024) /* of one statement: a long history */
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

/* ---- begin ---- */

static void said_rows(struct arena *a, const struct turn_req *req, struct batch *b)
{
	struct store_item *put = arena_alloc(a, (req->n_said + 1) * sizeof(*put));
	struct store_entry *entries = arena_alloc(a, (req->n_said + 1) * sizeof(*entries));

	for (size_t i = 0; i < req->n_said; i++) {
		const struct turn_said *s = &req->said[i];
		struct message m = s->message ? *s->message : message_text(a, s->role, s->text);
		struct buf body = BUF_INIT(MESSAGE_JSON_MAX);

		if (s->kind.n)
			put[b->n_put++] = (struct store_item){.id = s->item_id, .kind = s->kind, .body = s->body, .state = ITEM_DONE};
		if (!s->message && s->text.n == 0)
			continue;
		message_write(&body, &m);
		entries[b->n_entries++] = (struct store_entry){.id = s->entry_id.n ? s->entry_id : s->item_id,
							       .item_id = s->kind.n || s->entry_id.n ? s->item_id : SLICE_NONE,
							       .body = arena_dup(a, buf_slice(&body))};
		buf_release(&body);
	}
	b->put = put;
	b->entries = entries;
}

static enum rc busy(struct err *e)
{
	err_set(e, RC_CONFLICT, "another turn runs on the thread");
	(void)err_user(e, "An answer is still being written in this conversation. Please wait for it to end, or stop it.");
	return e->rc;
}

/* One turn a thread: who comes while another is ending waits for it, a little longer each time. */
WAITS static enum rc begin_when_free(struct turns *ts, const struct begin *b, struct arena *a, struct stop *stop, struct begun *out, struct err *e)
{
	int64_t end = io_in(ts->o.io, TURN_WAIT_US), nap = 40 * IO_MS;

	for (;;) {
		if (store_begin(ts->o.store, a, b, out, e) != RC_OK)
			return e->rc;
		if (out->how == BEGIN_STALE) {
			struct turn_key k = {b->owner, b->thread_id, out->turn_id};

			(void)sweep_close(ts->o.store, &k, e); /* lost to another sweeper is as good */
			out->how = BEGIN_BUSY;
			if (io_now(ts->o.io) < end)
				continue;
		}
		if (out->how != BEGIN_BUSY && !(out->how == BEGIN_RETRY && keeper_telling(ts->keeper, out->turn_id)))
			return RC_OK;
		if (io_now(ts->o.io) >= end)
			return busy(e);
		if (io_sleep(ts->o.io, nap, stop) != RC_OK)
			return err_set(e, RC_STOPPED, "waiting for the thread's turn to end");
		nap = nap < 400 * IO_MS ? nap * 2 : nap;
	}
}

static void remember(struct turn *t, const struct begun *b)
{
	for (size_t i = 0; i < b->n_history; i++) {
		struct err e = ERR_INIT;
		struct message m;

		if (message_read(t->arena, b->history[i].body, &m, &e) == RC_OK)
			history_add(&t->history, m);
		else
			log_err(NULL, "an entry that cannot be read is left out", &e);
	}
}

static struct turn *turn_new(struct turns *ts, const struct turn_req *req, const struct begin *b, struct arena *a, const struct begun *begun)
{
	struct turn *t = arena_new_of(a, struct turn);

	t->turns = ts;
	t->req = req;
	t->arena = a;
	t->key = (struct turn_key){b->owner, b->thread_id, b->turn_id};
	t->caller = req->caller;
	t->caller.turn_id = b->turn_id;
	t->thread = (struct store_thread){b->thread_id, arena_dup(a, begun->thread.title), arena_dup(a, begun->thread.status), begun->thread.created_us,
					  begun->thread.updated_us};
	t->untitled = begun->titled;
	stop_init(&t->stop, ts->o.io, NULL);
	history_init(&t->history, a);
	remember(t, begun);
	t->kept = (struct kept_turn){.key = t->key, .stop = &t->stop};
	keeper_add(ts->keeper, &t->kept);
	return t;
}

/* What begin said, out of the rows that die with the statement. */
static void keep_begun(struct arena *a, struct begun *b)
{
	b->thread.id = arena_dup(a, b->thread.id);
	b->thread.title = arena_dup(a, b->thread.title);
	b->thread.status = arena_dup(a, b->thread.status);
	b->turn_id = arena_dup(a, b->turn_id);
	b->thread_id = arena_dup(a, b->thread_id);
	b->history = NULL;
	b->n_history = 0;
}

enum rc turn_begin(struct turns *ts, const struct turn_req *req, struct arena *a, struct stop *stop, struct turn **out, struct begun *begun,
		   struct err *e)
{
	struct arena *rows;
	enum rc rc;

	const struct env *env = io_env(ts->o.io);
	struct id id = id_new(env, "trn_");
	struct begin b = {
		.owner = req->caller.owner,
		.thread_id = req->caller.thread_id,
		.turn_id = arena_dup(a, id_slice(&id)),
		.create = req->create,
		.title_if_none = req->title,
		.req_hash = req->req_hash,
		.frame = req->frame,
		.model = model_name(req->model),
		.now_us = env_wall_us(env),
		.cut_after = req->cut_after,
		.if_item = req->if_item,
		.if_body = req->if_body,
		.if_no_entry = req->if_no_entry,
		.batch = {.drop_waiting = req->drop_waiting, .files = req->files, .n_files = req->n_files},
		.history_max = TURN_HISTORY_MAX,
		.history_bytes = 2 * ts->o.agent->history_bytes + HISTORY_SPARE,
	};

	*out = NULL;
	*begun = (struct begun){.how = BEGIN_BUSY};
	if (ts->draining)
		return err_set(e, RC_BUSY, "draining");
	rows = arena_new(ROWS_MAX, NULL); /* a stream does not carry the rows it began with along */
	said_rows(rows, req, &b.batch);
	rc = begin_when_free(ts, &b, rows, stop, begun, e);
	if (rc == RC_OK && begun->how == BEGIN_INACTIVE) {
		rc = err_set(e, RC_CONFLICT, "the thread is locked or closed");
		(void)err_user(e, "This conversation is closed for new messages.");
	}
	if (rc == RC_OK && begun->how == BEGIN_CHANGED)
		rc = err_tell(e, RC_CONFLICT, "This was answered already.");
	if (rc == RC_OK && begun->how == BEGIN_LEASED)
		*out = turn_new(ts, req, &b, a, begun);
	keep_begun(a, begun);
	arena_free(rows);
	return rc;
}

/* ---- run ---- */

static enum turn_state state_of(const struct turn *t, enum rc rc)
{
	if (rc == RC_OK)
		return TURN_DONE;
	switch (stop_why(&t->stop)) {
	case STOP_CLIENT_LEFT:
	case STOP_CANCEL:
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

/* It came while the answer is being given: shown now, stored with what is stored next. */
WAITS static void title_look(struct turn *t)
{
	struct slice title;

	if (!t->title || !title_ready(t->title))
		return;
	title = title_take(t->title, 0);
	if (title.n)
		map_title(&t->map, title);
	title_release(t->title);
	t->title = NULL;
}

/* It comes after the answer: the page is not told that the stream is over before, but not for long. */
ASIDE WAITS static void title_end(struct turn *t, bool well)
{
	struct turns *ts = t->turns;
	struct slice title = t->title && well ? title_take(t->title, TITLE_WAIT_US) : SLICE_NONE;
	struct arena *a;
	struct err e = ERR_INIT;
	struct store_thread th;

	if (title.n) {
		a = arena_new(ROWS_MAX, NULL);
		if (store_thread_rename(ts->o.store, a, t->key.owner, t->key.thread_id, title, &th, &e) == RC_OK) {
			t->map.thread.title = title;
			map_thread_updated(&t->map);
		}
		arena_free(a);
	}
	title_release(t->title);
	t->title = NULL;
}

/* ---- the run ---- */

WAITS static enum rc turn_event(void *ctx, const struct agent_event *ev, struct err *e)
{
	struct turn *t = ctx;
	enum rc rc = map_event(&t->map, ev, e);

	if (rc == RC_OK && t->title)
		title_look(t);
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
	/* Cancelled because its conversation was deleted: there is nothing to end it in, and nobody misses it. */
	if (ended == RC_LOST && rc != RC_OK && stop_why(&t->stop) == STOP_CANCEL)
		return rc;
	*e = lost;
	*state = TURN_FAILED;
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
		title_look(t);
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
