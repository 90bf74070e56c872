/* SPDX-License-Identifier: MIT */
/* .widget files: what is read of them, what is refused, and the samples of deploy/widgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chatkit/widget_file.h"

#include <glob.h>

static enum rc read(struct arena *a, const char *text, struct widget_file *out, struct err *e)
{
	*e = ERR_INIT;
	return widget_file_read(a, slice_cstr(text), out, e);
}

static void read__a_whole_file__gives_its_parts(void **state)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct buf out = BUF_INIT(1000);
	struct widget_file f;
	struct err e;

	(void)state;
	assert_int_equal(read(a,
			      "{\"version\":\"1.0\",\"name\":\"Channel message (2)\",\"template\":\"{{ 1 }}\\n\",\"jsonSchema\":{\"type\":\"object\", \"properties\":{}, "
			      "\"required\":[]},\"outputJsonPreview\":{\"type\" : \"Card\"},\"encodedWidget\":\"eyJ\",\"more\":1}",
			      &f, &e),
			 RC_OK);
	assert_true(slice_is(f.name, "channel_message_2"));
	assert_true(slice_is(f.title, "Channel message (2)"));
	assert_true(slice_is(f.schema, "{\"type\":\"object\",\"properties\":{},\"required\":[]}"));
	assert_true(slice_is(f.preview, "{\"type\":\"Card\"}"));
	assert_int_equal(template_render(f.template, a, NULL, &out, &e), RC_OK);
	assert_true(slice_is(buf_slice(&out), "1"));
	buf_release(&out);
	arena_free(a);
}

static void read__the_least__is_enough(void **state)
{
	static const char *const texts[] = {
		"{\"name\":\"x\",\"template\":\"\"}",
		"{\"version\":\"1.0\",\"name\":\"x\",\"template\":\"\",\"jsonSchema\":null,\"outputJsonPreview\":null}",
		"{\"version\":\"1.0\",\"name\":\"X\",\"template\":\"\",\"jsonSchema\":{}}",
	};
	struct arena *a = arena_new(1 << 20, NULL);
	struct widget_file f;
	struct err e;

	(void)state;
	for (size_t i = 0; i < countof(texts); i++) {
		assert_int_equal(read(a, texts[i], &f, &e), RC_OK);
		assert_true(slice_is(f.name, "x"));
		assert_true(slice_is(f.schema, "{\"type\":\"object\",\"properties\":{}}"));
		assert_int_equal(f.preview.n, 0);
	}
	arena_free(a);
}

static void read__what_is_wrong__is_named(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"", "not JSON: unexpected byte (byte 0)"},
		{"[]", "expected an object (byte 0)"},
		{"{\"template\":\"\"}", "name: missing"},
		{"{\"name\":\"x\"}", "template: missing"},
		{"{\"name\":1,\"template\":\"\"}", "name: expected string"},
		{"{\"name\":\"\xc3\xa9!\",\"template\":\"\"}", "name: expected a name with a letter (a to z) or a digit"},
		{"{\"name\":\"x\",\"template\":[]}", "template: expected string"},
		{"{\"version\":\"2.0\",\"name\":\"x\",\"template\":\"\"}", "version: expected \"1.0\""},
		{"{\"name\":\"x\",\"template\":\"\",\"jsonSchema\":[]}", "jsonSchema: expected object"},
		{"{\"name\":\"x\",\"template\":\"\",\"jsonSchema\":{\"type\":\"array\"}}", "jsonSchema.type: expected \"object\": a template's data has names"},
		{"{\"name\":\"x\",\"template\":\"\",\"jsonSchema\":{\"properties\":{}}}", "jsonSchema.type: missing"},
		{"{\"name\":\"x\",\"template\":\"\",\"outputJsonPreview\":\"\"}", "outputJsonPreview: expected object"},
		{"{\"name\":\"x\",\"template\":\"a\\n{{ b|frob }}\"}", "template, line 2, column 6: unknown filter 'frob'"},
	};
	struct arena *a = arena_new(1 << 20, NULL);
	struct widget_file f;
	struct err e;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		assert_int_equal(read(a, rows[i].text, &f, &e), RC_BAD);
		assert_string_equal(e.user, e.msg);
		if (i >= 2)
			assert_string_equal(e.msg, rows[i].want);
	}
	arena_free(a);
}

static void read__too_long__is_refused(void **state)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct widget_file f;
	struct err e = ERR_INIT;
	char *text = xalloc(WIDGET_FILE_MAX + 1);

	(void)state;
	memset(text, ' ', WIDGET_FILE_MAX + 1);
	assert_int_equal(widget_file_read(a, slice_mem(text, WIDGET_FILE_MAX + 1), &f, &e), RC_TOO_LARGE);
	free(text);
	arena_free(a);
}

static void read__into_an_arena_without_room__is_refused(void **state)
{
	static const char text[] = "{\"name\":\"x\",\"template\":\"{{ a }} and {{ b }}\",\"jsonSchema\":{\"type\":\"object\"},\"outputJsonPreview\":{\"type\":\"Card\"}}";
	struct widget_file f;
	struct err e;
	enum rc rc = RC_TOO_LARGE;

	(void)state;
	for (size_t cap = 16; rc != RC_OK; cap += 16) {
		struct arena *a = arena_new(cap, NULL);

		rc = read(a, text, &f, &e);
		assert_true(rc == RC_OK || rc == RC_TOO_LARGE);
		arena_free(a);
		assert_true(cap < 100000);
	}
}

static void name__of_any_title__fits_a_tool(void **state)
{
	static const struct {
		const char *title, *want;
	} rows[] = {
		{"Task list", "task_list"}, {"task_list", "task_list"}, {"  A--B  ", "a_b"}, {"Gr\xc3\xbc\xc3\x9f" "e", "gr_e"}, {"\xc3\xa9", ""}, {"", ""}, {"_", ""}, {"9", "9"},
		{"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff", "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffff"},
	};
	struct arena *a = arena_new(1 << 20, NULL);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		assert_true(slice_is(widget_file_name(a, slice_cstr(rows[i].title)), rows[i].want));
	arena_free(a);
}

/* ---- deploy/widgets ---- */

static struct slice load(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = arena_alloc(a, 65536);
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, 65536, f);
	assert_true(n > 0 && n < 65536);
	fclose(f);
	return slice_mem(text, n);
}

/* deploy/widgets/x.widget: the data that its preview was made of is tests/templates/widgets/x.json. */
static const char *data_of(struct arena *a, const char *path)
{
	struct slice name = slice_cstr(strrchr(path, '/') + 1);

	return arena_printf(a, "tests/templates/widgets/%.*s.json", SLICE_ARG(slice_upto(name, name.n - strlen(".widget")))).p;
}

static void show(struct arena *a, const char *path)
{
	struct guard_limits limits = GUARD_CLIENT;
	struct slice text = load(a, path), data = load(a, data_of(a, path));
	struct buf out = BUF_INIT(65536);
	struct err e = ERR_INIT;
	struct widget_file f;
	struct json_doc *doc;
	struct json_at root;

	if (widget_file_read(a, text, &f, &e) != RC_OK)
		fail_msg("%s: %s", path, e.msg);
	assert_int_equal(json_parse(a, data, &limits, &doc, &e), RC_OK);
	root = json_root(doc);
	if (template_render(f.template, a, &root, &out, &e) != RC_OK)
		fail_msg("%s: %s", path, e.msg);
	if (json_parse(a, buf_slice(&out), &limits, &doc, &e) != RC_OK)
		fail_msg("%s: %s: %s", path, e.msg, buf_slice(&out).p);
	root = json_root(doc);
	/* Numbers keep their spelling, so equal widgets are equal texts. */
	assert_string_equal(arena_cstr(a, json_text(&root)), arena_cstr(a, f.preview));
	buf_release(&out);
}

static void samples__each__renders_to_its_preview(void **state)
{
	struct arena *a = arena_new(16 << 20, NULL);
	glob_t found;

	(void)state;
	assert_int_equal(glob("deploy/widgets/*.widget", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 3);
	for (size_t i = 0; i < found.gl_pathc; i++)
		show(a, found.gl_pathv[i]);
	globfree(&found);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read__a_whole_file__gives_its_parts), cmocka_unit_test(read__the_least__is_enough),
		cmocka_unit_test(read__what_is_wrong__is_named), cmocka_unit_test(read__too_long__is_refused),
		cmocka_unit_test(read__into_an_arena_without_room__is_refused), cmocka_unit_test(name__of_any_title__fits_a_tool),
		cmocka_unit_test(samples__each__renders_to_its_preview),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
