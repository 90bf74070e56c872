/* SPDX-License-Identifier: MIT */
/*
 * The simple protocol: {"messages":[{"role","content"}], "thread_id"?, "user_id"?, "model"?}, answered by a stream of data lines or, at /sync, by one object.
 * Without thread_id the earlier messages seed the new thread; with it only the last one is new: the server remembers the rest.
 */
#include "app/inner.h"
#include "chatkit/item.h"
#include "turn/follow.h"
#include "wire/sse.h"
#include "wire/utf8.h"

#define MESSAGES_MAX 200
#define TREE_MAX (64 * 1024 * 1024) /* one item's, while it is read */

struct simple {
	struct slice thread_id, model, user_id;
	bool ours;              /* thread_id looks like one of ours: it must exist */
	struct turn_said *said;
	size_t n_said;
	size_t last_bytes;
};

/* ---- reading ---- */

/* A string, or parts of which the text ones count. */
static struct slice read_content(struct exchange *x, const struct json_at *m)
{
	struct json_at content = json_get(m, "content");
	struct buf text = BUF_INIT(x->app->conf->body_max);
	struct slice s;

	if (json_kind(&content) != JSON_ARRAY)
		return json_as_str(&content);
	for (size_t i = 0; i < json_count(&content); i++) {
		struct json_at part = json_item(&content, i);

		buf_add(&text, json_str_or(&part, "text", SLICE_NONE));
	}
	s = arena_dup(x->arena, buf_slice(&text));
	buf_release(&text);
	return s;
}

static void read_message(struct exchange *x, const struct json_at *m, struct turn_said *out)
{
	struct json_at role = json_get(m, "role");
	struct slice r = json_as_str(&role);

	if (json_kind(&role) == JSON_STRING && (!role_parse(r, &out->role) || (out->role != ROLE_USER && out->role != ROLE_ASSISTANT)))
		json_fail(&role, "expected 'user' or 'assistant'");
	out->text = read_content(x, m);
	out->kind = out->role == ROLE_USER ? S("user_message") : S("assistant_message");
	out->item_id = exchange_id(x, "msg_");
}

static void read_messages(struct exchange *x, const struct json_at *messages, struct simple *s)
{
	size_t n = json_count(messages);

	if (n > MESSAGES_MAX) {
		json_fail(messages, "more than %d messages", MESSAGES_MAX);
		return;
	}
	s->said = arena_alloc(x->arena, (n + 1) * sizeof(*s->said));
	for (size_t i = 0; i < n; i++) {
		struct json_at m = json_item(messages, i);

		read_message(x, &m, &s->said[i]);
		if (i + 1 < n)
			continue;
		if (s->said[i].role != ROLE_USER)
			json_fail(&m, "the last message must be the user's");
		else if (slice_trim(s->said[i].text).n == 0)
			json_fail(&m, "the message is empty");
		s->last_bytes = s->said[i].text.n;
	}
	s->n_said = n;
}

/* A client may mint ids of its own; they become keys, so they are plain and short. */
static void read_thread(const struct json_at *root, struct simple *s)
{
	struct json_at at = json_get(root, "thread_id");

	s->thread_id = json_as_str_or(&at, SLICE_NONE);
	s->ours = slice_starts(s->thread_id, S("thr_"));
	if (s->thread_id.n > CK_ID_MAX)
		json_fail(&at, "longer than %d bytes", CK_ID_MAX);
	for (size_t i = 0; i < s->thread_id.n; i++)
		if ((unsigned char)s->thread_id.p[i] <= ' ') {
			json_fail(&at, "blanks and control characters are not allowed in an id");
			return;
		}
}

static enum rc read_simple(struct exchange *x, struct json_doc *doc, struct simple *s, struct err *e)
{
	struct json_at root = json_root(doc), messages = json_get(&root, "messages"), options = json_get(&root, "inference_options");

	*s = (struct simple){.user_id = json_str_or(&root, "user_id", SLICE_NONE)};
	read_thread(&root, s);
	s->model = json_str_or(&root, "model", json_str_or(&options, "model", SLICE_NONE));
	if (json_kind(&messages) == JSON_ARRAY && json_count(&messages) == 0)
		return err_tell(e, RC_BAD, "No messages provided");
	if (!json_has(&messages))
		json_fail(&messages, "missing");
	read_messages(x, &messages, s);
	if (json_done(doc, e) != RC_OK)
		return e->rc;
	if (s->last_bytes > x->app->conf->text_max)
		return err_tell(e, RC_TOO_LARGE, "messages: the last message is longer than %zu bytes", x->app->conf->text_max);
	return identity_claims(&x->who, s->user_id, e);
}

/* ---- showing ---- */

struct simple_view {
	struct turn_view view;
	struct exchange *x;
	struct slice thread_id, message_id;
	bool sync;
	size_t shown;    /* followed: bytes of the growing message that were shown */
	struct buf json; /* one line */
};

WAITS static enum rc put(struct simple_view *v)
{
	struct reply *rep = v->x->rep;

	if (rep->gone)
		return RC_GONE;
	sse_data(&rep->out, buf_slice(&v->json));
	return reply_room(rep);
}

WAITS static enum rc put_content(struct simple_view *v, struct slice delta)
{
	buf_clear(&v->json);
	buf_add(&v->json, S("{\"content\":\""));
	jsonw_escape(&v->json, delta);
	buf_add(&v->json, S("\"}"));
	return put(v);
}

WAITS static enum rc put_tool(struct simple_view *v, const struct agent_event *ev)
{
	struct guard_limits limits = GUARD_UPSTREAM;
	struct slice text = ev->result->json.n ? ev->result->json : ev->result->text;
	bool mend = false;
	struct jsonw w;

	limits.any_top = true;
	buf_clear(&v->json);
	jsonw_init(&w, &v->json);
	jsonw_obj(&w);
	jsonw_key(&w, "tool_call");
	jsonw_obj(&w);
	jsonw_kstr(&w, "name", ev->call->name);
	jsonw_key(&w, "result");
	if (guard_check(text, &limits, NULL, 0, &mend, NULL) == RC_OK && !mend && slice_find(text, S("\n")) < 0)
		jsonw_raw(&w, text);
	else
		jsonw_str(&w, text);
	jsonw_end(&w);
	jsonw_end(&w);
	return put(v);
}

WAITS static enum rc view_agent(struct turn_view *tv, const struct agent_event *ev, struct err *e)
{
	struct simple_view *v = container_of(tv, struct simple_view, view);

	(void)e;
	if (ev->kind == AGENT_TEXT && ev->delta.n)
		return put_content(v, ev->delta);
	if (ev->kind == AGENT_TOOL_END)
		return put_tool(v, ev);
	return RC_OK;
}

/* While another request runs the turn only item events come: the text is in them. */
WAITS static enum rc follow_item(struct turn_view *tv, const struct ck_event *ev, struct err *e)
{
	struct simple_view *v = container_of(tv, struct simple_view, view);
	struct arena *tree;
	struct slice role, text, at;
	enum rc rc = RC_OK;

	(void)e;
	if (ev->kind == CK_TEXT_DELTA) {
		v->shown += ev->text.n;
		return put_content(v, ev->text);
	}
	if (ev->kind != CK_ITEM_DONE)
		return RC_OK;
	tree = arena_new(TREE_MAX, NULL);
	if (ck_item_text(tree, ev->json, &role, &text, &at) && slice_is(role, "assistant")) {
		if (text.n > v->shown)
			rc = put_content(v, slice_from(text, v->shown));
		v->shown = 0;
	}
	arena_free(tree);
	return rc;
}

WAITS static void put_done(struct simple_view *v)
{
	struct jsonw w;

	buf_clear(&v->json);
	jsonw_init(&w, &v->json);
	jsonw_obj(&w);
	jsonw_kbool(&w, "done", true);
	jsonw_kstr(&w, "thread_id", v->thread_id);
	jsonw_kstr(&w, "message_id", v->message_id);
	jsonw_end(&w);
	(void)put(v);
}

WAITS static void put_error(struct simple_view *v, const struct err *e)
{
	struct jsonw w;

	buf_clear(&v->json);
	jsonw_init(&w, &v->json);
	jsonw_obj(&w);
	jsonw_kcstr(&w, "error", err_sentence(e));
	jsonw_end(&w);
	(void)put(v);
}

WAITS static void reply_sync(struct simple_view *v, struct slice content)
{
	struct jsonw w;

	buf_init(&v->json, 8 * TURN_TEXT_MAX);
	jsonw_init(&w, &v->json);
	jsonw_obj(&w);
	jsonw_kstr(&w, "content", content);
	jsonw_kstr(&w, "thread_id", v->thread_id);
	jsonw_kstr(&w, "message_id", v->message_id);
	jsonw_end(&w);
	exchange_reply(v->x, 200, buf_slice(&v->json));
}

/* ---- doing ---- */

static void begin_stream(struct simple_view *v)
{
	size_t n;
	const struct reply_header *h = exchange_headers(v->x, &n);

	if (!v->sync)
		reply_begin_sse(v->x->rep, h, n);
}

WAITS static enum rc finish(struct simple_view *v, enum rc rc, struct slice content, const struct turn_key *k, const struct err *e)
{
	if (v->sync && rc != RC_OK) {
		v->x->failed = *k;
		return rc; /* still an HTTP answer */
	}
	if (v->sync)
		reply_sync(v, content);
	else if (rc == RC_OK)
		put_done(v);
	else
		put_error(v, e);
	exchange_delivered(v->x, k);
	return rc;
}

WAITS static enum rc run(struct simple_view *v, struct turn *t, struct err *e)
{
	struct exchange *x = v->x;
	struct slice content;
	enum rc rc;

	if (!x->app->conf->finish_on_disconnect)
		x->rep->stop_when_gone = turn_stop(t);
	if (!v->sync)
		v->view.agent = view_agent;
	begin_stream(v);
	rc = turn_run(t, &v->view, e);
	turn_answer(t, &v->message_id, &content);
	rc = finish(v, rc, content, turn_key(t), e);
	x->rep->stop_when_gone = NULL;
	turn_release(t);
	return rc;
}

WAITS static enum rc attach(struct simple_view *v, const struct begun *begun, struct err *e)
{
	struct exchange *x = v->x;
	struct follow f = {.key = {x->who.owner, begun->thread_id, begun->turn_id}};
	struct stop stop;
	enum rc rc;

	stop_init(&stop, x->app->io, NULL);
	f.stop = &stop;
	x->rep->stop_when_gone = &stop;
	v->thread_id = begun->thread_id;
	if (!v->sync)
		v->view.item = follow_item;
	begin_stream(v);
	rc = turn_follow(x->app->io, x->app->store, &f, &v->view, x->arena, e);
	v->message_id = f.answer_id;
	rc = finish(v, rc, f.answer_text, &f.key, e);
	x->rep->stop_when_gone = NULL;
	stop_release(&stop);
	return rc;
}

static void write_items(struct exchange *x, struct slice thread_id, struct turn_said *said, size_t n)
{
	int64_t now = env_wall_us(io_env(x->app->io));

	for (size_t i = 0; i < n; i++) {
		struct ck_meta meta = {said[i].item_id, thread_id, now + (int64_t)i};
		struct buf b = BUF_INIT(x->app->conf->body_max * 8);

		if (said[i].role == ROLE_USER)
			ck_user_text(&b, &meta, said[i].text);
		else
			ck_assistant_message(&b, &meta, said[i].text, true);
		said[i].body = arena_dup(x->arena, buf_slice(&b));
		said[i].text = arena_dup(x->arena, said[i].text);
		buf_release(&b);
	}
}

static enum rc fill(struct exchange *x, struct simple *s, struct turn_req *req, struct err *e)
{
	bool fresh = s->thread_id.n == 0;

	if (exchange_model(x, s->model, "model", &req->model, e) != RC_OK)
		return e->rc;
	if (fresh)
		s->thread_id = exchange_id(x, "thr_");
	else if (s->n_said > 1) { /* the thread knows the earlier ones */
		s->said += s->n_said - 1;
		s->n_said = 1;
	}
	write_items(x, s->thread_id, s->said, s->n_said);
	req->caller = exchange_caller(x, arena_dup(x->arena, s->thread_id));
	req->create = fresh ? BEGIN_NEW : s->ours ? BEGIN_EXISTING : BEGIN_EXISTING_OR_NEW;
	req->title = ck_title_of(x->arena, s->said[0].text);
	req->req_hash = exchange_hash(x);
	req->frame = exchange_frame(x);
	req->said = s->said;
	req->n_said = s->n_said;
	req->tools = &x->app->plain_tools;
	return RC_OK;
}

WAITS static enum rc begin_and_run(struct exchange *x, const struct turn_req *req, bool sync, struct err *e)
{
	struct simple_view *v = arena_new_of(x->arena, struct simple_view);
	struct begun begun;
	struct turn *t;
	enum rc rc;

	v->x = x;
	v->sync = sync;
	v->thread_id = req->caller.thread_id;
	buf_init(&v->json, 8 * TURN_TEXT_MAX);
	rc = turn_begin(x->app->turns, req, x->arena, NULL, &t, &begun, e);
	if (rc == RC_OK)
		rc = t ? run(v, t, e) : attach(v, &begun, e);
	buf_release(&v->json);
	return rc;
}

enum rc op_simple(struct exchange *x, struct json_doc *doc, bool sync, struct err *e)
{
	struct simple *s = arena_new_of(x->arena, struct simple);
	struct turn_req *req = arena_new_of(x->arena, struct turn_req);
	enum rc rc;

	x->op = sync ? "sync" : "simple";
	if (read_simple(x, doc, s, e) != RC_OK)
		return e->rc;
	if (x->who.kind == WHO_NOBODY && s->ours)
		return err_set(e, RC_NOT_FOUND, "no identity");
	if (fill(x, s, req, e) != RC_OK || exchange_stream(x, e) != RC_OK)
		return e->rc;
	exchange_read(x);
	rc = exchange_writer(x, e);
	req->caller.owner = x->who.owner;
	if (rc == RC_OK)
		rc = begin_and_run(x, req, sync, e);
	exchange_stream_end(x);
	return rc;
}

enum rc op_sync(struct exchange *x, struct err *e)
{
	struct json_doc *doc;

	if (exchange_json(x, &doc, e) != RC_OK)
		return e->rc;
	return op_simple(x, doc, true, e);
}
