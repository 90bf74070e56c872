/* SPDX-License-Identifier: MIT */
/* Holds values against schemas for tests/e2e/test_schema_diff.py: {"schema","value"} in, {"fits"} out, and {"why"} when it does not. */
#include "talk/schema.h"
#include "tests/tools/lines.h"

static enum rc answer(struct arena *a, const struct json_at *question, struct jsonw *w, struct err *e)
{
	struct json_at root = json_get(question, "schema"), value = json_get(question, "value");
	struct schema_fault fault;
	struct schema s;
	bool ok;

	schema_init(&s, a, &root);
	ok = schema_check(&s, &root, &value, S("value"), &fault);
	jsonw_kbool(w, "fits", ok);
	if (!ok)
		jsonw_kcstr(w, "why", fault.why);
	return json_done(root.doc, e);
}

int main(void)
{
	return lines_run(&GUARD_UPSTREAM, answer);
}
