/* SPDX-License-Identifier: MIT */
/* The bytes of answers, and the reading of bodies, over a reply and a request of the test's own. */
#include "app/request.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/task.h"

struct out {
	struct reply r;
	int64_t beat_us;
	size_t drained_below;
	enum rc drain;
};

static void no_flush(struct reply *r UNUSED)
{
}

static enum rc drain(struct reply *r, size_t below, int64_t deadline UNUSED)
{
	struct out *o = container_of(r, struct out, r);

	o->drained_below = below;
	if (o->drain == RC_OK)
		buf_clear(&r->out);
	return o->drain;
}

static void beat(struct reply *r, int64_t interval_us)
{
	container_of(r, struct out, r)->beat_us = interval_us;
}

static void out_init(struct out *o)
{
	static const struct reply_ops ops = {.flush = no_flush, .drain = drain, .beat = beat};

	*o = (struct out){.r = {.ops = &ops, .out = BUF_INIT(REPLY_OUT_MAX), .beat_us = 7}};
}

static void json__head_and_body(void **state UNUSED)
{
	struct out o;

	out_init(&o);
	o.r.rid = S("abc");
	reply_json(&o.r, 201, S("{\"a\":1}"), &(struct reply_header){"X-A", S("b")}, 1);
	assert_string_equal(o.r.out.p, "Status: 201\r\n"
				       "Content-Type: application/json\r\n"
				       "Content-Length: 7\r\n"
				       "X-Content-Type-Options: nosniff\r\n"
				       "Cache-Control: no-store\r\n"
				       "X-Request-Id: abc\r\n"
				       "X-A: b\r\n"
				       "\r\n"
				       "{\"a\":1}");
	assert_true(o.r.begun);
	assert_int_equal(o.r.status, 201);
	assert_int_equal(o.beat_us, 0);
	buf_release(&o.r.out);
}

static void sse__first_bytes(void **state UNUSED)
{
	struct out o;

	out_init(&o);
	reply_begin_sse(&o.r, &(struct reply_header){"X-A", S("b")}, 1);
	/* The body begins with one newline after the colon, not two: a blank line would be an event. */
	assert_string_equal(o.r.out.p, "Status: 200\r\n"
				       "Content-Type: text/event-stream\r\n"
				       "X-Content-Type-Options: nosniff\r\n"
				       "Cache-Control: no-cache, no-transform\r\n"
				       "X-Accel-Buffering: no\r\n"
				       "X-A: b\r\n"
				       "\r\n"
				       ":\n");
	assert_true(o.r.sse);
	assert_int_equal(o.beat_us, 7);
	buf_release(&o.r.out);
}

static void begin__no_body__no_type(void **state UNUSED)
{
	struct out o;

	out_init(&o);
	reply_begin(&o.r, 204, NULL, -1, &(struct reply_header){"cache-control", S("max-age=60")}, 1);
	assert_string_equal(o.r.out.p, "Status: 204\r\nX-Content-Type-Options: nosniff\r\ncache-control: max-age=60\r\n\r\n");
	buf_release(&o.r.out);
}

static void header__that_would_be_two__is_dropped(void **state UNUSED)
{
	const struct reply_header h[] = {{"X-A", S("a\r\nSet-Cookie: x=y")}, {"X-B", S("b\nc")}, {"X-C", {"c\0d", 3}}, {"X-D", S("d")}};
	struct out o;

	out_init(&o);
	reply_begin(&o.r, 200, "text/plain", 0, h, countof(h));
	assert_null(strstr(o.r.out.p, "Set-Cookie"));
	assert_null(strstr(o.r.out.p, "X-A:"));
	assert_null(strstr(o.r.out.p, "X-B:"));
	assert_null(strstr(o.r.out.p, "X-C:"));
	assert_non_null(strstr(o.r.out.p, "X-D: d\r\n\r\n"));
	assert_int_equal(strlen(o.r.out.p), o.r.out.n);
	buf_release(&o.r.out);
}

static void error__says_it_three_times(void **state UNUSED)
{
	struct out o;
	struct err e;

	out_init(&o);
	err_tell(&e, RC_BAD, "A \"quoted\" word.");
	reply_error(&o.r, &e, S("rid1"), NULL, 0);
	assert_non_null(strstr(o.r.out.p, "Status: 400\r\n"));
	assert_non_null(strstr(o.r.out.p, "X-Request-Id: rid1\r\n"));
	assert_null(strstr(o.r.out.p, "Retry-After"));
	assert_null(strstr(o.r.out.p, "WWW-Authenticate"));
	assert_string_equal(strstr(o.r.out.p, "\r\n\r\n") + 4,
			    "{\"message\":\"A \\\"quoted\\\" word.\",\"code\":\"bad_request\",\"error\":\"A \\\"quoted\\\" word.\",\"detail\":\"A \\\"quoted\\\" word.\"}");
	buf_release(&o.r.out);
}

static void error__headers_by_what_it_is(void **state UNUSED)
{
	static const struct {
		enum rc rc;
		int after;
		const char *has, *lacks;
	} rows[] = {
		{RC_UNAUTHORIZED, 0, "WWW-Authenticate: Bearer\r\n", "Retry-After"},
		{RC_BUSY, 0, "Retry-After: 1\r\n", "WWW-Authenticate"},
		{RC_BUSY, 5, "Retry-After: 5\r\n", "WWW-Authenticate"},
		{RC_RATE, 30, "Retry-After: 30\r\n", "WWW-Authenticate"},
		{RC_DB, 0, "Retry-After: 2\r\n", "WWW-Authenticate"},
		{RC_NOT_FOUND, 0, "Status: 404\r\n", "Retry-After"},
		{RC_NO_MODEL, 0, "Status: 503\r\n", "Retry-After"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct out o;
		struct err e;

		out_init(&o);
		err_set(&e, rows[i].rc, "secret detail");
		e.retry_after_s = rows[i].after;
		reply_error(&o.r, &e, SLICE_NONE, NULL, 0);
		if (!strstr(o.r.out.p, rows[i].has) || strstr(o.r.out.p, rows[i].lacks) || strstr(o.r.out.p, "secret"))
			fail_msg("row %zu: %s", i, o.r.out.p);
		buf_release(&o.r.out);
	}
}

static void error__the_longest_sentence__fits(void **state UNUSED)
{
	struct out o;
	struct err e;
	char text[sizeof(e.user)];

	memset(text, 1, sizeof(text)); /* each byte becomes six */
	text[sizeof(text) - 1] = '\0';
	out_init(&o);
	err_tell(&e, RC_BAD, "%s", text);
	reply_error(&o.r, &e, SLICE_NONE, NULL, 0);
	assert_true(buf_ok(&o.r.out));
	assert_true(slice_ends(buf_slice(&o.r.out), S("\\u0001\"}")));
	buf_release(&o.r.out);
}

static void room_task(struct io *io)
{
	struct out o;

	out_init(&o);
	o.r.io = io;
	EXPECT_RC(RC_OK, reply_room(&o.r));
	EXPECT_EQ(0, o.drained_below);
	memset(buf_room(&o.r.out, 300 * 1024), 'x', 300 * 1024);
	buf_added(&o.r.out, 300 * 1024);
	EXPECT_RC(RC_OK, reply_room(&o.r));
	EXPECT_EQ(256 * 1024, o.drained_below);
	/* One that takes nothing has left, and stays so. */
	memset(buf_room(&o.r.out, 300 * 1024), 'x', 300 * 1024);
	buf_added(&o.r.out, 300 * 1024);
	o.drain = RC_TIMEOUT;
	EXPECT_RC(RC_GONE, reply_room(&o.r));
	EXPECT(o.r.gone);
	o.drain = RC_OK;
	EXPECT_RC(RC_GONE, reply_room(&o.r));
	buf_release(&o.r.out);
}

static void room__only_when_much_waits(void **state UNUSED)
{
	run_task(room_task);
}

/* Bodies */

struct in {
	struct request r;
	struct slice body;
	size_t step;
	enum rc fail;
	int reads;
};

static enum rc read_some(struct request *r, char *p, size_t size, size_t *got, int64_t deadline UNUSED, struct err *e)
{
	struct in *in = container_of(r, struct in, r);

	in->reads++;
	if (in->body.n == 0 && in->fail != RC_OK)
		return err_set(e, in->fail, "test");
	*got = size < in->step ? size : in->step;
	if (*got > in->body.n)
		*got = in->body.n;
	memcpy(p, in->body.p, *got);
	in->body = slice_from(in->body, *got);
	return RC_OK;
}

static enum rc read_body(struct in *in, struct buf *out, struct err *e)
{
	static const struct request_ops ops = {.read = read_some};

	in->r.ops = &ops;
	*e = ERR_INIT;
	buf_clear(out);
	return request_body(&in->r, out, 0, e);
}

static void body__up_to_its_limit(void **state UNUSED)
{
	static const struct {
		size_t n, max;
		int64_t length;
		enum rc rc;
	} rows[] = {
		{0, 10, -1, RC_OK},     {0, 0, 0, RC_OK},        {10, 10, -1, RC_OK},       {10, 10, 10, RC_OK},         {11, 10, -1, RC_TOO_LARGE},
		{11, 10, 11, RC_TOO_LARGE}, {40000, 40000, -1, RC_OK}, {40001, 40000, -1, RC_TOO_LARGE}, {5, 10, 10, RC_OK},
	};
	static char bytes[50000];

	for (size_t i = 0; i < countof(rows); i++)
		for (size_t step = 1; step < 60000; step = step * 7 + 1) {
			struct in in = {.body = {bytes, rows[i].n}, .step = step, .r.content_length = rows[i].length};
			struct buf out = BUF_INIT(rows[i].max);
			struct err e;

			if (read_body(&in, &out, &e) != rows[i].rc || (e.rc == RC_OK && out.n != rows[i].n))
				fail_msg("row %zu step %zu: %s %zu", i, step, rc_name(e.rc), out.n);
			/* A length that says too much is refused unread. */
			if (rows[i].length > (int64_t)rows[i].max)
				assert_int_equal(in.reads, 0);
			buf_release(&out);
		}
}

static void body__failures_keep_their_name(void **state UNUSED)
{
	struct in in = {.body = S("abc"), .step = 1, .fail = RC_GONE, .r.content_length = -1};
	struct buf out = BUF_INIT(10);
	struct err e;

	assert_int_equal(read_body(&in, &out, &e), RC_GONE);
	in.fail = RC_TIMEOUT;
	assert_int_equal(read_body(&in, &out, &e), RC_TIMEOUT);
	assert_int_equal(err_http(&e), 408);
	buf_release(&out);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(json__head_and_body),
		cmocka_unit_test(sse__first_bytes),
		cmocka_unit_test(begin__no_body__no_type),
		cmocka_unit_test(header__that_would_be_two__is_dropped),
		cmocka_unit_test(error__says_it_three_times),
		cmocka_unit_test(error__headers_by_what_it_is),
		cmocka_unit_test(error__the_longest_sentence__fits),
		cmocka_unit_test(room__only_when_much_waits),
		cmocka_unit_test(body__up_to_its_limit),
		cmocka_unit_test(body__failures_keep_their_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
