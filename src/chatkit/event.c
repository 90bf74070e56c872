/* SPDX-License-Identifier: MIT */
#include "chatkit/event.h"

#include "chatkit/item.h"

static const char *const names[CK_EVENT__MAX] = {
	[CK_THREAD_CREATED] = "thread.created",
	[CK_THREAD_UPDATED] = "thread.updated",
	[CK_ITEM_ADDED] = "thread.item.added",
	[CK_ITEM_DONE] = "thread.item.done",
	[CK_ITEM_REPLACED] = "thread.item.replaced",
	[CK_ITEM_REMOVED] = "thread.item.removed",
	[CK_PART_ADDED] = "thread.item.updated",
	[CK_TEXT_DELTA] = "thread.item.updated",
	[CK_ANNOTATION_ADDED] = "thread.item.updated",
	[CK_PART_DONE] = "thread.item.updated",
	[CK_TASK_ADDED] = "thread.item.updated",
	[CK_TASK_UPDATED] = "thread.item.updated",
	[CK_WIDGET_ROOT] = "thread.item.updated",
	[CK_WIDGET_COMPONENT] = "thread.item.updated",
	[CK_WIDGET_TEXT] = "thread.item.updated",
	[CK_IMAGE_UPDATED] = "thread.item.updated",
	[CK_STREAM_OPTIONS] = "stream_options",
	[CK_PROGRESS] = "progress_update",
	[CK_CLIENT_EFFECT] = "client_effect",
	[CK_NOTICE] = "notice",
	[CK_ERROR] = "error",
};

static void text_delta(struct buf *out, const struct ck_event *ev)
{
	buf_add(out, S("{\"type\":\"thread.item.updated\",\"item_id\":\""));
	jsonw_escape(out, ev->item_id);
	buf_add(out, S("\",\"update\":{\"type\":\"assistant_message.content_part.text_delta\",\"content_index\":0,\"delta\":\""));
	jsonw_escape(out, ev->text);
	buf_add(out, S("\"}}"));
}

static void part(struct jsonw *w, const struct ck_event *ev)
{
	jsonw_kint(w, "content_index", 0);
	jsonw_key(w, "content");
	ck_text_part(w, ev->text, ev->json);
}

static void annotation(struct jsonw *w, const struct ck_event *ev)
{
	jsonw_kint(w, "content_index", 0);
	jsonw_kint(w, "annotation_index", (int64_t)ev->index);
	jsonw_kraw(w, "annotation", ev->json);
}

static void task(struct jsonw *w, const struct ck_event *ev)
{
	jsonw_kint(w, "task_index", (int64_t)ev->index);
	jsonw_kraw(w, "task", ev->json);
}

static void widget_root(struct jsonw *w, const struct ck_event *ev)
{
	jsonw_kraw(w, "widget", ev->json);
}

static void widget_component(struct jsonw *w, const struct ck_event *ev)
{
	jsonw_kstr(w, "component_id", ev->name);
	jsonw_kraw(w, "component", ev->json);
}

static void widget_text(struct jsonw *w, const struct ck_event *ev)
{
	jsonw_kstr(w, "component_id", ev->name);
	jsonw_kstr(w, "delta", ev->text);
	jsonw_kbool(w, "done", ev->flag);
}

static void image(struct jsonw *w, const struct ck_event *ev)
{
	jsonw_kraw(w, "image", ev->json);
	if (ev->progress < 0)
		return;
	jsonw_key(w, "progress");
	jsonw_num(w, ev->progress);
}

/* What changes an item that is on the screen. */
static const struct {
	const char *type;
	void (*members)(struct jsonw *w, const struct ck_event *ev);
} updates[CK_EVENT__MAX] = {
	[CK_PART_ADDED] = {"assistant_message.content_part.added", part},
	[CK_ANNOTATION_ADDED] = {"assistant_message.content_part.annotation_added", annotation},
	[CK_PART_DONE] = {"assistant_message.content_part.done", part},
	[CK_TASK_ADDED] = {"workflow.task.added", task},
	[CK_TASK_UPDATED] = {"workflow.task.updated", task},
	[CK_WIDGET_ROOT] = {"widget.root.updated", widget_root},
	[CK_WIDGET_COMPONENT] = {"widget.component.updated", widget_component},
	[CK_WIDGET_TEXT] = {"widget.streaming_text.value_delta", widget_text},
	[CK_IMAGE_UPDATED] = {"generated_image.updated", image},
};

static void update(struct jsonw *w, const struct ck_event *ev)
{
	CHECK(updates[ev->kind].type);
	jsonw_kstr(w, "item_id", ev->item_id);
	jsonw_key(w, "update");
	jsonw_obj(w);
	jsonw_kcstr(w, "type", updates[ev->kind].type);
	updates[ev->kind].members(w, ev);
	jsonw_end(w);
}

static void stream_options(struct jsonw *w, const struct ck_event *ev)
{
	jsonw_key(w, "stream_options");
	jsonw_obj(w);
	jsonw_kbool(w, "allow_cancel", ev->flag);
	jsonw_end(w);
}

static void members(struct jsonw *w, const struct ck_event *ev)
{
	switch (ev->kind) {
	case CK_THREAD_CREATED:
	case CK_THREAD_UPDATED:
		jsonw_kraw(w, "thread", ev->json);
		return;
	case CK_ITEM_ADDED:
	case CK_ITEM_DONE:
	case CK_ITEM_REPLACED:
		jsonw_kraw(w, "item", ev->json);
		return;
	case CK_ITEM_REMOVED:
		jsonw_kstr(w, "item_id", ev->item_id);
		return;
	case CK_PART_ADDED:
	case CK_ANNOTATION_ADDED:
	case CK_PART_DONE:
	case CK_TASK_ADDED:
	case CK_TASK_UPDATED:
	case CK_WIDGET_ROOT:
	case CK_WIDGET_COMPONENT:
	case CK_WIDGET_TEXT:
	case CK_IMAGE_UPDATED:
		update(w, ev);
		return;
	case CK_STREAM_OPTIONS:
		stream_options(w, ev);
		return;
	case CK_PROGRESS:
		jsonw_kstr(w, "text", ev->text);
		jsonw_kstr_opt(w, "icon", ev->name);
		return;
	case CK_CLIENT_EFFECT:
		jsonw_kstr(w, "name", ev->name);
		jsonw_kraw(w, "data", ev->json.n ? ev->json : S("{}"));
		return;
	case CK_NOTICE:
		jsonw_kcstr(w, "level", ev->level ? ev->level : "info");
		jsonw_kstr(w, "message", ev->text);
		jsonw_kstr_opt(w, "title", ev->name);
		return;
	case CK_ERROR:
		jsonw_kcstr(w, "code", ev->code ? ev->code : "stream.error");
		jsonw_kstr_opt(w, "message", ev->text);
		jsonw_kbool(w, "allow_retry", ev->flag);
		return;
	case CK_TEXT_DELTA: /* written without a writer, see below */
	case CK_EVENT__MAX:
		break;
	}
	CHECK(!"an event kind");
}

void ck_event_json(struct buf *out, const struct ck_event *ev)
{
	struct jsonw w;

	if (ev->kind == CK_TEXT_DELTA) {
		text_delta(out, ev);
		return;
	}
	jsonw_init(&w, out);
	jsonw_obj(&w);
	jsonw_kcstr(&w, "type", names[ev->kind]);
	members(&w, ev);
	jsonw_end(&w);
}

void ck_event_sse(struct buf *out, const struct ck_event *ev)
{
	buf_add(out, S("data: "));
	ck_event_json(out, ev);
	buf_add(out, S("\n\n"));
}
