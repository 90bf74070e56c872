/* SPDX-License-Identifier: MIT */
/* What tools and models show besides words: items, effects, notices, images; a widget's action; the call that the page is asked to make. */
#include "agent/tools.h"
#include "base/log.h"
#include "chatkit/recall.h"
#include "chatkit/widget.h"
#include "turn/map_inner.h"

/* ---- items that are written and then shown ---- */

#define SHOWN_ITEMS_MAX (CK_ITEMS_MAX + 4)

/* What one result shows, gathered, so that it is one write. Texts live in arena. */
struct showing {
	struct arena *arena;
	struct {
		struct store_item item;
		enum ck_event_kind show;
	} at[SHOWN_ITEMS_MAX];
	size_t n;
};

static struct slice kept(struct arena *a, struct buf *b)
{
	struct slice s = buf_ok(b) ? arena_try_dup(a, buf_slice(b)) : SLICE_NONE;

	buf_release(b);
	return s;
}

static void showing_add(struct showing *s, struct slice id, struct slice kind, struct slice body, enum item_state state, enum ck_event_kind show)
{
	if (!body.p || s->n == SHOWN_ITEMS_MAX)
		return;
	s->at[s->n].item = (struct store_item){.id = id, .kind = kind, .body = body, .state = state};
	s->at[s->n++].show = show;
}

WAITS static enum rc showing_write(struct map *m, const struct showing *s, struct err *e)
{
	bool seen = false;
	struct rows r;

	if (s->n == 0)
		return RC_OK;
	rows_open(m, &r, s->n + 1, 0);
	if (m->flow == FLOW_OPEN) /* it is closed below: what comes now stands behind it */
		rows_item(&r, m->flow_id, S("workflow"), flow_body(m), flow_busy(m) ? ITEM_OPEN : ITEM_DONE);
	for (size_t i = 0; i < s->n; i++) {
		map_breathe(m, s->at[i].item.body.n);
		r.put[r.batch.n_put++] = s->at[i].item;
		seen = seen || !s->at[i].item.hidden;
	}
	if (rows_write(m, &r, false, e) != RC_OK)
		return err_wrap(e, "storing what a tool shows");
	if (seen)
		flow_close(m);
	for (size_t i = 0; i < s->n; i++)
		if (!s->at[i].item.hidden)
			map_show(m, &(struct ck_event){.kind = s->at[i].show, .json = s->at[i].item.body});
	return RC_OK;
}

static struct ck_meta new_meta(struct map *m, const char *prefix)
{
	return (struct ck_meta){map_id(m, prefix), m->key.thread_id, map_wall_us(m)};
}

/* ---- what a result asks for ---- */

/* A widget, given or by its template; empty: none, why is in the log. */
WAITS static struct slice widget_of(struct map *m, struct slice ref, struct arena *a)
{
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT(WIDGET_MAX);

	if (!m->opts->widget || m->opts->widget(m->opts->widgets, ref, &b, &e) != RC_OK) {
		log_err(&(struct log_ctx){.thread = m->key.thread_id, .turn = m->key.turn_id}, "a widget cannot be shown", &e);
		buf_release(&b);
		return SLICE_NONE;
	}
	map_breathe(m, b.n);
	return kept(a, &b);
}

/* A new widget item; or one that grew, in its last state. */
WAITS static void add_widget(struct map *m, struct showing *s, size_t index, const struct ck_shown *shown)
{
	struct slice widget = widget_of(m, shown->widget, s->arena);
	struct buf b = BUF_INIT(WIDGET_MAX + CK_SHOWN_TEXT_MAX + 4096);
	struct ck_meta meta;

	if (!widget.n)
		return;
	if (!widget_grown(m, index, widget, &meta)) {
		meta = new_meta(m, "msg_");
		widgets_passed(m);
	}
	m->shown_widget = meta.id;
	ck_widget_item(&b, &meta, widget, shown->copy_text);
	showing_add(s, meta.id, S("widget"), kept(s->arena, &b), ITEM_DONE, CK_ITEM_DONE);
}

/* The sender of an action gets another widget. */
WAITS static enum rc add_replaced(struct map *m, struct showing *s, const struct turn_act *act, const struct ck_shown *shown, struct err *e)
{
	struct slice widget = widget_of(m, shown->widget, s->arena);
	struct buf b = BUF_INIT(WIDGET_MAX + CK_SHOWN_TEXT_MAX + 4096);
	enum rc rc;

	if (!widget.n)
		return RC_OK;
	rc = ck_widget_replace(s->arena, &b, act->widget_body, widget, shown->copy_text, e);
	showing_add(s, act->item_id, S("widget"), rc == RC_OK ? kept(s->arena, &b) : SLICE_NONE, ITEM_DONE, CK_ITEM_REPLACED);
	buf_release(&b);
	return rc;
}

static enum rc add_message(struct map *m, struct showing *s, struct slice text, struct err *e)
{
	struct ck_meta meta = new_meta(m, "msg_");
	struct buf b = BUF_INIT(8 * CK_SHOWN_TEXT_MAX);
	struct message said = message_text(s->arena, ROLE_ASSISTANT, text);

	ck_assistant_message(&b, &meta, text, true);
	showing_add(s, meta.id, S("assistant_message"), kept(s->arena, &b), ITEM_DONE, CK_ITEM_DONE);
	return map_due_entry(m, &said, meta.id, e);
}

static enum rc add_hidden(struct map *m, struct showing *s, struct slice json, struct err *e)
{
	struct ck_meta meta = new_meta(m, "msg_");
	struct buf b = BUF_INIT(2 * CK_SHOWN_JSON_MAX);
	struct message said;

	ck_hidden_context(&b, &meta, json);
	showing_add(s, meta.id, S("hidden_context_item"), kept(s->arena, &b), ITEM_DONE, CK_ITEM_DONE);
	if (s->n)
		s->at[s->n - 1].item.hidden = true;
	said = message_text(s->arena, ROLE_USER, ck_hidden_told(s->arena, json));
	return map_due_entry(m, &said, meta.id, e);
}

/* An item of any type, known here or not: its members as they are, but for those that are ours to say. */
static void adopt(struct map *m, struct showing *s, struct slice json, struct slice id, enum ck_event_kind show)
{
	struct log_ctx ctx = {.thread = m->key.thread_id, .turn = m->key.turn_id};
	struct buf b = BUF_INIT(2 * CK_SHOWN_JSON_MAX);
	struct ck_meta meta = new_meta(m, "msg_");
	struct slice was, kind;
	struct err e = ERR_INIT;

	if (id.n)
		meta.id = id;
	if (ck_item_adopt(s->arena, &b, json, &meta, &e) != RC_OK)
		log_err(&ctx, "a tool's item", &e);
	else if (ck_item_id_type(s->arena, buf_slice(&b), &was, &kind))
		showing_add(s, meta.id, kind, kept(s->arena, &b), ITEM_DONE, show);
	buf_release(&b);
}

/* Questions: the item waits for its answers, which come with a request of their own. */
static void add_questions(struct map *m, struct showing *s, struct slice inputs)
{
	struct buf b = BUF_INIT(2 * CK_SHOWN_JSON_MAX);
	struct ck_meta meta = new_meta(m, "msg_");

	ck_structured_input(&b, &meta, inputs);
	showing_add(s, meta.id, S("structured_input"), kept(s->arena, &b), ITEM_WAITING, CK_ITEM_DONE);
}

/* Only what stands in this thread and is of the same type is replaced: the tool's server is another's. */
WAITS static void add_updated(struct map *m, struct showing *s, struct slice json)
{
	struct err e = ERR_INIT;
	struct store_thread thread;
	struct store_item was;
	struct slice id, type;

	if (!ck_item_id_type(s->arena, json, &id, &type))
		return;
	if (store_item(m->opts->store, s->arena, m->key.owner, m->key.thread_id, id, &thread, &was, &e) != RC_OK || was.hidden || !slice_eq(was.kind, type))
		log_line(LOG_WARN, NULL, "a tool's updated item is none of the thread");
	else
		adopt(m, s, json, id, CK_ITEM_REPLACED);
}

static enum rc hold_sources(struct map *m, const struct ck_shown *shown, struct err *e)
{
	for (size_t i = 0; i < shown->n_sources; i++) {
		struct ck_cited c = shown->sources[i];
		struct slice *const parts[] = {&c.after, &c.source.title, &c.source.description, &c.source.timestamp, &c.source.group, &c.source.url,
					       &c.source.attribution, &c.source.filename, &c.source.id, &c.source.icon, &c.source.label,
					       &c.source.inline_label, &c.source.data};

		for (size_t k = 0; k < countof(parts); k++) {
			*parts[k] = arena_try_dup(m->arena, *parts[k]);
			if (!parts[k]->p)
				return err_set(e, RC_TOO_LARGE, "no room for a source");
		}
		if (text_hold(m, &c, e) != RC_OK)
			return e->rc;
	}
	return RC_OK;
}

/* What is never stored. */
WAITS static void tell_news(struct map *m, const struct ck_shown *shown)
{
	for (size_t i = 0; i < shown->n_effects; i++)
		map_show(m, &(struct ck_event){.kind = CK_CLIENT_EFFECT, .name = shown->effects[i].name, .json = shown->effects[i].data});
	if (shown->notice_level)
		map_show(m, &(struct ck_event){.kind = CK_NOTICE, .level = shown->notice_level, .text = shown->notice, .name = shown->notice_title});
}

WAITS static void change_thread(struct map *m, const struct ck_shown *shown)
{
	if (shown->status.n)
		m->thread.status = m->due_status = arena_dup(m->arena, shown->status);
	if (shown->title.n)
		map_title(m, shown->title);
	else if (shown->status.n)
		map_thread_updated(m);
}

WAITS static enum rc show_all(struct map *m, size_t index, const struct turn_act *act, struct slice ask, const struct ck_shown *shown, struct arena *a,
			      struct err *e)
{
	struct showing *s = arena_new_of(a, struct showing);
	enum rc rc = RC_OK;

	s->arena = a;
	if (shown->message.n || shown->n_items || ask.n)
		widgets_passed(m);
	if (shown->message.n)
		rc = add_message(m, s, shown->message, e);
	if (rc == RC_OK && shown->widget.n && act && act->item_id.n)
		rc = add_replaced(m, s, act, shown, e);
	else if (rc == RC_OK && shown->widget.n)
		add_widget(m, s, index, shown);
	for (size_t i = 0; rc == RC_OK && i < shown->n_items; i++)
		adopt(m, s, shown->items[i], SLICE_NONE, CK_ITEM_DONE);
	if (rc == RC_OK && ask.n)
		add_questions(m, s, ask);
	if (rc == RC_OK && shown->updated_item.n)
		add_updated(m, s, shown->updated_item);
	if (rc == RC_OK && shown->hidden_context.n)
		rc = add_hidden(m, s, shown->hidden_context, e);
	if (rc == RC_OK)
		rc = showing_write(m, s, e);
	if (rc == RC_OK)
		rc = hold_sources(m, shown, e);
	if (rc != RC_OK)
		return rc;
	tell_news(m, shown);
	change_thread(m, shown);
	return RC_OK;
}

/* RC_OK whatever a tool's server wrote: what is wrong is left out and logged. */
static enum rc read_meta(struct map *m, const struct tool_result *r, struct arena *a, struct ck_shown *out, struct err *e)
{
	struct buf warnings = BUF_INIT(4096);
	enum rc rc = ck_meta_read(a, r->meta, out, &warnings, e);

	if (rc == RC_OK && !out->widget.n && r->json.n && ck_is_widget(r->json))
		out->widget = r->json;
	if (warnings.n)
		log_line(LOG_WARN, &(struct log_ctx){.thread = m->key.thread_id, .turn = m->key.turn_id}, "a tool's _meta: %.*s",
			 SLICE_ARG(slice_trim(buf_slice(&warnings))));
	buf_release(&warnings);
	return rc;
}

void shown_read(struct map *m, const struct tool_result *r, struct ck_shown *out, struct arena *a)
{
	struct err e = ERR_INIT;

	*out = (struct ck_shown){0};
	if (r->is_error || (!r->meta.n && !r->json.n))
		return;
	if (read_meta(m, r, a, out, &e) != RC_OK) { /* more than there is room for: the model has the text */
		log_err(&(struct log_ctx){.thread = m->key.thread_id, .turn = m->key.turn_id}, "what a tool shows", &e);
		*out = (struct ck_shown){0};
	}
	map_breathe(m, r->meta.n);
}

enum rc shown_result(struct map *m, size_t index, const struct tool_result *r, const struct ck_shown *shown, struct arena *a, struct err *e)
{
	enum rc rc = r->is_error ? RC_OK : show_all(m, index, NULL, r->ask, shown, a, e);

	widget_gone(m, index); /* it grew, and then there was none */
	return rc;
}

/* ---- an action ---- */

enum rc map_act(struct map *m, const struct turn_act *act, const struct caller *who, bool *resume, struct err *e)
{
	struct arena *a = arena_new(24 * 1024 * 1024, m->arena);
	struct log_ctx log = {.owner = m->key.owner, .thread = m->key.thread_id, .turn = m->key.turn_id};
	struct tool_result result = {.is_error = false}, look = result;
	struct slice note = SLICE_NONE;
	struct ck_shown shown = {0};
	enum rc rc = RC_OK;

	if (act->call.tool)
		rc = tools_one(m->opts->io, m->opts->agent, &act->call, who, a, m->stop, &log, &result, e);
	if (rc == RC_OK && act->look.tool && !result.is_error)
		rc = tools_one(m->opts->io, m->opts->agent, &act->look, who, a, m->stop, &log, &look, e);
	if (rc == RC_OK && act->call.tool && !result.is_error)
		rc = read_meta(m, &result, a, &shown, e);
	if (rc == RC_OK)
		rc = act->after(act->ctx, act->call.tool ? &result : NULL, act->look.tool ? &look : NULL, a, &shown, &note, resume, e);
	if (rc == RC_OK && note.n) {
		struct message said = message_text(a, ROLE_USER, note);

		rc = map_due_entry(m, &said, SLICE_NONE, e);
	}
	if (rc == RC_OK)
		rc = show_all(m, SIZE_MAX, act, result.ask, &shown, a, e);
	arena_free(a);
	return rc;
}

/* ---- images and the page's calls ---- */

static struct message image_message(struct arena *a, struct slice id, struct slice mime)
{
	struct message m = {.role = ROLE_USER, .n = 2, .parts = arena_alloc(a, 2 * sizeof(*m.parts))};

	m.parts[0] = (struct part){.kind = PART_TEXT, .text = S("This image was generated and shown to the user:")};
	m.parts[1] = (struct part){.kind = PART_FILE, .file_id = id, .name = S("image"), .mime = mime};
	return m;
}

/* The file becomes the thread's with its item: of a process that ends in between nothing stays. */
WAITS static enum rc write_image(struct map *m, const struct store_item *it, const struct slice *file_id, struct err *e)
{
	struct rows r;

	rows_open(m, &r, 1, 0);
	r.put[r.batch.n_put++] = *it;
	r.batch.files = file_id;
	r.batch.n_files = 1;
	return rows_write(m, &r, false, e) == RC_OK ? RC_OK : err_wrap(e, "storing an image");
}

enum rc shown_image(struct map *m, const struct model_image *img, struct err *e)
{
	struct arena *a = arena_new(4 * 1024 * 1024, m->arena);
	struct ck_meta meta = new_meta(m, "msg_");
	struct buf b = BUF_INIT(4096);
	struct err fail = ERR_INIT;
	struct message said;
	struct slice id;
	enum rc rc = RC_OK;

	if (!m->opts->save || m->opts->save(m->opts->files, m->key.owner, img->mime, img->data, a, &id, &fail) != RC_OK) {
		log_err(&(struct log_ctx){.thread = m->key.thread_id, .turn = m->key.turn_id}, "an image of the model's", &fail);
		map_show(m, &(struct ck_event){.kind = CK_NOTICE, .level = "warning", .text = S("An image could not be kept.")});
		goto out;
	}
	text_settle(m);
	rc = text_close(m, e);
	if (rc == RC_OK)
		rc = thoughts_close(m, e);
	flow_close(m);
	if (rc == RC_OK) {
		struct slice url = arena_printf(a, "chatkit-file:%.*s", SLICE_ARG(id));

		ck_generated_image(&b, &meta, id, url);
		rc = write_image(m, &(struct store_item){.id = meta.id, .kind = S("generated_image"), .body = buf_slice(&b), .state = ITEM_DONE}, &id, e);
	}
	if (rc == RC_OK) {
		widgets_passed(m);
		map_show(m, &(struct ck_event){.kind = CK_ITEM_DONE, .json = buf_slice(&b)});
		said = image_message(a, id, img->mime);
		rc = map_due_entry(m, &said, meta.id, e);
	}
out:
	buf_release(&b);
	arena_free(a);
	return rc;
}

enum rc shown_park(struct map *m, const struct agent_call *call, struct slice args, struct err *e)
{
	struct ck_call c = {.call_id = call->id, .name = call->name, .arguments = args};
	struct ck_meta meta = new_meta(m, "tc_");
	struct buf b = BUF_INIT(2 * TOOL_ARGS_MAX);

	ck_client_tool_call(&b, &meta, &c);
	m->parked_id = meta.id;
	m->parked = kept(m->arena, &b);
	return m->parked.p ? RC_OK : err_set(e, RC_TOO_LARGE, "no room for the page's call");
}
