/* SPDX-License-Identifier: MIT */
#include "chatkit/widget_inner.h"

struct diff {
	struct widget_change *out;
	size_t n;
	const struct json_at *root; /* of after */
};

static size_t members(const struct json_at *obj)
{
	struct slice key;
	struct json_at child;
	size_t n = 0;

	for (size_t it = 0; json_each(obj, &it, &key, &child);)
		n++;
	return n;
}

/* The same value; the order of an object's members means nothing. */
static bool same(const struct json_at *b, const struct json_at *a)
{
	struct slice key;
	struct json_at in_b, in_a;
	enum json_kind kind = json_kind(a);

	if (json_kind(b) != kind)
		return false;
	if (kind == JSON_STRING)
		return slice_eq(json_as_str(b), json_as_str(a));
	if (kind == JSON_ARRAY) {
		if (json_count(b) != json_count(a))
			return false;
		for (size_t i = 0; i < json_count(a); i++) {
			in_b = json_item(b, i);
			in_a = json_item(a, i);
			if (!same(&in_b, &in_a))
				return false;
		}
		return true;
	}
	if (kind != JSON_OBJECT)
		return kind == JSON_ABSENT || slice_eq(json_text(b), json_text(a));
	for (size_t it = 0; json_each(a, &it, &key, &in_a);) {
		in_b = json_get(b, in_a.key);
		if (!same(&in_b, &in_a))
			return false;
	}
	return members(b) == members(a);
}

static bool same_member(const struct json_at *b, const struct json_at *a, const char *key)
{
	struct json_at in_b = json_get(b, key), in_a = json_get(a, key);

	return same(&in_b, &in_a);
}

/* A Text or Markdown whose value may grow. */
static bool is_text(const struct json_at *node)
{
	struct json_at value = json_get(node, "value");
	struct slice type = widget_str(node, "type");

	return (slice_is(type, "Text") || slice_is(type, "Markdown")) && json_kind(&value) == JSON_STRING;
}

/* All that a node is, but its children and a text's value. */
static bool same_self(const struct json_at *b, const struct json_at *a)
{
	bool text = is_text(b) && is_text(a);
	struct slice key;
	struct json_at in_b, in_a;

	for (size_t it = 0; json_each(a, &it, &key, &in_a);) {
		if (slice_is(key, "children") || (text && slice_is(key, "value")))
			continue;
		in_b = json_get(b, in_a.key);
		if (!same(&in_b, &in_a))
			return false;
	}
	for (size_t it = 0; json_each(b, &it, &key, &in_b);) {
		in_a = json_get(a, in_b.key);
		if (!in_a.there)
			return false;
	}
	return true;
}

/* How often an id stands in the tree. */
static size_t count_id(const struct json_at *node, struct slice id)
{
	struct json_at children, child;
	size_t n;

	if (json_kind(node) != JSON_OBJECT)
		return 0;
	n = slice_eq(widget_str(node, "id"), id);
	children = json_get(node, "children");
	for (size_t i = 0; widget_child(&children, i, &child); i++)
		n += count_id(&child, id);
	return n;
}

/* false: it has another value, or a longer one that cannot be told of by itself. */
static bool diff_value(struct diff *d, const struct json_at *b, const struct json_at *a)
{
	struct slice before, after, id = widget_str(a, "id");

	if (!is_text(b) || !is_text(a))
		return true; /* same_self has seen it */
	before = widget_str(b, "value");
	after = widget_str(a, "value");
	if (slice_eq(before, after))
		return true;
	if (!slice_starts(after, before) || d->n == WIDGET_CHANGES_MAX || id.n == 0 || count_id(d->root, id) != 1)
		return false;
	d->out[d->n++] = (struct widget_change){.kind = WIDGET_TEXT, .id = id, .text = slice_from(after, before.n), .done = !widget_true(a, "streaming")};
	return true;
}

static bool diff_node(struct diff *d, const struct json_at *b, const struct json_at *a);

static bool diff_children(struct diff *d, const struct json_at *b, const struct json_at *a)
{
	struct json_at bs = json_get(b, "children"), as = json_get(a, "children"), in_b, in_a;

	if (json_kind(&bs) != json_kind(&as) || (json_kind(&as) == JSON_ARRAY && json_count(&bs) != json_count(&as)))
		return false;
	if (json_kind(&as) != JSON_ARRAY && json_kind(&as) != JSON_OBJECT)
		return same(&bs, &as);
	for (size_t i = 0; widget_child(&as, i, &in_a) && widget_child(&bs, i, &in_b); i++)
		if (!diff_node(d, &in_b, &in_a))
			return false;
	return true;
}

/* All that differs in it is in d's changes now. false: it is not, and the widget must be drawn again. */
static bool diff_node(struct diff *d, const struct json_at *b, const struct json_at *a)
{
	if (json_kind(a) != JSON_OBJECT || json_kind(b) != JSON_OBJECT)
		return same(b, a);
	if (!same_member(b, a, "type") || !same_member(b, a, "id") || !same_member(b, a, "key"))
		return false;
	return same_self(b, a) && diff_value(d, b, a) && diff_children(d, b, a);
}

enum rc widget_diff(struct arena *a, struct slice before, struct slice after, struct widget_change *out, size_t *n, struct err *e)
{
	struct diff d = {.out = out};
	struct json_at b, root;

	*n = 0;
	if (widget_read(a, after, &root, e) != RC_OK)
		return e->rc;
	d.root = &root;
	if (widget_read(a, before, &b, NULL) != RC_OK || !diff_node(&d, &b, &root)) {
		out[0] = (struct widget_change){.kind = WIDGET_ROOT, .json = after};
		d.n = 1;
	}
	*n = d.n;
	return json_done(root.doc, e);
}
