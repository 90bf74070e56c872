/* SPDX-License-Identifier: MIT */
/*
 * Structured input (chatkit-protocol 1.7, 1.9): questions that the front end shows as a form, and what a person answered. The model asks through a tool; its
 * arguments become the item's inputs, and the answers become a text for the model. Pure.
 */
#ifndef CHATKIT_ANSWER_H
#define CHATKIT_ANSWER_H

#include "chatkit/request.h"

#define CK_OPTIONS_MAX 30       /* options of one question */
#define CK_QUESTION_TEXT 2000   /* bytes of a question, a description or an option */

/* The tool that asks, as the model is told of it. */
#define CK_ASK_NAME "ask_user"
extern const struct slice ck_ask_description, ck_ask_schema; /* schema: JSON Schema of its arguments */

/*
 * The tool's arguments as a structured_input's inputs: {"questions":[{"id"?,"question","options"?:["a"]|[{"value"}],"multiple"?,"description"?}]}, or one
 * question at the top level. With options it is a multiple_choice, else freeform. An id that is absent or taken becomes q1, q2, ...; equal options are one.
 * RC_BAD names the path, for the model to mend its call.
 */
enum rc ck_questions_read(struct arena *a, struct slice args, struct slice *inputs, struct err *e) MUSTCHECK;

/*
 * What the person answered, put into the stored item: *body is the item, answered or skipped, its other members as they were; *text is what the model is
 * told. All that was skipped, not answered or answered with nothing is {"values":[],"skipped":true}; a single choice keeps the first value. An answer to a
 * question that was not asked is left out, one line of warnings each. RC_BAD: the item is no structured_input; RC_CONFLICT: it is not pending.
 * warnings may be NULL.
 */
enum rc ck_answer(struct arena *a, struct slice item, const struct ck_answers *answers, struct slice *body, struct slice *text, struct buf *warnings,
		  struct err *e) MUSTCHECK;

#endif
