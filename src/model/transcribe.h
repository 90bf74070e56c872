/* SPDX-License-Identifier: MIT */
/*
 * Speech to text: one multipart/form-data request to an endpoint like OpenAI's POST /v1/audio/transcriptions (fields model, response_format=json, language,
 * file), whose answer is {"text":...}. Whisper servers that people run themselves (speaches, whisper.cpp, vLLM, LocalAI) speak the same.
 */
#ifndef MODEL_TRANSCRIBE_H
#define MODEL_TRANSCRIBE_H

#include "io/http.h"

#define TRANSCRIBE_ANSWER_MAX (1024 * 1024) /* bytes of the endpoint's answer */
#define TRANSCRIBE_SPARE 4096               /* bytes of the request around the recording */

/* Slices live as long as the process. */
struct transcribe_opts {
	struct slice url;     /* the whole address; empty: this server does not transcribe */
	struct slice model;   /* as the endpoint calls it */
	struct slice api_key; /* empty: none is sent */
	int64_t timeout_us;   /* altogether; 0: 120 s */
};

/* The types of sound that are taken, by their name without parameters: NULL when unknown, else the extension that endpoints know them by ("webm"). */
const char *transcribe_extension(struct slice mime);

struct recording {
	struct slice mime;     /* transcribe_extension knows it */
	struct slice language; /* a hint, two letters ("de"), or empty */
	struct stop *stop;     /* may be NULL */
};

/*
 * sound: the recording's bytes. It becomes the request's body, so that a recording is held once: its maximum is at least TRANSCRIBE_SPARE more than it
 * holds, and it is empty afterwards, whatever is returned. *text lives in a; nothing heard is an empty text. Tried once: the person speaks again sooner than
 * a second try helps. Failures: RC_MEDIA, RC_TOO_LARGE, RC_UPSTREAM, RC_PROTO, RC_TIMEOUT, RC_RATE, RC_STOPPED; err's user text is a whole sentence, its
 * msg quotes at most 200 bytes of the endpoint's own words, never the key.
 */
WAITS enum rc transcribe(struct io *io, struct http *h, const struct transcribe_opts *o, const struct recording *r, struct buf *sound, struct arena *a,
			 struct slice *text, struct err *e) MUSTCHECK;

#endif
