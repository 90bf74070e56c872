/* SPDX-License-Identifier: MIT */
#include "app/cors.h"

#include "wire/token.h"
#include "wire/url.h"

#define METHODS "GET, POST, PUT, OPTIONS"

static void add(struct cors *c, const char *name, struct slice value)
{
	CHECK(c->n < CORS_HEADERS_MAX);
	c->h[c->n++] = (struct reply_header){name, value};
}

void cors_of(struct request *r, const struct conf *c, struct cors *out)
{
	struct slice origin = request_header(r, "ORIGIN");

	*out = (struct cors){.n = 0};
	if (c->cors_origins.n == 0)
		return;
	for (size_t i = 0; i < c->cors_origins.n; i++)
		if (slice_eq(origin, c->cors_origins.v[i]))
			out->allowed = true;
	/* Without an Origin too: a cache must not give this answer to whoever has one. */
	add(out, "Vary", slice_is(r->method, "OPTIONS") ? S("Origin, Access-Control-Request-Method, Access-Control-Request-Headers") : S("Origin"));
	if (!out->allowed)
		return;
	add(out, "Access-Control-Allow-Origin", origin);
	add(out, "Access-Control-Allow-Credentials", S("true"));
	add(out, "Access-Control-Expose-Headers", S("X-Request-Id, Retry-After"));
}

/* A list of header names (RFC 9110, 5.6.1), and not an endless one. */
static bool are_names(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!token_byte(s.p[i]) && s.p[i] != ',' && s.p[i] != ' ' && s.p[i] != '\t')
			return false;
	return s.n > 0 && s.n <= CORS_ASKED_MAX;
}

void cors_preflight(struct request *r, const struct cors *c, struct reply *rep)
{
	struct reply_header h[CORS_HEADERS_MAX + 4];
	struct slice asked = request_header(r, "ACCESS_CONTROL_REQUEST_HEADERS");
	size_t n = 0;

	while (n < c->n) {
		h[n] = c->h[n];
		n++;
	}
	h[n++] = (struct reply_header){"Allow", S(METHODS)};
	if (c->allowed) {
		h[n++] = (struct reply_header){"Access-Control-Allow-Methods", S(METHODS)};
		h[n++] = (struct reply_header){"Access-Control-Max-Age", S("7200")};
		if (are_names(asked))
			h[n++] = (struct reply_header){"Access-Control-Allow-Headers", asked};
	}
	reply_begin(rep, 204, NULL, -1, h, n);
}

static bool is_default_port(struct slice scheme, struct slice port)
{
	if (port.n == 0)
		return true;
	return (slice_eq_nocase(scheme, S("https")) && slice_is(port, "443")) || (slice_eq_nocase(scheme, S("http")) && slice_is(port, "80"));
}

static bool same_origin(const struct url *a, const struct url *b)
{
	if (!slice_eq_nocase(a->scheme, b->scheme) || a->host.n == 0 || !slice_eq_nocase(a->host, b->host))
		return false;
	return slice_eq(a->port, b->port) || (is_default_port(a->scheme, a->port) && is_default_port(b->scheme, b->port));
}

/* scheme://host and no more: a Host that holds a path or a user is nobody's. */
static bool parse_origin(struct slice s, struct url *out)
{
	return url_parse(s, out) && out->path.n == 0 && out->query.n == 0 && out->fragment.n == 0 && out->user.n == 0 && out->password.n == 0;
}

bool cors_is_own(const struct request *r, const struct conf *c, struct slice origin)
{
	struct url asked, own;
	char text[512];

	if (!parse_origin(origin, &asked))
		return false;
	if (c->public_url.n && url_parse(c->public_url, &own) && same_origin(&asked, &own))
		return true;
	if (r->host.n == 0 || r->scheme.n + r->host.n > sizeof(text) - 8)
		return false;
	snprintf(text, sizeof(text), "%.*s://%.*s", SLICE_ARG(r->scheme), SLICE_ARG(r->host));
	return parse_origin(slice_cstr(text), &own) && same_origin(&asked, &own);
}
