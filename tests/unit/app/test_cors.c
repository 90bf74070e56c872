/* SPDX-License-Identifier: MIT */
#include "who_rig.h"

static void list(struct who_rig *w, const char *a, const char *b)
{
	w->conf.cors_origins = (struct conf_list){.v = {slice_cstr(a), slice_cstr(b)}, .n = b ? 2 : a ? 1 : 0};
}

static const char *header(const struct cors *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->h[i].name, name) == 0)
			return c->h[i].value.p;
	return NULL;
}

static void unset_says_nothing(void **state)
{
	static const char *const origins[] = {NULL, "https://a.example", "null", "*", "https://chat.example"};
	struct who_rig *w = *state;
	struct cors c;

	for (size_t i = 0; i < countof(origins); i++) {
		ask(w, "POST", "https", "chat.example");
		with(w, "ORIGIN", origins[i]);
		cors_of(&w->r, &w->conf, &c);
		assert_int_equal(c.n, 0);
		assert_false(c.allowed);
	}
}

static void listed_is_echoed(void **state)
{
	static const struct {
		const char *origin;
		bool allowed;
	} rows[] = {
		{"https://a.example", true},
		{"http://b.example:8080", true},
		{NULL, false},
		{"null", false},
		{"*", false},
		{"", false},
		{"http://a.example", false},
		{"https://a.example:443", false}, /* a browser never says that */
		{"https://a.example/", false},
		{"https://A.example", false},
		{"https://a.example.evil", false},
		{"https://evil-a.example", false},
		{"https://x.a.example", false},
		{"https://a.example, https://b.example", false},
		{"https://a.example ", false},
		{"http://b.example", false},
		{"http://b.example:80", false},
	};
	struct who_rig *w = *state;
	struct cors c;

	list(w, "https://a.example", "http://b.example:8080");
	for (size_t i = 0; i < countof(rows); i++) {
		ask(w, "POST", "https", "chat.example");
		with(w, "ORIGIN", rows[i].origin);
		cors_of(&w->r, &w->conf, &c);
		if (c.allowed != rows[i].allowed)
			fail_msg("row %zu", i);
		assert_string_equal(header(&c, "Vary"), "Origin");
		if (!rows[i].allowed) {
			assert_int_equal(c.n, 1);
			continue;
		}
		assert_string_equal(header(&c, "Access-Control-Allow-Origin"), rows[i].origin);
		assert_string_equal(header(&c, "Access-Control-Allow-Credentials"), "true");
		assert_non_null(strstr(header(&c, "Access-Control-Expose-Headers"), "X-Request-Id"));
	}
}

static const char *preflight(struct who_rig *w, const char *origin, const char *asked)
{
	static char text[8192];
	struct reply rep = {.out = BUF_INIT(sizeof(text) - 1)};
	struct cors c;

	ask(w, "OPTIONS", "https", "chat.example");
	with(w, "ORIGIN", origin);
	with(w, "ACCESS_CONTROL_REQUEST_METHOD", "POST");
	with(w, "ACCESS_CONTROL_REQUEST_HEADERS", asked);
	cors_of(&w->r, &w->conf, &c);
	cors_preflight(&w->r, &c, &rep);
	memcpy(text, rep.out.p, rep.out.n + 1);
	buf_release(&rep.out);
	return text;
}

static void preflights(void **state)
{
	struct who_rig *w = *state;
	const char *text;

	list(w, "https://a.example", NULL);
	text = preflight(w, "https://a.example", "authorization, content-type,x-a");
	assert_int_equal(strncmp(text, "Status: 204\r\n", 13), 0);
	assert_non_null(strstr(text, "\r\nAccess-Control-Allow-Origin: https://a.example\r\n"));
	assert_non_null(strstr(text, "\r\nAccess-Control-Allow-Credentials: true\r\n"));
	assert_non_null(strstr(text, "\r\nAccess-Control-Allow-Methods: GET, POST, PUT, OPTIONS\r\n"));
	assert_non_null(strstr(text, "\r\nAccess-Control-Allow-Headers: authorization, content-type,x-a\r\n"));
	assert_non_null(strstr(text, "\r\nAccess-Control-Max-Age: 7200\r\n"));
	assert_non_null(strstr(text, "\r\nVary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n"));
	assert_null(strstr(text, "Content-Length"));
	assert_null(strstr(text, "Content-Type:"));
	text = preflight(w, "https://a.example", NULL);
	assert_null(strstr(text, "Access-Control-Allow-Headers"));
	assert_non_null(strstr(text, "Access-Control-Allow-Methods"));
	/* Nobody who is not listed learns anything. */
	text = preflight(w, "https://evil.example", "authorization");
	assert_int_equal(strncmp(text, "Status: 204\r\n", 13), 0);
	assert_null(strstr(text, "Access-Control-Allow"));
	assert_non_null(strstr(text, "\r\nAllow: GET, POST, PUT, OPTIONS\r\n"));
	assert_non_null(strstr(text, "\r\nVary: Origin, "));
	list(w, NULL, NULL);
	text = preflight(w, "https://a.example", "authorization");
	assert_null(strstr(text, "Access-Control"));
	assert_null(strstr(text, "Vary"));
}

static void asked_headers(void **state)
{
	struct who_rig *w = *state;
	char asked[1100];

	list(w, "https://a.example", NULL);
	memset(asked, 'a', sizeof(asked));
	asked[1024] = '\0';
	assert_non_null(strstr(preflight(w, "https://a.example", asked), "Access-Control-Allow-Headers"));
	asked[1024] = 'a';
	asked[1025] = '\0';
	assert_null(strstr(preflight(w, "https://a.example", asked), "Access-Control-Allow-Headers"));
	assert_null(strstr(preflight(w, "https://a.example", "a\r\nSet-Cookie: x=1"), "Access-Control-Allow-Headers"));
	assert_null(strstr(preflight(w, "https://a.example", "a;b"), "Access-Control-Allow-Headers"));
	assert_null(strstr(preflight(w, "https://a.example", "<script>"), "Access-Control-Allow-Headers"));
	assert_null(strstr(preflight(w, "https://a.example", "\xc3\xa5"), "Access-Control-Allow-Headers"));
}

static void own_origin(void **state)
{
	static const struct {
		const char *scheme, *host, *public_url, *origin;
		bool own;
	} rows[] = {
		{"https", "chat.example", NULL, "https://chat.example", true},
		{"https", "Chat.Example", NULL, "https://chat.example", true},
		{"https", "chat.example:443", NULL, "https://chat.example", true},
		{"https", "chat.example", NULL, "https://chat.example:443", true},
		{"http", "chat.example:80", NULL, "http://chat.example", true},
		{"http", "127.0.0.1:8080", NULL, "http://127.0.0.1:8080", true},
		{"http", "[::1]:8080", NULL, "http://[::1]:8080", true},
		{"http", "localhost:8080", NULL, "http://localhost:8080", true},
		{"https", "chat.example", NULL, "http://chat.example", false},
		{"http", "chat.example", NULL, "https://chat.example", false},
		{"http", "127.0.0.1:8080", NULL, "http://127.0.0.1:8081", false},
		{"http", "127.0.0.1:8080", NULL, "http://127.0.0.1", false},
		{"https", "chat.example:80", NULL, "https://chat.example", false},
		{"https", "chat.example", NULL, "https://evil.example", false},
		{"https", "chat.example", NULL, "https://chat.example.evil", false},
		{"https", "chat.example", NULL, "https://x.chat.example", false},
		{"https", "chat.example", NULL, "null", false},
		{"https", "chat.example", NULL, "", false},
		{"https", "chat.example", NULL, "https://", false},
		{"https", "chat.example", NULL, "https://chat.example/", false},
		{"https", "chat.example", NULL, "https://chat.example@evil.example", false},
		{"https", "chat.example", NULL, "https://evil.example#chat.example", false},
		{"https", "", NULL, "https://", false},
		{"https", "", NULL, "https://chat.example", false},
		{"https", "u@chat.example", NULL, "https://chat.example", false},
		{"https", "chat.example/x", NULL, "https://chat.example", false},
		{"https", "evil.example#", NULL, "https://evil.example", true}, /* an empty fragment says nothing; no browser sends it */
		{"http", "10.0.0.7:9000", "https://chat.example", "https://chat.example", true},
		{"http", "10.0.0.7:9000", "https://chat.example/app", "https://chat.example", true},
		{"http", "10.0.0.7:9000", "https://chat.example:443", "https://chat.example", true},
		{"http", "10.0.0.7:9000", "https://chat.example", "http://10.0.0.7:9000", true},
		{"http", "10.0.0.7:9000", "https://chat.example", "http://chat.example", false},
		{"http", "10.0.0.7:9000", "https://chat.example", "https://evil.example", false},
	};
	struct who_rig *w = *state;

	for (size_t i = 0; i < countof(rows); i++) {
		ask(w, "POST", rows[i].scheme, rows[i].host);
		w->conf.public_url = slice_cstr(rows[i].public_url);
		if (cors_is_own(&w->r, &w->conf, slice_cstr(rows[i].origin)) != rows[i].own)
			fail_msg("row %zu: %s://%s %s", i, rows[i].scheme, rows[i].host, rows[i].origin);
	}
}

static void long_hosts(void **state)
{
	struct who_rig *w = *state;
	char host[2001];
	struct slice origin;

	memset(host, 'a', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	origin = arena_printf(w->arena, "https://%s", host);
	assert_false(cors_is_own(ask(w, "POST", "https", host), &w->conf, origin));
	host[400] = '\0';
	origin = arena_printf(w->arena, "https://%s", host);
	assert_true(cors_is_own(ask(w, "POST", "https", host), &w->conf, origin));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(unset_says_nothing, who_setup, who_teardown),
		cmocka_unit_test_setup_teardown(listed_is_echoed, who_setup, who_teardown),
		cmocka_unit_test_setup_teardown(preflights, who_setup, who_teardown),
		cmocka_unit_test_setup_teardown(asked_headers, who_setup, who_teardown),
		cmocka_unit_test_setup_teardown(own_origin, who_setup, who_teardown),
		cmocka_unit_test_setup_teardown(long_hosts, who_setup, who_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
