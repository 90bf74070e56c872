/* SPDX-License-Identifier: MIT */
#include "model/call.h"

#include "model/provider_err.h"

#define STREAM_ARENA_MAX (64 * 1024 * 1024) /* bytes; the caller's own cap is the tighter one */
#define LINGER_US (50 * IO_MS)

static enum rc next(struct model_stream *base, struct model_event *ev, struct err *e);
static const struct message *said(struct model_stream *base);
static void stream_close(struct model_stream *base);

static const struct model_stream_ops ops = {next, said, stream_close};

static void begin(struct call_stream *s)
{
	uint64_t seed;

	env_random(io_env(s->m->io), &seed, sizeof(seed));
	wire_init(&s->wire, s->m->wire, s->arena, buf_slice(&s->m->family), seed);
	sse_init(&s->sse, WIRE_EVENT_MAX);
	s->delta = (struct wire_delta){0};
	s->step = CALL_SNIFF;
	s->broke = false;
	s->failed = ERR_INIT;
}

static void end(struct call_stream *s)
{
	http_close(s->resp);
	s->resp = NULL;
	sse_release(&s->sse);
	wire_release(&s->wire);
}

struct call_stream *call_stream_new(struct call_model *m, const struct model_req *req)
{
	struct arena *a = arena_new(STREAM_ARENA_MAX, req->arena);
	struct call_stream *s = arena_new_of(a, struct call_stream);

	s->base.ops = &ops;
	s->m = m;
	s->arena = a;
	stop_init(&s->stop, m->io, req->stop);
	begin(s);
	return s;
}

void call_stream_reset(struct call_stream *s)
{
	end(s);
	begin(s);
}

static void stream_close(struct model_stream *base)
{
	struct call_stream *s = container_of(base, struct call_stream, base);

	end(s);
	stop_release(&s->stop);
	arena_free(s->arena);
}

/* ---- reading ---- */

static enum rc unreadable(struct err *e, const char *what)
{
	err_set(e, RC_PROTO, "%s", what);
	return err_user(e, "The model's answer could not be read. Please tell the site's operator.");
}

static void linger_over(void *ctx)
{
	stop_set(ctx, STOP_CANCEL);
}

/*
 * After [DONE] the body's own end is nearly always there. Taking it leaves the connection whole for the next request, which is worth more than the
 * moment that is waited for it.
 */
static WAITS void linger(struct call_stream *s)
{
	struct io_timer timer = {0};
	struct slice chunk = {"", 1};
	struct err ignored;

	io_timer_set(s->m->io, &timer, io_in(s->m->io, LINGER_US), linger_over, &s->stop);
	while (chunk.n > 0 && http_next(s->resp, &chunk, &ignored) == RC_OK)
		;
	io_timer_off(s->m->io, &timer);
}

static WAITS enum rc finish(struct call_stream *s, bool body_ended, struct err *e)
{
	enum rc rc = wire_end(&s->wire, e);

	if (rc == RC_OK && !body_ended)
		linger(s);
	s->delta.calls_grew = false; /* they are whole: CALL says it all */
	s->step = CALL_CALLS;
	return rc;
}

static WAITS enum rc take_event(struct call_stream *s, struct slice data, struct err *e)
{
	enum rc rc = s->m->wire->event(&s->wire, data, &s->delta, e);

	if (rc == RC_OK && s->wire.done)
		return finish(s, false, e);
	return rc;
}

/* The body is over; an event may still wait for its blank line. */
static WAITS enum rc body_end(struct call_stream *s, struct err *e)
{
	struct sse_event ev;
	enum rc rc = RC_OK;

	if (sse_end(&s->sse, &ev) == SSE_EVENT)
		rc = s->m->wire->event(&s->wire, ev.data, &s->delta, e);
	return rc == RC_OK ? finish(s, true, e) : rc;
}

static enum rc http_failed(struct call_stream *s, struct err *e)
{
	s->broke = e->rc == RC_UPSTREAM;
	if (e->rc == RC_UPSTREAM)
		err_user(e, "The connection to the model broke off. Please try again.");
	else if (e->rc == RC_TIMEOUT)
		err_user(e, "The model did not answer in time. Please try again.");
	else if (e->rc == RC_TOO_LARGE)
		err_user(e, "The model's answer was too long and was cut off.");
	return e->rc;
}

static WAITS enum rc more(struct call_stream *s, struct slice *chunk, struct err *e)
{
	if (http_next(s->resp, chunk, e) == RC_OK)
		return RC_OK;
	/* Some servers never end the body after the finish reason: what was said is whole all the same. */
	if (s->wire.finished && e->rc != RC_STOPPED) {
		*chunk = SLICE_NONE;
		return RC_OK;
	}
	return http_failed(s, e);
}

/* A JSON body where a stream should be: a complete answer, or an error under status 200. */
static WAITS enum rc read_whole(struct call_stream *s, struct slice chunk, struct err *e)
{
	struct buf body = BUF_INIT(WIRE_EVENT_MAX);
	enum rc rc = RC_OK;

	while (rc == RC_OK && chunk.n > 0 && buf_ok(&body)) {
		buf_add(&body, chunk);
		rc = more(s, &chunk, e);
	}
	if (rc == RC_OK && !buf_ok(&body))
		rc = unreadable(e, "a JSON body is too large");
	if (rc == RC_OK)
		rc = s->m->wire->whole(&s->wire, buf_slice(&body), &s->delta, e);
	buf_release(&body);
	return rc == RC_OK ? finish(s, true, e) : rc;
}

/* What is it? By the first byte that is no blank, because the content type is often wrong both ways. */
static WAITS enum rc sniff(struct call_stream *s, struct err *e)
{
	static const struct slice bom = S_INIT("\xef\xbb\xbf");
	struct slice chunk, text;
	enum rc rc = more(s, &chunk, e);

	if (rc != RC_OK)
		return rc;
	text = slice_trim(slice_starts(chunk, bom) ? slice_from(chunk, bom.n) : chunk);
	if (text.n && (text.p[0] == '{' || text.p[0] == '['))
		return read_whole(s, chunk, e);
	if (text.n && text.p[0] == '<')
		return unreadable(e, "status 200 with HTML: the base URL is not that of an API");
	if (text.n)
		s->step = CALL_EVENTS;
	if (chunk.n == 0)
		return body_end(s, e);
	sse_feed(&s->sse, chunk);
	return RC_OK;
}

static WAITS enum rc read_events(struct call_stream *s, struct err *e)
{
	struct sse_event ev;
	struct slice chunk;
	enum rc rc;

	switch (sse_next(&s->sse, &ev)) {
	case SSE_EVENT:
		return take_event(s, ev.data, e);
	case SSE_TOO_LONG:
		return unreadable(e, "an event is too large");
	case SSE_MORE:
		break;
	}
	if (s->step == CALL_SNIFF)
		return sniff(s, e);
	rc = more(s, &chunk, e);
	if (rc != RC_OK)
		return rc;
	if (chunk.n == 0)
		return body_end(s, e);
	sse_feed(&s->sse, chunk);
	return RC_OK;
}

static bool has_delta(const struct call_stream *s)
{
	const struct wire_delta *d = &s->delta;

	return d->text.n || d->reasoning.n || d->refusal.n || d->n_sources || d->n_images || d->calls_grew;
}

enum rc call_stream_read(struct call_stream *s, struct err *e)
{
	enum rc rc = RC_OK;

	if (s->failed.rc != RC_OK && !has_delta(s)) {
		*e = s->failed;
		return e->rc;
	}
	while (rc == RC_OK && !has_delta(s) && s->step < CALL_CALLS)
		rc = read_events(s, e);
	if (rc == RC_OK || !has_delta(s))
		return rc;
	/* The last words came in the event that failed: they are the person's, the failure is next. */
	s->failed = *e;
	return RC_OK;
}

/* ---- handing out ---- */

static bool hand_out(struct slice *delta, enum model_event_kind kind, struct model_event *ev)
{
	if (delta->n == 0)
		return false;
	*ev = (struct model_event){.kind = kind, .delta = *delta};
	*delta = SLICE_NONE;
	return true;
}

static bool hand_out_source(struct wire_delta *d, struct model_event *ev)
{
	if (d->n_sources == 0)
		return false;
	*ev = (struct model_event){.kind = MODEL_ANNOTATION, .source = d->source++};
	d->n_sources--;
	return true;
}

static bool hand_out_image(struct wire_delta *d, struct model_event *ev)
{
	if (d->n_images == 0)
		return false;
	*ev = (struct model_event){.kind = MODEL_IMAGE, .image = d->image++};
	d->n_images--;
	return true;
}

static bool hand_out_growth(struct call_stream *s, struct model_event *ev)
{
	struct assembled *c;

	if (!s->delta.calls_grew)
		return false;
	c = assemble_grown(&s->wire.calls);
	c->grew = false;
	s->delta.calls_grew = assemble_grown(&s->wire.calls) != NULL;
	*ev = (struct model_event){.kind = MODEL_CALL_GROWS, .name = c->name, .args = buf_slice(&c->args), .call_index = c->nth};
	return true;
}

static void hand_out_call(struct call_stream *s, struct model_event *ev)
{
	struct assemble *calls = &s->wire.calls;

	if (s->call_at < calls->n) {
		const struct assembled *c = &calls->call[s->call_at++];

		*ev = (struct model_event){.kind = MODEL_CALL, .call_id = c->id, .name = c->name, .args = buf_slice(&c->args), .call_index = c->nth};
		return;
	}
	s->step = CALL_OVER;
	*ev = (struct model_event){.kind = MODEL_DONE, .finish = s->wire.finish, .usage = s->wire.usage};
}

static enum rc next(struct model_stream *base, struct model_event *ev, struct err *e)
{
	struct call_stream *s = container_of(base, struct call_stream, base);
	enum rc rc;

	e = e ? e : arena_new_of(s->arena, struct err);
	rc = call_stream_read(s, e);
	if (rc != RC_OK) {
		provider_err_hide(s->m->opts.api_key, e);
		return err_wrap(e, "model '%.*s'", SLICE_ARG(s->m->base.name));
	}
	if (!hand_out(&s->delta.reasoning, MODEL_REASONING, ev) && !hand_out(&s->delta.text, MODEL_TEXT, ev) &&
	    !hand_out(&s->delta.refusal, MODEL_REFUSAL, ev) && !hand_out_source(&s->delta, ev) && !hand_out_image(&s->delta, ev) &&
	    !hand_out_growth(s, ev))
		hand_out_call(s, ev);
	return RC_OK;
}

static const struct message *said(struct model_stream *base)
{
	return wire_said(&container_of(base, struct call_stream, base)->wire);
}
