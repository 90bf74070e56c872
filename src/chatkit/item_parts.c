/* SPDX-License-Identifier: MIT */
/* What items are made of: sources, annotations, tasks. */
#include "chatkit/item.h"

static void url_source(struct jsonw *w, const struct ck_source *s)
{
	jsonw_kcstr(w, "type", "url");
	jsonw_kstr(w, "url", s->url);
	jsonw_kstr_opt(w, "attribution", s->attribution);
}

static void file_source(struct jsonw *w, const struct ck_source *s)
{
	jsonw_kcstr(w, "type", "file");
	jsonw_kstr(w, "filename", s->filename);
}

static void entity_source(struct jsonw *w, const struct ck_source *s)
{
	jsonw_kcstr(w, "type", "entity");
	jsonw_kstr(w, "id", s->id);
	jsonw_kstr_opt(w, "icon", s->icon);
	jsonw_kstr_opt(w, "label", s->label);
	jsonw_kstr_opt(w, "inline_label", s->inline_label);
	jsonw_kbool(w, "interactive", s->interactive);
	jsonw_kraw(w, "data", s->data.n ? s->data : S("{}"));
}

static struct slice title_of(const struct ck_source *s)
{
	if (s->title.n)
		return s->title;
	return s->kind == CK_SOURCE_URL ? s->url : s->kind == CK_SOURCE_FILE ? s->filename : s->id;
}

void ck_source(struct jsonw *w, const struct ck_source *s)
{
	static void (*const own[])(struct jsonw *w, const struct ck_source *s) = {
		[CK_SOURCE_URL] = url_source,
		[CK_SOURCE_FILE] = file_source,
		[CK_SOURCE_ENTITY] = entity_source,
	};

	CHECK(s->kind < countof(own));
	jsonw_obj(w);
	jsonw_kstr(w, "title", title_of(s));
	jsonw_kstr_opt(w, "description", s->description);
	jsonw_kstr_opt(w, "timestamp", s->timestamp);
	jsonw_kstr_opt(w, "group", s->group);
	own[s->kind](w, s);
	jsonw_end(w);
}

static void annotation(struct jsonw *w, const struct ck_annotation *an)
{
	jsonw_obj(w);
	jsonw_kcstr(w, "type", "annotation");
	jsonw_key(w, "source");
	ck_source(w, &an->source);
	if (an->index >= 0)
		jsonw_kint(w, "index", an->index);
	jsonw_end(w);
}

void ck_annotation_json(struct buf *out, const struct ck_annotation *an)
{
	struct jsonw w;

	jsonw_init(&w, out);
	annotation(&w, an);
}

void ck_annotations_json(struct buf *out, const struct ck_annotation *an, size_t n)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_arr(&w);
	for (size_t i = 0; i < n; i++)
		annotation(&w, &an[i]);
	jsonw_end(&w);
}

static void sources(struct jsonw *w, const struct ck_task *t)
{
	jsonw_key(w, "sources");
	jsonw_arr(w);
	for (size_t i = 0; i < t->n_sources; i++)
		ck_source(w, &t->sources[i]);
	jsonw_end(w);
}

static void custom_task(struct jsonw *w, const struct ck_task *t)
{
	jsonw_kstr_opt(w, "icon", t->icon);
	jsonw_kstr_opt(w, "content", t->content);
}

static void thought_task(struct jsonw *w, const struct ck_task *t)
{
	jsonw_kstr(w, "content", t->content);
}

static void search_task(struct jsonw *w, const struct ck_task *t)
{
	jsonw_kstr_opt(w, "title_query", t->title_query);
	jsonw_key(w, "queries");
	jsonw_arr(w);
	for (size_t i = 0; i < t->n_queries; i++)
		jsonw_str(w, t->queries[i]);
	jsonw_end(w);
	sources(w, t);
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

void ck_task(struct jsonw *w, const struct ck_task *t)
{
	static const struct {
		const char *type;
		void (*own)(struct jsonw *w, const struct ck_task *t);
	} kinds[] = {
		[CK_TASK_CUSTOM] = {"custom", custom_task},
		[CK_TASK_THOUGHT] = {"thought", thought_task},
		[CK_TASK_WEB_SEARCH] = {"web_search", search_task},
		[CK_TASK_FILE] = {"file", sources},
		[CK_TASK_IMAGE] = {"image", NULL},
	};

	CHECK(t->kind < countof(kinds));
	jsonw_obj(w);
	jsonw_kcstr(w, "type", kinds[t->kind].type);
	jsonw_kcstr(w, "status_indicator", status_name(t->status));
	jsonw_kstr_opt(w, "title", t->title);
	if (kinds[t->kind].own)
		kinds[t->kind].own(w, t);
	jsonw_end(w);
}

void ck_task_json(struct buf *out, const struct ck_task *t)
{
	struct jsonw w;

	jsonw_init(&w, out);
	ck_task(&w, t);
}
