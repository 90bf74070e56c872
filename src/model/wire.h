/* SPDX-License-Identifier: MIT */
/*
 * A provider's wire format: a request to bytes, SSE events to pieces of an answer. Pure: no I/O, no clock, no chance (the seed for ids is given). A stream
 * has one struct wire, which also gathers all that was said; its ops are the format. Every format is fed whole SSE events, one data text each.
 *
 * An answer is good when a terminal signal was seen (a finish reason, or [DONE]) and something was said. All else is a named failure: the answer that
 * just stops, the empty one, HTML, an error within a stream that began with 200.
 */
#ifndef MODEL_WIRE_H
#define MODEL_WIRE_H

#include "model/assemble.h"
#include "model/details.h"
#include "model/images.h"
#include "model/model.h"
#include "model/sources.h"

#define WIRE_TEXT_MAX (512 * 1024)      /* bytes of one answer's text */
#define WIRE_REASONING_MAX (512 * 1024) /* what is more is not kept */
#define WIRE_EVENT_MAX (8 * 1024 * 1024)
#define WIRE_REQUEST_MAX (32 * 1024 * 1024)

/* Where a vendor departs from OpenAI's own Chat Completions. Each is one row in the tests. */
enum {
	QUIRK_MAX_COMPLETION = 1 << 0,    /* max_completion_tokens, not max_tokens; no temperature for its reasoning models */
	QUIRK_OBFUSCATES = 1 << 1,        /* pads its events, unless stream_options says not to */
	QUIRK_NO_STREAM_OPTIONS = 1 << 2, /* refuses stream_options; sends usage anyway */
	QUIRK_IDS_OF_9 = 1 << 3,          /* call ids must be 9 letters or digits */
	QUIRK_SIGNATURES = 1 << 4,        /* wants a thought signature with a round's first call, or a sentinel */
	QUIRK_API_KEY = 1 << 5,           /* "api-key: K", not "Authorization: Bearer K" */
	QUIRK_ADD_V1 = 1 << 6,            /* people write its base URL without /v1 */
	QUIRK_OWN_HOST = 1 << 7,          /* the quirks above hold at the provider's own host only; elsewhere it is a plain compatible server */
};

/* What is asked. */
struct wire_ask {
	struct slice model;  /* as the provider calls it */
	struct slice family; /* opaque parts of this family go back, others stay home */
	const struct history *history;
	const struct toolset *tools; /* may be NULL */
	const struct tool *must_call; /* one of them, or NULL */
	int64_t max_output;          /* 0: not said */
	double temperature;          /* < 0: not said */
	unsigned quirks;
	struct arena *arena;
};

/* What one event brought; slices live until the next event. In this order. */
struct wire_delta {
	struct slice reasoning, text, refusal;
	const struct model_source *source; /* n_sources of them */
	const struct model_image *image;
	size_t n_sources, n_images;
	bool calls_grew; /* assemble_grown says which; when it is set, one at least */
};

struct wire;
struct wire_ops {
	const char *name; /* "openai-chat": the family's first half */
	const char *path; /* behind the base URL */
	void (*request)(struct buf *out, const struct wire_ask *ask);
	/* One SSE data text. RC_PROTO, RC_TOO_LARGE, or what the provider's error says. */
	enum rc (*event)(struct wire *w, struct slice data, struct wire_delta *out, struct err *e);
	/* A whole JSON body under status 200: a complete answer, or an error. */
	enum rc (*whole)(struct wire *w, struct slice body, struct wire_delta *out, struct err *e);
};

struct wire {
	const struct wire_ops *ops;
	struct arena *arena;
	struct slice family;
	struct buf text, reasoning, refusal; /* all that was said */
	struct details details;              /* reasoning_details, kept for the provider */
	bool reasoning_content;              /* the field that thoughts came by, to be sent back by */
	struct slice extra;                  /* extra_content that belongs to no call yet */
	struct sources sources;
	struct images images;
	struct assemble calls;
	struct model_usage usage;
	enum model_finish finish;
	bool finished; /* a finish reason was seen */
	bool done;     /* [DONE]: nothing follows */
	bool ended;    /* wire_end was called: the calls are whole */
	bool may_retry; /* after a failure: the provider's error may pass */
};

extern const struct wire_ops openai_chat;
void openai_chat_request(struct buf *out, const struct wire_ask *ask); /* openai_request.c */

void wire_init(struct wire *w, const struct wire_ops *ops, struct arena *a, struct slice family, uint64_t seed);
void wire_release(struct wire *w);
/* The stream is over. RC_OK: calls and finish are final. RC_PROTO: it was cut off, or empty. */
enum rc wire_end(struct wire *w, struct err *e) MUSTCHECK;
/* What was said so far, calls only after a good wire_end. Looks into w; the parts are in its arena. */
const struct message *wire_said(struct wire *w);

#endif
