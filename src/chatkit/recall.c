/* SPDX-License-Identifier: MIT */
#include "chatkit/recall.h"

#include "base/env.h"

static bool reserved(struct slice type)
{
	static const char *const types[] = {"user_message", "client_tool_call", "structured_input", "hidden_context_item", "sdk_hidden_context"};

	for (size_t i = 0; i < countof(types); i++)
		if (slice_is(type, types[i]))
			return true;
	return false;
}

static bool ours(struct slice key)
{
	return slice_is(key, "id") || slice_is(key, "thread_id") || slice_is(key, "created_at") || slice_is(key, "type");
}

enum rc ck_item_adopt(struct arena *a, struct buf *out, struct slice json, const struct ck_meta *m, struct err *e)
{
	struct json_doc *doc;
	struct json_at root, child;
	struct slice key, type;
	struct jsonw w;
	char iso[28];

	if (json_parse(a, json, &GUARD_UPSTREAM, &doc, e) != RC_OK)
		return err_wrap(e, "an item");
	root = json_root(doc);
	type = json_str(&root, "type");
	if (json_done(doc, e) != RC_OK)
		return err_wrap(e, "an item");
	if (type.n == 0 || type.n > 64 || reserved(type))
		return err_set(e, RC_BAD, "an item of type '%.*s'", SLICE_ARG(slice_upto(type, 64)));
	time_iso(m->created_us, iso);
	jsonw_init(&w, out);
	jsonw_obj(&w);
	jsonw_kstr(&w, "id", m->id);
	jsonw_kstr(&w, "thread_id", m->thread_id);
	jsonw_kcstr(&w, "created_at", iso);
	jsonw_kstr(&w, "type", type);
	for (size_t it = 0; json_each(&root, &it, &key, &child);) {
		if (ours(key) || !json_has(&child))
			continue;
		jsonw_key_slice(&w, key);
		jsonw_raw(&w, json_text(&child));
	}
	jsonw_end(&w);
	if (!jsonw_ok(&w))
		return err_set(e, RC_TOO_LARGE, "an item is too large");
	return json_done(doc, e);
}

struct slice ck_hidden_told(struct arena *a, struct slice json)
{
	struct buf b = BUF_INIT(json.n + 256);
	struct slice text = json;
	struct json_at value;

	if (json_parse_value(a, json, &GUARD_UPSTREAM, &value, NULL) == RC_OK && json_kind(&value) == JSON_STRING)
		text = json_as_str(&value);
	buf_adds(&b, "Hidden context for the agent (not shown to the user):\n<HiddenContext>\n");
	buf_add(&b, text);
	buf_adds(&b, "\n</HiddenContext>");
	text = arena_try_dup(a, buf_slice(&b));
	buf_release(&b);
	return text;
}
