/* SPDX-License-Identifier: MIT */
/* Arguments that a model made. Whatever they are, the tool gets one JSON object in which the bound parameter stands once, with the caller's own value. */
#include "talk/tool.h"
#include "tests/fuzz/fuzz.h"
#include "wire/json.h"

static enum rc check(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	struct json_at root, value;
	struct json_doc *doc;
	struct slice key;
	int bound = 0;

	(void)ctx;
	CHECK(json_parse(call->arena, call->args, &GUARD_CLIENT, &doc, e) == RC_OK || e->rc == RC_TOO_LARGE || strstr(e->msg, "duplicate key") ||
	      strstr(e->msg, "too"));
	if (json_parse(call->arena, call->args, &GUARD_UPSTREAM, &doc, e) == RC_OK) {
		root = json_root(doc);
		for (size_t it = 0; json_each(&root, &it, &key, &value);) {
			if (!slice_eq_nocase(key, S("user_id")))
				continue;
			bound++;
			CHECK(slice_is(json_as_str(&value), "the-owner"));
		}
		CHECK(bound == 1);
	}
	out->text = call->args;
	return RC_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bind bind = {S_INIT("user_id"), BIND_OWNER};
	static const struct tool t = {
		.spec = {.name = S_INIT("t"),
			 .schema = S_INIT("{\"type\":\"object\",\"properties\":{\"user_id\":{\"type\":\"string\"},\"s\":{\"type\":\"string\",\"enum\":[\"a\",\"b\"]},"
					  "\"i\":{\"type\":\"integer\"},\"n\":{\"type\":\"number\"},\"b\":{\"type\":\"boolean\"},\"l\":{\"type\":\"array\"},"
					  "\"o\":{\"type\":\"object\"},\"m\":{\"type\":[\"string\",\"null\"]}},\"required\":[\"user_id\"]}")},
		.binds = &bind,
		.n_binds = 1,
		.call = check,
	};
	static const struct caller who = {.owner = S_INIT("the-owner")};
	struct arena *a = arena_new(256 << 20, NULL);
	struct tool_result r;
	struct err log;

	CHECK(tool_invoke(&t, &who, S("c"), slice_mem(data, size), a, NULL, NULL, NULL, &r, &log) == RC_OK);
	CHECK(r.text.n > 0 && r.text.n <= TOOL_RESULT_MAX);
	touch(r.text);
	touch(tool_schema_shown(a, &t));
	arena_free(a);
	return 0;
}
