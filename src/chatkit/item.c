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

static void assistant_message(struct buf *out, const struct ck_meta *m, const struct slice *text, struct slice annotations)
{
	struct jsonw w;

	begin_item(&w, out, m, "assistant_message");
	jsonw_key(&w, "content");
	jsonw_arr(&w);
	if (text)
		ck_text_part(&w, *text, annotations);
	jsonw_end(&w);
	jsonw_end(&w);
}

void ck_assistant_message(struct buf *out, const struct ck_meta *m, struct slice text, bool has_text)
{
	assistant_message(out, m, has_text ? &text : NULL, SLICE_NONE);
}

void ck_assistant_cited(struct buf *out, const struct ck_meta *m, struct slice text, struct slice annotations)
{
	assistant_message(out, m, &text, annotations);
}

static void summary(struct jsonw *w, const struct ck_flow *f)
{
	if (!f->title.n && !f->timed)
		return;
	jsonw_key(w, "summary");
	jsonw_obj(w);
	if (f->title.n) {
		jsonw_kstr(w, "title", f->title);
		jsonw_kstr_opt(w, "icon", f->icon);
	} else {
		jsonw_kint(w, "duration", f->duration_s);
	}
	jsonw_end(w);
}

void ck_flow(struct buf *out, const struct ck_meta *m, const struct ck_flow *f)
{
	struct jsonw w;

	begin_item(&w, out, m, "workflow");
	jsonw_key(&w, "workflow");
	jsonw_obj(&w);
	jsonw_kcstr(&w, "type", f->reasoning ? "reasoning" : "custom");
	jsonw_key(&w, "tasks");
	jsonw_arr(&w);
	for (size_t i = 0; i < f->n_tasks; i++)
		ck_task(&w, &f->tasks[i]);
	jsonw_end(&w);
	summary(&w, f);
	jsonw_kbool(&w, "expanded", f->expanded);
	jsonw_end(&w);
	jsonw_end(&w);
}

void ck_workflow(struct buf *out, const struct ck_meta *m, const struct ck_task *tasks, size_t n)
{
	ck_flow(out, m, &(struct ck_flow){.tasks = tasks, .n_tasks = n});
}

void ck_client_tool_call(struct buf *out, const struct ck_meta *m, const struct ck_call *c)
{
	struct jsonw w;

	begin_item(&w, out, m, "client_tool_call");
	jsonw_kcstr(&w, "status", c->output.n ? "completed" : "pending");
	jsonw_kstr(&w, "call_id", c->call_id);
	jsonw_kstr(&w, "name", c->name);
	jsonw_kraw(&w, "arguments", c->arguments.n ? c->arguments : S("{}"));
	if (c->output.n)
		jsonw_kraw(&w, "output", c->output);
	jsonw_end(&w);
}

void ck_widget_item(struct buf *out, const struct ck_meta *m, struct slice widget, struct slice copy_text)
{
	struct jsonw w;

	begin_item(&w, out, m, "widget");
	jsonw_kraw(&w, "widget", widget);
	jsonw_kstr_opt(&w, "copy_text", copy_text);
	jsonw_end(&w);
}

static void image(struct jsonw *w, struct slice id, struct slice url)
{
	jsonw_obj(w);
	jsonw_kstr(w, "id", id);
	jsonw_kstr(w, "url", url);
	jsonw_end(w);
}

void ck_generated_image(struct buf *out, const struct ck_meta *m, struct slice image_id, struct slice url)
{
	struct jsonw w;

	begin_item(&w, out, m, "generated_image");
	if (url.n) {
		jsonw_key(&w, "image");
		image(&w, image_id, url);
	}
	jsonw_end(&w);
}

void ck_image_json(struct buf *out, struct slice image_id, struct slice url)
{
	struct jsonw w;

	jsonw_init(&w, out);
	image(&w, image_id, url);
}

void ck_structured_input(struct buf *out, const struct ck_meta *m, struct slice inputs)
{
	struct jsonw w;

	begin_item(&w, out, m, "structured_input");
	jsonw_kcstr(&w, "status", "pending");
	jsonw_kraw(&w, "inputs", inputs);
	jsonw_end(&w);
}

void ck_hidden_context(struct buf *out, const struct ck_meta *m, struct slice content)
{
	struct jsonw w;

	begin_item(&w, out, m, "hidden_context_item");
	jsonw_kraw(&w, "content", content);
	jsonw_end(&w);
}
