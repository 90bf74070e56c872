/* SPDX-License-Identifier: MIT */
/* Every item as it is sent, every event around it, and what is done to stored ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chatkit/event.h"
#include "chatkit/item.h"

static const struct ck_meta meta = {S_INIT("x_1"), S_INIT("thr_1"), 1764261886180370};
#define HEAD(type) "{\"id\":\"x_1\",\"thread_id\":\"thr_1\",\"created_at\":\"2025-11-27T16:44:46.180370Z\",\"type\":\"" type "\""

static struct buf out;

/* What was written to out since the last time. */
static void wrote(const char *want)
{
	assert_true(buf_ok(&out));
	assert_string_equal(buf_slice(&out).p, want);
	buf_clear(&out);
}

static int setup(void **state)
{
	(void)state;
	buf_init(&out, 1 << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_release(&out);
	return 0;
}

static void sources__leave_nothing_out_that_is_wanted(void **state)
{
	const struct ck_annotation an[] = {
		{{.kind = CK_SOURCE_URL, .title = S("T"), .url = S("https://a/"), .attribution = S("A"), .description = S("D"), .timestamp = S("2025"), .group = S("G")}, 3},
		{{.kind = CK_SOURCE_FILE, .filename = S("a.pdf")}, -1},
		{{.kind = CK_SOURCE_ENTITY, .id = S("e1"), .icon = S("star"), .label = S("L"), .inline_label = S("I"), .interactive = true, .data = S("{\"k\":null}")}, 0},
		{{.kind = CK_SOURCE_ENTITY, .id = S("e2")}, -1},
	};

	(void)state;
	ck_annotations_json(&out, an, 4);
	wrote("[{\"type\":\"annotation\",\"source\":{\"title\":\"T\",\"description\":\"D\",\"timestamp\":\"2025\",\"group\":\"G\",\"type\":\"url\","
	      "\"url\":\"https://a/\",\"attribution\":\"A\"},\"index\":3},"
	      "{\"type\":\"annotation\",\"source\":{\"title\":\"a.pdf\",\"type\":\"file\",\"filename\":\"a.pdf\"}},"
	      "{\"type\":\"annotation\",\"source\":{\"title\":\"e1\",\"type\":\"entity\",\"id\":\"e1\",\"icon\":\"star\",\"label\":\"L\",\"inline_label\":\"I\","
	      "\"interactive\":true,\"data\":{\"k\":null}},\"index\":0},"
	      "{\"type\":\"annotation\",\"source\":{\"title\":\"e2\",\"type\":\"entity\",\"id\":\"e2\",\"interactive\":false,\"data\":{}}}]");
	ck_annotation_json(&out, &an[1]);
	wrote("{\"type\":\"annotation\",\"source\":{\"title\":\"a.pdf\",\"type\":\"file\",\"filename\":\"a.pdf\"}}");
	ck_annotations_json(&out, NULL, 0);
	wrote("[]");
}

static void tasks__of_every_kind(void **state)
{
	static const struct slice queries[] = {S_INIT("one"), S_INIT("two")};
	static const struct ck_source urls[] = {{.kind = CK_SOURCE_URL, .title = S_INIT("T"), .url = S_INIT("https://a/")}};
	static const struct ck_source files[] = {{.kind = CK_SOURCE_FILE, .filename = S_INIT("a.pdf")}};
	static const struct {
		struct ck_task task;
		const char *want;
	} rows[] = {
		{{.status = CK_STATUS_NONE}, "{\"type\":\"custom\",\"status_indicator\":\"none\"}"},
		{{.title = S_INIT("T"), .icon = S_INIT("bolt"), .content = S_INIT("c"), .status = CK_STATUS_COMPLETE},
		 "{\"type\":\"custom\",\"status_indicator\":\"complete\",\"title\":\"T\",\"icon\":\"bolt\",\"content\":\"c\"}"},
		{{.kind = CK_TASK_THOUGHT, .status = CK_STATUS_LOADING}, "{\"type\":\"thought\",\"status_indicator\":\"loading\",\"content\":\"\"}"},
		{{.kind = CK_TASK_WEB_SEARCH}, "{\"type\":\"web_search\",\"status_indicator\":\"none\",\"queries\":[],\"sources\":[]}"},
		{{.kind = CK_TASK_WEB_SEARCH, .title = S_INIT("S"), .title_query = S_INIT("q"), .queries = queries, .n_queries = 2, .sources = urls, .n_sources = 1},
		 "{\"type\":\"web_search\",\"status_indicator\":\"none\",\"title\":\"S\",\"title_query\":\"q\",\"queries\":[\"one\",\"two\"],"
		 "\"sources\":[{\"title\":\"T\",\"type\":\"url\",\"url\":\"https://a/\"}]}"},
		{{.kind = CK_TASK_FILE, .sources = files, .n_sources = 1},
		 "{\"type\":\"file\",\"status_indicator\":\"none\",\"sources\":[{\"title\":\"a.pdf\",\"type\":\"file\",\"filename\":\"a.pdf\"}]}"},
		{{.kind = CK_TASK_IMAGE, .title = S_INIT("I")}, "{\"type\":\"image\",\"status_indicator\":\"none\",\"title\":\"I\"}"},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		ck_task_json(&out, &rows[i].task);
		wrote(rows[i].want);
	}
}

static void workflows__with_and_without_summary(void **state)
{
	static const struct ck_task thought = {.kind = CK_TASK_THOUGHT, .content = S_INIT("hm")};

	(void)state;
	ck_flow(&out, &meta, &(struct ck_flow){.reasoning = true});
	wrote(HEAD("workflow") ",\"workflow\":{\"type\":\"reasoning\",\"tasks\":[],\"expanded\":false}}");
	ck_flow(&out, &meta, &(struct ck_flow){.reasoning = true, .tasks = &thought, .n_tasks = 1, .timed = true, .duration_s = 7});
	wrote(HEAD("workflow") ",\"workflow\":{\"type\":\"reasoning\",\"tasks\":[{\"type\":\"thought\",\"status_indicator\":\"none\",\"content\":\"hm\"}],"
			       "\"summary\":{\"duration\":7},\"expanded\":false}}");
	ck_flow(&out, &meta, &(struct ck_flow){.title = S("Done"), .icon = S("check"), .timed = true, .expanded = true});
	wrote(HEAD("workflow") ",\"workflow\":{\"type\":\"custom\",\"tasks\":[],\"summary\":{\"title\":\"Done\",\"icon\":\"check\"},\"expanded\":true}}");
}

static void items__of_every_type(void **state)
{
	struct ck_input *in = xalloc(sizeof(*in));

	(void)state;
	in->has_quoted = true;
	in->quoted = S("q");
	in->model = S("m");
	in->tool_choice = S("t");
	ck_user_message(&out, &meta, in, S("[{\"type\":\"file\",\"id\":\"atc_1\"}]"));
	wrote(HEAD("user_message") ",\"content\":[],\"attachments\":[{\"type\":\"file\",\"id\":\"atc_1\"}],\"quoted_text\":\"q\","
				   "\"inference_options\":{\"model\":\"m\",\"tool_choice\":{\"id\":\"t\"}}}");
	free(in);
	ck_assistant_message(&out, &meta, SLICE_NONE, false);
	wrote(HEAD("assistant_message") ",\"content\":[]}");
	ck_assistant_cited(&out, &meta, S("a"), S("[1]"));
	wrote(HEAD("assistant_message") ",\"content\":[{\"type\":\"output_text\",\"text\":\"a\",\"annotations\":[1]}]}");
	ck_client_tool_call(&out, &meta, &(struct ck_call){.call_id = S("c"), .name = S("n")});
	wrote(HEAD("client_tool_call") ",\"status\":\"pending\",\"call_id\":\"c\",\"name\":\"n\",\"arguments\":{}}");
	ck_client_tool_call(&out, &meta, &(struct ck_call){.call_id = S("c"), .name = S("n"), .arguments = S("{\"a\":null}"), .output = S("null")});
	wrote(HEAD("client_tool_call") ",\"status\":\"completed\",\"call_id\":\"c\",\"name\":\"n\",\"arguments\":{\"a\":null},\"output\":null}");
	ck_widget_item(&out, &meta, S("{\"type\":\"Card\"}"), SLICE_NONE);
	wrote(HEAD("widget") ",\"widget\":{\"type\":\"Card\"}}");
	ck_widget_item(&out, &meta, S("{\"type\":\"Card\"}"), S("copy"));
	wrote(HEAD("widget") ",\"widget\":{\"type\":\"Card\"},\"copy_text\":\"copy\"}");
	ck_generated_image(&out, &meta, SLICE_NONE, SLICE_NONE);
	wrote(HEAD("generated_image") "}");
	ck_generated_image(&out, &meta, S("i"), S("https://a/"));
	wrote(HEAD("generated_image") ",\"image\":{\"id\":\"i\",\"url\":\"https://a/\"}}");
	ck_image_json(&out, S("i"), S("https://a/"));
	wrote("{\"id\":\"i\",\"url\":\"https://a/\"}");
	ck_structured_input(&out, &meta, S("[]"));
	wrote(HEAD("structured_input") ",\"status\":\"pending\",\"inputs\":[]}");
	ck_hidden_context(&out, &meta, S("{\"a\":null}"));
	wrote(HEAD("hidden_context_item") ",\"content\":{\"a\":null}}");
}

#define UPDATE(type) "{\"type\":\"thread.item.updated\",\"item_id\":\"i\",\"update\":{\"type\":\"" type "\""

static void events__of_every_kind(void **state)
{
	static const struct {
		struct ck_event ev;
		const char *want;
	} rows[] = {
		{{.kind = CK_THREAD_CREATED, .json = S_INIT("{}")}, "{\"type\":\"thread.created\",\"thread\":{}}"},
		{{.kind = CK_THREAD_UPDATED, .json = S_INIT("{}")}, "{\"type\":\"thread.updated\",\"thread\":{}}"},
		{{.kind = CK_ITEM_ADDED, .json = S_INIT("{}")}, "{\"type\":\"thread.item.added\",\"item\":{}}"},
		{{.kind = CK_ITEM_DONE, .json = S_INIT("{}")}, "{\"type\":\"thread.item.done\",\"item\":{}}"},
		{{.kind = CK_ITEM_REPLACED, .json = S_INIT("{}")}, "{\"type\":\"thread.item.replaced\",\"item\":{}}"},
		{{.kind = CK_ANNOTATION_ADDED, .item_id = S_INIT("i"), .index = 2, .json = S_INIT("{}")},
		 UPDATE("assistant_message.content_part.annotation_added") ",\"content_index\":0,\"annotation_index\":2,\"annotation\":{}}}"},
		{{.kind = CK_PART_DONE, .item_id = S_INIT("i"), .text = S_INIT("t")},
		 UPDATE("assistant_message.content_part.done") ",\"content_index\":0,\"content\":{\"type\":\"output_text\",\"text\":\"t\",\"annotations\":[]}}}"},
		{{.kind = CK_PART_DONE, .item_id = S_INIT("i"), .text = S_INIT("t"), .json = S_INIT("[1]")},
		 UPDATE("assistant_message.content_part.done") ",\"content_index\":0,\"content\":{\"type\":\"output_text\",\"text\":\"t\",\"annotations\":[1]}}}"},
		{{.kind = CK_TASK_ADDED, .item_id = S_INIT("i"), .index = 1, .json = S_INIT("{}")}, UPDATE("workflow.task.added") ",\"task_index\":1,\"task\":{}}}"},
		{{.kind = CK_WIDGET_ROOT, .item_id = S_INIT("i"), .json = S_INIT("{}")}, UPDATE("widget.root.updated") ",\"widget\":{}}}"},
		{{.kind = CK_WIDGET_COMPONENT, .item_id = S_INIT("i"), .name = S_INIT("c"), .json = S_INIT("{}")},
		 UPDATE("widget.component.updated") ",\"component_id\":\"c\",\"component\":{}}}"},
		{{.kind = CK_WIDGET_TEXT, .item_id = S_INIT("i"), .name = S_INIT("c"), .text = S_INIT("d")},
		 UPDATE("widget.streaming_text.value_delta") ",\"component_id\":\"c\",\"delta\":\"d\",\"done\":false}}"},
		{{.kind = CK_IMAGE_UPDATED, .item_id = S_INIT("i"), .json = S_INIT("{}"), .progress = 0.25},
		 UPDATE("generated_image.updated") ",\"image\":{},\"progress\":0.25}}"},
		{{.kind = CK_IMAGE_UPDATED, .item_id = S_INIT("i"), .json = S_INIT("{}"), .progress = -1}, UPDATE("generated_image.updated") ",\"image\":{}}}"},
		{{.kind = CK_PROGRESS, .text = S_INIT("t"), .name = S_INIT("bolt")}, "{\"type\":\"progress_update\",\"text\":\"t\",\"icon\":\"bolt\"}"},
		{{.kind = CK_PROGRESS, .text = S_INIT("t")}, "{\"type\":\"progress_update\",\"text\":\"t\"}"},
		{{.kind = CK_CLIENT_EFFECT, .name = S_INIT("e"), .json = S_INIT("{\"a\":1}")}, "{\"type\":\"client_effect\",\"name\":\"e\",\"data\":{\"a\":1}}"},
		{{.kind = CK_CLIENT_EFFECT, .name = S_INIT("e")}, "{\"type\":\"client_effect\",\"name\":\"e\",\"data\":{}}"},
		{{.kind = CK_NOTICE, .text = S_INIT("m"), .name = S_INIT("t")}, "{\"type\":\"notice\",\"level\":\"info\",\"message\":\"m\",\"title\":\"t\"}"},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		ck_event_json(&out, &rows[i].ev);
		wrote(rows[i].want);
	}
}

static void icons__that_the_front_end_lacks_are_dropped(void **state)
{
	(void)state;
	assert_true(slice_is(ck_icon(S("agent")), "agent"));
	assert_true(slice_is(ck_icon(S("write-alt2")), "write-alt2"));
	assert_true(slice_is(ck_icon(S("check-circle")), "check-circle"));
	assert_true(slice_is(ck_icon(S("lucide:cat")), "lucide:cat"));
	assert_true(slice_is(ck_icon(S("vendor:x")), "vendor:x"));
	assert_int_equal(ck_icon(S("writ")).n, 0);
	assert_int_equal(ck_icon(S("Agent")).n, 0);
	assert_int_equal(ck_icon(SLICE_NONE).n, 0);
}

static void stored__id_and_type_without_a_tree(void **state)
{
	struct arena *a = arena_new(1 << 16, NULL);
	struct slice id, type;

	(void)state;
	assert_true(ck_item_id_type(a, S("{\"x\":{\"id\":\"no\"},\"id\":\"m\\u0031\",\"type\":\"widget\"}"), &id, &type));
	assert_true(slice_is(id, "m1") && slice_is(type, "widget"));
	assert_false(ck_item_id_type(a, S("{\"id\":\"m\"}"), &id, &type));
	assert_true(slice_is(ck_item_tool_choice(a, S("{\"inference_options\":{\"model\":\"m\",\"tool_choice\":{\"id\":\"a\\u0062\"}}}")), "ab"));
	assert_int_equal(ck_item_tool_choice(a, S("{\"inference_options\":{}}")).n, 0);
	assert_int_equal(ck_item_tool_choice(a, S("{\"inference_options\":{\"tool_choice\":{\"id\":1}}}")).n, 0);
	assert_int_equal(ck_item_tool_choice(a, S("{")).n, 0);
	assert_false(ck_item_id_type(a, S("{\"id\":5,\"type\":\"x\"}"), &id, &type));
	assert_false(ck_item_id_type(a, S("{\"id\":\"m\",\"type\":\"x\""), &id, &type));
	arena_free(a);
}

static void stored__calls_are_completed_once(void **state)
{
	static const char pending[] = "{\"id\":\"c\",\"new\":1.50,\"status\":\"pending\",\"type\":\"client_tool_call\",\"call_id\":\"k\",\"name\":\"n\",\"arguments\":{\"a\":1},\"z\":null}";
	static const char done[] =
		"{\"id\":\"c\",\"new\":1.50,\"status\":\"completed\",\"type\":\"client_tool_call\",\"call_id\":\"k\",\"name\":\"n\",\"arguments\":{\"a\":1},\"z\":null,\"output\":[null]}";
	static const char nothing[] =
		"{\"id\":\"c\",\"new\":1.50,\"status\":\"completed\",\"type\":\"client_tool_call\",\"call_id\":\"k\",\"name\":\"n\",\"arguments\":{\"a\":1},\"z\":null}";
	struct arena *a = arena_new(1 << 20, NULL);
	struct err e = ERR_INIT;
	struct ck_call call;

	(void)state;
	assert_int_equal(ck_call_complete(a, &out, slice_cstr(pending), S("[null]"), &e), RC_OK);
	wrote(done);
	assert_int_equal(ck_call_complete(a, &out, slice_cstr(pending), S("null"), &e), RC_OK);
	wrote(nothing);
	assert_int_equal(ck_call_complete(a, &out, slice_cstr(done), S("1"), &e), RC_CONFLICT);
	assert_int_equal(ck_call_complete(a, &out, S("{\"type\":\"widget\"}"), S("1"), &e), RC_BAD);
	assert_int_equal(ck_call_complete(a, &out, S("rubbish"), S("1"), &e), RC_BAD);
	wrote("");

	assert_int_equal(ck_call_read(a, slice_cstr(pending), &call, &e), RC_OK);
	assert_true(slice_is(call.call_id, "k") && slice_is(call.name, "n") && slice_is(call.arguments, "{\"a\":1}"));
	assert_int_equal(call.output.n, 0);
	assert_int_equal(ck_call_read(a, slice_cstr(done), &call, &e), RC_OK);
	assert_true(slice_is(call.output, "[null]"));
	assert_int_equal(ck_call_read(a, S("{\"type\":\"widget\"}"), &call, &e), RC_BAD);
	arena_free(a);
}

static void stored__widgets_are_replaced(void **state)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct err e = ERR_INIT;
	struct slice widget;

	(void)state;
	assert_int_equal(ck_widget_replace(a, &out, S("{\"type\":\"widget\",\"widget\":{\"a\":1},\"z\":2}"), S("{\"b\":1}"), SLICE_NONE, &e), RC_OK);
	wrote("{\"type\":\"widget\",\"widget\":{\"b\":1},\"z\":2}");
	assert_int_equal(ck_widget_replace(a, &out, S("{\"type\":\"widget\",\"widget\":{\"a\":1},\"z\":2}"), S("{}"), S("c\"o"), &e), RC_OK);
	wrote("{\"type\":\"widget\",\"widget\":{},\"z\":2,\"copy_text\":\"c\\\"o\"}");
	assert_int_equal(ck_widget_replace(a, &out, S("{\"type\":\"widget\",\"copy_text\":\"old\",\"widget\":{}}"), S("{}"), SLICE_NONE, &e), RC_OK);
	wrote("{\"type\":\"widget\",\"copy_text\":\"old\",\"widget\":{}}");
	assert_int_equal(ck_widget_replace(a, &out, S("{\"type\":\"task\",\"widget\":{}}"), S("{}"), SLICE_NONE, &e), RC_BAD);
	assert_string_equal(err_sentence(&e), "item_id: not a widget");

	assert_int_equal(ck_widget_read(a, S("{\"type\":\"widget\",\"widget\":{\"a\":1}}"), &widget, &e), RC_OK);
	assert_true(slice_is(widget, "{\"a\":1}"));
	assert_int_equal(ck_widget_read(a, S("{\"type\":\"task\",\"widget\":{\"a\":1}}"), &widget, &e), RC_BAD);
	arena_free(a);
}

static void stored__reasoning_that_was_cut_off_keeps_its_thoughts(void **state)
{
	struct arena *a = arena_new(1 << 20, NULL);

	(void)state;
	ck_workflow_interrupt(a, &out,
			      S("{\"type\":\"workflow\",\"z\":1,\"workflow\":{\"type\":\"reasoning\",\"tasks\":[{\"type\":\"thought\",\"status_indicator\":\"complete\",\"content\":\"a\"},"
				"{\"type\":\"thought\",\"status_indicator\":\"loading\",\"content\":\"b\",\"y\":null},{\"type\":\"web_search\",\"status_indicator\":\"loading\"},"
				"{\"type\":\"custom\",\"status_indicator\":\"loading\",\"content\":\"c\"},7],\"expanded\":false}}"));
	wrote("{\"type\":\"workflow\",\"z\":1,\"workflow\":{\"type\":\"reasoning\",\"tasks\":[{\"type\":\"thought\",\"status_indicator\":\"complete\",\"content\":\"a\"},"
	      "{\"type\":\"thought\",\"status_indicator\":\"none\",\"content\":\"b\",\"y\":null},{\"type\":\"web_search\",\"status_indicator\":\"none\"},"
	      "{\"type\":\"custom\",\"status_indicator\":\"none\",\"content\":\"Interrupted.\"},7],\"expanded\":false}}");
	ck_workflow_interrupt(a, &out, S("{\"type\":\"workflow\",\"workflow\":7}"));
	wrote("{\"type\":\"workflow\",\"workflow\":7}");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources__leave_nothing_out_that_is_wanted),
		cmocka_unit_test(tasks__of_every_kind),
		cmocka_unit_test(workflows__with_and_without_summary),
		cmocka_unit_test(items__of_every_type),
		cmocka_unit_test(events__of_every_kind),
		cmocka_unit_test(icons__that_the_front_end_lacks_are_dropped),
		cmocka_unit_test(stored__id_and_type_without_a_tree),
		cmocka_unit_test(stored__calls_are_completed_once),
		cmocka_unit_test(stored__widgets_are_replaced),
		cmocka_unit_test(stored__reasoning_that_was_cut_off_keeps_its_thoughts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
