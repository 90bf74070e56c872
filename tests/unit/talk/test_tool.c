/* SPDX-License-Identifier: MIT */
#include "talk/tool.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "talk/toolset.h"
#include "wire/utf8.h"

static const struct slice schema = S_INIT(
	"{\"type\":\"object\",\"properties\":{\"user_id\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},\"n\":{\"type\":\"integer\"},"
	"\"x\":{\"type\":\"number\"},\"done\":{\"type\":\"boolean\"},\"tags\":{\"type\":\"array\"},\"o\":{\"type\":\"object\"},"
	"\"level\":{\"type\":\"string\",\"enum\":[\"low\",\"high\"]},\"rank\":{\"type\":\"integer\",\"enum\":[1,2]},"
	"\"maybe\":{\"type\":[\"string\",\"null\"]},\"any\":{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"null\"}]},\"free\":{},"
	"\"either\":{\"type\":[\"integer\",\"boolean\",\"array\"]},\"short\":{\"type\":\"string\",\"maxLength\":2},"
	"\"rows\":{\"type\":\"array\",\"maxItems\":2,\"items\":{\"$ref\":\"#/$defs/row\"}},\"row\":{\"$ref\":\"#/$defs/row\"},\"again\":{\"$ref\":\"#\"}},"
	"\"$defs\":{\"row\":{\"type\":\"object\",\"properties\":{\"status\":{\"enum\":[\"open\",\"done\"]},\"n\":{\"type\":\"integer\"}},\"required\":[\"status\"],"
	"\"additionalProperties\":false}},"
	"\"required\":[\"user_id\",\"title\"],\"additionalProperties\":false}");

static const struct bind binds[] = {{S_INIT("user_id"), BIND_OWNER}};
static const struct caller who = {.owner = S_INIT("owner-1"), .locale = S_INIT("de-DE")};

struct seen {
	int calls;
	char args[2048];
	enum rc rc;
	struct tool_result result;
};

static enum rc record(void *ctx, struct tool_call *call, struct tool_result *out, struct err *e)
{
	struct seen *s = ctx;

	s->calls++;
	snprintf(s->args, sizeof(s->args), "%.*s", SLICE_ARG(call->args));
	*out = s->result;
	if (s->rc != RC_OK)
		return err_set(e, s->rc, "the test's own");
	return RC_OK;
}

static struct tool make_tool(struct seen *s)
{
	return (struct tool){.spec = {.name = S("add"), .schema = schema}, .binds = binds, .n_binds = countof(binds), .call = record, .ctx = s};
}

static void tool_invoke__arguments__are_checked_mended_and_injected(void **state UNUSED)
{
	static const struct {
		const char *args, *want; /* want: what the tool gets, or, with "!", what the model reads */
	} rows[] = {
		{"{\"title\":\"a\"}", "{\"title\":\"a\",\"user_id\":\"owner-1\"}"},
		{" {\"title\" : \"a\\n\\u00e9\"} ", "{\"title\":\"a\\n\xc3\xa9\",\"user_id\":\"owner-1\"}"},
		{"", "!'title' is missing"},
		{"{}", "!'title' is missing"},
		{"{\"title\":null}", "!'title' must be of type string"},
		{"{\"title\":[\"a\"]}", "!'title' must be of type string"},
		{"{\"title\":true}", "!'title' must be of type string"},
		{"{\"title\":5}", "{\"title\":\"5\",\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"user_id\":\"mallory\"}", "!the parameter 'user_id' is not yours to give"},
		{"{\"user_id\":\"owner-1\",\"title\":\"a\"}", "!the parameter 'user_id' is not yours to give"},
		{"{\"title\":\"a\",\"user\\u005fid\":\"mallory\"}", "!the parameter 'user_id' is not yours to give"},
		{"{\"title\":\"a\",\"User_ID\":\"mallory\"}", "!the parameter 'User_ID' is not yours to give"},
		{"{\"title\":\"a\",\"user_id\":null}", "!the parameter 'user_id' is not yours to give"},
		{"{\"title\":\"a\",\"title\":\"b\",\"user_id\":\"m\"}", "!the parameter 'user_id' is not yours to give"},
		{"{\"title\":\"a\",\"extra\":1}", "!there is no parameter 'extra'"},
		{"{\"title\":\"a\",\"n\":5}", "{\"title\":\"a\",\"n\":5,\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"n\":\"5\"}", "{\"title\":\"a\",\"n\":5,\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"n\":\" -7 \"}", "{\"title\":\"a\",\"n\":-7,\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"n\":5.0}", "{\"title\":\"a\",\"n\":5,\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"n\":5.5}", "!'n' must be of type integer"},
		{"{\"title\":\"a\",\"n\":\"5x\"}", "!'n' must be of type integer"},
		{"{\"title\":\"a\",\"n\":\"\"}", "!'n' must be of type integer"},
		{"{\"title\":\"a\",\"n\":true}", "!'n' must be of type integer"},
		{"{\"title\":\"a\",\"n\":null}", "{\"title\":\"a\",\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"either\":\"true\"}", "{\"title\":\"a\",\"either\":true,\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"either\":\"[7]\"}", "{\"title\":\"a\",\"either\":[7],\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"either\":\"7.0\"}", "{\"title\":\"a\",\"either\":7,\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"either\":\"7.5\"}", "!'either' must be of type integer or boolean or array"},
		{"{\"title\":\"a\",\"x\":\"2.5e1\"}", "{\"title\":\"a\",\"x\":2.5e1,\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"x\":3}", "{\"title\":\"a\",\"x\":3,\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"done\":\"true\"}", "{\"title\":\"a\",\"done\":true,\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"done\":\"yes\"}", "!'done' must be of type boolean"},
		{"{\"title\":\"a\",\"done\":1}", "!'done' must be of type boolean"},
		{"{\"title\":\"a\",\"tags\":\"[1,2]\"}", "{\"title\":\"a\",\"tags\":[1,2],\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"tags\":\"{}\"}", "!'tags' must be of type array"},
		{"{\"title\":\"a\",\"o\":\"{\\\"k\\\":1}\"}", "{\"title\":\"a\",\"o\":{\"k\":1},\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"level\":\"high\"}", "{\"title\":\"a\",\"level\":\"high\",\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"level\":\"huge\"}", "!'level' must be one of \"low\", \"high\""},
		{"{\"title\":\"a\",\"rank\":\"2\"}", "{\"title\":\"a\",\"rank\":2,\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"rank\":3}", "!'rank' must be one of 1, 2"},
		{"{\"title\":\"a\",\"maybe\":null}", "{\"title\":\"a\",\"maybe\":null,\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"any\":null}", "{\"title\":\"a\",\"any\":null,\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"any\":\"4\"}", "{\"title\":\"a\",\"any\":4,\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"free\":[null]}", "{\"title\":\"a\",\"free\":[null],\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"rank\":1.0}", "{\"title\":\"a\",\"rank\":1,\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"short\":12}", "{\"title\":\"a\",\"short\":\"12\",\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"short\":123}", "!'short' must have at most 2 characters"},
		{"{\"title\":\"a\",\"rows\":[{\"status\":\"open\",\"n\":5.0}]}", "{\"title\":\"a\",\"rows\":[{\"status\":\"open\",\"n\":5.0}],\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"rows\":[{\"status\":\"open\"},{\"status\":\"shut\"}]}", "!'rows[1].status' must be one of \"open\", \"done\""},
		{"{\"title\":\"a\",\"rows\":[{\"n\":1}]}", "!'rows[0].status' is missing"},
		{"{\"title\":\"a\",\"rows\":[{\"status\":\"open\",\"n\":null}]}", "{\"title\":\"a\",\"rows\":[{\"status\":\"open\",\"n\":null}],\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"rows\":[{\"status\":null}]}", "!'rows[0].status' must be one of \"open\", \"done\""},
		{"{\"title\":\"a\",\"rows\":[{\"status\":\"open\",\"m\":1}]}", "!'rows[0].m' is not allowed"},
		{"{\"title\":\"a\",\"rows\":[1,2,3]}", "!'rows' must have at most 2 items"},
		{"{\"title\":\"a\",\"rows\":\"[{\\\"status\\\":\\\"open\\\"}]\"}", "{\"title\":\"a\",\"rows\":[{\"status\":\"open\"}],\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"rows\":\"[{\\\"status\\\":\\\"shut\\\"}]\"}", "!'rows[0].status' must be one of \"open\", \"done\""},
		{"{\"title\":\"a\",\"row\":\"{\\\"status\\\":\\\"done\\\"}\"}", "{\"title\":\"a\",\"row\":{\"status\":\"done\"},\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"row\":null}", "{\"title\":\"a\",\"user_id\":\"owner-1\"}"},
		{"{\"title\":\"a\",\"row\":[]}", "!'row' must be of type object"},
		/* What is bound cannot be asked for deeper within. */
		{"{\"title\":\"a\",\"again\":{\"title\":\"b\"}}", "{\"title\":\"a\",\"again\":{\"title\":\"b\"},\"user_id\":\"owner-1\"}"},
		{"[]", "!the arguments must be one JSON object"},
		{"\"x\"", "!the arguments must be one JSON object"},
		{"{\"title\":\"a\"", "!the arguments must be one JSON object"},
		{"{\"title\":\"a\"}{\"title\":\"b\"}", "!the arguments must be one JSON object"},
		{"{'title':'a'}", "!the arguments must be one JSON object"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct seen s = {.result = {.text = S("ok")}};
		struct tool t = make_tool(&s);
		struct arena *a = arena_new(1 << 20, NULL);
		const char *want = rows[i].want;
		struct tool_result r;
		struct err log;

		assert_int_equal(tool_invoke(&t, &who, S("c1"), slice_cstr(rows[i].args), a, NULL, NULL, NULL, &r, &log), RC_OK);
		assert_int_equal(log.rc, RC_OK);
		if (want[0] == '!') {
			if (!r.is_error || s.calls != 0 || slice_find(r.text, slice_cstr(want + 1)) < 0)
				fail_msg("%s: '%.*s', %d calls", rows[i].args, SLICE_ARG(r.text), s.calls);
		} else if (r.is_error || s.calls != 1 || strcmp(s.args, want) != 0) {
			fail_msg("%s: '%s' '%.*s'", rows[i].args, s.args, SLICE_ARG(r.text));
		}
		arena_free(a);
	}
}

/* What additionalProperties says of the arguments themselves. */
static void tool_invoke__further_arguments__are_checked(void **state UNUSED)
{
	static const struct {
		const char *schema, *args, *want;
	} rows[] = {
		{"{\"additionalProperties\":{\"type\":\"integer\"}}", "{\"a\":\"5\"}", "{\"a\":5}"},
		{"{\"additionalProperties\":{\"items\":{\"type\":\"integer\"}}}", "{\"a\":[1,\"x\"]}", "!'a[1]' must be of type integer"},
		{"{\"properties\":{\"a\":{}},\"additionalProperties\":{\"type\":\"integer\"}}", "{\"a\":\"x\"}", "{\"a\":\"x\"}"},
		{"{\"properties\":{\"a\":false}}", "{\"a\":\"x\"}", "!there is no parameter 'a'"},
		{"{\"patternProperties\":{\"^a\":{}},\"additionalProperties\":false}", "{\"a\":\"x\"}", "{\"a\":\"x\"}"},
		{"{\"properties\":{\"a\":{\"$ref\":\"#/properties/b\"},\"b\":{\"enum\":[1,2]}}}", "{\"a\":3}", "!'a' must be one of 1, 2"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct seen s = {.result = {.text = S("ok")}};
		struct tool t = {.spec = {.name = S("t"), .schema = slice_cstr(rows[i].schema)}, .call = record, .ctx = &s};
		struct arena *a = arena_new(1 << 20, NULL);
		const char *want = rows[i].want;
		struct tool_result r;
		struct err log;

		assert_int_equal(tool_invoke(&t, &who, S("c1"), slice_cstr(rows[i].args), a, NULL, NULL, NULL, &r, &log), RC_OK);
		if (want[0] == '!' ? slice_find(r.text, slice_cstr(want + 1)) < 0 : strcmp(s.args, want) != 0)
			fail_msg("%s: '%s' '%.*s'", rows[i].args, s.args, SLICE_ARG(r.text));
		arena_free(a);
	}
}

static void tool_invoke__what_the_tool_returns__is_told_to_the_right_reader(void **state UNUSED)
{
	static const struct {
		enum rc rc, want;
		bool is_error;
		const char *text;
		enum rc log;
	} rows[] = {
		{RC_OK, RC_OK, false, "fine", RC_OK},
		{RC_STOPPED, RC_STOPPED, false, NULL, RC_STOPPED},
		{RC_GONE, RC_GONE, false, NULL, RC_GONE},
		{RC_DB, RC_OK, true, "The tool 'add' is unavailable. Tell the user; do not call it again now.", RC_DB},
		{RC_TIMEOUT, RC_OK, true, "The tool 'add' is unavailable. Tell the user; do not call it again now.", RC_TIMEOUT},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct seen s = {.rc = rows[i].rc, .result = {.text = S("fine")}};
		struct tool t = make_tool(&s);
		struct arena *a = arena_new(1 << 20, NULL);
		struct tool_result r;
		struct err log;

		assert_int_equal(tool_invoke(&t, &who, S("c1"), S("{\"title\":\"a\"}"), a, NULL, NULL, NULL, &r, &log), rows[i].want);
		assert_int_equal(log.rc, rows[i].log);
		assert_int_equal(r.is_error, rows[i].is_error);
		if (rows[i].text)
			assert_true(slice_is(r.text, rows[i].text));
		/* The model never reads why. */
		assert_true(slice_find(r.text, S("the test's own")) < 0);
		arena_free(a);
	}
}

static void tool_invoke__result_text__is_capped_mended_and_never_empty(void **state UNUSED)
{
	char *big = xalloc(TOOL_RESULT_MAX + 10);
	struct arena *a = arena_new(1 << 20, NULL);
	struct seen s = {0};
	struct tool t = make_tool(&s);
	struct tool_result r;
	struct err log;
	const struct {
		struct slice text, json, want;
	} rows[] = {
		{S("a\0b\xff"), SLICE_NONE, S("a\xef\xbf\xbd" "b\xef\xbf\xbd")},
		{SLICE_NONE, SLICE_NONE, S("(no output)")},
		{SLICE_NONE, S("{\"a\":1}"), S("{\"a\":1}")},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		s.result = (struct tool_result){.text = rows[i].text, .json = rows[i].json};
		assert_int_equal(tool_invoke(&t, &who, S("c"), S("{\"title\":\"a\"}"), a, NULL, NULL, NULL, &r, &log), RC_OK);
		assert_true(slice_eq(r.text, rows[i].want));
	}
	memset(big, 'x', TOOL_RESULT_MAX + 10);
	s.result.text = slice_mem(big, TOOL_RESULT_MAX);
	assert_int_equal(tool_invoke(&t, &who, S("c"), S("{\"title\":\"a\"}"), a, NULL, NULL, NULL, &r, &log), RC_OK);
	assert_int_equal(r.text.n, TOOL_RESULT_MAX);
	assert_false(slice_ends(r.text, S("longer]")));
	s.result.text = slice_mem(big, TOOL_RESULT_MAX + 1);
	assert_int_equal(tool_invoke(&t, &who, S("c"), S("{\"title\":\"a\"}"), a, NULL, NULL, NULL, &r, &log), RC_OK);
	assert_int_equal(r.text.n, TOOL_RESULT_MAX);
	assert_true(slice_ends(r.text, S("[cut: the result was longer]")));
	memset(big, 0xff, TOOL_RESULT_MAX);
	s.result.text = slice_mem(big, TOOL_RESULT_MAX);
	assert_int_equal(tool_invoke(&t, &who, S("c"), S("{\"title\":\"a\"}"), a, NULL, NULL, NULL, &r, &log), RC_OK);
	assert_true(r.text.n <= TOOL_RESULT_MAX);
	assert_true(slice_ends(r.text, S("[cut: the result was longer]")));
	free(big);
	arena_free(a);
}

static void tool_invoke__too_long_arguments__are_refused(void **state UNUSED)
{
	struct buf b = BUF_INIT(TOOL_ARGS_MAX * 2);
	struct arena *a = arena_new(8 << 20, NULL);
	struct seen s = {0};
	struct tool t = make_tool(&s);
	struct tool_result r;
	struct err log;

	buf_adds(&b, "{\"title\":\"");
	while (b.n < TOOL_ARGS_MAX)
		buf_adds(&b, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	buf_adds(&b, "\"}");
	assert_int_equal(tool_invoke(&t, &who, S("c"), buf_slice(&b), a, NULL, NULL, NULL, &r, &log), RC_OK);
	assert_true(r.is_error);
	assert_int_equal(s.calls, 0);
	buf_release(&b);
	arena_free(a);
}

/* What is said of a name is cut to a length in bytes. */
static void tool_invoke__a_long_name__is_not_cut_within_a_character(void **state UNUSED)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct seen s = {0};
	struct tool t = make_tool(&s);
	struct tool_result r;
	struct err log;

	for (size_t n = 60; n < 68; n++) {
		struct buf args = BUF_INIT(1000);

		buf_adds(&args, "{\"");
		while (args.n < n)
			buf_addch(&args, 'a');
		buf_adds(&args, "\xf0\x9f\x8d\x8e\":1}");
		assert_int_equal(tool_invoke(&t, &who, S("c"), buf_slice(&args), a, NULL, NULL, NULL, &r, &log), RC_OK);
		assert_true(r.not_called && utf8_valid(r.text));
		assert_true(slice_find(r.text, S("there is no parameter 'aaa")) >= 0);
		buf_release(&args);
	}
	arena_free(a);
}

static void tool_schema_shown__bound_parameters__are_not_in_it(void **state UNUSED)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct tool t = {.spec = {.schema = S("{\"type\":\"object\",\"properties\":{\"user_id\":{\"type\":\"string\"},\"t\":{\"type\":\"string\"}},"
					      "\"required\":[\"t\",\"user_id\"],\"x\":1.50}")},
			 .binds = binds,
			 .n_binds = 1};

	assert_true(slice_is(tool_schema_shown(a, &t),
			     "{\"type\":\"object\",\"properties\":{\"t\":{\"type\":\"string\"}},\"required\":[\"t\"],\"x\":1.50}"));
	t.n_binds = 0;
	assert_true(slice_eq(tool_schema_shown(a, &t), t.spec.schema));
	t.spec.schema = SLICE_NONE;
	assert_true(slice_is(tool_schema_shown(a, &t), "{\"type\":\"object\",\"properties\":{}}"));
	t.n_binds = 1;
	t.spec.schema = S("no JSON");
	assert_true(slice_is(tool_schema_shown(a, &t), "{\"type\":\"object\",\"properties\":{}}"));
	arena_free(a);
}

static void toolset_add__names__are_checked_and_unique(void **state UNUSED)
{
	static const struct {
		const char *name;
		bool ok;
	} rows[] = {
		{"add_task", true}, {"A-1", true}, {"add_task", false}, {"", false}, {"a b", false}, {"a.b", false}, {"\xc3\xa9", false},
		{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", true},
		{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", false},
	};
	struct arena *a = arena_new(1 << 20, NULL);
	struct tool *t = arena_alloc(a, countof(rows) * sizeof(*t)), *more = arena_alloc(a, TOOLSET_MAX * sizeof(*more));
	struct toolset s;
	struct err e;

	toolset_init(&s, a);
	for (size_t i = 0; i < countof(rows); i++) {
		t[i].spec.name = slice_cstr(rows[i].name);
		assert_int_equal(toolset_add(&s, &t[i], &e), rows[i].ok ? RC_OK : RC_CONF);
	}
	assert_ptr_equal(toolset_find(&s, S("A-1")), &t[1]);
	assert_null(toolset_find(&s, S("nope")));
	assert_true(slice_starts(toolset_names(&s, a), S("add_task, A-1, xxx")));
	for (int i = 0; i < TOOLSET_MAX; i++) {
		more[i].spec.name = arena_printf(a, "t%d", i);
		assert_int_equal(toolset_add(&s, &more[i], &e), i < TOOLSET_MAX - 3 ? RC_OK : RC_CONF);
	}
	arena_free(a);
}

static void tool_invoke__of_the_page__parks_with_checked_arguments(void **state UNUSED)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct tool t = {.spec = {.name = S("pick"), .schema = schema}, .where = TOOL_CLIENT};
	struct tool_result r;
	struct err log;

	assert_int_equal(tool_invoke(&t, &who, S("c1"), S("{\"user_id\":\"u\",\"title\": 5 }"), a, NULL, NULL, NULL, &r, &log), RC_OK);
	assert_true(r.parks && !r.is_error);
	assert_true(slice_is(r.args, "{\"user_id\":\"u\",\"title\":\"5\"}"));
	assert_int_equal(tool_invoke(&t, &who, S("c2"), S("{}"), a, NULL, NULL, NULL, &r, &log), RC_OK);
	assert_true(r.is_error && !r.parks);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tool_invoke__of_the_page__parks_with_checked_arguments),
		cmocka_unit_test(tool_invoke__arguments__are_checked_mended_and_injected),
		cmocka_unit_test(tool_invoke__further_arguments__are_checked),
		cmocka_unit_test(tool_invoke__what_the_tool_returns__is_told_to_the_right_reader),
		cmocka_unit_test(tool_invoke__result_text__is_capped_mended_and_never_empty),
		cmocka_unit_test(tool_invoke__too_long_arguments__are_refused),
		cmocka_unit_test(tool_invoke__a_long_name__is_not_cut_within_a_character),
		cmocka_unit_test(tool_schema_shown__bound_parameters__are_not_in_it),
		cmocka_unit_test(toolset_add__names__are_checked_and_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
