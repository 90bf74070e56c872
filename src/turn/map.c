/* SPDX-License-Identifier: MIT */
#include "turn/map.h"

#include "base/log.h"
#include "wire/utf8.h"

void map_init(struct map *m)
{
	buf_init(&m->text, TURN_TEXT_MAX);
	buf_init(&m->json, 8 * TURN_TEXT_MAX); /* a byte of text takes six of JSON at most */
	m->usage = (struct model_usage){.in = -1, .out = -1};
}

void map_release(struct map *m)
{
	buf_release(&m->text);
	buf_release(&m->json);
}

static struct slice new_id(struct map *m, const char *prefix, struct id *name)
{
	*name = id_new(io_env(m->io), prefix);
	return id_slice(name);
}

/* ---- the view, which may be gone ---- */

static void view_said(struct map *m, enum rc rc)
{
	if (rc == RC_OK)
		return;
	m->view = NULL;
	if (!m->finish_on_disconnect)
		stop_set(m->stop, STOP_CLIENT_LEFT);
}

WAITS static void show(struct map *m, const struct ck_event *ev)
{
	if (m->view && m->view->item)
		view_said(m, m->view->item(m->view, ev, NULL));
}

WAITS static void show_item(struct map *m, enum ck_event_kind kind)
{
	show(m, &(struct ck_event){.kind = kind, .json = buf_slice(&m->json)});
}

/* ---- the message ---- */

static struct ck_meta message_meta(const struct map *m)
{
	return (struct ck_meta){m->message_id, m->key.thread_id, m->message_us};
}

static struct slice message_body(struct map *m)
{
	struct ck_meta meta = message_meta(m);

	buf_clear(&m->json);
	ck_assistant_message(&m->json, &meta, buf_slice(&m->text), true);
	return buf_slice(&m->json);
}

WAITS static void flow_close(struct map *m);

WAITS static void message_open(struct map *m)
{
	struct ck_meta meta;

	flow_close(m);
	m->message_id = new_id(m, "msg_", &m->message_name);
	m->message_us = env_wall_us(io_env(m->io));
	m->message_open = m->answered = true;
	buf_clear(&m->text);
	keeper_item(m->kept, m->message_id, S("assistant_message"), m->message_us, &m->text);

	meta = message_meta(m);
	buf_clear(&m->json);
	ck_assistant_message(&m->json, &meta, SLICE_NONE, false);
	show_item(m, CK_ITEM_ADDED);
	show(m, &(struct ck_event){.kind = CK_PART_ADDED, .item_id = m->message_id});
}

WAITS static enum rc said_text(struct map *m, struct slice delta, struct err *e)
{
	if (delta.n == 0)
		return RC_OK;
	if (!m->message_open)
		message_open(m);
	buf_add(&m->text, delta);
	if (!buf_ok(&m->text))
		return err_set(e, RC_PROTO, "the answer is longer than %d bytes", TURN_TEXT_MAX);
	show(m, &(struct ck_event){.kind = CK_TEXT_DELTA, .item_id = m->message_id, .text = delta});
	return RC_OK;
}

/* What was stored may be called done. */
WAITS static void message_shown_done(struct map *m)
{
	m->message_open = false;
	keeper_item(m->kept, SLICE_NONE, SLICE_NONE, 0, NULL);
	show(m, &(struct ck_event){.kind = CK_PART_DONE, .item_id = m->message_id, .text = buf_slice(&m->text)});
	(void)message_body(m);
	show_item(m, CK_ITEM_DONE);
}

/* ---- the workflow ---- */

static struct slice flow_body(struct map *m)
{
	struct ck_meta meta = {m->flow_id, m->key.thread_id, m->flow_us};

	buf_clear(&m->json);
	ck_workflow(&m->json, &meta, m->tasks, m->n_tasks);
	return buf_slice(&m->json);
}

static bool flow_busy(const struct map *m)
{
	for (size_t i = 0; i < m->n_tasks; i++)
		if (m->tasks[i].status == CK_STATUS_LOADING)
			return true;
	return false;
}

WAITS static void flow_close(struct map *m)
{
	if (m->flow != FLOW_OPEN)
		return;
	m->flow = FLOW_CLOSED;
	(void)flow_body(m);
	show_item(m, CK_ITEM_DONE);
}

/* The tasks of a round's calls, in their order: agent_call.index is their place. */
static void flow_add(struct map *m, const struct message *said)
{
	if (!m->flow_id.n) {
		m->flow_id = new_id(m, "wf_", &m->flow_name);
		m->flow_us = env_wall_us(io_env(m->io));
		m->tasks = arena_alloc(m->arena, MAP_TASKS_MAX * sizeof(*m->tasks));
	}
	for (size_t i = 0; i < said->n && m->n_tasks < MAP_TASKS_MAX; i++) {
		const struct part *p = &said->parts[i];
		const struct tool *t;

		if (p->kind != PART_CALL)
			continue;
		t = m->tools ? toolset_find(m->tools, p->name) : NULL;
		m->tasks[m->n_tasks++] = (struct ck_task){
			.title = t && t->spec.title.n ? t->spec.title : utf8_cut(p->name, 64), .status = CK_STATUS_LOADING};
	}
}

WAITS static void flow_shown(struct map *m, size_t first)
{
	if (m->flow == FLOW_CLOSED) {
		(void)flow_body(m);
		show_item(m, CK_ITEM_REPLACED);
		return;
	}
	if (m->flow == FLOW_NONE) {
		struct ck_meta meta = {m->flow_id, m->key.thread_id, m->flow_us};

		m->flow = FLOW_OPEN;
		buf_clear(&m->json);
		ck_workflow(&m->json, &meta, NULL, 0);
		show_item(m, CK_ITEM_ADDED);
	}
	for (size_t i = first; i < m->n_tasks; i++) {
		buf_clear(&m->json);
		ck_task_json(&m->json, &m->tasks[i]);
		show(m, &(struct ck_event){.kind = CK_TASK_ADDED, .item_id = m->flow_id, .index = i, .json = buf_slice(&m->json)});
	}
}

WAITS static void tool_end(struct map *m, const struct agent_event *ev)
{
	struct slice text = utf8_cut(ev->result->text, MAP_TASK_TEXT);
	struct ck_task *t;

	if (ev->call->index >= m->n_tasks)
		return;
	t = &m->tasks[ev->call->index];
	t->status = CK_STATUS_COMPLETE;
	t->content = arena_printf(m->arena, "%s%.*s%s", ev->result->is_error ? "Failed: " : "", SLICE_ARG(text),
				  text.n < ev->result->text.n ? "\xe2\x80\xa6" : "");
	if (m->flow == FLOW_CLOSED) {
		(void)flow_body(m);
		show_item(m, CK_ITEM_REPLACED);
		return;
	}
	buf_clear(&m->json);
	ck_task_json(&m->json, t);
	show(m, &(struct ck_event){.kind = CK_TASK_UPDATED, .item_id = m->flow_id, .index = ev->call->index, .json = buf_slice(&m->json)});
}

/* ---- rows ---- */

/* Rows and their texts live as long as one statement: a run of many rounds does not pile them up. */
#define ROWS_MAX (64 * 1024 * 1024)

static struct store_entry entry_of(struct map *m, struct arena *a, const struct message *msg, struct slice item_id)
{
	struct buf b = BUF_INIT(MESSAGE_JSON_MAX);
	struct store_entry en = {.item_id = item_id};

	/* Made of the turn's id and a counter: a second write of the same batch does nothing. */
	en.id = arena_printf(a, "%.*s.%d", SLICE_ARG(m->key.turn_id), m->n_entries++);
	message_write(&b, msg);
	if (!buf_ok(&b)) {
		struct message stands_in = message_text(a, msg->role, S("[This was too large to be remembered.]"));

		buf_clear(&b);
		message_write(&b, &stands_in);
	}
	en.body = arena_dup(a, buf_slice(&b));
	buf_release(&b);
	return en;
}

static struct store_item item_of(struct arena *a, struct slice id, const char *kind, struct slice body, enum item_state state)
{
	return (struct store_item){.id = id, .kind = slice_cstr(kind), .body = arena_dup(a, body), .state = state};
}

/* The model called tools: all it said is durable before the first of them starts. */
WAITS static enum rc said_calls(struct map *m, const struct message *said, struct err *e)
{
	struct store_item put[2];
	struct store_entry entry;
	size_t n_put = 0, first = m->n_tasks;
	bool message = m->message_open;
	struct arena *rows = arena_new(ROWS_MAX, NULL);
	struct batch b;
	enum rc rc;

	if (message)
		put[n_put++] = item_of(rows, m->message_id, "assistant_message", message_body(m), ITEM_DONE);
	flow_add(m, said);
	put[n_put++] = item_of(rows, m->flow_id, "workflow", flow_body(m), ITEM_OPEN);
	entry = entry_of(m, rows, said, message ? m->message_id : SLICE_NONE);
	b = (struct batch){.put = put, .n_put = n_put, .entries = &entry, .n_entries = 1};
	rc = store_write(m->store, rows, &m->key, &b, e);
	arena_free(rows);
	if (rc != RC_OK)
		return err_wrap(e, "storing what the model said");
	if (message)
		message_shown_done(m);
	flow_shown(m, first);
	return RC_OK;
}

WAITS static enum rc round_over(struct map *m, const struct agent_event *ev, struct err *e)
{
	struct arena *rows = arena_new(ROWS_MAX, NULL);
	struct store_entry *entries = arena_alloc(rows, ev->n_messages * sizeof(*entries));
	struct store_item put = item_of(rows, m->flow_id, "workflow", flow_body(m), flow_busy(m) ? ITEM_OPEN : ITEM_DONE);
	struct batch b = {.put = &put, .n_put = 1, .entries = entries};
	enum rc rc;

	for (size_t i = 0; i < ev->n_messages; i++) {
		const struct message *msg = &ev->messages[i];

		entries[b.n_entries] = entry_of(m, rows, msg, SLICE_NONE);
		if (msg->n == 1) /* a tool that wrote its result itself used this very id */
			entries[b.n_entries].id =
				arena_printf(rows, "%.*s.%.*s", SLICE_ARG(m->key.turn_id), SLICE_ARG(msg->parts[0].call_id));
		b.n_entries++;
	}
	rc = store_write(m->store, rows, &m->key, &b, e);
	arena_free(rows);
	return rc == RC_OK ? RC_OK : err_wrap(e, "storing the tools' results");
}

enum rc map_event(void *ctx, const struct agent_event *ev, struct err *e)
{
	struct map *m = ctx;
	enum rc rc = RC_OK;

	switch (ev->kind) {
	case AGENT_TEXT:
		rc = said_text(m, ev->delta, e);
		break;
	case AGENT_REASONING:
	case AGENT_TOOL_BEGIN:
		break; /* thoughts are shown by a later issue; the task was shown with SAID */
	case AGENT_SAID:
		if (message_calls(ev->message))
			rc = said_calls(m, ev->message, e);
		else
			m->last_said = ev->message; /* stored with the end: one round trip */
		break;
	case AGENT_TOOL_NEWS:
		show(m, &(struct ck_event){.kind = CK_PROGRESS, .text = ev->delta});
		break;
	case AGENT_TOOL_END:
		tool_end(m, ev);
		break;
	case AGENT_ROUND:
		rc = round_over(m, ev, e);
		break;
	case AGENT_NOTICE:
		show(m, &(struct ck_event){.kind = CK_NOTICE, .level = "warning", .text = ev->delta});
		break;
	case AGENT_DONE:
		m->usage = ev->usage;
		break;
	}
	if (rc == RC_OK && m->view && m->view->agent)
		view_said(m, m->view->agent(m->view, ev, e));
	return rc;
}

/* ---- the end ---- */

static const struct message *stopped_note(struct arena *a)
{
	struct message *note = arena_new_of(a, struct message);

	*note = message_text(a, ROLE_USER,
			     S("<HiddenContext>The user stopped the answer before it was complete. Do not go on with it.</HiddenContext>"));
	return note;
}

static size_t end_entries(struct map *m, struct arena *a, enum turn_state state, bool message, struct store_entry out[2])
{
	size_t n = 0;
	struct message part;

	if (m->last_said) {
		out[n++] = entry_of(m, a, m->last_said, message ? m->message_id : SLICE_NONE);
	} else if (message) {
		part = message_text(a, ROLE_ASSISTANT, buf_slice(&m->text));
		out[n++] = entry_of(m, a, &part, m->message_id);
	}
	if (state == TURN_CANCELLED)
		out[n++] = entry_of(m, a, stopped_note(a), SLICE_NONE);
	return n;
}

static void interrupt_tasks(struct map *m)
{
	for (size_t i = 0; i < m->n_tasks; i++)
		if (m->tasks[i].status == CK_STATUS_LOADING) {
			m->tasks[i].status = CK_STATUS_NONE;
			m->tasks[i].content = S("Interrupted.");
		}
}

WAITS static enum rc store_the_end(struct map *m, enum turn_state state, const struct err *fail, bool message, struct err *e)
{
	struct store_item put[2];
	struct store_entry entries[2];
	struct turn_end end = {.state = state, .tokens_in = m->usage.in > 0 ? m->usage.in : 0, .tokens_out = m->usage.out > 0 ? m->usage.out : 0};
	struct arena *rows = arena_new(ROWS_MAX, NULL);
	size_t n_put = 0;
	enum rc rc;

	if (m->flow != FLOW_NONE && flow_busy(m)) {
		interrupt_tasks(m);
		put[n_put++] = item_of(rows, m->flow_id, "workflow", flow_body(m), ITEM_DONE);
	}
	if (message)
		put[n_put++] = item_of(rows, m->message_id, "assistant_message", message_body(m), m->last_said ? ITEM_DONE : ITEM_INCOMPLETE);
	end.batch = (struct batch){.put = put, .n_put = n_put, .entries = entries};
	end.batch.n_entries = end_entries(m, rows, state, message, entries);
	if (fail)
		end.error_code = slice_cstr(err_code(fail));
	rc = store_end(m->store, rows, &m->key, &end, e);
	arena_free(rows);
	return rc;
}

enum rc map_end(struct map *m, enum turn_state state, const struct err *fail, struct err *e)
{
	bool message = m->message_open && slice_trim(buf_slice(&m->text)).n > 0;
	enum rc rc;

	rc = store_the_end(m, state, fail, message, e);
	if (rc == RC_OK) {
		flow_close(m);
		if (message)
			message_shown_done(m);
		else if (m->message_open)
			show(m, &(struct ck_event){.kind = CK_ITEM_REMOVED, .item_id = m->message_id});
	} else {
		err_user(e, rc == RC_LOST ? "This conversation was continued elsewhere." : "The answer could not be saved.");
		fail = e;
		state = TURN_FAILED;
	}
	m->message_open = false;
	if (m->view && m->view->end)
		(void)m->view->end(m->view, state, fail);
	return rc;
}
