/* SPDX-License-Identifier: MIT */
/* What a widget offers to do, and what a model is told of it. */
#include "chatkit/widget_inner.h"

#include "wire/utf8.h"

struct seeking {
	struct slice type;
	struct widget_action *out;
	bool found;
};

static void take(struct seeking *s, const struct json_at *action, bool disabled)
{
	struct json_at payload = json_get(action, "payload"), streaming = json_get(action, "streaming");

	if (!slice_eq(widget_str(action, "type"), s->type) || (s->found && (disabled || !s->out->disabled)))
		return;
	s->found = true;
	*s->out = (struct widget_action){
		.payload = json_has(&payload) ? json_text(&payload) : SLICE_NONE,
		.client = slice_is(widget_str(action, "handler"), "client"),
		.streaming = json_kind(&streaming) != JSON_BOOL || json_as_bool_or(&streaming, true),
		.disabled = disabled,
	};
}

/* "onClickAction" of a button, "action" of a card's confirm, and what a newer front end may call so. */
static bool names_action(struct slice key)
{
	return slice_is(key, "action") || slice_ends(key, S("Action"));
}

/* Everywhere but in the actions themselves: their payload is the tool's own data. */
static void seek(struct seeking *s, const struct json_at *at)
{
	struct slice key;
	struct json_at child;

	if (json_kind(at) == JSON_ARRAY)
		for (size_t i = 0; i < json_count(at); i++) {
			child = json_item(at, i);
			seek(s, &child);
		}
	if (json_kind(at) != JSON_OBJECT)
		return;
	for (size_t it = 0; json_each(at, &it, &key, &child);)
		if (names_action(key) && json_kind(&child) == JSON_OBJECT)
			take(s, &child, widget_true(at, "disabled"));
		else
			seek(s, &child);
}

enum rc widget_find_action(struct arena *a, struct slice widget, struct slice action_type, struct widget_action *out, bool *found, struct err *e)
{
	struct seeking s = {.type = action_type, .out = out};
	struct json_at root;

	*found = false;
	*out = (struct widget_action){.streaming = true};
	if (widget_read(a, widget, &root, e) != RC_OK)
		return e->rc;
	if (action_type.n)
		seek(&s, &root);
	*found = s.found;
	return json_done(root.doc, e);
}

void widget_text(struct buf *out, struct slice item_id, struct slice widget)
{
	struct slice told = utf8_cut(widget, WIDGET_TOLD_MAX);

	buf_addf(out, "The following graphical UI widget (id: %.*s) was displayed to the user:", SLICE_ARG(item_id));
	buf_add(out, told);
	if (told.n < widget.n)
		buf_addf(out, "\n(%zu more bytes of it are left out.)", widget.n - told.n);
}
