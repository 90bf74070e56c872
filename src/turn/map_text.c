/* SPDX-License-Identifier: MIT */
/* The assistant's message: text that grows, and what it cites. */
#include "turn/map_inner.h"
#include "wire/utf8.h"

struct cites {
	struct ck_annotation an[MAP_CITES_MAX]; /* of the open message */
	size_t n;
	struct ck_cited held[CK_SOURCES_MAX];   /* until a message ends */
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

struct slice text_body(struct map *m)
{
	struct ck_meta meta = text_meta(m);
	struct buf cites = BUF_INIT(1024 * 1024);

	buf_clear(&m->json);
	if (m->cites && m->cites->n) {
		ck_annotations_json(&cites, m->cites->an, m->cites->n);
		ck_assistant_cited(&m->json, &meta, buf_slice(&m->text), buf_slice(&cites));
	} else {
		ck_assistant_message(&m->json, &meta, buf_slice(&m->text), true);
	}
	buf_release(&cites);
	return buf_slice(&m->json);
}

WAITS static enum rc text_open(struct map *m, struct err *e)
{
	struct ck_meta meta;

	if (thoughts_close(m, e) != RC_OK)
		return e->rc;
	flow_close(m);
	m->message_name = id_new(io_env(m->opts->io), "msg_");
	m->message_id = id_slice(&m->message_name);
	m->message_us = map_wall_us(m);
	m->message_open = m->answered = true;
	if (m->cites)
		m->cites->n = 0;
	buf_clear(&m->text);
	keeper_item(m->kept, m->message_id, S("assistant_message"), m->message_us, &m->text);

	meta = text_meta(m);
	buf_clear(&m->json);
	ck_assistant_message(&m->json, &meta, SLICE_NONE, false);
	map_show_item(m, CK_ITEM_ADDED);
	map_show(m, &(struct ck_event){.kind = CK_PART_ADDED, .item_id = m->message_id});
	return RC_OK;
}

enum rc text_said(struct map *m, struct slice delta, struct err *e)
{
	if (delta.n == 0)
		return RC_OK;
	if (!m->message_open && text_open(m, e) != RC_OK)
		return e->rc;
	buf_add(&m->text, delta);
	if (!buf_ok(&m->text))
		return err_set(e, RC_PROTO, "the answer is longer than %d bytes", TURN_TEXT_MAX);
	map_show(m, &(struct ck_event){.kind = CK_TEXT_DELTA, .item_id = m->message_id, .text = delta});
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

enum rc text_source(struct map *m, const struct model_source *s, struct err *e)
{
	struct ck_source source = {
		.kind = s->url.n ? CK_SOURCE_URL : CK_SOURCE_FILE,
		.title = arena_try_dup(m->arena, s->title),
		.url = arena_try_dup(m->arena, s->url),
		.filename = arena_try_dup(m->arena, s->file_name),
	};
	struct ck_annotation an = {.source = source, .index = -1};

	if (!cites_of(m) || !source.title.p || !source.url.p || !source.filename.p)
		return err_set(e, RC_TOO_LARGE, "no room for a source");
	if (!m->message_open)
		return text_hold(m, &(struct ck_cited){.source = source}, e);
	/* The vendor counts characters, the page UTF-16. */
	if (s->end >= 0)
		an.index = (int64_t)utf8_len16(utf8_cut_chars(buf_slice(&m->text), (size_t)s->end));
	cite(m, &an);
	return RC_OK;
}

enum rc text_hold(struct map *m, const struct ck_cited *c, struct err *e)
{
	if (!cites_of(m))
		return err_set(e, RC_TOO_LARGE, "no room for a source");
	if (m->cites->n_held < CK_SOURCES_MAX)
		m->cites->held[m->cites->n_held++] = *c;
	return RC_OK;
}

void text_settle(struct map *m)
{
	struct slice text = buf_slice(&m->text);

	if (!m->message_open || !m->cites)
		return;
	for (size_t i = 0; i < m->cites->n_held; i++) {
		const struct ck_cited *c = &m->cites->held[i];
		struct slice words = c->after.n ? c->after : c->source.title;
		ptrdiff_t at = words.n ? slice_find(text, words) : -1;
		size_t end = at >= 0 ? (size_t)at + words.n : text.n;

		cite(m, &(struct ck_annotation){.source = c->source, .index = (int64_t)utf8_len16(slice_upto(text, end))});
	}
	m->cites->n_held = 0;
}

void text_done(struct map *m)
{
	m->message_open = false;
	keeper_item(m->kept, SLICE_NONE, SLICE_NONE, 0, NULL);
	map_show(m, &(struct ck_event){.kind = CK_PART_DONE, .item_id = m->message_id, .text = buf_slice(&m->text)});
	(void)text_body(m);
	map_show_item(m, CK_ITEM_DONE);
}
