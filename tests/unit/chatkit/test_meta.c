/* SPDX-License-Identifier: MIT */
/* What a tool's result asks to be shown; a wrong member costs only itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chatkit/meta.h"

static struct ck_shown read(struct arena *a, const char *json, const char *warnings)
{
	struct buf w = BUF_INIT(1 << 14);
	struct err e = ERR_INIT;
	struct ck_shown out;

	assert_int_equal(ck_meta_read(a, slice_cstr(json), &out, &w, &e), RC_OK);
	assert_string_equal(buf_slice(&w).p, warnings);
	buf_release(&w);
	return out;
}

static void members__are_read(void **state)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct ck_shown m;

	(void)state;
	m = read(a,
		 "{\"other\":5,\"chatkit/message\":\"hi\",\"chatkit/widget\":{\"type\":\"Card\",\"children\":[]},\"chatkit/copyText\":\"c\","
		 "\"chatkit/hiddenContext\":{\"a\":null},\"chatkit/title\":\" T\\nx\",\"chatkit/threadStatus\":\"locked\",\"chatkit/notice\":\"n\",\"chatkit/stop\":true,"
		 "\"chatkit/updatedItem\":{\"type\":\"widget\",\"x\":1},\"chatkit/items\":[{\"type\":\"future\"},{\"type\":\"task\"}]}",
		 "");
	assert_true(slice_is(m.message, "hi"));
	assert_true(slice_is(m.widget, "{\"type\":\"Card\",\"children\":[]}"));
	assert_true(slice_is(m.copy_text, "c"));
	assert_true(slice_is(m.hidden_context, "{\"a\":null}"));
	assert_true(slice_is(m.title, "T"));
	assert_true(slice_is(m.status, "{\"type\":\"locked\"}"));
	assert_true(slice_is(m.notice, "n"));
	assert_string_equal(m.notice_level, "info");
	assert_true(m.stop);
	assert_true(slice_is(m.updated_item, "{\"type\":\"widget\",\"x\":1}"));
	assert_int_equal(m.n_items, 2);
	assert_true(slice_is(m.items[1], "{\"type\":\"task\"}"));

	m = read(a,
		 "{\"chatkit/message\":{\"text\":\"hi\"},\"chatkit/widget\":{\"template\":\"w\",\"data\":{}},\"chatkit/hiddenContext\":\"h\","
		 "\"chatkit/threadStatus\":{\"type\":\"closed\",\"reason\":\"r\"},\"chatkit/notice\":{\"level\":\"danger\",\"title\":\"t\",\"message\":\"m\"},"
		 "\"chatkit/items\":{\"type\":\"task\"},\"chatkit/stop\":false,\"chatkit/title\":null}",
		 "");
	assert_true(slice_is(m.message, "hi"));
	assert_true(slice_is(m.widget, "{\"template\":\"w\",\"data\":{}}"));
	assert_true(slice_is(m.hidden_context, "\"h\""));
	assert_true(slice_is(m.status, "{\"type\":\"closed\",\"reason\":\"r\"}"));
	assert_string_equal(m.notice_level, "danger");
	assert_true(slice_is(m.notice_title, "t"));
	assert_int_equal(m.n_items, 1);
	assert_false(m.stop);

	m = read(a, "", "");
	assert_null(m.notice_level);
	arena_free(a);
}

static void effects_and_sources__one_or_many(void **state)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct ck_shown m;

	(void)state;
	m = read(a, "{\"chatkit/effects\":[{\"name\":\"a\"},{\"name\":\"b\",\"data\":{\"k\":null}}]}", "");
	assert_int_equal(m.n_effects, 2);
	assert_true(slice_is(m.effects[0].data, "{}"));
	assert_true(slice_is(m.effects[1].data, "{\"k\":null}"));
	m = read(a, "{\"chatkit/effects\":{\"name\":\"a\",\"data\":[]}}", "chatkit/effects: data: expected an object\n");
	assert_int_equal(m.n_effects, 1);

	m = read(a,
		 "{\"chatkit/sources\":[{\"type\":\"url\",\"url\":\"https://a/\",\"title\":\"A\",\"text\":\"as A says\"},{\"filename\":\"f.pdf\"},"
		 "{\"type\":\"entity\",\"id\":\"e\",\"icon\":\"nonsense\",\"interactive\":true,\"data\":{\"x\":1},\"label\":\"L\",\"inline_label\":\"I\"},{\"url\":\"http://b/\"},{\"id\":\"z\"}]}",
		 "");
	assert_int_equal(m.n_sources, 5);
	assert_true(slice_is(m.sources[0].after, "as A says"));
	assert_int_equal(m.sources[0].source.kind, CK_SOURCE_URL);
	assert_int_equal(m.sources[1].source.kind, CK_SOURCE_FILE);
	assert_int_equal(m.sources[2].source.kind, CK_SOURCE_ENTITY);
	assert_int_equal(m.sources[2].source.icon.n, 0);
	assert_true(m.sources[2].source.interactive);
	assert_true(slice_is(m.sources[2].source.data, "{\"x\":1}"));
	assert_int_equal(m.sources[3].source.kind, CK_SOURCE_URL);
	assert_int_equal(m.sources[4].source.kind, CK_SOURCE_ENTITY);
	arena_free(a);
}

static void tasks__of_every_kind(void **state)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct ck_shown m;

	(void)state;
	m = read(a, "{\"chatkit/task\":{\"title\":\"T\",\"icon\":\"bolt\",\"content\":\"c\"}}", "");
	assert_true(m.has_task && !m.no_task);
	assert_int_equal(m.task.kind, CK_TASK_CUSTOM);
	assert_true(slice_is(m.task.icon, "bolt"));
	m = read(a,
		 "{\"chatkit/task\":{\"type\":\"web_search\",\"title_query\":\"q\",\"queries\":[\"one\",2],\"sources\":[{\"type\":\"url\",\"url\":\"https://a/\"},"
		 "{\"type\":\"file\",\"filename\":\"x\"}]}}",
		 "chatkit/task: a source of another kind\n");
	assert_int_equal(m.task.kind, CK_TASK_WEB_SEARCH);
	assert_int_equal(m.task.n_queries, 1);
	assert_int_equal(m.task.n_sources, 1);
	m = read(a, "{\"chatkit/task\":{\"type\":\"file\",\"sources\":[{\"type\":\"file\",\"filename\":\"x\"}]}}", "");
	assert_int_equal(m.task.n_sources, 1);
	m = read(a, "{\"chatkit/task\":false}", "");
	assert_true(m.no_task && !m.has_task);
	m = read(a, "{\"chatkit/task\":true}", "chatkit/task: expected an object, or false\n");
	assert_false(m.no_task || m.has_task);
	arena_free(a);
}

static void a_wrong_member__costs_only_itself(void **state)
{
	static const struct {
		const char *in, *warnings;
	} rows[] = {
		{"[]", "_meta: expected an object (byte 0)\n"},
		{"{\"chatkit/message\":5}", "chatkit/message: expected a text\n"},
		{"{\"chatkit/message\":{\"text\":5}}", "chatkit/message: expected a text\n"},
		{"{\"chatkit/message\":\" \"}", "chatkit/message: expected a text\n"},
		{"{\"chatkit/widget\":[]}", "chatkit/widget: expected an object with a type\n"},
		{"{\"chatkit/widget\":{\"type\":5}}", "chatkit/widget: expected an object with a type\n"},
		{"{\"chatkit/copyText\":{}}", "chatkit/copyText: expected a text\n"},
		{"{\"chatkit/effects\":[{\"name\":\"\"},5]}", "chatkit/effects: expected an object with a name\nchatkit/effects: expected an object with a name\n"},
		{"{\"chatkit/sources\":[{\"type\":\"url\",\"url\":\"javascript:x\"},{\"type\":\"moon\",\"url\":\"https://a/\"}]}",
		 "chatkit/sources: expected a url (http or https), a filename or an entity's id\nchatkit/sources: expected a url (http or https), a filename or an entity's id\n"},
		{"{\"chatkit/threadStatus\":\"open\"}", "chatkit/threadStatus: expected 'active', 'locked' or 'closed'\n"},
		{"{\"chatkit/notice\":{\"level\":\"info\"}}", "chatkit/notice: expected a text\n"},
		{"{\"chatkit/stop\":1}", "chatkit/stop: expected a boolean\n"},
		{"{\"chatkit/updatedItem\":{\"id\":\"x\"}}", "chatkit/updatedItem: expected an object with a type\n"},
		{"{\"chatkit/items\":[7,{\"type\":\"task\"}]}", "chatkit/items: expected an object with a type\n"},
		{"{\"chatkit/wigdet\":{},\"other/x\":1}", "chatkit/wigdet: unknown\n"},
		{"{\"chatkit/title\":[]}", "chatkit/title: expected a text\n"},
	};
	struct arena *a = arena_new(1 << 20, NULL);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct ck_shown m = read(a, rows[i].in, rows[i].warnings);

		assert_true(m.message.n + m.widget.n + m.copy_text.n + m.status.n + m.n_effects + m.n_sources + m.title.n + m.updated_item.n == 0);
		assert_null(m.notice_level);
	}
	/* What stands beside it is read. */
	assert_true(slice_is(read(a, "{\"chatkit/widget\":1,\"chatkit/message\":\"m\"}", "chatkit/widget: expected an object with a type\n").message, "m"));
	arena_free(a);
}

static void too_many__keep_the_first(void **state)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct buf b = BUF_INIT(1 << 16);
	struct ck_shown m;

	(void)state;
	buf_adds(&b, "{\"chatkit/items\":[");
	for (int i = 0; i < CK_ITEMS_MAX + 1; i++)
		buf_addf(&b, "%s{\"type\":\"t%d\"}", i ? "," : "", i);
	buf_adds(&b, "]}");
	m = read(a, b.p, "chatkit/items: too many, the last are left out\n");
	assert_int_equal(m.n_items, CK_ITEMS_MAX);
	assert_true(slice_is(m.items[0], "{\"type\":\"t0\"}"));
	buf_clear(&b);

	buf_adds(&b, "{\"chatkit/message\":\"");
	for (int i = 0; i < 5; i++)
		buf_adds(&b, "0123456789");
	buf_adds(&b, "\"}");
	assert_int_equal(read(a, b.p, "").message.n, 50);
	buf_release(&b);
	arena_free(a);
}

static void size__has_a_limit(void **state)
{
	struct arena *a = arena_new(32 << 20, NULL), *small = arena_new(1 << 12, NULL);
	struct buf b = BUF_INIT(4 << 20);
	struct err e = ERR_INIT;
	struct ck_shown m;

	(void)state;
	buf_adds(&b, "{\"chatkit/message\":\"");
	while (b.n < CK_SHOWN_TEXT_MAX + 100)
		buf_adds(&b, "0123456789");
	buf_adds(&b, "\"}");
	assert_int_equal(read(a, b.p, "chatkit/message: too long\n").message.n, 0);
	assert_int_equal(ck_meta_read(small, buf_slice(&b), &m, NULL, &e), RC_TOO_LARGE);

	buf_clear(&b);
	buf_adds(&b, "{\"chatkit/widget\":{\"type\":\"");
	while (b.n < CK_SHOWN_JSON_MAX + 100)
		buf_adds(&b, "0123456789");
	buf_adds(&b, "\"},\"chatkit/stop\":true}");
	m = read(a, b.p, "chatkit/widget: too large\n");
	assert_int_equal(m.widget.n, 0);
	assert_true(m.stop);
	buf_release(&b);
	arena_free(a);
	arena_free(small);
}

static void is_widget__by_its_root(void **state)
{
	(void)state;
	assert_true(ck_is_widget(S("{\"type\":\"Card\",\"children\":[]}")));
	assert_true(ck_is_widget(S("{\"children\":[],\"type\":\"ListView\"}")));
	assert_true(ck_is_widget(S("{\"type\":\"Basic\",\"children\":{}}")));
	assert_false(ck_is_widget(S("{\"type\":\"Card\"}")));
	assert_false(ck_is_widget(S("{\"type\":\"Row\",\"children\":[]}")));
	assert_false(ck_is_widget(S("{\"x\":{\"type\":\"Card\",\"children\":[]}}")));
	assert_false(ck_is_widget(S("[1]")));
	assert_false(ck_is_widget(SLICE_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members__are_read),
		cmocka_unit_test(effects_and_sources__one_or_many),
		cmocka_unit_test(tasks__of_every_kind),
		cmocka_unit_test(a_wrong_member__costs_only_itself),
		cmocka_unit_test(too_many__keep_the_first),
		cmocka_unit_test(size__has_a_limit),
		cmocka_unit_test(is_widget__by_its_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
