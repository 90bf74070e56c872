/* SPDX-License-Identifier: MIT */
/* What is read from, and done to, the text of a stored item. Its members keep their order, and those of a newer version their place. */
#include "chatkit/item.h"

/* A short text as it was picked; empty: it is none. */
static struct slice picked(struct arena *a, const struct guard_pick *pick)
{
	struct buf text = BUF_INIT(CK_ID_MAX);
	struct slice s;

	if (pick->raw.n && pick->raw.p[0] == '"')
		guard_unescape(pick->raw, &text);
	s = arena_dup(a, buf_slice(&text));
	buf_release(&text);
	return s;
}

bool ck_item_id_type(struct arena *a, struct slice body, struct slice *id, struct slice *type)
{
	struct guard_pick picks[] = {{"id", SLICE_NONE}, {"type", SLICE_NONE}};
	struct guard_limits limits = GUARD_UPSTREAM;
	bool mend;

	if (guard_check(body, &limits, picks, countof(picks), &mend, NULL) != RC_OK)
		return false;
	*id = picked(a, &picks[0]);
	*type = picked(a, &picks[1]);
	return id->n && type->n;
}

struct slice ck_item_tool_choice(struct arena *a, struct slice body)
{
	struct guard_pick pick = {"inference_options.tool_choice.id", SLICE_NONE};
	struct guard_limits limits = GUARD_UPSTREAM;
	bool mend;

	return guard_check(body, &limits, &pick, 1, &mend, NULL) == RC_OK ? picked(a, &pick) : SLICE_NONE;
}

bool ck_item_text(struct arena *a, struct slice body, struct slice *role, struct slice *text, struct slice *created_at)
{
	struct guard_limits limits = GUARD_UPSTREAM;
	struct json_doc *doc;
	struct json_at root, content;
	struct slice type;
	struct buf joined = BUF_INIT(4 * 1024 * 1024);

	if (json_parse(a, body, &limits, &doc, NULL) != RC_OK)
		return false;
	root = json_root(doc);
	type = json_str_or(&root, "type", SLICE_NONE);
	if (slice_is(type, "user_message"))
		*role = S("user");
	else if (slice_is(type, "assistant_message"))
		*role = S("assistant");
	else
		return false;
	content = json_get(&root, "content");
	for (size_t i = 0; i < json_count(&content); i++) {
		struct json_at part = json_item(&content, i);

		if (slice_is(json_str_or(&part, "type", SLICE_NONE), "input_tag"))
			buf_addch(&joined, '@');
		buf_add(&joined, json_str_or(&part, "text", SLICE_NONE));
	}
	*text = arena_dup(a, buf_slice(&joined));
	*created_at = json_str_or(&root, "created_at", SLICE_NONE);
	buf_release(&joined);
	return true;
}

/* The item's tree, if it is of this type. */
static enum rc read_item(struct arena *a, struct slice body, const char *type, struct json_at *root, struct err *e)
{
	struct guard_limits limits = GUARD_UPSTREAM;
	struct json_doc *doc;

	if (json_parse(a, body, &limits, &doc, e) != RC_OK)
		return err_wrap(e, "a stored item");
	*root = json_root(doc);
	if (slice_is(json_str_or(root, "type", SLICE_NONE), type))
		return RC_OK;
	return err_tell(e, RC_BAD, "item_id: not a %s", type);
}

enum rc ck_call_read(struct arena *a, struct slice body, struct ck_call *out, struct err *e)
{
	struct json_at root, arguments, output;

	if (read_item(a, body, "client_tool_call", &root, e) != RC_OK)
		return e->rc;
	arguments = json_get(&root, "arguments");
	output = json_get(&root, "output");
	*out = (struct ck_call){.call_id = json_str(&root, "call_id"), .name = json_str(&root, "name")};
	out->arguments = json_kind(&arguments) == JSON_OBJECT ? json_text(&arguments) : S("{}");
	if (slice_is(json_str_or(&root, "status", SLICE_NONE), "completed"))
		out->output = json_text(&output);
	return json_done(root.doc, e);
}

/* One member's new value: JSON, or a text (which only members that are left out when empty have). */
struct put {
	const char *key;
	struct slice json, text;
	bool done;
};

static void put_value(struct jsonw *w, struct put *p)
{
	if (p->json.n)
		jsonw_raw(w, p->json);
	else
		jsonw_str(w, p->text);
	p->done = true;
}

/* The object with these members replaced where they stand, or added at its end. */
static void put_members(struct jsonw *w, const struct json_at *obj, struct put *puts, size_t n)
{
	struct slice key;
	struct json_at child;

	jsonw_obj(w);
	for (size_t it = 0; json_each(obj, &it, &key, &child);) {
		struct put *p = NULL;

		for (size_t i = 0; i < n; i++)
			if (slice_is(key, puts[i].key))
				p = &puts[i];
		jsonw_key_slice(w, key);
		if (p)
			put_value(w, p);
		else
			jsonw_raw(w, json_text(&child));
	}
	for (size_t i = 0; i < n; i++)
		if (!puts[i].done) {
			jsonw_key(w, puts[i].key);
			put_value(w, &puts[i]);
		}
	jsonw_end(w);
}

static enum rc put_item(struct buf *out, const struct json_at *root, struct put *puts, size_t n, struct err *e)
{
	size_t before = out->n;
	struct jsonw w;
	enum rc rc;

	jsonw_init(&w, out);
	put_members(&w, root, puts, n);
	rc = buf_ok(out) ? json_done(root->doc, e) : err_set(e, RC_TOO_LARGE, "the item outgrew its room");
	if (rc != RC_OK)
		buf_cut(out, before);
	return rc;
}

enum rc ck_call_complete(struct arena *a, struct buf *out, struct slice body, struct slice output, struct err *e)
{
	struct put puts[] = {{.key = "status", .text = S("completed")}, {.key = "output", .json = output}};
	struct json_at root;

	if (read_item(a, body, "client_tool_call", &root, e) != RC_OK)
		return e->rc;
	if (!slice_is(json_str_or(&root, "status", S("pending")), "pending"))
		return err_tell(e, RC_CONFLICT, "item_id: this call is completed");
	return put_item(out, &root, puts, slice_is(output, "null") ? 1 : 2, e); /* a member that is null is left out */
}

enum rc ck_widget_read(struct arena *a, struct slice body, struct slice *widget, struct err *e)
{
	struct json_at root, at;

	if (read_item(a, body, "widget", &root, e) != RC_OK)
		return e->rc;
	at = json_get(&root, "widget");
	*widget = json_text(&at);
	return json_done(root.doc, e);
}

enum rc ck_widget_replace(struct arena *a, struct buf *out, struct slice body, struct slice widget, struct slice copy_text, struct err *e)
{
	struct put puts[] = {{.key = "widget", .json = widget}, {.key = "copy_text", .text = copy_text}};
	struct json_at root;

	if (read_item(a, body, "widget", &root, e) != RC_OK)
		return e->rc;
	return put_item(out, &root, puts, copy_text.n ? 2 : 1, e);
}

/* A thought keeps its words; what a call was doing gives way to what became of it. */
static void interrupt_task(struct jsonw *w, const struct json_at *t)
{
	struct put puts[] = {{.key = "status_indicator", .text = S("none")}, {.key = "content", .text = S("Interrupted.")}};
	bool custom = slice_is(json_str_or(t, "type", SLICE_NONE), "custom");

	if (slice_is(json_str_or(t, "status_indicator", SLICE_NONE), "loading"))
		put_members(w, t, puts, custom ? 2 : 1);
	else
		jsonw_raw(w, json_text(t));
}

static void interrupt_workflow(struct jsonw *w, const struct json_at *workflow)
{
	struct slice key;
	struct json_at child;

	jsonw_obj(w);
	for (size_t it = 0; json_each(workflow, &it, &key, &child);) {
		jsonw_key_slice(w, key);
		if (!slice_is(key, "tasks")) {
			jsonw_raw(w, json_text(&child));
			continue;
		}
		jsonw_arr(w);
		for (size_t i = 0; i < json_count(&child); i++) {
			struct json_at t = json_item(&child, i);

			interrupt_task(w, &t);
		}
		jsonw_end(w);
	}
	jsonw_end(w);
}

void ck_workflow_interrupt(struct arena *a, struct buf *out, struct slice body)
{
	struct json_at root, workflow, child;
	struct slice key;
	struct jsonw w;

	if (read_item(a, body, "workflow", &root, NULL) != RC_OK) {
		buf_add(out, body);
		return;
	}
	workflow = json_get(&root, "workflow");
	if (json_kind(&workflow) != JSON_OBJECT) {
		buf_add(out, body);
		return;
	}
	jsonw_init(&w, out);
	jsonw_obj(&w);
	for (size_t it = 0; json_each(&root, &it, &key, &child);) {
		jsonw_key_slice(&w, key);
		if (slice_is(key, "workflow"))
			interrupt_workflow(&w, &child);
		else
			jsonw_raw(&w, json_text(&child));
	}
	jsonw_end(&w);
}
