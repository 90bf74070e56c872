/* SPDX-License-Identifier: MIT */
#include "who_rig.h"

#include "auth/cookie.h"

#define DAY INT64_C(86400)

/* A bearer's token of these claims, signed with secret. */
static const char *token_of(struct who_rig *w, const char *claims, struct slice secret)
{
	unsigned char mac[64];
	struct buf b = BUF_INIT(4096);
	const char *out;

	b64url_encode(&b, S("{\"alg\":\"HS256\"}"));
	buf_addch(&b, '.');
	b64url_encode(&b, slice_cstr(claims));
	hmac(MAC_SHA256, secret, buf_slice(&b), mac);
	buf_addch(&b, '.');
	b64url_encode(&b, slice_mem(mac, SHA256_LEN));
	out = arena_cstr(w->arena, buf_slice(&b));
	buf_release(&b);
	return out;
}

static const char *ann(struct who_rig *w)
{
	return token_of(w, "{\"sub\":\"ann\",\"name\":\"Ann\",\"exp\":1700000900}", w->conf.jwt_secret);
}

static const char *bearer(struct who_rig *w, const char *scheme, const char *token)
{
	return arena_printf(w->arena, "%s %s", scheme, token).p;
}

/* A good cookie's value. */
static const char *cookie(struct who_rig *w)
{
	struct cookie_opts o = {.secret = w->conf.secret, .max_age_s = 90 * DAY};
	struct slice value, id;

	cookie_mint(w->arena, &w->fake.env, &o, &value, &id);
	return value.p;
}

static const char *as(struct who_rig *w, const char *name, const char *value)
{
	return arena_printf(w->arena, "%s=%s", name, value).p;
}

static enum rc who(struct who_rig *w, struct who *out, struct err *e)
{
	*e = ERR_INIT;
	return identity_of(&w->r, &w->conf, out, e);
}

static void nobody(void **state)
{
	static const char *const methods[] = {"GET", "POST", "PUT", "OPTIONS", "HEAD"};
	struct who_rig *w = *state;
	struct who out;
	struct err e;

	for (size_t i = 0; i < countof(methods); i++) {
		ask(w, methods[i], "http", "h");
		assert_int_equal(who(w, &out, &e), RC_OK);
		assert_int_equal(out.kind, WHO_NOBODY);
		assert_int_equal(out.owner.n, 0);
		assert_int_equal(out.set_cookie.n, 0);
	}
}

static void by_bearer(void **state)
{
	static const char *const schemes[] = {"Bearer", "bearer", "BEARER", "Bearer  ", " Bearer"};
	static const char *const names[] = {"AUTHORIZATION", "X_CHATKIT_AUTHORIZATION"};
	struct who_rig *w = *state;
	struct who out;
	struct err e;

	for (size_t i = 0; i < countof(schemes); i++)
		for (size_t k = 0; k < countof(names); k++) {
			ask(w, "POST", "http", "h");
			with(w, names[k], bearer(w, schemes[i], ann(w)));
			with(w, "ORIGIN", "https://elsewhere.example"); /* a token is not sent by a browser on its own */
			assert_int_equal(who(w, &out, &e), RC_OK);
			assert_int_equal(out.kind, WHO_USER);
			assert_true(slice_is(out.owner, "jwt:ann"));
			assert_true(slice_is(out.user_id, "ann"));
			assert_true(slice_is(out.name, "Ann"));
			assert_int_equal(out.set_cookie.n, 0);
		}
}

/* A sub can spell anything; it never gets out of its kind. */
static void no_sub_is_anonymous(void **state)
{
	struct who_rig *w = *state;
	struct who out;
	struct err e;

	ask(w, "POST", "http", "h");
	with(w, "AUTHORIZATION", bearer(w, "Bearer", token_of(w, "{\"sub\":\"anon:0123456789abcdefghjkmnpqrs\",\"exp\":1700000900}", w->conf.jwt_secret)));
	assert_int_equal(who(w, &out, &e), RC_OK);
	assert_true(slice_is(out.owner, "jwt:anon:0123456789abcdefghjkmnpqrs"));
}

struct auth_row {
	const char *authorization, *fallback; /* "@" is Ann's good token */
	enum rc rc;
	enum who_kind kind;
};

/* A good cookie is there each time: it must not help a bad token. */
static void authorization(void **state)
{
	static const struct auth_row rows[] = {
		{NULL, NULL, RC_OK, WHO_ANON},
		{"Bearer @", NULL, RC_OK, WHO_USER},
		{NULL, "Bearer @", RC_OK, WHO_USER},
		{"Basic dTpw", NULL, RC_OK, WHO_ANON}, /* the web server's own business */
		{"Basic dTpw", "Bearer @", RC_OK, WHO_USER},
		{"Bearer @", "Bearer x.y.z", RC_OK, WHO_USER},
		{"Bearer", NULL, RC_UNAUTHORIZED, WHO_NOBODY},
		{"Bearer ", NULL, RC_UNAUTHORIZED, WHO_NOBODY},
		{"Bearer x", NULL, RC_UNAUTHORIZED, WHO_NOBODY},
		{"bearer x.y.z", NULL, RC_UNAUTHORIZED, WHO_NOBODY},
		{"Bearer x.y.z", "Bearer @", RC_UNAUTHORIZED, WHO_NOBODY},
		{"Bearer @ @", NULL, RC_UNAUTHORIZED, WHO_NOBODY},
		{"Bearer @, Bearer @", NULL, RC_UNAUTHORIZED, WHO_NOBODY},
		{"Bearer @,", NULL, RC_UNAUTHORIZED, WHO_NOBODY},
		{"Basic dTpw, Bearer @", NULL, RC_UNAUTHORIZED, WHO_NOBODY},
		{",", NULL, RC_UNAUTHORIZED, WHO_NOBODY},
		{NULL, "Bearer @, Bearer @", RC_UNAUTHORIZED, WHO_NOBODY},
		{"@", NULL, RC_OK, WHO_ANON}, /* no scheme: not a bearer */
		{"BearerX @", NULL, RC_OK, WHO_ANON},
	};
	struct who_rig *w = *state;
	const char *good = cookie(w);

	for (size_t i = 0; i < countof(rows); i++) {
		const char *const from[] = {rows[i].authorization, rows[i].fallback}, *const names[] = {"AUTHORIZATION", "X_CHATKIT_AUTHORIZATION"};
		struct who out;
		struct err e;

		ask(w, "POST", "http", "h");
		for (size_t k = 0; k < 2; k++) {
			struct buf b = BUF_INIT(4096);

			for (const char *p = from[k]; p && *p; p++)
				buf_addf(&b, "%.*s", *p == '@' ? 4096 : 1, *p == '@' ? ann(w) : p);
			with(w, names[k], from[k] ? arena_cstr(w->arena, buf_slice(&b)) : NULL);
			buf_release(&b);
		}
		with(w, "COOKIE", as(w, "ck", good));
		if (who(w, &out, &e) != rows[i].rc || out.kind != rows[i].kind)
			fail_msg("row %zu: %s: rc %d kind %d: %s", i, rows[i].authorization ? rows[i].authorization : "-", (int)e.rc, (int)out.kind, e.msg);
		assert_int_equal(out.owner.n > 0, out.kind != WHO_NOBODY);
	}
}

static void wrong_tokens(void **state)
{
	struct who_rig *w = *state;
	struct who out;
	struct err e;

	ask(w, "POST", "http", "h");
	with(w, "AUTHORIZATION", bearer(w, "Bearer", token_of(w, "{\"sub\":\"ann\",\"exp\":1}", w->conf.jwt_secret)));
	assert_int_equal(who(w, &out, &e), RC_UNAUTHORIZED);
	assert_string_equal(e.msg, "token: expired");
	w->conf.jwt_secret = SLICE_NONE;
	assert_int_equal(who(w, &out, &e), RC_UNAUTHORIZED);
	assert_string_equal(e.msg, "token: no key is configured");
}

static void by_cookie(void **state)
{
	struct who_rig *w = *state;
	const char *good = cookie(w);
	const struct {
		const char *scheme, *header;
		bool known;
	} rows[] = {
		{"http", as(w, "ck", good), true},
		{"https", as(w, "__Host-ck", good), true},
		{"http", arena_printf(w->arena, "a=b; ck=%s; c=d", good).p, true},
		{"https", as(w, "ck", good), false}, /* whoever can write to http could put his own there */
		{"http", as(w, "__Host-ck", good), false},
		{"https", arena_printf(w->arena, "ck=%s; __Host-ck=%s", cookie(w), good).p, true},
		{"http", arena_printf(w->arena, "ck=%s; ck=%s", good, good).p, false},
		{"http", arena_printf(w->arena, "ck=%s; ck=x", good).p, false},
		{"http", as(w, "ck", "v1.0123456789abcdefghjkmnpqrs.1700000000.AAAA"), false},
		{"http", "ck=", false},
	};

	for (size_t i = 0; i < countof(rows); i++) {
		struct who out;
		struct err e;

		ask(w, "POST", rows[i].scheme, "h");
		with(w, "COOKIE", rows[i].header);
		assert_int_equal(who(w, &out, &e), RC_OK);
		if (out.kind != (rows[i].known ? WHO_ANON : WHO_NOBODY))
			fail_msg("row %zu: %s", i, rows[i].header);
		if (!rows[i].known)
			continue;
		assert_true(slice_starts(out.owner, S("anon:")));
		assert_true(slice_eq(slice_from(out.owner, 5), out.user_id));
		assert_true(slice_starts(slice_cstr(good), arena_printf(w->arena, "v1.%.*s.", SLICE_ARG(out.user_id))));
		assert_int_equal(out.set_cookie.n, 0);
	}
}

static void renewal(void **state)
{
	struct who_rig *w = *state;
	const char *good = cookie(w);
	struct who out;
	struct slice again;
	struct err e;

	w->fake.wall_s += 46 * DAY;
	ask(w, "GET", "https", "h");
	with(w, "COOKIE", as(w, "__Host-ck", good));
	assert_int_equal(who(w, &out, &e), RC_OK);
	assert_int_equal(out.kind, WHO_ANON);
	again = arena_printf(w->arena, "__Host-ck=v1.%.*s.%lld.", SLICE_ARG(out.user_id), (long long)w->fake.wall_s);
	assert_true(slice_starts(out.set_cookie, again));
	assert_true(slice_ends(out.set_cookie, S("; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax; Secure")));
	w->fake.wall_s += 44 * DAY;
	assert_int_equal(who(w, &out, &e), RC_OK);
	assert_int_equal(out.kind, WHO_NOBODY);
}

static const struct {
	const char *method, *scheme, *host, *origin;
	enum rc rc;
} origin_rows[] = {
	{"POST", "https", "chat.example", NULL, RC_OK},
	{"POST", "https", "chat.example", "https://chat.example", RC_OK},
	{"PUT", "https", "chat.example", "https://chat.example", RC_OK},
	{"POST", "https", "chat.example", "https://listed.example", RC_OK},
	{"POST", "https", "chat.example", "https://sibling.chat.example", RC_FORBIDDEN},
	{"PUT", "https", "chat.example", "https://sibling.chat.example", RC_FORBIDDEN},
	{"DELETE", "https", "chat.example", "https://sibling.chat.example", RC_FORBIDDEN},
	{"post", "https", "chat.example", "https://sibling.chat.example", RC_FORBIDDEN},
	{"POST", "https", "chat.example", "null", RC_FORBIDDEN},
	{"POST", "https", "chat.example", "http://chat.example", RC_FORBIDDEN},
	{"POST", "https", "chat.example", "https://chat.example:8443", RC_FORBIDDEN},
	{"POST", "https", "chat.example", "https://listed.example.evil", RC_FORBIDDEN},
	{"POST", "https", "chat.example", "https://chat.example, https://evil.example", RC_FORBIDDEN},
	{"POST", "http", "127.0.0.1:8080", "http://127.0.0.1:8080", RC_OK},
	{"POST", "http", "127.0.0.1:8080", "http://127.0.0.1:3000", RC_FORBIDDEN},
	{"GET", "https", "chat.example", "https://evil.example", RC_OK},
	{"GET", "https", "chat.example", "null", RC_OK},
	{"HEAD", "https", "chat.example", "https://evil.example", RC_OK},
};

/* With a cookie, and without one: then it would be minted. */
static void origin_rule(void **state)
{
	struct who_rig *w = *state;
	const char *good = cookie(w);

	w->conf.cors_origins = (struct conf_list){.v = {S("https://listed.example")}, .n = 1};
	for (int has = 0; has < 2; has++)
		for (size_t i = 0; i < countof(origin_rows); i++) {
			struct who out;
			struct err e;

			ask(w, origin_rows[i].method, origin_rows[i].scheme, origin_rows[i].host);
			with(w, "ORIGIN", origin_rows[i].origin);
			with(w, "COOKIE", has ? as(w, cookie_name(strcmp(origin_rows[i].scheme, "https") == 0), good) : NULL);
			if (who(w, &out, &e) != origin_rows[i].rc)
				fail_msg("row %zu: %s %s: %s", i, origin_rows[i].method, origin_rows[i].origin, e.msg);
			assert_int_equal(out.kind, origin_rows[i].rc == RC_OK && has ? WHO_ANON : WHO_NOBODY);
			if (origin_rows[i].rc == RC_FORBIDDEN)
				assert_string_equal(e.user, "This page may not use this service.");
		}
}

/* A proxy ends TLS and speaks http to us: public_url says what the browser sees. */
static void behind_a_proxy(void **state)
{
	struct who_rig *w = *state;
	struct who out;
	struct err e;

	w->conf.public_url = S("https://chat.example/app");
	ask(w, "POST", "http", "chat.example");
	with(w, "ORIGIN", "https://chat.example");
	with(w, "COOKIE", as(w, "__Host-ck", cookie(w)));
	assert_int_equal(who(w, &out, &e), RC_OK);
	assert_int_equal(out.kind, WHO_ANON);
	/* By the machine's own address it is http. */
	ask(w, "POST", "http", "10.0.0.7:8080");
	with(w, "ORIGIN", "http://10.0.0.7:8080");
	with(w, "COOKIE", as(w, "ck", cookie(w)));
	assert_int_equal(who(w, &out, &e), RC_OK);
	assert_int_equal(out.kind, WHO_ANON);
	w->conf.public_url = S("http://chat.example");
	ask(w, "POST", "http", "chat.example");
	with(w, "COOKIE", as(w, "__Host-ck", cookie(w)));
	assert_int_equal(who(w, &out, &e), RC_OK);
	assert_int_equal(out.kind, WHO_NOBODY);
}

static void mint(void **state)
{
	struct who_rig *w = *state;
	struct who out, again;
	struct slice value;
	struct err e;

	for (int https = 0; https < 2; https++) {
		ask(w, "POST", https ? "https" : "http", "h");
		assert_int_equal(who(w, &out, &e), RC_OK);
		assert_int_equal(identity_mint(&w->r, &w->conf, &out, &e), RC_OK);
		assert_int_equal(out.kind, WHO_ANON);
		assert_true(slice_starts(out.owner, S("anon:")));
		assert_int_equal(out.owner.n, 5 + 26);
		assert_int_equal(slice_ends(out.set_cookie, S("; Secure")), https);
		/* What was set comes back as the same person. */
		slice_cut(out.set_cookie, ';', &value);
		with(w, "COOKIE", arena_cstr(w->arena, value));
		assert_int_equal(who(w, &again, &e), RC_OK);
		assert_true(slice_eq(out.owner, again.owner));
		/* Twice is once. */
		assert_int_equal(identity_mint(&w->r, &w->conf, &again, &e), RC_OK);
		assert_true(slice_eq(out.owner, again.owner));
		assert_int_equal(again.set_cookie.n, 0);
	}
	w->conf.secret = SLICE_NONE;
	out = (struct who){.kind = WHO_NOBODY};
	assert_int_equal(identity_mint(&w->r, &w->conf, &out, &e), RC_CONF);
	assert_int_equal(out.kind, WHO_NOBODY);
}

static void anonymous_off(void **state)
{
	struct who_rig *w = *state;
	struct who out;
	struct err e;

	w->conf.anonymous = false;
	ask(w, "GET", "http", "h");
	assert_int_equal(who(w, &out, &e), RC_UNAUTHORIZED);
	with(w, "COOKIE", as(w, "ck", cookie(w)));
	assert_int_equal(who(w, &out, &e), RC_UNAUTHORIZED);
	with(w, "AUTHORIZATION", bearer(w, "Bearer", ann(w)));
	assert_int_equal(who(w, &out, &e), RC_OK);
	assert_int_equal(out.kind, WHO_USER);
}

static void claims(void **state)
{
	static const struct {
		enum who_kind kind;
		const char *user_id, *claimed;
		enum rc rc;
	} rows[] = {
		{WHO_USER, "ann", "ann", RC_OK},      {WHO_USER, "ann", "", RC_OK},	     {WHO_USER, "ann", "bob", RC_FORBIDDEN}, {WHO_USER, "ann", "Ann", RC_FORBIDDEN},
		{WHO_USER, "ann", "ann ", RC_FORBIDDEN}, {WHO_USER, "ann", "an", RC_FORBIDDEN}, {WHO_ANON, "0123", "bob", RC_OK},	     {WHO_NOBODY, "", "bob", RC_OK},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct who w = {.kind = rows[i].kind, .user_id = slice_cstr(rows[i].user_id)};
		struct err e = ERR_INIT;

		assert_int_equal(identity_claims(&w, slice_cstr(rows[i].claimed), &e), rows[i].rc);
		assert_int_equal(e.rc, rows[i].rc);
		assert_null(strstr(e.msg, "bob"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody, who_setup, who_teardown),
		cmocka_unit_test_setup_teardown(by_bearer, who_setup, who_teardown),
		cmocka_unit_test_setup_teardown(no_sub_is_anonymous, who_setup, who_teardown),
		cmocka_unit_test_setup_teardown(authorization, who_setup, who_teardown),
		cmocka_unit_test_setup_teardown(wrong_tokens, who_setup, who_teardown),
		cmocka_unit_test_setup_teardown(by_cookie, who_setup, who_teardown),
		cmocka_unit_test_setup_teardown(renewal, who_setup, who_teardown),
		cmocka_unit_test_setup_teardown(origin_rule, who_setup, who_teardown),
		cmocka_unit_test_setup_teardown(behind_a_proxy, who_setup, who_teardown),
		cmocka_unit_test_setup_teardown(mint, who_setup, who_teardown),
		cmocka_unit_test_setup_teardown(anonymous_off, who_setup, who_teardown),
		cmocka_unit_test(claims),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
