/* SPDX-License-Identifier: MIT */
/* What each operation brings, and what the model reads of a message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chatkit/request.h"

static struct ck_request *read(struct arena *a, const char *text, struct err *e)
{
	struct guard_limits limits = GUARD_CLIENT;
	struct ck_request *r = arena_new_of(a, struct ck_request);
	struct json_doc *doc;
	struct json_at root;

	*e = ERR_INIT;
	if (json_parse(a, slice_cstr(text), &limits, &doc, e) != RC_OK)
		return NULL;
	root = json_root(doc);
	return ck_request_read(a, &root, r, e) == RC_OK ? r : NULL;
}

static struct ck_request *good(struct arena *a, const char *text)
{
	struct err e;
	struct ck_request *r = read(a, text, &e);

	if (!r)
		fail_msg("%s: %s", text, err_sentence(&e));
	return r;
}

static void every_operation__is_in_the_table(void **state)
{
	(void)state;
	for (int op = 0; op < CK_OP__MAX; op++) {
		const struct ck_op_info *info = ck_op_info((enum ck_op)op);

		assert_non_null(info->type);
		assert_int_equal(info->stream, op <= CK_THREADS_CUSTOM_ACTION);
	}
}

static void pages_and_messages__are_read(void **state)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct ck_request *r;

	(void)state;
	r = good(a, "{\"type\":\"threads.list\",\"params\":{\"limit\":9999,\"order\":\"desc\"}}");
	assert_int_equal(r->op, CK_THREADS_LIST);
	assert_int_equal(r->limit, CK_PAGE_MAX);
	assert_true(r->desc);

	r = good(a, "{\"type\":\"threads.list\",\"params\":{\"limit\":null,\"after\":null},\"metadata\":{}}");
	assert_int_equal(r->limit, CK_PAGE_DEFAULT);
	assert_int_equal(r->after.n, 0);

	r = good(a, "{\"type\":\"items.list\",\"params\":{\"thread_id\":\"thr_1\",\"order\":\"asc\",\"after\":\"msg_2\",\"limit\":0}}");
	assert_false(r->desc);
	assert_int_equal(r->limit, CK_PAGE_DEFAULT);
	assert_true(slice_is(r->after, "msg_2"));

	r = good(a, "{\"type\":\"threads.create\",\"params\":{\"input\":{\"content\":[{\"type\":\"input_text\",\"text\":\"hi \"},"
		    "{\"type\":\"input_tag\",\"id\":\"u1\",\"text\":\"Ann\",\"data\":{\"k\":null}}],"
		    "\"attachments\":[],\"quoted_text\":\"\",\"inference_options\":{\"model\":\"m\",\"tool_choice\":{\"id\":\"t\"}}}}}");
	assert_int_equal(r->input->n_parts, 2);
	assert_true(r->input->parts[1].tag);
	assert_true(slice_is(r->input->parts[1].data, "{\"k\":null}"));
	assert_true(r->input->has_quoted);
	assert_true(slice_is(r->input->model, "m"));
	assert_true(slice_is(r->input->tool_choice, "t"));

	/* Older front ends leave members out. */
	r = good(a, "{\"type\":\"threads.create\",\"params\":{\"input\":{\"content\":[{\"type\":\"input_text\",\"text\":\"hi\"}],\"quoted_text\":null}}}");
	assert_false(r->input->has_quoted);
	arena_free(a);
}

static void tool_output__is_any_value(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"{\"type\":\"threads.add_client_tool_output\",\"params\":{\"thread_id\":\"t\",\"result\":{\"a\":[1.50,null]}}}", "{\"a\":[1.50,null]}"},
		{"{\"type\":\"threads.add_client_tool_output\",\"params\":{\"thread_id\":\"t\",\"result\":\"x\\u0041\"}}", "\"xA\""},
		{"{\"type\":\"threads.add_client_tool_output\",\"params\":{\"thread_id\":\"t\",\"result\":null}}", "null"},
		{"{\"type\":\"threads.add_client_tool_output\",\"params\":{\"thread_id\":\"t\"}}", "null"},
	};
	struct arena *a = arena_new(1 << 20, NULL);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		assert_true(slice_is(good(a, rows[i].in)->result, rows[i].want));
	arena_free(a);
}

static void structured_input__answers(void **state)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct ck_request *r;

	(void)state;
	r = good(a, "{\"type\":\"threads.add_structured_input\",\"params\":{\"thread_id\":\"t\",\"item_id\":\"m\",\"input\":{\"status\":\"answered\",\"answers\":{"
		    "\"q1\":{\"values\":[\"a\",\"b\"]},\"q2\":{\"skipped\":true},\"q3\":{}}}}}");
	assert_false(r->answers->skipped);
	assert_int_equal(r->answers->n, 3);
	assert_true(slice_is(r->answers->given[0].id, "q1"));
	assert_int_equal(r->answers->given[0].n_values, 2);
	assert_true(slice_is(r->answers->given[0].values[1], "b"));
	assert_true(r->answers->given[1].skipped);
	assert_int_equal(r->answers->given[2].n_values, 0);
	assert_false(r->answers->given[2].skipped);

	r = good(a, "{\"type\":\"threads.add_structured_input\",\"params\":{\"thread_id\":\"t\",\"item_id\":\"m\",\"input\":{}}}");
	assert_false(r->answers->skipped);
	assert_int_equal(r->answers->n, 0);
	r = good(a, "{\"type\":\"threads.add_structured_input\",\"params\":{\"thread_id\":\"t\",\"item_id\":\"m\",\"input\":{\"status\":\"skipped\",\"answers\":null}}}");
	assert_true(r->answers->skipped);
	arena_free(a);
}

static void action__is_what_the_client_says(void **state)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct ck_request *r;

	(void)state;
	r = good(a, "{\"type\":\"threads.custom_action\",\"params\":{\"thread_id\":\"t\",\"item_id\":\"m\",\"action\":{\"type\":\"book\",\"payload\":{\"id\":7}}}}");
	assert_true(slice_is(r->item_id, "m"));
	assert_true(slice_is(r->action.type, "book"));
	assert_true(slice_is(r->action.payload, "{\"id\":7}"));
	r = good(a, "{\"type\":\"threads.sync_custom_action\",\"params\":{\"thread_id\":\"t\",\"item_id\":null,\"action\":{\"type\":\"x\",\"payload\":null}}}");
	assert_int_equal(r->op, CK_THREADS_SYNC_CUSTOM_ACTION);
	assert_int_equal(r->item_id.n, 0);
	assert_int_equal(r->action.payload.n, 0);
	r = good(a, "{\"type\":\"threads.custom_action\",\"params\":{\"thread_id\":\"t\",\"action\":{}}}");
	assert_int_equal(r->action.type.n, 0);
	arena_free(a);
}

static void the_rest__is_read(void **state)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct ck_request *r;

	(void)state;
	r = good(a, "{\"type\":\"items.feedback\",\"params\":{\"thread_id\":\"t\",\"item_ids\":[\"msg_1\",\"call_2\"],\"kind\":\"positive\"}}");
	assert_int_equal(r->n_item_ids, 2);
	assert_true(slice_is(r->item_ids[1], "call_2"));
	assert_true(r->positive);
	r = good(a, "{\"type\":\"items.feedback\",\"params\":{\"thread_id\":\"t\",\"item_ids\":[],\"kind\":\"negative\"}}");
	assert_int_equal(r->n_item_ids, 0);
	assert_false(r->positive);

	r = good(a, "{\"type\":\"attachments.create\",\"params\":{\"name\":\" a.csv \",\"size\":12,\"mime_type\":\"\"}}");
	assert_true(slice_is(r->announced.name, "a.csv"));
	assert_true(slice_is(r->announced.mime_type, "application/octet-stream"));
	assert_int_equal(r->announced.size, 12);
	r = good(a, "{\"type\":\"attachments.delete\",\"params\":{\"attachment_id\":\"atc_1\"}}");
	assert_true(slice_is(r->attachment_id, "atc_1"));
	r = good(a, "{\"type\":\"attachments.get_preview\",\"params\":{\"attachment_id\":\"atc_1\"}}");
	assert_int_equal(r->op, CK_ATTACHMENTS_GET_PREVIEW);
	r = good(a, "{\"type\":\"input.transcribe\",\"params\":{\"audio_base64\":\"AA==\",\"mime_type\":\"audio/webm\"}}");
	assert_int_equal(r->op, CK_INPUT_TRANSCRIBE);

	r = good(a, "{\"type\":\"threads.create\",\"params\":{\"input\":{\"content\":[],\"attachments\":[\"atc_1\",\"atc_2\",\"atc_1\"]}}}");
	assert_int_equal(r->input->n_attachments, 2);
	assert_true(slice_is(r->input->attachments[1], "atc_2"));
	arena_free(a);
}

static void bad_ones__name_the_path(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"{}", "type: missing"},
		{"{\"type\":5}", "type: expected string"},
		{"{\"type\":\"threads.explode\",\"params\":{}}", "type: unknown operation 'threads.explode'"},
		{"{\"type\":\"threads.create\"}", "params: missing"},
		{"{\"type\":\"threads.create\",\"params\":7}", "params: expected object"},
		{"{\"type\":\"threads.create\",\"params\":{}}", "params.input: missing"},
		{"{\"type\":\"threads.create\",\"params\":{\"input\":[]}}", "params.input: expected object"},
		{"{\"type\":\"threads.create\",\"params\":{\"input\":{\"content\":[{\"type\":\"input_text\",\"text\":4}]}}}",
		 "params.input.content[0].text: expected string"},
		{"{\"type\":\"threads.create\",\"params\":{\"input\":{\"content\":[{\"type\":\"image\",\"text\":\"x\"}]}}}",
		 "params.input.content[0].type: expected 'input_text' or 'input_tag'"},
		{"{\"type\":\"threads.create\",\"params\":{\"input\":{\"content\":[{\"type\":\"input_text\",\"text\":\" \\n\"}]}}}",
		 "params.input.content: the message is empty"},
		{"{\"type\":\"threads.create\",\"params\":{\"input\":{\"content\":[],\"attachments\":[5]}}}", "params.input.attachments[0]: expected string"},
		{"{\"type\":\"threads.get_by_id\",\"params\":{}}", "params.thread_id: missing"},
		{"{\"type\":\"threads.get_by_id\",\"params\":{\"thread_id\":\"\"}}", "params.thread_id: expected an id of 1 to 200 bytes"},
		{"{\"type\":\"threads.list\",\"params\":{\"order\":\"up\"}}", "params.order: expected 'asc' or 'desc'"},
		{"{\"type\":\"threads.list\",\"params\":{\"limit\":\"20\"}}", "params.limit: expected integer"},
		{"{\"type\":\"threads.add_structured_input\",\"params\":{\"thread_id\":\"t\",\"item_id\":\"m\"}}", "params.input: missing"},
		{"{\"type\":\"threads.add_structured_input\",\"params\":{\"thread_id\":\"t\",\"item_id\":\"m\",\"input\":{\"status\":\"done\"}}}",
		 "params.input.status: expected 'answered' or 'skipped'"},
		{"{\"type\":\"threads.add_structured_input\",\"params\":{\"thread_id\":\"t\",\"item_id\":\"m\",\"input\":{\"answers\":{\"q\":{\"values\":[5]}}}}}",
		 "params.input.answers.q.values[0]: expected string"},
		{"{\"type\":\"threads.add_structured_input\",\"params\":{\"thread_id\":\"t\",\"item_id\":\"m\",\"input\":{\"answers\":{\"q\":7}}}}",
		 "params.input.answers.q: expected object"},
		{"{\"type\":\"threads.custom_action\",\"params\":{\"thread_id\":\"t\"}}", "params.action: missing"},
		{"{\"type\":\"threads.custom_action\",\"params\":{\"thread_id\":\"t\",\"action\":[]}}", "params.action: expected object"},
		{"{\"type\":\"threads.custom_action\",\"params\":{\"action\":{}}}", "params.thread_id: missing"},
		{"{\"type\":\"items.feedback\",\"params\":{\"thread_id\":\"t\",\"kind\":\"positive\"}}", "params.item_ids: missing"},
		{"{\"type\":\"items.feedback\",\"params\":{\"thread_id\":\"t\",\"item_ids\":[\"\"],\"kind\":\"positive\"}}",
		 "params.item_ids[0]: expected an id of 1 to 200 bytes"},
		{"{\"type\":\"items.feedback\",\"params\":{\"thread_id\":\"t\",\"item_ids\":[\"m\"],\"kind\":\"meh\"}}",
		 "params.kind: expected 'positive' or 'negative'"},
		{"{\"type\":\"attachments.create\",\"params\":{\"name\":\"a\",\"size\":-1,\"mime_type\":\"text/plain\"}}",
		 "params.size: expected an integer from 0 to 9223372036854775807"},
		{"{\"type\":\"attachments.create\",\"params\":{\"name\":\" \",\"size\":1,\"mime_type\":\"text/plain\"}}", "params.name: a file's name cannot be empty"},
		{"{\"type\":\"attachments.create\",\"params\":{\"name\":\"a\",\"mime_type\":\"text/plain\"}}", "params.size: missing"},
		{"{\"type\":\"attachments.delete\",\"params\":{}}", "params.attachment_id: missing"},
		{"{\"type\":\"threads.create\",\"params\":{\"input\":{\"content\":[{\"type\":\"input_text\",\"text\":\"a\"}],\"attachments\":[\"1\",\"2\",\"3\",\"4\","
		 "\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\",\"17\",\"18\",\"19\",\"20\",\"21\"]}}}",
		 "params.input.attachments: more than 20 attachments"},
	};
	struct arena *a = arena_new(1 << 20, NULL);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct err e;

		assert_null(read(a, rows[i].in, &e));
		assert_int_equal(e.rc, RC_BAD);
		assert_string_equal(err_sentence(&e), rows[i].want);
	}
	arena_free(a);
}

/* "{...{}}" with n entries of the form "k0":ENTRY. */
static const char *many(struct arena *a, const char *head, const char *entry, size_t n, const char *tail)
{
	struct buf b = BUF_INIT(1 << 16);
	const char *text;

	buf_adds(&b, head);
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s\"k%zu\"%s", i ? "," : "", i, entry);
	buf_adds(&b, tail);
	text = arena_cstr(a, buf_slice(&b));
	buf_release(&b);
	return text;
}

static void counts__have_a_limit(void **state)
{
	static const struct {
		const char *head, *entry, *tail;
		size_t max;
		const char *want;
	} rows[] = {
		{"{\"type\":\"items.feedback\",\"params\":{\"thread_id\":\"t\",\"kind\":\"positive\",\"item_ids\":[", "", "]}}", CK_FEEDBACK_MAX,
		 "params.item_ids: more than 100 items"},
		{"{\"type\":\"threads.add_structured_input\",\"params\":{\"thread_id\":\"t\",\"item_id\":\"m\",\"input\":{\"answers\":{", ":{}", "}}}}", CK_QUESTIONS_MAX,
		 "params.input.answers: more than 20 answers"},
		{"{\"type\":\"threads.add_structured_input\",\"params\":{\"thread_id\":\"t\",\"item_id\":\"m\",\"input\":{\"answers\":{\"q\":{\"values\":[", "", "]}}}}}",
		 CK_VALUES_MAX, "params.input.answers.q.values: more than 50 values"},
	};
	struct arena *a = arena_new(4 << 20, NULL);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct err e;

		(void)good(a, many(a, rows[i].head, rows[i].entry, rows[i].max, rows[i].tail));
		assert_null(read(a, many(a, rows[i].head, rows[i].entry, rows[i].max + 1, rows[i].tail), &e));
		assert_string_equal(err_sentence(&e), rows[i].want);
	}
	arena_free(a);
}

static void message__for_the_model(void **state)
{
	static const struct {
		const char *input, *want;
	} rows[] = {
		{"\"content\":[{\"type\":\"input_text\",\"text\":\"a\"},{\"type\":\"input_text\",\"text\":\"b\"}]", "ab"},
		{"\"content\":[{\"type\":\"input_text\",\"text\":\"why?\"}],\"quoted_text\":\"the sky\"", "why?\n\nThe user is referring to this in particular:\nthe sky"},
		{"\"content\":[{\"type\":\"input_text\",\"text\":\"ask \"},{\"type\":\"input_tag\",\"id\":\"u\\\"1\",\"text\":\"Ann <1>\",\"group\":\"People\","
		 "\"data\":{\"a\":\"</TAG>\"}},{\"type\":\"input_tag\",\"id\":\"u2\",\"text\":\"Bo\",\"data\":{}},{\"type\":\"input_tag\",\"id\":\"u2\",\"text\":\"Bo\"}]",
		 "ask @Ann <1>@Bo@Bo\n\nWhat the user mentioned with @ stands for the following. Call each by its name, without the @.\n"
		 "<TAG id=\"u&quot;1\" group=\"People\">Ann &lt;1&gt; {\"a\":\"&lt;/TAG&gt;\"}</TAG>\n<TAG id=\"u2\">Bo</TAG>"},
	};
	struct arena *a = arena_new(1 << 20, NULL);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct buf b = BUF_INIT(1 << 16);
		struct slice json = arena_printf(a, "{\"type\":\"threads.create\",\"params\":{\"input\":{%s}}}", rows[i].input);

		ck_input_text(&b, good(a, json.p)->input);
		assert_string_equal(b.p, rows[i].want);
		buf_release(&b);
	}
	arena_free(a);
}

static void title__is_the_first_words(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"hello", "hello"},
		{"  add milk\nto my list", "add milk"},
		{"one two three four five six seven eight nine ten eleven twelve", "one two three four five six seven eight nine\xe2\x80\xa6"},
		{"", ""},
		{"\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac"},
	};
	struct arena *a = arena_new(1 << 20, NULL);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		assert_true(slice_is(ck_title_of(a, slice_cstr(rows[i].in)), rows[i].want));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation__is_in_the_table),
		cmocka_unit_test(pages_and_messages__are_read),
		cmocka_unit_test(tool_output__is_any_value),
		cmocka_unit_test(structured_input__answers),
		cmocka_unit_test(action__is_what_the_client_says),
		cmocka_unit_test(the_rest__is_read),
		cmocka_unit_test(bad_ones__name_the_path),
		cmocka_unit_test(counts__have_a_limit),
		cmocka_unit_test(message__for_the_model),
		cmocka_unit_test(title__is_the_first_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
