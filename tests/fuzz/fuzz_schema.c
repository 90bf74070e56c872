/* SPDX-License-Identifier: MIT */
/* A schema, a newline, a value: neither is trusted. The verdict is the same twice, comes with words that are real UTF-8, and leaves no fault in either document. */
#include "talk/schema.h"
#include "tests/fuzz/fuzz.h"
#include "wire/utf8.h"

static bool verdict(struct arena *a, const struct json_at *root, const struct json_at *value, struct schema_fault *fault)
{
	struct schema s;

	schema_init(&s, a, root);
	return schema_check(&s, root, value, S("v"), fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice schema, value = slice_cut(slice_mem(data, size), '\n', &schema);
	struct arena *a = arena_new(256 << 20, NULL);
	struct schema_fault one = {""}, two = {""};
	struct json_at root, v;
	bool fits;

	if (json_parse_value(a, schema, &GUARD_UPSTREAM, &root, NULL) == RC_OK && json_parse_value(a, value, &GUARD_UPSTREAM, &v, NULL) == RC_OK) {
		fits = verdict(a, &root, &v, &one);
		CHECK(verdict(a, &root, &v, &two) == fits && strcmp(one.why, two.why) == 0);
		CHECK(fits ? one.why[0] == 0 : one.why[0] == '\'' && utf8_valid(slice_cstr(one.why)));
		CHECK(json_done(root.doc, NULL) == RC_OK && json_done(v.doc, NULL) == RC_OK);
	}
	arena_free(a);
	return 0;
}
