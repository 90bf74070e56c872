/* SPDX-License-Identifier: MIT */
#include "chatkit/meta.h"

#include "wire/utf8.h"

struct reading {
	struct arena *a;
	struct ck_shown *out;
	struct buf *warnings;
	const char *member; /* the one that is being read */
};

/* Nothing here may touch a place as what it is not: that would stick to the document, and one mistake would cost the rest. */
static void left_out(struct reading *r, const char *why)
{
	if (r->warnings)
		buf_addf(r->warnings, "%s: %s\n", r->member, why);
}

static struct slice text_of(const struct json_at *obj, const char *key)
{
	struct json_at at = json_get(obj, key);

	return json_kind(&at) == JSON_STRING ? json_as_str(&at) : SLICE_NONE;
}

static bool flag_of(const struct json_at *obj, const char *key)
{
	struct json_at at = json_get(obj, key);

	return json_kind(&at) == JSON_BOOL && json_as_bool_or(&at, false);
}

/* The member's JSON when it is an object and not too large, else {}. */
static struct slice object_of(struct reading *r, const struct json_at *obj, const char *key)
{
	struct json_at at = json_get(obj, key);
	struct slice text;

	if (!json_has(&at))
		return S("{}");
	if (json_kind(&at) != JSON_OBJECT) {
		left_out(r, "data: expected an object");
		return S("{}");
	}
	text = json_text(&at);
	if (text.n <= CK_SHOWN_JSON_MAX)
		return text;
	left_out(r, "data: too large");
	return S("{}");
}

/* A text, or an object with one under this key. */
static bool read_text(struct reading *r, const struct json_at *at, const char *key, struct slice *out)
{
	struct slice s = json_kind(at) == JSON_STRING ? json_as_str(at) : key && json_kind(at) == JSON_OBJECT ? text_of(at, key) : SLICE_NONE;

	if (slice_trim(s).n == 0)
		left_out(r, "expected a text");
	else if (s.n > CK_SHOWN_TEXT_MAX)
		left_out(r, "too long");
	else
		*out = s;
	return out->n > 0;
}

/* An object with one of these members as a text. */
static struct slice read_object(struct reading *r, const struct json_at *at, const char *key, const char *or_key)
{
	struct slice text;

	if (json_kind(at) != JSON_OBJECT || (text_of(at, key).n == 0 && (!or_key || text_of(at, or_key).n == 0))) {
		left_out(r, "expected an object with a type");
		return SLICE_NONE;
	}
	text = json_text(at);
	if (text.n <= CK_SHOWN_JSON_MAX)
		return text;
	left_out(r, "too large");
	return SLICE_NONE;
}

/* How many there are, where one may stand for a list of it. */
static size_t count_of(struct reading *r, const struct json_at *at, size_t max)
{
	size_t n = json_kind(at) == JSON_ARRAY ? json_count(at) : 1;

	if (n > max)
		left_out(r, "too many, the last are left out");
	return n < max ? n : max;
}

static struct json_at nth(const struct json_at *at, size_t i)
{
	return json_kind(at) == JSON_ARRAY ? json_item(at, i) : *at;
}

static void message(struct reading *r, const struct json_at *at)
{
	(void)read_text(r, at, "text", &r->out->message);
}

static void widget(struct reading *r, const struct json_at *at)
{
	r->out->widget = read_object(r, at, "type", "template");
}

static void copy_text(struct reading *r, const struct json_at *at)
{
	(void)read_text(r, at, NULL, &r->out->copy_text);
}

static void effects(struct reading *r, const struct json_at *at)
{
	size_t n = count_of(r, at, CK_EFFECTS_MAX);

	r->out->effects = arena_alloc(r->a, CK_EFFECTS_MAX * sizeof(*r->out->effects));
	for (size_t i = 0; i < n; i++) {
		struct json_at effect = nth(at, i);
		struct slice name = json_kind(&effect) == JSON_OBJECT ? text_of(&effect, "name") : SLICE_NONE;

		if (name.n == 0 || name.n > CK_ID_MAX)
			left_out(r, "expected an object with a name");
		else
			r->out->effects[r->out->n_effects++] = (struct ck_effect){name, object_of(r, &effect, "data")};
	}
}

/* A link that a person may follow: never javascript: and its like. */
static bool is_web(struct slice url)
{
	return url.n <= CK_SHOWN_TEXT_MAX && (slice_eq_nocase(slice_upto(url, 8), S("https://")) || slice_eq_nocase(slice_upto(url, 7), S("http://")));
}

static bool source_kind(const struct json_at *at, struct ck_source *s)
{
	struct slice type = text_of(at, "type");

	s->kind = slice_is(type, "entity") ? CK_SOURCE_ENTITY : slice_is(type, "file") ? CK_SOURCE_FILE : CK_SOURCE_URL;
	if (type.n == 0 && s->url.n == 0)
		s->kind = s->filename.n ? CK_SOURCE_FILE : CK_SOURCE_ENTITY;
	if (s->kind == CK_SOURCE_URL)
		return is_web(s->url) && (type.n == 0 || slice_is(type, "url"));
	return s->kind == CK_SOURCE_FILE ? s->filename.n > 0 : s->id.n > 0;
}

static bool source(struct reading *r, const struct json_at *at, struct ck_source *s)
{
	if (json_kind(at) != JSON_OBJECT)
		return false;
	*s = (struct ck_source){
		.title = text_of(at, "title"),
		.description = text_of(at, "description"),
		.timestamp = text_of(at, "timestamp"),
		.group = text_of(at, "group"),
		.url = text_of(at, "url"),
		.attribution = text_of(at, "attribution"),
		.filename = text_of(at, "filename"),
		.id = text_of(at, "id"),
		.icon = ck_icon(text_of(at, "icon")),
		.label = text_of(at, "label"),
		.inline_label = text_of(at, "inline_label"),
		.interactive = flag_of(at, "interactive"),
	};
	if (!source_kind(at, s))
		return false;
	if (s->kind == CK_SOURCE_ENTITY)
		s->data = object_of(r, at, "data");
	return true;
}

static void sources(struct reading *r, const struct json_at *at)
{
	size_t n = count_of(r, at, CK_SOURCES_MAX);

	r->out->sources = arena_alloc(r->a, CK_SOURCES_MAX * sizeof(*r->out->sources));
	for (size_t i = 0; i < n; i++) {
		struct json_at one = nth(at, i);
		struct ck_cited *c = &r->out->sources[r->out->n_sources];

		if (!source(r, &one, &c->source)) {
			left_out(r, "expected a url (http or https), a filename or an entity's id");
			continue;
		}
		c->after = text_of(&one, "text");
		r->out->n_sources++;
	}
}

static void hidden_context(struct reading *r, const struct json_at *at)
{
	struct slice text = json_text(at);

	if (text.n > CK_SHOWN_TEXT_MAX)
		left_out(r, "too long");
	else
		r->out->hidden_context = text;
}

static void task_queries(struct reading *r, const struct json_at *at, struct ck_task *t)
{
	struct json_at queries = json_get(at, "queries");
	size_t n = json_kind(&queries) == JSON_ARRAY ? count_of(r, &queries, CK_SOURCES_MAX) : 0;
	struct slice *q = arena_alloc(r->a, (n + 1) * sizeof(*q));

	for (size_t i = 0; i < n; i++) {
		struct json_at one = json_item(&queries, i);

		if (json_kind(&one) == JSON_STRING)
			q[t->n_queries++] = json_as_str(&one);
	}
	t->queries = q;
}

static void task_sources(struct reading *r, const struct json_at *at, struct ck_task *t, enum ck_source_kind kind)
{
	struct json_at list = json_get(at, "sources");
	size_t n = json_kind(&list) == JSON_ARRAY ? count_of(r, &list, CK_SOURCES_MAX) : 0;
	struct ck_source *s = arena_alloc(r->a, (n + 1) * sizeof(*s));

	for (size_t i = 0; i < n; i++) {
		struct json_at one = json_item(&list, i);

		if (source(r, &one, &s[t->n_sources]) && s[t->n_sources].kind == kind)
			t->n_sources++;
		else
			left_out(r, "a source of another kind");
	}
	t->sources = s;
}

static void task(struct reading *r, const struct json_at *at)
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
		left_out(r, "expected an object, or false");
		return;
	}
	for (size_t i = 0; i < countof(types); i++)
		if (slice_is(text_of(at, "type"), types[i]))
			t->kind = (enum ck_task_kind)i;
	t->title = text_of(at, "title");
	t->icon = ck_icon(text_of(at, "icon"));
	t->content = utf8_cut(text_of(at, "content"), CK_SHOWN_TEXT_MAX);
	t->title_query = text_of(at, "title_query");
	if (t->kind == CK_TASK_WEB_SEARCH)
		task_queries(r, at, t);
	if (t->kind == CK_TASK_WEB_SEARCH || t->kind == CK_TASK_FILE)
		task_sources(r, at, t, t->kind == CK_TASK_FILE ? CK_SOURCE_FILE : CK_SOURCE_URL);
	r->out->has_task = true;
}

static void title(struct reading *r, const struct json_at *at)
{
	struct slice line;

	if (!read_text(r, at, NULL, &r->out->title))
		return;
	(void)slice_cut(slice_trim(r->out->title), '\n', &line);
	r->out->title = utf8_cut_chars(slice_trim(line), CK_TITLE_MAX);
}

static void thread_status(struct reading *r, const struct json_at *at)
{
	bool is_object = json_kind(at) == JSON_OBJECT;
	struct slice type = is_object ? text_of(at, "type") : json_kind(at) == JSON_STRING ? json_as_str(at) : SLICE_NONE;
	struct slice reason = is_object ? text_of(at, "reason") : SLICE_NONE;
	struct buf b = BUF_INIT(16 * 1024);
	struct jsonw w;

	if (!slice_is(type, "active") && !slice_is(type, "locked") && !slice_is(type, "closed")) {
		left_out(r, "expected 'active', 'locked' or 'closed'");
		return;
	}
	jsonw_init(&w, &b);
	jsonw_obj(&w);
	jsonw_kstr(&w, "type", type);
	if (!slice_is(type, "active"))
		jsonw_kstr_opt(&w, "reason", utf8_cut(reason, 2000));
	jsonw_end(&w);
	r->out->status = arena_dup(r->a, buf_slice(&b));
	buf_release(&b);
}

static void notice(struct reading *r, const struct json_at *at)
{
	static const char *const levels[] = {"info", "warning", "danger"};
	bool is_object = json_kind(at) == JSON_OBJECT;

	if (!read_text(r, at, "message", &r->out->notice))
		return;
	r->out->notice_level = levels[0];
	for (size_t i = 0; is_object && i < countof(levels); i++)
		if (slice_is(text_of(at, "level"), levels[i]))
			r->out->notice_level = levels[i];
	if (is_object)
		r->out->notice_title = text_of(at, "title");
}

static void stop(struct reading *r, const struct json_at *at)
{
	if (json_kind(at) == JSON_BOOL)
		r->out->stop = json_as_bool_or(at, false);
	else
		left_out(r, "expected a boolean");
}

static void updated_item(struct reading *r, const struct json_at *at)
{
	r->out->updated_item = read_object(r, at, "type", NULL);
}

static void items(struct reading *r, const struct json_at *at)
{
	size_t n = count_of(r, at, CK_ITEMS_MAX);

	r->out->items = arena_alloc(r->a, CK_ITEMS_MAX * sizeof(*r->out->items));
	for (size_t i = 0; i < n; i++) {
		struct json_at one = nth(at, i);
		struct slice item = read_object(r, &one, "type", NULL);

		if (item.n)
			r->out->items[r->out->n_items++] = item;
	}
}

static const struct {
	const char *name;
	void (*read)(struct reading *r, const struct json_at *at);
} members[] = {
	{"chatkit/message", message},
	{"chatkit/widget", widget},
	{"chatkit/copyText", copy_text},
	{"chatkit/effects", effects},
	{"chatkit/sources", sources},
	{"chatkit/hiddenContext", hidden_context},
	{"chatkit/task", task},
	{"chatkit/title", title},
	{"chatkit/threadStatus", thread_status},
	{"chatkit/notice", notice},
	{"chatkit/stop", stop},
	{"chatkit/updatedItem", updated_item},
	{"chatkit/items", items},
};

enum rc ck_meta_read(struct arena *a, struct slice json, struct ck_shown *out, struct buf *warnings, struct err *e)
{
	struct reading r = {.a = a, .out = out, .warnings = warnings, .member = "_meta"};
	struct guard_limits limits = GUARD_UPSTREAM;
	struct json_doc *doc;
	struct json_at root;
	struct err why = ERR_INIT;

	*out = (struct ck_shown){.stop = false};
	if (json.n == 0)
		return RC_OK;
	if (json_parse(a, json, &limits, &doc, &why) != RC_OK) {
		if (why.rc == RC_TOO_LARGE)
			return err_set(e, RC_TOO_LARGE, "a tool's _meta is too large");
		left_out(&r, why.msg);
		return RC_OK;
	}
	root = json_root(doc);
	for (size_t i = 0; i < countof(members); i++) {
		struct json_at at = json_get(&root, members[i].name);

		r.member = members[i].name;
		if (json_has(&at))
			members[i].read(&r, &at);
	}
	return json_done(doc, e);
}

bool ck_is_widget(struct slice json)
{
	static const char *const roots[] = {"\"Card\"", "\"ListView\"", "\"Basic\""};
	struct guard_pick picks[] = {{"type", SLICE_NONE}, {"children", SLICE_NONE}};
	struct guard_limits limits = GUARD_UPSTREAM;
	bool mend;

	if (guard_check(json, &limits, picks, countof(picks), &mend, NULL) != RC_OK || picks[1].raw.n == 0)
		return false;
	for (size_t i = 0; i < countof(roots); i++)
		if (slice_is(picks[0].raw, roots[i]))
			return true;
	return false;
}
