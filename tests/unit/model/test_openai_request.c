/* SPDX-License-Identifier: MIT */
#include "model/wire.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct bind binds[] = {{S_INIT("user_id"), BIND_OWNER}};
static const struct tool add = {
	.spec = {.name = S_INIT("add"), .description = S_INIT("Adds."),
		 .schema = S_INIT("{\"type\":\"object\",\"properties\":{\"user_id\":{\"type\":\"string\"},\"t\":{\"type\":\"string\"}}}")},
	.binds = binds,
	.n_binds = 1,
};

static struct message make(enum role role, const char *family, struct part *parts, size_t n)
{
	return (struct message){.role = role, .family = slice_cstr(family), .parts = parts, .n = n};
}

static void check(struct wire_ask *ask, const char *want)
{
	struct buf b = BUF_INIT(WIRE_REQUEST_MAX);

	openai_chat_request(&b, ask);
	assert_true(buf_ok(&b));
	assert_string_equal(b.p, want);
	buf_release(&b);
}

static void openai_chat_request__a_whole_conversation__exact_bytes(void **state UNUSED)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct part sys = {.kind = PART_TEXT, .text = S("Be kind.")}, user = {.kind = PART_TEXT, .text = S("Hi \"you\"\n")};
	struct part said[] = {
		{.kind = PART_REASONING, .text = S("hm"), .opaque = S("{\"as\":\"reasoning_content\",\"details\":[{\"type\":\"x\",\"n\":1.0}]}")},
		{.kind = PART_TEXT, .text = S("Well")},
		{.kind = PART_CALL, .call_id = S("c1"), .name = S("add"), .args = S("{\"t\":\"a\"}"), .opaque = S("{\"google\":{\"s\":\"x\"}}")},
		{.kind = PART_CALL, .call_id = S("c2"), .name = S("my.tool!"), .args = S("{\"broken")},
	};
	struct part r1 = {.kind = PART_RESULT, .call_id = S("c1"), .text = S("ok")}, r2 = {.kind = PART_RESULT, .call_id = S("c2"), .text = S("no"), .is_error = true};
	struct toolset tools;
	struct history h;
	struct wire_ask ask = {.model = S("m"), .family = S("openai-chat/h"), .history = &h, .tools = &tools, .temperature = -1, .arena = a};

	toolset_init(&tools, a);
	assert_int_equal(toolset_add(&tools, &add, NULL), RC_OK);
	history_init(&h, a);
	history_add(&h, make(ROLE_SYSTEM, NULL, &sys, 1));
	history_add(&h, make(ROLE_USER, NULL, &user, 1));
	history_add(&h, make(ROLE_ASSISTANT, "openai-chat/h", said, 4));
	history_add(&h, make(ROLE_TOOL, NULL, &r1, 1));
	history_add(&h, make(ROLE_TOOL, NULL, &r2, 1));
	check(&ask,
	      "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},{\"role\":\"user\",\"content\":\"Hi \\\"you\\\"\\n\"},"
	      "{\"role\":\"assistant\",\"content\":\"Well\",\"reasoning_content\":\"hm\",\"reasoning_details\":[{\"type\":\"x\",\"n\":1.0}],"
	      "\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"add\",\"arguments\":\"{\\\"t\\\":\\\"a\\\"}\"},"
	      "\"extra_content\":{\"google\":{\"s\":\"x\"}}},"
	      "{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"my_tool_\",\"arguments\":\"{}\"}}]},"
	      "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"ok\"},{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":\"no\"}],"
	      "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"add\",\"description\":\"Adds.\","
	      "\"parameters\":{\"type\":\"object\",\"properties\":{\"t\":{\"type\":\"string\"}}}}}],"
	      "\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
	/* A tool that must be called. */
	h.n = 2;
	ask.must_call = &add;
	check(&ask, "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},{\"role\":\"user\",\"content\":\"Hi \\\"you\\\"\\n\"}],"
		    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"add\",\"description\":\"Adds.\","
		    "\"parameters\":{\"type\":\"object\",\"properties\":{\"t\":{\"type\":\"string\"}}}}}],"
		    "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"add\"}},"
		    "\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
	h.n = 5;
	ask.must_call = NULL;
	/* Another family: nothing of the provider's own, and no tools: no member for them. */
	ask.family = S("openai-chat/other");
	tools.n = 0;
	check(&ask,
	      "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},{\"role\":\"user\",\"content\":\"Hi \\\"you\\\"\\n\"},"
	      "{\"role\":\"assistant\",\"content\":\"Well\","
	      "\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"add\",\"arguments\":\"{\\\"t\\\":\\\"a\\\"}\"}},"
	      "{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"my_tool_\",\"arguments\":\"{}\"}}]},"
	      "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"ok\"},{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":\"no\"}],"
	      "\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
	arena_free(a);
}

static void openai_chat_request__quirks__change_one_thing_each(void **state UNUSED)
{
	static const struct {
		const char *model;
		unsigned quirks;
		int64_t max;
		double temperature;
		const char *want; /* what stands behind the messages */
	} rows[] = {
		{"m", 0, 0, -1, "\"stream\":true,\"stream_options\":{\"include_usage\":true}}"},
		{"m", 0, 50, 0, "\"stream\":true,\"stream_options\":{\"include_usage\":true},\"max_tokens\":50,\"temperature\":0}"},
		{"m", QUIRK_NO_STREAM_OPTIONS, 50, -1, "\"stream\":true,\"max_tokens\":50}"},
		{"gpt-4o", QUIRK_MAX_COMPLETION, 50, 0.5,
		 "\"stream\":true,\"stream_options\":{\"include_usage\":true},\"max_completion_tokens\":50,\"temperature\":0.5}"},
		{"gpt-5-mini", QUIRK_MAX_COMPLETION, 50, 0.5, "\"stream\":true,\"stream_options\":{\"include_usage\":true},\"max_completion_tokens\":50}"},
		{"gpt-5-mini", QUIRK_OBFUSCATES, 0, -1, "\"stream\":true,\"stream_options\":{\"include_usage\":true,\"include_obfuscation\":false}}"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct arena *a = arena_new(1 << 20, NULL);
		char want[400];
		struct history h;
		struct wire_ask ask = {.model = slice_cstr(rows[i].model), .history = &h, .max_output = rows[i].max, .temperature = rows[i].temperature,
				       .quirks = rows[i].quirks, .arena = a};

		history_init(&h, a);
		history_add(&h, message_text(a, ROLE_USER, S("x")));
		snprintf(want, sizeof(want), "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],%s", rows[i].model, rows[i].want);
		check(&ask, want);
		arena_free(a);
	}
}

static void openai_chat_request__call_ids__fit_the_provider_and_still_meet(void **state UNUSED)
{
	static const struct {
		const char *id;
		unsigned quirks;
		const char *want;
	} rows[] = {
		{"call_1", 0, "call_1"},
		{"call_1", QUIRK_IDS_OF_9, NULL},
		{"abcDEF123", QUIRK_IDS_OF_9, "abcDEF123"},
		{"abcDEF12_", QUIRK_IDS_OF_9, NULL},
		{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
		{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0, NULL},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct arena *a = arena_new(1 << 20, NULL);
		struct part call = {.kind = PART_CALL, .call_id = slice_cstr(rows[i].id), .name = S("f")};
		struct part result = {.kind = PART_RESULT, .call_id = slice_cstr(rows[i].id), .text = S("r")};
		struct buf b = BUF_INIT(4096);
		struct history h;
		struct wire_ask ask = {.model = S("m"), .history = &h, .temperature = -1, .quirks = rows[i].quirks, .arena = a};
		char id[64] = "", again[64] = "";
		const char *at;

		history_init(&h, a);
		history_add(&h, make(ROLE_ASSISTANT, NULL, &call, 1));
		history_add(&h, make(ROLE_TOOL, NULL, &result, 1));
		openai_chat_request(&b, &ask);
		at = strstr(b.p, "{\"id\":\"");
		assert_int_equal(sscanf(at, "{\"id\":\"%50[^\"]", id), 1);
		at = strstr(b.p, "\"tool_call_id\":\"");
		assert_int_equal(sscanf(at, "\"tool_call_id\":\"%50[^\"]", again), 1);
		assert_string_equal(id, again);
		if (rows[i].want)
			assert_string_equal(id, rows[i].want);
		else
			assert_int_equal(strlen(id), 9);
		buf_release(&b);
		arena_free(a);
	}
}

static void openai_chat_request__signatures__a_foreign_round_gets_the_sentinel_on_its_first_call(void **state UNUSED)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct part calls[] = {{.kind = PART_CALL, .call_id = S("a"), .name = S("f")}, {.kind = PART_CALL, .call_id = S("b"), .name = S("f")}};
	struct history h;
	struct wire_ask ask = {.model = S("m"), .history = &h, .temperature = -1, .quirks = QUIRK_SIGNATURES, .arena = a};

	history_init(&h, a);
	history_add(&h, make(ROLE_ASSISTANT, NULL, calls, 2));
	check(&ask, "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
		    "{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"},"
		    "\"extra_content\":{\"google\":{\"thought_signature\":\"skip_thought_signature_validator\"}}},"
		    "{\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}],"
		    "\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
	arena_free(a);
}

static void openai_chat_request__files__are_shown_as_what_they_are(void **state UNUSED)
{
	static const struct {
		const char *name, *mime, *text, *data, *want; /* the part */
	} rows[] = {
		{"a.png", "image/png", "", "aGk=", "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,aGk=\"}}"},
		{"a.jpg", "IMAGE/JPEG", "", "aGk=", "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:IMAGE/JPEG;base64,aGk=\"}}"},
		{"a \"b\".pdf", "application/pdf", "", "aGk=",
		 "{\"type\":\"file\",\"file\":{\"filename\":\"a \\\"b\\\".pdf\",\"file_data\":\"data:application/pdf;base64,aGk=\"}}"},
		{"a.txt", "text/plain", "one\ntwo", "", "{\"type\":\"text\",\"text\":\"<attachment name=\\\"a.txt\\\" type=\\\"text/plain\\\">\\none\\ntwo\\n</attachment>\"}"},
		{"a.txt", "text/plain", "x\n</attachment>\nNow", "", "{\"type\":\"text\",\"text\":\"<attachment name=\\\"a.txt\\\" type=\\\"text/plain\\\">\\nx\\n< /attachment>\\nNow\\n</attachment>\"}"},
		{"\"><b\n.txt", "text/plain", "x", "", "{\"type\":\"text\",\"text\":\"<attachment name=\\\"   b .txt\\\" type=\\\"text/plain\\\">\\nx\\n</attachment>\"}"},
		{"a.pdf", "application/pdf", "its words", "", "{\"type\":\"text\",\"text\":\"<attachment name=\\\"a.pdf\\\" type=\\\"application/pdf\\\">\\nits words\\n</attachment>\"}"},
		{"a.zip", "application/zip", "", "aGk=", "{\"type\":\"text\",\"text\":\"The attachment \\\"a.zip\\\" (application/zip) cannot be read.\"}"},
		{"a.png", "image/png", "", "", "{\"type\":\"text\",\"text\":\"The attachment \\\"a.png\\\" (image/png) cannot be read.\"}"},
		{"a.png", "image/p\"ng", "", "aGk=", "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/p\\\"ng;base64,aGk=\"}}"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct part parts[] = {
			{.kind = PART_TEXT, .text = S("look")},
			{.kind = PART_FILE, .file_id = S("atc_1"), .name = slice_cstr(rows[i].name), .mime = slice_cstr(rows[i].mime), .text = slice_cstr(rows[i].text),
			 .data = slice_cstr(rows[i].data)},
			{.kind = PART_TEXT},
		};
		struct arena *a = arena_new(1 << 20, NULL);
		struct history h;
		struct wire_ask ask = {.model = S("m"), .history = &h, .temperature = -1, .quirks = QUIRK_NO_STREAM_OPTIONS, .arena = a};

		history_init(&h, a);
		history_add(&h, make(ROLE_USER, NULL, parts, countof(parts)));
		check(&ask, arena_cstr(a, arena_printf(a, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"look\"},%s]}],\"stream\":true}",
						       rows[i].want)));
		arena_free(a);
	}
}

/* A list of parts is for files alone: not every server takes one. */
static void openai_chat_request__words_in_pieces__are_one_text(void **state UNUSED)
{
	struct part parts[] = {{.kind = PART_TEXT, .text = S("a")}, {.kind = PART_TEXT, .text = S("b")}};
	struct arena *a = arena_new(1 << 20, NULL);
	struct history h;
	struct wire_ask ask = {.model = S("m"), .history = &h, .temperature = -1, .quirks = QUIRK_NO_STREAM_OPTIONS, .arena = a};

	history_init(&h, a);
	history_add(&h, make(ROLE_USER, NULL, parts, 2));
	check(&ask, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"ab\"}],\"stream\":true}");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openai_chat_request__a_whole_conversation__exact_bytes),
		cmocka_unit_test(openai_chat_request__files__are_shown_as_what_they_are),
		cmocka_unit_test(openai_chat_request__words_in_pieces__are_one_text),
		cmocka_unit_test(openai_chat_request__quirks__change_one_thing_each),
		cmocka_unit_test(openai_chat_request__call_ids__fit_the_provider_and_still_meet),
		cmocka_unit_test(openai_chat_request__signatures__a_foreign_round_gets_the_sentinel_on_its_first_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
