/* SPDX-License-Identifier: MIT */
/* Every value is walked and asked for as every type; its text is JSON again, and its text's text is the same. */
#include "tests/fuzz/fuzz.h"
#include "wire/json.h"

static const struct guard_limits limits = {.depth = 32, .nodes = 5000, .key = 256, .upstream = true, .any_top = true};
/* A client's, but for its keys, which may have grown when they were mended. */
static const struct guard_limits strict = {.depth = 32, .nodes = 5000, .key = 3 * 256, .any_top = true};

static void walk(const struct json_at *at)
{
	struct json_at child;
	struct slice key;
	char where[64];

	json_where(at, where, sizeof(where));
	touch(json_as_str_or(at, SLICE_NONE));
	(void)json_as_i64_or(at, -10, 10, 0);
	(void)json_as_num_or(at, 0);
	if (json_kind(at) == JSON_OBJECT)
		for (size_t it = 0; json_each(at, &it, &key, &child);) {
			struct json_at again = json_get(at, child.key);

			touch(key);
			CHECK(again.v == child.v);
			walk(&child);
		}
	if (json_kind(at) == JSON_ARRAY)
		for (size_t i = 0; i < json_count(at); i++) {
			child = json_item(at, i);
			walk(&child);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(64 << 20, NULL);
	struct json_doc *doc, *again;
	struct err e = ERR_INIT;
	struct json_at root;
	struct slice text;

	if (json_parse(a, slice_mem(data, size), &limits, &doc, &e) == RC_OK) {
		root = json_root(doc);
		text = json_text(&root);
		CHECK(json_done(doc, &e) == RC_OK);
		CHECK(json_parse(a, text, &strict, &again, &e) == RC_OK);
		walk(&root);
		root = json_root(again);
		CHECK(slice_eq(json_text(&root), text));
		(void)!json_done(doc, &e);
		touch(slice_cstr(e.msg));
	} else {
		CHECK(e.rc == RC_BAD || e.rc == RC_TOO_LARGE);
	}
	arena_free(a);
	return 0;
}
