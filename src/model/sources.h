/* SPDX-License-Identifier: MIT */
/*
 * What an answer cites, from the shapes that providers have: annotations with a place in the text (OpenAI, OpenRouter: url_citation and file_citation,
 * nested or flat), and plain lists beside the answer (Perplexity's search_results and citations, xAI's citations), which come again in every event. Each is
 * told once. Only http and https addresses are taken: they become links. Pure.
 */
#ifndef MODEL_SOURCES_H
#define MODEL_SOURCES_H

#include "model/model.h"
#include "wire/json.h"

#define SOURCES_MAX 256          /* of one answer; further ones are dropped */
#define SOURCE_URL_MAX 4096      /* bytes; a longer one is dropped */
#define SOURCE_TITLE_MAX 300     /* characters of a title or a file's name; cut */

struct sources {
	struct arena *arena;
	struct model_source *v; /* an older array stays where it was: pointers into it hold as long as the arena */
	size_t n, cap;
};

void sources_init(struct sources *s, struct arena *a);
/* delta.annotations or message.annotations. */
void sources_annotations(struct sources *s, const struct json_at *array);
/* search_results (objects with url and title) or citations (addresses, or such objects): without a place, and only what is not known yet by its address. */
void sources_results(struct sources *s, const struct json_at *array);

#endif
