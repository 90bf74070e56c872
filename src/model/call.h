/* SPDX-License-Identifier: MIT */
/* A model behind HTTP: call.c sends and tries again, call_stream.c reads. The only two files of this folder that wait, but for the demo. */
#ifndef MODEL_CALL_H
#define MODEL_CALL_H

#include "model/backend.h"
#include "model/wire.h"
#include "wire/sse.h"

struct call_model {
	struct model base;
	struct http *http;
	struct io *io;
	struct model_opts opts;
	const struct wire_ops *wire;
	struct slice model;       /* as the provider calls it */
	unsigned quirks;
	struct buf url, family, auth; /* auth: a header's value, or empty */
};

enum call_step {
	CALL_SNIFF,  /* nothing of the body was seen: is it a stream at all? */
	CALL_EVENTS,
	CALL_CALLS,  /* the stream is over; its tool calls are handed out */
	CALL_OVER,
};

struct call_stream {
	struct model_stream base;
	struct call_model *m;
	struct arena *arena;
	struct stop stop;         /* this exchange's own, a child of the caller's */
	struct http_resp *resp;
	struct sse_dec sse;
	struct wire wire;
	struct wire_delta delta;  /* of the last event, not handed out yet */
	enum call_step step;
	size_t call_at;
	struct err failed;        /* what comes after the delta has been handed out */
	bool broke;               /* the last failure was the connection's */
};

struct call_stream *call_stream_new(struct call_model *m, const struct model_req *req);
/* Ready for another attempt. */
void call_stream_reset(struct call_stream *s);
/* Reads until there is something to hand out, or the stream is over. */
WAITS enum rc call_stream_read(struct call_stream *s, struct err *e) MUSTCHECK;

#endif
