/* SPDX-License-Identifier: MIT */
#include "model/provider_err.h"

#include "wire/json.h"
#include "wire/utf8.h"

/* The value as text when it is a string or a number. */
static struct slice scalar(const struct json_at *in, const char *key)
{
	struct json_at at;

	if (json_kind(in) != JSON_OBJECT)
		return SLICE_NONE;
	at = json_get(in, key);
	if (json_kind(&at) == JSON_STRING)
		return json_as_str(&at);
	return json_kind(&at) == JSON_NUMBER ? json_text(&at) : SLICE_NONE;
}

static struct slice first_of(const struct json_at *in, const char *const *keys)
{
	for (; *keys; keys++) {
		struct slice s = scalar(in, *keys);

		if (s.n)
			return s;
	}
	return SLICE_NONE;
}

/* "46s" or "1.5s" among google.rpc details. */
static int64_t retry_delay(const struct json_at *error)
{
	struct json_at details = json_get(error, "details"), one;
	struct slice text, whole, part;
	int64_t s;

	if (json_kind(&details) != JSON_ARRAY)
		return 0;
	for (size_t i = 0; i < json_count(&details); i++) {
		one = json_item(&details, i);
		text = scalar(&one, "retryDelay");
		if (text.n == 0 || text.p[text.n - 1] != 's')
			continue;
		part = slice_cut(slice_upto(text, text.n - 1), '.', &whole);
		if (slice_i64(whole, 0, 1000000, &s))
			return (s + (part.n > 0 || s == 0)) * 1000000;
	}
	return 0;
}

static void read_object(const struct json_at *root, struct provider_err *out)
{
	static const char *const messages[] = {"message", "detail", "error_description", "title", NULL};
	static const char *const codes[] = {"code", "type", "status", NULL};
	struct json_at error = json_get(root, "error");
	struct slice type;
	int64_t status;

	if (json_kind(&error) == JSON_STRING)
		out->message = json_as_str(&error);
	if (json_kind(&error) != JSON_OBJECT)
		error = *root;
	if (out->message.n == 0)
		out->message = first_of(&error, messages);
	out->code = first_of(&error, codes);
	out->retry_us = retry_delay(&error);
	if (slice_i64(out->code, 400, 599, &status)) {
		if (out->status < 400)
			out->status = (int)status;
		/* A number said nothing more: the word for it, if there is one. */
		type = scalar(&error, "type");
		out->code = type.n ? type : scalar(&error, "status");
	}
}

void provider_err_read(struct arena *a, int status, struct slice body, struct provider_err *out)
{
	static const struct guard_limits limits = {.depth = GUARD_DEPTH_MAX, .nodes = 5000, .key = 1024, .upstream = true, .any_top = true};
	struct json_at root, first;
	struct json_doc *doc;

	*out = (struct provider_err){.status = status};
	if (json_parse(a, body, &limits, &doc, NULL) == RC_OK) {
		root = json_root(doc);
		if (json_kind(&root) == JSON_ARRAY && json_count(&root) > 0) {
			first = json_item(&root, 0);
			root = first;
		}
		if (json_kind(&root) == JSON_OBJECT)
			read_object(&root, out);
		else if (json_kind(&root) == JSON_STRING)
			out->message = json_as_str(&root);
	}
	if (out->message.n == 0)
		out->message = arena_try_dup(a, slice_upto(slice_trim(body), 400));
}

enum meaning { M_KEY, M_MONEY, M_CONTEXT, M_NO_MODEL, M_RATE, M_LATE, M_DOWN, M_TOO_LARGE, M_FILTER, M_NO_FILES, M_REFUSED };

static const struct {
	const char *part; /* of the code */
	enum meaning m;
} by_code[] = {
	{"insufficient_quota", M_MONEY},  {"billing", M_MONEY},           {"insufficient_credits", M_MONEY}, {"payment", M_MONEY},
	{"spend_limit", M_MONEY},         {"context_length", M_CONTEXT},  {"context_window", M_CONTEXT},     {"model_not_found", M_NO_MODEL},
	{"rate_limit", M_RATE},           {"too_many_requests", M_RATE},  {"RESOURCE_EXHAUSTED", M_RATE},    {"invalid_api_key", M_KEY},
	{"authentication", M_KEY},        {"permission", M_KEY},          {"overloaded", M_DOWN},            {"UNAVAILABLE", M_DOWN},
	{"server_error", M_DOWN},         {"internal", M_DOWN},           {"timeout", M_LATE},               {"content_filter", M_FILTER},
	{"content_policy", M_FILTER},
};

/* Context overflow has no code at several providers, only these words. Gemini's "limit: 0" is a quota that never refills. */
static const struct {
	const char *part;
	enum meaning m;
} by_message[] = {
	{"api key not valid", M_KEY},
	{"maximum context length", M_CONTEXT},
	{"context length", M_CONTEXT},
	{"prompt is too long", M_CONTEXT},
	{"exceeds the maximum number of tokens", M_CONTEXT},
	{"exceeded your current quota", M_MONEY},
	{"limit: 0", M_MONEY},
	/* A picture or a document for a model that reads text alone: OpenAI, OpenRouter, DeepSeek and serde's kind, vLLM, Ollama, Mistral, Groq, LiteLLM. */
	{"image_url", M_NO_FILES},
	{"image input", M_NO_FILES},
	{"support image", M_NO_FILES},
	{"support vision", M_NO_FILES},
	{"file input", M_NO_FILES},
	{"support file", M_NO_FILES},
	{"multimodal", M_NO_FILES},
	{"at most 0 image", M_NO_FILES},
	{"content must be a string", M_NO_FILES},
};

static bool holds(struct slice hay, const char *needle)
{
	size_t n = strlen(needle);

	for (size_t i = 0; i + n <= hay.n; i++)
		if (slice_eq_nocase(slice_mem(hay.p + i, n), slice_mem(needle, n)))
			return true;
	return false;
}

static enum meaning meaning(const struct provider_err *p)
{
	for (size_t i = 0; i < countof(by_code); i++)
		if (p->code.n && holds(p->code, by_code[i].part))
			return by_code[i].m;
	/* Gemini's text for a full minute also speaks of the quota, and names when to come back. */
	for (size_t i = 0; i < countof(by_message); i++)
		if (holds(p->message, by_message[i].part) && !(by_message[i].m == M_MONEY && p->retry_us))
			return by_message[i].m;
	switch (p->status) {
	case 401:
	case 403:
		return M_KEY;
	case 402:
		return M_MONEY;
	case 404:
		return M_NO_MODEL;
	case 408:
	case 504:
		return M_LATE;
	case 413:
		return M_TOO_LARGE;
	case 429:
		return M_RATE;
	}
	return p->status >= 500 || p->status == 0 || p->status == 409 ? M_DOWN : M_REFUSED;
}

bool provider_err_retry(const struct provider_err *p)
{
	switch (meaning(p)) {
	case M_RATE:
	case M_LATE:
	case M_DOWN:
		return true;
	case M_KEY:
	case M_MONEY:
	case M_CONTEXT:
	case M_NO_MODEL:
	case M_TOO_LARGE:
	case M_FILTER:
	case M_NO_FILES:
	case M_REFUSED:
		break;
	}
	return false;
}

static const struct {
	enum rc rc;
	const char *what, *user, *code;
} tells[] = {
	[M_KEY] = {RC_UPSTREAM, "the provider refused the key", "The model's provider refused this site's key. Please tell the site's operator.", ""},
	[M_MONEY] = {RC_RATE, "the provider's quota or credit is used up",
		     "This site's quota with the model's provider is used up. Please tell the site's operator.", ""},
	[M_CONTEXT] = {RC_UPSTREAM, "context_length_exceeded",
		       "This conversation has become too long for the model. Please start a new one.", "model.context_length_exceeded"},
	[M_NO_MODEL] = {RC_UPSTREAM, "the provider does not know the model",
			"The model was not found at its provider. Please tell the site's operator.", ""},
	[M_RATE] = {RC_RATE, "the provider's rate limit is reached", "The model is busy right now. Please try again in a moment.", ""},
	[M_LATE] = {RC_TIMEOUT, "the provider timed out", "The model did not answer in time. Please try again.", ""},
	[M_DOWN] = {RC_UPSTREAM, "the provider failed", "The model's provider has a problem right now. Please try again in a moment.", ""},
	[M_TOO_LARGE] = {RC_UPSTREAM, "the request is too large for the provider",
			 "This conversation has become too large for the model. Please start a new one.", ""},
	[M_FILTER] = {RC_UPSTREAM, "the provider's content filter refused the request",
		      "The model's provider refused to answer this. Please ask differently.", ""},
	[M_NO_FILES] = {RC_UPSTREAM, "the model takes no such attachment",
			"This model cannot read the attached file. Please ask without it, or choose another model.", "model.no_files"},
	[M_REFUSED] = {RC_UPSTREAM, "the provider refused the request",
		       "The model's provider refused the request. Please tell the site's operator.", ""},
};

enum rc provider_err_tell(const struct provider_err *p, struct err *e)
{
	enum meaning m = meaning(p);
	struct buf quote = BUF_INIT(1024);
	struct err ignored;

	e = e ? e : &ignored;
	/* A refusal of a key may quote it. */
	if (m != M_KEY)
		utf8_mend(&quote, slice_upto(p->message, 300));
	err_set(e, tells[m].rc, "%s (status %d, code '%.*s')%s%.*s", tells[m].what, p->status, SLICE_ARG(slice_upto(p->code, 60)), quote.n ? ": " : "",
		SLICE_ARG(utf8_cut(buf_slice(&quote), 200)));
	err_user(e, "%s", tells[m].user);
	memcpy(e->code, tells[m].code, strlen(tells[m].code) + 1);
	if (m == M_RATE && p->retry_us > 0)
		e->retry_after_s = (int)(p->retry_us / 1000000);
	buf_release(&quote);
	return e->rc;
}

void provider_err_hide(struct slice key, struct err *e)
{
	ptrdiff_t at;

	while (key.n >= 8 && (at = slice_find(slice_cstr(e->msg), key)) >= 0)
		memset(e->msg + at, '*', key.n);
}
