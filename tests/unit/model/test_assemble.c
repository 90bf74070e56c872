/* SPDX-License-Identifier: MIT */
#include "model/assemble.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NO (-1)

struct delta {
	int64_t index;
	const char *id, *name, *args;
};

struct row {
	const char *name;
	struct delta d[8];
	size_t n;
	bool cut;
	const char *want; /* "id name args; id name args"; an id that was made is "*" */
	size_t split;
};

static const struct row rows[] = {
	{"OpenAI: index, id and name first, arguments in pieces",
	 {{0, "a", "f", ""}, {0, NULL, NULL, "{\"x\""}, {0, NULL, NULL, ":1}"}, {1, "b", "g", ""}, {1, NULL, NULL, "{}"}}, 5, false, "a f {\"x\":1}; b g {}", 0},
	{"interleaved by index",
	 {{0, "a", "f", "{"}, {1, "b", "g", "{"}, {0, NULL, NULL, "\"x\":1}"}, {1, NULL, NULL, "\"y\":2}"}}, 4, false, "a f {\"x\":1}; b g {\"y\":2}", 0},
	{"whole calls in one delta each (xAI, Mistral)", {{0, "a", "f", "{\"x\":1}"}, {1, "b", "g", "{\"y\":2}"}}, 2, false, "a f {\"x\":1}; b g {\"y\":2}", 0},
	{"Gemini: no index, ids", {{NO, "a", "f", "{\"x\":1}"}, {NO, "b", "f", "{\"x\":2}"}}, 2, false, "a f {\"x\":1}; b f {\"x\":2}", 0},
	{"Gemini: no index, no ids, names", {{NO, NULL, "f", "{\"x\":1}"}, {NO, NULL, "f", "{\"x\":2}"}}, 2, false, "* f {\"x\":1}; * f {\"x\":2}", 0},
	{"no index, arguments in pieces", {{NO, "a", "f", "{\"x\""}, {NO, NULL, NULL, ":1}"}, {NO, "b", "g", "{"}, {NO, NULL, NULL, "}"}}, 4, false, "a f {\"x\":1}; b g {}", 0},
	{"no index, the id repeated", {{NO, "a", "f", "{\"x\""}, {NO, "a", "f", ":1}"}}, 2, false, "a f {\"x\":1}", 0},
	{"no index, ids interleaved", {{NO, "a", "f", "{\"x\""}, {NO, "b", "g", "{"}, {NO, "a", NULL, ":1}"}, {NO, "b", NULL, "}"}}, 4, false, "a f {\"x\":1}; b g {}", 0},
	{"no index, the name comes before its id", {{NO, NULL, "f", ""}, {NO, "a", NULL, "{}"}}, 2, false, "a f {}", 0},
	{"Ollama: index 0 for all, ids", {{0, "a", "f", "{\"x\":1}"}, {0, "b", "f", "{\"x\":1}"}}, 2, false, "a f {\"x\":1}; b f {\"x\":1}", 0},
	{"index 0 for all, no ids, the same name", {{0, NULL, "f", "{\"x\":1}"}, {0, NULL, "f", "{\"x\":2}"}}, 2, false, "* f {\"x\":1}; * f {\"x\":2}", 0},
	{"index 0 for all, no ids, other names, no arguments", {{0, NULL, "f", ""}, {0, NULL, "g", ""}}, 2, false, "* f {}; * g {}", 0},
	{"index 0 for all, the second in pieces", {{0, "a", "f", "{}"}, {0, "b", "g", "{\"y\""}, {0, NULL, NULL, ":2}"}}, 3, false, "a f {}; b g {\"y\":2}", 0},
	{"the name in every delta", {{0, "a", "f", "{\"x\""}, {0, "a", "f", ":"}, {0, "a", "f", "1}"}}, 3, false, "a f {\"x\":1}", 0},
	{"the name in every delta, no id", {{0, NULL, "f", "{\"x\""}, {0, NULL, "f", ":1}"}}, 2, false, "* f {\"x\":1}", 0},
	{"an empty name and id later", {{0, "a", "f", "{"}, {0, "", "", "}"}}, 2, false, "a f {}", 0},
	{"vLLM: the id on a later delta", {{0, NULL, "f", "{"}, {0, "a", NULL, "}"}}, 2, false, "a f {}", 0},
	{"no arguments at all", {{0, "a", "f", NULL}}, 1, false, "a f {}", 0},
	{"blank arguments", {{0, "a", "f", " \n"}}, 1, false, "a f {}", 0},
	{"a start value before the arguments", {{0, "a", "f", "{}"}, {0, NULL, NULL, "{\"x\":1}"}}, 2, false, "a f {\"x\":1}", 0},
	{"two objects run together: the second is not run", {{0, "a", "f", "{\"x\":1}"}, {0, NULL, NULL, "{\"x\":2}"}}, 2, false, "a f {\"x\":1}", 1},
	{"three objects run together", {{0, "a", "f", "{\"x\":\"}{\"} {\"x\":2}\n{\"x\":3}"}}, 1, false, "a f {\"x\":\"}{\"}", 2},
	{"broken arguments stay, for the model to read of", {{0, "a", "f", "{\"x\":"}}, 1, false, "a f {\"x\":", 0},
	{"arguments that are no object stay", {{0, "a", "f", "[1]"}}, 1, false, "a f [1]", 0},
	{"the same id twice", {{0, "a", "f", "{}"}, {1, "a", "g", "{}"}}, 2, false, "a f {}; * g {}", 0},
	{"an empty delta is no call", {{NO, NULL, NULL, NULL}, {0, NULL, NULL, ""}}, 2, false, "", 0},
	{"no name ever", {{0, "a", NULL, "{}"}}, 1, false, "a  {}", 0},
	{"cut: the half call goes", {{0, "a", "f", "{\"x\":1}"}, {1, "b", "g", "{\"y\":"}}, 2, true, "a f {\"x\":1}", 0},
	{"cut: so does one without arguments", {{0, "a", "f", ""}}, 1, true, "", 0},
	{"cut: the whole ones stay", {{0, "a", "f", "{}"}}, 1, true, "a f {}", 0},
};

static void run(struct arena *a, struct assemble *s, const struct row *r)
{
	assemble_init(s, a, 0x1234);
	for (size_t i = 0; i < r->n; i++) {
		struct assemble_delta d = {
			.index = r->d[i].index, .id = slice_cstr(r->d[i].id), .name = slice_cstr(r->d[i].name), .args = slice_cstr(r->d[i].args)};

		assert_int_equal(assemble_add(s, &d, NULL), RC_OK);
	}
	assemble_finish(s, r->cut);
}

static void assemble__every_vendors_shape__gives_the_calls_that_were_meant(void **state UNUSED)
{
	for (size_t i = 0; i < countof(rows); i++) {
		struct arena *a = arena_new(1 << 20, NULL);
		struct buf got = BUF_INIT(4096);
		struct assemble s;

		run(a, &s, &rows[i]);
		for (size_t k = 0; k < s.n; k++) {
			bool made = slice_starts(s.call[k].id, S("call_0000"));

			assert_true(s.call[k].id.n > 0);
			buf_addf(&got, "%s%.*s %.*s %.*s", k ? "; " : "", SLICE_ARG(made ? S("*") : s.call[k].id), SLICE_ARG(s.call[k].name),
				 SLICE_ARG(buf_slice(&s.call[k].args)));
		}
		if (!slice_is(buf_slice(&got), rows[i].want) || s.split != rows[i].split)
			fail_msg("%s: '%.*s', not '%s' (split %zu)", rows[i].name, SLICE_ARG(buf_slice(&got)), rows[i].want, s.split);
		for (size_t k = 1; k < s.n; k++)
			assert_false(slice_eq(s.call[k].id, s.call[k - 1].id));
		assemble_release(&s);
		buf_release(&got);
		arena_free(a);
	}
}

static void assemble_add__too_much__is_refused_or_dropped(void **state UNUSED)
{
	struct arena *a = arena_new(1 << 20, NULL);
	struct assemble_delta d = {.index = 0, .name = S("f"), .args = S("{\"x\":\"")};
	char piece[1000];
	struct assemble s;
	struct err e;

	assemble_init(&s, a, 1);
	memset(piece, 'x', sizeof(piece));
	assert_int_equal(assemble_add(&s, &d, &e), RC_OK);
	d.args = slice_mem(piece, sizeof(piece));
	for (int i = 0; i < 300; i++)
		assert_int_equal(assemble_add(&s, &d, &e), RC_OK);
	assert_true(s.call[0].args.n <= ASSEMBLE_ARGS_MAX);
	for (d.index = 1; d.index < ASSEMBLE_CALLS_MAX; d.index++)
		assert_int_equal(assemble_add(&s, &d, &e), RC_OK);
	assert_int_equal(assemble_add(&s, &d, &e), RC_PROTO);
	assemble_finish(&s, false);
	assert_int_equal(s.n, ASSEMBLE_CALLS_MAX);
	assemble_release(&s);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(assemble__every_vendors_shape__gives_the_calls_that_were_meant),
		cmocka_unit_test(assemble_add__too_much__is_refused_or_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
