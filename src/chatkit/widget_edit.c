/* SPDX-License-Identifier: MIT */
/* A widget written anew with some members of some nodes changed: what was filled in, what was used up. */
#include "chatkit/widget_inner.h"

#define PUTS_MAX 4
#define OWN_MAX 64    /* payloads of a widget's own; more are not looked at */
#define SCOPES_MAX 64 /* where a press may come from; of more it is anywhere */

/* One member's new value; json empty: it is taken away. */
struct put {
	const char *key;
	struct slice json;
	bool met;
};

/*
 * An edit says for each node what becomes of it: how many puts. Rewriting goes through children alone: what else a node has is written as it stands.
 */
struct edit {
	size_t (*node)(struct edit *ed, const struct json_at *node, struct put *puts);
	struct arena *a;
	const struct json_at *payload; /* form */
	struct json_at *own;           /* form: what the widget's actions bring along themselves */
	size_t n_own;
	const void **scopes;           /* form: the nodes whose fields were sent; none: any may have been */
	size_t n_scopes, said;         /* said: how much of the payload brought these about */
	const void *root;
	struct slice action;           /* its type */
	bool changed;
};

static struct put *put_for(struct put *puts, size_t n, struct slice key)
{
	for (size_t i = 0; i < n; i++)
		if (slice_is(key, puts[i].key)) {
			puts[i].met = true;
			return &puts[i];
		}
	return NULL;
}

static void rewrite(struct edit *ed, struct jsonw *w, const struct json_at *node);

static void rewrite_children(struct edit *ed, struct jsonw *w, const struct json_at *children)
{
	if (json_kind(children) != JSON_ARRAY) {
		rewrite(ed, w, children);
		return;
	}
	jsonw_arr(w);
	for (size_t i = 0; i < json_count(children); i++) {
		struct json_at child = json_item(children, i);

		rewrite(ed, w, &child);
	}
	jsonw_end(w);
}

static void rewrite(struct edit *ed, struct jsonw *w, const struct json_at *node)
{
	struct put puts[PUTS_MAX];
	size_t n;
	struct slice key;
	struct json_at child;

	if (json_kind(node) != JSON_OBJECT) {
		jsonw_raw(w, json_text(node));
		return;
	}
	n = ed->node(ed, node, puts);
	jsonw_obj(w);
	for (size_t it = 0; json_each(node, &it, &key, &child);) {
		const struct put *p = put_for(puts, n, key);

		if (p && p->json.n == 0)
			continue;
		jsonw_key_slice(w, key);
		if (p)
			jsonw_raw(w, p->json);
		else if (slice_is(key, "children"))
			rewrite_children(ed, w, &child);
		else
			jsonw_raw(w, json_text(&child));
	}
	for (size_t i = 0; i < n; i++)
		if (!puts[i].met && puts[i].json.n)
			jsonw_kraw(w, puts[i].key, puts[i].json);
	jsonw_end(w);
}

/* ---- the widget's actions ---- */

static const char *const action_keys[] = {"onClickAction", "onSubmitAction", "onChangeAction"};
static const char *const button_keys[] = {"confirm", "cancel"};

/* The action at this member, if it is of the type that is looked for. */
static bool has_action(const struct edit *ed, const struct json_at *node, const char *key, struct json_at *action)
{
	*action = json_get(node, key);
	return json_kind(action) == JSON_OBJECT && slice_eq(widget_str(action, "type"), ed->action);
}

/* A card's confirm or cancel. */
static bool button_has(const struct edit *ed, const struct json_at *card, const char *key, struct json_at *action)
{
	struct json_at button = json_get(card, key);

	return json_kind(&button) == JSON_OBJECT && has_action(ed, &button, "action", action);
}

static void own_payload(struct edit *ed, const struct json_at *action)
{
	struct json_at payload = json_get(action, "payload");

	if (json_kind(&payload) != JSON_OBJECT || ed->n_own == OWN_MAX)
		return;
	payload.up = NULL; /* which does not last */
	ed->own[ed->n_own++] = payload;
}

/* Rows of one list have the same names and types: which one was pressed is told by what its action brings along. The one that says most is it. */
static void own_scope(struct edit *ed, const struct json_at *action, const void *scope)
{
	struct json_at payload = json_get(action, "payload");
	size_t said = 0;

	if (json_has(&payload) && (json_kind(&payload) != JSON_OBJECT || !widget_within(&payload, ed->payload, &said)))
		return;
	if (said < ed->said)
		return;
	if (said > ed->said)
		ed->n_scopes = 0;
	ed->said = said;
	if (ed->n_scopes < SCOPES_MAX)
		ed->scopes[ed->n_scopes++] = scope;
	else
		ed->scopes[0] = ed->root;
}

static bool is_form(const struct json_at *node)
{
	struct slice type = widget_str(node, "type");

	return slice_is(type, "Form") || (slice_is(type, "Card") && widget_true(node, "asForm"));
}

/* form: the nearest around; what stands in none sends its own value alone, or has none and stands for the whole widget. */
static void own_actions(struct edit *ed, const struct json_at *node, const void *form)
{
	struct json_at children, child, action;
	const void *scope;

	if (json_kind(node) != JSON_OBJECT)
		return;
	if (is_form(node))
		form = node->v;
	scope = form ? form : widget_str(node, "name").n ? node->v : ed->root;
	for (size_t i = 0; i < countof(action_keys); i++)
		if (has_action(ed, node, action_keys[i], &action)) {
			own_payload(ed, &action);
			own_scope(ed, &action, scope);
		}
	for (size_t i = 0; i < countof(button_keys); i++)
		if (button_has(ed, node, button_keys[i], &action)) {
			own_payload(ed, &action);
			own_scope(ed, &action, scope);
		}
	children = json_get(node, "children");
	for (size_t i = 0; widget_child(&children, i, &child); i++)
		own_actions(ed, &child, form);
}

static bool was_sent(const struct edit *ed, const struct json_at *node)
{
	for (const struct json_at *up = node; up && ed->n_scopes; up = up->up)
		for (size_t i = 0; i < ed->n_scopes; i++)
			if (up->v == ed->scopes[i])
				return true;
	return ed->n_scopes == 0;
}

static enum rc run(struct edit *ed, struct slice widget, struct buf *out, bool *changed, struct err *e)
{
	struct buf b = BUF_INIT(out->max);
	struct json_at root;
	struct jsonw w;
	enum rc rc = widget_read(ed->a, widget, &root, e);

	*changed = false;
	if (rc != RC_OK)
		return rc;
	if (ed->payload) {
		ed->own = arena_alloc(ed->a, OWN_MAX * sizeof(*ed->own));
		ed->scopes = arena_alloc(ed->a, SCOPES_MAX * sizeof(*ed->scopes));
		ed->root = root.v;
		own_actions(ed, &root, NULL);
	}
	jsonw_init(&w, &b);
	rewrite(ed, &w, &root);
	if (ed->changed) {
		buf_add(out, buf_slice(&b));
		if (!buf_ok(&b) || !buf_ok(out))
			rc = err_tell(e, RC_TOO_LARGE, "widget: larger than %zu bytes", out->max);
	}
	buf_release(&b);
	if (rc == RC_OK)
		rc = json_done(root.doc, e);
	*changed = rc == RC_OK && ed->changed;
	return rc;
}

/* ---- what was filled in ---- */

/* The value under this name: as it stands, or each dot a level deeper. */
static struct json_at value_in(struct edit *ed, const struct json_at *payload, struct slice name)
{
	struct json_at *at = arena_new_of(ed->a, struct json_at);
	struct slice key;

	*at = json_get(payload, arena_cstr(ed->a, name));
	if (at->there)
		return *at;
	*at = *payload;
	while (name.n && json_kind(at) == JSON_OBJECT) {
		struct json_at *up = at;

		name = slice_cut(name, '.', &key);
		at = arena_new_of(ed->a, struct json_at);
		*at = json_get(up, arena_cstr(ed->a, key));
	}
	if (name.n)
		*at = (struct json_at){0};
	return *at;
}

/* What the form sent under it. */
static struct json_at value_of(struct edit *ed, struct slice name)
{
	for (size_t i = 0; i < ed->n_own; i++)
		if (value_in(ed, &ed->own[i], name).there)
			return (struct json_at){0};
	return value_in(ed, ed->payload, name);
}

static struct slice quoted(struct arena *a, struct slice text)
{
	struct buf b = BUF_INIT(6 * text.n + 2);
	struct jsonw w;
	struct slice s;

	jsonw_init(&w, &b);
	jsonw_str(&w, text);
	s = arena_try_dup(a, buf_slice(&b));
	buf_release(&b);
	return s.p ? s : S("\"\"");
}

/* What a control's default becomes, as JSON; empty: nothing. */
static struct slice default_of(struct edit *ed, const struct json_at *value, bool checkbox)
{
	enum json_kind kind = json_kind(value);
	bool is_true = kind == JSON_STRING && (slice_is(json_as_str(value), "true") || slice_is(json_as_str(value), "on"));
	bool is_false = kind == JSON_STRING && (slice_is(json_as_str(value), "false") || json_as_str(value).n == 0);

	if (checkbox && kind == JSON_BOOL)
		return json_text(value);
	if (checkbox)
		return is_true ? S("true") : is_false ? S("false") : SLICE_NONE;
	if (kind == JSON_STRING || kind == JSON_NUMBER || kind == JSON_BOOL)
		return quoted(ed->a, kind == JSON_STRING ? json_as_str(value) : json_text(value));
	return SLICE_NONE;
}

/* A text is a field when its "editable" says so. */
static struct slice field_name(const struct json_at *node)
{
	struct json_at editable;

	if (!slice_is(widget_str(node, "type"), "Text"))
		return widget_str(node, "name");
	editable = json_get(node, "editable");
	return json_kind(&editable) == JSON_OBJECT ? widget_str(&editable, "name") : SLICE_NONE;
}

static size_t fill_in(struct edit *ed, const struct json_at *node, struct put *puts)
{
	static const struct {
		const char *type, *dflt;
	} controls[] = {
		{"Input", "defaultValue"},
		{"Textarea", "defaultValue"},
		{"Select", "defaultValue"},
		{"DatePicker", "defaultValue"},
		{"RadioGroup", "defaultValue"},
		{"Checkbox", "defaultChecked"},
		{"Text", "value"},
	};
	struct slice type = widget_str(node, "type"), name = field_name(node);

	for (size_t i = 0; name.n && i < countof(controls); i++) {
		struct json_at value, now;

		if (!slice_is(type, controls[i].type) || !was_sent(ed, node))
			continue;
		value = value_of(ed, name);
		if (!value.there)
			return 0;
		now = json_get(node, controls[i].dflt);
		*puts = (struct put){.key = controls[i].dflt, .json = default_of(ed, &value, slice_is(type, "Checkbox"))};
		if (!json_has(&value) && slice_is(type, "Text"))
			puts->json = S("\"\""); /* it cannot be without a value */
		if (json_has(&value) ? puts->json.n == 0 || (json_has(&now) && slice_eq(json_text(&now), puts->json)) : !now.there)
			return 0;
		ed->changed = true;
		return 1;
	}
	return 0;
}

enum rc widget_form(struct arena *a, struct slice widget, struct slice action_type, struct slice payload, struct buf *out, bool *changed, struct err *e)
{
	struct guard_limits limits = GUARD_CLIENT;
	struct edit ed = {.node = fill_in, .a = a, .action = action_type};
	struct json_doc *doc;
	struct json_at root;

	*changed = false;
	limits.any_top = true;
	if (payload.n == 0)
		return RC_OK;
	if (json_parse(a, payload, &limits, &doc, e) != RC_OK)
		return err_wrap(e, "an action's payload");
	root = json_root(doc);
	if (json_kind(&root) != JSON_OBJECT)
		return RC_OK;
	ed.payload = &root;
	return run(&ed, widget, out, changed, e);
}

/* ---- what was used up ---- */

/* Within a form that has the action. A node's children stand between it and its parent. */
static bool in_spent_form(const struct edit *ed, const struct json_at *node)
{
	struct json_at action;

	for (const struct json_at *up = node->up; up; up = up->up)
		if (json_kind(up) == JSON_OBJECT && slice_is(widget_str(up, "type"), "Form") && has_action(ed, up, "onSubmitAction", &action))
			return true;
	return false;
}

static bool can_be_disabled(struct slice type)
{
	static const char *const types[] = {"Button", "Input", "Textarea", "Select", "DatePicker", "Checkbox", "RadioGroup"};

	for (size_t i = 0; i < countof(types); i++)
		if (slice_is(type, types[i]))
			return true;
	return false;
}

static size_t use_up(struct edit *ed, const struct json_at *node, struct put *puts)
{
	struct json_at action;
	bool disable = can_be_disabled(widget_str(node, "type")), spent = false;
	size_t n = 0;

	for (size_t i = 0; i < countof(action_keys); i++)
		if (has_action(ed, node, action_keys[i], &action)) {
			spent = true;
			if (!disable)
				puts[n++] = (struct put){.key = action_keys[i]};
		}
	if (button_has(ed, node, "confirm", &action) || button_has(ed, node, "cancel", &action)) {
		n = 0; /* a card has no other action */
		puts[n++] = (struct put){.key = "confirm"};
		puts[n++] = (struct put){.key = "cancel"};
	}
	if (widget_true(node, "submit") && in_spent_form(ed, node))
		spent = true;
	if (disable && spent && !widget_true(node, "disabled"))
		puts[n++] = (struct put){.key = "disabled", .json = S("true")};
	ed->changed = ed->changed || n > 0;
	return n;
}

enum rc widget_spend(struct arena *a, struct slice widget, struct slice action_type, struct buf *out, bool *changed, struct err *e)
{
	struct edit ed = {.node = use_up, .a = a, .action = action_type};

	*changed = false;
	return action_type.n ? run(&ed, widget, out, changed, e) : RC_OK;
}
