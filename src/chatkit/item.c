/* SPDX-License-Identifier: MIT */
#include "chatkit/item.h"

#include "base/env.h"

static void begin_item(struct jsonw *w, struct buf *out, const struct ck_meta *m, const char *type)
{
	char iso[28];

	time_iso(m->created_us, iso);
	jsonw_init(w, out);
	jsonw_obj(w);
	jsonw_kstr(w, "id", m->id);
	jsonw_kstr(w, "thread_id", m->thread_id);
	jsonw_kcstr(w, "created_at", iso);
	jsonw_kcstr(w, "type", type);
}

static void user_part(struct jsonw *w, const struct ck_part *p)
{
	jsonw_obj(w);
	jsonw_kcstr(w, "type", p->tag ? "input_tag" : "input_text");
	if (p->tag)
		jsonw_kstr(w, "id", p->id);
	jsonw_kstr(w, "text", p->text);
	if (p->tag) {
		jsonw_kraw(w, "data", p->data);
		jsonw_kstr_opt(w, "group", p->group);
		jsonw_kbool(w, "interactive", p->interactive);
	}
	jsonw_end(w);
}

void ck_user_message(struct buf *out, const struct ck_meta *m, const struct ck_input *in, struct slice attachments)
{
	struct jsonw w;

	begin_item(&w, out, m, "user_message");
	jsonw_key(&w, "content");
	jsonw_arr(&w);
	for (size_t i = 0; i < in->n_parts; i++)
		user_part(&w, &in->parts[i]);
	jsonw_end(&w);
	jsonw_kraw(&w, "attachments", attachments.n ? attachments : S("[]"));
	if (in->has_quoted)
		jsonw_kstr(&w, "quoted_text", in->quoted);
	jsonw_key(&w, "inference_options");
	jsonw_obj(&w);
	jsonw_kstr_opt(&w, "model", in->model);
	if (in->tool_choice.n) {
		jsonw_key(&w, "tool_choice");
		jsonw_obj(&w);
		jsonw_kstr(&w, "id", in->tool_choice);
		jsonw_end(&w);
	}
	jsonw_end(&w);
	jsonw_end(&w);
}

void ck_user_text(struct buf *out, const struct ck_meta *m, struct slice text)
{
	struct jsonw w;

	begin_item(&w, out, m, "user_message");
	jsonw_key(&w, "content");
	jsonw_arr(&w);
	user_part(&w, &(struct ck_part){.text = text});
	jsonw_end(&w);
	jsonw_kraw(&w, "attachments", S("[]"));
	jsonw_kraw(&w, "inference_options", S("{}"));
	jsonw_end(&w);
}

void ck_text_part(struct jsonw *w, struct slice text, struct slice annotations)
{
	jsonw_obj(w);
	jsonw_kcstr(w, "type", "output_text");
	jsonw_kstr(w, "text", text);
	jsonw_kraw(w, "annotations", annotations.n ? annotations : S("[]"));
	jsonw_end(w);
}

void ck_assistant_message(struct buf *out, const struct ck_meta *m, struct slice text, bool has_text)
{
	struct jsonw w;

	begin_item(&w, out, m, "assistant_message");
	jsonw_key(&w, "content");
	jsonw_arr(&w);
	if (has_text)
		ck_text_part(&w, text, SLICE_NONE);
	jsonw_end(&w);
	jsonw_end(&w);
}

static const char *status_name(enum ck_status s)
{
	switch (s) {
	case CK_STATUS_NONE:
		return "none";
	case CK_STATUS_LOADING:
		return "loading";
	case CK_STATUS_COMPLETE:
		return "complete";
	}
	return "none";
}

static void task(struct jsonw *w, const struct ck_task *t)
{
	jsonw_obj(w);
	jsonw_kcstr(w, "type", "custom");
	jsonw_kcstr(w, "status_indicator", status_name(t->status));
	jsonw_kstr_opt(w, "title", t->title);
	jsonw_kstr_opt(w, "icon", t->icon);
	jsonw_kstr_opt(w, "content", t->content);
	jsonw_end(w);
}

void ck_task_json(struct buf *out, const struct ck_task *t)
{
	struct jsonw w;

	jsonw_init(&w, out);
	task(&w, t);
}

void ck_workflow(struct buf *out, const struct ck_meta *m, const struct ck_task *tasks, size_t n)
{
	struct jsonw w;

	begin_item(&w, out, m, "workflow");
	jsonw_key(&w, "workflow");
	jsonw_obj(&w);
	jsonw_kcstr(&w, "type", "custom");
	jsonw_key(&w, "tasks");
	jsonw_arr(&w);
	for (size_t i = 0; i < n; i++)
		task(&w, &tasks[i]);
	jsonw_end(&w);
	jsonw_kbool(&w, "expanded", false);
	jsonw_end(&w);
	jsonw_end(&w);
}

static void interrupt_task(struct jsonw *w, const struct json_at *t)
{
	struct slice key;
	struct json_at child;
	bool loading = slice_is(json_str_or(t, "status_indicator", SLICE_NONE), "loading");

	if (!loading) {
		jsonw_raw(w, json_text(t));
		return;
	}
	jsonw_obj(w);
	for (size_t it = 0; json_each(t, &it, &key, &child);)
		if (!slice_is(key, "status_indicator") && !slice_is(key, "content")) {
			jsonw_key_slice(w, key);
			jsonw_raw(w, json_text(&child));
		}
	jsonw_kcstr(w, "status_indicator", "none");
	jsonw_kcstr(w, "content", "Interrupted.");
	jsonw_end(w);
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
	struct guard_limits limits = GUARD_UPSTREAM;
	struct json_doc *doc;
	struct json_at root, workflow, child;
	struct slice key;
	struct jsonw w;

	if (json_parse(a, body, &limits, &doc, NULL) != RC_OK) {
		buf_add(out, body);
		return;
	}
	root = json_root(doc);
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
