/* SPDX-License-Identifier: MIT */
/* ChatKit's streaming operations: a turn, shown as events. What is refused before the first byte is HTTP; what fails after it is an event. */
#include "app/inner.h"
#include "chatkit/item.h"
#include "turn/follow.h"

struct chatkit_view {
	struct turn_view view;
	struct reply *rep;
};

WAITS static enum rc view_item(struct turn_view *v, const struct ck_event *ev, struct err *e)
{
	struct chatkit_view *cv = container_of(v, struct chatkit_view, view);

	(void)e;
	if (cv->rep->gone)
		return RC_GONE;
	ck_event_sse(&cv->rep->out, ev);
	return reply_room(cv->rep);
}

WAITS static enum rc view_end(struct turn_view *v, enum turn_state state, const struct err *fail)
{
	struct chatkit_view *cv = container_of(v, struct chatkit_view, view);
	struct ck_event ev;

	(void)state;
	if (!fail || cv->rep->gone)
		return RC_OK;
	ev = turn_error_event(fail);
	ck_event_sse(&cv->rep->out, &ev);
	return RC_OK;
}

static void begin_stream(struct exchange *x)
{
	size_t n;
	const struct reply_header *h = exchange_headers(x, &n);

	reply_begin_sse(x->rep, h, n);
}

WAITS static void tell(struct chatkit_view *v, struct ck_event ev)
{
	struct err e = ERR_INIT;

	(void)view_item(&v->view, &ev, &e);
}

WAITS static void tell_thread(struct chatkit_view *v, enum ck_event_kind kind, const struct store_thread *t)
{
	struct buf json = BUF_INIT(64 * 1024);

	turn_thread_json(&json, t);
	tell(v, (struct ck_event){.kind = kind, .json = buf_slice(&json)});
	buf_release(&json);
}

/* What every stream begins with, in the order of chatkit-protocol 1.9. */
WAITS static void greet(struct chatkit_view *v, const struct turn_req *req, const struct begun *begun)
{
	struct store_thread untitled = begun->thread;

	untitled.title = SLICE_NONE;
	if (req->create == BEGIN_NEW)
		tell_thread(v, CK_THREAD_CREATED, begun->titled ? &untitled : &begun->thread);
	for (size_t i = 0; i < req->n_said; i++)
		tell(v, (struct ck_event){.kind = CK_ITEM_DONE, .json = req->said[i].body});
	tell(v, (struct ck_event){.kind = CK_STREAM_OPTIONS, .flag = true});
	if (begun->titled)
		tell_thread(v, CK_THREAD_UPDATED, &begun->thread);
}

/* The same request came before: its turn is watched, wherever it runs. */
WAITS static enum rc attach(struct exchange *x, const struct turn_req *req, const struct begun *begun, struct chatkit_view *v, struct err *e)
{
	struct follow f = {
		.key = {x->who.owner, begun->thread_id, begun->turn_id},
		.created = req->create == BEGIN_NEW,
		.show_said = req->n_said > 0,
	};
	struct stop stop;
	enum rc rc;

	stop_init(&stop, x->app->io, NULL);
	f.stop = &stop;
	x->rep->stop_when_gone = &stop;
	begin_stream(x);
	rc = turn_follow(x->app->io, x->app->store, &f, &v->view, x->arena, e);
	exchange_delivered(x, &f.key);
	x->rep->stop_when_gone = NULL;
	stop_release(&stop);
	return rc;
}

WAITS static enum rc run(struct exchange *x, const struct turn_req *req, struct turn *t, const struct begun *begun, struct chatkit_view *v,
			 struct err *e)
{
	enum rc rc;

	if (!x->app->conf->finish_on_disconnect)
		x->rep->stop_when_gone = turn_stop(t);
	begin_stream(x);
	greet(v, req, begun);
	rc = turn_run(t, &v->view, e);
	exchange_delivered(x, turn_key(t));
	x->rep->stop_when_gone = NULL;
	turn_release(t);
	return rc;
}

/* A thread that is busy or closed is told in the stream: the front end shows that text, and does not send again by itself. */
WAITS static enum rc refused(struct exchange *x, struct chatkit_view *v, const struct err *e)
{
	struct ck_event ev = turn_error_event(e);

	begin_stream(x);
	tell(v, ev);
	return RC_OK;
}

WAITS static enum rc begin_and_run(struct exchange *x, const struct turn_req *req, struct err *e)
{
	struct chatkit_view *v = arena_new_of(x->arena, struct chatkit_view);
	struct begun begun;
	struct turn *t;

	*v = (struct chatkit_view){.view = {.item = view_item, .end = view_end}, .rep = x->rep};
	if (turn_begin(x->app->turns, req, x->arena, NULL, &t, &begun, e) != RC_OK)
		return e->rc == RC_CONFLICT ? refused(x, v, e) : e->rc;
	if (!t)
		return attach(x, req, &begun, v, e);
	return run(x, req, t, &begun, v, e);
}

static struct slice made(struct arena *a, struct buf *b)
{
	struct slice s = arena_dup(a, buf_slice(b));

	buf_release(b);
	return s;
}

static enum rc user_said(struct exchange *x, const struct ck_input *in, struct turn_req *req, struct err *e)
{
	struct turn_said *said = arena_new_of(x->arena, struct turn_said);
	struct buf body = BUF_INIT(x->app->conf->body_max * 8), text = BUF_INIT(x->app->conf->body_max * 6);
	struct ck_meta meta = {exchange_id(x, "msg_"), req->caller.thread_id, env_wall_us(io_env(x->app->io))};

	if (in->n_attachments)
		return err_tell(e, RC_BAD, "params.input.attachments[0]: unknown attachment");
	if (in->text_bytes > x->app->conf->text_max)
		return err_tell(e, RC_TOO_LARGE, "params.input.content: the message is longer than %zu bytes", x->app->conf->text_max);
	ck_user_message(&body, &meta, in, SLICE_NONE);
	ck_input_text(&text, in);
	*said = (struct turn_said){meta.id, S("user_message"), made(x->arena, &body), ROLE_USER, made(x->arena, &text)};
	req->said = said;
	req->n_said = 1;
	req->title = ck_title_of(x->arena, said->text);
	return RC_OK;
}

static enum rc fill(struct exchange *x, const struct ck_request *r, struct turn_req *req, struct err *e)
{
	bool create = r->op == CK_THREADS_CREATE;
	struct slice thread_id = create ? exchange_id(x, "thr_") : arena_dup(x->arena, r->thread_id);
	struct slice model = r->input ? r->input->model : SLICE_NONE;

	*req = (struct turn_req){
		.caller = exchange_caller(x, thread_id),
		.create = create ? BEGIN_NEW : BEGIN_EXISTING,
		.req_hash = exchange_hash(x),
		.frame = slice_upto(request_header(x->req, "CHATKIT_FRAME_INSTANCE_ID"), CK_ID_MAX),
		.tools = &x->app->tools,
		.cut_after = r->op == CK_THREADS_RETRY_AFTER_ITEM ? arena_dup(x->arena, r->item_id) : SLICE_NONE,
	};
	if (exchange_model(x, model, "params.input.inference_options.model", &req->model, e) != RC_OK)
		return e->rc;
	return r->input ? user_said(x, r->input, req, e) : RC_OK;
}

enum rc op_chatkit_stream(struct exchange *x, struct ck_request *r, struct err *e)
{
	struct turn_req *req = arena_new_of(x->arena, struct turn_req);
	enum rc rc;

	if (!r->input && r->op != CK_THREADS_RETRY_AFTER_ITEM)
		return err_tell(e, RC_BAD, "type: this server does not offer '%s'", ck_op_info(r->op)->type);
	if (x->who.kind == WHO_NOBODY && r->op != CK_THREADS_CREATE)
		return err_set(e, RC_NOT_FOUND, "no identity");
	if (fill(x, r, req, e) != RC_OK || exchange_stream(x, e) != RC_OK)
		return e->rc;
	exchange_read(x);
	rc = exchange_writer(x, e);
	req->caller.owner = x->who.owner;
	if (rc == RC_OK)
		rc = begin_and_run(x, req, e);
	exchange_stream_end(x);
	return rc;
}
