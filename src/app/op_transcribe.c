/* SPDX-License-Identifier: MIT */
/*
 * input.transcribe: what a person dictated, as text. The body is not parsed into a tree: its three members are picked while it is checked, the recording is
 * decoded where it stands, and goes on from there to the endpoint, so that it is held once. All of that is work of milliseconds a megabyte: a helper's.
 */
#include "app/context.h"
#include "app/inner.h"
#include "base/base64.h"
#include "model/transcribe.h"

#define MIME_MAX 100 /* bytes, parameters included */

struct look {
	struct buf *body; /* then the recording alone */
	size_t small;     /* a body larger than that may only be a recording's */
	char mime[MIME_MAX];
	size_t n_mime;
	struct err *e;
	enum rc rc;
};

static bool is_text(const struct guard_pick *p)
{
	return p->raw.n >= 2 && p->raw.p[0] == '"';
}

static struct slice inside(const struct guard_pick *p)
{
	return slice_mem(p->raw.p + 1, p->raw.n - 2);
}

/* "audio/webm;codecs=opus" to "audio/webm". */
static enum rc read_mime(struct look *l, const struct guard_pick *p)
{
	struct slice mime;

	if (!is_text(p))
		return err_tell(l->e, RC_BAD, "params.mime_type: expected string");
	(void)slice_cut(inside(p), ';', &mime);
	mime = slice_trim(mime);
	if (mime.n > MIME_MAX || !transcribe_extension(mime))
		return err_tell(l->e, RC_MEDIA, "params.mime_type: recordings are taken as audio/webm, audio/mp4, audio/ogg, audio/wav or audio/mpeg");
	for (size_t i = 0; i < mime.n; i++)
		l->mime[i] = mime.p[i] >= 'A' && mime.p[i] <= 'Z' ? (char)(mime.p[i] + 'a' - 'A') : mime.p[i];
	l->n_mime = mime.n;
	return RC_OK;
}

/* Some writers of JSON escape each "/". Done in place; s is of the body. */
static struct slice without_escapes(char *p, struct slice s)
{
	size_t n = 0;

	if (!memchr(s.p, '\\', s.n))
		return s;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\\' || i + 1 == s.n || s.p[i + 1] != '/')
			p[n++] = s.p[i];
	return slice_mem(p, n);
}

static enum rc read_sound(struct look *l, const struct guard_pick *p)
{
	struct slice coded;
	size_t n;

	if (!is_text(p))
		return err_tell(l->e, RC_BAD, "params.audio_base64: expected string");
	coded = inside(p);
	coded = without_escapes(l->body->p + (coded.p - l->body->p), coded);
	if (!base64_decode(l->body->p, coded, &n))
		return err_tell(l->e, RC_BAD, "params.audio_base64: not base64");
	if (n == 0)
		return err_tell(l->e, RC_BAD, "params.audio_base64: the recording is empty");
	buf_cut(l->body, n);
	return RC_OK;
}

static void look(void *arg)
{
	enum { TYPE, AUDIO, MIME, N };
	struct guard_pick p[N] = {[TYPE] = {.path = "type"}, [AUDIO] = {.path = "params.audio_base64"}, [MIME] = {.path = "params.mime_type"}};
	static const struct guard_limits limits = {.depth = 32, .nodes = 20000, .key = 256};
	struct look *l = arg;

	l->rc = guard_check(buf_slice(l->body), &limits, p, N, NULL, l->e);
	if (l->rc != RC_OK)
		return;
	if (l->body->n > l->small && !slice_is(p[TYPE].raw, "\"input.transcribe\"")) {
		l->rc = err_tell(l->e, RC_TOO_LARGE, "The request's body is larger than %zu bytes.", l->small);
		return;
	}
	l->rc = read_mime(l, &p[MIME]);
	if (l->rc == RC_OK)
		l->rc = read_sound(l, &p[AUDIO]); /* writes over all else */
}

/* Two letters are what endpoints take; another kind of tag is no hint. */
static struct slice language_of(const struct exchange *x)
{
	struct slice tag = context_locale(request_header(x->req, "ACCEPT_LANGUAGE")), primary;

	(void)slice_cut(tag, '-', &primary);
	return primary.n == 2 ? primary : SLICE_NONE;
}

WAITS static enum rc listen_to(struct exchange *x, const struct look *l, struct slice *text, struct err *e)
{
	struct recording r = {.mime = slice_mem(l->mime, l->n_mime), .language = language_of(x)};
	struct stop stop;
	enum rc rc;

	stop_init(&stop, x->app->io, NULL);
	r.stop = &stop;
	x->rep->stop_when_gone = &stop;
	rc = transcribe(x->app->io, x->app->http, &x->app->conf->transcribe, &r, l->body, x->arena, text, e);
	x->rep->stop_when_gone = NULL;
	stop_release(&stop);
	return rc == RC_STOPPED && x->rep->gone ? RC_GONE : rc;
}

enum rc op_transcribe(struct exchange *x, struct buf *body, struct err *e)
{
	struct look l = {.body = body, .small = x->app->conf->body_max, .e = e};
	struct buf json = BUF_INIT(ANSWER_MAX);
	struct slice text;
	struct jsonw w;
	enum rc rc;

	x->op = "input.transcribe";
	if (!x->app->conf->transcribes)
		return err_tell(e, RC_BAD, "type: this server does not offer '%s'", x->op);
	io_offload(x->app->io, look, &l);
	if (l.rc != RC_OK)
		return l.rc;
	body->max = body->n + TRANSCRIBE_SPARE;
	rc = listen_to(x, &l, &text, e);
	exchange_recording_end(x); /* it left */
	if (rc != RC_OK)
		return rc;
	jsonw_init(&w, &json);
	jsonw_obj(&w);
	jsonw_kstr(&w, "text", text);
	jsonw_end(&w);
	return exchange_answer(x, &json, e);
}
