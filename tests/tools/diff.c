/* SPDX-License-Identifier: MIT */
/*
 * Compares widgets for tests/e2e/test_widget_diff.py: a line of JSON in, {"before","after"}, a line of JSON out: {"changes":[{"kind":"root","json"} or
 * {"kind":"text","id","delta","done"}]}, or {"error"}. Both are checked first, as every widget is.
 */
#include "chatkit/widget.h"
#include "wire/json.h"
#include "wire/jsonw.h"

static void put_change(struct jsonw *w, const struct widget_change *c)
{
	jsonw_obj(w);
	jsonw_kcstr(w, "kind", c->kind == WIDGET_ROOT ? "root" : "text");
	if (c->kind == WIDGET_ROOT) {
		jsonw_kraw(w, "json", c->json);
	} else {
		jsonw_kstr(w, "id", c->id);
		jsonw_kstr(w, "delta", c->text);
		jsonw_kbool(w, "done", c->done);
	}
	jsonw_end(w);
}

static enum rc compare(struct arena *a, const struct json_at *root, struct widget_change *out, size_t *n, struct err *e)
{
	struct json_at before = json_get(root, "before"), after = json_get(root, "after");
	struct buf b = BUF_INIT(WIDGET_MAX), c = BUF_INIT(WIDGET_MAX);
	enum rc rc = widget_check(a, json_text(&before), &b, NULL, e);

	if (rc == RC_OK)
		rc = widget_check(a, json_text(&after), &c, NULL, e);
	if (rc == RC_OK)
		rc = widget_diff(a, arena_dup(a, buf_slice(&b)), arena_dup(a, buf_slice(&c)), out, n, e);
	buf_release(&b);
	buf_release(&c);
	return rc;
}

static void answer(struct slice line)
{
	struct guard_limits limits = GUARD_UPSTREAM;
	struct arena *a = arena_new(256 << 20, NULL);
	struct widget_change changes[WIDGET_CHANGES_MAX];
	struct buf json = BUF_INIT(64 << 20);
	struct err e = ERR_INIT;
	struct json_doc *doc;
	struct json_at root;
	struct jsonw w;
	size_t n = 0;
	enum rc rc = json_parse(a, line, &limits, &doc, &e);

	if (rc == RC_OK) {
		root = json_root(doc);
		rc = compare(a, &root, changes, &n, &e);
	}
	jsonw_init(&w, &json);
	jsonw_obj(&w);
	if (rc == RC_OK) {
		jsonw_key(&w, "changes");
		jsonw_arr(&w);
		for (size_t i = 0; i < n; i++)
			put_change(&w, &changes[i]);
		jsonw_end(&w);
	} else {
		jsonw_kcstr(&w, "error", e.msg);
	}
	jsonw_end(&w);
	puts(buf_slice(&json).p);
	fflush(stdout);
	buf_release(&json);
	arena_free(a);
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, stdin)) > 0)
		answer(slice_trim(slice_mem(line, (size_t)n)));
	free(line);
	return 0;
}
