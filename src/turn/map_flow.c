/* SPDX-License-Identifier: MIT */
/* Workflows: one of the run's tool calls, a task each; and one for each stretch of thoughts. */
#include "turn/map_inner.h"
#include "wire/utf8.h"

/* ---- tools ---- */

/* Of one that is over the page wants to know how long it took. */
struct slice flow_body(struct map *m)
{
	struct ck_meta meta = {m->flow_id, m->key.thread_id, m->flow_us};
	struct ck_flow flow = {.tasks = m->tasks, .n_tasks = m->n_tasks, .timed = !flow_busy(m), .duration_s = (m->flow_over_us - m->flow_us) / IO_SECOND};

	buf_clear(&m->json);
	ck_flow(&m->json, &meta, &flow);
	return buf_slice(&m->json);
}

bool flow_busy(const struct map *m)
{
	for (size_t i = 0; i < m->n_tasks; i++)
		if (m->tasks[i].status == CK_STATUS_LOADING)
			return true;
	return false;
}

void flow_close(struct map *m)
{
	if (m->flow != FLOW_OPEN)
		return;
	if (m->n_tasks == 0) { /* it was opened for a call that never came */
		map_show(m, &(struct ck_event){.kind = CK_ITEM_REMOVED, .item_id = m->flow_id});
		m->flow_id = SLICE_NONE;
		m->flow = FLOW_NONE;
		return;
	}
	m->flow = FLOW_CLOSED;
	(void)flow_body(m);
	map_show_item(m, CK_ITEM_DONE);
}

static void flow_begin(struct map *m)
{
	if (m->flow_id.n)
		return;
	m->flow_name = id_new(io_env(m->opts->io), "wf_");
	m->flow_id = id_slice(&m->flow_name);
	m->flow_us = map_wall_us(m);
	if (!m->tasks)
		m->tasks = arena_alloc(m->arena, MAP_TASKS_MAX * sizeof(*m->tasks));
}

void flow_add(struct map *m, const struct message *said)
{
	flow_begin(m);
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

void flow_open(struct map *m)
{
	struct ck_meta meta;

	if (m->flow != FLOW_NONE)
		return;
	flow_begin(m);
	m->flow = FLOW_OPEN;
	meta = (struct ck_meta){m->flow_id, m->key.thread_id, m->flow_us};
	buf_clear(&m->json);
	ck_workflow(&m->json, &meta, NULL, 0);
	map_show_item(m, CK_ITEM_ADDED);
}

void flow_shown(struct map *m, size_t first)
{
	if (m->flow == FLOW_CLOSED) {
		(void)flow_body(m);
		map_show_item(m, CK_ITEM_REPLACED);
		return;
	}
	flow_open(m);
	for (size_t i = first; i < m->n_tasks; i++) {
		buf_clear(&m->json);
		ck_task_json(&m->json, &m->tasks[i]);
		map_show(m, &(struct ck_event){.kind = CK_TASK_ADDED, .item_id = m->flow_id, .index = i, .json = buf_slice(&m->json)});
	}
}

/* What a tool says of its own task, out of the arena that dies with its result. */
static void dress(struct map *m, struct ck_task *t, const struct ck_task *as)
{
	struct arena *a = m->arena;
	struct ck_source *sources = as->n_sources ? arena_try(a, as->n_sources * sizeof(*sources)) : NULL;
	struct slice *queries = as->n_queries ? arena_try(a, as->n_queries * sizeof(*queries)) : NULL;

	t->kind = as->kind;
	if (as->title.n)
		t->title = arena_try_dup(a, as->title);
	if (as->content.n)
		t->content = arena_try_dup(a, as->content);
	t->icon = arena_try_dup(a, as->icon);
	t->title_query = arena_try_dup(a, as->title_query);
	for (size_t i = 0; queries && i < as->n_queries; i++)
		queries[i] = arena_try_dup(a, as->queries[i]);
	for (size_t i = 0; sources && i < as->n_sources; i++) {
		sources[i] = as->sources[i];
		sources[i].title = arena_try_dup(a, sources[i].title);
		sources[i].description = arena_try_dup(a, sources[i].description);
		sources[i].timestamp = arena_try_dup(a, sources[i].timestamp);
		sources[i].group = arena_try_dup(a, sources[i].group);
		sources[i].url = arena_try_dup(a, sources[i].url);
		sources[i].attribution = arena_try_dup(a, sources[i].attribution);
		sources[i].filename = arena_try_dup(a, sources[i].filename);
	}
	t->queries = queries;
	t->n_queries = queries ? as->n_queries : 0;
	t->sources = sources;
	t->n_sources = sources ? as->n_sources : 0;
}

/* Into what is stored: the person's language of the moment. */
static struct slice say(struct map *m, struct slice english)
{
	return m->opts->say ? m->opts->say(m->opts->texts, m->locale, english, m->arena) : english;
}

static struct slice result_text(struct map *m, const struct tool_result *r)
{
	struct slice cut = utf8_cut(r->text, MAP_TASK_TEXT);
	struct slice text = arena_printf(m->arena, "%.*s%s", SLICE_ARG(cut), cut.n < r->text.n ? "\xe2\x80\xa6" : "");

	return r->is_error ? say(m, arena_printf(m->arena, "Failed: %.*s", SLICE_ARG(text))) : text;
}

void flow_result(struct map *m, size_t index, const struct tool_result *r, const struct ck_shown *shown)
{
	struct ck_task *t;

	if (index >= m->n_tasks)
		return;
	t = &m->tasks[index];
	t->status = CK_STATUS_COMPLETE;
	m->flow_over_us = map_wall_us(m);
	if (r->is_error || !shown->widget.n) /* of a widget the screen says more than its text */
		t->content = result_text(m, r);
	if (shown->has_task)
		dress(m, t, &shown->task);
	if (m->flow == FLOW_CLOSED) {
		(void)flow_body(m);
		map_show_item(m, CK_ITEM_REPLACED);
		return;
	}
	buf_clear(&m->json);
	ck_task_json(&m->json, t);
	map_show(m, &(struct ck_event){.kind = CK_TASK_UPDATED, .item_id = m->flow_id, .index = index, .json = buf_slice(&m->json)});
}

void flow_interrupt(struct map *m)
{
	m->flow_over_us = map_wall_us(m);
	for (size_t i = 0; i < m->n_tasks; i++)
		if (m->tasks[i].status == CK_STATUS_LOADING) {
			m->tasks[i].status = CK_STATUS_NONE;
			m->tasks[i].content = say(m, S("Interrupted."));
		}
}

/* ---- thoughts ---- */

/*
 * A thought is sent whole each time it grows: not with each word, then. A tenth of a second apart, a little more the longer it is: a hundred KB a second at
 * most.
 */
#define THOUGHT_PAUSE_US 100000
#define THOUGHT_PAUSE_PER_BYTE_US 10

/* Bytes that are thought in one go, from which on they are a stretch of their own. Providers that send words and thoughts in turns stay below. */
#define THOUGHT_APART 160

struct thoughts {
	bool open;
	struct slice id;
	int64_t created_us;
	int64_t began, next;  /* by io_now: when it began, when it may be sent again */
	int64_t duration_s;
	size_t shown;         /* bytes that were sent */
	struct buf text;
	/* within a message */
	bool lead;            /* they stand directly before it */
	bool late;            /* text has grown by what was thought within it; to be shown */
	struct buf aside;
	size_t run;           /* bytes at aside's end that came in one go */
};

static struct ck_task thought(const struct thoughts *t)
{
	return (struct ck_task){.kind = CK_TASK_THOUGHT, .content = buf_slice(&t->text)};
}

WAITS static void thought_show(struct map *m, enum ck_event_kind kind)
{
	struct thoughts *t = m->thoughts;
	struct ck_task task = thought(t);

	t->shown = t->text.n;
	t->next = io_in(m->opts->io, THOUGHT_PAUSE_US + (int64_t)t->text.n * THOUGHT_PAUSE_PER_BYTE_US);
	buf_clear(&m->json);
	ck_task_json(&m->json, &task);
	map_show(m, &(struct ck_event){.kind = kind, .item_id = t->id, .json = buf_slice(&m->json)});
}

static struct thoughts *thoughts_of(struct map *m, struct err *e)
{
	if (m->thoughts)
		return m->thoughts;
	m->thoughts = arena_try(m->arena, sizeof(*m->thoughts));
	if (m->thoughts) {
		buf_init(&m->thoughts->text, TURN_TEXT_MAX);
		buf_init(&m->thoughts->aside, TURN_TEXT_MAX);
	} else {
		err_set(e, RC_TOO_LARGE, "no room for thoughts");
	}
	return m->thoughts;
}

WAITS static void thoughts_open(struct map *m, struct slice delta)
{
	struct thoughts *t = m->thoughts;
	struct ck_flow empty = {.reasoning = true};
	struct ck_meta meta;

	flow_close(m);
	t->open = true;
	t->id = map_id(m, "wf_");
	t->created_us = map_wall_us(m);
	t->began = io_now(m->opts->io);
	buf_clear(&t->text);
	buf_add(&t->text, delta);
	meta = (struct ck_meta){t->id, m->key.thread_id, t->created_us};
	buf_clear(&m->json);
	ck_flow(&m->json, &meta, &empty);
	map_show_item(m, CK_ITEM_ADDED);
	thought_show(m, CK_TASK_ADDED);
}

/* Within a message. Nothing is shown of it before it is clear what it is. */
WAITS static enum rc thought_within(struct map *m, struct slice delta, struct err *e)
{
	struct thoughts *t = m->thoughts;
	struct slice apart;

	buf_add(&t->aside, delta);
	t->run += delta.n;
	if (!buf_ok(&t->aside) || t->run < THOUGHT_APART)
		return RC_OK;
	apart = arena_try_dup(m->arena, slice_from(buf_slice(&t->aside), t->aside.n - t->run));
	if (!apart.p)
		return err_set(e, RC_TOO_LARGE, "no room for thoughts");
	buf_cut(&t->aside, t->aside.n - t->run);
	if (text_close(m, e) != RC_OK)
		return e->rc;
	thoughts_open(m, apart);
	return RC_OK;
}

enum rc thoughts_add(struct map *m, struct slice delta, struct err *e)
{
	struct thoughts *t;

	if (!m->opts->show_reasoning || delta.n == 0)
		return RC_OK;
	t = thoughts_of(m, e);
	if (!t)
		return e->rc;
	if (m->message_open)
		return thought_within(m, delta, e);
	if (!t->open) {
		if (slice_trim(delta).n)
			thoughts_open(m, delta);
		return RC_OK;
	}
	buf_add(&t->text, delta);
	if (!buf_ok(&t->text)) /* longer than anybody reads: what there is stands */
		return thoughts_close(m, e);
	if (io_now(m->opts->io) >= t->next)
		thought_show(m, CK_TASK_UPDATED);
	return RC_OK;
}

/* As an item, in m->json. */
static struct slice thoughts_body(struct map *m)
{
	const struct thoughts *t = m->thoughts;
	struct ck_meta meta = {t->id, m->key.thread_id, t->created_us};
	struct ck_task task = thought(t);
	struct ck_flow flow = {.reasoning = true, .timed = true, .duration_s = t->duration_s, .tasks = &task, .n_tasks = 1};

	buf_clear(&m->json);
	ck_flow(&m->json, &meta, &flow);
	return buf_slice(&m->json);
}

enum rc thoughts_close(struct map *m, struct err *e)
{
	struct thoughts *t = m->thoughts;

	if (!t || !t->open)
		return RC_OK;
	t->open = false;
	if (t->shown < t->text.n)
		thought_show(m, CK_TASK_UPDATED);
	t->duration_s = (io_now(m->opts->io) - t->began + IO_SECOND / 2) / IO_SECOND;
	(void)thoughts_body(m);
	map_show_item(m, CK_ITEM_DONE);
	return map_due_item(m, &(struct store_item){.id = t->id, .kind = S("workflow"), .body = buf_slice(&m->json), .state = ITEM_DONE}, e);
}

enum rc thoughts_lead(struct map *m, struct err *e)
{
	struct thoughts *t = m->thoughts;

	if (!t)
		return RC_OK;
	t->lead = t->open;
	t->run = 0;
	buf_clear(&t->aside);
	return thoughts_close(m, e);
}

void thoughts_paused(struct map *m)
{
	if (m->thoughts)
		m->thoughts->run = 0;
}

void thoughts_late(struct map *m, struct rows *r)
{
	struct thoughts *t = m->thoughts;

	if (!t || !t->lead || slice_trim(buf_slice(&t->aside)).n == 0 || t->text.n + t->aside.n > TURN_TEXT_MAX)
		return;
	buf_add(&t->text, buf_slice(&t->aside));
	t->late = true;
	rows_item(r, t->id, S("workflow"), thoughts_body(m), ITEM_DONE);
}

void thoughts_late_shown(struct map *m)
{
	struct thoughts *t = m->thoughts;

	if (!t || !t->late)
		return;
	t->late = false;
	(void)thoughts_body(m);
	map_show_item(m, CK_ITEM_REPLACED);
}

void thoughts_release(struct map *m)
{
	if (!m->thoughts)
		return;
	buf_release(&m->thoughts->text);
	buf_release(&m->thoughts->aside);
}
