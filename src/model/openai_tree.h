/* SPDX-License-Identifier: MIT */
/* Chat Completions, those fields of an answer that need a tree: what openai_chat.c picks by hand is not here. Pure. */
#ifndef MODEL_OPENAI_TREE_H
#define MODEL_OPENAI_TREE_H

#include "model/wire.h"

/* root is the field's value, of whatever kind; what it holds is added to w. */
typedef enum rc openai_take(struct wire *w, const struct json_at *root, struct err *e);

openai_take openai_take_calls;        /* tool_calls */
openai_take openai_take_parts;        /* content as a list: Mistral's */
openai_take openai_take_details;      /* reasoning_details */
openai_take openai_take_details_text; /* the same, whose text is told by no other field */
openai_take openai_take_extra;        /* extra_content */
openai_take openai_take_annotations;
openai_take openai_take_results;      /* search_results, citations */

/* Parses raw, a value that was checked, and takes from it. RC_PROTO, or what take says. */
enum rc openai_tree(struct wire *w, struct slice raw, openai_take *take, struct err *e) MUSTCHECK;
/* RC_PROTO, for the reason why. */
enum rc openai_garbage(const struct err *why, struct err *e);

#endif
