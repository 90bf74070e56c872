/* SPDX-License-Identifier: MIT */
/*
 * Speech to text: one multipart/form-data request to an endpoint like OpenAI's POST /v1/audio/transcriptions (fields file, model, response_format=json,
 * language), whose answer is {"text":...}. Whisper servers that people run themselves (speaches, whisper.cpp, vLLM, LocalAI) speak the same.
 */
#ifndef MODEL_TRANSCRIBE_H
#define MODEL_TRANSCRIBE_H

#include "io/http.h"

#define TRANSCRIBE_ANSWER_MAX (1024 * 1024) /* bytes of the endpoint's answer */

/* Slices live as long as the process. */
struct transcribe_opts {
	struct slice url;     /* the whole address; empty: this server does not transcribe */
	struct slice model;   /* as the endpoint calls it */
	struct slice api_key; /* empty: none is sent */
	int64_t timeout_us;   /* altogether; 0: 120 s */
};

/* The audio types that are taken, by their name without parameters: NULL when unknown, else the extension that endpoints know them by ("webm"). */
const char *transcribe_extension(struct slice mime);

/*
 * audio is the sound itself, of a type that transcribe_extension knows; language is a two-letter hint ("de") or empty. *text lives in a; nothing heard is
 * an empty text. Tried once: the person speaks again faster than a second try helps. Failures: RC_MEDIA, RC_TOO_LARGE, RC_UPSTREAM, RC_PROTO, RC_TIMEOUT,
 * RC_RATE, RC_STOPPED; err's user text is a whole sentence, its msg quotes at most 200 bytes of the endpoint's own words, never the key.
 */
WAITS enum rc transcribe(struct http *h, const struct transcribe_opts *o, struct slice audio, struct slice mime, struct slice language, struct stop *stop,
			 struct arena *a, struct slice *text, struct err *e) MUSTCHECK;

#endif
