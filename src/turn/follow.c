/* SPDX-License-Identifier: MIT */
#include "turn/follow.h"

#include "chatkit/item.h"
#include "chatkit/page.h"

#define FOLLOW_ITEMS_MAX 512
#define FOLLOW_LOOK_ARENA (64 * 1024 * 1024)

/* What the view was told of an item. */
struct seen {
	struct slice id;
	bool done;
	size_t shown;     /* bytes of text */
	struct slice body; /* of one that may change, as it was last told */
};

struct watching {
	struct follow *f;
	struct turn_view *view;
	struct arena *a;
	struct seen seen[FOLLOW_ITEMS_MAX];
	size_t n;
	bool greeted, titled, gone;
	struct buf json;
};

void turn_thread_json(struct buf *out, const struct store_thread *t)
{
	struct ck_thread th = {.id = t->id, .title = t->title, .status = t->status, .created_us = t->created_us};

	ck_thread_json(out, &th, NULL);
}

WAITS static void tell(struct watching *w, const struct ck_event *ev)
{
	struct err e = ERR_INIT;

	if (!w->gone && w->view->item && w->view->item(w->view, ev, &e) != RC_OK)
		w->gone = true;
}

static struct seen *seen_of(struct watching *w, struct slice id, bool *is_new)
{
	*is_new = false;
	for (size_t i = 0; i < w->n; i++)
		if (slice_eq(w->seen[i].id, id))
			return &w->seen[i];
	if (w->n == FOLLOW_ITEMS_MAX)
		return NULL;
	*is_new = true;
	w->seen[w->n].id = arena_dup(w->a, id);
	return &w->seen[w->n++];
}

WAITS static void tell_thread(struct watching *w, const struct store_thread *t, enum ck_event_kind kind)
{
	buf_clear(&w->json);
	turn_thread_json(&w->json, t);
	tell(w, &(struct ck_event){.kind = kind, .json = buf_slice(&w->json)});
}

static void note_answer(struct watching *w, const struct store_item *it)
{
	struct arena *tree = arena_new(FOLLOW_LOOK_ARENA, NULL);
	struct slice role, text, at;

	if (slice_is(it->kind, "assistant_message") && ck_item_text(tree, it->body, &role, &text, &at)) {
		w->f->answer_id = arena_dup(w->a, it->id);
		w->f->answer_text = arena_try_dup(w->a, text);
	}
	arena_free(tree);
}

/* An open item; and a workflow that stood complete, when a later round called more tools or what was thought belongs to it after all. */
static bool may_change(const struct store_item *it)
{
	return it->state == ITEM_OPEN || slice_is(it->kind, "workflow");
}

WAITS static void tell_item(struct watching *w, const struct store_item *it)
{
	bool user = slice_is(it->kind, "user_message"), is_new, was_done;
	struct seen *s;

	if (it->hidden || (user && !w->f->show_said))
		return;
	s = seen_of(w, it->id, &is_new);
	if (!s || (s->done && (!may_change(it) || slice_eq(s->body, it->body))))
		return;
	was_done = s->done;
	s->done = s->done || it->state != ITEM_OPEN;
	if (s->done && !was_done)
		tell(w, &(struct ck_event){.kind = CK_ITEM_DONE, .json = it->body});
	else if (!slice_eq(s->body, it->body))
		tell(w, &(struct ck_event){.kind = is_new ? CK_ITEM_ADDED : CK_ITEM_REPLACED, .json = it->body});
	if (!may_change(it))
		s->body = SLICE_NONE;
	else if (!slice_eq(s->body, it->body))
		s->body = arena_try_dup(w->a, it->body);
	if (s->done)
		note_answer(w, it);
}

WAITS static void tell_chunk(struct watching *w, const struct store_chunk *c)
{
	struct ck_meta meta = {c->item_id, w->f->key.thread_id, c->created_us};
	bool is_new;
	struct seen *s = seen_of(w, c->item_id, &is_new);

	if (!s || s->done)
		return;
	if (is_new) {
		buf_clear(&w->json);
		ck_assistant_message(&w->json, &meta, SLICE_NONE, false);
		tell(w, &(struct ck_event){.kind = CK_ITEM_ADDED, .json = buf_slice(&w->json)});
		tell(w, &(struct ck_event){.kind = CK_PART_ADDED, .item_id = c->item_id});
	}
	if (c->text.n > s->shown)
		tell(w, &(struct ck_event){.kind = CK_TEXT_DELTA, .item_id = c->item_id, .text = slice_from(c->text, s->shown)});
	s->shown = c->text.n;
}

/* The order of a first stream: thread, what was said, options, title, answer. */
WAITS static void tell_news(struct watching *w, const struct store_news *news)
{
	if (!w->greeted) {
		if (w->f->created)
			tell_thread(w, &news->thread, CK_THREAD_CREATED);
		for (size_t i = 0; i < news->n_items; i++)
			if (slice_is(news->items[i].kind, "user_message"))
				tell_item(w, &news->items[i]);
		tell(w, &(struct ck_event){.kind = CK_STREAM_OPTIONS, .flag = !w->f->no_cancel});
		if (w->f->stands.n)
			tell(w, &(struct ck_event){.kind = CK_ITEM_REPLACED, .json = w->f->stands});
		if (w->f->created && news->thread.title.n)
			tell_thread(w, &news->thread, CK_THREAD_UPDATED);
		w->greeted = true;
	}
	for (size_t i = 0; i < news->n_items; i++)
		tell_item(w, &news->items[i]);
	for (size_t i = 0; i < news->n_chunks; i++)
		tell_chunk(w, &news->chunks[i]);
}

/* How a turn that is over is told to somebody who did not see it end. */
static enum rc ended(const struct store_news *news, struct err *e)
{
	switch (news->state) {
	case TURN_RUNNING:
	case TURN_DONE:
	case TURN__MAX:
		return RC_OK;
	case TURN_CANCELLED: /* a Stop is an end; a connection that broke is not what its person wanted */
		if (!slice_is(news->error_code, stop_name(STOP_CLIENT_LEFT)))
			return RC_OK;
		err_set(e, RC_UPSTREAM, "the followed turn's client had left");
		return err_user(e, "The connection was lost while the answer was written. Please try again.");
	case TURN_FAILED:
		err_set(e, RC_UPSTREAM, "the followed turn failed: '%.*s'", SLICE_ARG(news->error_code));
		return err_user(e, "The answer failed. Please try again.");
	case TURN_INTERRUPTED:
		err_set(e, RC_UPSTREAM, "the followed turn was interrupted");
		return err_user(e, "The answer was interrupted. Please try again.");
	}
	return RC_OK;
}

WAITS static enum rc look(struct watching *w, struct store *s, enum turn_state *state, struct err *e)
{
	struct arena *look = arena_new(FOLLOW_LOOK_ARENA, NULL);
	struct store_news news;
	enum rc rc = store_follow(s, look, &w->f->key, 0, &news, e);

	if (rc == RC_OK) {
		tell_news(w, &news);
		*state = news.state;
		rc = ended(&news, e);
	}
	arena_free(look);
	return rc;
}

enum rc turn_follow(struct io *io, struct store *s, struct follow *f, struct turn_view *view, struct arena *a, struct err *e)
{
	struct watching *w = arena_new_of(a, struct watching);
	enum turn_state state = TURN_RUNNING;
	enum rc rc;

	w->f = f;
	w->view = view;
	w->a = a;
	buf_init(&w->json, 8 * TURN_TEXT_MAX);
	for (;;) {
		rc = look(w, s, &state, e);
		if (state != TURN_RUNNING || rc != RC_OK || w->gone)
			break;
		rc = io_sleep(io, FOLLOW_PERIOD_US, f->stop);
		if (rc != RC_OK)
			break;
	}
	buf_release(&w->json);
	if (view->end && !w->gone)
		(void)view->end(view, state, rc == RC_OK ? NULL : e);
	return rc;
}
