/* SPDX-License-Identifier: MIT */
#include "app/request.h"

#include "wire/jsonw.h"
#include "wire/sse.h"

#define ROOM_MAX ((size_t)256 * 1024) /* bytes that a stream's maker may be ahead of its reader */
#define ROOM_WAIT (60 * (int64_t)IO_SECOND)

/* A header that a browser or a proxy could read as two is left out: whose value it was made it so. */
static void put_header(struct buf *out, const char *name, struct slice value)
{
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '\r' || value.p[i] == '\n' || value.p[i] == '\0')
			return;
	buf_adds(out, name);
	buf_adds(out, ": ");
	buf_add(out, value);
	buf_adds(out, "\r\n");
}

static bool has(const struct reply_header *h, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq_nocase(slice_cstr(h[i].name), slice_cstr(name)))
			return true;
	return false;
}

void reply_begin(struct reply *r, int status, const char *content_type, int64_t content_length, const struct reply_header *h, size_t n)
{
	CHECK(!r->begun);
	buf_addf(&r->out, "Status: %d\r\n", status);
	if (content_type)
		put_header(&r->out, "Content-Type", slice_cstr(content_type));
	if (content_length >= 0)
		buf_addf(&r->out, "Content-Length: %lld\r\n", (long long)content_length);
	put_header(&r->out, "X-Content-Type-Options", S("nosniff"));
	if (!has(h, n, "Cache-Control"))
		put_header(&r->out, "Cache-Control", S("no-store"));
	if (r->rid.n && !has(h, n, "X-Request-Id"))
		put_header(&r->out, "X-Request-Id", r->rid);
	for (size_t i = 0; i < n; i++)
		put_header(&r->out, h[i].name, h[i].value);
	buf_adds(&r->out, "\r\n");
	r->status = status;
	r->begun = true;
}

void reply_begin_sse(struct reply *r, const struct reply_header *h, size_t n)
{
	static const struct reply_header own[] = {
		{"Cache-Control", S_INIT("no-cache, no-transform")},
		{"X-Accel-Buffering", S_INIT("no")}, /* nginx: do not collect */
	};
	struct reply_header all[16];
	size_t k = 0;

	CHECK(n <= countof(all) - countof(own));
	for (size_t i = 0; i < countof(own); i++)
		all[k++] = own[i];
	for (size_t i = 0; i < n; i++)
		all[k++] = h[i];
	reply_begin(r, 200, "text/event-stream", -1, all, k);
	/* nginx and Apache hold the head back until a byte of the body comes. A blank line would dispatch an empty message in the browser. */
	sse_beat(&r->out);
	r->sse = true;
	r->ops->beat(r, r->beat_us);
}

void reply_json(struct reply *r, int status, struct slice body, const struct reply_header *h, size_t n)
{
	reply_begin(r, status, "application/json", (int64_t)body.n, h, n);
	buf_add(&r->out, body);
}

/* Seconds to say in Retry-After when the err does not know: 0: nothing to say. */
static int retry_after(const struct err *e)
{
	if (e->retry_after_s > 0)
		return e->retry_after_s;
	if (e->rc == RC_BUSY || e->rc == RC_RATE)
		return 1;
	if (e->rc == RC_DB || e->rc == RC_DB_UNKNOWN)
		return 2;
	return 0;
}

void reply_error(struct reply *r, const struct err *e, struct slice rid, const struct reply_header *h, size_t n)
{
	struct reply_header all[16];
	struct slice sentence = slice_cstr(err_sentence(e));
	struct buf body = BUF_INIT(8192); /* three times a sentence of 320 bytes, each escaped as \u00.. */
	struct jsonw w;
	char seconds[12];
	size_t k = 0;

	CHECK(n <= countof(all) - 3);
	for (size_t i = 0; i < n; i++)
		all[k++] = h[i];
	if (err_http(e) == 401)
		all[k++] = (struct reply_header){"WWW-Authenticate", S("Bearer")};
	if (retry_after(e)) {
		snprintf(seconds, sizeof(seconds), "%d", retry_after(e));
		all[k++] = (struct reply_header){"Retry-After", slice_cstr(seconds)};
	}
	if (rid.n && !r->rid.n)
		all[k++] = (struct reply_header){"X-Request-Id", rid};
	jsonw_init(&w, &body);
	jsonw_obj(&w);
	jsonw_kstr(&w, "message", sentence);
	jsonw_kcstr(&w, "code", err_code(e));
	jsonw_kstr(&w, "error", sentence);
	jsonw_kstr(&w, "detail", sentence);
	jsonw_end(&w);
	CHECK(jsonw_ok(&w));
	reply_json(r, err_http(e), buf_slice(&body), all, k);
	buf_release(&body);
}

enum rc reply_room(struct reply *r)
{
	if (r->gone)
		return RC_GONE;
	if (r->out.n <= ROOM_MAX && buf_ok(&r->out))
		return RC_OK;
	if (r->ops->drain(r, ROOM_MAX, io_in(r->io, ROOM_WAIT)) != RC_OK)
		r->gone = true;
	return r->gone ? RC_GONE : RC_OK;
}
