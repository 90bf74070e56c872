/* SPDX-License-Identifier: MIT */
/*
 * Compares widgets for tests/e2e/test_widget_diff.py: {"before","after"} in, {"changes":[{"kind":"root","json"} or {"kind":"text","id","delta","done"}]} or
 * {"error"} out. Both are checked first, as every widget is.
 */
#include "chatkit/widget.h"
#include "tests/tools/lines.h"

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

static enum rc answer(struct arena *a, const struct json_at *question, struct jsonw *w, struct err *e)
{
	struct widget_change changes[WIDGET_CHANGES_MAX];
	size_t n;
	enum rc rc = compare(a, question, changes, &n, e);

	if (rc != RC_OK)
		return rc;
	jsonw_key(w, "changes");
	jsonw_arr(w);
	for (size_t i = 0; i < n; i++)
		put_change(w, &changes[i]);
	jsonw_end(w);
	return RC_OK;
}

int main(void)
{
	return lines_run(&GUARD_UPSTREAM, answer);
}
