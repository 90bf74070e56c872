/* SPDX-License-Identifier: MIT */
#include "wire/sse.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MAX 64

static void put_event(struct buf *out, const struct sse_event *ev, const char *how)
{
	buf_addf(out, "%s[%.*s|%.*s|%.*s]", how, SLICE_ARG(ev->event), SLICE_ARG(ev->data), SLICE_ARG(ev->id));
}

/* Each piece lives in memory of its own that is gone once it is used up, so that a slice into it would be seen. */
static bool feed(struct sse_dec *d, struct slice piece, struct buf *out)
{
	char *copy = xalloc(piece.n);
	struct sse_event ev;
	enum sse_got got;

	if (piece.n)
		memcpy(copy, piece.p, piece.n);
	sse_feed(d, slice_mem(copy, piece.n));
	while ((got = sse_next(d, &ev)) == SSE_EVENT)
		put_event(out, &ev, "");
	memset(copy, '#', piece.n);
	free(copy);
	if (got == SSE_TOO_LONG)
		buf_adds(out, "TOO LONG");
	return got == SSE_MORE;
}

/* The events of a stream in pieces: cut at cut, or every step bytes. */
static void decode(struct slice in, size_t cut, size_t step, struct buf *out)
{
	struct sse_dec d;
	struct sse_event ev;
	bool more = true;

	sse_init(&d, MAX);
	buf_clear(out);
	while (more && in.n) {
		more = feed(&d, slice_upto(in, cut), out);
		in = slice_from(in, cut);
		cut = step;
	}
	if (more && sse_end(&d, &ev) == SSE_EVENT)
		put_event(out, &ev, "end");
	assert_int_equal(sse_end(&d, &ev), more ? SSE_MORE : SSE_TOO_LONG);
	buf_addf(out, " retry %d", (int)d.retry_ms);
	sse_release(&d);
}

#define X16 "xxxxxxxxxxxxxxxx"
#define X64 X16 X16 X16 X16
#define X1024 X64 X64 X64 X64 X64 X64 X64 X64 X64 X64 X64 X64 X64 X64 X64 X64

static const struct {
	struct slice in;
	const char *want;
} streams[] = {
	{S_INIT(""), " retry -1"},
	{S_INIT("data: {\"a\":1}\n\n"), "[|{\"a\":1}|] retry -1"},
	{S_INIT("data: a\n\ndata: b\n\n"), "[|a|][|b|] retry -1"},
	{S_INIT("data: a\r\n\r\ndata: b\r\n\r\n"), "[|a|][|b|] retry -1"},
	{S_INIT("data: a\r\rdata: b\r\r"), "[|a|][|b|] retry -1"},
	{S_INIT("data: a\r\n\ndata: b\n\r\ndata: c\r\r\n"), "[|a|][|b|][|c|] retry -1"},
	{S_INIT("data:a\n\n"), "[|a|] retry -1"},
	{S_INIT("data:  a\n\n"), "[| a|] retry -1"},
	{S_INIT("data: a\ndata: b\ndata:\ndata\n\n"), "[|a\nb\n\n|] retry -1"},
	{S_INIT("data\n\n"), "[||] retry -1"},
	{S_INIT("data:\n\n"), "[||] retry -1"},
	{S_INIT("\n\n\n"), " retry -1"},
	{S_INIT("event: x\ndata: a\n\ndata: b\n\n"), "[x|a|][|b|] retry -1"},
	{S_INIT("data: a\nevent: x\nevent: y\n\n"), "[y|a|] retry -1"},
	{S_INIT("event: x\n\ndata: a\n\n"), "[|a|] retry -1"},
	{S_INIT("event: x\nevent\ndata: a\n\n"), "[|a|] retry -1"},
	{S_INIT("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n"), "[|a|1][|b|1][|c|] retry -1"},
	{S_INIT("id: 1\nid: a\0b\ndata: a\n\n"), "[|a|1] retry -1"},
	{S_INIT("retry: 0100\nretry: x\nretry: -5\nretry: 5s\nretry:\ndata: a\n\n"), "[|a|] retry 100"},
	{S_INIT("retry: 0\n"), " retry 0"},
	{S_INIT(": comment\n:\n:data: no\ndata: a\n: more\n\n"), "[|a|] retry -1"},
	{S_INIT("\xef\xbb\xbf" "data: a\n\n\xef\xbb\xbf" "data: b\n\n"), "[|a|] retry -1"},
	{S_INIT("\xef\xbb\xbf\ndata: a\n\n"), "[|a|] retry -1"},
	{S_INIT("Data: a\n data: b\nfoo: c\ndatax: d\n: \n\n"), " retry -1"},
	{S_INIT("data: a: b\n\n"), "[|a: b|] retry -1"},
	{S_INIT("data: a"), "end[|a|] retry -1"},
	{S_INIT("data: a\n"), "end[|a|] retry -1"},
	{S_INIT("data: a\r"), "end[|a|] retry -1"},
	{S_INIT("event: x\ndata: a\r\ndata: b"), "end[x|a\nb|] retry -1"},
	{S_INIT("data: a\n\nevent: x\n"), "[|a|] retry -1"},
	{S_INIT("data: h\xc3\xa9\xf0\x9f\x98\x80\n\n"), "[|h\xc3\xa9\xf0\x9f\x98\x80|] retry -1"},
	{S_INIT("data: " X64 "\n\n"), "[|" X64 "|] retry -1"},
	{S_INIT("data: " X64 "x\n\n"), "TOO LONG retry -1"},
	{S_INIT("data: 1\n\ndata: " X64 "x\n\ndata: 2\n\n"), "[|1|]TOO LONG retry -1"},
	{S_INIT("data: " X16 X16 "\ndata: " X16 "xxxxxxxxxxxxxxx\n\n"), "[|" X16 X16 "\n" X16 "xxxxxxxxxxxxxxx|] retry -1"},
	{S_INIT("data: " X16 X16 "\ndata: " X16 X16 "\n\n"), "TOO LONG retry -1"},
	{S_INIT("event: " X1024 "\ndata: a\n\n"), "[" X1024 "|a|] retry -1"},
	{S_INIT("event: " X1024 "x\ndata: a\n\n"), "TOO LONG retry -1"},
	{S_INIT("id: 1\nid: " X1024 "x\ndata: a\n\n"), "[|a|1] retry -1"},
	{S_INIT("id: " X1024 "\ndata: a\n\n"), "[|a|" X1024 "] retry -1"},
	{S_INIT(":" X1024 X64 "0123456789abcde\ndata: a\n\n"), "[|a|] retry -1"}, /* 64 + 1040 */
	{S_INIT(":" X1024 X64 "0123456789abcdef\ndata: a\n\n"), "TOO LONG retry -1"},
	{S_INIT("\xef\xbb\xbf:" X1024 X64 "0123456789ab\ndata: a\n\n"), "[|a|] retry -1"}, /* a BOM is part of its line */
	{S_INIT("\xef\xbb\xbf:" X1024 X64 "0123456789abc\ndata: a\n\n"), "TOO LONG retry -1"},
};

static void sse__streams__give_their_events(void **state UNUSED)
{
	struct buf got = BUF_INIT(100000);

	for (size_t i = 0; i < countof(streams); i++) {
		decode(streams[i].in, SIZE_MAX, SIZE_MAX, &got);
		assert_string_equal(got.p, streams[i].want);
	}
	buf_release(&got);
}

static void sse__any_split__gives_the_same_events(void **state UNUSED)
{
	struct buf got = BUF_INIT(100000);

	for (size_t i = 0; i < countof(streams); i++) {
		for (size_t cut = 0; cut <= streams[i].in.n; cut++) {
			decode(streams[i].in, cut, SIZE_MAX, &got);
			if (!slice_is(buf_slice(&got), streams[i].want))
				fail_msg("stream %zu cut at %zu: %s", i, cut, got.p);
		}
		for (size_t step = 1; step <= 9; step++) {
			decode(streams[i].in, step, step, &got);
			if (!slice_is(buf_slice(&got), streams[i].want))
				fail_msg("stream %zu in steps of %zu: %s", i, step, got.p);
		}
	}
	buf_release(&got);
}

static void sse__whole_event__is_not_copied(void **state UNUSED)
{
	const struct slice chunk = S("event: x\ndata: {\"a\":1}\n\n");
	struct sse_event ev;
	struct sse_dec d;

	sse_init(&d, 1000);
	for (int i = 0; i < 3; i++) {
		sse_feed(&d, chunk);
		assert_int_equal(sse_next(&d, &ev), SSE_EVENT);
		assert_ptr_equal(ev.event.p, chunk.p + 7);
		assert_ptr_equal(ev.data.p, chunk.p + 15);
		assert_int_equal(sse_next(&d, &ev), SSE_MORE);
	}
	assert_null(d.data.p);
	assert_null(d.line.p);
	sse_release(&d);
}

static void sse__too_long__sticks(void **state UNUSED)
{
	struct sse_event ev;
	struct sse_dec d;

	sse_init(&d, 2);
	sse_feed(&d, S("data: abc\n\ndata: a\n\n"));
	assert_int_equal(sse_next(&d, &ev), SSE_TOO_LONG);
	assert_int_equal(sse_next(&d, &ev), SSE_TOO_LONG);
	sse_feed(&d, S("data: a\n\n"));
	assert_int_equal(sse_next(&d, &ev), SSE_TOO_LONG);
	assert_int_equal(sse_end(&d, &ev), SSE_TOO_LONG);
	sse_release(&d);
}

static void sse__comment__is_a_sign_of_life(void **state UNUSED)
{
	struct sse_event ev;
	struct sse_dec d;

	sse_init(&d, 100);
	sse_feed(&d, S("data: a\n\n"));
	assert_int_equal(sse_next(&d, &ev), SSE_EVENT);
	assert_int_equal(sse_next(&d, &ev), SSE_MORE);
	assert_false(d.comment_seen);
	sse_feed(&d, S(":\n"));
	assert_int_equal(sse_next(&d, &ev), SSE_MORE);
	assert_true(d.comment_seen);
	sse_release(&d);
}

static void sse_data__what_is_written__is_read_back(void **state UNUSED)
{
	struct buf b = BUF_INIT(1000), got = BUF_INIT(1000);

	sse_data(&b, S("{\"a\":1}"));
	sse_beat(&b);
	sse_data(&b, S("{\n\"b\":\r2}"));
	assert_string_equal(b.p, "data: {\"a\":1}\n\n:\ndata: { \"b\": 2}\n\n");
	decode(buf_slice(&b), SIZE_MAX, SIZE_MAX, &got);
	assert_string_equal(got.p, "[|{\"a\":1}|][|{ \"b\": 2}|] retry -1");
	buf_release(&b);
	buf_release(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sse__streams__give_their_events),
		cmocka_unit_test(sse__any_split__gives_the_same_events),
		cmocka_unit_test(sse__whole_event__is_not_copied),
		cmocka_unit_test(sse__too_long__sticks),
		cmocka_unit_test(sse__comment__is_a_sign_of_life),
		cmocka_unit_test(sse_data__what_is_written__is_read_back),
	};

	return cmocka_run_group_tests_name("sse", tests, NULL, NULL);
}
