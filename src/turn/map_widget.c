/* SPDX-License-Identifier: MIT */
/* Widgets that are shown while the model is still writing the call that shows them. */
#include "chatkit/widget.h"
#include "turn/map_inner.h"
#include "wire/partial.h"

#include <limits.h>

#define GROWING_MAX 4
#define GROWING_PAUSE_US 80000 /* at least, between two states of a widget that grows */
#define GROWING_SHARE 8        /* and so many times as long as the last one took to make */

struct grown {
	struct slice id; /* empty: free */
	size_t index;    /* the call's */
	int64_t created_us;
	struct buf widget; /* as it is shown */
	unsigned order;    /* in which they were begun */
	bool passed;       /* what was shown after it is stored before it */
};
struct growing {
	struct grown at[GROWING_MAX];
	unsigned begun;
	int64_t next; /* by io_now: not before */
};

static struct grown *grown_find(struct map *m, size_t index)
{
	for (size_t i = 0; m->growing && i < GROWING_MAX; i++)
		if (m->growing->at[i].id.n && m->growing->at[i].index == index)
			return &m->growing->at[i];
	return NULL;
}

static struct grown *grown_new(struct map *m, size_t index)
{
	for (size_t i = 0; i < GROWING_MAX; i++) {
		struct grown *g = &m->growing->at[i];

		if (g->id.n)
			continue;
		*g = (struct grown){.id = map_id(m, "msg_"), .index = index, .created_us = map_wall_us(m), .order = m->growing->begun++};
		buf_init(&g->widget, WIDGET_MAX);
		return g;
	}
	return NULL;
}

static void grown_free(struct grown *g)
{
	buf_release(&g->widget);
	g->id = SLICE_NONE;
}

/* Whether a text is whole is not known before the call is: item.done says so for all of it. */
WAITS static void change_shown(struct map *m, const struct grown *g, const struct widget_change *c)
{
	map_show(m, &(struct ck_event){.kind = c->kind == WIDGET_ROOT ? CK_WIDGET_ROOT : CK_WIDGET_TEXT,
				       .item_id = g->id,
				       .json = c->json,
				       .text = c->text,
				       .name = c->id});
}

#define DIFF_MAX (32 * 1024 * 1024) /* two widgets as trees */

/* From what is shown to this widget. What cannot be compared is shown anew. */
WAITS static void grown_to(struct map *m, struct grown *g, struct slice widget)
{
	struct arena *a = arena_new(DIFF_MAX, NULL);
	struct widget_change *changes = arena_alloc(a, WIDGET_CHANGES_MAX * sizeof(*changes));
	size_t n = 0;

	map_breathe(m, widget.n);
	if (widget_diff(a, buf_slice(&g->widget), widget, changes, &n, NULL) != RC_OK) {
		changes[0] = (struct widget_change){.kind = WIDGET_ROOT, .json = widget};
		n = 1;
	}
	for (size_t i = 0; i < n; i++)
		change_shown(m, g, &changes[i]);
	arena_free(a);
	buf_clear(&g->widget);
	buf_add(&g->widget, widget);
	map_breathe(m, widget.n);
}

static void pass(struct map *m, unsigned order)
{
	for (size_t i = 0; m->growing && i < GROWING_MAX; i++)
		if (m->growing->at[i].order < order)
			m->growing->at[i].passed = true;
}

void widgets_passed(struct map *m)
{
	pass(m, UINT_MAX);
}

bool widget_grown(struct map *m, size_t index, struct slice widget, struct ck_meta *meta)
{
	struct grown *g = grown_find(m, index);

	if (!g)
		return false;
	if (g->passed) { /* it goes where it will stand when the page is loaded again: behind all that is stored */
		map_show(m, &(struct ck_event){.kind = CK_ITEM_REMOVED, .item_id = g->id});
		widgets_passed(m);
	} else {
		grown_to(m, g, widget);
		pass(m, g->order);
	}
	*meta = (struct ck_meta){g->id, m->key.thread_id, g->created_us};
	grown_free(g);
	return true;
}

WAITS static enum rc grown_begin(struct map *m, struct grown *g, struct slice widget, struct err *e)
{
	struct ck_meta meta = {g->id, m->key.thread_id, g->created_us};

	if (thoughts_close(m, e) != RC_OK)
		return e->rc;
	if (m->n_tasks)
		flow_close(m);
	else
		flow_open(m);
	buf_add(&g->widget, widget);
	buf_clear(&m->json);
	ck_widget_item(&m->json, &meta, widget, SLICE_NONE);
	map_show_item(m, CK_ITEM_ADDED);
	return RC_OK;
}

enum rc widget_grows(struct map *m, const struct agent_call *call, struct err *e)
{
	struct buf args = BUF_INIT(512 * 1024), widget = BUF_INIT(WIDGET_MAX);
	struct grown *g = grown_find(m, call->index);
	struct arena *a;
	enum rc rc = RC_OK;
	int64_t began, pause;

	if (!m->growing)
		m->growing = arena_try(m->arena, sizeof(*m->growing));
	if (!m->growing || io_now(m->opts->io) < m->growing->next)
		return RC_OK;
	began = io_now(m->opts->io);
	a = arena_new(32 * 1024 * 1024, NULL);
	if (json_complete(call->args, &args) && call->tool->preview(call->tool->ctx, buf_slice(&args), a, &widget) && buf_ok(&widget)) {
		if (g)
			grown_to(m, g, buf_slice(&widget));
		else if ((g = grown_new(m, call->index)))
			rc = grown_begin(m, g, buf_slice(&widget), e);
	}
	pause = GROWING_SHARE * (io_now(m->opts->io) - began);
	m->growing->next = io_in(m->opts->io, pause > GROWING_PAUSE_US ? pause : GROWING_PAUSE_US);
	buf_release(&args);
	buf_release(&widget);
	arena_free(a);
	return rc;
}

static void grown_gone(struct map *m, struct grown *g)
{
	map_show(m, &(struct ck_event){.kind = CK_ITEM_REMOVED, .item_id = g->id});
	grown_free(g);
}

void widget_gone(struct map *m, size_t index)
{
	struct grown *g = grown_find(m, index);

	if (g)
		grown_gone(m, g);
}

void widgets_drop(struct map *m)
{
	for (size_t i = 0; m->growing && i < GROWING_MAX; i++)
		if (m->growing->at[i].id.n)
			grown_gone(m, &m->growing->at[i]);
}

void widgets_release(struct map *m)
{
	for (size_t i = 0; m->growing && i < GROWING_MAX; i++)
		if (m->growing->at[i].id.n)
			grown_free(&m->growing->at[i]);
}
