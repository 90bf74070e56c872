/* SPDX-License-Identifier: MIT */
/* Structured input: what is asked, and what was answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chatkit/answer.h"

static void questions__become_inputs(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"{\"questions\":[{\"question\":\" Which day? \",\"options\":[\"Mon\",{\"value\":\"Tue\"},\"Mon\"]},{\"question\":\"Why?\",\"description\":\"In short\"}]}",
		 "[{\"type\":\"multiple_choice\",\"id\":\"q1\",\"question\":\"Which day?\",\"options\":[{\"value\":\"Mon\"},{\"value\":\"Tue\"}],\"multiple\":false},"
		 "{\"type\":\"freeform\",\"id\":\"q2\",\"question\":\"Why?\",\"description\":\"In short\"}]"},
		{"{\"question\":\"One?\",\"options\":[\"a\"],\"multiple\":true,\"id\":\"x\"}",
		 "[{\"type\":\"multiple_choice\",\"id\":\"x\",\"question\":\"One?\",\"options\":[{\"value\":\"a\"}],\"multiple\":true}]"},
		{"{\"questions\":[{\"id\":\"q2\",\"question\":\"a\"},{\"question\":\"b\"},{\"id\":\"q2\",\"question\":\"c\"},{\"id\":7,\"question\":\"d\",\"options\":[]}]}",
		 "[{\"type\":\"freeform\",\"id\":\"q2\",\"question\":\"a\"},{\"type\":\"freeform\",\"id\":\"q3\",\"question\":\"b\"},"
		 "{\"type\":\"freeform\",\"id\":\"q4\",\"question\":\"c\"},{\"type\":\"freeform\",\"id\":\"q5\",\"question\":\"d\"}]"},
	};
	struct arena *a = arena_new(1 << 20, NULL);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct err e = ERR_INIT;
		struct slice inputs = SLICE_NONE;

		if (ck_questions_read(a, slice_cstr(rows[i].in), &inputs, &e) != RC_OK)
			fail_msg("%s: %s", rows[i].in, err_sentence(&e));
		assert_string_equal(inputs.p, rows[i].want);
	}
	arena_free(a);
}

static void questions__that_are_wrong_name_the_path(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"", "the arguments are no JSON object"},
		{"[]", "the arguments are no JSON object"},
		{"{}", "questions: expected 1 to 20 questions"},
		{"{\"questions\":[]}", "questions: expected 1 to 20 questions"},
		{"{\"questions\":\"a\"}", "questions: expected array"},
		{"{\"questions\":[\"a\"]}", "questions[0]: expected object"},
		{"{\"questions\":[{\"question\":\"\"}]}", "questions[0].question: cannot be empty"},
		{"{\"questions\":[{\"options\":[\"a\"]}]}", "questions[0].question: missing"},
		{"{\"questions\":[{\"question\":\"a\",\"options\":[1]}]}", "questions[0].options[0]: expected string"},
		{"{\"questions\":[{\"question\":\"a\",\"options\":[\"\"]}]}", "questions[0].options[0]: cannot be empty"},
		{"{\"questions\":[{\"question\":\"a\",\"options\":\"b\"}]}", "questions[0].options: expected array"},
		{"{\"questions\":[{\"question\":\"a\",\"options\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31]}]}",
		 "questions[0].options: more than 30 options"},
		{"{\"questions\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21]}", "questions: expected 1 to 20 questions"},
	};
	struct arena *a = arena_new(1 << 20, NULL);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct err e = ERR_INIT;
		struct slice inputs = SLICE_NONE;

		assert_int_equal(ck_questions_read(a, slice_cstr(rows[i].in), &inputs, &e), RC_BAD);
		assert_string_equal(err_sentence(&e), rows[i].want);
	}
	arena_free(a);
}

static void schema__is_json(void **state)
{
	struct guard_limits limits = GUARD_CLIENT;

	(void)state;
	assert_int_equal(guard_check(ck_ask_schema, &limits, NULL, 0, NULL, NULL), RC_OK);
	assert_true(ck_ask_description.n > 100);
}

#define ITEM                                                                                                                                                     \
	"{\"id\":\"m\",\"new\":1.0,\"type\":\"structured_input\",\"status\":\"pending\",\"inputs\":["                                                            \
	"{\"type\":\"multiple_choice\",\"id\":\"q1\",\"question\":\"Day?\",\"options\":[{\"value\":\"Mon\"}],\"multiple\":false,\"x\":null},"                    \
	"{\"type\":\"multiple_choice\",\"id\":\"q2\",\"question\":\"Who?\",\"options\":[{\"value\":\"A\"}],\"multiple\":true},"                                  \
	"{\"type\":\"freeform\",\"id\":\"q3\",\"question\":\"Why?\"}],\"z\":2}"
#define Q1 "{\"type\":\"multiple_choice\",\"id\":\"q1\",\"question\":\"Day?\",\"options\":[{\"value\":\"Mon\"}],\"multiple\":false,\"x\":null,\"answer\":"
#define Q2 "{\"type\":\"multiple_choice\",\"id\":\"q2\",\"question\":\"Who?\",\"options\":[{\"value\":\"A\"}],\"multiple\":true,\"answer\":"
#define Q3 "{\"type\":\"freeform\",\"id\":\"q3\",\"question\":\"Why?\",\"answer\":"
#define SKIPPED "{\"values\":[],\"skipped\":true}}"

/* Three values for each question that has some. */
static const struct slice three[] = {S_INIT("one"), S_INIT("t\"wo\n- Why?: no"), S_INIT("three")};

static void answers__by_the_rule(void **state)
{
	static const struct ck_given all[] = {
		{.id = S_INIT("q2"), .values = three, .n_values = 3}, {.id = S_INIT("q1"), .values = three, .n_values = 3}, {.id = S_INIT("q3"), .values = three, .n_values = 1}};
	static const struct ck_given some[] = {{.id = S_INIT("q1"), .values = three, .n_values = 0},
					       {.id = S_INIT("q2"), .values = three, .n_values = 2, .skipped = true},
					       {.id = S_INIT("nope"), .values = three, .n_values = 1}};
	static const struct {
		struct ck_answers answers;
		const char *body, *text, *warnings;
	} rows[] = {
		{{.given = all, .n = 3},
		 "{\"id\":\"m\",\"new\":1.0,\"type\":\"structured_input\",\"status\":\"answered\",\"inputs\":[" Q1 "{\"values\":[\"one\"],\"skipped\":false}}," Q2
		 "{\"values\":[\"one\",\"t\\\"wo\\n- Why?: no\",\"three\"],\"skipped\":false}}," Q3 "{\"values\":[\"one\"],\"skipped\":false}}],\"z\":2}",
		 "A form was shown to the user, who has answered it:\n<StructuredInput>\n- Day?: one\n- Who?: one, t\"wo - Why?: no, three\n- Why?: one\n</StructuredInput>", ""},
		{{.given = some, .n = 3},
		 "{\"id\":\"m\",\"new\":1.0,\"type\":\"structured_input\",\"status\":\"answered\",\"inputs\":[" Q1 SKIPPED "," Q2 SKIPPED "," Q3 SKIPPED "],\"z\":2}",
		 "A form was shown to the user, who has answered it:\n<StructuredInput>\n- Day?: skipped\n- Who?: skipped\n- Why?: skipped\n</StructuredInput>",
		 "an answer to a question that was not asked: 'nope'\n"},
		{{.skipped = true, .given = all, .n = 3},
		 "{\"id\":\"m\",\"new\":1.0,\"type\":\"structured_input\",\"status\":\"skipped\",\"inputs\":[" Q1 SKIPPED "," Q2 SKIPPED "," Q3 SKIPPED "],\"z\":2}",
		 "A form was shown to the user, who has skipped it:\n<StructuredInput>\n- Day?: skipped\n- Who?: skipped\n- Why?: skipped\n</StructuredInput>", ""},
		{{.n = 0},
		 "{\"id\":\"m\",\"new\":1.0,\"type\":\"structured_input\",\"status\":\"answered\",\"inputs\":[" Q1 SKIPPED "," Q2 SKIPPED "," Q3 SKIPPED "],\"z\":2}",
		 "A form was shown to the user, who has answered it:\n<StructuredInput>\n- Day?: skipped\n- Who?: skipped\n- Why?: skipped\n</StructuredInput>", ""},
	};
	struct arena *a = arena_new(1 << 20, NULL);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct buf warnings = BUF_INIT(1 << 12);
		struct err e = ERR_INIT;
		struct slice body, text;

		assert_int_equal(ck_answer(a, S(ITEM), &rows[i].answers, &body, &text, &warnings, &e), RC_OK);
		assert_string_equal(body.p, rows[i].body);
		assert_string_equal(text.p, rows[i].text);
		assert_string_equal(buf_slice(&warnings).p, rows[i].warnings);
		/* Once is enough. */
		assert_int_equal(ck_answer(a, body, &rows[i].answers, &body, &text, NULL, &e), RC_CONFLICT);
		buf_release(&warnings);
	}
	arena_free(a);
}

static void answers__to_something_else(void **state)
{
	static const struct ck_answers none = {.n = 0};
	struct arena *a = arena_new(1 << 20, NULL);
	struct err e = ERR_INIT;
	struct slice body, text;

	(void)state;
	assert_int_equal(ck_answer(a, S("{\"type\":\"widget\",\"status\":\"pending\"}"), &none, &body, &text, NULL, &e), RC_BAD);
	assert_int_equal(ck_answer(a, S("{\"type\":"), &none, &body, &text, NULL, &e), RC_BAD);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions__become_inputs),
		cmocka_unit_test(questions__that_are_wrong_name_the_path),
		cmocka_unit_test(schema__is_json),
		cmocka_unit_test(answers__by_the_rule),
		cmocka_unit_test(answers__to_something_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
