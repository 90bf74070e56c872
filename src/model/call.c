/* SPDX-License-Identifier: MIT */
#include "model/call.h"

#include "base/crypto.h"
#include "model/provider_err.h"
#include "model/retry.h"
#include "wire/url.h"

#define ERROR_BODY_MAX (64 * 1024)
#define STREAM_BODY_MAX (64 * 1024 * 1024)
#define STREAM_AHEAD_MAX (32 * 1024 * 1024) /* images that come while others are being stored */
#define RETRIES_MAX 10

/* ---- making one ---- */

static bool same_host(struct slice base, const char *other)
{
	struct url a, b;

	return url_parse(base, &a) && url_parse(slice_cstr(other), &b) && slice_eq_nocase(a.host, b.host);
}

static enum rc check_base(struct slice base, struct err *e)
{
	struct url u;

	if (!url_parse(base, &u) || (!slice_eq_nocase(u.scheme, S("http")) && !slice_eq_nocase(u.scheme, S("https"))) || u.host.n == 0)
		return err_set(e, RC_CONF, "the model's base URL is not an http or https URL");
	if (u.user.n || u.password.n || u.query.n || u.fragment.n)
		return err_set(e, RC_CONF, "the model's base URL may hold no password, query or fragment (host '%.*s')", SLICE_ARG(u.host));
	return RC_OK;
}

static void make_url(struct call_model *m, struct slice base)
{
	static const struct slice v1 = S_INIT("/v1");
	struct slice path = slice_cstr(m->wire->path);

	while (base.n && base.p[base.n - 1] == '/')
		base.n--;
	/* People paste the whole address. */
	if (slice_ends(base, path))
		base.n -= path.n;
	buf_init(&m->url, 4096);
	buf_add(&m->url, base);
	if ((m->quirks & QUIRK_ADD_V1) && !slice_ends(base, v1))
		buf_add(&m->url, v1);
	buf_add(&m->url, path);
}

static void make_family(struct call_model *m)
{
	struct url u;

	buf_init(&m->family, 512);
	if (url_parse(buf_slice(&m->url), &u))
		buf_addf(&m->family, "%s/%.*s", m->wire->name, SLICE_ARG(u.host));
}

static WAITS enum rc call_open(struct model *base, const struct model_req *req, struct model_stream **out, struct err *e);

static void call_free(struct model *base)
{
	struct call_model *m = container_of(base, struct call_model, base);

	wipe(m->auth.p, m->auth.n);
	buf_release(&m->auth);
	buf_release(&m->family);
	buf_release(&m->url);
	free(m);
}

static const struct model_ops call_ops = {call_open, call_free};

enum rc call_model_new(struct http *http, struct io *io, const struct model_opts *o, const struct provider *p, struct slice model, struct model **out,
		       struct err *e)
{
	struct slice base = o->base_url.n ? o->base_url : slice_cstr(p->base_url);
	struct call_model *m;

	if (base.n == 0)
		return err_set(e, RC_CONF, "provider '%s' needs a base URL%s%s", p->prefix, p->base_env[0] ? ", as in " : "",
			       p->base_env[0] ? p->base_env[0] : "");
	if (check_base(base, e) != RC_OK)
		return e->rc;
	if (p->key_needed && o->api_key.n == 0 && o->base_url.n == 0)
		return err_set(e, RC_CONF, "provider '%s' needs a key in %s", p->prefix, p->key_env[0]);
	if (!http)
		return err_set(e, RC_INTERNAL, "a model over HTTP without an HTTP client");
	m = xalloc(sizeof(*m));
	*m = (struct call_model){.base = {&call_ops, o->name, false}, .http = http, .io = io, .opts = *o, .wire = &openai_chat, .model = model};
	m->quirks = p->quirks;
	if ((m->quirks & QUIRK_OWN_HOST) && !same_host(base, p->base_url))
		m->quirks = 0;
	make_url(m, base);
	make_family(m);
	buf_init(&m->auth, 8192);
	if (o->api_key.n)
		buf_addf(&m->auth, "%s%.*s", m->quirks & QUIRK_API_KEY ? "" : "Bearer ", SLICE_ARG(o->api_key));
	*out = &m->base;
	return RC_OK;
}

/* ---- asking ---- */

struct ask { /* one model_open */
	struct call_model *m;
	struct call_stream *s;
	struct buf body;
	struct http_header *headers;
	size_t n_headers;
	int64_t deadline;
	bool again;       /* the last failure may pass */
	int64_t wait_us;  /* the provider's word when; 0: none */
};

static void add_header(struct ask *a, const char *name, struct slice value)
{
	for (size_t i = 0; i < a->n_headers; i++)
		if (slice_eq_nocase(a->headers[i].name, slice_cstr(name)))
			return; /* the operator's own wins */
	a->headers[a->n_headers++] = (struct http_header){slice_cstr(name), value};
}

static void make_headers(struct ask *a)
{
	const struct model_opts *o = &a->m->opts;

	a->headers = arena_alloc(a->s->arena, (o->n_extra_headers + 3) * sizeof(*a->headers));
	for (size_t i = 0; i < o->n_extra_headers; i++)
		a->headers[a->n_headers++] = o->extra_headers[i];
	add_header(a, "Content-Type", S("application/json"));
	add_header(a, "Accept", S("text/event-stream"));
	if (a->m->auth.n)
		add_header(a, a->m->quirks & QUIRK_API_KEY ? "api-key" : "Authorization", buf_slice(&a->m->auth));
}

static bool sends_files(const struct history *h)
{
	for (size_t i = 0; i < h->n; i++)
		for (size_t k = 0; k < h->m[i].n; k++)
			if (h->m[i].parts[k].kind == PART_FILE && h->m[i].parts[k].data.n)
				return true;
	return false;
}

static enum rc make_body(struct ask *a, const struct model_req *req, struct err *e)
{
	struct wire_ask ask = {
		.model = a->m->model,
		.family = buf_slice(&a->m->family),
		.history = req->history,
		.tools = req->tools,
		.must_call = req->must_call,
		.max_output = req->max_output,
		.temperature = req->temperature,
		.quirks = a->m->quirks,
		.arena = a->s->arena,
	};

	buf_init(&a->body, WIRE_REQUEST_MAX);
	a->m->wire->request(&a->body, &ask);
	if (buf_ok(&a->body))
		return RC_OK;
	err_set(e, RC_TOO_LARGE, "the request to the model is over %d bytes", WIRE_REQUEST_MAX);
	if (sends_files(req->history))
		return err_user(e, "The attached files are together too large for the model. Please send fewer or smaller ones, in a new conversation.");
	return err_user(e, "This conversation has become too large for the model. Please start a new one.");
}

static WAITS enum rc send_request(struct ask *a, struct err *e)
{
	const struct model_opts *o = &a->m->opts;
	struct http_req req = {
		.method = "POST",
		.url = buf_slice(&a->m->url),
		.headers = a->headers,
		.n_headers = a->n_headers,
		.body = buf_slice(&a->body),
		.first_byte_us = o->first_byte_us,
		.idle_us = o->idle_us,
		.total_us = a->deadline - io_now(a->m->io),
		.body_max = STREAM_BODY_MAX,
		.ahead_max = STREAM_AHEAD_MAX,
		.stop = &a->s->stop,
	};

	if (req.total_us <= 0)
		req.total_us = 1;
	if (http_open(a->m->http, &req, &a->s->resp, e) == RC_OK)
		return RC_OK;
	/* One that did not answer in time is not asked again: it may be working on it, and be paid for it. */
	a->again = e->rc == RC_UPSTREAM;
	if (e->rc == RC_UPSTREAM)
		err_user(e, "The model could not be reached. Please try again in a moment.");
	else if (e->rc == RC_TIMEOUT)
		err_user(e, "The model did not answer in time. Please try again.");
	return e->rc;
}

/* The answer's head says no. */
static WAITS enum rc read_refusal(struct ask *a, struct err *e)
{
	struct http_resp *r = a->s->resp;
	struct buf body = BUF_INIT(ERROR_BODY_MAX);
	struct slice should = http_header(r, "x-should-retry");
	struct provider_err no;
	struct err why;

	/* However much of the body can be had. */
	if (http_body(r, &body, &why) == RC_STOPPED) {
		buf_release(&body);
		return err_set(e, RC_STOPPED, "stopped while reading the provider's error");
	}
	provider_err_read(a->s->arena, http_status(r), buf_slice(&body), &no);
	buf_release(&body);
	a->wait_us = retry_asked_us(http_header(r, "retry-after-ms"), http_header(r, "retry-after"), env_wall_us(io_env(a->m->io)));
	if (a->wait_us == 0)
		a->wait_us = no.retry_us;
	a->again = provider_err_retry(&no) && !slice_is(should, "false");
	provider_err_tell(&no, e);
	if (a->again && a->wait_us > 0)
		e->retry_after_s = (int)((a->wait_us + 999999) / 1000000);
	return e->rc;
}

static WAITS enum rc attempt(struct ask *a, struct err *e)
{
	int status;

	a->again = false;
	a->wait_us = 0;
	if (send_request(a, e) != RC_OK)
		return e->rc;
	status = http_status(a->s->resp);
	if (status < 200 || status > 299)
		return read_refusal(a, e);
	if (call_stream_read(a->s, e) == RC_OK)
		return RC_OK;
	/* Nothing of this answer was shown. It broke off, or the provider's error under status 200 may pass. */
	a->again = a->s->broke || a->s->wire.may_retry || (e->rc == RC_PROTO && a->s->step == CALL_CALLS && !a->s->wire.finished && !a->s->wire.done);
	return e->rc;
}

/* false: not worth it, or stopped meanwhile. */
static WAITS bool wait_for_next(struct ask *a, unsigned n)
{
	uint32_t chance;
	int64_t us;

	env_random(io_env(a->m->io), &chance, sizeof(chance));
	us = a->wait_us > 0 ? a->wait_us : retry_backoff_us(n, chance);
	if (us > RETRY_WAIT_MAX_US || io_in(a->m->io, us) >= a->deadline)
		return false;
	return io_sleep(a->m->io, us, &a->s->stop) == RC_OK;
}

static WAITS enum rc ask_until(struct ask *a, struct err *e)
{
	unsigned retries = a->m->opts.retries < RETRIES_MAX ? a->m->opts.retries : RETRIES_MAX;
	enum rc rc;

	for (unsigned n = 0;; n++) {
		rc = attempt(a, e);
		if (rc == RC_OK || !a->again || n == retries)
			return rc;
		if (!wait_for_next(a, n))
			return stop_why(&a->s->stop) ? err_set(e, RC_STOPPED, "stopped between two attempts") : rc;
		call_stream_reset(a->s);
	}
}

static WAITS enum rc call_open(struct model *base, const struct model_req *req, struct model_stream **out, struct err *e)
{
	struct call_model *m = container_of(base, struct call_model, base);
	struct ask a = {.m = m, .s = call_stream_new(m, req)};
	struct err ignored;
	enum rc rc;

	e = e ? e : &ignored;
	a.deadline = io_in(m->io, m->opts.total_us > 0 ? m->opts.total_us : 600 * (int64_t)IO_SECOND);
	make_headers(&a);
	rc = make_body(&a, req, e);
	if (rc == RC_OK)
		rc = ask_until(&a, e);
	buf_release(&a.body);
	if (rc == RC_OK) {
		*out = &a.s->base;
		return RC_OK;
	}
	a.s->base.ops->close(&a.s->base);
	provider_err_hide(m->opts.api_key, e);
	return err_wrap(e, "model '%.*s'", SLICE_ARG(m->base.name));
}
