/* SPDX-License-Identifier: MIT */
/* What the page sends for a run that waits for it: the output of a client tool, the answers of a form. Each begins a turn that goes on from there. */
#include "app/stream.h"
#include "base/log.h"
#include "chatkit/answer.h"
#include "chatkit/recall.h"

#define TREE_MAX (16 * 1024 * 1024)

static struct turn_said *said_new(struct exchange *x, struct turn_req *req)
{
	struct turn_said *said = arena_new_of(x->arena, struct turn_said);

	req->said = said;
	req->n_said = 1;
	return said;
}

/* ---- a client tool's output ---- */

/* JSON for the model: a text as it reads, anything else as it is written. */
static struct slice output_text(struct arena *a, struct slice json)
{
	struct json_at value;
	struct slice text = json;

	if (json_parse_value(a, json, &GUARD_UPSTREAM, &value, NULL) == RC_OK && json_kind(&value) == JSON_STRING)
		text = json_as_str(&value);
	if (text.n == 0)
		return S("(no output)");
	return text.n <= TOOL_RESULT_MAX ? text : S("[The output was too large to be read.]");
}

static struct message *result_message(struct arena *a, struct slice call_id, struct slice name, struct slice text)
{
	struct message *m = arena_new_of(a, struct message);

	m->role = ROLE_TOOL;
	m->n = 1;
	m->parts = arena_new_of(a, struct part);
	m->parts[0] = (struct part){.kind = PART_RESULT, .call_id = arena_dup(a, call_id), .name = arena_dup(a, name), .text = arena_dup(a, text)};
	return m;
}

/* A result stands behind its call, and nobody looks for it behind what was said since: then the model is told in words. */
static struct slice told_late(struct arena *a, struct slice name, struct slice output)
{
	struct buf b = BUF_INIT(2 * TOOL_RESULT_MAX);
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_obj(&w);
	jsonw_kstr(&w, "tool", name);
	jsonw_kraw(&w, "output", output.n <= TOOL_RESULT_MAX ? output : S("\"[The output was too large to be read.]\""));
	jsonw_end(&w);
	return ck_hidden_told(a, stream_made(a, &b));
}

/* The call as it is from now on, and its result. */
static enum rc completed(struct exchange *x, const struct store_item *item, bool passed, struct slice output, struct turn_req *req, struct err *e)
{
	struct buf b = BUF_INIT(2 * (item->body.n + x->app->conf->body_max));
	struct arena *tree = arena_new(TREE_MAX, x->arena);
	struct turn_said *said = said_new(x, req);
	struct ck_call call;
	enum rc rc;

	rc = ck_call_read(tree, item->body, &call, e);
	if (rc == RC_OK)
		rc = ck_call_complete(tree, &b, item->body, output, e);
	if (rc == RC_OK) {
		*said = (struct turn_said){
			.item_id = arena_dup(x->arena, item->id),
			.kind = S("client_tool_call"),
			.body = stream_made(x->arena, &b),
			.show = TURN_SHOW_NOT, /* the page knows: it did it */
			.entry_id = exchange_id(x, "res_"),
			.role = ROLE_USER,
		};
		if (passed)
			said->text = told_late(x->arena, call.name, output);
		else
			said->message = result_message(x->arena, call.call_id, call.name, output_text(tree, output));
		req->if_item = said->item_id;
		req->if_body = arena_dup(x->arena, item->body);
		rc = said->body.p ? RC_OK : err_set(e, RC_TOO_LARGE, "the output is too large");
	}
	buf_release(&b);
	arena_free(tree);
	return rc;
}

/* Nothing waits for it: some clients send it twice, or late. The model is told, and goes on. */
static enum rc unexpected(struct exchange *x, struct slice output, struct turn_req *req)
{
	struct turn_said *said = said_new(x, req);

	*said = (struct turn_said){.entry_id = exchange_id(x, "res_"), .role = ROLE_USER};
	said->text = ck_hidden_told(x->arena, output.n <= TOOL_RESULT_MAX ? output : S("\"(the output of a page's tool)\""));
	return RC_OK;
}

/*
 * The newest call that waits. A client may send its output before the stream that called has ended: while a turn runs and none waits yet, it is
 * waited for.
 */
WAITS static enum rc find_call(struct exchange *x, const struct turn_req *req, int64_t end, struct arena *a, struct store_waiting *w, struct err *e)
{
	for (;;) {
		if (store_waiting(x->app->store, a, x->who.owner, req->caller.thread_id, S("client_tool_call"), w, e) != RC_OK)
			return e->rc;
		if (w->found || !w->running || io_now(x->app->io) >= end)
			return RC_OK;
		(void)io_sleep(x->app->io, 50 * IO_MS, NULL);
	}
}

enum rc op_tool_output(struct exchange *x, const struct ck_request *r, struct turn_req *req, struct err *e)
{
	int64_t end = io_in(x->app->io, TURN_WAIT_US);
	struct slice output = arena_try_dup(x->arena, r->result);
	struct store_waiting w;
	bool changed;
	enum rc rc;

	exchange_read(x);
	if (!output.p)
		return err_set(e, RC_TOO_LARGE, "no room for the output");
	req->drop_waiting = S("client_tool_call"); /* older ones, which nobody will answer */
	for (unsigned tries = 0; tries < 3; tries++) {
		struct arena *a = arena_new(TREE_MAX, x->arena);

		rc = find_call(x, req, end, a, &w, e);
		if (rc == RC_OK && w.found)
			stream_model(x, w.item.model, req);
		if (rc == RC_OK)
			rc = w.found ? completed(x, &w.item, w.passed, output, req, e) : unexpected(x, output, req);
		arena_free(a);
		if (rc != RC_OK)
			return rc;
		rc = stream_turn(x, req, &changed, e);
		if (!changed)
			return rc;
		req->if_item = req->if_body = SLICE_NONE;
	}
	return rc;
}

/* ---- structured input ---- */

/* One that stands answered can still be the answer of this very request, sent again: the begin looks for that first. */
static struct slice nobody(void)
{
	return S("-");
}

static enum rc answered(struct exchange *x, const struct ck_request *r, const struct store_item *item, struct turn_req *req, struct err *e)
{
	struct arena *tree = arena_new(TREE_MAX, x->arena);
	struct buf warnings = BUF_INIT(4096);
	struct slice body, text;
	enum rc rc = ck_answer(tree, item->body, r->answers, &body, &text, &warnings, e);

	if (rc == RC_OK) {
		struct turn_said *said = said_new(x, req);

		*said = (struct turn_said){
			.item_id = arena_dup(x->arena, item->id),
			.kind = S("structured_input"),
			.body = arena_dup(x->arena, body),
			.show = TURN_SHOW_REPLACED,
			.role = ROLE_USER,
			.text = arena_dup(x->arena, text),
			.entry_id = exchange_id(x, "ans_"),
		};
		req->if_body = arena_dup(x->arena, item->body);
	} else if (rc == RC_CONFLICT) {
		req->if_body = nobody();
		rc = RC_OK;
	}
	if (warnings.n)
		log_line(LOG_INFO, &(struct log_ctx){.rid = x->req->rid}, "structured input: %.*s", SLICE_ARG(slice_trim(buf_slice(&warnings))));
	buf_release(&warnings);
	arena_free(tree);
	return rc;
}

enum rc op_structured_input(struct exchange *x, const struct ck_request *r, struct turn_req *req, struct err *e)
{
	struct arena *a = arena_new(TREE_MAX, x->arena);
	struct store_thread thread;
	struct store_item item;
	bool changed;
	enum rc rc;

	rc = store_item(x->app->store, a, x->who.owner, req->caller.thread_id, r->item_id, &thread, &item, e);
	if (rc == RC_OK && !slice_is(item.kind, "structured_input"))
		rc = err_tell(e, RC_BAD, "params.item_id: not a structured input");
	if (rc == RC_OK) {
		req->if_item = arena_dup(x->arena, item.id);
		req->stands = arena_dup(x->arena, item.body);
		stream_model(x, item.model, req);
		rc = answered(x, r, &item, req, e);
	}
	arena_free(a);
	exchange_read(x);
	if (rc != RC_OK)
		return rc;
	rc = stream_turn(x, req, &changed, e);
	return changed ? err_tell(e, RC_CONFLICT, "This was answered already.") : rc;
}
