/* SPDX-License-Identifier: MIT */
#include "conf_rig.h"

/* What is asked for and what is there: which models come of it, the default first; or the problem. */
static const struct {
	const char *text, *env[4];
	const char *models; /* joined by blanks; "": none; NULL: a problem */
	const char *why;    /* the problem, or what model_why begins with */
} rows[] = {
	/* by itself */
	{NULL, {NULL}, "", "No model is configured. Set CHATKIT_MODEL"},
	{NULL, {"OPENAI_API_KEY=k"}, "openai/gpt-5-mini", NULL},
	{NULL, {"OPENAI_BASE_URL=http://h/v1"}, "openai/gpt-5-mini", NULL},
	{NULL, {"GOOGLE_API_KEY=k"}, "gemini/*", NULL},
	{NULL, {"GEMINI_API_KEY=k"}, "gemini/*", NULL},
	{NULL, {"OPENROUTER_API_KEY=k"}, "openrouter/*", NULL},
	{NULL, {"OPENROUTER_API_KEY=k", "GEMINI_API_KEY=k"}, "gemini/*", NULL},
	{NULL, {"GEMINI_API_KEY=k", "OPENAI_API_KEY=k", "OPENROUTER_API_KEY=k"}, "openai/gpt-5-mini", NULL},
	{NULL, {"OPENAI_API_KEY="}, "", "No model is configured. Set CHATKIT_MODEL"},
	{NULL, {"MISTRAL_API_KEY=k"}, "", "No model is configured: mistral is set up, but has no default model. Set CHATKIT_MODEL to mistral/MODEL."},
	{NULL, {"MISTRAL_API_KEY=k", "OPENROUTER_API_KEY=k"}, "openrouter/*", NULL},
	{"{\"providers\":{\"openai\":{\"api_key\":\"k\"}}}", {NULL}, "openai/gpt-5-mini", NULL},
	{"{\"providers\":{\"openai\":{\"api_key\":\"\"}}}", {NULL}, "", "No model is configured. Set CHATKIT_MODEL"},
	{"{\"providers\":{\"openai\":{\"api_key\":null}}}", {NULL}, "", "No model is configured. Set CHATKIT_MODEL"},
	/* by name */
	{NULL, {"CHATKIT_MODEL=demo/todo"}, "demo/todo", NULL},
	{NULL, {"CHATKIT_MODEL=demo/todo", "OPENAI_API_KEY=k"}, "demo/todo", NULL},
	{NULL, {"CHATKIT_MODEL= openai/gpt-5 ", "OPENAI_API_KEY=k"}, "openai/gpt-5", NULL},
	{NULL, {"CHATKIT_MODEL=openrouter/openai/gpt-oss-20b", "OPENROUTER_API_KEY=k"}, "openrouter/openai/gpt-oss-20b", NULL},
	{NULL, {"CHATKIT_MODEL=litellm/gemini/gemini-x", "GEMINI_API_KEY=k"}, "gemini/gemini-x", NULL},
	{NULL, {"CHATKIT_MODEL=ollama/llama3.2"}, "ollama/llama3.2", NULL},
	{NULL, {"CHATKIT_MODEL=hosted_vllm/m", "HOSTED_VLLM_API_BASE=http://h:8000/v1"}, "hosted_vllm/m", NULL},
	{NULL, {"CHATKIT_MODEL=openai/any", "OPENAI_BASE_URL=http://h/v1"}, "openai/any", NULL},
	{"{\"model\":\"demo/todo\"}", {"CHATKIT_MODEL=demo/x"}, "demo/x", NULL},
	/* bare names */
	{NULL, {"CHATKIT_MODEL=gpt-5", "OPENAI_API_KEY=k"}, "openai/gpt-5", NULL},
	{NULL, {"CHATKIT_MODEL=o3-mini", "OPENAI_API_KEY=k"}, "openai/o3-mini", NULL},
	{NULL, {"CHATKIT_MODEL=gemini-x", "GOOGLE_API_KEY=k"}, "gemini/gemini-x", NULL},
	{NULL, {"CHATKIT_MODEL=litellm/gpt-5", "OPENAI_API_KEY=k"}, "openai/gpt-5", NULL},
	{NULL, {"CHATKIT_MODEL=llama3.2", "OPENAI_BASE_URL=http://localhost:11434/v1"}, "openai/llama3.2", NULL},
	{NULL, {"CHATKIT_MODEL=llama3.2", "OPENAI_API_KEY=k"}, NULL, "CHATKIT_MODEL: llama3.2: expected provider/model, as openai/gpt-5-mini\n"},
	{NULL, {"CHATKIT_MODEL=claude-x", "OPENAI_API_KEY=k"}, NULL,
	 "CHATKIT_MODEL: claude-x: anthropic is not supported yet; openrouter/anthropic/MODEL is one way to it\n"},
	/* not so */
	{NULL, {"CHATKIT_MODEL=anthropic/claude-x", "ANTHROPIC_API_KEY=k"}, NULL,
	 "CHATKIT_MODEL: anthropic/claude-x: anthropic is not supported yet; openrouter/anthropic/MODEL is one way to it\n"},
	{NULL, {"CHATKIT_MODEL=openai/gpt-5"}, NULL, "CHATKIT_MODEL: openai/gpt-5 needs a key: set OPENAI_API_KEY, or providers.openai.api_key\n"},
	{"{\"model\":\"openai/gpt-5\"}", {NULL}, NULL, "model: openai/gpt-5 needs a key: set OPENAI_API_KEY, or providers.openai.api_key\n"},
	{NULL, {"CHATKIT_MODEL=hosted_vllm/m"}, NULL, "CHATKIT_MODEL: hosted_vllm/m needs an address: set HOSTED_VLLM_API_BASE, or providers.hosted_vllm.base_url\n"},
	{NULL, {"CHATKIT_MODEL=azure/m", "AZURE_API_KEY=k"}, NULL, "CHATKIT_MODEL: azure/m needs an address: set AZURE_API_BASE, or providers.azure.base_url\n"},
	{NULL, {"CHATKIT_MODEL=opnai/gpt-5"}, NULL, "*CHATKIT_MODEL: opnai/gpt-5: expected provider/model, with a provider of: openai gemini "},
	{NULL, {"CHATKIT_MODEL=openai/"}, NULL, "*CHATKIT_MODEL: openai/: expected provider/model"},
	/* lists */
	{NULL, {"CHATKIT_MODELS=demo/a,demo/b"}, "demo/a demo/b", NULL},
	{NULL, {"CHATKIT_MODELS=demo/a,demo/b,demo/a", "CHATKIT_MODEL=demo/b"}, "demo/b demo/a", NULL},
	{NULL, {"CHATKIT_MODELS=demo/a", "OPENAI_API_KEY=k"}, "demo/a", NULL},
	{NULL, {"CHATKIT_MODELS=gpt-5, litellm/demo/a", "OPENAI_API_KEY=k"}, "openai/gpt-5 demo/a", NULL},
	{NULL, {"CHATKIT_MODELS=demo/a,nope"}, NULL, "CHATKIT_MODELS: nope: expected provider/model, as openai/gpt-5-mini\n"},
	{"{\"models\":[\"demo/a\",\"openai/x\"]}", {NULL}, NULL, "models: openai/x needs a key: set OPENAI_API_KEY, or providers.openai.api_key\n"},
};

/* A star behind the slash is any model of that provider. */
static bool like(struct slice got, struct slice want)
{
	if (slice_ends(want, S("/*")))
		return slice_starts(got, slice_upto(want, want.n - 1));
	return slice_eq(got, want);
}

static void check_models(const struct conf *c, size_t i)
{
	struct slice rest = slice_cstr(rows[i].models), want;
	size_t n = 0;

	for (; rest.n; n++) {
		rest = slice_cut(rest, ' ', &want);
		if (n >= c->n_models || !like(c->models[n].name, want))
			fail_msg("row %zu: model %zu is not %.*s", i, n, SLICE_ARG(want));
	}
	if (n != c->n_models)
		fail_msg("row %zu: %zu models", i, c->n_models);
	assert_true(slice_eq(c->model.name, n ? c->models[0].name : SLICE_NONE));
	if ((c->model_why.n == 0) != (n > 0) || (n == 0 && !slice_starts(c->model_why, slice_cstr(rows[i].why))))
		fail_msg("row %zu: why: %.*s", i, SLICE_ARG(c->model_why));
}

static void choice(void **state)
{
	struct rig *r = *state;

	for (size_t i = 0; i < countof(rows); i++) {
		const char *got = rig_problems(r, rows[i].text, rows[i].env);
		bool begins = rows[i].why && rows[i].why[0] == '*';

		if ((r->conf == NULL) != (rows[i].models == NULL))
			fail_msg("row %zu: %s", i, got);
		if (r->conf)
			check_models(r->conf, i);
		else if (begins ? strncmp(got, rows[i].why + 1, strlen(rows[i].why) - 1) != 0 : strcmp(got, rows[i].why) != 0)
			fail_msg("row %zu: got %swant %s", i, got, rows[i].why);
	}
}

/* A key goes to its own provider and to no other. */
static void keys_and_addresses(void **state)
{
	struct rig *r = *state;
	const struct conf *c = rig_load(r,
					"{\"models\":[\"openai/a\",\"mistral/b\",\"ollama/c\",\"gemini/d\"],\"agent\":{\"retries\":5},"
					"\"providers\":{\"openai\":{\"api_key\":\"file\",\"base_url\":\"http://file/v1/\"},\"mistral\":{\"api_key\":\"os.environ/MY_KEY\"},"
					"\"gemini\":{\"api_key\":\"g-${PART}\"}}}",
					RIG_ENV("OPENAI_API_KEY= env\n", "MY_KEY= mine ", "PART=x"));

	if (!c)
		fail_msg("%s", r->problems.p);
	assert_int_equal(c->n_models, 4);
	assert_true(slice_is(c->models[0].api_key, "env"));
	assert_true(slice_is(c->models[0].base_url, "http://file/v1"));
	assert_true(slice_is(c->models[1].api_key, "mine"));
	assert_int_equal(c->models[1].base_url.n, 0);
	assert_int_equal(c->models[2].api_key.n, 0);
	assert_true(slice_is(c->models[3].api_key, "g-x"));
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(c->models[i].retries, 5);
		assert_int_equal(c->models[i].idle_us, 60000000);
	}
}

static void precedence_of_variables(void **state)
{
	struct rig *r = *state;

	assert_non_null(rig_load(r, NULL, RIG_ENV("GEMINI_API_KEY=second", "GOOGLE_API_KEY=first")));
	assert_true(slice_is(r->conf->model.api_key, "first"));
	assert_non_null(rig_load(r, NULL, RIG_ENV("OPENAI_API_BASE=http://second/v1", "OPENAI_BASE_URL=http://first/v1")));
	assert_true(slice_is(r->conf->model.base_url, "http://first/v1"));
}

static void at_most(void **state)
{
	struct rig *r = *state;
	char list[1024] = "CHATKIT_MODELS=";

	for (int i = 0; i < CONF_LIST_MAX; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "demo/m%d,", i);
	assert_non_null(rig_load(r, NULL, RIG_ENV(list)));
	assert_int_equal(r->conf->n_models, CONF_LIST_MAX);
	assert_string_equal(rig_problems(r, NULL, RIG_ENV(list, "CHATKIT_MODEL=demo/other")), "CHATKIT_MODELS: holds more than 32 with the default model\n");
	snprintf(list + strlen(list), sizeof(list) - strlen(list), "demo/m33");
	assert_string_equal(rig_problems(r, NULL, RIG_ENV(list)), "CHATKIT_MODELS: holds more than 32\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(choice, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(keys_and_addresses, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(precedence_of_variables, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(at_most, rig_setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
