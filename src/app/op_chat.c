/* SPDX-License-Identifier: MIT */
/*
 * ChatKit's streaming operations: a turn, shown as events. What is refused before the first byte is HTTP; what fails after it is an event. How a turn begins
 * differs by operation: a person's message and a retry are here, what the page answers in op_answer.c, a widget's action in op_action.c.
 */
#include "app/context.h"
#include "app/stream.h"
#include "app/texts.h"
#include "base/log.h"
#include "store/files.h"
#include "turn/follow.h"
#include "wire/utf8.h"

struct chatkit_view {
	struct turn_view view;
	struct exchange *x;
	struct slice base, owner; /* for the addresses of files */
	struct slice locale;
};

/* ---- events ---- */

/* With addresses of files that are good from now on. */
ASIDE static void put_with_files(struct chatkit_view *cv, const struct ck_event *ev)
{
	struct ck_event shown = *ev;
	struct buf json = BUF_INIT(REPLY_OUT_MAX);

	files_splice(cv->x->app->files, cv->base, cv->owner, ev->json, &json);
	shown.json = buf_slice(&json);
	ck_event_sse(&cv->x->rep->out, &shown);
	buf_release(&json);
}

/* A sentence of ours, in the person's language. */
ASIDE static void put_in_language(struct chatkit_view *cv, const struct ck_event *ev)
{
	struct ck_event shown = *ev;

	shown.text = text_in(cv->x->app->conf, cv->locale, ev->text, cv->x->arena);
	ck_event_sse(&cv->x->rep->out, &shown);
}

WAITS static enum rc view_item(struct turn_view *v, const struct ck_event *ev, struct err *e)
{
	struct chatkit_view *cv = container_of(v, struct chatkit_view, view);
	struct reply *rep = cv->x->rep;

	(void)e;
	if (rep->gone)
		return RC_GONE;
	if (ev->json.n && files_in(ev->json))
		put_with_files(cv, ev);
	else if ((ev->kind == CK_NOTICE || ev->kind == CK_ERROR) && cv->x->app->conf->n_texts)
		put_in_language(cv, ev);
	else
		ck_event_sse(&rep->out, ev);
	return reply_room(rep);
}

WAITS static enum rc view_end(struct turn_view *v, enum turn_state state, const struct err *fail)
{
	struct ck_event ev;

	(void)state;
	if (!fail)
		return RC_OK;
	ev = turn_error_event(fail);
	(void)view_item(v, &ev, NULL);
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
	(void)view_item(&v->view, &ev, NULL);
}

WAITS static void tell_thread(struct chatkit_view *v, enum ck_event_kind kind, const struct store_thread *t)
{
	struct buf json = BUF_INIT(64 * 1024);

	turn_thread_json(&json, t);
	tell(v, (struct ck_event){.kind = kind, .json = buf_slice(&json)});
	buf_release(&json);
}

WAITS static void tell_said(struct chatkit_view *v, const struct turn_req *req, enum turn_show show, enum ck_event_kind kind)
{
	for (size_t i = 0; i < req->n_said; i++)
		if (req->said[i].show == show && req->said[i].kind.n)
			tell(v, (struct ck_event){.kind = kind, .json = req->said[i].body});
}

/* What every stream begins with, in the order of chatkit-protocol 1.9. */
ASIDE WAITS static void greet(struct chatkit_view *v, const struct turn_req *req, const struct begun *begun)
{
	struct store_thread untitled = begun->thread;

	untitled.title = SLICE_NONE;
	if (req->create == BEGIN_NEW)
		tell_thread(v, CK_THREAD_CREATED, begun->titled ? &untitled : &begun->thread);
	tell_said(v, req, TURN_SHOW_DONE, CK_ITEM_DONE);
	tell(v, (struct ck_event){.kind = CK_STREAM_OPTIONS, .flag = v->x->app->conf->allow_cancel});
	tell_said(v, req, TURN_SHOW_REPLACED, CK_ITEM_REPLACED);
	if (begun->titled)
		tell_thread(v, CK_THREAD_UPDATED, &begun->thread);
}

static struct chatkit_view *new_view(struct exchange *x)
{
	struct chatkit_view *v = arena_new_of(x->arena, struct chatkit_view);

	*v = (struct chatkit_view){
		.view = {.item = view_item, .end = view_end},
		.x = x,
		.base = x->app->files ? files_base(x->arena, x->req, x->app->conf) : SLICE_NONE,
		.owner = x->who.owner,
		.locale = context_locale(request_header(x->req, "ACCEPT_LANGUAGE")),
	};
	return v;
}

enum rc stream_event(struct exchange *x, const struct ck_event *ev)
{
	begin_stream(x);
	tell(new_view(x), *ev);
	return RC_OK;
}

/* ---- the turn ---- */

/* What the watched turn changed of what was there before: as this request would have changed it, else as it is stored. */
static struct slice changed_item(const struct turn_req *req)
{
	for (size_t i = 0; i < req->n_said; i++)
		if (req->said[i].show == TURN_SHOW_REPLACED)
			return req->said[i].body;
	return req->stands;
}

/* The same request came before: its turn is watched, wherever it runs. */
WAITS static enum rc attach(struct exchange *x, const struct turn_req *req, const struct begun *begun, struct chatkit_view *v, struct err *e)
{
	struct follow f = {
		.key = {x->who.owner, begun->thread_id, begun->turn_id},
		.created = req->create == BEGIN_NEW,
		.show_said = req->n_said > 0,
		.no_cancel = !x->app->conf->allow_cancel,
		.stands = changed_item(req),
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

enum rc stream_turn(struct exchange *x, const struct turn_req *req, bool *changed, struct err *e)
{
	struct begun begun;
	struct ck_event ev;
	struct turn *t;

	*changed = false;
	if (turn_begin(x->app->turns, req, x->arena, NULL, &t, &begun, e) == RC_OK)
		return t ? run(x, req, t, &begun, new_view(x), e) : attach(x, req, &begun, new_view(x), e);
	*changed = begun.how == BEGIN_CHANGED;
	if (e->rc != RC_CONFLICT || *changed)
		return e->rc;
	/* A thread that is busy or closed is told in the stream: the front end shows that text, and does not send again by itself. */
	ev = turn_error_event(e);
	return stream_event(x, &ev);
}

void stream_model(struct exchange *x, struct slice name, struct turn_req *req)
{
	struct model *m;

	if (exchange_model(x, name, "model", &m, &ERR_INIT) == RC_OK)
		req->model = m;
}

/* What was chosen in the composer has to be called. A page may be older than the configuration: a tool that is not there is no fault of the person's. */
static void choose(struct exchange *x, struct slice tool, struct turn_req *req)
{
	if (tool.n == 0)
		return;
	req->must_call = toolset_find(req->tools, tool);
	if (!req->must_call)
		log_line(LOG_WARN, &(struct log_ctx){.rid = x->req->rid}, "tool_choice: there is no tool %.*s; the model chooses", SLICE_ARG(utf8_cut(tool, 64)));
}

/* ---- a person's message ---- */

struct slice stream_made(struct arena *a, struct buf *b)
{
	struct slice s = buf_ok(b) ? arena_try_dup(a, buf_slice(b)) : SLICE_NONE;

	buf_release(b);
	return s;
}

/* What the model reads: the words, then the files. */
static const struct message *with_files(struct arena *a, struct slice text, const struct store_file *f, size_t n)
{
	struct message *m = arena_new_of(a, struct message);

	*m = message_text(a, ROLE_USER, text);
	m->parts = arena_alloc(a, (n + 1) * sizeof(*m->parts));
	m->n = 0;
	if (text.n)
		m->parts[m->n++] = (struct part){.kind = PART_TEXT, .text = text};
	for (size_t i = 0; i < n; i++)
		m->parts[m->n++] = (struct part){.kind = PART_FILE,
						 .file_id = arena_dup(a, f[i].id),
						 .name = arena_dup(a, f[i].name),
						 .mime = arena_dup(a, f[i].mime)};
	return m;
}

/* A USED one was sent along before: it is shown as it is. */
WAITS static enum rc check_here(struct exchange *x, const struct store_file *f, size_t i, struct err *e)
{
	enum rc rc = f->state == FILE_USED ? RC_OK : f->state == FILE_HERE ? files_there(x->app->files, f->id, e) : RC_NOT_FOUND;

	return rc == RC_NOT_FOUND ? err_tell(e, RC_BAD, "params.input.attachments[%zu]: its upload is not complete", i) : rc;
}

/* Only what is here can be sent along. The ids stay for the begin, which makes them the thread's. */
WAITS static enum rc attachments(struct exchange *x, const struct ck_input *in, struct turn_req *req, struct store_file *f, struct slice *json, struct err *e)
{
	struct buf b = BUF_INIT(256 * 1024);
	struct slice *ids = arena_alloc(x->arena, in->n_attachments * sizeof(*ids));

	if (in->n_attachments == 0)
		return RC_OK;
	if (!x->app->files)
		return err_tell(e, RC_BAD, "params.input.attachments: this server takes no attachments");
	if (in->n_attachments > x->app->conf->files.per_message)
		return err_tell(e, RC_BAD, "params.input.attachments: more than %u", x->app->conf->files.per_message);
	if (store_files(x->app->store, x->arena, x->who.owner, in->attachments, in->n_attachments, f, e) != RC_OK)
		return e->rc;
	for (size_t i = 0; i < in->n_attachments; i++) {
		if (check_here(x, &f[i], i, e) != RC_OK)
			return e->rc;
		ids[i] = arena_dup(x->arena, f[i].id);
	}
	req->files = ids;
	req->n_files = in->n_attachments;
	files_attach(&b, f, in->n_attachments, req->caller.thread_id);
	*json = stream_made(x->arena, &b);
	return json->p ? RC_OK : err_set(e, RC_TOO_LARGE, "the attachments' names are too long");
}

ASIDE WAITS static enum rc user_said(struct exchange *x, const struct ck_input *in, struct turn_req *req, struct err *e)
{
	struct turn_said *said = arena_new_of(x->arena, struct turn_said);
	struct buf body = BUF_INIT(x->app->conf->body_max * 8), text = BUF_INIT(x->app->conf->body_max * 6), words = BUF_INIT(x->app->conf->body_max * 2);
	struct ck_meta meta = {exchange_id(x, "msg_"), req->caller.thread_id, env_wall_us(io_env(x->app->io))};
	struct store_file *files = arena_alloc(x->arena, in->n_attachments * sizeof(*files));
	struct slice json = SLICE_NONE;

	if (in->text_bytes > x->app->conf->text_max)
		return err_tell(e, RC_TOO_LARGE, "params.input.content: the message is longer than %zu bytes", x->app->conf->text_max);
	if (attachments(x, in, req, files, &json, e) != RC_OK)
		return e->rc;
	ck_user_message(&body, &meta, in, json);
	ck_input_text(&text, in);
	ck_input_words(&words, in);
	*said = (struct turn_said){.item_id = meta.id, .kind = S("user_message"), .body = stream_made(x->arena, &body), .role = ROLE_USER};
	said->text = stream_made(x->arena, &text);
	if (in->n_attachments)
		said->message = with_files(x->arena, said->text, files, in->n_attachments);
	if (x->app->conf->title_by != CONF_TITLE_OFF)
		req->title = ck_title_of(x->arena, buf_slice(&words));
	buf_release(&words);
	if (!said->body.p || !said->text.p)
		return err_set(e, RC_TOO_LARGE, "no room for the message");
	req->said = said;
	req->n_said = 1;
	return RC_OK;
}

/* ---- the operations ---- */

/* What every operation's turn has: whose, where, whether it is a retry. Copies what must last. */
ASIDE static void request_of(struct exchange *x, const struct ck_request *r, struct turn_req *req)
{
	bool create = r->op == CK_THREADS_CREATE;
	struct slice thread_id = create ? exchange_id(x, "thr_") : arena_dup(x->arena, r->thread_id);

	*req = (struct turn_req){
		.caller = exchange_caller(x, thread_id),
		.create = create ? BEGIN_NEW : BEGIN_EXISTING,
		.req_hash = exchange_hash(x),
		.frame = exchange_frame(x),
		.tools = &x->app->tools,
	};
}

/* Only what a person said can be answered again. */
ASIDE WAITS static enum rc retried(struct exchange *x, const struct ck_request *r, struct turn_req *req, struct err *e)
{
	struct arena *a = arena_new(ANSWER_MAX, x->arena);
	struct store_thread thread;
	struct store_item item;
	enum rc rc = store_item(x->app->store, a, x->who.owner, r->thread_id, r->item_id, &thread, &item, e);

	if (rc == RC_OK && !slice_is(item.kind, "user_message"))
		rc = err_tell(e, RC_BAD, "params.item_id: not a user message");
	if (rc == RC_OK) {
		stream_model(x, item.model, req);
		choose(x, ck_item_tool_choice(a, item.body), req);
	}
	req->cut_after = arena_dup(x->arena, r->item_id);
	arena_free(a);
	return rc;
}

WAITS static enum rc said_or_retried(struct exchange *x, const struct ck_request *r, struct turn_req *req, struct err *e)
{
	bool changed;

	/* A call that the page never answered is over when the person goes on. */
	req->drop_waiting = S("client_tool_call");
	if (r->op == CK_THREADS_RETRY_AFTER_ITEM && retried(x, r, req, e) != RC_OK)
		return e->rc;
	if (r->input && user_said(x, r->input, req, e) != RC_OK)
		return e->rc;
	if (r->input)
		choose(x, r->input->tool_choice, req);
	exchange_read(x);
	if (exchange_writer(x, e) != RC_OK) /* no sooner: what is refused makes nobody */
		return e->rc;
	req->caller.owner = x->who.owner;
	return stream_turn(x, req, &changed, e);
}

WAITS static enum rc dispatch(struct exchange *x, const struct ck_request *r, struct turn_req *req, struct err *e)
{
	if (r->op == CK_THREADS_ADD_CLIENT_TOOL_OUTPUT)
		return op_tool_output(x, r, req, e);
	if (r->op == CK_THREADS_ADD_STRUCTURED_INPUT)
		return op_structured_input(x, r, req, e);
	if (r->op == CK_THREADS_CUSTOM_ACTION)
		return op_action(x, r, req, e);
	return said_or_retried(x, r, req, e);
}

enum rc op_chatkit_stream(struct exchange *x, struct ck_request *r, struct err *e)
{
	struct turn_req *req = arena_new_of(x->arena, struct turn_req);
	struct slice model = r->input ? r->input->model : SLICE_NONE;
	enum rc rc;

	if (x->who.kind == WHO_NOBODY && r->op != CK_THREADS_CREATE)
		return err_set(e, RC_NOT_FOUND, "no identity");
	request_of(x, r, req);
	if (exchange_model(x, model, "params.input.inference_options.model", &req->model, e) != RC_OK || exchange_stream(x, e) != RC_OK)
		return e->rc;
	rc = exchange_store(x, e);
	if (rc == RC_OK)
		rc = dispatch(x, r, req, e);
	exchange_stream_end(x);
	return rc;
}
