/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include "model/wire.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/model/stub.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
#define EVENT(delta) "data: {\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":null}]}\n\n"
#define FIN "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define DONE "data: [DONE]\n\n"
#define GROW(i, id, function) EVENT("{\"tool_calls\":[{\"index\":" i "," id "\"function\":{" function "}}]}")
#define A EVENT("{\"content\":\"a\"}")
#define SAY(status, headers, body) "HTTP/1.1 " status " X\r\nConnection: close\r\n" headers "\r\n" body
#define CHUNK(n, text) n "\r\n" text "\r\n"

struct row {
	const char *name;
	struct stub_answer answer[3];
	const char *want;  /* "T(..)R(..)C(id name args)" and "done", or "!rc" */
	int requests;
	const char *user;  /* held by the user's text */
	int stop_ms;       /* the caller's stop comes then; 0: never */
	int retry_after_s;
};

static const struct row rows[] = {
	{"a stream", {{OK A FIN DONE, STUB_CLOSE}}, "T(a)done", .requests = 1},
	{"a stream, a packet a byte", {{OK A EVENT("{\"reasoning\":\"h\\u00e9\"}") FIN DONE, STUB_BY_BYTE}}, "T(a)R(h\xc3\xa9)done", .requests = 1},
	{"a call", {{OK EVENT("{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}") FIN DONE, STUB_CLOSE}}, "G(0 f {})C(c f {})done", .requests = 1},
	{"two calls that grow", {{OK GROW("0", "\"id\":\"c\"," , "\"name\":\"f\",\"arguments\":\"\"") GROW("0", "", "\"arguments\":\"{\\\"x\\\":\"")
				 EVENT("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"1}\"}},{\"index\":1,\"id\":\"d\",\"function\":{\"name\":\"g\",\"arguments\":\"{\"}}]}")
				 GROW("1", "", "\"arguments\":\"}\"") FIN DONE, STUB_CLOSE}},
	 "G(0 f {\"x\":)G(0 f {\"x\":1})G(1 g {)G(1 g {})C(c f {\"x\":1})C(d g {})done", .requests = 1},
	{"arguments before the name", {{OK GROW("0", "\"id\":\"c\"," , "\"arguments\":\"{\"") GROW("0", "", "\"name\":\"f\"") GROW("0", "", "\"arguments\":\"}\"") FIN, STUB_CLOSE}},
	 "G(0 f {)G(0 f {})C(c f {})done", .requests = 1},
	{"half a call, broken off", {{OK GROW("0", "\"id\":\"c\",", "\"name\":\"f\",\"arguments\":\"{\""), STUB_CLOSE}}, "G(0 f {)!upstream_protocol", .requests = 1, .user = "broke off"},
	{"sources and images", {{OK EVENT("{\"content\":\"a\",\"images\":[{\"image_url\":{\"url\":\"data:image/png;base64,YQ==\"}}],\"annotations\":[{\"type\":\"url_citation\",\"url\":\"https://a\"},{\"type\":\"url_citation\",\"url\":\"https://b\"}]}") FIN DONE, STUB_BY_BYTE}},
	 "T(a)A(https://a)A(https://b)I(image/png YQ==)done", .requests = 1},
	{"a whole body with a call and a source", {{SAY("200", "", "{\"choices\":[{\"message\":{\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"}],\"citations\":[\"https://a\"]}"), STUB_CLOSE}},
	 "A(https://a)C(c f {})done", .requests = 1},
	{"an image, then an error", {{OK EVENT("{\"images\":[{\"image_url\":{\"url\":\"data:image/png;base64,YQ==\"}}]}") "data: {\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}\n\n", STUB_CLOSE}},
	 "I(image/png YQ==)!upstream_failed", .requests = 1, .user = "problem"},
	{"a stream that says it is JSON", {{SAY("200", "Content-Type: application/json\r\n", ": hello\n\n" A FIN), STUB_CLOSE}}, "T(a)done", .requests = 1},
	{"a whole JSON body", {{SAY("200", "Content-Type: text/event-stream\r\n", "\n {\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}"), STUB_CLOSE}}, "T(a)done", .requests = 1},
	{"a JSON error under 200", {{SAY("200", "Content-Type: application/json\r\n", "{\"error\":{\"message\":\"no\",\"code\":\"context_length_exceeded\"}}"), STUB_CLOSE}},
	 "!upstream_failed", .requests = 1, .user = "too long"},
	{"HTML under 200", {{SAY("200", "Content-Type: text/html\r\n", "<!doctype html>hi"), STUB_CLOSE}}, "!upstream_protocol", .requests = 1, .user = "could not be read"},
	{"rubbish", {{OK "\x01\x02\x03 rubbish\n\n", STUB_CLOSE}, {OK A FIN, STUB_CLOSE}}, "T(a)done", .requests = 2},
	{"an empty answer", {{OK FIN DONE, STUB_CLOSE}}, "!upstream_protocol", .requests = 1, .user = "empty"},
	{"no finish reason", {{OK A, STUB_CLOSE}}, "T(a)!upstream_protocol", .requests = 1, .user = "broke off"},
	{"the last event without its end, and no finish reason", {{OK EVENT("{\"content\":\"b\"}") "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}", STUB_CLOSE}},
	 "T(b)T(a)!upstream_protocol", .requests = 1, .user = "broke off"},
	{"a refused key", {{SAY("401", "", "{\"error\":{\"message\":\"bad key sk-secret-key\"}}"), STUB_CLOSE}}, "!upstream_failed", .requests = 1, .user = "key"},
	{"an error that quotes the key", {{SAY("400", "", "{\"error\":{\"message\":\"you sent sk-secret-key\"}}"), STUB_CLOSE}}, "!upstream_failed", .requests = 1, .user = "refused"},
	{"no such model", {{SAY("404", "", "{\"error\":{\"code\":\"model_not_found\"}}"), STUB_CLOSE}}, "!upstream_failed", .requests = 1, .user = "not found"},
	{"rate, then fine", {{SAY("429", "Retry-After-Ms: 10\r\n", "{}"), STUB_CLOSE}, {OK A FIN, STUB_CLOSE}}, "T(a)done", .requests = 2},
	{"three times broken", {{SAY("500", "Retry-After: 0.01\r\n", ""), STUB_CLOSE}, {SAY("503", "Retry-After: 0.01\r\n", ""), STUB_CLOSE}, {SAY("502", "", "x"), STUB_CLOSE}},
	 "!upstream_failed", .requests = 3, .user = "problem"},
	{"come back in five minutes", {{SAY("429", "Retry-After: 300\r\n", "{}"), STUB_CLOSE}}, "!rate_limited", .requests = 1, .user = "busy", .retry_after_s = 300},
	{"the quota", {{SAY("429", "Retry-After: 1\r\n", "{\"error\":{\"code\":\"insufficient_quota\"}}"), STUB_CLOSE}}, "!rate_limited", .requests = 1, .user = "quota"},
	{"told not to", {{SAY("500", "x-should-retry: false\r\n", ""), STUB_CLOSE}}, "!upstream_failed", .requests = 1, .user = "problem"},
	{"hung up at once, then fine", {{"", STUB_CLOSE}, {OK A FIN, STUB_CLOSE}}, "T(a)done", .requests = 2},
	{"cut before the first event, then fine", {{SAY("200", "Content-Length: 1000\r\n", ": x\n\n"), STUB_CLOSE}, {OK A FIN, STUB_CLOSE}}, "T(a)done", .requests = 2},
	{"cut after it", {{SAY("200", "Content-Length: 1000\r\n", A), STUB_CLOSE}}, "T(a)!upstream_failed", .requests = 1, .user = "broke off"},
	{"overloaded in the stream, then fine", {{OK "data: {\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}\n\n", STUB_CLOSE}, {OK A FIN, STUB_CLOSE}}, "T(a)done", .requests = 2},
	{"overloaded after text", {{OK A "data: {\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}\n\n", STUB_CLOSE}}, "T(a)!upstream_failed", .requests = 1, .user = "problem"},
	{"a failure in the event with the last words", {{OK "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"error\"}]}\n\n", STUB_CLOSE}},
	 "T(a)!upstream_failed", .requests = 1, .user = "problem"},
	{"silence", {{"", STUB_STALL}}, "!timeout", .requests = 1, .user = "in time"},
	{"silence after text", {{OK A, STUB_STALL}}, "T(a)!timeout", .requests = 1, .user = "in time"},
	{"silence after the finish reason", {{OK A FIN, STUB_STALL}}, "T(a)done", .requests = 1},
	{"silence after [DONE]", {{OK A FIN DONE, STUB_STALL}}, "T(a)done", .requests = 1},
	{"a stop before the head", {{"", STUB_STALL}}, "!stopped", .requests = 1, .stop_ms = 300},
	{"a stop after text", {{OK A, STUB_STALL}}, "T(a)!stopped", .requests = 1, .stop_ms = 300},
	{"a stop between two attempts", {{SAY("503", "Retry-After: 20\r\n", ""), STUB_CLOSE}}, "!stopped", .requests = 1, .stop_ms = 300},
};

struct place {
	struct io *io;
	struct stub stub;
	struct http *http;
	struct model *model;
	struct arena *arena;
	struct history history;
	struct stop stop;
	struct err e;
};

static void place_open(struct place *p, struct io *io, const struct stub_answer *answers, size_t n)
{
	/* Who falls silent is waited for as long as a busy machine may need; who does not, much longer. */
	int64_t silence = n && answers[0].then == STUB_STALL ? IO_SECOND : 30 * (int64_t)IO_SECOND;
	struct model_opts o = {.name = S("openai/m"), .api_key = S("sk-secret-key"), .first_byte_us = silence, .idle_us = silence, .retries = 2};

	memset(p, 0, sizeof(*p));
	p->io = io;
	stub_open(&p->stub, answers, n);
	p->http = http_new(io, &(struct http_opts){0}, &p->e);
	EXPECT(p->http);
	p->arena = arena_new(64 << 20, NULL);
	o.base_url = arena_printf(p->arena, "http://127.0.0.1:%d/v1", p->stub.port);
	EXPECT_RC_E(RC_OK, model_new(p->http, io, &o, &p->model, &p->e), &p->e);
	history_init(&p->history, p->arena);
	history_add(&p->history, message_text(p->arena, ROLE_USER, S("hi")));
	stop_init(&p->stop, io, NULL);
}

static void place_close(struct place *p)
{
	model_free(p->model);
	http_free(p->http);
	stub_close(&p->stub);
	stop_release(&p->stop);
	arena_free(p->arena);
}

static enum rc talk(struct place *p, struct buf *out)
{
	struct model_req req = {.history = &p->history, .temperature = -1, .stop = &p->stop, .arena = p->arena};
	struct model_stream *s;
	struct model_event ev;
	enum rc rc = model_open(p->model, &req, &s, &p->e);
	size_t calls = 0;

	if (rc != RC_OK)
		return rc;
	while ((rc = s->ops->next(s, &ev, &p->e)) == RC_OK && ev.kind != MODEL_DONE) {
		if (ev.kind == MODEL_CALL_GROWS)
			buf_addf(out, "G(%zu %.*s %.*s)", ev.call_index, SLICE_ARG(ev.name), SLICE_ARG(ev.args));
		else if (ev.kind == MODEL_ANNOTATION)
			buf_addf(out, "A(%.*s)", SLICE_ARG(ev.source->url));
		else if (ev.kind == MODEL_IMAGE)
			buf_addf(out, "I(%.*s %.*s)", SLICE_ARG(ev.image->mime), SLICE_ARG(ev.image->data));
		else if (ev.kind == MODEL_CALL)
			buf_addf(out, "C(%.*s %.*s %.*s)", SLICE_ARG(ev.call_id), SLICE_ARG(ev.name), SLICE_ARG(ev.args));
		else
			buf_addf(out, "%c(%.*s)", "TRF"[ev.kind], SLICE_ARG(ev.delta));
		calls += ev.kind == MODEL_CALL;
	}
	EXPECT_EQ(message_calls(s->ops->said(s)), calls);
	s->ops->close(s);
	return rc;
}

/* More than one request may be: said before anything is sent. */
static void sends_too_much(struct io *io)
{
	struct place *p = xalloc(sizeof(*p));
	struct part file = {.kind = PART_FILE, .name = S("a.png"), .mime = S("image/png")}, *parts = NULL;
	struct model_opts o = {.name = S("openai/m")};
	char *data = xalloc(WIRE_REQUEST_MAX / 4);
	struct buf got = BUF_INIT(16);

	memset(data, 'A', WIRE_REQUEST_MAX / 4);
	place_open(p, io, (struct stub_answer[]){{OK A FIN, STUB_CLOSE}}, 1);
	file.data = slice_mem(data, WIRE_REQUEST_MAX / 4);
	parts = arena_alloc(p->arena, 4 * sizeof(*parts));
	for (int i = 0; i < 4; i++)
		parts[i] = file;
	history_add(&p->history, (struct message){.role = ROLE_USER, .parts = parts, .n = 4});
	EXPECT_RC(RC_TOO_LARGE, talk(p, &got));
	EXPECT(strstr(p->e.user, "attached files"));
	EXPECT_EQ(atomic_load(&p->stub.connections), 0);
	/* Three of them fit, beside all else. They may take their time. */
	o.base_url = arena_printf(p->arena, "http://127.0.0.1:%d/v1", p->stub.port);
	model_free(p->model);
	EXPECT_RC(RC_OK, model_new(p->http, io, &o, &p->model, &p->e));
	p->history.m[1].n = 3;
	p->stub.discard = true;
	EXPECT_RC_E(RC_OK, talk(p, &got), &p->e);
	EXPECT_STR("T(a)", buf_slice(&got));
	buf_release(&got);
	place_close(p);
	free(data);
	free(p);
}

static void model_open__files_too_large_together__says_so(void **state UNUSED)
{
	run_task(sends_too_much);
}

static void stop_now(void *ctx)
{
	stop_set(ctx, STOP_CANCEL);
}

static void one_row(struct io *io, const struct row *r)
{
	struct place *p = xalloc(sizeof(*p));
	struct buf got = BUF_INIT(4096);
	struct io_timer timer = {0};
	int64_t begun = io_now(io);
	enum rc rc;

	place_open(p, io, r->answer, countof(r->answer));
	if (r->stop_ms)
		io_timer_set(io, &timer, io_in(io, r->stop_ms * IO_MS), stop_now, &p->stop);
	rc = talk(p, &got);
	io_timer_off(io, &timer);
	buf_addf(&got, rc == RC_OK ? "done" : "!%s", rc_name(rc));
	if (!slice_is(buf_slice(&got), r->want) || atomic_load(&p->stub.requests) != r->requests || (r->user && !strstr(p->e.user, r->user)) ||
	    (rc != RC_OK && (strstr(p->e.msg, "secret") || p->e.retry_after_s != r->retry_after_s))) {
		fprintf(stderr, "%s: '%.*s' after %d requests: '%s' '%s'\n", r->name, SLICE_ARG(buf_slice(&got)), atomic_load(&p->stub.requests), p->e.user, p->e.msg);
		EXPECT(!"the row holds");
	}
	EXPECT(io_now(io) - begun < 25 * IO_SECOND);
	buf_release(&got);
	place_close(p);
	free(p);
}

static void all_rows(struct io *io)
{
	for (size_t i = 0; i < countof(rows); i++)
		one_row(io, &rows[i]);
}

static void model_open__whatever_the_provider_does__ends_in_one_clear_way(void **state UNUSED)
{
	run_task(all_rows);
}

static void asks_twice(struct io *io)
{
	static const struct stub_answer twice[] = {
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" CHUNK("54", "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"), STUB_LATE},
		{OK A FIN DONE, STUB_CLOSE},
	};
	struct place *p = xalloc(sizeof(*p));
	struct buf got = BUF_INIT(4096);
	const char *body;

	place_open(p, io, twice, 2);
	EXPECT_RC_E(RC_OK, talk(p, &got), &p->e);
	EXPECT_RC_E(RC_OK, talk(p, &got), &p->e);
	EXPECT_STR("T(a)T(a)", buf_slice(&got));
	/* The answer was read to its end, so the connection served again. */
	EXPECT_EQ(atomic_load(&p->stub.connections), 1);
	EXPECT(strncmp(p->stub.request[0], "POST /v1/chat/completions HTTP/1.1\r\n", 36) == 0);
	EXPECT(strstr(p->stub.request[0], "\r\nAuthorization: Bearer sk-secret-key\r\n"));
	EXPECT(strstr(p->stub.request[0], "\r\nAccept: text/event-stream\r\n"));
	EXPECT(strstr(p->stub.request[0], "\r\nContent-Type: application/json\r\n"));
	EXPECT(!strstr(p->stub.request[0], "Expect:"));
	body = strstr(p->stub.request[0], "\r\n\r\n") + 4;
	EXPECT_STR("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":true,\"stream_options\":{\"include_usage\":true}}",
		   slice_cstr(body));
	buf_release(&got);
	place_close(p);
	free(p);
}

static void model_open__request_and_connection(void **state UNUSED)
{
	run_task(asks_twice);
}

static void asks_nobody(struct io *io)
{
	struct place *p = xalloc(sizeof(*p));
	struct buf got = BUF_INIT(16);
	struct model_opts o = {.name = S("openai/m"), .base_url = S("http://127.0.0.1:1/v1"), .retries = 0};
	struct model *nobody;

	place_open(p, io, NULL, 0);
	EXPECT_RC(RC_OK, model_new(p->http, io, &o, &nobody, &p->e));
	model_free(p->model);
	p->model = nobody;
	EXPECT_RC(RC_UPSTREAM, talk(p, &got));
	EXPECT(strstr(p->e.user, "could not be reached"));
	EXPECT(strstr(p->e.msg, "127.0.0.1"));
	place_close(p);
	free(p);
}

static void model_open__nobody_listens__says_so(void **state UNUSED)
{
	run_task(asks_nobody);
}

static void demo_streams(struct io *io)
{
	struct arena *a = arena_new(16 << 20, NULL);
	struct model_opts o = {.name = S("demo/todo")};
	struct history h;
	struct stop stop;
	struct model_req req = {.history = &h, .stop = &stop, .arena = a};
	struct io_timer timer = {0};
	struct model_stream *s;
	struct model_event ev;
	struct model *m;
	struct err e;
	size_t words = 0;
	enum rc rc;

	EXPECT_RC(RC_OK, model_new(NULL, io, &o, &m, &e));
	EXPECT(model_is_demo(m));
	history_init(&h, a);
	stop_init(&stop, io, NULL);
	history_add(&h, message_text(a, ROLE_USER, S("thanks")));
	EXPECT_RC(RC_OK, model_open(m, &req, &s, &e));
	while ((rc = s->ops->next(s, &ev, &e)) == RC_OK && ev.kind != MODEL_DONE)
		words++;
	EXPECT_RC(RC_OK, rc);
	EXPECT(words > 10);
	EXPECT(slice_starts(message_all_text(a, s->ops->said(s)), S("You are welcome!")));
	s->ops->close(s);
	/* A long answer, stopped after a few words: they stay said. */
	history_add(&h, message_text(a, ROLE_USER, S("tell me a story")));
	EXPECT_RC(RC_OK, model_open(m, &req, &s, &e));
	for (words = 0; (rc = s->ops->next(s, &ev, &e)) == RC_OK && ev.kind != MODEL_DONE; words++)
		if (words == 2)
			io_timer_set(io, &timer, io_in(io, IO_MS), stop_now, &stop);
	EXPECT_RC(RC_STOPPED, rc);
	EXPECT(words >= 2 && words < 10);
	EXPECT(slice_starts(message_all_text(a, s->ops->said(s)), S("Once upon ")));
	s->ops->close(s);
	stop_release(&stop);
	model_free(m);
	arena_free(a);
}

static bool no_preview(void *ctx UNUSED, struct slice args UNUSED, struct arena *a UNUSED, struct buf *out UNUSED)
{
	return false;
}

/* What is shown while it is written comes in pieces, each with all before it; other calls come at once. */
static void demo_writes(struct io *io)
{
	static const struct tool tools[] = {
		{.spec = {.name = S_INIT("show_card"), .schema = S_INIT("{}")}, .preview = no_preview},
		{.spec = {.name = S_INIT("plain"), .schema = S_INIT("{}")}},
	};
	static const struct slice args = S_INIT("{\"title\":\"one two three four five six\"}");
	struct arena *a = arena_new(16 << 20, NULL);
	struct model_opts o = {.name = S("demo/todo")};
	size_t grown = 0, calls = 0, bytes = 0;
	struct toolset set;
	struct history h;
	struct model_req req = {.history = &h, .tools = &set, .arena = a};
	struct model_stream *s;
	struct model_event ev;
	struct model *m;
	struct err e;

	EXPECT_RC(RC_OK, model_new(NULL, io, &o, &m, &e));
	toolset_init(&set, a);
	EXPECT_RC(RC_OK, toolset_add(&set, &tools[0], &e));
	EXPECT_RC(RC_OK, toolset_add(&set, &tools[1], &e));
	for (int i = 0; i < 2; i++) {
		history_init(&h, a);
		history_add(&h, message_text(a, ROLE_USER, arena_printf(a, "use %.*s %.*s", SLICE_ARG(tools[i].spec.name), SLICE_ARG(args))));
		EXPECT_RC(RC_OK, model_open(m, &req, &s, &e));
		while (s->ops->next(s, &ev, &e) == RC_OK && ev.kind != MODEL_DONE) {
			if (ev.kind == MODEL_CALL_GROWS) {
				EXPECT(i == 0 && calls == 0 && ev.args.n > bytes && slice_starts(args, ev.args) && slice_is(ev.name, "show_card"));
				bytes = ev.args.n;
				grown++;
			} else if (ev.kind == MODEL_CALL) {
				EXPECT(slice_eq(ev.args, args));
				calls++;
			}
		}
		EXPECT(ev.kind == MODEL_DONE && ev.finish == FINISH_CALLS);
		s->ops->close(s);
	}
	EXPECT_EQ(calls, 2);
	EXPECT_EQ(grown, 3);
	EXPECT_EQ(bytes, args.n);
	model_free(m);
	arena_free(a);
}

static void demo__what_is_shown_early__is_written_in_pieces(void **state UNUSED)
{
	run_task(demo_writes);
}

static void demo__streams_word_by_word__and_stops(void **state UNUSED)
{
	run_task(demo_streams);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(model_open__whatever_the_provider_does__ends_in_one_clear_way),
		cmocka_unit_test(model_open__request_and_connection),
		cmocka_unit_test(model_open__files_too_large_together__says_so),
		cmocka_unit_test(model_open__nobody_listens__says_so),
		cmocka_unit_test(demo__streams_word_by_word__and_stops),
		cmocka_unit_test(demo__what_is_shown_early__is_written_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
