/* SPDX-License-Identifier: MIT */
#include "chatkit/meta_inner.h"

#include "wire/utf8.h"

void meta_left_out(struct meta_reading *r, const char *why)
{
	if (r->warnings)
		buf_addf(r->warnings, "%s: %s\n", r->member, why);
}

struct slice meta_str(const struct json_at *obj, const char *key)
{
	struct json_at at = json_get(obj, key);

	return json_kind(&at) == JSON_STRING ? json_as_str(&at) : SLICE_NONE;
}

bool meta_true(const struct json_at *obj, const char *key)
{
	struct json_at at = json_get(obj, key);

	return json_kind(&at) == JSON_BOOL && json_as_bool_or(&at, false);
}

/* The member's JSON when it is an object and not too large, else {}. */
struct slice meta_object(struct meta_reading *r, const struct json_at *obj, const char *key)
{
	struct json_at at = json_get(obj, key);
	struct slice text;

	if (!json_has(&at))
		return S("{}");
	if (json_kind(&at) != JSON_OBJECT) {
		meta_left_out(r, "data: expected an object");
		return S("{}");
	}
	text = json_text(&at);
	if (text.n <= CK_SHOWN_JSON_MAX)
		return text;
	meta_left_out(r, "data: too large");
	return S("{}");
}

/* A text, or an object with one under this key. */
static bool read_text(struct meta_reading *r, const struct json_at *at, const char *key, struct slice *out)
{
	struct slice s = json_kind(at) == JSON_STRING ? json_as_str(at) : key && json_kind(at) == JSON_OBJECT ? meta_str(at, key) : SLICE_NONE;

	if (slice_trim(s).n == 0)
		meta_left_out(r, "expected a text");
	else if (s.n > CK_SHOWN_TEXT_MAX)
		meta_left_out(r, "too long");
	else
		*out = s;
	return out->n > 0;
}

/* An object with one of these members as a text. */
static struct slice read_object(struct meta_reading *r, const struct json_at *at, const char *key, const char *or_key)
{
	struct slice text;

	if (json_kind(at) != JSON_OBJECT || (meta_str(at, key).n == 0 && (!or_key || meta_str(at, or_key).n == 0))) {
		meta_left_out(r, "expected an object with a type");
		return SLICE_NONE;
	}
	text = json_text(at);
	if (text.n <= CK_SHOWN_JSON_MAX)
		return text;
	meta_left_out(r, "too large");
	return SLICE_NONE;
}

/* How many there are, where one may stand for a list of it. */
size_t meta_count(struct meta_reading *r, const struct json_at *at, size_t max)
{
	size_t n = json_kind(at) == JSON_ARRAY ? json_count(at) : 1;

	if (n > max)
		meta_left_out(r, "too many, the last are left out");
	return n < max ? n : max;
}

struct json_at meta_nth(const struct json_at *at, size_t i)
{
	return json_kind(at) == JSON_ARRAY ? json_item(at, i) : *at;
}

static void message(struct meta_reading *r, const struct json_at *at)
{
	(void)read_text(r, at, "text", &r->out->message);
}

static void widget(struct meta_reading *r, const struct json_at *at)
{
	r->out->widget = read_object(r, at, "type", "template");
}

static void copy_text(struct meta_reading *r, const struct json_at *at)
{
	(void)read_text(r, at, NULL, &r->out->copy_text);
}

static void effects(struct meta_reading *r, const struct json_at *at)
{
	size_t n = meta_count(r, at, CK_EFFECTS_MAX);

	r->out->effects = arena_alloc(r->a, CK_EFFECTS_MAX * sizeof(*r->out->effects));
	for (size_t i = 0; i < n; i++) {
		struct json_at effect = meta_nth(at, i);
		struct slice name = json_kind(&effect) == JSON_OBJECT ? meta_str(&effect, "name") : SLICE_NONE;

		if (name.n == 0 || name.n > CK_ID_MAX)
			meta_left_out(r, "expected an object with a name");
		else
			r->out->effects[r->out->n_effects++] = (struct ck_effect){name, meta_object(r, &effect, "data")};
	}
}

static void hidden_context(struct meta_reading *r, const struct json_at *at)
{
	struct slice text = json_text(at);

	if (text.n > CK_SHOWN_TEXT_MAX)
		meta_left_out(r, "too long");
	else
		r->out->hidden_context = text;
}

struct slice ck_title(struct slice text)
{
	struct slice line;

	(void)slice_cut(slice_trim(text), '\n', &line);
	return utf8_cut_chars(slice_trim(line), CK_TITLE_MAX);
}

static void title(struct meta_reading *r, const struct json_at *at)
{
	if (read_text(r, at, NULL, &r->out->title))
		r->out->title = ck_title(r->out->title);
}

static void thread_status(struct meta_reading *r, const struct json_at *at)
{
	bool is_object = json_kind(at) == JSON_OBJECT;
	struct slice type = is_object ? meta_str(at, "type") : json_kind(at) == JSON_STRING ? json_as_str(at) : SLICE_NONE;
	struct slice reason = is_object ? meta_str(at, "reason") : SLICE_NONE;
	struct buf b = BUF_INIT(16 * 1024);
	struct jsonw w;

	if (!slice_is(type, "active") && !slice_is(type, "locked") && !slice_is(type, "closed")) {
		meta_left_out(r, "expected 'active', 'locked' or 'closed'");
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

static void notice(struct meta_reading *r, const struct json_at *at)
{
	static const char *const levels[] = {"info", "warning", "danger"};
	bool is_object = json_kind(at) == JSON_OBJECT;

	if (!read_text(r, at, "message", &r->out->notice))
		return;
	r->out->notice_level = levels[0];
	for (size_t i = 0; is_object && i < countof(levels); i++)
		if (slice_is(meta_str(at, "level"), levels[i]))
			r->out->notice_level = levels[i];
	if (is_object)
		r->out->notice_title = meta_str(at, "title");
}

static void stop(struct meta_reading *r, const struct json_at *at)
{
	if (json_kind(at) == JSON_BOOL)
		r->out->stop = json_as_bool_or(at, false);
	else
		meta_left_out(r, "expected a boolean");
}

static void updated_item(struct meta_reading *r, const struct json_at *at)
{
	r->out->updated_item = read_object(r, at, "type", NULL);
}

static void items(struct meta_reading *r, const struct json_at *at)
{
	size_t n = meta_count(r, at, CK_ITEMS_MAX);

	r->out->items = arena_alloc(r->a, CK_ITEMS_MAX * sizeof(*r->out->items));
	for (size_t i = 0; i < n; i++) {
		struct json_at one = meta_nth(at, i);
		struct slice item = read_object(r, &one, "type", NULL);

		if (item.n)
			r->out->items[r->out->n_items++] = item;
	}
}

static const struct {
	const char *name;
	void (*read)(struct meta_reading *r, const struct json_at *at);
} members[] = {
	{"chatkit/message", message},
	{"chatkit/widget", widget},
	{"chatkit/copyText", copy_text},
	{"chatkit/effects", effects},
	{"chatkit/sources", meta_sources},
	{"chatkit/hiddenContext", hidden_context},
	{"chatkit/task", meta_task},
	{"chatkit/title", title},
	{"chatkit/threadStatus", thread_status},
	{"chatkit/notice", notice},
	{"chatkit/stop", stop},
	{"chatkit/updatedItem", updated_item},
	{"chatkit/items", items},
};

/* A name that is nearly one of ours is likely meant to be. */
static void name_unknown(struct meta_reading *r, const struct json_at *root)
{
	struct slice key;
	struct json_at child;

	for (size_t it = 0; json_each(root, &it, &key, &child);) {
		bool known = !slice_starts(key, S("chatkit/"));

		for (size_t i = 0; i < countof(members) && !known; i++)
			known = slice_is(key, members[i].name);
		r->member = child.key;
		if (!known && key.n <= 60)
			meta_left_out(r, "unknown");
	}
}

enum rc ck_meta_read(struct arena *a, struct slice json, struct ck_shown *out, struct buf *warnings, struct err *e)
{
	struct meta_reading r = {.a = a, .out = out, .warnings = warnings, .member = "_meta"};
	struct guard_limits limits = GUARD_UPSTREAM;
	struct json_doc *doc;
	struct json_at root;
	struct err why = ERR_INIT;

	*out = (struct ck_shown){.stop = false};
	if (json.n == 0)
		return RC_OK;
	limits.key /= 3; /* what is mended grows, and what is taken from here is read again */
	if (json_parse(a, json, &limits, &doc, &why) != RC_OK) {
		if (why.rc == RC_TOO_LARGE)
			return err_set(e, RC_TOO_LARGE, "a tool's _meta is too large");
		meta_left_out(&r, why.msg);
		return RC_OK;
	}
	root = json_root(doc);
	for (size_t i = 0; i < countof(members); i++) {
		struct json_at at = json_get(&root, members[i].name);

		r.member = members[i].name;
		if (json_has(&at))
			members[i].read(&r, &at);
	}
	name_unknown(&r, &root);
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
