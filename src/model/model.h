/* SPDX-License-Identifier: MIT */
/*
 * One pull interface for every provider and the demo. The caller hands neutral messages and tools in and reads events until DONE.
 *
 *     if (model_open(m, &req, &s, e) != RC_OK) return e->rc;
 *     while ((rc = s->ops->next(s, &ev, e)) == RC_OK && ev.kind != MODEL_DONE) ...
 *     said = s->ops->said(s);
 *     s->ops->close(s);
 *
 * A provider's wire format (wire.h) is pure: request to bytes, SSE events to model events. call.c is the one place that waits.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "io/http.h"
#include "talk/history.h"
#include "talk/toolset.h"

enum model_event_kind {
	MODEL_TEXT,      /* delta: more of the answer; whole characters */
	MODEL_REASONING, /* delta: more of its thoughts */
	MODEL_REFUSAL,   /* delta */
	MODEL_ANNOTATION, /* source: where the answer has something from; after the text that it came with */
	MODEL_IMAGE,     /* image: one that the model made, whole */
	MODEL_CALL_GROWS, /* name, args, call_index: a call whose arguments have grown; args is all of them so far, a piece of JSON. Always followed by CALL
			     for that call, unless the answer fails or is cut */
	MODEL_CALL,      /* a tool call is whole: call_id, name, args. Comes after all text of the round, one event a call */
	MODEL_DONE,
};

enum model_finish { FINISH_STOP, FINISH_CALLS, FINISH_LENGTH, FINISH_FILTER };

struct model_usage {
	int64_t in, out, cached, reasoning; /* tokens; -1: not told */
};

/* A place that the answer cites: a page (url) or a file (file_name). */
struct model_source {
	struct slice url, title, file_name; /* any may be empty, not all of them */
	int64_t start, end;                 /* which part of the answer's text, in code points as the vendor counts; -1: not told */
};

struct model_image {
	struct slice mime; /* "image/png" */
	struct slice data; /* base64 */
};

struct model_event {
	enum model_event_kind kind;
	struct slice delta;               /* lives until the next call */
	struct slice call_id, name, args; /* CALL; live as long as the stream. CALL_GROWS: name and args, until the next call */
	size_t call_index;                /* CALL, CALL_GROWS: which of the round's calls, from 0 */
	const struct model_source *source; /* ANNOTATION; lives until the next call */
	const struct model_image *image;   /* IMAGE; lives until the next call */
	enum model_finish finish;         /* DONE */
	struct model_usage usage;         /* DONE */
};

struct model_stream;
struct model_stream_ops {
	/*
	 * The next event. After DONE not called again. Failures: RC_UPSTREAM, RC_PROTO (garbage, HTML, a stream that ends without a finish reason, an
	 * empty answer), RC_TIMEOUT, RC_RATE, RC_STOPPED. err's user text is a whole sentence for the person; its msg may quote up to 200 bytes
	 * of the provider's error message, never a key.
	 */
	WAITS enum rc (*next)(struct model_stream *, struct model_event *, struct err *);
	/*
	 * What the assistant said so far as one message (text, reasoning with opaque parts, calls). Lives until the next call. After a failure: what
	 * came, without calls.
	 */
	const struct message *(*said)(struct model_stream *);
	void (*close)(struct model_stream *);
};
struct model_stream {
	const struct model_stream_ops *ops;
};

struct model_req {
	const struct history *history;  /* repaired and cut; the first message may be the system's */
	const struct toolset *tools;    /* may be NULL or empty */
	const struct tool *must_call;   /* one of tools, which this answer has to call; NULL: as the model likes. Not every provider keeps to it */
	int64_t max_output;             /* tokens; 0: the provider's own */
	double temperature;             /* < 0: the provider's own */
	struct slice title_of;          /* this asks for a title of that text, and for nothing else: told to the demo model, which reads no instructions */
	struct stop *stop;
	struct arena *arena;            /* the stream's parent */
};

/* Configuration of one model, composed into conf. Slices live as long as the process. */
struct model_opts {
	struct slice name;       /* "openai/gpt-5-mini": provider/model, the rest after the first slash verbatim */
	struct slice base_url;   /* with /v1; empty: the provider's. With one, no key is needed */
	struct slice api_key;    /* empty: none is sent */
	int64_t first_byte_us, idle_us, total_us; /* 0: 120 s, 60 s, 600 s */
	unsigned retries;        /* before the first event only; default 2 */
	const struct http_header *extra_headers;
	size_t n_extra_headers;
};

struct model; /* one configured model of this process */

/* RC_CONF names what is wrong: unknown provider, no key where one is needed, a base URL that is none. http may be NULL for demo/. */
enum rc model_new(struct http *http, struct io *io, const struct model_opts *o, struct model **out, struct err *e) MUSTCHECK;
void model_free(struct model *m);
struct slice model_name(const struct model *m);   /* as configured */
bool model_is_demo(const struct model *m);
/*
 * Sends the request; returns when the answer has begun (its first event is there, or it ended well without one). Until then failures that may pass are
 * tried again, by the policy of retry.h; afterwards never, because the person has seen part of the answer. Failures are those of next.
 */
WAITS enum rc model_open(struct model *m, const struct model_req *req, struct model_stream **out, struct err *e) MUSTCHECK;

/* The table of providers: for conf (which key's environment variable, which default) and the README. NULL when unknown. */
struct provider {
	const char *prefix;        /* "openai" */
	const char *base_url;      /* default; "" when it must be set */
	const char *key_env[3];    /* in order of precedence */
	const char *base_env[2];
	const char *default_model; /* what `make run` uses when only the key is there; "" for none */
	bool key_needed;
	unsigned quirks;           /* QUIRK_*, see providers.c */
};
const struct provider *provider_find(struct slice prefix);
/*
 * "provider/model" taken apart at the first slash; what is behind it, further slashes too, goes to *model. A leading "litellm/" is dropped; a bare gpt-*,
 * o1, o3, o4 or gemini-* finds its provider. NULL: unknown.
 */
const struct provider *provider_split(struct slice name, struct slice *model);
const struct provider *provider_at(size_t i); /* in order of precedence; NULL at the end */

#endif
