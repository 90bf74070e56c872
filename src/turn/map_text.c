/* SPDX-License-Identifier: MIT */
/* The assistant's message: text that grows, and what it cites. */
#include "turn/map_inner.h"
#include "wire/utf8.h"

struct cites {
	struct ck_annotation an[MAP_CITES_MAX]; /* of the open message */
	size_t n;
	struct held {
		struct ck_cited cited;
		int64_t end;                    /* where the model says that it stands, in characters of the round's text; -1: it does not */
	} held[CK_SOURCES_MAX];                 /* until the text is there */
	size_t n_held;
};

static struct cites *cites_of(struct map *m)
{
	if (!m->cites)
		m->cites = arena_try(m->arena, sizeof(*m->cites));
	return m->cites;
}

static struct ck_meta text_meta(const struct map *m)
{
	return (struct ck_meta){m->message_id, m->key.thread_id, m->message_us};
}

/* The open message's own, or what the next one begins with. */
static struct slice text_own(const struct map *m)
{
	return slice_from(buf_slice(&m->text), m->from);
}

struct slice text_body(struct map *m)
{
	struct ck_meta meta = text_meta(m);
	struct buf cites = BUF_INIT(1024 * 1024);

	buf_clear(&m->json);
	if (m->cites && m->cites->n) {
		ck_annotations_json(&cites, m->cites->an, m->cites->n);
		ck_assistant_cited(&m->json, &meta, text_own(m), buf_slice(&cites));
	} else {
		ck_assistant_message(&m->json, &meta, text_own(m), true);
	}
	buf_release(&cites);
	return buf_slice(&m->json);
}

WAITS static enum rc text_open(struct map *m, struct err *e)
{
	struct ck_meta meta;

	if (thoughts_lead(m, e) != RC_OK)
		return e->rc;
	flow_close(m);
	m->message_name = id_new(io_env(m->opts->io), "msg_");
	m->message_id = id_slice(&m->message_name);
	m->message_us = map_wall_us(m);
	m->message_open = m->answered = true;
	widgets_passed(m);
	if (m->cites)
		m->cites->n = 0;
	keeper_item(m->kept, m->message_id, S("assistant_message"), m->message_us, &m->text, m->from);

	meta = text_meta(m);
	buf_clear(&m->json);
	ck_assistant_message(&m->json, &meta, SLICE_NONE, false);
	map_show_item(m, CK_ITEM_ADDED);
	map_show(m, &(struct ck_event){.kind = CK_PART_ADDED, .item_id = m->message_id});
	return RC_OK;
}

/* Blanks alone are no message: some models begin with them, or say nothing else before they call a tool. */
enum rc text_said(struct map *m, struct slice delta, struct err *e)
{
	if (delta.n == 0)
		return RC_OK;
	if (m->round_over) {
		buf_clear(&m->text);
		m->from = 0;
		m->round_over = false;
	}
	buf_add(&m->text, delta);
	if (!buf_ok(&m->text))
		return err_set(e, RC_PROTO, "the answer is longer than %d bytes", TURN_TEXT_MAX);
	if (!m->message_open) {
		delta = text_own(m);
		if (slice_trim(delta).n == 0)
			return RC_OK;
		if (text_open(m, e) != RC_OK)
			return e->rc;
	}
	thoughts_paused(m);
	map_show(m, &(struct ck_event){.kind = CK_TEXT_DELTA, .item_id = m->message_id, .text = delta});
	return RC_OK;
}

enum rc text_close(struct map *m, struct err *e)
{
	struct rows r;

	if (!m->message_open)
		return RC_OK;
	rows_open(m, &r, 2, 0);
	rows_item(&r, m->message_id, S("assistant_message"), text_body(m), ITEM_DONE);
	thoughts_late(m, &r);
	if (rows_write(m, &r, false, e) != RC_OK)
		return err_wrap(e, "storing what the model said");
	text_done(m);
	return RC_OK;
}

/* ---- what it cites ---- */

static bool same(const struct ck_annotation *a, const struct ck_annotation *b)
{
	return a->index == b->index && a->source.kind == b->source.kind && slice_eq(a->source.url, b->source.url) &&
	       slice_eq(a->source.filename, b->source.filename) && slice_eq(a->source.id, b->source.id);
}

/* Its slices live as long as the turn. What is said twice, or once too often, is left out. */
WAITS static void cite(struct map *m, const struct ck_annotation *an)
{
	struct cites *c = m->cites;

	if (c->n == MAP_CITES_MAX)
		return;
	for (size_t i = 0; i < c->n; i++)
		if (same(&c->an[i], an))
			return;
	c->an[c->n] = *an;
	buf_clear(&m->json);
	ck_annotation_json(&m->json, an);
	map_show(m, &(struct ck_event){.kind = CK_ANNOTATION_ADDED, .item_id = m->message_id, .index = c->n, .json = buf_slice(&m->json)});
	c->n++;
}

/* The vendor counts characters of what the round said, the page UTF-16 of the message. */
static int64_t place(const struct map *m, int64_t end)
{
	struct slice upto = utf8_cut_chars(buf_slice(&m->text), (size_t)end);

	return upto.n > m->from ? (int64_t)utf8_len16(slice_from(upto, m->from)) : 0;
}

static bool has_chars(const struct map *m, int64_t n)
{
	return n == 0 || utf8_cut_chars(buf_slice(&m->text), (size_t)n - 1).n < m->text.n;
}

static void hold(struct map *m, const struct held *h)
{
	if (m->cites->n_held < CK_SOURCES_MAX)
		m->cites->held[m->cites->n_held++] = *h;
}

enum rc text_source(struct map *m, const struct model_source *s, struct err *e)
{
	struct ck_source source = {
		.kind = s->url.n ? CK_SOURCE_URL : CK_SOURCE_FILE,
		.title = arena_try_dup(m->arena, s->title),
		.url = arena_try_dup(m->arena, s->url),
		.filename = arena_try_dup(m->arena, s->file_name),
	};

	if (!cites_of(m) || !source.title.p || !source.url.p || !source.filename.p)
		return err_set(e, RC_TOO_LARGE, "no room for a source");
	if (!m->message_open || (s->end >= 0 && !has_chars(m, s->end)))
		hold(m, &(struct held){{.source = source}, s->end});
	else
		cite(m, &(struct ck_annotation){.source = source, .index = s->end >= 0 ? place(m, s->end) : -1});
	return RC_OK;
}

enum rc text_hold(struct map *m, const struct ck_cited *c, struct err *e)
{
	if (!cites_of(m))
		return err_set(e, RC_TOO_LARGE, "no room for a source");
	hold(m, &(struct held){*c, -1});
	return RC_OK;
}

/* Where the words stand that it is cited for; without any, at the end. */
static int64_t place_after(const struct map *m, const struct ck_cited *c)
{
	struct slice text = text_own(m), words = c->after.n ? c->after : c->source.title;
	ptrdiff_t at = words.n ? slice_find(text, words) : -1;

	return (int64_t)utf8_len16(at >= 0 ? slice_upto(text, (size_t)at + words.n) : text);
}

void text_settle(struct map *m)
{
	if (!m->message_open || !m->cites)
		return;
	for (size_t i = 0; i < m->cites->n_held; i++) {
		const struct held *h = &m->cites->held[i];

		cite(m, &(struct ck_annotation){.source = h->cited.source, .index = h->end >= 0 ? place(m, h->end) : place_after(m, &h->cited)});
	}
	m->cites->n_held = 0;
}

void text_done(struct map *m)
{
	m->message_open = false;
	keeper_item(m->kept, SLICE_NONE, SLICE_NONE, 0, NULL, 0);
	map_show(m, &(struct ck_event){.kind = CK_PART_DONE, .item_id = m->message_id, .text = text_own(m)});
	(void)text_body(m);
	map_show_item(m, CK_ITEM_DONE);
	thoughts_late_shown(m);
	m->from = m->text.n;
}
