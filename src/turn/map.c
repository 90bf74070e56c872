/* SPDX-License-Identifier: MIT */
#include "turn/map.h"

#include "base/log.h"
#include "turn/follow.h"
#include "turn/map_inner.h"

void map_init(struct map *m)
{
	buf_init(&m->text, TURN_TEXT_MAX);
	buf_init(&m->json, 8 * TURN_TEXT_MAX); /* a byte of text takes six of JSON at most */
	m->usage = (struct model_usage){.in = -1, .out = -1};
}

void map_release(struct map *m)
{
	thoughts_release(m);
	widgets_release(m);
	buf_release(&m->text);
	buf_release(&m->json);
}

struct slice map_id(struct map *m, const char *prefix)
{
	struct id id = id_new(io_env(m->opts->io), prefix);

	return arena_dup(m->arena, id_slice(&id));
}

int64_t map_wall_us(const struct map *m)
{
	return env_wall_us(io_env(m->opts->io));
}

#define MUCH (64 * 1024) /* bytes */

void map_breathe(struct map *m, size_t n)
{
	if (n > MUCH)
		(void)io_sleep(m->opts->io, 0, NULL);
}

/* ---- the view, which may be gone ---- */

static void view_said(struct map *m, enum rc rc)
{
	if (rc == RC_OK)
		return;
	m->view = NULL;
	if (!m->opts->finish_on_disconnect)
		stop_set(m->stop, STOP_CLIENT_LEFT);
}

void map_show(struct map *m, const struct ck_event *ev)
{
	if (m->view && m->view->item)
		view_said(m, m->view->item(m->view, ev, NULL));
}

void map_show_item(struct map *m, enum ck_event_kind kind)
{
	map_show(m, &(struct ck_event){.kind = kind, .json = buf_slice(&m->json)});
}

void map_thread_updated(struct map *m)
{
	buf_clear(&m->json);
	turn_thread_json(&m->json, &m->thread);
	map_show_item(m, CK_THREAD_UPDATED);
}

void map_title(struct map *m, struct slice title)
{
	m->thread.title = m->due_title = arena_dup(m->arena, title);
	map_thread_updated(m);
}

/* ---- rows ---- */

#define ROWS_MAX (64 * 1024 * 1024)

void rows_open(struct map *m, struct rows *r, size_t items, size_t entries)
{
	struct arena *a = arena_new(ROWS_MAX, NULL);

	*r = (struct rows){.arena = a};
	r->put = arena_alloc(a, (items + m->n_due + 1) * sizeof(*r->put));
	r->entries = arena_alloc(a, (entries + m->n_due_entries + 1) * sizeof(*r->entries));
	r->batch.put = r->put;
	r->batch.entries = r->entries;
	for (size_t i = 0; i < m->n_due; i++)
		r->put[r->batch.n_put++] = m->due[i];
}

void rows_item(struct rows *r, struct slice id, struct slice kind, struct slice body, enum item_state state)
{
	r->put[r->batch.n_put++] = (struct store_item){.id = id, .kind = kind, .body = arena_dup(r->arena, body), .state = state};
}

static void entry_body(struct buf *b, const struct message *msg, struct arena *a)
{
	struct message stands_in;

	message_write(b, msg);
	if (buf_ok(b))
		return;
	stands_in = message_text(a, msg->role, S("[This was too large to be remembered.]"));
	buf_clear(b);
	message_write(b, &stands_in);
}

/* Made of the turn's id and a counter: a second write of the same batch does nothing. */
static struct slice entry_id(struct map *m, struct arena *a)
{
	return arena_printf(a, "%.*s.%d", SLICE_ARG(m->key.turn_id), m->n_entries++);
}

static struct store_entry *rows_entry(struct map *m, struct rows *r, const struct message *msg, struct slice item_id)
{
	struct store_entry *en = &r->entries[r->batch.n_entries++];
	struct buf b = BUF_INIT(MESSAGE_JSON_MAX);

	entry_body(&b, msg, r->arena);
	*en = (struct store_entry){.id = entry_id(m, r->arena), .item_id = item_id, .body = arena_dup(r->arena, buf_slice(&b))};
	buf_release(&b);
	return en;
}

/* What is due, into the batch. */
static void rows_due(struct map *m, struct rows *r, bool entries)
{
	r->batch.title = m->due_title;
	r->batch.status = m->due_status;
	for (size_t i = 0; entries && i < m->n_due_entries; i++)
		r->entries[r->batch.n_entries++] = m->due_entries[i];
}

static void rows_settled(struct map *m, bool entries)
{
	m->due_title = m->due_status = SLICE_NONE;
	m->n_due = 0;
	if (entries)
		m->n_due_entries = 0;
}

enum rc rows_write(struct map *m, struct rows *r, bool entries, struct err *e)
{
	enum rc rc;

	rows_due(m, r, entries);
	rc = store_write(m->opts->store, r->arena, &m->key, &r->batch, e);
	if (rc == RC_OK)
		rows_settled(m, entries);
	arena_free(r->arena);
	return rc;
}

/* An array of n that has room for one more; NULL past the arena's cap. */
static void *grow(struct arena *a, void *old, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? 2 * *cap : 4;
	void *bigger;

	if (n < *cap)
		return old;
	bigger = arena_try(a, more * size);
	if (bigger && n)
		memcpy(bigger, old, n * size);
	if (bigger)
		*cap = more;
	return bigger;
}

enum rc map_due_item(struct map *m, const struct store_item *it, struct err *e)
{
	struct slice body = arena_try_dup(m->arena, it->body);
	struct store_item *due = grow(m->arena, m->due, m->n_due, &m->cap_due, sizeof(*due));

	if (!body.p || !due)
		return err_set(e, RC_TOO_LARGE, "no room for an item that is due");
	m->due = due;
	m->due[m->n_due] = *it;
	m->due[m->n_due++].body = body;
	return RC_OK;
}

enum rc map_due_entry(struct map *m, const struct message *msg, struct slice item_id, struct err *e)
{
	struct store_entry *due = grow(m->arena, m->due_entries, m->n_due_entries, &m->cap_due_entries, sizeof(*due));
	struct buf b = BUF_INIT(MESSAGE_JSON_MAX);
	struct slice body, item = arena_try_dup(m->arena, item_id);

	entry_body(&b, msg, m->arena);
	body = arena_try_dup(m->arena, buf_slice(&b));
	buf_release(&b);
	if (!body.p || !due || !item.p)
		return err_set(e, RC_TOO_LARGE, "no room for an entry that is due");
	m->due_entries = due;
	m->due_entries[m->n_due_entries++] = (struct store_entry){.id = entry_id(m, m->arena), .item_id = item, .body = body};
	return RC_OK;
}

/* ---- the run's events ---- */

/* The model called tools: all it said is durable before the first of them starts. */
WAITS static enum rc said_calls(struct map *m, const struct message *said, struct err *e)
{
	size_t first = m->n_tasks;
	bool message = m->message_open;
	struct rows r;

	if (thoughts_close(m, e) != RC_OK)
		return e->rc;
	text_settle(m);
	rows_open(m, &r, 3, 1);
	if (message) {
		rows_item(&r, m->message_id, S("assistant_message"), text_body(m), ITEM_DONE);
		thoughts_late(m, &r);
	}
	flow_add(m, said);
	rows_item(&r, m->flow_id, S("workflow"), flow_body(m), ITEM_OPEN);
	(void)rows_entry(m, &r, said, message ? m->message_id : SLICE_NONE);
	m->flow_due = true;
	if (rows_write(m, &r, false, e) != RC_OK)
		return err_wrap(e, "storing what the model said");
	if (message)
		text_done(m);
	flow_shown(m, first);
	return RC_OK;
}

WAITS static enum rc tool_over(struct map *m, const struct agent_event *ev, struct err *e)
{
	struct arena *a = arena_new(32 * 1024 * 1024, NULL);
	struct ck_shown shown;
	enum rc rc;

	m->shown_widget = SLICE_NONE;
	shown_read(m, ev->result, &shown, a);
	flow_result(m, ev->call->index, ev->result, &shown);
	rc = shown_result(m, ev->call->index, ev->result, &shown, a, e);
	if (m->shown_widget.n) /* what is done with it is told by this name */
		*ev->told = arena_printf(m->arena, "\n[The widget's id: %.*s]", SLICE_ARG(m->shown_widget));
	arena_free(a);
	return rc;
}

WAITS static enum rc round_over(struct map *m, const struct agent_event *ev, struct err *e)
{
	struct rows r;

	rows_open(m, &r, 1, ev->n_messages);
	m->flow_due = flow_busy(m);
	rows_item(&r, m->flow_id, S("workflow"), flow_body(m), m->flow_due ? ITEM_OPEN : ITEM_DONE);
	for (size_t i = 0; i < ev->n_messages; i++) {
		const struct message *msg = &ev->messages[i];
		struct store_entry *en = rows_entry(m, &r, msg, SLICE_NONE);

		if (msg->n == 1) /* a tool that wrote its result itself used this very id */
			en->id = arena_printf(r.arena, "%.*s.%.*s", SLICE_ARG(m->key.turn_id), SLICE_ARG(msg->parts[0].call_id));
	}
	return rows_write(m, &r, true, e) == RC_OK ? RC_OK : err_wrap(e, "storing the tools' results");
}

/* The page's tool: its task is over as far as this run goes. */
WAITS static enum rc parked(struct map *m, const struct agent_event *ev, struct err *e)
{
	if (ev->call->index < m->n_tasks) {
		struct tool_result done = {.text = SLICE_NONE};

		flow_result(m, ev->call->index, &done, &(struct ck_shown){0});
	}
	return shown_park(m, ev->call, ev->result->args, e);
}

enum rc map_event(void *ctx, const struct agent_event *ev, struct err *e)
{
	struct map *m = ctx;
	enum rc rc = RC_OK;

	switch (ev->kind) {
	case AGENT_TEXT:
		rc = text_said(m, ev->delta, e);
		break;
	case AGENT_REASONING:
		rc = thoughts_add(m, ev->delta, e);
		break;
	case AGENT_SOURCE:
		rc = text_source(m, ev->source, e);
		break;
	case AGENT_IMAGE:
		rc = shown_image(m, ev->image, e);
		break;
	case AGENT_CALL_GROWS:
		rc = widget_grows(m, ev->call, e);
		break;
	case AGENT_SAID:
		m->round_over = true;
		if (message_calls(ev->message))
			rc = said_calls(m, ev->message, e);
		else
			m->last_said = ev->message; /* stored with the end: one round trip */
		break;
	case AGENT_TOOL_BEGIN:
		break; /* shown with SAID */
	case AGENT_TOOL_NEWS:
		map_show(m, &(struct ck_event){.kind = CK_PROGRESS, .text = ev->delta});
		break;
	case AGENT_TOOL_END:
		rc = tool_over(m, ev, e);
		break;
	case AGENT_ROUND:
		rc = round_over(m, ev, e);
		break;
	case AGENT_PARKED:
		rc = parked(m, ev, e);
		break;
	case AGENT_NOTICE:
		map_show(m, &(struct ck_event){.kind = CK_NOTICE, .level = "warning", .text = ev->delta});
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

static void end_entries(struct map *m, struct rows *r, enum turn_state state, bool message)
{
	struct message part;

	if (m->last_said) {
		(void)rows_entry(m, r, m->last_said, message ? m->message_id : SLICE_NONE);
	} else if (!m->round_over && slice_trim(buf_slice(&m->text)).n) {
		part = message_text(r->arena, ROLE_ASSISTANT, buf_slice(&m->text));
		(void)rows_entry(m, r, &part, message ? m->message_id : SLICE_NONE);
	}
	rows_due(m, r, true);
	if (state == TURN_CANCELLED) {
		part = message_text(r->arena, ROLE_USER,
				    S("<HiddenContext>The user stopped the answer before it was complete. Do not go on with it.</HiddenContext>"));
		(void)rows_entry(m, r, &part, SLICE_NONE);
	}
}

WAITS static enum rc store_the_end(struct map *m, enum turn_state state, const struct err *fail, bool message, struct err *e)
{
	struct turn_end end = {.state = state, .tokens_in = m->usage.in > 0 ? m->usage.in : 0, .tokens_out = m->usage.out > 0 ? m->usage.out : 0};
	struct rows r;
	enum rc rc;

	rows_open(m, &r, 4, 2);
	if (m->flow != FLOW_NONE && m->flow_due) {
		flow_interrupt(m);
		rows_item(&r, m->flow_id, S("workflow"), flow_body(m), ITEM_DONE);
	}
	if (message) {
		rows_item(&r, m->message_id, S("assistant_message"), text_body(m), m->last_said ? ITEM_DONE : ITEM_INCOMPLETE);
		thoughts_late(m, &r);
	}
	if (m->parked.n)
		rows_item(&r, m->parked_id, S("client_tool_call"), m->parked, ITEM_WAITING);
	end_entries(m, &r, state, message);
	end.batch = r.batch;
	if (fail)
		end.error_code = slice_cstr(err_code(fail));
	rc = store_end(m->opts->store, r.arena, &m->key, &end, e);
	arena_free(r.arena);
	return rc;
}

enum rc map_end(struct map *m, enum turn_state state, const struct err *fail, struct err *e)
{
	bool message = m->message_open;
	struct err lost = ERR_INIT;
	enum rc rc;

	if (thoughts_close(m, &lost) != RC_OK)
		log_err(NULL, "thoughts are not kept", &lost);
	widgets_drop(m);
	if (message)
		text_settle(m);
	if (fail) /* a call that nobody will answer */
		m->parked = SLICE_NONE;
	rc = store_the_end(m, state, fail, message, e);
	if (rc == RC_OK) {
		flow_close(m);
		if (message)
			text_done(m);
		if (m->parked.n)
			map_show(m, &(struct ck_event){.kind = CK_ITEM_DONE, .json = m->parked});
	} else {
		(void)err_user(e, rc == RC_LOST ? "This conversation was continued elsewhere." : "The answer could not be saved.");
	}
	m->message_open = false;
	return rc;
}
