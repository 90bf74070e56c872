/* SPDX-License-Identifier: MIT */
/*
 * Renders templates for tests/e2e/test_templates.py: a line of JSON in, {"template","data","value"?}, a line of JSON out, {"text"} or {"error","place"}; place
 * says who refused: "parse" or "render". With "value" it is template_value's JSON that is the text.
 */
#include "chatkit/template.h"
#include "wire/jsonw.h"

static enum rc render(struct arena *a, const struct json_at *root, struct buf *out, const char **place, struct err *e)
{
	struct json_at data = json_get(root, "data");
	struct template *t;
	enum rc rc;

	*place = "parse";
	rc = template_parse(a, json_str(root, "template"), &t, e);
	if (rc != RC_OK)
		return rc;
	*place = "render";
	return json_bool_or(root, "value", false) ? template_value(t, a, &data, out, e) : template_render(t, a, &data, out, e);
}

static void answer(struct slice line)
{
	struct guard_limits limits = GUARD_CLIENT;
	struct arena *a = arena_new(256 << 20, NULL);
	struct buf text = BUF_INIT(16 << 20), json = BUF_INIT(64 << 20);
	struct err e = ERR_INIT;
	const char *place = "data";
	struct json_doc *doc;
	struct json_at root;
	struct jsonw w;
	enum rc rc = json_parse(a, line, &limits, &doc, &e);

	if (rc == RC_OK) {
		root = json_root(doc);
		rc = render(a, &root, &text, &place, &e);
	}
	jsonw_init(&w, &json);
	jsonw_obj(&w);
	if (rc == RC_OK) {
		jsonw_kstr(&w, "text", buf_slice(&text));
	} else {
		jsonw_kcstr(&w, "error", e.msg);
		jsonw_kcstr(&w, "place", place);
	}
	jsonw_end(&w);
	puts(buf_slice(&json).p);
	fflush(stdout);
	buf_release(&text);
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
