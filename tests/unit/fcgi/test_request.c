/* SPDX-License-Identifier: MIT */
/* From variables to a request, without a connection. */
#include "fcgi/path.c"
#include "fcgi/request.c" /* compiled in: fcgi/ is no archive */

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct fixture {
	const char *public_url;
	struct request r;
	struct err e;
};

static enum rc fill(struct fixture *f, const char *const *vars)
{
	struct conf *conf;

	f->r = (struct request){.arena = arena_new(1024 * 1024, NULL), .content_length = -1};
	f->e = ERR_INIT;
	conf = arena_new_of(f->r.arena, struct conf);
	conf->public_url = slice_cstr(f->public_url);
	return request_fill(&f->r, (char *const *)(uintptr_t)vars, conf, &f->e);
}

static void done(struct fixture *f)
{
	arena_free(f->r.arena);
}

static void request__plain__is_read(void **state UNUSED)
{
	static const char *const vars[] = {"FCGI_ROLE=RESPONDER",
					   "REQUEST_METHOD=POST",
					   "REQUEST_URI=/api/chat?a=b",
					   "QUERY_STRING=a=b",
					   "CONTENT_LENGTH=12",
					   "CONTENT_TYPE=application/json",
					   "REMOTE_ADDR=192.0.2.1",
					   "HTTP_HOST=example.org",
					   "HTTP_CHATKIT_FRAME_INSTANCE_ID=x=y",
					   NULL};
	struct fixture f = {0};

	assert_int_equal(fill(&f, vars), RC_OK);
	assert_true(slice_is(f.r.method, "POST"));
	assert_true(slice_is(f.r.path, "/api/chat"));
	assert_true(slice_is(f.r.query, "a=b"));
	assert_true(slice_is(f.r.content_type, "application/json"));
	assert_int_equal(f.r.content_length, 12);
	assert_true(slice_is(f.r.scheme, "http"));
	assert_true(slice_is(f.r.host, "example.org"));
	assert_true(slice_is(f.r.remote_addr, "192.0.2.1"));
	assert_int_equal(f.r.n_headers, 2);
	assert_true(slice_is(request_header(&f.r, "CHATKIT_FRAME_INSTANCE_ID"), "x=y"));
	assert_null(request_header(&f.r, "ORIGIN").p);
	done(&f);
}

static void request__a_name_twice__is_refused(void **state UNUSED)
{
	static const char *const rows[][6] = {
		{"REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_X_REMOTE_USER=eve", "HTTP_X_REMOTE_USER=alice", NULL},
		{"REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_X_A=1", "HTTP_X_A=1", NULL},
		{"REQUEST_METHOD=GET", "REQUEST_URI=/", "REMOTE_USER=eve", "REMOTE_USER=alice", NULL},
		{"REQUEST_METHOD=GET", "REQUEST_URI=/", "REQUEST_METHOD=POST", NULL},
		{"REQUEST_METHOD=GET", "REQUEST_URI=/", "EMPTY", "EMPTY=", NULL},
	};
	struct fixture f = {0};

	for (size_t i = 0; i < countof(rows); i++) {
		assert_int_equal(fill(&f, rows[i]), RC_BAD);
		assert_non_null(strstr(f.e.user, "twice"));
		done(&f);
	}
}

static void request__forged_cgi_variables__are_no_headers(void **state UNUSED)
{
	static const char *const vars[] = {"REQUEST_METHOD=POST",         "REQUEST_URI=/",           "HTTP_CONTENT_LENGTH=5", "HTTP_CONTENT_TYPE=text/evil",
					   "HTTP_PROXY=http://evil",      "CONTENT_TYPE=text/plain", "CONTENT_LENGTH=",       NULL};
	struct fixture f = {0};

	assert_int_equal(fill(&f, vars), RC_OK);
	assert_int_equal(f.r.content_length, -1);
	assert_true(slice_is(f.r.content_type, "text/plain"));
	assert_int_equal(f.r.n_headers, 0);
	done(&f);
}

static void request__authorization__survives_rewriting(void **state UNUSED)
{
	static const char *const renamed[] = {"REQUEST_METHOD=GET", "REQUEST_URI=/", "REDIRECT_HTTP_AUTHORIZATION=Bearer a", NULL};
	static const char *const both[] = {"REQUEST_METHOD=GET", "REQUEST_URI=/", "REDIRECT_HTTP_AUTHORIZATION=Bearer a", "HTTP_AUTHORIZATION=Bearer b", NULL};
	struct fixture f = {0};

	assert_int_equal(fill(&f, renamed), RC_OK);
	assert_true(slice_is(request_header(&f.r, "AUTHORIZATION"), "Bearer a"));
	done(&f);
	assert_int_equal(fill(&f, both), RC_OK);
	assert_true(slice_is(request_header(&f.r, "AUTHORIZATION"), "Bearer b"));
	assert_int_equal(f.r.n_headers, 1);
	done(&f);
}

static void request__scheme__is_the_servers_word(void **state UNUSED)
{
	static const struct {
		const char *vars[5], *public_url, *want;
	} rows[] = {
		{{"HTTPS=on"}, "", "https"},
		{{"HTTPS=1"}, "", "https"},
		{{"HTTPS=off"}, "", "http"},
		{{"HTTPS="}, "", "http"},
		{{"REQUEST_SCHEME=https"}, "", "https"},
		{{"REQUEST_SCHEME=http"}, "", "http"},
		{{"HTTPS=off", "REQUEST_SCHEME=https"}, "", "http"},
		{{"HTTP_X_FORWARDED_PROTO=https"}, "", "http"},
		{{"HTTP_X_FORWARDED_PROTO=https"}, "http://x", "http"},
		{{"HTTP_X_FORWARDED_PROTO=https"}, "https://x", "https"},
		{{"REQUEST_SCHEME=http"}, "https://x", "http"},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		const char *vars[8] = {"REQUEST_METHOD=GET", "REQUEST_URI=/", rows[i].vars[0], rows[i].vars[1], NULL};
		struct fixture f = {.public_url = rows[i].public_url};

		assert_int_equal(fill(&f, vars), RC_OK);
		if (!slice_is(f.r.scheme, rows[i].want))
			fail_msg("row %zu: %.*s", i, SLICE_ARG(f.r.scheme));
		done(&f);
	}
}

static void request__malformed__is_refused(void **state UNUSED)
{
	static const char *const rows[][4] = {
		{"REQUEST_URI=/"},
		{"REQUEST_METHOD=", "REQUEST_URI=/"},
		{"REQUEST_METHOD=G ET", "REQUEST_URI=/"},
		{"REQUEST_METHOD=get", "REQUEST_URI=/"},
		{"REQUEST_METHOD=GETGETGETGETGETGETGETGETGETGETGET", "REQUEST_URI=/"},
		{"REQUEST_METHOD=GET", "REQUEST_URI=/", "CONTENT_LENGTH=-1"},
		{"REQUEST_METHOD=GET", "REQUEST_URI=/", "CONTENT_LENGTH=5x"},
		{"REQUEST_METHOD=GET", "REQUEST_URI=/", "CONTENT_LENGTH=99999999999999999999"},
		{"REQUEST_METHOD=GET", "REQUEST_URI=/../etc"},
	};
	struct fixture f = {0};

	for (size_t i = 0; i < countof(rows); i++) {
		const char *vars[5] = {rows[i][0], rows[i][1], rows[i][2], rows[i][3], NULL};

		if (fill(&f, vars) != RC_BAD)
			fail_msg("row %zu", i);
		done(&f);
	}
}

static void request__too_much__is_431(void **state UNUSED)
{
	static char text[REQUEST_HEAD_MAX + 100], names[VARS_MAX + 1][24];
	static const char *vars[VARS_MAX + 2] = {"REQUEST_METHOD=GET", "REQUEST_URI=/", text};
	struct fixture f = {0};
	size_t n = 2;

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "HTTP_X=", 7);
	assert_int_equal(fill(&f, vars), RC_TOO_LARGE);
	assert_int_equal(err_http(&f.e), 431);
	done(&f);

	for (size_t i = 0; i < REQUEST_HEADERS_MAX; i++, n++) {
		snprintf(names[n], sizeof(names[n]), "HTTP_X%zu=1", i);
		vars[n] = names[n];
	}
	vars[n] = NULL;
	assert_int_equal(fill(&f, vars), RC_OK);
	assert_int_equal(f.r.n_headers, REQUEST_HEADERS_MAX);
	done(&f);
	vars[n] = "HTTP_ONE_MORE=1";
	assert_int_equal(fill(&f, vars), RC_TOO_LARGE);
	done(&f);

	/* The administrator's own, up to a table that must not fill. */
	for (n = 2; n < VARS_MAX; n++) {
		snprintf(names[n], sizeof(names[n]), "X%zu=1", n);
		vars[n] = names[n];
	}
	vars[n] = NULL;
	assert_int_equal(fill(&f, vars), RC_OK);
	done(&f);
	vars[n] = "ONE_MORE=1";
	vars[n + 1] = NULL;
	assert_int_equal(fill(&f, vars), RC_TOO_LARGE);
	done(&f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(request__plain__is_read),
		cmocka_unit_test(request__a_name_twice__is_refused),
		cmocka_unit_test(request__forged_cgi_variables__are_no_headers),
		cmocka_unit_test(request__authorization__survives_rewriting),
		cmocka_unit_test(request__scheme__is_the_servers_word),
		cmocka_unit_test(request__malformed__is_refused),
		cmocka_unit_test(request__too_much__is_431),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
