/* SPDX-License-Identifier: MIT */
/* The providers, in the order in which `make run` looks for a key. A new one that speaks Chat Completions is a row. */
#include "model/wire.h"

#define OPENAI (QUIRK_MAX_COMPLETION | QUIRK_OBFUSCATES | QUIRK_OWN_HOST)

static const struct provider table[] = {
	{"openai", "https://api.openai.com/v1", {"OPENAI_API_KEY"}, {"OPENAI_BASE_URL", "OPENAI_API_BASE"}, "gpt-5-mini", true, OPENAI},
	/* Until the native wire comes: Google's own compatible endpoint. */
	{"gemini", "https://generativelanguage.googleapis.com/v1beta/openai", {"GOOGLE_API_KEY", "GEMINI_API_KEY"}, {NULL},
	 "gemini-3.5-flash-lite", true, QUIRK_SIGNATURES},
	{"openrouter", "https://openrouter.ai/api/v1", {"OPENROUTER_API_KEY"}, {NULL}, "openai/gpt-oss-20b", true, 0},
	{"groq", "https://api.groq.com/openai/v1", {"GROQ_API_KEY"}, {NULL}, "", true, 0},
	{"mistral", "https://api.mistral.ai/v1", {"MISTRAL_API_KEY"}, {NULL}, "", true, QUIRK_NO_STREAM_OPTIONS | QUIRK_IDS_OF_9},
	{"codestral", "https://codestral.mistral.ai/v1", {"CODESTRAL_API_KEY"}, {NULL}, "", true, QUIRK_NO_STREAM_OPTIONS | QUIRK_IDS_OF_9},
	{"deepseek", "https://api.deepseek.com", {"DEEPSEEK_API_KEY"}, {"DEEPSEEK_API_BASE"}, "", true, 0},
	{"xai", "https://api.x.ai/v1", {"XAI_API_KEY"}, {NULL}, "", true, 0},
	{"together_ai", "https://api.together.xyz/v1", {"TOGETHER_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHERAI_API_KEY"}, {NULL}, "", true, 0},
	{"fireworks_ai", "https://api.fireworks.ai/inference/v1", {"FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY"}, {NULL}, "", true, 0},
	{"perplexity", "https://api.perplexity.ai", {"PERPLEXITYAI_API_KEY"}, {NULL}, "", true, 0},
	{"cerebras", "https://api.cerebras.ai/v1", {"CEREBRAS_API_KEY"}, {"CEREBRAS_API_BASE"}, "", true, 0},
	{"sambanova", "https://api.sambanova.ai/v1", {"SAMBANOVA_API_KEY"}, {NULL}, "", true, 0},
	{"nvidia_nim", "https://integrate.api.nvidia.com/v1", {"NVIDIA_NIM_API_KEY"}, {NULL}, "", true, 0},
	{"deepinfra", "https://api.deepinfra.com/v1/openai", {"DEEPINFRA_API_KEY"}, {NULL}, "", true, 0},
	{"github", "https://models.inference.ai.azure.com", {"GITHUB_API_KEY"}, {NULL}, "", true, 0},
	{"meta_llama", "https://api.llama.com/compat/v1", {"LLAMA_API_KEY"}, {NULL}, "", true, 0},
	{"volcengine", "https://ark.cn-beijing.volces.com/api/v3", {"VOLCENGINE_API_KEY"}, {NULL}, "", true, 0},
	{"friendliai", "https://api.friendli.ai/serverless/v1", {"FRIENDLIAI_API_KEY", "FRIENDLI_TOKEN"}, {NULL}, "", true, 0},
	{"ai21_chat", "https://api.ai21.com/studio/v1", {"AI21_API_KEY"}, {NULL}, "", true, 0},
	{"azure", "", {"AZURE_API_KEY"}, {"AZURE_API_BASE"}, "", true, QUIRK_API_KEY | QUIRK_MAX_COMPLETION},
	{"litellm_proxy", "", {"LITELLM_PROXY_API_KEY"}, {"LITELLM_PROXY_API_BASE"}, "", false, 0},
	{"hosted_vllm", "", {"HOSTED_VLLM_API_KEY"}, {"HOSTED_VLLM_API_BASE"}, "", false, 0},
	{"vllm", "", {"VLLM_API_KEY"}, {"VLLM_API_BASE"}, "", false, 0},
	{"ollama", "http://localhost:11434/v1", {"OLLAMA_API_KEY"}, {"OLLAMA_API_BASE"}, "", false, QUIRK_ADD_V1},
	{"ollama_chat", "http://localhost:11434/v1", {"OLLAMA_API_KEY"}, {"OLLAMA_API_BASE"}, "", false, QUIRK_ADD_V1},
	{"lm_studio", "http://localhost:1234/v1", {"LM_STUDIO_API_KEY"}, {"LM_STUDIO_API_BASE"}, "", false, 0},
	{"llamafile", "http://127.0.0.1:8080/v1", {NULL}, {"LLAMAFILE_API_BASE"}, "", false, 0},
	{"demo", "", {NULL}, {NULL}, "todo", false, 0},
};

const struct provider *provider_find(struct slice prefix)
{
	for (size_t i = 0; i < countof(table); i++)
		if (slice_is(prefix, table[i].prefix))
			return &table[i];
	return NULL;
}

const struct provider *provider_at(size_t i)
{
	return i < countof(table) ? &table[i] : NULL;
}

static const struct provider *find_bare(struct slice name)
{
	static const struct {
		struct slice begins;
		const char *prefix;
	} bare[] = {
		{S_INIT("gpt-"), "openai"}, {S_INIT("o1"), "openai"},      {S_INIT("o3"), "openai"},
		{S_INIT("o4"), "openai"},   {S_INIT("gemini-"), "gemini"},
	};

	for (size_t i = 0; i < countof(bare); i++)
		if (slice_starts(name, bare[i].begins))
			return provider_find(slice_cstr(bare[i].prefix));
	return NULL;
}

const struct provider *provider_split(struct slice name, struct slice *model)
{
	static const struct slice litellm = S_INIT("litellm/");
	struct slice prefix;

	if (slice_starts(name, litellm))
		name = slice_from(name, litellm.n);
	*model = slice_cut(name, '/', &prefix);
	if (prefix.n < name.n)
		return model->n ? provider_find(prefix) : NULL;
	*model = name;
	return find_bare(name);
}
