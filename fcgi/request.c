/* SPDX-License-Identifier: MIT */
/*
 * From the web server's variables to a struct request. What a client can choose is only what begins with HTTP_; but two spellings of one header ("X_User"
 * beside the server's own "X-User") become one name twice, of which a look-up may find the forged one: so a name that comes twice is refused.
 */
#include "fcgi/conn.h"

#include "base/log.h"
#include "fcgi/path.h"

#define VARS_MAX 400 /* headers, CGI's own, and what an administrator adds */
#define METHOD_MAX 32
#define RID_LEN 12

/* What we take, but for headers. */
struct vars {
	struct path_from path;
	struct slice method, query, content_type, content_length, https, scheme, remote_addr, authorization;
};

static const struct known {
	struct slice name;
	size_t place;
} known[] = {
	{S_INIT("REQUEST_METHOD"), offsetof(struct vars, method)},
	{S_INIT("REQUEST_URI"), offsetof(struct vars, path.request_uri)},
	{S_INIT("SCRIPT_NAME"), offsetof(struct vars, path.script_name)},
	{S_INIT("PATH_INFO"), offsetof(struct vars, path.path_info)},
	{S_INIT("QUERY_STRING"), offsetof(struct vars, query)},
	{S_INIT("CONTENT_TYPE"), offsetof(struct vars, content_type)},
	{S_INIT("CONTENT_LENGTH"), offsetof(struct vars, content_length)},
	{S_INIT("HTTPS"), offsetof(struct vars, https)},
	{S_INIT("REQUEST_SCHEME"), offsetof(struct vars, scheme)},
	{S_INIT("REMOTE_ADDR"), offsetof(struct vars, remote_addr)},
	/* Apache's name for what a rewriting .htaccess sets as HTTP_AUTHORIZATION. */
	{S_INIT("REDIRECT_HTTP_AUTHORIZATION"), offsetof(struct vars, authorization)},
};

static struct slice *place_of(struct vars *v, struct slice name)
{
	for (size_t i = 0; i < countof(known); i++)
		if (slice_eq(known[i].name, name))
			return (struct slice *)(void *)((char *)v + known[i].place);
	return NULL;
}

/* A client's Content_Type and Content_Length would pass for CGI's own, its Proxy for libcurl's. */
static bool is_header(struct slice name)
{
	return slice_starts(name, S("HTTP_")) && !slice_is(name, "HTTP_CONTENT_TYPE") && !slice_is(name, "HTTP_CONTENT_LENGTH") &&
	       !slice_is(name, "HTTP_PROXY");
}

static struct slice name_of(const char *var)
{
	struct slice name;

	slice_cut(slice_cstr(var), '=', &name);
	return name;
}

/* Puts var k into a table of names, open addressing, that is never half full; false when its name is there. */
static bool first_of_name(uint16_t table[2 * VARS_MAX + 1], char *const *vars, size_t k)
{
	struct slice name = name_of(vars[k]);
	uint32_t h = 2166136261u; /* FNV-1a */
	size_t i;

	for (size_t at = 0; at < name.n; at++)
		h = (h ^ (unsigned char)name.p[at]) * 16777619u;
	for (i = h % (2 * VARS_MAX + 1); table[i]; i = (i + 1) % (2 * VARS_MAX + 1))
		if (slice_eq(name_of(vars[table[i] - 1]), name))
			return false;
	table[i] = (uint16_t)(k + 1);
	return true;
}

static enum rc too_many(struct err *e)
{
	err_tell(e, RC_TOO_LARGE, "The request has too many headers.");
	e->http = 431;
	return e->rc;
}

/* Bounded, and each name once. */
static enum rc check_vars(char *const *vars, size_t *n_headers, struct err *e)
{
	uint16_t table[2 * VARS_MAX + 1] = {0};
	size_t bytes = 0;

	*n_headers = 0;
	for (size_t k = 0; vars[k]; k++) {
		struct slice name = name_of(vars[k]);

		bytes += strlen(vars[k]);
		*n_headers += is_header(name);
		if (k == VARS_MAX || bytes > REQUEST_HEAD_MAX || *n_headers > REQUEST_HEADERS_MAX)
			return too_many(e);
		if (!first_of_name(table, vars, k))
			return err_tell(e, RC_BAD, "The header or variable '%.*s' came twice.", (int)(name.n < 64 ? name.n : 64), name.p);
	}
	return RC_OK;
}

static void sort_out(struct request *r, char *const *vars, size_t n_headers, struct vars *v)
{
	struct request_header *headers = arena_alloc(r->arena, (n_headers + 1) * sizeof(*headers));

	for (; *vars; vars++) {
		struct slice name, value = slice_cut(slice_cstr(*vars), '=', &name), *place = place_of(v, name);

		if (place)
			*place = value;
		else if (is_header(name))
			headers[r->n_headers++] = (struct request_header){slice_from(name, 5), value};
	}
	r->headers = headers;
	if (v->authorization.n && !request_header(r, "AUTHORIZATION").p)
		headers[r->n_headers++] = (struct request_header){S("AUTHORIZATION"), v->authorization};
}

/* A token of RFC 9110 in the form that methods have. */
static bool is_method(struct slice m)
{
	for (size_t i = 0; i < m.n; i++)
		if ((m.p[i] < 'A' || m.p[i] > 'Z') && m.p[i] != '-' && m.p[i] != '_')
			return false;
	return m.n > 0 && m.n <= METHOD_MAX;
}

/* X-Forwarded-Proto is anybody's word, believed only where the operator said that a proxy with TLS stands in front. */
static struct slice scheme_of(const struct vars *v, const struct request *r, const struct conf *conf)
{
	if (v->https.n ? !slice_eq_nocase(v->https, S("off")) : slice_is(v->scheme, "https"))
		return S("https");
	if (slice_starts(conf->public_url, S("https://")) && slice_is(request_header(r, "X_FORWARDED_PROTO"), "https"))
		return S("https");
	return S("http");
}

static enum rc request_fill(struct request *r, char *const *vars, const struct conf *conf, struct err *e)
{
	struct vars v = {.path.base_path = conf->base_path};
	size_t n_headers;

	if (check_vars(vars, &n_headers, e) != RC_OK)
		return e->rc;
	sort_out(r, vars, n_headers, &v);
	r->method = v.method;
	r->query = v.query;
	r->content_type = v.content_type;
	r->remote_addr = v.remote_addr;
	r->host = request_header(r, "HOST");
	r->scheme = scheme_of(&v, r, conf);
	if (!is_method(v.method))
		return err_tell(e, RC_BAD, "The request's method is malformed.");
	if (v.content_length.n && !slice_i64(v.content_length, 0, INT64_MAX, &r->content_length))
		return err_tell(e, RC_BAD, "The request's Content-Length is malformed.");
	return path_derive(r->arena, &v.path, &r->path, e);
}

enum rc conn_request(struct conn *c, char *const *vars, const struct conf *conf, struct err *e)
{
	struct id id = id_new(io_env(c->io), "");
	struct request *r = &c->req;

	r->content_length = -1;
	r->rid = arena_dup(r->arena, slice_upto(id_slice(&id), RID_LEN));
	c->rep.rid = r->rid;
	return request_fill(r, vars, conf, e);
}

void conn_handle(struct conn *c, char *const *vars, const struct conf *conf, struct app *app)
{
	struct err e = ERR_INIT;

	if (conn_request(c, vars, conf, &e) == RC_OK) {
		app_handle(app, &c->req, &c->rep);
		if (!c->rep.begun && !c->rep.gone)
			err_set(&e, RC_INTERNAL, "the application gave no answer");
	}
	if (e.rc == RC_OK)
		return;
	log_err(&(struct log_ctx){.rid = c->req.rid}, "request", &e);
	reply_error(&c->rep, &e, c->req.rid, NULL, 0);
}
