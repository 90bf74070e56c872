/* SPDX-License-Identifier: MIT */
/*
 * A request's JSON body. Every operation's has the same small maximum but one: a recording, which is megabytes. Whether a large body is one is asked of its
 * first bytes, before the rest is read: "input.transcribe" must stand among them. Every ChatKit client writes the type first; one that writes it behind the
 * recording is told 413, like anything else that large. What only looks like a recording is found out when it is parsed, and told 413 too.
 */
#include <malloc.h>

#include "app/inner.h"
#include "wire/media.h"

#define PARSED_MAX (24 * 1024 * 1024)          /* the text and its tree */
#define FIRST_BYTES ((size_t)64 * 1024)
#define BODY_US (30 * (int64_t)IO_SECOND)
#define RECORDING_US (120 * (int64_t)IO_SECOND) /* 25 MB at 2 Mbit/s, if the web server does not take them first */

static enum rc check_type(const struct exchange *x, struct err *e)
{
	return media_is_json(x->req->content_type) ? RC_OK : err_tell(e, RC_MEDIA, "Content-Type: expected application/json");
}

enum rc exchange_parse(struct exchange *x, struct slice text, struct json_doc **doc, struct err *e)
{
	struct guard_limits limits = GUARD_CLIENT;

	x->parsed = arena_new(PARSED_MAX, x->arena);
	x->body = arena_try_dup(x->parsed, text);
	if (!x->body.p)
		return err_tell(e, RC_TOO_LARGE, "the body is too large");
	return json_parse(x->parsed, x->body, &limits, doc, e);
}

enum rc exchange_json(struct exchange *x, struct json_doc **doc, struct err *e)
{
	struct buf body = BUF_INIT(x->app->conf->body_max);
	enum rc rc = check_type(x, e);

	if (rc == RC_OK)
		rc = request_body(x->req, &body, io_in(x->app->io, BODY_US), e);
	if (rc == RC_OK)
		rc = exchange_parse(x, buf_slice(&body), doc, e);
	buf_release(&body);
	return rc;
}

/* ---- recordings ---- */

static enum rc take_place(struct exchange *x, struct err *e)
{
	if (x->app->recordings >= RECORDINGS_AT_ONCE) {
		err_set(e, RC_BUSY, "%d recordings are in hand already", RECORDINGS_AT_ONCE);
		e->retry_after_s = 2;
		return e->rc;
	}
	x->app->recordings++;
	x->recording = true;
	return RC_OK;
}

void exchange_recording_end(struct exchange *x)
{
	if (!x->recording)
		return;
	x->app->recordings--;
	x->recording = false;
#ifdef __GLIBC__
	/* After the first such buffer glibc takes the next ones from its heap, and keeps them for us. */
	malloc_trim(0);
#endif
}

static enum rc too_large(const struct exchange *x, struct err *e)
{
	return err_tell(e, RC_TOO_LARGE, "The request's body is larger than %zu bytes.", x->app->conf->body_max);
}

/* The first bytes are there, and there are more. */
WAITS static enum rc read_on(struct exchange *x, struct buf *body, struct err *e)
{
	size_t small = x->app->conf->body_max;

	if (slice_find(buf_slice(body), S("\"input.transcribe\"")) >= 0) {
		if (take_place(x, e) != RC_OK)
			return e->rc;
		body->max = small > RECORDING_BODY_MAX ? small : RECORDING_BODY_MAX;
		return request_body(x->req, body, io_in(x->app->io, RECORDING_US), e);
	}
	if (body->n > small)
		return too_large(x, e);
	body->max = small; /* a Content-Length over it is refused now */
	return request_body(x->req, body, io_in(x->app->io, BODY_US), e);
}

enum rc exchange_chat_body(struct exchange *x, struct buf *body, struct err *e)
{
	const struct conf *c = x->app->conf;
	int64_t said = x->req->content_length;
	bool end;

	if (check_type(x, e) != RC_OK)
		return e->rc;
	/* What is larger than anything is told the largest that there is. */
	buf_init(body, c->transcribes && said > (int64_t)RECORDING_BODY_MAX && c->body_max < RECORDING_BODY_MAX ? RECORDING_BODY_MAX : c->body_max);
	if (!c->transcribes || (said >= 0 && said <= (int64_t)c->body_max) || said > (int64_t)RECORDING_BODY_MAX)
		return request_body(x->req, body, io_in(x->app->io, BODY_US), e);
	buf_init(body, FIRST_BYTES);
	if (request_body_some(x->req, body, &end, io_in(x->app->io, BODY_US), e) != RC_OK)
		return e->rc;
	return end ? RC_OK : read_on(x, body, e);
}
