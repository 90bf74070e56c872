/* SPDX-License-Identifier: MIT */
/*
 * Two JSON texts, the second behind the first line's end, as widgets: what passes the check passes it again unchanged; what is said to have changed, done to the
 * first, gives the second; what is written back or used up is a widget still, and once is enough.
 */
#include "chatkit/meta.h"
#include "chatkit/widget.h"
#include "tests/fuzz/fuzz.h"

#define ARENA (256 << 20)

static bool check(struct arena *a, struct slice in, struct slice *out)
{
	struct buf b = BUF_INIT(2 * WIDGET_MAX), again = BUF_INIT(2 * WIDGET_MAX), warnings = BUF_INIT(1 << 16);
	struct err e = ERR_INIT;
	bool ok = widget_check(a, in, &b, &warnings, &e) == RC_OK;

	touch(buf_slice(&warnings));
	CHECK(ok || (b.n == 0 && (e.rc == RC_BAD || e.rc == RC_TOO_LARGE)));
	if (ok && b.n <= WIDGET_MAX) {
		CHECK(widget_check(a, buf_slice(&b), &again, NULL, &e) == RC_OK);
		CHECK(slice_eq(buf_slice(&b), buf_slice(&again)));
	}
	ok = ok && b.n <= WIDGET_MAX;
	*out = arena_dup(a, buf_slice(&b));
	buf_release(&b);
	buf_release(&again);
	buf_release(&warnings);
	return ok;
}

static void write_changed(struct jsonw *w, const struct json_at *node, const struct widget_change *c);

static void write_children(struct jsonw *w, const struct json_at *children, const struct widget_change *c)
{
	if (json_kind(children) != JSON_ARRAY) {
		write_changed(w, children, c);
		return;
	}
	jsonw_arr(w);
	for (size_t i = 0; i < json_count(children); i++) {
		struct json_at child = json_item(children, i);

		write_changed(w, &child, c);
	}
	jsonw_end(w);
}

static void write_grown(struct jsonw *w, struct slice value, struct slice text)
{
	struct buf b = BUF_INIT(4 * WIDGET_MAX);

	buf_add(&b, value);
	buf_add(&b, text);
	jsonw_str(w, buf_slice(&b));
	buf_release(&b);
}

/* What a front end does with a change. */
static void write_changed(struct jsonw *w, const struct json_at *node, const struct widget_change *c)
{
	struct slice key;
	struct json_at child, id;
	bool hit;

	if (json_kind(node) != JSON_OBJECT) {
		jsonw_raw(w, json_text(node));
		return;
	}
	id = json_get(node, "id");
	hit = json_kind(&id) == JSON_STRING && slice_eq(json_as_str(&id), c->id);
	jsonw_obj(w);
	for (size_t it = 0; json_each(node, &it, &key, &child);) {
		jsonw_key_slice(w, key);
		if (slice_is(key, "children"))
			write_children(w, &child, c);
		else if (hit && slice_is(key, "value"))
			write_grown(w, json_as_str(&child), c->text);
		else
			jsonw_raw(w, json_text(&child));
	}
	jsonw_end(w);
}

static struct slice apply(struct arena *a, struct slice widget, const struct widget_change *c)
{
	struct guard_limits limits = GUARD_UPSTREAM;
	struct buf b = BUF_INIT(8 * WIDGET_MAX);
	struct json_doc *doc;
	struct json_at root;
	struct jsonw w;

	if (c->kind == WIDGET_ROOT)
		return c->json;
	CHECK(json_parse(a, widget, &limits, &doc, NULL) == RC_OK);
	root = json_root(doc);
	jsonw_init(&w, &b);
	write_changed(&w, &root, c);
	CHECK(jsonw_ok(&w));
	widget = arena_dup(a, buf_slice(&b));
	buf_release(&b);
	return widget;
}

static void diff(struct arena *a, struct slice before, struct slice after)
{
	struct widget_change c[WIDGET_CHANGES_MAX], none[WIDGET_CHANGES_MAX];
	struct err e = ERR_INIT;
	size_t n, m;

	CHECK(widget_diff(a, before, after, c, &n, &e) == RC_OK && n <= WIDGET_CHANGES_MAX);
	for (size_t i = 0; i < n; i++) {
		CHECK(c[i].kind != WIDGET_ROOT || n == 1);
		before = apply(a, before, &c[i]);
	}
	CHECK(widget_diff(a, before, after, none, &m, &e) == RC_OK && m == 0);
}

/* A few values more than there were: only one that had nearly all it may have is none any more. */
static bool is_still(struct arena *a, struct slice widget, struct slice *out)
{
	bool ok = check(a, widget, out);

	CHECK(ok || widget.n > WIDGET_NODES_MAX);
	return ok;
}

static void edit(struct arena *a, struct slice widget, struct slice payload)
{
	struct buf b = BUF_INIT(4 * WIDGET_MAX), twice = BUF_INIT(4 * WIDGET_MAX), text = BUF_INIT(1 << 16);
	struct slice out;
	struct err e = ERR_INIT;
	bool changed;

	if (widget_form(a, widget, S("go"), payload, &b, &changed, &e) == RC_OK && changed && b.n <= WIDGET_MAX &&
	    is_still(a, buf_slice(&b), &out))
		CHECK(widget_form(a, out, S("go"), payload, &twice, &changed, &e) == RC_OK && !changed && twice.n == 0);
	buf_clear(&b);
	CHECK(widget_spend(a, widget, S("go"), &b, &changed, &e) == RC_OK && (changed || b.n == 0));
	if (changed && b.n <= WIDGET_MAX && is_still(a, buf_slice(&b), &out))
		CHECK(widget_spend(a, out, S("go"), &twice, &changed, &e) == RC_OK && !changed);
	widget_text(&text, widget);
	CHECK(buf_ok(&text));
	buf_release(&b);
	buf_release(&twice);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(ARENA, NULL);
	struct slice first, second = slice_cut(slice_mem(data, size), '\n', &first), before, after;
	bool ok = check(a, first, &before);

	(void)ck_is_widget(first);
	if (ok)
		edit(a, before, second);
	if (ok && check(a, second, &after)) {
		diff(a, before, after);
		diff(a, before, before);
	}
	arena_free(a);
	return 0;
}
