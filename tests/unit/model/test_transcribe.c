/* SPDX-License-Identifier: MIT */
#include "model/transcribe.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/model/stub.h"

#define SAY(status, headers, body) "HTTP/1.1 " status " X\r\nConnection: close\r\n" headers "\r\n" body
#define JSON "Content-Type: application/json\r\n"

static const struct row {
	const char *name;
	struct stub_answer answer;
	enum rc rc;
	const char *text; /* OK: what was heard; else held by the user's text */
	int stop_ms;
} rows[] = {
	{"words", {SAY("200", JSON, "{\"text\":\" Buy milk. \"}"), STUB_CLOSE}, RC_OK, "Buy milk.", 0},
	{"words and much else, by the byte", {SAY("200", JSON, "{\"task\":\"x\",\"text\":\"\\u00e9\\n\",\"usage\":{\"type\":\"tokens\"}}"), STUB_BY_BYTE}, RC_OK, "\xc3\xa9", 0},
	{"nothing heard", {SAY("200", JSON, "{\"text\":\"\"}"), STUB_CLOSE}, RC_OK, "", 0},
	{"an answer without text", {SAY("200", JSON, "{\"words\":[]}"), STUB_CLOSE}, RC_PROTO, "could not be turned into text", 0},
	{"text that is none", {SAY("200", JSON, "{\"text\":null}"), STUB_CLOSE}, RC_PROTO, "could not be turned into text", 0},
	{"HTML", {SAY("200", "Content-Type: text/html\r\n", "<!doctype html>"), STUB_CLOSE}, RC_PROTO, "could not be turned into text", 0},
	{"nothing", {SAY("200", "", ""), STUB_CLOSE}, RC_PROTO, "could not be turned into text", 0},
	{"cut", {"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n{\"text\"", STUB_CLOSE}, RC_UPSTREAM, "could not be reached", 0},
	{"hung up", {"", STUB_CLOSE}, RC_UPSTREAM, "could not be reached", 0},
	{"silence", {"", STUB_STALL}, RC_TIMEOUT, "in time", 0},
	{"silence after the head", {SAY("200", JSON, ""), STUB_STALL}, RC_TIMEOUT, "in time", 0},
	{"a stop", {"", STUB_STALL}, RC_STOPPED, "", 300},
	{"a bad recording", {SAY("400", JSON, "{\"error\":{\"message\":\"Audio file might be corrupted or unsupported\"}}"), STUB_CLOSE}, RC_UPSTREAM, "could not be turned into text", 0},
	{"too large", {SAY("413", JSON, "{\"error\":{\"message\":\"Maximum content size limit (26214400) exceeded\"}}"), STUB_CLOSE}, RC_UPSTREAM, "too long", 0},
	{"a refused key", {SAY("401", JSON, "{\"error\":{\"message\":\"bad key sk-secret-key\"}}"), STUB_CLOSE}, RC_UPSTREAM, "key", 0},
	{"an error that quotes the key", {SAY("500", JSON, "{\"error\":{\"message\":\"you sent sk-secret-key\"}}"), STUB_CLOSE}, RC_UPSTREAM, "problem", 0},
	{"the rate", {SAY("429", JSON, "{\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"x\"}}"), STUB_CLOSE}, RC_RATE, "busy", 0},
};

struct place {
	struct stub stub;
	struct http *http;
	struct arena *arena;
	struct transcribe_opts opts;
	struct buf sound;
	struct stop stop;
	struct err e;
};

static void place_open(struct place *p, struct io *io, const struct stub_answer *answer)
{
	memset(p, 0, sizeof(*p));
	stub_open(&p->stub, answer, 1);
	p->http = http_new(io, &(struct http_opts){0}, &p->e);
	EXPECT(p->http);
	p->arena = arena_new(16 << 20, NULL);
	p->opts = (struct transcribe_opts){.url = arena_printf(p->arena, "http://127.0.0.1:%d/v1/audio/transcriptions", p->stub.port),
					   .model = S("whisper-1"), .api_key = S("sk-secret-key"), .timeout_us = answer->then == STUB_STALL ? IO_SECOND : 30 * (int64_t)IO_SECOND};
	p->sound = BUF_INIT(3 + TRANSCRIBE_SPARE);
	buf_add(&p->sound, slice_mem("a\0b", 3));
	stop_init(&p->stop, io, NULL);
}

static void place_close(struct place *p)
{
	http_free(p->http);
	stub_close(&p->stub);
	stop_release(&p->stop);
	arena_free(p->arena);
	buf_release(&p->sound);
}

static void stop_now(void *ctx)
{
	stop_set(ctx, STOP_CANCEL);
}

static void one_row(struct io *io, const struct row *r)
{
	struct place *p = xalloc(sizeof(*p));
	struct recording rec = {.mime = S("audio/webm"), .stop = &p->stop};
	struct io_timer timer = {0};
	struct slice text;
	enum rc rc;

	place_open(p, io, &r->answer);
	if (r->stop_ms)
		io_timer_set(io, &timer, io_in(io, r->stop_ms * IO_MS), stop_now, &p->stop);
	rc = transcribe(io, p->http, &p->opts, &rec, &p->sound, p->arena, &text, &p->e);
	io_timer_off(io, &timer);
	if (rc != r->rc || (rc == RC_OK ? !slice_is(text, r->text) : !strstr(p->e.user, r->text) || strstr(p->e.msg, "secret"))) {
		fprintf(stderr, "%s: %s '%.*s' '%s' '%s'\n", r->name, rc_name(rc), SLICE_ARG(text), p->e.user, p->e.msg);
		EXPECT(!"the row holds");
	}
	EXPECT(!p->sound.p);
	EXPECT_EQ(atomic_load(&p->stub.requests), 1);
	place_close(p);
	free(p);
}

static void all_rows(struct io *io)
{
	for (size_t i = 0; i < countof(rows); i++)
		one_row(io, &rows[i]);
}

static void transcribe__whatever_the_endpoint_does__ends_in_one_clear_way(void **state UNUSED)
{
	run_task(all_rows);
}

/* The request's bytes, with its boundary named B. */
static void sends(struct io *io)
{
	static const char want[] = "--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n"
				   "--B\r\nContent-Disposition: form-data; name=\"response_format\"\r\n\r\njson\r\n"
				   "--B\r\nContent-Disposition: form-data; name=\"language\"\r\n\r\nde\r\n"
				   "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"audio.m4a\"\r\nContent-Type: audio/mp4\r\n\r\na";
	static const struct stub_answer answer = {SAY("200", JSON, "{\"text\":\"x\"}"), STUB_CLOSE};
	struct place *p = xalloc(sizeof(*p));
	struct recording rec = {.mime = S("audio/mp4"), .language = S("de")};
	struct buf body = BUF_INIT(8192);
	struct slice text, boundary, rest;
	const char *at;
	size_t n;

	place_open(p, io, &answer);
	EXPECT_RC_E(RC_OK, transcribe(io, p->http, &p->opts, &rec, &p->sound, p->arena, &text, &p->e), &p->e);
	at = p->stub.request[0];
	EXPECT(strncmp(at, "POST /v1/audio/transcriptions HTTP/1.1\r\n", 40) == 0);
	EXPECT(strstr(at, "\r\nAuthorization: Bearer sk-secret-key\r\n"));
	boundary = slice_cstr(strstr(at, "boundary=") + 9);
	boundary.n = strcspn(boundary.p, "\r");
	EXPECT_EQ(boundary.n, 40);
	n = strtoul(strstr(at, "Content-Length: ") + 16, NULL, 10);
	for (rest = slice_mem(strstr(at, "\r\n\r\n") + 4, n); rest.n;) {
		ptrdiff_t next = slice_find(rest, boundary);

		buf_add(&body, slice_upto(rest, next < 0 ? rest.n : (size_t)next));
		buf_adds(&body, next < 0 ? "" : "B");
		rest = slice_from(rest, next < 0 ? rest.n : (size_t)next + boundary.n);
	}
	EXPECT(slice_starts(buf_slice(&body), slice_cstr(want)));
	EXPECT(slice_eq(slice_from(buf_slice(&body), sizeof(want) - 1), slice_mem("\0b\r\n--B--\r\n", 11)));
	/* What is no recording that is known, or leaves no room, goes nowhere. */
	buf_adds(&p->sound, "x");
	rec.mime = S("video/mp4");
	EXPECT_RC(RC_MEDIA, transcribe(io, p->http, &p->opts, &rec, &p->sound, p->arena, &text, &p->e));
	rec.mime = S("audio/wav");
	p->sound = BUF_INIT(100);
	buf_adds(&p->sound, "x");
	EXPECT_RC(RC_TOO_LARGE, transcribe(io, p->http, &p->opts, &rec, &p->sound, p->arena, &text, &p->e));
	EXPECT_EQ(atomic_load(&p->stub.requests), 1);
	buf_release(&body);
	place_close(p);
	free(p);
}

static void transcribe__the_request__is_one_multipart_body(void **state UNUSED)
{
	run_task(sends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transcribe__whatever_the_endpoint_does__ends_in_one_clear_way),
		cmocka_unit_test(transcribe__the_request__is_one_multipart_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
