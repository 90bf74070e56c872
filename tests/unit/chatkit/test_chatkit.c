/* SPDX-License-Identifier: MIT */
/* ChatKit's pure parts: items, events and pages out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chatkit/event.h"
#include "chatkit/item.h"
#include "chatkit/page.h"

static const struct ck_meta meta = {S_INIT("msg_1"), S_INIT("thr_1"), 1764261886180370};

static void items__are_serialised_exactly(void **state)
{
	struct ck_input *in = xalloc(sizeof(*in));
	struct ck_task tasks[] = {{.title = S_INIT("Look"), .status = CK_STATUS_LOADING}, {.title = S_INIT("Add"), .content = S_INIT("ok"), .status = CK_STATUS_COMPLETE}};
	struct buf b = BUF_INIT(1 << 16);

	(void)state;
	in->parts[0].text = S("hi \"you\"");
	in->n_parts = 1;
	in->has_quoted = true;
	ck_user_message(&b, &meta, in, SLICE_NONE);
	assert_string_equal(b.p, "{\"id\":\"msg_1\",\"thread_id\":\"thr_1\",\"created_at\":\"2025-11-27T16:44:46.180370Z\",\"type\":\"user_message\","
				 "\"content\":[{\"type\":\"input_text\",\"text\":\"hi \\\"you\\\"\"}],\"attachments\":[],\"quoted_text\":\"\",\"inference_options\":{}}");
	buf_clear(&b);
	ck_assistant_message(&b, &meta, S("yes"), true);
	assert_string_equal(b.p, "{\"id\":\"msg_1\",\"thread_id\":\"thr_1\",\"created_at\":\"2025-11-27T16:44:46.180370Z\",\"type\":\"assistant_message\","
				 "\"content\":[{\"type\":\"output_text\",\"text\":\"yes\",\"annotations\":[]}]}");
	buf_clear(&b);
	ck_workflow(&b, &meta, tasks, 2);
	assert_string_equal(b.p, "{\"id\":\"msg_1\",\"thread_id\":\"thr_1\",\"created_at\":\"2025-11-27T16:44:46.180370Z\",\"type\":\"workflow\","
				 "\"workflow\":{\"type\":\"custom\",\"tasks\":[{\"type\":\"custom\",\"status_indicator\":\"loading\",\"title\":\"Look\"},"
				 "{\"type\":\"custom\",\"status_indicator\":\"complete\",\"title\":\"Add\",\"content\":\"ok\"}],\"expanded\":false}}");
	buf_release(&b);
	free(in);
}

static void workflow__cut_off__has_no_loading_task(void **state)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct ck_task tasks[] = {{.title = S_INIT("Look"), .status = CK_STATUS_LOADING}, {.title = S_INIT("Add"), .content = S_INIT("ok"), .status = CK_STATUS_COMPLETE}};
	struct buf in = BUF_INIT(1 << 16), out = BUF_INIT(1 << 16);

	(void)state;
	ck_workflow(&in, &meta, tasks, 2);
	ck_workflow_interrupt(a, &out, buf_slice(&in));
	assert_true(slice_find(buf_slice(&out), S("loading")) < 0);
	assert_true(slice_find(buf_slice(&out), S("\"status_indicator\":\"none\",\"title\":\"Look\",\"content\":\"Interrupted.\"")) >= 0);
	assert_true(slice_find(buf_slice(&out), S("\"status_indicator\":\"complete\",\"title\":\"Add\",\"content\":\"ok\"")) >= 0);

	buf_clear(&out);
	ck_workflow_interrupt(a, &out, S("{\"type\":\"future\",\"x\":1.0}"));
	assert_string_equal(out.p, "{\"type\":\"future\",\"x\":1.0}");
	buf_release(&in);
	buf_release(&out);
	arena_free(a);
}

static void events__are_one_data_line(void **state)
{
	static const struct {
		struct ck_event ev;
		const char *want;
	} rows[] = {
		{{.kind = CK_TEXT_DELTA, .item_id = S_INIT("msg_1"), .text = S_INIT("a\"\n\xe2\x82\xac")},
		 "data: {\"type\":\"thread.item.updated\",\"item_id\":\"msg_1\",\"update\":{\"type\":\"assistant_message.content_part.text_delta\","
		 "\"content_index\":0,\"delta\":\"a\\\"\\n\xe2\x82\xac\"}}\n\n"},
		{{.kind = CK_PART_ADDED, .item_id = S_INIT("msg_1")},
		 "data: {\"type\":\"thread.item.updated\",\"item_id\":\"msg_1\",\"update\":{\"type\":\"assistant_message.content_part.added\",\"content_index\":0,"
		 "\"content\":{\"type\":\"output_text\",\"text\":\"\",\"annotations\":[]}}}\n\n"},
		{{.kind = CK_STREAM_OPTIONS, .flag = true}, "data: {\"type\":\"stream_options\",\"stream_options\":{\"allow_cancel\":true}}\n\n"},
		{{.kind = CK_ERROR, .code = "custom", .text = S_INIT("No."), .flag = true},
		 "data: {\"type\":\"error\",\"code\":\"custom\",\"message\":\"No.\",\"allow_retry\":true}\n\n"},
		{{.kind = CK_ERROR}, "data: {\"type\":\"error\",\"code\":\"stream.error\",\"allow_retry\":false}\n\n"},
		{{.kind = CK_TASK_UPDATED, .item_id = S_INIT("wf_1"), .index = 2, .json = S_INIT("{}")},
		 "data: {\"type\":\"thread.item.updated\",\"item_id\":\"wf_1\",\"update\":{\"type\":\"workflow.task.updated\",\"task_index\":2,\"task\":{}}}\n\n"},
		{{.kind = CK_ITEM_REMOVED, .item_id = S_INIT("msg_1")}, "data: {\"type\":\"thread.item.removed\",\"item_id\":\"msg_1\"}\n\n"},
		{{.kind = CK_NOTICE, .level = "warning", .text = S_INIT("x")}, "data: {\"type\":\"notice\",\"level\":\"warning\",\"message\":\"x\"}\n\n"},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct buf b = BUF_INIT(1 << 16);

		ck_event_sse(&b, &rows[i].ev);
		assert_string_equal(b.p, rows[i].want);
		buf_release(&b);
	}
}

static void thread__null_members_are_left_out(void **state)
{
	struct ck_thread t = {.id = S("thr_1"), .created_us = 1764261886180370};
	struct slice bodies[] = {S("{\"id\":\"a\"}"), S("{\"id\":\"b\"}")};
	struct ck_page page = {bodies, 2, true, S("b")};
	struct buf b = BUF_INIT(1 << 16);

	(void)state;
	ck_thread_json(&b, &t, NULL);
	assert_string_equal(b.p, "{\"id\":\"thr_1\",\"created_at\":\"2025-11-27T16:44:46.180370Z\",\"status\":{\"type\":\"active\"},\"metadata\":{},"
				 "\"items\":{\"data\":[],\"has_more\":false}}");
	buf_clear(&b);
	ck_page_json(&b, &page);
	assert_string_equal(b.p, "{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}],\"has_more\":true,\"after\":\"b\"}");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items__are_serialised_exactly),
		cmocka_unit_test(workflow__cut_off__has_no_loading_task),
		cmocka_unit_test(events__are_one_data_line),
		cmocka_unit_test(thread__null_members_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
