/* SPDX-License-Identifier: MIT */
#include "model/wire.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "wire/sse.h"

/*
 * A stream's bytes, and the transcript that must come of them: T(text) R(reasoning) F(refusal), then C(id name args)..., then the finish, or "!rc"; then
 * "u=in/out/cached/reasoning" when usage came. Every stream is fed whole, at every split in two, and byte by byte.
 */
struct row {
	const char *name, *in, *want;
};

#define D(delta) "data: {\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":null}]}\n\n"
#define FIN(why) "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" why "\"}]}\n\n"
#define DONE "data: [DONE]\n\n"
#define CALL(i, rest) "{\"index\":" i "," rest "}"

static const struct row rows[] = {
	{"OpenAI",
	 "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
	 "\"content\":\"\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null,\"obfuscation\":\"abc\"}\n\n" D("{\"content\":\"Hel\"}") D(
		 "{\"content\":\"lo\"}") FIN("stop") "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":2,\"total_tokens\":13,"
	 "\"prompt_tokens_details\":{\"cached_tokens\":4},\"completion_tokens_details\":{\"reasoning_tokens\":1}}}\n\n" DONE,
	 "T(Hel)T(lo)stop u=11/2/4/1"},
	{"escapes and characters", D("{\"content\":\"\\\"a\\\\\\n\\u00e9\\ud83d\\ude00\xc3\xa9\"}") FIN("stop") DONE, "T(\"a\\\n\xc3\xa9\xf0\x9f\x98\x80\xc3\xa9)stop"},
	{"half a surrogate, NUL, bad UTF-8", D("{\"content\":\"a\\ud83db\\u0000c\xff" "d\"}") FIN("stop"),
	 "T(a\xef\xbf\xbd" "b\xef\xbf\xbd" "c\xef\xbf\xbd" "d)stop"},
	{"CRLF, no blank, comments, no [DONE], no last blank line",
	 ": OPENROUTER PROCESSING\r\n\r\ndata:{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\n\r\n:k\r\ndata:{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n",
	 "T(a)stop"},
	{"CR only, a BOM", "\xef\xbb\xbf" "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\r\r", "T(a)stop"},
	{"Azure's first event, absent choices, null delta, null choice members",
	 "data: {\"choices\":[],\"prompt_filter_results\":[{}]}\n\ndata: {\"id\":\"x\"}\n\ndata: {\"choices\":null}\n\n"
	 "data: {\"choices\":[{\"delta\":null,\"finish_reason\":\"\"}]}\n\ndata: {}\n\ndata:\n\n" D("{\"content\":null}") D("{\"content\":\"a\"}") FIN("stop"),
	 "T(a)stop"},
	{"[DONE] alone is an end", D("{\"content\":\"a\"}") DONE, "T(a)stop"},
	{"nothing counts after [DONE]", D("{\"content\":\"a\"}") DONE D("{\"content\":\"b\"}"), "T(a)stop"},
	{"an unknown reason is an end", D("{\"content\":\"a\"}") FIN("eos"), "T(a)stop"},
	{"text, then a call",
	 D("{\"content\":\"ok\"}") D("{\"tool_calls\":[" CALL("0", "\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}") "]}")
		 D("{\"tool_calls\":[" CALL("0", "\"function\":{\"arguments\":\"{\\\"x\\\":\"}") "]}") D("{\"tool_calls\":[" CALL("0", "\"function\":{\"arguments\":\"1}\"}") "]}")
			 FIN("tool_calls") DONE,
	 "T(ok)G(0 f {\"x\":)G(0 f {\"x\":1})C(c1 f {\"x\":1})calls"},
	{"calls with finish reason stop; index missing",
	 D("{\"tool_calls\":[{\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},{\"id\":\"c2\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]}") FIN("stop"),
	 "G(0 f {})G(1 g {})C(c1 f {})C(c2 g {})calls"},
	{"arguments as an object, and null", D("{\"tool_calls\":[" CALL("0", "\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":{\"x\":[1.0]}}") ","
	 CALL("1", "\"id\":\"c2\",\"function\":{\"name\":\"g\",\"arguments\":null}") "]}") FIN("stop"), "G(0 f {\"x\":[1.0]})C(c1 f {\"x\":[1.0]})C(c2 g {})calls"},
	{"tool_calls finish without calls", D("{\"content\":\"a\"}") FIN("tool_calls"), "T(a)stop"},
	{"length with half a call", D("{\"content\":\"a\"}") D("{\"tool_calls\":[" CALL("0", "\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\"}") "]}") FIN("length"),
	 "T(a)G(0 f {\"x)length"},
	{"length with half a call and no text", D("{\"tool_calls\":[" CALL("0", "\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\"}") "]}") FIN("length"), "G(0 f {\"x)!upstream_protocol"},
	{"length with a whole call", D("{\"tool_calls\":[" CALL("0", "\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}") "]}") FIN("length"), "G(0 f {})C(c1 f {})calls"},
	{"length after text", D("{\"content\":\"a\"}") FIN("length"), "T(a)length"},
	{"Mistral's word for it", D("{\"content\":\"a\"}") FIN("model_length"), "T(a)length"},
	{"length, nothing said", FIN("length"), "!upstream_protocol"},
	{"filter, nothing said", FIN("content_filter"), "filter"},
	{"filter after text", D("{\"content\":\"a\"}") FIN("content_filter"), "T(a)filter"},
	{"a refusal", D("{\"refusal\":\"No\"}") D("{\"refusal\":\".\"}") FIN("stop"), "F(No)F(.)stop"},
	{"reasoning_content", D("{\"reasoning_content\":\"hm\",\"content\":null}") D("{\"content\":\"a\"}") FIN("stop"), "R(hm)T(a)stop"},
	{"reasoning", D("{\"reasoning\":\"hm\",\"content\":\"\"}") D("{\"content\":\"a\"}") FIN("stop"), "R(hm)T(a)stop"},
	{"both, the same", D("{\"reasoning\":\"hm\",\"reasoning_content\":\"hm\"}") D("{\"content\":\"a\"}") FIN("stop"), "R(hm)T(a)stop"},
	{"reasoning and text in one event", D("{\"reasoning\":\"hm\",\"content\":\"a\"}") FIN("stop"), "R(hm)T(a)stop"},
	{"only details",
	 D("{\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"h\",\"index\":0},{\"type\":\"reasoning.summary\",\"summary\":\"s\"}]}") D("{\"content\":\"a\"}") FIN("stop"),
	 "R(hs)T(a)stop"},
	{"Mistral's parts",
	 D("{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"h\"}]},{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"},7,{\"type\":\"x\"}]}")
		 FIN("stop"), "R(h)T(ab)stop"},
	{"usage in every event, the last one holds",
	 "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}}\n\n"
	 "data: {\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n",
	 "T(a)T(b)stop u=5/2/-1/-1"},
	{"Groq's and DeepSeek's usage",
	 D("{\"content\":\"a\"}") "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"x_groq\":{\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,"
	 "\"prompt_cache_hit_tokens\":3}}}\n\n", "T(a)stop u=5/2/3/-1"},
	{"a whole message in the stream", "data: {\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n", "T(a)stop"},
	{"reasoning alone is no answer", D("{\"reasoning\":\"hm\"}") FIN("stop"), "R(hm)!upstream_protocol"},
	{"empty", FIN("stop") DONE, "!upstream_protocol"},
	{"only [DONE]", DONE, "!upstream_protocol"},
	{"nothing at all", "", "!upstream_protocol"},
	{"comments only", ": hi\n\n: ho\n\n", "!upstream_protocol"},
	{"broken off after text", D("{\"content\":\"a\"}"), "T(a)!upstream_protocol"},
	{"broken off in a call", D("{\"tool_calls\":[" CALL("0", "\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}") "]}"), "G(0 f {})!upstream_protocol"},
	{"broken off in an event", D("{\"content\":\"a\"}") "data: {\"choices\":[{\"delta\":{\"cont", "T(a)!upstream_protocol"},
	{"no JSON", D("{\"content\":\"a\"}") "data: oops\n\n", "T(a)!upstream_protocol"},
	{"no object", "data: \"x\"\n\n", "!upstream_protocol"},
	{"an array", "data: [1]\n\n", "!upstream_protocol"},
	{"an error (OpenAI, OpenRouter)", D("{\"content\":\"a\"}") "data: {\"error\":{\"code\":502,\"message\":\"boom\"},\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}\n\n",
	 "T(a)!upstream_failed"},
	{"an error as text", "data: {\"error\":\"boom\"}\n\n", "!upstream_failed"},
	{"vLLM's error", "data: {\"object\":\"error\",\"message\":\"boom\",\"code\":400}\n\n", "!upstream_failed"},
	{"Google's error in an array", "data: [{\"error\":{\"code\":429,\"message\":\"slow\",\"status\":\"RESOURCE_EXHAUSTED\"}}]\n\n", "!rate_limited"},
	{"Anthropic's shape", "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}\n\n", "!upstream_failed"},
	{"a rate limit", "data: {\"error\":{\"type\":\"rate_limit_error\",\"message\":\"x\"}}\n\n", "!rate_limited"},
	{"error null is none", "data: {\"error\":null,\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n", "T(a)stop"},
	/* What comes beside the text. */
	{"OpenAI's and OpenRouter's annotations",
	 D("{\"content\":\"a b\",\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":{\"url\":\"https://a.example/x\",\"title\":\" A \",\"content\":\"long\",\"start_index\":0,\"end_index\":1}}]}")
		 D("{\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":{\"url\":\"https://a.example/x\",\"title\":\"A\",\"start_index\":0,\"end_index\":1}},"
		   "{\"type\":\"url_citation\",\"url_citation\":{\"url\":\"https://a.example/x\",\"start_index\":2,\"end_index\":3}}]}") FIN("stop") DONE,
	 "T(a b)A(https://a.example/x|A| 0-1)A(https://a.example/x|| 2-3)stop"},
	{"flat annotations, a file's, and what is none",
	 D("{\"content\":\"a\",\"annotations\":[{\"type\":\"url_citation\",\"url\":\"HTTP://a.example\",\"title\":\"\\u00e9\"},{\"type\":\"file_citation\",\"file_id\":\"f1\",\"filename\":\"a.pdf\",\"index\":4},"
	   "{\"type\":\"file_citation\",\"file_citation\":{\"file_id\":\"f2\",\"filename\":\"b.pdf\"}},{\"type\":\"file_citation\",\"file_citation\":{\"file_id\":\"f3\"}},"
	   "{\"type\":\"file\",\"file\":{\"name\":\"x\"}},{\"type\":\"url_citation\",\"url_citation\":{\"url\":\"javascript:alert(1)\"}},{\"type\":\"url_citation\"},7,null,[]]}")
		 FIN("stop"), "T(a)A(HTTP://a.example|\xc3\xa9|)A(||a.pdf)A(||b.pdf)stop"},
	{"places that cannot be",
	 D("{\"content\":\"a\",\"annotations\":[{\"type\":\"url_citation\",\"url\":\"https://a.example\",\"start_index\":5,\"end_index\":2},{\"type\":\"url_citation\",\"url\":\"https://b.example\",\"start_index\":-1,\"end_index\":\"2\"}]}")
		 FIN("stop"), "T(a)A(https://a.example||)A(https://b.example||)stop"},
	{"annotations that are none", D("{\"content\":\"a\",\"annotations\":[]}") D("{\"annotations\":null}") D("{\"annotations\":{\"x\":[1]}}") FIN("stop"), "T(a)stop"},
	{"Perplexity's results in every event, told once",
	 "data: {\"citations\":[\"https://a.example\",\"https://b.example\"],\"search_results\":[{\"title\":\"A\",\"url\":\"https://a.example\",\"date\":\"2026-01-01\"}],\"choices\":[{\"delta\":{\"content\":\"a[1]\"}}]}\n\n"
	 "data: {\"citations\":[\"https://a.example\",\"https://b.example\"],\"search_results\":[{\"title\":\"A\",\"url\":\"https://a.example\",\"date\":\"2026-01-01\"}],\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"stop\"}]}\n\n"
	 "data: {\"citations\":[\"https://a.example\"],\"choices\":[]}\n\n",
	 "T(a[1])A(https://a.example|A|)A(https://b.example||)stop"},
	{"xAI's citations in the last event",
	 D("{\"content\":\"a\"}") FIN("stop") "data: {\"choices\":[],\"citations\":[\"https://a.example\",\"https://a.example\",\"ftp://x\",3,{\"url\":\"https://b.example\",\"title\":\"B\"}],\"usage\":{\"prompt_tokens\":1}}\n\n" DONE,
	 "T(a)A(https://a.example||)A(https://b.example|B|)stop u=1/-1/-1/-1"},
	{"a list does not repeat what has a place",
	 D("{\"content\":\"a\",\"annotations\":[{\"type\":\"url_citation\",\"url\":\"https://a.example\",\"start_index\":0,\"end_index\":1}]}")
		 "data: {\"citations\":[\"https://a.example\"],\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n", "T(a)A(https://a.example|| 0-1)stop"},
	{"an image",
	 D("{\"content\":\"Here\",\"images\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,aGk=\"},\"index\":0}]}") FIN("stop"), "T(Here)I(image/png aGk=)stop"},
	{"an image alone is an answer", D("{\"content\":\"\",\"images\":[{\"image_url\":{\"url\":\"DATA:image\\/jpeg;x=1;base64,a\\/+=\"}}]}") FIN("stop"), "I(image/jpeg a/+=)stop"},
	{"two images, and what is none",
	 D("{\"images\":[{\"image_url\":{\"url\":\"https://a.example/x.png\"}},{\"image_url\":{\"url\":\"data:image/png;base64,YQ==\"}},7,{\"image_url\":{\"url\":\"data:text/html;base64,YQ==\"}},"
	   "{\"image_url\":\"data:image/png;base64,YQ==\"},{\"image_url\":{\"url\":\"data:image/png,x\"}},{\"image_url\":{\"url\":\"data:image/png;base64,\"}},{\"image_url\":{\"url\":\"data:image/webp;base64,Yg==\"}}]}")
		 FIN("stop"), "I(image/png YQ==)I(image/webp Yg==)stop"},
	{"finish reason error", D("{\"content\":\"a\"}") FIN("error"), "T(a)!upstream_failed"},
};

static const char *finish_name(enum model_finish f)
{
	static const char *const names[] = {[FINISH_STOP] = "stop", [FINISH_CALLS] = "calls", [FINISH_LENGTH] = "length", [FINISH_FILTER] = "filter"};

	return names[f];
}

static void add_calls(struct buf *out, struct wire *w)
{
	struct assembled *c;

	while ((c = assemble_grown(&w->calls)) != NULL) {
		buf_addf(out, "G(%zu %.*s %.*s)", c->nth, SLICE_ARG(c->name), SLICE_ARG(buf_slice(&c->args)));
		c->grew = false;
	}
}

static void add_delta(struct buf *out, const struct wire_delta *d)
{
	if (d->reasoning.n)
		buf_addf(out, "R(%.*s)", SLICE_ARG(d->reasoning));
	if (d->text.n)
		buf_addf(out, "T(%.*s)", SLICE_ARG(d->text));
	if (d->refusal.n)
		buf_addf(out, "F(%.*s)", SLICE_ARG(d->refusal));
	for (size_t i = 0; i < d->n_sources; i++) {
		const struct model_source *s = &d->source[i];

		buf_addf(out, "A(%.*s|%.*s|%.*s", SLICE_ARG(s->url), SLICE_ARG(s->title), SLICE_ARG(s->file_name));
		if (s->start >= 0)
			buf_addf(out, " %lld-%lld", (long long)s->start, (long long)s->end);
		buf_addch(out, ')');
	}
	for (size_t i = 0; i < d->n_images; i++)
		buf_addf(out, "I(%.*s %.*s)", SLICE_ARG(d->image[i].mime), SLICE_ARG(d->image[i].data));
}

static enum rc take(struct wire *w, struct slice data, struct buf *out, struct err *e)
{
	struct wire_delta d;
	enum rc rc = w->ops->event(w, data, &d, e);

	add_delta(out, &d);
	if (d.calls_grew)
		add_calls(out, w);
	return rc;
}

static enum rc feed(struct wire *w, struct sse_dec *sse, struct slice chunk, struct buf *out, struct err *e)
{
	struct sse_event ev;
	enum rc rc = RC_OK;

	sse_feed(sse, chunk);
	while (rc == RC_OK && sse_next(sse, &ev) == SSE_EVENT)
		rc = take(w, ev.data, out, e);
	return rc;
}

static void add_end(struct wire *w, enum rc rc, struct buf *out, struct err *e)
{
	if (rc == RC_OK)
		rc = wire_end(w, e);
	if (rc != RC_OK) {
		buf_addf(out, "!%s", rc_name(rc));
		assert_true(e->msg[0] && e->user[0]);
		assert_true(e->user[strlen(e->user) - 1] == '.');
		return;
	}
	for (size_t i = 0; i < w->calls.n; i++)
		buf_addf(out, "C(%.*s %.*s %.*s)", SLICE_ARG(w->calls.call[i].id), SLICE_ARG(w->calls.call[i].name), SLICE_ARG(buf_slice(&w->calls.call[i].args)));
	buf_adds(out, finish_name(w->finish));
	if (w->usage.in >= 0)
		buf_addf(out, " u=%lld/%lld/%lld/%lld", (long long)w->usage.in, (long long)w->usage.out, (long long)w->usage.cached, (long long)w->usage.reasoning);
}

/* The stream in pieces of `step` bytes, the first of `first`. */
static void play(struct slice in, size_t first, size_t step, struct buf *out)
{
	struct arena *a = arena_new(64 << 20, NULL);
	struct err e = ERR_INIT;
	struct sse_event ev;
	struct sse_dec sse;
	struct wire w;
	enum rc rc = RC_OK;

	wire_init(&w, &openai_chat, a, S("f"), 7);
	sse_init(&sse, WIRE_EVENT_MAX);
	for (size_t n = first; in.n && rc == RC_OK; n = step) {
		struct slice piece = slice_upto(in, n);
		char *copy = xalloc(piece.n + 1); /* so that a view that outlives the chunk is seen */

		memcpy(copy, piece.p, piece.n);
		rc = feed(&w, &sse, slice_mem(copy, piece.n), out, &e);
		free(copy);
		in = slice_from(in, piece.n);
	}
	if (rc == RC_OK && sse_end(&sse, &ev) == SSE_EVENT)
		rc = take(&w, ev.data, out, &e);
	add_end(&w, rc, out, &e);
	(void)wire_said(&w);
	sse_release(&sse);
	wire_release(&w);
	arena_free(a);
}

static void openai_chat__every_stream_at_every_split__gives_the_same(void **state UNUSED)
{
	for (size_t i = 0; i < countof(rows); i++) {
		struct slice in = slice_cstr(rows[i].in);
		struct buf got = BUF_INIT(1 << 16);

		for (size_t first = 1; first <= in.n + 1; first++) {
			buf_clear(&got);
			play(in, first > in.n ? 1 : first, first > in.n ? 1 : in.n, &got);
			if (!slice_is(buf_slice(&got), rows[i].want))
				fail_msg("%s, split at %zu: '%.*s', not '%s'", rows[i].name, first, SLICE_ARG(buf_slice(&got)), rows[i].want);
		}
		buf_release(&got);
	}
}

static void openai_chat__a_whole_body__is_an_answer_or_an_error(void **state UNUSED)
{
	static const struct row bodies[] = {
		{"an answer", "{\"choices\":[{\"message\":{\"content\":\"hi\",\"reasoning\":\"hm\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1}}", "R(hm)T(hi)stop u=1/-1/-1/-1"},
		{"calls", "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"}]}", "C(c f {})calls"},
		{"an answer with all that can come beside it",
		 "{\"choices\":[{\"message\":{\"content\":\"hi\",\"annotations\":[{\"type\":\"url_citation\",\"url\":\"https://a.example\"}],\"images\":[{\"image_url\":{\"url\":\"data:image/png;base64,YQ==\"}}]},"
		 "\"finish_reason\":\"stop\"}],\"citations\":[\"https://b.example\"]}", "T(hi)A(https://a.example||)A(https://b.example||)I(image/png YQ==)stop"},
		{"no finish reason", " {\"choices\":[{\"message\":{\"content\":\"hi\"}}]}\n", "T(hi)stop"},
		{"an error", "{\"error\":{\"message\":\"x\",\"code\":\"context_length_exceeded\"}}", "!upstream_failed"},
		{"Google's error", "[{\"error\":{\"code\":503,\"message\":\"x\",\"status\":\"UNAVAILABLE\"}}]", "!upstream_failed"},
		{"something else", "{\"hello\":\"world\"}", "!upstream_protocol"},
		{"an empty answer", "{\"choices\":[{\"message\":{\"content\":\"\"},\"finish_reason\":\"stop\"}]}", "!upstream_protocol"},
		{"cut", "{\"choices\":[{\"message\":{\"content\":\"hi", "!upstream_protocol"},
	};

	for (size_t i = 0; i < countof(bodies); i++) {
		struct arena *a = arena_new(64 << 20, NULL);
		struct buf got = BUF_INIT(1 << 16);
		struct err e = ERR_INIT;
		struct wire_delta d;
		struct wire w;
		enum rc rc;

		wire_init(&w, &openai_chat, a, S("f"), 7);
		rc = openai_chat.whole(&w, slice_cstr(bodies[i].in), &d, &e);
		add_delta(&got, &d);
		add_end(&w, rc, &got, &e);
		if (!slice_is(buf_slice(&got), bodies[i].want))
			fail_msg("%s: '%.*s', not '%s'", bodies[i].name, SLICE_ARG(buf_slice(&got)), bodies[i].want);
		wire_release(&w);
		buf_release(&got);
		arena_free(a);
	}
}

static void said_is(const char *stream, const char *want)
{
	struct arena *a = arena_new(64 << 20, NULL);
	struct buf got = BUF_INIT(1 << 16), ignored = BUF_INIT(1 << 16);
	struct err e = ERR_INIT;
	struct sse_dec sse;
	struct wire w;

	wire_init(&w, &openai_chat, a, S("fam"), 7);
	sse_init(&sse, WIRE_EVENT_MAX);
	assert_int_equal(feed(&w, &sse, slice_cstr(stream), &ignored, &e), RC_OK);
	assert_int_equal(wire_end(&w, &e), RC_OK);
	message_write(&got, wire_said(&w));
	assert_string_equal(got.p, want);
	buf_release(&got);
	buf_release(&ignored);
	sse_release(&sse);
	wire_release(&w);
	arena_free(a);
}

static void wire_said__what_the_provider_wants_back__is_kept(void **state UNUSED)
{
	said_is(D("{\"reasoning_content\":\"h\"}") D("{\"reasoning_content\":\"m\"}") D("{\"content\":\"a\"}") D("{\"content\":\"b\"}") FIN("stop"),
		"{\"role\":\"assistant\",\"family\":\"fam\",\"parts\":[{\"t\":\"reasoning\",\"text\":\"hm\",\"opaque\":{\"as\":\"reasoning_content\"}},{\"t\":\"text\",\"text\":\"ab\"}]}");
	/* Pieces of a signed text block come together; a block of another kind stays as it is. */
	said_is(D("{\"reasoning\":\"h\",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"h\",\"format\":\"x\",\"index\":0}]}")
		D("{\"reasoning\":\"m\",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"m\",\"format\":\"x\",\"index\":0}]}")
		D("{\"reasoning_details\":[{\"type\":\"reasoning.text\",\"signature\":\"s1\",\"format\":\"x\",\"index\":0},{\"type\":\"reasoning.encrypted\",\"data\":\"q\\/\"}]}")
		D("{\"content\":\"a\"}") FIN("stop"),
		"{\"role\":\"assistant\",\"family\":\"fam\",\"parts\":[{\"t\":\"reasoning\",\"text\":\"hm\",\"opaque\":{\"details\":["
		"{\"type\":\"reasoning.text\",\"format\":\"x\",\"index\":0,\"text\":\"hm\",\"signature\":\"s1\"},{\"type\":\"reasoning.encrypted\",\"data\":\"q/\"}]}},"
		"{\"t\":\"text\",\"text\":\"a\"}]}");
	/* Gemini's signature: on the call, in a delta of its own, or beside the calls. */
	said_is(D("{\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"},\"extra_content\":{\"google\":{\"thought_signature\":\"S\"}}}]}") FIN("stop"),
		"{\"role\":\"assistant\",\"family\":\"fam\",\"parts\":[{\"t\":\"call\",\"id\":\"c\",\"name\":\"f\",\"args\":\"{}\",\"opaque\":{\"google\":{\"thought_signature\":\"S\"}}}]}");
	said_is(D("{\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}") D("{\"tool_calls\":[{\"extra_content\":{\"g\":1}}]}") FIN("stop"),
		"{\"role\":\"assistant\",\"family\":\"fam\",\"parts\":[{\"t\":\"call\",\"id\":\"c\",\"name\":\"f\",\"args\":\"{}\",\"opaque\":{\"g\":1}}]}");
	said_is(D("{\"extra_content\":{\"g\":1}}") D("{\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},{\"id\":\"d\",\"function\":{\"name\":\"f\"}}]}") FIN("stop"),
		"{\"role\":\"assistant\",\"family\":\"fam\",\"parts\":[{\"t\":\"call\",\"id\":\"c\",\"name\":\"f\",\"args\":\"{}\",\"opaque\":{\"g\":1}},"
		"{\"t\":\"call\",\"id\":\"d\",\"name\":\"f\",\"args\":\"{}\"}]}");
}

/* Of many sources a bounded number is kept, each bounded; the answer goes on. */
static void openai_chat__too_many_sources__are_dropped(void **state UNUSED)
{
	struct arena *a = arena_new(64 << 20, NULL);
	struct buf event = BUF_INIT(1 << 20);
	struct wire_delta d;
	struct wire w;
	struct err e;

	buf_adds(&event, "{\"choices\":[{\"delta\":{\"annotations\":[{\"type\":\"url_citation\",\"url\":\"https://a.example/");
	while (event.n < SOURCE_URL_MAX + 200)
		buf_addch(&event, 'x');
	buf_adds(&event, "\"}");
	for (int i = 0; i < SOURCES_MAX + 50; i++) {
		buf_addf(&event, ",{\"type\":\"url_citation\",\"url\":\"https://a.example/%d\",\"title\":\"", i);
		for (int k = 0; k < SOURCE_TITLE_MAX + 10; k++)
			buf_adds(&event, "\xc3\xa9");
		buf_adds(&event, "\"}");
	}
	buf_adds(&event, "]}}]}");
	assert_true(buf_ok(&event));
	wire_init(&w, &openai_chat, a, S("f"), 7);
	assert_int_equal(openai_chat.event(&w, buf_slice(&event), &d, &e), RC_OK);
	assert_int_equal(d.n_sources, SOURCES_MAX);
	assert_true(slice_is(d.source[0].url, "https://a.example/0"));
	assert_int_equal(d.source[SOURCES_MAX - 1].title.n, 2 * SOURCE_TITLE_MAX);
	assert_int_equal(openai_chat.event(&w, buf_slice(&event), &d, &e), RC_OK);
	assert_int_equal(d.n_sources, 0);
	wire_release(&w);
	buf_release(&event);
	arena_free(a);
}

/* An image as large as an event may be; its memory goes with the next event. */
static void openai_chat__a_large_image__comes_whole_and_goes(void **state UNUSED)
{
	struct arena *a = arena_new(64 << 20, NULL);
	struct buf event = BUF_INIT(WIRE_EVENT_MAX);
	size_t want = WIRE_EVENT_MAX - 200;
	struct wire_delta d;
	struct wire w;
	struct err e;

	buf_adds(&event, "{\"choices\":[{\"delta\":{\"images\":[{\"image_url\":{\"url\":\"data:image/png;base64,");
	memset(buf_room(&event, want), 'A', want);
	buf_added(&event, want);
	buf_adds(&event, "\"}}]}}]}");
	assert_true(buf_ok(&event));
	wire_init(&w, &openai_chat, a, S("f"), 7);
	assert_int_equal(openai_chat.event(&w, buf_slice(&event), &d, &e), RC_OK);
	assert_non_null(w.images.text.p);
	assert_int_equal(openai_chat.event(&w, S("{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}"), &d, &e), RC_OK);
	assert_null(w.images.text.p);
	for (int i = 1; i < IMAGES_MAX + 2; i++) {
		assert_int_equal(openai_chat.event(&w, buf_slice(&event), &d, &e), RC_OK);
		assert_int_equal(d.n_images, i < IMAGES_MAX);
		assert_true(i >= IMAGES_MAX || d.image->data.n == want);
	}
	assert_null(w.images.text.p); /* of one too many nothing is kept */
	assert_true(arena_used(a) < 4096);
	wire_release(&w);
	buf_release(&event);
	arena_free(a);
}

static void openai_chat__too_much_text__is_named(void **state UNUSED)
{
	struct arena *a = arena_new(64 << 20, NULL);
	struct buf event = BUF_INIT(1 << 20);
	struct wire_delta d;
	struct wire w;
	struct err e;
	enum rc rc = RC_OK;

	buf_adds(&event, "{\"choices\":[{\"delta\":{\"content\":\"");
	while (event.n < 100000)
		buf_adds(&event, "xxxxxxxxxx");
	buf_adds(&event, "\"}}]}");
	wire_init(&w, &openai_chat, a, S("f"), 7);
	for (int i = 0; i < 5 && rc == RC_OK; i++)
		assert_int_equal(openai_chat.event(&w, buf_slice(&event), &d, &e), RC_OK);
	rc = openai_chat.event(&w, buf_slice(&event), &d, &e);
	assert_int_equal(rc, RC_TOO_LARGE);
	wire_release(&w);
	buf_release(&event);
	arena_free(a);
}

/* The budget of the hot path: a plain delta takes nothing from the arena. */
static void openai_chat__a_plain_delta__allocates_nothing_in_the_arena(void **state UNUSED)
{
	struct arena *a = arena_new(64 << 20, NULL);
	struct wire_delta d;
	struct wire w;
	struct err e;
	size_t before;

	wire_init(&w, &openai_chat, a, S("f"), 7);
	before = arena_used(a);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(openai_chat.event(&w, S("{\"choices\":[{\"delta\":{\"content\":\"word \"},\"finish_reason\":null}],\"usage\":null}"), &d, &e), RC_OK);
	assert_int_equal(arena_used(a), before);
	assert_true(slice_is(d.text, "word "));
	wire_release(&w);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openai_chat__every_stream_at_every_split__gives_the_same),
		cmocka_unit_test(openai_chat__a_whole_body__is_an_answer_or_an_error),
		cmocka_unit_test(wire_said__what_the_provider_wants_back__is_kept),
		cmocka_unit_test(openai_chat__too_many_sources__are_dropped),
		cmocka_unit_test(openai_chat__a_large_image__comes_whole_and_goes),
		cmocka_unit_test(openai_chat__too_much_text__is_named),
		cmocka_unit_test(openai_chat__a_plain_delta__allocates_nothing_in_the_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
