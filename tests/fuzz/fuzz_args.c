/* SPDX-License-Identifier: MIT */
/*
 * Arguments that a model made, to tools of several schemas. Whatever they are, the tool gets one JSON object in which the bound parameter stands once, with
 * the caller's own value, and each other of a plain type is of its type; and the model reads real UTF-8.
 */
#include "talk/tool.h"
#include "tests/fuzz/fuzz.h"
#include "wire/json.h"
#include "wire/utf8.h"

#define USER "\"user_id\":{\"type\":\"string\"}"
#define LONG "\xf0\x9f\x8d\x8e\xf0\x9f\x8d\x8e\xf0\x9f\x8d\x8e\xf0\x9f\x8d\x8e\xf0\x9f\x8d\x8e\xf0\x9f\x8d\x8e"

static const struct slice schemas[] = {
	S_INIT("{\"type\":\"object\",\"properties\":{" USER ",\"s\":{\"type\":\"string\",\"enum\":[\"a\",\"b\"]},\"i\":{\"type\":\"integer\"},"
	       "\"n\":{\"type\":\"number\"},\"b\":{\"type\":\"boolean\"},\"l\":{\"type\":\"array\"},\"o\":{\"type\":\"object\"},"
	       "\"m\":{\"type\":[\"string\",\"null\"]}},\"required\":[\"user_id\"]}"),
	/* Closed, with choices: of types, of values whose first bytes are many. */
	S_INIT("{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" USER ",\"s\":{\"enum\":[\"a" LONG LONG LONG "\",\"" LONG LONG LONG "\"]},"
	       "\"i\":{\"type\":[\"integer\",\"array\"]},\"n\":{\"anyOf\":[{\"type\":\"number\"},{\"type\":\"null\"}]},"
	       "\"b\":{\"type\":[\"boolean\",\"integer\"],\"enum\":[true,5]},\"l\":{\"anyOf\":[{\"type\":\"array\"},{}]},\"o\":{}},"
	       "\"required\":[\"s\",\"user_id\",7]}"),
	/* Of what lies deeper. */
	S_INIT("{\"type\":\"object\",\"$defs\":{\"r\":{\"type\":\"object\",\"properties\":{\"s\":{\"enum\":[\"a\",\"" LONG LONG LONG "\"]},\"l\":{\"type\":\"array\","
	       "\"items\":{\"$ref\":\"#/$defs/r\"},\"maxItems\":2},\"i\":{\"type\":\"integer\",\"minimum\":2},\"o\":{\"$ref\":\"#\"}},\"required\":[\"s\"],"
	       "\"additionalProperties\":false}},\"properties\":{" USER ",\"s\":{\"maxLength\":2},\"l\":{\"type\":\"array\",\"items\":{\"anyOf\":[{\"$ref\":\"#/$defs/r\"},"
	       "{\"type\":\"integer\"}]}},\"o\":{\"$ref\":\"#/$defs/r\"}},\"required\":[\"user_id\"],\"additionalProperties\":{\"minimum\":1}}"),
	/* Of no use. */
	S_INIT("{\"properties\":[],\"required\":{},\"additionalProperties\":{}}"),
	S_INIT("{\"properties\":{\"s\":7,\"i\":{\"type\":[]},\"b\":{\"type\":7},\"n\":{\"anyOf\":7},\"l\":{\"enum\":7}},\"required\":[\"s\"]}"),
	S_INIT("{"),
	S_INIT(""),
};

static bool of_type(struct slice key, enum json_kind kind)
{
	static const struct {
		const char *key;
		enum json_kind kind;
	} plain[] = {{"s", JSON_STRING}, {"i", JSON_NUMBER}, {"n", JSON_NUMBER}, {"b", JSON_BOOL}, {"l", JSON_ARRAY}, {"o", JSON_OBJECT}};

	for (size_t i = 0; i < countof(plain); i++)
		if (slice_is(key, plain[i].key))
			return kind == plain[i].kind;
	return true;
}

/* ctx: whether the types are the first schema's. */
static enum rc check(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	struct json_at root, value;
	struct json_doc *doc;
	struct slice key;
	int bound = 0;

	CHECK(json_parse(call->arena, call->args, &GUARD_CLIENT, &doc, e) == RC_OK || e->rc == RC_TOO_LARGE || strstr(e->msg, "duplicate key") ||
	      strstr(e->msg, "too"));
	if (json_parse(call->arena, call->args, &GUARD_UPSTREAM, &doc, e) == RC_OK) {
		root = json_root(doc);
		for (size_t it = 0; json_each(&root, &it, &key, &value);) {
			CHECK(!ctx || of_type(key, json_kind(&value)));
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

static void invoke(struct slice schema, struct slice in)
{
	static const struct bind bind = {S_INIT("user_id"), BIND_OWNER};
	static const struct caller who = {.owner = S_INIT("the-owner")};
	static char first;
	struct tool t = {.spec = {.name = S("t"), .schema = schema}, .binds = &bind, .n_binds = 1, .call = check};
	struct arena *a = arena_new(256 << 20, NULL);
	struct tool_result r;
	struct err log;

	t.ctx = schema.p == schemas[0].p ? &first : NULL;
	CHECK(tool_invoke(&t, &who, S("c"), in, a, NULL, NULL, NULL, &r, &log) == RC_OK);
	CHECK(r.text.n > 0 && r.text.n <= TOOL_RESULT_MAX && utf8_valid(r.text));
	touch(tool_schema_shown(a, &t));
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < countof(schemas); i++)
		invoke(schemas[i], slice_mem(data, size));
	return 0;
}
