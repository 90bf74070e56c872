/* SPDX-License-Identifier: MIT */
/*
 * Renders templates for tests/e2e/test_templates.py: {"template","data","value"?} in, {"text"} or {"error","place"} out; place says who refused: "parse" or
 * "render". With "value" it is template_value's JSON that is the text.
 */
#include "chatkit/template.h"
#include "tests/tools/lines.h"

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

static enum rc answer(struct arena *a, const struct json_at *question, struct jsonw *w, struct err *e)
{
	struct buf text = BUF_INIT(16 << 20);
	const char *place;
	enum rc rc = render(a, question, &text, &place, e);

	if (rc == RC_OK)
		jsonw_kstr(w, "text", buf_slice(&text));
	else
		jsonw_kcstr(w, "place", place);
	buf_release(&text);
	return rc;
}

int main(void)
{
	return lines_run(&GUARD_CLIENT, answer);
}
