/* SPDX-License-Identifier: MIT */
/* What a tool's result cites, and how its call is shown. */
#include "chatkit/meta_inner.h"

#include "wire/utf8.h"

/* A link that a person may follow: never javascript: and its like. */
static bool is_web(struct slice url)
{
	return url.n <= CK_SHOWN_TEXT_MAX && (slice_eq_nocase(slice_upto(url, 8), S("https://")) || slice_eq_nocase(slice_upto(url, 7), S("http://")));
}

static bool source_kind(const struct json_at *at, struct ck_source *s)
{
	struct slice type = meta_str(at, "type");

	s->kind = slice_is(type, "entity") ? CK_SOURCE_ENTITY : slice_is(type, "file") ? CK_SOURCE_FILE : CK_SOURCE_URL;
	if (type.n == 0 && s->url.n == 0)
		s->kind = s->filename.n ? CK_SOURCE_FILE : CK_SOURCE_ENTITY;
	if (s->kind == CK_SOURCE_URL)
		return is_web(s->url) && (type.n == 0 || slice_is(type, "url"));
	return s->kind == CK_SOURCE_FILE ? s->filename.n > 0 : s->id.n > 0;
}

static bool source(struct meta_reading *r, const struct json_at *at, struct ck_source *s)
{
	if (json_kind(at) != JSON_OBJECT)
		return false;
	*s = (struct ck_source){
		.title = meta_str(at, "title"),
		.description = meta_str(at, "description"),
		.timestamp = meta_str(at, "timestamp"),
		.group = meta_str(at, "group"),
		.url = meta_str(at, "url"),
		.attribution = meta_str(at, "attribution"),
		.filename = meta_str(at, "filename"),
		.id = meta_str(at, "id"),
		.icon = ck_icon(meta_str(at, "icon")),
		.label = meta_str(at, "label"),
		.inline_label = meta_str(at, "inline_label"),
		.interactive = meta_true(at, "interactive"),
	};
	if (!source_kind(at, s))
		return false;
	if (s->kind == CK_SOURCE_ENTITY)
		s->data = meta_object(r, at, "data");
	return true;
}

void meta_sources(struct meta_reading *r, const struct json_at *at)
{
	size_t n = meta_count(r, at, CK_SOURCES_MAX);

	r->out->sources = arena_alloc(r->a, CK_SOURCES_MAX * sizeof(*r->out->sources));
	for (size_t i = 0; i < n; i++) {
		struct json_at one = meta_nth(at, i);
		struct ck_cited *c = &r->out->sources[r->out->n_sources];

		if (!source(r, &one, &c->source)) {
			meta_left_out(r, "expected a url (http or https), a filename or an entity's id");
			continue;
		}
		c->after = meta_str(&one, "text");
		r->out->n_sources++;
	}
}

static void task_queries(struct meta_reading *r, const struct json_at *at, struct ck_task *t)
{
	struct json_at queries = json_get(at, "queries");
	size_t n = json_kind(&queries) == JSON_ARRAY ? meta_count(r, &queries, CK_SOURCES_MAX) : 0;
	struct slice *q = arena_alloc(r->a, (n + 1) * sizeof(*q));

	for (size_t i = 0; i < n; i++) {
		struct json_at one = json_item(&queries, i);

		if (json_kind(&one) == JSON_STRING)
			q[t->n_queries++] = json_as_str(&one);
	}
	t->queries = q;
}

static void task_sources(struct meta_reading *r, const struct json_at *at, struct ck_task *t, enum ck_source_kind kind)
{
	struct json_at list = json_get(at, "sources");
	size_t n = json_kind(&list) == JSON_ARRAY ? meta_count(r, &list, CK_SOURCES_MAX) : 0;
	struct ck_source *s = arena_alloc(r->a, (n + 1) * sizeof(*s));

	for (size_t i = 0; i < n; i++) {
		struct json_at one = json_item(&list, i);

		if (source(r, &one, &s[t->n_sources]) && s[t->n_sources].kind == kind)
			t->n_sources++;
		else
			meta_left_out(r, "a source of another kind");
	}
	t->sources = s;
}

void meta_task(struct meta_reading *r, const struct json_at *at)
{
	static const char *const types[] = {
		[CK_TASK_CUSTOM] = "custom",
		[CK_TASK_THOUGHT] = "thought",
		[CK_TASK_WEB_SEARCH] = "web_search",
		[CK_TASK_FILE] = "file",
		[CK_TASK_IMAGE] = "image",
	};
	struct ck_task *t = &r->out->task;

	r->out->no_task = json_kind(at) == JSON_BOOL && !json_as_bool_or(at, true);
	if (r->out->no_task)
		return;
	if (json_kind(at) != JSON_OBJECT) {
		meta_left_out(r, "expected an object, or false");
		return;
	}
	for (size_t i = 0; i < countof(types); i++)
		if (slice_is(meta_str(at, "type"), types[i]))
			t->kind = (enum ck_task_kind)i;
	t->title = meta_str(at, "title");
	t->icon = ck_icon(meta_str(at, "icon"));
	t->content = utf8_cut(meta_str(at, "content"), CK_SHOWN_TEXT_MAX);
	t->title_query = meta_str(at, "title_query");
	if (t->kind == CK_TASK_WEB_SEARCH)
		task_queries(r, at, t);
	if (t->kind == CK_TASK_WEB_SEARCH || t->kind == CK_TASK_FILE)
		task_sources(r, at, t, t->kind == CK_TASK_FILE ? CK_SOURCE_FILE : CK_SOURCE_URL);
	r->out->has_task = true;
}
