/* SPDX-License-Identifier: MIT */
/*
 * A widget's action. First what it changes by itself is made durable in one step (the form keeps what was filled in; an action that counts once is marked as
 * done, so that a second press finds it taken), then its tool runs, then its result is shown. threads.custom_action does that in a turn and streams;
 * threads.sync_custom_action, which a page may send while an answer streams, changes the widget alone and gives it back.
 */
#include "agent/tools.h"
#include "app/action.h"
#include "app/page.h"
#include "app/stream.h"
#include "base/log.h"
#include "chatkit/recall.h"
#include "chatkit/widget.h"

#define TREE_MAX (16 * 1024 * 1024)
#define TRIES 8 /* at a widget that others change in the same moment: each time one of them was faster */

/* One action on its way. Lives in the request's arena. */
struct acting {
	struct exchange *x;
	const struct action *action;
	struct action_sent sent;
	struct slice was, body;   /* the sender's item: as it stands, and as this action leaves it; empty: none */
	struct slice model;       /* that drew it */
	struct slice entry_id;    /* names this press; the same for each press of an action that counts once */
	struct action_calls calls;
};

static enum rc copy_sent(struct exchange *x, const struct ck_request *r, struct slice thread_id, bool sync, struct acting *ac, struct err *e)
{
	ac->x = x;
	ac->sent = (struct action_sent){
		.type = arena_try_dup(x->arena, r->action.type),
		.payload = arena_try_dup(x->arena, r->action.payload),
		.item_id = arena_try_dup(x->arena, r->item_id),
		.thread_id = thread_id,
	};
	if (!ac->sent.type.p || !ac->sent.payload.p || !ac->sent.item_id.p)
		return err_set(e, RC_TOO_LARGE, "no room for the action");
	ac->action = action_find(x->app->actions, ac->sent.type, sync);
	return action_calls(ac->action, &ac->sent, x->arena, &ac->calls, e);
}

/* The widget as the action leaves it before anything else is done. */
static enum rc leave(struct acting *ac, struct slice body, struct arena *a, struct err *e)
{
	struct buf filled = BUF_INIT(WIDGET_MAX), spent = BUF_INIT(WIDGET_MAX), out = BUF_INIT(2 * WIDGET_MAX);
	bool changed = false, used = false;
	struct slice widget;
	enum rc rc;

	rc = ck_widget_read(a, body, &widget, e);
	if (rc == RC_OK)
		rc = widget_form(a, widget, ac->sent.type, ac->sent.payload, &filled, &changed, e);
	if (rc == RC_OK && changed)
		widget = buf_slice(&filled);
	if (rc == RC_OK && action_once(ac->action))
		rc = widget_spend(a, widget, ac->sent.type, &spent, &used, e);
	if (rc == RC_OK && used)
		widget = buf_slice(&spent);
	if (rc == RC_OK)
		rc = changed || used ? ck_widget_replace(a, &out, body, widget, SLICE_NONE, e) : (buf_add(&out, body), RC_OK);
	buf_release(&filled);
	buf_release(&spent);
	ac->was = arena_try_dup(ac->x->arena, body);
	ac->body = rc == RC_OK ? stream_made(ac->x->arena, &out) : SLICE_NONE;
	buf_release(&out);
	return rc != RC_OK ? rc : ac->was.p && ac->body.p ? RC_OK : err_set(e, RC_TOO_LARGE, "no room for the widget");
}

/* *widget false: the sender is another kind of item. RC_NOT_FOUND. */
WAITS static enum rc load(struct acting *ac, bool *widget, struct err *e)
{
	struct exchange *x = ac->x;
	struct arena *a = arena_new(TREE_MAX, x->arena);
	struct store_thread thread;
	struct store_item item;
	enum rc rc;

	*widget = true;
	ac->was = ac->body = SLICE_NONE;
	if (ac->sent.item_id.n == 0) {
		arena_free(a);
		return RC_OK;
	}
	rc = store_item(x->app->store, a, x->who.owner, ac->sent.thread_id, ac->sent.item_id, &thread, &item, e);
	*widget = rc == RC_OK && slice_is(item.kind, "widget");
	if (*widget) {
		ac->model = arena_dup(x->arena, item.model);
		rc = leave(ac, item.body, a, e);
	}
	arena_free(a);
	return rc;
}

static void name_press(struct acting *ac)
{
	struct arena *a = ac->x->arena;

	/* The type is the client's word, of any bytes up to CK_ID_MAX: an entry's id is one of ours. */
	if (action_once(ac->action) && ac->sent.item_id.n)
		ac->entry_id = page_once_id(a, ac->sent.item_id, ac->sent.type);
	else
		ac->entry_id = exchange_id(ac->x, "act_");
}

/* ---- in a turn ---- */

static enum rc shown(void *ctx, const struct tool_result *result, const struct tool_result *look, struct arena *a, struct ck_shown *out, struct slice *note,
		     bool *resume, struct err *e)
{
	struct acting *ac = ctx;
	enum rc rc = action_shown(ac->action, &ac->sent, &(struct action_results){result, look}, a, out, note, resume, e);

	if (rc != RC_BAD)
		return rc;
	/* A template that does not fit what came: the operator reads why, the person that it did not work. */
	e->rc = RC_CONF;
	log_err(&(struct log_ctx){.rid = ac->x->req->rid}, "an action", e);
	*out = (struct ck_shown){.notice_level = "danger", .notice = S("This action did not work.")};
	*resume = false;
	return RC_OK;
}

static void fill_turn(struct acting *ac, struct turn_req *req)
{
	struct turn_said *said = arena_alloc(ac->x->arena, 2 * sizeof(*said));
	struct turn_act *act = arena_new_of(ac->x->arena, struct turn_act);

	stream_model(ac->x, ac->model, req);
	said[0] = (struct turn_said){.item_id = ac->sent.item_id, .entry_id = ac->entry_id, .role = ROLE_USER, .text = action_told(&ac->sent, ac->x->arena)};
	req->n_said = 1;
	if (!slice_eq(ac->was, ac->body))
		said[req->n_said++] =
			(struct turn_said){.item_id = ac->sent.item_id, .kind = S("widget"), .body = ac->body, .show = TURN_SHOW_REPLACED};
	req->said = said;
	*act = (struct turn_act){
		.call = ac->calls.call, .look = ac->calls.look, .item_id = ac->sent.item_id, .widget_body = ac->body, .after = shown, .ctx = ac};
	req->act = act;
	req->if_item = ac->sent.item_id;
	req->if_body = req->stands = ac->was;
	req->if_no_entry = action_once(ac->action) ? ac->entry_id : SLICE_NONE;
}

WAITS static enum rc taken(struct exchange *x)
{
	return stream_event(x, &(struct ck_event){.kind = CK_NOTICE, .level = "info", .text = S("This was done already.")});
}

enum rc op_action(struct exchange *x, const struct ck_request *r, struct turn_req *req, struct err *e)
{
	struct acting *ac = arena_new_of(x->arena, struct acting);
	bool changed = false, widget;
	enum rc rc;

	if (copy_sent(x, r, req->caller.thread_id, false, ac, e) != RC_OK)
		return e->rc;
	exchange_read(x);
	name_press(ac);
	/* Somebody else may change the widget between reading it and taking the thread. */
	for (unsigned tries = 0; tries < TRIES; tries++) {
		struct slice before = ac->was;

		rc = load(ac, &widget, e);
		if (rc != RC_OK)
			return rc;
		if (!widget)
			return stream_event(x, &(struct ck_event){.kind = CK_ERROR, .code = "stream.error", .flag = false});
		if (changed && slice_eq(before, ac->was))
			return taken(x);
		fill_turn(ac, req);
		rc = stream_turn(x, req, &changed, e);
		if (!changed)
			return rc;
	}
	return taken(x);
}

/* ---- at once ---- */

/* The thread as the action leaves it: *how tells whether it was so. */
WAITS static enum rc change(struct acting *ac, struct slice was, const struct store_item *put, size_t n_put, const struct store_entry *entries,
			    size_t n_entries, bool once, enum change_how *how, struct err *e)
{
	struct exchange *x = ac->x;
	struct arena *a = arena_new(TREE_MAX, x->arena);
	struct change c = {
		.owner = x->who.owner,
		.thread_id = ac->sent.thread_id,
		.if_item = ac->sent.item_id,
		.if_body = was,
		.if_no_entry = once ? ac->entry_id : SLICE_NONE,
		.batch = {.put = put, .n_put = n_put, .entries = entries, .n_entries = n_entries},
	};
	enum rc rc = store_change(x->app->store, a, &c, how, e);

	arena_free(a);
	if (rc == RC_OK && *how == CHANGE_INACTIVE)
		return err_tell(e, RC_CONFLICT, "This conversation is closed for new messages.");
	return rc;
}

/* With a name for this very request: a press that finds what another of the same kind left is not taken for a second run of it. */
static struct store_entry entry_of(struct acting *ac, struct slice id, struct slice text)
{
	struct message m = message_text(ac->x->arena, ROLE_USER, text);
	struct buf b = BUF_INIT(MESSAGE_JSON_MAX);

	message_write(&b, &m);
	buf_cut(&b, b.n - strlen("}"));
	buf_addf(&b, ",\"press\":\"%.*s\"}", SLICE_ARG(exchange_id(ac->x, "act_")));
	return (struct store_entry){.id = id, .item_id = ac->sent.item_id, .body = stream_made(ac->x->arena, &b)};
}

/* *out NULL: there is no such call. */
WAITS static enum rc invoke(struct acting *ac, const struct tools_call *call, struct tool_result **out, struct err *e)
{
	struct exchange *x = ac->x;
	struct log_ctx log = {.rid = x->req->rid, .owner = x->who.owner};
	struct caller who = exchange_caller(x, ac->sent.thread_id);

	*out = NULL;
	if (!call->tool)
		return RC_OK;
	who.owner = x->who.owner;
	*out = arena_new_of(x->arena, struct tool_result);
	return tools_one(x->app->io, &x->app->conf->agent, call, &who, x->arena, NULL, &log, *out, e);
}

/* Another widget, and what the model remembers: what is to be streamed has no way to the page here. *how CHANGED: nothing was written. */
WAITS static enum rc finish(struct acting *ac, const struct action_results *results, struct slice *body, enum change_how *how, struct err *e)
{
	const struct tool_result *result = results->call;
	struct exchange *x = ac->x;
	struct buf widget = BUF_INIT(WIDGET_MAX), out = BUF_INIT(2 * WIDGET_MAX);
	struct ck_shown sh = {0};
	struct store_entry entries[2];
	struct store_item put;
	size_t n_put = 0, n = 0;
	struct slice note;
	bool resume;
	enum rc rc;

	*how = CHANGE_DONE;
	*body = ac->body;
	rc = result && !result->is_error ? ck_meta_read(x->arena, result->meta, &sh, NULL, e) : RC_OK;
	if (rc == RC_OK)
		rc = action_shown(ac->action, &ac->sent, results, x->arena, &sh, &note, &resume, e);
	if (rc == RC_OK && sh.widget.n && ac->body.n) {
		rc = page_widget(x->app->page, sh.widget, &widget, e);
		if (rc == RC_OK)
			rc = ck_widget_replace(x->arena, &out, ac->body, buf_slice(&widget), sh.copy_text, e);
		if (rc == RC_OK) {
			*body = stream_made(x->arena, &out);
			put = (struct store_item){.id = ac->sent.item_id, .kind = S("widget"), .body = *body, .state = ITEM_DONE};
			n_put = 1;
		}
	}
	if (rc == RC_OK && note.n)
		entries[n++] = entry_of(ac, exchange_id(x, "act_"), note);
	if (rc == RC_OK && sh.hidden_context.n)
		entries[n++] = entry_of(ac, exchange_id(x, "act_"), ck_hidden_told(x->arena, sh.hidden_context));
	if (rc == RC_OK && (n || n_put))
		rc = change(ac, ac->body, &put, n_put, entries, n, false, how, e);
	if (rc == RC_OK && result && result->is_error)
		rc = err_tell(e, result->not_called ? RC_BAD : RC_UPSTREAM, "%.*s", SLICE_ARG(sh.notice));
	buf_release(&widget);
	buf_release(&out);
	return rc;
}

/* The mark of this press, and what the form keeps. *fresh false: it was pressed before. */
WAITS static enum rc reserve(struct acting *ac, bool *fresh, struct err *e)
{
	struct store_entry entry = entry_of(ac, ac->entry_id, action_told(&ac->sent, ac->x->arena));
	enum change_how how = CHANGE_CHANGED;
	bool widget;

	for (unsigned tries = 0; tries < TRIES && how == CHANGE_CHANGED; tries++) {
		struct slice before = ac->was;
		struct store_item put;

		if (load(ac, &widget, e) != RC_OK)
			return e->rc;
		if (!widget)
			return err_tell(e, RC_BAD, "params.item_id: not a widget");
		if (tries > 0 && slice_eq(before, ac->was))
			break;
		put = (struct store_item){.id = ac->sent.item_id, .kind = S("widget"), .body = ac->body, .state = ITEM_DONE};
		if (change(ac, ac->was, &put, ac->body.n && !slice_eq(ac->was, ac->body), &entry, 1, action_once(ac->action), &how, e) != RC_OK)
			return e->rc;
	}
	*fresh = how == CHANGE_DONE;
	return RC_OK;
}

WAITS static enum rc answer(struct exchange *x, const struct acting *ac, struct slice body, struct err *e)
{
	struct buf json = BUF_INIT(ANSWER_MAX), spliced = BUF_INIT(ANSWER_MAX);
	struct jsonw w;

	if (body.n)
		files_splice(x->app->files, x->app->files ? files_base(x->arena, x->req, x->app->conf) : SLICE_NONE, x->who.owner, body, &spliced);
	jsonw_init(&w, &json);
	jsonw_obj(&w);
	if (ac->sent.item_id.n && spliced.n)
		jsonw_kraw(&w, "updated_item", buf_slice(&spliced));
	jsonw_end(&w);
	buf_release(&spliced);
	return exchange_answer(x, &json, e);
}

/* What the tool did is done: a widget that somebody else changes meanwhile is made anew from what it is by then. */
WAITS static enum rc show(struct acting *ac, const struct tool_result *result, struct slice *body, struct err *e)
{
	enum change_how how = CHANGE_CHANGED;
	struct tool_result *look = NULL;
	enum rc rc = RC_OK;
	bool widget = true;

	for (unsigned tries = 0; rc == RC_OK && how == CHANGE_CHANGED; tries++) {
		if (tries == TRIES)
			return err_tell(e, RC_CONFLICT, "This was changed meanwhile.");
		if (tries > 0)
			rc = load(ac, &widget, e);
		if (rc == RC_OK && !(result && result->is_error))
			rc = invoke(ac, &ac->calls.look, &look, e);
		if (rc == RC_OK)
			rc = finish(ac, &(struct action_results){result, look}, body, &how, e);
	}
	return rc;
}

enum rc op_sync_action(struct exchange *x, const struct ck_request *r, struct err *e)
{
	struct acting *ac = arena_new_of(x->arena, struct acting);
	struct tool_result *result = NULL;
	struct slice body;
	bool fresh = false;
	enum rc rc;

	if (copy_sent(x, r, arena_dup(x->arena, r->thread_id), true, ac, e) != RC_OK)
		return e->rc;
	exchange_read(x);
	name_press(ac);
	rc = reserve(ac, &fresh, e);
	if (rc == RC_OK && !fresh)
		return err_tell(e, RC_CONFLICT, "This was done already.");
	if (rc == RC_OK)
		rc = invoke(ac, &ac->calls.call, &result, e);
	if (rc == RC_OK)
		rc = show(ac, result, &body, e);
	return rc == RC_OK ? answer(x, ac, body, e) : rc;
}
