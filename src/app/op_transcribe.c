/* SPDX-License-Identifier: MIT */
/* input.transcribe: what a person dictated, as text. The recording is decoded where it stands and goes on from there to the endpoint: it is held once. */
#include "app/context.h"
#include "app/inner.h"
#include "app/recording.h"
#include "model/transcribe.h"

struct look {
	struct buf *body;
	size_t small;
	struct recording_in in;
	struct err *e;
	enum rc rc;
};

static void look(void *arg)
{
	struct look *l = arg;

	l->rc = recording_read(l->body, l->small, &l->in, l->e);
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
	struct recording r = {.mime = slice_mem(l->in.mime, l->in.n_mime), .language = language_of(x)};
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
