/* SPDX-License-Identifier: MIT */
#include "app/identity.h"

#include "app/cors.h"
#include "auth/cookie.h"
#include "auth/jwt.h"
#include "wire/url.h"

#define DAY_S INT64_C(86400)

static struct cookie_opts cookie_opts(const struct conf *c)
{
	return (struct cookie_opts){.secret = c->secret, .secret_old = c->secret_old, .max_age_s = c->cookie_days * DAY_S};
}

/* Does the browser speak https? A proxy in front may end it; public_url knows, if it was this address that was asked for. */
static bool is_https(const struct request *r, const struct conf *c)
{
	struct slice rest = slice_from(c->public_url, strlen("https://")), host;

	if (slice_is(r->scheme, "https"))
		return true;
	slice_cut(rest, '/', &host);
	return r->host.n && slice_eq_nocase(slice_upto(c->public_url, strlen("https://")), S("https://")) && slice_eq_nocase(host, r->host);
}

/* The token of a header's value; *is_bearer tells whether there should be one. A comma is two values that a server has joined: which counts, nobody knows. */
static enum rc bearer_in(struct slice value, bool *is_bearer, struct slice *token, struct err *e)
{
	struct slice scheme;

	value = slice_trim(value);
	*is_bearer = false;
	if (slice_find(value, S(",")) >= 0)
		return err_set(e, RC_UNAUTHORIZED, "two authorization values");
	*token = slice_trim(slice_cut(value, ' ', &scheme));
	*is_bearer = slice_eq_nocase(scheme, S("Bearer"));
	return RC_OK;
}

static enum rc find_bearer(const struct request *r, bool *is_bearer, struct slice *token, struct err *e)
{
	static const char *const names[] = {"AUTHORIZATION", "X_CHATKIT_AUTHORIZATION"};

	*is_bearer = false;
	for (size_t i = 0; i < countof(names) && !*is_bearer; i++) {
		struct slice value = request_header(r, names[i]);

		if (value.n && bearer_in(value, is_bearer, token, e) != RC_OK)
			return RC_UNAUTHORIZED;
	}
	return RC_OK;
}

static enum rc by_token(struct request *r, const struct conf *c, struct slice token, struct who *out, struct err *e)
{
	struct jwt_opts o = {.hs_secret = c->jwt_secret, .leeway_s = JWT_LEEWAY_S};
	struct jwt_who who;

	if (jwt_verify(r->arena, io_env(r->io), &o, token, &who, e) != RC_OK) {
		err_wrap(e, "token");
		return RC_UNAUTHORIZED;
	}
	out->kind = WHO_USER;
	out->owner = arena_printf(r->arena, "jwt:%.*s", SLICE_ARG(who.sub));
	out->user_id = who.sub;
	out->name = who.name;
	return RC_OK;
}

static bool changes_nothing(struct slice method)
{
	return slice_is(method, "GET") || slice_is(method, "HEAD") || slice_is(method, "OPTIONS");
}

static bool is_listed(const struct conf *c, struct slice origin)
{
	for (size_t i = 0; i < c->cors_origins.n; i++)
		if (slice_eq(origin, c->cors_origins.v[i]))
			return true;
	return false;
}

/* A browser says Origin with every POST; who says none is no browser, and nobody's page sent it. */
static enum rc check_origin(const struct request *r, const struct conf *c, struct err *e)
{
	struct slice origin = request_header(r, "ORIGIN");

	if (changes_nothing(r->method) || origin.n == 0 || is_listed(c, origin) || cors_is_own(r, c, origin))
		return RC_OK;
	err_set(e, RC_FORBIDDEN, "origin '%.*s' is neither ours nor listed (cors_origins, public_url)", SLICE_ARG(slice_upto(origin, 120)));
	err_user(e, "This page may not use this service.");
	return RC_FORBIDDEN;
}

static void by_cookie(struct request *r, const struct conf *c, struct who *out)
{
	struct cookie_opts o = cookie_opts(c);
	bool https = is_https(r, c), renew;
	struct slice value, id;

	if (!cookie_find(request_header(r, "COOKIE"), slice_cstr(cookie_name(https)), &value))
		return;
	if (!cookie_check(r->arena, io_env(r->io), &o, value, &id, &renew))
		return;
	out->kind = WHO_ANON;
	out->owner = arena_printf(r->arena, "anon:%.*s", SLICE_ARG(id));
	out->user_id = id;
	if (renew && c->secret.n)
		out->set_cookie = cookie_header(r->arena, &o, https, cookie_renew(r->arena, io_env(r->io), &o, id));
}

enum rc identity_of(struct request *r, const struct conf *c, struct who *out, struct err *e)
{
	bool is_bearer;
	struct slice token;

	*out = (struct who){.kind = WHO_NOBODY};
	if (find_bearer(r, &is_bearer, &token, e) != RC_OK)
		return RC_UNAUTHORIZED;
	if (is_bearer)
		return by_token(r, c, token, out, e);
	if (!c->anonymous)
		return err_set(e, RC_UNAUTHORIZED, "no token, and anonymous people are not allowed");
	if (check_origin(r, c, e) != RC_OK)
		return RC_FORBIDDEN;
	by_cookie(r, c, out);
	return RC_OK;
}

enum rc identity_mint(struct request *r, const struct conf *c, struct who *w, struct err *e)
{
	struct cookie_opts o = cookie_opts(c);
	struct slice value, id;

	if (w->kind != WHO_NOBODY)
		return RC_OK;
	if (c->secret.n == 0)
		return err_set(e, RC_CONF, "no secret (CHATKIT_SECRET) to sign a cookie with");
	cookie_mint(r->arena, io_env(r->io), &o, &value, &id);
	w->kind = WHO_ANON;
	w->owner = arena_printf(r->arena, "anon:%.*s", SLICE_ARG(id));
	w->user_id = id;
	w->set_cookie = cookie_header(r->arena, &o, is_https(r, c), value);
	return RC_OK;
}

enum rc identity_claims(const struct who *w, struct slice user_id, struct err *e)
{
	if (w->kind != WHO_USER || user_id.n == 0 || slice_eq(w->user_id, user_id))
		return RC_OK;
	err_set(e, RC_FORBIDDEN, "user_id is not the token's sub");
	err_user(e, "You are signed in as somebody else than user_id says.");
	return RC_FORBIDDEN;
}
