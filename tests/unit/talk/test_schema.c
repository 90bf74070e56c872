/* SPDX-License-Identifier: MIT */
#include "talk/schema.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "wire/utf8.h"

static struct json_at parsed(struct arena *a, struct slice text)
{
	struct json_at at;
	struct err e = ERR_INIT;

	if (json_parse_value(a, text, &GUARD_UPSTREAM, &at, &e) != RC_OK)
		fail_msg("%.*s: %s", SLICE_ARG(text), e.msg);
	return at;
}

/* The fault, or empty. Neither document may have one of its own afterwards. */
static struct slice checked(struct arena *a, struct slice schema, struct slice value)
{
	struct json_at root = parsed(a, schema), v = parsed(a, value);
	struct schema_fault fault;
	struct schema s;
	bool ok;

	schema_init(&s, a, &root);
	ok = schema_check(&s, &root, &v, S("v"), &fault);
	assert_int_equal(json_done(root.doc, NULL), RC_OK);
	assert_int_equal(json_done(v.doc, NULL), RC_OK);
	if (!ok)
		assert_true(utf8_valid(slice_cstr(fault.why)));
	return ok ? SLICE_NONE : arena_dup(a, slice_cstr(fault.why));
}

struct row {
	const char *schema, *value, *why; /* why: NULL when it fits */
};

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct arena *a = arena_new(4 << 20, NULL);
		struct slice why = checked(a, slice_cstr(rows[i].schema), slice_cstr(rows[i].value));

		if (!slice_eq(why, slice_cstr(rows[i].why)))
			fail_msg("%s with %s: '%.*s'", rows[i].schema, rows[i].value, SLICE_ARG(why));
		arena_free(a);
	}
}

static void schema_check__each_keyword__refuses_what_does_not_fit(void **state UNUSED)
{
	static const struct row rows[] = {
		{"{\"type\":\"string\"}", "\"a\"", NULL},
		{"{\"type\":\"string\"}", "5", "'v' must be of type string"},
		{"{\"type\":\"string\"}", "null", "'v' must be of type string"},
		{"{\"type\":[\"string\",\"null\"]}", "null", NULL},
		{"{\"type\":[\"integer\",\"null\"]}", "true", "'v' must be of type integer or null"},
		{"{\"type\":\"number\"}", "5", NULL},
		{"{\"type\":\"integer\"}", "5.0", NULL},
		{"{\"type\":\"integer\"}", "5e0", NULL},
		{"{\"type\":\"integer\"}", "1e400", NULL},
		{"{\"type\":\"integer\"}", "123456789012345678901234", NULL},
		{"{\"type\":\"integer\"}", "5.5", "'v' must be of type integer"},
		{"{\"enum\":[\"a\",1,null]}", "1.0", NULL},
		{"{\"enum\":[\"a\",1,null]}", "null", NULL},
		{"{\"enum\":[\"a\",1,null]}", "true", "'v' must be one of \"a\", 1, null"},
		{"{\"enum\":[{\"a\":[1,2],\"b\":true}]}", "{\"b\":true,\"a\":[1.0,2]}", NULL},
		{"{\"enum\":[{\"a\":1}]}", "{\"a\":1,\"b\":1}", "'v' must be one of {\"a\":1}"},
		{"{\"enum\":[{\"a\":1,\"b\":1}]}", "{\"a\":1}", "'v' must be one of {\"a\":1,\"b\":1}"},
		{"{\"enum\":[[1,2]]}", "[2,1]", "'v' must be one of [1,2]"},
		{"{\"const\":\"a\"}", "\"b\"", "'v' must be \"a\""},
		{"{\"const\":null}", "0", "'v' must be null"},
		{"{\"const\":false}", "0", "'v' must be false"},
		{"{\"required\":[\"a\",\"b\"]}", "{\"a\":null}", "'v.b' is missing"},
		{"{\"required\":[\"a\"]}", "[]", NULL},
		{"{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"a\":\"\",\"b\":1}", NULL},
		{"{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"a\":1}", "'v.a' must be of type string"},
		{"{\"properties\":{\"a\":true},\"additionalProperties\":false}", "{\"a\":1,\"b\":1}", "'v.b' is not allowed"},
		{"{\"additionalProperties\":{\"type\":\"integer\"}}", "{\"a\":1,\"b\":\"x\"}", "'v.b' must be of type integer"},
		{"{\"properties\":{\"a\":false}}", "{\"a\":1}", "'v.a' is not allowed"},
		{"{\"items\":{\"type\":\"integer\"}}", "[1,\"x\"]", "'v[1]' must be of type integer"},
		{"{\"items\":false}", "[]", NULL},
		{"{\"items\":false}", "[1]", "'v[0]' is not allowed"},
		{"{\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"integer\"}}", "[\"a\",1]", NULL},
		{"{\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"integer\"}}", "[1,1]", "'v[0]' must be of type string"},
		{"{\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"integer\"}}", "[\"a\",\"b\"]", "'v[1]' must be of type integer"},
		{"{\"minItems\":1}", "[]", "'v' must have at least 1 item"},
		{"{\"minItems\":2.0}", "[1]", "'v' must have at least 2 items"},
		{"{\"maxItems\":1}", "[1,2]", "'v' must have at most 1 item"},
		{"{\"minLength\":2}", "\"\xf0\x9f\x8d\x8e\"", "'v' must have at least 2 characters"},
		{"{\"maxLength\":2}", "\"\\ud83c\\udf4e\xc3\xa9\"", NULL},
		{"{\"maxLength\":1}", "\"ab\"", "'v' must have at most 1 character"},
		{"{\"minimum\":5}", "4.5", "'v' must be at least 5"},
		{"{\"minimum\":5}", "5", NULL},
		{"{\"maximum\":2.5}", "3", "'v' must be at most 2.5"},
		{"{\"exclusiveMinimum\":5}", "5.0", "'v' must be more than 5"},
		{"{\"exclusiveMaximum\":5}", "5", "'v' must be less than 5"},
		{"{\"exclusiveMaximum\":5}", "4.999", NULL},
		{"{\"allOf\":[{\"minimum\":1},{\"maximum\":2}]}", "3", "'v' must be at most 2"},
		{"false", "1", "'v' is not allowed"},
		{"true", "1", NULL},
		{"{\"$defs\":{\"L\":{\"enum\":[1,2]}},\"items\":{\"$ref\":\"#/$defs/L\"}}", "[1,3]", "'v[1]' must be one of 1, 2"},
		{"{\"definitions\":{\"a/b~\":{\"type\":\"null\"}},\"$ref\":\"#/definitions/a~1b~0\"}", "1", "'v' must be of type null"},
		{"{\"properties\":{\"next\":{\"$ref\":\"#\"},\"n\":{\"type\":\"integer\"}}}", "{\"next\":{\"next\":{\"n\":\"x\"}}}",
		 "'v.next.next.n' must be of type integer"},
		{"{\"anyOf\":[{\"minimum\":3},{}],\"$ref\":\"#/anyOf/0\"}", "1", "'v' must be at least 3"},
	};

	check_rows(rows, countof(rows));
}

static void schema_check__alternatives__say_the_nearest(void **state UNUSED)
{
	static const struct row rows[] = {
		{"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "1", "'v' must be of type string or null"},
		{"{\"oneOf\":[{\"type\":\"number\"},{\"type\":\"integer\"}]}", "1", NULL},
		{"{\"oneOf\":[{\"const\":\"a\"},{\"const\":\"b\"}]}", "\"c\"", "'v' must be \"a\" or must be \"b\""},
		{"{\"anyOf\":[{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}}},{\"type\":\"null\"}]}", "{\"n\":\"x\"}",
		 "'v.n' must be of type integer"},
		{"{\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}", "{}", "'v' fits none of its alternatives; of the nearest, 'v.a' is missing"},
		{"{\"items\":{\"oneOf\":[{\"properties\":{\"k\":{\"const\":\"a\"}}},{\"properties\":{\"k\":{\"const\":\"b\"},\"n\":{\"minimum\":2}}}]}}",
		 "[{\"k\":\"a\"},{\"k\":\"b\",\"n\":1}]", "'v[1]' fits none of its alternatives; of the nearest, 'v[1].n' must be at least 2"},
		{"{\"anyOf\":[{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]},{\"type\":\"array\"}]}", "1", "'v' must be of type string or array or null"},
		{"{\"anyOf\":[7]}", "1", NULL},
		{"{\"anyOf\":[]}", "1", NULL},
	};

	check_rows(rows, countof(rows));
}

static void schema_check__what_it_does_not_know__is_let_through(void **state UNUSED)
{
	static const struct row rows[] = {
		{"{\"format\":\"email\",\"pattern\":\"^a$\",\"not\":{},\"if\":{},\"then\":false,\"multipleOf\":2}", "\"b\"", NULL},
		{"{\"$ref\":\"https://example.org/x.json\"}", "1", NULL},
		{"{\"$ref\":\"#anchor\"}", "1", NULL},
		{"{\"$ref\":\"#/$defs/none\"}", "1", NULL},
		{"{\"$ref\":\"#/$defs/a%20b\",\"$defs\":{\"a%20b\":false}}", "1", NULL},
		{"{\"$ref\":\"#/enum\",\"enum\":[1]}", "1", NULL},
		{"{\"$ref\":7,\"type\":7,\"enum\":7,\"required\":7,\"properties\":7,\"items\":7,\"minItems\":\"x\",\"maxLength\":-1,\"minimum\":null,\"anyOf\":{}}", "\"a\"", NULL},
		{"{\"type\":[\"string\",\"any\"]}", "1", NULL},
		{"{\"type\":\"text\"}", "1", NULL},
		{"{\"maxItems\":0.5}", "[1]", NULL},
		{"{\"maximum\":-1e400}", "1", NULL},
		{"{\"enum\":[]}", "1", NULL},
		{"{\"properties\":7,\"additionalProperties\":false}", "{\"a\":1}", NULL},
		{"{\"properties\":{\"a\":7}}", "{\"a\":1}", NULL},
		{"{\"patternProperties\":{\"^x\":{}},\"additionalProperties\":false}", "{\"a\":1}", NULL},
		{"{\"required\":[7]}", "{}", NULL},
		/* Integers that are the same double. */
		{"{\"exclusiveMaximum\":9223372036854775809}", "9223372036854775808", NULL},
		{"{\"const\":9223372036854775809}", "9223372036854775808", NULL},
		{"{\"maximum\":9007199254740992}", "9007199254740993", "'v' must be at most 9007199254740992"},
		/* A document within the document. */
		{"{\"$defs\":{\"X\":false},\"items\":{\"$id\":\"https://example.org/y\",\"allOf\":[{\"$ref\":\"#/$defs/X\"}]}}", "[1]", NULL},
		{"{\"$id\":\"https://example.org/y\",\"$defs\":{\"X\":false},\"items\":{\"$ref\":\"#/$defs/X\"}}", "[1]", "'v[0]' is not allowed"},
		{"{\"$defs\":{\"Y\":{\"$id\":\"y\",\"$defs\":{\"X\":false}}},\"$ref\":\"#/$defs/Y/$defs/X\"}", "1", NULL},
		/* Older dialects. */
		{"{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"definitions\":{\"X\":{}},\"items\":{\"$ref\":\"#/definitions/X\",\"type\":\"null\"}}", "[1]", NULL},
		{"{\"definitions\":{\"X\":{}},\"items\":{\"$ref\":\"#/definitions/X\",\"type\":\"null\"}}", "[1]", "'v[0]' must be of type null"},
		{"{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"const\":1,\"maximum\":5,\"exclusiveMaximum\":true,\"required\":[\"a\"]}", "5", NULL},
		{"{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"required\":[\"a\"],\"additionalProperties\":false}", "{\"b\":1}", "'v.b' is not allowed"},
		{"{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"items\":[{\"type\":\"null\"}]}", "[1]", NULL},
		{"7", "1", NULL},
		{"null", "1", NULL},
	};

	check_rows(rows, countof(rows));
}

/* References without an end, and as deep as it goes. */
static void schema_check__without_an_end__ends(void **state UNUSED)
{
	static const struct row rows[] = {
		{"{\"$ref\":\"#\"}", "1", NULL},
		{"{\"anyOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"},{\"$ref\":\"#\"}]}", "1", NULL},
		{"{\"allOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}],\"type\":\"string\"}", "\"a\"", NULL},
		{"{\"$defs\":{\"A\":{\"$ref\":\"#/$defs/B\"},\"B\":{\"$ref\":\"#/$defs/A\"}},\"$ref\":\"#/$defs/A\"}", "1", NULL},
		{"{\"items\":{\"$ref\":\"#\"},\"maxItems\":1}", "[[[[[[[[[[[[[[[[[[[[[[[[[[1,2]]]]]]]]]]]]]]]]]]]]]]]]]]",
		 "'v[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]' must have at most 1 item"},
	};

	check_rows(rows, countof(rows));
}

/* Alternatives within alternatives: 3^n ways, all of them wrong. The budget ends it, and nothing is refused that was not looked at. */
static void schema_check__a_search_that_explodes__is_given_up(void **state UNUSED)
{
	struct arena *a = arena_new(64 << 20, NULL);
	struct buf schema = BUF_INIT(100000);
	struct timespec from, to;
	long ms;

	buf_adds(&schema, "{\"$defs\":{\"L0\":{\"type\":\"null\"}");
	for (int i = 1; i < 24; i++)
		buf_addf(&schema, ",\"L%d\":{\"anyOf\":[{\"$ref\":\"#/$defs/L%d\"},{\"$ref\":\"#/$defs/L%d\"},{\"$ref\":\"#/$defs/L%d\"}]}", i, i - 1, i - 1, i - 1);
	buf_adds(&schema, "},\"items\":{\"$ref\":\"#/$defs/L23\"}}");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	assert_int_equal(checked(a, buf_slice(&schema), S("[1]")).n, 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	ms = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
	assert_true(ms < 1000); /* a few; sanitizers take longer */
	buf_release(&schema);
	arena_free(a);
}

/* What is said has a length, and is cut between characters. */
static void schema_check__long_names_and_values__are_cut(void **state UNUSED)
{
	for (size_t n = 50; n < 70; n++) {
		struct arena *a = arena_new(4 << 20, NULL);
		struct buf schema = BUF_INIT(100000), value = BUF_INIT(100000);
		struct slice why;

		buf_adds(&schema, "{\"additionalProperties\":{\"additionalProperties\":{\"additionalProperties\":{\"enum\":[\"");
		for (int i = 0; i < 12; i++) {
			for (size_t j = 0; j < n; j++)
				buf_addch(&schema, 'a');
			buf_adds(&schema, "\xf0\x9f\x8d\x8e\",\"");
		}
		buf_adds(&schema, "\"]}}}}");
		for (int i = 0; i < 3; i++) {
			buf_adds(&value, "{\"");
			for (size_t j = 0; j < n; j++)
				buf_addch(&value, 'b');
			buf_adds(&value, "\xf0\x9f\x8d\x8e\":");
		}
		buf_adds(&value, "1}}}");
		why = checked(a, buf_slice(&schema), buf_slice(&value));
		assert_true(slice_find(why, S("must be one of \"aaa")) > 0);
		assert_true(slice_ends(why, S("...")));
		buf_release(&schema);
		buf_release(&value);
		arena_free(a);
	}
}

static void schema_check__without_room__says_so(void **state UNUSED)
{
	struct arena *docs = arena_new(4 << 20, NULL), *a;
	struct json_at root = parsed(docs, S("{\"items\":{\"anyOf\":[{\"type\":\"null\"},{\"required\":[\"a\"]}]}}")), v = parsed(docs, S("[{}]"));
	struct schema_fault fault;
	struct schema s;
	bool full = true;

	for (size_t cap = 0; full; cap += 100) {
		assert_true(cap < 100000);
		a = arena_new(cap, NULL);
		schema_init(&s, a, &root);
		assert_true(!schema_check(&s, &root, &v, S("v"), &fault) || s.full);
		full = s.full;
		arena_free(a);
	}
	arena_free(docs);
}

static void schema_types__say__what_may_stand_there(void **state UNUSED)
{
	static const struct {
		const char *schema;
		unsigned types;
	} rows[] = {
		{"{}", 0},
		{"true", 0},
		{"7", 0},
		{"{\"type\":\"string\"}", SCHEMA_STRING},
		{"{\"type\":[\"string\",\"null\"]}", SCHEMA_STRING | SCHEMA_NULL},
		{"{\"type\":[\"string\",7]}", 0},
		{"{\"anyOf\":[{\"type\":\"integer\"},{\"$ref\":\"#/$defs/X\"}],\"$defs\":{\"X\":{\"type\":\"null\"}}}", SCHEMA_INTEGER | SCHEMA_NULL},
		{"{\"oneOf\":[{\"type\":\"integer\"},{}]}", 0},
		{"{\"$ref\":\"#\"}", 0},
		{"{\"$ref\":\"#/$defs/X\",\"$defs\":{\"X\":{\"type\":\"array\"}}}", SCHEMA_ARRAY},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct arena *a = arena_new(1 << 20, NULL);
		struct json_at root = parsed(a, slice_cstr(rows[i].schema));
		struct schema s;

		schema_init(&s, a, &root);
		if (schema_types(&s, &root) != rows[i].types)
			fail_msg("%s: %x", rows[i].schema, schema_types(&s, &root));
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schema_check__each_keyword__refuses_what_does_not_fit),
		cmocka_unit_test(schema_check__alternatives__say_the_nearest),
		cmocka_unit_test(schema_check__what_it_does_not_know__is_let_through),
		cmocka_unit_test(schema_check__without_an_end__ends),
		cmocka_unit_test(schema_check__a_search_that_explodes__is_given_up),
		cmocka_unit_test(schema_check__long_names_and_values__are_cut),
		cmocka_unit_test(schema_check__without_room__says_so),
		cmocka_unit_test(schema_types__say__what_may_stand_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
