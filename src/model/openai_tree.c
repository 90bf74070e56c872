/* SPDX-License-Identifier: MIT */
#include "model/openai_tree.h"

enum rc openai_garbage(const struct err *why, struct err *e)
{
	err_set(e, RC_PROTO, "the provider's event is not what it should be: %s", why->msg);
	return err_user(e, "The model's answer could not be read. Please try again.");
}

static struct slice plain_str(const struct json_at *in, const char *key)
{
	struct json_at at;

	if (json_kind(in) != JSON_OBJECT)
		return SLICE_NONE;
	at = json_get(in, key);
	return json_kind(&at) == JSON_STRING ? json_as_str(&at) : SLICE_NONE;
}

static struct slice plain_tree(const struct json_at *in, const char *key)
{
	struct json_at at = json_get(in, key);

	return json_kind(&at) == JSON_OBJECT || json_kind(&at) == JSON_ARRAY ? json_text(&at) : SLICE_NONE;
}

static enum rc take_call(struct wire *w, const struct json_at *at, struct err *e)
{
	struct assemble_delta d = {.index = -1};
	struct json_at index, function, args;

	if (json_kind(at) != JSON_OBJECT)
		return RC_OK;
	index = json_get(at, "index");
	function = json_get(at, "function");
	if (json_kind(&index) == JSON_NUMBER && !slice_i64(json_text(&index), 0, INT64_MAX, &d.index))
		d.index = -1;
	d.id = plain_str(at, "id");
	d.extra = plain_tree(at, "extra_content");
	if (json_kind(&function) == JSON_OBJECT) {
		d.name = plain_str(&function, "name");
		args = json_get(&function, "arguments");
		if (json_kind(&args) == JSON_STRING)
			d.args = json_as_str(&args);
		else if (json_has(&args))
			d.args = json_text(&args);
	}
	return assemble_add(&w->calls, &d, e);
}

enum rc openai_take_calls(struct wire *w, const struct json_at *root, struct err *e)
{
	enum rc rc = RC_OK;

	if (json_kind(root) == JSON_OBJECT)
		return take_call(w, root, e);
	for (size_t i = 0; json_kind(root) == JSON_ARRAY && i < json_count(root) && rc == RC_OK; i++) {
		struct json_at one = json_item(root, i);

		rc = take_call(w, &one, e);
	}
	return rc;
}

/* Mistral's content: [{"type":"text","text":".."},{"type":"thinking","thinking":[{"type":"text","text":".."}]}]. */
enum rc openai_take_parts(struct wire *w, const struct json_at *root, struct err *e)
{
	struct json_at one, inner, piece;

	(void)e;
	for (size_t i = 0; json_kind(root) == JSON_ARRAY && i < json_count(root); i++) {
		one = json_item(root, i);
		if (json_kind(&one) != JSON_OBJECT)
			continue;
		inner = json_get(&one, "thinking");
		if (json_kind(&inner) == JSON_STRING)
			buf_add(&w->reasoning, json_as_str(&inner));
		for (size_t k = 0; json_kind(&inner) == JSON_ARRAY && k < json_count(&inner); k++) {
			piece = json_item(&inner, k);
			buf_add(&w->reasoning, plain_str(&piece, "text"));
		}
		if (!json_has(&inner))
			buf_add(&w->text, plain_str(&one, "text"));
	}
	return RC_OK;
}

enum rc openai_take_details(struct wire *w, const struct json_at *root, struct err *e)
{
	(void)e;
	details_add(&w->details, root, NULL);
	return RC_OK;
}

enum rc openai_take_details_text(struct wire *w, const struct json_at *root, struct err *e)
{
	(void)e;
	details_add(&w->details, root, &w->reasoning);
	return RC_OK;
}

enum rc openai_take_extra(struct wire *w, const struct json_at *root, struct err *e)
{
	struct slice json = arena_try_dup(w->arena, json_text(root));

	(void)e;
	/* Beside a call that has none, it is that call's; else it waits for the first. */
	if (json.p && w->calls.n && w->calls.call[w->calls.current].extra.n == 0)
		w->calls.call[w->calls.current].extra = json;
	else if (json.p)
		w->extra = json;
	return RC_OK;
}

enum rc openai_take_annotations(struct wire *w, const struct json_at *root, struct err *e)
{
	(void)e;
	sources_annotations(&w->sources, root);
	return RC_OK;
}

enum rc openai_take_results(struct wire *w, const struct json_at *root, struct err *e)
{
	(void)e;
	sources_results(&w->sources, root);
	return RC_OK;
}

enum rc openai_tree(struct wire *w, struct slice raw, openai_take *take, struct err *e)
{
	static const struct guard_limits limits = {.depth = GUARD_DEPTH_MAX, .nodes = 100000, .key = 1024, .upstream = true, .any_top = true};
	struct arena *scratch = arena_new(4 * (size_t)WIRE_EVENT_MAX, w->arena);
	struct json_doc *doc;
	struct json_at root;
	struct err why;
	enum rc rc;

	if (json_parse(scratch, raw, &limits, &doc, &why) != RC_OK) {
		rc = openai_garbage(&why, e);
	} else {
		root = json_root(doc);
		rc = take(w, &root, e);
	}
	arena_free(scratch);
	return rc;
}
