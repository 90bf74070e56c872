/* SPDX-License-Identifier: MIT */
/*
 * A thread's title by the model: asked in a task of its own beside the turn, so that it delays nothing. Who wants it looks now and then, or at the end.
 * A title that fails is none: the words that the thread is called by meanwhile stay; why is logged at debug.
 */
#ifndef TURN_TITLE_H
#define TURN_TITLE_H

#include "model/model.h"

#define TITLE_LINE_MAX 120                 /* characters: an answer whose line is longer is no title; one of more than 48 is cut at a word */
#define TITLE_US (10 * (int64_t)IO_SECOND) /* from its start; then it is given up */
#define TITLE_ASK_MAX 2000                 /* bytes of the message that the model reads */

struct title;

/*
 * Begins. text is the conversation's first user message and is copied into a, where all of it lives: release before a dies. stop may be NULL. Does not
 * wait. NULL for a text without words.
 */
struct title *title_start(struct io *io, struct model *model, struct slice text, struct arena *a, struct stop *stop) MUSTCHECK;
/* It is decided: title_take will not wait. true for NULL. */
bool title_ready(const struct title *t);
/* Waits at most wait_us for it (0: not at all). The title, or empty: not there (yet), or failed. Lives until title_release. */
WAITS struct slice title_take(struct title *t, int64_t wait_us);
/* Stops what is still under way, and ends. NULL is fine. */
WAITS void title_release(struct title *t);

/*
 * What a model said as a title: one line of real UTF-8 without control bytes, quotes around it, "Title:" or full stop, of at most 48 characters and an
 * ellipsis where it was cut; empty when it is none. In a. Pure.
 */
struct slice title_clean(struct arena *a, struct slice said);

#endif
