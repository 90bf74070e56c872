/* SPDX-License-Identifier: MIT */
#include "chatkit/widget_inner.h"

#include "wire/utf8.h"

#include <stdarg.h>

#define KEY_MAX 256

enum rc widget_read(struct arena *a, struct slice json, struct json_at *root, struct err *e)
{
	struct guard_limits limits = {.depth = GUARD_DEPTH_MAX, .nodes = WIDGET_NODES_MAX, .key = KEY_MAX, .upstream = true};
	struct json_doc *doc;
	struct err why = ERR_INIT;

	if (json.n > WIDGET_MAX)
		return err_tell(e, RC_TOO_LARGE, "widget: larger than %d bytes", WIDGET_MAX);
	if (json_parse(a, json, &limits, &doc, &why) != RC_OK)
		return err_tell(e, why.rc, "widget: %s", why.msg);
	*root = json_root(doc);
	return RC_OK;
}

struct slice widget_str(const struct json_at *node, const char *key)
{
	struct json_at at = json_get(node, key);

	return json_kind(&at) == JSON_STRING ? json_as_str(&at) : SLICE_NONE;
}

bool widget_true(const struct json_at *node, const char *key)
{
	struct json_at at = json_get(node, key);

	return json_kind(&at) == JSON_BOOL && json_as_bool_or(&at, false);
}

bool widget_child(const struct json_at *children, size_t i, struct json_at *child)
{
	if (json_kind(children) == JSON_OBJECT) {
		*child = *children;
		return i == 0;
	}
	if (json_kind(children) != JSON_ARRAY || i >= json_count(children))
		return false;
	*child = json_item(children, i);
	return true;
}

/* What the front end draws, and what each cannot be drawn without. */
static const struct component {
	const char *type;
	const char *needs[3];
} components[] = {
	{"Card", {"children"}},
	{"ListView", {"children"}},
	{"ListViewItem", {"children"}},
	{"Basic", {NULL}},
	{"Box", {NULL}},
	{"Row", {NULL}},
	{"Col", {NULL}},
	{"Form", {NULL}},
	{"Spacer", {NULL}},
	{"Divider", {NULL}},
	{"Transition", {NULL}},
	{"Title", {"value"}},
	{"Caption", {"value"}},
	{"Text", {"value"}},
	{"Markdown", {"value"}},
	{"Label", {"value", "fieldName"}},
	{"Badge", {"label"}},
	{"Icon", {"name"}},
	{"Image", {"src"}},
	{"Button", {NULL}},
	{"Chart", {"data", "series", "xAxis"}},
	{"Table", {NULL}},
	{"Table.Row", {NULL}},
	{"Table.Cell", {NULL}},
	{"Input", {"name"}},
	{"Textarea", {"name"}},
	{"Select", {"name", "options"}},
	{"DatePicker", {"name"}},
	{"Checkbox", {"name"}},
	{"RadioGroup", {"name"}},
};

struct checking {
	struct buf *warnings; /* may be NULL */
	size_t n;             /* warnings so far, also those that are not shown */
	struct err *e;
};

/* "widget.children[2]" */
static void where(const struct json_at *at, char *out, size_t size)
{
	char path[160];

	json_where(at, path, sizeof(path));
	snprintf(out, size, "widget%s%s", path[0] && path[0] != '[' ? "." : "", path);
}

static void PRINTF(3, 4) warn(struct checking *c, const struct json_at *at, const char *fmt, ...)
{
	char place[180], what[160];
	va_list ap;

	if (c->n++ >= WIDGET_WARNINGS_MAX || !c->warnings)
		return;
	where(at, place, sizeof(place));
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	buf_addf(c->warnings, "%s: %s\n", place, what);
}

static void check_needs(struct checking *c, const struct json_at *node, const struct component *known)
{
	for (size_t i = 0; i < countof(known->needs) && known->needs[i]; i++) {
		struct json_at prop = json_get(node, known->needs[i]);

		if (!json_has(&prop))
			warn(c, node, "%s without '%s'", known->type, known->needs[i]);
	}
}

static void check_node(struct checking *c, const struct json_at *node, struct slice parent)
{
	struct json_at children, child;
	const struct component *known = NULL;
	struct slice type;
	bool in_list = slice_is(parent, "ListView");

	if (json_kind(node) != JSON_OBJECT) {
		warn(c, node, "expected a component");
		return;
	}
	type = widget_str(node, "type");
	for (size_t i = 0; i < countof(components) && !known; i++)
		if (slice_is(type, components[i].type))
			known = &components[i];
	if (known)
		check_needs(c, node, known);
	else
		warn(c, node, "unknown component '%.*s'", SLICE_ARG(utf8_cut(type, 40)));
	if (in_list != slice_is(type, "ListViewItem"))
		warn(c, node, in_list ? "a ListView takes only ListViewItem" : "a ListViewItem stands only in a ListView");

	children = json_get(node, "children");
	for (size_t i = 0; widget_child(&children, i, &child); i++)
		if (json_has(&child))
			check_node(c, &child, type);
}

static enum rc PRINTF(3, 4) refuse(struct checking *c, const struct json_at *at, const char *fmt, ...)
{
	char place[180], what[80];
	va_list ap;

	where(at, place, sizeof(place));
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_tell(c->e, RC_BAD, "%s: %s", place, what);
}

/* A key that was mended may be too long to be read again. */
static enum rc write_key(struct checking *c, struct jsonw *w, const struct json_at *member, struct slice key)
{
	size_t before = w->out->n, n;

	jsonw_key_slice(w, key);
	if (!buf_ok(w->out))
		return RC_OK; /* seen at the end */
	n = w->out->n - before - 3 - (w->out->p[before] == ',');
	return n <= KEY_MAX ? RC_OK : refuse(c, member, "a key longer than %d bytes", KEY_MAX);
}

static enum rc write_value(struct checking *c, struct jsonw *w, const struct json_at *at, unsigned depth);

static enum rc write_object(struct checking *c, struct jsonw *w, const struct json_at *at, unsigned depth)
{
	struct slice key;
	struct json_at child;
	enum rc rc = RC_OK;

	jsonw_obj(w);
	for (size_t it = 0; rc == RC_OK && json_each(at, &it, &key, &child);) {
		if (!json_has(&child))
			continue;
		rc = write_key(c, w, &child, key);
		if (rc == RC_OK)
			rc = write_value(c, w, &child, depth);
	}
	if (rc == RC_OK)
		jsonw_end(w);
	return rc;
}

static enum rc write_array(struct checking *c, struct jsonw *w, const struct json_at *at, unsigned depth)
{
	enum rc rc = RC_OK;

	jsonw_arr(w);
	for (size_t i = 0; rc == RC_OK && i < json_count(at); i++) {
		struct json_at child = json_item(at, i);

		if (json_has(&child))
			rc = write_value(c, w, &child, depth);
	}
	if (rc == RC_OK)
		jsonw_end(w);
	return rc;
}

/* Without nulls. depth: containers around at. */
static enum rc write_value(struct checking *c, struct jsonw *w, const struct json_at *at, unsigned depth)
{
	enum json_kind kind = json_kind(at);

	if (kind == JSON_STRING)
		jsonw_str(w, json_as_str(at));
	else if (kind != JSON_OBJECT && kind != JSON_ARRAY)
		jsonw_raw(w, json_text(at));
	else if (depth == WIDGET_DEPTH_MAX)
		return refuse(c, at, "deeper than %d", WIDGET_DEPTH_MAX);
	else
		return kind == JSON_OBJECT ? write_object(c, w, at, depth + 1) : write_array(c, w, at, depth + 1);
	return RC_OK;
}

static bool is_root(struct slice type)
{
	return slice_is(type, "Card") || slice_is(type, "ListView") || slice_is(type, "Basic");
}

enum rc widget_check(struct arena *a, struct slice json, struct buf *out, struct buf *warnings, struct err *e)
{
	struct checking c = {.warnings = warnings, .e = e};
	struct json_at root;
	struct jsonw w;
	size_t before = out->n;
	enum rc rc = widget_read(a, json, &root, e);

	if (rc != RC_OK)
		return rc;
	if (!is_root(widget_str(&root, "type")))
		return err_tell(e, RC_BAD, "widget.type: expected Card, ListView or Basic");
	jsonw_init(&w, out);
	rc = write_value(&c, &w, &root, 0);
	if (rc == RC_OK && !buf_ok(out))
		rc = err_tell(e, RC_TOO_LARGE, "widget: larger than %zu bytes", out->max);
	if (rc != RC_OK) {
		buf_cut(out, before);
		return rc;
	}
	check_node(&c, &root, SLICE_NONE);
	if (c.n > WIDGET_WARNINGS_MAX && warnings)
		buf_addf(warnings, "widget: %zu more\n", c.n - WIDGET_WARNINGS_MAX);
	return json_done(root.doc, e);
}
