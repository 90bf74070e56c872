/* SPDX-License-Identifier: MIT */
/* A turn's begin: one statement that says what became of the thread, again while another turn is ending on it. */
#include "base/log.h"
#include "turn/inner.h"
#include "turn/sweep.h"

#define HISTORY_SPARE 65536 /* rows are JSON: somewhat longer than what history_cut weighs */
#define ROWS_MAX (256 * 1024 * 1024) /* of one statement: a long history */
#define TOLD_US IO_SECOND /* within which a responder, however busy, has told what it delivered */

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

/*
 * To be looked at again: the thread is busy; or the same request came before, and its answer perhaps reached its client whole, so that this is a new one.
 * A turn of ours is known to be told; another responder tells it soon (keeper.h), if at all.
 */
static bool unsettled(struct turns *ts, const struct begun *b, int64_t told)
{
	if (b->how != BEGIN_RETRY)
		return b->how == BEGIN_BUSY;
	return keeper_telling(ts->keeper, b->turn_id) || ((b->state == TURN_DONE || b->state == TURN_FAILED) && io_now(ts->o.io) < told);
}

/* An answer that is to be made anew, and was, but came to nothing: whoever asks again wants one, and not to hear of that. */
static bool came_to_nothing(const struct begin *b, const struct begun *was)
{
	return was->how == BEGIN_RETRY && b->cut_after.n && was->state != TURN_RUNNING && was->state != TURN_DONE;
}

/* One turn a thread: who comes while another is ending waits for it, a little longer each time. */
WAITS static enum rc begin_when_free(struct turns *ts, const struct begin *b, struct arena *a, struct stop *stop, struct begun *out, struct err *e)
{
	int64_t end = io_in(ts->o.io, TURN_WAIT_US), told = io_in(ts->o.io, TOLD_US), nap = 40 * IO_MS;

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
		if (came_to_nothing(b, out) && !keeper_telling(ts->keeper, out->turn_id))
			keeper_delivered(ts->keeper, &(struct turn_key){b->owner, out->thread_id, out->turn_id});
		if (!unsettled(ts, out, told))
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
