/* SPDX-License-Identifier: MIT */
#include "talk/message.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check_same(const struct part *p, const struct part *q)
{
	assert_int_equal(p->kind, q->kind);
	assert_true(slice_eq(p->text, q->text));
	assert_true(slice_eq(p->call_id, q->call_id));
	assert_true(slice_eq(p->name, q->name));
	assert_true(slice_eq(p->args, q->args));
	assert_true(slice_eq(p->opaque, q->opaque));
	assert_int_equal(p->is_error, q->is_error);
	assert_true(slice_eq(p->file_id, q->file_id));
	assert_true(slice_eq(p->mime, q->mime));
}

static void message_write__all_kinds__exact_bytes_and_back(void **state UNUSED)
{
	struct part parts[] = {
		{.kind = PART_REASONING, .text = S("hm"), .opaque = S("{\"as\":\"reasoning_content\",\"details\":[1.50,\"x\"]}")},
		{.kind = PART_TEXT, .text = S("a \"b\"\n")},
		{.kind = PART_CALL, .call_id = S("c1"), .name = S("add"), .args = S("{\"broken"), .opaque = S("{\"google\":{\"s\":\"x\"}}")},
		{.kind = PART_RESULT, .call_id = S("c1"), .name = S("add"), .text = S("no"), .is_error = true},
		{.kind = PART_RESULT, .call_id = S("c2"), .name = S("add"), .text = S("ok")},
	};
	struct message m = {.role = ROLE_ASSISTANT, .family = S("openai-chat/h"), .parts = parts, .n = countof(parts)}, back;
	struct arena *a = arena_new(1 << 20, NULL);
	struct buf b = BUF_INIT(MESSAGE_JSON_MAX);
	struct err e;

	message_write(&b, &m);
	assert_string_equal(b.p,
		"{\"role\":\"assistant\",\"family\":\"openai-chat/h\",\"parts\":["
		"{\"t\":\"reasoning\",\"text\":\"hm\",\"opaque\":{\"as\":\"reasoning_content\",\"details\":[1.50,\"x\"]}},"
		"{\"t\":\"text\",\"text\":\"a \\\"b\\\"\\n\"},"
		"{\"t\":\"call\",\"id\":\"c1\",\"name\":\"add\",\"args\":\"{\\\"broken\",\"opaque\":{\"google\":{\"s\":\"x\"}}},"
		"{\"t\":\"result\",\"id\":\"c1\",\"name\":\"add\",\"text\":\"no\",\"error\":true},"
		"{\"t\":\"result\",\"id\":\"c2\",\"name\":\"add\",\"text\":\"ok\"}]}");
	assert_int_equal(message_read(a, buf_slice(&b), &back, &e), RC_OK);
	assert_int_equal(back.role, ROLE_ASSISTANT);
	assert_true(slice_is(back.family, "openai-chat/h"));
	assert_int_equal(back.n, countof(parts));
	for (size_t i = 0; i < countof(parts); i++)
		check_same(&back.parts[i], &parts[i]);
	buf_release(&b);
	arena_free(a);
}

/* What is in a file is not an entry's: neither its text nor its bytes, written or read. */
static void message_write__a_file__is_named_alone(void **state UNUSED)
{
	struct part parts[] = {{.kind = PART_FILE, .file_id = S("atc_1"), .name = S("a \"b\".png"), .mime = S("image/png"), .text = S("t"), .data = S("aGk=")}};
	struct message m = {.role = ROLE_USER, .parts = parts, .n = 1}, back, copy;
	struct arena *a = arena_new(1 << 20, NULL);
	struct buf b = BUF_INIT(MESSAGE_JSON_MAX);
	struct err e;

	message_write(&b, &m);
	assert_string_equal(b.p, "{\"role\":\"user\",\"parts\":[{\"t\":\"file\",\"id\":\"atc_1\",\"name\":\"a \\\"b\\\".png\",\"mime\":\"image/png\"}]}");
	assert_true(message_copy(a, &m, &copy));
	check_same(&copy.parts[0], &parts[0]);
	assert_true(slice_is(copy.parts[0].data, "aGk="));
	assert_ptr_not_equal(copy.parts[0].data.p, parts[0].data.p);
	assert_ptr_not_equal(copy.parts[0].file_id.p, parts[0].file_id.p);
	assert_ptr_not_equal(copy.parts[0].mime.p, parts[0].mime.p);
	assert_int_equal(message_read(a, S("{\"role\":\"user\",\"parts\":[{\"t\":\"file\",\"id\":\"atc_1\",\"name\":\"a \\\"b\\\".png\",\"mime\":\"image/png\",\"data\":\"x\",\"text\":\"y\"}]}"),
				      &back, &e), RC_OK);
	parts[0].text = SLICE_NONE;
	check_same(&back.parts[0], &parts[0]);
	assert_int_equal(back.parts[0].data.n, 0);
	buf_release(&b);
	arena_free(a);
}

static void message_read__what_is_no_entry__is_refused_by_path(void **state UNUSED)
{
	static const struct {
		const char *in, *want; /* NULL: read */
	} rows[] = {
		{"{\"role\":\"user\",\"parts\":[]}", NULL},
		{"{\"role\":\"user\"}", NULL},
		{"{\"role\":\"user\",\"parts\":[{\"t\":\"hologram\",\"x\":1}]}", NULL},
		{"{\"role\":\"user\",\"parts\":[{\"t\":\"text\",\"text\":\"\\u0000\\ud800\"}]}", NULL},
		{"{\"role\":\"boss\",\"parts\":[]}", "reading an entry: role: unknown role"},
		{"{\"parts\":[]}", "reading an entry: role: "},
		{"{\"role\":\"user\",\"parts\":{}}", "reading an entry: parts: "},
		{"{\"role\":\"user\",\"parts\":[{\"t\":\"text\",\"text\":1}]}", "reading an entry: parts[0].text: "},
		{"{\"role\":\"user\",\"parts\":[{\"text\":\"x\"}]}", "reading an entry: parts[0].t: "},
		{"[]", "reading an entry: "},
		{"", "reading an entry: "},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct arena *a = arena_new(1 << 20, NULL);
		struct message m;
		struct err e = ERR_INIT;
		enum rc rc = message_read(a, slice_cstr(rows[i].in), &m, &e);

		if ((rc == RC_OK) != (rows[i].want == NULL) || (rows[i].want && strncmp(e.msg, rows[i].want, strlen(rows[i].want)) != 0))
			fail_msg("%s: %s, %s", rows[i].in, rc_name(rc), e.msg);
		arena_free(a);
	}
}

static void message_read__too_many_parts__is_refused(void **state UNUSED)
{
	struct arena *a = arena_new(4 << 20, NULL);
	struct buf b = BUF_INIT(1 << 20);
	struct message m;
	struct err e;

	buf_adds(&b, "{\"role\":\"user\",\"parts\":[");
	for (int i = 0; i <= MESSAGE_PARTS_MAX; i++)
		buf_adds(&b, i ? ",{\"t\":\"text\",\"text\":\"x\"}" : "{\"t\":\"text\",\"text\":\"x\"}");
	buf_adds(&b, "]}");
	assert_int_equal(message_read(a, buf_slice(&b), &m, &e), RC_BAD);
	buf_release(&b);
	arena_free(a);
}

static void message_all_text__joins__text_parts_only(void **state UNUSED)
{
	struct part parts[] = {{.kind = PART_TEXT, .text = S("a")}, {.kind = PART_REASONING, .text = S("no")}, {.kind = PART_TEXT, .text = S("bc")}};
	struct message m = {.role = ROLE_USER, .parts = parts, .n = 1};
	struct arena *a = arena_new(4096, NULL);

	assert_ptr_equal(message_all_text(a, &m).p, parts[0].text.p);
	m.n = 3;
	assert_true(slice_is(message_all_text(a, &m), "abc"));
	m.n = 0;
	assert_int_equal(message_all_text(a, &m).n, 0);
	arena_free(a);
}

static void message_copy__over_the_cap__says_so(void **state UNUSED)
{
	struct arena *small = arena_new(4096, NULL), *large = arena_new(1 << 20, NULL);
	struct part p = {.kind = PART_TEXT, .text = {xalloc(100000), 100000}};
	struct message m = {.role = ROLE_USER, .parts = &p, .n = 1}, copy;

	assert_false(message_copy(small, &m, &copy));
	assert_true(message_copy(large, &m, &copy));
	assert_true(slice_eq(copy.parts[0].text, p.text));
	assert_ptr_not_equal(copy.parts[0].text.p, p.text.p);
	free((void *)(uintptr_t)p.text.p);
	arena_free(small);
	arena_free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_write__all_kinds__exact_bytes_and_back),
		cmocka_unit_test(message_write__a_file__is_named_alone),
		cmocka_unit_test(message_read__what_is_no_entry__is_refused_by_path),
		cmocka_unit_test(message_read__too_many_parts__is_refused),
		cmocka_unit_test(message_all_text__joins__text_parts_only),
		cmocka_unit_test(message_copy__over_the_cap__says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
