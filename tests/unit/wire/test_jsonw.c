/* SPDX-License-Identifier: MIT */
#include "wire/json.h"
#include "wire/jsonw.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void jsonw__all_calls__write_compact_json(void **state UNUSED)
{
	struct buf b = BUF_INIT(10000);
	struct jsonw w;

	jsonw_init(&w, &b);
	assert_true(jsonw_ok(&w));
	jsonw_obj(&w);
	jsonw_kstr(&w, "s", S("a/b"));
	jsonw_kstr_opt(&w, "no", SLICE_NONE);
	jsonw_kstr_opt(&w, "opt", S("x"));
	jsonw_kcstr(&w, "nul", NULL);
	jsonw_kint(&w, "i", INT64_MIN);
	jsonw_kbool(&w, "t", true);
	jsonw_kraw(&w, "raw", S("{\"r\":[1]}"));
	jsonw_key_slice(&w, S("k\""));
	jsonw_arr(&w);
	jsonw_int(&w, 1);
	jsonw_num(&w, 0.5);
	jsonw_bool(&w, false);
	jsonw_null(&w);
	jsonw_cstr(&w, "c");
	jsonw_arr(&w);
	jsonw_end(&w);
	jsonw_obj(&w);
	jsonw_end(&w);
	jsonw_raw(&w, S("2"));
	for (int i = 0; i < 2; i++) {
		jsonw_arr(&w);
		jsonw_int(&w, 8);
		jsonw_int(&w, 9);
		jsonw_end(&w);
	}
	jsonw_end(&w);
	jsonw_kint(&w, "last", 0);
	assert_false(jsonw_ok(&w));
	jsonw_end(&w);
	assert_true(jsonw_ok(&w));
	assert_string_equal(b.p, "{\"s\":\"a/b\",\"opt\":\"x\",\"nul\":null,\"i\":-9223372036854775808,\"t\":true,\"raw\":{\"r\":[1]},"
				 "\"k\\\"\":[1,0.5,false,null,\"c\",[],{},2,[8,9],[8,9]],\"last\":0}");
	buf_release(&b);
}

static void jsonw_escape__what_must__is_escaped(void **state UNUSED)
{
	static const struct {
		struct slice in, want;
	} rows[] = {
		{S_INIT(""), S_INIT("")},
		{S_INIT("plain text of more than eight bytes"), S_INIT("plain text of more than eight bytes")},
		{S_INIT("\"\\/"), S_INIT("\\\"\\\\/")},
		{S_INIT("\b\f\n\r\t"), S_INIT("\\b\\f\\n\\r\\t")},
		{S_INIT("\0\x01\x1f\x20\x7f"), S_INIT("\\u0000\\u0001\\u001f\x20\x7f")},
		{S_INIT("h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80!"), S_INIT("h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80!")},
		{S_INIT("\xff\xe2\x82z\xed\xa0\x80"), S_INIT("\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd")},
		{S_INIT("four\nand many more bytes"), S_INIT("four\\nand many more bytes")},
		{S_INIT("1234567\"12345678\\"), S_INIT("1234567\\\"12345678\\\\")},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct buf b = BUF_INIT(100);

		jsonw_escape(&b, rows[i].in);
		if (!slice_eq(buf_slice(&b), rows[i].want))
			fail_msg("row %zu: %s", i, b.p);
		buf_release(&b);
	}
}

/* Each byte at each place of a word. */
static void jsonw_str__every_byte__reads_back(void **state UNUSED)
{
	static const struct guard_limits limits = {.depth = 1, .nodes = 1, .any_top = true};

	for (unsigned c = 1; c < 256; c++)
		for (size_t at = 0; at < 17; at++) {
			struct arena *a = arena_new(10000, NULL);
			struct buf b = BUF_INIT(200);
			struct json_doc *doc;
			struct json_at root;
			struct err e = ERR_INIT;
			struct jsonw w;
			char text[17];
			struct slice back;

			memset(text, 'x', sizeof(text));
			text[at] = (char)c;
			jsonw_init(&w, &b);
			jsonw_str(&w, slice_mem(text, sizeof(text)));
			if (json_parse(a, buf_slice(&b), &limits, &doc, &e) != RC_OK)
				fail_msg("%02x at %zu: %s", c, at, e.msg);
			root = json_root(doc);
			back = json_as_str(&root);
			if (c < 0x80)
				assert_true(slice_eq(back, slice_mem(text, sizeof(text))));
			else
				assert_int_equal(back.n, sizeof(text) + 2);
			arena_free(a);
			buf_release(&b);
		}
}

static void jsonw_num__shortest__reads_back(void **state UNUSED)
{
	static const struct {
		double v;
		const char *want;
	} rows[] = {
		{0.1, "0.1"},	{1, "1"},   {-2.5, "-2.5"}, {1e22, "1e+22"}, {0.1 + 0.2, "0.30000000000000004"},
		{1.0 / 3, "0.3333333333333333"}, {5e-324, "4.94065645841247e-324"}, {1.7976931348623157e308, "1.7976931348623157e+308"},
		{HUGE_VAL, "null"}, {-HUGE_VAL, "null"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct buf b = BUF_INIT(100);
		struct jsonw w;

		jsonw_init(&w, &b);
		jsonw_num(&w, rows[i].v);
		assert_string_equal(b.p, rows[i].want);
		assert_true(jsonw_ok(&w));
		buf_release(&b);
	}
}

static void jsonw__full_buffer__is_not_ok(void **state UNUSED)
{
	for (size_t max = 0; max < 20; max++) {
		struct buf b = BUF_INIT(max);
		struct jsonw w;

		jsonw_init(&w, &b);
		jsonw_obj(&w);
		jsonw_kstr(&w, "key", S("value"));
		jsonw_end(&w);
		assert_int_equal(jsonw_ok(&w), max >= 15);
		buf_release(&b);
	}
}

static void deepest(void)
{
	struct buf b = BUF_INIT(1000);
	struct jsonw w;

	jsonw_init(&w, &b);
	for (int i = 0; i < JSONW_DEPTH_MAX; i++)
		jsonw_arr(&w);
	for (int i = 0; i < JSONW_DEPTH_MAX; i++)
		jsonw_end(&w);
	buf_release(&b);
}

static void too_deep(void)
{
	struct buf b = BUF_INIT(1000);
	struct jsonw w;

	jsonw_init(&w, &b);
	for (int i = 0; i <= JSONW_DEPTH_MAX; i++)
		jsonw_arr(&w);
}

static void key_outside(void)
{
	struct buf b = BUF_INIT(100);
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_arr(&w);
	jsonw_key(&w, "a");
}

static void value_without_key(void)
{
	struct buf b = BUF_INIT(100);
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_obj(&w);
	jsonw_int(&w, 1);
}

static void end_without_begin(void)
{
	struct buf b = BUF_INIT(100);
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_end(&w);
}

static void end_after_key(void)
{
	struct buf b = BUF_INIT(100);
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_obj(&w);
	jsonw_key(&w, "a");
	jsonw_end(&w);
}

static bool dies(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		close(2);
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status);
}

static void jsonw__programmers_faults__end_the_process(void **state UNUSED)
{
	assert_false(dies(deepest));
	assert_true(dies(too_deep));
	assert_true(dies(key_outside));
	assert_true(dies(value_without_key));
	assert_true(dies(end_without_begin));
	assert_true(dies(end_after_key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jsonw__all_calls__write_compact_json),
		cmocka_unit_test(jsonw_escape__what_must__is_escaped),
		cmocka_unit_test(jsonw_str__every_byte__reads_back),
		cmocka_unit_test(jsonw_num__shortest__reads_back),
		cmocka_unit_test(jsonw__full_buffer__is_not_ok),
		cmocka_unit_test(jsonw__programmers_faults__end_the_process),
	};

	return cmocka_run_group_tests_name("jsonw", tests, NULL, NULL);
}
