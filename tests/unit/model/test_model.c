/* SPDX-License-Identifier: MIT */
#include "model/model.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "model/call.h"
#include "model/provider_err.h"
#include "model/retry.h"

static void provider_err__every_shape__means_one_thing(void **state UNUSED)
{
	static const struct {
		int status;
		const char *body;
		enum rc rc;
		bool retry;
		const char *user, *msg; /* held by the texts */
	} rows[] = {
		{401, "{\"error\":{\"message\":\"Incorrect API key provided: sk-abc\",\"type\":\"invalid_request_error\",\"code\":\"invalid_api_key\"}}", RC_UPSTREAM, false, "key", "refused the key"},
		{403, "forbidden", RC_UPSTREAM, false, "key", "status 403"},
		{400, "[{\"error\":{\"code\":400,\"message\":\"API key not valid. Please pass a valid API key.\",\"status\":\"INVALID_ARGUMENT\"}}]", RC_UPSTREAM, false, "key", "INVALID_ARGUMENT"},
		{402, "{\"error\":{\"code\":402,\"message\":\"no credits\"}}", RC_RATE, false, "quota", "no credits"},
		{404, "{\"error\":{\"message\":\"The model `x` does not exist\",\"code\":\"model_not_found\"}}", RC_UPSTREAM, false, "not found", "does not exist"},
		{404, "{\"error\":\"model 'x' not found, try pulling it first\"}", RC_UPSTREAM, false, "not found", "try pulling"},
		{400, "{\"error\":{\"message\":\"This model's maximum context length is 8192 tokens\",\"code\":\"context_length_exceeded\"}}", RC_UPSTREAM, false, "too long", "context_length_exceeded"},
		{400, "{\"object\":\"error\",\"message\":\"This model's maximum context length is 8192 tokens\",\"type\":\"BadRequestError\",\"code\":400}", RC_UPSTREAM, false, "too long", "BadRequestError"},
		{400, "{\"object\":\"error\",\"message\":{\"detail\":[{\"msg\":\"extra\"}]},\"type\":\"invalid_request_error\"}", RC_UPSTREAM, false, "refused", "extra"},
		{422, "{\"detail\":\"bad field\"}", RC_UPSTREAM, false, "refused", "bad field"},
		{429, "{\"error\":{\"message\":\"slow down\",\"type\":\"requests\",\"code\":\"rate_limit_exceeded\"}}", RC_RATE, true, "busy", "slow down"},
		{429, "{\"error\":{\"message\":\"You exceeded your current quota\",\"type\":\"insufficient_quota\",\"code\":\"insufficient_quota\"}}", RC_RATE, false, "quota", "insufficient_quota"},
		{429, "[{\"error\":{\"code\":429,\"message\":\"You exceeded your current quota\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"retryDelay\":\"46s\"}]}}]", RC_RATE, true, "busy", "RESOURCE_EXHAUSTED"},
		{429, "{\"error\":{\"code\":429,\"message\":\"limit: 0, model: x\"}}", RC_RATE, false, "quota", "limit: 0"},
		{408, "", RC_TIMEOUT, true, "in time", "408"},
		{504, "<html>gateway", RC_TIMEOUT, true, "in time", "<html>gateway"},
		{500, "", RC_UPSTREAM, true, "problem", "500"},
		{503, "{\"error\":{\"code\":503,\"message\":\"x\",\"status\":\"UNAVAILABLE\"}}", RC_UPSTREAM, true, "problem", "UNAVAILABLE"},
		{529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}", RC_UPSTREAM, true, "problem", "overloaded_error"},
		{409, "", RC_UPSTREAM, true, "problem", "409"},
		{413, "", RC_UPSTREAM, false, "too large", "413"},
		{301, "", RC_UPSTREAM, false, "refused", "301"},
		{400, "{\"error\":{\"message\":\"bad\",\"code\":\"content_filter\"}}", RC_UPSTREAM, false, "differently", "bad"},
		{404, "{\"error\":{\"message\":\"No endpoints found that support image input\",\"code\":404}}", RC_UPSTREAM, false, "cannot read the attached", "No endpoints"},
		{400, "{\"error\":{\"message\":\"Failed to deserialize the JSON body: unknown variant `image_url`, expected `text`\"}}", RC_UPSTREAM, false, "cannot read the attached", "unknown variant"},
		{400, "{\"object\":\"error\",\"message\":\"At most 0 image(s) may be provided in one prompt.\",\"code\":400}", RC_UPSTREAM, false, "cannot read the attached", "At most 0"},
		{400, "{\"error\":{\"message\":\"messages[1].content must be a string\"}}", RC_UPSTREAM, false, "cannot read the attached", "must be a string"},
		{0, "{\"error\":{\"code\":429,\"message\":\"x\"}}", RC_RATE, true, "busy", "429"},
		{0, "{\"error\":{\"message\":\"a\\u0000\\nb\"}}", RC_UPSTREAM, true, "problem", "a"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct arena *a = arena_new(1 << 20, NULL);
		struct provider_err p;
		struct err e = ERR_INIT;

		provider_err_read(a, rows[i].status, slice_cstr(rows[i].body), &p);
		provider_err_tell(&p, &e);
		if (e.rc != rows[i].rc || provider_err_retry(&p) != rows[i].retry || !strstr(e.user, rows[i].user) || !strstr(e.msg, rows[i].msg))
			fail_msg("%d %s: %s, retry %d, '%s', '%s'", rows[i].status, rows[i].body, rc_name(e.rc), provider_err_retry(&p), e.user, e.msg);
		assert_null(strstr(e.msg, "sk-abc"));
		arena_free(a);
	}
}

static void provider_err__a_long_message__is_quoted_by_200_bytes(void **state UNUSED)
{
	struct arena *a = arena_new(1 << 20, NULL);
	char body[2000];
	struct provider_err p;
	struct err e;

	memset(body, 'q', sizeof(body));
	provider_err_read(a, 500, slice_mem(body, sizeof(body)), &p);
	provider_err_tell(&p, &e);
	assert_non_null(strstr(e.msg, "qqq"));
	assert_true(strspn(strstr(e.msg, "qqq"), "q") <= 200);
	provider_err_read(a, 429, S("[{\"error\":{\"details\":[{\"a\":1},{\"retryDelay\":\"1.5s\"}]}}]"), &p);
	assert_int_equal(p.retry_us, 2000000);
	arena_free(a);
}

static void retry_asked_us__what_headers_say(void **state UNUSED)
{
	static const struct {
		const char *ms, *after;
		int64_t want;
	} rows[] = {
		{"", "", 0}, {"250", "9", 250000}, {"1.5", "", 1500}, {"", "2", 2000000}, {"", "0.25", 250000}, {"", " 3 ", 3000000}, {"x", "2", 2000000},
		{"", "soon", 0}, {"", "-1", 0}, {"", "Sun, 06 Nov 1994 08:49:37 GMT", 7000000}, {"", "Sun, 06 Nov 1994 08:49:29 GMT", 0},
		{"", "99999999999999", 0},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		int64_t got = retry_asked_us(slice_cstr(rows[i].ms), slice_cstr(rows[i].after), 784111770 * (int64_t)1000000);

		if (got != rows[i].want)
			fail_msg("'%s' '%s': %lld", rows[i].ms, rows[i].after, (long long)got);
	}
}

static void retry_backoff_us__doubles__to_8_s_less_a_quarter_at_most(void **state UNUSED)
{
	static const int64_t most[] = {500000, 1000000, 2000000, 4000000, 8000000, 8000000, 8000000};

	for (unsigned i = 0; i < countof(most); i++) {
		assert_int_equal(retry_backoff_us(i, 0), most[i]);
		for (uint32_t chance = 1; chance < 5000; chance += 7) {
			int64_t got = retry_backoff_us(i, chance);

			assert_true(got <= most[i] && got >= most[i] / 4 * 3);
		}
	}
	assert_int_equal(retry_backoff_us(1000, 0), 8000000);
}

static void provider_split__names_as_people_write_them(void **state UNUSED)
{
	static const struct {
		const char *name, *prefix, *model;
	} rows[] = {
		{"openai/gpt-5-mini", "openai", "gpt-5-mini"},
		{"openrouter/openai/gpt-oss-20b", "openrouter", "openai/gpt-oss-20b"},
		{"litellm/gemini/gemini-3.5-flash-lite", "gemini", "gemini-3.5-flash-lite"},
		{"gpt-5-mini", "openai", "gpt-5-mini"},
		{"litellm/o3-mini", "openai", "o3-mini"},
		{"gemini-3.8-flash", "gemini", "gemini-3.8-flash"},
		{"demo/todo", "demo", "todo"},
		{"ollama/qwen3:4b", "ollama", "qwen3:4b"},
		{"nobody/x", NULL, NULL},
		{"openai/", NULL, NULL},
		{"/x", NULL, NULL},
		{"llama", NULL, NULL},
		{"", NULL, NULL},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct slice model;
		const struct provider *p = provider_split(slice_cstr(rows[i].name), &model);

		if ((p == NULL) != (rows[i].prefix == NULL) || (p && (strcmp(p->prefix, rows[i].prefix) != 0 || !slice_is(model, rows[i].model))))
			fail_msg("'%s': %s '%.*s'", rows[i].name, p ? p->prefix : "none", SLICE_ARG(model));
	}
}

static void provider_at__precedence_and_defaults(void **state UNUSED)
{
	static const char *const first[] = {"openai", "gemini", "openrouter"};

	for (size_t i = 0; i < countof(first); i++) {
		assert_string_equal(provider_at(i)->prefix, first[i]);
		assert_true(provider_at(i)->default_model[0] != 0);
	}
	for (size_t i = 0; provider_at(i); i++)
		assert_ptr_equal(provider_find(slice_cstr(provider_at(i)->prefix)), provider_at(i));
}

static void model_new__what_is_wrong__is_named(void **state UNUSED)
{
	static const struct {
		const char *name, *base, *key, *want; /* NULL: fine; the URL then */
		const char *url;
		unsigned quirks;
	} rows[] = {
		{"openai/gpt-5-mini", "", "k", NULL, "https://api.openai.com/v1/chat/completions", QUIRK_MAX_COMPLETION | QUIRK_OBFUSCATES | QUIRK_OWN_HOST},
		{"openai/x", "http://127.0.0.1:8000/v1", "", NULL, "http://127.0.0.1:8000/v1/chat/completions", 0},
		{"openai/x", "http://h/v1//", "", NULL, "http://h/v1/chat/completions", 0},
		{"openai/x", "http://h/v1/chat/completions", "", NULL, "http://h/v1/chat/completions", 0},
		{"openai/x", "https://API.openai.com/v1", "k", NULL, "https://API.openai.com/v1/chat/completions", QUIRK_MAX_COMPLETION | QUIRK_OBFUSCATES | QUIRK_OWN_HOST},
		{"ollama/q", "", "", NULL, "http://localhost:11434/v1/chat/completions", QUIRK_ADD_V1},
		{"ollama/q", "http://h:11434/", "", NULL, "http://h:11434/v1/chat/completions", QUIRK_ADD_V1},
		{"gemini/g", "", "k", NULL, "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions", QUIRK_SIGNATURES},
		{"openai/gpt-5-mini", "", "", "needs a key in OPENAI_API_KEY", NULL, 0},
		{"gemini/g", "", "", "needs a key in GOOGLE_API_KEY", NULL, 0},
		{"hosted_vllm/x", "", "", "needs a base URL, as in HOSTED_VLLM_API_BASE", NULL, 0},
		{"nobody/x", "", "", "must be provider/model", NULL, 0},
		{"openai/x", "ftp://h/v1", "k", "not an http or https URL", NULL, 0},
		{"openai/x", "localhost:8000", "k", "not an http or https URL", NULL, 0},
		{"openai/x", "http://u:secret@h/v1", "k", "may hold no password", NULL, 0},
	};
	/* Never called, so it need not be one. */
	struct http *http = (struct http *)(uintptr_t)&rows;

	for (size_t i = 0; i < countof(rows); i++) {
		struct model_opts o = {.name = slice_cstr(rows[i].name), .base_url = slice_cstr(rows[i].base), .api_key = slice_cstr(rows[i].key)};
		struct err e = ERR_INIT;
		struct model *m;
		enum rc rc = model_new(http, NULL, &o, &m, &e);

		if (rows[i].want) {
			if (rc != RC_CONF || m || !strstr(e.msg, rows[i].want) || strstr(e.msg, "secret"))
				fail_msg("%s %s: %s '%s'", rows[i].name, rows[i].base, rc_name(rc), e.msg);
			continue;
		}
		assert_int_equal(rc, RC_OK);
		assert_true(slice_is(buf_slice(&container_of(m, struct call_model, base)->url), rows[i].url));
		assert_int_equal(container_of(m, struct call_model, base)->quirks, rows[i].quirks);
		assert_true(slice_is(model_name(m), rows[i].name));
		assert_false(model_is_demo(m));
		model_free(m);
	}
	model_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(provider_err__every_shape__means_one_thing),
		cmocka_unit_test(provider_err__a_long_message__is_quoted_by_200_bytes),
		cmocka_unit_test(retry_asked_us__what_headers_say),
		cmocka_unit_test(retry_backoff_us__doubles__to_8_s_less_a_quarter_at_most),
		cmocka_unit_test(provider_split__names_as_people_write_them),
		cmocka_unit_test(provider_at__precedence_and_defaults),
		cmocka_unit_test(model_new__what_is_wrong__is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
